/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.autoscaling.v1.Scale;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.log.BoundedLog;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Sets the least number of replicas of an autoscaler, by server-side apply over the version that was read, and raises its target with it
 * so that nobody waits for the autoscaler's next look. Down is the autoscaler's alone. Safe for many threads.
 */
final class Floor {

    private static final Logger LOG = BoundedLog.of(Floor.class);
    private static final Duration GIVEN_WAY = Duration.ofMinutes(10);

    /** How often KEDA's HPA is looked at for the new floor, within one call. */
    private static final int LOOKS = 5;

    private final Api api;
    private final Form form;
    private final Settings settings;
    private final Replicas replicas;
    private final Map<ScaleTarget, Rivalry> rivalries = new ConcurrentHashMap<>();
    private final Set<ScaleTarget> slow = ConcurrentHashMap.newKeySet();

    Floor(Api api, Form form, Settings settings) {
        this.api = api;
        this.form = form;
        this.settings = settings;
        this.replicas = new Replicas(api, settings.births() ? new PodBirths(settings.nanos()) : null);
    }

    /**
     * How an autoscaler says it.
     *
     * @param min field of its floor
     * @param max field of its ceiling
     * @param least that its floor may be, and is where it says none
     * @param most that its ceiling is if it says none
     */
    record Form(ScalableKind kind, String min, String max, int least, int most) {

        static final Form HPA = new Form(ScalableKind.HPA, "minReplicas", "maxReplicas", 1, Integer.MAX_VALUE);
        static final Form SCALED_OBJECT =
                new Form(ScalableKind.SCALED_OBJECT, "minReplicaCount", "maxReplicaCount", 0, 100);
    }

    /**
     * What a backend is told.
     *
     * @param max ceiling to apply; null to leave that to others
     * @param rest what else of the spec to apply, asked for before each write
     */
    record Settings(
            @Nullable Integer max,
            Rest rest,
            boolean fastPath,
            boolean births,
            boolean force,
            Duration respectFor,
            LongSupplier nanos,
            Supplier<Instant> wall) {}

    /** What else of the spec is applied. */
    interface Rest {
        Map<String, Object> spec(Api api, long deadlineNanos, ScaleTarget target);
    }

    ReplicaStatus status(ScaleTarget scaler) {
        long deadlineNanos = api.deadline();
        GenericKubernetesResource found = api.get(deadlineNanos, scaler);
        ObjectFacts facts = ObjectFacts.of(scaler, found);
        int floor = floor(found);
        rivalry(scaler)
                .saw(
                        facts,
                        Ownership.of(facts, form.min()),
                        floor,
                        settings.nanos().getAsLong());
        ScaleTarget target = target(scaler, found);
        Replicas.Counts counts = replicas.count(target, api.get(deadlineNanos, target), deadlineNanos);
        return new ReplicaStatus(floor, counts.running(), counts.ready(), counts.births());
    }

    void scale(ScaleTarget scaler, ScaleRequest request) {
        long deadlineNanos = api.deadline();
        GenericKubernetesResource found = api.get(deadlineNanos, scaler);
        ObjectFacts facts = ObjectFacts.of(scaler, found);
        Api.version(Access.GET_OBJECT, scaler, facts.version());
        int floor = floor(found);
        if (floor != request.from()) {
            throw KubernetesScaleException.otherNumber(scaler, request, floor);
        }
        rivalry(scaler)
                .saw(
                        facts,
                        Ownership.of(facts, form.min()),
                        floor,
                        settings.nanos().getAsLong());
        if (facts.epoch() > request.epoch()) {
            throw KubernetesScaleException.superseded(scaler, facts.epoch(), request.epoch());
        }
        boolean up = request.to() > floor;
        checkPause(scaler, found, up);
        checkBounds(scaler, found, request.to());
        Map<String, Object> spec = new TreeMap<>(settings.rest().spec(api, deadlineNanos, scaler));
        spec.put(form.min(), request.to());
        Integer max = max(facts, found);
        if (max != null) {
            spec.put(form.max(), max);
        }
        checkOwners(scaler, facts, spec.keySet());
        Raise raise = up && settings.fastPath() ? raise(scaler, found, request, deadlineNanos) : null;
        // Others' shares were looked at in the version that is written over, so by force no more is taken than was
        // seen.
        api.apply(deadlineNanos, scaler, JsonText.of(object(scaler, facts, request.epoch(), spec)), true);
        rivalry(scaler).wrote(floor, request.to(), settings.nanos().getAsLong());
        if (raise != null) {
            raise(scaler, found, raise, request.to(), deadlineNanos);
        }
    }

