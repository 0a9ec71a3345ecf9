/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Work;
import io.tidegate.sim.baseline.Autoscaler;
import io.tidegate.sim.baseline.Autoscalers;
import io.tidegate.sim.baseline.Bound;
import io.tidegate.sim.baseline.Observation.Profile;
import io.tidegate.sim.physics.EngineModel;
import io.tidegate.sim.score.RunScore;
import io.tidegate.sim.trace.Trace;
import io.tidegate.sim.trace.TraceEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs episodes in virtual time. The same plan gives the same score, to the last bit.
 *
 * @since 0.1.0
 */
public final class Simulator {

    private static final String TIDEGATE = "tidegate";
    private static final double STATIC_SLACK = 0.001;
    private static final String BOUND = "bound";
    private static final String BEST_STATIC = "static-best";

    /** Requests that a profile's mean size is taken from. */
    private static final int SAMPLE = 20_000;

    private Simulator() {}

    /**
     * Names of all who can decide the count, {@code tidegate} first. Besides these there are {@code bound}, what somebody would need who
     * knew every request beforehand, and {@code static-<count>}.
     */
    public static List<String> scalers() {
        List<String> names = new ArrayList<>();
        names.add(TIDEGATE);
        names.add(BEST_STATIC);
        names.addAll(Autoscalers.names());
        return List.copyOf(names);
    }

    /**
     * Makes one run on the calling thread.
     *
     * @param progress told the share of the trace that has passed, 0..1, now and then
     * @throws IllegalArgumentException if there is no such scaler; the message names those there are
     */
    public static RunScore run(RunPlan plan, DoubleConsumer progress) {
        Trace trace = plan.scenario().trace().apply(plan.seed());
        Profile profile = profile(plan.scenario(), trace);
        Bound.Result bound = Bounds.of(plan.scenario(), trace, profile, plan.seed());
        if (plan.scaler().equals(BOUND)) {
            progress.accept(1);
            return Bounds.score(plan, trace, bound);
        }
        if (plan.scaler().equals(BEST_STATIC)) {
            return bestStatic(plan, trace, progress, profile, bound.peak());
        }
        Autoscaler autoscaler = plan.scaler().equals(TIDEGATE) ? null : Autoscalers.create(plan.scaler());
        return new Episode(plan, trace, progress)
                .run(autoscaler, profile, bound.peak(), plan.scenario().start());
    }

    /**
     * The fewest replicas that, all the time, let as many requests attain as any fixed count does, but for one in a thousand: found by
     * halving, with hindsight, which flatters it.
     */
    private static RunScore bestStatic(
            RunPlan plan, Trace trace, DoubleConsumer progress, Profile profile, int neededPeak) {
        int low = Math.max(1, plan.scenario().scaling().min());
        int high = plan.scenario().scaling().max();
        RunScore best = fixed(plan, trace, high, profile, neededPeak);
        double enough = best.all().attainment() - STATIC_SLACK;
        int halvings = 1;
        int all = 2 + (int) Math.ceil(Math.log(Math.max(1, high - low + 1)) / Math.log(2));
        while (low < high) {
            progress.accept(Math.min(1, (double) halvings++ / all));
            int middle = (low + high) / 2;
            RunScore tried = fixed(plan, trace, middle, profile, neededPeak);
            if (tried.all().attainment() >= enough) {
                best = tried;
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        progress.accept(1);
        return best;
    }

    private static RunScore fixed(RunPlan plan, Trace trace, int count, Profile profile, int neededPeak) {
        return new Episode(plan, trace, share -> {}).run(Autoscalers.fixed(count), profile, neededPeak, count);
    }

    /** What a profiling run before deployment would find of one replica, for the requests of a trace. */
    static Profile profile(Scenario scenario, Trace trace) {
        double prompts = 0;
        double outputs = 0;
        int count = 0;
        for (TraceEvent event : trace) {
            prompts += Math.max(1, event.promptTokens());
            outputs += Math.max(
                    1, Math.min(event.outputTokens(), scenario.clients().maxOutputTokens()));
            if (++count == SAMPLE) {
                break;
            }
        }
        double prompt = count == 0 ? 1 : prompts / count;
        double output = count == 0 ? 1 : outputs / count;
        Slo strictest = scenario.tiers().get(0).slo();
        double perToken = seconds(strictest.timePerOutputToken().orElse(null), 0.1);
        PoolConfig pool = scenario.poolConfig();
        Work work = pool.replica().work();
        EngineModel engine = scenario.engine();
        double most = Math.min(engine.fullBatch(prompt, output), work.slots());
        if (work.tokens() > 0) {
            most = Math.min(most, work.tokens() / (prompt + output));
        }
        double rate = engine.sustained(prompt, output, perToken, Math.max(1, most));
        double pass = (engine.base() + engine.promptMillis((int) Math.round(prompt))) / 1000;
        return new Profile(
                rate,
                prompt / pass,
                Math.max(1, most),
                prompt,
                output,
                seconds(strictest.timeToFirstToken().orElse(null), 1),
                perToken,
                engine.overhead() / 1000 + pass,
                scenario.life().meanSeconds());
    }

    private static double seconds(@Nullable Duration duration, double otherwise) {
        return duration == null ? otherwise : duration.toNanos() / 1e9;
    }
}
