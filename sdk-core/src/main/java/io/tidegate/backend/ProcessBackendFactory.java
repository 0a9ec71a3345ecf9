/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.engine.spi.ScalerBackendFactory;
import io.tidegate.policy.PolicySettings;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Makes {@link ProcessBackend}s from configuration.
 *
 * <table>
 * <caption>Settings of type {@code process}</caption>
 * <tr><th>setting</th><th>meaning</th><th>default</th></tr>
 * <tr><td>{@code command}</td><td>program and arguments, a list; one text is split at spaces. {@code {index}}, {@code {port}} and
 * {@code {replica}} are replaced</td><td>none, it is required</td></tr>
 * <tr><td>{@code name}</td><td>what replicas are called, before their index</td><td>replica</td></tr>
 * <tr><td>{@code firstPort}</td><td>port of replica 0; the others have those above</td><td>none</td></tr>
 * <tr><td>{@code most}</td><td>most processes, 1 to 1000</td><td>64</td></tr>
 * <tr><td>{@code readyUrl}</td><td>http address that answers 200 when a replica is ready</td><td>none</td></tr>
 * <tr><td>{@code readyPort}</td><td>port that accepts when a replica is ready</td><td>none: ready as long as it runs</td></tr>
 * <tr><td>{@code readyTimeout}</td><td>time that this may take, 10ms to 1m</td><td>1s</td></tr>
 * <tr><td>{@code probePeriod}</td><td>time between two looks, 10ms to 1m</td><td>1s</td></tr>
 * <tr><td>{@code grace}</td><td>time from being told to end to being killed, 0s to 1h</td><td>30s</td></tr>
 * <tr><td>{@code folder}</td><td>where output and notes of processes go</td><td>none: output is discarded</td></tr>
 * <tr><td>{@code directory}</td><td>where processes run</td><td>where the gateway does</td></tr>
 * <tr><td>{@code keep}</td><td>whether processes go on when the gateway ends; needs a folder</td><td>false</td></tr>
 * <tr><td>{@code env.NAME}</td><td>variable of their environment</td><td>the gateway's</td></tr>
 * </table>
 *
 * @since 0.1.0
 */
public final class ProcessBackendFactory implements ScalerBackendFactory {

    private static final String ENV = "env.";

    /** For {@link java.util.ServiceLoader}. */
    public ProcessBackendFactory() {}

    @Override
    public String type() {
        return "process";
    }

    @Override
    public ScalerBackend create(Map<String, String> settings) {
        return builder(settings).build();
    }

    ProcessBackend.Builder builder(Map<String, String> settings) {
        PolicySettings read = new PolicySettings(settings, "backend");
        List<String> command = Texts.list(read, "command", "\\s+");
        if (command.isEmpty()) {
            read.problem("command", "is required: a list of the program and its arguments");
        }
        ProcessBackend.Builder builder =
                ProcessBackend.builder(command.isEmpty() || command.get(0).isBlank() ? List.of("none") : command);
        List<String> problems = new ArrayList<>();
        text(read, "name", builder::name, problems);
        if (read.has("firstPort")) {
            builder.firstPort(Whole.number(read, "firstPort", 1, 65_535, 1));
        }
        builder.most(Whole.number(read, "most", 1, 1000, 64));
        text(read, "readyUrl", builder::readyUrl, problems);
        text(read, "readyPort", builder::readyPort, problems);
        Duration least = Duration.ofMillis(10);
        Duration minute = Duration.ofMinutes(1);
        Duration second = Duration.ofSeconds(1);
        builder.readyTimeout(read.duration("readyTimeout", least, minute, second));
        builder.probePeriod(read.duration("probePeriod", least, minute, second));
        builder.grace(read.duration("grace", Duration.ZERO, Duration.ofHours(1), Duration.ofSeconds(30)));
        path(read, "folder", builder::folder);
        path(read, "directory", builder::directory);
        read.text("keep").ifPresent(keep -> {
            if (!keep.equals("true") && !keep.equals("false")) {
                read.problem("keep", "must be true or false but is \"" + keep + '"');
            }
            builder.keep(keep.equals("true"));
        });
        settings.keySet().stream()
                .filter(each -> each.startsWith(ENV) && each.length() > ENV.length())
                .forEach(each ->
                        read.text(each).ifPresent(value -> builder.environment(each.substring(ENV.length()), value)));
        read.problems().forEach((key, problem) -> problems.add(key + " " + problem));
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException("settings of scaler backend process: " + String.join("; ", problems));
        }
        return builder;
    }

    private static void text(PolicySettings read, String name, Consumer<String> taken, List<String> problems) {
        Optional<String> text = read.text(name);
        try {
            text.ifPresent(taken);
        } catch (IllegalArgumentException e) {
            problems.add(e.getMessage());
        }
    }

    private static void path(PolicySettings read, String name, Consumer<Path> taken) {
        read.text(name).ifPresent(text -> {
            try {
                taken.accept(Path.of(text));
            } catch (InvalidPathException e) {
                read.problem(name, "must be a path but is \"" + text + '"');
            }
        });
    }
}
