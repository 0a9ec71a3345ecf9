/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * A pool of batching engines behind one gate, in virtual time, for choosing policies and for seeing when a change makes one worse. It
 * is a model of a few constants and says nothing about any GPU: aggregate rates, no interference of prefill and decode, no caches, no
 * failures.
 *
 * <p>A replica holds up to {@code slots} requests. Each advances at 1/(idle + (full − idle)·n/slots) of a mean request per second when n
 * are held, so that throughput grows with n, by less and less, up to slots/full. Requests differ in size by up to 20 %. The gate
 * sends to the emptiest replica that has room, else the request waits; the higher tier first, or in order of arrival. A replica that is
 * taken away serves what it holds and costs until then; one that is not ready yet goes first. Deterministic for a seed.
 */
final class PoolSimulation {

    static final double STEP = 0.25;
    private static final double TOKENS = 5000;

    /**
     * The pool and what is asked of it.
     *
     * @param idleSeconds time in flight of a mean request that is alone
     * @param fullSeconds the same where all slots are held
     * @param firstToken time to first token without waiting on an idle replica; up to 3.4 times that on a full one
     * @param toReady from asking for a replica until it serves
     * @param promise bound on the time to first token, both tiers
     * @param longestWait time after which who waits is refused, which breaks the promise
     * @param premium share of requests that are of the higher tier
     * @param clients 0, or how many clients send their next request when they have their answer; stages then only tell the length
     */
    record Profile(
            String name,
            int slots,
            double idleSeconds,
            double fullSeconds,
            double firstToken,
            double toReady,
            int min,
            int max,
            int start,
            double promise,
            double longestWait,
            double premium,
            int clients,
            List<Stage> stages) {

        /** Requests per second one replica sustains. */
        double capacity() {
            return slots / fullSeconds;
        }
    }

    record Stage(double seconds, double perSecond) {}

    /** What a law sees, once a second. */
    interface Law {
        int desired(PoolSimulation pool);
    }

    /** Over one run; averages of runs by {@link #mean}. */
    record Outcome(
            double attained, double premiumAttained, double replicas, double peak, double changes, double turns) {
        static Outcome mean(List<Outcome> runs) {
            return new Outcome(
                    runs.stream().mapToDouble(Outcome::attained).average().orElseThrow(),
                    runs.stream()
                            .mapToDouble(Outcome::premiumAttained)
                            .average()
                            .orElseThrow(),
                    runs.stream().mapToDouble(Outcome::replicas).average().orElseThrow(),
                    runs.stream().mapToDouble(Outcome::peak).average().orElseThrow(),
                    runs.stream().mapToDouble(Outcome::changes).average().orElseThrow(),
                    runs.stream().mapToDouble(Outcome::turns).average().orElseThrow());
        }
    }

    static final class Request {
        final double arrived;
        final int tier;
        final double size;
        double sent;
        double firstToken = Double.NaN;
        double ends;

        Request(double arrived, int tier, double size) {
            this.arrived = arrived;
            this.tier = tier;
            this.size = size;
        }

        double tokens() {
            return size * TOKENS;
        }
    }

    private static final class Replica {
        final double readyAt;
        final PriorityQueue<Request> held = new PriorityQueue<>(Comparator.comparingDouble((Request r) -> r.ends));
        double progress;
        boolean leaving;

        Replica(double readyAt) {
            this.readyAt = readyAt;
        }
    }

    final Profile profile;
    final List<Deque<Request>> queues = List.of(new ArrayDeque<>(), new ArrayDeque<>());
    /** What happened in the last second, for laws to count. */
    final List<Request> arrivedNow = new ArrayList<>();

    final List<Request> sentNow = new ArrayList<>();
    final List<Request> endedNow = new ArrayList<>();
    final int[] inFlight = new int[2];
    double now;
    int desired;
    /** Multiplies the speed of all replicas. */
    double speed = 1;

    private final boolean strict;
    private final SplittableRandom random;
    private final List<Replica> replicas = new ArrayList<>();
    private final int[] requests = new int[2];
    private final int[] kept = new int[2];

    PoolSimulation(Profile profile, boolean strict, long seed) {
        this.profile = profile;
        this.strict = strict;
        this.random = new SplittableRandom(seed);
        this.desired = profile.start();
        for (int i = 0; i < profile.start(); i++) {
            replicas.add(new Replica(0));
        }
    }

