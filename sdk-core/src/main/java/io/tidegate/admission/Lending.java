/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.pool.Tier;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How much of the limit is kept for tiers with a guarantee, and how much of that is lent because they do not need it.
 *
 * <p>The demand of a tier is what it has in flight and in queue, as a share of the limit. Kept for it is the smaller of its guarantee and
 * its smoothed demand, and always the part of the guarantee that it does not lend. Others may fill the limit but for what is kept and not in
 * use. Smoothed as in Kubernetes' API Priority and Fairness (KEP-1040): at the end of each 10 s the envelope is mean + standard
 * deviation; it counts at once if it is higher, else the old value moves to it by 2.3 %, which halves the distance in 5 min. A demand
 * above all that counts at once.
 *
 * <p>Example: a limit of 100 slots, guarantee 0.4, all of it lent when idle. With a smoothed demand of 0.3 and 12 in flight, 30 are kept, 18 of
 * them unused: others fill up to 82.
 *
 * <p>For the owner of the drain alone, but for what is kept and whether it is time.
 */
final class Lending {

    /** Time between looks at the demand. */
    static final long PERIOD_NANOS = Duration.ofMillis(100).toNanos();

    /** The same while somebody waits, so that what a tier takes or returns is seen soon. */
    private static final long CONTENDED_NANOS = Duration.ofMillis(10).toNanos();

    private static final long WINDOW_NANOS = Duration.ofSeconds(10).toNanos();
    private static final double KEPT_OF_OLD = 0.977;

    private final double[] guarantees;
    private final double[] notLent;
    private final Demand[] demands;

    /** Replaced as a whole, since others than the owner read it when the limit changes. */
    private volatile double[] reserved;

    /** When it was looked at last; read by anyone to know whether it is time again. */
    private volatile long lookedNanos;

    private volatile boolean limitChanged;

    private Lending(List<Tier> tiers, long nowNanos) {
        int count = tiers.size();
        guarantees = new double[count];
        notLent = new double[count];
        demands = new Demand[count];
        for (int rank = 0; rank < count; rank++) {
            Tier tier = tiers.get(rank);
            guarantees[rank] = tier.guarantee();
            notLent[rank] = tier.guarantee() * (1 - tier.lends());
            demands[rank] = new Demand(nowNanos);
        }
        lookedNanos = nowNanos;
        reserved = notLent.clone();
    }

    /** Null if no tier has a guarantee. */
    static @Nullable Lending of(List<Tier> tiers, long nowNanos) {
        return tiers.stream().anyMatch(tier -> tier.guarantee() > 0) ? new Lending(tiers, nowNanos) : null;
    }

    /** Whether it is time to look, for anyone. */
    boolean isDue(long nowNanos) {
        return nowNanos - lookedNanos >= PERIOD_NANOS;
    }

    /** The limit is another one: what is kept of it must be reckoned anew. Any thread. */
    void limitChanged() {
        limitChanged = true;
    }

    boolean isDueContended(long nowNanos) {
        return limitChanged || nowNanos - lookedNanos >= CONTENDED_NANOS;
    }

    /** Before the limit is read: one that changes after this is looked at again. */
    void looks() {
        limitChanged = false;
    }

    /**
     * Looks at the demand.
     *
     * @param demand of each tier, in flight and in queue, as a share of the limit
     */
    void look(double[] demand, long nowNanos) {
        double[] kept = new double[guarantees.length];
        for (int rank = 0; rank < guarantees.length; rank++) {
            if (guarantees[rank] > 0) {
                double smooth = demands[rank].add(demand[rank], nowNanos);
                double wanted = Math.min(guarantees[rank], Math.max(smooth, demand[rank]));
                kept[rank] = Math.max(notLent[rank], wanted);
            }
        }
        reserved = kept;
        lookedNanos = nowNanos;
    }

    /** Share of the limit that is kept for a tier always. */
    double notLent(int rank) {
        return notLent[rank];
    }

    /** Share of the limit that is kept for a tier now. */
    double reserved(int rank) {
        return reserved[rank];
    }

    /** One tier's demand, smoothed. */
    private static final class Demand {

        private double smooth;
        private double sum;
        private double squares;
        private long samples;
        private long windowNanos;

        Demand(long nowNanos) {
            windowNanos = nowNanos;
        }

        double add(double demand, long nowNanos) {
            if (nowNanos - windowNanos >= WINDOW_NANOS && samples > 0) {
                double mean = sum / (double) samples;
                double envelope = mean + Math.sqrt(Math.max(0, squares / (double) samples - mean * mean));
                smooth = Math.max(envelope, KEPT_OF_OLD * smooth + (1 - KEPT_OF_OLD) * envelope);
                // In windows in which nobody looked there was no demand.
                smooth *= Math.pow(KEPT_OF_OLD, Math.floor((double) (nowNanos - windowNanos) / WINDOW_NANOS) - 1);
                sum = 0;
                squares = 0;
                samples = 0;
                windowNanos = nowNanos;
            }
            sum += demand;
            squares += demand * demand;
            samples++;
            return smooth;
        }
    }
}
