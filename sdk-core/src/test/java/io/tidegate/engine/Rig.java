/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.engine.spi.EngineListener;
import io.tidegate.guardrail.Decision;
import io.tidegate.ledger.Ledger;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.policy.OwnPolicy;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.pool.PoolView;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An engine with one pool "chat" under a clock that stands still: 1 to 10 replicas, no steps, no stabilization, and a policy that
 * wants what {@link #want} says. A test changes {@link #pool} before it starts.
 */
final class Rig implements AutoCloseable {

    /** Wants what there is. */
    static final int HOLD = -1;

    static final Duration PERIOD = Duration.ofMillis(250);
    static final Duration STATUS_PERIOD = Duration.ofSeconds(1);

    final ManualTime time;
    /** What the engine is given as its time. */
    TimeSource clock;

    final FakeBackend backend;
    final FakeLoad load;
    final TestPool pool;
    final List<Decision> decisions = new ArrayList<>();
    final List<ScaleEvent> steps = new ArrayList<>();
    final List<Supply> supplies = new ArrayList<>();
    final List<PoolView> views = new ArrayList<>();
    int want = 1;
    private @Nullable Engine engine;

    Rig(int replicas) {
        this(replicas, new ManualTime());
    }

    Rig(int replicas, ManualTime time) {
        this.time = time;
        this.clock = time;
        this.backend = FakeBackend.with(replicas);
        this.want = replicas;
        this.load = new FakeLoad(time);
        this.pool = TestPool.of("chat")
                .load(load)
                .supply(supplies::add)
                .backend(backend)
                .bounds(0, 10)
                .stepUp(null)
                .stepDown(null)
                .stabilizationWindow(Duration.ZERO)
                .policy(new OwnPolicy("wanting", this::wanted));
    }

    private Proposal wanted(PoolView view) {
        views.add(view);
        int replicas = want == HOLD ? view.replicas().desired() : want;
        return new Proposal.Wants("wanting", replicas, Cause.SIGNAL, "the test says so.");
    }

    Rig start() {
        return start(Runnable::run, builder -> {});
    }

    Rig start(Executor executor, Consumer<Engine.Builder> more) {
        Engine.Builder builder = Engine.builder()
                .time(clock)
                .executor(executor)
                .ledger(Ledger.none())
                .pool(pool.build())
                .listener(new EngineListener() {
                    @Override
                    public void decided(Decision decision) {
                        decisions.add(decision);
                    }

                    @Override
                    public void stepped(ScaleEvent event) {
                        steps.add(event);
                    }
                });
        more.accept(builder);
        engine = builder.build();
        engine.start();
        return this;
    }

    Engine engine() {
        if (engine == null) {
            throw new IllegalStateException("not started");
        }
        return engine;
    }

    PoolState state() {
        return engine().state("chat");
    }

    /** What the policy was shown last. */
    PoolView view() {
        return views.get(views.size() - 1);
    }

    Supply supply() {
        return supplies.get(supplies.size() - 1);
    }

    ScaleEvent event(int index) {
        return state().events().get(index);
    }

    void advance(Duration duration) {
        time.advance(duration);
    }

    /** To the next look at the backend's status, and so to what follows from it. */
    void nextStatus() {
        time.advance(STATUS_PERIOD);
    }

    @Override
    public void close() {
        engine().close();
    }
}
