/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.admission.GuardedTierResolver.Resolved;
import io.tidegate.admission.spi.RequestFacts;
import io.tidegate.admission.spi.TierResolver;
import io.tidegate.admission.spi.TierResolver.Choice;
import io.tidegate.contracts.Facts;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.supply.Supply;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TierResolversTest {

    private static final List<String> TIERS = List.of("gold", "silver", "bronze");
    private static final RequestFacts ANY = Facts.request().build();

    private final ManualTime time = new ManualTime(Long.MAX_VALUE - 5, java.time.Instant.EPOCH);
    private final Gate gate = Gate.builder("chat")
            .time(time)
            .tier(Tier.builder("gold").build())
            .tier(Tier.builder("silver").build())
            .tier(Tier.builder("bronze").build())
            .supply(Supply.fixed(1, Work.slots(4)))
            .build();
    private final AtomicInteger asked = new AtomicInteger();

    @AfterEach
    void close() {
        gate.close();
    }

    private GuardedTierResolver guarded(TierResolver resolver) {
        return TierResolvers.guarded(
                facts -> {
                    asked.incrementAndGet();
                    return resolver.resolve(facts);
                },
                gate);
    }

    private static Choice down(RequestFacts facts) {
        throw new IllegalStateException("directory is down");
    }

    @Test
    void resolve_knownTier_isTheGatesOwn() {
        Resolved resolved = guarded(facts -> new Choice("silver", "acme")).resolve(ANY);

        assertThat(resolved).isEqualTo(new Resolved(gate.tier("silver"), "acme"));
        assertThat(gate.tryAcquire(resolved.request())).isInstanceOf(Permit.class);
        assertThat(guarded(facts -> new Choice("gold", null)).resolve(ANY))
                .isEqualTo(new Resolved(gate.tier("gold"), Request.ANONYMOUS));
    }

    @Test
    void resolve_throwsOrGivesNull_isTheLowestTierAndCounted() {
        GuardedTierResolver error = guarded(facts -> {
            throw new StackOverflowError();
        });
        GuardedTierResolver none = guarded(facts -> null);

        assertThat(error.resolve(ANY)).isEqualTo(new Resolved(gate.tier("bronze"), Request.ANONYMOUS));
        assertThat(none.resolve(ANY).tier()).isSameAs(gate.tier("bronze"));
        assertThat(error.failures()).isOne();
        assertThat(none.failures()).isOne();
    }

    @Test
    void resolve_unknownTier_isTheLowestAndCountedAndNeverSwitchesItOff() {
        GuardedTierResolver unknown = guarded(facts -> new Choice("platinum", "acme"));

        for (int i = 0; i < 10; i++) {
            assertThat(unknown.resolve(ANY)).isEqualTo(new Resolved(gate.tier("bronze"), "acme"));
        }
        assertThat(asked).hasValue(10);
        assertThat(unknown.unknownTiers()).isEqualTo(10);
        assertThat(unknown.failures()).isZero();
        assertThat(unknown.skipped()).isZero();
    }

    @Test
    void resolve_failedThreeTimesInARow_isNotAskedFor30Seconds() {
        GuardedTierResolver failing = guarded(TierResolversTest::down);
        for (int i = 0; i < 5; i++) {
            assertThat(failing.resolve(ANY).tier()).isSameAs(gate.tier("bronze"));
        }
        assertThat(asked).hasValue(3);
        assertThat(failing.skipped()).isEqualTo(2);

        time.advance(Duration.ofSeconds(30).minusNanos(1));
        failing.resolve(ANY);
        assertThat(asked).hasValue(3);

        time.advance(Duration.ofNanos(1));
        failing.resolve(ANY);
        failing.resolve(ANY);
        assertThat(asked).as("one request tries, and it failed").hasValue(4);
        assertThat(failing.failures()).isEqualTo(4);
    }

    @Test
    void resolve_answersAgain_isAskedAgain() {
        AtomicInteger failures = new AtomicInteger(3);
        GuardedTierResolver recovering =
                guarded(facts -> failures.getAndDecrement() > 0 ? down(facts) : new Choice("gold", null));
        for (int i = 0; i < 4; i++) {
            recovering.resolve(ANY);
        }
        time.advance(Duration.ofSeconds(30));

        assertThat(recovering.resolve(ANY).tier()).isSameAs(gate.tier("gold"));
        assertThat(recovering.resolve(ANY).tier()).isSameAs(gate.tier("gold"));
        assertThat(asked).hasValue(5);
    }

    @Test
    void resolve_failuresNotInARow_areForgotten() {
        GuardedTierResolver every2nd = guarded(facts -> asked.get() % 2 == 0 ? down(facts) : new Choice("gold", null));
        for (int i = 0; i < 20; i++) {
            every2nd.resolve(ANY);
        }
        assertThat(asked).hasValue(20);
    }

    @Test
    void resolve_whileItIsTried_nobodyElseAsks() {
        GuardedTierResolver[] self = new GuardedTierResolver[1];
        AtomicInteger depth = new AtomicInteger();
        self[0] = guarded(facts -> {
            if (depth.incrementAndGet() > 3) {
                // Somebody else comes while it is tried.
                assertThat(self[0].resolve(ANY).tier()).isSameAs(gate.tier("bronze"));
            }
            return down(facts);
        });
        for (int i = 0; i < 3; i++) {
            self[0].resolve(ANY);
        }
        time.advance(Duration.ofSeconds(31));
        self[0].resolve(ANY);

        assertThat(asked).hasValue(4);
        assertThat(self[0].skipped()).isOne();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gold",
                "GOLD",
                " gold ",
                "\tgold",
                "gold, gold",
                "gold\r\nx-tier: gold",
                "\u0261old",
                "g\u043eld",
                "gold\u0000",
                "ｇｏｌｄ",
                "\"gold\"",
                "gold;q=1",
                "",
                ",",
                ",,,",
                "platinum",
                "0",
                "-1",
                "*",
                "\u212aold",
                "gold\u200b"
            })
    void capped_howeverItIsWritten_isNeverAboveWhatWasGranted(String value) {
        HeaderTier header = HeaderTier.of("X-Tier", TIERS);

        assertThat(header.capped(Facts.request().header("x-tier", value).build(), "silver"))
                .isEqualTo("silver");
        assertThat(header.capped(
                        Facts.request()
                                .header("x-tier", value)
                                .header("X-TIER", "gold")
                                .build(),
                        "bronze"))
                .isEqualTo("bronze");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"bronze", "Bronze", " bronze\t", "gold, bronze", "bronze,gold", "silver,bronze,", "x, bronze"})
    void capped_asksForALowerTier_getsIt(String value) {
        HeaderTier header = HeaderTier.of("x-tier", TIERS);

        assertThat(header.capped(Facts.request().header("X-Tier", value).build(), "silver"))
                .isEqualTo("bronze");
    }

    @Test
    void capped_sentSeveralTimes_theLowestCounts() {
        RequestFacts facts = Facts.request()
                .header("x-tier", "bronze")
                .header("x-tier", "gold")
                .build();

        assertThat(HeaderTier.of("x-tier", TIERS).capped(facts, "gold")).isEqualTo("bronze");
    }

    @Test
    void capped_notAsked_isWhatWasGranted() {
        assertThat(HeaderTier.of("x-tier", TIERS).capped(ANY, "gold")).isEqualTo("gold");
    }

    @Test
    void capped_grantedIsNoTier_isTheLowest() {
        RequestFacts facts = Facts.request().header("x-tier", "gold").build();

        assertThat(HeaderTier.of("x-tier", TIERS).capped(facts, "admin")).isEqualTo("bronze");
    }

    @Test
    void capped_lookAlikesOfATier_askForNothing() {
        // By Unicode, the Kelvin sign is a k in another case.
        HeaderTier header = HeaderTier.of("x-tier", List.of("top", "k"));

        assertThat(header.capped(Facts.request().header("x-tier", "\u212a").build(), "top"))
                .isEqualTo("top");
        assertThat(header.capped(Facts.request().header("x-tier", "K").build(), "top"))
                .isEqualTo("k");
    }

    @Test
    void of_wrong_isNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HeaderTier.of("x-tier", List.of("a", "a")))
                .withMessage("tiers must be at least one, each once, but were [a, a]");
        assertThatIllegalArgumentException().isThrownBy(() -> HeaderTier.of("x-tier", List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> HeaderTier.of(" ", TIERS));
    }
}
