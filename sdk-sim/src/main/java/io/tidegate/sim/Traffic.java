/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Ticket;
import io.tidegate.admission.Usage;
import io.tidegate.pool.Tier;
import io.tidegate.routing.Choice;
import io.tidegate.routing.Dispatch;
import io.tidegate.routing.ReplicaBalancer;
import io.tidegate.sim.trace.TraceEvent;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Requests on their way: from clients by gateways to replicas, and what clients do when they are refused. */
final class Traffic {

    private static final double NANOS = 1e9;
    private static final long LONGEST_BACK_OFF_SECONDS = 32;

    private final VirtualTime time;
    private final Scenario scenario;
    private final Scorer scorer;
    private final List<Gate> gates;
    private final List<ReplicaBalancer> balancers;
    private final Map<String, Integer> tierNumbers = new HashMap<>();
    private final SplittableRandom random;
    private final long overheadNanos;

    /** Whether the gates are told who asks; else all are one, and served in order of arrival. */
    private final boolean tenants;

    /** Tiers as the gates know them, by the number of the scenario's tier. */
    private final List<List<Tier>> tiersOfGates;

    private final Deque<Flight> homeless = new ArrayDeque<>();

    private @Nullable Fleet fleet;
    private final Iterator<TraceEvent> events;
    private int running;
    private int queued;
    private long promptTokensUnderway;

    long arrived;
    long answered;
    long promptTokens;
    long outputTokens;
    long retries;
    boolean over;

    /**
     * @param tiersOfGates for each gate, the tier that requests of each of the scenario's tiers are asked for with
     */
    Traffic(
            VirtualTime time,
            Scenario scenario,
            Scorer scorer,
            List<Gate> gates,
            List<List<Tier>> tiersOfGates,
            List<ReplicaBalancer> balancers,
            Iterator<TraceEvent> events,
            boolean tenants,
            long seed) {
        this.time = time;
        this.scenario = scenario;
        this.scorer = scorer;
        this.gates = gates;
        this.tiersOfGates = tiersOfGates;
        this.balancers = balancers;
        this.events = events;
        this.tenants = tenants;
        this.random = new SplittableRandom(seed ^ 0x5DEECE66DL);
        this.overheadNanos = Math.round(scenario.engine().overhead() * 1e6);
        List<Tier> tiers = scenario.tiers();
        for (int i = 0; i < tiers.size(); i++) {
            tierNumbers.put(tiers.get(i).name(), i);
        }
    }

    void begin(Fleet pool) {
        this.fleet = pool;
        next();
    }

    private Fleet fleet() {
        return Objects.requireNonNull(fleet, "begin() comes first");
    }

    /** One event of the trace is on the calendar at a time, so that a long one costs no memory. */
    private void next() {
        if (events.hasNext()) {
            TraceEvent event = events.next();
            time.at(event.offsetNanos(), () -> {
                arrive(event);
                next();
            });
        } else {
            over = true;
        }
    }

    /** Whether all requests have come and ended. */
    boolean ended() {
        return over && scorer.open() == 0;
    }

    private void arrive(TraceEvent event) {
        int tier = number(event.tier());
        int gate = gates.size() == 1 ? 0 : random.nextInt(gates.size());
        Request request = Request.of(tiersOfGates.get(gate).get(tier))
                .withPrompt(event.promptTokens(), scenario.clients().maxOutputTokens());
        if (tenants && !event.tenant().isEmpty()) {
            request = request.withTenant(event.tenant());
        }
        Flight flight = new Flight(
                this,
                time.nanos(),
                tier,
                request,
                event.promptTokens(),
                Math.min(event.outputTokens(), scenario.clients().maxOutputTokens()));
        flight.gate = gate;
        arrived++;
        promptTokens += flight.promptTokens();
        scorer.offered(flight);
        double patience = scenario.clients().patience();
        if (!Double.isInfinite(patience)) {
            time.schedule(Math.round(patience * NANOS), () -> leave(flight));
        }
        ask(flight, request);
    }

    private int number(String tier) {
        Integer found = tierNumbers.get(tier);
        if (found == null) {
            throw new IllegalArgumentException(
                    "the trace has a request of tier \"" + tier + "\", but the configuration only has "
                            + scenario.tiers().stream().map(Tier::name).toList()
                            + ": rename a tier, or give requests tiers by shares");
        }
        return found;
    }

