/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.dcgm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tidegate.pool.Signal;
import io.tidegate.signals.LocalServer;
import io.tidegate.time.ManualTime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import mockwebserver3.MockResponse;
import org.junit.jupiter.api.Test;

/** Pages of real exporters, where the machine that runs the tests has them. */
class DcgmRecordedPagesTest {

    private static Map<String, Signal> read(String name) throws Exception {
        String folder = System.getenv("TIDEGATE_DATA");
        assumeTrue(folder != null, "TIDEGATE_DATA is not set: it names the folder that holds samples/" + name);
        String page = Files.readString(Path.of(folder, "samples", name));
        try (LocalServer server = new LocalServer(request -> new MockResponse.Builder()
                        .setHeader("Content-Type", "text/plain; charset=utf-8")
                        .body(page)
                        .build());
                DcgmMetricsSource source = DcgmMetricsSource.builder(new ManualTime(), () -> List.of(server.url()))
                        .build()) {
            return source.read();
        }
    }

    private static double value(Signal signal) {
        assertThat(signal).isInstanceOf(Signal.Known.class);
        return ((Signal.Known) signal).value();
    }

    @Test
    void read_pageWithEachSeriesTwice_givesTheFiguresOnIt() throws Exception {
        Map<String, Signal> signals = read("dcgm_metrics_kops.prom.txt");

        assertThat(value(signals.get(DcgmMetricsSource.UTILIZATION))).isZero();
        assertThat(value(signals.get(DcgmMetricsSource.MEMORY_USAGE))).isZero();
        assertThat(value(signals.get(DcgmMetricsSource.POWER))).isEqualTo(16.365);
        assertThat(value(signals.get(DcgmMetricsSource.TEMPERATURE_MAX))).isEqualTo(31);
    }

    @Test
    void read_pageOfAVirtualGpu_givesTheFiguresOnItAndNoOthers() throws Exception {
        Map<String, Signal> signals = read("dcgm_metrics_vks_h100_vgpu.prom.txt");

        assertThat(value(signals.get(DcgmMetricsSource.UTILIZATION))).isCloseTo(0, within(0.0));
        assertThat(signals).as("no device has it").doesNotContainKey(DcgmMetricsSource.POWER);
    }
}
