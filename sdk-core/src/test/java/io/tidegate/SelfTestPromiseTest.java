/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.tidegate.admission.Gate;
import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.ReplicaConfig;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.guardrail.Bounds;
import io.tidegate.guardrail.Canaries;
import io.tidegate.guardrail.Canary;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.Tier;
import io.tidegate.quota.Quota;
import io.tidegate.quota.Quotas;
import io.tidegate.time.ManualTime;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What protects a gateway is tested before it starts, and before each reload. */
class SelfTestPromiseTest {

    private static final String YAML = """
            pools:
              chat:
                tiers: {premium: {}, batch: {maxQueueTime: 0s}}
                replica: {slots: 2, pricePerHour: 10}
                quotas: {eachTenant: {requestsPerMinute: 60, burst: 10s}, tiers: {batch: {budget: 10}}}
                scaling: {min: 1, max: %d, guardrails: {maxCostPerHour: 100}}
            """;

    private final ManualTime time = new ManualTime();
    private boolean biting = true;

    /** One's own guardrail, which can be made to let everything pass. */
    private final Guardrail mine = new Guardrail() {
        @Override
        public String name() {
            return "mine";
        }

        @Override
        public Narrowing narrow(PoolView view, History history, int proposed) {
            return biting
                    ? new Narrowing(
                            name(),
                            Math.min(proposed, Math.max(5, view.replicas().desired())),
                            "at most five")
                    : Narrowing.none(name(), proposed);
        }

        @Override
        public List<Canary> canaries() {
            Canary many = Canaries.of(new Bounds(0, 5)).get(0);
            return List.of(new Canary("more than five", many.view(), many.history(), 6, 1, 5));
        }
    };

    private static final class Fixed implements ScalerBackend {
        @Override
        public ReplicaStatus status(String pool) {
            return new ReplicaStatus(1, 1, 1);
        }

        @Override
        public void scale(ScaleRequest request) {}
    }

    private Tidegate.Builder configured(TidegateConfig config) {
        return Tidegate.builder(config)
                .time(time)
                .executor(Runnable::run)
                .callbackExecutor(Runnable::run)
                .guardrail("chat", mine)
                .backend("chat", new Fixed());
    }

    private static TidegateConfig config(int max) {
        return ConfigReader.parse("test", YAML.formatted(max));
    }

    @Test
    @DisplayName(
            "K5: a guardrail that lets its canary pass: start fails naming pool and guardrail, and nothing is left running")
    void start_guardrailDoesNotBite_failsAndLeavesNothing() {
        biting = false;
        assertThatIllegalStateException()
                .isThrownBy(() -> configured(config(8)).start())
                .withMessageContaining(
                        "pool chat: guardrail mine let a proposal pass that it exists to reject (more than five)");
        int left = time.scheduled();

        biting = true;
        Tidegate tidegate = configured(config(8)).start();
        assertThat(time.scheduled()).isGreaterThan(left);
        tidegate.close();
    }

    @Test
    @DisplayName("K5: the same at a reload: it is refused as a whole, and what ran goes on")
    void reload_guardrailDoesNotBite_changesNothing() {
        try (Tidegate tidegate = configured(config(8)).start()) {
            TidegateConfig before = tidegate.config();
            biting = false;
            assertThatIllegalStateException()
                    .isThrownBy(() -> tidegate.reload(config(9)))
                    .withMessageContaining("guardrail mine");
            assertThat(tidegate.config()).isSameAs(before);
            biting = true;
            assertThat(tidegate.reload(config(9))).containsExactly("pools.chat.scaling.max");
        }
    }

    @Test
    @DisplayName("K5: a spend cap that is set without a price, so that none is made, is found at the start")
    void start_spendCapLost_fails() {
        assertThatIllegalStateException()
                .isThrownBy(() -> configured(priceless(config(8))).start())
                .withMessageContaining("pool chat: the settings demand guardrails that are not asked: spend cap");
    }

    @Test
    @DisplayName("K5: quotas that are configured and that the gate does not ask are found at the start")
    void quotas_notAsked_fail() {
        Tier tier = Tier.builder("standard").build();
        Quotas quotas =
                Quotas.builder(time).eachTenant(Quota.perMinute(60, 1_000)).build();
        assertThatIllegalStateException()
                .isThrownBy(() -> QuotaWiring.check(
                        "chat",
                        quotas,
                        canary -> Gate.builder("chat").time(time).tier(tier).build(),
                        time))
                .withMessageContaining("pool chat: quotas are configured, but the gate does not ask them")
                .withMessageContaining("tier standard");
        assertThatCode(() -> QuotaWiring.check(
                        "chat",
                        quotas,
                        canary -> Gate.builder("chat")
                                .time(time)
                                .tier(tier)
                                .quotas(canary)
                                .build(),
                        time))
                .doesNotThrowAnyException();
        assertThat(quotas.tenants()).as("no account is touched").isZero();
    }

    @Test
    @DisplayName("K5: the test of quotas touches no account of the pool")
    void start_quotasAreWhole() {
        try (Tidegate tidegate = configured(config(8)).start()) {
            Quotas quotas = tidegate.quotas("chat").orElseThrow();
            assertThat(quotas.tenants()).isZero();
            assertThat(quotas.remaining("acme").requests()).isEqualTo(10);
        }
    }

    /** A configuration that no file can hold. */
    private static TidegateConfig priceless(TidegateConfig config) {
        PoolConfig pool = Objects.requireNonNull(config.pools().get("chat"));
        ReplicaConfig replica = pool.replica();
        PoolConfig without = new PoolConfig(
                pool.tiers(),
                pool.maxQueued(),
                pool.maxTenants(),
                pool.shedByRank(),
                pool.tierOrder(),
                pool.weightedAbove(),
                pool.leakDetection(),
                pool.leakSites(),
                pool.tenantRates(),
                pool.quotas(),
                pool.signals(),
                pool.limit(),
                new ReplicaConfig(
                        replica.slots(),
                        replica.tokens(),
                        replica.count(),
                        replica.timeToReady(),
                        OptionalDouble.empty()),
                pool.scaling());
        return new TidegateConfig(
                Map.of("chat", without), config.quotas(), config.ledger(), config.memory(), config.alerts());
    }
}
