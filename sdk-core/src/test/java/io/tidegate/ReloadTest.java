/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tidegate.TestBackendFactory.Backend;
import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.config.ConfigException;
import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import io.tidegate.limit.LimitMode;
import io.tidegate.pool.PoolLoad.TierLoad;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Other settings while requests pass. */
class ReloadTest {

    private static final String BASE = """
            pools:
              chat:
                tiers: {premium: {}, standard: {}}
                replica: {slots: 8, timeToReady: 30s}
                scaling: {min: 1, max: 4, backend: {type: test, settings: {replicas: '1'}}}
              fixed:
                tiers: {standard: {}}
                replica: {slots: 2, count: 1}
            """;

    @TempDir
    Path folder;

    private final ManualTime time = new ManualTime();

    private static TidegateConfig config(String yaml) {
        return ConfigReader.parse("test", yaml);
    }

    private Tidegate start(String yaml) {
        return Tidegate.builder(config(yaml))
                .time(time)
                .executor(Runnable::run)
                .callbackExecutor(Runnable::run)
                .start();
    }

    private static Backend backend() {
        return TestBackendFactory.MADE.get(TestBackendFactory.MADE.size() - 1);
    }

    private static void giveBack(Admission answer) {
        if (answer instanceof Permit permit) {
            permit.close();
        }
    }

    @Test
    void reload_bounds_actAtTheNextRound() {
        try (Tidegate tidegate = start(BASE)) {
            time.advance(Duration.ofSeconds(2));
            assertThat(backend().replicas).isEqualTo(1);
            assertThat(tidegate.reload(config(BASE.replace("min: 1", "min: 3"))))
                    .containsExactly("pools.chat.scaling.min");
            time.advance(Duration.ofSeconds(1));
            assertThat(backend().replicas).isEqualTo(3);
            assertThat(tidegate.config().pools().get("chat").scaling().min()).isEqualTo(3);
        }
    }

    @Test
    void reload_sameSettings_changesNothingAndKeepsTheBackend() {
        try (Tidegate tidegate = start(BASE)) {
            Backend before = backend();
            assertThat(tidegate.reload(config(BASE))).isEmpty();
            assertThat(tidegate.reload(config(BASE.replace("max: 4", "max: 5"))))
                    .hasSize(1);
            assertThat(backend()).isSameAs(before);
        }
    }

    @Test
    void reload_otherBackend_isMadeOnceAndTheOneBeforeIsClosedAtTheEnd() {
        Backend before;
        Backend after;
        try (Tidegate tidegate = start(BASE)) {
            before = backend();
            tidegate.reload(config(BASE.replace("replicas: '1'", "replicas: '2'")));
            after = backend();
            assertThat(after).isNotSameAs(before);
            time.advance(Duration.ofSeconds(2));
            assertThat(tidegate.engine()
                            .state("chat")
                            .view()
                            .orElseThrow()
                            .replicas()
                            .desired())
                    .isEqualTo(2);
            assertThat(before.closes).isZero();
        }
        assertThat(before.closes).isEqualTo(1);
        assertThat(after.closes).isEqualTo(1);
    }

    @Test
    void reload_otherBackend_theOneBeforeIsClosedOnceWhenCallsToItAreOver() {
        Backend before;
        try (Tidegate tidegate = start(BASE)) {
            before = backend();
            tidegate.reload(config(BASE.replace("replicas: '1'", "replicas: '2'")));
            time.advance(Duration.ofSeconds(31));
            assertThat(before.closes).isEqualTo(1);
            assertThat(backend().closes).isZero();
        }
        assertThat(before.closes).isEqualTo(1);
        assertThat(backend().closes).isEqualTo(1);
    }

    @Test
    void reload_afterTheEnd_makesNothing() {
        Tidegate tidegate = start(BASE);
        tidegate.close();
        int made = TestBackendFactory.MADE.size();
        TidegateConfig other = config(BASE.replace("replicas: '1'", "replicas: '2'"));
        assertThatIllegalStateException().isThrownBy(() -> tidegate.reload(other));
        assertThat(TestBackendFactory.MADE).hasSize(made);
    }

