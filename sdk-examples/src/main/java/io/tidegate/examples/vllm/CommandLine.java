/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import java.time.Duration;
import java.util.function.Consumer;

/** The arguments of a server process. By hand, because the process should listen before a parser has loaded. */
final class CommandLine {
    private CommandLine() {}

    /**
     * Reads {@code --name value} pairs.
     *
     * @throws IllegalArgumentException with one line that names the argument at fault
     */
    static SimulatedVllmConfig parse(String[] args) {
        SimulatedVllmConfig.Builder config = SimulatedVllmConfig.builder();
        for (int i = 0; i < args.length; i += 2) {
            Consumer<String> setting = setting(args[i], config);
            if (i + 1 == args.length) {
                throw new IllegalArgumentException(args[i] + " needs a value");
            }
            apply(args[i], args[i + 1], setting);
        }
        return config.build();
    }

    private static Consumer<String> setting(String name, SimulatedVllmConfig.Builder config) {
        return switch (name) {
            case "--port" -> value -> config.port(Integer.parseInt(value));
            case "--model" -> config::model;
            case "--time-scale" -> value -> config.timeScale(Double.parseDouble(value));
            case "--cold-start" -> value -> config.coldStart(seconds(value));
            case "--max-num-seqs" -> value -> config.maxNumSeqs(Integer.parseInt(value));
            case "--stream-interval" -> value -> config.streamInterval(Integer.parseInt(value));
            case "--seed" -> value -> config.seed(Long.parseLong(value));
            default ->
                throw new IllegalArgumentException(name + " is not an argument; there are --port, --model, "
                        + "--time-scale, --cold-start, --max-num-seqs, --stream-interval and --seed");
        };
    }

    private static Duration seconds(String value) {
        double seconds = Double.parseDouble(value);
        if (!(Math.abs(seconds) <= Duration.ofDays(365).toSeconds())) {
            throw new IllegalArgumentException("cold start must be at most a year but was " + value + " s");
        }
        return Duration.ofNanos(Math.round(seconds * 1e9));
    }

    private static void apply(String name, String value, Consumer<String> setting) {
        try {
            setting.accept(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " must be a number but was " + value, e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
        }
    }
}