    private void ask(Flight flight, Request request) {
        queued++;
        flight.waiting = true;
        Ticket ticket = gates.get(flight.gate).acquire(request, flight);
        if (flight.waiting) {
            flight.ticket = ticket;
        }
    }

    /** The gate has spoken. */
    void answered(Flight flight, Admission answer) {
        queued--;
        flight.waiting = false;
        flight.ticket = null;
        if (answer instanceof Permit permit) {
            if (flight.settled) {
                permit.close(Outcome.CANCELLED, Usage.NONE);
                return;
            }
            flight.permit = permit;
            running++;
            send(flight);
        } else if (answer instanceof Admission.Shed shed) {
            refused(flight, Scorer.End.SHED, shed.retryAfter());
        } else if (answer instanceof Admission.Expired expired) {
            refused(flight, Scorer.End.EXPIRED, expired.retryAfter());
        }
    }

    private void send(Flight flight) {
        Choice choice = balancers.get(flight.gate).choose(flight.request);
        if (!(choice instanceof Dispatch dispatch)) {
            homeless.add(flight);
            return;
        }
        flight.dispatch = dispatch;
        Fleet.Member member = fleet().member(dispatch.id());
        flight.member = member;
        promptTokensUnderway += flight.promptTokens();
        flight.prefilling = true;
        time.schedule(overheadNanos, () -> {
            if (!flight.settled) {
                fleet().send(flight, member);
            }
        });
    }

    /** A replica has begun to serve: those who have a permit and no place try again. */
    void replicaReady() {
        int count = homeless.size();
        for (int i = 0; i < count; i++) {
            Flight flight = homeless.remove();
            if (!flight.settled) {
                send(flight);
            }
        }
    }

    private void refused(Flight flight, Scorer.End how, Duration retryAfter) {
        if (flight.settled) {
            return;
        }
        Clients clients = scenario.clients();
        boolean again = clients.retries() > flight.retries
                && (flight.retries > 0 || random.nextDouble() < clients.retryShare());
        if (!again) {
            scorer.settle(flight, how);
            return;
        }
        int attempt = ++flight.retries;
        retries++;
        double own = Math.min(1L << Math.min(attempt - 1, 30), LONGEST_BACK_OFF_SECONDS);
        // Jitter of a half either way, as libraries have it.
        double wait = clients.heeds() && !retryAfter.isZero()
                ? retryAfter.toNanos() / NANOS
                : own * (0.5 + random.nextDouble());
        time.schedule(Math.round(wait * NANOS), () -> {
            if (!flight.settled) {
                ask(flight, flight.request.withAttempt(attempt));
            }
        });
    }

    /** The client's patience is over. */
    private void leave(Flight flight) {
        if (flight.settled || flight.firstTokenNanos >= 0) {
            return;
        }
        scorer.settle(flight, Scorer.End.LEFT);
        Ticket ticket = flight.ticket;
        if (ticket != null) {
            ticket.cancel();
        } else if (flight.permit != null) {
            Fleet.Member member = flight.member;
            if (member != null && !member.gone) {
                fleet().abort(flight, member);
            }
            prefilled(flight);
            running--;
            flight.end(Outcome.CANCELLED, Usage.NONE);
        }
    }

    private void prefilled(Flight flight) {
        if (flight.prefilling) {
            flight.prefilling = false;
            promptTokensUnderway -= flight.promptTokens();
        }
    }

    void firstToken(Flight flight, long nanos) {
        prefilled(flight);
        scorer.firstToken(flight, nanos);
    }

    void finished(Flight flight, long nanos) {
        running--;
        answered++;
        outputTokens += flight.outputTokens();
        scorer.finished(flight, nanos);
    }

    void lost(Flight flight) {
        prefilled(flight);
        running--;
        if (!flight.settled) {
            scorer.settle(flight, Scorer.End.FAILED);
        }
    }

    int running() {
        return running;
    }

    int queued() {
        return queued;
    }

    long promptTokensUnderway() {
        return promptTokensUnderway;
    }
}
