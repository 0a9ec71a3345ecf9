/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.kits;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.contracts.ScalerBackendContract;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.Birth;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.ledger.Refusal;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the kit for backends lets pass, and what it does not. */
class ScalerBackendContractTest {

    /** A world of two numbers. */
    static final class World implements ScalerBackendContract.Outside {

        private int asked = 2;
        private int running = 2;
        private boolean gone;

        @Override
        public String pool() {
            return "chat";
        }

        @Override
        public int asked() {
            return asked;
        }

        @Override
        public void ask(int replicas) {
            asked = replicas;
        }

        @Override
        public void settle() {
            running = asked;
        }

        @Override
        public boolean vanish() {
            gone = true;
            return true;
        }
    }

    /** Sound; the ways to get it wrong are its subclasses. */
    static class Sound implements ScalerBackend {

        final World world;

        Sound(World world) {
            this.world = world;
        }

        @Override
        public ReplicaStatus status(String pool) {
            reach();
            return new ReplicaStatus(world.asked, world.running, world.running, births());
        }

        List<Birth> births() {
            return List.of();
        }

        @Override
        public void scale(ScaleRequest request) {
            reach();
            if (request.from() != world.asked) {
                throw new BackendException(Refusal.CONFLICT, "there are " + world.asked);
            }
            world.asked = request.to();
        }

        void reach() {
            if (world.gone) {
                throw new BackendException(Refusal.UNAVAILABLE, "there is no world");
            }
        }
    }

    private static Map<String, Function<World, ScalerBackend>> wrong() {
        AtomicInteger closes = new AtomicInteger();
        Map<String, Function<World, ScalerBackend>> wrong = new LinkedHashMap<>();
        wrong.put("status_settled_isWhatThereIs", world -> new Sound(world) {
            @Override
            public ReplicaStatus status(String pool) {
                return new ReplicaStatus(world.asked, world.running, 0);
            }
        });
        wrong.put("status_asked_changesNothing", world -> new Sound(world) {
            @Override
            public ReplicaStatus status(String pool) {
                world.asked++;
                return super.status(pool);
            }
        });
        wrong.put("status_somebodyElseScaled_saysSo", world -> new Sound(world) {
            private int told = 2;

            @Override
            public ReplicaStatus status(String pool) {
                return new ReplicaStatus(told, world.running, world.running);
            }

            @Override
            public void scale(ScaleRequest request) {
                super.scale(request);
                told = request.to();
            }
        });
        wrong.put("status_births_areOfReplicasThereAre", world -> new Sound(world) {
            @Override
            List<Birth> births() {
                Birth birth = new Birth("same", Instant.EPOCH, null, null, null);
                return List.of(birth, birth);
            }
        });
        wrong.put("status_onAnotherThread_isTheSame", world -> new Sound(world) {
            @Override
            public ReplicaStatus status(String pool) {
                return elsewhere() ? new ReplicaStatus(0, 0, 0) : super.status(pool);
            }
        });
        wrong.put("scale_up_isAskedForAndComes", world -> new Sound(world) {
            @Override
            public void scale(ScaleRequest request) {
                world.asked = Math.min(world.asked, request.to());
            }
        });
        wrong.put("scale_down_isAskedForAndGoes", world -> new Sound(world) {
            @Override
            public void scale(ScaleRequest request) {
                world.asked = Math.max(world.asked, request.to());
            }
        });
        wrong.put("scale_toNoneAndBack_isDone", world -> new Sound(world) {
            @Override
            public void scale(ScaleRequest request) {
                super.scale(request);
                world.asked = Math.max(1, world.asked);
            }
        });
        wrong.put("scale_sameRequestAgain_addsNothing", world -> new Sound(world) {
            @Override
            public void scale(ScaleRequest request) {
                // By difference: done twice it is done double.
                world.asked += request.to() - request.from();
            }
        });
        wrong.put("scale_somebodyElseScaledMeanwhile_isRefusedOrDoneAndNothingBetween", world -> new Sound(world) {
            @Override
            public void scale(ScaleRequest request) {
                if (request.from() == world.asked) {
                    super.scale(request);
                }
                // And else nobody is told that nothing was done.
            }
        });
        wrong.put("scale_onAnotherThread_isDone", world -> new Sound(world) {
            @Override
            public void scale(ScaleRequest request) {
                if (!elsewhere()) {
                    super.scale(request);
                }
            }
        });
        wrong.put("status_worldIsGone_throwsAndGivesNoNumber", world -> new Sound(world) {
            @Override
            public ReplicaStatus status(String pool) {
                return world.gone ? new ReplicaStatus(0, 0, 0) : super.status(pool);
            }
        });
        wrong.put("scale_worldIsGone_throws", world -> new Sound(world) {
            @Override
            public void scale(ScaleRequest request) {
                if (!world.gone) {
                    super.scale(request);
                }
            }
        });
        wrong.put("close_twice_isHarmlessAndLeavesReplicasAlone", world -> new Sound(world) {
            @Override
            public void close() {
                world.asked = 0;
                closes.incrementAndGet();
            }
        });
        return wrong;
    }

    private static boolean elsewhere() {
        return Thread.currentThread().getName().equals("another-thread");
    }

    /** The kit with the backend under test. */
    static class OfNumbers extends ScalerBackendContract {

        private static Function<World, ScalerBackend> made = Sound::new;

        @Override
        protected Outside outside() {
            return new World();
        }

        @Override
        protected ScalerBackend backend(Outside outside) {
            return made.apply((World) outside);
        }
    }

    @Test
    void kit_soundBackend_passes() {
        OfNumbers.made = Sound::new;
        Rules.areKept(ScalerBackendContract.class, OfNumbers.class);
    }

    @TestFactory
    List<DynamicTest> kit_backendThatBreaksARule_isFoundOutByIt() {
        assertThat(wrong().keySet()).as("something breaks each rule").isEqualTo(Rules.of(ScalerBackendContract.class));
        return wrong().entrySet().stream()
                .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> {
                    OfNumbers.made = each.getValue();
                    assertThat(Rules.broken(OfNumbers.class)).containsKey(each.getKey());
                }))
                .toList();
    }
}
