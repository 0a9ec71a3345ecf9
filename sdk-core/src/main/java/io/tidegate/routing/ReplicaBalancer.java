/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import io.tidegate.admission.Request;
import io.tidegate.pool.Work;
import io.tidegate.routing.ReplicaLoad.State;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Chooses which replica of a pool serves a request that was admitted.
 *
 * <p><b>How.</b> The one with the least load, where load is requests ÷ slots + tokens ÷ tokens it holds, with the request itself
 * and with what others do there. Few replicas are all looked at; of more, two by chance and the better of both, which is nearly as
 * level and does not send all gateways to the same one (Mitzenmacher, "The power of two choices"). Where a prefix key is given, the
 * replica that has it by rendezvous hashing is taken, unless its load is above (1 + ε) times the mean; then the next in the key's
 * order (Mirrokni et al., "Consistent hashing with bounded loads").
 *
 * <p><b>Guarantees.</b> A replica that was removed, or that said when to come back, is chosen by no call that begins after; the one
 * exception is its own: a choice that had begun before. What it runs counts until it has ended. Failures in a row keep requests
 * away for a while, from at most a part of all replicas. A replica of which nothing was heard for long neither looks idle nor
 * keeps its pool from serving.
 *
 * <p><b>Threads.</b> All methods are safe for many threads. Choosing and ending take no lock and wait for nobody; {@link #update},
 * {@link #reading}, failures and refusals take one that is held for a moment. There is no thread of its own.
 *
 * <p><b>Cost.</b> One {@link Dispatch} per request. Time comes from {@link TimeSource#coarseNanos()}, so holds may end some
 * milliseconds late. With a key all replicas are looked at, twice.
 *
 * <p>It limits nothing: how much may run at once is the gate's affair. {@code docs/routing.md} has the formulas in numbers.
 *
 * @since 0.1.0
 */
public final class ReplicaBalancer {

    private static final Replica[] NOBODY = {};

    /** Pairs that are drawn before all replicas are looked at, where some of those drawn may not be asked. */
    private static final int DRAWS = 3;

    /** A replica that was removed is forgotten no sooner: a choice that had begun before may still send it a request. */
    private static final long FORGET_NANOS = 1_000_000_000;

    private static final Duration HOLD_UNSAID = Duration.ofSeconds(1);
    private static final Duration LONGEST_HOLD = Duration.ofHours(1);
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private final TimeSource time;
    private final BalancerSettings settings;
    private final AtomicLong random;
    private final LongAdder rejections = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder ejections = new LongAdder();

    /** Guards what is written of the replicas and of the two lists of them. No foreign code runs under it. */
    private final Object lock = new Object();

    /** By the lock. */
    private final List<Replica> leaving = new ArrayList<>();

    /** In rotation; the array is never changed, only replaced, by the lock. */
    private volatile Replica[] replicas = NOBODY;

    /** Mean load of others over the replicas with a fresh reading; 0 while there never was one. By the lock. */
    private volatile double meanOthersLoad;

    private volatile boolean everRead;

    /* The settings that are read for each request. */

    final long staleNanos;
    final long slowStartNanos;
    final double slowStartWeight;
    private final int scanUpTo;
    private final double affinityFactor;
    private final long expectedOutput;

    private ReplicaBalancer(TimeSource time, BalancerSettings settings) {
        this.time = Objects.requireNonNull(time, "time");
        this.settings = Objects.requireNonNull(settings, "settings");
        this.random = new AtomicLong(settings.seed());
        this.staleNanos = settings.staleAfter().toNanos();
        this.slowStartNanos = settings.slowStart().toNanos();
        this.slowStartWeight = settings.slowStartWeight();
        this.scanUpTo = settings.scanUpTo();
        this.affinityFactor = 1 + settings.affinityEpsilon();
        this.expectedOutput = settings.expectedOutputTokens();
    }

    /** A balancer with {@link BalancerSettings#defaults()} and no replica yet. */
    public static ReplicaBalancer of(TimeSource time) {
        return of(time, BalancerSettings.defaults());
    }

    /** A balancer with no replica yet. */
    public static ReplicaBalancer of(TimeSource time, BalancerSettings settings) {
        return new ReplicaBalancer(time, settings);
    }

    /** How it chooses. */
    public BalancerSettings settings() {
        return settings;
    }

    // ---- the replicas -----------------------------------------------------------------------------------------------

    /**
     * Takes the replicas that may be sent requests from now on, all of them. Who was there before and is not among them is sent
     * nothing more, and what it runs counts until it has ended; if it comes back while it runs something, it is who it was. A new
     * one starts slowly, unless there was none before: then there is nothing that would be spared.
     *
     * @throws IllegalArgumentException if two have the same id
     */
    public void update(Collection<Endpoint> endpoints) {
        List<Endpoint> wanted = List.copyOf(endpoints);
        Set<String> ids = new HashSet<>();
        for (Endpoint endpoint : wanted) {
            if (!ids.add(endpoint.id())) {
                throw new IllegalArgumentException("two replicas have the id " + endpoint.id());
            }
        }
        long now = time.nanos();
        synchronized (lock) {
            boolean none = replicas.length == 0;
            List<Replica> before = new ArrayList<>(List.of(replicas));
            Replica[] after = new Replica[wanted.size()];
            for (int i = 0; i < after.length; i++) {
                Endpoint endpoint = wanted.get(i);
                Replica known = take(before, endpoint);
                if (known == null) {
                    known = take(leaving, endpoint);
                }
                if (known == null) {
                    known = new Replica(this, endpoint, now, none ? now - slowStartNanos : now);
                } else {
                    known.endpoint(endpoint);
                }
                after[i] = known;
            }
            for (Replica gone : before) {
                gone.removedNanos = now;
                leaving.add(gone);
            }
            leaving.removeIf(gone -> gone.requests() == 0 && now - gone.removedNanos >= FORGET_NANOS);
            replicas = after;
            averageReadings(now);
        }
    }

    private static @Nullable Replica take(List<Replica> from, Endpoint endpoint) {
        for (int i = 0; i < from.size(); i++) {
            if (from.get(i).endpoint().sameReplica(endpoint)) {
                return from.remove(i);
            }
        }
        return null;
    }

    /**
     * Takes what a replica's engine says of itself. What is more than we have sent is the load of others, other gateways for one, and
     * counts as if it were ours. Where nothing fresh is known of a replica, it counts as loaded by others as the mean of those of
     * which something is.
     *
     * @param id the replica
     * @param atNanos when it was measured, on the monotonic clock
     * @param waiting requests in the engine's queue; 0 or more
     * @param running requests in the engine's batch; 0 or more
     * @param kvFraction part of the KV cache that is in use, 0..1
     * @return false if it was not taken: no such replica, older than what is known, or no sensible numbers
     */
    public boolean reading(String id, long atNanos, int waiting, int running, double kvFraction) {
        long now = time.nanos();
        if (waiting < 0 || running < 0 || !(kvFraction >= 0 && kvFraction <= 1) || atNanos - now > 0) {
            return false;
        }
        synchronized (lock) {
            for (Replica replica : replicas) {
                if (replica.endpoint().id().equals(id)) {
                    boolean taken = replica.read(atNanos, (double) waiting + running, kvFraction);
                    everRead |= taken;
                    averageReadings(now);
                    return taken;
                }
            }
        }
        return false;
    }

    /** The last mean stays where nothing is fresh: it is then the same for all and prefers nobody. By the lock. */
    private void averageReadings(long now) {
        double sum = 0;
        int fresh = 0;
        for (Replica replica : replicas) {
            double load = replica.freshOthersLoad(now);
            if (!Double.isNaN(load)) {
                sum += load;
                fresh++;
            }
        }
        if (fresh > 0) {
            meanOthersLoad = sum / fresh;
        }
    }

    double meanOthersLoad() {
        return meanOthersLoad;
    }

    // ---- choosing ---------------------------------------------------------------------------------------------------

    /** A replica for this request: one that serves its model and length. */
    public Choice choose(Request request) {
        return choose(request, PrefixKey.NONE);
    }

    /**
     * A replica for this request, by preference the one that has its prefix.
     *
     * @param prefixKey the same for requests that begin alike, see {@link PrefixKey}
     */
    public Choice choose(Request request, long prefixKey) {
        long prompt = request.promptTokens();
        long most = request.maxOutputTokens();
        // Where the gate expects the output, the request's own tokens are those of the prompt.
        long output = request.tokens() > prompt ? request.tokens() - prompt : Math.min(most, expectedOutput);
        return choose(prompt + output, prompt + most, request.model().orElse(null), prefixKey, null);
    }

    /**
     * A replica for a request of so many tokens, prompt and expected output.
     *
     * @param tokens 0 or more
     */
    public Choice choose(long tokens) {
        return choose(tokens, PrefixKey.NONE);
    }

    /** A replica for a request of so many tokens, by preference the one that has its prefix. */
    public Choice choose(long tokens, long prefixKey) {
        if (tokens < 0) {
            throw new IllegalArgumentException("tokens must be >= 0 but was " + tokens);
        }
        return choose(tokens, tokens, null, prefixKey, null);
    }

    /**
     * Another replica for the request of a dispatch that was rejected or failed; the same one again only where it is the only one
     * that may be asked. Whether it may be tried again at all is for a {@link RetryBudget} to say.
     */
    public Choice chooseAgain(Dispatch previous) {
        return choose(previous.tokens, previous.needed, previous.model, previous.prefixKey, previous.replica);
    }

    private Choice choose(long tokens, long needed, @Nullable String model, long prefixKey, @Nullable Replica not) {
        Replica[] all = replicas;
        int counted = (int) Math.min(tokens, Replica.MAX_TOKENS);
        long now = time.coarseNanos();
        Replica found = null;
        if (all.length > 0 && prefixKey != PrefixKey.NONE) {
            found = preferred(all, prefixKey, counted, needed, model, not, now);
        } else if (all.length > scanUpTo) {
            found = betterOfTwo(all, counted, needed, model, not, now);
        }
        if (found == null && all.length > 0) {
            found = least(all, counted, needed, model, not, now, false);
        }
        if (found == null) {
            found = lastResort(all, counted, needed, model, not, now);
        }
        if (found == null) {
            return none(all, needed, model, now);
        }
        // Made first: where there is no memory for it, nothing is counted.
        Dispatch dispatch = new Dispatch(found, counted, needed, model, prefixKey);
        found.begin(counted);
        return dispatch;
    }

    /** The better of two drawn by chance; null if there were not two among those drawn that may be asked. */
    private @Nullable Replica betterOfTwo(
            Replica[] all, int tokens, long needed, @Nullable String model, @Nullable Replica not, long now) {
        for (int draw = 0; draw < DRAWS; draw++) {
            long bits = nextRandom();
            int first = bounded((int) bits, all.length);
            int second = bounded((int) (bits >>> 32), all.length - 1);
            if (second >= first) {
                second++;
            }
            Replica one = all[first];
            Replica other = all[second];
            if (mayBeAsked(one, needed, model, not, now, false) && mayBeAsked(other, needed, model, not, now, false)) {
                return other.loadWith(tokens, now) < one.loadWith(tokens, now) ? other : one;
            }
        }
        return null;
    }

    private @Nullable Replica least(
            Replica[] all,
            int tokens,
            long needed,
            @Nullable String model,
            @Nullable Replica not,
            long now,
            boolean evenEjected) {
        // From anywhere, so that the first is not preferred where several are alike.
        int at = bounded((int) nextRandom(), all.length);
        Replica best = null;
        double least = 0;
        for (int i = 0; i < all.length; i++) {
            Replica replica = all[at];
            at = at + 1 == all.length ? 0 : at + 1;
            if (mayBeAsked(replica, needed, model, not, now, evenEjected)) {
                double load = replica.loadWith(tokens, now);
                if (best == null || load < least) {
                    best = replica;
                    least = load;
                }
            }
        }
        return best;
    }

    /**
     * The first in the key's order whose load, before the request, is at most (1 + ε) times the mean with it. As some replica is
     * at or below the mean there always is one, unless loads change meanwhile.
     */
    private @Nullable Replica preferred(
            Replica[] all,
            long prefixKey,
            int tokens,
            long needed,
            @Nullable String model,
            @Nullable Replica not,
            long now) {
        double loads = 0;
        double weights = 0;
        double more = 0;
        boolean alike = true;
        int first = 0;
        for (Replica replica : all) {
            if (mayBeAsked(replica, needed, model, not, now, false)) {
                Endpoint of = replica.endpoint();
                double slots = of.size().slots();
                double weight = replica.weight(now) * slots;
                loads += replica.load(now) * weight;
                more = Math.max(more, (of.perSlot + tokens * of.perToken) * slots);
                weights += weight;
                alike &= first == 0 || of.size().slots() == first;
                first = of.size().slots();
            }
        }
        double bound = affinityFactor * (loads + more) / weights;
        Replica best = null;
        double highest = 0;
        for (Replica replica : all) {
            if (mayBeAsked(replica, needed, model, not, now, false) && replica.load(now) <= bound) {
                double score = score(prefixKey, replica, alike);
                if (best == null || score > highest) {
                    best = replica;
                    highest = score;
                }
            }
        }
        return best;
    }

    /** Highest random weight (Thaler and Ravishankar); where sizes differ, in proportion to them. */
    private static double score(long prefixKey, Replica replica, boolean alike) {
        double uniform = ((PrefixKey.mix(prefixKey ^ replica.hash) >>> 11) + 0.5) * 0x1p-53;
        return alike ? uniform : replica.endpoint().size().slots() / -Math.log(uniform);
    }

    /** Suspects rather than nobody, and the one that has just failed rather than nobody; but never one that said no. */
    private @Nullable Replica lastResort(
            Replica[] all, int tokens, long needed, @Nullable String model, @Nullable Replica not, long now) {
        if (all.length == 0) {
            return null;
        }
        Replica suspect = least(all, tokens, needed, model, not, now, true);
        return suspect != null || not == null ? suspect : least(all, tokens, needed, model, null, now, true);
    }

    private static boolean mayBeAsked(
            Replica replica,
            long needed,
            @Nullable String model,
            @Nullable Replica not,
            long now,
            boolean evenEjected) {
        return replica != not
                && !replica.held(now)
                && (evenEjected || !replica.ejected(now))
                && replica.mayServe(model, needed);
    }

    private static Choice.None none(Replica[] all, long needed, @Nullable String model, long now) {
        long soonest = Long.MAX_VALUE;
        for (Replica replica : all) {
            if (replica.mayServe(model, needed)) {
                soonest = Math.min(soonest, Math.max(0, replica.heldUntilNanos - now));
            }
        }
        if (soonest == Long.MAX_VALUE) {
            return new Choice.None(all.length == 0 ? Choice.Why.NO_REPLICA : Choice.Why.NONE_SERVES_IT, Duration.ZERO);
        }
        return new Choice.None(Choice.Why.ALL_HELD, Duration.ofNanos(soonest));
    }

    /** SplitMix64: any number of threads draw from one sequence. */
    private long nextRandom() {
        return PrefixKey.mix(random.getAndAdd(GOLDEN_GAMMA));
    }

    /** Even over 0..bound-1, but for one part in some millions (Lemire). */
    private static int bounded(int bits, int bound) {
        return (int) (((bits & 0xFFFFFFFFL) * bound) >>> 32);
    }

    // ---- how requests ended -----------------------------------------------------------------------------------------

    void rejected(Replica replica, Duration retryAfter) {
        Duration hold = retryAfter.isZero() || retryAfter.isNegative() ? HOLD_UNSAID : retryAfter;
        long until = time.nanos() + (hold.compareTo(LONGEST_HOLD) > 0 ? LONGEST_HOLD : hold).toNanos();
        rejections.increment();
        synchronized (lock) {
            // The longer of two: neither was told to come back sooner.
            if (until - replica.heldUntilNanos > 0) {
                replica.heldUntilNanos = until;
            }
        }
    }

    void failed(Replica replica) {
        failures.increment();
        long now = time.nanos();
        synchronized (lock) {
            replica.failures = Math.min(replica.failures, Integer.MAX_VALUE - 1) + 1;
            if (replica.failures >= settings.failuresToEject() && !replica.ejected(now) && mayEject(now)) {
                Duration length = ejection(replica.ejections);
                replica.ejections++;
                // One more failure once it is back suffices: nothing has shown that it is well again.
                replica.failures = settings.failuresToEject() - 1;
                replica.ejectedUntilNanos = now + length.toNanos();
                // Empty by then, and cold perhaps.
                replica.startedNanos = replica.ejectedUntilNanos;
                ejections.increment();
            }
        }
    }

    /** The first time, twice, four times, … up to the longest. */
    private Duration ejection(int before) {
        Duration length = settings.firstEjection().multipliedBy(1L << Math.min(before, 12));
        return length.compareTo(settings.longestEjection()) > 0 ? settings.longestEjection() : length;
    }

    private boolean mayEject(long now) {
        Replica[] all = replicas;
        int ejected = 0;
        for (Replica replica : all) {
            if (replica.ejected(now)) {
                ejected++;
            }
        }
        return ejected + 1 <= settings.mostEjected() * all.length;
    }

    /** Its past is forgotten once it has served as long as it was left alone. */
    void healthy(Replica replica) {
        long now = time.coarseNanos();
        synchronized (lock) {
            if (replica.ejections > 0
                    && now - replica.ejectedUntilNanos
                            >= ejection(replica.ejections - 1).toNanos()) {
                replica.ejections = 0;
            }
        }
    }

    // ---- what it knows ----------------------------------------------------------------------------------------------

    /**
     * How uneven our load is over the replicas that are sent requests: the highest load ÷ the mean load − 1, where the mean is all
     * their requests ÷ all their slots + all their tokens ÷ all the tokens they hold. 0 where all are alike, where there is nothing
     * in flight, and for fewer than two replicas; 1 where the fullest has twice the mean.
     *
     * <p>Of what we have sent alone, with the tokens that were expected, and of the whole size of a replica also while it starts
     * slowly. Exact while nothing begins or ends.
     */
    public double imbalance() {
        long now = time.nanos();
        double highest = 0;
        double requests = 0;
        double slots = 0;
        double tokens = 0;
        double capacity = 0;
        int ready = 0;
        for (Replica replica : replicas) {
            if (replica.held(now) || replica.ejected(now)) {
                continue;
            }
            Work inFlight = replica.inFlight();
            Endpoint of = replica.endpoint();
            highest = Math.max(highest, inFlight.slots() * of.perSlot + inFlight.tokens() * of.perToken);
            requests += inFlight.slots();
            slots += of.size().slots();
            if (of.perToken > 0) {
                tokens += inFlight.tokens();
                capacity += of.size().tokens();
            }
            ready++;
        }
        double mean = requests / Math.max(1, slots) + (capacity > 0 ? tokens / capacity : 0);
        return ready < 2 || mean <= 0 ? 0 : Math.max(0, highest / mean - 1);
    }

    /** Each replica, in the order they were given, and after them those that are leaving and still run something. */
    public List<ReplicaLoad> loads() {
        long now = time.nanos();
        List<ReplicaLoad> loads = new ArrayList<>();
        synchronized (lock) {
            for (Replica replica : replicas) {
                State state = replica.held(now) ? State.HELD : replica.ejected(now) ? State.EJECTED : State.READY;
                loads.add(load(replica, state, now));
            }
            for (Replica replica : leaving) {
                if (replica.requests() > 0) {
                    loads.add(load(replica, State.DRAINING, now));
                }
            }
        }
        return loads;
    }

    private ReplicaLoad load(Replica replica, State state, long now) {
        return new ReplicaLoad(
                replica.endpoint().id(),
                state,
                replica.inFlight(),
                replica.ownLoad(),
                replica.weight(now),
                everRead && replica.stale(now));
    }

    /** Replicas that are sent requests. */
    public int ready() {
        return count(State.READY);
    }

    /** Replicas that have said that they take nothing for a while. */
    public int held() {
        return count(State.HELD);
    }

    /** Replicas that are left alone for their failures. */
    public int ejected() {
        return count(State.EJECTED);
    }

    /** Replicas that are leaving and still run something. */
    public int draining() {
        return count(State.DRAINING);
    }

    private int count(State state) {
        return (int) loads().stream().filter(load -> load.state() == state).count();
    }

    /** Replicas of whose engine nothing fresh is known; 0 while nothing was ever read. */
    public int stale() {
        return (int) loads().stream()
                .filter(load -> load.stale() && load.state() != State.DRAINING)
                .count();
    }

    /** Requests that were dispatched and have not ended, those at leaving replicas among them. */
    public long inFlight() {
        return loads().stream().mapToLong(load -> load.inFlight().slots()).sum();
    }

    /** Dispatches that a replica would not take, so far. */
    public long rejections() {
        return rejections.sum();
    }

    /** Dispatches that failed, so far. */
    public long failures() {
        return failures.sum();
    }

    /** Times that a replica was left alone for its failures, so far. */
    public long ejections() {
        return ejections.sum();
    }

    @Override
    public String toString() {
        return "ReplicaBalancer" + loads();
    }
}
