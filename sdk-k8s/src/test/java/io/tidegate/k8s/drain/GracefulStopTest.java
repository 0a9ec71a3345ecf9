/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.drain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import io.tidegate.k8s.drain.GracefulStop.Stopped;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class GracefulStopTest {

    private final ManualTime time = new ManualTime();
    private final Tier tier = Tier.builder("standard").build();
    private final Gate gate =
            Gate.builder("chat").time(time).tier(tier).limit(Work.slots(4)).build();
    private final List<Permit> held = new ArrayList<>();
    private final List<String> order = new ArrayList<>();

    private GracefulStop.Builder builder() {
        return GracefulStop.builder(time)
                .notReady(() -> order.add("not ready"))
                .stopLeading(() -> order.add("stop leading"))
                .gates(List.of(gate))
                .announcement(Duration.ofSeconds(5))
                .grace(Duration.ofSeconds(20))
                .cancelRest(() -> {
                    order.add("cancel rest");
                    held.forEach(permit -> permit.close(Outcome.CANCELLED, Usage.NONE));
                })
                .executor(Runnable::run);
    }

    private boolean admitted() {
        Admission admission = gate.tryAcquire(Request.of(tier));
        if (admission instanceof Permit permit) {
            held.add(permit);
            return true;
        }
        return false;
    }

    @Test
    @DisplayName("L4: not ready, stop leading, stop admitting, drain, cancel the rest, no permit; twice is once")
    void stop_whileStreaming_isDoneInOrder() {
        assertThat(admitted()).isTrue();
        assertThat(admitted()).isTrue();
        GracefulStop stop = builder().build();

        CompletableFuture<Stopped> stopped = stop.stop();

        assertThat(order).containsExactly("not ready", "stop leading");
        // Those who send it requests have not noticed yet.
        time.advance(Duration.ofSeconds(4));
        assertThat(admitted()).isTrue();
        time.advance(Duration.ofSeconds(1));
        assertThat(admitted()).isFalse();
        held.remove(0).close(Outcome.COMPLETED, Usage.NONE);
        time.advance(Duration.ofSeconds(19));
        assertThat(order).hasSize(2);
        assertThat(stopped).isNotDone();
        assertThat(gate.inFlight().slots()).isEqualTo(2);

        time.advance(Duration.ofSeconds(1));
        assertThat(order).containsExactly("not ready", "stop leading", "cancel rest");
        assertThat(stopped).isCompletedWithValue(new Stopped(2, 0));
        assertThat(gate.inFlight()).isEqualTo(Work.NONE);

        assertThat(stop.stop()).isCompletedWithValue(new Stopped(2, 0));
        assertThat(order).hasSize(3);
        assertThat(time.scheduled()).isZero();
    }

    @Test
    @DisplayName("L4: what finishes in time is not cancelled, and is not waited for longer than it takes")
    void stop_allFinish_cancelsNothing() {
        admitted();
        CompletableFuture<Stopped> stopped = builder().build().stop();
        time.advance(Duration.ofSeconds(7));
        assertThat(stopped).isNotDone();

        held.get(0).close(Outcome.COMPLETED, Usage.NONE);

        assertThat(stopped).isCompletedWithValue(new Stopped(0, 0));
        assertThat(order).containsExactly("not ready", "stop leading");
    }

    @Test
    @DisplayName("L4: a step that fails or hangs keeps no other from being done")
    void stop_stepsFailAndHang_goesOn() {
        admitted();
        List<Runnable> hanging = new ArrayList<>();
        AtomicBoolean hangs = new AtomicBoolean();
        CompletableFuture<Stopped> stopped = builder()
                .notReady(() -> {
                    hangs.set(true);
                    throw new IllegalStateException("mine");
                })
                .executor(task -> {
                    if (hangs.get()) {
                        hanging.add(task);
                    } else {
                        task.run();
                    }
                })
                .build()
                .stop();
        time.advance(Duration.ofSeconds(2));
        hangs.set(false);
        time.advance(Duration.ofSeconds(25));

        assertThat(hanging).hasSize(1);
        assertThat(order).containsExactly("cancel rest");
        assertThat(stopped).isCompletedWithValue(new Stopped(1, 0));
    }

    @Test
    void stop_permitsThatNobodyCloses_areCounted() {
        admitted();
        CompletableFuture<Stopped> stopped =
                builder().cancelRest(() -> order.add("cancel rest")).build().stop();
        time.advance(Duration.ofSeconds(27));

        assertThat(stopped).isCompletedWithValue(new Stopped(1, 1));
    }

    @Test
    void builder_wrong_isRejectedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().grace(Duration.ofHours(2)))
                .withMessage("grace must be 0 to 1 hour but was PT2H");
    }
}
