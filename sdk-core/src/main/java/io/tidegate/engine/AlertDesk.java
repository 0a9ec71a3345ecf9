/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.alert.Alert;
import io.tidegate.alert.AlertKind;
import io.tidegate.alert.AlertSettings;
import io.tidegate.alert.Alerts;
import io.tidegate.alert.Situation;
import io.tidegate.alert.Situation.Money;
import io.tidegate.alert.Situation.Promise;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.History;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.Ledger;
import io.tidegate.ledger.LedgerStatus;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.pool.PoolLoad;
import io.tidegate.pool.PoolView;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Looks at one pool once a second, and says what is wrong with it. On the engine's thread, but for what {@link #active} returns. */
final class AlertDesk {

    private static final long PERIOD_NANOS = Duration.ofSeconds(1).toNanos();

    /** A round that comes this much early is not put off to the next, which may be much later. */
    private static final long EARLY_NANOS = Duration.ofMillis(5).toNanos();

    private static final int TAKEOVERS = 1_000;

    private final String pool;
    private final Ledger ledger;
    private final AlertDeliveries deliveries;
    private final Consumer<Entry> account;
    private AlertSettings settings;
    private final Alerts alerts;
    private final ArrayDeque<Long> takeovers = new ArrayDeque<>();
    private boolean looked;
    private long lookedNanos;

    private double secondsBefore;
    private @Nullable LocalDate day;
    private double spentToday;
    private double spentThisMonth;

    private List<Alert> active = List.of();
    private Map<AlertKind, Long> fired = Map.of();

    /**
     * What the loop knows at the end of a round.
     *
     * @param view what was known in the last round that could decide; null if none could since the backend was exchanged
     * @param latest the decision made on it
     * @param backendFresh whether the backend's status is new enough to be acted on
     * @param running replicas that are paid for
     * @param replicaSeconds sum over time of those; only grows
     * @param load what the gate counted; null if it cannot be told
     */
    record Facts(
            @Nullable PoolView view,
            @Nullable Decision latest,
            boolean backendFresh,
            Collection<ScaleEvent> events,
            History history,
            int running,
            double replicaSeconds,
            @Nullable PoolLoad load) {}

    AlertDesk(ScaledPool pool, Ledger ledger, AlertDeliveries deliveries, Consumer<Entry> account) {
        this.pool = pool.name;
        this.ledger = ledger;
        this.deliveries = deliveries;
        this.account = account;
        this.settings = pool.alerts;
        this.alerts = new Alerts(pool.alerts);
    }

    /** Whether it is time to look; where it is, {@link #look} must follow. */
    boolean isDue(long nowNanos) {
        return !looked || nowNanos - lookedNanos >= PERIOD_NANOS - EARLY_NANOS;
    }

    /** Somebody else set the count. */
    void takenOver(long nowNanos) {
        takeovers.addLast(nowNanos);
        long horizon = History.HORIZON.toNanos();
        while (takeovers.size() > TAKEOVERS || nowNanos - takeovers.getFirst() > horizon) {
            takeovers.removeFirst();
        }
    }

    /** Looks, says what began or ended, and keeps what is active. */
    void look(ScaledPool now, long nowNanos, Instant at, Facts facts) {
        looked = true;
        lookedNanos = nowNanos;
        if (settings != now.alerts) {
            settings = now.alerts;
            alerts.use(settings);
        }
        Situation situation = new Situation(
                pool,
                nowNanos,
                at,
                now.period,
                Optional.ofNullable(facts.view()),
                Optional.ofNullable(facts.latest()),
                facts.backendFresh(),
                now.leastCoverage(),
                List.copyOf(facts.events()),
                facts.history().changes(),
                List.copyOf(takeovers),
                facts.running(),
                money(now.pricePerHour, facts.replicaSeconds(), at),
                promises(facts.load()),
                status());
        List<Alert> changes = alerts.update(situation);
        active = alerts.active();
        changes.forEach(this::say);
    }

    private void say(Alert alert) {
        if (alert.firing() && alert.since().equals(alert.at())) {
            Map<AlertKind, Long> more = new EnumMap<>(AlertKind.class);
            more.putAll(fired);
            more.merge(alert.kind(), 1L, Long::sum);
            fired = Map.copyOf(more);
        }
        account.accept(new Entry.Alerted(
                pool,
                alert.at(),
                alert.kind().code(),
                alert.firing(),
                alert.severity().code(),
                alert.what()));
        deliveries.tell(alert);
    }

    /** What fires now. */
    List<Alert> active() {
        return active;
    }

    /** How often alerts began, by kind; those that never did are missing. */
    Map<AlertKind, Long> fired() {
        return fired;
    }

    private LedgerStatus status() {
        try {
            return ledger.status();
        } catch (RuntimeException | Error e) {
            return new LedgerStatus(0, 0, 0, "its status cannot be read: " + e);
        }
    }

    /** Days and months are those of UTC. A wall clock that goes back goes on with the later day. */
    private Money money(double pricePerHour, double replicaSeconds, Instant at) {
        LocalDate today = at.atOffset(ZoneOffset.UTC).toLocalDate();
        LocalDate before = day;
        if (before == null || today.isAfter(before)) {
            spentToday = 0;
            if (before == null || !today.withDayOfMonth(1).equals(before.withDayOfMonth(1))) {
                spentThisMonth = 0;
            }
            day = today;
        }
        // While the price is not known, nothing that is spent is counted: what was spent is a least.
        double more = Math.max(0, replicaSeconds - secondsBefore) * pricePerHour / 3600;
        secondsBefore = replicaSeconds;
        if (more > 0) {
            spentToday += more;
            spentThisMonth += more;
        }
        return Double.isNaN(pricePerHour) ? Money.UNKNOWN : new Money(pricePerHour, spentToday, spentThisMonth);
    }

    private static List<Promise> promises(@Nullable PoolLoad load) {
        return load == null
                ? List.of()
                : load.tiers().stream()
                        .map(tier -> new Promise(
                                tier.tier().name(),
                                tier.tier().slo().target(),
                                tier.served().sloEvaluated(),
                                tier.served().sloBroken()))
                        .toList();
    }
}
