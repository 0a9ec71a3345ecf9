/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.score;

import java.util.List;
import java.util.OptionalDouble;

/**
 * What came of one run: one scaler, one kind of admission, one seed.
 *
 * @param scenario its name
 * @param scaler who decided the count: {@code tidegate}, {@code bound}, or a baseline
 * @param admission {@code gate} (Tidegate's, with tiers) or {@code fifo} (in order of arrival, no tiers, nobody is refused)
 * @param seed of arrivals, sizes and replicas
 * @param all every request
 * @param tiers each tier, highest rank first
 * @param seconds from the first to the end of the last request, drain included
 * @param replicaHours replicas that exist, from asked for to gone, over all that time
 * @param meanReplicas the same, per time of the trace
 * @param peakReplicas most that existed at once
 * @param neededPeak most that the bound needed at once; 0 if it was not computed
 * @param ups decisions that raised the count
 * @param downs decisions that lowered it
 * @param reversals ups that followed a down, and downs that followed an up, within ten minutes
 * @param cost money, where the scenario has a price
 * @param retries requests that were sent again
 * @param preemptions times an engine threw a request out of its cache
 * @param course the run over time, evenly spaced
 * @since 0.1.0
 */
public record RunScore(
        String scenario,
        String scaler,
        String admission,
        long seed,
        TierScore all,
        List<TierScore> tiers,
        double seconds,
        double replicaHours,
        double meanReplicas,
        int peakReplicas,
        int neededPeak,
        int ups,
        int downs,
        int reversals,
        OptionalDouble cost,
        long retries,
        long preemptions,
        List<Moment> course) {

    public RunScore {
        tiers = List.copyOf(tiers);
        course = List.copyOf(course);
    }

    /**
     * The run at one time.
     *
     * @param seconds since it began
     * @param arrivals per second, since the last moment
     * @param specified replicas asked for
     * @param ready replicas that serve
     * @param existing replicas that cost, those that start and drain included
     * @param queued requests that wait at the gateway
     * @param running requests at the replicas
     * @param ttftP50 of the requests whose first token came since the last moment, seconds; NaN if there are none
     * @param ttftP99 of the same
     * @param attained share of the requests settled since the last moment that attained; NaN if there are none
     */
    public record Moment(
            double seconds,
            double arrivals,
            int specified,
            int ready,
            int existing,
            int queued,
            int running,
            double ttftP50,
            double ttftP99,
            double attained) {}
}
