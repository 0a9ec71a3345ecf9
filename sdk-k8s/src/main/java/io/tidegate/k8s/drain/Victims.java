/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.drain;

import io.tidegate.pool.Work;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Chooses which replicas go when there are to be fewer. A function of what it is told.
 *
 * <p>Those that are not ready first, since Kubernetes takes them first whatever anybody wishes; then those with the least in flight,
 * requests before tokens; of equals those on nodes with the fewest candidates, so that nodes become empty; of equals by name.
 *
 * @since 0.1.0
 */
public final class Victims {

    private Victims() {}

    /**
     * A replica that may go.
     *
     * @param pod its pod
     * @param node its node; empty if it has none, or nobody said
     * @param ready whether it serves
     * @param inFlight what it has to finish
     */
    public record Candidate(String pod, String node, boolean ready, Work inFlight) {

        public Candidate {
            Objects.requireNonNull(pod, "pod");
            Objects.requireNonNull(node, "node");
            Objects.requireNonNull(inFlight, "inFlight");
        }
    }

    /**
     * Who goes, first to go first; all of them if there are fewer than that.
     *
     * @param count how many; 0 or more
     */
    public static List<Candidate> choose(Collection<Candidate> candidates, int count) {
        if (count < 0) {
            throw new IllegalArgumentException("count must be >= 0 but was " + count);
        }
        Map<String, Integer> onNode = new HashMap<>();
        candidates.forEach(each -> onNode.merge(each.node(), 1, Integer::sum));
        return candidates.stream()
                .sorted(Comparator.comparing(Candidate::ready)
                        .thenComparing(each -> each.inFlight().slots())
                        .thenComparing(each -> each.inFlight().tokens())
                        .thenComparing(each -> onNode.getOrDefault(each.node(), 0))
                        .thenComparing(Candidate::node)
                        .thenComparing(Candidate::pod))
                .limit(count)
                .toList();
    }
}
