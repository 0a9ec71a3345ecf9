/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import io.tidegate.quota.Quota;
import io.tidegate.quota.QuotaTier;
import io.tidegate.quota.Quotas;
import io.tidegate.time.SystemTime;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to reserve a request and its tokens for a tenant and to settle it; and to refuse it?
 *
 * <p>Expected: ours finds the tenant by a seeded hash and makes three atomic operations; Bucket4j has two buckets, as requests and
 * tokens are of different amounts, and copies the state of each for each operation. Its buckets are looked up in a {@link
 * ConcurrentHashMap}, which has no bound. Refused means that there are no tokens; both say when there will be.
 *
 * <p>Command, with CPU time and allocation, for 1 thread and with {@code -t 2}:
 *
 * <pre>{@code
 * java -jar benchmarks/target/benchmarks.jar QuotaBenchmark -prof gc -prof io.tidegate.benchmarks.CpuProfiler
 * }</pre>
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(5)
@Threads(1)
public class QuotaBenchmark {

    /** Enough never to be refused. */
    private static final long PLENTY = 10_000_000_000L;

    private static final long RESERVED = 1_000;

    /** Most is given back, so that no account is used up. */
    private static final long ACTUAL = 1;

    private static final String TENANT = "org-5f3c9a7e1b24d806-0";
    private static final String POOR = "org-without-any-tokens";

    /** Of the length that tenant ids have. */
    private static String[] names() {
        String[] names = new String[ShippedGate.TENANTS];
        for (int i = 0; i < names.length; i++) {
            names[i] = "org-5f3c9a7e1b24d806-" + i;
        }
        return names;
    }

    /** Ours. */
    @State(Scope.Benchmark)
    public static class Ours {

        final SystemTime time = SystemTime.start();
        final Quotas quotas = Quotas.builder(time)
                .eachTenant(Quota.perMinute(PLENTY, PLENTY))
                .tenant(POOR, Quota.perMinute(PLENTY, 1))
                .tier("batch", Quota.builder().tokensPerMinute(PLENTY).build())
                .build();
        final QuotaTier free = quotas.tier("free");
        final QuotaTier batch = quotas.tier("batch");
        final String[] names = names();

        public Ours() {
            quotas.reserve(POOR, free, RESERVED);
        }

        /** Ends the clock's thread. */
        @TearDown
        public void stop() {
            time.close();
        }
    }

    /** Bucket4j with a given clock. */
    static class Peer {

        final ConcurrentHashMap<String, Bucket[]> buckets = new ConcurrentHashMap<>();
        final String[] names = names();

        Peer(TimeMeter meter) {
            for (String name : names) {
                buckets.put(name, new Bucket[] {bucket(meter, PLENTY), bucket(meter, PLENTY)});
            }
            buckets.put(POOR, new Bucket[] {bucket(meter, PLENTY), bucket(meter, 1)});
            reserve(POOR, 1);
        }

        private static Bucket bucket(TimeMeter meter, long perMinute) {
            return Bucket.builder()
                    .addLimit(limit -> limit.capacity(perMinute).refillGreedy(perMinute, Duration.ofMinutes(1)))
                    .withCustomTimePrecision(meter)
                    .build();
        }

        private Bucket[] both(String tenant) {
            return Objects.requireNonNull(buckets.get(tenant));
        }

        /** All or nothing, as the documentation has it for two buckets: what the first gave is returned. */
        final long reserve(String tenant, long tokens) {
            Bucket[] both = both(tenant);
            ConsumptionProbe requests = both[0].tryConsumeAndReturnRemaining(1);
            if (!requests.isConsumed()) {
                return requests.getNanosToWaitForRefill();
            }
            ConsumptionProbe taken = both[1].tryConsumeAndReturnRemaining(tokens);
            if (!taken.isConsumed()) {
                both[0].addTokens(1);
                return taken.getNanosToWaitForRefill();
            }
            return 0;
        }

        /** The same without the time to wait. */
        final boolean tryReserve(String tenant, long tokens) {
            Bucket[] both = both(tenant);
            if (!both[0].tryConsume(1)) {
                return false;
            }
            if (!both[1].tryConsume(tokens)) {
                both[0].addTokens(1);
                return false;
            }
            return true;
        }

