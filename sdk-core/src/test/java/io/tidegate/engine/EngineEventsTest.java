/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.engine.spi.EngineListener;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Trigger;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.time.QueueExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What sets rounds off beside the period. */
class EngineEventsTest {

    private static final Duration DAY = Duration.ofDays(1);

    private static Trigger trigger(Rig rig) {
        return rig.state().latest().orElseThrow().origin().trigger();
    }

    @Test
    void wake_storm_isAtMostOneRoundPerGapAndOneMore() {
        Rig rig = new Rig(2);
        rig.pool.period(DAY).statusPeriod(DAY).eventGap(Duration.ofMillis(20));
        rig.start();
        int before = rig.views.size();
        for (int i = 0; i < 10_000; i++) {
            rig.engine().wake("chat", Trigger.QUEUE);
            rig.advance(Duration.ofNanos(100_000));
        }
        // A second of it, with gaps of 20 ms.
        assertThat(rig.views.size() - before).isBetween(50, 51);
        int after = rig.views.size();
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.views.size() - after).as("the last is not lost").isBetween(0, 1);
        assertThat(rig.time.scheduled()).as("only the two periods are left").isEqualTo(2);
    }

    @Test
    void wake_severalBeforeARound_theFirstIsItsOrigin() {
        Rig rig = new Rig(2);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.runAll();
        rig.advance(Duration.ofMillis(10));
        rig.engine().wake("chat", Trigger.QUEUE);
        rig.advance(Duration.ofMillis(5));
        rig.engine().wake("chat", Trigger.OTHER);
        rig.advance(Duration.ofMillis(5));
        executor.runAll();
        Decision latest = rig.state().latest().orElseThrow();
        assertThat(latest.origin().trigger()).isEqualTo(Trigger.QUEUE);
        assertThat(latest.origin().sinceNanos()).isEqualTo(Duration.ofMillis(10).toNanos());
        assertThat(latest.atNanos()).isEqualTo(Duration.ofMillis(20).toNanos());
        rig.advance(Rig.PERIOD);
        executor.runAll();
        assertThat(trigger(rig)).isEqualTo(Trigger.PERIOD);
    }

    @Test
    void wake_beforeTheFirstStatus_isTheOriginOfTheFirstDecision() {
        Rig rig = new Rig(0);
        QueueExecutor executor = new QueueExecutor();
        rig.want = 1;
        rig.start(executor, builder -> {});
        rig.engine().wake("chat", Trigger.QUEUE);
        executor.run(0);
        rig.advance(Duration.ofMillis(300));
        executor.runAll();
        rig.advance(Rig.PERIOD);
        executor.runAll();
        assertThat(rig.decisions.get(0).origin().trigger()).isEqualTo(Trigger.QUEUE);
        assertThat(rig.decisions.get(0).origin().sinceNanos()).isZero();
    }

    @Test
    void called_tellsTheTimeFromTheFirstTriggerToTheCall() {
        Rig rig = new Rig(0);
        QueueExecutor executor = new QueueExecutor();
        List<Duration> reactions = new ArrayList<>();
        rig.start(
                executor,
                builder -> builder.listener(new EngineListener() {
                    @Override
                    public void called(Decision decision, Duration reaction) {
                        reactions.add(reaction);
                    }
                }));
        executor.runAll();
        rig.want = 1;
        rig.advance(Duration.ofMillis(10));
        rig.engine().wake("chat", Trigger.QUEUE);
        rig.advance(Duration.ofMillis(3));
        executor.run(0);
        rig.advance(Duration.ofMillis(4));
        executor.run(0);
        rig.advance(Duration.ofMillis(100));
        executor.runAll();
        assertThat(reactions).containsExactly(Duration.ofMillis(7));
    }

    @ParameterizedTest
    @CsvSource({"10, 60, 5", "10, 4, 2", "30, 0, 15"})
    void budget_halfUsedUp_isARoundAtThatInstant(int maxQueueSeconds, int firstTokenSeconds, int expectedSeconds) {
        Rig rig = new Rig(2);
        rig.pool.period(DAY).statusPeriod(DAY);
        Tier.Builder tier = Tier.builder("standard").maxQueueTime(Duration.ofSeconds(maxQueueSeconds));
        if (firstTokenSeconds > 0) {
            tier.slo(Slo.timeToFirstToken(Duration.ofSeconds(firstTokenSeconds)));
        }
        rig.load.tier = tier.build();
        rig.start();
        rig.advance(Duration.ofSeconds(100));
        rig.load.queued = 1;
        rig.load.oldestSinceNanos = rig.time.nanos();
        rig.engine().wake("chat", Trigger.QUEUE);
        int before = rig.views.size();

        rig.advance(Duration.ofSeconds(expectedSeconds).minusNanos(1));
        assertThat(rig.views).hasSize(before);
        rig.advance(Duration.ofNanos(1));
        assertThat(rig.views).hasSize(before + 1);
        assertThat(trigger(rig)).isEqualTo(Trigger.BUDGET);

        rig.advance(Duration.ofHours(1));
        assertThat(rig.views).as("once").hasSize(before + 1);
    }

    @Test
    void budget_queueEmptied_isNoRound_andCloseTakesItsAlarmAway() {
        Rig rig = new Rig(2);
        rig.pool.period(DAY).statusPeriod(DAY);
        rig.start();
        rig.load.queued = 1;
        rig.load.oldestSinceNanos = rig.time.nanos();
        rig.engine().wake("chat", Trigger.QUEUE);
        rig.advance(Duration.ofSeconds(1));
        int scheduled = rig.time.scheduled();
        rig.load.queued = 0;
        rig.engine().wake("chat", Trigger.OTHER);
        rig.advance(Duration.ofSeconds(1));
        assertThat(rig.time.scheduled()).isEqualTo(scheduled - 1);

        rig.load.queued = 1;
        rig.load.oldestSinceNanos = rig.time.nanos();
        rig.engine().wake("chat", Trigger.QUEUE);
        rig.advance(Duration.ofSeconds(1));
        rig.engine().close();
        assertThat(rig.time.scheduled()).isEqualTo(2);
    }

    @Test
    void replicaLost_isARoundAtOnce_butNotOneThatWasRemoved() {
        Rig rig = new Rig(4);
        rig.pool.period(DAY);
        rig.start();
        int before = rig.views.size();
        rig.backend.ready = 3;
        rig.nextStatus();
        assertThat(trigger(rig)).isEqualTo(Trigger.REPLICA_LOST);
        assertThat(rig.views).hasSize(before + 1);

        rig.backend.all(4);
        rig.nextStatus();
        rig.want = 2;
        rig.engine().wake("chat");
        rig.backend.all(2);
        int rounds = rig.views.size();
        rig.advance(Duration.ofSeconds(5));
        assertThat(rig.views).hasSize(rounds);
    }

    @Test
    void status_askedForWhileAScaleCallIsUnderWay_isNoExternalChange() {
        // The call is applied long before it returns; a look meanwhile sees the new count.
        Rig rig = new Rig(2);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        executor.runAll();
        rig.want = 5;
        rig.advance(Rig.PERIOD);
        executor.run(0);
        assertThat(executor.size()).as("the scale call").isEqualTo(1);
        rig.backend.desired = 5;
        rig.nextStatus();
        while (executor.size() > 1) {
            executor.run(1);
        }
        assertThat(rig.event(0).phase()).isEqualTo(io.tidegate.ledger.ScaleEvent.Phase.SENT);
        executor.runAll();
        assertThat(rig.event(0).phase()).isEqualTo(io.tidegate.ledger.ScaleEvent.Phase.ACCEPTED);
        assertThat(rig.backend.requests).hasSize(1);
    }

    @Test
    void close_withAnExecutorThatRunsNothing_doesNotWait() {
        Rig rig = new Rig(2);
        QueueExecutor executor = new QueueExecutor();
        rig.start(executor, builder -> {});
        long before = System.nanoTime();
        rig.engine().close();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofMillis(1500));
    }
}
