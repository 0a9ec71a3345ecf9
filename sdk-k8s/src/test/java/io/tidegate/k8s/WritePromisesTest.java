/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.Engine;
import io.tidegate.engine.ScaledPool;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.policy.BacklogPolicy;
import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds whatever the API server does: the engine with this backend, behind a proxy that fails; load and clock are played. */
class WritePromisesTest {

    private static final Duration TEN_MINUTES = Duration.ofMinutes(10);
    private static final Duration ROUND = Duration.ofSeconds(1);

    private final MockCluster cluster = new MockCluster();
    private final FaultyApi api = new FaultyApi(cluster.address());
    private final ManualTime time = new ManualTime();
    private final List<AutoCloseable> open = new ArrayList<>();
    /** Requests that wait at each gate. If any do, 400 run as well: that wants more than the 5 replicas of 32 that may be. */
    private long queued;

    private Engine engine;

    @BeforeEach
    void create() {
        cluster.create("vllm", 1);
        cluster.setStatus("vllm", 1, 1);
    }

    @AfterEach
    void stop() throws Exception {
        if (engine != null) {
            engine.close();
        }
        for (AutoCloseable each : open) {
            each.close();
        }
        api.close();
        cluster.close();
    }

    private Config config() {
        return new ConfigBuilder(Config.empty())
                .withMasterUrl(api.address())
                .withNamespace(MockCluster.NAMESPACE)
                // What the client does when told nothing; the backend must not.
                .withRequestRetryBackoffLimit(10)
                .build();
    }

    private KubernetesScaleBackend.Builder builder() {
        return KubernetesScaleBackend.builder()
                .config(config())
                .callTimeout(MockCluster.PATIENCE)
                .time(time);
    }

    private void run(KubernetesScaleBackend backend, String... pools) {
        open.add(backend);
        Engine.Builder all = Engine.builder().time(time).executor(Runnable::run);
        for (String pool : pools) {
            all.pool(ScaledPool.builder(pool)
                    .load(() -> load(pool))
                    .backend(backend)
                    .replicaWork(Work.slots(32))
                    .bounds(1, 5)
                    .policy(BacklogPolicy.builder().build())
                    .period(ROUND)
                    .backendTimeout(Duration.ofSeconds(30)) // real time, which a busy machine may take
                    .build());
        }
        engine = all.build();
        engine.start();
        time.advance(Duration.ofSeconds(10));
    }

    private PoolLoad load(String pool) {
        return new PoolLoad(
                pool,
                time.nanos(),
                List.of(new TierLoad(
                        Tier.builder("standard").build(),
                        queued > 0 ? 400 : 8,
                        queued,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0,
                        0L,
                        0,
                        0)));
    }

    private List<ScaleEvent> ups(String pool) {
        return engine.state(pool).events().stream()
                .filter(event -> event.direction() == Direction.UP)
                .toList();
    }

    private static boolean scales(FaultyApi.Asked asked) {
        return asked.method().equals("PATCH") && asked.path().contains("/scale");
    }

