/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * Traces with a name, for benchmarks and examples. They need no file: what they rest on are published figures that come with the library,
 * each table with its source and licence in its head.
 *
 * <p>Each is drawn from a seed; the same seed gives the same events on every JVM. Those with a mean rate keep the shape of their source
 * and take the rate that is asked for. Requests have neither tier nor tenant; {@link Trace#assigned} gives them some. Arrivals within a
 * piece of constant rate are Poisson.
 *
 * @since 0.1.0
 */
public final class NamedTraces {
    private static final Map<String, LongFunction<Trace>> NAMED = named();

    private NamedTraces() {}

    private static Map<String, LongFunction<Trace>> named() {
        Map<String, LongFunction<Trace>> named = new LinkedHashMap<>();
        named.put("llm-d", NamedTraces::llmD);
        named.put("overshoot", NamedTraces::overshoot);
        named.put("step", NamedTraces::step);
        named.put("flash", NamedTraces::flash);
        named.put("storm", NamedTraces::storm);
        named.put("day", seed -> day(seed, 5));
        named.put("week", seed -> week(seed, 5));
        named.put("azure", seed -> azure(seed, 5));
        named.put("mooncake", seed -> mooncake(seed, 5));
        named.put("servegen", seed -> serveGen(seed, 5));
        named.put("ragpulse", seed -> ragPulse(seed, 5));
        return named;
    }

    /** Their names. */
    public static List<String> names() {
        return List.copyOf(NAMED.keySet());
    }

    /**
     * The trace of a name; at 5 requests per second on average, where it has a mean rate.
     *
     * @throws IllegalArgumentException if there is none; the message names those there are
     */
    public static Trace of(String name, long seed) {
        LongFunction<Trace> found = NAMED.get(name);
        if (found == null) {
            throw new IllegalArgumentException(
                    "no trace is called \"" + name + "\": there are " + String.join(", ", names()));
        }
        return found.apply(seed);
    }

    /**
     * The load of llm-d's benchmark of its SLO-aware autoscaling: 4,000 prompt and 1,000 output tokens, 2, 4, 6, 8, 10, 4 and 1
     * requests per second, the first for 330 s, the next five for 360 s each, the last for 300 s. Exactly 12,480 requests in
     * 2,430 s: 330 x 2 + 360 x (4 + 6 + 8 + 10 + 4) + 300 x 1.
     *
     * <p>Source of the figures: llm-d, workload autoscaling guide, benchmark of the SLO-aware path (Apache-2.0). The moments within
     * a stage are drawn.
     */
    public static Trace llmD(long seed) {
        Duration six = Duration.ofMinutes(6);
        return Generators.stages(
                        List.of(
                                new Generators.Stage(Duration.ofSeconds(330), 2),
                                new Generators.Stage(six, 4),
                                new Generators.Stage(six, 6),
                                new Generators.Stage(six, 8),
                                new Generators.Stage(six, 10),
                                new Generators.Stage(six, 4),
                                new Generators.Stage(Duration.ofMinutes(5), 1)),
                        Generators.Spacing.COUNTED,
                        Lengths.fixed(4_000, 1_000),
                        seed)
                .named("llm-d");
    }

    /**
     * Ten times what is there: 10 requests per second for a minute and then 100 for ten, as in the demonstration of an HPA that
     * overshoots (llm-d autoscaling, pull request 1019, where a replica serves 10 requests per second and takes 60 s to start).
     * Requests are short, 500 prompt and 100 output tokens; the source names none.
     */
    public static Trace overshoot(long seed) {
        return Generators.step(10, 100, Duration.ofMinutes(1), Duration.ofMinutes(10), Lengths.fixed(500, 100), seed)
                .named("overshoot");
    }

    /** A hard step from 2 to 10 requests per second after ten minutes, for twenty; 4,000 prompt and 1,000 output tokens. */
    public static Trace step(long seed) {
        return Generators.step(
                2, 10, Duration.ofMinutes(10), Duration.ofMinutes(20), Lengths.fixed(4_000, 1_000), seed);
    }

    /**
     * A flash crowd of conversations: 4 requests per second for ten minutes, up to six times that in 30 s, five minutes there, down in a
     * minute, and fifteen minutes at 4 again.
     */
    public static Trace flash(long seed) {
        return Generators.flash(
                4,
                6,
                Duration.ofMinutes(10),
                Duration.ofSeconds(30),
                Duration.ofMinutes(5),
                Duration.ofMinutes(1),
                Duration.ofMinutes(15),
                Lengths.conversation(),
                seed);
    }

    /**
     * What sets off a retry storm: conversations at 6 requests per second, 30 for two minutes after five, then 6 again for half an
     * hour. Retries are the clients' and not in it.
     */
    public static Trace storm(long seed) {
        return Generators.storm(
                6,
                30,
                Duration.ofMinutes(5),
                Duration.ofMinutes(2),
                Duration.ofMinutes(30),
                Lengths.conversation(),
                seed);
    }

    /**
     * A day of conversations from midnight, in full length: the rate by the hour of ServeGen's m-small
     * ({@link BuiltInDay#hourlyMultipliers()}).
     *
     * @param meanRps mean of the day in requests per second, above 0
     */
    public static Trace day(long seed, double meanRps) {
        return Generators.hourly(meanRps, BuiltInDay.hourlyMultipliers(), 1, 1, Lengths.conversation(), seed)
                .named("day");
    }

    /**
     * A week from midnight: the rate in each hour of the first week of ServeGen's m-large and {@link Lengths#serveGenLarge()}. What
     * happens within an hour is left out.
     *
     * @param meanRps mean of the week in requests per second, above 0
     */
    public static Trace week(long seed, double meanRps) {
        double[] rates = Figures.of("m-large-week").column("requests_per_second");
        return shaped("week", Duration.ofHours(1), rates, meanRps, Lengths.serveGenLarge(), seed);
    }

    /**
     * 58 minutes of a chat service: the requests in each minute of the Azure LLM inference trace 2023, conversation, and its lengths,
     * jointly as far as their rank correlation goes.
     *
     * @param meanRps mean in requests per second, above 0; 5.5 in the source
     */
    public static Trace azure(long seed, double meanRps) {
        double[] counts = Figures.of("azure-conv-minutes").column("requests");
        return shaped("azure", Duration.ofMinutes(1), counts, meanRps, Lengths.azure(), seed);
    }

    /**
     * 170 seconds of long prompts: the requests in each ten seconds of the first 1,000 requests of Mooncake's arXiv trace, and
     * {@link Lengths#mooncake()}. Use {@link Trace#repeatedFor} for more; shared prefixes are not in it.
     *
     * @param meanRps mean in requests per second, above 0; 5.6 in the source
     */
    public static Trace mooncake(long seed, double meanRps) {
        double[] counts = Figures.of("mooncake-rates").column("requests");
        return shaped("mooncake", Duration.ofSeconds(10), counts, meanRps, Lengths.mooncake(), seed);
    }

    /**
     * A day of a reasoning model: the rate in each ten minutes of ServeGen's deepseek-r1 and {@link Lengths#deepSeek()}.
     *
     * @param meanRps mean in requests per second, above 0; 16 in the source
     */
    public static Trace serveGen(long seed, double meanRps) {
        double[] rates = Figures.of("deepseek-r1-day").column("requests_per_second");
        return shaped("servegen", Duration.ofMinutes(10), rates, meanRps, Lengths.deepSeek(), seed);
    }

    /**
     * Four days of questions with retrieved passages, from noon: the requests in each hour of RAGPulse and {@link Lengths#ragPulse()}.
     *
     * @param meanRps mean in requests per second, above 0; 0.0126 in the source
     */
    public static Trace ragPulse(long seed, double meanRps) {
        double[] counts = Figures.of("ragpulse-hours").column("requests");
        return shaped("ragpulse", Duration.ofHours(1), counts, meanRps, Lengths.ragPulse(), seed);
    }

    private static Trace shaped(
            String name, Duration step, double[] shape, double meanRps, Lengths lengths, long seed) {
        if (!(meanRps > 0)) {
            throw new IllegalArgumentException("meanRps must be above 0 but was " + meanRps);
        }
        double factor = meanRps * shape.length / Arrays.stream(shape).sum();
        List<Double> rates =
                Arrays.stream(shape).mapToObj(each -> each * factor).toList();
        return Generators.series(step, rates, lengths, seed).named(name);
    }
}
