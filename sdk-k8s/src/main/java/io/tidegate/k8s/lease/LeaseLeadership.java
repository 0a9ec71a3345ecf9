/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.engine.spi.Leadership;
import io.tidegate.k8s.lease.Election.Read;
import io.tidegate.k8s.lease.Election.Step;
import io.tidegate.k8s.lease.Election.Wait;
import io.tidegate.k8s.lease.Election.Write;
import io.tidegate.log.BoundedLog;
import io.tidegate.time.SystemTime;
import io.tidegate.time.TimeSource;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Leadership by a {@code Lease} of {@code coordination.k8s.io/v1}, which all gateways of the same pools name.
 *
 * <p>A leader may act until {@link LeaseTiming#renewDeadline} after the beginning of its last good renewal, by its own monotonic clock,
 * whether or not the API server answers; others wait a whole lease from when they themselves last saw it change, the longer of their
 * own and the published one. Wall clocks are written for people to read and never compared. Each write demands the very version that
 * was read. {@code spec.leaseTransitions} is the epoch: it grows with each term, also when the same gateway comes back after its term
 * ran out, and never falls, whoever edits or deletes the lease.
 *
 * <p>A lease that is missing is made, of nobody's, and that, or one whose holder somebody took out by hand, is waited for as if it were
 * held, since its leader may not know yet: the first gateway that ever starts leads after one lease, and after a deletion nobody does for
 * as long. One that was given back by {@link #close} is free at once.
 *
 * <p>Order at the end: stop what writes, then {@link #close} this. What must still be stopped goes into {@link Builder#beforeRelease}; the
 * lease is renewed no more while that runs, and given back after it only.
 *
 * <table>
 * <caption>Verbs needed, in API group {@code coordination.k8s.io}</caption>
 * <tr><th>verb</th><th>resource</th><th>by name</th></tr>
 * <tr><td>get, update</td><td>leases</td><td>yes</td></tr>
 * <tr><td>create</td><td>leases</td><td>no, Kubernetes cannot</td></tr>
 * </table>
 *
 * <p>What fails is logged once per change, and tried again after {@link LeaseTiming#retryPeriod}. Safe for many threads.
 *
 * @since 0.1.0
 */
public final class LeaseLeadership implements Leadership {

    private static final Logger LOG = BoundedLog.of(LeaseLeadership.class);
    private static final String READ = "read";
    private static final String WRITE = "write";

    private final LeaseStore store;
    private final String identity;
    private final TimeSource time;
    private final Executor requests;
    private final Runnable atEnd;
    private final Runnable beforeRelease;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    /** Done when the round under way has ended. */
    private volatile CompletableFuture<@Nullable Void> round = CompletableFuture.completedFuture(null);

    /** Guards the election and what is scheduled; never held while a request is made or a listener told. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Election election;
    private TimeSource.@Nullable Task nextRound;
    private TimeSource.@Nullable Task termEnds;
    private boolean roundUnderWay;

    private volatile Held held = new Held(false, 0, "", 0);
    private volatile Term told = new Term(false, 0, "");
    /** What could not be done when it was last tried; empty if nothing. */
    private volatile String failing = "";

    /** What the election knows, for threads that must not wait. */
    private record Held(boolean mine, long epoch, String leader, long endsNanos) {

        Term at(long now) {
            boolean leads = mine && now - endsNanos <= 0;
            return new Term(leads, epoch, mine && !leads ? "" : leader);
        }
    }

    LeaseLeadership(
            LeaseStore store,
            String identity,
            LeaseTiming timing,
            TimeSource time,
            Executor requests,
            RandomGenerator random,
            Runnable beforeRelease,
            Runnable atEnd) {
        this.store = store;
        this.identity = identity;
        this.time = time;
        this.requests = requests;
        this.beforeRelease = beforeRelease;
        this.atEnd = atEnd;
        this.election = new Election(identity, timing, time.nanos(), random);
    }

    /** Starts one with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    LeaseLeadership start() {
        again(0);
        return this;
    }

    /** What this process is called in the lease. */
    public String identity() {
        return identity;
    }

    /** Whether this gateway may act at this instant; reads memory and the monotonic clock, and never blocks. */
    @Override
    public Term term() {
        // The snapshot first: a clock read before it could be older than the renewal it is held against.
        Held known = held;
        return known.at(time.nanos());
    }

    @Override
    public void onChange(Runnable changed) {
        listeners.add(Objects.requireNonNull(changed, "changed"));
    }

    /**
     * Tells of an epoch that stands somewhere, as on a target that {@link EpochClaim} was refused: if this gateway leads in no higher one,
     * it begins a new term above it at once. It happens where the lease was deleted and with it the count of its terms.
     */
    public void surpass(long epoch) {
        lock.lock();
        try {
            election.surpass(time.nanos(), epoch);
        } finally {
            lock.unlock();
        }
        again(0);
    }

    // ---- rounds ----------------------------------------------------------------------------------------------------

    private void again(long afterNanos) {
        lock.lock();
        try {
            if (closed.get()) {
                return;
            }
            if (nextRound != null) {
                nextRound.cancel();
            }
            nextRound = time.schedule(afterNanos, this::begin);
        } finally {
            lock.unlock();
        }
    }

    private void begin() {
        CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();
        lock.lock();
        try {
            if (roundUnderWay || closed.get()) {
                return;
            }
            roundUnderWay = true;
            round = ended;
        } finally {
            lock.unlock();
        }
        try {
            requests.execute(() -> {
                long wait = 1;
                try {
                    wait = round();
                } finally {
                    end(ended, wait);
                }
            });
        } catch (RejectedExecutionException e) {
            end(ended, Duration.ofSeconds(1).toNanos());
        }
    }

    private void end(CompletableFuture<@Nullable Void> ended, long waitNanos) {
        lock.lock();
        try {
            roundUnderWay = false;
        } finally {
            lock.unlock();
        }
        ended.complete(null);
        again(waitNanos);
    }

    private long round() {
        while (!closed.get()) {
            Step step;
            lock.lock();
            try {
                step = election.next(time.nanos());
            } finally {
                lock.unlock();
            }
            if (step instanceof Wait pause) {
                return pause.nanos();
            }
            if (step instanceof Read) {
                read();
            } else if (step instanceof Write write) {
                write(write);
            }
        }
        return 0;
    }

    private void read() {
        try {
            LeaseView found = store.read();
            learn(() -> election.found(time.nanos(), found));
            worked(READ);
        } catch (RuntimeException e) {
            learn(election::unread);
            failed(READ, e);
        }
    }

    private void write(Write write) {
        long started = time.nanos();
        try {
            LeaseView now = store.write(write);
            learn(() -> election.written(started, time.nanos(), write, now));
            worked(WRITE);
        } catch (LeaseStore.Changed e) {
            learn(election::conflicted);
            LOG.debug("the lease was changed by another gateway", e);
        } catch (RuntimeException e) {
            learn(() -> election.unanswered(started, write));
            failed(WRITE, e);
        }
    }

    private void worked(String what) {
        // Reads that go well say nothing of writes that do not.
        if (failing.equals(what) || (what.equals(WRITE) && !failing.isEmpty())) {
            failing = "";
            LOG.info("the lease can be read and written again");
        }
    }

    private void failed(String what, RuntimeException failure) {
        if (failing.isEmpty()) {
            failing = what;
            LOG.warn(
                    "could not {} the lease: {}; this gateway leads no longer than it knows it may",
                    what,
                    failure.toString());
        }
    }

    private void learn(Runnable event) {
        lock.lock();
        try {
            event.run();
            refresh();
        } finally {
            lock.unlock();
        }
        tell();
    }

    /** Called with the lock held. */
    private void refresh() {
        long now = time.nanos();
        Term term = election.term(now);
        boolean mine = term.leads();
        held = new Held(mine, term.epoch(), term.leader(), election.endsNanos());
        if (termEnds != null) {
            termEnds.cancel();
            termEnds = null;
        }
        if (mine) {
            // On the clock's own thread: a round that hangs must not keep anybody from hearing that the term is over.
            termEnds = time.schedule(election.endsNanos() - now + 1, this::tell);
        }
    }

    private void tell() {
        Term now;
        lock.lock();
        try {
            now = term();
            if (now.equals(told)) {
                return;
            }
            if (now.leads() != told.leads()) {
                LOG.info(now.leads() ? "leads in term {}" : "does not lead any more; term {}", now.epoch());
            }
            told = now;
        } finally {
            lock.unlock();
        }
        for (Runnable each : listeners) {
            try {
                each.run();
            } catch (RuntimeException | Error e) {
                LOG.error("what was to hear of a change of leader failed", e);
            }
        }
    }

    // ---- the end ---------------------------------------------------------------------------------------------------

    /**
     * Renews no more, runs {@link Builder#beforeRelease}, says that this gateway does not lead, and gives the lease back.
     *
     * <p>If the hook takes longer than the term lasts, or the round under way does, nothing is given back: the term has ended by the
     * clock, and others wait the lease out. So this returns within {@link LeaseTiming#renewDeadline}, or a request's longest time.
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        CompletableFuture<Boolean> inTime = new CompletableFuture<>();
        lock.lock();
        try {
            election.stop();
            if (nextRound != null) {
                nextRound.cancel();
            }
            Held known = held;
            long left = known.mine() ? known.endsNanos() - time.nanos() : 0;
            time.schedule(Math.max(0, left), () -> inTime.complete(false));
        } finally {
            lock.unlock();
        }
        CompletableFuture<@Nullable Void> last = round;
        Thread hook = new Thread(
                () -> {
                    try {
                        beforeRelease.run();
                        // What the round under way writes must not come after the lease is given back.
                        last.join();
                        inTime.complete(true);
                    } catch (RuntimeException | Error e) {
                        LOG.error("what was to stop before the lease is given back failed; it is not given back", e);
                        inTime.complete(false);
                    }
                },
                "tidegate-lease-end");
        hook.setDaemon(true);
        hook.start();
        boolean stopped = awaited(inTime);
        Write release;
        lock.lock();
        try {
            release = stopped ? election.release(time.nanos()) : null;
            Held known = held;
            held = new Held(false, known.epoch(), known.mine() ? "" : known.leader(), known.endsNanos());
            if (termEnds != null) {
                termEnds.cancel();
            }
        } finally {
            lock.unlock();
        }
        // Nobody is to act by the time it is free.
        tell();
        if (release != null) {
            giveBack(release);
        }
        atEnd.run();
    }

    private static boolean awaited(CompletableFuture<Boolean> inTime) {
        try {
            return inTime.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException e) {
            return false;
        }
    }

    private void giveBack(Write release) {
        try {
            store.write(release);
        } catch (RuntimeException e) {
            LOG.info("could not give the lease back, so others wait until it has run out: {}", e.toString());
        }
    }

    /**
     * Collects the settings of a {@link LeaseLeadership}. Not safe for use by several threads.
     *
     * @since 0.1.0
     */
    public static final class Builder {

        private static final Pattern SUBDOMAIN =
                Pattern.compile("(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*");

        private @Nullable KubernetesClient client;
        private @Nullable String namespace;
        private String name = "tidegate";
        private @Nullable String identity;
        private LeaseTiming timing = LeaseTiming.DEFAULT;
        private @Nullable TimeSource time;
        private Runnable beforeRelease = () -> {};

        private Builder() {}

        /** The client to use, which the caller keeps and closes; required. Its own retries and time-outs do not matter. */
        public Builder client(KubernetesClient client) {
            this.client = Objects.requireNonNull(client, "client");
            return this;
        }

        /** Namespace of the lease; the client's by default. */
        public Builder namespace(String namespace) {
            this.namespace = Objects.requireNonNull(namespace, "namespace");
            return this;
        }

        /** Name of the lease, the same for all gateways of the same pools and for no others; {@code tidegate} by default. */
        public Builder name(String name) {
            if (!SUBDOMAIN.matcher(name).matches()) {
                throw new IllegalArgumentException(
                        "name must be 1 to 253 of [a-z0-9.-], each part between dots beginning and ending with a letter or"
                                + " digit, but was \"" + name + "\"");
            }
            this.name = name;
            return this;
        }

        /**
         * What this process is called in the lease, 1 to 253 characters; no other process may ever be called the same. The host's name,
         * which in a pod is the pod's, with a random number by default.
         */
        public Builder identity(String identity) {
            if (identity.isBlank() || identity.length() > 253) {
                throw new IllegalArgumentException(
                        "identity must be 1 to 253 characters, not blank, but was \"" + identity + "\"");
            }
            this.identity = identity;
            return this;
        }

        /** How long it holds and when it is renewed; {@link LeaseTiming#DEFAULT} by default. Gateways may differ in it. */
        public Builder timing(LeaseTiming timing) {
            this.timing = Objects.requireNonNull(timing, "timing");
            return this;
        }

        /** The clock, which the caller keeps; by default one of its own. */
        public Builder time(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
            return this;
        }

        /** What stops whatever still writes, at {@link #close} and before the lease is given back; nothing by default. */
        public Builder beforeRelease(Runnable beforeRelease) {
            this.beforeRelease = Objects.requireNonNull(beforeRelease, "beforeRelease");
            return this;
        }

        /**
         * Takes part from now on.
         *
         * @throws IllegalArgumentException if the client is missing, or neither it nor this names a namespace
         */
        public LeaseLeadership build() {
            KubernetesClient connection = client;
            if (connection == null) {
                throw new IllegalArgumentException("client is required: how to reach the API server");
            }
            String where = namespace != null ? namespace : connection.getNamespace();
            if (where == null) {
                throw new IllegalArgumentException("namespace is required: the client has none of its own");
            }
            ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
                Thread made = new Thread(task, "tidegate-lease");
                made.setDaemon(true);
                return made;
            });
            SystemTime own = time == null ? SystemTime.start() : null;
            TimeSource clock = time != null ? time : Objects.requireNonNull(own);
            return new LeaseLeadership(
                            new KubernetesLeaseStore(
                                    new ObjectCalls(connection, timing.requestTimeout()),
                                    where,
                                    name,
                                    timing.lease(),
                                    clock),
                            identity != null ? identity : ownName(),
                            timing,
                            clock,
                            thread,
                            new SplittableRandom(),
                            beforeRelease,
                            () -> {
                                thread.shutdown();
                                if (own != null) {
                                    own.close();
                                }
                            })
                    .start();
        }

        private static String ownName() {
            String host = System.getenv("HOSTNAME");
            if (host == null || host.isBlank()) {
                try {
                    host = InetAddress.getLocalHost().getHostName();
                } catch (UnknownHostException e) {
                    host = "gateway";
                }
            }
            return (host.length() > 200 ? host.substring(0, 200) : host) + "_" + UUID.randomUUID();
        }
    }
}
