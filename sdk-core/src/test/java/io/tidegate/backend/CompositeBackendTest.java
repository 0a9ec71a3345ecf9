/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.engine.BackendException;
import io.tidegate.engine.ScalerBackends;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.ledger.Refusal;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class CompositeBackendTest {

    private static final Duration READY_WITHIN = Duration.ofMinutes(10);

    private final ManualTime time = new ManualTime();
    private final RecordingBackend first = child(5);
    private final RecordingBackend second = child(10);
    private long decision;

    private RecordingBackend child(int capacity) {
        return RecordingBackend.builder(time).capacity(capacity).build();
    }

    private CompositeBackend.Builder builder() {
        return CompositeBackend.builder(time).threads(Runnable::run).readyWithin(READY_WITHIN);
    }

    private CompositeBackend fallback() {
        return builder()
                .fallback()
                .child("first", first)
                .child("second", second)
                .build();
    }

    private ScaleRequest request(int from, int to) {
        return new ScaleRequest("chat", from, to, ++decision, "a test");
    }

    private void scale(ScalerBackend backend, int from, int to) throws Exception {
        backend.scale(request(from, to));
    }

    private static void refused(Refusal why, ThrowingCall call) {
        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(call::run)
                .satisfies(e -> assertThat(e.refusal()).isEqualTo(why));
    }

    private interface ThrowingCall {
        void run() throws Exception;
    }

    private static int desired(ScalerBackend backend) throws Exception {
        return backend.status("chat").desired();
    }

    @Nested
    class Fallback {

        private final CompositeBackend backend = fallback();

        @Test
        void scaleUp_firstHasRoom_carriesAll() throws Exception {
            scale(backend, 0, 5);

            assertThat(first.lastRequest()).hasValueSatisfying(asked -> {
                assertThat(asked.to()).isEqualTo(5);
                assertThat(asked.key()).isEqualTo("chat-1.first.0-5");
            });
            assertThat(second.requests()).isEmpty();
            assertThat(backend.status("chat")).satisfies(found -> {
                assertThat(found.desired()).isEqualTo(5);
                assertThat(found.births())
                        .hasSize(5)
                        .allSatisfy(birth -> assertThat(birth.replica()).startsWith("first/replica-"));
            });
        }

        @Test
        void scaleUp_firstRefusesForCapacity_nextCarriesIt_andFirstIsLeftOutEverLonger() throws Exception {
            scale(backend, 0, 5);
            long[] minutes = {3, 6, 12, 24, 30, 30};
            int asked = 5;
            for (long pause : minutes) {
                int before = first.requests().size();
                scale(backend, asked, ++asked);
                assertThat(first.requests()).as("asked once").hasSize(before + 1);
                time.advance(Duration.ofMinutes(pause).minusMillis(1));
                scale(backend, asked, asked - 1);
                scale(backend, asked - 1, asked);
                assertThat(first.requests()).as("left out for %d min", pause).hasSize(before + 1);
                time.advance(Duration.ofMillis(1));
            }
            assertThat(desired(first)).isEqualTo(5);
            assertThat(desired(second)).isEqualTo(minutes.length);
        }

        @Test
        void scaleUp_firstRecovers_pauseIsShortAgain() throws Exception {
            scale(backend, 0, 4);
            first.refuseNext(2, Refusal.QUOTA);
            scale(backend, 4, 5);
            time.advance(Duration.ofMinutes(3));
            scale(backend, 5, 6);
            time.advance(Duration.ofMinutes(6));
            assertThat(desired(second)).isEqualTo(2);

            scale(backend, 6, 7);
            assertThat(desired(first)).isEqualTo(5);
            backend.status("chat");

            scale(backend, 7, 8);
            time.advance(Duration.ofMinutes(3));
            int before = first.requests().size();
            scale(backend, 8, 9);
            assertThat(first.requests()).hasSize(before + 1);
        }

        @Test
        void scaleUp_firstGivesSome_restGoesToTheNext() throws Exception {
            // It takes three of the four and says that it lacks the rest.
            first.refuse(asked -> {
                first.set("chat", 3);
                return new BackendException(Refusal.CAPACITY, "3 of 4");
            });

            scale(backend, 0, 4);

            assertThat(desired(first)).isEqualTo(3);
            assertThat(desired(second)).isEqualTo(1);
            assertThat(desired(backend)).isEqualTo(4);
        }

        @Test
        void scaleUp_refusedAndStatusThenUnknown_ordersNothingElsewhere() throws Exception {
            first.refuse(asked -> {
                first.failStatus(pool -> new IllegalStateException("gone"));
                return new BackendException(Refusal.CAPACITY, "some");
            });

            scale(backend, 0, 4);

            assertThat(second.requests()).isEmpty();
        }

        @Test
        void scaleUp_nobodyHasRoom_isPartlyDoneAndSaysWhen() throws Exception {
            assertThatExceptionOfType(BackendException.class)
                    .isThrownBy(() -> backend.scale(request(0, 20)))
                    .satisfies(e -> {
                        assertThat(e.refusal()).isEqualTo(Refusal.CAPACITY);
                        assertThat(e.retryAfter()).hasValue(Duration.ofMinutes(3));
                    });
            refused(Refusal.CAPACITY, () -> scale(backend, 0, 20));
            assertThat(first.requests()).as("left out").hasSize(1);

            CompositeBackend bounded = builder()
                    .fallback()
                    .child("first", first, 5)
                    .child("second", second, 10)
                    .build();
            assertThatExceptionOfType(BackendException.class)
                    .isThrownBy(() -> bounded.scale(request(0, 20)))
                    .withMessageStartingWith("5 of 20 more replicas are not to be had");
            assertThat(desired(bounded)).isEqualTo(15);
        }

        @Test
        void scaleUp_otherRefusals_arePassedOnAndNotTakenElsewhere() {
            for (Refusal why : Refusal.values()) {
                if (why != Refusal.CAPACITY && why != Refusal.QUOTA) {
                    first.refuseNext(1, why);
                    refused(why, () -> scale(backend, 0, 3));
                }
            }
            first.loseAnswers(asked -> new java.io.IOException("reset"));
            refused(Refusal.UNANSWERED, () -> scale(backend, 0, 3));
            assertThat(second.requests()).isEmpty();
        }

        @Test
        void scale_repeatedAfterALostAnswer_doesNotDouble() throws Exception {
            first.set("chat", 5);
            second.loseAnswers(asked -> new java.io.IOException("reset"));
            ScaleRequest up = request(5, 8);
            refused(Refusal.UNANSWERED, () -> backend.scale(up));
            second.recover();

            backend.scale(up);

            assertThat(desired(backend)).isEqualTo(8);
            assertThat(desired(second)).isEqualTo(3);
        }

        @Test
        void scale_decidedOnAnotherNumber_isConflict() throws Exception {
            scale(backend, 0, 3);
            first.set("chat", 4);

            refused(Refusal.CONFLICT, () -> scale(backend, 3, 5));
            assertThat(desired(backend)).isEqualTo(4);
        }

        @Test
        void scaleDown_takesFromTheLastFirst() throws Exception {
            first.set("chat", 5);
            second.set("chat", 2);

            scale(backend, 7, 4);

            assertThat(desired(second)).isZero();
            assertThat(desired(first)).isEqualTo(4);
        }

        @Test
        void child_notReadyInTime_isReplacedByTheNext_andOnlyWhenAsked() throws Exception {
            RecordingBackend never = RecordingBackend.builder(time)
                    .initial(1)
                    .readyAfter(Duration.ofHours(5))
                    .build();
            CompositeBackend slow = builder()
                    .fallback()
                    .child("never", never)
                    .child("second", second)
                    .build();
            scale(slow, 1, 4);
            time.advance(READY_WITHIN.minusMillis(1));
            assertThat(desired(slow)).isEqualTo(4);

            time.advance(Duration.ofMillis(1));
            assertThat(slow.status("chat")).satisfies(found -> {
                assertThat(found.desired()).isEqualTo(1);
                assertThat(found.running()).isEqualTo(4);
                assertThat(found.ready()).isEqualTo(1);
            });
            assertThat(never.requests()).as("the status changes nothing").hasSize(1);

            scale(slow, 1, 4);
            assertThat(desired(never)).isEqualTo(1);
            assertThat(desired(second)).isEqualTo(3);
            assertThat(desired(slow)).isEqualTo(4);

            scale(slow, 4, 5);
            assertThat(desired(never)).as("left out").isEqualTo(1);
        }

        @Test
        void child_notReadyInTimeAndNoOtherHasRoom_isKept() throws Exception {
            RecordingBackend never = RecordingBackend.builder(time)
                    .readyAfter(Duration.ofHours(5))
                    .build();
            CompositeBackend only = builder().fallback().child("never", never).build();
            scale(only, 0, 4);
            time.advance(READY_WITHIN.multipliedBy(2));

            assertThat(desired(only)).isEqualTo(4);
        }
    }

    @Nested
    class UnknownChild {

        private final CompositeBackend backend = fallback();

        @Test
        void status_neverKnown_isUnknownAsAWhole() {
            second.failStatus(pool -> new IllegalStateException("away"));

            assertThatExceptionOfType(BackendException.class)
                    .isThrownBy(() -> backend.status("chat"))
                    .withMessageContaining("second")
                    .withMessageContaining("away");
            refused(Refusal.UNAVAILABLE, () -> scale(backend, 0, 2));
        }

        @Test
        void status_knownBefore_standsForAMinute() throws Exception {
            first.set("chat", 2);
            second.set("chat", 4);
            ReplicaStatus before = backend.status("chat");
            second.failStatus(pool -> new IllegalStateException("away"));
            time.advance(Duration.ofMinutes(1));
            assertThat(backend.status("chat")).isEqualTo(before);

            time.advance(Duration.ofMillis(1));
            refused(Refusal.UNAVAILABLE, () -> backend.status("chat"));

            second.recover();
            assertThat(desired(backend)).isEqualTo(6);
        }

        @Test
        void scale_whileUnknown_addsToTheOthersAndRemovesNothing() throws Exception {
            first.set("chat", 2);
            second.set("chat", 4);
            backend.status("chat");
            second.failStatus(pool -> new IllegalStateException("away"));

            refused(Refusal.UNAVAILABLE, () -> scale(backend, 6, 5));
            assertThat(first.requests()).isEmpty();

            scale(backend, 6, 8);
            assertThat(desired(first)).isEqualTo(4);
            assertThat(second.requests()).isEmpty();
        }
    }

    @Nested
    class Split {

        private final RecordingBackend owned = child(2);
        private final RecordingBackend east = child(100);
        private final RecordingBackend west = child(100);
        private final CompositeBackend backend = builder()
                .split()
                .fixed("owned", owned, 2)
                .share("east", east, 30, 100)
                .share("west", west, 70, 100)
                .build();

        private List<Integer> numbers() throws Exception {
            return List.of(desired(owned), desired(east), desired(west));
        }

        @Test
        void scale_fixedFirstThenByShares() throws Exception {
            scale(backend, 0, 1);
            assertThat(numbers()).containsExactly(1, 0, 0);
            scale(backend, 1, 12);
            assertThat(numbers()).containsExactly(2, 3, 7);
            scale(backend, 12, 7);
            assertThat(numbers()).containsExactly(2, 2, 3);
            scale(backend, 7, 0);
            assertThat(numbers()).containsExactly(0, 0, 0);
        }

        @Test
        void scale_oneIsOutOfCapacity_othersHaveTheirsAndTheRestIsSaid() throws Exception {
            east.refuseNext(1, Refusal.CAPACITY);

            refused(Refusal.CAPACITY, () -> scale(backend, 0, 12));
            assertThat(numbers()).containsExactly(2, 0, 7);

            scale(backend, 9, 12);
            assertThat(numbers()).containsExactly(2, 3, 7);
        }

        @Test
        void ideal_isExactWithinTheMost_forAnyShares() {
            SplittableRandom random = new SplittableRandom(11);
            for (int round = 0; round < 20_000; round++) {
                int children = 1 + random.nextInt(5);
                int[] fixed = new int[children];
                double[] shares = new double[children];
                int[] most = new int[children];
                for (int i = 0; i < children; i++) {
                    boolean isFixed = random.nextInt(3) == 0;
                    fixed[i] = isFixed ? 1 + random.nextInt(6) : 0;
                    shares[i] = isFixed ? 0 : random.nextDouble() * 100 + 1e-6;
                    most[i] = isFixed ? fixed[i] : 1 + random.nextInt(30);
                }
                int total = random.nextInt(60);
                int[] ideal = Apportioning.ideal(total, fixed, shares, most);

                int room = Arrays.stream(most).sum();
                assertThat(Arrays.stream(ideal).sum()).as("round %d", round).isEqualTo(Math.min(total, room));
                for (int i = 0; i < children; i++) {
                    assertThat(ideal[i]).isBetween(0, most[i]);
                }
                double sum = Arrays.stream(shares).sum();
                int left = total - Arrays.stream(fixed).sum();
                if (Arrays.equals(ideal, unbounded(total, fixed, shares)) && left > 0) {
                    for (int i = 0; i < children; i++) {
                        if (shares[i] > 0) {
                            assertThat(Math.abs(ideal[i] - left * shares[i] / sum))
                                    .isLessThan(1.000001);
                        }
                    }
                }
            }
        }

        private int[] unbounded(int total, int[] fixed, double[] shares) {
            int[] most = new int[fixed.length];
            Arrays.fill(most, 1000);
            return Apportioning.ideal(total, fixed, shares, most);
        }
    }

    /** Children that refuse, lose answers, give some, hide their status, in any order, for 2,000 seeds. */
    @Test
    void anyCourseOfFailures_neverMoreThanAsked_neverLessThanSafe_eachRequestOnce() throws Exception {
        for (long seed = 0; seed < 2_000; seed++) {
            new Random(seed).play();
        }
    }

    private static final class Random {

        private static final List<Refusal> WHYS = List.of(Refusal.values());

        private final long seed;
        private final SplittableRandom random;
        private final ManualTime time = new ManualTime();
        private final List<RecordingBackend> children = new ArrayList<>();
        private final CompositeBackend backend;

        Random(long seed) {
            this.seed = seed;
            this.random = new SplittableRandom(seed);
            boolean split = random.nextBoolean();
            CompositeBackend.Builder builder =
                    CompositeBackend.builder(time).threads(Runnable::run).readyWithin(READY_WITHIN);
            builder = split ? builder.split() : builder.fallback();
            int count = 1 + random.nextInt(4);
            for (int i = 0; i < count; i++) {
                RecordingBackend child = RecordingBackend.builder(time)
                        .capacity(random.nextInt(12))
                        .readyAfter(Duration.ofMinutes(random.nextInt(3) == 0 ? 60 : random.nextInt(9)))
                        .build();
                children.add(child);
                if (!split) {
                    builder.child("c" + i, child, 1 + random.nextInt(10));
                } else if (random.nextInt(3) == 0) {
                    builder.fixed("c" + i, child, 1 + random.nextInt(4));
                } else {
                    builder.share("c" + i, child, 1 + random.nextInt(9), 1 + random.nextInt(10));
                }
            }
            backend = builder.build();
        }

        private int total() throws Exception {
            int total = 0;
            for (RecordingBackend child : children) {
                child.failStatus(pool -> null);
                total += child.status("chat").desired();
            }
            return total;
        }

        void play() throws Exception {
            @Nullable ScaleRequest before = null;
            for (int step = 1; step <= 40; step++) {
                misbehave();
                ReplicaStatus seen = status();
                if (seen == null) {
                    continue;
                }
                boolean again = before != null && random.nextInt(3) == 0;
                int to = random.nextInt(25);
                ScaleRequest request =
                        again ? before : new ScaleRequest("chat", seen.desired(), to, step, "", seed + "-" + step);
                before = request;
                List<Integer> calls =
                        children.stream().map(child -> child.requests().size()).toList();
                int had = totalQuietly();
                boolean unknown = misbehaveStatus();
                boolean done = scale(request);
                int has = totalQuietly();

                assertThat(has)
                        .as("seed %d step %d: never more than asked", seed, step)
                        .isLessThanOrEqualTo(Math.max(had, request.to()));
                int safe = Math.min(request.to(), Math.min(had, seen.desired()));
                assertThat(has)
                        .as("seed %d step %d: never less than safe", seed, step)
                        .isGreaterThanOrEqualTo(safe);
                if (unknown) {
                    // Those that are overdue may be asked for elsewhere, but never is anything removed that serves.
                    assertThat(has)
                            .as("seed %d step %d", seed, step)
                            .isGreaterThanOrEqualTo(Math.min(had, seen.desired()));
                }
                if (done && !again) {
                    assertThat(has).as("seed %d step %d: done", seed, step).isEqualTo(request.to());
                }
                Set<String> keys = new HashSet<>();
                for (int i = 0; i < children.size(); i++) {
                    List<ScaleRequest> all = children.get(i).requests();
                    List<ScaleRequest> latest = all.subList(calls.get(i), all.size());
                    assertThat(latest)
                            .as("seed %d step %d: one child", seed, step)
                            .hasSizeLessThanOrEqualTo(1);
                    latest.forEach(each -> assertThat(keys.add(each.key())).isTrue());
                }
                time.advance(Duration.ofSeconds(random.nextInt(240)));
            }
        }

        private @Nullable ReplicaStatus status() {
            try {
                return backend.status("chat");
            } catch (Exception e) {
                return null;
            }
        }

        private boolean scale(ScaleRequest request) {
            try {
                backend.scale(request);
                return true;
            } catch (Exception e) {
                return false;
            }
        }

        private int totalQuietly() throws Exception {
            // Rules for the status are put back by the next step.
            return total();
        }

        private void misbehave() {
            for (RecordingBackend child : children) {
                child.recover();
                switch (random.nextInt(8)) {
                    case 0 -> child.refuseNext(1, WHYS.get(random.nextInt(WHYS.size())));
                    case 1 -> child.loseAnswers(asked -> new java.io.IOException("reset"));
                    case 2 ->
                        child.refuse(asked -> {
                            child.set("chat", (asked.from() + asked.to()) / 2);
                            return new BackendException(Refusal.CAPACITY, "some");
                        });
                    case 3 -> child.die("chat", random.nextInt(3));
                    default -> {}
                }
            }
        }

        /** Whether a child hides its status. */
        private boolean misbehaveStatus() {
            boolean hidden = false;
            for (RecordingBackend child : children) {
                if (random.nextInt(10) == 0) {
                    hidden = true;
                    child.failStatus(pool -> new IllegalStateException("away"));
                }
            }
            return hidden;
        }
    }

    @Nested
    class Settings {

        private ScalerBackend create(String type, Map<String, String> settings) {
            return ScalerBackends.create(type, settings);
        }

        @Test
        void fallback_fromSettings_makesItsChildrenByType() throws Exception {
            try (ScalerBackend made = create(
                    "fallback",
                    Map.of(
                            "order", "near, far",
                            "children.near.type", "recording",
                            "children.near.settings.capacity", "2",
                            "children.near.max", "4",
                            "children.far.type", "split",
                            "children.far.settings.children.a.type", "recording",
                            "children.far.settings.children.a.share", "1",
                            "children.far.settings.children.b.type", "recording",
                            "children.far.settings.children.b.share", "1"))) {
                made.scale(request(0, 2));
                made.scale(request(2, 6));

                assertThat(made.status("chat")).satisfies(found -> {
                    assertThat(found.desired()).isEqualTo(6);
                    assertThat(found.births())
                            .extracting(birth -> birth.replica())
                            .contains("near/replica-2", "far/a/replica-2", "far/b/replica-2");
                });
            }
        }

        @Test
        void settings_thatAreWrong_areAllNamed() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> create(
                            "fallback",
                            Map.of(
                                    "readyWithin", "1s",
                                    "children.a.type", "recording",
                                    "children.a.max", "none",
                                    "children.b.share", "3",
                                    "spill", "true")))
                    .withMessageContaining("order is required: the children [a, b]")
                    .withMessageContaining("readyWithin must be a duration from")
                    .withMessageContaining("children.a.max must be a whole number from 1 to 1000000 but is \"none\"")
                    .withMessageContaining("children.b.type is required")
                    .withMessageContaining("children.b.share is not a setting of this child")
                    .withMessageContaining("spill is not a setting of this backend");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> create("split", Map.of("children.a.type", "recording", "order", "a, a")))
                    .withMessageContaining("children.a.share above 0 or replicas is required, and not both")
                    .withMessageContaining("order must name each of the children [a] once but is [a, a]");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> create("fallback", Map.of("children.a.type", "nothing")))
                    .withMessageContaining("children.a: no scaler backend of type \"nothing\"");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> create("split", Map.of()))
                    .withMessageContaining("children is required");
        }
    }
}
