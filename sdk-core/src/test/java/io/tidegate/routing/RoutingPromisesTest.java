/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import static io.tidegate.routing.Pools.answered;
import static io.tidegate.routing.Pools.permit;
import static io.tidegate.routing.Pools.request;
import static io.tidegate.routing.Pools.route;
import static io.tidegate.routing.Pools.target;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.routing.Routed.Answered;
import io.tidegate.routing.Routed.Reason;
import io.tidegate.routing.Routed.Unroutable;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What routing promises, by the ids of the list of promises. */
class RoutingPromisesTest {

    private final Pools pools = new Pools();
    private final ManualTime time = pools.time;

    private ReplicaBalancer balancer(String... ids) {
        ReplicaBalancer balancer = ReplicaBalancer.of(time);
        List<Endpoint> endpoints = new ArrayList<>();
        for (String id : ids) {
            endpoints.add(Endpoint.of(id, URI.create("http://" + id), Work.slots(16)));
        }
        balancer.update(endpoints);
        return balancer;
    }

    // ---- B2, B5, B6 ------------------------------------------------------------------------------------------------

    /** Sends one accepted request until it is served or the budget refuses; how often it was sent. */
    private static int send(ReplicaBalancer balancer, RetryBudget budget, boolean succeeds) {
        budget.accepted();
        Choice choice = balancer.choose(100);
        int attempts = 0;
        while (choice instanceof Dispatch dispatch) {
            attempts++;
            if (succeeds) {
                dispatch.succeeded();
                return attempts;
            }
            dispatch.failed();
            if (attempts == 3 || !budget.tryRetry(false)) {
                return attempts;
            }
            choice = balancer.chooseAgain(dispatch);
        }
        return attempts;
    }

    @Test
    @DisplayName(
            "B2 clients that retry three times without back-off: upstream attempts are at most 1.1 times what was accepted")
    void retries_poolFailsAndClientsRetryAtOnce_attemptsAreAtMost1_1TimesAccepted() {
        Gate gate = pools.gate("main", 64);
        Tier tier = gate.tier("standard");
        ReplicaBalancer balancer = balancer("a", "b", "c", "d");
        RetryBudget budget = RetryBudget.of(time);
        long accepted = 0;
        long attempts = 0;
        long sentByClients = 0;
        // A minute of health, two of failure, one of health; 40 first attempts per second.
        for (int step = 0; step < 2400; step++) {
            boolean succeeds = step < 600 || step >= 1800;
            for (int client = 0; client < 4; client++) {
                boolean served = false;
                for (int attempt = 1; attempt <= 4 && !served; attempt++) {
                    sentByClients++;
                    if (gate.tryAcquire(Request.of(tier).withAttempt(attempt)) instanceof Permit permit) {
                        accepted++;
                        attempts += send(balancer, budget, succeeds);
                        permit.close(succeeds ? Outcome.COMPLETED : Outcome.FAILED, Usage.NONE);
                        served = succeeds;
                    }
                }
            }
            assertThat(attempts).isLessThanOrEqualTo((long) (1.1 * accepted) + 10);
            time.advance(Duration.ofMillis(100));
        }

        assertThat(sentByClients).as("the clients' own").isGreaterThan(9600 * 2);
        assertThat((double) attempts / accepted).isLessThanOrEqualTo(1.1);
        assertThat(budget.retries()).as("some were made").isGreaterThan(1000);
        assertThat(balancer.inFlight()).isZero();
    }

    @Test
    @DisplayName("B5 a replica that answers 429 or 503 with Retry-After is sent nothing sooner, by nobody")
    void rejected_retryAfter_isHonouredByEveryChoice() {
        ReplicaBalancer balancer = balancer("a", "b", "c", "d", "e", "f", "g", "h");
        SplittableRandom random = new SplittableRandom(5);
        Map<String, Long> until = new HashMap<>();
        for (int i = 0; i < 200_000; i++) {
            Choice choice = random.nextInt(4) == 0 ? balancer.choose(100, random.nextInt(1, 50)) : balancer.choose(100);
            long now = time.nanos();
            if (choice instanceof Dispatch dispatch) {
                assertThat(now).isGreaterThanOrEqualTo(until.getOrDefault(dispatch.id(), now));
                if (random.nextInt(40) == 0) {
                    Duration retryAfter = Duration.ofSeconds(random.nextInt(1, 20));
                    dispatch.rejected(retryAfter);
                    until.put(dispatch.id(), now + retryAfter.toNanos());
                } else if (random.nextInt(3) == 0) {
                    dispatch.failed();
                } else {
                    dispatch.succeeded();
                }
            } else if (choice instanceof Choice.None none) {
                assertThat(until.values()).allMatch(each -> each > now);
                assertThat(none.retryAfter().toNanos())
                        .isEqualTo(until.values().stream()
                                        .mapToLong(each -> each)
                                        .min()
                                        .orElseThrow()
                                - now);
            }
            time.advance(Duration.ofMillis(random.nextInt(60)));
        }
    }

