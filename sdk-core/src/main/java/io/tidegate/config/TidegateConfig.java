/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import io.tidegate.admission.TierOrder;
import io.tidegate.alert.AlertKind;
import io.tidegate.alert.AlertSettings;
import io.tidegate.guardrail.Behavior;
import io.tidegate.guardrail.Behavior.Direction;
import io.tidegate.guardrail.Behavior.Select;
import io.tidegate.guardrail.ClockJump;
import io.tidegate.guardrail.Coverage;
import io.tidegate.guardrail.Decision.Mode;
import io.tidegate.guardrail.Fallback;
import io.tidegate.guardrail.FlapDamping;
import io.tidegate.guardrail.Guardrails;
import io.tidegate.guardrail.Healthy;
import io.tidegate.guardrail.PendingCap;
import io.tidegate.guardrail.SpendCap;
import io.tidegate.guardrail.ToZero;
import io.tidegate.guardrail.Tolerance;
import io.tidegate.ledger.FileLedger;
import io.tidegate.ledger.FileLedger.Sync;
import io.tidegate.limit.LimitMode;
import io.tidegate.limit.LimitSettings;
import io.tidegate.policy.PolicySets;
import io.tidegate.policy.PolicyTypes;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.quota.Quota;
import io.tidegate.quota.Quotas;
import io.tidegate.time.TimeSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * All settings. Immutable; components that are null in the document have the defaults named here. {@code docs/configuration.md}
 * lists them with their ranges and the reasons for their defaults.
 *
 * @param pools settings of each pool by name; at least one
 * @param quotas quotas that all pools share which have none of their own: a tenant's, and a tier's of that name, hold for what is asked
 *     of those pools together; null if there are none
 * @param ledger where decisions and scale events are written
 * @param memory where what must survive a restart is kept
 * @param alerts who is told of alerts
 * @param leadership who of several gateways that serve the same pools acts; null if this one does
 * @since 0.1.0
 */
