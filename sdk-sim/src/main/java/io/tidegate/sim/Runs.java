/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.sim.score.RunScore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.DoubleConsumer;

/**
 * Makes many runs at once.
 *
 * @since 0.1.0
 */
public final class Runs {

    private Runs() {}

    /**
     * Makes all runs and returns what came of them in the order of the plans, whichever ended first. If one fails, those that have not
     * begun are left out and its exception is thrown.
     *
     * @param threads that run at once; at least 1
     * @param progress told the share of all runs that has passed, 0..1, by the threads that run: never by two at once, never less than
     *     before. It should return soon
     */
    public static List<RunScore> all(List<RunPlan> plans, int threads, Runner runner, DoubleConsumer progress) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be >= 1 but was " + threads);
        }
        if (plans.isEmpty()) {
            return List.of();
        }
        Shares shares = new Shares(plans.size(), progress);
        ExecutorService executor = Executors.newFixedThreadPool(Math.min(threads, plans.size()), task -> {
            Thread thread = new Thread(task, "tidegate-sim");
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Future<RunScore>> running = new ArrayList<>();
            for (int i = 0; i < plans.size(); i++) {
                int number = i;
                running.add(executor.submit(() -> {
                    RunScore score = runner.run(plans.get(number), share -> shares.set(number, share));
                    shares.set(number, 1);
                    return score;
                }));
            }
            List<RunScore> scores = new ArrayList<>();
            for (Future<RunScore> each : running) {
                scores.add(each.get());
            }
            return scores;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw new IllegalStateException("a run failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while runs were made", e);
        } finally {
            executor.shutdownNow();
        }
    }

    /** How far each run is. The callback is called under the lock, so that shares are told in order; it must not wait for a run. */
    private static final class Shares {

        private final double[] shares;
        private final DoubleConsumer progress;
        private double told = -1;

        Shares(int count, DoubleConsumer progress) {
            this.shares = new double[count];
            this.progress = progress;
        }

        synchronized void set(int number, double share) {
            shares[number] = Math.max(shares[number], Math.min(1, share));
            double sum = 0;
            for (double each : shares) {
                sum += each;
            }
            double all = sum / shares.length;
            if (all > told) {
                told = all;
                progress.accept(all);
            }
        }
    }
}
