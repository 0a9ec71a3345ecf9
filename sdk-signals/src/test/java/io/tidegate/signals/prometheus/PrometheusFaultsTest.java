/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.prometheus;

import io.tidegate.signal.spi.SignalSource;
import io.tidegate.signals.HttpFaultsContract;
import io.tidegate.time.ManualTime;
import java.net.URI;
import java.time.Duration;

class PrometheusFaultsTest extends HttpFaultsContract {

    @Override
    protected SignalSource source(URI server, Duration timeout) {
        return PrometheusSource.builder(new ManualTime(), server)
                .query(PrometheusQuery.of("queue", "sum(queue)", "requests"))
                .timeout(timeout)
                .build();
    }

    @Override
    protected String goodBody() {
        return """
                {"status":"success","data":{"resultType":"vector","result":[
                {"metric":{},"value":[1774011473.784,"7"]}]}}
                """;
    }

    @Override
    protected String contentType() {
        return "application/json";
    }

    @Override
    protected String signal() {
        return "queue";
    }

    @Override
    protected String filler() {
        return "        \n";
    }
}
