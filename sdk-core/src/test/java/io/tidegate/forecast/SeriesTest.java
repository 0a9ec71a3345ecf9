/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.forecast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SeriesTest {

    private static final Instant START = Instant.parse("2026-03-02T08:00:00Z");
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @Test
    void of_valuesAreCopied() {
        double[] values = {1, Double.NaN, 3};
        Series series = Series.of(START, MINUTE, values);
        values[0] = 9;
        series.toArray()[2] = 9;

        assertThat(series.toArray()).containsExactly(1, Double.NaN, 3);
        assertThat(series.size()).isEqualTo(3);
        assertThat(series.known()).isEqualTo(2);
        assertThat(series).isEqualTo(Series.of(START, MINUTE, 1, Double.NaN, 3));
        assertThat(series.hashCode())
                .isEqualTo(Series.of(START, MINUTE, 1, Double.NaN, 3).hashCode());
    }

    @Test
    void of_whatCannotBe_isNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Series.of(START, MINUTE, 1, -1))
                .withMessage("value 1 must be finite and >= 0, or NaN, but was -1.0");
        assertThatIllegalArgumentException().isThrownBy(() -> Series.of(START, MINUTE, Double.POSITIVE_INFINITY));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Series.of(START, Duration.ZERO))
                .withMessageContaining("PT0S");
        assertThatIllegalArgumentException().isThrownBy(() -> Series.of(START, Duration.ofDays(2)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Series.of(START, MINUTE, new double[Series.MOST_VALUES + 1]));
    }

    @Test
    void parts_keepTheirTimes() {
        Series series = Series.of(START, MINUTE, 1, 2, 3);

        assertThat(series.end()).isEqualTo(START.plus(MINUTE.multipliedBy(3)));
        assertThat(series.last(2)).isEqualTo(Series.of(START.plus(MINUTE), MINUTE, 2, 3));
        assertThat(series.first(2)).isEqualTo(Series.of(START, MINUTE, 1, 2));
        assertThat(series.last(9)).isEqualTo(series);
        assertThat(series.with(4)).isEqualTo(Series.of(START, MINUTE, 1, 2, 3, 4));
    }

    @Test
    void with_full_leavesTheOldestOut() {
        Series full = Series.of(START, MINUTE, new double[Series.MOST_VALUES]);
        Series next = full.with(7);

        assertThat(next.size()).isEqualTo(Series.MOST_VALUES);
        assertThat(next.start()).isEqualTo(START.plus(MINUTE));
        assertThat(next.value(next.size() - 1)).isEqualTo(7);
    }

    @Test
    void point_boundsAroundTheValue_orNone() {
        assertThat(new Forecast.Point(2, 1, 3).value()).isEqualTo(2);
        assertThatIllegalArgumentException().isThrownBy(() -> new Forecast.Point(2, 3, 4));
        assertThatIllegalArgumentException().isThrownBy(() -> new Forecast.Point(5, 3, 4));
        assertThatIllegalArgumentException().isThrownBy(() -> new Forecast.Point(1, -1, 4));
        assertThatIllegalArgumentException().isThrownBy(() -> new Forecast.Point(1, 0, Double.POSITIVE_INFINITY));
        assertThatIllegalArgumentException().isThrownBy(() -> new Forecast.Point(Double.NaN, 0, 1));
    }

    @Test
    void forecast_coverageAndReason_areStated() {
        assertThat(Forecast.none(0.9, "too short").isEmpty()).isTrue();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Forecast.none(1, "x"))
                .withMessage("coverage must be above 0 and below 1 but was 1.0");
        assertThatIllegalArgumentException().isThrownBy(() -> Forecast.none(Double.NaN, "x"));
        assertThatIllegalArgumentException().isThrownBy(() -> Forecast.none(0.9, " "));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Forecast(
                        Collections.nCopies(Forecast.MOST_STEPS + 1, new Forecast.Point(1, 1, 1)), 0.9, "x"));
    }

    @Test
    void fitted_isFiniteAndBounded() {
        Fitted fitted = new Fitted(Map.of("level", List.of(2.0), "season", List.of(1.0, 3.0)));

        assertThat(fitted.get("level", 0)).isEqualTo(2);
        assertThat(fitted.get("trend", 7)).isEqualTo(7);
        assertThat(fitted.row("none")).isEmpty();
        assertThat(fitted.size()).isEqualTo(3);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Fitted(Map.of("level", List.of(Double.NaN))))
                .withMessage("level must be finite but has NaN");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Fitted(Map.of("a", Collections.nCopies(Fitted.MOST_NUMBERS + 1, 1.0))));
    }
}
