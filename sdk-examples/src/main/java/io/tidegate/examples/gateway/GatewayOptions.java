/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How the demo's gateway is started; also as arguments of its process.
 *
 * @param port port on loopback; 0 for any
 * @param timeScale how much faster than real time trace time runs; at least 1
 * @param config the configuration, or empty for the built-in one
 * @param folder where the ledger and the logs of replicas go
 * @param coldStartSeconds time a replica takes to load, in trace time; above 0
 * @param traceName what the live page calls the load
 * @param traceSeconds length of the load in trace time, for the live page; 0 if unknown
 */
public record GatewayOptions(
        int port,
        double timeScale,
        Optional<Path> config,
        Path folder,
        double coldStartSeconds,
        String traceName,
        double traceSeconds) {

    /** As arguments of {@link DemoGateway#main}. */
    public List<String> toArguments() {
        List<String> arguments = new ArrayList<>(List.of(
                "--port", String.valueOf(port),
                "--time-scale", String.valueOf(timeScale),
                "--folder", folder.toString(),
                "--cold-start", String.valueOf(coldStartSeconds),
                "--trace-name", traceName,
                "--trace-seconds", String.valueOf(traceSeconds)));
        config.ifPresent(file -> arguments.addAll(List.of("--config", file.toString())));
        return arguments;
    }

    /**
     * From arguments.
     *
     * @throws IllegalArgumentException naming the argument that is wrong
     */
    static GatewayOptions parse(String[] arguments) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < arguments.length; i += 2) {
            if (i + 1 == arguments.length) {
                throw new IllegalArgumentException(arguments[i] + " needs a value");
            }
            values.put(arguments[i], arguments[i + 1]);
        }
        GatewayOptions options = new GatewayOptions(
                (int) number(values, "--port", 0),
                number(values, "--time-scale", 1),
                Optional.ofNullable(values.remove("--config")).map(Path::of),
                Path.of(take(values, "--folder", ".")),
                number(values, "--cold-start", 60),
                take(values, "--trace-name", "requests"),
                number(values, "--trace-seconds", 0));
        if (!values.isEmpty()) {
            throw new IllegalArgumentException("unknown arguments " + values.keySet());
        }
        return options;
    }

    private static String take(Map<String, String> values, String name, String fallback) {
        String value = values.remove(name);
        return value == null ? fallback : value;
    }

    private static double number(Map<String, String> values, String name, double fallback) {
        String value = values.remove(name);
        try {
            return value == null ? fallback : Double.parseDouble(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " must be a number but was \"" + value + "\"", e);
        }
    }
}
