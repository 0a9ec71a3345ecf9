/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v1.Scale;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.dsl.RollableScalableResource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.Birth;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Scales Deployments through their scale subresource.
 *
 * <p>A number is written only over the one the decision was made on, and only if the Deployment is still the very version that
 * was read. Who scales it meanwhile, by hand or by another controller, is never overwritten: the call fails, and the engine decides
 * anew. No other controller should scale the same Deployment all the time; an HPA or ScaledObject on it would undo what is written.
 *
 * <p>These requests are sent and no others. All are by name, so that a Role can allow them for single Deployments by {@code
 * resourceNames}.
 *
 * <table>
 * <caption>Verbs needed, in API group {@code apps}</caption>
 * <tr><th>verb</th><th>resource</th><th>for</th><th>request</th></tr>
 * <tr><td>get</td><td>deployments</td><td>{@link #status}</td><td>{@code GET …/deployments/<name>}</td></tr>
 * <tr><td>get</td><td>deployments/scale</td><td>{@link #scale}</td><td>{@code GET …/deployments/<name>/scale}</td></tr>
 * <tr><td>patch</td><td>deployments/scale</td><td>{@link #scale}</td><td>{@code PATCH
 * …/deployments/<name>/scale?fieldManager=tidegate}</td></tr>
 * <tr><td>list</td><td>pods, in the core group</td><td>{@link #status}, births only</td><td>{@code GET
 * …/pods?labelSelector=…&limit=500}</td></tr>
 * </table>
 *
 * <p>How pods came to be is read while fewer are ready than desired, and for two minutes after, of 500 pods at most. Where pods may not
 * be listed the status comes without it, and so it does with {@link Builder#births births(false)}.
 *
 * <p>What fails throws a {@link BackendException}, whose cause is a {@link KubernetesScaleException}: not allowed or not known is {@link
 * io.tidegate.ledger.Refusal#DENIED}, a quota {@code QUOTA}, a Deployment that is not there or a request that is wrong {@code INVALID},
 * a number that somebody else changed {@code CONFLICT}, 429 {@code THROTTLED}, and no usable answer {@code UNAVAILABLE}, or {@code
 * UNANSWERED} if it was to a write. Nothing is retried, whatever the client's own settings say, but that the
 * client asks once more with a newly read token when its old one is refused. A call whose thread is interrupted fails at once, and
 * the thread stays interrupted.
 *
 * <p>Safe for use by many threads; calls block.
 *
 * @since 0.1.0
 */
public final class KubernetesScaleBackend implements ScalerBackend {

    /** The field manager says in the Deployment's metadata.managedFields who wrote spec.replicas. */
    private static final PatchContext WRITE = new PatchContext.Builder()
            .withPatchType(PatchType.JSON_MERGE)
            .withFieldManager("tidegate")
            .build();

    /** Text that means the same inside quotes. */
    private static final Pattern PLAIN = Pattern.compile("[^\"\\\\\\p{Cntrl}]+");

    private final @Nullable KubernetesClient owned;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final KubernetesClient client;
    private final RequestConfig requests;
    private final Duration callTimeout;
    private final @Nullable ScaleTarget onlyTarget;
    private final Map<String, ScaleTarget> targets;
    private final @Nullable PodBirths births;

    private KubernetesScaleBackend(
            KubernetesClient client,
            boolean owned,
            Duration callTimeout,
            @Nullable ScaleTarget onlyTarget,
            Map<String, ScaleTarget> targets,
            @Nullable PodBirths births) {
        this.owned = owned ? client : null;
        this.client = client;
        this.requests = new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                .withRequestRetryBackoffLimit(0)
                .build();
        this.callTimeout = callTimeout;
        this.onlyTarget = onlyTarget;
        this.targets = Map.copyOf(targets);
        this.births = births;
    }

    /** Starts a backend with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * What the Deployment says: the replicas it is to have, has, and has ready. Kubernetes does not count those that are
     * terminating, though they may still finish requests and cost money.
     *
     * @throws BackendException if it cannot be known
     * @throws IllegalArgumentException if it scales no pool of that name
     */
    @Override
    public ReplicaStatus status(String pool) {
        try {
            return read(pool);
        } catch (KubernetesScaleException e) {
            throw e.refused();
        }
    }

    private ReplicaStatus read(String pool) {
        long deadlineNanos = System.nanoTime() + callTimeout.toNanos();
        ScaleTarget target = target(pool);
        // One read for all three, so that they are of one instant. The API server makes the scale subresource from this
        // very object: the scale's spec.replicas and status.replicas are the Deployment's.
        Deployment found = call(
                Access.GET_DEPLOYMENT,
                target,
                () -> resource(within(deadlineNanos), target).get());
        if (found == null) {
            throw KubernetesScaleException.notFound(target, null);
        }
        // The API server fills in 1 where nothing was asked for, so it is never absent.
        if (found.getSpec() == null || found.getSpec().getReplicas() == null) {
            throw KubernetesScaleException.unusable(Access.GET_DEPLOYMENT, target, "has no spec.replicas");
        }
        int desired = found.getSpec().getReplicas();
        DeploymentStatus status = found.getStatus();
        if (status == null) {
            return new ReplicaStatus(desired, 0, 0);
        }
        // status.observedGeneration may lag behind what was just written. The pods counted do exist even then, which is
        // what is asked; ready is still too low on the way up and running too high on the way down, so nothing is
        // believed done too early. status.updatedReplicas does not matter: in a rollout, pods of the old template
        // serve.
        int ready = orZero(status.getReadyReplicas());
        List<Birth> born = births == null
                ? List.of()
                : births.read(target, found.getSpec().getSelector(), desired > ready, () -> within(deadlineNanos));
        return new ReplicaStatus(desired, orZero(status.getReplicas()), ready, born);
    }

    /**
     * Writes the number to the Deployment's scale.
     *
     * @throws BackendException if the number there is no longer the request's {@code from}, if the Deployment is changed
     *     between reading and writing, or if it could not be written
     * @throws IllegalArgumentException if it scales no pool of that name
     */
    @Override
    public void scale(ScaleRequest request) {
        try {
            write(request);
        } catch (KubernetesScaleException e) {
            throw e.refused();
        }
    }

    private void write(ScaleRequest request) {
        long deadlineNanos = System.nanoTime() + callTimeout.toNanos();
        ScaleTarget target = target(request.pool());
        Scale found = call(
                Access.GET_SCALE,
                target,
                () -> resource(within(deadlineNanos), target).scale());
        if (found == null || found.getSpec() == null) {
            throw KubernetesScaleException.unusable(Access.GET_SCALE, target, "has no spec");
        }
        int current = orZero(found.getSpec().getReplicas());
        if (current != request.from()) {
            throw KubernetesScaleException.otherNumber(target, request, current);
        }
        if (System.nanoTime() - deadlineNanos >= 0) {
            // A write that is not waited for would leave nobody knowing what became of it.
            throw KubernetesScaleException.unusable(
                    Access.GET_SCALE, target, "took all the time, so nothing was written");
        }
        String patch = "{\"metadata\":{\"resourceVersion\":\"" + version(found, target) + "\"},\"spec\":{\"replicas\":"
                + request.to() + "}}";
        // Given an object and not a name, since the client would first ask for what has a name only.
        Deployment named = new DeploymentBuilder()
                .withNewMetadata()
                .withNamespace(target.namespace())
                .withName(target.deployment())
                .endMetadata()
                .build();
        call(
                Access.PATCH_SCALE,
                target,
                () -> within(deadlineNanos)
                        .apps()
                        .deployments()
                        .resource(named)
                        .subresource("scale")
                        .patch(WRITE, patch));
    }

    /** The version that was read, which is the write's precondition: without one it could overwrite anybody's number. */
    private static String version(Scale found, ScaleTarget target) {
        String version =
                found.getMetadata() == null ? null : found.getMetadata().getResourceVersion();
        if (version == null || !PLAIN.matcher(version).matches()) {
            throw KubernetesScaleException.unusable(
                    Access.GET_SCALE,
                    target,
                    "has metadata.resourceVersion " + version + ", which cannot be held on to");
        }
        return version;
    }

    /** Closes the client if it is its own; harmless when called twice. */
    @Override
    public void close() {
        if (owned != null && closed.compareAndSet(false, true)) {
            owned.close();
        }
    }

    /** For counts that the API leaves out when they are 0. */
    private static int orZero(@Nullable Integer count) {
        return count == null ? 0 : count;
    }

    /** The client with what is left of the call's time, and without retries. It shares the connections; making one is cheap. */
    private KubernetesClient within(long deadlineNanos) {
        // At least 1 ms, since 0 would mean for ever.
        long millis =
                Math.max(1, Duration.ofNanos(deadlineNanos - System.nanoTime()).toMillis());
        RequestConfig bounded = new RequestConfigBuilder(requests)
                .withRequestTimeout((int) millis)
                .build();
        return client.newClient(bounded).adapt(KubernetesClient.class);
    }

    private static RollableScalableResource<Deployment> resource(KubernetesClient client, ScaleTarget target) {
        return client.apps().deployments().inNamespace(target.namespace()).withName(target.deployment());
    }

    private static <T extends @Nullable Object> T call(Access access, ScaleTarget target, Supplier<T> request) {
        try {
            return request.get();
        } catch (KubernetesClientException e) {
            throw KubernetesScaleException.of(access, target, e);
        }
    }

    private ScaleTarget target(String pool) {
        ScaleTarget target = targets.getOrDefault(pool, onlyTarget);
        if (target == null) {
            throw new IllegalArgumentException(
                    "no Deployment is named for pool \"" + pool + "\", only for " + targets.keySet());
        }
        return target;
    }

    /**
     * Collects the settings of a {@link KubernetesScaleBackend}: a Deployment, or one for each pool, and how to reach the API
     * server. Not safe for use by several threads.
     */
    public static final class Builder {

        private static final Duration LONGEST_TIMEOUT = Duration.ofMinutes(1);

        private @Nullable KubernetesClient client;
        private @Nullable Config config;
        private @Nullable String namespace;
        private @Nullable String deployment;
        private final Map<String, PoolTarget> pools = new LinkedHashMap<>();
        private Duration callTimeout = Duration.ofMillis(1800);
        private boolean births = true;
        private LongSupplier nanos = System::nanoTime;

        private record PoolTarget(@Nullable String namespace, String deployment) {}

        private Builder() {}

        /** Uses a client that the caller keeps and closes. By default the backend makes and owns one. */
        public Builder client(KubernetesClient client) {
            this.client = Objects.requireNonNull(client, "client");
            return this;
        }

        /**
         * How the backend's own client reaches the API server. By default as {@code kubectl} would, by {@code KUBECONFIG} or {@code
         * ~/.kube/config}, and inside a pod by its service account.
         */
        public Builder config(Config config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Namespace of the Deployments that are named without one; the client's by default. */
        public Builder namespace(String namespace) {
            this.namespace = Objects.requireNonNull(namespace, "namespace");
            return this;
        }

        /** The Deployment of the only pool, whatever that is called. */
        public Builder deployment(String deployment) {
            this.deployment = Objects.requireNonNull(deployment, "deployment");
            return this;
        }

        /** The Deployment of a pool, for a backend of several pools. */
        public Builder pool(String pool, String deployment) {
            return add(pool, new PoolTarget(null, Objects.requireNonNull(deployment, "deployment")));
        }

        /** The Deployment of a pool, in a namespace of its own. */
        public Builder pool(String pool, String namespace, String deployment) {
            return add(
                    pool,
                    new PoolTarget(
                            Objects.requireNonNull(namespace, "namespace"),
                            Objects.requireNonNull(deployment, "deployment")));
        }

        /** Whether it is read how pods came to be, for the account of scale events; on by default. */
        public Builder births(boolean births) {
            this.births = births;
            return this;
        }

        /** The clock by which pods are read for some time more, for tests. */
        Builder nanos(LongSupplier nanos) {
            this.nanos = nanos;
            return this;
        }

        private Builder add(String pool, PoolTarget target) {
            if (pools.putIfAbsent(Objects.requireNonNull(pool, "pool"), target) != null) {
                throw new IllegalArgumentException("pool \"" + pool + "\" has a Deployment already");
            }
            return this;
        }

        /**
         * Longest time, in real time, that the API server may take to begin its answers within one call, 1 ms to 1 min; 1.8 s
         * by default. A scale is two requests, which share it. Keep it below the pool's {@code backendTimeout}, 2 s by default:
         * after that the call is interrupted, and says less of what went wrong.
         */
        public Builder callTimeout(Duration callTimeout) {
            if (callTimeout.compareTo(Duration.ofMillis(1)) < 0 || callTimeout.compareTo(LONGEST_TIMEOUT) > 0) {
                throw new IllegalArgumentException("callTimeout must be 1 ms to 1 min but was " + callTimeout);
            }
            this.callTimeout = callTimeout;
            return this;
        }

        /**
         * The backend. Nothing is sent before the first call.
         *
         * @throws IllegalArgumentException if a setting is missing or wrong, or two pools have the same Deployment
         */
        public KubernetesScaleBackend build() {
            if (client != null && config != null) {
                throw new IllegalArgumentException("client and config exclude each other: a client has its own");
            }
            if ((deployment == null) == pools.isEmpty()) {
                throw new IllegalArgumentException(
                        "either deployment, for the only pool, or one or more of pool is required, and not both");
            }
            Config connection =
                    client != null ? client.getConfiguration() : config != null ? config : Config.autoConfigure(null);
            String fallback =
                    namespace != null ? namespace : client != null ? client.getNamespace() : connection.getNamespace();
            ScaleTarget only = deployment == null ? null : target(fallback, deployment);
            Map<String, ScaleTarget> targets = new LinkedHashMap<>();
            Map<ScaleTarget, String> scaledBy = new HashMap<>();
            pools.forEach((pool, each) -> {
                ScaleTarget target = target(each.namespace() != null ? each.namespace() : fallback, each.deployment());
                targets.put(pool, target);
                String other = scaledBy.put(target, pool);
                if (other != null) {
                    throw new IllegalArgumentException(
                            "pools \"" + other + "\" and \"" + pool + "\" would both scale " + target);
                }
            });
            PodBirths born = births ? new PodBirths(nanos) : null;
            return client != null
                    ? new KubernetesScaleBackend(client, false, callTimeout, only, targets, born)
                    : new KubernetesScaleBackend(connect(connection), true, callTimeout, only, targets, born);
        }

        private static ScaleTarget target(@Nullable String namespace, String deployment) {
            if (namespace == null) {
                throw new IllegalArgumentException("namespace is required: the client has none of its own");
            }
            return new ScaleTarget(namespace, deployment);
        }

        private static KubernetesClient connect(Config connection) {
            return new KubernetesClientBuilder()
                    .withConfig(connection)
                    // By name, so that no other transport on the class path takes its place.
                    .withHttpClientFactory(new JdkHttpClientFactory())
                    .build();
        }
    }
}
