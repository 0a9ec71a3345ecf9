/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.Behavior.Direction;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.guardrail.spi.SpendCheck;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All guardrails of a pool, in the order in which they are asked.
 *
 * <table>
 *   <caption>The order</caption>
 *   <tr><th>guardrail</th><th>by default</th><th>why there</th></tr>
 *   <tr><td>{@link Tolerance}</td><td>5 %, 0</td><td>asks whether there is anything to do; what follows may still raise</td></tr>
 *   <tr><td>{@link Fallback}</td><td>what there is, after 5 min, until 3 good polls</td><td>may raise, and what it raises shall keep
 *       to speed, caps and bounds</td></tr>
 *   <tr><td>one's own, as added</td><td>none</td><td>before all that protect: whatever one of them answers, nothing goes down on
 *       bad data, faster than allowed, or out of bounds</td></tr>
 *   <tr><td>{@link CompleteData}</td><td>always</td><td>holds down; what is wrong is named before how fast one may go</td></tr>
 *   <tr><td>{@link Coverage}</td><td>90 %</td><td>holds down</td></tr>
 *   <tr><td>{@link Healthy}</td><td>5 % failed, SLOs by their target, 20 requests</td><td>holds down</td></tr>
 *   <tr><td>{@link ClockJump}</td><td>5 min</td><td>holds down</td></tr>
 *   <tr><td>{@link Behavior} up</td><td>at once; 4 or 100 % in 15 s</td><td>speed</td></tr>
 *   <tr><td>{@link Behavior} down</td><td>300 s; 1 or 10 % in 60 s</td><td>speed</td></tr>
 *   <tr><td>{@link FlapDamping}</td><td>5 min, 15 %</td><td>speed, by what became of earlier changes</td></tr>
 *   <tr><td>{@link ToZero}</td><td>10 min</td><td>holds down to one</td></tr>
 *   <tr><td>{@link PendingCap}</td><td>25 % of the maximum or 10; 1 to 30 min</td><td>holds up</td></tr>
 *   <tr><td>{@link Spend}</td><td>none</td><td>holds up; asked after all others, so that only what would be bought is checked</td></tr>
 *   <tr><td>{@link Bounds}</td><td>1, 1</td><td>last, so that nothing can leave the bounds again; the minimum goes before speed and
 *       caps</td></tr>
 * </table>
 *
 * <p>Of those from {@code CompleteData} to {@code Spend} each sets a limit on its side of the present count, so their order changes no
 * number, only which of them is named. The outcome never falls when policies ask for more and all else is equal.
 *
 * @since 0.1.0
 */
public final class Guardrails {

    private Guardrails() {}

    /** Starts with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects the guardrails of a pool. Not safe for use by several threads. */
    public static final class Builder {

        private Bounds bounds = new Bounds(1, 1);
        private Tolerance tolerance = Tolerance.DEFAULTS;
        private Fallback fallback = new Fallback(0);
        private final List<Guardrail> own = new ArrayList<>();
        private Behavior up = Behavior.up();
        private Behavior down = Behavior.down();
        private @Nullable FlapDamping flapDamping = new FlapDamping();
        private Coverage coverage = new Coverage();
        private Healthy healthy = new Healthy();
        private ClockJump clockJump = new ClockJump();
        private ToZero toZero = new ToZero();
        private @Nullable PendingCap pendingCap;
        private @Nullable SpendCheck spend;

        private Builder() {}

        /** Least and most replicas; 1 and 1 by default, which scales nothing. */
        public Builder bounds(int min, int max) {
            this.bounds = new Bounds(min, max);
            return this;
        }

        /** How far the demand may be from the present count without a change; {@link Tolerance#DEFAULTS} by default. */
        public Builder tolerance(Tolerance tolerance) {
            this.tolerance = Objects.requireNonNull(tolerance, "tolerance");
            return this;
        }

        /** What there is at least when nothing is heard of; what there was by default. */
        public Builder fallback(Fallback fallback) {
            this.fallback = Objects.requireNonNull(fallback, "fallback");
            return this;
        }

        /**
         * Adds one's own guardrail, asked after the fallback and before all others. What it answers counts as far as it narrows: between
         * what is proposed and what there is.
         */
        public Builder guardrail(Guardrail guardrail) {
            own.add(new Own(Objects.requireNonNull(guardrail, "guardrail")));
            return this;
        }

        /** How fast it may grow; {@link Behavior#up()} by default. */
        public Builder up(Behavior up) {
            this.up = of(Direction.UP, up);
            return this;
        }

        /** How fast it may shrink; {@link Behavior#down()} by default. */
        public Builder down(Behavior down) {
            this.down = of(Direction.DOWN, down);
            return this;
        }

        /** What keeps it from going down and up again for nothing; 5 minutes and 15 % by default, null for none. */
        public Builder flapDamping(@Nullable FlapDamping flapDamping) {
            this.flapDamping = flapDamping;
            return this;
        }

        /** Share that must be heard of before anything goes down; 90 % by default. */
        public Builder coverage(Coverage coverage) {
            this.coverage = Objects.requireNonNull(coverage, "coverage");
            return this;
        }

        /** When a pool is well enough to shrink; 5 % failed and 20 requests by default. */
        public Builder healthy(Healthy healthy) {
            this.healthy = Objects.requireNonNull(healthy, "healthy");
            return this;
        }

        /** How long nothing goes down after a jump of the clock; 5 minutes by default. */
        public Builder clockJump(ClockJump clockJump) {
            this.clockJump = Objects.requireNonNull(clockJump, "clockJump");
            return this;
        }

        /** How long nobody must have come before the last replica leaves; 10 minutes by default. */
        public Builder toZero(ToZero toZero) {
            this.toZero = Objects.requireNonNull(toZero, "toZero");
            return this;
        }

        /** How many may be asked for and not ready; {@link PendingCap#forMax} of the maximum by default. */
        public Builder pendingCap(PendingCap pendingCap) {
            this.pendingCap = Objects.requireNonNull(pendingCap, "pendingCap");
            return this;
        }

        /** What may be spent, for instance a {@link SpendCap}; anything by default. */
        public Builder spend(SpendCheck spend) {
            this.spend = Objects.requireNonNull(spend, "spend");
            return this;
        }

        /** The guardrails, in the order in which they are to be asked. */
        public List<Guardrail> build() {
            if (spend instanceof SpendCap cap && cap.replicas() < bounds.min()) {
                throw new IllegalArgumentException("the spend cap must pay for the minimum of " + bounds.min()
                        + " replicas but pays for " + cap.replicas());
            }
            List<Guardrail> all = new ArrayList<>();
            all.add(tolerance);
            all.add(fallback);
            all.addAll(own);
            all.add(new CompleteData());
            all.add(coverage);
            all.add(healthy);
            all.add(clockJump);
            all.add(up);
            all.add(down);
            if (flapDamping != null) {
                all.add(flapDamping);
            }
            all.add(toZero);
            all.add(pendingCap != null ? pendingCap : PendingCap.forMax(bounds.max()));
            if (spend != null) {
                all.add(new Spend(spend));
            }
            all.add(bounds);
            Set<String> names = new HashSet<>();
            for (Guardrail guardrail : all) {
                if (!names.add(guardrail.name())) {
                    throw new IllegalArgumentException("there are two guardrails named \"" + guardrail.name() + "\"");
                }
            }
            return List.copyOf(all);
        }

        private static Behavior of(Direction direction, Behavior behavior) {
            if (behavior.direction() != direction) {
                throw new IllegalArgumentException(
                        "this behavior must go " + direction + " but goes " + behavior.direction());
            }
            return behavior;
        }
    }
}
