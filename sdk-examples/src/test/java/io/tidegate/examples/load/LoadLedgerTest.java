/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class LoadLedgerTest {
    private static final long SECOND = 1_000_000_000L;

    private final LoadLedger ledger =
            new LoadLedger(List.of(new TierSlo("premium", Duration.ofSeconds(2))), Duration.ofSeconds(10));

    private TierLoad premium(double seconds) {
        return ledger.snapshot(Math.round(seconds * SECOND)).tiers().get(0);
    }

    private static long at(double seconds) {
        return Math.round(seconds * SECOND);
    }

    @Test
    void firstToken_withinTheBound_keepsTheSlo() {
        LoadLedger.Entry entry = ledger.due("premium", at(1));
        ledger.firstToken(entry, at(3));

        assertThat(premium(3).sloAttainment()).hasValue(1);
        assertThat(premium(3).ttft().p50Seconds()).isCloseTo(2, within(0.01));
        assertThat(premium(3).open()).isEqualTo(1);
    }

    @Test
    void firstToken_afterTheBound_breaksTheSlo() {
        LoadLedger.Entry entry = ledger.due("premium", at(1));
        ledger.firstToken(entry, at(3.001));
        ledger.ended(entry, Outcome.COMPLETED, "", 9, at(4));

        assertThat(premium(4).sloAttainment()).hasValue(0);
        assertThat(premium(4).completed()).isEqualTo(1);
        assertThat(premium(4).outputTokens()).isEqualTo(9);
        assertThat(premium(4).endToEnd().maxSeconds()).isCloseTo(3, within(0.01));
    }

    @Test
    void snapshot_boundPassedWithoutToken_countsAsBrokenAlready() {
        ledger.due("premium", at(1));

        assertThat(premium(3).sloAttainment()).isEmpty();
        assertThat(premium(3.1).sloAttainment()).hasValue(0);
        assertThat(premium(3.1).recent().broken()).isEqualTo(1);
        assertThat(premium(3.1).open()).isEqualTo(1);
    }

    @Test
    void ended_afterTheBoundHadPassed_isCountedOnce() {
        LoadLedger.Entry late = ledger.due("premium", at(1));
        assertThat(premium(5).sloAttainment()).hasValue(0);
        ledger.firstToken(late, at(6));
        ledger.ended(late, Outcome.FAILED, "broke", 0, at(7));
        LoadLedger.Entry good = ledger.due("premium", at(7));
        ledger.firstToken(good, at(7.5));

        assertThat(premium(8).sloAttainment()).hasValue(0.5);
        assertThat(premium(8).ttft().count()).isEqualTo(2);
    }

    @Test
    void ended_brokenAfterItsFirstToken_breaksWhatWasKept() {
        LoadLedger.Entry entry = ledger.due("premium", at(1));
        ledger.firstToken(entry, at(2));
        assertThat(premium(2).sloAttainment()).hasValue(1);

        ledger.ended(entry, Outcome.FAILED, "broke", 0, at(3));

        assertThat(premium(3).sloAttainment()).hasValue(0);
        assertThat(premium(3).reasons()).containsEntry("broke", 1L);
    }

    @Test
    void ended_shedOrExpired_breaksTheSlo() {
        ledger.ended(ledger.due("premium", at(1)), Outcome.SHED, "QUEUE_FULL", 0, at(1.1));
        ledger.ended(ledger.due("premium", at(1)), Outcome.EXPIRED, "EXPIRED", 0, at(1.2));
        LoadLedger.Entry kept = ledger.due("premium", at(1));
        ledger.firstToken(kept, at(1.3));
        ledger.ended(kept, Outcome.COMPLETED, "", 1, at(1.4));

        assertThat(premium(2).sloAttainment().orElseThrow()).isCloseTo(1.0 / 3, within(1e-9));
        assertThat(premium(2).shed()).isEqualTo(1);
        assertThat(premium(2).expired()).isEqualTo(1);
    }

    @Test
    void ended_cancelledBeforeAnythingWasDecided_doesNotCount() {
        ledger.ended(ledger.due("premium", at(1)), Outcome.CANCELLED, "stopped", 0, at(2));

        assertThat(premium(10).sloAttainment()).isEmpty();
        assertThat(premium(10).cancelled()).isEqualTo(1);
    }

    @Test
    void ended_cancelledAfterTheBound_hasBrokenIt() {
        ledger.ended(ledger.due("premium", at(1)), Outcome.CANCELLED, "stopped", 0, at(5));

        assertThat(premium(5).sloAttainment()).hasValue(0);
    }

    @Test
    void ended_completedWithoutText_isJudgedByItsEnd() {
        ledger.ended(ledger.due("premium", at(1)), Outcome.COMPLETED, "", 0, at(2));

        assertThat(premium(5).sloAttainment()).hasValue(1);
    }

    @Test
    void recent_window_forgetsWhatIsOlder() {
        LoadLedger.Entry first = ledger.due("premium", at(1));
        ledger.firstToken(first, at(1.5));
        LoadLedger.Entry second = ledger.due("premium", at(9));
        ledger.firstToken(second, at(10));

        assertThat(premium(10).recent().sent()).isEqualTo(2);
        assertThat(premium(10).recent().ttft().count()).isEqualTo(2);
        RecentLoad later = premium(12).recent();
        assertThat(later.sent()).isEqualTo(1);
        assertThat(later.ttft().maxSeconds()).isCloseTo(1, within(0.01));
        assertThat(later.sloAttainment()).hasValue(1);
        assertThat(premium(30).recent().sent()).isZero();
        assertThat(premium(30).recent().sloAttainment()).isEmpty();
        assertThat(premium(30).ttft().count()).isEqualTo(2);
    }

    @Test
    void ended_manyDifferentReasons_areCountedTogetherBeyondALimit() {
        for (int i = 0; i < 1_000; i++) {
            ledger.ended(ledger.due("premium", at(1)), Outcome.SHED, "reason " + i, 0, at(1));
        }

        assertThat(premium(2).reasons()).hasSizeLessThanOrEqualTo(33).containsKey("other");
        assertThat(premium(2).reasons().values().stream()
                        .mapToLong(Long::longValue)
                        .sum())
                .isEqualTo(1_000);
    }

    @Test
    void late_realTime_isSummedUpInSeconds() {
        for (int i = 1; i <= 100; i++) {
            ledger.late(i * 1_000_000L);
        }
        ledger.late(-5);

        LatencySummary lateness = ledger.snapshot(0).lateness();
        assertThat(lateness.count()).isEqualTo(101);
        assertThat(lateness.p50Seconds()).isCloseTo(0.05, within(0.0005));
        assertThat(lateness.p99Seconds()).isCloseTo(0.099, within(0.0005));
        assertThat(lateness.maxSeconds()).isCloseTo(0.1, within(0.0005));
    }
}
