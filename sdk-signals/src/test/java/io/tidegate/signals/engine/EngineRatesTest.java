/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import static io.tidegate.signals.engine.EngineServer.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.pool.Signal;
import io.tidegate.time.ManualTime;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Rates and means, which need two reads, and what becomes of replicas that come, go, warm up or start anew. */
class EngineRatesTest {

    /** So that the clock wraps between the first two reads. */
    private final ManualTime time = new ManualTime(Long.MAX_VALUE - 5, Instant.EPOCH);

    private final EngineServer one = new EngineServer(page(4, 1000, 500, 10, 2));
    private final EngineServer two = new EngineServer(page(0, 9000, 100, 90, 45));
    private final List<EngineTarget> listed = new ArrayList<>(List.of(EngineTarget.ready(one.url())));
    private final EngineMetricsSource source = EngineMetricsSource.builderOfTargets(time, () -> listed)
            .timeout(Duration.ofSeconds(30))
            .build();

    @AfterEach
    void close() {
        source.close();
        one.close();
        two.close();
    }

    private static String page(int running, double prompt, double output, double firstTokens, double firstSeconds) {
        return """
                vllm:num_requests_running{engine="0"} %d
                vllm:num_requests_waiting{engine="0"} 0
                vllm:kv_cache_usage_perc{engine="0"} 0.5
                vllm:num_preemptions_total{engine="0"} 3
                vllm:prompt_tokens_total{engine="0"} %s
                vllm:generation_tokens_total{engine="0"} %s
                vllm:time_to_first_token_seconds_count{engine="0"} %s
                vllm:time_to_first_token_seconds_sum{engine="0"} %s
                """.formatted(running, prompt, output, firstTokens, firstSeconds);
    }

    private Map<String, Signal> readAfter(int seconds) throws InterruptedException {
        time.advance(Duration.ofSeconds(seconds));
        return source.read();
    }

    private static Signal.Known known(Signal signal) {
        assertThat(signal).isInstanceOf(Signal.Known.class);
        return (Signal.Known) signal;
    }

    private static void assertMissing(Signal signal, String words) {
        assertThat(signal)
                .isInstanceOfSatisfying(
                        Signal.Missing.class,
                        missing -> assertThat(missing.reason()).contains(words));
    }

    @Test
    void read_first_hasNoRates() throws Exception {
        Map<String, Signal> signals = source.read();

        for (String name : List.of(
                EngineMetricsSource.PREEMPTIONS,
                EngineMetricsSource.PROMPT_TOKENS,
                EngineMetricsSource.OUTPUT_TOKENS,
                EngineMetricsSource.TIME_TO_FIRST_TOKEN)) {
            assertMissing(signals.get(name), "needs two reads");
        }
    }

    @Test
    void read_second_ratesAreGrowthBySeconds() throws Exception {
        source.read();
        one.answer(request -> ok(page(4, 1500, 800, 14, 4)));

        Map<String, Signal> signals = readAfter(10);

        assertThat(known(signals.get(EngineMetricsSource.PREEMPTIONS)).value()).isZero();
        assertThat(known(signals.get(EngineMetricsSource.PROMPT_TOKENS)).value())
                .as("500 tokens in 10 s")
                .isEqualTo(50);
        Signal.Known output = known(signals.get(EngineMetricsSource.OUTPUT_TOKENS));
        assertThat(output.value()).as("300 tokens in 10 s").isEqualTo(30);
        assertThat(output.unit()).isEqualTo("tokens/s");
        assertThat(known(signals.get(EngineMetricsSource.TIME_TO_FIRST_TOKEN)).value())
                .as("2 s for 4 requests")
                .isEqualTo(0.5);
    }

    @Test
    void read_atOnceAgain_noTimeHasPassed() throws Exception {
        source.read();

        assertMissing(source.read().get(EngineMetricsSource.OUTPUT_TOKENS), "no time has passed");
    }