    @Test
    void reload_oneBackendOfTwoFails_theOtherIsClosedAndWhatRanGoesOn() {
        String two = BASE + """
                  other:
                    tiers: {standard: {}}
                    replica: {slots: 8}
                    scaling: {min: 1, max: 4, backend: {type: test, settings: {replicas: '3'}}}
                """;
        try (Tidegate tidegate = start(two)) {
            int made = TestBackendFactory.MADE.size();
            TidegateConfig broken = config(two.replace("replicas: '1'", "replicas: '2'")
                    .replace("replicas: '3'", "replicas: '3', fail: 'no'"));
            assertThatIllegalArgumentException().isThrownBy(() -> tidegate.reload(broken));
            assertThat(TestBackendFactory.MADE).hasSize(made + 1);
            assertThat(backend().closes).isEqualTo(1);
            tidegate.reload(config(two.replaceFirst("max: 4", "max: 5")));
            assertThat(TestBackendFactory.MADE)
                    .as("that of before is still known")
                    .hasSize(made + 1);
        }
    }

    @Test
    void reload_tenThousandTimes_leavesNothingBehind() {
        String other = BASE.replace("max: 4", "max: 5").replace("replicas: '1'", "replicas: '2'");
        TidegateConfig one = config(BASE);
        TidegateConfig two = config(other);
        int made = TestBackendFactory.MADE.size();
        try (Tidegate tidegate = start(BASE)) {
            time.advance(Duration.ofSeconds(60));
            int scheduled = time.scheduled();
            for (int i = 0; i < 10_000; i++) {
                tidegate.reload(i % 2 == 0 ? two : one);
                if (i % 100 == 0) {
                    time.advance(Duration.ofMillis(100));
                }
            }
            time.advance(Duration.ofSeconds(60));
            assertThat(time.scheduled()).isLessThanOrEqualTo(scheduled + 2);
            assertThat(TestBackendFactory.MADE.subList(made, TestBackendFactory.MADE.size() - 1))
                    .hasSize(10_000)
                    .allMatch(backend -> backend.closes == 1);
            assertThat(backend().closes).isZero();
        }
    }

