/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import io.tidegate.k8s.watch.ScriptedFeed;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.routing.Choice;
import io.tidegate.routing.Dispatch;
import io.tidegate.routing.ReplicaBalancer;
import io.tidegate.routing.ReplicaLoad;
import io.tidegate.time.ManualTime;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A balancer and a gate that follow EndpointSlices, in virtual time. */
class RotationTest {

    private final ManualTime time = new ManualTime();
    private final ScriptedFeed<EndpointSlice> server = new ScriptedFeed<>();
    private final EndpointDiscovery discovery = EndpointDiscovery.builder(time, server, "ml", "vllm")
            .executor(Runnable::run)
            .seed(1)
            .build();
    private final ReplicaBalancer balancer = ReplicaBalancer.of(time);
    private final Rotation rotation = Rotation.of(balancer, replica -> Work.slots(8));

    private void following(Endpoint... endpoints) {
        server.store("ml/vllm-1", slice(endpoints));
        discovery.onChange(rotation);
        discovery.start();
    }

    private static EndpointSlice slice(Endpoint... endpoints) {
        return SlicesOf.slice("ml", "vllm", "vllm-1", 8000, List.of(endpoints));
    }

    private Set<String> chosen(int times) {
        Set<String> chosen = new HashSet<>();
        for (int i = 0; i < times; i++) {
            Choice choice = balancer.choose(10);
            if (choice instanceof Dispatch dispatch) {
                chosen.add(dispatch.id());
                dispatch.succeeded();
            }
        }
        return chosen;
    }

    @Test
    void start_twoReady_bothAreChosenAtTheirAddress() {
        following(SlicesOf.ready("a", "10.0.0.1"), SlicesOf.ready("b", "10.0.0.2"));

        assertThat(chosen(50)).containsExactlyInAnyOrder("a", "b");
        assertThat(discovery.snapshot().replica("a")).hasValueSatisfying(a -> {
            assertThat(a.uri()).hasToString("http://10.0.0.1:8000");
            assertThat(a.zone()).contains("eu-1a");
            assertThat(a.node()).contains("node-1");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"removed", "draining", "not ready"})
    @DisplayName("C3: removed, draining or not ready: no new request after one watch event, running streams finish")
    void event_replicaGoes_isSentNothingMoreAndFinishes(String how) {
        following(SlicesOf.ready("a", "10.0.0.1"), SlicesOf.ready("b", "10.0.0.2"));
        List<Dispatch> streams = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            streams.add((Dispatch) balancer.choose(10));
        }
        long onA = streams.stream().filter(stream -> stream.id().equals("a")).count();
        assertThat(onA).isEqualTo(4);

        Endpoint b = SlicesOf.ready("b", "10.0.0.2");
        server.write(
                "ml/vllm-1",
                switch (how) {
                    case "removed" -> slice(b);
                    case "draining" -> slice(SlicesOf.draining("a", "10.0.0.1"), b);
                    default -> slice(SlicesOf.notReady("a", "10.0.0.1"), b);
                });

        assertThat(chosen(1000)).containsExactly("b");
        assertThat(rotation.inFlight("a").slots()).isEqualTo(4);
        assertThat(balancer.loads()).anySatisfy(load -> {
            assertThat(load.id()).isEqualTo("a");
            assertThat(load.state()).isEqualTo(ReplicaLoad.State.DRAINING);
        });
        streams.forEach(Dispatch::succeeded);
        assertThat(balancer.inFlight()).isZero();
        assertThat(rotation.inFlight("a")).isEqualTo(Work.NONE);
    }

    @Test
    @DisplayName("C3: an end that the watch does not tell is found by the next list")
    void event_lost_isFoundByTheNextList() {
        following(SlicesOf.ready("a", "10.0.0.1"), SlicesOf.ready("b", "10.0.0.2"));
        server.store("ml/vllm-1", slice(SlicesOf.ready("b", "10.0.0.2")));

        time.advance(Duration.ofMinutes(3));

        assertThat(chosen(100)).containsExactly("b");
    }

