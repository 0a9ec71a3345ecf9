/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import io.tidegate.engine.spi.EngineMemory;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.guardrail.Decision.Trigger;
import io.tidegate.guardrail.Guardrails;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.signal.SignalBoard;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A real gate, a real engine with all default guardrails and policies, and replicas of 16 slots that answer a request in 6 to 10 s and
 * come 60 s after they were asked for; so one serves 2 requests a second. Time stands still between steps of a second.
 */
final class WholePool implements AutoCloseable {

    static final Duration TO_READY = Duration.ofSeconds(60);

    final ManualTime time = new ManualTime();
    final Tier tier = Tier.builder("chat")
            .maxQueueTime(Duration.ofMinutes(2))
            .slo(Slo.timeToFirstToken(Duration.ofSeconds(20)))
            .build();
    final Gate gate = Gate.builder("chat")
            .tier(tier)
            .time(time)
            .maxQueued(100_000)
            .callbackExecutor(Runnable::run)
            .build();
    final Cluster cluster = new Cluster();
    final Gauge gauge = new Gauge();
    /** Desired replicas at the end of each second since the start. */
    final List<Integer> desired = new ArrayList<>();

    private final SplittableRandom random;
    private double fraction;
    private long refused;
    private @Nullable Engine engine;
    private @Nullable SignalBoard board;

    /** Replicas of which those above the ready ones come in time, or never. */
    final class Cluster implements ScalerBackend {
        int desired;
        int ready;
        boolean comes = true;
        boolean silent;
        boolean refuses;
        final List<ScaleRequest> requests = new ArrayList<>();

        @Override
        public ReplicaStatus status(String pool) throws IOException {
            if (silent) {
                throw new IOException("the cluster does not answer");
            }
            return new ReplicaStatus(desired, desired, ready);
        }

        @Override
        public void scale(ScaleRequest request) throws IOException {
            if (silent || refuses) {
                throw new IOException("the cluster does not answer");
            }
            requests.add(request);
            int more = request.to() - desired;
            desired = request.to();
            ready = Math.min(ready, desired);
            if (more > 0 && comes) {
                time.schedule(TO_READY.toNanos(), () -> ready = Math.min(desired, ready + more));
            }
        }
    }

    /** A source that is always at 0.5. */
    final class Gauge implements SignalSource {
        boolean fails;

        @Override
        public String name() {
            return "gauge";
        }

        @Override
        public Map<String, Signal> read() throws IOException {
            if (fails) {
                throw new IOException("no answer");
            }
            return Map.of("gauge.use", new Signal.Known(0.5, "ratio", time.nanos(), "gauge"));
        }
    }

    WholePool(int replicas) {
        this(replicas, 7);
    }

    WholePool(int replicas, long seed) {
        random = new SplittableRandom(seed);
        cluster.desired = replicas;
        cluster.ready = replicas;
    }

    /** With a source that is read each 15 s. */
    WholePool withGauge() {
        SignalBoard made = new SignalBoard(time, Runnable::run);
        made.add(gauge, Duration.ofSeconds(15));
        board = made;
        return this;
    }

    WholePool start(int min, int max) {
        return start(all -> all.bounds(min, max), null);
    }

    WholePool start(Consumer<Guardrails.Builder> guardrails, @Nullable EngineMemory memory) {
        return start(settings().guardrails(guardrails).build(), builder -> {
            if (memory != null) {
                builder.memory(memory);
            }
        });
    }

    /** What is set of the pool but policies and guardrails. */
    ScaledPool.Builder settings() {
        ScaledPool.Builder pool = ScaledPool.builder("chat")
                .load(gate::load)
                .supply(gate::supply)
                .backend(cluster)
                .replicaWork(Work.slots(16))
                .timeToReady(TO_READY);
        if (board != null) {
            pool.signals(board::signals);
        }
        return pool;
    }

    WholePool start(ScaledPool pool, Consumer<Engine.Builder> more) {
        Engine.Builder builder =
                Engine.builder().time(time).executor(Runnable::run).pool(pool);
        more.accept(builder);
        Engine made = builder.build();
        engine = made;
        gate.onDemand(() -> made.wake("chat", Trigger.QUEUE));
        made.start();
        return this;
    }

    void restart(int min, int max, EngineMemory memory) {
        engine().close();
        start(all -> all.bounds(min, max), memory);
    }

    /** So many requests a second, evenly, for so long. */
    void load(double perSecond, Duration length) {
        for (long second = 0; second < length.toSeconds(); second++) {
            fraction += perSecond;
            while (fraction >= 1) {
                fraction--;
                ask();
            }
            time.advance(Duration.ofSeconds(1));
            desired.add(cluster.desired);
        }
    }

    void ask() {
        gate.acquire(Request.of(tier).withTokens(100, 200), this::answered);
    }

    private void answered(Admission answer) {
        if (answer instanceof Permit permit) {
            long nanos = random.nextLong(6_000_000_000L, 10_000_000_000L);
            time.schedule(nanos / 10, permit::firstToken);
            time.schedule(nanos, () -> permit.close(Outcome.COMPLETED, new Usage(100, 200)));
        } else {
            refused++;
        }
    }

    long refused() {
        return refused;
    }

    long seconds() {
        return desired.size();
    }

    /** The least and the most that were desired from one second to another. */
    int least(int from, int to) {
        return desired.subList(from, to).stream().mapToInt(each -> each).min().orElseThrow();
    }

    int most(int from, int to) {
        return desired.subList(from, to).stream().mapToInt(each -> each).max().orElseThrow();
    }

    /** Changes as "second:count". */
    String story() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < desired.size(); i++) {
            if (i == 0 || !desired.get(i).equals(desired.get(i - 1))) {
                text.append(i).append(':').append(desired.get(i)).append(' ');
            }
        }
        return text.toString();
    }

    PoolState state() {
        return engine().state("chat");
    }

    String explain() {
        return state().latest().orElseThrow().explain();
    }

    Engine engine() {
        if (engine == null) {
            throw new IllegalStateException("not started");
        }
        return engine;
    }

    @Override
    public void close() {
        engine().close();
        if (board != null) {
            board.close();
        }
        gate.close();
    }
}
