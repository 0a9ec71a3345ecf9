/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * One account that does not refill: what is left of an amount after all that was used and all that is reserved.
 *
 * <p>What is reserved is also kept in sums, one for each of {@link #SLICES} slices of time in which it was reserved, whatever
 * the number of reservations. A slice that has outlived the lifetime is given back as a whole, for those who crashed; whoever
 * settles later finds its reservation gone and is charged what it used, so a budget can only be overdrawn by requests that ran
 * longer than the lifetime.
 *
 * <p><b>Threads.</b> Any. {@code left} decides: it is lowered by a compare-and-set that finds enough, and raised only by what was
 * taken out of a slice before. So {@code left}, the slices and {@code used} never add up to more than the amount.
 */
final class Budget {

    /** One more than there are in a lifetime, so that the slice whose place is needed has expired. */
    private static final int SLICES = 16;

    /** The sum of a slice that is over. */
    private static final long CLOSED = -1;

    /** No larger use is charged, so that sums do not overflow. */
    private static final long MAX_CHARGE = 1L << 53;

    /** The reservation's slice is not known: the oldest with anything in it is taken for it. */
    static final long UNKNOWN = -1;

    private final long sliceNanos;
    private final AtomicLong left;
    private final AtomicLong used = new AtomicLong();
    private final AtomicReferenceArray<@Nullable Slice> slices = new AtomicReferenceArray<>(SLICES);

    /** What was reserved in one slice of time and neither settled nor expired. */
    private static final class Slice {

        final long number;
        final AtomicLong sum = new AtomicLong();

        Slice(long number) {
            this.number = number;
        }

        /** False if it is closed. */
        boolean add(long tokens) {
            long seen = sum.get();
            while (seen != CLOSED) {
                long found = sum.compareAndExchange(seen, seen + tokens);
                if (found == seen) {
                    return true;
                }
                seen = found;
            }
            return false;
        }

        /** Takes out up to so much; how much it was. */
        long remove(long tokens) {
            long seen = sum.get();
            while (seen > 0) {
                long part = Math.min(seen, tokens);
                long found = sum.compareAndExchange(seen, seen - part);
                if (found == seen) {
                    return part;
                }
                seen = found;
            }
            return 0;
        }

        /** Takes out all for good. */
        long close() {
            return Math.max(0, sum.getAndSet(CLOSED));
        }
    }

    Budget(long amount, long lifetimeNanos) {
        this.left = new AtomicLong(amount);
        this.sliceNanos = Math.max(1, (lifetimeNanos + SLICES - 2) / (SLICES - 1));
    }

    private long slice(long elapsedNanos) {
        return elapsedNanos / sliceNanos;
    }

    /**
     * Nanoseconds until so much would be left if all that is reserved and stays unsettled expired; 0 if it is; {@link
     * Long#MAX_VALUE} if even that were not enough.
     */
    long waitFor(long tokens, long elapsedNanos) {
        // At least one: an account that is used up admits nothing, not even what expects to use nothing.
        long need = Math.max(1, tokens);
        long sum = left.get();
        if (sum >= need) {
            return 0;
        }
        expire(elapsedNanos);
        sum = left.get();
        long now = slice(elapsedNanos);
        for (long number = Math.max(0, now - SLICES + 1); sum < need && number <= now; number++) {
            Slice slice = slices.get((int) (number % SLICES));
            if (slice != null && slice.number == number) {
                sum += Math.max(0, slice.sum.get());
            }
            if (sum >= need) {
                return (number + SLICES) * sliceNanos - elapsedNanos;
            }
        }
        return sum >= need ? 0 : Long.MAX_VALUE;
    }

    /** Reserves so much if it is left; 0 if it did, else as {@link #waitFor}. */
    long take(long tokens, long elapsedNanos) {
        long need = Math.max(1, tokens);
        long seen = left.get();
        while (true) {
            if (seen < need) {
                long wait = waitFor(tokens, elapsedNanos);
                if (wait > 0) {
                    return wait;
                }
                seen = left.get();
                continue;
            }
            long found = left.compareAndExchange(seen, seen - tokens);
            if (found == seen) {
                note(tokens, slice(elapsedNanos));
                return 0;
            }
            seen = found;
        }
    }

    /** Reserves more for what was reserved at that time, whether it is left or not. */
    void extend(long tokens, long reservedAtNanos, long elapsedNanos) {
        long more = Math.min(tokens, MAX_CHARGE);
        left.addAndGet(-more);
        note(more, slice(reservedAtNanos == UNKNOWN ? elapsedNanos : reservedAtNanos));
    }

    private void note(long tokens, long number) {
        int place = (int) (number % SLICES);
        while (true) {
            Slice slice = slices.get(place);
            if (slice == null || slice.number < number) {
                if (slices.compareAndSet(place, slice, new Slice(number)) && slice != null) {
                    left.addAndGet(slice.close());
                }
            } else if (slice.add(tokens)) {
                // In a later slice than its own if this thread slept a lifetime: it then expires later and is settled
                // as
                // one that came too late.
                return;
            }
        }
    }

    private void expire(long elapsedNanos) {
        long now = slice(elapsedNanos);
        for (int i = 0; i < SLICES; i++) {
            Slice slice = slices.get(i);
            if (slice != null && now - slice.number >= SLICES && slice.sum.get() > 0) {
                left.addAndGet(slice.close());
            }
        }
    }

    /**
     * Turns what was reserved into what was used.
     *
     * @param reservedAtNanos elapsed when it was reserved, or {@link #UNKNOWN}
     */
    void settle(long reserved, long actual, long reservedAtNanos) {
        long part = reservedAtNanos == UNKNOWN ? removeOldest(reserved) : remove(reserved, slice(reservedAtNanos));
        long charge = Math.min(actual, MAX_CHARGE);
        left.addAndGet(part - charge);
        used.addAndGet(charge);
    }

    private long remove(long reserved, long number) {
        Slice slice = slices.get((int) (number % SLICES));
        return slice != null && slice.number == number ? slice.remove(reserved) : 0;
    }

    /**
     * From the oldest on. What is in the slices up to any is then never more than what was really reserved up to it, so
     * nothing expires early; what crashed may expire later, as long as others come and go.
     */
    private long removeOldest(long reserved) {
        long part = 0;
        long after = -1;
        while (part < reserved) {
            Slice oldest = null;
            for (int i = 0; i < SLICES; i++) {
                Slice slice = slices.get(i);
                if (slice != null && slice.number > after && (oldest == null || slice.number < oldest.number)) {
                    oldest = slice;
                }
            }
            if (oldest == null) {
                break;
            }
            part += oldest.remove(reserved - part);
            after = oldest.number;
        }
        return part;
    }

    /** Forgets what was used; what is reserved stays so. */
    void reset() {
        left.addAndGet(used.getAndSet(0));
    }

    long remaining(long elapsedNanos) {
        expire(elapsedNanos);
        return left.get();
    }
}
