/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import io.tidegate.sim.baseline.Hpa.Direction;
import io.tidegate.sim.baseline.Hpa.Policy;
import io.tidegate.sim.baseline.Hpa.Select;
import io.tidegate.sim.baseline.Hpa.Unit;
import io.tidegate.sim.baseline.Observation.Gauge;
import io.tidegate.sim.baseline.Observation.Latency;
import io.tidegate.sim.baseline.Observation.Profile;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * llm-d's SLO-aware autoscaling: recording rules make a saturation of the latencies, KEDA a count of it, an HPA carries it out.
 *
 * <p>With n replicas that exist, of which r are ready, and the saturation s, the mean over 45 s of {@code min(max(P90 time to first
 * token / objective, P90 time per output token / objective), 2)}, and the credit c = r/n while some start, else 1:
 *
 * <pre>
 * s·c &gt; 0.55   n + ceil(n·(s·c / 0.55 - 1))
 * s   &lt; 0.40   n - floor(n·(1 - s / 0.40))
 * else         n
 * </pre>
 *
 * <p>4 replicas, all ready, at s = 0.8: 4 + ceil(4·0.4545) = 6.
 */
final class LlmdSlo implements Autoscaler {

    private final Settings settings;
    private final Keda keda;
    private final Deque<At> saturations = new ArrayDeque<>();

    LlmdSlo(Settings settings) {
        this.settings = settings;
        Hpa hpa = new Hpa("llm-d-slo", List.of(Hpa.average(this::count, seen -> 1)), settings.hpa());
        this.keda = new Keda(hpa, seen -> seen.latest(Gauge.IN_FLIGHT), settings.keda());
    }

    /**
     * Of the recording rules, the formula and the {@code ScaledObject}.
     *
     * @param quantile of the latencies
     * @param quantileSeconds window of the quantile
     * @param clamp most a single evaluation counts
     * @param smoothingSeconds window of the mean over the evaluations
     * @param up saturation above which it adds
     * @param down saturation below which it removes
     */
    record Settings(
            double quantile,
            double quantileSeconds,
            double clamp,
            double smoothingSeconds,
            double up,
            double down,
            Keda.Settings keda,
            Hpa.Settings hpa) {

        /**
         * Those of the guide, which scrapes each 5 s. It leaves the tolerance of the HPA at 0.1: with ten replicas and more a step
         * by one is not carried out.
         */
        static final Settings DEFAULTS = new Settings(
                0.90,
                60,
                2.0,
                45,
                0.55,
                0.40,
                new Keda.Settings(15, 300, 0),
                new Hpa.Settings(
                        15,
                        5,
                        new Direction(
                                30,
                                Select.MAX,
                                List.of(new Policy(Unit.PERCENT, 100, 60), new Policy(Unit.PODS, 4, 60)),
                                0.1),
                        new Direction(180, Select.MAX, List.of(new Policy(Unit.PODS, 1, 120)), 0.1)));
    }

    private record At(double seconds, double value) {}

    @Override
    public String name() {
        return keda.name();
    }

    @Override
    public double period() {
        return keda.period();
    }

    @Override
    public double scrapePeriod() {
        return keda.scrapePeriod();
    }

    @Override
    public int look(Observation seen) {
        // The rules are evaluated each 15 s, as the HPA syncs.
        double now = seen.seconds();
        saturations.add(new At(now, Math.min(saturation(seen), settings.clamp())));
        while (now - saturations.getFirst().seconds() >= settings.smoothingSeconds()) {
            saturations.removeFirst();
        }
        return keda.look(seen);
    }

    private double saturation(Observation seen) {
        Profile profile = seen.profile();
        return Math.max(
                share(seen, firstToken(seen), profile.timeToFirstToken()),
                share(seen, Latency.TIME_PER_OUTPUT_TOKEN, profile.timePerOutputToken()));
    }

    /** Predicted, and measured where nothing is predicted. */
    private Latency firstToken(Observation seen) {
        Latency predicted = Latency.PREDICTED_TIME_TO_FIRST_TOKEN;
        return Double.isNaN(seen.quantile(predicted, settings.quantile(), settings.quantileSeconds()))
                ? Latency.TIME_TO_FIRST_TOKEN
                : predicted;
    }

    private double share(Observation seen, Latency latency, double objective) {
        double seconds = seen.quantile(latency, settings.quantile(), settings.quantileSeconds());
        return Double.isNaN(seconds) ? 0 : seconds / objective;
    }

    private double count(Observation seen) {
        double sum = 0;
        for (At at : saturations) {
            sum += at.value();
        }
        return count(sum / saturations.size(), seen.created(), seen.ready());
    }

    /** The formula of the {@code ScaledObject}. */
    int count(double saturation, int replicas, int ready) {
        double credited = saturation * (0 < ready && ready < replicas ? (double) ready / replicas : 1);
        if (credited > settings.up()) {
            return replicas + (int) Math.ceil(replicas * (credited / settings.up() - 1));
        }
        return saturation < settings.down()
                ? replicas - (int) Math.floor(replicas * (1 - saturation / settings.down()))
                : replicas;
    }
}