    Outcome run(Law law) {
        double end = profile.stages().stream().mapToDouble(Stage::seconds).sum();
        double[] arrivals = arrivals();
        int next = 0;
        double replicaSeconds = 0;
        int peak = desired;
        int changes = 0;
        int turns = 0;
        int direction = 0;
        for (int i = 0; i < profile.clients(); i++) {
            arrive();
        }
        for (int step = 0; now < end || (waiting() > 0 && now < 2 * end); step++) {
            if (step % (int) (1 / STEP) == 0) {
                int wanted = law.desired(this);
                arrivedNow.clear();
                sentNow.clear();
                endedNow.clear();
                if (wanted != desired) {
                    changes++;
                    turns += direction != 0 && direction != Integer.signum(wanted - desired) ? 1 : 0;
                    direction = Integer.signum(wanted - desired);
                    scale(wanted);
                    peak = Math.max(peak, wanted);
                }
            }
            now += STEP;
            while (next < arrivals.length && arrivals[next] <= now) {
                arrive();
                next++;
            }
            serve(now < end);
            if (now <= end) {
                replicaSeconds += replicas.size() * STEP;
            }
        }
        double all = (kept[0] + kept[1]) / (double) (requests[0] + requests[1]);
        return new Outcome(
                100 * all, 100.0 * kept[0] / Math.max(1, requests[0]), replicaSeconds / end, peak, changes, turns);
    }

    /** As many in each stage as its rate says, at random moments. */
    private double[] arrivals() {
        List<Double> moments = new ArrayList<>();
        double from = 0;
        for (Stage stage : profile.stages()) {
            int count = profile.clients() > 0 ? 0 : (int) Math.round(stage.seconds() * stage.perSecond());
            for (int i = 0; i < count; i++) {
                moments.add(from + random.nextDouble() * stage.seconds());
            }
            from += stage.seconds();
        }
        double[] sorted = moments.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return sorted;
    }

    private void arrive() {
        int tier = random.nextDouble() < profile.premium() ? 0 : 1;
        Request request = new Request(now, tier, 0.8 + 0.4 * random.nextDouble());
        queues.get(tier).add(request);
        arrivedNow.add(request);
    }

    private void serve(boolean open) {
        for (Replica replica : List.copyOf(replicas)) {
            int count = replica.held.size();
            double seconds =
                    profile.idleSeconds() + (profile.fullSeconds() - profile.idleSeconds()) * count / profile.slots();
            replica.progress += STEP * speed / seconds;
            while (!replica.held.isEmpty() && replica.held.peek().ends <= replica.progress) {
                Request request = replica.held.poll();
                inFlight[request.tier]--;
                endedNow.add(request);
                if (profile.clients() > 0 && open) {
                    arrive();
                }
            }
            if (replica.leaving && replica.held.isEmpty()) {
                replicas.remove(replica);
            }
        }
        for (Deque<Request> queue : queues) {
            while (!queue.isEmpty() && now - queue.peek().arrived > profile.longestWait()) {
                requests[queue.poll().tier]++;
            }
        }
        for (Request request = peek(); request != null; request = peek()) {
            Replica emptiest = null;
            for (Replica replica : replicas) {
                if (!replica.leaving
                        && replica.readyAt <= now
                        && replica.held.size() < profile.slots()
                        && (emptiest == null || replica.held.size() < emptiest.held.size())) {
                    emptiest = replica;
                }
            }
            if (emptiest == null) {
                return;
            }
            queues.get(request.tier).poll();
            send(request, emptiest);
        }
    }

    private void send(Request request, Replica replica) {
        double use = (double) replica.held.size() / profile.slots();
        double service = profile.firstToken() * (1 + 2.4 * use * use) * (0.8 + 0.4 * random.nextDouble());
        request.sent = now;
        request.firstToken = now - request.arrived + service;
        request.ends = replica.progress + request.size;
        replica.held.add(request);
        inFlight[request.tier]++;
        sentNow.add(request);
        requests[request.tier]++;
        kept[request.tier] += request.firstToken <= profile.promise() ? 1 : 0;
    }

    private Request peek() {
        Request high = queues.get(0).peek();
        Request low = queues.get(1).peek();
        if (high == null || low == null) {
            return high == null ? low : high;
        }
        return strict || high.arrived <= low.arrived ? high : low;
    }

    private void scale(int wanted) {
        desired = wanted;
        List<Replica> staying =
                new ArrayList<>(replicas.stream().filter(r -> !r.leaving).toList());
        for (int i = staying.size(); i < wanted; i++) {
            replicas.add(new Replica(now + profile.toReady()));
        }
        staying.sort(Comparator.comparing((Replica r) -> r.readyAt <= now).thenComparing(r -> r.held.size()));
        for (int i = 0; i < staying.size() - wanted; i++) {
            Replica victim = staying.get(i);
            if (victim.readyAt > now) {
                replicas.remove(victim);
            } else {
                victim.leaving = true;
            }
        }
    }

    int ready() {
        return (int)
                replicas.stream().filter(r -> !r.leaving && r.readyAt <= now).count();
    }

    /** When those that are asked for and not ready will be. */
    List<Double> due() {
        return replicas.stream()
                .filter(r -> !r.leaving && r.readyAt > now)
                .map(r -> r.readyAt)
                .toList();
    }

    int waiting() {
        return queues.get(0).size() + queues.get(1).size();
    }

    int running() {
        return inFlight[0] + inFlight[1];
    }
}
