/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import static io.tidegate.routing.Pools.MODEL;
import static io.tidegate.routing.Pools.SMALL;
import static io.tidegate.routing.Pools.answered;
import static io.tidegate.routing.Pools.permit;
import static io.tidegate.routing.Pools.queue;
import static io.tidegate.routing.Pools.request;
import static io.tidegate.routing.Pools.route;
import static io.tidegate.routing.Pools.shed;
import static io.tidegate.routing.Pools.target;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.routing.Routed.Reason;
import io.tidegate.routing.Routed.Unroutable;
import io.tidegate.routing.Routed.Why;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class RouterTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private final Pools pools = new Pools();
    private final ManualTime time = pools.time;
    private final Gate main = pools.gate("main", 2);
    private final Gate other = pools.gate("other", 2);
    private final Gate third = pools.gate("third", 2);

    private Router router(Route... routes) {
        return Router.builder(time)
                .target(target(main), target(other), target(third))
                .route(routes)
                .build();
    }

    private Router router() {
        return router(route(main).alternative("other").build());
    }

    // ---- choosing --------------------------------------------------------------------------------------------------

    @Test
    void acquire_primaryHasRoom_goesThere() throws InterruptedException {
        Router router = router();

        Routed routed = router.acquire(request());

        assertThat(permit(routed).pool()).isEqualTo("main");
        assertThat(answered(routed).reason()).isEqualTo(Reason.PRIMARY);
        assertThat(permit(routed).tier()).isSameAs(main.tier("standard"));
        assertThat(router.routed("main", Reason.PRIMARY)).isEqualTo(1);
    }

    @Test
    void acquire_primaryWithinTheThreshold_waitsThereAlthoughAnotherHasRoom() {
        pools.fill(main, SECOND);
        // 2 slots, 1 s each: the next is granted in 0.5 s.
        CompletableFuture<Routed> future = router().acquireAsync(request());

        assertThat(future).isNotDone();
        assertThat(main.queued()).isEqualTo(1);
        assertThat(other.inFlight().slots()).isZero();
    }

    @Test
    void acquire_primaryAboveTheThreshold_spillsAndSaysWhy() {
        pools.fill(main, SECOND);
        queue(main, 4);
        Router router = router();

        Routed routed = router.tryAcquire(request());

        assertThat(permit(routed).pool()).isEqualTo("other");
        assertThat(answered(routed).reason()).isEqualTo(Reason.SPILLED_WAIT);
        assertThat(router.spilling(MODEL, "standard")).isTrue();
        assertThat(main.shed(main.tier("standard"), Admission.Reason.NO_ROOM))
                .as("its demand stays the primary's")
                .isEqualTo(1);
        assertThat(other.shed(other.tier("standard"), Admission.Reason.NO_ROOM)).isZero();
    }

    @Test
    void acquire_spilling_returnsOnlyBelowThePartOfTheThreshold() {
        List<Permit> running = new ArrayList<>(pools.fill(main, SECOND));
        for (int i = 0; i < 4; i++) {
            main.acquire(Request.of(main.tier("standard")), answer -> running.add((Permit) answer));
        }
        Router router = router();
        // 4 wait, 2 s and a half; then 3, which is 2 s, as much as it takes to stay, and more than it takes to return.
        assertThat(ask(router)).isEqualTo(Reason.SPILLED_WAIT);
        time.advance(SECOND);
        running.remove(0).close();
        assertThat(ask(router)).isEqualTo(Reason.SPILLED_WAIT);
        running.remove(0).close();
        assertThat(ask(router)).as("1.5 s").isEqualTo(Reason.SPILLED_WAIT);
        assertThat(router.spilling(MODEL, "standard")).isTrue();

        time.advance(SECOND);
        running.remove(0).close();
        RoutedTicket returned = router.acquire(request(), routed -> {});

        assertThat(router.spilling(MODEL, "standard")).as("1 s").isFalse();
        assertThat(main.queued()).isEqualTo(2);
        returned.cancel();
        assertThat(router.routed("main", Reason.RETURNED)).isEqualTo(1);
    }

    /** Asks, and returns the permit at once. */
    private static Reason ask(Router router) {
        Routed routed = router.acquireAsync(request()).join();
        permit(routed).close();
        return answered(routed).reason();
    }

    @Test
    void acquire_loadNearTheThreshold_doesNotGoToAndFro() {
        Gate large = pools.gate("large", 1000);
        Router router = Router.builder(time)
                .target(target(main), target(large))
                .route(route(main).alternative("large").build())
                .build();
        List<Permit> running = new ArrayList<>(pools.fill(main, SECOND));
        List<String> asked = new ArrayList<>();
        // 2.5 requests per second, of which the primary serves 2, for 400 s.
        for (int step = 0; step < 4000; step++) {
            time.advance(Duration.ofMillis(100));
            if (step % 4 == 0) {
                RoutedTicket ticket = router.acquire(request(), routed -> {
                    Permit permit = permit(routed);
                    if (permit.pool().equals("main")) {
                        running.add(permit);
                    } else {
                        permit.close();
                    }
                });
                asked.add(ticket.outcome()
                        .map(routed -> answered(routed).target())
                        .orElse("main"));
            }
            if (step % 5 == 0 && !running.isEmpty()) {
                running.remove(0).close();
            }
        }

        int changes = 0;
        for (int i = 1; i < asked.size(); i++) {
            changes += asked.get(i).equals(asked.get(i - 1)) ? 0 : 1;
        }
        long returned = router.routed("main", Reason.RETURNED);
        assertThat(router.routed("large", Reason.SPILLED_WAIT)).isGreaterThan(100);
        assertThat(changes).as("changes in 1000 requests").isBetween(10, 150);
        assertThat(returned).isBetween(changes / 2L - 1, changes / 2L + 1);
    }

    @Test
    void acquire_primaryIll_goesElsewhere() {
        AtomicBoolean well = new AtomicBoolean();
        Target ill = Target.builder(main).serves(MODEL, 8192).healthy(well::get).build();
        Router router = Router.builder(time)
                .target(ill, target(other))
                .route(route(main).alternative("other").build())
                .build();

        assertThat(answered(router.tryAcquire(request())).reason()).isEqualTo(Reason.PRIMARY_UNHEALTHY);
        assertThat(main.load().tiers().get(1).arrivals()).as("asked").isZero();
        well.set(true);
        assertThat(answered(router.tryAcquire(request())).reason()).isEqualTo(Reason.PRIMARY);
    }

    @Test
    void acquire_allIll_asksThePrimaryAllTheSame() {
        Router router = Router.builder(time)
                .target(
                        Target.builder(main)
                                .serves(MODEL, 8192)
                                .healthy(() -> false)
                                .build(),
                        Target.builder(other)
                                .serves(MODEL, 8192)
                                .healthy(() -> false)
                                .build())
                .route(route(main).alternative("other").build())
                .build();

        Routed routed = router.tryAcquire(request());

        assertThat(permit(routed).pool()).isEqualTo("main");
        assertThat(answered(routed).reason()).isEqualTo(Reason.NONE_HEALTHY);
    }

    @Test
    void acquire_healthThatThrows_countsAsWell() {
        Router router = Router.builder(time)
                .target(Target.builder(main)
                        .serves(MODEL, 8192)
                        .healthy(() -> {
                            throw new IllegalStateException("no probe");
                        })
                        .build())
                .route(route(main).build())
                .build();

        assertThat(answered(router.tryAcquire(request())).reason()).isEqualTo(Reason.PRIMARY);
    }

    @Test
    void acquire_noWait_zeroThreshold_overflowsRequestByRequest() {
        Router router = router(
                route(main).alternative("other").spillAfter(Duration.ZERO).build());
        List<String> pools = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            pools.add(permit(router.tryAcquire(request())).pool());
        }

        assertThat(pools).containsExactly("main", "main", "other", "other");
        assertThat(shed(router.tryAcquire(request()))).isEqualTo(Admission.Reason.NO_ROOM);
    }

    @Test
    void acquire_alternatives_byPreferenceThenPrice() {
        main.supply(Pools.none());
        Gate fourth = pools.gate("fourth", 1);
        Router router = Router.builder(time)
                .target(
                        target(main),
                        Target.builder(other)
                                .serves(MODEL, 8192)
                                .pricePerThousandTokens(2)
                                .build(),
                        Target.builder(third)
                                .serves(MODEL, 8192)
                                .pricePerRequest(1.5)
                                .build(),
                        Target.builder(fourth)
                                .serves(MODEL, 8192)
                                .pricePerRequest(9)
                                .build())
                .route(route(main)
                        .alternative("fourth")
                        .alternatives("other", "third")
                        .build())
                .build();

        assertThat(permit(router.tryAcquire(request().withTokens(400, 100))).pool())
                .isEqualTo("fourth");
        assertThat(permit(router.tryAcquire(request().withTokens(400, 100))).pool())
                .as("1.00 against 1.50")
                .isEqualTo("other");
        assertThat(permit(router.tryAcquire(request().withTokens(900, 100))).pool())
                .as("2.00 against 1.50")
                .isEqualTo("third");
    }

    @Test
    void acquire_alternativeAboveTheCap_isNotAsked() {
        main.supply(Pools.none());
        Router router = Router.builder(time)
                .target(
                        target(main),
                        Target.builder(other)
                                .serves(MODEL, 8192)
                                .pricePerThousandTokens(2)
                                .build())
                .route(route(main).alternative("other").priceCap(1).build())
                .build();

        assertThat(permit(router.tryAcquire(request().withTokens(400, 100))).pool())
                .isEqualTo("other");
        assertThat(answered(router.tryAcquire(request().withTokens(401, 100))).target())
                .isEqualTo("main");
    }

    @Test
    void acquire_substitute_onlyWhereTheTierAllowsIt() {
        main.supply(Pools.none());
        Target small = Target.builder(other).serves(SMALL, 4096).build();
        Router router = Router.builder(time)
                .target(target(main), small)
                .route(
                        route(main)
                                .substitute("other", SMALL)
                                .substitution(true)
                                .build(),
                        Route.builder(MODEL, "premium")
                                .primary("main")
                                .substitute("other", SMALL)
                                .build())
                .build();

        Routed standard = router.tryAcquire(request());
        Routed premium = router.tryAcquire(RoutedRequest.of(MODEL, "premium"));

        assertThat(permit(standard).pool()).isEqualTo("other");
        assertThat(answered(standard).model()).isEqualTo(SMALL);
        assertThat(answered(premium).target()).isEqualTo("main");
        assertThat(premium.admission()).isInstanceOf(Admission.Shed.class);
    }

    @Test
    void acquire_nobodyAdmitsNow_waitsWhereItWaitsLeast() {
        pools.fill(main, SECOND);
        pools.fill(other, SECOND);
        pools.fill(third, SECOND);
        queue(main, 9);
        queue(other, 5);
        queue(third, 1);
        Target far = Target.builder(third)
                .serves(MODEL, 8192)
                .extraLatency(Duration.ofSeconds(3))
                .build();
        Router router = Router.builder(time)
                .target(target(main), target(other), far)
                .route(route(main).alternatives("other", "third").build())
                .build();

        router.acquire(request(), routed -> {});

        // 5 s, 3 s, and 1 s + 3 s.
        assertThat(other.queued()).isEqualTo(6);
    }

    @Test
    void acquire_allAlike_waitsAtThePrimary() {
        pools.fill(main, SECOND);
        pools.fill(other, SECOND);
        queue(main, 5);
        queue(other, 5);

        router().acquire(request(), routed -> {});

        assertThat(main.queued()).isEqualTo(6);
    }

    @Test
    void acquire_alternativeLaterThanThePrimary_isNotPreferred() {
        pools.fill(main, SECOND);
        queue(main, 4);
        Target slow = Target.builder(other)
                .serves(MODEL, 8192)
                .extraLatency(Duration.ofSeconds(20))
                .build();
        Router router = Router.builder(time)
                .target(target(main), slow)
                .route(route(main).alternative("other").build())
                .build();

        router.acquire(request(), routed -> {});

        assertThat(main.queued()).isEqualTo(5);
    }

    @Test
    void acquire_promptTooLongForThePrimary_goesWhereItFits() {
        Target large = Target.builder(other).serves(MODEL, 131_072).build();
        Router router = Router.builder(time)
                .target(target(main), large)
                .route(route(main).alternative("other").build())
                .build();

        Routed routed = router.tryAcquire(request().withPrompt(8000, 193));

        assertThat(permit(routed).pool()).isEqualTo("other");
        assertThat(answered(routed).reason()).isEqualTo(Reason.PRIMARY_TOO_SHORT);
    }

    // ---- refusals --------------------------------------------------------------------------------------------------

    @Test
    void acquire_refusedAtThePrimary_asksTheNext() {
        Gate full = pools.builder("full").maxQueued(0).limit(Work.slots(1)).build();
        pools.fill(full, SECOND);
        Router router = Router.builder(time)
                .target(target(full), target(other))
                .route(route(full).alternative("other").build())
                .build();

        // 1 s is within the threshold, so it is asked to wait, and has no place.
        Routed routed = router.acquireAsync(request()).join();

        assertThat(permit(routed).pool()).isEqualTo("other");
        assertThat(answered(routed).reason()).isEqualTo(Reason.REFUSED);
    }

    @Test
    void acquire_refusedEverywhere_answersTheSoonestToComeBack() throws InterruptedException {
        Gate full = pools.builder("full").maxQueued(0).limit(Work.slots(1)).build();
        Gate slower = pools.builder("slower").maxQueued(0).limit(Work.slots(1)).build();
        pools.fill(full, Duration.ofSeconds(40));
        pools.fill(slower, SECOND);
        Router router = Router.builder(time)
                .target(target(full), target(slower))
                .route(route(full).alternative("slower").build())
                .build();

        Routed routed = router.acquire(request());

        assertThat(shed(routed)).isEqualTo(Admission.Reason.QUEUE_FULL);
        assertThat(answered(routed).target()).isEqualTo("slower");
        assertThat(full.load().tiers().get(1).shed()).isEqualTo(1);
        assertThat(slower.load().tiers().get(1).shed()).isEqualTo(1);
    }

    @Test
    void acquire_deadlinePassed_isFinal() {
        Routed routed = router().tryAcquire(request().withDeadline(time.nanos() - 1));

        assertThat(shed(routed)).isEqualTo(Admission.Reason.DEADLINE_PASSED);
        assertThat(other.load().tiers().get(1).arrivals()).isZero();
    }

    @Test
    void acquire_evictedWhileWaiting_asksTheNextForTheRestOfItsTime() {
        Gate small = pools.builder("small").maxQueued(1).limit(Work.slots(1)).build();
        pools.fill(small, SECOND);
        Router router = Router.builder(time)
                .target(target(small), target(other))
                .route(route(small).alternative("other").build())
                .build();
        CompletableFuture<Routed> future = router.acquireAsync(request().withTimeout(Duration.ofSeconds(10)));
        assertThat(small.queued()).isEqualTo(1);
        pools.fill(other, Duration.ofSeconds(4));

        small.acquire(Request.of(small.tier("premium")), answer -> {});

        assertThat(other.queued()).as("waits there now").isEqualTo(1);
        time.advance(Duration.ofMillis(5900));
        assertThat(future).isNotDone();
        time.advance(Duration.ofMillis(200));
        assertThat(future.join().admission()).isInstanceOf(Admission.Expired.class);
        assertThat(answered(future.join()).target()).isEqualTo("other");
    }

    @Test
    void acquire_primaryCloses_asksTheNext() {
        main.close();

        assertThat(permit(router().acquireAsync(request()).join()).pool()).isEqualTo("other");
    }

    @Test
    void acquire_expires_isFinal() {
        pools.fill(main, SECOND);
        CompletableFuture<Routed> future = router().acquireAsync(request().withTimeout(SECOND));

        time.advance(Duration.ofSeconds(2));

        assertThat(future.join().admission()).isInstanceOf(Admission.Expired.class);
    }

    @Test
    void acquire_unknown_isAnsweredAsAValue() {
        Router router = router();
        List<Routed> told = new ArrayList<>();

        assertThat(router.tryAcquire(RoutedRequest.of("gpt", "standard"))).isEqualTo(new Unroutable(Why.UNKNOWN_MODEL));
        assertThat(router.acquireAsync(RoutedRequest.of(MODEL, "gold")).join())
                .isEqualTo(new Unroutable(Why.UNKNOWN_TIER));
        RoutedTicket ticket = router.acquire(request().withTokens(8192, 1), told::add);
        assertThat(told).containsExactly(new Unroutable(Why.CONTEXT_TOO_LONG));
        assertThat(ticket.cancel()).isFalse();
        assertThat(ticket.outcome()).contains(told.get(0));
        assertThat(router.unroutable(Why.CONTEXT_TOO_LONG)).isEqualTo(1);
        assertThat(shed(told.get(0))).isEqualTo(Admission.Reason.NO_CAPACITY);
    }

    // ---- giving up -------------------------------------------------------------------------------------------------

    @Test
    void cancel_whileWaiting_leavesTheGateAndIsToldOnce() {
        pools.fill(main, SECOND);
        Router router = router();
        List<Routed> told = new ArrayList<>();
        RoutedTicket ticket = router.acquire(request(), told::add);
        assertThat(ticket.outcome()).isEmpty();

        assertThat(ticket.cancel()).isTrue();
        assertThat(ticket.cancel()).isFalse();

        assertThat(main.queued()).isZero();
        assertThat(told).hasSize(1);
        assertThat(told.get(0).admission()).isInstanceOf(Admission.Cancelled.class);
        assertThat(ticket.outcome()).contains(told.get(0));
    }

    @Test
    void cancel_afterThePermit_changesNothing() {
        List<Routed> told = new ArrayList<>();
        RoutedTicket ticket = router().acquire(request(), told::add);

        assertThat(ticket.cancel()).isFalse();
        assertThat(permit(told.get(0)).closed()).isFalse();
    }

    @Test
    void acquireAsync_futureCancelled_leavesTheGate() {
        pools.fill(main, SECOND);
        CompletableFuture<Routed> future = router().acquireAsync(request());

        future.cancel(false);

        assertThat(main.queued()).isZero();
    }

    @Test
    void acquire_callbackThrows_isCountedAndThePermitStaysItsOwn() {
        Router router = router();
        List<Routed> told = new ArrayList<>();
        router.acquire(request(), routed -> {
            told.add(routed);
            throw new IllegalStateException("a test");
        });

        assertThat(router.callbackFailures()).isEqualTo(1);
        assertThat(permit(told.get(0)).closed()).isFalse();
    }

    @Test
    void acquire_interrupted_holdsNothing() {
        Router router = router();
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> router.acquire(request())).isInstanceOf(InterruptedException.class);
        assertThat(main.inFlight()).isEqualTo(Work.NONE);
    }

    // ---- building --------------------------------------------------------------------------------------------------

    @Test
    void build_missingParts_areAllNamed() {
        Gate plain = Gate.builder("plain")
                .time(time)
                .tier(Tier.builder("gold").build())
                .build();
        Gate strange = Gate.builder("strange")
                .time(new ManualTime())
                .tier(Tier.builder("standard").build())
                .build();

        assertThatThrownBy(() -> Router.builder(time)
                        .target(target(main), target(plain), target(strange))
                        .route(route(main)
                                .alternative("nowhere")
                                .alternative("plain")
                                .substitute("strange", "tiny")
                                .alternative("strange")
                                .alternative("strange")
                                .build())
                        .route(route(main).build())
                        .build())
                .hasMessageContaining("needs a target named nowhere, but there are only [main, plain, strange]")
                .hasMessageContaining("needs a tier standard of target plain, whose gate has only [gold]")
                .hasMessageContaining("needs tiny of target strange, which serves only [llama-70b]")
                .hasMessageContaining("names strange with llama-70b twice")
                .hasMessageContaining("the gate of strange has another clock")
                .hasMessageContaining("two routes for llama-70b, standard");
        assertThatThrownBy(() -> Router.builder(time).build()).hasMessageContaining("no route");
        assertThatThrownBy(() -> Route.builder(MODEL, "standard").build()).hasMessageContaining("no primary");
        assertThatThrownBy(() -> Target.builder(main).build()).hasMessageContaining("serves no model");
    }

    @Test
    void settings_outOfRange_areRefused() {
        Route.Builder route = route(main);
        assertThatThrownBy(() -> route.returnBelow(1.1)).hasMessageContaining("returnBelow");
        assertThatThrownBy(() -> route.spillAfter(Duration.ofSeconds(-1))).hasMessageContaining("spillAfter");
        assertThatThrownBy(() -> route.priceCap(Double.NaN)).hasMessageContaining("priceCap");
        Target.Builder target = Target.builder(main);
        assertThatThrownBy(() -> target.pricePerRequest(-1)).hasMessageContaining("price");
        assertThatThrownBy(() -> target.serves(MODEL, 0)).hasMessageContaining("context");
        assertThatThrownBy(() -> target.extraLatency(Duration.ofSeconds(-1))).hasMessageContaining("extraLatency");
    }

    @Test
    void routed_allCounts_areOfClosedSets() {
        Router router = router();
        permit(router.tryAcquire(request())).close();

        assertThat(router.routed()).containsOnlyKeys("main", "other", "third");
        assertThat(router.routed().get("main")).hasSize(Reason.values().length).containsEntry(Reason.PRIMARY, 1L);
        assertThatThrownBy(() -> router.routed("nowhere", Reason.PRIMARY)).hasMessageContaining("nowhere");
    }
}
