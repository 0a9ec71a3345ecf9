/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.FileLedger;
import io.tidegate.ledger.LedgerReader;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import io.tidegate.time.SystemTime;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a gateway's process at random points, again and again, and holds its ledger against what the cluster was really told. {@code
 * -Dtidegate.kills=1000} for more than fifty.
 */
class KillTest {

    private static final int KILLS = Integer.getInteger("tidegate.kills", 50);
    private static final long SEED = Long.getLong("tidegate.seed", 20_260_106L);

    /** Pool of the test. */
    private static final String POOL = "chat";

    /**
     * A cluster in a file: each request that it takes on is one more line, written whole before the answer, as an API server does it. Some
     * answers come late, so that the gateway is often killed between the deed and the answer.
     */
    static final class FileCluster implements ScalerBackend {

        private final Path log;
        private final Random random;

        FileCluster(Path log, long seed) {
            this.log = log;
            this.random = new Random(seed);
        }

        static List<String[]> taken(Path log) throws IOException {
            List<String[]> taken = new ArrayList<>();
            String text = Files.exists(log) ? Files.readString(log) : "";
            for (String line : text.lines().toList()) {
                taken.add(line.split(" ", -1));
            }
            return taken;
        }

        @Override
        public ReplicaStatus status(String pool) throws IOException {
            List<String[]> taken = taken(log);
            int desired = taken.isEmpty() ? 1 : Integer.parseInt(taken.get(taken.size() - 1)[1]);
            return new ReplicaStatus(desired, desired, desired);
        }

        @Override
        public void scale(ScaleRequest request) throws IOException, InterruptedException {
            System.out.println("asked");
            pause();
            // One request is one write: killed before it, nothing is taken on, and after it, all is.
            String line = request.key() + " " + request.to() + " " + request.decisionId() + "\n";
            try (FileChannel out = FileChannel.open(
                    log, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
                out.write(StandardCharsets.UTF_8.encode(line));
            }
            pause();
        }

        /** A network takes its time. */
        private void pause() throws InterruptedException {
            new CountDownLatch(1).await(random.nextInt(6), TimeUnit.MILLISECONDS);
        }
    }

    /** Wants another number at each look. */
    private static final class Restless implements Policy {
        private final Random random;

        Restless(long seed) {
            this.random = new Random(seed);
        }

        @Override
        public String name() {
            return "restless";
        }

        @Override
        public Proposal propose(PoolView view) {
            return new Proposal.Wants(name(), 1 + random.nextInt(20), Cause.SIGNAL, "it is never content.");
        }
    }

    /** The gateway that is killed: {@code Gateway folder seed}. */
    public static final class Gateway {

        private Gateway() {}

        public static void main(String[] arguments) throws InterruptedException {
            Path folder = Path.of(arguments[0]);
            long seed = Long.parseLong(arguments[1]);
            SystemTime time = SystemTime.start();
            FakeLoad load = new FakeLoad(time);
            load.inFlight = 1;
            Engine engine = Engine.builder()
                    .time(time)
                    .ledger(FileLedger.open(folder.resolve("ledger.jsonl")))
                    .pool(TestPool.of(POOL)
                            .load(load)
                            .backend(new FileCluster(folder.resolve("cluster"), seed))
                            .bounds(1, 20)
                            .period(Duration.ofMillis(5))
                            .statusPeriod(Duration.ofMillis(10))
                            .policy(new Restless(seed))
                            .build())
                    .build();
            engine.start();
            System.out.println("started");
            new CountDownLatch(1).await();
        }
    }

    @Test
    void gateway_killedAtRandomPoints_noAcceptedEventIsLostAndNoneIsTwice(@TempDir Path folder) throws Exception {
        Random random = new Random(SEED);
        int acceptedBefore = 0;
        int undecided = 0;
        for (int i = 0; i < KILLS; i++) {
            runAndKill(folder, random.nextLong(), random.nextInt(8), random.nextInt(12));
            Set<Long> taken = new HashSet<>();
            for (String[] line : FileCluster.taken(folder.resolve("cluster"))) {
                assertThat(taken.add(Long.parseLong(line[2])))
                        .as("asked for twice: %s", line[0])
                        .isTrue();
            }
            Map<Long, ScaleEvent> events = events(folder.resolve("ledger.jsonl"));
            assertThat(events.keySet())
                    .as("kill %s: all that was taken on is in the ledger", i)
                    .containsAll(taken);
            for (ScaleEvent event : events.values()) {
                long accepted = event.steps().stream()
                        .filter(step -> step.phase() == Phase.ACCEPTED)
                        .count();
                assertThat(accepted).as("accepted once: %s", event).isLessThanOrEqualTo(1);
                boolean known = accepted == 1 || !event.open();
                // Only the last may be undecided: whoever comes next finds out.
                undecided += known ? 0 : 1;
                if (accepted == 1) {
                    assertThat(taken)
                            .as("accepted though never taken on: %s", event)
                            .contains(event.decisionId());
                }
                if (event.phase() == Phase.FAILED) {
                    assertThat(taken)
                            .as("failed though it was taken on: %s", event)
                            .doesNotContain(event.decisionId());
                }
            }
            acceptedBefore = Math.max(acceptedBefore, taken.size());
        }
        // And one that comes to its end: nothing is left open.
        assertThat(acceptedBefore).as("requests taken on in all").isGreaterThan(KILLS);
        assertThat(undecided).as("deaths between a request and its answer").isPositive();
        System.out.printf("%d kills, %d requests taken on, %d deaths in between%n", KILLS, acceptedBefore, undecided);
    }

    /** By decision; each event's id is seen with one decision only. */
    private static Map<Long, ScaleEvent> events(Path file) throws IOException {
        Map<Long, ScaleEvent> events = new LinkedHashMap<>();
        Map<String, Long> ids = new HashMap<>();
        try (Stream<LedgerReader.Line> lines = LedgerReader.of(file).entries()) {
            lines.map(LedgerReader.Line::entry)
                    .filter(Entry.Stepped.class::isInstance)
                    .map(entry -> ((Entry.Stepped) entry).event())
                    .forEach(event -> {
                        Long before = ids.put(event.id(), event.decisionId());
                        assertThat(before == null || before == event.decisionId())
                                .isTrue();
                        events.put(event.decisionId(), event);
                    });
        }
        return events;
    }

    /** Kills it so many milliseconds after its so-manieth request. */
    private static void runAndKill(Path folder, long seed, int requests, int millis)
            throws IOException, InterruptedException {
        Path errors = folder.resolve("errors");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xshare:auto",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Gateway.class.getName(),
                        folder.toString(),
                        Long.toString(seed))
                .redirectError(errors.toFile())
                .start();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            String said = out.readLine();
            if (said == null) {
                process.waitFor();
                throw new AssertionError("the gateway did not start: " + Files.readString(errors));
            }
            for (int i = 0; i < requests && out.readLine() != null; i++) {
                // On to the next.
            }
            process.waitFor(millis, TimeUnit.MILLISECONDS);
        } finally {
            // Not asked to end: killed.
            process.destroyForcibly().waitFor();
        }
        Files.move(errors, folder.resolve("errors-before"), StandardCopyOption.REPLACE_EXISTING);
    }
}
