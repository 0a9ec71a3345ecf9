/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Scales by the floor of a KEDA ScaledObject: {@code minReplicaCount} of {@code keda.sh/v1alpha1}, by server-side apply with field manager
 * {@code tidegate}, over the version that was read. Triggers, fallback and all else stay as they are.
 *
 * <p>Up, the floor is raised first. When KEDA has told its HPA of it, which is looked for within the call, what that scales is
 * raised as well through its scale subresource; where KEDA takes longer, or there are no replicas yet, KEDA and its HPA come to it by
 * themselves. The HPA is never written to. Down, the floor is lowered and nothing else; a floor of 0 lets KEDA remove the last.
 *
 * <p>Annotations {@code autoscaling.keda.sh/paused} and {@code paused-replicas} keep it from being written to, {@code paused-scale-in} from
 * being lowered and {@code paused-scale-out} from being raised, whatever is forced. Whose the fields are, {@code tidegate.io/paused}, people and
 * terms are as with {@link KubernetesScaleBackend}, by the ScaledObject's own metadata.
 *
 * <p>These requests are sent and no others; all but lists are by name.
 *
 * <table>
 * <caption>Verbs needed</caption>
 * <tr><th>verb</th><th>resource</th><th>for</th></tr>
 * <tr><td>get, patch</td><td>scaledobjects, in {@code keda.sh}</td><td>{@link #status}, {@link #scale}</td></tr>
 * <tr><td>get</td><td>horizontalpodautoscalers, in {@code autoscaling}: the one KEDA made</td><td>{@link #scale} up, fast path only</td></tr>
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
public final class ScaledObjectBackend implements ScalerBackend {

    private final Api api;
    private final Floor floor;
    private final @Nullable ScaleTarget onlyTarget;
    private final Map<String, ScaleTarget> targets;

    private ScaledObjectBackend(
            Builder builder, Api api, @Nullable ScaleTarget onlyTarget, Map<String, ScaleTarget> targets) {
        this.api = api;
        this.onlyTarget = onlyTarget;
        this.targets = Map.copyOf(targets);
        this.floor = new Floor(
                api,
                Floor.Form.SCALED_OBJECT,
                new Floor.Settings(
                        builder.max,
                        (asked, deadlineNanos, scaler) -> Map.of(),
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
     * What there is: desired is the floor, whoever set it; running and ready are of what the ScaledObject scales, and may be more.
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
     * Writes the number to {@code minReplicaCount}.
     *
     * @throws BackendException if the number there is no longer the request's {@code from}, if it is another's to set, if it is more
     *     than {@code maxReplicaCount}, or if it could not be written
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
                    "no ScaledObject is named for pool \"" + pool + "\", only for " + targets.keySet());
        }
        return target;
    }

    /**
     * Collects the settings of a {@link ScaledObjectBackend}: a ScaledObject, or one for each pool, and how to reach the API server. Not
     * safe for use by several threads.
     */
    public static final class Builder {

        private final Connection connection = new Connection();
        private @Nullable String name;
        private final Map<String, String> pools = new LinkedHashMap<>();
        private @Nullable Integer max;
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

        /** Namespace of the ScaledObjects; the client's by default. */
        public Builder namespace(String namespace) {
            connection.namespace(namespace);
            return this;
        }

        /** The ScaledObject of the only pool, whatever that is called. */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /** The ScaledObject of a pool, for a backend of several pools. */
        public Builder pool(String pool, String name) {
            if (pools.putIfAbsent(Objects.requireNonNull(pool, "pool"), Objects.requireNonNull(name, "name")) != null) {
                throw new IllegalArgumentException("pool \"" + pool + "\" has a ScaledObject already");
            }
            return this;
        }

        /** The {@code maxReplicaCount} to apply, 1 or more; others' by default. */
        public Builder maxReplicaCount(int most) {
            if (most < 1) {
                throw new IllegalArgumentException("maxReplicaCount must be >= 1 but was " + most);
            }
            this.max = most;
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
         * @throws IllegalArgumentException if a setting is missing or wrong, or two pools have the same ScaledObject
         */
        public ScaledObjectBackend build() {
            connection.check();
            if ((name == null) == pools.isEmpty()) {
                throw new IllegalArgumentException(
                        "either name, for the only pool, or one or more of pool is required, and not both");
            }
            ScalableKind kind = Floor.Form.SCALED_OBJECT.kind();
            Connection.Settled settled = connection.settle();
            ScaleTarget only = name == null ? null : settled.target(null, kind, name);
            Map<String, ScaleTarget> targets = new LinkedHashMap<>();
            pools.forEach((pool, each) -> targets.put(pool, settled.target(null, kind, each)));
            ScaleTarget.rejectShared(targets);
            return new ScaledObjectBackend(this, settled.connect(), only, targets);
        }
    }
}
