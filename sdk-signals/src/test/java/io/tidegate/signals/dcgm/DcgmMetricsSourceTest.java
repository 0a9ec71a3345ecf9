/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.dcgm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.pool.Signal;
import io.tidegate.signals.Corrupted;
import io.tidegate.signals.LocalServer;
import io.tidegate.time.ManualTime;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import mockwebserver3.MockResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DcgmMetricsSourceTest {

    private final ManualTime time = new ManualTime();
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    private static MockResponse page(String text) {
        return new MockResponse.Builder()
                .setHeader("Content-Type", "text/plain; charset=utf-8")
                .body(text)
                .build();
    }

    private URI exporter(String text) {
        LocalServer server = new LocalServer(request -> page(text));
        opened.add(server);
        return server.url();
    }

    private URI broken() {
        LocalServer server =
                new LocalServer(request -> new MockResponse.Builder().code(503).build());
        opened.add(server);
        return server.url();
    }

    private DcgmMetricsSource source(UnaryOperator<DcgmMetricsSource.Builder> settings, URI... exporters) {
        DcgmMetricsSource source = settings.apply(DcgmMetricsSource.builder(time, () -> List.of(exporters))
                        .timeout(Duration.ofSeconds(30)))
                .build();
        opened.add(0, source);
        return source;
    }

    private Map<String, Signal> read(URI... exporters) throws Exception {
        return source(builder -> builder, exporters).read();
    }

    private Map<String, Signal> read(List<GpuPod> pods, URI... exporters) throws Exception {
        return source(builder -> builder.pods(() -> pods), exporters).read();
    }

    /** A whole GPU of a pod. */
    private static String gpu(int number, String pod, double active, int watts) {
        String labels = ("{gpu=\"%d\",UUID=\"GPU-%d\",device=\"nvidia%d\",modelName=\"NVIDIA H100 80GB HBM3\","
                        + "Hostname=\"node-7\",container=\"vllm\",namespace=\"llm\",pod=\"%s\"}")
                .formatted(number, number, number, pod);
        return """
                DCGM_FI_DEV_SM_CLOCK%1$s 1410
                DCGM_FI_DEV_GPU_TEMP%1$s 5%4$d
                DCGM_FI_DEV_POWER_USAGE%1$s %3$d.5
                DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION%1$s 4742776
                DCGM_FI_DEV_XID_ERRORS%1$s 0
                DCGM_FI_DEV_GPU_UTIL%1$s 100
                DCGM_FI_DEV_FB_FREE%1$s 1000
                DCGM_FI_DEV_FB_USED%1$s 3000
                DCGM_FI_DEV_FB_RESERVED%1$s 470
                DCGM_FI_PROF_GR_ENGINE_ACTIVE%1$s %2$s
                DCGM_FI_PROF_PIPE_TENSOR_ACTIVE%1$s 0.25
                DCGM_FI_PROF_DRAM_ACTIVE%1$s 0.125
                """.formatted(labels, active, watts, number);
    }

    /** A slice of GPU 0, whose power, as exporters have it, is that of the whole. */
    private static String slice(int instance, String pod, double active) {
        String labels =
                ("{gpu=\"0\",UUID=\"GPU-0\",device=\"nvidia0\",modelName=\"NVIDIA A100\",GPU_I_PROFILE=\"1g.10gb\","
                                + "GPU_I_ID=\"%d\",Hostname=\"node-7\",container=\"vllm\",namespace=\"llm\",pod=\"%s\"}")
                        .formatted(instance, pod);
        return """
                DCGM_FI_DEV_POWER_USAGE%1$s 300
                DCGM_FI_DEV_FB_FREE%1$s 5000
                DCGM_FI_DEV_FB_USED%1$s 5000
                DCGM_FI_PROF_GR_ENGINE_ACTIVE%1$s %2$s
                """.formatted(labels, active);
    }

    private static GpuPod pod(String name) {
        return new GpuPod("llm", name);
    }

    private static Signal.Known known(Signal signal) {
        assertThat(signal).isInstanceOf(Signal.Known.class);
        return (Signal.Known) signal;
    }

    private static double value(Signal signal) {
        return known(signal).value();
    }

    private static void assertMissing(Signal signal, String... words) {
        assertThat(signal)
                .isInstanceOfSatisfying(
                        Signal.Missing.class,
                        missing -> assertThat(missing.reason()).contains(words));
    }

    @Test
    void read_twoGpus_givesFiguresInBaseUnits() throws Exception {
        Map<String, Signal> signals = read(exporter(gpu(0, "vllm-0", 0.5, 300) + gpu(1, "vllm-1", 1.0, 400)));

        assertThat(value(signals.get("gpu.utilization"))).isEqualTo(0.75);
        assertThat(value(signals.get("gpu.utilization.max"))).isEqualTo(1);
        assertThat(value(signals.get("gpu.tensor.active"))).isEqualTo(0.25);
        assertThat(value(signals.get("gpu.dram.active"))).isEqualTo(0.125);
        assertThat(value(signals.get("gpu.memory.usage"))).isEqualTo(0.75);
        assertThat(value(signals.get("gpu.memory.usage.max"))).isEqualTo(0.75);
        assertThat(value(signals.get("gpu.memory.used"))).isEqualTo(6000.0 * (1 << 20));
        assertThat(value(signals.get("gpu.power"))).isEqualTo(701);
        assertThat(value(signals.get("gpu.temperature.max"))).isEqualTo(51);
        assertThat(value(signals.get("gpu.xid.errors"))).isZero();
        assertThat(known(signals.get("gpu.power")).unit()).isEqualTo("watts");
        assertThat(known(signals.get("gpu.power")).coverage()).isEqualTo(1);
        assertThat(known(signals.get("gpu.power")).parts())
                .extracting(Signal.Part::replica)
                .containsExactly("llm/vllm-0", "llm/vllm-1");
    }

    @Test
    void readings_haveEachDevice() throws Exception {
        DcgmMetricsSource source = source(builder -> builder, exporter(gpu(3, "vllm-0", 0.5, 300)));
        assertThat(source.readings()).isEmpty();
        source.read();

        GpuReading reading = source.readings().get(0);

        assertThat(reading.device())
                .isEqualTo(new GpuDevice(
                        "node-7", "3", "GPU-3", "NVIDIA H100 80GB HBM3", "", "", "llm", "vllm-0", "vllm"));
        assertThat(reading.device()).hasToString("node-7/gpu3");
        assertThat(value(reading.energy())).as("4742776 mJ").isCloseTo(4742.776, within(1e-9));
        assertThat(value(reading.smClock())).isEqualTo(1.41e9);
        assertThat(value(reading.memoryReserved())).isEqualTo(470.0 * (1 << 20));
        assertThat(value(reading.memoryFree())).isEqualTo(1000.0 * (1 << 20));
        assertThat(value(reading.xid())).isZero();
    }

    @Test
    void read_withoutProfiling_takesThePercentage() throws Exception {
        String page = gpu(0, "vllm-0", 0.5, 300)
                .replace("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "ELSE")
                .replaceAll("(GPU_UTIL.*) 100", "$1 37");

        Map<String, Signal> signals = read(exporter(page));

        assertThat(value(signals.get("gpu.utilization"))).isCloseTo(0.37, within(1e-12));
    }

    @Test
    void read_profilingBlank_takesThePercentageOfAWholeGpuOnly() throws Exception {
        String page = gpu(1, "vllm-1", 0.5, 300)
                        .replace(" 0.5\n", " 140737488355328\n")
                        .replaceAll("(GPU_UTIL.*) 100", "$1 37")
                + slice(1, "vllm-0", 140737488355330.0)
                + "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-0\",device=\"nvidia0\",modelName=\"NVIDIA A100\","
                + "GPU_I_PROFILE=\"1g.10gb\",GPU_I_ID=\"1\",Hostname=\"node-7\",container=\"vllm\",namespace=\"llm\","
                + "pod=\"vllm-0\"} 99\n";

        Signal.Known utilization = known(read(exporter(page)).get("gpu.utilization"));

        assertThat(utilization.value()).isCloseTo(0.37, within(1e-12));
        assertThat(utilization.coverage()).isEqualTo(0.5);
    }

    @Test
    void read_slices_eachIsADeviceAndPowerOfTheGpuCountsOnce() throws Exception {
        URI exporter = exporter(slice(1, "vllm-0", 0.25) + slice(2, "vllm-1", 0.75) + slice(3, "other", 1));

        Map<String, Signal> signals = read(List.of(pod("vllm-0"), pod("vllm-1")), exporter);

        assertThat(value(signals.get("gpu.utilization"))).isEqualTo(0.5);
        assertThat(value(signals.get("gpu.memory.used"))).isEqualTo(10_000.0 * (1 << 20));
        assertThat(value(signals.get("gpu.power"))).isEqualTo(300);
        assertThat(known(signals.get("gpu.power")).parts()).hasSize(2);
        assertThat(signals).as("what no device says would be missing for ever").doesNotContainKey("gpu.xid.errors");
    }

    @Test
    void read_gpuSharedByPods_countsOnce() throws Exception {
        Map<String, Signal> signals =
                read(List.of(pod("a"), pod("b")), exporter(gpu(0, "a", 0.5, 300) + gpu(0, "b", 0.5, 300)));

        assertThat(value(signals.get("gpu.power"))).isEqualTo(300.5);
        assertThat(value(signals.get("gpu.memory.used"))).isEqualTo(3000.0 * (1 << 20));
        assertThat(known(signals.get("gpu.power")).parts()).hasSize(2);
    }

    @Test
    @DisplayName("E6: devices of pods that are not alive are left out")
    void read_podNotLive_isLeftOut() throws Exception {
        Map<String, Signal> signals =
                read(List.of(pod("vllm-0")), exporter(gpu(0, "vllm-0", 0.5, 300) + gpu(1, "gone", 0.0, 60)));

        Signal.Known utilization = known(signals.get("gpu.utilization"));
        assertThat(utilization.value()).isEqualTo(0.5);
        assertThat(utilization.coverage()).isEqualTo(1);
        assertThat(utilization.parts()).hasSize(1);
    }

    @Test
    @DisplayName("E6: a pod listed twice, and an exporter listed twice, count once")
    void read_listedTwice_countsOnce() throws Exception {
        URI first = exporter(gpu(0, "vllm-0", 0.5, 300));
        URI same = exporter(gpu(0, "vllm-0", 0.5, 300));

        Signal.Known power = known(
                read(List.of(pod("vllm-0"), pod("vllm-0")), first, same, first).get("gpu.power"));

        assertThat(power.value()).isEqualTo(300.5);
        assertThat(power.parts()).hasSize(1);
    }

    @Test
    @DisplayName("E7: one of N pods is heard of")
    void read_oneOfFourPodsHeard_isQuarterCovered() throws Exception {
        Signal.Known power = known(read(
                        List.of(pod("vllm-0"), pod("vllm-1"), pod("vllm-2"), pod("vllm-3")),
                        exporter(gpu(0, "vllm-0", 0.5, 300)),
                        broken())
                .get("gpu.power"));

        assertThat(power.value()).isEqualTo(300.5);
        assertThat(power.coverage()).isEqualTo(0.25);
        assertMissing(power.parts().get(3).signal(), "no page says that it uses a device", "1 of 2 could not be read");
    }

    @Test
    @DisplayName("E7: one of N exporters answers, and no pods are given")
    void read_oneOfTwoExportersAnswers_isHalfCovered() throws Exception {
        Signal.Known power =
                known(read(exporter(gpu(0, "vllm-0", 0.5, 300)), broken()).get("gpu.power"));

        assertThat(power.value()).isEqualTo(300.5);
        assertThat(power.coverage()).isEqualTo(0.5);
    }

    @Test
    void read_podOfTwoGpusOneOfWhichIsBlank_hasNoFigure() throws Exception {
        String page = gpu(0, "vllm-0", 0.5, 300) + gpu(1, "vllm-0", 0.5, 300).replace(" 300.5", " 2147483632");

        Map<String, Signal> signals = read(List.of(pod("vllm-0")), exporter(page));

        assertThat(signals.get("gpu.power")).isInstanceOf(Signal.Invalid.class);
        assertThat(value(signals.get("gpu.utilization"))).isEqualTo(0.5);
    }

    @ParameterizedTest
    @CsvSource({
        "2147483632, true",
        "2147483633, true",
        "2147483634, true",
        "2147483635, true",
        "140737488355328, true",
        "140737488355331, true",
        "1.40737488355328e+14, true",
        "9223372036854775792, true",
        "9.223372036854776E18, true",
        "NaN, false",
        "+Inf, false",
        "-1, false",
        "1e308, false",
    })
    void read_blankOrImpossible_isInvalid(String written, boolean blank) throws Exception {
        String page = gpu(0, "vllm-0", 0.5, 300).replace(" 300.5", " " + written);

        Signal power = read(exporter(page)).get("gpu.power");

        assertThat(power)
                .isInstanceOfSatisfying(
                        Signal.Invalid.class,
                        invalid -> assertThat(invalid.reason())
                                .contains("DCGM_FI_DEV_POWER_USAGE is")
                                .matches(reason -> reason.contains("blank") == blank));
    }

    @ParameterizedTest
    @CsvSource({"1.02, 1", "1.0000001, 1", "1.2, -1", "37, -1"})
    void read_shareAboveOne_isOneIfItIsRounding(String written, double expected) throws Exception {
        Signal utilization = read(exporter(gpu(0, "vllm-0", 0.5, 300)
                        .replace(" 0.5\n", " " + written + "\n")
                        .replaceAll("DCGM_FI_DEV_GPU_UTIL.*\n", "")))
                .get("gpu.utilization");

        if (expected < 0) {
            assertThat(utilization).isInstanceOf(Signal.Invalid.class);
        } else {
            assertThat(value(utilization)).isEqualTo(expected);
        }
    }

    @Test
    void read_energyAsLargeAsABlankOf32Bits_isAValue() throws Exception {
        DcgmMetricsSource source =
                source(builder -> builder, exporter(gpu(0, "p", 0.5, 300).replace(" 4742776", " 2147483632")));
        source.read();

        assertThat(value(source.readings().get(0).energy())).isCloseTo(2_147_483.632, within(1e-6));
    }

    @Test
    void read_seriesTwice_isTakenIfBothSayTheSame() throws Exception {
        String page = gpu(0, "vllm-0", 0.5, 300);

        assertThat(value(read(exporter(page + page)).get("gpu.power"))).isEqualTo(300.5);
        assertThat(read(exporter(page + gpu(0, "vllm-0", 0.5, 301))).get("gpu.power"))
                .isInstanceOf(Signal.Invalid.class);
    }

    @Test
    void read_noPodOnThePages_saysWhatToSet() throws Exception {
        String page = gpu(0, "x", 0.5, 300).replace(",pod=\"x\"", "");

        assertMissing(
                read(List.of(pod("vllm-0")), exporter(page)).get("gpu.utilization"), "DCGM_EXPORTER_KUBERNETES=true");
        assertThat(known(read(exporter(page)).get("gpu.utilization")).parts())
                .extracting(Signal.Part::replica)
                .containsExactly("node-7/gpu0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"exported_pod", "pod_name"})
    void read_otherNamesOfThePod_areUnderstood(String label) throws Exception {
        String page = gpu(0, "vllm-0", 0.5, 300)
                .replace("pod=\"vllm-0\"", label + "=\"vllm-0\"" + (label.startsWith("e") ? ",pod=\"dcgm-x\"" : ""));

        assertThat(value(read(List.of(new GpuPod("", "vllm-0")), exporter(page)).get("gpu.utilization")))
                .isEqualTo(0.5);
    }

    @Test
    void read_filter_keepsToItsDevices() throws Exception {
        URI exporter = exporter(gpu(0, "vllm-0", 0.5, 300) + gpu(1, "other", 1, 400));
        DcgmMetricsSource source =
                source(builder -> builder.devices(device -> device.pod().startsWith("vllm-")), exporter);

        assertThat(value(source.read().get("gpu.power"))).isEqualTo(300.5);
        assertThat(source.readings()).as("all, whoever uses them").hasSize(2);
    }

    @Test
    void read_xidError_isCounted() throws Exception {
        String page = gpu(0, "a", 0.5, 300)
                + gpu(1, "b", 0.5, 300).replaceAll("(XID_ERRORS\\{.*)\\} 0", "$1,err_code=\"79\"} 79");

        assertThat(value(read(exporter(page)).get("gpu.xid.errors"))).isEqualTo(1);
    }

    @Test
    void read_nothingListed_isMissing() throws Exception {
        assertMissing(read().get("gpu.power"), "no exporters");
        assertMissing(read(List.of(), exporter(gpu(0, "a", 0.5, 300))).get("gpu.power"), "no replicas");
        assertMissing(read(broken()).get("gpu.power"), "HTTP 503");
    }

    @Test
    void alwaysMoves_noPowerOnThePages_isFalse() throws Exception {
        DcgmMetricsSource with = source(builder -> builder, exporter(gpu(0, "a", 0.5, 300)));
        DcgmMetricsSource without =
                source(builder -> builder, exporter(gpu(0, "a", 0.5, 300).replace("POWER", "ELSE")));
        assertThat(without.alwaysMoves()).isTrue();

        with.read();
        without.read();

        assertThat(with.alwaysMoves()).isTrue();
        assertThat(without.alwaysMoves()).isFalse();
    }

    @Test
    void settingOutOfRange_isRefused() {
        DcgmMetricsSource.Builder builder = DcgmMetricsSource.builder(time, List::of);
        assertThatThrownBy(() -> builder.timeout(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.parallelReads(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new GpuPod("a", "")).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("E5: damaged pages never throw, and never read as negative or as no number")
    void read_damagedPages_giveValuesThatCanBeOrNone(long seed) throws Exception {
        String page = gpu(0, "vllm-0", 0.5, 300) + slice(1, "vllm-1", 0.25);
        Corrupted pages = new Corrupted(seed, "text/plain", page.getBytes(StandardCharsets.UTF_8));
        DcgmMetricsSource source = source(
                builder -> builder.client(pages.client()).parallelReads(1),
                URI.create("http://a:1"),
                URI.create("http://b:1"));

        for (int i = 0; i < 1000; i++) {
            Corrupted.assertPossible(source.read());
        }

        assertThat(pages.answered()).isEqualTo(2000);
    }
}
