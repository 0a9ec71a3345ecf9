/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import org.jspecify.annotations.Nullable;

/**
 * The accounts of one quota, taken all together or not at all.
 *
 * <p>Safe for many threads. If a later account refuses, what the earlier ones gave is returned; until then, some ten nanoseconds,
 * another may be refused that would have fitted, and is told a time at which it does.
 */
class Bucket {

    final @Nullable Refill requests;
    final @Nullable Refill tokens;
    final @Nullable Budget budget;

    Bucket(Quota quota) {
        Rate requestRate = quota.requestRate();
        Rate tokenRate = quota.tokenRate();
        this.requests = requestRate == null ? null : new Refill(requestRate);
        this.tokens = tokenRate == null ? null : new Refill(tokenRate);
        this.budget = quota.budgetAmount() < 0
                ? null
                : new Budget(quota.budgetAmount(), quota.reservationLifetime().toNanos());
    }

    /** Nanoseconds until all accounts have room; 0 if they have. Takes nothing. */
    final long waitFor(long amount, long elapsedNanos) {
        long wait = 0;
        if (requests != null) {
            wait = requests.waitFor(1, elapsedNanos);
        }
        if (tokens != null) {
            wait = Math.max(wait, tokens.waitFor(amount, elapsedNanos));
        }
        if (budget != null) {
            wait = Math.max(wait, budget.waitFor(amount, elapsedNanos));
        }
        return wait;
    }

    /** Takes a request and its tokens; 0 if it did, else nothing is taken. */
    final long take(long amount, long elapsedNanos) {
        if (requests != null) {
            long wait = requests.take(1, elapsedNanos);
            if (wait > 0) {
                return wait;
            }
        }
        if (tokens != null) {
            long wait = tokens.take(amount, elapsedNanos);
            if (wait > 0) {
                if (requests != null) {
                    requests.giveBack(1);
                }
                return wait;
            }
        }
        if (budget != null) {
            long wait = budget.take(amount, elapsedNanos);
            if (wait > 0) {
                giveBackRefills(amount);
                return wait;
            }
        }
        return 0;
    }

    private void giveBackRefills(long amount) {
        if (requests != null) {
            requests.giveBack(1);
        }
        if (tokens != null) {
            tokens.giveBack(amount);
        }
    }

    /** Gives back what was taken at that time, the request included. */
    final void giveBack(long amount, long takenAtNanos) {
        giveBackRefills(amount);
        if (budget != null) {
            budget.settle(amount, 0, takenAtNanos);
        }
    }

    final void settle(long reserved, long actual, long takenAtNanos, long elapsedNanos) {
        if (tokens != null) {
            tokens.settle(reserved, actual, elapsedNanos);
        }
        if (budget != null) {
            budget.settle(reserved, actual, takenAtNanos);
        }
    }

    final void extend(long more, long takenAtNanos, long elapsedNanos) {
        if (tokens != null) {
            tokens.charge(more, elapsedNanos);
        }
        if (budget != null) {
            budget.extend(more, takenAtNanos, elapsedNanos);
        }
    }

    /** Whether a new bucket would be the same. Not for budgets, which no time fills. */
    final boolean isFull(long elapsedNanos) {
        return (requests == null || requests.isFull(elapsedNanos)) && (tokens == null || tokens.isFull(elapsedNanos));
    }

    final Quotas.Remaining remaining(long elapsedNanos) {
        return new Quotas.Remaining(
                requests == null ? Long.MAX_VALUE : requests.remaining(elapsedNanos),
                tokens == null ? Long.MAX_VALUE : tokens.remaining(elapsedNanos),
                budget == null ? Long.MAX_VALUE : budget.remaining(elapsedNanos));
    }
}
