/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.kits;

import io.tidegate.contracts.LearningPolicyContract;
import io.tidegate.contracts.PolicyContract;
import io.tidegate.contracts.Views;
import io.tidegate.policy.PolicyTypes;
import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;

/** Every policy of ours keeps to what is asked of policies. */
class BuiltInPoliciesTest {

    private static final String DEPTH = "gate.queue.depth";
    private static final String TTFT = "gate.ttft.p95";

    /** A pool that has been as busy as this for ten minutes. */
    private static Views busy(double load) {
        return Views.view()
                .ready(4)
                .capacity(new Capacity(1_000, 2, 50))
                .recent(600, 20 * load, 2 * load, 1_000 * load)
                .tier("standard", Math.round(20 * load), Math.round(5 * load), 2 * load, 10)
                .signal(DEPTH, 5 * load, "requests")
                .signal(TTFT, 0.5 * load, "seconds");
    }

    private static List<PoolView> growing(double... loads) {
        List<PoolView> views = new ArrayList<>();
        for (double load : loads) {
            views.add(busy(load).build());
        }
        return views;
    }

    /** A policy of ours by its type. */
    abstract static class Ours extends PolicyContract {

        private final String type;
        private final Map<String, String> settings;

        Ours(String type, Map<String, String> settings) {
            this.type = type;
            this.settings = settings;
        }

        @Override
        protected Policy policy() {
            return PolicyTypes.create(type, type, settings);
        }

        @Override
        protected PoolView wanting() {
            return busy(5).build();
        }

        @Override
        protected List<PoolView> growing() {
            return BuiltInPoliciesTest.growing(1, 2, 5, 20);
        }
    }

    @Nested
    class OfBacklog extends Ours {
        OfBacklog() {
            super("backlog", Map.of());
        }
    }

    @Nested
    class OfSlo extends Ours {
        OfSlo() {
            super("slo", Map.of());
        }

        @Override
        protected PoolView wanting() {
            return view(5);
        }

        @Override
        protected List<PoolView> growing() {
            return List.of(view(1), view(5), view(20));
        }

        private static PoolView view(double load) {
            Tier tier = Tier.builder("premium")
                    .slo(Slo.timeToFirstToken(Duration.ofSeconds(2)))
                    .build();
            return busy(load)
                    .tier(new TierView(tier, 4, 2, Duration.ofSeconds(1), load, 0, 10, 500))
                    .build();
        }
    }

    @Nested
    class OfTarget extends Ours {
        OfTarget() {
            super("target", Map.of("signal", DEPTH, "target", "5"));
        }
    }

    @Nested
    class OfLatency extends Ours {
        OfLatency() {
            super("latency", Map.of("signal", TTFT, "objective", "2s"));
        }
    }

    @Nested
    class OfPanic extends Ours {
        OfPanic() {
            super("panic", Map.of());
        }
    }

    @Nested
    class OfFormula extends Ours {
        OfFormula() {
            super("formula", Map.of("replicas", "ceil(gate.queue.depth / 10) + 1"));
        }
    }

    @Nested
    class OfAdaptive extends LearningPolicyContract {

        private static final long SECOND = Duration.ofSeconds(1).toNanos();

        @Override
        protected LearningPolicy policy() {
            return (LearningPolicy) PolicyTypes.create("adaptive", "adaptive", Map.of());
        }

        @Override
        protected PoolView wanting() {
            return view(5_000, 0, 0);
        }

        @Override
        protected List<PoolView> growing() {
            return List.of(view(5_000, -0.5, 0), view(5_000, 0, 0), view(5_000, 1, 0));
        }

        @Override
        protected List<PoolView> lesson() {
            List<PoolView> views = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                views.add(view(5_000 + i, 0, i < 100 ? 0 : 50));
            }
            return views;
        }

        private static PoolView view(long second, double more, long broken) {
            Tier tier = Tier.builder("premium")
                    .slo(Slo.timeToFirstToken(Duration.ofSeconds(2)))
                    .build();
            ServedView served = new ServedView(
                    16, 0, 0, 100, 0, 100, broken, LatencySnapshot.EMPTY, LatencySnapshot.EMPTY, LatencySnapshot.EMPTY);
            return Views.view()
                    .at(second * SECOND)
                    .ready(4)
                    .replica(Work.slots(100))
                    .recent(600, 300, 16, 1_000)
                    .tier(new TierView(tier, Math.round(300 * (1 + more)), 0, Duration.ZERO, 16, 0, 20, 100, served))
                    .build();
        }
    }
}
