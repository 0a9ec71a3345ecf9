/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.ledger.Entry;
import io.tidegate.ledger.FileLedger;
import io.tidegate.ledger.LedgerQuery;
import io.tidegate.ledger.LedgerReader;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Decisions are made again from the bytes of a ledger, in a process that knows nothing else. */
class ReplayFromBytesTest {

    private static final int SEEDS = 2;
    private static final int MINUTES = 8;

    /** {@code Reader FILE}: makes all decisions of a ledger again, and prints how many came out the same. */
    public static final class Reader {

        private Reader() {}

        public static void main(String[] arguments) {
            long same = 0;
            int other = 0;
            long asked = 0;
            Set<String> taken = new HashSet<>();
            try (Stream<Entry.Decided> decisions =
                    LedgerReader.of(Path.of(arguments[0])).decisions(LedgerQuery.all())) {
                for (Entry.Decided each : (Iterable<Entry.Decided>) decisions::iterator) {
                    Replay.Replayed replayed = Replay.of(each);
                    if (replayed.same()) {
                        same++;
                    } else {
                        other++;
                        System.out.println(each.decision().id() + ": " + replayed.differences());
                    }
                    taken.addAll(replayed.taken());
                    asked += each.inputs().composition().policies().size()
                            - replayed.taken().stream()
                                    .filter(who -> who.startsWith("policy"))
                                    .count();
                }
            }
            System.out.println("taken from the record: " + taken);
            System.out.println("same=" + same + " other=" + other + " asked=" + (asked > same));
        }
    }

    @Test
    void replay_fromBytesInAnotherProcessAfterTheSettingsChanged_isTheSame(@TempDir Path folder) throws Exception {
        for (int seed = 0; seed < SEEDS; seed++) {
            Path file = folder.resolve("ledger-" + seed + ".jsonl");
            try (FileLedger ledger = FileLedger.builder(file)
                    .executor(Runnable::run)
                    .sync(FileLedger.Sync.NONE)
                    .time(new ManualTime())
                    .open()) {
                // Settings change about every other minute, and what holds at the end is not what most decisions were
                // made by.
                ReplaySimulationTest.Run run = new ReplaySimulationTest.Run(seed, ledger);
                run.go(MINUTES);
                // All rounds, not only those that an engine keeps.
                run.rounds.forEach(each -> ledger.append(each).join());
            }
            long written = count(file);
            assertThat(written).isGreaterThan(500);

            String said = read(folder, file);
            assertThat(said.lines().reduce((one, next) -> next)).contains("same=" + written + " other=0 asked=true");
        }
    }

    private static long count(Path file) {
        try (Stream<Entry.Decided> all = LedgerReader.of(file).decisions(LedgerQuery.all())) {
            return all.count();
        }
    }

    private static String read(Path folder, Path file) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Reader.class.getName(),
                        file.toString()))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        int status = process.waitFor();
        String said = Files.readString(output, StandardCharsets.UTF_8);
        assertThat(status).as(said).isZero();
        return said;
    }
}
