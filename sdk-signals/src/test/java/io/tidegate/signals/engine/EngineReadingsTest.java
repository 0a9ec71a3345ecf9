/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import static io.tidegate.signals.engine.EngineServer.ok;
import static io.tidegate.signals.engine.EngineServer.page;
import static io.tidegate.signals.engine.EngineServer.status;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.limit.EngineReading;
import io.tidegate.limit.LimitController;
import io.tidegate.limit.LimitMode;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EngineReadingsTest {

    private static final String SIZE =
            "vllm:cache_config_info{block_size=\"16\",engine=\"0\",num_gpu_blocks=\"27000\"} 1.0";

    private final ManualTime time = new ManualTime();
    private final List<EngineReading> heard = new ArrayList<>();

    private EngineMetricsSource source(EngineServer server, Consumer<? super Collection<EngineReading>> next) {
        return EngineMetricsSource.builder(time, () -> List.of(server.url()))
                .onRead(EngineReadings.to(next))
                .build();
    }

    private EngineReading read(String page) throws Exception {
        try (EngineServer server = new EngineServer(page);
                EngineMetricsSource source = source(server, heard::addAll)) {
            source.read();
            return heard.get(0);
        }
    }

    private static double value(Signal signal) {
        assertThat(signal).isInstanceOf(Signal.Known.class);
        return ((Signal.Known) signal).value();
    }

    @Test
    void read_server_isHandedOnUnderItsAddress() throws Exception {
        try (EngineServer server = new EngineServer(page(3, 5, 0.25));
                EngineMetricsSource source = source(server, heard::addAll)) {
            source.read();

            assertThat(heard).hasSize(1);
            EngineReading reading = heard.get(0);
            assertThat(reading.replica()).isEqualTo(server.url().toString());
            assertThat(value(reading.running())).isEqualTo(3);
            assertThat(value(reading.waiting())).isEqualTo(5);
            assertThat(value(reading.kvCacheFraction())).isEqualTo(0.25);
            assertThat(value(reading.preemptions())).isEqualTo(4);
            assertThat(value(reading.kvCacheTokens())).isEqualTo(432_000);
            assertThat(reading.timeToFirstToken()).isInstanceOf(Signal.Missing.class);
        }
    }

    @Test
    void read_twice_timeToFirstTokenIsOfWhatCameBetween() throws Exception {
        String before = page(3, 5, 0.25);
        String after = before.replace(
                        "_count{engine=\"0\",model_name=\"m\"} 8.0", "_count{engine=\"0\",model_name=\"m\"} 10.0")
                .replace("_sum{engine=\"0\",model_name=\"m\"} 2.0", "_sum{engine=\"0\",model_name=\"m\"} 3.0");
        try (EngineServer server = new EngineServer(before);
                EngineMetricsSource source = source(server, heard::addAll)) {
            source.read();
            server.answer(request -> ok(after));
            source.read();
            source.read();
            server.answer(request -> ok(before));
            source.read();
        }

        assertThat(value(heard.get(1).timeToFirstToken())).isEqualTo(0.5);
        assertThat(heard.get(2).timeToFirstToken()).as("nothing came").isInstanceOf(Signal.Missing.class);
        assertThat(heard.get(3).timeToFirstToken()).as("counts began anew").isInstanceOf(Signal.Missing.class);
    }

    @Test
    void read_serverThatIsWarming_isNotHandedOn() throws Exception {
        try (EngineServer server = new EngineServer(page(3, 5, 0.25));
                EngineMetricsSource source = EngineMetricsSource.builderOfTargets(
                                time, () -> List.of(EngineTarget.warming(server.url())))
                        .onRead(EngineReadings.to(heard::addAll))
                        .build()) {
            source.read();

            assertThat(source.replicas()).hasSize(1);
        }
        assertThat(heard).isEmpty();
    }

    @Test
    void read_serverThatFails_isHandedOnWithoutFigures() throws Exception {
        try (EngineServer server = new EngineServer(request -> status(500));
                EngineMetricsSource source = source(server, heard::addAll)) {
            source.read();
        }

        assertThat(heard).hasSize(1);
        assertThat(heard.get(0).waiting()).isInstanceOf(Signal.Missing.class);
        assertThat(heard.get(0).kvCacheTokens()).isInstanceOf(Signal.Missing.class);
    }

    @Test
    void read_severalEngines_cachesAreAddedUp() throws Exception {
        EngineReading reading = read(page(3, 5, 0.25)
                + "vllm:cache_config_info{block_size=\"32\",engine=\"1\",num_gpu_blocks=\"1000\"} 1.0\n");

        assertThat(value(reading.kvCacheTokens())).isEqualTo(432_000 + 32_000);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "num_gpu_blocks=\"27000\" | num_gpu_blocks=\"None\"    | Missing",
                "num_gpu_blocks=\"27000\" | num_cpu_blocks=\"27000\"   | Missing",
                "block_size=\"16\"        | block_size=\"\"            | Missing",
                "num_gpu_blocks=\"27000\" | num_gpu_blocks=\"-1\"      | Invalid",
                "num_gpu_blocks=\"27000\" | num_gpu_blocks=\"0\"       | Invalid",
                "num_gpu_blocks=\"27000\" | num_gpu_blocks=\"many\"    | Invalid",
                "block_size=\"16\"        | block_size=\"1.6e1\"       | Invalid",
                "block_size=\"16\"        | block_size=\"9999999999999999999999\" | Invalid",
            })
    void read_cacheThatDoesNotSayItsSize_isNoNumber(String label, String instead, String state) throws Exception {
        String page = page(3, 5, 0.25);
        assertThat(page).contains(label);

        EngineReading reading = read(page.replace(label, instead));

        assertThat(reading.kvCacheTokens().getClass().getSimpleName()).isEqualTo(state);
        assertThat(value(reading.waiting())).as("the rest is as good as ever").isEqualTo(5);
    }

    @Test
    void read_cacheThatComesTwice_isInvalid() throws Exception {
        EngineReading reading = read(page(3, 5, 0.25) + SIZE + "\n");

        assertThat(reading.kvCacheTokens()).isInstanceOf(Signal.Invalid.class);
    }

    @Test
    void read_pageWithoutCache_sizeIsMissing() throws Exception {
        Function<String, String> without = page -> page.replace(SIZE, "");

        EngineReading reading = read(without.apply(page(3, 5, 0.25)));

        assertThat(reading.kvCacheTokens()).isInstanceOf(Signal.Missing.class);
    }

    @Test
    void read_listenerThatThrows_isCountedAndTheReadGoesOn() throws Exception {
        try (EngineServer server = new EngineServer(page(3, 5, 0.25));
                EngineMetricsSource source = source(server, readings -> {
                    throw new IllegalStateException("on purpose");
                })) {
            assertThat(source.read()).hasSize(9);
            source.read();

            assertThat(source.listenerFailures()).isEqualTo(2);
            assertThat(source.replicas()).hasSize(1);
        }
    }

    @Test
    void read_intoLimitByTokens_limitIsShareOfTheCache() throws Exception {
        LimitController limit = LimitController.builder(time, supply -> {}, () -> Work.NONE)
                .mode(LimitMode.TOKENS)
                .build();
        limit.accept(Supply.fixed(2, new Work(256, 100_000)));
        try (EngineServer server = new EngineServer(page(3, 5, 0.25));
                EngineMetricsSource source = source(server, limit::readings)) {
            source.read();
        }

        assertThat(limit.limit()).isEqualTo(new Work(512, 2 * 388_800));
    }
}
