/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import static io.tidegate.routing.Pools.answered;
import static io.tidegate.routing.Pools.permit;
import static io.tidegate.routing.Pools.queue;
import static io.tidegate.routing.Pools.request;
import static io.tidegate.routing.Pools.route;
import static io.tidegate.routing.Pools.target;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.admission.Gate;
import io.tidegate.pool.Work;
import io.tidegate.routing.Routed.Reason;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The worked numbers of docs/routing.md, so that the page stays true. */
class RoutingNumbersTest {

    private final Pools pools = new Pools();
    private final ReplicaBalancer balancer = ReplicaBalancer.of(pools.time);

    private static Endpoint replica(String id) {
        return Endpoint.of(id, URI.create("http://" + id), new Work(64, 131_072));
    }

    private ReplicaLoad load(String id) {
        return balancer.loads().stream()
                .filter(each -> each.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void load_of16RequestsAnd32768Tokens_isAHalf() {
        balancer.update(List.of(replica("a")));
        for (int i = 0; i < 16; i++) {
            balancer.choose(2048);
        }

        assertThat(load("a").load()).isCloseTo(0.25 + 0.25, within(1e-9));
    }

    @Test
    void imbalance_ofThreeQuartersAndAQuarter_isAHalf() {
        balancer.update(List.of(replica("a")));
        for (int i = 0; i < 24; i++) {
            balancer.choose(2048);
        }
        balancer.update(List.of(replica("b")));
        for (int i = 0; i < 8; i++) {
            balancer.choose(2048);
        }
        balancer.update(List.of(replica("a"), replica("b")));

        assertThat(load("a").load()).isEqualTo(0.75);
        assertThat(load("b").load()).isEqualTo(0.25);
        assertThat(balancer.imbalance()).isCloseTo(0.5, within(1e-9));
    }

    @Test
    void weight_after12Seconds_is55Percent() {
        balancer.update(List.of(replica("a")));
        balancer.update(List.of(replica("a"), replica("b")));
        pools.time.advance(Duration.ofSeconds(12));

        assertThat(load("b").weight()).isCloseTo(0.55, within(1e-9));
    }

    @Test
    void ejections_are10_20_40_80_160_300_300Seconds() {
        balancer.update(List.of(replica("a"), replica("b")));
        for (int seconds : new int[] {10, 20, 40, 80, 160, 300, 300}) {
            while (balancer.ejected() == 0) {
                Dispatch dispatch = (Dispatch) balancer.choose(0);
                if (dispatch.id().equals("a")) {
                    dispatch.failed();
                }
            }
            pools.time.advance(Duration.ofSeconds(seconds).minusNanos(1));
            assertThat(balancer.ejected()).isEqualTo(1);
            pools.time.advance(Duration.ofNanos(1));
            assertThat(balancer.ejected()).isZero();
        }
    }

    @Test
    void budget_of250AcceptedInTenSeconds_is25Retries() {
        RetryBudget budget = RetryBudget.of(pools.time);
        for (int i = 0; i < 250; i++) {
            budget.accepted();
        }
        int retries = 0;
        while (budget.tryRetry(false)) {
            retries++;
        }
        assertThat(retries).isEqualTo(25);
    }

    @Test
    void spill_at2500Milliseconds_isAboveTwoSecondsAndReturnsAtOne() {
        Gate main = pools.gate("main", 2);
        Gate other = pools.gate("other", 2);
        pools.fill(main, Duration.ofSeconds(1));
        queue(main, 3);
        Router router = Router.builder(pools.time)
                .target(target(main), target(other))
                .route(route(main).alternative("other").build())
                .build();

        assertThat(main.predictedWait(main.tier("standard")).orElseThrow())
                .isCloseTo(Duration.ofSeconds(2), Duration.ofNanos(2));
        router.acquire(request(), routed -> {});
        assertThat(main.queued()).as("2 s is not above the threshold").isEqualTo(4);
        Routed routed = router.acquireAsync(request()).join();
        assertThat(permit(routed).pool()).isEqualTo("other");
        assertThat(answered(routed).reason()).isEqualTo(Reason.SPILLED_WAIT);
    }

    @Test
    void price_of700TokensAt2PerThousandAndHalfPerRequest_is1_90() {
        Target target = Target.builder(pools.gate("cloud", 1))
                .serves(Pools.MODEL, 8192)
                .pricePerRequest(0.5)
                .pricePerThousandTokens(2)
                .build();
        Candidate candidate = new Candidate(new Place(target), 0, target.gate().tier("standard"), Pools.MODEL, 8192, 0);

        assertThat(candidate.price(700)).isCloseTo(1.9, within(1e-9));
    }
}
