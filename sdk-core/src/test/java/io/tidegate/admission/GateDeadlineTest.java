/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.admission.Admission.Reason;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Deadlines: who may still be admitted, and in which order of those who wait. The clock wraps on the way. */
class GateDeadlineTest {

    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final ManualTime time = new ManualTime(Long.MAX_VALUE - SECOND, Instant.EPOCH);
    private final Tier tier = Tier.builder("standard").floor(0).build();
    private final Gate gate = Gate.builder("chat")
            .tier(tier)
            .time(time)
            .callbackExecutor(Runnable::run)
            .limit(Work.slots(1))
            .build();
    private final List<String> order = new ArrayList<>();

    private Request due(long seconds) {
        return Request.of(tier).withDeadline(time.nanos() + seconds * SECOND);
    }

    private void ask(String name, Request request) {
        gate.acquire(request, answer -> {
            order.add(name
                    + (answer instanceof Permit ? "" : " " + answer.getClass().getSimpleName()));
            if (answer instanceof Permit permit) {
                permit.close();
            }
        });
    }

    @Test
    void tryAcquire_deadlineHasPassed_isRefusedThoughThereIsRoom() {
        Request request = due(1);
        time.advance(Duration.ofSeconds(1));
        assertThat(gate.tryAcquire(request)).as("at the deadline").isInstanceOf(Permit.class);
        time.advance(Duration.ofNanos(1));

        assertThat(Answers.reason(gate.tryAcquire(request))).isEqualTo(Reason.DEADLINE_PASSED);
        Answers answer = new Answers();
        gate.acquire(request, answer);
        assertThat(answer.shed().reason()).isEqualTo(Reason.DEADLINE_PASSED);
        assertThat(Reason.DEADLINE_PASSED.httpStatus()).isEqualTo(504);
    }

    @Test
    void waiting_ofOneTenant_isServedByDeadlineAndThenByArrival() {
        Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
        ask("late", due(8));
        ask("none", Request.of(tier));
        ask("early", due(3));
        ask("soonest", Request.of(tier).withTimeout(Duration.ofSeconds(2)));
        ask("early too", due(3));

        held.close();

        assertThat(order).containsExactly("soonest", "early", "early too", "late", "none");
    }

    @Test
    void waiting_ofSeveralTenants_takesTurnsHoweverEarlyTheDeadlinesOfOne() {
        Permit held = Answers.permit(gate.tryAcquire(Request.of(tier)));
        for (int i = 1; i <= 4; i++) {
            ask("hurried " + i, due(i).withTenant("hurried"));
        }
        Stream.of("a", "b").forEach(name -> ask("calm " + name, Request.of(tier).withTenant("calm")));

        held.close();

        assertThat(order).containsExactly("hurried 1", "calm a", "hurried 2", "calm b", "hurried 3", "hurried 4");
    }

    @Test
    void waiting_deadlineComes_expiresThoughItMightWaitLonger() {
        Answers.permit(gate.tryAcquire(Request.of(tier)));
        ask("due", due(4));

        time.advance(Duration.ofSeconds(4).minusNanos(1));
        assertThat(order).isEmpty();
        time.advance(Duration.ofNanos(1));

        assertThat(order).containsExactly("due Expired");
    }

    @Test
    void withDeadline_furtherThanTheTierAllows_changesNothing() {
        Answers.permit(gate.tryAcquire(Request.of(tier)));
        ask("far", due(3600));

        time.advance(tier.maxQueueTime());

        assertThat(order).containsExactly("far Expired");
    }
}
