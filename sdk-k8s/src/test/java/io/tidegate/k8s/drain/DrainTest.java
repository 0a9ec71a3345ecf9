/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.drain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.k8s.MockCluster;
import io.tidegate.k8s.discovery.EndpointSnapshot;
import io.tidegate.k8s.discovery.ReplicaEndpoint;
import io.tidegate.k8s.discovery.Rotation;
import io.tidegate.ledger.Refusal;
import io.tidegate.pool.Work;
import io.tidegate.routing.Dispatch;
import io.tidegate.routing.ReplicaBalancer;
import io.tidegate.time.ManualTime;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Fewer replicas while they stream: pods that stream over HTTP, an API server in memory, and in place of the ReplicaSet's controller
 * what it does, which is to kill the pods with the lowest costs.
 */
class DrainTest {

    private static final Duration GRACE = Duration.ofSeconds(30);

    private final ManualTime time = new ManualTime();
    private final MockCluster cluster = new MockCluster();
    private final KubernetesClient admin = cluster.admin();
    private final ReplicaBalancer balancer = ReplicaBalancer.of(time);
    private final Map<String, StreamingPod> pods = new LinkedHashMap<>();
    private final Rotation rotation = Rotation.of(balancer, replica -> Work.slots(8));
    private final DeletionCosts costs = DeletionCosts.builder(time, admin, MockCluster.NAMESPACE)
            .callTimeout(MockCluster.PATIENCE)
            .mostPerMinute(4)
            .build();
    private final ScaleDown down = new ScaleDown(time, rotation, costs, rotation::inFlight);
    private final ReplicaSet replicaSet = new ReplicaSet();
    private final DrainingBackend backend = new DrainingBackend(replicaSet, down, GRACE, Runnable::run);
    private final List<Stream> streams = new ArrayList<>();
    private final HttpClient http = HttpClient.newHttpClient();

    /** One request with its stream. */
    private record Stream(Dispatch dispatch, CompletableFuture<String> body) {}

    /** A backend whose controller acts at once. */
    private final class ReplicaSet implements ScalerBackend {

        private final Set<String> alive = new HashSet<>();
        private final List<ScaleRequest> requests = new ArrayList<>();
        private final List<String> killed = new ArrayList<>();
        private RuntimeException refuses;

        @Override
        public ReplicaStatus status(String pool) {
            return new ReplicaStatus(alive.size(), alive.size(), alive.size());
        }

        @Override
        public void scale(ScaleRequest request) {
            if (refuses != null) {
                throw refuses;
            }
            requests.add(request);
            List<String> cheapest = alive.stream()
                    .sorted(Comparator.comparingInt(DrainTest.this::cost).thenComparing(Comparator.reverseOrder()))
                    .toList();
            for (String pod : cheapest.subList(0, Math.max(0, alive.size() - request.to()))) {
                alive.remove(pod);
                killed.add(pod);
                pods.get(pod).kill();
            }
        }
    }

    @BeforeEach
    void start() {
        List<ReplicaEndpoint> replicas = new ArrayList<>();
        for (String name : List.of("a", "b", "c")) {
            StreamingPod pod = new StreamingPod(name);
            pods.put(name, pod);
            replicaSet.alive.add(name);
            admin.resource(new PodBuilder()
                            .withNewMetadata()
                            .withNamespace(MockCluster.NAMESPACE)
                            .withName(name)
                            .addToLabels("serving", "yes")
                            .endMetadata()
                            .build())
                    .create();
            replicas.add(new ReplicaEndpoint(name, pod.uri(), ReplicaEndpoint.State.READY, null, "node-" + name));
        }
        rotation.accept(new EndpointSnapshot(1, replicas));
    }

    @AfterEach
    void stop() {
        pods.values().forEach(StreamingPod::close);
        backend.close();
        cluster.close();
    }

    private int cost(String pod) {
        String annotation = annotation(pod);
        return annotation == null ? 0 : Integer.parseInt(annotation);
    }

