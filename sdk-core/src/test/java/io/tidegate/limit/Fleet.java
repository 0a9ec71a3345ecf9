/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;

/**
 * A gate, its limit controller and a few engines in virtual time, with Poisson arrivals. The supply is told four times a second,
 * the engines are read once a second and answer 50 ms later; requests go where fewest are.
 */
final class Fleet {

    private static final long SECOND = 1_000_000_000;

    final ManualTime time = new ManualTime();
    final List<VllmModel> engines = new ArrayList<>();
    final Gate gate;
    final LimitController controller;

    private final Tier tier;
    private final Work replicaWork;
    private final SplittableRandom random;

    /* The load, which a test changes as it goes. */

    double perSecond;
    int promptTokens = 200;
    double meanOutput = 150;

    /** How long a client waits for the end of its answer. */
    Duration patience = Duration.ofMinutes(10);

    /** What becomes of the readings on their way. */
    UnaryOperator<EngineReading> wire = reading -> reading;

    boolean scraping = true;

    /* What was counted since it was last forgotten. */

    int arrived;
    int shed;

    /** Of them, those that an engine would have had a free slot for. */
    int falseSheds;

    int served;
    int failed;
    int mostWaiting;
    int mostLimit;
    int leastLimit = Integer.MAX_VALUE;
    long preempted;
    private long looks;
    private long waited;

    Fleet(long seed, int replicas, Work replicaWork, int slots, long kvTokens, Duration maxQueueTime, Setup setup) {
        this.random = new SplittableRandom(seed);
        this.replicaWork = replicaWork;
        this.tier =
                Tier.builder("all").maxQueueTime(maxQueueTime).maxQueued(5_000).build();
        this.gate = Gate.builder("chat")
                .time(time)
                .tier(tier)
                .maxQueued(5_000)
                .callbackExecutor(Runnable::run)
                .leakDetection(false)
                .build();
        this.controller = setup.on(LimitController.builder(time, gate::supply, gate::inFlight))
                .build();
        for (int i = 0; i < replicas; i++) {
            engines.add(new VllmModel("replica-" + i, time, slots, kvTokens));
        }
        tellSupply();
        every(250, this::tellSupply);
        every(1000, this::scrape);
        every(100, this::look);
        arriveLater();
    }

    /** The settings of the controller. */
    interface Setup {
        LimitController.Builder on(LimitController.Builder builder);
    }

    static Setup mode(LimitMode mode) {
        return builder -> builder.mode(mode);
    }

    void run(Duration duration) {
        time.advance(duration);
    }

    void run(int seconds) {
        run(Duration.ofSeconds(seconds));
    }

    /** Counts anew from now on. */
    Fleet forget() {
        arrived = 0;
        shed = 0;
        falseSheds = 0;
        served = 0;
        failed = 0;
        mostWaiting = 0;
        mostLimit = 0;
        leastLimit = Integer.MAX_VALUE;
        looks = 0;
        waited = 0;
        return this;
    }

    double shedShare() {
        return arrived == 0 ? 0 : (double) shed / arrived;
    }

    /** Requests that waited in the engines, mean over time. */
    double meanWaiting() {
        return (double) waited / looks;
    }

    int limit() {
        return controller.limit().slots();
    }

    void tellSupply() {
        int ready = (int) engines.stream().filter(VllmModel::alive).count();
        controller.accept(new Supply(Replicas.ready(ready), replicaWork, false));
    }

    private void scrape() {
        if (scraping) {
            List<EngineReading> readings = engines.stream()
                    .filter(VllmModel::alive)
                    .map(VllmModel::reading)
                    .map(wire)
                    .toList();
            time.schedule(SECOND / 20, () -> controller.readings(readings));
        }
    }

    private void look() {
        int waiting = engines.stream().mapToInt(VllmModel::waiting).sum();
        looks++;
        waited += waiting;
        mostWaiting = Math.max(mostWaiting, waiting);
        mostLimit = Math.max(mostLimit, limit());
        leastLimit = Math.min(leastLimit, limit());
    }

    private void every(long millis, Runnable task) {
        time.schedule(millis * 1_000_000, () -> {
            task.run();
            every(millis, task);
        });
    }

    // ---- requests --------------------------------------------------------------------------------------------------

    private void arriveLater() {
        // With nobody due, a look each 10 ms at whether that has changed.
        double rate = perSecond > 0 ? perSecond : 100;
        double seconds = -Math.log1p(-random.nextDouble()) / rate;
        time.schedule((long) (seconds * SECOND), () -> {
            if (perSecond > 0) {
                arrive();
            }
            arriveLater();
        });
    }

    private void arrive() {
        arrived++;
        int output = (int) Math.max(1, meanOutput * Math.exp(gaussian() - 0.5));
        Request request = Request.of(tier).withTokens(promptTokens, (long) meanOutput);
        if (tier.maxQueueTime().isZero()) {
            answer(gate.tryAcquire(request), output);
        } else {
            gate.acquire(request, admission -> answer(admission, output));
        }
    }

    private void answer(Admission admission, int output) {
        if (admission instanceof Permit permit) {
            send(permit, output);
        } else {
            shed++;
            falseSheds += engines.stream().anyMatch(VllmModel::hasFreeSlot) ? 1 : 0;
        }
    }

    private void send(Permit permit, int output) {
        VllmModel engine = engines.stream()
                .filter(VllmModel::alive)
                .min(Comparator.comparingInt(VllmModel::load))
                .orElse(engines.get(0));
        VllmModel.Job job = new VllmModel.Job(
                promptTokens,
                output,
                () -> {
                    served++;
                    permit.close(Outcome.COMPLETED, new Usage(promptTokens, output));
                },
                () -> {
                    failed++;
                    permit.close(Outcome.FAILED, Usage.NONE);
                });
        engine.add(job);
        time.schedule(patience.toNanos(), () -> engine.cancel(job));
    }

    private double gaussian() {
        return Math.sqrt(-2 * Math.log(1 - random.nextDouble())) * Math.cos(2 * Math.PI * random.nextDouble());
    }
}
