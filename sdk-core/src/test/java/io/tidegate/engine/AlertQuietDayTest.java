/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.alert.Alert;
import io.tidegate.alert.AlertSettings;
import io.tidegate.alert.spi.AlertListener;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolLoad.Served;
import io.tidegate.pool.Signal;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * A day on which nothing is wrong: load follows the sun, the pool grows and shrinks many times, every fifth replica is a fifth slower than
 * the others, one call of the backend fails, one scrape is lost, one request in 300 breaks its SLO.
 */
class AlertQuietDayTest {

    private static final Duration TIME_TO_READY = Duration.ofMinutes(2);

    /** Replicas that take their time. */
    private static final class Cluster implements ScalerBackend {

        private final ManualTime time;
        private final List<Long> readyAt = new ArrayList<>();
        private int made;
        private int calls;
        private int failures;
        private int most;

        Cluster(ManualTime time, int replicas) {
            this.time = time;
            for (int i = 0; i < replicas; i++) {
                readyAt.add(time.nanos());
            }
        }

        @Override
        public ReplicaStatus status(String pool) {
            int ready =
                    (int) readyAt.stream().filter(at -> time.nanos() - at >= 0).count();
            return new ReplicaStatus(readyAt.size(), readyAt.size(), ready);
        }

        @Override
        public void scale(ScaleRequest request) throws IOException {
            if (++calls == 20) {
                failures++;
                throw new IOException("connection reset");
            }
            while (readyAt.size() < request.to()) {
                long takes = TIME_TO_READY.toNanos();
                readyAt.add(time.nanos() + (++made % 5 == 0 ? takes + takes / 5 : takes));
            }
            while (readyAt.size() > request.to()) {
                readyAt.remove(readyAt.size() - 1);
            }
            most = Math.max(most, request.to());
        }
    }

    @Test
    void day_onWhichNothingIsWrong_hasNoAlert() {
        ManualTime time = new ManualTime();
        Random random = new Random(20260301);
        FakeLoad load = new FakeLoad(time);
        Cluster cluster = new Cluster(time, 4);
        boolean[] lost = {false};
        List<Alert> told = new ArrayList<>();
        ScaledPool pool = ScaledPool.builder("chat")
                .load(load)
                .backend(cluster)
                .period(Duration.ofSeconds(1))
                .timeToReady(TIME_TO_READY)
                .bounds(2, 40)
                .signals(() -> Map.of(
                        "kv.cache",
                        lost[0]
                                ? new Signal.Missing("vllm", "timed out")
                                : new Signal.Known(0.5, "ratio", time.nanos(), "vllm")))
                .pricePerHour(4)
                .alerts(AlertSettings.builder()
                        .costPerHour(150)
                        .budgetPerDay(3_000)
                        .budgetPerMonth(60_000)
                        .build())
                .build();
        long evaluated = 0;
        long broken = 0;
        long changes;
        try (Engine engine = Engine.builder()
                .time(time)
                .executor(Runnable::run)
                .pool(pool)
                .alerts(new AlertListener() {
                    @Override
                    public String name() {
                        return "quiet";
                    }

                    @Override
                    public void changed(Alert alert) {
                        told.add(alert);
                    }
                })
                .build()) {
            engine.start();
            for (int second = 0; second < 86_400; second++) {
                // From 10 to 70 requests a second and back, each 8 s long: 3 to 18 replicas of 32 slots.
                double mean = 40 - 30 * Math.cos(2 * Math.PI * second / 86_400);
                long arrived = Math.max(0, Math.round(mean + random.nextGaussian() * Math.sqrt(mean)));
                load.arrive(arrived);
                load.admit(arrived, 500);
                load.close(arrived, Duration.ofSeconds(8));
                load.inFlight = arrived * 8;
                for (long i = 0; i < arrived; i++) {
                    broken += random.nextInt(300) == 0 ? 1 : 0;
                }
                evaluated += arrived;
                load.served = new Served(
                        evaluated,
                        0,
                        evaluated,
                        broken,
                        0,
                        0,
                        LatencySnapshot.EMPTY,
                        LatencySnapshot.EMPTY,
                        LatencySnapshot.EMPTY);
                lost[0] = second == 30_000;
                time.advance(Duration.ofSeconds(1));
            }
            changes = cluster.calls;
            assertThat(told).isEmpty();
            assertThat(engine.state("chat").alerts()).isEmpty();
        }
        assertThat(cluster.failures).isEqualTo(1);
        assertThat(changes).as("it did scale").isGreaterThan(25);
        assertThat(cluster.most).as("and far").isGreaterThan(12);
    }
}