    @Test
    @DisplayName("B6 (routing) once a byte was streamed the budget never allows a retry")
    void tryRetry_firstByteSent_never() {
        RetryBudget budget = RetryBudget.of(time);
        for (int i = 0; i < 1000; i++) {
            budget.accepted();
            assertThat(budget.tryRetry(true)).isFalse();
        }
        assertThat(budget.retries()).isZero();
    }

    // ---- C1, C3 ----------------------------------------------------------------------------------------------------

    @Test
    @DisplayName(
            "C1 (routing) readings older than 5 s: no preference for that replica, the pool goes on, and it is counted")
    void reading_frozenAtIdle_isNotPreferredAndBlocksNobody() {
        ReplicaBalancer balancer = balancer("frozen", "b", "c", "d");
        balancer.reading("frozen", time.nanos(), 0, 0, 0);
        Map<String, Integer> chosen = new HashMap<>();
        for (int second = 0; second < 60; second++) {
            for (String id : List.of("b", "c", "d")) {
                balancer.reading(id, time.nanos(), 0, 8, 0.5);
            }
            if (second <= 5) {
                assertThat(balancer.stale()).isZero();
            } else {
                assertThat(balancer.stale()).as("at second " + second).isEqualTo(1);
                for (int i = 0; i < 40; i++) {
                    Dispatch dispatch = (Dispatch) balancer.choose(0);
                    chosen.merge(dispatch.id(), 1, Integer::sum);
                    dispatch.succeeded();
                }
            }
            time.advance(Duration.ofSeconds(1));
        }
        // 54 s × 40 over 4; while its reading was fresh it would have been chosen every time.
        assertThat(chosen.get("frozen")).isBetween(460, 620);

        // All stale: balanced by our own requests alone.
        time.advance(Duration.ofSeconds(60));
        assertThat(balancer.stale()).isEqualTo(4);
        Map<String, Integer> own = new HashMap<>();
        for (int i = 0; i < 40; i++) {
            own.merge(((Dispatch) balancer.choose(0)).id(), 1, Integer::sum);
        }
        assertThat(own.values()).containsOnly(10);
    }

    @Test
    @DisplayName("C1 (routing) the same replica while its reading is fresh and says idle: it is preferred")
    void reading_freshAndIdle_isPreferred() {
        ReplicaBalancer balancer = balancer("idle", "b", "c", "d");
        balancer.reading("idle", time.nanos(), 0, 0, 0);
        for (String id : List.of("b", "c", "d")) {
            balancer.reading(id, time.nanos(), 0, 8, 0.5);
        }
        for (int i = 0; i < 8; i++) {
            assertThat(((Dispatch) balancer.choose(0)).id()).isEqualTo("idle");
        }
    }

    @Test
    @DisplayName("C3 (routing) a removed replica is sent nothing once it is known, and what it runs goes on")
    void update_removed_noChoiceAfter() {
        ReplicaBalancer balancer = balancer("a", "b", "c", "d", "e", "f");
        List<Dispatch> running = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            running.add((Dispatch) balancer.choose(100, i % 7));
        }
        balancer.update(List.of(Endpoint.of("b", URI.create("http://b"), Work.slots(16))));

