/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import static io.tidegate.sim.trace.TraceFile.count;
import static io.tidegate.sim.trace.TraceFile.events;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class NamedTracesTest {
    private static long between(Trace trace, int fromSeconds, int toSeconds) {
        return count(trace.slice(Duration.ofSeconds(fromSeconds), Duration.ofSeconds(toSeconds - fromSeconds)));
    }

    @Test
    void llmD_hasThePublishedNumberOfRequestsInEachStage() {
        Trace trace = NamedTraces.llmD(1);

        assertThat(count(trace)).isEqualTo(12_480);
        assertThat(trace.duration()).isEqualTo(Duration.ofSeconds(2_430));
        assertThat(between(trace, 0, 330)).isEqualTo(660);
        assertThat(between(trace, 330, 690)).isEqualTo(1_440);
        assertThat(between(trace, 690, 1_050)).isEqualTo(2_160);
        assertThat(between(trace, 1_050, 1_410)).isEqualTo(2_880);
        assertThat(between(trace, 1_410, 1_770)).isEqualTo(3_600);
        assertThat(between(trace, 1_770, 2_130)).isEqualTo(1_440);
        assertThat(between(trace, 2_130, 2_430)).isEqualTo(300);
    }

    @Test
    void llmD_hasItsTokens() {
        assertThat(events(NamedTraces.llmD(1)))
                .allMatch(event -> event.promptTokens() == 4_000 && event.outputTokens() == 1_000);
    }

    @Test
    void overshoot_isTenTimesAsMuchAfterAMinute() {
        Trace trace = NamedTraces.overshoot(1);

        assertThat(between(trace, 0, 60)).isBetween(527L, 673L);
        assertThat(between(trace, 60, 660)).isBetween(59_266L, 60_734L);
    }

    /** Mean rates within three standard deviations of a Poisson number. */
    @ParameterizedTest
    @CsvSource({"day,86400", "week,604800", "azure,3480", "mooncake,170", "servegen,86400", "ragpulse,345600"})
    void of_tracesWithAMeanRate_meetIt(String name, int seconds) {
        Trace trace = NamedTraces.of(name, 2);
        double expected = 5.0 * seconds;

        assertThat(trace.duration().toNanos() / 1e9).isCloseTo(seconds, within(1e-6));
        assertThat((double) count(trace)).isCloseTo(expected, within(3 * Math.sqrt(expected)));
    }

    static Iterable<String> names() {
        return NamedTraces.names();
    }

    @ParameterizedTest
    @MethodSource("names")
    void of_name_isItsName(String name) {
        assertThat(NamedTraces.of(name, 1).name()).isEqualTo(name);
    }

    @ParameterizedTest
    @MethodSource("names")
    void of_sameSeed_beginsWithTheSameEvents(String name) {
        Duration start = Duration.ofMinutes(2);

        assertThat(events(NamedTraces.of(name, 5).slice(Duration.ZERO, start)))
                .isEqualTo(events(NamedTraces.of(name, 5).slice(Duration.ZERO, start)))
                .isNotEqualTo(events(NamedTraces.of(name, 6).slice(Duration.ZERO, start)));
    }

    @Test
    void of_unknownName_listsTheNames() {
        assertThatThrownBy(() -> NamedTraces.of("month", 1))
                .hasMessage("no trace is called \"month\": there are llm-d, overshoot, step, flash, storm, day, week, "
                        + "azure, mooncake, servegen, ragpulse");
    }

    @Test
    void week_meanRateOfNone_isRefused() {
        assertThatThrownBy(() -> NamedTraces.week(1, 0)).hasMessage("meanRps must be above 0 but was 0.0");
    }
}
