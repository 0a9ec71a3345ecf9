/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.policy.Learned;
import io.tidegate.policy.ReplicaMath;
import io.tidegate.pool.Capacity;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What of a pool must survive a restart: what was wanted and changed lately, what was learned, and what a person said. Immutable.
 *
 * <p>Ages are counted to when it was saved; the time it lay is added by the wall clock when it is read, or nothing if that went back.
 *
 * @param savedAt wall-clock time
 * @param desired desired count
 * @param proposals what was wanted within the last hour, as far as guardrails look
 * @param changes what was changed within the last hour
 * @param learned by policy
 * @param capacity of one replica
 * @param timesToReady the last that were measured, oldest first
 * @param override what a person said and until when, if it is still in force
 * @since 0.1.0
 */
public record PoolMemory(
        Instant savedAt,
        int desired,
        List<Wanted> proposals,
        List<Changed> changes,
        Map<String, Learned> learned,
        Capacity capacity,
        List<Duration> timesToReady,
        Optional<Said> override) {

    private static final Duration LONGEST_TO_READY = Duration.ofDays(1);

    public PoolMemory {
        proposals = List.copyOf(proposals);
        changes = List.copyOf(changes);
        learned = Map.copyOf(learned);
        timesToReady = List.copyOf(timesToReady);
    }

    /**
     * The same with numbers in their ranges, proposals and changes in order, and times to ready without what cannot be; for what comes
     * from outside.
     */
    PoolMemory sound() {
        return new PoolMemory(
                Objects.requireNonNull(savedAt, "savedAt"),
                count(desired),
                proposals.stream()
                        .map(each -> new Wanted(positive(each.age()), count(each.replicas())))
                        .sorted(Comparator.comparing(Wanted::age).reversed())
                        .toList(),
                changes.stream()
                        .map(each -> new Changed(positive(each.age()), count(each.from()), count(each.to())))
                        .sorted(Comparator.comparing(Changed::age).reversed())
                        .toList(),
                learned,
                Objects.requireNonNull(capacity, "capacity"),
                timesToReady.stream()
                        .filter(each -> !each.isNegative() && each.compareTo(LONGEST_TO_READY) <= 0)
                        .toList(),
                Objects.requireNonNull(override, "override"));
    }

    private static int count(int replicas) {
        return Math.max(0, Math.min(replicas, ReplicaMath.MANY));
    }

    private static Duration positive(Duration age) {
        return age.isNegative() ? Duration.ZERO : age;
    }

    /** What was wanted, so long before. */
    public record Wanted(Duration age, int replicas) {}

    /** A change of the desired count, so long before. */
    public record Changed(Duration age, int from, int to) {}

    /** What a person said, and until when by the wall clock. */
    public record Said(ManualOverride override, Instant until) {}
}
