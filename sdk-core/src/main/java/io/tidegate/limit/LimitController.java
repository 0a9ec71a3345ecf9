/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Says how much may be in flight in one pool now. It stands between whoever knows the replicas and the gate: it takes each supply,
 * gives it a limit and passes it on.
 *
 * <pre>{@code
 * LimitController limit = LimitController.builder(time, gate::supply, gate::inFlight)
 *     .settings(LimitSettings.of(LimitMode.ENGINE))
 *     .build();
 * ScaledPool.builder("chat").supply(limit)…             // from the engine
 * EngineMetricsSource.builder(time, urls).onRead(EngineReadings.to(limit::readings))…
 * }</pre>
 *
 * <p><b>Where the limit comes from</b> is its {@link LimitMode}. It never comes from how long requests take: length is not
 * congestion. In a pool with 62 % of its slots taken all the time, when answers grew from 150 tokens to 900, limits led by
 * end-to-end latency refused 50 % (Gradient2 in windows of a second), 91 % (Vegas in such windows) and 86 % (AIMD with a timeout
 * of 5 s) of the requests; this one, in the same simulation, none. {@code docs/limits.md} has the figures and the law.
 *
 * <p><b>Guarantees.</b> While a replica is ready the limit is at least one slot for each, whatever the readings say or do not say,
 * and with the default {@link LimitSettings#maxShare()} never above what the replicas are said to hold. A reading counts once, and
 * only after the last change has shown in it. The limit is raised only while it holds requests back. Requests that a gate refuses
 * are not seen here at all.
 *
 * <p><b>Threads.</b> No thread of its own: what only time changes is brought up to date by the next call of {@link #accept},
 * {@link #readings}, {@link #rejected} or {@link #refresh}; an engine calls {@code accept} several times a second. Safe for many
 * threads. The gate is called without a lock, by one thread at a time, and the last supply it is given is the newest.
 *
 * @since 0.1.0
 */
public final class LimitController implements Consumer<Supply> {

    /*
     * One lock guards the roster, the log and the last supply. The gate and the supplier of what is in flight are foreign, and
     * called outside of it. Publishing is a queue-drain of length one: whoever raises the count from zero hands on the newest
     * supply until nobody has left another.
     */

    /** Written under the lock. */
    private volatile LimitSettings settings;

    private final TimeSource time;
    private final Consumer<Supply> gate;
    private final Supplier<Work> inFlight;
    private final boolean credits;

    private final ReentrantLock lock = new ReentrantLock();
    private final Roster roster;
    private final InFlightLog log = new InFlightLog();
    private @Nullable Supply supply;
    private long rejections;
    private boolean everRead;

    private volatile @Nullable Supply newest;
    private volatile Status status = new Status(Work.NONE, 1, 0, 0, 0, 0);
    private final AtomicInteger publications = new AtomicInteger();

    /** What is shown, all of one instant. */
    private record Status(Work limit, double utilization, int stale, int starting, int rejecting, long rejections) {}

    private LimitController(Builder builder) {
        this.settings = builder.settings;
        this.time = builder.time;
        this.gate = builder.gate;
        this.inFlight = builder.inFlight;
        this.credits = builder.credits;
        this.roster = new Roster(settings);
    }

    /**
     * Starts a controller with the default settings.
     *
     * @param time the clock of gate and readings
     * @param gate where supplies go: {@code gate::supply}
     * @param inFlight own work in flight in the pool now: {@code gate::inFlight}
     */
    public static Builder builder(TimeSource time, Consumer<Supply> gate, Supplier<Work> inFlight) {
        return new Builder(time, gate, inFlight);
    }

    // ---- what comes in ---------------------------------------------------------------------------------------------

    /** Takes what is known of the replicas and passes it on with the limit of this moment. */
    @Override
    public void accept(Supply supply) {
        Objects.requireNonNull(supply, "supply");
        update(List.of(), supply);
    }

    /**
     * Takes what the engines said, all of one pool or some: at each poll, also when some could not be read. Replicas that are
     * not mentioned for longer than {@link LimitSettings#staleAfter()} are taken to be gone if others are there instead.
     */
    public void readings(Collection<EngineReading> readings) {
        update(List.copyOf(readings), null);
    }

    /** Brings the limit up to date where no engine calls {@link #accept}: each second or so. */
    public void refresh() {
        update(List.of(), null);
    }

    /**
     * An engine has answered 429 or 503: its share of the limit is cut, for as long as it asks for and a while after.
     *
     * @param replica what the readings call it
     * @param retryAfter what it asked for; zero if it named no time
     */
    public void rejected(String replica, Duration retryAfter) {
        Objects.requireNonNull(replica, "replica");
        Objects.requireNonNull(retryAfter, "retryAfter");
        lock.lock();
        try {
            long now = time.nanos();
            rejections++;
            Replica found = roster.mention(replica, now);
            if (found != null) {
                found.reject(retryAfter, now);
            }
        } finally {
            lock.unlock();
        }
        update(List.of(), null);
    }

    /** Goes on with other settings at once; what was learned of replicas stays. */
    public void configure(LimitSettings other) {
        Objects.requireNonNull(other, "settings");
        lock.lock();
        try {
            settings = other;
            roster.use(other);
        } finally {
            lock.unlock();
        }
        update(List.of(), null);
    }

    private void update(List<EngineReading> readings, @Nullable Supply given) {
        boolean follows = settings.mode() == LimitMode.ENGINE;
        Work flying = follows ? inFlight.get() : Work.NONE;
        lock.lock();
        try {
            // Under the lock, so that no two threads see time in another order.
            long now = time.nanos();
            if (given != null) {
                supply = given;
                roster.resize(given.replicas().ready(), now);
            }
            if (follows) {
                log.add(now, flying);
            }
            List<Replica> heard = hear(readings, now);
            if (follows && supply != null) {
                follow(credits ? heard : roster.placed(), supply, flying, now);
            }
            publishLater(now);
        } finally {
            lock.unlock();
        }
        publish();
    }

    private List<Replica> hear(List<EngineReading> readings, long now) {
        List<Replica> heard = new ArrayList<>();
        everRead |= !readings.isEmpty();
        for (EngineReading reading : readings) {
            Replica replica = roster.mention(reading.replica(), now);
            if (replica != null && replica.hear(reading, now)) {
                heard.add(replica);
            }
        }
        roster.tidy(now);
        heard.removeIf(each -> !each.placed);
        return heard;
    }

    // ---- following the engines -------------------------------------------------------------------------------------

    private void follow(List<Replica> heard, Supply known, Work flying, long now) {
        double slots = known.replicaWork().slots();
        if (heard.isEmpty() || slots == 0) {
            return;
        }
        Work limit = status.limit();
        double load = heard.stream().mapToDouble(Replica::load).sum();
        int places = roster.placed().size();
        boolean bindingNow = binding(flying, limit);
        for (Replica replica : heard) {
            Work then = credits ? log.at(replica.heardNanos()) : flying;
            // Own requests are where the engines' are; where they do not say, they are everywhere alike.
            double part = load > 0 ? replica.load() / load * heard.size() / places : 1.0 / places;
            double shown = load * places / heard.size();
            // Engines that do not show half of what was in flight are not those that hold it, or their pages stand
            // still.
            boolean shows = Double.isNaN(shown) || shown >= then.slots() / 2.0;
            replica.follow(
                    slots,
                    new Replica.Own(
                            then.slots() * part,
                            flying.slots() * part,
                            !credits || within(then, limit),
                            bindingNow && binding(then, limit) && shows),
                    now,
                    credits);
        }
    }

    private static boolean within(Work inFlight, Work limit) {
        return inFlight.slots() <= limit.slots() && (!countsTokens(limit) || inFlight.tokens() <= limit.tokens());
    }

    private static boolean binding(Work inFlight, Work limit) {
        return inFlight.slots() >= EngineLaw.BINDING * limit.slots()
                || (countsTokens(limit) && inFlight.tokens() >= EngineLaw.BINDING * limit.tokens());
    }

    private static boolean countsTokens(Work limit) {
        return limit.tokens() > 0 && limit.tokens() < Work.MAX_TOKENS;
    }

    // ---- what goes out ---------------------------------------------------------------------------------------------

    private void publishLater(long now) {
        Supply known = supply;
        if (known == null) {
            return;
        }
        boolean follows = settings.mode() == LimitMode.ENGINE;
        Work whole = known.replicaWork();
        double tokensOfOne = tokensOfOne(whole);
        double slots = 0;
        double tokens = 0;
        double utilization = 0;
        int stale = 0;
        int starting = 0;
        int rejecting = 0;
        for (Replica replica : roster.placed()) {
            double share = replica.startShare(now) * replica.rejectionShare(now) * (follows ? replica.factor(now) : 1);
            slots += Math.max(Math.min(1, whole.slots()), whole.slots() * share);
            tokens += tokensOfOne * share;
            utilization += share;
            stale += (follows || everRead) && replica.isStale(now) ? 1 : 0;
            starting += replica.isStarting(now) ? 1 : 0;
            rejecting += replica.isRejecting(now) ? 1 : 0;
        }
        double scale = roster.scale();
        int places = roster.placed().size();
        Work limit = new Work(roundedUp(slots * scale), tokens(tokens * scale, tokensOfOne));
        newest = known.withLimit(limit);
        status = new Status(limit, places == 0 ? 1 : utilization / places, stale, starting, rejecting, rejections);
    }

    /** Tokens one replica holds: a share of the KV caches that are known, if that is wanted, else as it is said. */
    private double tokensOfOne(Work whole) {
        double said = whole.tokens();
        return settings.mode() != LimitMode.TOKENS
                ? said
                : roster.placed().stream()
                        .mapToDouble(Replica::kvCacheTokens)
                        .filter(known -> known > 0)
                        .map(known -> known * settings.tokenShare())
                        .average()
                        .orElse(said);
    }

    private static int roundedUp(double slots) {
        // Less a millionth, so that what is whole but for rounding stays what it is.
        return (int) Math.min(Work.MAX_SLOTS, Math.ceil(slots - 1e-6));
    }

    private static long tokens(double tokens, double tokensOfOne) {
        if (tokensOfOne >= Work.MAX_TOKENS) {
            // No number of tokens is meant, and a part of none is none.
            return tokens > 0 ? Work.MAX_TOKENS : 0;
        }
        // Not 0 where there are any: that would mean that they are not counted.
        return tokens > 0 ? Math.max(1, (long) Math.min(tokens + 1e-6, Work.MAX_TOKENS)) : 0;
    }

    private void publish() {
        if (publications.getAndIncrement() != 0) {
            return;
        }
        Throwable failure = null;
        int served = 1;
        do {
            Supply next = newest;
            try {
                if (next != null) {
                    gate.accept(next);
                }
            } catch (RuntimeException | Error e) {
                failure = e;
            }
            served = publications.addAndGet(-served);
        } while (served != 0);
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
    }

    // ---- what it shows ---------------------------------------------------------------------------------------------

    /** Its settings. */
    public LimitSettings settings() {
        return settings;
    }

    /** How much may be in flight now, as last passed on; nothing before the first supply. */
    public Work limit() {
        return status.limit();
    }

    /** The limit as a part of what all ready replicas are said to hold: mean share over them; 1 while none is ready. */
    public double utilization() {
        return status.utilization();
    }

    /**
     * Ready replicas whose engine has not said for longer than {@link LimitSettings#staleAfter()} how full it is. In modes that
     * need no readings, 0 until there is one.
     */
    public int staleReplicas() {
        return status.stale();
    }

    /** Ready replicas that do not count in full yet, since they have just become ready. */
    public int startingReplicas() {
        return status.starting();
    }

    /** Ready replicas whose share is cut because their engines rejected requests. */
    public int rejectingReplicas() {
        return status.rejecting();
    }

    /** Rejections by engines so far. */
    public long rejections() {
        return status.rejections();
    }

    @Override
    public String toString() {
        return "LimitController[mode=" + settings.mode() + ", limit=" + limit() + ", utilization=" + utilization()
                + "]";
    }

    /** Collects what a {@link LimitController} needs. Not safe for use by several threads. */
    public static final class Builder {

        private final TimeSource time;
        private final Consumer<Supply> gate;
        private final Supplier<Work> inFlight;
        private LimitSettings settings = LimitSettings.defaults();
        private boolean credits = true;

        private Builder(TimeSource time, Consumer<Supply> gate, Supplier<Work> inFlight) {
            this.time = Objects.requireNonNull(time, "time");
            this.gate = Objects.requireNonNull(gate, "gate");
            this.inFlight = Objects.requireNonNull(inFlight, "inFlight");
        }

        /** The settings; {@link LimitSettings#defaults()} by default. */
        public Builder settings(LimitSettings settings) {
            this.settings = Objects.requireNonNull(settings, "settings");
            return this;
        }

        /** The default settings with this mode. */
        public Builder mode(LimitMode mode) {
            return settings(LimitSettings.of(mode));
        }

        /** Takes each reading for what is the case now, again and again until there is another; to show what comes of it. */
        Builder withoutCredit() {
            this.credits = false;
            return this;
        }

        /** The controller. */
        public LimitController build() {
            return new LimitController(this);
        }
    }
}
