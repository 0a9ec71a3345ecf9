/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.demo;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How a demo runs.
 *
 * @param trace the trace to replay, or empty for the built-in day
 * @param seconds how long to send, in real time; empty for the whole trace, or two minutes of the built-in day
 * @param timeScale how much faster than real time; 1 to 1000
 * @param sample part of the requests to keep, in (0, 1]; empty for as many as this machine should manage
 * @param meanRate mean requests per second of the built-in day, in trace time
 * @param seed of all that is drawn by chance
 * @param port port of the gateway on loopback; 0 for any
 * @param headless whether to leave out what is for a person who watches
 * @param config configuration of the gateway, or empty for the built-in one
 * @param json where to write the report as JSON, or empty
 * @param report folder for the HTML report, the ledger and the logs
 */
public record DemoOptions(
        Optional<Path> trace,
        Optional<Duration> seconds,
        double timeScale,
        OptionalDouble sample,
        double meanRate,
        long seed,
        int port,
        boolean headless,
        Optional<Path> config,
        Optional<Path> json,
        Path report) {

    /** Time the demo sends when neither a trace nor a time says otherwise. */
    public static final Duration DEFAULT_TIME = Duration.ofMinutes(2);
}