    @Test
    @DisplayName(
            "G1: 409 to every write for ten minutes: at most one a round, each after reading anew, then it goes on")
    void write_conflictForTenMinutes_isReplannedAndNeverBlind() {
        run(builder().deployment("vllm").build(), "chat");
        queued = 320;
        api.answer(409, WritePromisesTest::scales);
        api.forget();

        for (int round = 0; round < TEN_MINUTES.toSeconds(); round++) {
            long before = api.count(WritePromisesTest::scales);
            time.advance(ROUND);
            assertThat(api.count(WritePromisesTest::scales) - before).isLessThanOrEqualTo(1);
        }

        assertThat(cluster.replicas("vllm")).isEqualTo(1);
        // 1, 2, 4 … 60 s apart, and not once a round.
        assertThat(api.count(WritePromisesTest::scales)).isBetween(8L, 20L);
        // Before each write the scale was read: never the same write again on what was known before.
        List<FaultyApi.Asked> asked = api.asked();
        long readBefore = IntStream.range(1, asked.size())
                .filter(i -> scales(asked.get(i)))
                .filter(i -> asked.subList(0, i).stream()
                        .skip(Math.max(0, i - 2))
                        .anyMatch(each ->
                                each.method().equals("GET") && each.path().endsWith("/scale")))
                .count();
        assertThat(readBefore).isEqualTo(api.count(WritePromisesTest::scales));

        api.heal();
        time.advance(Duration.ofSeconds(61));
        assertThat(cluster.replicas("vllm")).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(ints = {429, 500, 503})
    @DisplayName(
            "G2: 429, 500, 503 for ten minutes: never down, at most one write a round, no event twice, then it goes on")
    void api_failsForTenMinutes_neverDownAndResumes(int code) {
        cluster.admin()
                .apps()
                .deployments()
                .inNamespace(MockCluster.NAMESPACE)
                .withName("vllm")
                .scale(3);
        cluster.setStatus("vllm", 3, 3);
        run(builder().deployment("vllm").build(), "chat");
        queued = 320;
        api.answer(code, all -> true);
        api.forget();

        for (int round = 0; round < TEN_MINUTES.toSeconds(); round++) {
            long before = api.asked().size();
            time.advance(ROUND);
            // One status and one attempt to write, which ends with its first request.
            assertThat(api.asked().size() - before).isLessThanOrEqualTo(2);
            if (round == 300) {
                // What would be a reason to go down, if anything were known.
                queued = 0;
            }
        }

        assertThat(cluster.replicas("vllm")).isEqualTo(3);
        assertThat(engine.state("chat").events()).noneMatch(event -> event.direction() == Direction.DOWN);
        api.heal();
        queued = 320;
        time.advance(Duration.ofSeconds(65));
        assertThat(cluster.replicas("vllm")).isEqualTo(5);
        List<Integer> accepted = ups("chat").stream()
                .filter(event -> event.reached(Phase.ACCEPTED))
                .map(ScaleEvent::to)
                .toList();
        assertThat(accepted).doesNotHaveDuplicates().endsWith(5);
    }

    @Test
    @DisplayName(
            "G3: no answer for ten minutes: each call ends by its own time-out, rounds go on, and 15 s after so does scaling")
    void api_hangsForTenMinutes_loopLivesAndResumes() {
        run(builder().deployment("vllm").callTimeout(Duration.ofMillis(100)).build(), "chat");
        api.fail(FaultyApi.Fault.HANG, all -> true);
        long start = System.nanoTime();
        time.advance(TEN_MINUTES);
        // 4 at first and then one each 5 s, of 100 ms each, and as much again for a busy machine.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(60));

        queued = 320;
        api.heal();
        time.advance(Duration.ofSeconds(15));
        assertThat(cluster.replicas("vllm")).isEqualTo(5);
    }

    @Test
    @DisplayName("G5: the write was done and its answer lost: the next look shows it, and there is no second event")
    void write_answerLost_isRecognised() {
        run(builder().deployment("vllm").build(), "chat");
        queued = 320;
        api.fail(FaultyApi.Fault.DROP_ANSWER, WritePromisesTest::scales);
        api.forget();
        time.advance(ROUND);
        assertThat(cluster.replicas("vllm")).isEqualTo(5);
        api.heal();

        time.advance(Duration.ofSeconds(30));

        assertThat(api.count(WritePromisesTest::scales)).isEqualTo(1);
        assertThat(ups("chat")).singleElement().satisfies(event -> {
            assertThat(event.to()).isEqualTo(5);
            assertThat(event.reached(Phase.ACCEPTED)).isTrue();
        });
    }

    @Test
    @DisplayName(
            "G7: what is scaled is deleted: nothing is made; one of that name with another UID is gone on with, from what it has")
    void target_deletedAndMadeAnew_isGoneOnWithFromThere() {
        run(builder().deployment("vllm").build(), "chat");
        cluster.admin()
                .apps()
                .deployments()
                .inNamespace(MockCluster.NAMESPACE)
                .withName("vllm")
                .delete();
        queued = 320;
        api.forget();
        time.advance(Duration.ofMinutes(2));
        assertThat(api.count(FaultyApi.Asked::writes)).isZero();
        assertThat(cluster.admin()
                        .apps()
                        .deployments()
                        .inNamespace(MockCluster.NAMESPACE)
                        .withName("vllm")
                        .get())
                .isNull();

        cluster.create("vllm", 2);
        cluster.setStatus("vllm", 2, 2);
        time.advance(Duration.ofMinutes(2));

        assertThat(cluster.replicas("vllm")).isEqualTo(5);
        ScaleEvent last = ups("chat").get(ups("chat").size() - 1);
        assertThat(last.from()).isEqualTo(2);
    }

    @Test
    @DisplayName("G8: not allowed any more: that pool is asked for every five minutes at most, the other goes on")
    void write_forbidden_stopsThatPoolOnly() {
        cluster.create("other", 1);
        cluster.setStatus("other", 1, 1);
        run(builder().pool("chat", "vllm").pool("batch", "other").build(), "chat", "batch");
        api.answer(403, asked -> asked.path().contains("/vllm") && scales(asked));
        queued = 320;
        api.forget();
        time.advance(Duration.ofMinutes(6));

        assertThat(cluster.replicas("other")).isGreaterThan(1);
        assertThat(cluster.replicas("vllm")).isEqualTo(1);
        assertThat(api.count(asked -> asked.path().contains("/vllm") && scales(asked)))
                .isEqualTo(2);
    }

    @Test
    @DisplayName(
            "G12: statuses of 2,000 pools come from one list of 4 pages each 10 s, 0.4 requests/s, whatever the pools ask")
    void statuses_of2000Pools_areOneList() {
        KubernetesScaleBackend.Builder builder = builder().births(false).sharedLists(Duration.ofSeconds(10));
        List<String> pools =
                IntStream.range(0, 2_000).mapToObj(i -> "pool-" + i).toList();
        pools.forEach(pool -> {
            cluster.create(pool, 1);
            builder.pool(pool, pool);
        });
        try (KubernetesScaleBackend backend = builder.build()) {
            api.forget();
            for (int second = 0; second < 60; second += 2) {
                for (String pool : pools) {
                    assertThat(backend.status(pool).desired()).isEqualTo(1);
                }
                time.advance(Duration.ofSeconds(2));
            }
            // The mock answers all in one page; a real API server in 4 of 500. 60,000 statuses in a minute.
            assertThat(api.asked()).hasSize(6);
            assertThat(api.count(asked -> asked.path().contains("limit=500"))).isEqualTo(6);

            backend.scale(new ScaleRequest("pool-7", 1, 3, 1, "because"));
            assertThat(backend.status("pool-7").desired()).isEqualTo(3);
            assertThatThrownBy(() -> backend.scale(new ScaleRequest("pool-7", 1, 3, 1, "because")))
                    .isInstanceOf(BackendException.class);
        }
    }

    @Test
    void statuses_shared_missingOne_isNotFound() {
        try (KubernetesScaleBackend backend = builder()
                .births(false)
                .sharedLists(Duration.ofSeconds(10))
                .pool("chat", "vllm")
                .pool("batch", "nothing")
                .build()) {
            assertThat(backend.status("chat").ready()).isEqualTo(1);
            assertThatThrownBy(() -> backend.status("batch")).hasMessageContaining("does not exist");
            cluster.admin()
                    .apps()
                    .deployments()
                    .inNamespace(MockCluster.NAMESPACE)
                    .withName("vllm")
                    .edit(found -> new DeploymentBuilder(found)
                            .editSpec()
                            .withReplicas(4)
                            .endSpec()
                            .build());
            assertThat(backend.status("chat").desired()).isEqualTo(1);
            time.advance(Duration.ofSeconds(10));
            assertThat(backend.status("chat").desired()).isEqualTo(4);
        }
    }
}
