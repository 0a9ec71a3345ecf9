/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is kept for a tier with a guarantee, what is lent of it, and promises of tokens per second. */
class GuaranteesTest {

    private static final int SLOTS = 100;

    private final ManualTime time = new ManualTime();

    private Gate.Builder gate(Tier... tiers) {
        Gate.Builder builder = Gate.builder("chat")
                .time(time)
                .seed(1)
                .shedByRank(false)
                .callbackExecutor(Runnable::run)
                .limit(Work.slots(SLOTS));
        for (Tier tier : tiers) {
            builder.tier(tier);
        }
        return builder;
    }

    private static Tier.Builder tier(String name) {
        return Tier.builder(name).maxQueueTime(Duration.ofMinutes(1)).maxQueued(10_000);
    }

    private static List<Permit> takeAll(Gate gate, Tier tier) {
        List<Permit> taken = new ArrayList<>();
        while (gate.tryAcquire(Request.of(tier)) instanceof Permit permit) {
            taken.add(permit);
        }
        return taken;
    }

    // ---- guarantee and lending -------------------------------------------------------------------------------------

    @Test
    void guarantee_notLent_isKeptFreeFromTheBeginning() {
        Tier premium = tier("premium").guarantee(0.4).lends(0).build();
        Tier batch = tier("batch").floor(0).build();
        Gate gate = gate(premium, batch).build();
        look(gate, batch);

        assertThat(takeAll(gate, batch)).hasSize(60);
        assertThat(takeAll(gate, premium)).hasSize(40);
    }

    @Test
    void guarantee_idle_isLent() {
        Tier premium = tier("premium").guarantee(0.4).build();
        Tier batch = tier("batch").floor(0).build();
        Gate gate = gate(premium, batch).build();
        look(gate, batch);

        assertThat(takeAll(gate, batch)).hasSize(100);
    }

    @Test
    void guarantee_neededOfLate_isKeptForAWhile() {
        Tier premium = tier("premium").guarantee(0.4).build();
        Tier batch = tier("batch").floor(0).build();
        Gate gate = gate(premium, batch).build();
        // For a minute 30 of its 40 slots are in use; then all end at once.
        List<Permit> held = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            held.add((Permit) gate.tryAcquire(Request.of(premium)));
        }
        for (int second = 0; second < 60; second++) {
            time.advance(Duration.ofSeconds(1));
            look(gate, batch);
        }
        held.forEach(Permit::close);
        time.advance(Duration.ofSeconds(1));
        look(gate, batch);

        List<Permit> low = takeAll(gate, batch);
        assertThat(low.size()).isBetween(68, 72);
        low.forEach(Permit::close);

