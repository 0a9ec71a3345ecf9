/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import io.tidegate.time.TimeSource;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps tenants and tiers to their {@link Quota}: reserved before a request runs, settled when it ends.
 *
 * <pre>{@code
 * Quotas quotas = Quotas.builder(time)
 *         .eachTenant(Quota.perMinute(60, 100_000))
 *         .tenant("acme", Quota.perMinute(600, 1_000_000))
 *         .tier("batch", Quota.builder().tokensPerMinute(5_000_000).build())
 *         .build();
 * QuotaTier batch = quotas.tier("batch");
 *
 * long at = time.coarseNanos();
 * long wait = quotas.reserve("acme", batch, 4_000, at);
 * if (wait == 0) {
 *     ... // runs and uses 1,200
 *     quotas.settle("acme", batch, 4_000, 1_200, at);
 * }
 * }</pre>
 *
 * <p><b>What holds.</b> Up to three quotas apply to a request: its tenant's, its tier's, and its tenant's in this tier. All of
 * them are reserved or none. From one instant to another, no account has more reserved than its burst, what it refilled meanwhile
 * and what was given back meanwhile, and one request larger than the burst; however many threads ask. A tenant's use is counted by
 * what it reserved until it is settled, not after, so requests in flight cannot overspend together.
 *
 * <p><b>Crashes.</b> What is reserved and never settled refills like what was used; a budget takes it back after {@link
 * Quota#reservationLifetime}.
 *
 * <p><b>Memory.</b> Bounded. A tenant that is not named has an entry while it lacks something; when there are {@link
 * Builder#maxTenants} of them, those that lack nothing are forgotten, which changes no answer. If all are busy, further tenants
 * share 64 buckets, eight of them each: they get no more than their quota and may get less, as others use the same buckets and
 * nothing is given back there.
 *
 * <p><b>Threads.</b> Any. Reserving and settling for a tenant that has an entry take no lock and allocate nothing. Two levels
 * are not one instant: what one gave is returned when another refuses, and in between, some ten nanoseconds, a third may be
 * refused that would have fitted. It is told the time it would have had to wait, and nothing of it stays.
 *
 * <p><b>Time.</b> The coarse clock by default, at most some milliseconds late: so much later an account may refill, and after
 * idling, so much sooner. Against a burst of a second that is less than 1 %.
 *
 * @since 0.1.0
 */
public final class Quotas {

    /** Longest tenant id that gets an entry of its own; tenants with longer ones share. */
    static final int MAX_ID_LENGTH = TenantHash.MAX_LENGTH;

    private static final long GONE = -1;

    private final TimeSource time;

    /** Elapsed time is counted from here, so that a clock that wraps does not matter for 292 years. */
    private final long originNanos;

    private final TenantTable table;
    private final Map<String, QuotaTier> tiers;

    /** What each tenant gets that is not named; null if that is not limited. */
    private final @Nullable Quota eachTenant;

    private final @Nullable Overflow overflow;
    private final LongAdder overflowed = new LongAdder();

    private Quotas(Builder builder) {
        this.time = builder.time;
        this.originNanos = time.nanos();
        this.eachTenant = builder.eachTenant;
        this.overflow = eachTenant == null ? null : new Overflow(eachTenant);
        Map<String, QuotaTier> named = new HashMap<>();
        for (String name : builder.tierNames()) {
            Quota quota = builder.tiers.get(name);
            named.put(name, new QuotaTier(name, named.size(), quota == null ? null : new Bucket(quota)));
        }
        this.tiers = Map.copyOf(named);
        List<String> tenants = builder.tenantNames();
        this.table = new TenantTable(
                new TenantHash(builder.random), eachTenant == null ? 0 : builder.maxTenants, tenants.size());
        Quota others = eachTenant == null ? Quota.unlimited() : eachTenant;
        for (String tenant : tenants) {
            Map<String, Quota> pairs = builder.tenantsInTiers.getOrDefault(tenant, Map.of());
            @Nullable Bucket[] inTiers = pairs.isEmpty() ? null : new @Nullable Bucket[named.size()];
            pairs.forEach((tier, quota) -> {
                if (inTiers != null) {
                    inTiers[Objects.requireNonNull(named.get(tier)).number] = new Bucket(quota);
                }
            });
            Quota quota = builder.tenants.getOrDefault(tenant, others);
            table.addNamed(new Tenant(tenant, table.hash(tenant), quota, true, inTiers));
        }
    }

    /** Starts quotas that limit nothing, on this clock. */
    public static Builder builder(TimeSource time) {
        return new Builder(time);
    }

    /** The tier of this name, to be looked up once. Of a tier that has no quota all requests pass, as far as it is concerned. */
    public QuotaTier tier(String name) {
        QuotaTier named = tiers.get(name);
        return named == null ? new QuotaTier(name, -1, null) : named;
    }

    /** Reserves one request and its tokens now. */
    public long reserve(String tenant, QuotaTier tier, long tokens) {
        return reserve(tenant, tier, tokens, time.coarseNanos());
    }

    /**
     * Reserves one request and its tokens.
     *
     * @param tokens most it may use, or what it is expected to use; below 0 counts as 0
     * @param atNanos a reading of the clock these quotas were built with, coarse or exact
     * @return 0 if it is reserved. Else nothing is, and it is the nanoseconds until it would be if nobody else came; {@link
     *     Long#MAX_VALUE} if it never will be, which only a budget says
     */
    public long reserve(String tenant, QuotaTier tier, long tokens, long atNanos) {
        long elapsed = elapsed(atNanos);
        long amount = Math.max(0, tokens);
        Tenant entry = table.find(tenant);
        if (entry != null) {
            long wait = reserveOwn(entry, tier, amount, elapsed);
            if (wait != GONE) {
                return wait;
            }
        }
        if (overflow != null) {
            return reserveNew(tenant, tier, amount, elapsed);
        }
        return tier.bucket == null ? 0 : tier.bucket.take(amount, elapsed);
    }

    private static long reserveOwn(Tenant entry, QuotaTier tier, long amount, long elapsed) {
        Bucket pair = entry.inTier(tier);
        Bucket whole = tier.bucket;
        // All are looked at before any is taken from: who is refused then writes nothing, and waits for the longest.
        long wait = entry.waitFor(amount, elapsed);
        if (pair != null) {
            wait = Math.max(wait, pair.waitFor(amount, elapsed));
        }
        if (whole != null) {
            wait = Math.max(wait, whole.waitFor(amount, elapsed));
        }
        if (wait == 0) {
            wait = entry.take(amount, elapsed);
        }
        if (wait > 0) {
            // What others took from an entry that is gone, before they saw that, is not lacking.
            return entry.isGone() ? GONE : wait;
        }
        if (!entry.keep()) {
            return GONE;
        }
        if (pair != null) {
            wait = pair.take(amount, elapsed);
            if (wait > 0) {
                entry.giveBack(amount, elapsed);
                return wait;
            }
        }
        if (whole != null) {
            wait = whole.take(amount, elapsed);
            if (wait > 0) {
                if (pair != null) {
                    pair.giveBack(amount, elapsed);
                }
                entry.giveBack(amount, elapsed);
                return wait;
            }
        }
        return 0;
    }

    /** For a tenant without an entry. Under its lock, so that it gets one entry at most and shares in one place at a time. */
    private long reserveNew(String tenant, QuotaTier tier, long amount, long elapsed) {
        Overflow shared = Objects.requireNonNull(overflow);
        long hashed = table.hash(tenant);
        ReentrantLock lock = table.lock(hashed);
        lock.lock();
        try {
            Tenant entry = findOrAdd(tenant, hashed, elapsed);
            if (entry != null) {
                // Nobody forgets it while this thread has the lock.
                return reserveOwn(entry, tier, amount, elapsed);
            }
            overflowed.increment();
            long wait = shared.waitFor(hashed, amount, elapsed);
            if (wait > 0) {
                return wait;
            }
            // The tier before the shared buckets, from which nothing can be given back.
            if (tier.bucket != null) {
                wait = tier.bucket.take(amount, elapsed);
                if (wait > 0) {
                    return wait;
                }
            }
            shared.take(hashed, amount, elapsed);
            return 0;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Tenant findOrAdd(String tenant, long hashed, long elapsed) {
        Tenant found = table.find(tenant, hashed);
        if (found != null || tenant.length() > MAX_ID_LENGTH || !table.makeRoom(hashed, elapsed)) {
            return found;
        }
        Tenant added = new Tenant(tenant, hashed, Objects.requireNonNull(eachTenant), false, null);
        Objects.requireNonNull(overflow).startFrom(added);
        table.add(added);
        return added;
    }

    /** Settles a reservation whose instant is not known: a budget then takes it for the oldest that is not settled. */
    public void settle(String tenant, QuotaTier tier, long reservedTokens, long actualTokens) {
        settleElapsed(tenant, tier, reservedTokens, actualTokens, Budget.UNKNOWN);
    }

    /**
     * Says what a request used that was reserved. What it did not use is given back, never above the burst; what it used beyond is
     * charged, and if there is not as much, the next ones wait until it has refilled.
     *
     * @param reservedTokens as they were reserved
     * @param actualTokens what it used; below 0 counts as 0
     * @param reservedAtNanos the instant given when it was reserved
     */
    public void settle(String tenant, QuotaTier tier, long reservedTokens, long actualTokens, long reservedAtNanos) {
        settleElapsed(tenant, tier, reservedTokens, actualTokens, elapsed(reservedAtNanos));
    }

    private void settleElapsed(String tenant, QuotaTier tier, long reservedTokens, long actualTokens, long takenAt) {
        long reserved = Math.max(0, reservedTokens);
        long actual = Math.max(0, actualTokens);
        // The time matters to what is charged only.
        long elapsed = actual > reserved ? elapsed(time.coarseNanos()) : 0;
        Tenant entry = table.find(tenant);
        if (entry != null) {
            entry.settle(reserved, actual, takenAt, elapsed);
            Bucket pair = entry.inTier(tier);
            if (pair != null) {
                pair.settle(reserved, actual, takenAt, elapsed);
            }
        }
        // What is given back to a tenant without an entry is given to one that lacks nothing.
        if (actual > reserved && overflow != null && (entry == null || !entry.keep())) {
            chargeNew(tenant, reserved, actual, elapsed);
        }
        if (tier.bucket != null) {
            tier.bucket.settle(reserved, actual, takenAt, elapsed);
        }
    }

    /**
     * Reserves more for a request that runs and writes more than was expected, whether it fits or not: a quota that is exceeded by it
     * admits no more until that has refilled. To be settled together with what was reserved before.
     *
     * @param moreTokens 0 or more
     * @param reservedAtNanos the instant given when it was reserved
     */
    public void extend(String tenant, QuotaTier tier, long moreTokens, long reservedAtNanos) {
        long more = Math.max(0, moreTokens);
        long takenAt = elapsed(reservedAtNanos);
        long elapsed = elapsed(time.coarseNanos());
        Tenant entry = table.find(tenant);
        if (entry != null) {
            entry.extend(more, takenAt, elapsed);
            Bucket pair = entry.inTier(tier);
            if (pair != null) {
                pair.extend(more, takenAt, elapsed);
            }
        }
        if (overflow != null && (entry == null || !entry.keep())) {
            chargeNew(tenant, 0, more, elapsed);
        }
        if (tier.bucket != null) {
            tier.bucket.extend(more, takenAt, elapsed);
        }
    }

    private void chargeNew(String tenant, long reserved, long actual, long elapsed) {
        long hashed = table.hash(tenant);
        ReentrantLock lock = table.lock(hashed);
        lock.lock();
        try {
            Tenant entry = findOrAdd(tenant, hashed, elapsed);
            if (entry != null) {
                entry.settle(reserved, actual, Budget.UNKNOWN, elapsed);
            } else {
                Objects.requireNonNull(overflow).charge(hashed, actual - reserved, elapsed);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Gives back a reservation whose instant is not known, as {@link #settle(String, QuotaTier, long, long)}. */
    public void cancel(String tenant, QuotaTier tier, long reservedTokens) {
        cancelElapsed(tenant, tier, reservedTokens, Budget.UNKNOWN);
    }

    /**
     * Gives back a reservation that never ran, the request as well as its tokens.
     *
     * @param reservedAtNanos the instant given when it was reserved
     */
    public void cancel(String tenant, QuotaTier tier, long reservedTokens, long reservedAtNanos) {
        cancelElapsed(tenant, tier, reservedTokens, elapsed(reservedAtNanos));
    }

    private void cancelElapsed(String tenant, QuotaTier tier, long reservedTokens, long takenAt) {
        long reserved = Math.max(0, reservedTokens);
        Tenant entry = table.find(tenant);
        if (entry != null) {
            entry.giveBack(reserved, takenAt);
            Bucket pair = entry.inTier(tier);
            if (pair != null) {
                pair.giveBack(reserved, takenAt);
            }
        }
        if (tier.bucket != null) {
            tier.bucket.giveBack(reserved, takenAt);
        }
    }

    private long elapsed(long atNanos) {
        // A coarse reading may be a little before the origin.
        return Math.max(0, atNanos - originNanos);
    }

    // ---- looking from outside --------------------------------------------------------------------------------------

    /**
     * What an account holds at one moment.
     *
     * @param requests requests that fit; {@link Long#MAX_VALUE} if not limited
     * @param tokens tokens that fit; below 0 in debt; {@link Long#MAX_VALUE} if not limited
     * @param budget tokens of the budget that are neither used nor reserved; below 0 if overdrawn; {@link Long#MAX_VALUE} if
     *     there is none
     */
    public record Remaining(long requests, long tokens, long budget) {

        static final Remaining UNLIMITED = new Remaining(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);

        /** The least of two accounts that apply both. */
        Remaining and(Remaining other) {
            return new Remaining(
                    Math.min(requests, other.requests), Math.min(tokens, other.tokens), Math.min(budget, other.budget));
        }
    }

    /** What a tenant's own quota holds. */
    public Remaining remaining(String tenant) {
        long elapsed = elapsed(time.nanos());
        Tenant entry = table.find(tenant);
        if (entry != null) {
            return entry.remaining(elapsed);
        }
        return overflow == null ? Remaining.UNLIMITED : overflow.remaining(table.hash(tenant), elapsed);
    }

    /** What a tier's quota holds. */
    public Remaining remaining(QuotaTier tier) {
        return tier.bucket == null ? Remaining.UNLIMITED : tier.bucket.remaining(elapsed(time.nanos()));
    }

    /** The least of all quotas that apply to a request of this tenant in this tier. */
    public Remaining remaining(String tenant, QuotaTier tier) {
        Remaining least = remaining(tenant).and(remaining(tier));
        Tenant entry = table.find(tenant);
        Bucket pair = entry == null ? null : entry.inTier(tier);
        return pair == null ? least : least.and(pair.remaining(elapsed(time.nanos())));
    }

    /**
     * Forgets what this tenant used of its budget, as at the turn of a month. What is reserved stays so.
     *
     * @throws IllegalArgumentException if it has none
     */
    public void resetBudget(String tenant) {
        Tenant entry = table.find(tenant);
        if (entry == null || entry.budget == null) {
            throw new IllegalArgumentException(
                    "tenant \"" + tenant + "\" has no budget: give it one by tenant(id, quota)");
        }
        entry.budget.reset();
    }

    /**
     * Forgets what this tier used of its budget. What is reserved stays so.
     *
     * @throws IllegalArgumentException if it has none
     */
    public void resetBudget(QuotaTier tier) {
        if (tier.bucket == null || tier.bucket.budget == null) {
            throw new IllegalArgumentException("tier \"" + tier + "\" has no budget: give it one by tier(name, quota)");
        }
        tier.bucket.budget.reset();
    }

    /** Tenants that have an entry and are not named in the settings; at most {@link Builder#maxTenants}. */
    public int tenants() {
        return table.unnamed();
    }

    /** Entries forgotten so far, of tenants that lacked nothing. */
    public long forgotten() {
        return table.forgotten();
    }

    /** Reservations asked for so far by tenants that had to share, because all entries were busy or their ids too long. */
    public long overflowed() {
        return overflowed.sum();
    }

    /** Collects the settings of {@link Quotas}. Not safe for use by several threads. */
    public static final class Builder {

        private final TimeSource time;
        private final Map<String, Quota> tenants = new LinkedHashMap<>();
        private final Map<String, Quota> tiers = new LinkedHashMap<>();
        private final Map<String, Map<String, Quota>> tenantsInTiers = new LinkedHashMap<>();
        private @Nullable Quota eachTenant;
        private int maxTenants = 16_384;
        private LongSupplier random = new SecureRandom()::nextLong;

        private Builder(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
        }

        /**
         * The quota of one tenant, in place of what each tenant gets; it always has an entry of its own.
         *
         * @param id 1 to 128 characters
         */
        public Builder tenant(String id, Quota quota) {
            put(tenants, "tenant", checkId(id), quota);
            return this;
        }

        /**
         * The quota of each tenant that is not named; not limited by default. It may have no budget: one that is partly
         * used could not be forgotten, so it belongs to tenants that are named.
         */
        public Builder eachTenant(Quota quota) {
            if (quota.budget().isPresent()) {
                throw new IllegalArgumentException("eachTenant must have no budget but was " + quota
                        + ": name those that have one by tenant(id, quota)");
            }
            this.eachTenant = quota.limitsNothing() ? null : quota;
            return this;
        }

        /**
         * The quota that all tenants of a tier share. One request of more tokens than its burst holds gets its turn only when
         * nothing is lacking, so let the burst be many requests.
         */
        public Builder tier(String name, Quota quota) {
            put(tiers, "tier", checkTier(name), quota);
            return this;
        }

        /** The quota of one tenant in one tier, besides those of the tenant and of the tier. */
        public Builder tenantInTier(String tenant, String tier, Quota quota) {
            Map<String, Quota> pairs =
                    tenantsInTiers.computeIfAbsent(checkId(tenant), ignored -> new LinkedHashMap<>());
            put(pairs, "tenant \"" + tenant + "\" in tier", checkTier(tier), quota);
            return this;
        }

        /**
         * Most tenants with an entry that are not named; 1 to 131,072, 16,384 by default. Each takes some 200 bytes with its
         * id. Those beyond share.
         */
        public Builder maxTenants(int maxTenants) {
            if (maxTenants < 1 || maxTenants > 131_072) {
                throw new IllegalArgumentException("maxTenants must be 1..131072 but was " + maxTenants
                        + "; tenants beyond share, and tenant(id, quota) keeps one out of that");
            }
            this.maxTenants = maxTenants;
            return this;
        }

        /** Source of the hash's secrets, for tests. */
        Builder random(LongSupplier random) {
            this.random = random;
            return this;
        }

        private static void put(Map<String, Quota> map, String what, String key, Quota quota) {
            if (map.putIfAbsent(key, Objects.requireNonNull(quota, "quota")) != null) {
                throw new IllegalArgumentException(what + " \"" + key + "\" has two quotas: leave one out");
            }
        }

        private static String checkId(String id) {
            if (id.isEmpty() || id.length() > MAX_ID_LENGTH) {
                throw new IllegalArgumentException(
                        "tenant id must be 1.." + MAX_ID_LENGTH + " characters but was " + id.length() + " long");
            }
            return id;
        }

        private static String checkTier(String name) {
            if (name.isEmpty()) {
                throw new IllegalArgumentException("tier name must not be empty: give the name the pool's tier has");
            }
            return name;
        }

        private List<String> tenantNames() {
            List<String> names = new ArrayList<>(tenants.keySet());
            tenantsInTiers.keySet().stream()
                    .filter(each -> !tenants.containsKey(each))
                    .forEach(names::add);
            return names;
        }

        private List<String> tierNames() {
            List<String> names = new ArrayList<>(tiers.keySet());
            for (Map<String, Quota> pairs : tenantsInTiers.values()) {
                pairs.keySet().stream().filter(each -> !names.contains(each)).forEach(names::add);
            }
            return names;
        }

        /** The quotas; later changes of this builder do not touch them. */
        public Quotas build() {
            return new Quotas(this);
        }
    }
}
