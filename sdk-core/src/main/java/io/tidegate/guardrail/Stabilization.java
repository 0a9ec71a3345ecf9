/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.pool.PoolView;
import java.time.Duration;

/**
 * Scales down only to the highest number that was wanted within a window, so that a lower answer must hold that long. Scaling
 * up is not delayed. The rule is that of the Kubernetes HPA's stabilization window for scale-down.
 *
 * @param window zero or more, at most {@link History#HORIZON}
 * @since 0.1.0
 */
public record Stabilization(Duration window) implements Guardrail {

    public Stabilization {
        if (window.isNegative() || window.compareTo(History.HORIZON) > 0) {
            throw new IllegalArgumentException("window must be 0 to 1 hour but was " + window);
        }
    }

    @Override
    public String name() {
        return "stabilization";
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        int current = view.replicas().desired();
        if (proposed >= current) {
            return Narrowing.none(name(), proposed);
        }
        int highest = history.highestProposed(view.nowNanos(), window.toNanos(), proposed);
        int held = Math.min(current, highest);
        if (held == proposed) {
            return Narrowing.none(name(), proposed);
        }
        return new Narrowing(name(), held, held + " were wanted within the last " + window.toSeconds() + " s");
    }
}
