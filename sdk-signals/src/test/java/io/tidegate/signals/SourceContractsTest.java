/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.contracts.SignalSourceContract;
import io.tidegate.pool.Signal.Known;
import io.tidegate.signal.SignalSources;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.ManualTime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import mockwebserver3.MockResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sources of this module as a configuration makes them: each keeps to what is asked of sources. */
class SourceContractsTest {

    private static final String ENGINE = """
            # TYPE vllm:num_requests_running gauge
            vllm:num_requests_running{engine="0",model_name="m"} 3.0
            # TYPE vllm:num_requests_waiting gauge
            vllm:num_requests_waiting{engine="0",model_name="m"} 2.0
            # TYPE vllm:generation_tokens_total counter
            vllm:generation_tokens_total{engine="0",model_name="m"} 2546.0
            """;

    private static final String GPU = """
            DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-0",device="nvidia0",modelName="H100",Hostname="n"} 300
            DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GPU-0",device="nvidia0",modelName="H100",Hostname="n"} 80
            """;

    private static final String VECTOR = """
            {"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[%s,"7"]}]}}""";

    private static final double AT = 1774011473.784;

    private static MockResponse answer(String type, String body) {
        return new MockResponse.Builder()
                .setHeader("Content-Type", type)
                .setHeader("Date", "Fri, 20 Mar 2026 12:57:53 GMT")
                .body(body)
                .build();
    }

    /** A source by its type, of a server that answers so. */
    abstract static class Ours extends SignalSourceContract {

        private final String type;
        private final LocalServer server;

        Ours(String type, String contentType, String body) {
            this.type = type;
            this.server = new LocalServer(request -> answer(contentType, body));
        }

        @AfterEach
        void stop() {
            server.close();
        }

        abstract Map<String, String> settings(String url);

        @Override
        protected SignalSource source() {
            return SignalSources.create(type, type, settings(server.url().toString()), time);
        }
    }

    @Nested
    class OfEngine extends Ours {
        OfEngine() {
            super("engine", "text/plain; version=0.0.4; charset=utf-8", ENGINE);
        }

        @Override
        Map<String, String> settings(String url) {
            return Map.of("replicas", url + ", " + url + "/second", "timeout", "15s");
        }
    }

    @Nested
    class OfDcgm extends Ours {
        OfDcgm() {
            super("dcgm", "text/plain; charset=utf-8", GPU);
        }

        @Override
        Map<String, String> settings(String url) {
            return Map.of("exporters", url, "timeout", "15s");
        }
    }

    @Nested
    class OfPrometheus extends Ours {
        OfPrometheus() {
            super("prometheus", "application/json", VECTOR.formatted(AT));
        }

        @Override
        Map<String, String> settings(String url) {
            return Map.of("url", url, "query.queue", "sum(queue)", "unit.queue", "requests", "timeout", "15s");
        }
    }

    private static final ManualTime TIME = new ManualTime();

    @Test
    void create_prometheus_sendsWhatItsSettingsSay(@TempDir Path folder) throws Exception {
        Path token = Files.writeString(folder.resolve("token"), "secret\n");
        try (LocalServer server = new LocalServer(request -> answer("application/json", VECTOR.formatted(AT)));
                SignalSource source = SignalSources.create(
                        "prometheus",
                        "mine",
                        Map.of(
                                "url", server.url().toString(),
                                "query.router.queue", "sum(queue)",
                                "unit.router.queue", "requests",
                                "header.X-Scope-OrgID", "me",
                                "bearerTokenFile", token.toString(),
                                "maxAge", "1m",
                                "timeout", "30s"),
                        TIME)) {
            assertThat(source.name()).isEqualTo("mine");
            assertThat(source.read().get("router.queue"))
                    .isInstanceOfSatisfying(
                            Known.class, known -> assertThat(known.value()).isEqualTo(7));
            var request = server.lastRequest();
            assertThat(request.getHeaders().get("X-Scope-OrgID")).isEqualTo("me");
            assertThat(request.getHeaders().get("Authorization")).isEqualTo("Bearer secret");
        }
    }

    @Test
    void create_wrongSettings_areAllNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SignalSources.create("engine", "e", Map.of("timeout", "1 day", "url", "x"), TIME))
                .withMessage("settings of signal source engine: replicas is required: addresses of the servers, with"
                        + " commas between; timeout must be a duration from 1ms to 1h but is \"1 day\";"
                        + " url is no setting, only [replicas, timeout]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SignalSources.create("dcgm", "d", Map.of("exporters", "ftp://x, :"), TIME))
                .withMessage("settings of signal source dcgm: exporters must be an http or https address but is"
                        + " \"ftp://x\"; exporters must be an http or https address but is \":\"");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SignalSources.create(
                        "prometheus", "p", Map.of("url", "http://p:9090", "query.a", "x", "unit.b", "s"), TIME))
                .withMessage("settings of signal source prometheus: unit.a is required: the unit of query.a, such as"
                        + " requests; unit.b says nothing, as there is no query.b");
    }
}