    @Test
    @DisplayName("E6: a counter that began anew gives no rate for that interval, and never a negative one")
    void read_counterBeganAnew_isMissingOnce() throws Exception {
        source.read();
        one.answer(request -> ok(page(4, 20, 10, 1, 0.5)));
        assertMissing(readAfter(10).get(EngineMetricsSource.OUTPUT_TOKENS), "began anew");

        one.answer(request -> ok(page(4, 20, 60, 1, 0.5)));
        assertThat(known(readAfter(10).get(EngineMetricsSource.OUTPUT_TOKENS)).value())
                .isEqualTo(5);
    }

    @Test
    @DisplayName("E6: a replica that is new adds nothing to a rate until it was read twice")
    void read_newReplica_lowersCoverageOnce() throws Exception {
        source.read();
        listed.add(EngineTarget.ready(two.url()));
        one.answer(request -> ok(page(4, 1500, 800, 14, 4)));

        Signal.Known partly = known(readAfter(10).get(EngineMetricsSource.OUTPUT_TOKENS));
        assertThat(partly.value()).isEqualTo(30);
        assertThat(partly.coverage()).isEqualTo(0.5);

        two.answer(request -> ok(page(0, 9000, 300, 90, 45)));
        Signal.Known whole = known(readAfter(10).get(EngineMetricsSource.OUTPUT_TOKENS));
        assertThat(whole.value()).as("0 + 200 tokens in 10 s").isEqualTo(20);
        assertThat(whole.coverage()).isEqualTo(1);
    }

    @Test
    @DisplayName("E6: nothing is kept of a replica that is listed no longer")
    void read_replicaGone_nothingIsKept() throws Exception {
        EngineRates rates = new EngineRates();
        List<EngineReplica> read = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            Signal none = new Signal.Missing("", "");
            read.clear();
            read.add(new EngineReplica(
                    URI.create("http://10.0.0.1:" + i),
                    true,
                    none,
                    none,
                    none,
                    none,
                    none,
                    none,
                    none,
                    none,
                    none,
                    none,
                    none,
                    none));
            assertThat(rates.next(read, i)).hasSize(1);
        }
        assertThat(rates.kept()).isEqualTo(1);

