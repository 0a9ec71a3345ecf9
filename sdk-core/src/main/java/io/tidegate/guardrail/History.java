/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What was proposed and what was changed in a pool, as far back as guardrails look. Immutable.
 *
 * <p>After a restart it begins with the count found, proposed at that instant: empty windows would read as an idle pool, and
 * the first decision would remove replicas that serve.
 *
 * <p>Of the proposals only those are kept that are the highest or the lowest of some window that ends now: one between a later
 * higher and a later lower one says nothing any more. So its size follows how far proposals spread, not how often they were made.
 *
 * @param startNanos how far back it reaches, on the monotonic clock
 * @param proposals what policies wanted, oldest first
 * @param changes what was changed, oldest first
 * @param marks when some things happened last
 * @since 0.1.0
 */
public record History(long startNanos, List<Proposed> proposals, List<Change> changes, Marks marks) {

    /** How far back the engine's histories reach: 1 hour. No guardrail may look further. */
    public static final Duration HORIZON = Duration.ofHours(1);

    public History {
        proposals = List.copyOf(proposals);
        changes = List.copyOf(changes);
    }

    /** Where nothing but counts is known. */
    public History(long startNanos, List<Proposed> proposals, List<Change> changes) {
        this(startNanos, proposals, changes, Marks.startingAt(startNanos));
    }

    /**
     * What the policies together wanted at an instant.
     *
     * @param demand the same before rounding
     */
    public record Proposed(long atNanos, int replicas, double demand) {

        /** With a demand of exactly that many. */
        public Proposed(long atNanos, int replicas) {
            this(atNanos, replicas, replicas);
        }
    }

    /** A change of the desired count. */
    public record Change(long atNanos, int from, int to) {}

    /** The history of a pool of which nothing is known but its count. */
    public static History startingAt(long nowNanos, int replicas) {
        return new History(nowNanos, List.of(new Proposed(nowNanos, replicas)), List.of(), Marks.startingAt(nowNanos));
    }

    /** With one more proposal of exactly that many, forgetting what is older than the horizon. */
    public History withProposal(long nowNanos, int replicas, long horizonNanos) {
        return withProposal(nowNanos, replicas, replicas, horizonNanos);
    }

    /** With one more proposal, forgetting what is older than the horizon. */
    public History withProposal(long nowNanos, int replicas, double demand, long horizonNanos) {
        List<Proposed> kept = new ArrayList<>();
        kept.add(new Proposed(nowNanos, replicas, demand));
        int highest = replicas;
        int lowest = replicas;
        for (int i = proposals.size() - 1; i >= 0; i--) {
            Proposed entry = proposals.get(i);
            boolean recent = nowNanos - entry.atNanos() <= horizonNanos;
            if (recent && (entry.replicas() > highest || entry.replicas() < lowest)) {
                kept.add(entry);
                highest = Math.max(highest, entry.replicas());
                lowest = Math.min(lowest, entry.replicas());
            }
        }
        Collections.reverse(kept);
        return new History(startNanos, kept, recentChanges(nowNanos, horizonNanos), marks);
    }

    /** With one more change. */
    public History withChange(long nowNanos, int from, int to) {
        List<Change> more = new ArrayList<>(changes);
        more.add(new Change(nowNanos, from, to));
        return new History(startNanos, proposals, more, marks);
    }

    /** With other marks. */
    public History withMarks(Marks other) {
        return new History(startNanos, proposals, changes, other);
    }

    /** What the policies together want now, before rounding; NaN if nothing was proposed yet. */
    public double demand() {
        return proposals.isEmpty()
                ? Double.NaN
                : proposals.get(proposals.size() - 1).demand();
    }

    private List<Change> recentChanges(long nowNanos, long horizonNanos) {
        return changes.stream()
                .filter(change -> nowNanos - change.atNanos() <= horizonNanos)
                .toList();
    }

    /** The largest number proposed within the window, or the fallback if none was. */
    public int highestProposed(long nowNanos, long windowNanos, int fallback) {
        int highest = fallback;
        for (Proposed entry : proposals) {
            if (nowNanos - entry.atNanos() <= windowNanos) {
                highest = Math.max(highest, entry.replicas());
            }
        }
        return highest;
    }

    /** The smallest number proposed within the window, or the fallback if none was smaller. */
    public int lowestProposed(long nowNanos, long windowNanos, int fallback) {
        int lowest = fallback;
        for (Proposed entry : proposals) {
            if (nowNanos - entry.atNanos() <= windowNanos) {
                lowest = Math.min(lowest, entry.replicas());
            }
        }
        return lowest;
    }

    /** Replicas added within the window. */
    public int added(long nowNanos, long windowNanos) {
        return moved(nowNanos, windowNanos, 1);
    }

    /** Replicas removed within the window. */
    public int removed(long nowNanos, long windowNanos) {
        return moved(nowNanos, windowNanos, -1);
    }

    private int moved(long nowNanos, long windowNanos, int sign) {
        int sum = 0;
        for (Change change : changes) {
            if (nowNanos - change.atNanos() < windowNanos) {
                sum += Math.max(0, sign * (change.to() - change.from()));
            }
        }
        return sum;
    }
}
