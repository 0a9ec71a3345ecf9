/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.physics;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;

/**
 * One vLLM server: continuous batching with chunked prompts, paged cache and preemption, without going through every pass.
 *
 * <p><b>Rules</b>, those of vLLM V1's scheduler. At the start of a pass sequences that decode get a token each; what is left of the token
 * budget goes to prompts, first come first served, in chunks; a waiting sequence is admitted while there is a place in the batch, budget,
 * and cache for its chunk. When the cache cannot take the next token of all that decode, the one admitted last is preempted: it loses its
 * cache, goes back to the head of the queue and is computed again.
 *
 * <p><b>How it is fast.</b> While nobody's prompt is computed and nobody ends, passes differ only by the context that grows by one token for
 * each sequence, so the time of m passes is a quadratic in m and one event stands for all of them. An arrival cuts such a stretch at the end
 * of the pass it falls into.
 *
 * <p>It reads no clock: {@link #nextNanos()} says when something happens next, and whoever drives it calls {@link #advance(long)} then. Not
 * safe for use by several threads.
 *
 * @since 0.1.0
 */
public final class VllmReplica {

    /** Nothing happens until somebody arrives. */
    public static final long NEVER = Long.MAX_VALUE;

    private static final double NANOS_OF_A_MILLI = 1e6;

    private final EngineModel model;
    /** Times are multiplied by it: 1, or more for a slow machine. */
    private final double slowness;

    private final Deque<Sequence> waiting = new ArrayDeque<>();
    private final List<Sequence> prompts = new ArrayList<>();
    private final PriorityQueue<Sequence> decoding = new PriorityQueue<>(
            Comparator.comparingLong((Sequence each) -> each.lastPass).thenComparingLong(each -> each.order));

    /** Computed tokens of all that decode. */
    private long context;
    /** Tokens in the cache of those whose prompts are under way. */
    private long promptContext;

    private long passes;
    private long orders;

    /** What is under way: passes from start to end, the last one ending there. */
    private long startNanos;

    private long endNanos = NEVER;
    private long underway;
    private boolean withPrompts;

    private long busyNanos;
    private long preemptions;

    /**
     * An idle one.
     *
     * @param slowness 1 for a healthy machine, 1.3 for one that takes 30 % longer
     */
    public VllmReplica(EngineModel model, double slowness) {
        if (!(slowness > 0)) {
            throw new IllegalArgumentException("slowness must be > 0 but was " + slowness);
        }
        this.model = model;
        this.slowness = slowness;
    }

    /** When something happens next; {@link #NEVER} while it is idle. */
    public long nextNanos() {
        return endNanos;
    }

    /** Takes a request at a time not before what has been advanced to. */
    public void arrive(Sequence sequence, long nowNanos) {
        sequence.replica = this;
        waiting.addLast(sequence);
        if (underway == 0) {
            plan(nowNanos);
        } else if (!withPrompts && waiting.size() == 1 && mayAdmit(sequence)) {
            cut(nowNanos);
        }
    }

    /** Whether the next pass could take it: for cutting a stretch only. */
    private boolean mayAdmit(Sequence sequence) {
        return decoding.size() < model.maxSequences()
                && free() >= Math.min(sequence.toCompute, model.maxBatchedTokens());
    }

    private long free() {
        return model.cacheTokens()
                - context
                - promptContext
                - (long) EngineModel.HALF_A_BLOCK * (decoding.size() + prompts.size());
    }

    /** Ends the stretch with the pass that is under way now. */
    private void cut(long nowNanos) {
        long done = passesWithin(nowNanos - startNanos);
        if (done < underway) {
            underway = done;
            endNanos = startNanos + stretchNanos(done);
        }
    }

    /** Passes from the start of the stretch whose end is not before a time after it; at least one. */
    private long passesWithin(long nanos) {
        // Half · m² + first · m = time, with the m-th pass taking first + (2m - 1) · half.
        double half = model.perContextToken() * decoding.size() / 2;
        double first = model.passMillis(decoding.size(), context, 0, 0) - half;
        double millis = nanos / NANOS_OF_A_MILLI / slowness;
        double guess = half > 0 ? (Math.sqrt(first * first + 4 * half * millis) - first) / (2 * half) : millis / first;
        long count = Math.max(1, (long) guess);
        while (count > 1 && stretchNanos(count - 1) >= nanos) {
            count--;
        }
        while (stretchNanos(count) < nanos) {
            count++;
        }
        return count;
    }

