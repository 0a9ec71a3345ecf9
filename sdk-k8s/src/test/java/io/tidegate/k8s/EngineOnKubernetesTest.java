/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.engine.Engine;
import io.tidegate.engine.ScaledPool;
import io.tidegate.guardrail.Behavior;
import io.tidegate.guardrail.ClockJump;
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
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The engine with this backend and an API server in memory; load, clock and the cluster's controllers are played. */
class EngineOnKubernetesTest {

    private static final double SECONDS_IN_FLIGHT = 8;
    private static final Duration WINDOW = Duration.ofSeconds(60);

    private final MockCluster cluster = new MockCluster();
    private final ManualTime time = new ManualTime();
    private final Load load = new Load();
    private final KubernetesScaleBackend backend = KubernetesScaleBackend.builder()
            .callTimeout(MockCluster.PATIENCE)
            .client(cluster.admin())
            .namespace(MockCluster.NAMESPACE)
            .deployment("vllm")
            .build();
    private final Engine engine = Engine.builder()
            .time(time)
            .executor(Runnable::run)
            .pool(ScaledPool.builder("chat")
                    .load(load::read)
                    .backend(backend)
                    .replicaWork(Work.slots(32))
                    .bounds(1, 5)
                    .policy(BacklogPolicy.builder().build())
                    .guardrails(all -> all.down(
                                    new Behavior(Behavior.Direction.DOWN, WINDOW, List.of(), Behavior.Select.MAX))
                            .clockJump(new ClockJump(Duration.ZERO)))
                    .backendTimeout(Duration.ofSeconds(30)) // real time, which a busy machine may take
                    .build())
            .build();

    @BeforeEach
    void create() {
        cluster.create("vllm", 1);
        cluster.setStatus("vllm", 1, 1);
    }

    @AfterEach
    void stop() {
        engine.close();
        backend.close();
        cluster.close();
    }

    private List<ScaleEvent> events(Direction direction) {
        return engine.state("chat").events().stream()
                .filter(event -> event.direction() == direction)
                .toList();
    }

    @Test
    void engine_loadRisesAndFalls_deploymentFollows() {
        // 2/s of 8 s keep 16 slots busy, which one replica of 32 holds.
        load.perSecond = 2;
        engine.start();
        time.advance(Duration.ofSeconds(30));
        assertThat(cluster.replicas("vllm")).isEqualTo(1);

        // 12/s keep 96 busy: 96/(32·0.8) = 3.75.
        load.perSecond = 12;
        time.advance(Duration.ofSeconds(90));
        assertThat(cluster.replicas("vllm")).isEqualTo(4);
        assertThat(events(Direction.UP))
                .isNotEmpty()
                .allSatisfy(event -> assertThat(event.phase()).isEqualTo(Phase.ACCEPTED));

        // Pods exist, and one of them is ready.
        cluster.setStatus("vllm", 4, 2);
        time.advance(Duration.ofSeconds(2));
        assertThat(engine.state("chat").running()).isEqualTo(4);
        assertThat(events(Direction.UP).get(0).phase()).isEqualTo(Phase.READY);
        ScaleEvent toFour = events(Direction.UP).get(events(Direction.UP).size() - 1);
        assertThat(toFour.to()).isEqualTo(4);
        assertThat(toFour.reached(Phase.READY)).isFalse();

        cluster.setStatus("vllm", 4, 4);
        time.advance(Duration.ofSeconds(2));
        assertThat(events(Direction.UP))
                .allSatisfy(event -> assertThat(event.phase()).isEqualTo(Phase.READY));
        assertThat(events(Direction.UP).get(events(Direction.UP).size() - 1).timeTo(Phase.READY))
                .hasValueSatisfying(taken -> assertThat(taken).isLessThan(Duration.ofSeconds(94)));

        load.perSecond = 0;
        time.advance(WINDOW);
        assertThat(cluster.replicas("vllm")).isEqualTo(4);
        assertThat(events(Direction.DOWN)).isEmpty();

        // The steady rate, by which fewer are asked for, forgets over a minute.
        time.advance(WINDOW.plusMinutes(2));
        assertThat(cluster.replicas("vllm")).isEqualTo(1);
        assertThat(events(Direction.DOWN))
                .isNotEmpty()
                .allSatisfy(event -> assertThat(event.phase()).isEqualTo(Phase.ACCEPTED));

        cluster.setStatus("vllm", 1, 1);
        time.advance(Duration.ofSeconds(2));
        assertThat(events(Direction.DOWN))
                .allSatisfy(event -> assertThat(event.phase()).isEqualTo(Phase.READY));
        assertThat(engine.state("chat").running()).isEqualTo(1);
        assertThat(engine.state("chat").failures()).isZero();
    }

    @Test
    void engine_somebodyElseScalesBeforeItWrites_isLeftAloneAndGoneOnFrom() {
        load.perSecond = 2;
        engine.start();
        time.advance(Duration.ofSeconds(30));

        // The engine last looked at this instant and looks again in 1 s; its next round is before that.
        cluster.admin()
                .apps()
                .deployments()
                .inNamespace(MockCluster.NAMESPACE)
                .withName("vllm")
                .scale(2);
        load.queued = 2000;
        time.advance(Duration.ofMillis(250));

        assertThat(cluster.replicas("vllm")).isEqualTo(2);
        assertThat(events(Direction.UP)).singleElement().satisfies(refused -> {
            assertThat(refused.phase()).isEqualTo(Phase.FAILED);
            assertThat(refused.latest().detail())
                    .startsWith("Deployment ml/vllm is to have 2 replicas by now and not 1, so decision ");
        });

        time.advance(Duration.ofSeconds(2));

        ScaleEvent next = events(Direction.UP).get(1);
        assertThat(next.from()).isEqualTo(2);
        assertThat(next.to()).isGreaterThan(2);
        assertThat(cluster.replicas("vllm")).isEqualTo(next.to());
        assertThat(next.phase()).isEqualTo(Phase.ACCEPTED);
    }

    /** A gate's counts at a steady rate, each request 8 s in flight. */
    private final class Load {

        private final Tier tier = Tier.builder("standard").build();
        private double perSecond;
        private long queued;
        private double arrivals;
        private long readNanos = time.nanos();

        PoolLoad read() {
            long now = time.nanos();
            arrivals += perSecond * ((now - readNanos) / 1e9);
            readNanos = now;
            long whole = (long) arrivals;
            return new PoolLoad(
                    "chat",
                    now,
                    List.of(new TierLoad(
                            tier,
                            (long) (perSecond * SECONDS_IN_FLIGHT),
                            queued,
                            0,
                            whole,
                            whole,
                            0,
                            0,
                            0,
                            whole,
                            (long) (whole * SECONDS_IN_FLIGHT * 1e9),
                            0,
                            0)));
        }
    }
}
