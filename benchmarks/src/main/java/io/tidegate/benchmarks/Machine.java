/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What a reader must know of where figures were taken. */
final class Machine {

    private static final String UNKNOWN = "unknown";
    private static final Pattern VERSION_IN_JAR = Pattern.compile(".*?-(\\d[^/]*)\\.jar");

    private Machine() {}

    /** JDK, processor, cores, system, collector and flags. */
    static Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put(
                "JDK",
                property("java.vm.name") + " " + property("java.runtime.version") + ", " + property("java.vendor"));
        facts.put("CPU", cpuModel(Path.of("/proc/cpuinfo")));
        facts.put("cores", String.valueOf(Runtime.getRuntime().availableProcessors()));
        facts.put("system", property("os.name") + " " + property("os.version") + " " + property("os.arch"));
        facts.put(
                "collector",
                ManagementFactory.getGarbageCollectorMXBeans().stream()
                        .map(GarbageCollectorMXBean::getName)
                        .collect(Collectors.joining(", ")));
        List<String> flags = ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(each -> !each.startsWith("-Dtidegate."))
                .toList();
        facts.put("JVM flags", flags.isEmpty() ? "none" : String.join(" ", flags));
        return facts;
    }

    /** Processes that want to run, mean of the last minute; empty where the system does not tell. */
    static OptionalDouble loadAverage() {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        return load < 0 ? OptionalDouble.empty() : OptionalDouble.of(load);
    }

    /** The versions of the peers that run. */
    static Map<String, String> peers() {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("resilience4j", version(io.github.resilience4j.bulkhead.Bulkhead.class));
        versions.put("Failsafe", version(dev.failsafe.Bulkhead.class));
        versions.put("concurrency-limits", version(com.netflix.concurrency.limits.Limiter.class));
        versions.put("reactor-pool", version(reactor.pool.Pool.class));
        versions.put("reactor-core", version(reactor.core.publisher.Mono.class));
        versions.put("Sentinel", version(com.alibaba.csp.sentinel.SphU.class));
        versions.put("JMH", version(org.openjdk.jmh.runner.Runner.class));
        return versions;
    }

    static String cpuModel(Path cpuinfo) {
        try (var lines = Files.lines(cpuinfo)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(UNKNOWN);
        } catch (IOException e) {
            return UNKNOWN;
        }
    }

    private static String version(Class<?> type) {
        CodeSource source = type.getProtectionDomain().getCodeSource();
        return source == null ? UNKNOWN : versionInName(source.getLocation());
    }

    /** The jar is named for its version; one that holds all libraries is not. */
    static String versionInName(URL jar) {
        String path = jar.getPath();
        Matcher version = VERSION_IN_JAR.matcher(path.substring(path.lastIndexOf('/') + 1));
        return version.matches() ? version.group(1) : UNKNOWN;
    }

    private static String property(String name) {
        return System.getProperty(name, UNKNOWN);
    }
}
