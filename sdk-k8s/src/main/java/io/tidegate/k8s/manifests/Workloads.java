/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.manifests;

import io.tidegate.config.TidegateConfig;
import io.tidegate.config.TidegateConfig.BackendConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.ScalingConfig;
import io.tidegate.k8s.manifests.Speed.Step;
import io.tidegate.k8s.manifests.Workload.Backend;
import io.tidegate.k8s.manifests.Workload.Range;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which pools are written for, and with which values. */
final class Workloads {

    private static final String DEFAULT_NAMESPACE = "llm";
    private static final String DEFAULT_POOL = "chat";
    private static final int DEFAULT_COOLDOWN = 600;
    private static final int DEFAULT_FALLBACK = 4;

    /** KEDA keeps the name of a ScaledObject, with keda-hpa- before it, in a label of 63 characters. */
    private static final int LONGEST_SCALED_OBJECT = 54;

    private static final Map<String, Backend> TYPES =
            Map.of("kubernetes-scale", Backend.SCALE, "kubernetes-hpa", Backend.HPA, "keda-scaledobject", Backend.KEDA);

    private final ManifestSettings settings;
    private final List<String> problems = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final List<Workload> all = new ArrayList<>();
    private final Set<String> namespaces = new TreeSet<>();

    private Workloads(ManifestSettings settings) {
        this.settings = settings;
    }

    /**
     * Of a configuration, or the values of the well-known examples where there is none.
     *
     * @throws IllegalArgumentException if nothing can be written, or not like this
     */
    static Workloads of(@Nullable TidegateConfig config, ManifestSettings settings) {
        Workloads workloads = new Workloads(settings);
        if (config == null) {
            workloads.example();
        } else {
            workloads.read(config);
        }
        workloads.check();
        if (!workloads.problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", workloads.problems));
        }
        return workloads;
    }

    List<Workload> all() {
        return List.copyOf(all);
    }

    List<String> notes() {
        return List.copyOf(notes);
    }

    /** The one of all of them. */
    String namespace() {
        return settings.namespace()
                .orElse(
                        namespaces.isEmpty()
                                ? DEFAULT_NAMESPACE
                                : namespaces.iterator().next());
    }

    private void example() {
        Target target = settings.target().orElse(Target.EXAMPLE);
        boolean keda = settings.has(ManifestPart.SCALED_OBJECT) && !settings.has(ManifestPart.HPA);
        Range hpa = new Range(
                2,
                10,
                new Speed(
                        List.of(
                                "The lowest proposal of a minute: a burst that is over before a replica could help asks for none.",
                                "At most twice as many each 30 s, as one GPU more is not enough for a pool that is small."),
                        60,
                        "Max",
                        List.of(Step.percent(100, 30))),
                new Speed(
                        List.of(
                                "The highest proposal of five minutes: a mistake costs a cold start.",
                                "At most half each minute."),
                        300,
                        "Max",
                        List.of(Step.percent(50, 60))));
        Range keda2 = new Range(
                1,
                20,
                new Speed(
                        List.of(
                                "At once: a queue grows while one hesitates.",
                                "Twice as many or four more in 15 s, whichever is more, so that small pools can grow."),
                        0,
                        "Max",
                        List.of(Step.percent(100, 15), Step.pods(4, 15))),
                new Speed(
                        List.of(
                                "The highest proposal of five minutes: a mistake costs a cold start.",
                                "One each minute."),
                        300,
                        "Max",
                        List.of(Step.pods(1, 60))));
        all.add(new Workload(
                settings.pool().orElse(DEFAULT_POOL),
                target,
                keda ? Backend.KEDA : Backend.HPA,
                false,
                false,
                true,
                target.name() + "-hpa",
                hpa,
                scaledObjectName(target),
                keda2,
                DEFAULT_COOLDOWN,
                DEFAULT_FALLBACK));
    }

    private static String scaledObjectName(Target target) {
        return target.name().length() + "-scaler".length() <= LONGEST_SCALED_OBJECT
                ? target.name() + "-scaler"
                : target.name();
    }

    private void read(TidegateConfig config) {
        String only = settings.pool().orElse(null);
        if (only != null && !config.pools().containsKey(only)) {
            problems.add("pool " + only + " is not in the configuration, only "
                    + config.pools().keySet());
            return;
        }
        config.pools().forEach((name, pool) -> {
            if (only == null || only.equals(name)) {
                read(name, pool);
            }
        });
        if (all.isEmpty() && problems.isEmpty()) {
            problems.add("no pool is scaled on Kubernetes: set pools.<pool>.scaling.backend to one of "
                    + new TreeSet<>(TYPES.keySet()) + ", or name what is scaled by the target");
        }
    }

