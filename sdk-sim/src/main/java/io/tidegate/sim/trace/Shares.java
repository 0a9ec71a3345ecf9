/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Names and the share of the traffic each one has: of tiers, or of tenants.
 *
 * <p>Immutable. Shares are normalised to a sum of 1.
 *
 * @since 0.1.0
 */
public final class Shares {
    /**
     * Exponent and offset of the Zipf-Mandelbrot law share(k) ~ (k + offset)^-exponent that gives {@link #PUBLISHED_TENANTS}
     * tenants the two figures ServeGen's m-large clients have: the busiest sends 16.0 % of the requests, the ten busiest
     * send 63.2 % (Xiang et al., ServeGen, arXiv 2505.09999; figures computed from its published client rates).
     */
    private static final double TENANT_EXPONENT = 1.66183;

    private static final double TENANT_OFFSET = 3.14454;

    /** Number of clients in ServeGen's m-large, for which {@link #zipfTenants} meets the published shares. */
    public static final int PUBLISHED_TENANTS = 162;

    private final List<String> names;
    private final double[] shares;
    private final double[] upTo;

    private Shares(List<String> names, double[] weights) {
        this.names = List.copyOf(names);
        double sum = Arrays.stream(weights).sum();
        if (!(sum > 0) || Double.isInfinite(sum)) {
            throw new IllegalArgumentException("shares must have a sum above 0 but it was " + sum);
        }
        this.shares = new double[weights.length];
        this.upTo = new double[weights.length];
        double total = 0;
        for (int i = 0; i < weights.length; i++) {
            shares[i] = weights[i] / sum;
            total += shares[i];
            upTo[i] = total;
        }
    }

    /**
     * Returns the given shares, normalised. What is picked does not depend on the order of the map.
     *
     * @param shares name to weight; each name visible ASCII and not empty, each weight finite and not negative
     * @throws IllegalArgumentException if a name or a weight is not like that, or no weight is above 0
     */
    public static Shares of(Map<String, Double> shares) {
        List<String> names = new ArrayList<>();
        double[] weights = new double[shares.size()];
        for (Map.Entry<String, Double> share : new TreeMap<>(shares).entrySet()) {
            if (share.getKey().isEmpty() || !TraceEvent.isName(share.getKey())) {
                throw new IllegalArgumentException("a name must be visible ASCII, 1 to " + TraceEvent.MAX_NAME_LENGTH
                        + " characters, but was '" + share.getKey() + "'");
            }
            double weight = share.getValue();
            if (!(weight >= 0) || Double.isInfinite(weight)) {
                throw new IllegalArgumentException(
                        "the share of " + share.getKey() + " must be >= 0 and finite but was " + weight);
            }
            weights[names.size()] = weight;
            names.add(share.getKey());
        }
        return new Shares(names, weights);
    }

    /** Returns the default tiers: premium 0.2, standard 0.5, batch 0.3. */
    public static Shares defaultTiers() {
        return of(Map.of("premium", 0.2, "standard", 0.5, "batch", 0.3));
    }

    /**
     * Returns tenants {@code tenant-1} (the busiest) to {@code tenant-<count>} whose sizes follow the clients of ServeGen's
     * m-large: with {@value #PUBLISHED_TENANTS} of them the first has 16 % and the first ten have 63 %.
     *
     * @param count how many; at least 1
     * @throws IllegalArgumentException if there are fewer
     */
    public static Shares zipfTenants(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("count must be >= 1 but was " + count);
        }
        List<String> names = new ArrayList<>(count);
        double[] weights = new double[count];
        for (int rank = 1; rank <= count; rank++) {
            names.add("tenant-" + rank);
            weights[rank - 1] = StrictMath.pow(rank + TENANT_OFFSET, -TENANT_EXPONENT);
        }
        return new Shares(names, weights);
    }

    /** The names, in the order in which they are picked from. */
    public List<String> names() {
        return names;
    }

    /** The share of a name, 0..1; 0 if it is not among the names. */
    public double share(String name) {
        int index = names.indexOf(name);
        return index < 0 ? 0 : shares[index];
    }

    /**
     * Returns the name a uniform number falls on.
     *
     * @param uniform in [0, 1)
     */
    String pick(double uniform) {
        int index = Arrays.binarySearch(upTo, uniform);
        // upTo[i] is the first number that no longer belongs to i, so an exact hit belongs to the next one.
        int picked = index >= 0 ? index + 1 : -index - 1;
        return names.get(Math.min(picked, names.size() - 1));
    }

    @Override
    public String toString() {
        Map<String, Double> byName = new LinkedHashMap<>();
        for (int i = 0; i < shares.length; i++) {
            byName.put(names.get(i), shares[i]);
        }
        return byName.toString();
    }
}
