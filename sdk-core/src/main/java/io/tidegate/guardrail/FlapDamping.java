/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.guardrail;

import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.policy.PolicySettings;
import io.tidegate.policy.Recipe;
import io.tidegate.pool.PoolView;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps a pool from going down and up again for nothing.
 *
 * <p>Two rules, both told from the changes of the last hour:
 *
 * <ol>
 *   <li>If the last change went down and is at most a window ago, an up is held while the demand is at most {@code band} above what
 *       is there, nobody waits and no tier breaks its SLO. Need passes at once: somebody waits, an SLO is being broken, the demand
 *       is above the band, there is no replica, or it is not known.
 *   <li>A down is regretted when an up follows within a window. Each regret doubles the time for which a lower answer must hold
 *       before the next down: 2 windows, then 4, never more. It is forgotten when a down has stood for as long.
 * </ol>
 *
 * <p>Together with a stabilization window on the way down that is at least as long, and where no one else changes the count, this
 * promises:
 *
 * <ul>
 *   <li>while the demand stays at or below the band over the lowest count and nobody waits, the direction changes at most once in
 *       any window;
 *   <li>whatever the load, an up lies more than one window before the next down, and two downs with an up between them are more than
 *       two windows apart; so the direction changes at most twice in any window, and at most once a window on average;
 *   <li>a down after a regret comes more than two windows after the up that regretted it; after two regrets in a row, whose downs
 *       are both at most an hour old, more than four.
 * </ul>
 *
 * <p>Example: with 5 minutes and 15 %, 5 became 4 two minutes ago and the demand is 4.5: 4 stay for three minutes more, since 4.6 would
 * still be within the band. With a demand of 4.7, or one request waiting, it is 5 at once, and 10 minutes pass before 4 are tried again.
 *
 * @param window positive, at most 15 minutes, so that four fit into {@link History#HORIZON}
 * @param band share of the present count, 0 to 1
 * @since 0.1.0
 */
public record FlapDamping(Duration window, double band) implements Guardrail {

    private static final int MOST_WINDOWS = 4;
    private static final Duration LONGEST = History.HORIZON.dividedBy(MOST_WINDOWS);

    public FlapDamping {
        if (window.isZero() || window.isNegative() || window.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "window of flap damping must be positive and at most " + LONGEST + " but was " + window);
        }
        Text.share("band of flap damping", band);
    }

    /** With the defaults: 5 minutes, 15 %. */
    public FlapDamping() {
        this(Duration.ofMinutes(5), 0.15);
    }

    @Override
    public String name() {
        return "flap damping";
    }

    @Override
    public Optional<Recipe> recipe() {
        return Optional.of(new Recipe(
                GuardrailTypes.FLAP_DAMPING, Map.of("window", window.toString(), "band", Double.toString(band))));
    }

    static FlapDamping of(PolicySettings settings) {
        return new FlapDamping(
                settings.requiredDuration("window", Duration.ZERO, LONGEST), settings.requiredNumber("band", 0, 1));
    }

    @Override
    public Narrowing narrow(PoolView view, History history, int proposed) {
        int current = view.replicas().desired();
        if (proposed > current) {
            return up(view, history, current, proposed);
        }
        return proposed < current ? down(view, history, current, proposed) : Narrowing.none(name(), proposed);
    }

    private Narrowing up(PoolView view, History history, int current, int proposed) {
        List<History.Change> changes = history.changes();
        History.Change last = changes.isEmpty() ? null : changes.get(changes.size() - 1);
        if (last == null || last.to() > last.from() || needed(view, history.demand(), current)) {
            return Narrowing.none(name(), proposed);
        }
        long ago = view.nowNanos() - last.atNanos();
        if (ago > window.toNanos()) {
            return Narrowing.none(name(), proposed);
        }
        return new Narrowing(
                name(),
                current,
                "it went down " + Text.seconds(ago) + " ago, nobody waits, and a demand of "
                        + Text.number(history.demand()) + " is at most " + Text.percent(band) + " above " + current);
    }

    private boolean needed(PoolView view, double demand, int current) {
        boolean inBand = demand <= current * (1 + band);
        return !inBand
                || current == 0
                || view.evidence().blind()
                || view.queued() > 0
                || !Healthy.brokenSlo(view, Healthy.MIN_COUNT).isEmpty();
    }

    private Narrowing down(PoolView view, History history, int current, int proposed) {
        int windows = windows(history, view.nowNanos());
        if (windows == 1) {
            return Narrowing.none(name(), proposed);
        }
        long nanos = windows * window.toNanos();
        int held = Math.min(current, history.highestProposed(view.nowNanos(), nanos, proposed));
        if (held == proposed) {
            return Narrowing.none(name(), proposed);
        }
        return new Narrowing(
                name(),
                held,
                "the last time it went down it had to go up again within " + window.toSeconds() + " s, and " + held
                        + " were wanted within the last " + Text.seconds(nanos));
    }

    /** For how many windows a lower answer must hold now: 1, 2 or 4. */
    private int windows(History history, long now) {
        int windows = 1;
        boolean down = false;
        long downNanos = 0;
        for (History.Change change : history.changes()) {
            if (change.to() > change.from()) {
                if (down) {
                    windows = after(windows, change.atNanos() - downNanos);
                }
                down = false;
            } else if (change.to() < change.from()) {
                down = true;
                downNanos = change.atNanos();
            }
        }
        return down && now - downNanos > windows * window.toNanos() ? 1 : windows;
    }

    /** What a down that stood for so long makes of the windows. */
    private int after(int windows, long stoodNanos) {
        if (stoodNanos <= window.toNanos()) {
            return Math.min(MOST_WINDOWS, windows * 2);
        }
        return stoodNanos > windows * window.toNanos() ? 1 : windows;
    }
}
