/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import io.tidegate.sim.physics.EngineModel;
import io.tidegate.sim.physics.ReplicaLife;
import io.tidegate.sim.trace.Shares;
import io.tidegate.sim.trace.Trace;
import io.tidegate.sim.trace.TraceEvent;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/**
 * The named scenarios.
 *
 * @since 0.1.0
 */
public final class Scenarios {

    private static final Map<String, Supplier<Scenario>> NAMED = Map.of("llm-d", Scenarios::llmD);

    private Scenarios() {}

    /** Their names, in the order of the documentation. */
    public static List<String> names() {
        return List.copyOf(NAMED.keySet());
    }

    /**
     * The scenario of a name.
     *
     * @throws IllegalArgumentException if there is none; the message names those there are
     */
    public static Scenario named(String name) {
        Supplier<Scenario> found = NAMED.get(name);
        if (found == null) {
            throw new IllegalArgumentException("no scenario is called \"" + name + "\": there are " + names());
        }
        return found.get();
    }

    private static Scenario llmD() {
        return new Scenario(
                "llm-d",
                "ramp 2 to 10 requests/s of 4000 and 1000 tokens, Qwen3-32B on 2 x H100, 3 to 8 replicas",
                seed -> stages(seed)
                        .assigned(Shares.of(Map.of("premium", 0.3, "standard", 0.7)), Shares.zipfTenants(20), seed),
                config("llm-d"),
                EngineModel.qwen32b(),
                ReplicaLife.llmD(),
                Clients.patient(),
                1,
                3,
                1);
    }

    private static Trace stages(long seed) {
        double[] rates = {2, 4, 6, 8, 10, 4, 1};
        double[] lengths = {330, 360, 360, 360, 360, 360, 300};
        SplittableRandom random = new SplittableRandom(seed);
        List<TraceEvent> events = new ArrayList<>();
        double from = 0;
        for (int i = 0; i < rates.length; i++) {
            for (int k = 0; k < Math.round(rates[i] * lengths[i]); k++) {
                events.add(new TraceEvent(
                        Math.round((from + random.nextDouble() * lengths[i]) * 1e9), 4000, 1000, "", ""));
            }
            from += lengths[i];
        }
        Trace all = Trace.of("llm-d", events);
        return Trace.generated("llm-d", Duration.ofSeconds((long) from), all::iterator);
    }

    private static TidegateConfig config(String name) {
        String resource = "scenarios/" + name + ".yaml";
        try (InputStream in = Scenarios.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + " is missing from the class path");
            }
            return ConfigReader.parse(resource, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A scenario of one's own: replicas like {@link EngineModel#llama70bOnFourH100()} that take the time to come that the configuration says.
     *
     * @param trace gives the requests for a seed
     * @param config with exactly one pool, which is scaled
     */
    public static Scenario of(String name, LongFunction<Trace> trace, TidegateConfig config) {
        TidegateConfig.PoolConfig pool = config.pools().values().iterator().next();
        return new Scenario(
                name,
                "a trace of one's own on Llama 3.1 70B, 4 x H100",
                trace,
                config,
                EngineModel.llama70bOnFourH100(),
                ReplicaLife.fixed(pool.replica().timeToReady().toNanos() / 1e9),
                Clients.patient(),
                1,
                pool.scaling() == null ? 1 : Math.max(1, pool.scaling().min()),
                Double.NaN);
    }
}
