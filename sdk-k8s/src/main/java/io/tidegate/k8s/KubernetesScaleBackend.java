/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.autoscaling.v1.Scale;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.time.SystemTime;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Scales Deployments, StatefulSets, LeaderWorkerSets and whatever else has a scale subresource, through that.
 *
 * <p>A number is written only over the one the decision was made on, and only if the object is still the very version that was read. Who
 * scales it meanwhile, by hand or by another controller, is never overwritten: the call fails, and the engine decides anew.
 *
 * <p>Whose the number is the object says itself, in {@code metadata.managedFields}. What Argo CD, Flux, whoever declares {@code
 * spec.replicas} by server-side apply, or an autoscaler keeps is observed only, unless {@linkplain Builder#force forced}; what a person
 * set by {@code kubectl scale} stands for an {@linkplain Builder#respectFor hour}; annotation {@code tidegate.io/paused}, {@code "true"}
 * or an instant such as {@code "2026-12-01T08:00:00Z"}, keeps it from being scaled until it is removed or the instant has come, whatever
 * is forced. An HPA that has not written yet shows only where autoscalers are {@linkplain Builder#scan looked for}. When another undoes two of our writes, each
 * within an hour, it is given way to until the backend is made anew.
 *
 * <p>Where a request has an {@linkplain ScaleRequest#epoch() epoch}, it is written to annotation {@code tidegate.io/epoch} before the
 * first number of that term, over the version that was read, and the number over the version that came of it. A higher one found there
 * refuses the write.
 *
 * <p>These requests are sent and no others. All but lists are by name, so that a Role can allow them for single objects by {@code
 * resourceNames}.
 *
 * <table>
 * <caption>Verbs needed, in the API group of the object; for Deployments {@code apps}</caption>
 * <tr><th>verb</th><th>resource</th><th>for</th><th>request</th></tr>
 * <tr><td>get</td><td>deployments</td><td>{@link #status}; {@link #scale} where it changed since</td><td>{@code GET
 * …/deployments/<name>}</td></tr>
 * <tr><td>get</td><td>deployments/scale</td><td>{@link #scale}; {@link #status} of kinds that do not count themselves</td><td>{@code
 * GET …/deployments/<name>/scale}</td></tr>
 * <tr><td>patch</td><td>deployments/scale</td><td>{@link #scale}</td><td>{@code PATCH
 * …/deployments/<name>/scale?fieldManager=tidegate}</td></tr>
 * <tr><td>patch</td><td>deployments</td><td>{@link #scale}, with an epoch only</td><td>{@code PATCH
 * …/deployments/<name>?fieldManager=tidegate}</td></tr>
 * <tr><td>list</td><td>pods, in the core group</td><td>{@link #status}, births only, or kinds that do not count themselves</td><td>{@code GET
 * …/pods?labelSelector=…&limit=500}</td></tr>
 * <tr><td>list</td><td>horizontalpodautoscalers in {@code autoscaling}, scaledobjects in {@code keda.sh}</td><td>{@link #scale}, with {@link
 * Builder#scan} only</td><td>at most every 30 s for each namespace</td></tr>
 * <tr><td>list, watch</td><td>deployments</td><td>{@link #status}, with {@link Builder#watch} only</td><td>{@code GET
 * …/deployments?fieldSelector=metadata.name=<name>}</td></tr>
 * <tr><td>list</td><td>deployments</td><td>{@link #status}, with {@link Builder#sharedLists} only</td><td>{@code GET
 * …/deployments?limit=500}</td></tr>
 * </table>
 *
 * <p>How pods came to be is read while fewer are ready than desired, and for two minutes after, of 500 pods at most. Where pods may not
 * be listed the status comes without it, and so it does with {@link Builder#births births(false)}.
 *
 * <p>What fails throws a {@link BackendException}, whose cause is a {@link KubernetesScaleException}: not allowed or not known is {@link
 * io.tidegate.ledger.Refusal#DENIED}, a quota {@code QUOTA}, an object that is not there or a request that is wrong {@code INVALID},
 * a number that is another's or that somebody else changed {@code CONFLICT}, 429 {@code THROTTLED}, and no usable answer {@code
 * UNAVAILABLE}, or {@code UNANSWERED} if it was to a write. Nothing is retried, whatever the client's own settings say, but that the
 * client asks once more with a newly read token when its old one is refused. A call whose thread is interrupted fails at once, and
 * the thread stays interrupted.
 *
 * <p>Safe for use by many threads; calls block.
 *
 * @since 0.1.0
 */
public final class KubernetesScaleBackend implements ScalerBackend {

    private static final String REPLICAS = "replicas";

    /** How long it is left alone who undid our writes; the engine asks no later than that. */
    private static final Duration GIVEN_WAY = Duration.ofMinutes(10);

    private final Api api;
    private final @Nullable ScaleTarget onlyTarget;
    private final Map<String, ScaleTarget> targets;
    private final Replicas replicas;
    private final boolean force;
    private final boolean raise;
    private final Duration respectFor;
    private final @Nullable AutoscalerScan scan;
    private final @Nullable SharedLists lists;
    private final @Nullable WatchedObjects watched;
    /** The clock of the watch, if it is its own. */
    private final @Nullable SystemTime ownTime;

    private final LongSupplier nanos;
    private final Supplier<Instant> wall;

    /** What each object said when it was last read. */
    private final Map<ScaleTarget, ObjectFacts> seen = new ConcurrentHashMap<>();

    private final Map<ScaleTarget, Rivalry> rivalries = new ConcurrentHashMap<>();

    private KubernetesScaleBackend(
            Builder builder, Api api, @Nullable ScaleTarget onlyTarget, Map<String, ScaleTarget> targets) {
        this.api = api;
        this.onlyTarget = onlyTarget;
        this.targets = Map.copyOf(targets);
        this.nanos = builder.nanos;
        this.wall = builder.wall;
        this.replicas = new Replicas(api, builder.births ? new PodBirths(nanos) : null);
        this.force = builder.force;
        this.raise = builder.raise;
        this.respectFor = builder.respectFor;
        this.scan = builder.scan || builder.raise ? new AutoscalerScan(api, nanos) : null;
        this.lists = builder.sharedLists == null ? null : new SharedLists(api, builder.sharedLists.toNanos(), nanos);
        TimeSource given = builder.time;
        this.ownTime = builder.watch && given == null ? SystemTime.start() : null;
        TimeSource clock = given == null ? ownTime : given;
        this.watched = !builder.watch || clock == null
                ? null
                : new WatchedObjects(
                        api, clock, onlyTarget == null ? Set.copyOf(targets.values()) : Set.of(onlyTarget));
    }

    /** Starts a backend with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * What the object says: the replicas it is to have, has, and has ready. Kubernetes does not count those that are
     * terminating, though they may still finish requests and cost money. Of kinds whose status does not say, as many are ready as pods of
     * the scale's selector are.
     *
     * <p>What was left to an autoscaler to go down to counts as desired until it is done.
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
        long deadlineNanos = api.deadline();
        ScaleTarget target = target(pool);
        GenericKubernetesResource found = watched != null
                ? watched.get(deadlineNanos, target)
                : lists == null ? api.get(deadlineNanos, target) : lists.get(deadlineNanos, target);
        ObjectFacts facts = ObjectFacts.of(target, found);
        Replicas.Counts counts = replicas.count(target, found, deadlineNanos);
        Rivalry rivalry = rivalry(target);
        rivalry.saw(facts, Ownership.of(facts, REPLICAS), counts.desired(), nanos.getAsLong());
        seen.put(target, facts);
        return new ReplicaStatus(rivalry.asked(counts.desired()), counts.running(), counts.ready(), counts.births());
    }

    /**
     * Writes the number to the object's scale; beside an autoscaler only a higher one, and a lower one is left to it.
     *
     * @throws BackendException if the number there is no longer the request's {@code from}, if it is another's to set, if the object is
     *     changed between reading and writing, or if it could not be written
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
        long deadlineNanos = api.deadline();
        ScaleTarget target = target(request.pool());
        Rivalry rivalry = rivalry(target);
        Scale found = api.scale(deadlineNanos, target);
        int current = Replicas.orZero(found.getSpec().getReplicas());
        int asked = rivalry.asked(current);
        if (asked != request.from()) {
            throw KubernetesScaleException.otherNumber(target, request, asked);
        }
        String version = Api.version(
                Access.GET_SCALE,
                target,
                found.getMetadata() == null ? null : found.getMetadata().getResourceVersion());
        ObjectFacts facts = facts(deadlineNanos, target, request, version, current);
        rivalry.saw(facts, Ownership.of(facts, REPLICAS), current, nanos.getAsLong());
        if (facts.epoch() > request.epoch()) {
            throw KubernetesScaleException.superseded(target, facts.epoch(), request.epoch());
        }
        if (isLeftToAnother(deadlineNanos, target, facts, request, current)) {
            rivalry.left(current, request.to());
            return;
        }
        String over = facts.version();
        if (facts.epoch() < request.epoch()) {
            over = api.annotate(deadlineNanos, target, over, ObjectFacts.EPOCH, Long.toString(request.epoch()));
        }
        if (lists != null) {
            lists.wrote(target);
        }
        writes(target);
        try {
            api.writeScale(deadlineNanos, target, over, request.to());
        } finally {
            // Again, since a status may have read it meanwhile as it was; and where the answer is lost it may have been
            // written.
            writes(target);
        }
        rivalry.wrote(current, request.to(), nanos.getAsLong());
    }

    /** Whether all that was asked for is watched now. */
    boolean watching() {
        return watched != null && watched.watching();
    }

    private void writes(ScaleTarget target) {
        if (watched != null) {
            watched.writes(target);
        }
    }

    /** What the object says at the version of the scale that was read, or after. */
    private ObjectFacts facts(
            long deadlineNanos, ScaleTarget target, ScaleRequest request, String version, int current) {
        ObjectFacts known = seen.get(target);
        if (known != null && known.version().equals(version)) {
            return known;
        }
        GenericKubernetesResource found = api.get(deadlineNanos, target);
        ObjectFacts facts = ObjectFacts.of(target, found);
        Api.version(Access.GET_OBJECT, target, facts.version());
        seen.put(target, facts);
        if (!facts.version().equals(version)) {
            if (!target.kind().counts()) {
                throw KubernetesScaleException.changedMeanwhile(target);
            }
            if (Replicas.desired(target, found) != current) {
                throw KubernetesScaleException.otherNumber(target, request, Replicas.desired(target, found));
            }
        }
        return facts;
    }

    /** Whether nothing is to be written since an autoscaler does it; throws if nothing is to be written at all. */
    private boolean isLeftToAnother(
            long deadlineNanos, ScaleTarget target, ObjectFacts facts, ScaleRequest request, int current) {
        Instant now = wall.get();
        Ownership owner = Ownership.of(facts, REPLICAS);
        Owned.check(target, facts, owner, rivalry(target), respectFor, force, now, GIVEN_WAY);
        AutoscalerScan.Found scaler = scan == null ? null : scan.of(target, deadlineNanos);
        if (scan == null ? owner.who() != Ownership.Who.AUTOSCALER : scaler == null) {
            return false;
        }
        String name = scaler == null ? owner.name() : scaler.name();
        if (!raise && !force) {
            throw KubernetesScaleException.owned(
                    target,
                    "is scaled by " + name
                            + ", so it is only observed; remove that, scale by it with type kubernetes-hpa or"
                            + " keda-scaledobject, or set raiseBesideAutoscaler: true",
                    null);
        }
        if (request.to() <= current) {
            return true;
        }
        if (scaler != null && scaler.paused()) {
            throw KubernetesScaleException.owned(target, "is not to be scaled up: " + name + " is paused", null);
        }
        if (current == 0 && (scaler == null || !scaler.keda())) {
            throw KubernetesScaleException.owned(
                    target, "is to have 0 replicas, by which " + name + " is switched off", null);
        }
        return false;
    }

    /** Closes the client if it is its own; harmless when called twice. */
    @Override
    public void close() {
        if (watched != null) {
            watched.close();
        }
        if (ownTime != null) {
            ownTime.close();
        }
        api.close();
    }

    private Rivalry rivalry(ScaleTarget target) {
        return rivalries.computeIfAbsent(target, key -> new Rivalry());
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
     * Collects the settings of a {@link KubernetesScaleBackend}: an object, or one for each pool, and how to reach the API
     * server. Not safe for use by several threads.
     */
    public static final class Builder {

        private final Connection connection = new Connection();
        private @Nullable String name;
        private ScalableKind kind = ScalableKind.DEPLOYMENT;
        private final Map<String, PoolTarget> pools = new LinkedHashMap<>();
        private boolean births = true;
        private boolean force;
        private boolean raise;
        private boolean scan;
        private Duration respectFor = Duration.ofHours(1);
        private @Nullable Duration sharedLists;
        private boolean watch;
        private @Nullable TimeSource time;
        private LongSupplier nanos = System::nanoTime;
        private Supplier<Instant> wall = Instant::now;

        private record PoolTarget(@Nullable String namespace, String name) {}

        private Builder() {}

        /** Uses a client that the caller keeps and closes. By default the backend makes and owns one. */
        public Builder client(KubernetesClient client) {
            connection.client(client);
            return this;
        }

        /**
         * How the backend's own client reaches the API server. By default as {@code kubectl} would, by {@code KUBECONFIG} or {@code
         * ~/.kube/config}, and inside a pod by its service account.
         */
        public Builder config(Config config) {
            connection.config(config);
            return this;
        }

        /** Namespace of the objects that are named without one; the client's by default. */
        public Builder namespace(String namespace) {
            connection.namespace(namespace);
            return this;
        }

        /** The Deployment of the only pool, whatever that is called; the same as {@link #name}. */
        public Builder deployment(String deployment) {
            this.name = Objects.requireNonNull(deployment, "deployment");
            return this;
        }

        /** The object of the only pool, whatever that is called; a Deployment unless {@link #kind(String, String)} says otherwise. */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * The kind of all objects: {@code kind("apps/v1", "StatefulSet")}. Deployments by default. Its plural, by which paths call it,
         * is made by the rules of English.
         *
         * @throws IllegalArgumentException if it cannot be a kind
         */
        public Builder kind(String apiVersion, String kind) {
            this.kind = ScalableKind.of(apiVersion, kind, null);
            return this;
        }

        /**
         * The kind of all objects, by its plural as well.
         *
         * @throws IllegalArgumentException if it cannot be a kind
         */
        public Builder kind(String apiVersion, String kind, String plural) {
            this.kind = ScalableKind.of(apiVersion, kind, plural);
            return this;
        }

        Builder kind(ScalableKind kind) {
            this.kind = kind;
            return this;
        }

        /** The object of a pool, for a backend of several pools. */
        public Builder pool(String pool, String name) {
            return add(pool, new PoolTarget(null, Objects.requireNonNull(name, "name")));
        }

        /** The object of a pool, in a namespace of its own. */
        public Builder pool(String pool, String namespace, String name) {
            return add(
                    pool,
                    new PoolTarget(
                            Objects.requireNonNull(namespace, "namespace"), Objects.requireNonNull(name, "name")));
        }

        /** Whether it is read how pods came to be, for the account of scale events; on by default. */
        public Builder births(boolean births) {
            this.births = births;
            return this;
        }

        /**
         * Whether to scale what a controller keeps as well: beside an autoscaler as with {@link #raiseBesideAutoscaler}, and over Argo
         * CD, Flux and who declares the number, until they have undone two writes. Off by default. A pause and what a person
         * set hold in any case.
         */
        public Builder force(boolean force) {
            this.force = force;
            return this;
        }

        /**
         * Whether to scale up beside an HPA or ScaledObject, and leave it to that to scale down. Off by default. The autoscaler should be
         * given Tidegate's number to go by, or it takes back what it does not agree with; after two times of that it is given way to.
         * Autoscalers are looked for as with {@link #scan}.
         */
        public Builder raiseBesideAutoscaler(boolean raise) {
            this.raise = raise;
            return this;
        }

        /**
         * Whether HPAs and ScaledObjects are looked for before a write, one list of each for a namespace every 30 s at most; off by
         * default, since it takes the right to list them. Without, an autoscaler is seen by what it wrote.
         */
        public Builder scan(boolean scan) {
            this.scan = scan;
            return this;
        }

        /** How long what a person set stands, 0 to 30 d; 1 h by default. By the API server's clock at one end and ours at the other. */
        public Builder respectFor(Duration respectFor) {
            this.respectFor = Owned.respectFor(respectFor);
            return this;
        }

        /**
         * Answers statuses of all pools from one list for each namespace, made anew when it is that old, 100 ms to 1 min: the requests
         * sent do not grow with the pools. Off by default, since it takes the right to list. What this backend wrote since is read by
         * itself. Of many pools with new pods, {@link #births births(false)} saves more.
         */
        public Builder sharedLists(Duration age) {
            if (age.compareTo(Duration.ofMillis(100)) < 0 || age.compareTo(Duration.ofMinutes(1)) > 0) {
                throw new IllegalArgumentException("sharedLists must be 100 ms to 1 min but was " + age);
            }
            this.sharedLists = age;
            return this;
        }

        /** The clock by which ages are measured and times compared; the system's by default. */
        public Builder time(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
            this.nanos = time::nanos;
            this.wall = time::wallTime;
            return this;
        }

        /**
         * Whether what is scaled is watched, so that a status costs no request and a replica that became ready is known with the event; one
         * watch for each namespace, of a single object by name. Off by default, since it takes the rights to list and watch. Where the watch
         * is not up, or silent for 75 s, objects are read by name.
         */
        public Builder watch(boolean watch) {
            this.watch = watch;
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
         * by default. A scale is two requests or more, which share it. Keep it below the pool's {@code backendTimeout}, 2 s by
         * default: after that the call is interrupted, and says less of what went wrong.
         */
        public Builder callTimeout(Duration callTimeout) {
            connection.callTimeout(callTimeout);
            return this;
        }

        /**
         * The backend. Nothing is sent before the first call.
         *
         * @throws IllegalArgumentException if a setting is missing or wrong, or two pools have the same object
         */
        public KubernetesScaleBackend build() {
            connection.check();
            if (watch && sharedLists != null) {
                throw new IllegalArgumentException("watch and sharedLists exclude each other: a watch needs no lists");
            }
            if ((name == null) == pools.isEmpty()) {
                throw new IllegalArgumentException(
                        "either deployment, for the only pool, or one or more of pool is required, and not both");
            }
            Connection.Settled settled = connection.settle();
            ScaleTarget only = name == null ? null : settled.target(null, kind, name);
            Map<String, ScaleTarget> targets = new LinkedHashMap<>();
            pools.forEach((pool, each) -> targets.put(pool, settled.target(each.namespace(), kind, each.name())));
            ScaleTarget.rejectShared(targets);
            return new KubernetesScaleBackend(this, settled.connect(), only, targets);
        }
    }
}
