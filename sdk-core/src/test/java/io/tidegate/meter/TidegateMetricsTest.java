/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.meter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tidegate.Tidegate;
import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import io.tidegate.alert.Alert;
import io.tidegate.alert.AlertKind;
import io.tidegate.alert.spi.AlertListener;
import io.tidegate.config.ConfigReader;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.pool.Signal;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A scripted episode, and what the meters say of it. */
class TidegateMetricsTest {

    private static final Path DOCUMENT = Path.of("../docs/metrics.md");

    private final ManualTime time = new ManualTime();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, new MockClock());
    private final Backend backend = new Backend();

    /** Replicas are ready as soon as they are asked for, unless held back. */
    private static final class Backend implements ScalerBackend {
        private int desired = 1;
        private boolean ready = true;
        private boolean broken;
        private int served = 1;

        @Override
        public ReplicaStatus status(String pool) {
            if (ready) {
                served = desired;
            }
            return new ReplicaStatus(desired, desired, Math.min(served, desired));
        }

        @Override
        public void scale(ScaleRequest request) {
            if (broken) {
                throw new IllegalStateException("the cluster says no");
            }
            desired = request.to();
        }
    }

    /** A source that has nothing to say. */
    private static final class Quiet implements SignalSource {
        @Override
        public String name() {
            return "quiet";
        }

        @Override
        public Map<String, Signal> read() {
            return Map.of();
        }
    }

    @TempDir
    Path folder;

    private Tidegate start() {
        return start(4);
    }

    private Tidegate start(int max) {
        return Tidegate.builder(written("""
                        pools:
                          chat:
                            tiers:
                              premium: {maxQueueTime: 2s, slo: {timeToFirstToken: 1s, timePerOutputToken: 100ms}}
                              batch: {maxQueueTime: 0s}
                            replica: {slots: 2, pricePerHour: 10}
                            quotas: {eachTenant: {requestsPerMinute: 600, burst: 10s}, maxTenants: 1}
                            scaling: {min: 1, max: %d, period: 1s}
                        """.formatted(max)))
                .time(time)
                .executor(Runnable::run)
                .callbackExecutor(Runnable::run)
                .backend("chat", backend)
                .signals("chat", new Quiet(), Duration.ofSeconds(10))
                .meters(registry)
                .watch(Duration.ofSeconds(10))
                .start();
    }

    private Path written(String yaml) {
        try {
            return Files.writeString(folder.resolve("tidegate.yaml"), yaml);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private double gauge(Meters meter, String... tags) {
        return registry.get(meter.meterName()).tags(tags).gauge().value();
    }

    private double count(Meters meter, String... tags) {
        return registry.get(meter.meterName()).tags(tags).meters().stream()
                .mapToDouble(TidegateMetricsTest::countOf)
                .sum();
    }

    private static double countOf(Meter meter) {
        return meter instanceof Counter counter ? counter.count() : ((FunctionCounter) meter).count();
    }

    private double engineFailures() {
        return registry.get(Meters.ENGINE_FAILURES.meterName())
                .functionCounter()
                .count();
    }

    private Timer timer(Meters meter, String... tags) {
        return registry.get(meter.meterName()).tags(tags).timer();
    }

    @Test
    void requests_ofEveryKind_areCountedOnce() {
        try (Tidegate tidegate = start(1)) {
            time.advance(Duration.ofSeconds(1));
            Gate gate = tidegate.gate("chat");
            Request premium = Request.of(gate.tier("premium"));
            Permit first = (Permit) gate.tryAcquire(premium);
            Permit second = (Permit) gate.tryAcquire(premium);
            List<Admission> answers = new ArrayList<>();
            gate.acquire(premium, answers::add);
            gate.acquire(premium, answers::add).cancel();
            assertThat(gate.tryAcquire(Request.of(gate.tier("batch")))).isInstanceOf(Admission.Shed.class);

            assertThat(gauge(Meters.IN_FLIGHT, "tier", "premium")).isEqualTo(2);
            assertThat(gauge(Meters.QUEUE_DEPTH, "tier", "premium")).isEqualTo(1);
            assertThat(gauge(Meters.LIMIT_SLOTS, "pool", "chat")).isEqualTo(2);
            time.advance(Duration.ofMillis(1500));
            assertThat(gauge(Meters.QUEUE_OLDEST_AGE, "tier", "premium")).isEqualTo(1.5);

            first.firstToken();
            time.advance(Duration.ofMillis(100));
            first.close(Outcome.COMPLETED, new Usage(30, 11));
            second.close(Outcome.FAILED, Usage.NONE);
            ((Permit) answers.get(1)).close(Outcome.CANCELLED, Usage.NONE);
            gate.acquire(premium.withTimeout(Duration.ZERO), answers::add);

            assertThat(count(Meters.ADMISSIONS, "tier", "premium", "outcome", "admitted"))
                    .isEqualTo(4);
            assertThat(count(Meters.ADMISSIONS, "tier", "premium", "outcome", "cancelled"))
                    .isEqualTo(1);
            assertThat(count(Meters.ADMISSIONS, "tier", "batch", "outcome", "shed", "reason", "no_room"))
                    .isEqualTo(1);
            // Times are handed on once a second, each to within a thirtieth.
            Timer queueTime = timer(Meters.QUEUE_TIME, "tier", "premium", "outcome", "admitted");
            assertThat(queueTime.max(TimeUnit.SECONDS)).isZero();
            time.advance(Duration.ofSeconds(1));
            assertThat(queueTime.count()).isEqualTo(4);
            assertThat(queueTime.max(TimeUnit.SECONDS)).isCloseTo(1.6, within(0.05));
            assertThat(timer(Meters.QUEUE_TIME, "tier", "batch", "outcome", "shed")
                            .count())
                    .isEqualTo(1);
            assertThat(timer(Meters.TTFT, "tier", "premium").totalTime(TimeUnit.SECONDS))
                    .isCloseTo(1.5, within(0.05));
            assertThat(timer(Meters.REQUEST_DURATION, "tier", "premium", "outcome", "completed")
                            .totalTime(TimeUnit.SECONDS))
                    .isCloseTo(1.6, within(0.05));
            time.advance(Duration.ofSeconds(1));
            assertThat(queueTime.count()).as("handed on once").isEqualTo(4);
            assertThat(timer(Meters.REQUEST_DURATION, "tier", "premium", "outcome", "cancelled")
                            .count())
                    .isEqualTo(1);
            assertThat(count(Meters.TOKENS, "direction", "prompt")).isEqualTo(30);
            assertThat(count(Meters.TOKENS, "direction", "output")).isEqualTo(11);
        }
    }

    @Test
    void limitAndWhatIsOpen_areThoseOfNow() {
        try (Tidegate tidegate = start(1)) {
            time.advance(Duration.ofSeconds(1));

            assertThat(gauge(Meters.LIMIT_TOKENS, "pool", "chat"))
                    .as("not counted")
                    .isNaN();
            assertThat(gauge(Meters.LIMIT_UTILIZATION, "pool", "chat")).isEqualTo(1);
            assertThat(gauge(Meters.TIER_OPEN, "tier", "batch")).isEqualTo(1);
            assertThat(gauge(Meters.RANKS_OPEN, "pool", "chat")).isEqualTo(1);

            tidegate.limit("chat").rejected("a", Duration.ofSeconds(5));

            assertThat(gauge(Meters.LIMIT_SLOTS, "pool", "chat")).isEqualTo(1);
            assertThat(gauge(Meters.LIMIT_UTILIZATION, "pool", "chat")).isEqualTo(0.5);
            assertThat(gauge(Meters.LIMIT_REPLICAS, "state", "rejecting")).isEqualTo(1);
            assertThat(gauge(Meters.LIMIT_REPLICAS, "state", "stale")).isZero();
            assertThat(gauge(Meters.LIMIT_REPLICAS, "state", "starting")).isZero();
            assertThat(count(Meters.LIMIT_REJECTIONS, "pool", "chat")).isEqualTo(1);
        }
    }

    @Test
    void limitTokens_counted_areShown() {
        try (Tidegate tidegate = Tidegate.builder(ConfigReader.parse("test", """
                        pools: {chat: {tiers: {a: {}}, replica: {slots: 2, tokens: 1000, count: 3}}}
                        """))
                .time(time)
                .meters(registry)
                .start()) {
            assertThat(tidegate.gates()).hasSize(1);
            assertThat(gauge(Meters.LIMIT_TOKENS, "pool", "chat")).isEqualTo(3000);
        }
    }

    @Test
    void quotas_tenantsAndThoseThatShare_areCounted() {
        try (Tidegate tidegate = start(1)) {
            time.advance(Duration.ofSeconds(1));
            Gate gate = tidegate.gate("chat");
            Request batch = Request.of(gate.tier("batch"));
            gate.tryAcquire(batch.withTenant("a"));
            gate.tryAcquire(batch.withTenant("b"));
            assertThat(gauge(Meters.QUOTA_TENANTS, "pool", "chat")).isEqualTo(1);
            assertThat(count(Meters.QUOTA_OVERFLOWED, "pool", "chat")).isEqualTo(1);

            time.advance(Duration.ofMinutes(1));
            gate.tryAcquire(batch.withTenant("c"));
            assertThat(gauge(Meters.QUOTA_TENANTS, "pool", "chat")).isEqualTo(1);
            assertThat(count(Meters.QUOTA_FORGOTTEN, "pool", "chat")).isEqualTo(1);
        }
    }

    @Test
    void quotasThatPoolsShare_areRegisteredOnce() {
        try (Tidegate tidegate = Tidegate.builder(ConfigReader.parse("test", """
                        pools: {chat: {tiers: {a: {}}}, code: {tiers: {a: {}}}}
                        quotas: {eachTenant: {requestsPerMinute: 600}}
                        """))
                .time(time)
                .meters(registry)
                .start()) {
            assertThat(tidegate.gates()).hasSize(2);
            assertThat(registry.get(Meters.QUOTA_TENANTS.meterName()).gauges())
                    .singleElement()
                    .satisfies(gauge -> assertThat(gauge.getId().getTag("pool")).isEqualTo(TidegateMetrics.SHARED));
        }
    }

    @Test
    void quotaExceededAndRetries_areCountedByReason() {
        try (Tidegate tidegate = Tidegate.builder(ConfigReader.parse("test", """
                        pools: {chat: {tiers: {a: {}}, quotas: {eachTenant: {requestsPerMinute: 1}}}}
                        """))
                .time(time)
                .meters(registry)
                .start()) {
            Gate gate = tidegate.gate("chat");
            Request request = Request.of(gate.tier("a"));
            gate.tryAcquire(request);
            gate.tryAcquire(request);
            time.advance(Duration.ofMinutes(1));
            gate.tryAcquire(request.withAttempt(2));

            assertThat(count(Meters.ADMISSIONS, "reason", "quota_exceeded")).isEqualTo(1);
            assertThat(count(Meters.RETRIED, "tier", "a")).isEqualTo(1);
            assertThat(registry.find(Meters.ADMISSIONS.meterName()).meters().stream()
                            .map(meter -> meter.getId().getTag("reason")))
                    .contains("overloaded", "retry_too_soon")
                    .doesNotContain("queue_timeout");
            assertThat(gate.shed(gate.tier("a"), Admission.Reason.QUEUE_TIMEOUT))
                    .isZero();
        }
    }

    @Test
    void throughputPromise_notKept_isCountedByCause() {
        try (Tidegate tidegate = Tidegate.builder(ConfigReader.parse("test", """
                        pools: {chat: {tiers: {a: {tokensPerSecond: 500, maxQueueTime: 5m}}, replica: {slots: 1}}}
                        """))
                .time(time)
                .callbackExecutor(Runnable::run)
                .meters(registry)
                .start()) {
            Gate gate = tidegate.gate("chat");
            Request request = Request.of(gate.tier("a")).withTokens(50, 50);
            Permit only = (Permit) gate.tryAcquire(request);
            List<Admission> answers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                gate.acquire(request, answers::add);
            }
            only.close();
            time.advance(Duration.ofSeconds(15));
            ((Permit) answers.get(0)).close();

            assertThat(count(Meters.THROUGHPUT_BREACHES, "tier", "a")).isPositive();
            assertThat(count(Meters.THROUGHPUT_BREACHES, "tier", "a", "cause", "no_capacity"))
                    .isZero();
        }
    }

    @Test
    void slo_brokenAndKept_countsByObjectiveInSteadyState() {
        try (Tidegate tidegate = start()) {
            time.advance(Duration.ofSeconds(1));
            Gate gate = tidegate.gate("chat");
            Request premium = Request.of(gate.tier("premium"));
            assertThat(gauge(Meters.SLO_ATTAINMENT, "tier", "premium")).isNaN();

            Permit kept = (Permit) gate.tryAcquire(premium);
            kept.firstToken();
            kept.close(Outcome.COMPLETED, new Usage(1, 1));
            Permit late = (Permit) gate.tryAcquire(premium);
            time.advance(Duration.ofMillis(1001));
            late.firstToken();
            time.advance(Duration.ofMillis(1001));
            late.close(Outcome.FAILED, new Usage(1, 11));

            assertThat(count(Meters.SLO_EVALUATED, "tier", "premium", "scaling", "false"))
                    .isEqualTo(2);
            for (String broken : List.of("time_to_first_token", "time_per_output_token", "completion")) {
                assertThat(count(Meters.SLO_VIOLATIONS, "tier", "premium", "objective", broken, "scaling", "false"))
                        .as(broken)
                        .isEqualTo(1);
            }
            assertThat(count(Meters.SLO_VIOLATIONS, "objective", "admission")).isZero();
            assertThat(gauge(Meters.SLO_ATTAINMENT, "tier", "premium")).isEqualTo(0.5);
        }
    }

    @Test
    void scaling_upAndRefused_showsReplicasEventsTimesAndCost() {
        try (Tidegate tidegate = start()) {
            time.advance(Duration.ofSeconds(1));
            Gate gate = tidegate.gate("chat");
            backend.ready = false;
            for (int i = 0; i < 6; i++) {
                gate.acquire(Request.of(gate.tier("premium")), answer -> {});
            }
            time.advance(Duration.ofMillis(1500));

            assertThat(gauge(Meters.REPLICAS, "state", "desired")).isGreaterThan(1);
            assertThat(gauge(Meters.REPLICAS, "state", "ready")).isEqualTo(1);
            assertThat(gauge(Meters.REPLICAS, "state", "due"))
                    .isEqualTo(gauge(Meters.REPLICAS, "state", "desired") - 1);
            time.advance(Duration.ofSeconds(4));
            assertThat(count(Meters.SLO_VIOLATIONS, "objective", "admission", "scaling", "true"))
                    .as("waiters that expired while replicas were on their way")
                    .isPositive();

            backend.ready = true;
            time.advance(Duration.ofSeconds(3));
            assertThat(count(Meters.SCALE_EVENTS, "direction", "up", "outcome", "ready"))
                    .isPositive();
            assertThat(timer(Meters.SCALE_TIME_TO_READY).max(TimeUnit.SECONDS)).isBetween(4.0, 9.0);
            assertThat(timer(Meters.SCALE_PHASE, "phase", "accepted").count()).isPositive();
            assertThat(gauge(Meters.COST_RATE, "pool", "chat")).isEqualTo(10.0 * backend.desired);
            assertThat(engineFailures()).isZero();

            time.advance(Duration.ofSeconds(70));
            assertThat(timer(Meters.SCALE_STAGE, "stage", "ready").max(TimeUnit.SECONDS))
                    .isBetween(4.0, 9.0);
            assertThat(count(Meters.SCALE_EVENT_VIOLATIONS, "stage", "ready")).isPositive();
            assertThat(count(Meters.SCALE_EVENT_COST, "pool", "chat")).isPositive();
            assertThat(gauge(Meters.SCALE_USE, "when", "before")).isBetween(0.0, 1.0);
        }
    }

    @Test
    void backendThatRefuses_isCountedAndRequestsGoOn() {
        try (Tidegate tidegate = start()) {
            time.advance(Duration.ofSeconds(1));
            Gate gate = tidegate.gate("chat");
            backend.broken = true;
            for (int i = 0; i < 6; i++) {
                gate.acquire(Request.of(gate.tier("premium")), answer -> {});
            }
            time.advance(Duration.ofMillis(1500));

            assertThat(count(Meters.SCALE_EVENTS, "direction", "up", "outcome", "failed"))
                    .isPositive();
            assertThat(engineFailures()).isPositive();
            assertThat(gate.inFlight().slots()).isEqualTo(2);
        }
    }

    @Test
    void alerts_thatFire_areShownAndThoseNotDeliveredAreCounted() {
        List<Alert> told = new ArrayList<>();
        try (Tidegate tidegate = Tidegate.builder(ConfigReader.parse("test", """
                        pools:
                          chat:
                            tiers: {premium: {maxQueueTime: 1m}}
                            replica: {slots: 2}
                            scaling: {min: 1, max: 4, period: 1s, alerts: {failures: 2, clearAfter: 10s}}
                        alerts: {listeners: {lines: {type: log}}}
                        """))
                .time(time)
                .executor(Runnable::run)
                .callbackExecutor(Runnable::run)
                .backend("chat", backend)
                .alerts(new AlertListener() {
                    @Override
                    public String name() {
                        return "pager";
                    }

                    @Override
                    public void changed(Alert alert) {
                        told.add(alert);
                        throw new IllegalStateException("told to");
                    }
                })
                .meters(registry)
                .start()) {
            time.advance(Duration.ofSeconds(1));
            assertThat(registry.get(Meters.ALERTS.meterName()).gauges())
                    .hasSize(2 * AlertKind.values().length)
                    .allSatisfy(gauge -> assertThat(gauge.value()).isZero());
            assertThat(registry.get(Meters.ALERTS_FIRED.meterName()).functionCounters())
                    .hasSize(AlertKind.values().length);
            assertThat(tidegate.engine().alertListeners()).containsExactly("lines", "pager");

            backend.broken = true;
            Gate gate = tidegate.gate("chat");
            for (int i = 0; i < 6; i++) {
                gate.acquire(Request.of(gate.tier("premium")), answer -> {});
            }
            time.advance(Duration.ofSeconds(5));

            assertThat(gauge(Meters.ALERTS, "alert", "scaling-failing", "state", "critical"))
                    .isEqualTo(1);
            assertThat(gauge(Meters.ALERTS, "alert", "scaling-failing", "state", "warning"))
                    .isZero();
            assertThat(count(Meters.ALERTS_FIRED, "alert", "scaling-failing")).isEqualTo(1);
            assertThat(told).hasSize(1);
            assertThat(count(Meters.ALERTS_UNDELIVERED, "listener", "pager", "reason", "failed"))
                    .isEqualTo(1);
            assertThat(count(Meters.ALERTS_UNDELIVERED, "listener", "pager", "reason", "dropped"))
                    .isZero();
            assertThat(count(Meters.ALERTS_UNDELIVERED, "listener", "lines", "reason", "failed"))
                    .isZero();

            backend.broken = false;
            time.advance(Duration.ofSeconds(30));
            assertThat(gauge(Meters.ALERTS, "alert", "scaling-failing", "state", "critical"))
                    .isZero();
        }
    }

    @Test
    void alertListeners_noneNamed_areTheLog() {
        try (Tidegate tidegate = start()) {
            assertThat(tidegate.engine().alertListeners()).containsExactly("log");
        }
    }

    @Test
    void registryThatThrows_doesNotReachRequests() {
        try (Tidegate tidegate = start()) {
            time.advance(Duration.ofSeconds(1));
            Gate gate = tidegate.gate("chat");
            gate.addListener(new io.tidegate.admission.spi.GateListener() {
                @Override
                public void admitted(io.tidegate.pool.Tier tier, long queueNanos) {
                    throw new IllegalStateException("the registry is broken");
                }
            });

            Permit permit = (Permit) gate.tryAcquire(Request.of(gate.tier("premium")));
            permit.close();

            assertThat(gate.inFlight().slots()).isZero();
            assertThat(registry.get(Meters.LISTENER_FAILURES.meterName())
                            .functionCounter()
                            .count())
                    .isEqualTo(1);
        }
    }

    @Test
    void close_removesEveryMeter() {
        start().close();

        assertThat(registry.getMeters()).isEmpty();
    }

    @Test
    void bound_metersAreThoseListedWithTheirTags() {
        try (Tidegate tidegate = start()) {
            assertThat(tidegate.gates()).hasSize(1);
            Set<String> registered = registry.getMeters().stream()
                    .map(Meter::getId)
                    .map(id -> id.getName() + " "
                            + id.getTags().stream()
                                    .map(Tag::getKey)
                                    .filter(key -> !key.equals("le"))
                                    .sorted()
                                    .toList())
                    // SimpleMeterRegistry shows each bucket of a histogram as a gauge of its own.
                    .filter(id -> !id.contains(".histogram "))
                    .collect(Collectors.toCollection(TreeSet::new));
            Set<String> listed = Arrays.stream(Meters.values())
                    .map(meter -> meter.meterName() + " "
                            + meter.tags().stream().sorted().toList())
                    .collect(Collectors.toCollection(TreeSet::new));

            assertThat(registered).isEqualTo(listed);
        }
    }

    @Test
    void document_listsExactlyTheMetersThereAre() throws IOException {
        try (Tidegate tidegate = start()) {
            assertThat(tidegate.gates()).hasSize(1);
            String expected = MetricsDocument.render(registry);
            if (Boolean.getBoolean("tidegate.docs.write")) {
                Files.writeString(DOCUMENT, expected);
            }
            assertThat(DOCUMENT)
                    .as("write it anew with ./mvnw -pl sdk-core test -Dtest=TidegateMetricsTest"
                            + " -Dtidegate.docs.write=true")
                    .content()
                    .isEqualTo(expected);
        }
    }

    /** {@code docs/metrics.md}, from the enum and from what is registered. */
    private static final class MetricsDocument {

        static String render(MeterRegistry registry) {
            StringBuilder text = new StringBuilder("""
                    # Meters

                    Registered by `TidegateMetrics`, once, when it is bound. Names, units and tags are part of the API. Values of tags come
                    from closed sets; `pool` and `tier` are the names in your configuration, and tenants are never a tag. All histograms have
                    the same explicit buckets, from 1 ms to 10 min. The Prometheus name is that of Micrometer's Prometheus registry.

                    Requests pay nothing for them: counts are read when the registry asks, and the times of requests are handed to their
                    timers once a second, each to within a thirtieth or 16 µs. Of more than 100,000 times a second in one timer a part is handed
                    on that has their distribution; the counters are exact at any rate.

                    | meter | Prometheus | kind, unit | tags | meaning |
                    |---|---|---|---|---|
                    """);
            for (Meters meter : Meters.values()) {
                text.append("| `")
                        .append(meter.meterName())
                        .append("` | `")
                        .append(prometheus(meter))
                        .append("` | ");
                text.append(meter.kind().name().toLowerCase(java.util.Locale.ROOT))
                        .append(", ")
                        .append(meter.unit());
                text.append(" | ")
                        .append(tags(meter, registry))
                        .append(" | ")
                        .append(meter.description())
                        .append(" |\n");
            }
            return text.toString();
        }

        private static String prometheus(Meters meter) {
            String name = meter.meterName().replace('.', '_');
            return switch (meter.kind()) {
                case COUNTER -> name + "_total";
                case TIMER -> name + "_seconds";
                case GAUGE -> meter.unit().equals("seconds") ? name + "_seconds" : name;
            };
        }

        private static String tags(Meters meter, MeterRegistry registry) {
            return meter.tags().stream()
                    .map(key -> key.equals("pool") || key.equals("tier")
                            ? "`" + key + "`"
                            : "`" + key + "`: " + String.join(", ", values(meter, key, registry)))
                    .collect(Collectors.joining("; "));
        }

        private static Set<String> values(Meters meter, String key, MeterRegistry registry) {
            return registry.find(meter.meterName()).meters().stream()
                    .map(each -> String.valueOf(each.getId().getTag(key)))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
