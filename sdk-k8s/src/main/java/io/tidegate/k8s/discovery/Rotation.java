/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.discovery;

import io.tidegate.pool.Replicas;
import io.tidegate.pool.Work;
import io.tidegate.routing.Endpoint;
import io.tidegate.routing.ReplicaBalancer;
import io.tidegate.routing.ReplicaLoad;
import io.tidegate.supply.Supply;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Lets a balancer follow a discovery, less those replicas that somebody withholds because they are to go.
 *
 * <p>The balancer has been told when {@link #accept}, {@link #withhold} or {@link #giveBack} returns: no choice that begins after
 * that takes a replica that is not ready, draining, gone or withheld. What runs there goes on. A snapshot in which nothing is known
 * changes nothing. A replica that is withheld stays so until it is given back or gone from the snapshot; one that comes back by the
 * same name, as those of a StatefulSet do, is then a new one.
 *
 * <p>Safe for use by many threads.
 *
 * @since 0.1.0
 */
public final class Rotation implements Consumer<EndpointSnapshot> {

    private final ReplicaBalancer balancer;
    private final Function<? super ReplicaEndpoint, Endpoint> endpoint;

    /** Guards all below, and that the balancer is told in their order: it takes a lock of its own for a moment, no foreign one. */
    private final Object lock = new Object();

    private final Set<String> withheld = new HashSet<>();
    private EndpointSnapshot last = EndpointSnapshot.UNKNOWN;
    private Map<String, Endpoint> ready = Map.of();

    private Rotation(ReplicaBalancer balancer, Function<? super ReplicaEndpoint, Endpoint> endpoint) {
        this.balancer = Objects.requireNonNull(balancer, "balancer");
        this.endpoint = Objects.requireNonNull(endpoint, "endpoint");
    }

    /**
     * A rotation of replicas that serve whatever their pool does.
     *
     * @param balancer takes the replicas; nobody else should {@linkplain ReplicaBalancer#update update} it
     * @param size what a replica holds; must be quick
     */
    public static Rotation of(ReplicaBalancer balancer, Function<? super ReplicaEndpoint, Work> size) {
        return ofEndpoints(balancer, replica -> Endpoint.of(replica.id(), replica.uri(), size.apply(replica)));
    }

    /**
     * A rotation of replicas of which some serve what others do not.
     *
     * @param balancer takes the replicas
     * @param endpoint what the balancer is to know of one, by the id that it has here; must be quick
     */
    public static Rotation ofEndpoints(ReplicaBalancer balancer, Function<? super ReplicaEndpoint, Endpoint> endpoint) {
        return new Rotation(balancer, endpoint);
    }

    /**
     * Lets a gate follow a discovery, for a pool whose number of replicas nobody here decides: it is then as many as are ready.
     *
     * @param gate takes the supply: {@code tidegate.limit(pool)::accept} or {@code gate::supply}
     * @param replicaWork what one ready replica holds
     */
    public static Consumer<EndpointSnapshot> supplying(Consumer<? super Supply> gate, Work replicaWork) {
        Objects.requireNonNull(gate, "gate");
        Objects.requireNonNull(replicaWork, "replicaWork");
        return snapshot -> {
            if (snapshot.known()) {
                gate.accept(new Supply(Replicas.ready(snapshot.ready().size()), replicaWork, false));
            }
        };
    }

    /** Takes the replicas as they are now. A snapshot older than the last changes nothing. */
    @Override
    public void accept(EndpointSnapshot snapshot) {
        if (!snapshot.known()) {
            return;
        }
        Map<String, Endpoint> endpoints = new LinkedHashMap<>();
        snapshot.ready().forEach(replica -> endpoints.put(replica.id(), endpoint.apply(replica)));
        synchronized (lock) {
            if (snapshot.number() < last.number()) {
                return;
            }
            last = snapshot;
            ready = endpoints;
            Set<String> there = new HashSet<>();
            snapshot.replicas().forEach(replica -> there.add(replica.id()));
            withheld.retainAll(there);
            update();
        }
    }

    /**
     * Sends these replicas nothing more.
     *
     * @param ids replicas of the last snapshot; others are passed over
     */
    public void withhold(Collection<String> ids) {
        synchronized (lock) {
            for (String id : ids) {
                if (last.replica(id).isPresent()) {
                    withheld.add(id);
                }
            }
            update();
        }
    }

    /** Sends these replicas requests again, if they are ready. */
    public void giveBack(Collection<String> ids) {
        synchronized (lock) {
            if (withheld.removeAll(Set.copyOf(ids))) {
                update();
            }
        }
    }

    /** By the lock. */
    private void update() {
        if (!last.known()) {
            return;
        }
        List<Endpoint> serving = new ArrayList<>();
        ready.forEach((id, each) -> {
            if (!withheld.contains(id)) {
                serving.add(each);
            }
        });
        balancer.update(serving);
    }

    /** The last snapshot that was taken. */
    public EndpointSnapshot snapshot() {
        synchronized (lock) {
            return last;
        }
    }

    /** Those that are withheld. */
    public Set<String> withheld() {
        synchronized (lock) {
            return Set.copyOf(withheld);
        }
    }

    /** What this gateway has sent to a replica and has not ended; none if the balancer knows no such replica any more. */
    public Work inFlight(String id) {
        int slots = 0;
        long tokens = 0;
        // More than one, where a replica came back at another address before what the first ran had ended.
        for (ReplicaLoad load : balancer.loads()) {
            if (load.id().equals(id)) {
                slots += load.inFlight().slots();
                tokens += load.inFlight().tokens();
            }
        }
        return new Work(Math.min(slots, Work.MAX_SLOTS), Math.min(tokens, Work.MAX_TOKENS));
    }
}
