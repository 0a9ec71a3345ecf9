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
import io.tidegate.log.BoundedLog;
import io.tidegate.policy.ReplicaMath;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Several backends behind one: an ordered {@link Builder#fallback() fallback} or a {@link Builder#split() split}.
 *
 * <p><b>Fallback.</b> The first child carries as much as it may and can. What it refuses for lack of capacity or quota goes to the
 * next at once. What it was asked for and did not get ready within {@link Builder#readyWithin} counts as not to be had: the status
 * no longer counts it as desired, so the engine asks anew, and then it goes to the next. A child that could not is left out for 3
 * min, doubled each time in a row up to 30 min, and asked again after that; what it has, it keeps. Scaling down takes from the last
 * child first. A conflict, a denial, throttling, a request that is wrong and a child that cannot be reached are passed on and not
 * taken elsewhere: they say nothing of whether there are replicas, or nobody knows what was done.
 *
 * <p><b>Split.</b> Fixed numbers first, the rest by shares with largest-remainder rounding; sums are exact. Up only adds and down only
 * removes: what is off its share is put right by the changes that come anyway.
 *
 * <p><b>Nothing is counted twice.</b> No number is kept between calls: each scaling reads what every child is to have, and asks for
 * absolute numbers, each child once at most. After a partly applied or repeated request only the rest is asked for. What could not
 * be had anywhere is said by a {@link Refusal#CAPACITY} at the end; what was had counts, and the status shows it. On no way is more
 * asked for in total than the larger, or less than the smaller, of the numbers a request is from and to.
 *
 * <p><b>A child whose status is unknown.</b> The status is the sum. For a child that does not say, what it said last stands for {@link
 * Builder#staleAfter}: to count it as none would make the engine believe that somebody had removed its replicas. After that, or if
 * it never said anything, the whole status is unknown, and the engine keeps what it knows and removes nothing. As long as one child
 * is unknown nothing is removed from any, and up goes to the others.
 *
 * <p>The status changes nothing anywhere, so a dry run leaves all children as they are. For one pool, in calls as {@link
 * ScalerBackend} describes them; children are read at the same time, on threads of its own.
 *
 * @since 0.1.0
 */
public final class CompositeBackend implements ScalerBackend {

    private static final Logger LOG = BoundedLog.of(CompositeBackend.class);
    private static final long OUT_NANOS = Duration.ofMinutes(3).toNanos();
    private static final int MOST_DOUBLINGS = 4;
    private static final long LONGEST_OUT_NANOS = Duration.ofMinutes(30).toNanos();

    private final TimeSource time;
    private final boolean split;
    private final long readyWithinNanos;
    private final long staleAfterNanos;
    private final Duration childTimeout;
    private final List<CompositeChild> children;
    private final Executor threads;
    private final @Nullable ExecutorService owned;

    /** Guards what children remember, and the last request; no child is called under it. */
    private final Object lock = new Object();

    private @Nullable ScaleRequest last;

    private CompositeBackend(Builder builder) {
        this.time = builder.time;
        this.split = builder.split;
        this.readyWithinNanos = builder.readyWithin.toNanos();
        this.staleAfterNanos = builder.staleAfter.toNanos();
        this.childTimeout = builder.childTimeout;
        this.children = List.copyOf(builder.children.values());
        Executor given = builder.threads;
        this.owned = given == null ? threads(children.size()) : null;
        this.threads = given == null ? Objects.requireNonNull(owned) : given;
    }

    private static ExecutorService threads(int children) {
        return new ThreadPoolExecutor(0, 2 * children, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
            Thread thread = new Thread(task, "tidegate-composite");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Starts a backend with the defaults. */
    public static Builder builder(TimeSource time) {
        return new Builder(time);
    }

    // ---- status
    // ------------------------------------------------------------------------------------------------------

    /**
     * The sum of what the children say; see the class for a child that says nothing.
     *
     * @throws BackendException if nothing safe can be said
     */
    @Override
    public ReplicaStatus status(String pool) throws InterruptedException {
        read(pool);
        synchronized (lock) {
            long now = time.nanos();
            long running = 0;
            long ready = 0;
            List<Birth> births = new ArrayList<>();
            for (CompositeChild child : children) {
                ReplicaStatus found = child.last;
                if (found == null || (child.unknown && now - child.lastNanos > staleAfterNanos)) {
                    throw new BackendException(
                            Refusal.UNAVAILABLE, "the status of " + child.name + " is not known: " + child.why);
                }
                running += found.running();
                ready += found.ready();
                for (Birth birth : found.births()) {
                    births.add(new Birth(
                            child.name + "/" + birth.replica(),
                            birth.created(),
                            birth.scheduled(),
                            birth.started(),
                            birth.ready()));
                }
            }
            return new ReplicaStatus(
                    Apportioning.bounded(sum(counted())),
                    Apportioning.bounded(running),
                    Apportioning.bounded(ready),
                    births);
        }
    }

    /** Reads all children at once, and waits no longer than the time each may take. */
    private void read(String pool) throws InterruptedException {
        List<CompletableFuture<ReplicaStatus>> answers = new ArrayList<>();
        for (CompositeChild child : children) {
            answers.add(child.ask(pool, threads));
        }
        try {
            CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                    .get(childTimeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException e) {
            // Each is looked at below.
        } finally {
            answers.forEach(answer -> answer.cancel(true));
        }
        List<String> changes = new ArrayList<>();
        synchronized (lock) {
            long now = time.nanos();
            for (int i = 0; i < children.size(); i++) {
                CompositeChild child = children.get(i);
                boolean wasUnknown = child.unknown;
                try {
                    child.said(answers.get(i).join(), now, readyWithinNanos);
                } catch (CancellationException e) {
                    child.silent("it did not answer within " + childTimeout);
                } catch (CompletionException e) {
                    child.silent(String.valueOf(e.getCause()));
                }
                if (wasUnknown != child.unknown) {
                    changes.add("the status of " + child.name
                            + (child.unknown ? " is not known: " + child.why : " is known again"));
                }
            }
        }
        changes.forEach(change -> LOG.warn("pool {}: {}", pool, change));
    }

    /** What counts as desired of each: without what did not get ready in time, where another could take it. Under the lock. */
    private int[] counted() {
        int[] counted = new int[children.size()];
        for (int i = 0; i < counted.length; i++) {
            CompositeChild child = children.get(i);
            ReplicaStatus found = child.last;
            counted[i] = found == null ? 0 : found.desired();
        }
        if (!split) {
            int room = room();
            for (int i = 0; i < counted.length; i++) {
                CompositeChild child = children.get(i);
                int elsewhere = child.unknown ? 0 : Math.min(child.overdue, room);
                counted[i] -= elsewhere;
                room -= elsewhere;
            }
        }
        return counted;
    }

    /** How many more could be asked of children that do not keep anybody waiting. Under the lock. */
    private int room() {
        long now = time.nanos();
        long room = 0;
        for (CompositeChild child : children) {
            if (!child.unknown && child.last != null && !child.out(now) && child.overdue == 0) {
                room += Math.max(0, child.most - child.last.desired());
            }
        }
        return Apportioning.bounded(room);
    }

    private static long sum(int[] numbers) {
        long sum = 0;
        for (int each : numbers) {
            sum += each;
        }
        return sum;
    }

    // ---- scaling
    // -----------------------------------------------------------------------------------------------------

    @Override
    public void scale(ScaleRequest request) throws Exception {
        read(request.pool());
        Course course;
        synchronized (lock) {
            course = course(request);
            last = request;
        }
        if (course.goal() > course.sum()) {
            up(request, course);
        } else {
            down(request, course);
        }
        synchronized (lock) {
            last = null;
        }
    }

    /** Where a request starts from, and how many there are to be. */
    @SuppressWarnings("ArrayRecordComponent") // written by nobody once it is made, and never compared
    private record Course(int[] has, int[] counted, int goal) {
        long sum() {
            return CompositeBackend.sum(counted);
        }
    }

    private Course course(ScaleRequest request) {
        int[] has = new int[children.size()];
        for (int i = 0; i < has.length; i++) {
            CompositeChild child = children.get(i);
            if (child.last == null) {
                throw new BackendException(
                        Refusal.UNAVAILABLE,
                        "nothing was changed, as the status of " + child.name + " is not known: " + child.why);
            }
            has[i] = child.last.desired();
        }
        int[] counted = counted();
        // A request that is repeated finds what the attempt before has already done.
        boolean again = last != null
                && last.key().equals(request.key())
                && last.to() == request.to()
                && sum(counted) >= Math.min(request.from(), request.to())
                && sum(counted) <= Math.max(request.from(), request.to());
        if (!again && sum(counted) != request.from()) {
            throw new BackendException(
                    Refusal.CONFLICT,
                    "the children are to have " + sum(counted) + " replicas by now and not " + request.from());
        }
        boolean unknown = children.stream().anyMatch(child -> child.unknown);
        if (unknown && request.to() < sum(counted)) {
            throw new BackendException(
                    Refusal.UNAVAILABLE,
                    "nothing is removed while the status of "
                            + children.stream()
                                    .filter(child -> child.unknown)
                                    .map(child -> child.name)
                                    .toList()
                            + " is not known");
        }
        return new Course(has, counted, request.to());
    }

    private void down(ScaleRequest request, Course course) throws Exception {
        int[] next = course.counted().clone();
        if (split) {
            next = Apportioning.towards(course.goal(), next, ideal(course.goal(), most()), most());
        } else {
            long surplus = course.sum() - course.goal();
            for (int i = next.length - 1; i >= 0 && surplus > 0; i--) {
                int less = (int) Math.min(surplus, next[i]);
                next[i] -= less;
                surplus -= less;
            }
        }
        Failed failed = new Failed();
        for (int i = next.length - 1; i >= 0; i--) {
            if (next[i] < course.has()[i]) {
                ask(request, i, course.has()[i], next[i], failed);
            }
        }
        failed.throwAny();
    }

    private void up(ScaleRequest request, Course course) throws Exception {
        Failed failed = new Failed();
        // First those that will not come: they serve nobody, and without them no more than was asked for is ever
        // ordered.
        for (int i = 0; i < children.size(); i++) {
            if (course.counted()[i] < course.has()[i]) {
                leaveOut(children.get(i), course.has()[i] - course.counted()[i] + " were not ready in time");
                ask(request, i, course.has()[i], course.counted()[i], failed);
            }
        }
        // As many as are still ordered there may not be ordered elsewhere.
        failed.throwAny();
        int[] most = room(course);
        int missing;
        if (split) {
            missing = upBySplit(request, course, most, failed);
        } else {
            missing = upInOrder(request, course, most, failed);
        }
        failed.throwAny();
        if (missing > 0) {
            throw new BackendException(
                    Refusal.CAPACITY,
                    missing + " of " + (course.goal() - course.sum()) + " more replicas are not to be had from any of "
                            + children.stream().map(child -> child.name).toList(),
                    failed.first,
                    untilNext());
        }
    }

    private int upInOrder(ScaleRequest request, Course course, int[] most, Failed failed) throws InterruptedException {
        int missing = Apportioning.bounded(course.goal() - course.sum());
        for (int i = 0; i < children.size() && missing > 0; i++) {
            int has = course.counted()[i];
            int more = Math.min(missing, most[i] - has);
            if (more > 0) {
                missing -= ask(request, i, has, has + more, failed);
            }
        }
        return missing;
    }

    private int upBySplit(ScaleRequest request, Course course, int[] most, Failed failed) throws InterruptedException {
        int[] next = Apportioning.towards(course.goal(), course.counted(), ideal(course.goal(), most), most);
        int missing = Apportioning.bounded(course.goal() - course.sum());
        for (int i = 0; i < next.length; i++) {
            if (next[i] > course.counted()[i]) {
                missing -= ask(request, i, course.counted()[i], next[i], failed);
            }
        }
        return missing;
    }

    private int[] ideal(int goal, int[] most) {
        int[] fixed = children.stream().mapToInt(child -> child.fixed).toArray();
        double[] shares = children.stream().mapToDouble(child -> child.share).toArray();
        return Apportioning.ideal(goal, fixed, shares, most);
    }

    private int[] most() {
        return children.stream().mapToInt(child -> child.most).toArray();
    }

    /** What each may have now; no more than it has where it is out, or unknown, or has just been lowered. */
    private int[] room(Course course) {
        int[] most = new int[children.size()];
        synchronized (lock) {
            long now = time.nanos();
            for (int i = 0; i < most.length; i++) {
                CompositeChild child = children.get(i);
                int has = course.counted()[i];
                boolean closed = child.unknown || has < course.has()[i] || child.out(now);
                most[i] = closed ? has : Math.max(has, child.most);
            }
        }
        return most;
    }

    /**
     * Asks a child for a number.
     *
     * @param failed takes what went wrong, unless it is a lack of replicas
     * @return how many more it then has, as far as is known; those that may have been ordered count
     */
    private int ask(ScaleRequest request, int index, int from, int to, Failed failed) throws InterruptedException {
        CompositeChild child = children.get(index);
        // The numbers are part of the key: another number is another request.
        ScaleRequest asked = new ScaleRequest(
                request.pool(),
                from,
                to,
                request.decisionId(),
                request.reason(),
                request.key() + "." + child.name + "." + from + "-" + to);
        try {
            child.backend.scale(asked);
            synchronized (lock) {
                child.accepted(to, time.nanos());
            }
            return to - from;
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            if (to < from || !lacks(e)) {
                failed.add(child, e);
                return to - from;
            }
            leaveOut(child, String.valueOf(e.getMessage()));
            failed.lacking(e);
            return had(child, request.pool(), from, to);
        }
    }

    private static boolean lacks(Exception e) {
        return e instanceof BackendException refused
                && (refused.refusal() == Refusal.CAPACITY || refused.refusal() == Refusal.QUOTA);
    }

    /** How many more it has after it could not have all: some give what they have. All, if it does not say: none is ordered twice. */
    private int had(CompositeChild child, String pool, int from, int to) throws InterruptedException {
        CompletableFuture<ReplicaStatus> answer = child.ask(pool, threads);
        try {
            int has = answer.get(childTimeout.toNanos(), TimeUnit.NANOSECONDS).desired();
            int more = Math.max(0, Math.min(has, to) - from);
            synchronized (lock) {
                child.has(from + more, time.nanos());
            }
            return more;
        } catch (TimeoutException | ExecutionException | RuntimeException e) {
            answer.cancel(true);
            return to - from;
        }
    }

    private void leaveOut(CompositeChild child, String why) {
        if (split) {
            return;
        }
        Duration pause;
        synchronized (lock) {
            long nanos = Math.min(LONGEST_OUT_NANOS, OUT_NANOS << Math.min(child.timesOut, MOST_DOUBLINGS));
            child.leaveOut(time.nanos(), nanos);
            pause = Duration.ofNanos(nanos);
        }
        LOG.warn("{} is left out for {}: {}", child.name, pause, why);
    }

    private @Nullable Duration untilNext() {
        synchronized (lock) {
            long now = time.nanos();
            return children.stream()
                    .filter(child -> child.out(now))
                    .map(child -> Duration.ofNanos(child.outUntilNanos - now))
                    .min(Duration::compareTo)
                    .orElse(null);
        }
    }

    /** The first thing that went wrong, which is thrown when all that could be done is done. */
    private static final class Failed {

        private @Nullable Exception first;
        private @Nullable Exception thrown;

        void add(CompositeChild child, Exception e) {
            if (thrown != null) {
                return;
            }
            String message = child.name + ": " + (e.getMessage() == null ? e : e.getMessage());
            thrown = e instanceof BackendException refused
                    ? new BackendException(
                            refused.refusal(), message, e, refused.retryAfter().orElse(null))
                    : new BackendException(Refusal.UNANSWERED, message, e);
        }

        void lacking(Exception e) {
            first = first == null ? e : first;
        }

        void throwAny() throws Exception {
            if (thrown != null) {
                throw thrown;
            }
        }
    }

    /** Closes all children. */
    @Override
    public void close() {
        RuntimeException failure = null;
        for (CompositeChild child : children) {
            try {
                child.backend.close();
            } catch (RuntimeException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (owned != null) {
            owned.shutdownNow();
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** Collects the settings of a {@link CompositeBackend}. Not safe for use by several threads. */
    public static final class Builder {

        private final TimeSource time;
        private final Map<String, CompositeChild> children = new LinkedHashMap<>();
        private boolean split;
        private boolean chosen;
        private Duration readyWithin = Duration.ofMinutes(15);
        private Duration staleAfter = Duration.ofMinutes(1);
        private Duration childTimeout = Duration.ofMillis(900);
        private @Nullable Executor threads;

        private Builder(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
        }

        /** The children are asked in the order in which they are added, the next for what the one before cannot. */
        public Builder fallback() {
            this.split = false;
            this.chosen = true;
            return this;
        }

        /** Each child has its fixed number or its share. */
        public Builder split() {
            this.split = true;
            this.chosen = true;
            return this;
        }

        /** A child of a fallback that may have as many as it can. It is closed with the composite. */
        public Builder child(String name, ScalerBackend backend) {
            return child(name, backend, ReplicaMath.MANY);
        }

        /** A child of a fallback. */
        public Builder child(String name, ScalerBackend backend, int most) {
            return add(name, backend, most, 0, 0);
        }

        /** A child of a split that has so many before any share is counted. */
        public Builder fixed(String name, ScalerBackend backend, int replicas) {
            between("replicas of " + name, replicas, 1, ReplicaMath.MANY);
            return add(name, backend, replicas, replicas, 0);
        }

        /**
         * A child of a split that has a share of the rest.
         *
         * @param share weight, above 0 and at most 1,000,000; 30 and 70 are the same as 0.3 and 0.7
         * @param most replicas it may have
         */
        public Builder share(String name, ScalerBackend backend, double share, int most) {
            if (!(share > 0 && share <= 1e6)) {
                throw new IllegalArgumentException(
                        "share of " + name + " must be above 0 and at most 1000000 but was " + share);
            }
            return add(name, backend, most, 0, share);
        }

        private Builder add(String name, ScalerBackend backend, int most, int fixed, double share) {
            between("max of " + name, most, 1, ReplicaMath.MANY);
            if (!name.matches("[A-Za-z0-9_-]{1,63}")) {
                throw new IllegalArgumentException(
                        "a child's name must be 1 to 63 letters, digits, - or _ but was \"" + name + "\"");
            }
            if (children.putIfAbsent(name, new CompositeChild(name, backend, most, fixed, share)) != null) {
                throw new IllegalArgumentException("there is a child \"" + name + "\" already");
            }
            return this;
        }

        private static void between(String name, int value, int least, int most) {
            if (value < least || value > most) {
                throw new IllegalArgumentException(name + " must be " + least + " to " + most + " but was " + value);
            }
        }

        /**
         * Fallback: time after which a replica that was asked for and is not ready counts as not to be had, 10 s to a day; 15 min by
         * default. Keep it well above what a replica takes to be ready.
         */
        public Builder readyWithin(Duration readyWithin) {
            this.readyWithin = within("readyWithin", readyWithin, Duration.ofSeconds(10), Duration.ofDays(1));
            return this;
        }

        /** How long what a child said last stands for it when it says nothing, 0 to an hour; 1 min by default. */
        public Builder staleAfter(Duration staleAfter) {
            this.staleAfter = within("staleAfter", staleAfter, Duration.ZERO, Duration.ofHours(1));
            return this;
        }

        /**
         * Real time that the status of a child may take, 10 ms to a minute; 0.9 s by default. Keep it below half of the pool's
         * {@code backendTimeout}, 2 s by default, as a scaling reads the status first.
         */
        public Builder childTimeout(Duration childTimeout) {
            this.childTimeout = within("childTimeout", childTimeout, Duration.ofMillis(10), Duration.ofMinutes(1));
            return this;
        }

        /** Where children are read; for tests that have no threads. */
        Builder threads(Executor threads) {
            this.threads = threads;
            return this;
        }

        private static Duration within(String name, Duration value, Duration least, Duration most) {
            if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
                throw new IllegalArgumentException(name + " must be " + least + " to " + most + " but was " + value);
            }
            return value;
        }

        /**
         * The backend.
         *
         * @throws IllegalArgumentException if it is neither a fallback nor a split, or has no children or such of the other kind
         */
        public CompositeBackend build() {
            if (!chosen) {
                throw new IllegalArgumentException("fallback() or split() must be said");
            }
            if (children.isEmpty()) {
                throw new IllegalArgumentException("children are required, one at least");
            }
            for (CompositeChild child : children.values()) {
                boolean inSplit = child.fixed > 0 || child.share > 0;
                if (inSplit != split) {
                    throw new IllegalArgumentException("child \"" + child.name + "\" "
                            + (split
                                    ? "needs a fixed number or a share"
                                    : "has a share, which a fallback does not know"));
                }
            }
            return new CompositeBackend(this);
        }
    }
}
