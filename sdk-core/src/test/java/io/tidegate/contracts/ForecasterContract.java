/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.contracts;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidegate.forecast.Fitted;
import io.tidegate.forecast.Forecast;
import io.tidegate.forecast.Series;
import io.tidegate.forecast.spi.Forecaster;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * What every forecaster keeps to. Extend it and say how one is made, and from which history it forecasts.
 *
 * @since 0.1.0
 */
public abstract class ForecasterContract {

    private static final int STEPS = 12;

    /** Rows that are made odd, of those there are. */
    private static final int MOST_ODD = 20;

    /** A new forecaster, the same each time. */
    protected abstract Forecaster forecaster();

    /** A history, all known, from which it forecasts. */
    protected abstract Series history();

    private static Forecast forecast(Forecaster forecaster, Series history, int steps, Fitted fitted) {
        return Kit.inTime(() -> forecaster.forecast(history, steps, fitted), "forecast()");
    }

    /** As the engine does: value by value. */
    private static Fitted taught(Forecaster forecaster, Series history) {
        return Kit.inTime(
                () -> {
                    Fitted fitted = Fitted.NOTHING;
                    for (int i = 1; i <= history.size(); i++) {
                        fitted = forecaster.learn(history.first(i), fitted);
                    }
                    return fitted;
                },
                "learn()");
    }

    private static Forecast taughtAndAsked(Forecaster forecaster, Series history, int steps) {
        return forecast(forecaster, history, steps, taught(forecaster, history));
    }

    private Series mapped(DoubleUnaryOperator change) {
        return with(Arrays.stream(history().toArray()).map(change).toArray());
    }

    private Series with(double... values) {
        return Series.of(history().start(), history().step(), values);
    }

    private Map<String, Series> odd() {
        Map<String, Series> odd = new LinkedHashMap<>();
        odd.put("as it is", history());
        odd.put("nothing", with());
        odd.put("one value", history().first(1));
        odd.put("all 0", mapped(value -> 0));
        odd.put("all the same", mapped(value -> 7));
        odd.put("huge", mapped(value -> 1e300));
        odd.put("tiny", mapped(value -> Double.MIN_VALUE));
        odd.put("all unknown", mapped(value -> Double.NaN));
        double[] gaps = history().toArray();
        for (int i = 0; i < gaps.length; i++) {
            gaps[i] = i % 3 == 0 ? Double.NaN : gaps[i];
        }
        odd.put("every third unknown", with(gaps));
        double[] end = history().toArray();
        Arrays.fill(end, end.length / 2, end.length, Double.NaN);
        odd.put("unknown since half of the time", with(end));
        double[] spike = history().toArray();
        spike[spike.length / 2] = 1e300;
        odd.put("one huge value", with(spike));
        return odd;
    }

    private static Map<String, Fitted> odd(Fitted fitted) {
        Map<String, Fitted> odd = new LinkedHashMap<>();
        odd.put("nothing learned", Fitted.NOTHING);
        for (String name : fitted.rows().keySet().stream().limit(MOST_ODD).toList()) {
            Map<String, List<Double>> without = new HashMap<>(fitted.rows());
            without.remove(name);
            odd.put("no " + name, new Fitted(without));
            List<Double> row = fitted.row(name);
            odd.put(name + " empty", with(fitted, name, List.of()));
            odd.put(name + " short", with(fitted, name, row.subList(0, row.size() / 2)));
            for (double value : new double[] {0, -1, 1e300, -1e300, 0.5}) {
                odd.put(
                        name + " all " + value,
                        with(fitted, name, row.stream().map(each -> value).toList()));
            }
        }
        return odd;
    }

    private static Fitted with(Fitted fitted, String name, List<Double> row) {
        Map<String, List<Double>> other = new HashMap<>(fitted.rows());
        other.put(name, row);
        return new Fitted(other);
    }

    @Nested
    class Answers {

        @Test
        void name_isShortAndStays() {
            Forecaster forecaster = forecaster();
            String name = forecaster.name();
            Kit.isShort(name);
            taughtAndAsked(forecaster, history(), STEPS);
            assertEquals(name, forecaster.name());
            assertEquals(name, forecaster().name());
        }

