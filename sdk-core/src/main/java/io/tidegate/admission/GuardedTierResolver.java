/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.admission.spi.RequestFacts;
import io.tidegate.admission.spi.TierResolver;
import io.tidegate.admission.spi.TierResolver.Choice;
import io.tidegate.log.BoundedLog;
import io.tidegate.pool.Tier;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * A resolver that always answers with a tier of its gate, whatever the one within does. Never throws.
 *
 * <p>Where that throws, gives null, or names a tier that the gate does not have, the request is of the gate's lowest tier and anonymous,
 * or of the tenant named beside an unknown tier: it is served, and gains nothing by the failure. Each such answer is counted.
 *
 * <p>One that throws or gives null {@value #MOST_FAILURES} times in a row is not asked for 30 s by the gate's clock; then one request
 * asks it, and if that fails too, 30 s more pass. An unknown tier is an answer and does not count for that: else a client whose header
 * a resolver hands on unseen could have it switched off for all.
 *
 * <p>Safe for many threads. Allocates one {@link Resolved} where nobody is known, none of tiers alone.
 *
 * @since 0.1.0
 */
public final class GuardedTierResolver {

    private static final Logger LOG = BoundedLog.of(GuardedTierResolver.class);

    /** Failures in a row after which it is left alone. */
    static final int MOST_FAILURES = 3;

    /** How long it is left alone. */
    static final Duration PAUSE = Duration.ofSeconds(30);

    private final TierResolver resolver;
    private final TimeSource time;
    private final Map<String, Resolved> anonymous = new HashMap<>();
    private final Resolved lowest;

    private final LongAdder failures = new LongAdder();
    private final LongAdder unknown = new LongAdder();
    private final LongAdder skipped = new LongAdder();

    /** Failures since the last answer. */
    private final AtomicInteger inARow = new AtomicInteger();

    /** When it may be asked again; means something only while it is paused. Whoever moves it on is the one who asks. */
    private final AtomicLong askAgainNanos = new AtomicLong();

    private final AtomicBoolean saidUnknown = new AtomicBoolean();

    GuardedTierResolver(TierResolver resolver, Gate gate) {
        this.resolver = Objects.requireNonNull(resolver, "resolver");
        this.time = gate.time();
        List<Tier> tiers = gate.tiers();
        tiers.forEach(tier -> anonymous.put(tier.name(), new Resolved(tier, Request.ANONYMOUS)));
        this.lowest = new Resolved(tiers.get(tiers.size() - 1), Request.ANONYMOUS);
    }

    /**
     * Tier and tenant of a request.
     *
     * @param tier one of the gate's
     * @param tenant who is asking; {@link Request#ANONYMOUS} if nobody is known
     */
    public record Resolved(Tier tier, String tenant) {

        /** A request of this tier and tenant. */
        public Request request() {
            Request request = Request.of(tier);
            return tenant.equals(Request.ANONYMOUS) ? request : request.withTenant(tenant);
        }
    }

    /** Tier and tenant of a request; the lowest tier where the resolver has no answer. */
    public Resolved resolve(RequestFacts facts) {
        if (inARow.get() >= MOST_FAILURES && !mayAskAgain()) {
            skipped.increment();
            return lowest;
        }
        Choice choice;
        try {
            choice = resolver.resolve(facts);
        } catch (RuntimeException | Error e) {
            failed(e);
            return lowest;
        }
        if (isNull(choice)) {
            failed(null);
            return lowest;
        }
        if (inARow.get() != 0 && inARow.getAndSet(0) >= MOST_FAILURES) {
            LOG.info("tier resolver {} answers again", resolver.getClass().getName());
        }
        return known(choice);
    }

    private Resolved known(Choice choice) {
        Resolved known = anonymous.get(choice.tier());
        if (known == null) {
            unknown.increment();
            if (saidUnknown.compareAndSet(false, true)) {
                LOG.warn(
                        "tier resolver {} names a tier that the gate does not have; such requests are of tier {}",
                        resolver.getClass().getName(),
                        lowest.tier());
            }
            known = lowest;
        }
        String tenant = choice.tenant();
        return tenant == null ? known : new Resolved(known.tier(), tenant);
    }

    /** Whether the pause is over and this caller is the one who asks. */
    private boolean mayAskAgain() {
        long until = askAgainNanos.get();
        long now = time.nanos();
        return now - until >= 0 && askAgainNanos.compareAndSet(until, now + PAUSE.toNanos());
    }

    private void failed(@Nullable Throwable failure) {
        failures.increment();
        // Before the count, so that nobody who sees it full reads the time of an earlier pause.
        askAgainNanos.set(time.nanos() + PAUSE.toNanos());
        if (inARow.updateAndGet(count -> Math.min(count + 1, MOST_FAILURES + 1)) == MOST_FAILURES) {
            LOG.warn(
                    "tier resolver {} failed {} times in a row and is not asked for {} s; requests are of tier {} meanwhile",
                    resolver.getClass().getName(),
                    MOST_FAILURES,
                    PAUSE.toSeconds(),
                    lowest.tier(),
                    failure);
        }
    }

    /** How often it threw or gave null. */
    public long failures() {
        return failures.sum();
    }

    /** How often it named a tier that the gate does not have. */
    public long unknownTiers() {
        return unknown.sum();
    }

    /** How often it was not asked, since it had failed. */
    public long skipped() {
        return skipped.sum();
    }

    /** What a plugin gives may be null whatever it is declared. */
    private static boolean isNull(@Nullable Object given) {
        return given == null;
    }
}
