/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.quota.Quota;
import io.tidegate.quota.Quotas;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What was once wrong: quotas, promises, lending and turns at the gate. */
class GateSharingFaultsTest {

    private final ManualTime time = new ManualTime();

    private Gate.Builder gate(Work limit, Tier... tiers) {
        Gate.Builder builder = Gate.builder("chat")
                .time(time)
                .seed(1)
                .callbackExecutor(Runnable::run)
                .limit(limit);
        for (Tier tier : tiers) {
            builder.tier(tier);
        }
        return builder;
    }

    private static Tier.Builder tier(String name) {
        return Tier.builder(name).maxQueueTime(Duration.ofMinutes(1)).floor(0);
    }

    private static Permit permit(Admission admission) {
        assertThat(admission).isInstanceOf(Permit.class);
        return (Permit) admission;
    }

    private List<Admission> ask(Gate gate, Request request) {
        List<Admission> answers = new ArrayList<>();
        gate.acquire(request, answers::add);
        return answers;
    }

    @Test
    void budget_growth_isChargedOnce() {
        Tier tier = tier("only").build();
        Quotas quotas = Quotas.builder(time)
                .tenant("acme", Quota.builder().budget(1_000_000).build())
                .build();
        Gate gate = gate(new Work(10, 1_000_000), tier).quotas(quotas).build();
        Permit permit =
                permit(gate.tryAcquire(Request.of(tier).withTenant("acme").withTokens(0, 16)));
        permit.progress(10_000);
        permit.close(Outcome.COMPLETED, new Usage(0, 10_000));
        assertThat(quotas.remaining("acme").budget()).isEqualTo(990_000);
    }

    @Test
    void budget_cut_isChargedOnce() {
        Tier tier = tier("only").build();
        Quotas quotas = Quotas.builder(time)
                .tenant("acme", Quota.builder().budget(1_000_000).build())
                .build();
        Gate gate = gate(new Work(10, 1_600), tier).quotas(quotas).build();
        Permit permit =
                permit(gate.tryAcquire(Request.of(tier).withTenant("acme").withTokens(0, 100_000)));
        permit.close(Outcome.COMPLETED, new Usage(0, 1_000));
        assertThat(quotas.remaining("acme").budget()).isEqualTo(999_000);
    }

    @Test
    void lending_poolOfOneSlot_isLentAgainWhenIdle() {
        Tier gold = tier("gold").guarantee(0.1).build();
        Tier batch = tier("batch").build();
        Gate gate = gate(Work.slots(1), gold, batch).build();
        Permit used = permit(gate.tryAcquire(Request.of(gold)));
        time.advance(Duration.ofSeconds(11));
        ask(gate, Request.of(batch).withTimeout(Duration.ofSeconds(1)));
        time.advance(Duration.ofSeconds(11));
        ask(gate, Request.of(batch).withTimeout(Duration.ofSeconds(1)));
        time.advance(Duration.ofSeconds(2));
        used.close();
        for (int i = 0; i < 720; i++) {
            time.advance(Duration.ofSeconds(10));
            ask(gate, Request.of(batch).withTimeout(Duration.ofSeconds(1))).forEach(each -> {
                if (each instanceof Permit permit) {
                    permit.close(Outcome.COMPLETED, Usage.NONE);
                }
            });
        }
        time.advance(Duration.ofSeconds(10));
        assertThat(gate.tryAcquire(Request.of(batch))).isInstanceOf(Permit.class);
    }

    @Test
    void correction_ofOneThatWasNotCharged_earnsNoCredit() {
        Tier tier = tier("only").build();
        Gate gate = gate(new Work(2, 1_000_000), tier).build();
        Permit one = permit(gate.tryAcquire(Request.of(tier).withTenant("evil").withTokens(0, 400_000)));
        Permit two = permit(gate.tryAcquire(Request.of(tier).withTenant("evil").withTokens(0, 400_000)));
        List<String> order = new ArrayList<>();
        List<Permit> held = new ArrayList<>();
        for (String tenant : List.of("good", "evil")) {
            for (int i = 0; i < 10; i++) {
                gate.acquire(Request.of(tier).withTenant(tenant).withTokens(0, 160), answer -> {
                    order.add(tenant);
                    held.add((Permit) answer);
                });
            }
        }
        one.close(Outcome.COMPLETED, new Usage(0, 160));
        two.close(Outcome.COMPLETED, new Usage(0, 160));
        for (int i = 0; i < 8; i++) {
            held.get(i).close(Outcome.COMPLETED, new Usage(0, 160));
        }
        assertThat(order.stream().filter("good"::equals).count())
                .as("%s", order)
                .isBetween(4L, 6L);
    }

    @Test
    void lending_roomThatTimeBrings_isGranted() {
        Tier gold = tier("gold").guarantee(0.4).lends(0).build();
        Tier batch = tier("batch").build();
        Gate gate = gate(Work.slots(100), gold, batch).build();
        Permit some = permit(gate.tryAcquire(Request.of(batch)));
        time.advance(Duration.ofSeconds(1));
        some.close();
        for (int i = 0; i < 40; i++) {
            permit(gate.tryAcquire(Request.of(gold)));
        }
        for (int i = 0; i < 20; i++) {
            permit(gate.tryAcquire(Request.of(batch)));
        }
        List<Admission> next = ask(gate, Request.of(batch));
        time.advance(Duration.ofSeconds(30));
        assertThat(next).as("40 slots are free").isNotEmpty();
        assertThat(next.get(0)).isInstanceOf(Permit.class);
    }

