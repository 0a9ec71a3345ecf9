/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandLineTest {
    @Test
    void parse_nothing_hasTheDefaults() {
        SimulatedVllmConfig config = CommandLine.parse(new String[0]);

        assertThat(config.port()).isZero();
        assertThat(config.model()).isEqualTo("llama-3.1-70b-instruct");
        assertThat(config.timeScale()).isEqualTo(1);
        assertThat(config.coldStart()).isZero();
        assertThat(config.maxNumSeqs()).isEqualTo(32);
        assertThat(config.streamInterval()).isEqualTo(1);
        assertThat(config.maxModelLength()).isEqualTo(131_072);
        assertThat(config.seed()).isEqualTo(1);
    }

    @Test
    void parse_everyArgument_isTaken() {
        SimulatedVllmConfig config = CommandLine.parse(
                "--port 8001 --model m --time-scale 2.5 --cold-start 61.25 --max-num-seqs 7 --stream-interval 20 --seed -3"
                        .split(" ", -1));

        assertThat(config.port()).isEqualTo(8001);
        assertThat(config.model()).isEqualTo("m");
        assertThat(config.timeScale()).isEqualTo(2.5);
        assertThat(config.coldStart()).isEqualTo(Duration.ofMillis(61_250));
        assertThat(config.maxNumSeqs()).isEqualTo(7);
        assertThat(config.streamInterval()).isEqualTo(20);
        assertThat(config.seed()).isEqualTo(-3);
    }

    @ParameterizedTest
    @CsvSource({
        "--port, 65536",
        "--port, -1",
        "--port, http",
        "--model, ' '",
        "--time-scale, 0.5",
        "--time-scale, NaN",
        "--time-scale, Infinity",
        "--time-scale, fast",
        "--cold-start, -1",
        "--cold-start, NaN",
        "--cold-start, 1e300",
        "--max-num-seqs, 0",
        "--max-num-seqs, 1025",
        "--stream-interval, 0",
        "--seed, x",
        "--verbose, yes",
    })
    void parse_wrongValue_namesTheArgumentInOneLine(String name, String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CommandLine.parse(new String[] {name, value}))
                .withMessageStartingWith(name)
                .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
    }

    @Test
    void parse_missingValue_namesTheArgument() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CommandLine.parse(new String[] {"--seed", "1", "--port"}))
                .withMessage("--port needs a value");
    }
}
