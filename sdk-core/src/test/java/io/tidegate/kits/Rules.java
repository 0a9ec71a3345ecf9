/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.kits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs a kit as JUnit would, and tells what became of each of its rules. */
final class Rules {

    private Rules() {}

    /** The rules of a kit by name: its tests, those of kits it extends among them. */
    static Set<String> of(Class<?> kit) {
        Set<String> rules = new TreeSet<>();
        for (Class<?> type = kit; type != null && type != Object.class; type = type.getSuperclass()) {
            for (Class<?> group : type.getDeclaredClasses()) {
                Arrays.stream(group.getDeclaredMethods())
                        .filter(method -> method.isAnnotationPresent(Test.class))
                        .map(Method::getName)
                        .forEach(rules::add);
            }
        }
        assertThat(rules).as("rules of " + kit).isNotEmpty();
        return rules;
    }

    /** What became of each rule when the kit was run with this class that extends it. */
    static Map<String, TestExecutionResult> run(Class<?> contract) {
        Map<String, TestExecutionResult> results = new TreeMap<>();
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(selectClass(contract))
                .configurationParameter("junit.jupiter.execution.parallel.enabled", "false")
                .build();
        LauncherConfig plain = LauncherConfig.builder()
                .enableTestExecutionListenerAutoRegistration(false)
                .enableLauncherSessionListenerAutoRegistration(false)
                .enablePostDiscoveryFilterAutoRegistration(false)
                .enableLauncherDiscoveryListenerAutoRegistration(false)
                .build();
        LauncherFactory.create(plain).execute(request, new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                test.getSource()
                        .filter(MethodSource.class::isInstance)
                        .map(MethodSource.class::cast)
                        .ifPresent(method -> results.put(method.getMethodName(), result));
            }
        });
        return results;
    }

    /** Rules that were broken, with what was said. */
    static Map<String, String> broken(Class<?> contract) {
        Map<String, String> broken = new LinkedHashMap<>();
        run(contract).forEach((rule, result) -> {
            if (result.getStatus() == Status.FAILED) {
                broken.put(rule, String.valueOf(result.getThrowable().orElse(null)));
            }
        });
        return broken;
    }

    /** All rules were kept; those named need not have been looked at. */
    static void areKept(Class<?> kit, Class<?> contract, String... leftOut) {
        Map<String, TestExecutionResult> results = run(contract);
        assertThat(results.keySet()).as("rules that were run").isEqualTo(of(kit));
        results.forEach((rule, result) -> {
            if (result.getStatus() == Status.ABORTED) {
                assertThat(leftOut).as("left out: " + result).contains(rule);
            } else {
                assertThat(result.getStatus())
                        .as(rule + ": "
                                + result.getThrowable().map(Throwable::toString).orElse(""))
                        .isEqualTo(Status.SUCCESSFUL);
            }
        });
    }
}