public record TidegateConfig(
        Map<String, PoolConfig> pools,
        @Nullable QuotasConfig quotas,
        LedgerConfig ledger,
        MemoryConfig memory,
        AlertListenersConfig alerts,
        @Nullable LeadershipConfig leadership) {

    public TidegateConfig {
        pools = copy(pools);
    }

    /** Of the only gateway. */
    public TidegateConfig(
            Map<String, PoolConfig> pools,
            @Nullable QuotasConfig quotas,
            LedgerConfig ledger,
            MemoryConfig memory,
            AlertListenersConfig alerts) {
        this(pools, quotas, ledger, memory, alerts, null);
    }

    private static <V> Map<String, V> copy(Map<String, V> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }

    private static <V> Map<String, Map<String, V>> deepCopy(Map<String, Map<String, V>> map) {
        Map<String, Map<String, V>> copies = new LinkedHashMap<>();
        map.forEach((key, inner) -> copies.put(key, copy(inner)));
        return Collections.unmodifiableMap(copies);
    }

    /**
     * One pool.
     *
     * @param tiers settings of each tier by name, highest rank first; at least one
     * @param maxQueued most requests that wait at once, all tiers; 1024 by default
     * @param maxTenants most tenants of each tier that wait in queues of their own or are remembered; 4096 by default
     * @param shedByRank whether the lowest ranks are refused before they queue while more arrives than can be served; true by default
     * @param tierOrder which tier is next among those that wait: weighted, strict or weightedAbove; weighted by default
     * @param weightedAbove saturation from which weights decide with {@code tierOrder: weightedAbove}; in (0, 1], 0.8 by default
     * @param leakDetection whether dropped permits are found and given back; true by default
     * @param leakSites notes for one in so many requests where it was made, for the log of a leak; 0, none, by default
     * @param tenantRates tokens a second that a tenant is granted at least while it waits, by tier and tenant; none by default
     * @param quotas the pool's own quotas, in place of those that pools share; null if it has none of its own
     * @param signals sources of signals, by name; none by default
     * @param limit how much may be in flight
     * @param replica what one replica is
     * @param scaling how the pool is scaled, or null if it is not
     */
    public record PoolConfig(
            Map<String, TierConfig> tiers,
            int maxQueued,
            int maxTenants,
            boolean shedByRank,
            TierOrderConfig tierOrder,
            double weightedAbove,
            boolean leakDetection,
            int leakSites,
            Map<String, Map<String, Double>> tenantRates,
            @Nullable QuotasConfig quotas,
            Map<String, SignalConfig> signals,
            LimitConfig limit,
            ReplicaConfig replica,
            @Nullable ScalingConfig scaling) {

        public PoolConfig {
            tiers = copy(tiers);
            tenantRates = deepCopy(tenantRates);
            signals = copy(signals);
        }

        /** The tier order as the gate takes it. */
        public TierOrder order() {
            return switch (tierOrder) {
                case WEIGHTED -> TierOrder.weighted();
                case STRICT -> TierOrder.strict();
                case WEIGHTED_ABOVE -> TierOrder.weightedAbove(weightedAbove);
            };
        }

        /** The tiers as the gate takes them, highest rank first. */
        public List<Tier> tierList() {
            List<Tier> list = new ArrayList<>();
            tiers.forEach((name, tier) -> list.add(tier.toTier(name)));
            return list;
        }
    }

    /** Which tier is next among those that wait. */
    public enum TierOrderConfig {
        /** By weight. */
        WEIGHTED,
        /** By rank. */
        STRICT,
        /** By rank below a saturation, by weight from there on. */
        WEIGHTED_ABOVE
    }

    /**
     * One tier.
     *
     * @param weight share against other tiers that wait; above 0, 1 by default
     * @param ceiling part of the limit it may fill; in (0, 1], 1 by default
     * @param maxQueueTime longest time in queue; 10 s by default
     * @param maxQueued most requests that wait at once; 1024 by default
     * @param maxQueuedTokens most tokens of requests that wait at once; 16777216 by default
     * @param floor part of the granted work it gets at least while it waits; in [0, 1), 0.05 by default
     * @param guarantee part of the limit that is its own whenever it needs it; in [0, 1], 0 by default; at most 1 in a pool together
     * @param lends part of its guarantee that others may use while it is idle; in [0, 1], 1 by default
     * @param tokensPerSecond tokens a second that it is granted at least while it waits; 0, none, by default
     * @param slo what it is promised
     */
    public record TierConfig(
            double weight,
            double ceiling,
            Duration maxQueueTime,
            int maxQueued,
            long maxQueuedTokens,
            double floor,
            double guarantee,
            double lends,
            double tokensPerSecond,
            SloConfig slo) {

        /** The tier as the gate takes it. */
        public Tier toTier(String name) {
            return Tier.builder(name)
                    .weight(weight)
                    .ceiling(ceiling)
                    .maxQueueTime(maxQueueTime)
                    .maxQueued(maxQueued)
                    .maxQueuedTokens(maxQueuedTokens)
                    .floor(floor)
                    .guarantee(guarantee)
                    .lends(lends)
                    .tokensPerSecond(tokensPerSecond)
                    .slo(slo.toSlo())
                    .build();
        }
    }

    /**
     * What a tier is promised.
     *
     * @param timeToFirstToken bound on the time from arrival to first token; none by default
     * @param timePerOutputToken bound on the mean time per token after the first; none by default
     * @param target share of requests that must keep the bounds; in (0, 1], 0.99 by default
     */
    public record SloConfig(Optional<Duration> timeToFirstToken, Optional<Duration> timePerOutputToken, double target) {

        /** The SLO as a tier takes it. */
        public Slo toSlo() {
            Slo slo = Slo.none().withTarget(target);
            if (timeToFirstToken.isPresent()) {
                slo = slo.withTimeToFirstToken(timeToFirstToken.get());
            }
            return timePerOutputToken.isPresent() ? slo.withTimePerOutputToken(timePerOutputToken.get()) : slo;
        }
    }

    /**
     * What tenants and tiers may ask for. One account for all pools that use the same quotas.
     *
     * @param eachTenant what each tenant may ask for that is not named; null if that is not limited. Has no budget
     * @param tenants what named tenants may ask for, in place of that
     * @param tiers what all tenants of a tier may ask for together
     * @param tenantsInTiers what a tenant may ask for in a tier, by tier and tenant; besides the others
     * @param maxTenants most tenants with an account that are not named; further ones share. 16384 by default
     * @param reserveMaximum whether a request reserves all that it may write, not what it is expected to; false by default
     */
    public record QuotasConfig(
            @Nullable QuotaConfig eachTenant,
            Map<String, QuotaConfig> tenants,
            Map<String, QuotaConfig> tiers,
            Map<String, Map<String, QuotaConfig>> tenantsInTiers,
            int maxTenants,
            boolean reserveMaximum) {

        public QuotasConfig {
            tenants = copy(tenants);
            tiers = copy(tiers);
            tenantsInTiers = deepCopy(tenantsInTiers);
        }

        /** The quotas as gates take them, with nothing used yet. */
        public Quotas toQuotas(TimeSource time) {
            Quotas.Builder builder = Quotas.builder(time).maxTenants(maxTenants);
            if (eachTenant != null) {
                builder.eachTenant(eachTenant.toQuota());
            }
            tenants.forEach((tenant, quota) -> builder.tenant(tenant, quota.toQuota()));
            tiers.forEach((tier, quota) -> builder.tier(tier, quota.toQuota()));
            tenantsInTiers.forEach((tier, inTier) ->
                    inTier.forEach((tenant, quota) -> builder.tenantInTier(tenant, tier, quota.toQuota())));
            return builder.build();
        }
    }

    /**
     * One quota. What is not set is not limited.
     *
     * @param requestsPerMinute requests a minute; none by default
     * @param tokensPerMinute tokens a minute, prompt and output; none by default
     * @param burst time in which as much may gather as may be asked for at once; 1 min by default
     * @param budget tokens in all; none by default
     * @param reservationLifetime after what time a budget takes a reservation for crashed; 15 min by default
     */
    public record QuotaConfig(
            OptionalLong requestsPerMinute,
            OptionalLong tokensPerMinute,
            Duration burst,
            OptionalLong budget,
            Duration reservationLifetime) {

        /** The quota as {@link Quotas} take it. */
        public Quota toQuota() {
            Quota.Builder builder = Quota.builder().burst(burst).reservationLifetime(reservationLifetime);
            requestsPerMinute.ifPresent(builder::requestsPerMinute);
            tokensPerMinute.ifPresent(builder::tokensPerMinute);
            budget.ifPresent(builder::budget);
            return builder.build();
        }
    }

    /**
     * How much may be in flight: each component is described at the accessor of {@link LimitSettings} that has its name.
     *
     * @param mode fixed, tokens or engine; fixed by default
     * @param tokenShare in (0, 1], 0.9 by default
     * @param waitingPerReplica 0 to 1000, 2 by default
     * @param waitingShare in (0, 1], 0.1 by default
     * @param kvCacheTarget in (0, 1], 0.9 by default
     * @param timeToFirstTokenTolerance above 1, or 0, the default
     * @param minShare in (0, 1], 0.05 by default
     * @param maxShare at least {@code minShare} and at most 16; 1 by default
     * @param largestCut in (0, 0.9], 0.3 by default
     * @param smallestRaise in (0, 1], 0.01 by default
     * @param largestRaise at least {@code smallestRaise} and at most 1; 0.1 by default
     * @param staleAfter 1 ms to 1 h, 5 s by default
     * @param staleHold 0 to 1 h, 10 s by default
     * @param staleMove 0 to 1 h, 30 s by default
     * @param staleShare in (0, 1], 0.8 by default
     * @param slowStart 0 to 1 h, 30 s by default
     * @param slowStartShare in (0, 1], 0.25 by default
     * @param rejectionShare in (0, 1], 0.5 by default
     * @param rejectionMax 1 ms to 1 h, 1 min by default
     * @param rejectionRecovery 0 to 1 h, 10 s by default
     */
    public record LimitConfig(
            LimitMode mode,
            double tokenShare,
            int waitingPerReplica,
            double waitingShare,
            double kvCacheTarget,
            double timeToFirstTokenTolerance,
            double minShare,
            double maxShare,
            double largestCut,
            double smallestRaise,
            double largestRaise,
            Duration staleAfter,
            Duration staleHold,
            Duration staleMove,
            double staleShare,
            Duration slowStart,
            double slowStartShare,
            double rejectionShare,
            Duration rejectionMax,
            Duration rejectionRecovery) {

        /** The settings as a {@link io.tidegate.limit.LimitController} takes them. */
        public LimitSettings toSettings() {
            return LimitSettings.builder()
                    .mode(mode)
                    .tokenShare(tokenShare)
                    .waitingPerReplica(waitingPerReplica)
                    .waitingShare(waitingShare)
                    .kvCacheTarget(kvCacheTarget)
                    .timeToFirstTokenTolerance(timeToFirstTokenTolerance)
                    .minShare(minShare)
                    .maxShare(maxShare)
                    .largestCut(largestCut)
                    .smallestRaise(smallestRaise)
                    .largestRaise(largestRaise)
                    .staleAfter(staleAfter)
                    .staleHold(staleHold)
                    .staleMove(staleMove)
                    .staleShare(staleShare)
                    .slowStart(slowStart)
                    .slowStartShare(slowStartShare)
                    .rejectionShare(rejectionShare)
                    .rejectionMax(rejectionMax)
                    .rejectionRecovery(rejectionRecovery)
                    .build();
        }
    }

    /**
     * A source of signals found by its type.
     *
     * @param type as its factory names it, such as {@code engine}; the source's name by default
     * @param period time between reads; 10 ms to 1 h, 15 s by default. A value is stale after three of them, or after 45 s if that is
     *     longer
     * @param settings what the factory is given
     */
    public record SignalConfig(String type, Duration period, Map<String, String> settings) {

        public SignalConfig {
            settings = copy(settings);
        }
    }

    /**
     * What one replica is.
     *
     * @param slots requests it runs at once; 1 or more, 32 by default
     * @param tokens tokens it holds at once, as its KV cache allows; unlimited by default
     * @param count replicas of a pool that is not scaled; 1 by default
     * @param timeToReady time from asking for it to its first request, until measured; 2 min by default
     * @param pricePerHour what it costs, in any one currency; unknown by default
     */
    public record ReplicaConfig(int slots, long tokens, int count, Duration timeToReady, OptionalDouble pricePerHour) {

        /** What one replica holds. */
        public Work work() {
            return new Work(slots, tokens);
        }
    }

    /**
     * How a pool is scaled.
     *
     * @param min least replicas; 0 or more, 1 by default
     * @param max most replicas; at least {@code min} and 1; has no default
     * @param mode whether decisions are carried out: act or dryRun; act by default
     * @param period time between decisions; 250 ms by default
     * @param rateWindow time over which arrival rates are smoothed; 15 s by default
     * @param latencyWindow time over which latencies and outcomes are counted; 1 min by default
     * @param policies who proposes, by name; the highest wins; {@link io.tidegate.policy.PolicySets#standard()} by default
     * @param up how fast it may grow; 4 replicas or 100 % in 15 s, at once, by default
     * @param down how fast it may shrink; 1 replica or 10 % in 1 min, after 5 min, by default
     * @param guardrails what else narrows a proposal
     * @param alerts when things are alerts
     * @param shadow other policies to run beside, with replicas on paper; null if there are none
     * @param backend who carries decisions out; null if it is given in Java
     */
    public record ScalingConfig(
            int min,
            int max,
            Mode mode,
            Duration period,
            Duration rateWindow,
            Duration latencyWindow,
            Map<String, PolicyConfig> policies,
            BehaviorConfig up,
            BehaviorConfig down,
            GuardrailsConfig guardrails,
            AlertsConfig alerts,
            @Nullable ShadowConfig shadow,
            @Nullable BackendConfig backend) {

        public ScalingConfig {
            policies = copy(policies);
        }

        /** The policies as the engine takes them. */
        public List<Policy> policyList() {
            return toPolicies(policies);
        }

        /**
         * The guardrails as the engine takes them, with none of one's own.
         *
         * @param pricePerHour of a replica, for a spend cap
         */
        public Guardrails.Builder toGuardrails(OptionalDouble pricePerHour) {
            return guardrails
                    .toGuardrails(min, max, pricePerHour)
                    .up(up.toBehavior(Direction.UP))
                    .down(down.toBehavior(Direction.DOWN));
        }
    }

    private static List<Policy> toPolicies(Map<String, PolicyConfig> policies) {
        if (policies.isEmpty()) {
            return PolicySets.standard();
        }
        List<Policy> list = new ArrayList<>();
        policies.forEach((name, policy) -> list.add(PolicyTypes.create(policy.type(), name, policy.settings())));
        return list;
    }

    /**
     * One policy.
     *
     * @param type backlog, slo, target, latency, panic, formula, adaptive, or what a plugin calls its own; the policy's name by default
     * @param settings what the type takes; docs/policies.md lists them
     */
    public record PolicyConfig(String type, Map<String, String> settings) {

        public PolicyConfig {
            settings = copy(settings);
        }
    }

    /**
     * Other policies beside those that act.
     *
     * @param name for people and meters; {@code shadow} by default
     * @param policies as {@link ScalingConfig#policies()}
     */
    public record ShadowConfig(String name, Map<String, PolicyConfig> policies) {

        public ShadowConfig {
            policies = copy(policies);
        }

        /** The policies as the engine takes them. */
        public List<Policy> policyList() {
            return toPolicies(policies);
        }
    }

    /**
     * How fast a pool may change one way, as {@code behavior} of the Kubernetes HPA.
     *
     * @param stabilizationWindow how long an answer must hold; 0 to 1 h; 0 s up and 5 min down by default
     * @param replicas replicas per period; 0 or more; 4 up and 1 down by default, or 0 where only a share is given
     * @param share part of the count at the period's beginning; 0 or more; 1 up and 0.1 down by default, or 0 where only replicas are given
     * @param period up to 1 h; 15 s up and 1 min down by default
     * @param select of several rates, the largest (max), the smallest (min), or no change at all (disabled); max by default
     * @param rates further rates, by any name; none by default
     */
    public record BehaviorConfig(
            Duration stabilizationWindow,
            int replicas,
            double share,
            Duration period,
            Select select,
            Map<String, RateConfig> rates) {

        public BehaviorConfig {
            rates = copy(rates);
        }

        /** The behavior as a guardrail. */
        public Behavior toBehavior(Direction direction) {
            List<Behavior.Rate> all = new ArrayList<>();
            add(all, replicas, share, period);
            rates.values().forEach(rate -> add(all, rate.replicas(), rate.share(), rate.period()));
            return new Behavior(direction, stabilizationWindow, all, select);
        }

        private static void add(List<Behavior.Rate> all, int replicas, double share, Duration period) {
            if (replicas > 0) {
                all.add(Behavior.Rate.replicas(replicas, period));
            }
            if (share > 0) {
                all.add(Behavior.Rate.share(share, period));
            }
        }
    }

    /**
     * So much in a period; of both the larger, unless the smaller is selected.
     *
     * @param replicas replicas per period; 0 or more, 0 by default
     * @param share part of the count at the period's beginning; 0 or more, 0 by default
     * @param period up to 1 h; 1 min by default
     */
    public record RateConfig(int replicas, double share, Duration period) {}

    /**
     * What narrows a proposal, besides bounds and speed.
     *
     * @param toleranceUp how far demand may exceed what there is without a change, as a share; 0.05 by default
     * @param toleranceDown how far it may be below; 0 by default
     * @param coverage share of replicas and gateways that must be heard of before anything goes down; 0.9 by default
     * @param failedShare share of failed requests from which nothing goes down; 0.05 by default
     * @param minRequests requests in the latency window from which a share says something; 20 by default
     * @param clockHold how long nothing goes down after a jump of the clock or a start; 5 min by default
     * @param flapWindow time in which a small raise after a cut is held, and a regretted cut doubles the wait for the next; 0 for never;
     *     5 min by default
     * @param flapBand how small, as a share of what there is; 0.15 by default
     * @param pendingMost most replicas asked for and not ready; a quarter of {@code max}, and at least 10, by default
     * @param pendingFirstWait wait before the next raise while replicas are overdue; doubles each time; 1 min by default
     * @param pendingLongestWait longest such wait; 30 min by default
     * @param toZeroAfter how long nobody must have come before the last replica leaves; 10 min by default
     * @param fallbackReplicas replicas there are at least when nothing is heard of; 0, what there is, by default
     * @param fallbackAfter how long nothing must have been heard for that; 5 min by default
     * @param fallbackPolls complete polls in a row that end it; 3 by default
     * @param maxCostPerHour what may be spent on the pool, in the currency of {@code replica.pricePerHour}; anything by default
     */
    public record GuardrailsConfig(
            double toleranceUp,
            double toleranceDown,
            double coverage,
            double failedShare,
            int minRequests,
            Duration clockHold,
            Duration flapWindow,
            double flapBand,
            OptionalInt pendingMost,
            Duration pendingFirstWait,
            Duration pendingLongestWait,
            Duration toZeroAfter,
            int fallbackReplicas,
            Duration fallbackAfter,
            int fallbackPolls,
            OptionalDouble maxCostPerHour) {

        Guardrails.Builder toGuardrails(int min, int max, OptionalDouble pricePerHour) {
            Guardrails.Builder builder = Guardrails.builder()
                    .bounds(min, max)
                    .tolerance(new Tolerance(toleranceUp, toleranceDown))
                    .coverage(new Coverage(coverage))
                    .healthy(new Healthy(failedShare, minRequests))
                    .clockJump(new ClockJump(clockHold))
                    .flapDamping(flapWindow.isZero() ? null : new FlapDamping(flapWindow, flapBand))
                    .pendingCap(new PendingCap(
                            pendingMost.orElse(PendingCap.forMax(max).most()), pendingFirstWait, pendingLongestWait))
                    .toZero(new ToZero(toZeroAfter))
                    .fallback(new Fallback(fallbackReplicas, fallbackAfter, fallbackPolls));
            if (maxCostPerHour.isPresent() && pricePerHour.isPresent()) {
                builder.spend(new SpendCap(maxCostPerHour.getAsDouble(), pricePerHour.getAsDouble()));
            }
            return builder;
        }
    }

    /**
     * When things are alerts.
     *
     * @param enabled whether there is an alert of a kind, by its code ({@code rapid-scaling}); those not named are on
     * @param holdFor how long most things must be the case before they are alerts; 1 min by default
     * @param clearAfter how long an alert must not be the case before it ends; 5 min by default
     * @param pause least time from the end of an alert to its next beginning, unless that is critical; 10 min by default
     * @param clearShare part of a threshold below which a value is fine again; 0.8 by default
     * @param rapidWindow time over which changes of the desired count are counted; 30 min by default
     * @param rapidChanges changes in it above which a pool scales too rapidly; 45 by default
     * @param rapidReversals changes of direction in it above which it does; 5 by default
     * @param failures calls of the backend that must have failed in a row; 3 by default
     * @param unansweredAfter how long a call may be without an answer; 1 min by default
     * @param lateFactor how many times the time to ready replicas may take; 2 by default
     * @param costPerHour what the replicas that run may cost per hour; anything by default
     * @param budgetPerDay what may be spent in a day, in UTC; anything by default
     * @param budgetPerMonth what may be spent in a month, in UTC; anything by default
     * @param fastBurn how many times too fast an error budget is used up in the fast windows for a critical alert; 14.4 by default
     * @param fastLong the longer of them; 1 h by default
     * @param fastShort the shorter; 5 min by default
     * @param slowBurn the same in the slow windows for a warning; 6 by default
     * @param slowLong the longer of them; 6 h by default
     * @param slowShort the shorter; 30 min by default
     * @param burnRequests requests that a burn rate must rest on; 100 by default
     * @param scalingBroken share of requests that break their SLO while a scale event is open from which that is an alert; 0.1 by default
     * @param scalingRequests requests that this share must rest on; 50 by default
     * @param staleFor how long what decisions rest on may be incomplete; 2 min by default
     * @param takeovers times that somebody else set the count; 3 by default
     * @param takeoverWindow time over which they are counted; 15 min by default
     */
    public record AlertsConfig(
            Map<String, Boolean> enabled,
            Duration holdFor,
            Duration clearAfter,
            Duration pause,
            double clearShare,
            Duration rapidWindow,
            int rapidChanges,
            int rapidReversals,
            int failures,
            Duration unansweredAfter,
            double lateFactor,
            OptionalDouble costPerHour,
            OptionalDouble budgetPerDay,
            OptionalDouble budgetPerMonth,
            double fastBurn,
            Duration fastLong,
            Duration fastShort,
            double slowBurn,
            Duration slowLong,
            Duration slowShort,
            int burnRequests,
            double scalingBroken,
            int scalingRequests,
            Duration staleFor,
            int takeovers,
            Duration takeoverWindow) {

        public AlertsConfig {
            enabled = copy(enabled);
        }

        /** The settings as the engine takes them. */
        public AlertSettings toSettings() {
            AlertSettings.Builder builder = AlertSettings.builder()
                    .holdFor(holdFor)
                    .clearAfter(clearAfter)
                    .pause(pause)
                    .clearShare(clearShare)
                    .rapidWindow(rapidWindow)
                    .rapidChanges(rapidChanges)
                    .rapidReversals(rapidReversals)
                    .failures(failures)
                    .unansweredAfter(unansweredAfter)
                    .lateFactor(lateFactor)
                    .fastBurn(fastBurn)
                    .fastLong(fastLong)
                    .fastShort(fastShort)
                    .slowBurn(slowBurn)
                    .slowLong(slowLong)
                    .slowShort(slowShort)
                    .burnRequests(burnRequests)
                    .scalingBroken(scalingBroken)
                    .scalingRequests(scalingRequests)
                    .staleFor(staleFor)
                    .takeovers(takeovers)
                    .takeoverWindow(takeoverWindow);
            costPerHour.ifPresent(builder::costPerHour);
            budgetPerDay.ifPresent(builder::budgetPerDay);
            budgetPerMonth.ifPresent(builder::budgetPerMonth);
            for (AlertKind kind : AlertKind.values()) {
                builder.on(kind, enabled.getOrDefault(kind.code(), true));
            }
            return builder.build();
        }
    }

    /**
     * Who is told of alerts.
     *
     * @param listeners by name, which is also a tag of meters; the log alone if none is named
     */
    public record AlertListenersConfig(Map<String, AlertListenerConfig> listeners) {

        public AlertListenersConfig {
            listeners = copy(listeners);
        }
    }

    /**
     * A listener found by its type.
     *
     * @param type as its factory names it, such as {@code log} or {@code webhook}
     * @param settings what the factory is given
     */
    public record AlertListenerConfig(String type, Map<String, String> settings) {

        public AlertListenerConfig {
            settings = copy(settings);
        }
    }

    /**
     * What must survive a restart.
     *
     * @param folder a file for each pool that is scaled, replaced every 10 s where something changed; none by default
     */
    public record MemoryConfig(Optional<Path> folder) {}

    /**
     * Who of several gateways acts.
     *
     * @param type as its factory names it, such as {@code kubernetes-lease}
     * @param settings what the factory is given; what a file nests is joined with dots, what it lists is numbered from 0
     */
    public record LeadershipConfig(String type, Map<String, String> settings) {

        public LeadershipConfig {
            settings = copy(settings);
        }

        /** Without the values, some of which are secrets. */
        @Override
        public String toString() {
            return "LeadershipConfig[type=" + type + ", settings=" + settings.keySet() + "]";
        }
    }

    /**
     * A backend found by its type.
     *
     * @param type as its factory names it, such as {@code kubernetes-scale}
     * @param settings what the factory is given; what a file nests is joined with dots, what it lists is numbered from 0
     */
    public record BackendConfig(String type, Map<String, String> settings) {

        public BackendConfig {
            settings = copy(settings);
        }

        /** Without the values, some of which are secrets. */
        @Override
        public String toString() {
            return "BackendConfig[type=" + type + ", settings=" + settings.keySet() + "]";
        }
    }

    /**
     * Where the account is kept.
     *
     * @param file JSON lines, appended; none by default
     * @param sync what is forced to the disk before it counts as written: {@code events}, {@code all}, {@code none}; events by default
     * @param rotateAt bytes from which a file is put aside and the next begun; 64 MiB by default
     * @param keep files put aside that are kept; 8 by default
     */
    public record LedgerConfig(Optional<Path> file, Sync sync, long rotateAt, int keep) {

        /** With the defaults. */
        public LedgerConfig(Optional<Path> file) {
            this(file, Sync.EVENTS, FileLedger.DEFAULT_ROTATE_AT, FileLedger.DEFAULT_KEEP);
        }

        /** The same in another file. */
        public LedgerConfig withFile(Path other) {
            return new LedgerConfig(Optional.of(other), sync, rotateAt, keep);
        }

        /** A ledger with these settings, which is still to be opened; empty if there is no file. */
        public Optional<FileLedger.Builder> toLedger() {
            return file.map(path ->
                    FileLedger.builder(path).sync(sync).rotateAt(rotateAt).keep(keep));
        }
    }
}