        // Half of it is lent again after five minutes, the half-life of the smoothed demand.
        for (int second = 0; second < 290; second++) {
            time.advance(Duration.ofSeconds(1));
            look(gate, batch);
        }
        assertThat(gate.openTo(batch)).isCloseTo(0.85, within(0.04));
    }

    @Test
    void guarantee_highTierComesBack_getsItsShareAsLentPermitsEnd() {
        Tier premium = tier("premium").guarantee(0.4).weight(1).build();
        Tier batch = tier("batch").weight(20).floor(0).build();
        Gate gate = gate(premium, batch).build();
        VirtualLoad load = new VirtualLoad(time, 7);
        // The low tier wants all, and by its weight would have nearly all.
        load.arrivals(() -> 300, 300, () -> load.ask(gate, "batch", Request.of(batch), load.exponential(1)));
        load.after(
                60,
                () -> load.arrivals(
                        () -> 60, 240, () -> load.ask(gate, "premium", Request.of(premium), load.exponential(1))));
        load.run(100);
        int before = load.of("premium").ended;
        load.run(150);

        double premiumPerSecond = (load.of("premium").ended - before) / 150.0;
        // And of the other 60 what its floor and its weight are: 3 each.
        assertThat(premiumPerSecond).as("40 of 100 slots of 1 s").isBetween(39.0, 48.0);
    }

    @Test
    void guarantee_largeRequestOfAnother_isNotCutToWhatIsOpen() {
        Tier premium = tier("premium").guarantee(0.9).lends(0).build();
        Tier batch = tier("batch").floor(0).build();
        Gate gate = Gate.builder("chat")
                .tier(premium)
                .tier(batch)
                .time(time)
                .limit(new Work(SLOTS, 100_000))
                .build();
        look(gate, batch);

        // 10,000 are open to it; it needs 50,000 and does not run as if it needed fewer.
        assertThat(gate.tryAcquire(Request.of(batch).withTokens(50_000, 0))).isInstanceOf(Admission.Shed.class);
        assertThat(gate.tryAcquire(Request.of(batch).withTokens(5_000, 0))).isInstanceOf(Permit.class);
        assertThat(gate.openTo(batch)).isCloseTo(0.1, within(0.001));
    }

    /** A period passes and somebody ends, so that the gate looks at who needs what. */
    private void look(Gate gate, Tier tier) {
        time.advance(Duration.ofMillis(200));
        if (gate.tryAcquire(Request.of(tier)) instanceof Permit permit) {
            permit.close();
        }
    }

    @Test
    void build_guaranteesAboveOne_saysSo() {
        assertThatThrownBy(() -> gate(
                                tier("a").guarantee(0.6).build(),
                                tier("b").guarantee(0.5).build())
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("guarantees of pool chat's tiers must be at most 1 together but are 1.1");
    }

    // ---- tokens per second -----------------------------------------------------------------------------------------

    @Test
    void tokensPerSecond_othersOverload_isKept() {
        Tier promised = tier("promised").weight(1).tokensPerSecond(2_000).build();
        Tier other = tier("other").weight(50).build();
        Gate gate = gate(promised, other).build();
        VirtualLoad load = new VirtualLoad(time, 9);
        // 100 slots of 10 s and 500 tokens: 5,000 tokens a second, of which its weight alone would give it 100.
        load.arrivals(
                () -> 40,
                600,
                () -> load.ask(gate, "other", Request.of(other).withTokens(300, 200), load.exponential(10)));
        load.arrivals(
                () -> 8,
                600,
                () -> load.ask(gate, "promised", Request.of(promised).withTokens(300, 200), load.exponential(10)));
        load.run(60);
        int before = load.of("promised").admitted;
        load.run(500);

        double tokens = (load.of("promised").admitted - before) * 500 / 500.0;
        assertThat(tokens).as("of 4,000 asked for").isBetween(1_950.0, 2_250.0);
        for (ThroughputBreach cause : ThroughputBreach.values()) {
            assertThat(gate.throughputBreaches(promised, cause))
                    .as(cause.name())
                    .isLessThanOrEqualTo(2);
        }
    }

    @Test
    void tokensPerSecond_ofATenant_isKeptAgainstOthersOfItsTier() {
        Tier tier = tier("standard").build();
        Gate gate = gate(tier).tokensPerSecond(tier, "acme", 2_500).build();
        VirtualLoad load = new VirtualLoad(time, 10);
        for (String tenant : List.of("acme", "b", "c", "d", "e", "f", "g", "h", "i", "j")) {
            load.arrivals(
                    () -> 8,
                    600,
                    () -> load.ask(
                            gate,
                            tenant,
                            Request.of(tier).withTenant(tenant).withTokens(300, 200),
                            load.exponential(10)));
        }
        load.run(60);
        int before = load.of("acme").admitted;
        load.run(500);

        // In turn with nine others it would have 500.
        assertThat((double) (load.of("acme").admitted - before)).isBetween(2_400.0, 2_800.0);
    }

    @Test
    void tokensPerSecond_morePromisedThanThePoolHas_isMeteredWithItsCause() {
        Tier promised = tier("promised").tokensPerSecond(8_000).build();
        Gate gate = gate(promised).build();
        VirtualLoad load = new VirtualLoad(time, 11);
        load.arrivals(
                () -> 20,
                300,
                () -> load.ask(gate, "promised", Request.of(promised).withTokens(300, 200), load.exponential(10)));
        load.run(300);

        assertThat(gate.throughputBreaches(promised, ThroughputBreach.POOL_TOO_SLOW))
                .isGreaterThan(15);
        assertThat(gate.throughputBreaches(promised, ThroughputBreach.NO_CAPACITY))
                .isZero();

        gate.supply(Supply.fixed(0, Work.NONE));
        load.arrivals(
                () -> 20,
                60,
                () -> load.ask(gate, "promised", Request.of(promised).withTokens(300, 200), load.exponential(10)));
        load.run(60);
        assertThat(gate.throughputBreaches(promised, ThroughputBreach.NO_CAPACITY))
                .isGreaterThan(2);
    }

    // ---- expected output, and what is written beyond it ------------------------------------------------------------

    @Test
    void withPrompt_expectsWhatWasWrittenAndNeverMoreThanTheMost() {
        Tier tier = tier("standard").build();
        Gate gate = gate(tier).build();
        Request request = Request.of(tier).withModel("large").withPrompt(100, 4_000);
        assertThat(gate.expectedOutputTokens(tier, "large", 4_000)).isEqualTo(256);

        for (int i = 0; i < 500; i++) {
            ((Permit) gate.tryAcquire(request)).close(Outcome.COMPLETED, new Usage(100, 640));
            ((Permit) gate.tryAcquire(request.withModel("small"))).close(Outcome.COMPLETED, new Usage(100, 64));
        }

        assertThat(gate.expectedOutputTokens(tier, "large", 4_000)).isEqualTo(640);
        assertThat(gate.expectedOutputTokens(tier, "small", 4_000)).isEqualTo(64);
        assertThat(gate.expectedOutputTokens(tier, "large", 200)).isEqualTo(200);
        Permit permit = (Permit) gate.tryAcquire(request);
        assertThat(gate.inFlight().tokens()).isEqualTo(752);
        permit.close(Outcome.CANCELLED, new Usage(100, 3));
        assertThat(gate.expectedOutputTokens(tier, "large", 4_000))
                .as("what was cut off tells nothing")
                .isEqualTo(640);
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void progress_beyondWhatWasExpected_countsAsInFlightUntilItIsClosed() {
        Tier tier = tier("standard").build();
        Gate gate = gate(tier).build();
        Permit permit = (Permit) gate.tryAcquire(Request.of(tier).withTokens(160, 160));
        permit.progress(100);
        assertThat(gate.inFlight().tokens()).isEqualTo(320);

        permit.progress(1_000);
        assertThat(gate.inFlight().tokens()).isBetween(1_160L, 1_160L + 64 * 16);
        permit.firstToken();
        permit.progress(900);
        permit.progress(5_000);
        assertThat(gate.inFlight()).isEqualTo(new Work(1, gate.inFlight().tokens()));
        assertThat(gate.inFlight().tokens()).isBetween(5_160L, 5_160L + 64 * 16);

        permit.close(Outcome.COMPLETED, new Usage(160, 5_000));
        permit.progress(9_000);
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
        assertThat(gate.load().tiers().get(0).tokensInFlight()).isZero();
    }

    @Test
    void progress_nonsense_isBoundedAndGivenBack() {
        Tier tier = tier("standard").build();
        Gate gate = Gate.builder("chat")
                .tier(tier)
                .time(time)
                .limit(new Work(4, 100_000))
                .build();
        Permit permit = (Permit) gate.tryAcquire(Request.of(tier).withTokens(160, 160));
        permit.progress(Long.MAX_VALUE);
        permit.progress(-5);
        assertThat(gate.inFlight().tokens()).isBetween(100_000L, 101_000L);

        permit.close();
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);
    }
}
