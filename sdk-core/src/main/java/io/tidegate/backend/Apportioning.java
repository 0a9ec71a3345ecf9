/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import io.tidegate.policy.ReplicaMath;
import java.util.Arrays;

/**
 * How many replicas each child of a split is to have. Pure, on arrays in the order of the children.
 *
 * <p>A child with a fixed number has that before any share is counted, in their order where the total does not do for all. The rest
 * goes by shares, rounded by largest remainder; what a child may not have above its most goes to the others by their shares. Two fixed
 * and shares of 30 and 70 make 12 into 2, 3 and 7.
 */
final class Apportioning {

    private Apportioning() {}

    /**
     * The ideal for a total: its sum is the total, or what all may have together if that is less.
     *
     * @param fixed numbers, 0 for a child that has a share
     * @param shares weights, 0 for a child that has a fixed number
     * @param most what each may have
     */
    static int[] ideal(int total, int[] fixed, double[] shares, int[] most) {
        int[] ideal = new int[fixed.length];
        int left = total;
        for (int i = 0; i < fixed.length; i++) {
            ideal[i] = Math.min(left, Math.min(fixed[i], most[i]));
            left -= ideal[i];
        }
        boolean[] full = new boolean[fixed.length];
        for (int i = 0; i < fixed.length; i++) {
            full[i] = !(shares[i] > 0);
        }
        while (left > 0) {
            int[] more = byLargestRemainder(left, shares, full);
            int filled = -1;
            for (int i = 0; i < fixed.length; i++) {
                // One that would have more than it may is filled, and the rest is shared anew among the others.
                if (!full[i] && more[i] > most[i] - ideal[i]) {
                    filled = i;
                    break;
                }
            }
            if (filled < 0) {
                for (int i = 0; i < fixed.length; i++) {
                    ideal[i] += more[i];
                }
                return Arrays.stream(more).sum() == 0 ? toFixed(left, ideal, most) : ideal;
            }
            left -= most[filled] - ideal[filled];
            ideal[filled] = most[filled];
            full[filled] = true;
        }
        return ideal;
    }

    /** Where no share is left to take the rest, those with fixed numbers take it in their order. */
    private static int[] toFixed(int rest, int[] ideal, int[] most) {
        int left = rest;
        for (int i = 0; i < ideal.length; i++) {
            int more = Math.min(left, most[i] - ideal[i]);
            ideal[i] += more;
            left -= more;
        }
        return ideal;
    }

    /** Sums to the total exactly, unless all are full: then it is all 0. */
    private static int[] byLargestRemainder(int total, double[] shares, boolean[] full) {
        double sum = 0;
        for (int i = 0; i < shares.length; i++) {
            sum += full[i] ? 0 : shares[i];
        }
        int[] whole = new int[shares.length];
        if (!(sum > 0)) {
            return whole;
        }
        double[] remainders = new double[shares.length];
        int left = total;
        for (int i = 0; i < shares.length; i++) {
            if (!full[i]) {
                double exact = total * (shares[i] / sum);
                // A hair below a whole number is a rounding error and buys nobody else a replica.
                whole[i] = (int) Math.min(left, Math.floor(exact + 1e-9));
                remainders[i] = exact - whole[i];
                left -= whole[i];
            }
        }
        while (left > 0) {
            int next = -1;
            for (int i = 0; i < shares.length; i++) {
                if (!full[i] && (next < 0 || remainders[i] > remainders[next] + 1e-9)) {
                    next = i;
                }
            }
            whole[next]++;
            remainders[next] -= 1;
            left--;
        }
        return whole;
    }

    /**
     * The way from what there is to a total, nearest to the ideal: up adds only and down removes only, so that no step on the way has
     * less than the smaller or more than the larger of both.
     *
     * @param current what each has
     * @param most what each may have; one that has more keeps it, but gets no more
     * @return its sum is the total, or what could be had if that is less
     */
    static int[] towards(int total, int[] current, int[] ideal, int[] most) {
        int[] next = current.clone();
        long sum = 0;
        for (int each : current) {
            sum += each;
        }
        while (sum < total) {
            int neediest = -1;
            for (int i = 0; i < next.length; i++) {
                if (next[i] < most[i] && (neediest < 0 || ideal[i] - next[i] > ideal[neediest] - next[neediest])) {
                    neediest = i;
                }
            }
            if (neediest < 0) {
                break;
            }
            next[neediest]++;
            sum++;
        }
        while (sum > total) {
            int least = -1;
            for (int i = next.length - 1; i >= 0; i--) {
                if (next[i] > 0 && (least < 0 || next[i] - ideal[i] > next[least] - ideal[least])) {
                    least = i;
                }
            }
            next[least]--;
            sum--;
        }
        return next;
    }

    /** What fits between 0 and what any pool has. */
    static int bounded(long count) {
        return (int) Math.max(0, Math.min(count, ReplicaMath.MANY));
    }
}
