/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.engine.Engine;
import io.tidegate.engine.PoolState;
import io.tidegate.engine.ScaledPool;
import io.tidegate.guardrail.Behavior;
import io.tidegate.guardrail.ClockJump;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Mode;
import io.tidegate.policy.BacklogPolicy;
import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** An engine that acts and one that only says what it would do, on the same load, the same clock and the same API server. */
class DryRunOnKubernetesTest {

    private static final double SECONDS_IN_FLIGHT = 8;
    private static final Duration TICK = Duration.ofSeconds(1);
    private static final Duration DOWN_WINDOW = Duration.ofSeconds(60);

    private final MockCluster cluster = new MockCluster();
    private final ManualTime time = new ManualTime();
    private final Load load = new Load();
    private final KubernetesScaleBackend actingBackend = backend("acting");
    private final KubernetesScaleBackend dryBackend = backend("dry");
    /** The dry one first: of each tick it sees what the other sees. */
    private final Engine dry = engine(dryBackend, Mode.DRY_RUN);

    private final Engine acting = engine(actingBackend, Mode.ACT);

    private KubernetesScaleBackend backend(String agent) {
        KubernetesClient client = cluster.connect(builder -> builder.editOrNewConfig()
                .withUserAgent(agent)
                .withNamespace(MockCluster.NAMESPACE)
                .endConfig());
        return KubernetesScaleBackend.builder()
                .callTimeout(MockCluster.PATIENCE)
                .client(client)
                .namespace(MockCluster.NAMESPACE)
                .deployment("vllm")
                .build();
    }

    private Engine engine(KubernetesScaleBackend backend, Mode mode) {
        return Engine.builder()
                .time(time)
                .executor(Runnable::run)
                .pool(ScaledPool.builder("chat")
                        .mode(mode)
                        .period(TICK)
                        .statusPeriod(TICK)
                        // What the played controllers take: only an engine that acts can measure it.
                        .timeToReady(TICK)
                        .load(load::read)
                        .backend(backend)
                        .replicaWork(Work.slots(32))
                        .bounds(1, 8)
                        .policy(BacklogPolicy.builder().build())
                        .guardrails(all -> all.down(new Behavior(
                                        Behavior.Direction.DOWN, DOWN_WINDOW, List.of(), Behavior.Select.MAX))
                                .clockJump(new ClockJump(Duration.ZERO)))
                        .backendTimeout(Duration.ofSeconds(30)) // real time, which a busy machine may take
                        .build())
                .build();
    }

    @BeforeEach
    void create() {
        cluster.create("vllm", 1);
        cluster.setStatus("vllm", 1, 1);
    }

    @AfterEach
    void stop() {
        dry.close();
        acting.close();
        dryBackend.close();
        actingBackend.close();
        cluster.close();
    }

    @Test
    @DisplayName(
            "F6: over an hour, a dry run decides what one that acts decides, and the API server sees it write nothing")
    void dryRun_overAnHour_decidesTheSameAndWritesNothing() throws InterruptedException {
        // Up in steps, down in steps, a spike of waiting requests, and silence: per minute.
        double[] perSecond = new double[60];
        for (int minute = 0; minute < 60; minute++) {
            perSecond[minute] = minute < 10 ? 2 : minute < 20 ? 8 : minute < 30 ? 20 : minute < 45 ? 6 : 0.5;
        }
        dry.start();
        acting.start();
        List<Integer> answers = new ArrayList<>();
        List<Integer> dryAnswers = new ArrayList<>();
        for (int second = 0; second < 3600; second++) {
            load.perSecond = perSecond[second / 60];
            load.queued = second / 60 == 24 ? 300 : 0;
            time.advance(TICK);
            answers.add(answer(acting));
            dryAnswers.add(answer(dry));
            // The controllers: all that is asked for serves by the next tick.
            int replicas = cluster.replicas("vllm");
            if (acting.state("chat").running() != replicas) {
                cluster.setStatus("vllm", replicas, replicas);
            }
        }

        int late = 0;
        for (int second = 0; second < 3600; second++) {
            if (!dryAnswers.get(second).equals(answers.get(second))) {
                // A raise that another made holds for a window from when it is seen, which is a tick after it was made:
                // a removal
                // may be one tick late for that. Nothing else may differ.
                assertThat(answers.get(second)).as("second %d", second).isLessThan(answers.get(second - 1));
                assertThat(dryAnswers.get(second)).as("second %d", second).isEqualTo(answers.get(second - 1));
                assertThat(dryAnswers.get(second + 1)).as("second %d", second).isEqualTo(answers.get(second + 1));
                late++;
            }
        }
        assertThat(late).isLessThanOrEqualTo(5);
        assertThat(answers).contains(1, 4, 8);
        Map<String, Integer> verbs = new TreeMap<>();
        for (MockCluster.Sent sent : cluster.takeSent()) {
            verbs.merge(sent.agent() + " " + sent.method(), 1, Integer::sum);
        }
        assertThat(verbs.keySet()).filteredOn(each -> each.startsWith("dry ")).containsExactly("dry GET");
        assertThat(verbs.get("dry GET")).isGreaterThanOrEqualTo(3600);
        // The same counter does see writes.
        assertThat(verbs.get("acting PATCH")).isGreaterThanOrEqualTo(4);
        assertThat(dry.state("chat").events()).isEmpty();
    }

    /** What the last round said: what it decided, or what there is to be. */
    private int answer(Engine engine) {
        PoolState state = engine.state("chat");
        return state.latest().map(Decision::to).orElseThrow();
    }

    /** A gate's counts at a steady rate, each request 8 s in flight. Both engines read the same at one instant. */
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
