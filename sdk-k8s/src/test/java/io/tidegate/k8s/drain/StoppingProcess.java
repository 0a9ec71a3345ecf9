/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.drain;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.time.SystemTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A gateway with one request that ends when it is told that its stop has begun, and one that never does. */
final class StoppingProcess {

    private StoppingProcess() {}

    /** Says in a line what it does. */
    public static void main(String[] arguments) throws Exception {
        Tier tier = Tier.builder("standard").build();
        SystemTime time = SystemTime.start();
        Gate gate =
                Gate.builder("chat").time(time).tier(tier).limit(Work.slots(4)).build();
        Permit ends = permit(gate, tier);
        Permit stays = permit(gate, tier);
        GracefulStop stop = GracefulStop.builder(time)
                .notReady(() -> System.out.println("not ready"))
                .stopLeading(() -> System.out.println("stops leading"))
                .gates(List.of(gate))
                .announcement(Duration.ofMillis(300))
                .grace(Duration.ofMillis(700))
                .cancelRest(() -> {
                    System.out.println("cancels with " + gate.inFlight().slots() + " in flight");
                    stays.close(Outcome.CANCELLED, Usage.NONE);
                })
                .build();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            var stopping = stop.stop();
            time.schedule(Duration.ofMillis(500).toNanos(), () -> {
                System.out.println(gate.tryAcquire(Request.of(tier)) instanceof Permit ? "admits" : "admits nobody");
                ends.close(Outcome.COMPLETED, Usage.NONE);
            });
            GracefulStop.Stopped stopped = stopping.join();
            boolean same = stop.stop().join().equals(stopped);
            System.out.println("cancelled " + stopped.cancelled() + ", left " + stopped.left() + ", in flight "
                    + gate.inFlight().slots() + ", again the same: " + same);
            System.out.flush();
        }));
        System.out.println("serves");
        System.out.flush();
        new CountDownLatch(1).await();
    }

    private static Permit permit(Gate gate, Tier tier) {
        Admission admission = gate.tryAcquire(Request.of(tier));
        if (admission instanceof Permit permit) {
            return permit;
        }
        throw new IllegalStateException(String.valueOf(admission));
    }
}
