/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import com.alibaba.csp.sentinel.Entry;
import com.alibaba.csp.sentinel.SphU;
import com.alibaba.csp.sentinel.log.LogBase;
import com.alibaba.csp.sentinel.slots.block.BlockException;
import com.alibaba.csp.sentinel.slots.block.RuleConstant;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRule;
import com.alibaba.csp.sentinel.slots.block.flow.FlowRuleManager;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Sentinel with one rule on threads. Writes its files into a temporary folder, which goes with the JVM, and says nothing. */
final class Sentinel {

    static {
        try {
            Path logs = Files.createTempDirectory("tidegate-bench-sentinel");
            System.setProperty("csp.sentinel.log.dir", logs.toString());
            System.setProperty("JM.LOG.PATH", logs.toString());
            System.setProperty("EAGLEEYE.LOG.PATH", logs.toString());
            System.setProperty("csp.sentinel.log.output.type", "console");
            System.setProperty("csp.sentinel.log.level", "OFF");
            System.setProperty("csp.sentinel.metric.flush.interval", "0");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(logs)));
            sayNothing(LogBase::getLogBaseDir);
        } catch (IOException e) {
            throw new UncheckedIOException("no folder for Sentinel's logs", e);
        }
    }

    private final String resource;

    /** A resource that so many threads may enter. */
    Sentinel(String resource, int limit) {
        this.resource = resource;
        FlowRule rule = new FlowRule(resource);
        rule.setGrade(RuleConstant.FLOW_GRADE_THREAD);
        rule.setCount(limit);
        FlowRuleManager.loadRules(List.of(rule));
    }

    /** It announces its log settings on the standard streams when they are first used. */
    private static void sayNothing(Runnable firstUse) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        System.setOut(nowhere);
        System.setErr(nowhere);
        try {
            firstUse.run();
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    Entry enter() throws BlockException {
        return SphU.entry(resource);
    }

    /** Enters until it is refused, on a thread that ends: entries belong to the thread that made them. */
    void takeAll() {
        Thread taker = new Thread(() -> {
            try {
                while (enter() != null) {
                    // The entry stays: the room is what counts.
                }
            } catch (BlockException expected) {
                // Everything is taken.
            }
        });
        taker.start();
        try {
            taker.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException e) {
            // It is the system's folder for what may be lost.
        }
    }
}