    @Test
    void reload_limitAndReplica_holdAtOnce() {
        try (Tidegate tidegate = start(BASE)) {
            assertThat(tidegate.gate("fixed").supply().limit().slots()).isEqualTo(2);
            tidegate.reload(config(BASE.replace("slots: 2, count: 1", "slots: 3, count: 2")
                    .replace("fixed:", "fixed:\n    limit: {mode: engine, slowStart: 0s}")));
            assertThat(tidegate.gate("fixed").supply().limit().slots()).isEqualTo(6);
            assertThat(tidegate.limit("fixed").settings().mode()).isEqualTo(LimitMode.ENGINE);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    premium: {}      | premium: {weight: 3}                 | pools.chat.tiers.premium.weight
                    premium: {},     | premium: {}, limit: {},              | pools.chat.tiers.limit
                    fixed:           | other:                               | pools.fixed
                    fixed:           | fixed:                               | pools.fixed2
                    """)
    void reload_whatCannotChange_isNamedAndNothingChanges(String before, String after, String path) {
        try (Tidegate tidegate = start(BASE)) {
            String next = BASE.replace("max: 4", "max: 9").replace(before, after);
            if (path.equals("pools.fixed2")) {
                next = BASE.replace("max: 4", "max: 9") + "  fixed2: {tiers: {standard: {}}}\n";
            }
            TidegateConfig wanted = config(next);
            assertThatExceptionOfType(ConfigException.class)
                    .isThrownBy(() -> tidegate.reload(wanted))
                    .withMessageContaining(path + ": cannot change while running");
            assertThat(tidegate.config()).isEqualTo(config(BASE));
        }
    }

    @Test
    void reload_backendCannotBeMade_changesNothing() {
        try (Tidegate tidegate = start(BASE)) {
            TidegateConfig wanted =
                    config(BASE.replace("replicas: '1'", "fail: 'told to'").replace("count: 1", "count: 7"));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> tidegate.reload(wanted))
                    .withMessageContaining("told to");
            assertThat(tidegate.config()).isEqualTo(config(BASE));
            assertThat(tidegate.gate("fixed").supply().limit().slots()).isEqualTo(2);
        }
    }

    @Test
    void watch_fileChanges_isAppliedAndMetered() throws IOException {
        Path file = Files.writeString(folder.resolve("tidegate.yaml"), BASE);
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        try (Tidegate tidegate = Tidegate.builder(file)
                .time(time)
                .executor(Runnable::run)
                .meters(registry)
                .watch(Duration.ofSeconds(10))
                .start()) {
            Files.writeString(file, BASE.replace("min: 1", "min: 2"));
            time.advance(Duration.ofSeconds(25));
            assertThat(backend().replicas).isEqualTo(2);
            assertThat(registry.get("tidegate.config.stale").gauge().value()).isZero();

            Files.writeString(file, "pools: {}");
            time.advance(Duration.ofSeconds(25));
            assertThat(registry.get("tidegate.config.stale").gauge().value()).isEqualTo(1);
            assertThat(registry.get("tidegate.config.reloads")
                            .tag("outcome", "refused")
                            .functionCounter()
                            .count())
                    .isEqualTo(1);
            assertThat(tidegate.config().pools().get("chat").scaling().min()).isEqualTo(2);

            Files.writeString(file, BASE);
            assertThat(tidegate.reload()).containsExactly("pools.chat.scaling.min");
        }
    }

    @Test
    @DisplayName("L3: reloads under load lose no request, leak no permit and are seen as a whole")
    void reload_underLoad_losesNothing() throws Exception {
        String small = BASE.replace("min: 1, max: 4", "min: 2, max: 2");
        String large = BASE.replace("min: 1, max: 4", "min: 4, max: 4").replace("timeToReady: 30s", "timeToReady: 60s");
        AtomicBoolean stop = new AtomicBoolean();
        AtomicLong answered = new AtomicLong();
        ExecutorService threads = Executors.newFixedThreadPool(3);
        // In real time, as threads race in it; nothing is measured.
        try (Tidegate tidegate = Tidegate.builder(config(small)).start()) {
            Gate gate = tidegate.gate("chat");
            List<Future<Long>> clients = new ArrayList<>();
            for (int client = 0; client < 2; client++) {
                int tier = client;
                clients.add(threads.submit(() -> {
                    long asked = 0;
                    while (!stop.get()) {
                        Request request = Request.of(gate.tiers().get(tier));
                        asked++;
                        if (asked % 8 == 0) {
                            // Waits where there is no room, and gives up at once.
                            gate.acquire(request, ReloadTest::giveBack).cancel();
                        } else {
                            giveBack(gate.tryAcquire(request));
                        }
                        answered.incrementAndGet();
                    }
                    return asked;
                }));
            }
            Future<List<String>> torn = threads.submit(() -> {
                List<String> found = new ArrayList<>();
                while (!stop.get()) {
                    TidegateConfig seen = tidegate.config();
                    boolean whole = seen.equals(config(small)) || seen.equals(config(large));
                    if (!whole) {
                        found.add(seen.toString());
                    }
                }
                return found;
            });
            int reloads = 0;
            while (reloads < 400 || answered.get() < 200_000) {
                tidegate.reload(config(reloads % 2 == 0 ? large : small));
                reloads++;
            }
            stop.set(true);
            long asked = 0;
            for (Future<Long> client : clients) {
                asked += client.get(60, TimeUnit.SECONDS);
            }
            assertThat(torn.get(60, TimeUnit.SECONDS)).isEmpty();
            List<TierLoad> loads = gate.load().tiers();
            assertThat(loads.stream().mapToLong(load -> load.arrivals()).sum()).isEqualTo(asked);
            assertThat(loads.stream()
                            .mapToLong(load -> load.inFlight() + load.queued())
                            .sum())
                    .isZero();
            assertThat(loads.stream()
                            .mapToLong(load -> load.admitted() + load.shed() + load.expired() + load.cancelled())
                            .sum())
                    .isEqualTo(asked);
        } finally {
            stop.set(true);
            threads.shutdownNow();
        }
    }
}
