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
import io.tidegate.sim.trace.Generators;
import io.tidegate.sim.trace.Lengths;
import io.tidegate.sim.trace.NamedTraces;
import io.tidegate.sim.trace.Shares;
import io.tidegate.sim.trace.Trace;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/**
 * The named scenarios.
 *
 * @since 0.1.0
 */
public final class Scenarios {

    private static final Map<String, Supplier<Scenario>> NAMED = scenarios();

    private static final ReplicaLife USUAL = ReplicaLife.usual();
    private static final String ON_70B = "; Llama 3.1 70B on 4 x H100";
    private static final Shares TWO_TIERS = Shares.of(Map.of("premium", 0.3, "standard", 0.7));
    private static final Shares THREE_TIERS = Shares.defaultTiers();
    /** Scenarios with a configuration of their own; the others have that of chat. */
    private static final Map<String, String> CONFIGS = Map.of("overshoot", "overshoot", "day", "day");
    /** Replicas at the start, where it is not two. */
    private static final Map<String, Integer> START =
            Map.of("overshoot", 1, "day", 4, "azure", 5, "mooncake", 5, "servegen", 6, "storm", 3, "week", 3);

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

    private static Map<String, Supplier<Scenario>> scenarios() {
        Map<String, Supplier<Scenario>> named = new LinkedHashMap<>();
        named.put(
                "llm-d",
                () -> new Scenario(
                        "llm-d",
                        "2, 4, 6, 8, 10, 4, 1 requests/s of 4000 and 1000 tokens, 40 min; Qwen3-32B on 2 x H100, 3 to 8 replicas of 1.45/s",
                        seed -> NamedTraces.llmD(seed).assigned(TWO_TIERS, Shares.zipfTenants(20), seed),
                        config("llm-d"),
                        EngineModel.qwen32b(),
                        ReplicaLife.llmD(),
                        Clients.patient(),
                        1,
                        3,
                        1));
        named.put(
                "overshoot",
                () -> chat(
                        "overshoot",
                        "10 then 100 requests/s of 500 and 100 tokens, 11 min; Llama 3.1 70B on 4 x H100, 1 to 40 replicas of 10/s",
                        NamedTraces::overshoot,
                        ReplicaLife.fixed(60)));
        named.put(
                "step",
                () -> new Scenario(
                        "step",
                        "2 then 10 requests/s of 4000 and 1000 tokens, 30 min; Qwen3-32B on 2 x H100, 2 to 12 replicas of 1.45/s",
                        seed -> NamedTraces.step(seed).assigned(TWO_TIERS, Shares.zipfTenants(20), seed),
                        config("step"),
                        EngineModel.qwen32b(),
                        ReplicaLife.llmD(),
                        Clients.patient(),
                        1,
                        2,
                        Double.NaN));
        named.put(
                "flash",
                () -> chat(
                        "flash",
                        "conversations at 8 requests/s, a flash crowd of six times that for 5 min, 32 min" + ON_70B,
                        seed -> NamedTraces.flash(seed).scaled(2, seed),
                        USUAL));
        named.put(
                "storm",
                () -> chat(
                                "storm",
                                "conversations at 12 requests/s, 60 for 2 min, clients who try again up to five times, 37 min"
                                        + ON_70B,
                                seed -> NamedTraces.storm(seed).scaled(2, seed),
                                USUAL)
                        .withClients(Clients.stormy()));
        named.put(
                "day",
                () -> chat(
                        "day",
                        "a day of conversations, 27 requests/s on average (ServeGen m-small by the hour, Azure 2023 lengths)"
                                + ON_70B,
                        seed -> NamedTraces.day(seed, 27),
                        USUAL));
        named.put(
                "week",
                () -> chat(
                        "week",
                        "a week, 10 requests/s on average (ServeGen m-large by the hour and its lengths)" + ON_70B,
                        seed -> NamedTraces.week(seed, 10),
                        USUAL));
        named.put(
                "azure",
                () -> chat(
                        "azure",
                        "58 min of a chat service, 30 requests/s on average, 5.4 times the source (Azure 2023 conversation)"
                                + ON_70B,
                        seed -> NamedTraces.azure(seed, 30),
                        USUAL));
        named.put(
                "mooncake",
                () -> chat(
                        "mooncake",
                        "long prompts, 4 requests/s on average, 0.7 times the source, ten times over, 28 min (Mooncake)"
                                + ON_70B,
                        seed -> NamedTraces.mooncake(seed, 4).repeatedFor(Duration.ofSeconds(1_700)),
                        USUAL));
        named.put(
                "servegen",
                () -> chat(
                        "servegen",
                        "a day of a reasoning model, 4 requests/s on average, a quarter of the source (ServeGen deepseek-r1)"
                                + ON_70B,
                        seed -> NamedTraces.serveGen(seed, 4),
                        USUAL));
        named.put(
                "from-zero",
                () -> new Scenario(
                        "from-zero",
                        "nobody, then 1 request/s for 10 min, then nobody for 30 min, and again; Llama 3.1 70B on 4 x H100, 0 to 4 replicas",
                        seed -> sleepy(seed)
                                .assigned(Shares.of(Map.of("interactive", 1.0)), Shares.zipfTenants(5), seed),
                        config("from-zero"),
                        EngineModel.llama70bOnFourH100(),
                        USUAL,
                        Clients.patient(),
                        1,
                        0,
                        Double.NaN));
        named.put("gateways", () -> {
            Scenario azure = named.get("azure").get();
            return new Scenario(
                    "gateways",
                    azure.about() + "; four gateways",
                    azure.trace(),
                    azure.config(),
                    azure.engine(),
                    azure.life(),
                    azure.clients(),
                    4,
                    azure.start(),
                    azure.believedThroughput());
        });
        return named;
    }

    private static Scenario chat(String name, String about, LongFunction<Trace> trace, ReplicaLife life) {
        TidegateConfig config = config(CONFIGS.getOrDefault(name, "chat"));
        return new Scenario(
                name,
                about,
                seed -> trace.apply(seed).assigned(THREE_TIERS, Shares.zipfTenants(50), seed),
                config,
                EngineModel.llama70bOnFourH100(),
                life,
                Clients.patient(),
                1,
                Math.max(1, START.getOrDefault(name, 2)),
                Double.NaN);
    }

    private static Trace sleepy(long seed) {
        return Generators.stages(
                List.of(
                        new Generators.Stage(Duration.ofMinutes(2), 0),
                        new Generators.Stage(Duration.ofMinutes(10), 1),
                        new Generators.Stage(Duration.ofMinutes(30), 0),
                        new Generators.Stage(Duration.ofMinutes(10), 1)),
                Generators.Spacing.POISSON,
                Lengths.conversation(),
                seed);
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