    @Test
    void promise_thatTimeBrings_isGranted() {
        Tier gold = tier("gold").build();
        Tier batch = tier("batch").ceiling(0.5).tokensPerSecond(100).build();
        Gate gate = gate(new Work(10, 160_000), gold, batch).build();
        for (int i = 0; i < 6; i++) {
            permit(gate.tryAcquire(Request.of(gold).withTokens(0, 160)));
        }
        List<Admission> next = ask(gate, Request.of(batch).withTokens(0, 160));
        time.advance(Duration.ofSeconds(30));
        assertThat(next).as("due after 1.6 s").isNotEmpty();
        assertThat(next.get(0)).isInstanceOf(Permit.class);
    }

    @Test
    void promise_requestsWithoutTokens_doNotTakeAll() {
        Tier gold = tier("gold").build();
        Tier batch = tier("batch").ceiling(0.5).tokensPerSecond(1).build();
        Gate gate = gate(new Work(1, 160_000), gold, batch).build();
        List<String> order = new ArrayList<>();
        List<Permit> held = new ArrayList<>();
        held.add(permit(gate.tryAcquire(Request.of(gold))));
        for (Tier tier : List.of(gold, batch)) {
            for (int i = 0; i < 20; i++) {
                gate.acquire(Request.of(tier), answer -> {
                    order.add(tier.name());
                    held.add((Permit) answer);
                });
            }
        }
        for (int i = 0; i < 20; i++) {
            time.advance(Duration.ofMillis(100));
            held.get(i).close();
        }
        assertThat(order.stream().filter("gold"::equals).count())
                .as("%s", order)
                .isGreaterThanOrEqualTo(9);
    }

    @Test
    void quota_poolThatCountsSlotsAlone_holds() {
        Tier tier = tier("only").build();
        Quotas quotas = Quotas.builder(time)
                .tenant("acme", Quota.builder().tokensPerMinute(1_000).build())
                .build();
        Gate gate = gate(new Work(100, 0), tier).quotas(quotas).build();
        int admitted = 0;
        for (int i = 0; i < 20; i++) {
            if (gate.tryAcquire(Request.of(tier).withTenant("acme").withTokens(0, 1_000)) instanceof Permit) {
                admitted++;
            }
        }
        assertThat(admitted).isEqualTo(1);
    }

    @Test
    void appointments_ofOneThatAsksWithNewKeys_doNotCloseTheQueueToOthers() {
        Tier tier = tier("only").build();
        Gate gate = gate(Work.slots(1), tier).build();
        Permit permit = permit(gate.tryAcquire(Request.of(tier)));
        time.advance(Duration.ofSeconds(10));
        permit.close(Outcome.COMPLETED, Usage.NONE);
        for (int i = 0; i < 100; i++) {
            ask(gate, Request.of(tier).withTenant("evil").withKey("k" + i).withDeadline(time.nanos() - 1));
        }
        permit(gate.tryAcquire(Request.of(tier)));
        List<Admission> good = ask(gate, Request.of(tier).withTenant("good"));
        assertThat(good).as("nobody waits, 10 s are expected, 60 s are allowed").isEmpty();
    }

    @Test
    void appointments_ofOneThatIsRefusedAgainAndAgain_doNotCloseTheQueueToOthers() {
        Tier tier = tier("only").build();
        Gate gate = gate(Work.slots(1), tier).build();
        Permit permit = permit(gate.tryAcquire(Request.of(tier)));
        time.advance(Duration.ofSeconds(10));
        permit.close(Outcome.COMPLETED, Usage.NONE);
        permit(gate.tryAcquire(Request.of(tier)));
        for (int i = 0; i < 100; i++) {
            assertThat(gate.tryAcquire(Request.of(tier).withTenant("evil").withKey("k" + i)))
                    .isInstanceOf(Admission.Shed.class);
        }
        List<Admission> good = ask(gate, Request.of(tier).withTenant("good"));
        assertThat(good).as("nobody waits, 10 s are expected, 60 s are allowed").isEmpty();
        assertThat(ask(gate, Request.of(tier).withTenant("evil")))
                .as("its own are in its way")
                .hasSize(1);
    }

    @Test
    void displacement_byLargeRequests_leavesOthersTheirPlaces() {
        Tier tier = tier("only").maxQueuedTokens(16_000).build();
        Gate gate = gate(new Work(1, 160_000), tier).build();
        permit(gate.tryAcquire(Request.of(tier)));
        List<Admission> evicted = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            gate.acquire(Request.of(tier).withTenant("good").withTokens(0, 16), evicted::add);
        }
        ask(gate, Request.of(tier).withTenant("evil").withTokens(0, 8_000));
        ask(gate, Request.of(tier).withTenant("evil").withTokens(0, 8_000));
        assertThat(evicted).as("evicted by two").hasSizeLessThan(10);
    }
}
