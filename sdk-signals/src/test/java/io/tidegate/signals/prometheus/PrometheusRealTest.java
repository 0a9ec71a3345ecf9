/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.prometheus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.tidegate.pool.Signal;
import io.tidegate.signals.LocalServer;
import io.tidegate.signals.prometheus.PrometheusQuery.Series;
import io.tidegate.time.ManualTime;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import mockwebserver3.MockResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real Prometheus that scrapes a page here: where it is not installed the test is skipped, and in CI it fails. */
class PrometheusRealTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private static Path prometheus() {
        return Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                .splitAsStream(System.getenv("PATH"))
                .map(each -> Path.of(each, "prometheus"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseGet(() -> {
                    String reason = "prometheus is not installed, which the source is tried on";
                    return "true".equals(System.getenv("TIDEGATE_CI"))
                            ? fail(reason + "; CI must not skip this")
                            : abort(reason);
                });
    }

    private Process start(Path program, int port, URI target) throws IOException {
        Path config =
                Files.writeString(folder.resolve("prometheus.yml"), """
                global:
                  scrape_interval: 1s
                  scrape_timeout: 1s
                scrape_configs:
                  - job_name: engines
                    static_configs:
                      - targets: ['%s:%d']
                """.formatted(target.getHost(), target.getPort()));
        return new ProcessBuilder(
                        program.toString(),
                        "--config.file=" + config,
                        "--storage.tsdb.path=" + folder.resolve("data"),
                        "--web.listen-address=127.0.0.1:" + port)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static PrometheusQuery query(String name, String promql) {
        return PrometheusQuery.of(name, promql, "requests");
    }

    @Test
    void read_realServer_givesWhatItScraped() throws Exception {
        Path program = prometheus();
        int port = freePort();
        try (LocalServer page = new LocalServer(request -> new MockResponse.Builder()
                .setHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                .body("""
                        # TYPE waiting gauge
                        waiting{pod="a"} 3
                        waiting{pod="b"} 4
                        waiting{pod="gone"} 90
                        # TYPE bad gauge
                        bad NaN
                        """)
                .build())) {
            Process process = start(program, port, page.url());
            try (PrometheusSource source = PrometheusSource.builder(
                            new ManualTime(), URI.create("http://127.0.0.1:" + port))
                    .replicas(() -> List.of("a", "b", "new"))
                    .query(query("sum", "sum(waiting)").age("time() - min(timestamp(waiting))"))
                    .query(query("parts", "waiting").series(Series.SUM).partsBy("pod"))
                    .query(query("several", "waiting"))
                    .query(query("scalar", "scalar(sum(waiting))"))
                    .query(query("none", "absent_metric"))
                    .query(query("nan", "bad"))
                    .query(query("matrix", "waiting[1m]"))
                    .query(query("wrong", "sum(waiting"))
                    .build()) {
                await().atMost(PATIENCE)
                        .pollInterval(Duration.ofMillis(200))
                        .until(() -> !process.isAlive() || source.read().get("sum") instanceof Signal.Known);
                assertThat(process.isAlive())
                        .as(() -> read(folder.resolve("log")))
                        .isTrue();

                Map<String, Signal> signals = source.read();

                assertThat(value(signals, "sum")).isEqualTo(97);
                assertThat(value(signals, "scalar")).isEqualTo(97);
                assertThat(value(signals, "parts")).isEqualTo(7);
                assertThat(((Signal.Known) signals.get("parts")).coverage()).isEqualTo(2.0 / 3);
                assertThat(signals.get("several").gap()).isEqualTo("3 series where one is expected");
                assertThat(signals.get("none")).isInstanceOf(Signal.Missing.class);
                assertThat(signals.get("nan")).isInstanceOf(Signal.Invalid.class);
                assertThat(signals.get("matrix").gap()).contains("its result type is matrix");
                assertThat(signals.get("wrong"))
                        .isInstanceOfSatisfying(
                                Signal.Missing.class,
                                missing ->
                                        assertThat(missing.reason()).contains("HTTP 400, bad_data: ", "parse error"));
            } finally {
                process.destroy();
                if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            }
        }
    }

    private static double value(Map<String, Signal> signals, String name) {
        assertThat(signals.get(name)).isInstanceOf(Signal.Known.class);
        return ((Signal.Known) signals.get(name)).value();
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return "no log: " + e;
        }
    }
}