        for (int i = 0; i < 1000; i++) {
            Dispatch dispatch = (Dispatch) balancer.choose(100, i % 7);
            assertThat(dispatch.id()).isEqualTo("b");
            dispatch.close();
        }
        assertThat(balancer.inFlight()).isEqualTo(60);
        running.forEach(Dispatch::succeeded);
        assertThat(balancer.inFlight()).isZero();
        assertThat(balancer.draining()).isZero();
    }

    // ---- C4 --------------------------------------------------------------------------------------------------------

    private static final String[] MODELS = {"large", "medium", "small", "unknown"};
    private static final String[] TIERS = {"premium", "standard", "batch"};

    /** Plain rows: target, model, context, and the price per request, which is the same for all models of a target. */
    private record Served(String target, String model, long context, double price) {}

    private static final List<Served> SERVED = List.of(
            new Served("east", "large", 32_768, 0),
            new Served("east", "medium", 8_192, 0),
            new Served("west", "large", 131_072, 3),
            new Served("west", "small", 4_096, 3),
            new Served("cloud", "medium", 65_536, 8),
            new Served("cloud", "small", 131_072, 8),
            new Served("spare", "small", 16_384, 0));

    /** Plain rows of routes: model, tier, substitution, cap, then target and model in order. */
    private record Plain(String model, String tier, boolean substitution, double cap, List<String> places) {}

    private static final List<Plain> ROUTES = List.of(
            new Plain("large", "premium", false, 9, List.of("east large", "west large", "cloud medium")),
            new Plain("large", "standard", true, 4, List.of("east large", "west large", "cloud medium", "spare small")),
            new Plain("medium", "premium", true, 9, List.of("east medium", "cloud medium", "west small")),
            new Plain("medium", "standard", false, 9, List.of("cloud medium", "east medium", "spare small")),
            new Plain("small", "standard", false, 3, List.of("spare small", "west small", "cloud small")),
            new Plain("small", "batch", false, 0, List.of("west small", "spare small", "cloud small")));

    private static Served served(String place) {
        return SERVED.stream()
                .filter(each -> place.equals(each.target() + " " + each.model()))
                .findFirst()
                .orElseThrow();
    }

    /** By the rows alone: where a request may go, as {@code target model}. */
    private static List<Set<String>> oracle(Plain route, int[] lengths) {
        List<Set<String>> allowed = new ArrayList<>();
        for (int length : lengths) {
            Set<String> places = new HashSet<>();
            for (int i = 0; i < route.places().size(); i++) {
                Served row = served(route.places().get(i));
                boolean model = row.model().equals(route.model()) || route.substitution();
                boolean price = i == 0 || row.price() <= route.cap();
                if (model && price && row.context() >= length) {
                    places.add(route.places().get(i));
                }
            }
            allowed.add(places);
        }
        return allowed;
    }

    @Test
    @DisplayName("C4 wrong pool, model, context or tier: no misroute in ten million decisions between pools")
    void router_tenMillionDecisions_noMisroute() {
        Map<String, Gate> gates = new HashMap<>();
        Map<String, boolean[]> health = new HashMap<>();
        Router.Builder builder = Router.builder(time);
        for (String name : List.of("east", "west", "cloud", "spare")) {
            Gate.Builder gate = Gate.builder(name).time(time).leakDetection(false);
            for (String tier : TIERS) {
                gate.tier(Tier.builder(tier).build());
            }
            gates.put(name, gate.limit(Work.slots(3)).build());
            boolean[] well = {true};
            health.put(name, well);
            Target.Builder target = Target.builder(gates.get(name)).healthy(() -> well[0]);
            SERVED.stream()
                    .filter(row -> row.target().equals(name))
                    .forEach(row -> target.serves(row.model(), row.context()).pricePerRequest(row.price()));
            builder.target(target.build());
        }
        int[] lengths = {10, 4_096, 4_097, 8_192, 8_193, 16_385, 32_768, 32_769, 65_537, 131_072, 131_073};
        Map<String, List<Set<String>>> allowed = new HashMap<>();
        for (Plain plain : ROUTES) {
            Route.Builder route = Route.builder(plain.model(), plain.tier())
                    .substitution(plain.substitution())
                    .priceCap(plain.cap());
            for (int i = 0; i < plain.places().size(); i++) {
                Served row = served(plain.places().get(i));
                if (i == 0) {
                    route.primary(row.target());
                } else if (row.model().equals(plain.model())) {
                    route.alternative(row.target());
                } else {
                    route.substitute(row.target(), row.model());
                }
            }
            builder.route(route.build());
            allowed.put(plain.model() + " " + plain.tier(), oracle(plain, lengths));
        }
        Router router = builder.build();
        RoutedRequest[] requests = new RoutedRequest[MODELS.length * TIERS.length * lengths.length];
        List<List<Set<String>>> expected = new ArrayList<>();
        for (int i = 0; i < requests.length; i++) {
            String model = MODELS[i / lengths.length / TIERS.length];
            String tier = TIERS[i / lengths.length % TIERS.length];
            int length = lengths[i % lengths.length];
            requests[i] = RoutedRequest.of(model, tier).withPrompt(length / 2, length - length / 2);
            List<Set<String>> places = allowed.get(model + " " + tier);
            expected.add(places == null ? List.of() : List.of(places.get(i % lengths.length)));
        }

        SplittableRandom random = new SplittableRandom(4);
        Permit[] held = new Permit[4];
        long misroutes = 0;
        long permits = 0;
        for (int i = 0; i < 10_000_000; i++) {
            if (i % 64 == 0) {
                String name = SERVED.get(random.nextInt(SERVED.size())).target();
                health.get(name)[0] = random.nextInt(3) > 0;
                gates.get(SERVED.get(random.nextInt(SERVED.size())).target())
                        .supply(Supply.fixed(random.nextInt(3) > 0 ? 1 : 0, Work.slots(3)));
            }
            int which = random.nextInt(requests.length);
            Routed routed = router.tryAcquire(requests[which]);
            Set<String> places = expected.get(which).isEmpty()
                    ? Set.of()
                    : expected.get(which).get(0);
            if (routed instanceof Unroutable) {
                misroutes += places.isEmpty() ? 0 : 1;
            } else if (routed instanceof Answered answered) {
                boolean right = places.contains(answered.target() + " " + answered.model());
                if (answered.admission() instanceof Permit permit) {
                    permits++;
                    right &= permit.pool().equals(answered.target())
                            && permit.tier().name().equals(requests[which].tier())
                            && (health.get(answered.target())[0] || noneWell(places, health));
                    int slot = random.nextInt(held.length);
                    if (held[slot] != null) {
                        held[slot].close();
                    }
                    held[slot] = permit;
                }
                misroutes += right ? 0 : 1;
            }
        }

        assertThat(misroutes).isZero();
        assertThat(permits).as("admitted").isGreaterThan(1_000_000);
    }

    private static boolean noneWell(Set<String> places, Map<String, boolean[]> health) {
        for (String place : places) {
            if (health.get(place.substring(0, place.indexOf(' ')))[0]) {
                return false;
            }
        }
        return true;
    }

    @Test
    @DisplayName(
            "C4 wrong replica: no misroute in a million choices, and a prefix whose replica is gone goes elsewhere")
    void balancer_millionChoices_noMisroute() {
        ReplicaBalancer balancer = ReplicaBalancer.of(time);
        Map<String, Map<String, Long>> models = new HashMap<>();
        Set<String> present = new HashSet<>();
        SplittableRandom random = new SplittableRandom(44);
        Request base = Request.of(Tier.builder("t").build());
        Request[] requests = new Request[64];
        for (int i = 0; i < requests.length; i++) {
            requests[i] =
                    base.withModel("m" + random.nextInt(3)).withPrompt(random.nextInt(5000), random.nextInt(5000));
        }
        Dispatch[] held = new Dispatch[64];
        String[] homes = new String[256];
        long misroutes = 0;
        long rerouted = 0;
        for (int i = 0; i < 1_000_000; i++) {
            if (i % 500 == 0) {
                present.clear();
                List<Endpoint> endpoints = new ArrayList<>();
                for (int replica = 0; replica < 12; replica++) {
                    if (random.nextInt(4) == 0) {
                        continue;
                    }
                    String id = "r" + replica;
                    Endpoint endpoint = Endpoint.of(id, URI.create("http://" + id), Work.slots(8));
                    Map<String, Long> served = new HashMap<>();
                    for (int m = 0; m <= replica % 3; m++) {
                        long context = 1000L * random.nextInt(1, 12);
                        served.put("m" + m, context);
                        endpoint = endpoint.withModel("m" + m, context);
                    }
                    endpoints.add(endpoint);
                    present.add(id);
                    models.put(id, served);
                }
                balancer.update(endpoints);
            }
            Request request = requests[random.nextInt(requests.length)];
            int key = random.nextInt(homes.length);
            Choice choice = balancer.choose(request, key);
            long needed = request.promptTokens() + request.maxOutputTokens();
            String model = request.model().orElseThrow();
            if (choice instanceof Dispatch dispatch) {
                Long context = models.get(dispatch.id()).get(model);
                misroutes += present.contains(dispatch.id()) && context != null && needed <= context ? 0 : 1;
                if (homes[key] != null && !present.contains(homes[key])) {
                    rerouted++;
                }
                homes[key] = dispatch.id();
                int slot = random.nextInt(held.length);
                if (held[slot] != null) {
                    held[slot].close();
                }
                held[slot] = dispatch;
            } else {
                misroutes +=
                        present.stream().anyMatch(id -> needed <= models.get(id).getOrDefault(model, 0L)) ? 1 : 0;
            }
        }

        assertThat(misroutes).isZero();
        assertThat(rerouted).isGreaterThan(1000);
    }

    // ---- C6 --------------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("C6 no replica and no alternative: a bounded queue, 503 at the deadline, one activation signal")
    void acquire_scaledToZero_waitsBoundedAndSignalsOnce() {
        Gate gate = pools.builder("main").maxQueued(20).supply(Pools.none()).build();
        AtomicInteger signals = new AtomicInteger();
        gate.onDemand(signals::incrementAndGet);
        Router router = Router.builder(time)
                .target(target(gate))
                .route(route(gate).build())
                .build();
        List<CompletableFuture<Routed>> futures = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            futures.add(router.acquireAsync(request().withTimeout(Duration.ofSeconds(20))));
        }

        assertThat(gate.queued()).isEqualTo(20);
        assertThat(signals).hasValue(1);
        for (CompletableFuture<Routed> refused : futures.subList(20, 50)) {
            assertThat(((Admission.Shed) refused.join().admission()).reason().httpStatus())
                    .isEqualTo(503);
        }
        time.advance(Duration.ofSeconds(21));
        for (CompletableFuture<Routed> expired : futures.subList(0, 20)) {
            Admission.Expired answer = (Admission.Expired) expired.join().admission();
            assertThat(answer.reason()).isEqualTo(Admission.Reason.NO_CAPACITY);
            assertThat(answer.reason().httpStatus()).isEqualTo(503);
        }
        assertThat(signals).hasValue(1);
    }

    @Test
    @DisplayName(
            "C6 no replica and an alternative with room: it serves meanwhile, the primary is woken once, and requests return")
    void acquire_scaledToZeroWithAlternative_isServedThereAndWakesThePrimaryOnce() {
        Gate gate = pools.builder("main").supply(Pools.none()).build();
        Gate other = pools.gate("other", 1000);
        AtomicInteger signals = new AtomicInteger();
        gate.onDemand(signals::incrementAndGet);
        Router router = Router.builder(time)
                .target(target(gate), target(other))
                .route(route(gate).alternative("other").build())
                .build();
        for (int i = 0; i < 300; i++) {
            Routed routed = i % 2 == 0 ? router.acquireAsync(request()).join() : router.tryAcquire(request());
            assertThat(permit(routed).pool()).isEqualTo("other");
            assertThat(answered(routed).reason()).isEqualTo(Reason.NO_CAPACITY);
        }

        assertThat(signals).hasValue(1);
        assertThat(gate.queued()).isZero();
        assertThat(gate.load().tiers().get(1).arrivals())
                .as("demand of the primary, which scales by it")
                .isEqualTo(300);

        gate.supply(Supply.fixed(1, Work.slots(4)));
        assertThat(answered(router.tryAcquire(request())).reason()).isEqualTo(Reason.RETURNED);
        gate.supply(Pools.none());
        permit(router.tryAcquire(request()));
        permit(router.tryAcquire(request()));
        assertThat(signals).as("scaled to zero once more").hasValue(2);
    }

    @Test
    @DisplayName("C6 no replica, and the alternative fills: the rest waits, and is served when the first replica comes")
    void acquire_scaledToZeroAlternativeFull_waitsForTheFirstReplica() {
        Gate gate = pools.builder("main").supply(Pools.none()).build();
        Gate other = pools.builder("other").maxQueued(0).limit(Work.slots(2)).build();
        AtomicInteger signals = new AtomicInteger();
        gate.onDemand(signals::incrementAndGet);
        Router router = Router.builder(time)
                .target(target(gate), target(other))
                .route(route(gate).alternative("other").build())
                .build();
        List<CompletableFuture<Routed>> futures = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            futures.add(router.acquireAsync(request()));
        }

        assertThat(futures.subList(0, 2)).allMatch(CompletableFuture::isDone);
        assertThat(gate.queued()).isEqualTo(3);
        // One when the first came, which another served; one when the queue began. Never one per request.
        assertThat(signals.get()).isLessThanOrEqualTo(2);
        gate.supply(Supply.fixed(1, Work.slots(4)));
        for (CompletableFuture<Routed> future : futures.subList(2, 5)) {
            assertThat(permit(future.join()).pool()).isEqualTo("main");
        }
    }
}
