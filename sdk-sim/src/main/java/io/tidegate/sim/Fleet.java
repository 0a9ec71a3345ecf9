/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.engine.spi.Birth;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.pool.Work;
import io.tidegate.routing.Endpoint;
import io.tidegate.routing.ReplicaBalancer;
import io.tidegate.sim.physics.EngineModel;
import io.tidegate.sim.physics.ReplicaLife;
import io.tidegate.sim.physics.VllmReplica;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The replicas of the pool: made, started, served by, drained and lost as their {@link ReplicaLife} has it.
 *
 * <p>Fewer are asked for: those that do not serve yet go first, the youngest first, then those that serve, the one that came last first, as
 * Kubernetes does. One that served takes nothing new, ends what it holds, and costs until then. One that is lost is replaced at once.
 */
final class Fleet implements ScalerBackend {

    private static final double NANOS = 1e9;

    private final VirtualTime time;
    private final EngineModel model;
    private final ReplicaLife life;
    private final long seed;
    private final Work work;
    private final List<ReplicaBalancer> balancers;
    private final Runnable onReady;

    /** All that exist, oldest first. */
    private final List<Member> members = new ArrayList<>();

    private final Map<String, Member> byId = new HashMap<>();
    private long numbers;
    private int specified;

    private long changedNanos;
    private double replicaNanos;
    private int peak;
    private int ups;
    private int downs;
    private int reversals;
    private int lastDirection;
    private long lastChangeNanos = Long.MIN_VALUE / 2;
    private long preemptionsOfGone;

    /** One replica. */
    static final class Member {
        final String id;
        final ReplicaLife.Course course;
        final long createdNanos;
        final VllmReplica engine;
        final Endpoint endpoint;
        final Runnable step;
        boolean ready;
        boolean draining;
        boolean gone;
        /** Seconds it had been busy when it was scraped last. */
        double busyAtScrape;

        private VirtualTime.@Nullable Entry next;
        private long nextNanos = VllmReplica.NEVER;

        Member(Fleet fleet, long number, ReplicaLife.Course course, long createdNanos) {
            this.id = "r" + number;
            this.course = course;
            this.createdNanos = createdNanos;
            this.engine = new VllmReplica(fleet.model, course.slowness());
            this.endpoint = Endpoint.of(id, URI.create("sim://" + id), fleet.work);
            this.step = () -> fleet.step(this);
        }
    }

    /**
     * @param onReady called when one has begun to serve
     */
    Fleet(
            VirtualTime time,
            EngineModel model,
            ReplicaLife life,
            long seed,
            Work work,
            List<ReplicaBalancer> balancers,
            Runnable onReady) {
        this.time = time;
        this.model = model;
        this.life = life;
        this.seed = seed;
        this.work = work;
        this.balancers = balancers;
        this.onReady = onReady;
    }

    /** Replicas that serve from the beginning. */
    void begin(int count) {
        specified = count;
        for (int i = 0; i < count; i++) {
            Member member = add();
            member.ready = true;
            watch(member);
        }
        rotate();
    }

    private Member add() {
        settle();
        Member member = new Member(this, numbers, life.course(seed, numbers), time.nanos());
        numbers++;
        members.add(member);
        byId.put(member.id, member);
        peak = Math.max(peak, members.size());
        return member;
    }

    private void start() {
        Member member = add();
        time.schedule(nanos(member.course.ready()), () -> ready(member));
    }

    private void ready(Member member) {
        if (!member.gone) {
            member.ready = true;
            watch(member);
            rotate();
            onReady.run();
        }
    }

    private void watch(Member member) {
        if (!Double.isInfinite(member.course.fails())) {
            time.schedule(nanos(member.course.fails()), () -> fail(member));
        }
    }

    private void fail(Member member) {
        if (!member.gone) {
            boolean wanted = !member.draining;
            remove(member);
            rotate();
            member.engine.fail(time.nanos());
            if (wanted) {
                start();
            }
        }
    }

    private static long nanos(double seconds) {
        return Math.round(seconds * NANOS);
    }

    /** Asks for so many. */
    void scale(int to) {
        int from = specified;
        if (to == from) {
            return;
        }
        int direction = Integer.signum(to - from);
        if (direction > 0) {
            ups++;
        } else {
            downs++;
        }
        if (lastDirection == -direction && time.nanos() - lastChangeNanos <= 600 * NANOS) {
            reversals++;
        }
        lastDirection = direction;
        lastChangeNanos = time.nanos();
        specified = to;
        for (int i = created(); i < to; i++) {
            start();
        }
        int surplus = created() - to;
        if (surplus > 0) {
            victims(surplus).forEach(this::dismiss);
            rotate();
        }
    }

