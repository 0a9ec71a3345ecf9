/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import io.tidegate.engine.spi.Leadership.Term;
import io.tidegate.k8s.lease.Election.Read;
import io.tidegate.k8s.lease.Election.Step;
import io.tidegate.k8s.lease.Election.Wait;
import io.tidegate.k8s.lease.Election.Write;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Gateways that stand for election and write to one target, in virtual time: answers come late, never, or after the request was carried
 * out later; processes stand still in the middle of a write, die, and run by clocks of their own rate and origin; and somebody edits or
 * deletes the lease. The elections are those of production, the API server is two objects with versions.
 *
 * <p>It keeps its own account of who leads and what was claimed, in real time, which no gateway sees.
 */
final class Schedule {

    static final long SECOND = 1_000_000_000L;

    /** What may go wrong, each once in so many; 0 for never. */
    record Faults(int lostRequest, int lostAnswer, int late, int pause, int death, int edit, double fastestClock) {

        static final Faults NONE = new Faults(0, 0, 0, 0, 0, 0, 1);
        static final Faults ALL = new Faults(12, 12, 15, 10, 40, 40, 1.5);
    }

    private record Event(long at, long number, Runnable what) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return at != other.at ? Long.compare(at, other.at) : Long.compare(number, other.number);
        }
    }

    private final SplittableRandom random;
    private final Faults faults;
    private final LeaseTiming timing;
    private final boolean fenced;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long events0;
    long now;

    LeaseView lease;
    private long leaseVersion;

    private long targetVersion = 1;
    private long targetEpoch;
    private String targetClaimedBy = "";
    int replicas = 4;
    int wanted = 4;

    final List<Gateway> gateways = new ArrayList<>();
    private final Map<Long, String> epochs = new HashMap<>();
    private long highestClaimed;
    int claims;
    int writes;
    int refused;
    int staleWrites;
    int overlaps;
    int sharedEpochs;
    int scaleEvents;
    long firstLeaderAt = -1;

    Schedule(long seed, Faults faults, LeaseTiming timing, boolean fenced) {
        this.random = new SplittableRandom(seed);
        this.faults = faults;
        this.timing = timing;
        this.fenced = fenced;
    }

    Gateway add(String name, double rate, long originNanos) {
        Gateway made = new Gateway(name, rate, originNanos);
        gateways.add(made);
        at(0, made::round);
        return made;
    }

    Gateway add(String name) {
        return add(
                name,
                faults.fastestClock() == 1 ? 1 : 1 + random.nextDouble() * (faults.fastestClock() - 1),
                random.nextLong());
    }

    private void at(long delay, Runnable what) {
        events.add(new Event(now + Math.max(0, delay), events0++, what));
    }

    void run(Duration until) {
        long end = until.toNanos();
        while (!events.isEmpty() && events.peek().at() <= end) {
            Event next = events.poll();
            now = next.at();
            next.what().run();
        }
        now = end;
    }

    private boolean oneIn(int many) {
        return many > 0 && random.nextInt(many) == 0;
    }

    /** Somebody lays hands on the lease. */
    void edit(int how) {
        LeaseView is = lease;
        if (is == null) {
            return;
        }
        String next = Long.toString(++leaseVersion);
        switch (how) {
            case 0 -> lease = null;
            case 1 -> lease = new LeaseView(next, "", is.transitions(), is.published(), is.renewed(), is.mark(), false);
            case 2 ->
                lease = new LeaseView(
                        next, is.holder(), is.transitions(), Duration.ofSeconds(1), is.renewed(), is.mark(), false);
            case 3 ->
                lease = new LeaseView(next, is.holder(), 0, is.published(), is.renewed(), is.mark(), is.released());
            case 4 ->
                lease = new LeaseView(
                        next,
                        gateways.get(random.nextInt(gateways.size())).id,
                        is.transitions(),
                        is.published(),
                        is.renewed(),
                        is.mark(),
                        false);
            default ->
                lease = new LeaseView(next, is.holder(), is.transitions() + 3, is.published(), "x", is.mark(), false);
        }
    }

    /** Tells what an API server would, at some time or never. */
    private <T> void request(
            Gateway from, java.util.function.Supplier<T> carriedOut, Consumer<T> answer, Runnable noAnswer) {
        long timeout = (long) (timing.requestTimeout().toNanos() * from.slowness);
        boolean[] settled = new boolean[1];
        at(timeout, () -> {
            if (!settled[0]) {
                settled[0] = true;
                from.alive(noAnswer);
            }
        });
        if (from.partitioned || oneIn(faults.lostRequest())) {
            return;
        }
        long there = random.nextLong(5_000_000, 60_000_000);
        if (oneIn(faults.late())) {
            there += random.nextLong(20 * SECOND);
        }
        boolean lost = oneIn(faults.lostAnswer());
        long back = random.nextLong(5_000_000, 60_000_000);
        at(there, () -> {
            T result = carriedOut.get();
            if (!lost) {
                at(back, () -> {
                    if (!settled[0]) {
                        settled[0] = true;
                        from.alive(() -> answer.accept(result));
                    }
                });
            }
        });
    }

    /** A process with an election and a writer. */
    final class Gateway {

        private final String name;
        private String id;
        /** How much slower its clock is than time. */
        private final double slowness;

        private final long originNanos;
        private Election election;
        private int life;
        private boolean dead;
        boolean partitioned;
        private boolean wasLeading;
        private boolean writing;
        private long leadsFromEpoch;

        Gateway(String name, double slowness, long originNanos) {
            this.name = name;
            this.slowness = slowness;
            this.originNanos = originNanos;
            born();
        }

        private void born() {
            id = name + "#" + life;
            election = new Election(id, timing, clock(), random.split());
            writing = false;
            wasLeading = false;
        }

        private long clock() {
            return originNanos + (long) (now / slowness);
        }

        Term term() {
            return dead ? new Term(false, 0, "") : election.term(clock());
        }

        void kill() {
            dead = true;
            life++;
            election.stop();
        }

        void restart() {
            dead = false;
            born();
            round();
        }

        void release(int of) {
            if (dead || of != life) {
                return;
            }
            Write back = election.release(clock());
            kill();
            if (back != null) {
                apply(back);
            }
        }

        void stopNicely() {
            release(life);
        }

        private void alive(Runnable then) {
            if (!dead) {
                then.run();
            }
        }

        private void later(long delay, Runnable then) {
            int of = life;
            at(delay, () -> {
                if (!dead && of == life) {
                    then.run();
                }
            });
        }

        private void round() {
            if (dead) {
                return;
            }
            if (oneIn(faults.death())) {
                kill();
                int of = life;
                at(random.nextLong(30 * SECOND), () -> {
                    if (of == life) {
                        restart();
                    }
                });
                return;
            }
            if (oneIn(faults.edit())) {
                edit(random.nextInt(6));
            }
            Step step = election.next(clock());
            int of = life;
            if (step instanceof Wait pause) {
                later((long) (pause.nanos() * slowness) + 1, this::round);
            } else if (step instanceof Read) {
                request(
                        this,
                        () -> lease,
                        found -> {
                            if (of == life) {
                                election.found(clock(), found);
                                looked();
                                later(0, this::round);
                            }
                        },
                        () -> {
                            if (of == life) {
                                election.unread();
                                later(0, this::round);
                            }
                        });
            } else if (step instanceof Write write) {
                long started = clock();
                request(
                        this,
                        () -> apply(write),
                        result -> {
                            if (of == life) {
                                if (result == null) {
                                    election.conflicted();
                                } else {
                                    election.written(started, clock(), write, result);
                                }
                                looked();
                                later(0, this::round);
                            }
                        },
                        () -> {
                            if (of == life) {
                                election.unanswered(started, write);
                                later(0, this::round);
                            }
                        });
            }
        }

        private LeaseView apply(Write write) {
            LeaseView is = lease;
            boolean asRead = write.over() == null
                    ? is == null
                    : is != null && is.version().equals(write.over().version());
            if (!asRead) {
                return null;
            }
            lease = new LeaseView(
                    Long.toString(++leaseVersion),
                    write.holder(),
                    write.transitions(),
                    timing.lease(),
                    "t" + now,
                    write.mark(),
                    write.kind() == Election.Kind.RELEASE);
            return lease;
        }

        /** Leading begins only at an event of the election, so looking after each sees all of it. */
        private void looked() {
            Term term = term();
            if (!term.leads()) {
                wasLeading = false;
                return;
            }
            for (Gateway other : gateways) {
                if (other != this && other.term().leads()) {
                    overlaps++;
                }
            }
            if (!wasLeading || leadsFromEpoch != term.epoch()) {
                wasLeading = true;
                leadsFromEpoch = term.epoch();
                firstLeaderAt = firstLeaderAt < 0 ? now : firstLeaderAt;
                if (!writing) {
                    later(0, this::plan);
                }
            }
        }

        /** Claims, then writes, as long as it leads. */
        private void plan() {
            Term term = term();
            writing = term.leads();
            if (!term.leads()) {
                return;
            }
            int of = life;
            request(
                    this,
                    () -> new long[] {targetVersion, targetEpoch, replicas, targetClaimedBy.equals(id) ? 1 : 0},
                    seen -> {
                        if (of == life) {
                            act(term, seen);
                        }
                    },
                    () -> {
                        if (of == life) {
                            again();
                        }
                    });
        }

        private void again() {
            later(SECOND + random.nextLong(SECOND), this::plan);
        }

        private void act(Term decidedIn, long[] seen) {
            if (!term().leads()) {
                writing = false;
                return;
            }
            long standing = seen[1];
            EpochClaim.Outcome known = EpochClaim.known(standing, seen[3] == 1 ? id : "other", decidedIn.epoch(), id);
            if (known instanceof EpochClaim.Surpassed surpassed) {
                if (fenced) {
                    refused++;
                    election.surpass(clock(), surpassed.epoch());
                    again();
                    return;
                }
            } else if (known == null) {
                request(this, () -> claim(decidedIn.epoch(), seen[0]), done -> again(), this::again);
                return;
            }
            // A process may stand still right here, after its last look at the clock.
            long stillness = oneIn(faults.pause()) ? random.nextLong(60 * SECOND) : 0;
            int to = wanted;
            int of = life;
            at(stillness, () -> {
                if (of == life && !dead) {
                    if (to == seen[2]) {
                        again();
                    } else {
                        request(this, () -> scale(decidedIn.epoch(), seen[0], to), done -> again(), this::again);
                    }
                }
            });
        }

        private boolean claim(long epoch, long version) {
            if (fenced && version != targetVersion) {
                return false;
            }
            targetVersion++;
            targetEpoch = epoch;
            targetClaimedBy = id;
            highestClaimed = Math.max(highestClaimed, epoch);
            claims++;
            String other = epochs.putIfAbsent(epoch, id);
            if (other != null && !other.equals(id)) {
                sharedEpochs++;
            }
            return true;
        }

        private boolean scale(long epoch, long version, int to) {
            if (fenced && version != targetVersion) {
                refused++;
                return false;
            }
            writes++;
            if (epoch < highestClaimed) {
                staleWrites++;
            }
            if (replicas != to) {
                scaleEvents++;
            }
            targetVersion++;
            replicas = to;
            return true;
        }
    }
}
