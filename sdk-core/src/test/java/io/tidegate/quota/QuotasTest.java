/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.quota.Quotas.Remaining;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuotasTest {

    private static final long MANY = Long.MAX_VALUE;
    private static final Quota SMALL = Quota.perMinute(60, 1_000);

    private final ManualTime time = new ManualTime();

    private Quotas.Builder builder() {
        return Quotas.builder(time).random(new SplittableRandom(7)::nextLong);
    }

    @Nested
    class Levels {

        @Test
        void reserve_nothingSet_alwaysPasses() {
            Quotas quotas = builder().build();
            QuotaTier tier = quotas.tier("any");

            assertThat(quotas.reserve("a", tier, MANY)).isZero();
            quotas.settle("a", tier, MANY, 0);
            quotas.cancel("a", tier, MANY);
            assertThat(quotas.remaining("a", tier)).isEqualTo(new Remaining(MANY, MANY, MANY));
            assertThat(quotas.tenants()).isZero();
            assertThat(tier).hasToString("any");
            assertThat(tier.name()).isEqualTo("any");
        }

        @Test
        void reserve_eachTenant_hasItsOwn() {
            Quotas quotas = builder().eachTenant(SMALL).build();
            QuotaTier tier = quotas.tier("any");

            assertThat(quotas.reserve("a", tier, 1_000)).isZero();

            assertThat(quotas.reserve("a", tier, 1)).isEqualTo(60_000_000);
            assertThat(quotas.reserve("b", tier, 1_000)).isZero();
            assertThat(quotas.tenants()).isEqualTo(2);
        }

        @Test
        void reserve_namedTenant_hasItsQuotaInPlaceOfEachTenants() {
            Quotas quotas = builder()
                    .eachTenant(SMALL)
                    .tenant("big", Quota.perMinute(60, 5_000))
                    .tenant("free", Quota.unlimited())
                    .build();
            QuotaTier tier = quotas.tier("any");

            assertThat(quotas.reserve("big", tier, 5_000)).isZero();
            assertThat(quotas.reserve("big", tier, 1)).isPositive();
            assertThat(quotas.reserve("free", tier, MANY)).isZero();
            assertThat(quotas.reserve("free", tier, MANY)).isZero();
            assertThat(quotas.tenants()).as("not named").isZero();
        }

        @Test
        void reserve_requestsUsedUp_isRefusedThoughTokensAreLeft() {
            Quotas quotas = builder().eachTenant(Quota.perMinute(2, 1_000)).build();
            QuotaTier tier = quotas.tier("any");
            quotas.reserve("a", tier, 1);
            quotas.reserve("a", tier, 1);

            assertThat(quotas.reserve("a", tier, 1)).isEqualTo(30_000_000_000L);
            assertThat(quotas.remaining("a")).isEqualTo(new Remaining(0, 998, MANY));
        }

        @Test
        void reserve_tierUsedUpByOthers_takesNothingFromTheTenant() {
            Quotas quotas = builder().eachTenant(SMALL).tier("batch", SMALL).build();
            QuotaTier batch = quotas.tier("batch");
            quotas.reserve("a", batch, 900);

            assertThat(quotas.reserve("b", batch, 200)).isEqualTo(6_000_000_000L);

            assertThat(quotas.remaining("b")).isEqualTo(new Remaining(60, 1_000, MANY));
            assertThat(quotas.remaining(batch)).isEqualTo(new Remaining(59, 100, MANY));
            assertThat(quotas.reserve("b", quotas.tier("other"), 200)).isZero();
        }

        @Test
        void reserve_severalLevelsLack_isToldTheLongestWait() {
            Quotas quotas = builder()
                    .tenant("a", Quota.perMinute(60, 1_000))
                    .tier("batch", Quota.perMinute(60, 2_000))
                    .tenantInTier("a", "batch", Quota.perMinute(1, 3_000))
                    .build();
            QuotaTier batch = quotas.tier("batch");
            quotas.reserve("a", batch, 1_000);

            assertThat(quotas.reserve("a", batch, 100)).isEqualTo(60_000_000_000L);
        }

        @Test
        void reserve_tenantInTier_isLimitedThereOnly() {
            Quotas quotas = builder()
                    .tier("batch", Quota.perMinute(60, 100_000))
                    .tenantInTier("a", "batch", SMALL)
                    .tenantInTier("a", "night", SMALL)
                    .build();
            QuotaTier batch = quotas.tier("batch");
            QuotaTier night = quotas.tier("night");

            assertThat(quotas.reserve("a", batch, 1_000)).isZero();
            assertThat(quotas.reserve("a", batch, 1)).isPositive();
            assertThat(quotas.reserve("a", night, 1_000)).isZero();
            assertThat(quotas.reserve("a", quotas.tier("day"), 9_000)).isZero();
            assertThat(quotas.reserve("b", batch, 90_000)).isZero();
            assertThat(quotas.remaining("a", batch))
                    .isEqualTo(new Remaining(58, 0, MANY).and(new Remaining(59, 0, MANY)));
        }

        @Test
        void reserve_ofFewerThanNoTokens_countsAsNone() {
            Quotas quotas = builder().eachTenant(SMALL).build();
            QuotaTier tier = quotas.tier("any");

            quotas.reserve("a", tier, -5);
            quotas.settle("a", tier, -5, -7);

            assertThat(quotas.remaining("a")).isEqualTo(new Remaining(59, 1_000, MANY));
        }

        @Test
        void reserve_smallQuotaLargeEstimate_isUsableStill() {
            Quotas quotas = builder().eachTenant(Quota.perMinute(60, 500)).build();
            QuotaTier tier = quotas.tier("any");

            for (int i = 0; i < 10; i++) {
                assertThat(quotas.reserve("a", tier, 1_024)).as("round %d", i).isZero();
                quotas.settle("a", tier, 1_024, 100);
                assertThat(quotas.remaining("a").tokens()).isEqualTo(400);
                time.advance(Duration.ofSeconds(12));
            }
        }
    }

    @Nested
    class Settling {

        @Test
        void settle_usedLess_givesBackOnAllLevels() {
            Quotas quotas = builder()
                    .tenant("a", SMALL)
                    .tier("batch", SMALL)
                    .tenantInTier("a", "batch", SMALL)
                    .build();
            QuotaTier batch = quotas.tier("batch");
            quotas.reserve("a", batch, 800);

            quotas.settle("a", batch, 800, 100);

            assertThat(quotas.remaining("a")).isEqualTo(new Remaining(59, 900, MANY));
            assertThat(quotas.remaining(batch)).isEqualTo(new Remaining(59, 900, MANY));
            assertThat(quotas.remaining("a", batch)).isEqualTo(new Remaining(59, 900, MANY));
        }

        @Test
        void settle_usedMore_isADebtThatDelaysTheNext() {
            Quotas quotas = builder().eachTenant(SMALL).build();
            QuotaTier tier = quotas.tier("any");
            quotas.reserve("a", tier, 500);

            quotas.settle("a", tier, 500, 1_600);

            assertThat(quotas.remaining("a").tokens()).isEqualTo(-600);
            assertThat(quotas.reserve("a", tier, 100)).isEqualTo(42_000_000_000L);
            time.advance(Duration.ofSeconds(42));
            assertThat(quotas.reserve("a", tier, 100)).isZero();
        }

        @Test
        void settle_usedMoreByATenantForgottenMeanwhile_isChargedStill() {
            Quotas quotas = builder().eachTenant(SMALL).maxTenants(1).build();
            QuotaTier tier = quotas.tier("any");
            quotas.reserve("a", tier, 10);
            time.advance(Duration.ofMinutes(1));
            quotas.reserve("b", tier, 10);
            assertThat(quotas.forgotten()).isEqualTo(1);
            time.advance(Duration.ofMinutes(1));

            quotas.settle("a", tier, 10, 2_010);

            assertThat(quotas.remaining("a").tokens()).isEqualTo(-1_000);
        }

        @Test
        void settle_usedMoreWhileAllEntriesAreBusy_isChargedStill() {
            Quotas quotas = builder().eachTenant(SMALL).maxTenants(1).build();
            QuotaTier tier = quotas.tier("any");
            quotas.reserve("b", tier, 1_000);
            quotas.reserve("a", tier, 10);

            quotas.settle("a", tier, 10, 2_010);

            assertThat(quotas.remaining("a").tokens()).isEqualTo(-1_010);
            assertThat(quotas.reserve("a", tier, 1)).isPositive();
        }

        @Test
        void cancel_neverRan_givesTheRequestBackToo() {
            Quotas quotas = builder()
                    .tenant(
                            "a",
                            Quota.builder()
                                    .requestsPerMinute(60)
                                    .tokensPerMinute(1_000)
                                    .budget(5_000)
                                    .build())
                    .tier("batch", SMALL)
                    .tenantInTier("a", "batch", SMALL)
                    .build();
            QuotaTier batch = quotas.tier("batch");
            Remaining before = quotas.remaining("a", batch);
            quotas.reserve("a", batch, 800);
            assertThat(quotas.remaining("a")).isEqualTo(new Remaining(59, 200, 4_200));

            quotas.cancel("a", batch, 800);

            assertThat(quotas.remaining("a", batch)).isEqualTo(before);
        }

        @Test
        void reserve_budgetLacks_givesBackWhatTheRatesGave() {
            Quotas quotas = builder()
                    .tenant(
                            "a",
                            Quota.builder()
                                    .requestsPerMinute(60)
                                    .tokensPerMinute(1_000)
                                    .budget(500)
                                    .build())
                    .build();

            assertThat(quotas.reserve("a", quotas.tier("any"), 501)).isEqualTo(MANY);
            assertThat(quotas.remaining("a")).isEqualTo(new Remaining(60, 1_000, 500));
        }

        @Test
        void resetBudget_usedUp_begins_anew() {
            Quotas quotas = builder()
                    .tenant("a", Quota.budget(500))
                    .tier("batch", Quota.budget(500))
                    .build();
            QuotaTier batch = quotas.tier("batch");
            long at = time.nanos();
            quotas.reserve("a", batch, 500, at);
            quotas.settle("a", batch, 500, 500, at);
            assertThat(quotas.reserve("a", batch, 1)).isEqualTo(MANY);

            quotas.resetBudget("a");
            quotas.resetBudget(batch);

            assertThat(quotas.reserve("a", batch, 500)).isZero();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> quotas.resetBudget("b"))
                    .withMessage("tenant \"b\" has no budget: give it one by tenant(id, quota)");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> quotas.resetBudget(quotas.tier("x")))
                    .withMessage("tier \"x\" has no budget: give it one by tier(name, quota)");
        }
    }

    @Nested
    class Tenants {

        @Test
        void reserve_moreTenantsThanEntriesWithIdleOnes_forgetsThoseThatLackNothing() {
            Quotas quotas = builder().eachTenant(SMALL).maxTenants(8).build();
            QuotaTier tier = quotas.tier("any");
            for (int i = 0; i < 100; i++) {
                assertThat(quotas.reserve("t" + i, tier, 1_000)).isZero();
                time.advance(Duration.ofSeconds(10));
            }

            assertThat(quotas.overflowed()).isZero();
            assertThat(quotas.tenants()).isLessThanOrEqualTo(8);
            assertThat(quotas.forgotten()).isGreaterThanOrEqualTo(92);
            assertThat(quotas.reserve("t99", tier, 1_000))
                    .as("busy, so not forgotten")
                    .isPositive();
        }

        @Test
        void reserve_allEntriesBusy_sharesAndIsKeptToItsQuota() {
            Quotas quotas = builder().eachTenant(SMALL).maxTenants(1).build();
            QuotaTier tier = quotas.tier("any");
            quotas.reserve("first", tier, 1_000);

            assertThat(quotas.reserve("second", tier, 1_000)).isZero();
            assertThat(quotas.reserve("second", tier, 1)).isEqualTo(60_000_000);
            assertThat(quotas.overflowed()).isEqualTo(2);
            assertThat(quotas.tenants()).isEqualTo(1);
            quotas.settle("second", tier, 1_000, 0);
            assertThat(quotas.reserve("second", tier, 1))
                    .as("nothing comes back here")
                    .isPositive();
        }

        @Test
        void reserve_outOfTheSharedBuckets_doesNotBeginWithAFullEntry() {
            Quotas quotas = builder().eachTenant(SMALL).maxTenants(1).build();
            QuotaTier tier = quotas.tier("any");
            quotas.reserve("first", tier, 100);
            quotas.reserve("second", tier, 1_000);
            time.advance(Duration.ofSeconds(6));

            assertThat(quotas.reserve("second", tier, 100)).isZero();
            assertThat(quotas.forgotten())
                    .as("the first, so the second has an entry")
                    .isEqualTo(1);
            assertThat(quotas.remaining("second").tokens()).isZero();
        }

        @Test
        void reserve_idTooLong_shares() {
            Quotas quotas = builder().eachTenant(SMALL).build();
            QuotaTier tier = quotas.tier("any");
            String longId = "x".repeat(100_000);

            assertThat(quotas.reserve(longId, tier, 1_000)).isZero();
            assertThat(quotas.reserve(longId, tier, 1)).isPositive();
            assertThat(quotas.tenants()).isZero();
            assertThat(quotas.overflowed()).isEqualTo(2);
        }

        @Test
        void reserve_tierRefusesOneThatShares_takesNothing() {
            Quotas quotas = builder()
                    .eachTenant(SMALL)
                    .tier("batch", SMALL)
                    .maxTenants(1)
                    .build();
            QuotaTier batch = quotas.tier("batch");
            quotas.reserve("first", batch, 1_000);

            assertThat(quotas.reserve("second", batch, 1)).isPositive();
            assertThat(quotas.remaining("second")).isEqualTo(new Remaining(60, 1_000, MANY));
        }

        /** Whoever shares, enters and leaves, no tenant has more than its burst and what refilled. */
        @ParameterizedTest
        @ValueSource(longs = {1, 2, 3, 4, 5, 6})
        void reserve_manyTenantsFewEntries_nobodyGetsMoreThanItsQuota(long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            Quotas quotas = Quotas.builder(time)
                    .random(random.split()::nextLong)
                    .eachTenant(SMALL)
                    .maxTenants(4)
                    .build();
            QuotaTier tier = quotas.tier("any");
            double[] level = new double[12];
            Arrays.fill(level, 1_000);
            int granted = 0;
            for (int i = 0; i < 20_000; i++) {
                Duration step = Duration.ofMillis(random.nextLong(random.nextInt(50) == 0 ? 100_000 : 300));
                time.advance(step);
                for (int t = 0; t < level.length; t++) {
                    level[t] = Math.min(1_000, level[t] + step.toNanos() * (1_000 / 60e9));
                }
                int who = random.nextInt(level.length);
                long amount = random.nextLong(1, 401);
                if (quotas.reserve("t" + who, tier, amount) == 0) {
                    granted++;
                    level[who] -= amount;
                    assertThat(level[who]).as("seed %d step %d", seed, i).isGreaterThan(-0.01);
                    // Some settle, some crash, some used more.
                    long used = random.nextInt(3) == 0 ? amount : random.nextLong(amount + 10);
                    quotas.settle("t" + who, tier, amount, used);
                    level[who] = Math.min(1_000, level[who] + amount - used);
                }
                assertThat(quotas.tenants()).isLessThanOrEqualTo(4);
            }
            assertThat(granted).isGreaterThan(1_000);
            assertThat(quotas.overflowed()).isGreaterThan(100);
            assertThat(quotas.forgotten()).isGreaterThan(10);
        }
    }

    @Nested
    class Clocks {

        @ParameterizedTest
        @ValueSource(longs = {0, -5, Long.MAX_VALUE - 1_000_000, Long.MIN_VALUE})
        void reserve_anyReadingAtTheStart_worksAcrossTheWrap(long start) {
            ManualTime clock = new ManualTime(start, Instant.EPOCH);
            Quotas quotas = Quotas.builder(clock)
                    .eachTenant(Quota.perMinute(10_000, 1_000))
                    .build();
            QuotaTier tier = quotas.tier("any");
            assertThat(quotas.reserve("a", tier, 1_000)).isZero();

            for (int i = 0; i < 100; i++) {
                clock.advance(Duration.ofMillis(60));
                assertThat(quotas.reserve("a", tier, 1)).as("step %d", i).isZero();
                assertThat(quotas.reserve("a", tier, 1)).as("step %d", i).isEqualTo(60_000_000);
            }
        }

        @Test
        void reserve_readingsThatGoBackOrStand_giveNothingTwice() {
            Quotas quotas = builder().eachTenant(SMALL).build();
            QuotaTier tier = quotas.tier("any");
            assertThat(quotas.reserve("a", tier, 500, 1_000)).isZero();
            assertThat(quotas.reserve("a", tier, 500, 0)).isPositive();
            assertThat(quotas.reserve("a", tier, 500, 1_000)).isZero();
            assertThat(quotas.reserve("a", tier, 1, 1_000)).isPositive();
            assertThat(quotas.reserve("a", tier, 1, -4_000_000))
                    .as("before the beginning")
                    .isPositive();
        }
    }

    @Nested
    class Settings {

        @Test
        void builder_misused_namesTheSettingAndTheFix() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder().tenant("a", SMALL).tenant("a", SMALL))
                    .withMessage("tenant \"a\" has two quotas: leave one out");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder().tier("b", SMALL).tier("b", SMALL))
                    .withMessage("tier \"b\" has two quotas: leave one out");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder().tenantInTier("a", "b", SMALL).tenantInTier("a", "b", SMALL))
                    .withMessage("tenant \"a\" in tier \"b\" has two quotas: leave one out");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder().tenant("", SMALL))
                    .withMessage("tenant id must be 1..128 characters but was 0 long");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder().tier("", SMALL))
                    .withMessageContaining("tier name must not be empty");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder().maxTenants(0))
                    .withMessageContaining("maxTenants must be 1..131072 but was 0");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder().eachTenant(Quota.budget(5)))
                    .withMessageContaining("eachTenant must have no budget")
                    .withMessageContaining("tenant(id, quota)");
        }

        @Test
        void build_builderChangedLater_isNotTouched() {
            Quotas.Builder reused = builder().tenant("a", SMALL);
            Quotas quotas = reused.build();
            reused.tenant("b", SMALL);

            assertThat(quotas.remaining("b")).isEqualTo(Remaining.UNLIMITED);
        }
    }

    @Test
    void hash_stringsOfOneHashCode_areToldApart() {
        TenantHash hash = new TenantHash(new SplittableRandom(1)::nextLong);
        TenantHash other = new TenantHash(new SplittableRandom(2)::nextLong);

        assertThat("AaAaAaAa".hashCode()).isEqualTo("BBBBBBBB".hashCode());
        assertThat(hash.of("AaAaAaAa")).isNotEqualTo(hash.of("BBBBBBBB"));
        assertThat(hash.of("acme")).isNotEqualTo(other.of("acme")).isEqualTo(hash.of("ac" + "me"));
        assertThat(hash.of("a")).isNotEqualTo(hash.of("a\0")).isNotEqualTo(hash.of("\0a"));
    }

    @Test
    void hash_manyIds_spreadOverPlacesAndHands() {
        TenantHash hash = new TenantHash(new SplittableRandom(3)::nextLong);
        int[] places = new int[64];
        int[] columns = new int[64];
        for (int i = 0; i < 64_000; i++) {
            long of = hash.of("tenant-" + i);
            places[(int) (of >>> 32) & 63]++;
            for (int row = 0; row < 8; row++) {
                columns[row * 8 + ((int) (of >>> (3 * row)) & 7)]++;
            }
        }

        assertThat(Arrays.stream(places).boxed())
                .allSatisfy(each -> assertThat(each).isBetween(800, 1_200));
        assertThat(Arrays.stream(columns).boxed())
                .allSatisfy(each -> assertThat(each).isBetween(7_500, 8_500));
    }
}