    private List<Member> victims(int count) {
        List<Member> staying = new ArrayList<>();
        for (int i = members.size() - 1; i >= 0; i--) {
            if (!members.get(i).draining) {
                staying.add(members.get(i));
            }
        }
        // Stable: the youngest first among equals.
        staying.sort(Comparator.comparing((Member member) -> member.ready));
        return staying.subList(0, Math.min(count, staying.size()));
    }

    private void dismiss(Member member) {
        if (member.ready && member.engine.held() > 0) {
            member.draining = true;
        } else {
            remove(member);
        }
    }

    private void remove(Member member) {
        settle();
        member.gone = true;
        member.ready = false;
        members.remove(member);
        byId.remove(member.id);
        preemptionsOfGone += member.engine.preemptions();
        VirtualTime.Entry next = member.next;
        if (next != null) {
            next.cancel();
        }
    }

    /** Tells the balancers who may be sent requests. */
    private void rotate() {
        List<Endpoint> serving = new ArrayList<>();
        for (Member member : members) {
            if (member.ready && !member.draining) {
                serving.add(member.endpoint);
            }
        }
        balancers.forEach(balancer -> balancer.update(serving));
    }

    Member member(String id) {
        Member found = byId.get(id);
        if (found == null) {
            throw new IllegalStateException("no replica is called " + id);
        }
        return found;
    }

    /** Hands a request to a replica's engine. */
    void send(Flight flight, Member member) {
        if (member.gone) {
            flight.lost(time.nanos());
            return;
        }
        member.engine.arrive(flight, time.nanos());
        reschedule(member);
    }

    void abort(Flight flight, Member member) {
        if (member.engine.abort(flight, time.nanos())) {
            reschedule(member);
            ended(member);
        }
    }

    private void step(Member member) {
        member.next = null;
        member.nextNanos = VllmReplica.NEVER;
        member.engine.advance(time.nanos());
        if (!member.gone) {
            reschedule(member);
            ended(member);
        }
    }

    /** One that drains and holds nothing any more is gone. */
    private void ended(Member member) {
        if (member.draining && !member.gone && member.engine.held() == 0) {
            remove(member);
        }
    }

    private void reschedule(Member member) {
        long next = member.engine.nextNanos();
        if (next != member.nextNanos) {
            VirtualTime.Entry before = member.next;
            if (before != null) {
                before.cancel();
            }
            member.nextNanos = next;
            member.next = next == VllmReplica.NEVER ? null : time.at(next, member.step);
        }
    }

    private void settle() {
        long now = time.nanos();
        replicaNanos += (double) (now - changedNanos) * members.size();
        changedNanos = now;
    }

    // --- what can be seen
    // ------------------------------------------------------------------------------------------------

    @Override
    public ReplicaStatus status(String pool) {
        List<Birth> births = new ArrayList<>();
        int ready = 0;
        for (Member member : members) {
            if (!member.draining) {
                ready += member.ready ? 1 : 0;
                births.add(birth(member));
            }
        }
        return new ReplicaStatus(specified, births.size(), ready, births);
    }

    private Birth birth(Member member) {
        ReplicaLife.Course course = member.course;
        return new Birth(
                member.id,
                wall(member, 0),
                passed(member, course.scheduled()),
                passed(member, course.pulled()),
                passed(member, course.ready()));
    }

    private @Nullable Instant passed(Member member, double seconds) {
        return member.createdNanos + nanos(seconds) <= time.nanos() ? wall(member, seconds) : null;
    }

    private static Instant wall(Member member, double seconds) {
        return Instant.EPOCH.plusNanos(member.createdNanos + nanos(seconds));
    }

    @Override
    public void scale(ScaleRequest request) {
        scale(request.to());
    }

    List<Member> members() {
        return members;
    }

    int specified() {
        return specified;
    }

    /** Without those that drain. */
    int created() {
        int count = 0;
        for (Member member : members) {
            count += member.draining ? 0 : 1;
        }
        return count;
    }

    int ready() {
        int count = 0;
        for (Member member : members) {
            count += member.ready && !member.draining ? 1 : 0;
        }
        return count;
    }

    int existing() {
        return members.size();
    }

    /** Time that replicas existed, added up to now. */
    double replicaSeconds() {
        settle();
        return replicaNanos / NANOS;
    }

    int peak() {
        return peak;
    }

    int ups() {
        return ups;
    }

    int downs() {
        return downs;
    }

    int reversals() {
        return reversals;
    }

    long preemptions() {
        return preemptionsOfGone
                + members.stream()
                        .mapToLong(member -> member.engine.preemptions())
                        .sum();
    }
}
