/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.pool.PoolView.TierView;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LoadRatesTest {

    private static final Duration WINDOW = Duration.ofSeconds(15);

    private final ManualTime time = new ManualTime();
    private final FakeLoad load = new FakeLoad(time);
    private final LoadRates rates = new LoadRates(WINDOW);

    private TierView update() {
        return rates.update(load.get()).get(0);
    }

    private TierView after(Duration duration) {
        time.advance(duration);
        return update();
    }

    @Test
    void update_first_givesNoRateAndNoMean() {
        load.arrive(1000);
        load.close(10, Duration.ofSeconds(3));
        TierView view = update();

        assertThat(view.arrivalsPerSecond()).isZero();
        assertThat(view.refusedPerSecond()).isZero();
        assertThat(view.inFlightSeconds()).isNaN();
        assertThat(view.tokensPerRequest()).isNaN();
    }

    @Test
    void update_steadyArrivals_riseToTheirRateOverTheWindow() {
        update();
        TierView view = null;
        for (int i = 0; i < 60; i++) {
            load.arrive(1);
            view = after(Duration.ofMillis(250));
        }
        // One window: 1 − 1/e of 4/s.
        assertThat(view.arrivalsPerSecond()).isCloseTo(4 * (1 - Math.exp(-1)), within(1e-9));
        for (int i = 0; i < 600; i++) {
            load.arrive(1);
            view = after(Duration.ofMillis(250));
        }
        assertThat(view.arrivalsPerSecond()).isCloseTo(4, within(1e-3));
    }

    @Test
    void update_steadyRate_risesOverFourWindows() {
        update();
        TierView view = null;
        for (int i = 0; i < 240; i++) {
            load.arrive(1);
            view = after(Duration.ofMillis(250));
        }
        assertThat(view.steadyArrivalsPerSecond()).isCloseTo(4 * (1 - Math.exp(-1)), within(1e-9));
        assertThat(view.arrivalsPerSecond()).isCloseTo(4 * (1 - Math.exp(-4)), within(1e-9));
    }

    @Test
    void update_unevenReading_doesNotBendTheRate() {
        LoadRates coarse = new LoadRates(WINDOW);
        update();
        coarse.update(load.get());
        TierView fine = null;
        for (int i = 0; i < 40; i++) {
            load.arrive(2);
            fine = after(Duration.ofMillis(500));
        }
        assertThat(coarse.update(load.get()).get(0).arrivalsPerSecond())
                .isCloseTo(fine.arrivalsPerSecond(), within(1e-9));
    }

    @Test
    void update_arrivalsStop_decay() {
        update();
        load.arrive(60);
        double before = after(WINDOW).arrivalsPerSecond();
        assertThat(after(WINDOW).arrivalsPerSecond()).isCloseTo(before / Math.E, within(1e-9));
    }

    @Test
    void update_refused_countsShedAndExpired() {
        update();
        load.shed(10);
        load.expire(5);
        assertThat(after(WINDOW).refusedPerSecond()).isCloseTo(1 - Math.exp(-1), within(1e-9));
    }

    @Test
    void update_sameInstantTwice_losesNoArrivals() {
        // As in virtual time, where a period and an arrival fall on the same instant.
        update();
        load.arrive(30);
        time.advance(WINDOW);
        update();
        load.arrive(60);
        update();
        TierView view = after(WINDOW);
        double decayed = 2 * (1 - Math.exp(-1)) * Math.exp(-1);
        assertThat(view.arrivalsPerSecond()).isCloseTo(decayed + 4 * (1 - Math.exp(-1)), within(1e-9));
    }

    @Test
    void update_sameInstant_stillShowsWhatIsInFlightAndQueued() {
        update();
        load.inFlight = 7;
        load.queued = 3;
        assertThat(update().inFlight()).isEqualTo(7);
        assertThat(update().queued()).isEqualTo(3);
    }

    @Test
    void update_firstReturns_giveTheMeanAtOnce() {
        update();
        load.close(4, Duration.ofSeconds(8));
        assertThat(after(Duration.ofMillis(250)).inFlightSeconds()).isEqualTo(8);
    }

    @Test
    void update_laterReturns_moveTheMeanByTheirNumber() {
        update();
        load.close(1, Duration.ofSeconds(8));
        after(Duration.ofMillis(250));
        load.close(64, Duration.ofSeconds(4));
        double weight = 1 - Math.pow(63.0 / 64, 64);
        assertThat(after(Duration.ofMillis(250)).inFlightSeconds()).isCloseTo(8 - 4 * weight, within(1e-9));
    }

    @Test
    void update_nothingReturned_keepsTheMean() {
        update();
        load.close(1, Duration.ofSeconds(8));
        after(Duration.ofMillis(250));
        assertThat(after(Duration.ofHours(5)).inFlightSeconds()).isEqualTo(8);
    }

    @Test
    void update_tokens_areTheMeanOfPermitsGiven() {
        update();
        load.admit(10, 1200);
        assertThat(after(Duration.ofMillis(250)).tokensPerRequest()).isEqualTo(1200);
    }

    @Test
    void update_millionsAtOnce_staysFinite() {
        update();
        load.arrive(Long.MAX_VALUE / 2);
        load.close(1_000_000_000, Duration.ofSeconds(1));
        TierView view = after(Duration.ofNanos(1));
        assertThat(view.arrivalsPerSecond()).isFinite().isPositive();
        assertThat(view.inFlightSeconds()).isEqualTo(1);
    }

    @Test
    void update_clockWraps_measuresByDifference() {
        ManualTime wrapping = new ManualTime(Long.MAX_VALUE - 1, java.time.Instant.EPOCH);
        FakeLoad counts = new FakeLoad(wrapping);
        LoadRates wrapped = new LoadRates(WINDOW);
        wrapped.update(counts.get());
        counts.arrive(15);
        wrapping.advance(WINDOW);
        assertThat(wrapped.update(counts.get()).get(0).arrivalsPerSecond()).isCloseTo(1 - Math.exp(-1), within(1e-9));
    }
}
