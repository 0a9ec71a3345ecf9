/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Laws of others, to compare with, as a Kubernetes HPA carries them out: it looks every 15 s. */
final class SimulatedHpa implements PoolSimulation.Law {

    /** What is asked of the HPA, given the pool. */
    interface Ask {
        double replicas(PoolSimulation pool);
    }

    private record At(double second, int value) {}

    private final Ask ask;
    private final double upWindow;
    private final double downWindow;
    private final double upPeriod;
    private final double downPeriod;
    private final int downPods;
    private final boolean downAll;
    private final List<At> asked = new ArrayList<>();
    private final List<At> changed = new ArrayList<>();

    private SimulatedHpa(
            Ask ask,
            double upWindow,
            double upPeriod,
            double downWindow,
            double downPeriod,
            int downPods,
            boolean downAll) {
        this.ask = ask;
        this.upWindow = upWindow;
        this.upPeriod = upPeriod;
        this.downWindow = downWindow;
        this.downPeriod = downPeriod;
        this.downPods = downPods;
        this.downAll = downAll;
    }

    /**
     * The SLO-aware law of llm-d's guide: replicas by how near the 90th percentile of the time to first token is to its bound, smoothed
     * over 45 s, with a credit for replicas that start. Up by the larger of 100 % and 4 per 60 s when asked for 30 s, down by 1 per
     * 120 s when asked for 180 s.
     */
    static SimulatedHpa sloAware() {
        return new SimulatedHpa(new SloAware(), 30, 60, 180, 120, 1, false);
    }

    /** One replica for each waiting request, or for so many running, whichever is more; the HPA's default behaviour. */
    static SimulatedHpa queueAndRunning(double runningPerReplica) {
        return new SimulatedHpa(
                pool -> Math.max(pool.waiting(), Math.ceil(pool.running() / runningPerReplica)),
                0,
                15,
                300,
                15,
                0,
                true);
    }

    @Override
    public int desired(PoolSimulation pool) {
        if (ask instanceof SloAware slo) {
            slo.count(pool);
        }
        if (Math.round(pool.now) % 15 != 0) {
            return pool.desired;
        }
        int current = pool.desired;
        int proposal = (int) Math.min(1_000_000, Math.ceil(ask.replicas(pool) - 1e-9));
        if (Math.abs(proposal / (double) current - 1) <= 0.1) {
            proposal = current;
        }
        asked.add(new At(pool.now, proposal));
        int least = proposal;
        int most = proposal;
        for (At at : asked) {
            least = pool.now - at.second() <= upWindow ? Math.min(least, at.value()) : least;
            most = pool.now - at.second() <= downWindow ? Math.max(most, at.value()) : most;
        }
        int wanted = Math.min(Math.max(current, least), most);
        int up = current - moved(pool.now, upPeriod, 1);
        int down = current + moved(pool.now, downPeriod, -1);
        wanted = Math.min(wanted, Math.max(2 * up, up + 4));
        wanted = downAll ? wanted : Math.max(wanted, Math.min(current, down - downPods));
        wanted = Math.min(Math.max(wanted, pool.profile.min()), pool.profile.max());
        if (wanted != current) {
            changed.add(new At(pool.now, wanted - current));
        }
        return wanted;
    }

    private int moved(double now, double period, int sign) {
        int sum = 0;
        for (At at : changed) {
            sum += now - at.second() < period ? Math.max(0, sign * at.value()) : 0;
        }
        return sum;
    }

    private static final class SloAware implements Ask {
        private final Deque<double[]> firstTokens = new ArrayDeque<>();
        private final Deque<double[]> scores = new ArrayDeque<>();

        void count(PoolSimulation pool) {
            for (PoolSimulation.Request request : pool.sentNow) {
                firstTokens.add(new double[] {pool.now, request.firstToken});
            }
            while (!firstTokens.isEmpty() && firstTokens.peek()[0] <= pool.now - 60) {
                firstTokens.remove();
            }
            if (Math.round(pool.now) % 15 == 0) {
                double[] sorted = firstTokens.stream()
                        .mapToDouble(each -> each[1])
                        .sorted()
                        .toArray();
                double p90 = sorted.length == 0 ? 0 : sorted[(int) Math.ceil(0.9 * sorted.length) - 1];
                scores.add(new double[] {pool.now, Math.min(p90 / pool.profile.promise(), 2)});
                while (scores.peek()[0] <= pool.now - 45) {
                    scores.remove();
                }
            }
        }

        @Override
        public double replicas(PoolSimulation pool) {
            double score =
                    scores.stream().mapToDouble(each -> each[1]).average().orElse(0);
            int count = pool.desired;
            int ready = pool.ready();
            double credit = ready > 0 && ready < count ? (double) ready / count : 1;
            if (score * credit > 0.55) {
                return count + Math.ceil(count * (score * credit / 0.55 - 1));
            }
            return score < 0.40 ? count - Math.floor(count * (1 - score / 0.40)) : count;
        }
    }
}
