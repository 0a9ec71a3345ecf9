/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.engine;

import io.tidegate.limit.EngineReading;
import io.tidegate.pool.Signal;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Hands what inference servers say of themselves on to a limit that follows the engines.
 *
 * <pre>{@code
 * EngineMetricsSource.builder(time, urls).onRead(EngineReadings.to(limit::readings)).build();
 * }</pre>
 *
 * <p>A replica's name is its address as it was listed; name it so in {@code limit.rejected(…)} too. The time to first token is the mean
 * over what came since the read before, as servers only add it up. A replica that is not ready is not handed on. For one thread at a time, as reads are.
 *
 * @since 0.1.0
 */
public final class EngineReadings implements Consumer<List<EngineReplica>> {

    private final Consumer<? super Collection<EngineReading>> next;
    private Map<String, EngineReplica> before = Map.of();

    private EngineReadings(Consumer<? super Collection<EngineReading>> next) {
        this.next = Objects.requireNonNull(next, "next");
    }

    /** For {@code limit::readings}. */
    public static EngineReadings to(Consumer<? super Collection<EngineReading>> next) {
        return new EngineReadings(next);
    }

    @Override
    public void accept(List<EngineReplica> read) {
        Map<String, EngineReplica> now = new HashMap<>();
        read.forEach(replica -> now.put(replica.url().toString(), replica));
        List<EngineReading> readings = now.entrySet().stream()
                .filter(each -> each.getValue().ready())
                .map(each -> reading(each.getKey(), each.getValue()))
                .toList();
        before = now;
        next.accept(readings);
    }

    private EngineReading reading(String name, EngineReplica replica) {
        return new EngineReading(
                name,
                replica.running(),
                replica.waiting(),
                replica.kvCacheFractionMax(),
                replica.preemptions(),
                replica.kvCacheTokens(),
                timeToFirstToken(replica, before.get(name)));
    }

    private static Signal timeToFirstToken(EngineReplica now, @Nullable EngineReplica before) {
        if (!(now.firstTokenSeconds() instanceof Signal.Known seconds)) {
            return now.firstTokenSeconds();
        }
        if (!(now.firstTokens() instanceof Signal.Known count)) {
            return now.firstTokens();
        }
        if (before == null
                || !(before.firstTokenSeconds() instanceof Signal.Known secondsBefore)
                || !(before.firstTokens() instanceof Signal.Known countBefore)) {
            return new Signal.Missing(seconds.source(), "needs two reads");
        }
        double tokens = count.value() - countBefore.value();
        if (tokens <= 0) {
            return new Signal.Missing(seconds.source(), "no first token since the read before");
        }
        double mean = (seconds.value() - secondsBefore.value()) / tokens;
        return Signal.ofNonNegative(mean, "seconds", seconds.atNanos(), seconds.source());
    }
}
