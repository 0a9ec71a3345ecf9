/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.k8s.discovery.EndpointSnapshot;
import io.tidegate.k8s.discovery.ReplicaEndpoint;
import io.tidegate.k8s.discovery.Rotation;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.routing.Route;
import io.tidegate.routing.Routed;
import io.tidegate.routing.RoutedRequest;
import io.tidegate.routing.Router;
import io.tidegate.routing.Target;
import io.tidegate.time.ManualTime;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** One model in two clusters: what one cannot take goes to the other, as far as that has room, and comes back. */
class TwoClustersSpillTest {

    private static final String MODEL = "qwen";
    private static final Work REPLICA = Work.slots(2);

    private final ManualTime time = new ManualTime();
    private final Gate near = gate("near");
    private final Gate far = gate("far");
    private final Consumer<EndpointSnapshot> ofNear = Rotation.supplying(near::supply, REPLICA);
    private final Consumer<EndpointSnapshot> ofFar = Rotation.supplying(far::supply, REPLICA);
    private final Router router = Router.builder(time)
            .target(
                    Target.builder(near).serves(MODEL, 8192).build(),
                    Target.builder(far).serves(MODEL, 8192).build())
            .route(Route.builder(MODEL, "standard")
                    .primary("near")
                    .alternative("far")
                    .build())
            .build();
    private final List<Permit> held = new ArrayList<>();
    private int number;

    private Gate gate(String pool) {
        return Gate.builder(pool)
                .time(time)
                .callbackExecutor(Runnable::run)
                .leakDetection(false)
                .tier(Tier.builder("standard")
                        .maxQueueTime(Duration.ofSeconds(60))
                        .build())
                .build();
    }

    private EndpointSnapshot replicas(int ready) {
        number++;
        return new EndpointSnapshot(
                number,
                IntStream.range(0, ready)
                        .mapToObj(i -> new ReplicaEndpoint(
                                "vllm-" + i,
                                URI.create("http://10.0.0." + i + ":8000"),
                                ReplicaEndpoint.State.READY,
                                null,
                                null))
                        .toList());
    }

    /** Who takes the next request at once; empty if nobody does. */
    private String ask() {
        Routed routed = router.tryAcquire(RoutedRequest.of(MODEL, "standard"));
        if (routed.admission() instanceof Permit permit) {
            held.add(permit);
            return permit.pool();
        }
        return "";
    }

    private void endAll() {
        time.advance(Duration.ofSeconds(1));
        held.forEach(Permit::close);
        held.clear();
    }

    @Test
    void clusterLost_spillsAsFarAsTheOtherHasRoom_andComesBack() {
        ofNear.accept(replicas(2));
        ofFar.accept(replicas(1));
        assertThat(List.of(ask(), ask(), ask(), ask())).containsOnly("near");
        endAll();

        // Its API server is away: what is known stands.
        ofNear.accept(EndpointSnapshot.UNKNOWN);
        assertThat(ask()).isEqualTo("near");
        endAll();

        // All its replicas are gone.
        ofNear.accept(replicas(0));
        assertThat(List.of(ask(), ask(), ask(), ask())).containsExactly("far", "far", "", "");
        assertThat(far.inFlight().slots()).as("never over its limit").isEqualTo(2);
        endAll();

        ofNear.accept(replicas(2));
        assertThat(List.of(ask(), ask(), ask(), ask())).containsOnly("near");
    }
}
