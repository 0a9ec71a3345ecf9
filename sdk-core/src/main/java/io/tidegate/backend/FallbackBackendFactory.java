/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.engine.spi.ScalerBackendFactory;
import java.util.Map;

/**
 * Makes {@link CompositeBackend}s of type {@code fallback} from configuration, with children by their types.
 *
 * <table>
 * <caption>Settings of type {@code fallback}</caption>
 * <tr><th>setting</th><th>meaning</th><th>default</th></tr>
 * <tr><td>{@code order}</td><td>names of all children, first choice first</td><td>none, it is required for more than one</td></tr>
 * <tr><td>{@code readyWithin}</td><td>time after which a replica that is not ready counts as not to be had, 10s to 1d</td><td>15m</td></tr>
 * <tr><td>{@code staleAfter}</td><td>how long what a child said last stands for it, 0s to 1h</td><td>1m</td></tr>
 * <tr><td>{@code childTimeout}</td><td>time that the status of a child may take, 10ms to 1m</td><td>900ms</td></tr>
 * <tr><td>{@code children.NAME.type}</td><td>type of the child</td><td>none, it is required</td></tr>
 * <tr><td>{@code children.NAME.settings.X}</td><td>setting X of the child</td><td></td></tr>
 * <tr><td>{@code children.NAME.max}</td><td>most replicas of the child</td><td>as many as it can</td></tr>
 * </table>
 *
 * @since 0.1.0
 */
public final class FallbackBackendFactory implements ScalerBackendFactory {

    /** For {@link java.util.ServiceLoader}. */
    public FallbackBackendFactory() {}

    @Override
    public String type() {
        return "fallback";
    }

    @Override
    public ScalerBackend create(Map<String, String> settings) {
        return CompositeSettings.create(false, settings);
    }
}