    /** Time of so many passes in which nothing but decoding happens, from now on. */
    private long stretchNanos(long count) {
        int sequences = decoding.size();
        double grown = model.perContextToken() * sequences * (count * (count - 1) / 2.0);
        return Math.max(
                1,
                Math.round((count * model.passMillis(sequences, context, 0, 0) + grown) * slowness * NANOS_OF_A_MILLI));
    }

    /** Does what happens at {@link #nextNanos()}. */
    public void advance(long nowNanos) {
        if (nowNanos != endNanos) {
            throw new IllegalStateException("nothing happens at " + nowNanos + ", the next is at " + endNanos);
        }
        busyNanos += nowNanos - startNanos;
        passes += underway;
        context += underway * decoding.size();
        underway = 0;
        List<Sequence> first = withPrompts ? endPrompts() : List.of();
        List<Sequence> last = new ArrayList<>();
        while (!decoding.isEmpty() && decoding.peek().lastPass <= passes) {
            Sequence sequence = decoding.remove();
            context -= sequence.promptTokens + sequence.outputTokens;
            sequence.ended = true;
            last.add(sequence);
        }
        plan(nowNanos);
        // Told last, so that whoever sends something at once finds it in order.
        first.forEach(each -> each.firstToken(nowNanos));
        last.forEach(each -> each.finished(nowNanos));
    }

    /** Those whose prompt is computed have their next token; the first one is news. */
    private List<Sequence> endPrompts() {
        List<Sequence> first = new ArrayList<>();
        for (int i = 0; i < prompts.size(); i++) {
            Sequence sequence = prompts.get(i);
            if (sequence.computed < sequence.toCompute) {
                continue;
            }
            prompts.remove(i--);
            promptContext -= sequence.computed;
            if (sequence.generated == 0) {
                first.add(sequence);
            }
            // The token that came counts as context with the next pass that reads it.
            sequence.generated++;
            sequence.decoding = true;
            context += sequence.promptTokens + sequence.generated;
            sequence.lastPass = passes + sequence.outputTokens - sequence.generated;
            decoding.add(sequence);
        }
        return first;
    }

    /** Decides what is computed next. */
    private void plan(long nowNanos) {
        startNanos = nowNanos;
        while (!decoding.isEmpty() && free() < decoding.size()) {
            preempt();
        }
        int budget = model.maxBatchedTokens() - decoding.size();
        int computing = 0;
        double pairs = 0;
        int sequences = decoding.size();
        for (Sequence sequence : prompts) {
            int chunk = (int) Math.min(
                    Math.min(budget, sequence.toCompute - sequence.computed), Math.max(0, free() - decoding.size()));
            if (chunk > 0) {
                pairs += compute(sequence, chunk);
                computing += chunk;
                budget -= chunk;
                sequences++;
            }
        }
        while (budget > 0 && !waiting.isEmpty() && decoding.size() + prompts.size() < model.maxSequences()) {
            Sequence sequence = waiting.peek();
            int chunk = Math.min(budget, sequence.toCompute);
            if (free() - decoding.size() - EngineModel.HALF_A_BLOCK < chunk && !isEmpty()) {
                break;
            }
            waiting.remove();
            sequence.order = orders++;
            prompts.add(sequence);
            pairs += compute(sequence, chunk);
            computing += chunk;
            budget -= chunk;
            sequences++;
        }
        withPrompts = computing > 0;
        if (withPrompts) {
            underway = 1;
            endNanos = nowNanos
                    + Math.max(
                            1,
                            Math.round(model.passMillis(sequences, context, computing, pairs)
                                    * slowness
                                    * NANOS_OF_A_MILLI));
        } else if (!decoding.isEmpty()) {
            long untilEnd = decoding.peek().lastPass - passes;
            long untilFull = Math.max(1, free() / decoding.size());
            underway = Math.max(1, Math.min(untilEnd, untilFull));
            endNanos = nowNanos + stretchNanos(underway);
        } else if (!prompts.isEmpty()) {
            // The cache is held by prompts that are half computed: the last of them gives way.
            Sequence youngest = prompts.remove(prompts.size() - 1);
            promptContext -= youngest.computed;
            giveBack(youngest);
            plan(nowNanos);
        } else {
            underway = 0;
            endNanos = NEVER;
        }
    }

