/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.log.BoundedLog;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** What a person said of a pool, until it ends. From any thread. */
final class Overrides {

    private static final Logger LOG = BoundedLog.of(Engine.class);

    private final String pool;
    private final TimeSource time;
    private final Runnable ending;
    private final Consumer<Optional<ManualOverride>> changed;
    private final AtomicReference<@Nullable InForce> inForce = new AtomicReference<>();
    /** Whether a person has said anything since the start: what was said before it then counts no more. */
    private volatile boolean spoken;

    /** What was said, when it ends, and what sets off a round then. */
    private record InForce(ManualOverride override, long untilNanos, Instant until, TimeSource.Task end) {}

    /**
     * @param ending run when the time of one is over
     * @param changed told what holds from now on
     */
    Overrides(String pool, TimeSource time, Runnable ending, Consumer<Optional<ManualOverride>> changed) {
        this.pool = pool;
        this.time = time;
        this.ending = ending;
        this.changed = changed;
    }

    /** Holds from now on, in place of what was said before; null ends that. */
    void say(@Nullable ManualOverride said) {
        spoken = true;
        InForce before = inForce.getAndSet(said == null ? null : of(said, said.lifetime()));
        if (before != null) {
            before.end().cancel();
        }
        if (said != null) {
            LOG.info("pool {}: {}", pool, said);
            changed.accept(Optional.of(said));
        } else if (before != null) {
            LOG.info("pool {}: no longer overridden", pool);
            changed.accept(Optional.empty());
        }
    }

    /** Ends on time also where rounds are seldom. */
    private InForce of(ManualOverride said, Duration left) {
        TimeSource.Task end = time.schedule(left.toNanos(), ending);
        return new InForce(said, time.nanos() + left.toNanos(), time.wallTime().plus(left), end);
    }

    /** What holds at this instant; one whose time is over ends here. */
    @Nullable
    ManualOverride at(long now) {
        InForce said = inForce.get();
        if (said == null) {
            return null;
        }
        if (now - said.untilNanos() >= 0) {
            if (inForce.compareAndSet(said, null)) {
                LOG.info("pool {}: the override has ended: {}", pool, said.override());
                changed.accept(Optional.empty());
            }
            return null;
        }
        return said.override();
    }

    /** Takes up what was said before a restart, for as long as is left of it. */
    void recall(PoolMemory.Said said) {
        if (spoken) {
            return;
        }
        // Not longer than it was given for, should the wall clock have gone back.
        Duration left = Duration.between(time.wallTime(), said.until());
        Duration longest = said.override().lifetime();
        if (!left.isNegative() && !left.isZero()) {
            InForce again = of(said.override(), left.compareTo(longest) < 0 ? left : longest);
            if (!inForce.compareAndSet(null, again)) {
                again.end().cancel();
            }
        }
    }

    /** Leaves to another gateway what was said here; what is said from now on is newer than what that one knows. */
    void handOver() {
        InForce before = inForce.getAndSet(null);
        if (before != null) {
            before.end().cancel();
        }
        spoken = false;
    }

    /** What holds, as far as is known. */
    Optional<ManualOverride> now() {
        return Optional.ofNullable(inForce.get()).map(InForce::override);
    }

    /** The same, to be kept over a restart. */
    Optional<PoolMemory.Said> kept() {
        return Optional.ofNullable(inForce.get()).map(said -> new PoolMemory.Said(said.override(), said.until()));
    }

    /** Sets off nothing any more. */
    void close() {
        InForce said = inForce.get();
        if (said != null) {
            said.end().cancel();
        }
    }
}
