/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Request;
import io.tidegate.routing.Routed.Answered;
import io.tidegate.routing.Routed.Reason;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way from gate to gate: says which gate is next and how it is asked, until one has answered for good. Decides
 * only; whoever drives it asks. Used by one thread after the other.
 *
 * <p>A gate is asked without waiting at most once and with waiting at most once. Looking comes before asking ({@link
 * Candidate#predictedNanos}), as whom a gate refuses it counts as demand: the primary's demand is what spills, and no other pool's
 * is what only looked.
 */
final class Journey {

    private final Path path;
    private final RoutedRequest request;
    private final long tokens;
    private final long arrivedNanos;
    private final boolean mayWait;

    /** Bits of the candidates that were asked without and with waiting. */
    private int tried;

    private int waited;

    private boolean begun;
    private boolean anyHealth;

    /** Why the primary is left, once it is. */
    private @Nullable Reason left;

    /** The next step. */
    private @Nullable Candidate next;

    private boolean waits;
    private Reason reason = Reason.PRIMARY;

    /** Of the refusals so far, the one that says to come back soonest. */
    private @Nullable Answered refusal;

    Journey(Path path, RoutedRequest request, long arrivedNanos, boolean mayWait) {
        this.path = path;
        this.request = request;
        this.tokens = request.tokens();
        this.arrivedNanos = arrivedNanos;
        this.mayWait = mayWait;
    }

    // ---- for the driver ---------------------------------------------------------------------------------------------

    /** Whether any target may ever serve it. */
    boolean routable() {
        for (Candidate candidate : path.candidates) {
            if (allowed(candidate)) {
                return true;
            }
        }
        return false;
    }

    /** The gate to ask next, or null if none is left. */
    @Nullable
    Candidate next() {
        next = null;
        if (begun) {
            elsewhere();
        } else {
            begun = true;
            begin();
        }
        if (next == null && refusal == null) {
            // All have fallen ill since: it must be asked for somewhere.
            anyHealth = true;
            elsewhere();
        }
        return next;
    }

    /** Why the next gate is asked. */
    Reason reason() {
        return reason;
    }

    /** Whether the next gate is asked to let it wait. */
    boolean waits() {
        return waits;
    }

    /** What the next gate is asked. */
    Request asked(Candidate candidate, long now) {
        int bit = bit(candidate);
        boolean again = ((waits ? tried : waited) & bit) != 0;
        // It has waited elsewhere: what is left of its time.
        Duration rest = Integer.bitCount(waited & ~bit) > 0 ? rest(now) : null;
        return request.at(candidate.tier, candidate.model, waits, again, rest);
    }

    private Duration rest(long now) {
        Duration bound = path.candidates[0].tier.maxQueueTime();
        Duration own = request.timeout();
        long most = (own != null && own.compareTo(bound) < 0 ? own : bound).toNanos();
        return Duration.ofNanos(Math.max(0, most - Math.max(0, now - arrivedNanos)));
    }

    /** Takes the answer of the gate that was asked: the request's answer, or null if the next is to be asked. */
    @Nullable
    Answered answered(Candidate candidate, Admission answer) {
        Answered answered = new Answered(answer, candidate.place.target.name(), candidate.model, reason);
        if (!(answer instanceof Admission.Shed shed) || isFinal(shed.reason())) {
            return answered;
        }
        if (refusal == null
                || ((Admission.Shed) refusal.admission()).retryAfter().compareTo(shed.retryAfter()) > 0) {
            refusal = answered;
        }
        if (left == null) {
            left = Reason.REFUSED;
        }
        return null;
    }

    private static boolean isFinal(Admission.Reason reason) {
        return switch (reason) {
            case NO_ROOM, QUEUE_FULL, WAIT_TOO_LONG, NO_CAPACITY, OVERLOADED, EVICTED, DRAINING -> false;
            case DEADLINE_PASSED, QUOTA_EXCEEDED, RETRY_TOO_SOON, QUEUE_TIMEOUT -> true;
        };
    }

    /** The answer where all have refused. */
    Answered refused() {
        Answered last = refusal;
        if (last == null) {
            throw new IllegalStateException("nobody was asked");
        }
        return last;
    }

    /** The answer where the caller gave up; by any thread, as it reads nothing that changes. */
    Answered cancelled(@Nullable Candidate at, Reason reason, long now) {
        Candidate where = at == null ? path.candidates[0] : at;
        return new Answered(
                new Admission.Cancelled(Duration.ofNanos(Math.max(0, now - arrivedNanos))),
                where.place.target.name(),
                where.model,
                reason);
    }

    // ---- deciding ---------------------------------------------------------------------------------------------------

    private void begin() {
        Candidate primary = path.candidates[0];
        anyHealth = !anyHealthy();
        if (!primary.holds(tokens)) {
            left = Reason.PRIMARY_TOO_SHORT;
        } else if (!healthy(primary)) {
            left = Reason.PRIMARY_UNHEALTHY;
        } else {
            long wait = primary.predictedNanos();
            boolean serves = primary.place.serves();
            boolean quick = wait == 0 || (serves && wait <= path.returnBelowNanos);
            if (quick && path.tryReturn()) {
                ask(primary, true, Reason.RETURNED);
                return;
            }
            boolean stays = serves && wait <= path.spillAfterNanos && !path.spilling();
            if (quick || stays || path.candidates.length == 1) {
                ask(primary, true, anyHealth ? Reason.NONE_HEALTHY : Reason.PRIMARY);
                return;
            }
            path.spill();
            left = serves ? Reason.SPILLED_WAIT : Reason.NO_CAPACITY;
        }
        elsewhere();
    }

    /** Who admits it now, by preference and price; else where it waits least. */
    private void elsewhere() {
        Candidate primary = path.candidates[0];
        boolean primaryMay = mayServe(primary);
        long primaryWait = primaryMay && (waited & 1) == 0 ? primary.predictedNanos() : Candidate.UNKNOWN;
        Candidate now = admittingNow(primaryWait);
        if (now != null && primaryMay && ((tried | waited) & 1) == 0) {
            tellDemand(primary);
            if (next != null) {
                return;
            }
        }
        if (now != null) {
            ask(now, false, left == null ? Reason.REFUSED : left);
        } else if (mayWait) {
            leastWait();
        } else if (refusal == null) {
            firstOfAll();
        }
    }

    /** Nobody seems to have room, and it does not wait: one is asked, to say why and when to come back. */
    private void firstOfAll() {
        for (Candidate candidate : path.candidates) {
            if (next == null && mayServe(candidate)) {
                ask(candidate, false, candidate.index == 0 || left == null ? Reason.PRIMARY : left);
            }
        }
    }

    /** The demand is the primary's, also if another serves it: else nobody would learn that it needs replicas. */
    private void tellDemand(Candidate primary) {
        if (!primary.place.serves() && primary.place.toBeWoken()) {
            tried |= 1;
            primary.place.wake(request.at(primary.tier, primary.model, false, false, null));
        } else {
            ask(primary, false, Reason.PRIMARY);
        }
    }

    private @Nullable Candidate admittingNow(long primaryWait) {
        Candidate best = null;
        for (int i = 1; i < path.candidates.length; i++) {
            Candidate candidate = path.candidates[i];
            if ((tried & 1 << i) == 0
                    && (waited & 1 << i) == 0
                    && mayServe(candidate)
                    && candidate.latencyNanos < primaryWait
                    && (best == null || preferred(candidate, best))
                    && candidate.predictedNanos() == 0) {
                best = candidate;
            }
        }
        return best;
    }

    private boolean preferred(Candidate one, Candidate other) {
        return one.preference != other.preference
                ? one.preference < other.preference
                : one.price(tokens) < other.price(tokens);
    }

    private void leastWait() {
        Candidate best = null;
        long least = 0;
        for (int i = 0; i < path.candidates.length; i++) {
            Candidate candidate = path.candidates[i];
            if ((waited & 1 << i) == 0 && mayServe(candidate)) {
                long wait = candidate.predictedNanos();
                long until = wait > Candidate.UNKNOWN - candidate.latencyNanos
                        ? Candidate.UNKNOWN
                        : wait + candidate.latencyNanos;
                // The primary comes first, and so has the ties.
                if (best == null || until < least) {
                    best = candidate;
                    least = until;
                }
            }
        }
        if (best != null) {
            boolean stays = best.index == 0;
            ask(best, true, stays ? Reason.PRIMARY : left == null ? Reason.REFUSED : left);
        }
    }

    private void ask(Candidate candidate, boolean wait, Reason why) {
        next = candidate;
        waits = wait && mayWait;
        reason = why == Reason.PRIMARY && anyHealth ? Reason.NONE_HEALTHY : why;
        if (waits) {
            waited |= bit(candidate);
        } else {
            tried |= bit(candidate);
        }
    }

    private static int bit(Candidate candidate) {
        return 1 << candidate.index;
    }

    private boolean mayServe(Candidate candidate) {
        return allowed(candidate) && healthy(candidate);
    }

    private boolean healthy(Candidate candidate) {
        return anyHealth || candidate.place.target.healthy();
    }

    private boolean anyHealthy() {
        for (Candidate candidate : path.candidates) {
            if (allowed(candidate) && candidate.place.target.healthy()) {
                return true;
            }
        }
        return false;
    }

    /** Whether it holds the request and, but for the primary, is cheap enough. */
    private boolean allowed(Candidate candidate) {
        return candidate.holds(tokens) && (candidate.index == 0 || candidate.price(tokens) <= path.route.priceCap());
    }
}
