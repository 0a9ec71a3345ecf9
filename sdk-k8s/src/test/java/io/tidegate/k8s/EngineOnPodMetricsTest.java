/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.tidegate.engine.Engine;
import io.tidegate.engine.ScaledPool;
import io.tidegate.guardrail.Behavior;
import io.tidegate.guardrail.ClockJump;
import io.tidegate.policy.TargetTrackingPolicy;
import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Missing;
import io.tidegate.pool.Work;
import io.tidegate.signal.SignalBoard;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The engine scales a Deployment on what metrics-server says of its pods; both are played on an API server in memory. {@link
 * TargetOnUtilization} stands for any policy that holds a signal at a target.
 */
class EngineOnPodMetricsTest {

    private static final Duration PERIOD = Duration.ofSeconds(15);

    private final MockCluster cluster = new MockCluster();
    private final ManualTime time = new ManualTime();
    private final KubernetesScaleBackend backend = KubernetesScaleBackend.builder()
            .callTimeout(MockCluster.PATIENCE)
            .client(cluster.admin())
            .namespace(MockCluster.NAMESPACE)
            .deployment("vllm")
            .build();
    private final SignalBoard board = new SignalBoard(time, Runnable::run);
    private final Engine engine = Engine.builder()
            .time(time)
            .executor(Runnable::run)
            .pool(ScaledPool.builder("chat")
                    .load(() -> new PoolLoad("chat", time.nanos(), List.of()))
                    .backend(backend)
                    .replicaWork(Work.slots(32))
                    .policy(TargetTrackingPolicy.cpu(0.6).build())
                    .signals(board::signals)
                    .bounds(1, 10)
                    .period(Duration.ofSeconds(1))
                    .guardrails(all -> all.down(new Behavior(
                                    Behavior.Direction.DOWN, Duration.ofSeconds(60), List.of(), Behavior.Select.MAX))
                            .clockJump(new ClockJump(Duration.ZERO)))
                    .backendTimeout(Duration.ofSeconds(30)) // real time, which a busy machine may take
                    .build())
            .build();
    private final List<String> pods = new ArrayList<>();
    private int samples;

    @BeforeEach
    void create() {
        cluster.admin()
                .resource(new DeploymentBuilder()
                        .withNewMetadata()
                        .withNamespace(MockCluster.NAMESPACE)
                        .withName("vllm")
                        .endMetadata()
                        .withNewSpec()
                        .withReplicas(2)
                        .withNewSelector()
                        .withMatchLabels(Map.of("app", "vllm"))
                        .endSelector()
                        .endSpec()
                        .build())
                .create();
        becomeReady(2);
        board.add(
                PodMetricsSource.builder(time)
                        .client(cluster.admin())
                        .namespace(MockCluster.NAMESPACE)
                        .deployment("vllm")
                        .callTimeout(MockCluster.PATIENCE)
                        .build(),
                PERIOD);
    }

    @AfterEach
    void stop() {
        engine.close();
        board.close();
        backend.close();
        cluster.close();
    }

    /** Plays the controllers: so many pods run and are ready. */
    private void becomeReady(int count) {
        while (pods.size() < count) {
            String name = "vllm-" + pods.size();
            cluster.admin().resource(Pods.ready(name)).create();
            pods.add(name);
        }
        while (pods.size() > count) {
            String name = pods.remove(pods.size() - 1);
            cluster.admin()
                    .pods()
                    .inNamespace(MockCluster.NAMESPACE)
                    .withName(name)
                    .delete();
            Pods.withdraw(cluster.admin(), name);
        }
        cluster.setStatus("vllm", count, count);
    }

    /** Plays metrics-server and lets time pass: all pods use so many of their 2 cores each. */
    private void use(String cpu, Duration during) {
        for (Duration passed = Duration.ZERO; passed.compareTo(during) < 0; passed = passed.plus(PERIOD)) {
            for (String pod : pods) {
                Pods.publish(
                        cluster.admin(), Pods.sample(pod, Pods.START.plusSeconds(3600 + 15L * samples), cpu, "1Gi"));
            }
            samples++;
            time.advance(PERIOD);
        }
    }

    @Test
    void engine_podsUseMoreThanTheTarget_deploymentGrowsUntilTheyDoNot() {
        use("1200m", Duration.ofSeconds(30));
        engine.start();
        use("1200m", Duration.ofSeconds(60));
        assertThat(cluster.replicas("vllm")).as("2 pods at 0.6").isEqualTo(2);

        use("1800m", Duration.ofSeconds(30));
        assertThat(cluster.replicas("vllm")).as("2 pods at 0.9: 2·0.9/0.6").isEqualTo(3);

        becomeReady(3);
        use("1200m", Duration.ofSeconds(60));
        assertThat(cluster.replicas("vllm")).as("3 pods at 0.6").isEqualTo(3);
        assertThat(engine.state("chat").failures()).isZero();
    }

    @Test
    void engine_metricsVanish_nothingScalesDownUntilTheyAreBack() {
        becomeReady(4);
        cluster.admin()
                .apps()
                .deployments()
                .inNamespace(MockCluster.NAMESPACE)
                .withName("vllm")
                .scale(4);
        cluster.setStatus("vllm", 4, 4);
        use("1200m", Duration.ofSeconds(30));
        engine.start();

        Pods.withdraw(cluster.admin(), pods.toArray(String[]::new));
        time.advance(Duration.ofMinutes(10));
        assertThat(board.signals().get(PodMetricsSource.CPU_UTILIZATION)).isInstanceOf(Missing.class);
        assertThat(cluster.replicas("vllm")).isEqualTo(4);

        // Back, and idle: only a whole stabilization window of that is a reason.
        use("300m", Duration.ofSeconds(45));
        assertThat(cluster.replicas("vllm")).isEqualTo(4);
        use("300m", Duration.ofSeconds(60));
        assertThat(cluster.replicas("vllm")).as("4 pods at 0.15: 4·0.15/0.6").isEqualTo(1);
    }

    @Test
    void engine_metricsServerHangsOnToOneAnswer_growsStaleAndNothingScalesDown() {
        use("1200m", Duration.ofSeconds(30));
        engine.start();
        // Nearly idle, and the same samples for ever.
        for (String pod : pods) {
            Pods.publish(cluster.admin(), Pods.sample(pod, Pods.START.plusSeconds(7200), "100m", "1Gi"));
        }
        time.advance(Duration.ofMinutes(10));
        assertThat(board.signals().get(PodMetricsSource.CPU_UTILIZATION)).isInstanceOf(Signal.Stale.class);
        assertThat(cluster.replicas("vllm"))
                .as("45 s of values are less than a window")
                .isEqualTo(2);
    }
}
