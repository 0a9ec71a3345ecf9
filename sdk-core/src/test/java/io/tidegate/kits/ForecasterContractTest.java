/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.kits;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.contracts.ForecasterContract;
import io.tidegate.forecast.Fitted;
import io.tidegate.forecast.Forecast;
import io.tidegate.forecast.Forecast.Point;
import io.tidegate.forecast.Series;
import io.tidegate.forecast.spi.Forecaster;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the kit for forecasters lets pass, and what it does not. */
class ForecasterContractTest {

    private static final double MOST = 1e9;

    /** A smoothed level for ever, between 0 and twice; the ways to get that wrong are its subclasses. */
    static class Level implements Forecaster {

        @Override
        public String name() {
            return "level";
        }

        @Override
        public Fitted learn(Series history, Fitted before) {
            double value = history.size() == 0 ? Double.NaN : history.value(history.size() - 1);
            if (Double.isNaN(value)) {
                return before;
            }
            double level = level(before);
            double next = Double.isNaN(level) ? value : level + (value - level) / 2;
            return new Fitted(Map.of("level", List.of(Math.min(MOST, next))));
        }

        /** NaN if there is none. */
        double level(Fitted fitted) {
            double level = fitted.get("level", Double.NaN);
            return level >= 0 && level <= MOST ? level : Double.NaN;
        }

        @Override
        public Forecast forecast(Series history, int steps, Fitted learned) {
            double level = level(learned);
            return Double.isNaN(level)
                    ? Forecast.none(0.5, "no value is known")
                    : new Forecast(points(level, steps), 0.5, "as it was lately");
        }

        List<Point> points(double level, int steps) {
            return Collections.nCopies(steps, new Point(level, 0, 2 * level));
        }
    }

    private static Map<String, Supplier<Forecaster>> wrong() {
        AtomicInteger count = new AtomicInteger();
        Map<String, Supplier<Forecaster>> wrong = new LinkedHashMap<>();
        wrong.put("name_isShortAndStays", () -> new Level() {
            @Override
            public String name() {
                return "level" + count.incrementAndGet();
            }
        });
        wrong.put("forecast_enoughIsKnown_hasAPointForEachStep", () -> new Level() {
            @Override
            List<Point> points(double level, int steps) {
                return super.points(level, Math.min(steps, 100));
            }
        });
        wrong.put("forecast_moreSteps_beginsTheSame", () -> new Level() {
            @Override
            List<Point> points(double level, int steps) {
                return super.points(level / steps, steps);
            }
        });
        wrong.put("forecast_nothingKnown_isNoneAndSaysWhy", () -> new Level() {
            @Override
            double level(Fitted fitted) {
                double level = super.level(fitted);
                return Double.isNaN(level) ? 0 : level;
            }
        });
        wrong.put("forecast_oddHistories_hasAllPointsOrNone", () -> new Level() {
            @Override
            public Forecast forecast(Series history, int steps, Fitted learned) {
                return new Forecast(points(history.value(history.size() - 1), steps), 0.5, "as it was last");
            }
        });
        wrong.put("forecast_sameHistory_isTheSame", () -> new Level() {
            @Override
            List<Point> points(double level, int steps) {
                return super.points(level + count.incrementAndGet(), steps);
            }
        });
        wrong.put("forecast_otherHistoriesBetween_remembersNothing", () -> new Level() {
            private double most;

            @Override
            List<Point> points(double level, int steps) {
                most = Math.max(most, level);
                return super.points(most, steps);
            }
        });
        wrong.put("forecast_onAnotherThread_isTheSame", () -> new Level() {
            @Override
            List<Point> points(double level, int steps) {
                boolean elsewhere = Thread.currentThread().getName().equals("another-thread");
                return super.points(elsewhere ? level + 1 : level, steps);
            }
        });
        wrong.put("learn_sameHistory_isTheSame", () -> new Level() {
            private int learned;

            @Override
            public Fitted learn(Series history, Fitted before) {
                return new Fitted(Map.of("level", List.of((double) ++learned)));
            }
        });
        wrong.put("forecast_oddNumbers_hasAllPointsOrNone", () -> new Level() {
            @Override
            double level(Fitted fitted) {
                return fitted.get("level", Double.NaN);
            }
        });
        wrong.put("learn_oddNumbers_goesOn", () -> new Level() {
            @Override
            public Fitted learn(Series history, Fitted before) {
                if (!before.rows().isEmpty() && before.row("level").get(0) < 0) {
                    throw new IllegalStateException("it cannot be");
                }
                return super.learn(history, before);
            }
        });
        wrong.put("learn_forLong_staysBounded", () -> new Level() {
            @Override
            public Fitted learn(Series history, Fitted before) {
                List<Double> more = new ArrayList<>(before.row("level"));
                more.add(5.0);
                return new Fitted(Map.of("level", more));
            }
        });
        return wrong;
    }

    /** The kit with the forecaster under test. */
    static class OfLevel extends ForecasterContract {

        private static Supplier<Forecaster> made = Level::new;

        @Override
        protected Forecaster forecaster() {
            return made.get();
        }

        @Override
        protected Series history() {
            return Series.of(Instant.EPOCH, Duration.ofMinutes(1), 3, 4, 5, 4, 3, 2, 3, 4, 5, 6);
        }
    }

    @Test
    void kit_soundForecaster_passes() {
        OfLevel.made = Level::new;
        Rules.areKept(ForecasterContract.class, OfLevel.class);
    }

    @TestFactory
    List<DynamicTest> kit_forecasterThatBreaksARule_isFoundOutByIt() {
        assertThat(wrong().keySet()).as("something breaks each rule").isEqualTo(Rules.of(ForecasterContract.class));
        return wrong().entrySet().stream()
                .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> {
                    OfLevel.made = each.getValue();
                    assertThat(Rules.broken(OfLevel.class)).containsKey(each.getKey());
                }))
                .toList();
    }
}