    private static Map<String, Object> object(
            ScaleTarget scaler, ObjectFacts facts, long epoch, Map<String, Object> spec) {
        Map<String, Object> metadata = new TreeMap<>();
        metadata.put("namespace", scaler.namespace());
        metadata.put("name", scaler.name());
        // Without these one that is gone would be made anew.
        metadata.put("resourceVersion", facts.version());
        if (!facts.uid().isEmpty()) {
            metadata.put("uid", facts.uid());
        }
        if (Math.max(epoch, facts.epoch()) > 0) {
            // Left out it would be removed, as all that is applied once and then not.
            metadata.put("annotations", Map.of(ObjectFacts.EPOCH, Long.toString(Math.max(epoch, facts.epoch()))));
        }
        return Map.of(
                "apiVersion",
                scaler.kind().apiVersion(),
                "kind",
                scaler.kind().kind(),
                "metadata",
                metadata,
                "spec",
                spec);
    }

    private int floor(GenericKubernetesResource found) {
        Integer floor = ObjectFacts.number(found, "spec", form.min());
        return floor == null ? form.least() : floor;
    }

    /** The ceiling to apply: the one that is set, or the one that we applied before, which would be removed if left out. */
    private @Nullable Integer max(ObjectFacts facts, GenericKubernetesResource found) {
        if (settings.max() != null) {
            return settings.max();
        }
        return Ownership.of(facts, form.max()).who() == Ownership.Who.OURS
                ? ObjectFacts.number(found, "spec", form.max())
                : null;
    }

    private void checkPause(ScaleTarget scaler, GenericKubernetesResource found, boolean up) {
        if (!form.equals(Form.SCALED_OBJECT)) {
            return;
        }
        KedaPause pause = KedaPause.of(found.getMetadata());
        if (up ? pause.out() : pause.in()) {
            throw KubernetesScaleException.owned(
                    scaler,
                    "is paused by annotation " + pause.annotation() + "; remove it to have it scaled "
                            + (up ? "up" : "down"),
                    null);
        }
    }

    private void checkBounds(ScaleTarget scaler, GenericKubernetesResource found, int to) {
        if (to < form.least()) {
            throw KubernetesScaleException.impossible(
                    scaler,
                    "cannot have " + form.min() + " " + to + ": set the pool's min to " + form.least() + " or more");
        }
        Integer said = ObjectFacts.number(found, "spec", form.max());
        int max = settings.max() != null ? settings.max() : said == null ? form.most() : said;
        if (to > max) {
            throw KubernetesScaleException.impossible(
                    scaler,
                    "has " + form.max() + " " + max + ", which is less than the " + to
                            + " that are wanted: raise it, or lower the pool's max");
        }
    }

    private void checkOwners(ScaleTarget scaler, ObjectFacts facts, Set<String> fields) {
        List<OwnerReference> owners = facts.metadata().getOwnerReferences();
        for (OwnerReference owner : owners == null ? List.<OwnerReference>of() : owners) {
            if (ScalableKind.SCALED_OBJECT.kind().equals(owner.getKind())) {
                throw KubernetesScaleException.owned(
                        scaler,
                        "is made by ScaledObject " + owner.getName() + "; scale by that, with type keda-scaledobject",
                        null);
            }
        }
        Instant now = settings.wall().get();
        for (String field : fields) {
            Owned.check(
                    scaler,
                    facts,
                    Ownership.of(facts, field),
                    rivalry(scaler),
                    settings.respectFor(),
                    settings.force(),
                    now,
                    GIVEN_WAY);
        }
    }