        @Test
        void forecast_enoughIsKnown_hasAPointForEachStep() {
            for (int steps : new int[] {1, 2, STEPS, 500}) {
                assertEquals(
                        steps,
                        taughtAndAsked(forecaster(), history(), steps).points().size());
            }
        }

        @Test
        void forecast_moreSteps_beginsTheSame() {
            Forecaster forecaster = forecaster();
            Forecast few = taughtAndAsked(forecaster, history(), 3);
            Forecast many = taughtAndAsked(forecaster, history(), STEPS);
            assertEquals(few.points(), many.points().subList(0, 3));
        }

        @Test
        void forecast_nothingKnown_isNoneAndSaysWhy() {
            for (Series unknown : List.of(with(), mapped(value -> Double.NaN))) {
                Forecast forecast = taughtAndAsked(forecaster(), unknown, STEPS);
                assertTrue(forecast.isEmpty(), () -> "of " + unknown + " it forecasts " + forecast);
            }
        }

        @Test
        void forecast_oddHistories_hasAllPointsOrNone() {
            Forecaster forecaster = forecaster();
            odd().forEach((what, history) -> {
                Forecast forecast = assertDoesNotThrow(() -> taughtAndAsked(forecaster, history, STEPS), what);
                assertNotNull(forecast, what);
                int points = forecast.points().size();
                assertTrue(points == 0 || points == STEPS, () -> what + ": " + points + " points of " + STEPS);
            });
        }
    }

    @Nested
    class Pure {

        @Test
        void forecast_sameHistory_isTheSame() {
            Forecaster forecaster = forecaster();
            Forecast first = taughtAndAsked(forecaster, history(), STEPS);
            assertEquals(first, taughtAndAsked(forecaster, history(), STEPS), "asked twice");
            assertEquals(first, taughtAndAsked(forecaster(), history(), STEPS), "another");
        }

        @Test
        void forecast_otherHistoriesBetween_remembersNothing() {
            Forecaster forecaster = forecaster();
            Fitted fitted = taught(forecaster, history());
            Forecast first = forecast(forecaster, history(), STEPS, fitted);
            odd().values().forEach(history -> taughtAndAsked(forecaster, history, STEPS));
            assertEquals(first, forecast(forecaster, history(), STEPS, fitted));
        }

        @Test
        void forecast_onAnotherThread_isTheSame() {
            Forecaster forecaster = forecaster();
            Fitted fitted = taught(forecaster, history());
            Forecast here = forecast(forecaster, history(), STEPS, fitted);
            assertEquals(here, Kit.elsewhere(() -> forecaster.forecast(history(), STEPS, fitted)));
        }

        @Test
        void learn_sameHistory_isTheSame() {
            Forecaster forecaster = forecaster();
            Fitted first = taught(forecaster, history());
            taughtAndAsked(forecaster, mapped(value -> value * 3), STEPS);
            assertEquals(first, taught(forecaster, history()));
        }
    }

    @Nested
    class Restored {

        @Test
        void forecast_oddNumbers_hasAllPointsOrNone() {
            Forecaster forecaster = forecaster();
            odd(taught(forecaster, history())).forEach((what, fitted) -> {
                Forecast forecast = assertDoesNotThrow(() -> forecast(forecaster, history(), STEPS, fitted), what);
                int points = forecast.points().size();
                assertTrue(points == 0 || points == STEPS, () -> what + ": " + points + " points of " + STEPS);
            });
        }

        @Test
        void learn_oddNumbers_goesOn() {
            Forecaster forecaster = forecaster();
            odd(taught(forecaster, history()))
                    .forEach((what, fitted) ->
                            assertNotNull(assertDoesNotThrow(() -> forecaster.learn(history(), fitted), what), what));
        }

        @Test
        void learn_forLong_staysBounded() {
            Forecaster forecaster = forecaster();
            Series history = history();
            Fitted fitted = taught(forecaster, history);
            int before = fitted.size();
            for (int i = 0; i < 2_000; i++) {
                history = history.with(history.value(i % history.size())).last(history.size());
                fitted = forecaster.learn(history, fitted);
            }
            int after = fitted.size();
            assertFalse(
                    after > Math.max(2 * before, before + 100), () -> "it keeps " + before + " numbers, then " + after);
        }
    }
}
