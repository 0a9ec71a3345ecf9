/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.PolicySettings;
import io.tidegate.policy.Recipe;
import io.tidegate.policy.ReplicaMath;
import io.tidegate.pool.PoolView;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Bounds how many replicas may be asked for and not ready, and asks ever more seldom while those asked for do not come.
 *
 * <p>Replicas are overdue when some are due and none became ready for 1.5 times the time to ready since the first of them was
 * asked for. From then on a raise waits for {@code firstWait} since the last one, the next for twice that, and each further one for
 * twice as long as the last two were apart, at most {@code longestWait}: 1, 2, 4, 8, 16, 30, 30 minutes by default. As soon as one
 * becomes ready nothing waits any more. It never forces anything down.
 *
 * <p>Without it, capacity that never becomes useful is bought without end, as Karpenter's issue 779 tells; the waits are those of
 * the Kubernetes cluster autoscaler's node-group back-off in kind.
 *
 * @param most replicas that may be due at once, 1 or more
 * @param firstWait positive, at most {@code longestWait}
 * @param longestWait at most half of {@link History#HORIZON}, since it is told from the two last raises
 * @since 0.1.0
 */
public record PendingCap(int most, Duration firstWait, Duration longestWait) implements Guardrail {

    /** How many times the time to ready may pass before replicas are overdue. */
    private static final double PATIENCE = 1.5;

    private static final Duration LONGEST = History.HORIZON.dividedBy(2);

    public PendingCap {
        if (most < 1) {
            throw new IllegalArgumentException("most must be >= 1 but was " + most);
        }
        if (longestWait.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("longestWait must be at most " + LONGEST + " but was " + longestWait);
        }
        if (firstWait.isZero() || firstWait.isNegative() || firstWait.compareTo(longestWait) > 0) {
            throw new IllegalArgumentException(
                    "firstWait must be positive and at most " + longestWait + " but was " + firstWait);
        }
    }

    /** As it is by default for a pool of at most so many replicas: a quarter of them, or 10 if that is more; 1 to 30 min. */
    public static PendingCap forMax(int max) {
        return new PendingCap(
                Math.max(10, ReplicaMath.ceil(Math.max(0, max) * 0.25)), Duration.ofMinutes(1), Duration.ofMinutes(30));
    }

    @Override
    public String name() {
        return "pending cap";
    }

    @Override
    public Optional<Recipe> recipe() {
        return Optional.of(new Recipe(
                GuardrailTypes.PENDING_CAP,
                Map.of(
                        "most",
                        Integer.toString(most),
                        "firstWait",
                        firstWait.toString(),
                        "longestWait",
                        longestWait.toString())));
    }

    static PendingCap of(PolicySettings settings) {
        return new PendingCap(
                (int) settings.requiredWhole("most", 0, Integer.MAX_VALUE),
                settings.requiredDuration("firstWait", Duration.ZERO, LONGEST),
                settings.requiredDuration("longestWait", Duration.ZERO, LONGEST));
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        int current = view.replicas().desired();
        int due = view.replicas().due();
        if (proposed <= current || due == 0) {
            return raised(current, due, proposed);
        }
        long overdueNanos = overdueNanos(view, history);
        if (view.nowNanos() - overdueNanos > 0) {
            List<History.Change> raises = history.changes().stream()
                    .filter(change -> change.to() > change.from())
                    .toList();
            long wait = waitNanos(raises, overdueNanos);
            if (!raises.isEmpty()) {
                long rest =
                        wait - (view.nowNanos() - raises.get(raises.size() - 1).atNanos());
                if (rest > 0) {
                    return new Narrowing(
                            name(),
                            current,
                            due + (due == 1 ? " replica is" : " replicas are") + " overdue for "
                                    + Text.seconds(view.nowNanos() - overdueNanos) + "; the next try is in "
                                    + Text.secondsUntil(rest));
                }
            }
        }
        return raised(current, due, proposed);
    }

    private Narrowing raised(int current, int due, int proposed) {
        long allowed = (long) current + Math.max(0, most - due);
        if (proposed <= allowed) {
            return Narrowing.none(name(), proposed);
        }
        return new Narrowing(
                name(), (int) allowed, due + " are asked for and not ready, and at most " + most + " may be");
    }

    /** When those that are due began to be overdue, or will. */
    private static long overdueNanos(PoolView view, History history) {
        long timeToReady = view.timeToReady().toNanos();
        long first = view.replicas().dueNanos().get(0) - timeToReady;
        long ready = history.marks().readyNanos();
        return (ready - first > 0 ? ready : first) + (long) (PATIENCE * timeToReady);
    }

    private long waitNanos(List<History.Change> raises, long overdueNanos) {
        long[] late = raises.stream()
                .mapToLong(History.Change::atNanos)
                .filter(at -> at - overdueNanos > 0)
                .toArray();
        if (late.length == 0) {
            return firstWait.toNanos();
        }
        // Not by their number: the first of them leave the history while the wait is at its longest.
        long apart = late.length == 1
                ? firstWait.toNanos()
                : Math.max(firstWait.toNanos(), late[late.length - 1] - late[late.length - 2]);
        return Math.min(longestWait.toNanos(), 2 * apart);
    }
}
