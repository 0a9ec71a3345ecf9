/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import java.time.Duration;
import java.util.List;

/**
 * What each gateway of a fleet tells the others: a small text, replaced as a whole, with a number that only grows.
 *
 * <p>A peer is fresh if it was seen to say something new within the time to live, by this gateway's own monotonic clock. One that is
 * there when first looked at is known but not yet fresh, since it may have ended long ago; so coverage is low for a round or two after
 * the start, and is not to be read as a fleet that shrank.
 *
 * <p>Calls block; safe for many threads.
 *
 * @since 0.1.0
 */
public interface PeerSnapshots extends AutoCloseable {

    /**
     * Puts this gateway's in the place of what it said before. To be called at least each third of the time to live, changed or not.
     *
     * @param payload at most 16 KiB in UTF-8; not looked into
     * @throws IllegalArgumentException if it is larger
     * @throws RuntimeException if it may not have been put there; the next one will do
     */
    void publish(String payload);

    /**
     * What the others say now.
     *
     * @throws RuntimeException if it cannot be known
     */
    Peers others();

    /** Takes this gateway's away, so that the others need not wait for it to be no longer fresh. Harmless when called twice. */
    @Override
    void close();

    /**
     * Another gateway.
     *
     * @param id its name
     * @param sequence of what it says, higher each time within one run of it
     * @param payload what it says
     * @param age since it was first seen to say so
     */
    record Peer(String id, long sequence, String payload, Duration age) {}

    /**
     * All others.
     *
     * @param fresh those that said something within the time to live, by their names
     * @param known how many there are, fresh or not, that were not silent long enough to be forgotten
     */
    record Peers(List<Peer> fresh, int known) {

        public Peers {
            fresh = List.copyOf(fresh);
            if (known < fresh.size()) {
                throw new IllegalArgumentException("known must be >= " + fresh.size() + " but was " + known);
            }
        }

        /** The part of the fleet that is heard, 0 to 1, this gateway counted as one that is. */
        public double coverage() {
            return (fresh.size() + 1.0) / (known + 1.0);
        }
    }
}
