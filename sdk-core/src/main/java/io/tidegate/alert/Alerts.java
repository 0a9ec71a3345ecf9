/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The alerts of one pool: judges one situation after the other, and says what began, changed severity or ended.
 *
 * <p>Rules are pure functions of a situation and of windows over those before; what they find must hold for a time before it is an alert,
 * and must be fine for a time before it is none. Missing data neither begins nor ends an alert, but for the one that says that data is
 * missing. A jump of the clock counts as one step. Memory is bounded by the settings and the number of tiers. For one thread.
 *
 * @since 0.1.0
 */
public final class Alerts {

    /** A longer step counts as this, unless looks are meant to be further apart. */
    private static final Duration LONGEST_STEP = Duration.ofSeconds(5);

    private final Map<AlertKind, Watch> watches = new EnumMap<>(AlertKind.class);
    private AlertSettings settings;
    private Past past;
    private boolean begun;
    private long lastNanos;

    /** With nothing firing. */
    public Alerts(AlertSettings settings) {
        this.settings = settings;
        this.past = new Past(settings);
        for (AlertKind kind : AlertKind.values()) {
            watches.put(kind, new Watch(kind));
        }
    }

    /** Goes on by other settings from the next situation on. What fires stays; windows of another length begin empty. */
    public void use(AlertSettings other) {
        settings = other;
        if (!past.fits(other)) {
            past = new Past(other);
        }
    }

    /** What began, changed severity or ended, in the order of {@link AlertKind}. */
    public List<Alert> update(Situation situation) {
        long longest = Math.max(LONGEST_STEP.toNanos(), 2 * situation.period().toNanos());
        long step = begun ? Math.min(longest, Math.max(0, situation.nowNanos() - lastNanos)) : 0;
        begun = true;
        lastNanos = situation.nowNanos();
        past.look(situation, step);
        Situation known = situation.withoutOldView(longest);
        List<Alert> changed = new ArrayList<>();
        watches.forEach((kind, watch) -> {
            Alert change = settings.isOn(kind)
                    ? watch.look(Rules.judge(kind, known, past, settings), step, known, settings)
                    : watch.end(known, "switched off");
            if (change != null) {
                changed.add(change);
            }
        });
        return changed;
    }

    /** What fires now, in the order of {@link AlertKind}; each with the numbers of the last situation in which it was the case. */
    public List<Alert> active() {
        List<Alert> active = new ArrayList<>();
        for (Watch watch : watches.values()) {
            Alert alert = watch.active();
            if (alert != null) {
                active.add(alert);
            }
        }
        return active;
    }
}