    private void read(String name, PoolConfig pool) {
        ScalingConfig scaling = pool.scaling();
        if (scaling == null) {
            notes.add("pool " + name + " is not scaled: nothing is written for it");
            return;
        }
        BackendConfig backend = scaling.backend();
        Map<String, String> given = backend == null ? Map.of() : backend.settings();
        Backend type = backend == null ? Backend.HPA : TYPES.get(backend.type());
        if (type == null) {
            if (settings.target().isEmpty()) {
                notes.add("pool " + name + " is scaled by " + (backend == null ? "" : backend.type())
                        + ", not on Kubernetes: nothing is written for it unless a target is named");
                return;
            }
            type = Backend.HPA;
        }
        Optional<String> namespace = Optional.ofNullable(given.get("namespace"));
        namespace.ifPresent(each -> {
            if (Names.isLabel(each)) {
                namespaces.add(each);
            } else {
                problems.add("pools." + name
                        + ".scaling.backend.settings.namespace must be 1 to 63 of [a-z0-9-] but was \"" + each + "\"");
            }
        });
        if (given.containsKey("kubeconfig") || given.containsKey("context")) {
            notes.add("pool " + name
                    + ": kubeconfig and context of its backend are of this machine; leave them out of the"
                    + " configuration of a gateway that runs in the cluster");
        }
        Optional<Target> target = target(name, type, given);
        String called = given.get("name");
        if (called != null && !Names.isSubdomain(called)) {
            problems.add("pools." + name + ".scaling.backend.settings.name must be a name of Kubernetes but was \""
                    + called + "\"");
            return;
        }
        if (target.isEmpty()) {
            return;
        }
        boolean scan = Boolean.parseBoolean(given.getOrDefault("scan", "false"))
                || Boolean.parseBoolean(given.getOrDefault("raiseBesideAutoscaler", "false"));
        Speed up = Speed.of(scaling.up(), "pools." + name + ".scaling.up");
        Speed down = Speed.of(scaling.down(), "pools." + name + ".scaling.down");
        int fallback = scaling.guardrails().fallbackReplicas();
        all.add(new Workload(
                name,
                target.get(),
                type,
                scan,
                type == Backend.SCALE && Boolean.parseBoolean(given.getOrDefault("watch", "false")),
                Boolean.parseBoolean(given.getOrDefault("births", "true")),
                type == Backend.HPA && called != null ? called : target.get().name() + "-hpa",
                new Range(Math.max(1, scaling.min()), scaling.max(), up, down),
                type == Backend.KEDA && called != null ? called : scaledObjectName(target.get()),
                new Range(scaling.min(), scaling.max(), up, down),
                (int) scaling.guardrails().toZeroAfter().toSeconds(),
                Math.max(1, Math.max(scaling.min(), Math.min(scaling.max(), fallback)))));
    }

    private Optional<Target> target(String pool, Backend type, Map<String, String> given) {
        if (settings.target().isPresent()) {
            return settings.target();
        }
        if (type != Backend.SCALE) {
            notes.add("pool " + pool + ": its backend does not say what is scaled, so it is " + Target.EXAMPLE
                    + "; name another by the target");
            return Optional.of(Target.EXAMPLE);
        }
        String deployment = given.get("deployment");
        Optional<Target> target = Target.of(
                given.get("apiVersion"),
                given.get("kind"),
                given.get("plural"),
                deployment != null ? deployment : given.get("name"));
        if (target.isEmpty()) {
            problems.add(
                    "pools." + pool + ".scaling.backend.settings must name what is scaled as kubernetes-scale takes it"
                            + " (deployment, or kind and name), or name it by the target");
        }
        return target;
    }

    private void check() {
        if (namespaces.size() > 1) {
            problems.add("the pools are in namespaces " + namespaces + ": write for one pool at a time");
        }
        settings.namespace().ifPresent(asked -> {
            if (namespaces.stream().anyMatch(each -> !each.equals(asked))) {
                problems.add("namespace " + asked + " is not that of the backends in the configuration, " + namespaces
                        + ": leave one of them out, or make them the same");
            }
        });
        Map<Target, String> targets = new HashMap<>();
        Map<String, String> names = new HashMap<>();
        for (Workload each : all) {
            if (!Names.isLabelValue(each.pool())) {
                problems.add("pool \"" + each.pool()
                        + "\" cannot be the value of a label, by which its queue is found: name it with 1 to 63 of"
                        + " [A-Za-z0-9_.-], a letter or digit at both ends");
            }
            String other = targets.putIfAbsent(each.target(), each.pool());
            if (other != null) {
                problems.add("pools " + other + " and " + each.pool() + " would both scale " + each.target()
                        + ": name the pool and its target, one at a time");
            }
            if (names.putIfAbsent("hpa/" + each.hpaName(), each.pool()) != null
                    || names.putIfAbsent("scaledobject/" + each.scaledObjectName(), each.pool()) != null) {
                problems.add("pool " + each.pool()
                        + " would have an autoscaler of a name that another has: write for one" + " pool at a time");
            }
            if (settings.has(ManifestPart.SCALED_OBJECT)
                    && each.scaledObjectName().length() > LONGEST_SCALED_OBJECT) {
                problems.add("the ScaledObject of pool " + each.pool() + " would be called \"" + each.scaledObjectName()
                        + "\", longer than the " + LONGEST_SCALED_OBJECT
                        + " characters that KEDA takes: name it shorter, or leave out scaledobject");
            }
            if (each.hpaName().length() > 253) {
                problems.add("the HPA of pool " + each.pool() + " would be called \"" + each.hpaName()
                        + "\", longer than 253 characters: give the target a shorter name");
            }
        }
    }
}