        final void settle(String tenant) {
            both(tenant)[1].addTokens(RESERVED - ACTUAL);
        }
    }

    /** Bucket4j with its default clock. */
    @State(Scope.Benchmark)
    public static class PeerMillis extends Peer {
        public PeerMillis() {
            super(TimeMeter.SYSTEM_MILLISECONDS);
        }
    }

    /** Bucket4j with our coarse clock. */
    @State(Scope.Benchmark)
    public static class PeerCoarse extends Peer {

        private final SystemTime time;

        public PeerCoarse() {
            this(SystemTime.start());
        }

        private PeerCoarse(SystemTime time) {
            super(new TimeMeter() {
                @Override
                public long currentTimeNanos() {
                    return time.coarseNanos();
                }

                @Override
                public boolean isWallClockBased() {
                    return false;
                }
            });
            this.time = time;
        }

        /** Ends the clock's thread. */
        @TearDown
        public void stop() {
            time.close();
        }
    }

    private static long granted(long wait) {
        if (wait != 0) {
            throw new IllegalStateException("it was refused though there is plenty");
        }
        return wait;
    }

    private static long refused(long wait) {
        if (wait == 0) {
            throw new IllegalStateException("it was granted though there is nothing");
        }
        return wait;
    }

    /** Reserved and settled for one tenant. */
    @Benchmark
    public long grantedOneTenant(Ours ours) {
        long wait = granted(ours.quotas.reserve(TENANT, ours.free, RESERVED));
        ours.quotas.settle(TENANT, ours.free, RESERVED, ACTUAL);
        return wait;
    }

    /** Reserved and settled for 64 tenants in turn. */
    @Benchmark
    public long grantedManyTenants(Ours ours, Walk walk) {
        String tenant = ours.names[walk.next()];
        long wait = granted(ours.quotas.reserve(tenant, ours.free, RESERVED));
        ours.quotas.settle(tenant, ours.free, RESERVED, ACTUAL);
        return wait;
    }

    /** The same with the quota of a tier besides. */
    @Benchmark
    public long grantedManyTenantsAndTier(Ours ours, Walk walk) {
        String tenant = ours.names[walk.next()];
        long wait = granted(ours.quotas.reserve(tenant, ours.batch, RESERVED));
        ours.quotas.settle(tenant, ours.batch, RESERVED, ACTUAL);
        return wait;
    }

    /** Refused with the time to wait. */
    @Benchmark
    public long refusedOneTenant(Ours ours) {
        return refused(ours.quotas.reserve(POOR, ours.free, 1));
    }

    /** As ours, with the time to wait, by the default clock. */
    @Benchmark
    public long grantedOneTenantBucket4j(PeerMillis peer) {
        long wait = granted(peer.reserve(TENANT, RESERVED));
        peer.settle(TENANT);
        return wait;
    }

    /** As ours, with the time to wait, by our coarse clock. */
    @Benchmark
    public long grantedOneTenantBucket4jCoarse(PeerCoarse peer) {
        long wait = granted(peer.reserve(TENANT, RESERVED));
        peer.settle(TENANT);
        return wait;
    }

    /** Its leanest form: a boolean, by our coarse clock. */
    @Benchmark
    public boolean grantedOneTenantBucket4jLean(PeerCoarse peer) {
        boolean reserved = peer.tryReserve(TENANT, RESERVED);
        peer.settle(TENANT);
        return reserved;
    }

    /** As ours, by our coarse clock. */
    @Benchmark
    public long grantedManyTenantsBucket4jCoarse(PeerCoarse peer, Walk walk) {
        String tenant = peer.names[walk.next()];
        long wait = granted(peer.reserve(tenant, RESERVED));
        peer.settle(tenant);
        return wait;
    }

    /** As ours, by our coarse clock. */
    @Benchmark
    public long refusedOneTenantBucket4jCoarse(PeerCoarse peer) {
        return refused(peer.reserve(POOR, 1));
    }
}