        listed.add(EngineTarget.ready(two.url()));
        source.read();
        listed.remove(1);
        assertThat(known(readAfter(1).get(EngineMetricsSource.RUNNING)).parts()).hasSize(1);
        listed.add(EngineTarget.ready(two.url()));
        assertThat(known(readAfter(1).get(EngineMetricsSource.OUTPUT_TOKENS)).coverage())
                .as("it is new again")
                .isEqualTo(0.5);
    }

    @Test
    @DisplayName("E6: a replica listed twice counts once, and as ready if it is listed so at all")
    void read_listedTwice_countsOnce() throws Exception {
        listed.add(EngineTarget.warming(URI.create(one.url() + "/")));
        listed.add(0, EngineTarget.warming(one.url()));

        Signal.Known running = known(source.read().get(EngineMetricsSource.RUNNING));

        assertThat(running.value()).isEqualTo(4);
        assertThat(running.parts()).singleElement().matches(Signal.Part::ready);
    }

    @Test
    void read_warmingReplica_isPartAndCountsNowhereElse() throws Exception {
        two.answer(request -> ok(page(7, 0, 0, 0, 0)));
        listed.add(EngineTarget.warming(two.url()));

        Map<String, Signal> signals = source.read();

        Signal.Known running = known(signals.get(EngineMetricsSource.RUNNING));
        assertThat(running.value()).isEqualTo(4);
        assertThat(running.coverage()).isEqualTo(1);
        assertThat(running.source()).isEqualTo("engine, 1 replica");
        assertThat(running.parts()).extracting(Signal.Part::ready).containsExactly(true, false);
        assertThat(known(running.parts().get(1).signal()).value()).isEqualTo(7);
    }

    @Test
    void read_warmingReplicaDoesNotAnswer_isNoGap() throws Exception {
        two.answer(request -> EngineServer.status(503));
        listed.add(EngineTarget.warming(two.url()));

        assertThat(known(source.read().get(EngineMetricsSource.RUNNING)).coverage())
                .isEqualTo(1);
    }

    @Test
    void read_allWarming_isMissing() throws Exception {
        listed.set(0, EngineTarget.warming(one.url()));

        assertMissing(source.read().get(EngineMetricsSource.RUNNING), "no replica is ready of 1");
    }

    @Test
    void read_meanOfPool_isWeightedByRequests() throws Exception {
        listed.add(EngineTarget.ready(two.url()));
        source.read();
        one.answer(request -> ok(page(4, 1500, 800, 14, 4)));
        two.answer(request -> ok(page(1, 9000, 100, 91, 48)));

        assertThat(known(readAfter(10).get(EngineMetricsSource.TIME_TO_FIRST_TOKEN))
                        .value())
                .as("2 s + 3 s for 4 + 1 requests")
                .isCloseTo(1, within(1e-9));
    }

    @Test
    void read_noFirstTokenSince_isZeroIfIdleAndMissingIfAtWork() throws Exception {
        two.answer(request -> ok(page(0, 9000, 100, 90, 45)));
        listed.add(EngineTarget.ready(two.url()));
        source.read();

        Signal.Known partly = known(readAfter(10).get(EngineMetricsSource.TIME_TO_FIRST_TOKEN));

        assertThat(partly.value()).as("of the idle one").isZero();
        assertThat(partly.coverage()).isEqualTo(0.5);
        assertMissing(partly.parts().get(0).signal(), "no first token in the last minute");
    }

    @Test
    void read_noFirstTokenSinceTheReadBefore_isTheMeanOfTheLastMinute() throws Exception {
        source.read();
        one.answer(request -> ok(page(4, 1500, 800, 14, 4)));
        readAfter(1);

        for (int second = 1; second < 60; second++) {
            assertThat(known(readAfter(1).get(EngineMetricsSource.TIME_TO_FIRST_TOKEN))
                            .value())
                    .as("2 s for 4 requests")
                    .isEqualTo(0.5);
        }
        for (int second = 0; second < 6; second++) {
            readAfter(1);
        }
        assertMissing(readAfter(1).get(EngineMetricsSource.TIME_TO_FIRST_TOKEN), "no first token in the last minute");
    }

    @Test
    void read_oneOfTwoAtWorkHasNothingNew_isNoGap() throws Exception {
        two.answer(request -> ok(page(1, 9000, 100, 90, 45)));
        listed.add(EngineTarget.ready(two.url()));
        source.read();
        one.answer(request -> ok(page(4, 1500, 800, 14, 4)));

        Signal.Known mean = known(readAfter(10).get(EngineMetricsSource.TIME_TO_FIRST_TOKEN));

        assertThat(mean.value()).isEqualTo(0.5);
        assertThat(mean.coverage()).isEqualTo(1);
    }

    @Test
    void read_onceNotRead_theMeanGoesOnFromWhatWasReadBefore() throws Exception {
        source.read();
        one.answer(request -> EngineServer.status(503));
        readAfter(10);
        one.answer(request -> ok(page(4, 1500, 800, 14, 4)));

        assertThat(known(readAfter(10).get(EngineMetricsSource.TIME_TO_FIRST_TOKEN))
                        .value())
                .isEqualTo(0.5);
    }

    @Test
    void alwaysMoves_pagesWithoutTokenCounters_isFalse() throws Exception {
        assertThat(source.alwaysMoves()).isTrue();
        source.read();
        assertThat(source.alwaysMoves()).isTrue();

        one.answer(request -> EngineServer.status(503));
        source.read();
        assertThat(source.alwaysMoves()).as("nothing was learned").isTrue();

        one.answer(request -> ok("vllm:num_requests_running 1\n"));
        source.read();
        assertThat(source.alwaysMoves()).isFalse();
    }
}
