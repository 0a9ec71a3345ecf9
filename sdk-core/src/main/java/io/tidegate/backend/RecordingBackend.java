/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.Birth;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.ledger.Refusal;
import io.tidegate.policy.ReplicaMath;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what it is asked for, with the time and the answer: for tests of policies, plugins and gateways, for dry environments and for
 * demonstrations.
 *
 * <p>Alone it plays a backend: a number that is asked for exists at once and serves after {@link Builder#readyAfter}, by the clock it
 * is given; a request that was decided on another number is refused as {@link Refusal#CONFLICT}, as others refuse it. Around another
 * backend it hands everything on. Either way it can be told to fail: {@link #refuse}, {@link #loseAnswers}, {@link #failStatus}.
 *
 * <pre>{@code
 * ManualTime time = new ManualTime();
 * RecordingBackend backend = RecordingBackend.builder(time).initial(2).readyAfter(Duration.ofMinutes(3)).build();
 * ... an engine with this clock and this backend ...
 * time.advance(Duration.ofMinutes(10));
 * assertEquals(6, backend.requests().get(0).to());
 * }</pre>
 *
 * <p>Of the calls only the latest are kept, {@link Builder#keep}; the oldest are forgotten first, and {@link #scaleCalls} counts all.
 * Safe for use by many threads. Rules for failing, and the backend around which it is, are called outside its lock.
 *
 * @since 0.1.0
 */
public final class RecordingBackend implements ScalerBackend {

    /** Calls that are kept if nothing else is said. */
    public static final int KEPT = 10_000;

    private final TimeSource time;
    private final Duration readyAfter;
    private final int initial;
    private final int capacity;
    private final int kept;
    private final @Nullable ScalerBackend wrapped;

    /** Guards all that follows but the rules. */
    private final Object lock = new Object();

    private final ArrayDeque<Call> calls = new ArrayDeque<>();
    private final Map<String, Played> pools = new HashMap<>();
    private long scaleCalls;
    private boolean closed;

    private volatile Function<ScaleRequest, @Nullable Exception> refusing = request -> null;
    private volatile Function<ScaleRequest, @Nullable Exception> losing = request -> null;
    private volatile Function<String, @Nullable Exception> failingStatus = pool -> null;

    /**
     * One call and what came of it.
     *
     * @param at when it was made, by the wall clock of the time source
     * @param atNanos the same on its monotonic clock
     * @param pool the pool
     * @param request what was asked for; null for a call for the status
     * @param status what was answered; null for a request, and where the call failed
     * @param failure what was thrown; null if nothing was
     */
    public record Call(
            Instant at,
            long atNanos,
            String pool,
            @Nullable ScaleRequest request,
            @Nullable ReplicaStatus status,
            @Nullable Throwable failure) {

        /** Whether replicas were asked for, and not the status. */
        public boolean isScale() {
            return request != null;
        }

        /** Whether it was answered and not refused. */
        public boolean succeeded() {
            return failure == null;
        }
    }

    /** Replicas of one pool that stands alone, oldest first. Guarded by the lock. */
    private static final class Played {
        private final List<Replica> replicas = new ArrayList<>();
        private int started;
    }

    private record Replica(String name, Instant created, long readyNanos, Instant ready) {}

    private RecordingBackend(Builder builder) {
        this.time = builder.time;
        this.readyAfter = builder.readyAfter;
        this.initial = builder.initial;
        this.capacity = builder.capacity;
        this.kept = builder.kept;
        this.wrapped = builder.wrapped;
    }

    /**
     * Starts a backend with the defaults.
     *
     * @param time by which replicas become ready and calls are dated
     */
    public static Builder builder(TimeSource time) {
        return new Builder(time);
    }

    // ---- what was asked for
    // ------------------------------------------------------------------------------------------

    /** The latest calls of both kinds, oldest first. */
    public List<Call> calls() {
        synchronized (lock) {
            return List.copyOf(calls);
        }
    }

    /** The latest requests for replicas, those that failed among them, oldest first. */
    public List<ScaleRequest> requests() {
        List<ScaleRequest> requests = new ArrayList<>();
        for (Call call : calls()) {
            if (call.request() != null) {
                requests.add(call.request());
            }
        }
        return requests;
    }

    /** The last request for replicas that is kept, or empty if there was none. */
    public Optional<ScaleRequest> lastRequest() {
        List<ScaleRequest> requests = requests();
        return requests.isEmpty() ? Optional.empty() : Optional.of(requests.get(requests.size() - 1));
    }

    /** How often replicas were asked for, forgotten calls included. */
    public long scaleCalls() {
        synchronized (lock) {
            return scaleCalls;
        }
    }

    /** Whether it was closed. */
    public boolean closed() {
        synchronized (lock) {
            return closed;
        }
    }

    /** Forgets the calls kept so far, but not the replicas. */
    public void forget() {
        synchronized (lock) {
            calls.clear();
            scaleCalls = 0;
        }
    }

    // ---- what goes wrong
    // ---------------------------------------------------------------------------------------------

    /**
     * From now on, a request for which the rule names an exception fails with it and changes nothing. Replaces the rule before.
     *
     * @param rule names what is thrown, null for nothing
     */
    public void refuse(Function<ScaleRequest, @Nullable Exception> rule) {
        refusing = Objects.requireNonNull(rule, "rule");
    }

    /** The next so many requests are refused for that reason and change nothing. */
    public void refuseNext(int times, Refusal why) {
        AtomicInteger left = new AtomicInteger(times);
        refuse(request -> left.getAndUpdate(each -> Math.max(0, each - 1)) > 0
                ? new BackendException(why, "refused as it was told to: " + why)
                : null);
    }

    /**
     * From now on, a request for which the rule names an exception is carried out and fails with it all the same: the answer is lost.
     * Replaces the rule before.
     *
     * @param rule names what is thrown, null for nothing
     */
    public void loseAnswers(Function<ScaleRequest, @Nullable Exception> rule) {
        losing = Objects.requireNonNull(rule, "rule");
    }

    /**
     * From now on, the status of a pool for which the rule names an exception fails with it. Replaces the rule before.
     *
     * @param rule names what is thrown, null for nothing
     */
    public void failStatus(Function<String, @Nullable Exception> rule) {
        failingStatus = Objects.requireNonNull(rule, "rule");
    }

    /** Takes back all rules for failing. */
    public void recover() {
        refuse(request -> null);
        loseAnswers(request -> null);
        failStatus(pool -> null);
    }

    /**
     * Sets a number as somebody else would, behind the engine's back. Only where it stands alone.
     *
     * @throws IllegalStateException if it is around another backend
     */
    public void set(String pool, int replicas) {
        alone();
        synchronized (lock) {
            to(played(pool), replicas);
        }
    }

    /**
     * So many of the oldest replicas die and are replaced by new ones, which take their time to be ready. Only where it stands alone.
     *
     * @throws IllegalStateException if it is around another backend
     */
    public void die(String pool, int replicas) {
        alone();
        synchronized (lock) {
            Played played = played(pool);
            int before = played.replicas.size();
            played.replicas.subList(0, Math.min(replicas, before)).clear();
            to(played, before);
        }
    }

    private void alone() {
        if (wrapped != null) {
            throw new IllegalStateException("the replicas are those of the backend it is around");
        }
    }

    // ---- the backend
    // -------------------------------------------------------------------------------------------------

    @Override
    public ReplicaStatus status(String pool) throws Exception {
        Instant at = time.wallTime();
        long atNanos = time.nanos();
        try {
            throwIfAny(failingStatus.apply(pool));
            ReplicaStatus found = wrapped != null ? wrapped.status(pool) : playedStatus(pool);
            keep(new Call(at, atNanos, pool, null, found, null));
            return found;
        } catch (Exception | Error e) {
            keep(new Call(at, atNanos, pool, null, null, e));
            throw e;
        }
    }

    @Override
    public void scale(ScaleRequest request) throws Exception {
        Instant at = time.wallTime();
        long atNanos = time.nanos();
        try {
            throwIfAny(refusing.apply(request));
            if (wrapped != null) {
                wrapped.scale(request);
            } else {
                play(request);
            }
            throwIfAny(losing.apply(request));
            keep(new Call(at, atNanos, request.pool(), request, null, null));
        } catch (Exception | Error e) {
            keep(new Call(at, atNanos, request.pool(), request, null, e));
            throw e;
        }
    }

    private static void throwIfAny(@Nullable Exception failure) throws Exception {
        if (failure != null) {
            throw failure;
        }
    }

    private void keep(Call call) {
        synchronized (lock) {
            if (call.isScale()) {
                scaleCalls++;
            }
            calls.addLast(call);
            while (calls.size() > kept) {
                calls.removeFirst();
            }
        }
    }

    private ReplicaStatus playedStatus(String pool) {
        synchronized (lock) {
            Played played = played(pool);
            long now = time.nanos();
            int ready = 0;
            List<Birth> births = new ArrayList<>();
            for (Replica replica : played.replicas) {
                boolean serves = now - replica.readyNanos() >= 0;
                ready += serves ? 1 : 0;
                births.add(new Birth(
                        replica.name(),
                        replica.created(),
                        replica.created(),
                        replica.created(),
                        serves ? replica.ready() : null));
            }
            int all = played.replicas.size();
            return new ReplicaStatus(all, all, ready, births);
        }
    }

    private void play(ScaleRequest request) {
        synchronized (lock) {
            Played played = played(request.pool());
            int found = played.replicas.size();
            if (found != request.from()) {
                throw new BackendException(
                        Refusal.CONFLICT,
                        "pool " + request.pool() + " is to have " + found + " replicas by now and not "
                                + request.from());
            }
            if (request.to() > capacity) {
                throw new BackendException(
                        Refusal.CAPACITY, "there are " + capacity + " replicas to be had and not " + request.to());
            }
            to(played, request.to());
        }
    }

    private Played played(String pool) {
        Played found = pools.get(pool);
        if (found == null) {
            found = new Played();
            pools.put(pool, found);
            Instant now = time.wallTime();
            for (int i = 0; i < initial; i++) {
                found.replicas.add(new Replica("replica-" + ++found.started, now, time.nanos(), now));
            }
        }
        return found;
    }

    /** The newest go first. */
    private void to(Played played, int replicas) {
        Instant now = time.wallTime();
        while (played.replicas.size() < replicas) {
            played.replicas.add(new Replica(
                    "replica-" + ++played.started, now, time.nanos() + readyAfter.toNanos(), now.plus(readyAfter)));
        }
        played.replicas.subList(replicas, played.replicas.size()).clear();
    }

    /** Closes the backend it is around, if any. What was kept can still be read. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
        }
        if (wrapped != null) {
            wrapped.close();
        }
    }

    /** Collects the settings of a {@link RecordingBackend}. Not safe for use by several threads. */
    public static final class Builder {

        private final TimeSource time;
        private Duration readyAfter = Duration.ZERO;
        private int initial;
        private int capacity = ReplicaMath.MANY;
        private int kept = KEPT;
        private @Nullable ScalerBackend wrapped;

        private Builder(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
        }

        /** Time from being asked for to being ready, 0 to a day; 0 by default. */
        public Builder readyAfter(Duration readyAfter) {
            if (readyAfter.isNegative() || readyAfter.compareTo(Duration.ofDays(1)) > 0) {
                throw new IllegalArgumentException("readyAfter must be 0 to 24 h but was " + readyAfter);
            }
            this.readyAfter = readyAfter;
            return this;
        }

        /** Replicas that every pool has at first, ready; 0 by default. */
        public Builder initial(int initial) {
            this.initial = count("initial", initial);
            return this;
        }

        /** Most replicas of a pool; what is above is refused as {@link Refusal#CAPACITY}. As many as one likes by default. */
        public Builder capacity(int capacity) {
            this.capacity = count("capacity", capacity);
            return this;
        }

        /** Calls that are kept, 1 to 1,000,000; {@link #KEPT} by default. */
        public Builder keep(int calls) {
            if (calls < 1 || calls > 1_000_000) {
                throw new IllegalArgumentException("keep must be 1 to 1000000 but was " + calls);
            }
            this.kept = calls;
            return this;
        }

        /** The backend to hand everything on to, which is then closed with this one. Alone by default. */
        public Builder around(ScalerBackend backend) {
            this.wrapped = Objects.requireNonNull(backend, "backend");
            return this;
        }

        private static int count(String name, int value) {
            if (value < 0 || value > ReplicaMath.MANY) {
                throw new IllegalArgumentException(name + " must be 0 to " + ReplicaMath.MANY + " but was " + value);
            }
            return value;
        }

        /** The backend. */
        public RecordingBackend build() {
            return new RecordingBackend(this);
        }
    }
}