    // ---- the fast path ---------------------------------------------------------------------------------------------

    /** What is to be raised, over the version that was read before the floor was written. */
    private record Raise(ScaleTarget target, String version) {}

    /** Null if the target has as many already, is not to be touched, or cannot be read. */
    private @Nullable Raise raise(
            ScaleTarget scaler, GenericKubernetesResource found, ScaleRequest request, long deadlineNanos) {
        try {
            ScaleTarget target = target(scaler, found);
            GenericKubernetesResource object = api.get(deadlineNanos, target);
            ObjectFacts facts = ObjectFacts.of(target, object);
            int current;
            if (target.kind().counts()) {
                current = Replicas.desired(target, object);
            } else {
                Scale scale = api.scale(deadlineNanos, target);
                current = Replicas.orZero(scale.getSpec().getReplicas());
            }
            // By 0 replicas an HPA is switched off, and of KEDA's from 0 is KEDA's own way.
            boolean leave = current == 0
                    || current >= request.to()
                    || facts.epoch() > request.epoch()
                    || Ownership.isPaused(facts, settings.wall().get());
            return leave ? null : new Raise(target, Api.version(Access.GET_OBJECT, target, facts.version()));
        } catch (KubernetesScaleException e) {
            tellSlow(scaler, e);
            return null;
        }
    }

    private void raise(ScaleTarget scaler, GenericKubernetesResource found, Raise raise, int to, long deadlineNanos) {
        try {
            if (form.equals(Form.SCALED_OBJECT) && !hpaAgrees(scaler, found, to, deadlineNanos)) {
                return;
            }
            api.writeScale(deadlineNanos, raise.target(), raise.version(), to);
            slow.remove(scaler);
        } catch (KubernetesScaleException e) {
            // The floor stands, and the autoscaler comes to it by itself.
            tellSlow(scaler, e);
        }
    }

    /** Whether KEDA has told its HPA of the floor: until then that would take back what we raise. */
    private boolean hpaAgrees(ScaleTarget scaler, GenericKubernetesResource found, int to, long deadlineNanos) {
        String name = ObjectFacts.text(found.getAdditionalProperties(), "status", "hpaName");
        ScaleTarget hpa = new ScaleTarget(
                scaler.namespace(), ScalableKind.HPA, name == null ? "keda-hpa-" + scaler.name() : name);
        long pauseNanos = api.callTimeout().toNanos() / (2 * LOOKS);
        for (int look = 0; look < LOOKS; look++) {
            Integer min = ObjectFacts.number(api.get(deadlineNanos, hpa), "spec", Form.HPA.min());
            if (min != null && min >= to) {
                return true;
            }
            if (deadlineNanos - System.nanoTime() < 2 * pauseNanos
                    || Thread.currentThread().isInterrupted()) {
                return false;
            }
            LockSupport.parkNanos(pauseNanos);
        }
        return false;
    }

    private void tellSlow(ScaleTarget scaler, KubernetesScaleException e) {
        if (slow.add(scaler)) {
            LOG.warn("the floor of {} is set, but what it scales waits for its next look: {}", scaler, e.getMessage());
        }
    }

    private ScaleTarget target(ScaleTarget scaler, GenericKubernetesResource found) {
        Object reference = ObjectFacts.value(found.getAdditionalProperties(), "spec", "scaleTargetRef");
        String name = ObjectFacts.text(reference, "name");
        String apiVersion = ObjectFacts.text(reference, "apiVersion");
        String kind = ObjectFacts.text(reference, "kind");
        try {
            return new ScaleTarget(
                    scaler.namespace(),
                    ScalableKind.of(kind == null ? null : apiVersion, kind, null),
                    String.valueOf(name));
        } catch (IllegalArgumentException e) {
            throw KubernetesScaleException.unusable(
                    Access.GET_OBJECT, scaler, "has no spec.scaleTargetRef that can be used: " + e.getMessage());
        }
    }

    private Rivalry rivalry(ScaleTarget scaler) {
        return rivalries.computeIfAbsent(scaler, key -> new Rivalry());
    }
}
