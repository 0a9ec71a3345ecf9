/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.ScalerBackends;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.ledger.Refusal;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Real processes of a shell; the clock and the turns are played. */
@DisabledOnOs(OS.WINDOWS)
class ProcessBackendTest {

    private static final Duration TURN = Duration.ofSeconds(1);
    private static final List<String> WAITS = List.of("sh", "-c", "exec sleep 1000");

    @TempDir
    Path folder;

    private final ManualTime time = new ManualTime(0, Instant.parse("2026-11-24T02:00:00Z"));
    private final List<ProcessBackend> opened = new ArrayList<>();
    private long decision;

    @AfterEach
    void stop() {
        opened.forEach(ProcessBackend::close);
        assertThat(ProcessHandle.current().children().filter(ProcessHandle::isAlive))
                .as("processes left behind")
                .isEmpty();
    }

    private ProcessBackend.Builder builder(List<String> command) {
        return ProcessBackend.builder(command).time(time).threads(Runnable::run).grace(Duration.ofSeconds(5));
    }

    private ProcessBackend open(ProcessBackend.Builder builder) {
        ProcessBackend backend = builder.build();
        opened.add(backend);
        return backend;
    }

    private void scale(ProcessBackend backend, int from, int to) {
        backend.scale(new ScaleRequest("chat", from, to, ++decision, "a test"));
    }

    private static int[] counts(ProcessBackend backend) {
        ReplicaStatus found = backend.status("chat");
        return new int[] {found.desired(), found.running(), found.ready()};
    }

    private static void until(Callable<Boolean> holds) {
        await().atMost(30, TimeUnit.SECONDS).pollInterval(Duration.ofMillis(10)).until(holds);
    }

    /** Kills a process and awaits that the system knows. */
    private static void kill(long pid) throws Exception {
        ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
        process.destroyForcibly();
        process.onExit().get(30, TimeUnit.SECONDS);
    }

    private static List<Integer> indices(ProcessBackend backend) {
        return backend.replicas().stream().map(ProcessBackend.Replica::index).toList();
    }

    @Test
    void scale_upAndDown_startsTheLeastIndexAndEndsTheNewest() {
        ProcessBackend backend = open(builder(WAITS));
        scale(backend, 0, 3);
        assertThat(counts(backend)).containsExactly(3, 3, 3);
        assertThat(backend.status("chat").births()).hasSize(3).allSatisfy(birth -> {
            assertThat(birth.replica()).matches("replica-[0-2]@[0-9]+");
            assertThat(birth.created()).isEqualTo(time.wallTime());
            assertThat(birth.started()).isNotNull();
            assertThat(birth.ready()).isEqualTo(time.wallTime());
        });

        scale(backend, 3, 1);
        until(() -> indices(backend).equals(List.of(0)));

        scale(backend, 1, 2);
        assertThat(indices(backend)).containsExactly(0, 1);
    }

