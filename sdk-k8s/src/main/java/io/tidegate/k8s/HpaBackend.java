/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.VersionInfo;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Scales by the floor of a HorizontalPodAutoscaler: {@code minReplicas} of {@code autoscaling/v2}, by server-side apply with field manager
 * {@code tidegate}, over the version that was read.
 *
 * <p>Up, the floor is raised first and what the HPA scales is then raised to it through its scale subresource, so that nobody waits for
 * the HPA's next look and the HPA agrees with what it finds. Down, the floor is lowered and nothing else: how fast replicas go, and
 * whether the HPA's own metrics still want them, is the HPA's. Where it has metrics of its own, more replicas may run than are asked for here.
 *
 * <p>{@code maxReplicas}, {@code metrics}, {@code behavior} and tolerances are applied with the floor where they are set, and are
 * others' where not; what was applied once and is set no more is given up by the next write. Tolerances are left out on Kubernetes before
 * 1.33, which knows none; the version is asked for once.
 *
 * <p>An HPA that KEDA made is KEDA's, and refused. Whose the fields are, pauses, people and terms are as with {@link
 * KubernetesScaleBackend}, by the HPA's own metadata. A floor is at least 1.
 *
 * <p>These requests are sent and no others; all but lists are by name.
 *
 * <table>
 * <caption>Verbs needed</caption>
 * <tr><th>verb</th><th>resource</th><th>for</th></tr>
 * <tr><td>get, patch</td><td>horizontalpodautoscalers, in {@code autoscaling}</td><td>{@link #status}, {@link #scale}</td></tr>
 * <tr><td>get</td><td>what it scales, such as deployments in {@code apps}</td><td>{@link #status}; {@link #scale} up, fast path
 * only</td></tr>
 * <tr><td>patch</td><td>its scale, such as deployments/scale</td><td>{@link #scale} up, fast path only; {@code get} too where its kind
 * does not count itself</td></tr>
 * <tr><td>list</td><td>pods, in the core group</td><td>{@link #status}, births only, or such kinds</td></tr>
 * </table>
 *
 * <p>What fails throws a {@link BackendException} as with {@link KubernetesScaleBackend}; a fast path that fails is said once and fails
 * nothing. Safe for use by many threads; calls block.
 *
 * @since 0.1.0
 */
public final class HpaBackend implements ScalerBackend {

    private final Api api;
    private final Floor floor;
    private final @Nullable ScaleTarget onlyTarget;
    private final Map<String, ScaleTarget> targets;

    private HpaBackend(Builder builder, Api api, @Nullable ScaleTarget onlyTarget, Map<String, ScaleTarget> targets) {
        this.api = api;
        this.onlyTarget = onlyTarget;
        this.targets = Map.copyOf(targets);
        this.floor = new Floor(
                api,
                Floor.Form.HPA,
                new Floor.Settings(
                        builder.max,
                        new Rest(builder),
                        builder.fastPath,
                        builder.births,
                        builder.force,
                        builder.respectFor,
                        builder.nanos,
                        builder.wall));
    }

    /** Starts a backend with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * What there is: desired is the floor, whoever set it; running and ready are of what the HorizontalPodAutoscaler scales, and may be more.
     *
     * @throws BackendException if it cannot be known
     * @throws IllegalArgumentException if it scales no pool of that name
     */
    @Override
    public ReplicaStatus status(String pool) {
        ScaleTarget target = target(pool);
        try {
            return floor.status(target);
        } catch (KubernetesScaleException e) {
            throw e.refused();
        }
    }

    /**
     * Writes the number to {@code minReplicas}.
     *
     * @throws BackendException if the number there is no longer the request's {@code from}, if it is another's to set, if it is more
     *     than {@code maxReplicas}, or if it could not be written
     * @throws IllegalArgumentException if it scales no pool of that name
     */
    @Override
    public void scale(ScaleRequest request) {
        ScaleTarget target = target(request.pool());
        try {
            floor.scale(target, request);
        } catch (KubernetesScaleException e) {
            throw e.refused();
        }
    }

    /** Closes the client if it is its own; harmless when called twice. */
    @Override
    public void close() {
        api.close();
    }

    private ScaleTarget target(String pool) {
        ScaleTarget target = targets.getOrDefault(pool, onlyTarget);
        if (target == null) {
            throw new IllegalArgumentException(
                    "no HorizontalPodAutoscaler is named for pool \"" + pool + "\", only for " + targets.keySet());
        }
        return target;
    }

    /** What else of the spec is applied. */
    private static final class Rest implements Floor.Rest {

        private static final int KNOWS_TOLERANCE = 33;

        private final @Nullable List<?> metrics;
        private final @Nullable Map<String, ?> behavior;
        private final @Nullable Double tolerance;
        private final AtomicReference<@Nullable Boolean> knowsTolerance = new AtomicReference<>();

        Rest(Builder builder) {
            this.metrics = builder.metrics;
            this.behavior = builder.behavior;
            this.tolerance = builder.tolerance;
        }

        @Override
        public Map<String, Object> spec(Api api, long deadlineNanos, ScaleTarget target) {
            Map<String, Object> spec = new HashMap<>();
            if (metrics != null) {
                spec.put("metrics", metrics);
            }
            Map<String, Object> whole = new HashMap<>(behavior == null ? Map.of() : behavior);
            if (tolerance != null && isKnown(api, deadlineNanos, target)) {
                for (String direction : List.of("scaleUp", "scaleDown")) {
                    Map<String, Object> one = new HashMap<>();
                    if (whole.get(direction) instanceof Map<?, ?> said) {
                        said.forEach((key, value) -> one.put(String.valueOf(key), value));
                    }
                    one.put("tolerance", tolerance.toString());
                    whole.put(direction, one);
                }
            }
            if (!whole.isEmpty()) {
                spec.put("behavior", whole);
            }
            return spec;
        }

        /** Asked once; where that fails nothing is written, since what was applied before would be removed. */
        private boolean isKnown(Api api, long deadlineNanos, ScaleTarget target) {
            Boolean known = knowsTolerance.get();
            if (known == null) {
                VersionInfo version = Api.call(
                        Access.GET_VERSION,
                        target,
                        () -> api.within(deadlineNanos).getKubernetesVersion());
                known = version != null && knows(version.getMajor(), version.getMinor());
                knowsTolerance.set(known);
            }
            return known;
        }

        private static boolean knows(@Nullable String major, @Nullable String minor) {
            int majorNumber = number(major);
            return majorNumber > 1 || (majorNumber == 1 && number(minor) >= KNOWS_TOLERANCE);
        }

        /** Some servers say {@code 33+}. */
        private static int number(@Nullable String said) {
            String digits = said == null ? "" : said.replaceAll("[^0-9].*", "");
            return digits.isEmpty() || digits.length() > 6 ? 0 : Integer.parseInt(digits);
        }
    }

    /**
     * Collects the settings of an {@link HpaBackend}: an HorizontalPodAutoscaler, or one for each pool, and how to reach the API server. Not
     * safe for use by several threads.
     */
    public static final class Builder {

        private final Connection connection = new Connection();
        private @Nullable String name;
        private final Map<String, String> pools = new LinkedHashMap<>();
        private @Nullable Integer max;
        private @Nullable List<?> metrics;
        private @Nullable Map<String, ?> behavior;
        private @Nullable Double tolerance;
        private boolean fastPath = true;
        private boolean births = true;
        private boolean force;
        private Duration respectFor = Duration.ofHours(1);
        private LongSupplier nanos = System::nanoTime;
        private Supplier<Instant> wall = Instant::now;

        private Builder() {}

        /** Uses a client that the caller keeps and closes. By default the backend makes and owns one. */
        public Builder client(KubernetesClient client) {
            connection.client(client);
            return this;
        }

        /** How the backend's own client reaches the API server; by default as {@code kubectl} would, and inside a pod by its service account. */
        public Builder config(Config config) {
            connection.config(config);
            return this;
        }

        /** Namespace of the HorizontalPodAutoscalers; the client's by default. */
        public Builder namespace(String namespace) {
            connection.namespace(namespace);
            return this;
        }

        /** The HorizontalPodAutoscaler of the only pool, whatever that is called. */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /** The HorizontalPodAutoscaler of a pool, for a backend of several pools. */
        public Builder pool(String pool, String name) {
            if (pools.putIfAbsent(Objects.requireNonNull(pool, "pool"), Objects.requireNonNull(name, "name")) != null) {
                throw new IllegalArgumentException("pool \"" + pool + "\" has a HorizontalPodAutoscaler already");
            }
            return this;
        }

        /** The {@code maxReplicas} to apply, 1 or more; others' by default. */
        public Builder maxReplicas(int most) {
            if (most < 1) {
                throw new IllegalArgumentException("maxReplicas must be >= 1 but was " + most);
            }
            this.max = most;
            return this;
        }

        /**
         * The {@code metrics} of its spec, as maps, lists, texts, numbers and truth values; others' by default.
         *
         * @throws IllegalArgumentException if there is another value in it
         */
        public Builder metrics(List<?> metrics) {
            JsonText.of(metrics);
            this.metrics = List.copyOf(metrics);
            return this;
        }

        /**
         * The {@code behavior} of its spec, as maps, lists, texts, numbers and truth values; others' by default.
         *
         * @throws IllegalArgumentException if there is another value in it
         */
        public Builder behavior(Map<String, ?> behavior) {
            JsonText.of(behavior);
            this.behavior = Map.copyOf(behavior);
            return this;
        }

        /**
         * How far from its target the HPA lets a metric be, in both directions, as a fraction from 0 to 1; others' by default, which is 0.1. Of 10
         * replicas and more, 0.1 swallows every step of one. Left out before Kubernetes 1.33.
         */
        public Builder tolerance(double tolerance) {
            if (!(tolerance >= 0 && tolerance <= 1)) {
                throw new IllegalArgumentException("tolerance must be a fraction from 0 to 1 but was " + tolerance);
            }
            this.tolerance = tolerance;
            return this;
        }

        /** Whether what it scales is raised at once with the floor; on by default. Without, it takes until the autoscaler's next look, 15 s by default. */
        public Builder fastPath(boolean fastPath) {
            this.fastPath = fastPath;
            return this;
        }

        /** Whether it is read how pods came to be, for the account of scale events; on by default. */
        public Builder births(boolean births) {
            this.births = births;
            return this;
        }

        /**
         * Whether to write over Argo CD, Flux and who declares these fields as well, until they have undone two writes. Off by default. A
         * pause and what a person set hold in any case.
         */
        public Builder force(boolean force) {
            this.force = force;
            return this;
        }

        /** How long what a person set stands, 0 to 30 d; 1 h by default. */
        public Builder respectFor(Duration respectFor) {
            this.respectFor = Owned.respectFor(respectFor);
            return this;
        }

        /** The clock by which times are compared; the system's by default. */
        public Builder time(TimeSource time) {
            Objects.requireNonNull(time, "time");
            this.nanos = time::nanos;
            this.wall = time::wallTime;
            return this;
        }

        /**
         * Longest time, in real time, for all the requests of one call, 1 ms to 1 min; 1.8 s by default. Keep it below the pool's {@code
         * backendTimeout}.
         */
        public Builder callTimeout(Duration callTimeout) {
            connection.callTimeout(callTimeout);
            return this;
        }

        /**
         * The backend. Nothing is sent before the first call.
         *
         * @throws IllegalArgumentException if a setting is missing or wrong, or two pools have the same HorizontalPodAutoscaler
         */
        public HpaBackend build() {
            connection.check();
            if ((name == null) == pools.isEmpty()) {
                throw new IllegalArgumentException(
                        "either name, for the only pool, or one or more of pool is required, and not both");
            }
            ScalableKind kind = Floor.Form.HPA.kind();
            Connection.Settled settled = connection.settle();
            ScaleTarget only = name == null ? null : settled.target(null, kind, name);
            Map<String, ScaleTarget> targets = new LinkedHashMap<>();
            pools.forEach((pool, each) -> targets.put(pool, settled.target(null, kind, each)));
            ScaleTarget.rejectShared(targets);
            return new HpaBackend(this, settled.connect(), only, targets);
        }
    }
}
