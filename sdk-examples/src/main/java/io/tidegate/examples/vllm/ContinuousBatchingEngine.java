/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler for one replica, modelled on vLLM V1: continuous batching, chunked prefill, paged KV memory.
 *
 * <p>Time passes in steps, one forward pass each. At the start of a step
 *
 * <ol>
 *   <li>every running sequence, oldest admission first, gets the tokens it still has to compute, as far as the token
 *       budget of the step reaches. When the KV cache is full, the youngest running sequence is preempted: it loses all
 *       its blocks, goes back to the head of the queue and is computed again later;
 *   <li>if nobody was preempted, waiting sequences are admitted first come, first served, while a place in the batch,
 *       budget and KV blocks last. A prompt longer than the budget is computed over several steps.
 * </ol>
 *
 * <p>At its end every sequence whose tokens are all computed has produced one more. A step takes
 * {@link ReplicaProfile#decodeNanos} of its batch plus {@link ReplicaProfile#prefillNanos} of its prompt tokens. So a
 * lone prompt of 1,024 tokens has its first token after 15.59 + 76.17 = 91.76 ms.
 *
 * <p>The engine reads no clock. It starts a step where the last one ended, or, after a pause, at the arrival of the first
 * sequence; the same arrivals always give the same steps. A driver waits until {@link #begin()}'s answer has come to
 * pass and then calls {@link #finish()}. Sequences must be added in the order of their arrival, and not before it.
 *
 * <p>Not safe for concurrent use.
 */
final class ContinuousBatchingEngine {
    /**
     * What one engine may do.
     *
     * @param profile speed and memory of the replica
     * @param maxNumSeqs most sequences in a batch
     * @param maxNumBatchedTokens most tokens computed in a step, at least {@code maxNumSeqs}
     * @param maxModelLength longest sequence, prompt and output together; must fit into the KV cache
     */
    record Limits(ReplicaProfile profile, int maxNumSeqs, int maxNumBatchedTokens, int maxModelLength) {
        Limits {
            if (maxNumSeqs < 1) {
                throw new IllegalArgumentException("maxNumSeqs must be >= 1 but was " + maxNumSeqs);
            }
            if (maxNumBatchedTokens < maxNumSeqs) {
                throw new IllegalArgumentException("maxNumBatchedTokens must be >= maxNumSeqs (" + maxNumSeqs
                        + ") but was " + maxNumBatchedTokens);
            }
            long kvTokens = (long) profile.kvBlocks() * profile.blockTokens();
            if (maxModelLength < 2 || maxModelLength > kvTokens) {
                throw new IllegalArgumentException(
                        "maxModelLength must be 2.." + kvTokens + " (the KV cache) but was " + maxModelLength);
            }
        }
    }

    /**
     * The state of an engine at one instant.
     *
     * @param running sequences in the batch
     * @param waiting sequences that wait, preempted ones included
     * @param usedBlocks KV blocks that hold tokens
     * @param kvBlocks KV blocks in all
     * @param metrics what was counted so far
     */
    record Snapshot(int running, int waiting, int usedBlocks, int kvBlocks, EngineMetrics metrics) {
        double kvUsageFraction() {
            return (double) usedBlocks / kvBlocks;
        }
    }

    private final Limits limits;
    private final Deque<Sequence> waiting = new ArrayDeque<>();
    /** In order of admission, so that the youngest is last. */
    private final List<Sequence> running = new ArrayList<>();

    private final EngineMetrics metrics;
    private int freeBlocks;

    /** End of the last step, trace time. */
    private long clockNanos;

    private boolean underway;
    private long endNanos;
    private int prefillTokens;
    private int sequences;

    ContinuousBatchingEngine(Limits limits) {
        this.limits = limits;
        this.metrics = new EngineMetrics(limits.maxModelLength());
        this.freeBlocks = limits.profile().kvBlocks();
    }

    /**
     * Puts a request at the end of the queue.
     *
     * @throws IllegalArgumentException when it is longer than the model takes
     */
    Sequence add(Sequence.Work work, long arrivalNanos) {
        if ((long) work.promptTokens() + work.outputTokens() > limits.maxModelLength()) {
            throw new IllegalArgumentException("a sequence may have " + limits.maxModelLength() + " tokens but "
                    + work.promptTokens() + " + " + work.outputTokens() + " were asked for");
        }
        Sequence sequence = new Sequence(work, arrivalNanos);
        waiting.addLast(sequence);
        return sequence;
    }

    /**
     * Ends a sequence and frees its KV blocks now, even in the middle of a step, whose length does not change.
     *
     * @return false if it had already ended
     */
    boolean abort(Sequence sequence) {
        if (sequence.state == Sequence.State.FINISHED) {
            return false;
        }
        (sequence.state == Sequence.State.RUNNING ? running : waiting).remove(sequence);
        free(sequence);
        sequence.state = Sequence.State.FINISHED;
        metrics.aborted();
        return true;
    }

    /** Whether there is nothing to do. */
    boolean isIdle() {
        return running.isEmpty() && waiting.isEmpty();
    }

    /**
     * Schedules the next step.
     *
     * @return its end, trace time
     * @throws IllegalStateException when idle, or when the last step was not finished
     */
    long begin() {
        if (underway || isIdle()) {
            throw new IllegalStateException(
                    underway ? "a step is under way; finish it first" : "an idle engine has no next step");
        }
        if (running.isEmpty()) {
            clockNanos = Math.max(clockNanos, waiting.getFirst().arrivalNanos());
        }
        prefillTokens = 0;
        sequences = 0;
        long preemptionsBefore = metrics.preemptions();
        int budget = scheduleRunning(limits.maxNumBatchedTokens());
        if (metrics.preemptions() == preemptionsBefore) {
            admitWaiting(budget);
        }
        underway = true;
        endNanos = clockNanos
                + limits.profile().decodeNanos(sequences)
                + limits.profile().prefillNanos(prefillTokens);
        return endNanos;
    }

    private int scheduleRunning(int tokenBudget) {
        int budget = tokenBudget;
        // By index: a preemption takes sequences off the end while we go.
        for (int i = 0; i < running.size() && budget > 0; i++) {
            Sequence sequence = running.get(i);
            int tokens = Math.min(sequence.length() - sequence.computedTokens, budget);
            if (makeRoom(sequence, tokens)) {
                budget -= schedule(sequence, tokens);
            }
        }
        return budget;
    }

    /** Preempts from the young end until the blocks are there; false when the sequence itself had to go. */
    private boolean makeRoom(Sequence sequence, int tokens) {
        while (!allocate(sequence, tokens)) {
            Sequence victim = running.remove(running.size() - 1);
            free(victim);
            victim.computedTokens = 0;
            victim.state = Sequence.State.WAITING;
            waiting.addFirst(victim);
            metrics.preempted();
            if (victim == sequence) {
                return false;
            }
        }
        return true;
    }

    private void admitWaiting(int tokenBudget) {
        int budget = tokenBudget;
        while (budget > 0 && running.size() < limits.maxNumSeqs()) {
            Sequence sequence = waiting.peekFirst();
            // A driver that runs late catches up: a sequence that came after this step's start is not in it.
            if (sequence == null || sequence.arrivalNanos() > clockNanos) {
                return;
            }
            int tokens = Math.min(sequence.length(), budget);
            if (!allocate(sequence, tokens)) {
                return;
            }
            waiting.removeFirst();
            running.add(sequence);
            sequence.state = Sequence.State.RUNNING;
            if (sequence.firstScheduledNanos == Sequence.NOT_YET) {
                sequence.firstScheduledNanos = clockNanos;
            }
            budget -= schedule(sequence, tokens);
        }
    }

    private int schedule(Sequence sequence, int tokens) {
        if (!sequence.isDecoding()) {
            prefillTokens += tokens;
        }
        sequences++;
        sequence.stepTokens = tokens;
        return tokens;
    }

    private boolean allocate(Sequence sequence, int tokens) {
        int blockTokens = limits.profile().blockTokens();
        int blocks = (sequence.computedTokens + tokens + blockTokens - 1) / blockTokens;
        int missing = Math.max(0, blocks - sequence.blocks);
        if (missing > freeBlocks) {
            return false;
        }
        freeBlocks -= missing;
        sequence.blocks += missing;
        return true;
    }

    private void free(Sequence sequence) {
        freeBlocks += sequence.blocks;
        sequence.blocks = 0;
        sequence.stepTokens = 0;
    }

    /**
     * Ends the step under way.
     *
     * @throws IllegalStateException when none is
     */
    Step finish() {
        if (!underway) {
            throw new IllegalStateException("no step is under way; begin one first");
        }
        underway = false;
        List<Step.Progress> progress = new ArrayList<>(running.size());
        int tokens = 0;
        for (Sequence sequence : running) {
            if (sequence.stepTokens > 0) {
                tokens += sequence.stepTokens;
                Step.Progress made = advance(sequence);
                if (made != null) {
                    progress.add(made);
                }
            }
        }
        running.removeIf(sequence -> sequence.state == Sequence.State.FINISHED);
        metrics.stepped(tokens);
        Step step = new Step(clockNanos, endNanos, prefillTokens, sequences, List.copyOf(progress));
        clockNanos = endNanos;
        return step;
    }

    private Step.@Nullable Progress advance(Sequence sequence) {
        sequence.computedTokens += sequence.stepTokens;
        sequence.stepTokens = 0;
        if (sequence.computedTokens < sequence.length()) {
            return null;
        }
        long previousTokenNanos = sequence.lastTokenNanos;
        sequence.outputTokens++;
        sequence.lastTokenNanos = endNanos;
        if (previousTokenNanos == Sequence.NOT_YET) {
            sequence.firstTokenNanos = endNanos;
        }
        metrics.tokenProduced(sequence, previousTokenNanos);
        if (sequence.outputTokens < sequence.work().outputTokens()) {
            return new Step.Progress(sequence, sequence.outputTokens, null);
        }
        sequence.state = Sequence.State.FINISHED;
        free(sequence);
        metrics.finished(sequence);
        return new Step.Progress(
                sequence, sequence.outputTokens, sequence.work().finish());
    }

    /** One whole step, for drivers to whom time does not matter. */
    Step step() {
        begin();
        return finish();
    }

    /** What can be seen of the engine now. */
    Snapshot snapshot() {
        return new Snapshot(
                running.size(),
                waiting.size(),
                limits.profile().kvBlocks() - freeBlocks,
                limits.profile().kvBlocks(),
                metrics.copy());
    }
}
