/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.dcgm;

import io.tidegate.signal.spi.SignalSource;
import io.tidegate.signals.HttpFaultsContract;
import io.tidegate.time.ManualTime;
import java.net.URI;
import java.time.Duration;
import java.util.List;

class DcgmFaultsTest extends HttpFaultsContract {

    @Override
    protected SignalSource source(URI server, Duration timeout) {
        return DcgmMetricsSource.builder(new ManualTime(), () -> List.of(server))
                .timeout(timeout)
                .build();
    }

    @Override
    protected String goodBody() {
        return """
                # TYPE DCGM_FI_DEV_GPU_UTIL gauge
                DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GPU-1",Hostname="a"} 50
                """;
    }

    @Override
    protected String contentType() {
        return "text/plain; version=0.0.4; charset=utf-8";
    }

    @Override
    protected String signal() {
        return DcgmMetricsSource.UTILIZATION;
    }

    @Override
    protected String filler() {
        return "# filler\n";
    }
}
