/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.score;

/**
 * What became of the requests of one tier, or of all.
 *
 * <p>A request attains when its first token came within the tier's bound, its tokens followed within the bound if there is one, and it
 * ended well. Everything else is broken, whoever refused it and for whatever reason. A retry belongs to the request it repeats.
 *
 * @param tier its name, or {@code all}
 * @param offered requests that came, retries not counted
 * @param attained requests that kept the objectives
 * @param late requests that were answered, too late
 * @param shed requests that were refused
 * @param expired requests whose time in queue ran out
 * @param left requests whose client gave up
 * @param failed requests that were lost with a replica
 * @param ttftP50 seconds; NaN if nobody had a token
 * @param ttftP90 seconds
 * @param ttftP99 seconds
 * @param tpotP50 seconds between tokens
 * @param tpotP99 seconds between tokens
 * @since 0.1.0
 */
public record TierScore(
        String tier,
        long offered,
        long attained,
        long late,
        long shed,
        long expired,
        long left,
        long failed,
        double ttftP50,
        double ttftP90,
        double ttftP99,
        double tpotP50,
        double tpotP99) {

    /** Share of the requests that attained, 0..1; 1 if none came. */
    public double attainment() {
        return offered == 0 ? 1 : (double) attained / offered;
    }
}