    @Test
    @DisplayName("G13: admission and routing go on with the last known endpoints while the API is down for 24 h")
    void apiDown_aDay_admissionAndRoutingAreUnaffected() {
        Tier tier = Tier.builder("standard").build();
        Gate gate = Gate.builder("chat").time(time).tier(tier).build();
        discovery.onChange(Rotation.supplying(gate::supply, Work.slots(8)));
        following(SlicesOf.ready("a", "10.0.0.1"), SlicesOf.ready("b", "10.0.0.2"));
        assertThat(gate.supply().limit().slots()).isEqualTo(16);
        long heldBefore = discovery.health().lists();

        server.goDown("connection refused");
        int served = 0;
        for (int minute = 0; minute < 24 * 60; minute++) {
            time.advance(Duration.ofMinutes(1));
            Admission admission = gate.tryAcquire(Request.of(tier));
            Choice choice = balancer.choose(10);
            if (admission instanceof Permit permit && choice instanceof Dispatch dispatch) {
                served++;
                dispatch.succeeded();
                permit.close(Outcome.COMPLETED, Usage.NONE);
            }
        }

        assertThat(served).isEqualTo(24 * 60);
        assertThat(chosen(50)).containsExactlyInAnyOrder("a", "b");
        assertThat(discovery.health().age()).isEqualTo(Duration.ofHours(24));
        assertThat(discovery.health().stale(Duration.ofMinutes(10))).isTrue();
        assertThat(discovery.health().lists()).isEqualTo(heldBefore);

        server.store("ml/vllm-1", slice(SlicesOf.ready("c", "10.0.0.3")));
        server.comeBack();
        time.advance(Duration.ofSeconds(30));
        assertThat(chosen(50)).containsExactly("c");
        assertThat(gate.supply().limit().slots()).isEqualTo(8);
    }

    @Test
    void start_apiDown_nobodyIsToldThatThereIsNone() {
        server.goDown("connection refused");
        List<EndpointSnapshot> told = new ArrayList<>();
        discovery.onChange(told::add);
        discovery.start();
        time.advance(Duration.ofMinutes(5));

        assertThat(told).isEmpty();
        assertThat(discovery.snapshot().known()).isFalse();
        assertThat(discovery.health().stale(Duration.ofHours(1))).isTrue();
    }

    @Test
    void withhold_ready_isSentNothingUntilGivenBack() {
        following(SlicesOf.ready("a", "10.0.0.1"), SlicesOf.ready("b", "10.0.0.2"));

        rotation.withhold(List.of("a", "nobody"));
        assertThat(chosen(100)).containsExactly("b");
        assertThat(rotation.withheld()).containsExactly("a");
        // A change of another replica does not bring it back.
        server.write(
                "ml/vllm-1",
                slice(
                        SlicesOf.ready("a", "10.0.0.1"),
                        SlicesOf.ready("b", "10.0.0.2"),
                        SlicesOf.ready("c", "10.0.0.3")));
        // New ones start slowly.
        time.advance(Duration.ofSeconds(31));
        assertThat(chosen(200)).containsExactlyInAnyOrder("b", "c");

        rotation.giveBack(List.of("a"));
        time.advance(Duration.ofSeconds(31));
        assertThat(chosen(200)).contains("a");
    }

    @Test
    void withhold_goneAndBackByTheSameName_isANewOne() {
        following(SlicesOf.ready("a", "10.0.0.1"), SlicesOf.ready("b", "10.0.0.2"));
        rotation.withhold(List.of("a"));
        server.write("ml/vllm-1", slice(SlicesOf.ready("b", "10.0.0.2")));
        server.write("ml/vllm-1", slice(SlicesOf.ready("a", "10.0.0.9"), SlicesOf.ready("b", "10.0.0.2")));

        assertThat(rotation.withheld()).isEmpty();
        time.advance(Duration.ofSeconds(31));
        assertThat(chosen(200)).contains("a");
    }

    @Test
    void accept_olderSnapshot_changesNothing() {
        rotation.accept(new EndpointSnapshot(2, List.of()));
        rotation.accept(new EndpointSnapshot(
                1, List.of(new ReplicaEndpoint("a", URI.create("http://a"), ReplicaEndpoint.State.READY, null, null))));

        assertThat(chosen(5)).isEmpty();
    }

    @Test
    void change_ofNothingThatCounts_isNotTold() {
        following(SlicesOf.ready("a", "10.0.0.1"));
        List<EndpointSnapshot> told = new ArrayList<>();
        discovery.onChange(told::add);
        server.write("ml/vllm-1", slice(SlicesOf.ready("a", "10.0.0.1")));

        assertThat(told).hasSize(1);
    }
}
