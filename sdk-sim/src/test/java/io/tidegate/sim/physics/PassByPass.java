/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.physics;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** The rules of {@link VllmReplica} in the plainest way: one pass after the other. */
final class PassByPass {

    private static final class Item {
        final Watched request;
        int toCompute;
        int computed;
        int generated;
        int inPass;

        Item(Watched request) {
            this.request = request;
            this.toCompute = request.promptTokens();
        }

        boolean decodes() {
            return generated > 0 && computed == toCompute;
        }

        /** Tokens of the cache. */
        long held() {
            return decodes() ? request.promptTokens() + (long) generated : computed;
        }
    }

    private final EngineModel model;
    private final List<Item> running = new ArrayList<>();
    private final Deque<Item> waiting = new ArrayDeque<>();
    private double now;
    long preemptions;

    PassByPass(EngineModel model) {
        this.model = model;
    }

    private long free() {
        long held = running.stream().mapToLong(Item::held).sum();
        return model.cacheTokens() - held - 8L * running.size();
    }

    private int decoding() {
        return (int) running.stream().filter(Item::decodes).count();
    }

    /** Serves all, in order of arrival. */
    void run(List<Watched> requests) {
        int next = 0;
        while (next < requests.size() || !running.isEmpty() || !waiting.isEmpty()) {
            if (running.isEmpty() && waiting.isEmpty()) {
                now = Math.max(now, (double) requests.get(next).arrived);
            }
            while (next < requests.size() && (double) requests.get(next).arrived <= now) {
                waiting.add(new Item(requests.get(next++)));
            }
            pass();
        }
    }

    private void pass() {
        while (decoding() > 0 && free() < decoding()) {
            Item youngest = running.remove(running.size() - 1);
            youngest.toCompute = youngest.request.promptTokens() + youngest.generated;
            youngest.computed = 0;
            waiting.addFirst(youngest);
            preemptions++;
        }
        int decoding = decoding();
        int budget = model.maxBatchedTokens() - decoding;
        int sequences = decoding;
        long context =
                running.stream().filter(Item::decodes).mapToLong(Item::held).sum();
        int prompts = 0;
        double pairs = 0;
        for (Item item : running) {
            item.inPass = item.decodes() ? 1 : 0;
        }
        for (Item item : running) {
            if (!item.decodes()) {
                int chunk = (int)
                        Math.min(Math.min(budget, item.toCompute - item.computed), Math.max(0, free() - decoding));
                pairs += compute(item, chunk);
                prompts += chunk;
                budget -= chunk;
                sequences += chunk > 0 ? 1 : 0;
            }
        }
        while (budget > 0 && !waiting.isEmpty() && running.size() < model.maxSequences()) {
            Item item = waiting.peek();
            int chunk = Math.min(budget, item.toCompute);
            if (free() - decoding - 8 < chunk && !running.isEmpty()) {
                break;
            }
            waiting.remove();
            item.inPass = 0;
            running.add(item);
            pairs += compute(item, chunk);
            prompts += chunk;
            budget -= chunk;
            sequences++;
        }
        now += Math.max(1, Math.round(model.passMillis(sequences, context, prompts, pairs) * 1e6));
        for (Item item : List.copyOf(running)) {
            if (item.inPass == 0 && item.computed < item.toCompute) {
                continue;
            }
            if (item.generated == 0) {
                item.request.firstToken((long) now);
            }
            item.generated++;
            if (item.generated == item.request.outputTokens()) {
                item.request.finished((long) now);
                running.remove(item);
            }
        }
    }

    private static double compute(Item item, int chunk) {
        double pairs = (double) chunk * item.computed + (double) chunk * chunk / 2;
        item.computed += chunk;
        return pairs;
    }
}