    private String annotation(String pod) {
        Pod found =
                admin.pods().inNamespace(MockCluster.NAMESPACE).withName(pod).get();
        Map<String, String> all = found.getMetadata().getAnnotations();
        return all == null ? null : all.get(DeletionCosts.ANNOTATION);
    }

    private Stream stream() {
        Dispatch dispatch = (Dispatch) balancer.choose(10);
        int before = pods.get(dispatch.id()).begun.get();
        CompletableFuture<String> body = http.sendAsync(
                        HttpRequest.newBuilder(dispatch.uri()).build(), BodyHandlers.ofString())
                .thenApply(response -> response.body())
                .whenComplete((text, failure) -> {
                    if (failure == null) {
                        dispatch.succeeded();
                    } else {
                        dispatch.failed();
                    }
                });
        await().atMost(MockCluster.PATIENCE)
                .until(() -> pods.get(dispatch.id()).begun.get() > before);
        Stream stream = new Stream(dispatch, body);
        streams.add(stream);
        return stream;
    }

    private long cut() {
        await().atMost(MockCluster.PATIENCE)
                .until(() -> streams.stream().allMatch(stream -> stream.body().isDone()));
        return streams.stream()
                .filter(stream -> stream.body().isCompletedExceptionally()
                        || !stream.body().join().contains(StreamingPod.END))
                .count();
    }

    /** Streams on all pods, fewest on one of them, which it returns. */
    private String busyPods() {
        for (int i = 0; i < 8; i++) {
            stream();
        }
        return rotation.snapshot().replicas().stream()
                .map(ReplicaEndpoint::id)
                .min(Comparator.comparingInt(id -> rotation.inFlight(id).slots()))
                .orElseThrow();
    }

    private static ScaleRequest request(int from, int to) {
        return new ScaleRequest("chat", from, to, 1, "fewer");
    }

    @Test
    @DisplayName("F11: fewer replicas while all stream: who has least goes, after its streams, and none is cut")
    void scale_fewerWhileStreaming_cutsNothing() throws Exception {
        String least = busyPods();
        assertThat(rotation.inFlight(least).slots()).isEqualTo(2);

        backend.scale(request(3, 2));

        // Accepted, marked, sent nothing more, and not gone.
        assertThat(annotation(least)).isEqualTo("-1000000");
        assertThat(replicaSet.requests).isEmpty();
        assertThat(backend.status("chat")).isEqualTo(new ReplicaStatus(2, 3, 2));
        int begunThere = pods.get(least).begun.get();
        for (int i = 0; i < 12; i++) {
            assertThat(stream().dispatch().id()).isNotEqualTo(least);
        }
        time.advance(Duration.ofSeconds(10));
        assertThat(replicaSet.requests).isEmpty();

        pods.get(least).finish();
        await().atMost(MockCluster.PATIENCE)
                .until(() -> rotation.inFlight(least).slots() == 0);
        time.advance(Duration.ofSeconds(1));

        assertThat(replicaSet.requests).singleElement().satisfies(one -> {
            assertThat(one.from()).isEqualTo(3);
            assertThat(one.to()).isEqualTo(2);
        });
        assertThat(replicaSet.killed).containsExactly(least);
        assertThat(pods.get(least).begun.get()).isEqualTo(begunThere);
        assertThat(backend.status("chat")).isEqualTo(new ReplicaStatus(2, 2, 2));
        pods.values().forEach(StreamingPod::finish);
        assertThat(cut()).isZero();
        assertThat(streams).hasSize(20);
        assertThat(balancer.inFlight()).isZero();
    }

    @Test
    void scale_withoutDrain_cutsStreams() {
        busyPods();

        replicaSet.scale(request(3, 2));
        pods.values().forEach(StreamingPod::finish);

        assertThat(cut()).isPositive();
    }