    @Test
    void scale_otherNumberOrTooMany_isRefused_repeatedKeyIsNot() {
        ProcessBackend backend = open(builder(WAITS).most(2));
        ScaleRequest first = new ScaleRequest("chat", 0, 1, 1, "");
        backend.scale(first);
        backend.scale(first);
        assertThat(counts(backend)).containsExactly(1, 1, 1);

        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(() -> scale(backend, 0, 2))
                .satisfies(e -> assertThat(e.refusal()).isEqualTo(Refusal.CONFLICT));
        assertThatExceptionOfType(BackendException.class)
                .isThrownBy(() -> scale(backend, 1, 3))
                .satisfies(e -> assertThat(e.refusal()).isEqualTo(Refusal.CAPACITY));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> backend.status("other"))
                .withMessageContaining("pool \"chat\" and none of \"other\"");
    }

    @Test
    void process_diesAgainAndAgain_isStartedEverLater() throws Exception {
        ProcessBackend backend = open(builder(WAITS));
        scale(backend, 0, 1);
        for (int pause : new int[] {1, 2, 4, 8, 16, 32, 60, 60}) {
            long pid = backend.replicas().get(0).pid();
            kill(pid);
            until(() -> backend.replicas().isEmpty());
            time.advance(Duration.ofSeconds(pause).minusMillis(1));
            assertThat(backend.replicas()).as("not before %d s", pause).isEmpty();
            time.advance(Duration.ofMillis(1));
            until(() -> {
                time.advance(TURN);
                return backend.replicas().size() == 1;
            });
        }

        time.advance(Duration.ofMinutes(1));
        kill(backend.replicas().get(0).pid());
        until(() -> backend.replicas().isEmpty());
        time.advance(Duration.ofSeconds(2));
        assertThat(backend.replicas())
                .as("after a steady minute it begins anew")
                .hasSize(1);
    }

    @Test
    void program_thatIsNotThere_isTriedEverLater() {
        ProcessBackend backend = open(builder(List.of(folder.resolve("none").toString())));
        scale(backend, 0, 1);
        time.advance(Duration.ofMinutes(10));
        assertThat(counts(backend)).containsExactly(1, 0, 0);
    }

    @Test
    void process_ignoresBeingTold_isKilledAfterItsGraceWithItsChildren() throws Exception {
        Path child = folder.resolve("child");
        ProcessBackend backend = open(builder(List.of(
                "sh",
                "-c",
                "trap '' TERM; sleep 1000 & echo $! > " + child + ".part; mv " + child + ".part " + child
                        + "; while :; do wait; done")));
        scale(backend, 0, 1);
        until(() -> Files.exists(child));
        ProcessHandle grandchild = ProcessHandle.of(
                        Long.parseLong(Files.readString(child).strip()))
                .orElseThrow();

        scale(backend, 1, 0);
        time.advance(Duration.ofSeconds(4));
        assertThat(counts(backend)).containsExactly(0, 1, 0);

        time.advance(Duration.ofSeconds(1));
        until(() -> backend.replicas().isEmpty() && !grandchild.isAlive());
    }

    @Test
    void ready_byUrl_whenItAnswers200_andNoLongerAfterThreeFailures() throws Exception {
        AtomicInteger answer = new AtomicInteger(503);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/health/0", exchange -> {
            exchange.sendResponseHeaders(answer.get(), -1);
            exchange.close();
        });
        server.start();
        try {
            ProcessBackend backend = open(builder(WAITS)
                    .readyTimeout(Duration.ofSeconds(20))
                    .readyUrl("http://127.0.0.1:" + server.getAddress().getPort() + "/health/{index}"));
            scale(backend, 0, 1);
            time.advance(TURN);
            assertThat(counts(backend)).containsExactly(1, 1, 0);

            answer.set(200);
            time.advance(TURN);
            assertThat(counts(backend)).containsExactly(1, 1, 1);

            answer.set(302);
            time.advance(TURN.multipliedBy(2));
            assertThat(counts(backend)).containsExactly(1, 1, 1);
            time.advance(TURN);
            assertThat(counts(backend)).containsExactly(1, 1, 0);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void ready_byPort_whenItAccepts_andAPortThatIsTakenIsLeftOut() throws IOException {
        try (ServerSocket taken = new ServerSocket(0)) {
            ProcessBackend backend = open(builder(List.of("sh", "-c", "echo {replica} {port} $NAME; exec sleep 1000"))
                    .folder(folder)
                    .environment("NAME", "n{index}")
                    .firstPort(taken.getLocalPort())
                    .most(1)
                    .readyPort("{port}"));
            scale(backend, 0, 1);
            time.advance(TURN);

            // Somebody else's port would have answered for a replica that is not there.
            int port = taken.getLocalPort() + 1;
            assertThat(backend.replicas()).singleElement().satisfies(replica -> {
                assertThat(replica.index()).isEqualTo(1);
                assertThat(replica.port()).hasValue(port);
                assertThat(replica.ready()).isFalse();
            });
            until(() -> Files.readString(folder.resolve("replica-1.log")).equals("replica-1 " + port + " n1\n"));
            try (ServerSocket its = new ServerSocket(port)) {
                assertThat(its.isBound()).isTrue();
                time.advance(TURN);
                assertThat(counts(backend)).containsExactly(1, 1, 1);
            }
        }
    }

    @Test
    void keep_nextBackend_goesOnWithWhatRuns() {
        ProcessBackend first = open(builder(WAITS).folder(folder).keep(true));
        scale(first, 0, 2);
        List<ProcessBackend.Replica> before = first.replicas();
        first.close();
        assertThat(before)
                .allSatisfy(replica -> assertThat(
                                ProcessHandle.of(replica.pid()).orElseThrow().isAlive())
                        .isTrue());

        ProcessBackend second = open(builder(WAITS).folder(folder));

        assertThat(second.replicas()).isEqualTo(before);
        assertThat(counts(second)).containsExactly(2, 2, 2);
        scale(second, 2, 1);
        until(() -> indices(second).equals(List.of(0)));
        second.close();
        assertThat(folder).isDirectoryNotContaining("glob:**.pid");
    }

    @Test
    void note_ofANumberThatAnotherProcessHasNow_isLeftAlone() throws Exception {
        ProcessBackend first = open(builder(WAITS).folder(folder).keep(true));
        scale(first, 0, 1);
        long pid = first.replicas().get(0).pid();
        first.close();
        Path note = folder.resolve("replica-0.pid");
        String start = Files.readAllLines(note).stream()
                .filter(line -> line.startsWith("start="))
                .findFirst()
                .orElseThrow();
        Files.writeString(note, Files.readString(note).replace(start, "start=2020-01-01T00\\:00\\:00Z"));
        Files.writeString(folder.resolve("replica-7.pid"), "no note");

        ProcessBackend second = open(builder(WAITS).folder(folder));

        assertThat(counts(second)).containsExactly(0, 0, 0);
        assertThat(ProcessHandle.of(pid).orElseThrow().isAlive()).isTrue();
        kill(pid);
    }

    @Test
    void close_endsAll_andTwiceIsHarmless() {
        ProcessBackend backend = open(builder(WAITS));
        scale(backend, 0, 2);
        backend.close();
        backend.close();
        assertThat(ProcessHandle.current().children().filter(ProcessHandle::isAlive))
                .isEmpty();
    }

    @Test
    void factory_ownThreadsAndClock_runsTheCommand() {
        try (ProcessBackend backend = (ProcessBackend) ScalerBackends.create(
                "process",
                Map.of(
                        "command.0",
                        "sleep",
                        "command.1",
                        "1000",
                        "probePeriod",
                        "10ms",
                        "name",
                        "vllm",
                        "grace",
                        "5s"))) {
            scale(backend, 0, 2);
            until(() -> backend.status("chat").ready() == 2);
            assertThat(backend.replicas())
                    .extracting(ProcessBackend.Replica::name)
                    .containsExactly("vllm-0", "vllm-1");
        }
    }

    @Test
    void settings_thatAreWrong_areNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScalerBackends.create(
                        "process", Map.of("most", "0", "grace", "2d", "keep", "maybe", "name", "a b", "comand", "x")))
                .withMessageContaining("command is required")
                .withMessageContaining("most must be a whole number from 1 to 1000 but is \"0\"")
                .withMessageContaining("grace must be a duration from 0s to 1h but is \"2d\"")
                .withMessageContaining("keep must be true or false but is \"maybe\"")
                .withMessageContaining("name must be 1 to 63")
                .withMessageContaining("comand is not a setting of this backend");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder(List.of("run", "{port}")).build())
                .withMessage("firstPort is required, as {port} is used");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder(WAITS).keep(true).build())
                .withMessageContaining("keep needs a folder");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder(WAITS).readyUrl("ftp://x/").build())
                .withMessageContaining("readyUrl must be an http address");
    }
}
