/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.drain;

import io.tidegate.k8s.discovery.EndpointSnapshot;
import io.tidegate.k8s.discovery.ReplicaEndpoint;
import io.tidegate.k8s.discovery.Rotation;
import io.tidegate.k8s.drain.DeletionCosts.Marking;
import io.tidegate.k8s.drain.Victims.Candidate;
import io.tidegate.log.BoundedLog;
import io.tidegate.pool.Work;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Prepares for fewer replicas: chooses who goes, sends them nothing more, has Kubernetes take them first, and waits until they have
 * finished. It does not make the number smaller itself, so it serves before a write of our own as well as before one of an HPA.
 *
 * <p><b>Order.</b> Who goes is taken out of the rotation first, so that what it has in flight only becomes less; then it is marked.
 * Where one cannot be marked nobody goes: Kubernetes would take others, with their streams. Safe for use by many threads.
 *
 * @since 0.1.0
 */
public final class ScaleDown {

    private static final Logger LOG = BoundedLog.of(ScaleDown.class);
    private static final long LOOK_NANOS = Duration.ofMillis(200).toNanos();

    private final TimeSource time;
    private final Rotation rotation;
    private final DeletionCosts costs;
    private final Function<String, Work> inFlight;

    /**
     * One for the replicas of a pool.
     *
     * @param time the clock of the grace
     * @param rotation who is sent requests
     * @param costs tells Kubernetes who goes
     * @param inFlight what a pod has to finish, all gateways' requests if there are several; must be quick. {@link
     *     Rotation#inFlight} for the only gateway
     */
    public ScaleDown(TimeSource time, Rotation rotation, DeletionCosts costs, Function<String, Work> inFlight) {
        this.time = Objects.requireNonNull(time, "time");
        this.rotation = Objects.requireNonNull(rotation, "rotation");
        this.costs = Objects.requireNonNull(costs, "costs");
        this.inFlight = Objects.requireNonNull(inFlight, "inFlight");
    }

    /**
     * How it went.
     *
     * @param victims who goes, first to go first
     * @param left what those have that were not done when the grace was over; empty if all were
     */
    public record Drained(List<String> victims, Map<String, Work> left) {

        public Drained {
            victims = List.copyOf(victims);
            left = Map.copyOf(left);
        }

        /** Whether nothing is cut when they go now. */
        public boolean empty() {
            return left.isEmpty();
        }
    }

    /**
     * Prepares for so many fewer.
     *
     * @param count how many go; at least 1
     * @param grace how long they may take to finish; 0 or more
     * @throws IllegalStateException if too few replicas are known, or not all could be marked; all is as it was then
     * @throws io.fabric8.kubernetes.client.KubernetesClientException if one could not be marked; all is as it was then, as far as the
     *     API server lets it
     */
    public Draining begin(int count, Duration grace) {
        if (count < 1) {
            throw new IllegalArgumentException("count must be at least 1 but was " + count);
        }
        if (grace.isNegative()) {
            throw new IllegalArgumentException("grace must be >= 0 but was " + grace);
        }
        List<String> victims =
                Victims.choose(candidates(), count).stream().map(Candidate::pod).toList();
        if (victims.size() < count) {
            throw new IllegalStateException(
                    count + " replicas are to go, but only " + victims.size() + " are known: wait for the endpoints");
        }
        rotation.withhold(victims);
        try {
            Marking marking = costs.mark(victims);
            if (!marking.refused().isEmpty()) {
                throw new IllegalStateException(
                        marking.refused()
                                + " cannot be marked, as too many writes were made this minute: try again later, or raise mostPerMinute");
            }
        } catch (RuntimeException | Error e) {
            giveUp(victims);
            throw e;
        }
        Draining draining = new Draining(victims, time.nanos() + grace.toNanos());
        draining.look();
        return draining;
    }

    private List<Candidate> candidates() {
        EndpointSnapshot snapshot = rotation.snapshot();
        Set<String> withheld = rotation.withheld();
        List<Candidate> candidates = new ArrayList<>();
        for (ReplicaEndpoint replica : snapshot.replicas()) {
            // One that is going anyway is not counted any more by its ReplicaSet.
            if (replica.state() != ReplicaEndpoint.State.DRAINING && !withheld.contains(replica.id())) {
                candidates.add(new Candidate(
                        replica.id(), replica.node().orElse(""), replica.ready(), inFlight.apply(replica.id())));
            }
        }
        return candidates;
    }

    private void giveUp(List<String> victims) {
        rotation.giveBack(victims);
        try {
            costs.unmark(victims);
        } catch (RuntimeException e) {
            LOG.warn("{} stay marked as the first to go, though they are not to go: {}", victims, e.getMessage());
        }
    }

    /** Replicas that are finishing. Safe for use by many threads. */
    public final class Draining {

        private final List<String> victims;
        private final long endNanos;
        private final CompletableFuture<Drained> done = new CompletableFuture<>();
        private volatile TimeSource.@Nullable Task next;

        private Draining(List<String> victims, long endNanos) {
            this.victims = victims;
            this.endNanos = endNanos;
        }

        /** Who goes, first to go first. */
        public List<String> victims() {
            return victims;
        }

        /**
         * Completed as soon as they have finished, or the grace is over; cancelled by {@link #cancel}. On a thread of the clock, so
         * dependants that take long belong on an executor.
         */
        public CompletableFuture<Drained> done() {
            return done.copy();
        }

        private void look() {
            if (done.isDone()) {
                return;
            }
            long now = time.nanos();
            Map<String, Work> left = new LinkedHashMap<>();
            for (String victim : victims) {
                Work work = inFlight.apply(victim);
                if (work.slots() > 0) {
                    left.put(victim, work);
                }
            }
            if (left.isEmpty() || now - endNanos >= 0) {
                done.complete(new Drained(victims, left));
            } else {
                next = time.schedule(Math.min(LOOK_NANOS, endNanos - now), this::look);
            }
        }

        /** They stay after all: they are sent requests again and are unmarked. Blocks for the writes; harmless after {@link #gone}. */
        public void cancel() {
            TimeSource.Task waiting = next;
            if (waiting != null) {
                waiting.cancel();
            }
            done.cancel(false);
            giveUp(victims.stream().filter(costs.marked()::contains).toList());
            rotation.giveBack(victims);
        }

        /** They are gone, or are about to be, as the number is smaller now: nothing is taken back any more. */
        public void gone() {
            costs.forget(victims);
        }
    }
}