    private boolean isEmpty() {
        return decoding.isEmpty() && prompts.isEmpty();
    }

    private double compute(Sequence sequence, int chunk) {
        double pairs = (double) chunk * sequence.computed + (double) chunk * chunk / 2;
        sequence.computed += chunk;
        promptContext += chunk;
        return pairs;
    }

    private void preempt() {
        Sequence youngest = null;
        for (Sequence each : decoding) {
            if (youngest == null || each.order > youngest.order) {
                youngest = each;
            }
        }
        if (!prompts.isEmpty()) {
            Sequence prompt = prompts.get(prompts.size() - 1);
            if (youngest == null || prompt.order > youngest.order) {
                prompts.remove(prompts.size() - 1);
                promptContext -= prompt.computed;
                giveBack(prompt);
                return;
            }
        }
        if (youngest != null) {
            decoding.remove(youngest);
            stopDecoding(youngest);
            giveBack(youngest);
        }
    }

    /** Brings what it has generated up to date. */
    private void stopDecoding(Sequence sequence) {
        sequence.generated = (int) (sequence.outputTokens - (sequence.lastPass - passes));
        context -= sequence.promptTokens + sequence.generated;
        sequence.decoding = false;
    }

    private void giveBack(Sequence sequence) {
        sequence.computed = 0;
        sequence.toCompute = sequence.promptTokens + sequence.generated;
        waiting.addFirst(sequence);
        preemptions++;
    }

    /**
     * Ends a request whose client has gone, with the pass that is under way; its tokens count no more from now on.
     *
     * @return false if it had ended
     */
    public boolean abort(Sequence sequence, long nowNanos) {
        if (sequence.ended || sequence.replica != this) {
            return false;
        }
        sequence.ended = true;
        if (waiting.remove(sequence)) {
            return true;
        }
        if (sequence.decoding) {
            if (!withPrompts) {
                settle(nowNanos);
            }
            decoding.remove(sequence);
            stopDecoding(sequence);
        } else {
            prompts.remove(sequence);
            promptContext -= sequence.computed;
        }
        if (underway > 0 && !withPrompts) {
            underway = 0;
            plan(Math.max(nowNanos, startNanos));
        }
        return true;
    }

    /** Counts the passes of a stretch that are over, so that it can be planned anew from the end of the one under way. */
    private void settle(long nowNanos) {
        if (underway > 0) {
            long done = Math.min(underway, passesWithin(Math.max(1, nowNanos - startNanos)));
            long end = startNanos + stretchNanos(done);
            busyNanos += end - startNanos;
            passes += done;
            context += done * decoding.size();
            startNanos = end;
            // Whoever would end with that pass ends with the next.
            for (Sequence each : List.copyOf(decoding)) {
                if (each.lastPass <= passes) {
                    decoding.remove(each);
                    each.lastPass = passes + 1;
                    decoding.add(each);
                    context--;
                }
            }
        }
    }

    /** Loses everything it holds, and says so to each. */
    public void fail(long nowNanos) {
        List<Sequence> all = new ArrayList<>(decoding);
        all.sort(Comparator.comparingLong(each -> each.order));
        all.addAll(prompts);
        all.addAll(waiting);
        decoding.clear();
        prompts.clear();
        waiting.clear();
        context = 0;
        promptContext = 0;
        underway = 0;
        endNanos = NEVER;
        for (Sequence each : all) {
            each.ended = true;
            each.lost(nowNanos);
        }
    }

    /** Sequences that wait inside the engine. */
    public int waiting() {
        return waiting.size();
    }

    /** Sequences in the batch. */
    public int running() {
        return decoding.size() + prompts.size();
    }

    /** Sequences it holds. */
    public int held() {
        return waiting() + running();
    }

    /** Share of the cache that is used, 0..1; as of the start of what is under way. */
    public double cacheUse() {
        return Math.min(1, 1 - (double) free() / model.cacheTokens());
    }

    /** Time it has computed so far, what is under way counted up to now. */
    public long busyNanos(long nowNanos) {
        return busyNanos + (underway > 0 ? Math.max(0, Math.min(nowNanos, endNanos) - startNanos) : 0);
    }

    /** Times a sequence was thrown out of the cache. */
    public long preemptions() {
        return preemptions;
    }
}
