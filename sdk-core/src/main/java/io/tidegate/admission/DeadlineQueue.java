/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.util.ArrayDeque;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One tenant's waiters, earliest deadline first; equal deadlines keep arrival order. Those who have left stay until they come
 * to an end of it or are swept.
 *
 * <p>Most requests of a tenant wait equally long at most, so their deadlines come in order of arrival: these are kept in a
 * deque, at O(1). Only whoever arrives with an earlier deadline than the last goes to a heap, at O(log n).
 *
 * <p>For the owner of the drain alone.
 */
final class DeadlineQueue {

    private final ArrayDeque<Waiter> inOrder = new ArrayDeque<>(2);
    private @Nullable PriorityQueue<Waiter> stragglers;

    /** Told of everyone that is taken out, or null. */
    private final @Nullable Consumer<Waiter> gone;

    DeadlineQueue() {
        this(null);
    }

    DeadlineQueue(@Nullable Consumer<Waiter> gone) {
        this.gone = gone;
    }

    private void tellGone(@Nullable Waiter left) {
        if (gone != null && left != null) {
            gone.accept(left);
        }
    }

    void add(Waiter waiter) {
        Waiter last = inOrder.peekLast();
        while (last != null && last.settled()) {
            // Who gave up a moment after it came leaves no trace.
            tellGone(inOrder.pollLast());
            last = inOrder.peekLast();
        }
        if (last == null || waiter.deadlineNanos() - last.deadlineNanos() >= 0) {
            inOrder.addLast(waiter);
            return;
        }
        if (stragglers == null) {
            stragglers = new PriorityQueue<>(DeadlineQueue::compare);
        }
        stragglers.add(waiter);
    }

    /** Whoever is next, or null. */
    @Nullable
    Waiter peek() {
        Waiter first = inOrder.peekFirst();
        while (first != null && first.settled()) {
            tellGone(inOrder.pollFirst());
            first = inOrder.peekFirst();
        }
        if (stragglers == null) {
            return first;
        }
        Waiter straggler = stragglers.peek();
        while (straggler != null && straggler.settled()) {
            tellGone(stragglers.poll());
            straggler = stragglers.peek();
        }
        if (first == null) {
            return straggler;
        }
        return straggler != null && compare(straggler, first) < 0 ? straggler : first;
    }

    /** Whoever has the latest deadline, or null. */
    @Nullable
    Waiter last() {
        Waiter last = inOrder.peekLast();
        while (last != null && last.settled()) {
            tellGone(inOrder.pollLast());
            last = inOrder.peekLast();
        }
        if (stragglers != null) {
            for (Waiter each : stragglers) {
                if (!each.settled() && (last == null || compare(each, last) > 0)) {
                    last = each;
                }
            }
        }
        return last;
    }

    /** Takes out what {@link #peek()} answered just before. */
    void remove(Waiter head) {
        if (inOrder.peekFirst() == head) {
            tellGone(inOrder.pollFirst());
        } else if (stragglers != null) {
            tellGone(stragglers.poll());
        }
    }

    void sweep() {
        inOrder.removeIf(this::goesIfSettled);
        if (stragglers != null) {
            stragglers.removeIf(this::goesIfSettled);
        }
    }

    private boolean goesIfSettled(Waiter waiter) {
        if (!waiter.settled()) {
            return false;
        }
        tellGone(waiter);
        return true;
    }

    void clear() {
        if (gone != null) {
            inOrder.forEach(gone);
            if (stragglers != null) {
                stragglers.forEach(gone);
            }
        }
        inOrder.clear();
        stragglers = null;
    }

    /** With those who have left. */
    int size() {
        return inOrder.size() + (stragglers == null ? 0 : stragglers.size());
    }

    private static int compare(Waiter one, Waiter other) {
        long later = one.deadlineNanos() - other.deadlineNanos();
        return later != 0 ? Long.signum(later) : Integer.signum(one.place - other.place);
    }
}