    @Test
    void scale_graceIsOver_goesAnyway() throws Exception {
        String least = busyPods();
        backend.scale(request(3, 2));

        time.advance(GRACE.plusSeconds(1));

        assertThat(replicaSet.killed).containsExactly(least);
        pods.values().forEach(StreamingPod::finish);
        assertThat(cut()).isEqualTo(2);
    }

    @Test
    void scale_moreWhileDraining_takesItBack() throws Exception {
        String least = busyPods();
        backend.scale(request(3, 2));

        backend.scale(request(2, 4));

        assertThat(annotation(least)).isNull();
        assertThat(rotation.withheld()).isEmpty();
        assertThat(replicaSet.requests).singleElement().satisfies(one -> {
            assertThat(one.from()).isEqualTo(3);
            assertThat(one.to()).isEqualTo(4);
        });
        time.advance(Duration.ofMinutes(2));
        assertThat(replicaSet.requests).hasSize(1);
        assertThat(time.scheduled()).isZero();
    }

    @Test
    void scale_backToWhatItWas_writesNothing() throws Exception {
        backend.scale(request(3, 2));
        // Nothing was in flight, so it went at once; from here with streams.
        assertThat(replicaSet.requests).hasSize(1);
        rotation.accept(new EndpointSnapshot(
                2,
                rotation.snapshot().replicas().stream()
                        .filter(replica -> !replicaSet.killed.contains(replica.id()))
                        .toList()));
        busyPods();
        backend.scale(request(2, 1));
        backend.scale(request(1, 2));

        assertThat(replicaSet.requests).hasSize(1);
        assertThat(rotation.withheld()).isEmpty();
    }

    @Test
    void scale_refusedAfterTheDrain_givesBack() throws Exception {
        String least = busyPods();
        replicaSet.refuses = new BackendException(Refusal.CONFLICT, "somebody else");
        backend.scale(request(3, 2));
        pods.get(least).finish();
        await().atMost(MockCluster.PATIENCE)
                .until(() -> rotation.inFlight(least).slots() == 0);
        time.advance(Duration.ofSeconds(1));

        assertThat(rotation.withheld()).isEmpty();
        assertThat(annotation(least)).isNull();
        assertThat(backend.status("chat")).isEqualTo(new ReplicaStatus(3, 3, 3));
    }

    @Test
    @DisplayName("F11: where a victim cannot be marked nobody goes, since Kubernetes would take another")
    void scale_cannotBeMarked_isRefusedAndGivesBack() throws Exception {
        busyPods();
        for (int i = 0; i < 2; i++) {
            backend.scale(request(3, 2));
            backend.scale(request(2, 3));
        }
        // Two marks and two that were taken off: four writes, as many as a minute may have.
        assertThatThrownBy(() -> backend.scale(request(3, 2)))
                .isInstanceOfSatisfying(
                        BackendException.class,
                        refused -> assertThat(refused.refusal()).isEqualTo(Refusal.CONFLICT))
                .hasMessageContaining("raise mostPerMinute");
        assertThat(rotation.withheld()).isEmpty();
        assertThat(replicaSet.requests).isEmpty();

        time.advance(Duration.ofMinutes(1));
        backend.scale(request(3, 2));
        assertThat(rotation.withheld()).hasSize(1);
    }

    @Test
    void begin_moreThanAreKnown_isRefused() {
        assertThatThrownBy(() -> down.begin(4, GRACE))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("only 3 are known");
        assertThat(rotation.withheld()).isEmpty();
    }

    @Test
    void close_whileDraining_takesItBackAndWritesNothing() throws Exception {
        String least = busyPods();
        backend.scale(request(3, 2));
        backend.close();
        backend.close();
        time.advance(Duration.ofMinutes(1));

        assertThat(replicaSet.requests).isEmpty();
        assertThat(annotation(least)).isNull();
        assertThatThrownBy(() -> backend.scale(request(3, 2))).isInstanceOf(IllegalStateException.class);
    }
}
