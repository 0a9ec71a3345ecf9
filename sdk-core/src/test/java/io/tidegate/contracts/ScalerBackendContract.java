/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.contracts;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tidegate.engine.spi.Birth;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * What every scaler backend keeps to. Extend it and say how one is made and what stands for the outside world: an API server in memory,
 * a folder, a process.
 *
 * @since 0.1.0
 */
public abstract class ScalerBackendContract {

    private ScalerBackend backend;
    private Outside outside;
    private int keys;

    /** The world in which one pool runs, and how it is reached. */
    public interface Outside extends AutoCloseable {

        /** The pool's name, as the backend under test knows it. */
        String pool();

        /** How many replicas the world has been asked to run, as it says itself. */
        int asked();

        /** Somebody else asks it for that many. */
        void ask(int replicas);

        /** Returns when as many run and are ready as were asked for. */
        void settle();

        /**
         * Makes the world fail or vanish, so that nothing can be known or done any more.
         *
         * @return whether it could; false by default, and then nothing is checked of that
         */
        default boolean vanish() {
            return false;
        }

        /** Whether none may run. True by default. */
        default boolean canBeEmpty() {
            return true;
        }

        @Override
        default void close() {}
    }

    /** A new world in which two replicas were asked for and are ready. */
    protected abstract Outside outside();

    /** A new backend on that world. */
    protected abstract ScalerBackend backend(Outside outside);

    @BeforeEach
    final void make() {
        outside = outside();
        backend = backend(outside);
    }

    @AfterEach
    final void close() {
        try {
            backend.close();
        } finally {
            outside.close();
        }
    }

    private ReplicaStatus status() {
        return Kit.inTime(() -> backend.status(outside.pool()), "status()");
    }

    private ScaleRequest request(int from, int to) {
        keys++;
        return new ScaleRequest(outside.pool(), from, to, 40 + keys, "because \"why\"\n", "key-" + keys);
    }

    private void scale(ScaleRequest request) {
        Kit.inTime(
                () -> {
                    backend.scale(request);
                    return true;
                },
                "scale()");
    }

    private void counts(int desired, int running, int ready) {
        ReplicaStatus status = status();
        assertEquals(
                "desired " + desired + ", running " + running + ", ready " + ready,
                "desired " + status.desired() + ", running " + status.running() + ", ready " + status.ready());
    }

    @Nested
    class Status {

        @Test
        void status_settled_isWhatThereIs() {
            counts(2, 2, 2);
        }

        @Test
        void status_asked_changesNothing() {
            status();
            status();
            assertEquals(2, outside.asked());
            counts(2, 2, 2);
        }

        @Test
        void status_somebodyElseScaled_saysSo() {
            outside.ask(4);
            assertEquals(4, status().desired());
            outside.settle();
            counts(4, 4, 4);
        }

        @Test
        void status_births_areOfReplicasThereAre() {
            Set<String> names = new HashSet<>();
            ReplicaStatus status = status();
            for (Birth birth : status.births()) {
                assertTrue(names.add(birth.replica()), () -> birth.replica() + " was born twice");
                assertTrue(
                        birth.ready() == null || !birth.ready().isBefore(birth.created()),
                        () -> birth + " was ready before it was asked for");
            }
            assertTrue(names.size() <= status.running(), () -> "born " + names + " but running " + status.running());
        }

        @Test
        void status_onAnotherThread_isTheSame() {
            ReplicaStatus here = status();
            assertEquals(
                    here.desired(),
                    Kit.elsewhere(() -> backend.status(outside.pool())).desired());
        }
    }

    @Nested
    class Scaling {

        @Test
        void scale_up_isAskedForAndComes() {
            scale(request(2, 3));
            assertEquals(3, outside.asked());
            assertEquals(3, status().desired());
            outside.settle();
            counts(3, 3, 3);
        }

        @Test
        void scale_down_isAskedForAndGoes() {
            scale(request(2, 1));
            assertEquals(1, outside.asked());
            assertEquals(1, status().desired());
            outside.settle();
            counts(1, 1, 1);
        }

        @Test
        void scale_toNoneAndBack_isDone() {
            assumeTrue(outside.canBeEmpty(), "this world cannot be empty");
            scale(request(2, 0));
            assertEquals(0, outside.asked());
            outside.settle();
            counts(0, 0, 0);
            scale(request(0, 1));
            outside.settle();
            counts(1, 1, 1);
        }

        @Test
        void scale_sameRequestAgain_addsNothing() {
            // After a time-out nobody knows whether the first was carried out.
            ScaleRequest request = request(2, 3);
            scale(request);
            outside.settle();
            refusedOrDone(request);
            assertEquals(3, outside.asked());
        }

        @Test
        void scale_somebodyElseScaledMeanwhile_isRefusedOrDoneAndNothingBetween() {
            outside.ask(5);
            boolean done = refusedOrDone(request(2, 3));
            assertEquals(done ? 3 : 5, outside.asked());
        }

        @Test
        void scale_onAnotherThread_isDone() {
            ScaleRequest request = request(2, 3);
            Kit.elsewhere(() -> {
                backend.scale(request);
                return true;
            });
            assertEquals(3, outside.asked());
        }

        /** Whether it was done. */
        private boolean refusedOrDone(ScaleRequest request) {
            try {
                Kit.inTime(
                        () -> {
                            try {
                                backend.scale(request);
                                return true;
                            } catch (Exception e) {
                                throw new Refused(e);
                            }
                        },
                        "scale()");
                return true;
            } catch (Refused e) {
                return false;
            }
        }
    }

    /** A backend may say no; an error of an assertion is none. */
    private static final class Refused extends RuntimeException {

        private static final long serialVersionUID = 1L;

        Refused(Throwable cause) {
            super(cause);
        }
    }

    @Nested
    class Vanished {

        @Test
        void status_worldIsGone_throwsAndGivesNoNumber() {
            assumeTrue(outside.vanish(), "this world cannot vanish");
            fails(() -> backend.status(outside.pool()));
        }

        @Test
        void scale_worldIsGone_throws() {
            assumeTrue(outside.vanish(), "this world cannot vanish");
            ScaleRequest request = request(2, 3);
            fails(() -> backend.scale(request));
        }

        private void fails(Executable call) {
            Exception failure = Kit.inTime(() -> assertThrows(Exception.class, call), "the call");
            assertTrue(
                    failure.getMessage() != null && !failure.getMessage().isBlank(),
                    () -> "it must say what is wrong but throws " + failure);
        }
    }

    @Nested
    class Closing {

        @Test
        void close_twice_isHarmlessAndLeavesReplicasAlone() {
            assertDoesNotThrow(() -> backend.close());
            assertDoesNotThrow(() -> backend.close());
            assertEquals(2, outside.asked());
        }
    }
}
