/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.prometheus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.pool.Signal;
import io.tidegate.signals.Corrupted;
import io.tidegate.signals.LocalServer;
import io.tidegate.signals.prometheus.PrometheusQuery.Series;
import io.tidegate.time.ManualTime;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrometheusSourceTest {

    /** 2026-03-20T12:57:53.784Z. */
    private static final double AT = 1774011473.784;

    private static final String DATE = "Fri, 20 Mar 2026 12:57:53 GMT";

    private final ManualTime time = new ManualTime();
    private final AtomicReference<MockResponse> answer = new AtomicReference<>(vector());
    private final LocalServer server = new LocalServer(request -> answer.get());
    private final List<AutoCloseable> opened = new ArrayList<>(List.of(server));

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
    }

    private static MockResponse.Builder json(String body) {
        return new MockResponse.Builder()
                .setHeader("Content-Type", "application/json")
                .setHeader("Date", DATE)
                .body(body);
    }

    private static String body(String type, String result) {
        return "{\"status\":\"success\",\"data\":{\"resultType\":\"%s\",\"result\":%s}}".formatted(type, result);
    }

    private static String series(String pod, String value) {
        return "{\"metric\":{\"pod\":\"%s\",\"engine\":\"0\"},\"value\":[%s,%s]}".formatted(pod, AT, value);
    }

    private static MockResponse vector(String... series) {
        return json(body("vector", "[" + String.join(",", series) + "]")).build();
    }

    private PrometheusSource.Builder builder() {
        return PrometheusSource.builder(time, server.url()).timeout(Duration.ofSeconds(30));
    }

    private PrometheusSource built(PrometheusSource.Builder builder) {
        PrometheusSource source = builder.build();
        opened.add(0, source);
        return source;
    }

    private static PrometheusQuery query() {
        return PrometheusQuery.of("queue", "sum(queue)", "requests");
    }

    private Signal read(PrometheusQuery query, MockResponse response) throws Exception {
        answer.set(response);
        return built(builder().query(query)).read().get("queue");
    }

    private Signal read(MockResponse response) throws Exception {
        return read(query(), response);
    }

    private static Signal.Known known(Signal signal) {
        assertThat(signal).isInstanceOf(Signal.Known.class);
        return (Signal.Known) signal;
    }

    private static void assertMissing(Signal signal, String... words) {
        assertThat(signal)
                .isInstanceOfSatisfying(
                        Signal.Missing.class,
                        missing -> assertThat(missing.reason()).contains(words));
    }

    private static void assertInvalid(Signal signal, String... words) {
        assertThat(signal)
                .isInstanceOfSatisfying(
                        Signal.Invalid.class,
                        invalid -> assertThat(invalid.reason()).contains(words));
    }

    @Test
    void read_oneSeries_isItsValue() throws Exception {
        Signal signal = read(vector(series("a", "\"7.5e+01\"")));

        assertThat(signal)
                .isEqualTo(new Signal.Known(75, "requests", time.nanos(), "prometheus " + server.url() + "/ queue"));
    }

    @Test
    void read_scalar_isItsValue() throws Exception {
        assertThat(known(read(json(body("scalar", "[" + AT + ",\"7\"]")).build()))
                        .value())
                .isEqualTo(7);
    }

    @Test
    void read_typeAfterResult_isRead() throws Exception {
        String body =
                "{\"data\":{\"result\":[%s],\"resultType\":\"vector\",\"stats\":{\"a\":[1,{}]}},\"infos\":[\"x\"],"
                        + "\"warnings\":null,\"status\":\"success\"}";

        assertThat(known(read(json(body.formatted(series("a", "\"7\""))).build()))
                        .value())
                .isEqualTo(7);
    }

    @Test
    void read_request_isAPostWithTheQueryTheTimeoutAndTheHeaders() throws Exception {
        answer.set(vector(series("a", "\"7\"")));
        built(builder()
                        .query(query())
                        .header("X-Scope-OrgID", "team")
                        .bearerToken(() -> "secret\n")
                        .parameter("partial_response", "false"))
                .read();

        RecordedRequest request = server.lastRequest();

        assertThat(request.getMethod()).isEqualTo("POST");
        assertThat(request.getTarget()).isEqualTo("/api/v1/query");
        assertThat(request.getBody()).isNotNull();
        assertThat(request.getBody().utf8()).isEqualTo("query=sum%28queue%29&timeout=30000ms&partial_response=false");
        assertThat(request.getHeaders().get("Authorization")).isEqualTo("Bearer secret");
        assertThat(request.getHeaders().get("X-Scope-OrgID")).isEqualTo("team");
        assertThat(request.getHeaders().get("Accept")).isEqualTo("application/json");
    }

    @Test
    void read_baseWithPath_asksBelowIt() throws Exception {
        PrometheusSource source = built(PrometheusSource.builder(
                        time,
                        URI.create("http://u:secret@127.0.0.1:" + server.url().getPort() + "/prom/"))
                .query(query()));

        Signal signal = source.read().get("queue");

        assertThat(server.lastRequest().getTarget()).isEqualTo("/prom/api/v1/query");
        assertThat(signal.source()).doesNotContain("secret");
    }

    @Test
    @DisplayName("E1: an empty vector is missing, never zero")
    void read_emptyVector_isMissing() throws Exception {
        assertMissing(read(vector()), "no series");
        assertMissing(read(json(body("vector", "null")).build()), "no series");
    }

    @Test
    @DisplayName("E1: null is missing, never zero")
    void read_null_isMissing() throws Exception {
        assertMissing(read(vector(series("a", "null"))), "null");
        assertMissing(read(vector("{\"metric\":{},\"value\":null}")), "null");
    }

    @ParameterizedTest
    @ValueSource(strings = {"NaN", "+Inf", "-Inf", "-1", "1e999"})
    @DisplayName("E2: what no number can be is invalid")
    void read_impossibleValue_isInvalid(String value) throws Exception {
        assertInvalid(read(vector(series("a", "\"" + value + "\""))), "not a finite, non-negative number");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0x1p3", "1d", " 1", "", "1_000", "infinity"})
    void read_noNumber_isInvalid(String value) throws Exception {
        assertInvalid(read(vector(series("a", "\"" + value + "\""))), "not a number");
    }

    @ParameterizedTest
    @CsvSource({"ONLY, -1", "SUM, 9", "MAX, 5", "MEAN, 3"})
    void read_severalSeries_areCombinedAsSaid(Series series, double expected) throws Exception {
        Signal signal =
                read(query().series(series), vector(series("a", "\"1\""), series("b", "\"3\""), series("c", "\"5\"")));

        if (series == Series.ONLY) {
            assertInvalid(signal, "3 series where one is expected");
        } else {
            assertThat(known(signal).value()).isEqualTo(expected);
            assertThat(known(signal).coverage()).isEqualTo(1);
        }
    }

    @Test
    void read_oneOfSeveralSeriesIsNaN_isInvalid() throws Exception {
        assertInvalid(read(query().series(Series.SUM), vector(series("a", "\"1\""), series("b", "\"NaN\""))), "NaN");
    }

    @Test
    void read_seriesThatComesTwice_isInvalid() throws Exception {
        assertInvalid(
                read(query().series(Series.SUM), vector(series("a", "\"1\""), series("a", "\"1\""))), "comes twice");
    }

    private Signal readParts(List<String> live, MockResponse response) throws Exception {
        answer.set(response);
        return built(builder().query(query().series(Series.SUM).partsBy("pod")).replicas(() -> live))
                .read()
                .get("queue");
    }

    @Test
    @DisplayName("E6: series of pods that are not alive are dropped")
    void read_seriesOfDeadPods_areDropped() throws Exception {
        Signal.Known signal = known(readParts(
                List.of("a", "b"), vector(series("a", "\"1\""), series("dead", "\"50\""), series("b", "\"2\""))));

        assertThat(signal.value()).isEqualTo(3);
        assertThat(signal.coverage()).isEqualTo(1);
        assertThat(signal.parts()).extracting(Signal.Part::replica).containsExactly("a", "b");
    }

    @Test
    @DisplayName("E7: one of N pods has a series")
    void read_oneOfFourPodsHasSeries_isQuarterCovered() throws Exception {
        Signal.Known signal = known(
                readParts(List.of("a", "b", "c", "d", "a"), vector(series("a", "\"1\""), series("b", "\"NaN\""))));

        assertThat(signal.value()).isEqualTo(1);
        assertThat(signal.coverage()).isEqualTo(0.25);
        assertInvalid(signal.parts().get(1).signal(), "NaN");
        assertMissing(signal.parts().get(2).signal(), "no series");
    }

    @Test
    void read_partsOfNobody_isMissing() throws Exception {
        assertMissing(readParts(List.of(), vector(series("a", "\"1\""))), "no replicas");
        assertMissing(readParts(List.of("a", "b"), vector(series("c", "\"1\""))), "2 of 2 unusable", "no series");
    }

    @Test
    void read_severalSeriesOfOnePod_areCombinedFirst() throws Exception {
        Signal.Known signal = known(readParts(
                List.of("a"),
                vector(
                        "{\"metric\":{\"pod\":\"a\",\"engine\":\"0\"},\"value\":[" + AT + ",\"1\"]}",
                        "{\"metric\":{\"pod\":\"a\",\"engine\":\"1\"},\"value\":[" + AT + ",\"2\"]}")));

        assertThat(signal.value()).isEqualTo(3);
        assertThat(signal.parts()).hasSize(1);
    }

    @Test
    void read_partsWithoutList_areAllThatHaveTheLabel() throws Exception {
        Signal signal = read(
                query().series(Series.MEAN).partsBy("pod"),
                vector(series("a", "\"1\""), series("b", "\"3\""), "{\"metric\":{},\"value\":[" + AT + ",\"90\"]}"));

        assertThat(known(signal).value()).isEqualTo(2);
        assertThat(known(signal).parts()).hasSize(2);
        assertMissing(read(query().series(Series.MEAN).partsBy("pod"), vector()), "no series with the label pod");
    }

    @ParameterizedTest
    @CsvSource({"400, bad_data", "422, execution", "503, timeout", "200, bad_data"})
    @DisplayName("E1: an error is missing, with the server's words")
    void read_error_isMissingWithTheServersWords(int code, String type) throws Exception {
        String words = "parse error: unexpected end of input \u001B " + "x".repeat(1000);
        String body = "{\"status\":\"error\",\"errorType\":\"%s\",\"error\":\"%s\"}"
                .formatted(type, words.replace("\u001B", "\\u001b"));

        Signal signal = read(json(body).code(code).build());

        assertMissing(signal, "HTTP " + code + ", " + type + ": parse error");
        assertThat(signal.gap()).hasSizeLessThan(250).doesNotContain("\u001B");
    }

    @Test
    void read_errorWithoutJson_isMissing() throws Exception {
        assertMissing(read(new MockResponse.Builder().code(401).body("no").build()), "HTTP 401");
        assertMissing(read(json("<html>").code(502).build()), "HTTP 502");
    }

    @Test
    void read_partialAnswer_isMissing() throws Exception {
        assertMissing(
                read(json(body("vector", "[" + series("a", "\"1\"") + "]")
                                .replace("{\"status", "{\"isPartial\":true,\"status"))
                        .build()),
                "partial");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "7",
                "",
                "null",
                "{}",
                "{\"status\":\"success\"}",
                "{\"status\":\"success\",\"data\":null}",
                "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\"}}",
                "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}",
                "{\"status\":\"success\",\"data\":{\"resultType\":\"string\",\"result\":[1,\"x\"]}}",
                "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{}}]}}",
                "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"value\":[\"1\",\"1\"]}]}}",
                "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"value\":[1,1]}]}}",
                "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"value\":[1e999,\"1\"]}]}}",
                "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"histogram\":[1,{}]}]}}",
                "{\"status\":\"success\",\"status\":\"error\"}",
                "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}} {}",
            })
    void read_notTheApi_isInvalid(String body) throws Exception {
        assertThat(read(json(body).build())).isInstanceOf(Signal.Invalid.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Fri, 20 Mar 2026 12:58:38 GMT | 0  | Known",
                "Fri, 20 Mar 2026 12:58:40 GMT | 0  | Stale",
                "Fri, 20 Mar 2026 12:57:53 GMT | 40 | Known",
                "Fri, 20 Mar 2026 12:57:53 GMT | 50 | Stale",
                "Fri, 20 Mar 2026 12:57:00 GMT | 0  | Invalid",
            })
    @DisplayName("E3: the age of an answer is by the server's own clock")
    void read_answerOfAnotherTime_isStaleFromTheLimitOn(String date, String inCache, String state) throws Exception {
        Signal signal = read(json(body("vector", "[" + series("a", "\"1\"") + "]"))
                .setHeader("Date", date)
                .setHeader("Age", inCache)
                .build());

        assertThat(signal.getClass().getSimpleName()).isEqualTo(state);
    }

    @Test
    void read_answerWithoutDate_isNotBelieved() throws Exception {
        MockResponse.Builder response = json(body("vector", "[" + series("a", "\"1\"") + "]"));
        response.removeHeader("Date");

        assertMissing(read(response.build()), "no Date");
    }

    private Signal readWithAge(String age) throws Exception {
        LocalServer two = new LocalServer(request -> request.getBody().utf8().contains("timestamp")
                ? json(body("scalar", "[" + AT + ",\"" + age + "\"]")).build()
                : vector(series("a", "\"1\"")));
        opened.add(two);
        return built(PrometheusSource.builder(time, two.url())
                        .timeout(Duration.ofSeconds(30))
                        .query(query().age("time() - min(timestamp(queue))")))
                .read()
                .get("queue");
    }

    @Test
    @DisplayName("E3: data older than the limit are stale, however fresh the answer")
    void read_ageOfTheData_countsToo() throws Exception {
        time.advance(Duration.ofSeconds(100));
        assertThat(known(readWithAge("30")).atNanos())
                .as("100 s - 30 s, since the answer itself is fresh")
                .isEqualTo(Duration.ofSeconds(70).toNanos());
        assertThat(known(readWithAge("-0.5")).atNanos()).isEqualTo(time.nanos());
        assertThat(readWithAge("46"))
                .isInstanceOfSatisfying(
                        Signal.Stale.class, stale -> assertThat(stale.age()).isEqualTo(Duration.ofSeconds(46)));
        assertThat(readWithAge("1e300")).isInstanceOf(Signal.Stale.class);
        assertMissing(readWithAge("NaN"), "its age is not known");
    }

    @Test
    void read_warnings_areLoggedOncePerChange() throws Exception {
        MockResponse warned = json(body("vector", "[" + series("a", "\"1\"") + "]")
                        .replace("{\"status", "{\"warnings\":[\"one store is away\"],\"status"))
                .build();
        PrometheusSource source = built(builder().query(query()));
        PrintStream before = System.err;
        ByteArrayOutputStream logged = new ByteArrayOutputStream();
        try (PrintStream caught = new PrintStream(logged, true, StandardCharsets.UTF_8)) {
            System.setErr(caught);
            for (MockResponse each : List.of(warned, warned, vector(series("a", "\"1\"")), warned)) {
                answer.set(each);
                source.read();
            }
        } finally {
            System.setErr(before);
        }

        assertThat(logged.toString(StandardCharsets.UTF_8).split("one store is away", -1))
                .as("twice: with the first, and anew with the last")
                .hasSize(3);
    }

    @Test
    void read_severalQueries_failApart() throws Exception {
        LocalServer two = new LocalServer(request -> request.getBody().utf8().contains("bad")
                ? json("{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"x\"}")
                        .code(400)
                        .build()
                : vector(series("a", "\"1\"")));
        opened.add(two);
        Map<String, Signal> signals = built(PrometheusSource.builder(time, two.url())
                        .query(query())
                        .query(PrometheusQuery.of("other", "bad(", "requests")))
                .read();

        assertThat(known(signals.get("queue")).value()).isEqualTo(1);
        assertMissing(signals.get("other"), "bad_data: x");
    }

    @Test
    void read_tokenThatCannotBeSent_isMissingAndIsNotQuoted() throws Exception {
        Signal signal = built(builder().query(query()).bearerToken(() -> "sec\nret"))
                .read()
                .get("queue");

        assertMissing(signal, "the bearer token cannot be sent");
        assertThat(signal.gap()).doesNotContain("ret");
        assertThat(server.answered()).isZero();
    }

    @Test
    void settings_wrong_areRefusedAndSecretsNotQuoted() {
        assertThatThrownBy(() -> builder().build()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder().query(query()).query(query())).hasMessageContaining("queue");
        assertThatThrownBy(() -> builder().maxAge(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder().maxBytes(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder().parallelReads(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder().timeout(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> query().partsBy("pod")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PrometheusQuery.of(" ", "x", "x")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PrometheusSource.builder(time, URI.create("ftp://x")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder().header("X-Key", "sec\nret"))
                .hasMessageContaining("X-Key")
                .hasMessageNotContaining("ret")
                .hasNoCause();
    }

    @Test
    void alwaysMoves_isAsSet() {
        assertThat(built(builder().query(query())).alwaysMoves()).isFalse();
        assertThat(built(builder().query(query()).alwaysMoves(true)).alwaysMoves())
                .isTrue();
        assertThat(built(builder().query(query()).name("thanos")).name()).isEqualTo("thanos");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("E5: damaged answers never throw, and never read as negative or as no number")
    void read_damagedAnswers_giveValuesThatCanBeOrNone(long seed) throws Exception {
        String whole = body("vector", "[" + series("a", "\"1.5\"") + "," + series("b", "\"3e+01\"") + "]");
        Corrupted answers = new Corrupted(seed, "application/json", whole.getBytes(StandardCharsets.UTF_8));
        PrometheusSource source = built(PrometheusSource.builder(time, URI.create("http://a:1"))
                .client(answers.client())
                .parallelReads(1)
                .replicas(() -> List.of("a", "b"))
                .query(query().series(Series.SUM))
                .query(PrometheusQuery.of("parts", "queue", "requests")
                        .series(Series.MAX)
                        .partsBy("pod")
                        .age("age")));

        for (int i = 0; i < 1000; i++) {
            Corrupted.assertPossible(source.read());
        }

        assertThat(answers.answered()).isEqualTo(3000);
    }
}
