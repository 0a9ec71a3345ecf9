/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.examples.vllm.SimulatedVllmServer;
import io.tidegate.pool.Work;
import io.tidegate.routing.BalancerSettings;
import io.tidegate.routing.Choice;
import io.tidegate.routing.Dispatch;
import io.tidegate.routing.ReplicaBalancer;
import io.tidegate.time.ManualTime;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes, loading for a hundredth of a second. */
class LocalProcessBackendTest {

    @TempDir
    Path folder;

    /** Without slow start: which replica is asked then depends on which was ready first. */
    private final ReplicaBalancer balancer =
            ReplicaBalancer.of(new ManualTime(), BalancerSettings.defaults().withSlowStart(Duration.ZERO, 1));

    private final List<Dispatch> begun = new ArrayList<>();
    private LocalProcessBackend backend;
    private Set<Long> before;

    @BeforeEach
    void start() {
        before = children();
        backend = new LocalProcessBackend(
                1,
                balancer,
                Work.slots(4),
                number -> ChildProcess.start(
                        SimulatedVllmServer.class,
                        List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                        List.of("--time-scale", "100", "--cold-start", "1"),
                        folder.resolve("replicas.log")));
    }

    @AfterEach
    void stop() {
        backend.close();
        assertThat(children()).as("processes left behind").isEqualTo(before);
    }

    private static Set<Long> children() {
        return ProcessHandle.current()
                .children()
                .filter(ProcessHandle::isAlive)
                .map(ProcessHandle::pid)
                .collect(Collectors.toSet());
    }

    private void scale(int from, int to) {
        backend.scale(new ScaleRequest("chat", from, to, 1, "a test"));
    }

    private void awaitStatus(int desired, int running, int ready) {
        ReplicaStatus wanted = new ReplicaStatus(desired, running, ready);
        await().atMost(30, SECONDS).until(() -> backend.status("chat"), wanted::equals);
    }

    @Test
    void scale_upAndDown_startsAndStopsProcesses() {
        awaitStatus(1, 1, 1);
        scale(1, 3);
        awaitStatus(3, 3, 3);
        assertThat(backend.readyUris()).hasSize(3).doesNotHaveDuplicates();

        scale(3, 1);
        awaitStatus(1, 1, 1);
    }

    @Test
    void scale_decidedOnAnotherNumber_isRefusedAndChangesNothing() {
        awaitStatus(1, 1, 1);

        assertThatThrownBy(() -> scale(2, 5))
                .hasMessageContaining("made on 2 replicas")
                .hasMessageContaining("1 by now");
        assertThat(backend.status("chat").desired()).isEqualTo(1);
    }

    @Test
    void process_dies_isReplaced() {
        awaitStatus(1, 1, 1);
        Set<Long> first = children();
        first.removeAll(before);

        first.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));

        await().atMost(30, SECONDS).until(() -> {
            Set<Long> now = children();
            now.removeAll(before);
            return now.size() == 1 && !now.equals(first);
        });
        awaitStatus(1, 1, 1);
    }

    @Test
    void scaleDown_replicaWithRequests_servesThemOutAndGetsNoMore() {
        scale(1, 2);
        awaitStatus(2, 2, 2);
        await().atMost(30, SECONDS).until(() -> balancer.ready() == 2);
        Dispatch first = begin();
        Dispatch second = begin();
        assertThat(first.id()).isNotEqualTo(second.id());
        second.close();

        scale(2, 1);
        awaitStatus(1, 1, 1);
        assertThat(begin().id()).as("the one with work stays").isEqualTo(first.id());

        scale(1, 0);
        await().atMost(30, SECONDS).until(() -> balancer.ready() == 0);
        assertThat(balancer.choose(0)).isInstanceOf(Choice.None.class);
        assertThat(balancer.inFlight()).isEqualTo(2);
        assertThat(backend.status("chat")).isEqualTo(new ReplicaStatus(0, 1, 0));

        first.close();
        begun.forEach(Dispatch::close);
        awaitStatus(0, 0, 0);
    }

    private Dispatch begin() {
        await().atMost(30, SECONDS).until(() -> balancer.ready() > 0);
        Dispatch dispatch = (Dispatch) balancer.choose(0);
        begun.add(dispatch);
        return dispatch;
    }
}
