/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.plugin.Bulkhead;
import io.tidegate.plugin.PluginRefusedException;
import io.tidegate.policy.Learned;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.ReplicaMath;
import io.tidegate.policy.spi.LearningPolicy;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A policy that is not ours, asked apart from the engine's thread: what it does there delays no round.
 *
 * <p>Each round hands it the view and goes on with what it answered last: to this very view if it answered while it was asked, as on
 * an executor that runs inline, else to one before, at most {@link #TTL} old; after that it abstains. While it is being asked it is
 * not asked again; the next view it is shown is the newest. When it changes its mind the engine is woken, so that its answer waits
 * for no period; that round takes the answer and asks nothing.
 *
 * <p>An answer that is null, wants more than {@link ReplicaMath#MANY} or has no cause is a failure. One under another name goes under
 * the policy's, and long texts are cut.
 *
 * <p>For the engine's thread, but for answers, which come on any. What both see is {@code latest}, immutable and replaced as a whole.
 */
class ForeignPolicy implements Policy {

    /** For how long an answer stands that no newer one has followed. */
    static final Duration TTL = Duration.ofSeconds(30);

    private static final int LONGEST_WHY = 1_000;
    private static final String CUT = "…";

    private final String name;
    final Policy policy;
    private final Bulkhead bulkhead;
    private final Consumer<Throwable> failed;
    private final Runnable recovered;
    private final Runnable woken;
    private final AtomicBoolean underWay = new AtomicBoolean();

    /** The last good answer. Written by whoever holds {@code underWay}. */
    private volatile @Nullable Answer latest;

    /** Why there is no newer answer; empty if there is one. */
    private volatile String trouble = "";

    /** Whether an answer has come that no round has seen, and set one off. */
    private final AtomicBoolean unseen = new AtomicBoolean();

    /** What it answered, to a view of which instant. */
    record Answer(PoolView view, Proposal proposal, Learned learned) {}

    /** What it is asked. */
    interface Question {
        Answer ask(PoolView view) throws Exception;
    }

    /**
     * @param name what the policy is called, by whoever wraps it: to ask it is to run it
     * @param failed told what goes wrong, on any thread
     * @param recovered run when it has answered, on any thread
     * @param woken run when it has changed its mind while nobody waited, on any thread
     */
    ForeignPolicy(
            String name,
            Policy policy,
            Bulkhead bulkhead,
            Consumer<Throwable> failed,
            Runnable recovered,
            Runnable woken) {
        this.name = name;
        this.policy = policy;
        this.bulkhead = bulkhead;
        this.failed = failed;
        this.recovered = recovered;
        this.woken = woken;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Proposal propose(PoolView view) {
        ask(view, asked -> new Answer(asked, sound(policy.propose(asked)), Learned.NOTHING));
        return answer(view);
    }

    /** Asks it, unless it is being asked or has just answered. */
    final void ask(PoolView view, Question question) {
        if (unseen.getAndSet(false) || !underWay.compareAndSet(false, true)) {
            return;
        }
        AtomicBoolean waiting = new AtomicBoolean(true);
        BiConsumer<@Nullable Answer, @Nullable Throwable> answered =
                (answer, failure) -> answered(answer, failure, waiting.get());
        bulkhead.call(() -> question.ask(view), answered);
        waiting.set(false);
    }

    private void answered(@Nullable Answer answer, @Nullable Throwable failure, boolean inline) {
        Answer before = latest;
        String wrong = trouble;
        if (failure == null) {
            latest = Objects.requireNonNull(answer);
            trouble = "";
        } else if (failure instanceof PluginRefusedException) {
            // What it was refused for has been told; the last failure says more than the refusal.
            trouble = wrong.isEmpty() ? "it is not asked: " + failure.getMessage() : wrong;
        } else {
            trouble = "it failed: " + failure;
        }
        boolean wakes =
                !inline && failure == null && (before == null || differs(before, Objects.requireNonNull(answer)));
        if (wakes) {
            unseen.set(true);
        }
        // Before anybody is told, who may ask again.
        underWay.set(false);
        if (failure == null) {
            recovered.run();
        } else if (!(failure instanceof PluginRefusedException)) {
            failed.accept(failure);
        }
        if (wakes) {
            woken.run();
        }
    }

    /** In more than words, which may hold figures that change with each view. */
    private static boolean differs(Answer one, Answer other) {
        return !same(one.proposal(), other.proposal());
    }

    private static boolean same(Proposal one, Proposal other) {
        if (one instanceof Proposal.Wants a && other instanceof Proposal.Wants b) {
            return a.replicas() == b.replicas()
                    && a.cause() == b.cause()
                    && Double.compare(a.demand(), b.demand()) == 0;
        }
        return one.getClass() == other.getClass();
    }

    /** What it says to this view, as far as that is known. */
    final Proposal answer(PoolView view) {
        Answer last = latest;
        String wrong = trouble;
        if (last == null) {
            return new Proposal.Abstains(name, wrong.isEmpty() ? "it has not answered yet" : wrong);
        }
        long age = view.nowNanos() - last.view().nowNanos();
        if (age <= TTL.toNanos()) {
            return last.proposal();
        }
        String old = "its last answer is " + age / 1_000_000_000 + " s old";
        return new Proposal.Abstains(name, wrong.isEmpty() ? old : cut(wrong) + "; " + old);
    }

    /** The last good answer. */
    final @Nullable Answer latest() {
        return latest;
    }

    /** What it said, under its own name and with texts of bounded length. */
    @SuppressWarnings("NullAway") // a plugin compiled without null checks may return any of them
    final Proposal sound(@Nullable Proposal proposal) {
        Objects.requireNonNull(proposal, "the policy returned null");
        if (proposal instanceof Proposal.Wants wants) {
            if (wants.replicas() > ReplicaMath.MANY || wants.demand() > ReplicaMath.MANY) {
                throw new IllegalArgumentException("the policy wants " + wants.replicas() + " replicas for a demand of "
                        + wants.demand() + ", and no pool has more than " + ReplicaMath.MANY);
            }
            return new Proposal.Wants(
                    name,
                    wants.replicas(),
                    wants.demand(),
                    Objects.requireNonNull(wants.cause(), "the cause is null"),
                    cut(wants.why()));
        }
        return new Proposal.Abstains(name, cut(proposal.why()));
    }

    private static String cut(@Nullable String text) {
        if (text == null) {
            return "";
        }
        return text.length() > LONGEST_WHY ? text.substring(0, LONGEST_WHY - CUT.length()) + CUT : text;
    }

    /** One that learns: it learns and proposes in one call, and what it has learned is taken with its answer. */
    static final class Learning extends ForeignPolicy implements LearningPolicy {

        private final LearningPolicy learner;
        private @Nullable Answer harvested;

        Learning(
                String name,
                LearningPolicy learner,
                Bulkhead bulkhead,
                Consumer<Throwable> failed,
                Runnable recovered,
                Runnable woken) {
            super(name, learner, bulkhead, failed, recovered, woken);
            this.learner = learner;
        }

        @Override
        public Learned learn(PoolView view, Learned before) {
            Learned known = harvest(before);
            ask(view, asked -> {
                Learned after = Decider.bounded(learner.learn(asked, known));
                return new Answer(asked, sound(learner.propose(asked, after)), after);
            });
            return harvest(known);
        }

        /** What it has learned, if it has answered since it was last asked for. */
        @SuppressWarnings("ReferenceEquality") // whether it is that answer, not one like it
        private Learned harvest(Learned known) {
            Answer last = latest();
            if (last == null || last == harvested) {
                return known;
            }
            harvested = last;
            return last.learned();
        }

        @Override
        public Proposal propose(PoolView view, Learned learned) {
            return answer(view);
        }

        @Override
        public Proposal propose(PoolView view) {
            return answer(view);
        }
    }
}
