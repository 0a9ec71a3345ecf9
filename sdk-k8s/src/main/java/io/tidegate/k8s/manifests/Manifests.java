/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.manifests;

import io.tidegate.config.TidegateConfig;
import io.tidegate.config.TidegateConfig.LeadershipConfig;
import io.tidegate.k8s.manifests.Workload.Backend;
import io.tidegate.k8s.manifests.Workload.Range;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What Kubernetes is to be told of a gateway that embeds Tidegate, and of the autoscalers beside it, in the layout of kustomize: {@code
 * base} with the gateway and its rights, {@code components} with what may be chosen, and a {@code kustomization.yaml} that chooses what fits
 * the backends of the configuration. Comments in the files say why each value is what it is.
 *
 * <p>Without a configuration the values are those of the well-known examples for vLLM: an HPA on 70 % GPU utilisation and 10 waiting
 * requests for each replica, from 2 to 10; a ScaledObject on 15 waiting requests, from 1 to 20.
 *
 * <p>Immutable. Makes texts and asks nobody; only {@link #write} touches files.
 *
 * @since 0.1.0
 */
public final class Manifests {

    static final String SAMPLE_IMAGE = "registry.example.com/llm-gateway:1.0.0";

    /** The port at which an external scaler listens. */
    private static final int SCALER_PORT = 9555;

    /** Longer than it takes until every node and every client has heard that a pod is gone. */
    private static final int PRE_STOP_SECONDS = 15;

    /** Longer than most answers take. */
    private static final int DRAIN_SECONDS = 120;

    private static final int EXIT_SECONDS = 15;

    /** How often KEDA looks whether a pool of no replicas is to wake. */
    private static final int POLLING_SECONDS = 5;

    private static final String KUSTOMIZATION = "kustomization.yaml";
    private static final String BASE = "base/";
    private static final String COMPONENTS = "components/";
    private static final String HPA = "hpa";
    private static final String ADAPTER = "prometheus-adapter";
    private static final String MONITOR = "servicemonitor";
    private static final String PROMETHEUS = "keda-prometheus";
    private static final String PUSH = "keda-external-push";
    private static final String METRICS_API = "keda-metrics-api";

    /**
     * What became of files, by paths in the folder, with {@code /} between folders.
     *
     * @param written those that are new or were replaced
     * @param same those that were already as they are to be
     * @param left those of an earlier time that are not used any more, and may be deleted
     * @since 0.1.0
     */
    public record Written(List<String> written, List<String> same, List<String> left) {

        public Written {
            written = List.copyOf(written);
            same = List.copyOf(same);
            left = List.copyOf(left);
        }
    }

    private final ManifestSettings settings;
    private final List<Workload> workloads;
    private final String namespace;
    private final boolean withConfig;
    private final @Nullable String lease;
    private final Map<String, Yaml> shared;
    private final SortedMap<String, String> files = new TreeMap<>();
    private final List<String> notes;

    private Manifests(@Nullable TidegateConfig config, ManifestSettings settings) {
        Workloads found = Workloads.of(config, settings);
        this.settings = settings;
        this.workloads = found.all();
        this.namespace = found.namespace();
        this.notes = new ArrayList<>(found.notes());
        this.withConfig = config != null;
        this.lease = lease(config);
        this.shared = Map.of(
                "namespace", Yaml.text(namespace),
                "gateway", Yaml.text(settings.gateway()),
                "port", Yaml.number(settings.port()),
                "prometheus", Yaml.quoted(settings.prometheus().toString()));
        base();
        autoscalers();
        if (settings.has(ManifestPart.PROMETHEUS_ADAPTER)) {
            component(ADAPTER, Map.of("rules.yaml", adapter()));
        }
        if (settings.has(ManifestPart.SERVICE_MONITOR)) {
            component(MONITOR, Map.of("servicemonitor.yaml", template("servicemonitor.yaml", Map.of())));
        }
        top();
        notes.add("namespace " + namespace + " must exist: kubectl create namespace " + namespace);
        if (settings.has(ManifestPart.GATEWAY) && settings.image().equals(SAMPLE_IMAGE)) {
            notes.add("the gateway's image is a sample: put yours into base/gateway-deployment.yaml, or name it");
        }
    }

    /**
     * Of a configuration.
     *
     * @param config whose pools are written for; null for the values of the well-known examples
     * @param settings what a configuration does not say
     * @throws IllegalArgumentException if nothing can be written of it, or not so that Kubernetes would take it; names what is wrong and
     *     what would be right
     */
    public static Manifests of(@Nullable TidegateConfig config, ManifestSettings settings) {
        return new Manifests(config, settings);
    }

    /** Texts by path, with {@code /} between folders. */
    public SortedMap<String, String> files() {
        return Collections.unmodifiableSortedMap(files);
    }

    /** What is to be known or done besides, one line each. */
    public List<String> notes() {
        return List.copyOf(notes);
    }

    /** Where all of it is. */
    public String namespace() {
        return namespace;
    }

    /**
     * Writes the files, and the folders they need. First it is looked whether all may be written; if not, none is.
     *
     * @param folder where to
     * @param force whether to write over files that are not as they were written by this method
     * @throws IllegalStateException if there are such files and {@code force} is false, naming them
     * @throws IOException if a file cannot be read or written
     */
    public Written write(Path folder, boolean force) throws IOException {
        return new ManifestFolder(folder).write(files, force);
    }

    private String template(String name, Map<String, Yaml> own) {
        return Template.of(name).render(shared, own);
    }

    private void base() {
        Map<String, String> base = new LinkedHashMap<>();
        if (settings.has(ManifestPart.RBAC)) {
            base.put("serviceaccount.yaml", template("serviceaccount.yaml", Map.of()));
            base.put("role.yaml", Rights.of(namespace, workloads, lease));
            base.put("rolebinding.yaml", template("rolebinding.yaml", Map.of()));
        }
        if (settings.has(ManifestPart.GATEWAY)) {
            base.put("gateway-deployment.yaml", deployment());
            base.put("gateway-service.yaml", template("gateway-service.yaml", Map.of()));
            base.put("gateway-pdb.yaml", template("gateway-pdb.yaml", Map.of()));
        }
        if (base.isEmpty()) {
            return;
        }
        base.forEach((name, text) -> files.put(BASE + name, text));
        List<String> lines = new ArrayList<>(kustomization("v1beta1", "Kustomization"));
        resources(lines, base.keySet());
        if (settings.has(ManifestPart.GATEWAY)) {
            files.put(BASE + "tidegate.yaml", configuration());
            lines.addAll(List.of(
                    "# A Secret, since settings of backends and of alert listeners may hold tokens.",
                    "secretGenerator:",
                    "  - name: " + configSecret().written(),
                    "    namespace: " + Yaml.text(namespace).written(),
                    "    files:",
                    "      - tidegate.yaml",
                    "# Under one name, so that a change is read by the gateways that run, and starts none anew.",
                    "generatorOptions:",
                    "  disableNameSuffixHash: true"));
        }
        files.put(BASE + KUSTOMIZATION, text(lines));
    }

    /** The lease that the configuration names, or null. */
    private static @Nullable String lease(@Nullable TidegateConfig config) {
        LeadershipConfig leadership = config == null ? null : config.leadership();
        if (leadership == null || !leadership.type().equals("kubernetes-lease")) {
            return null;
        }
        String name = leadership.settings().getOrDefault("name", "tidegate");
        if (!name.matches("[a-z0-9][a-z0-9.-]{0,252}")) {
            throw new IllegalArgumentException(
                    "leadership.settings.name must be the name of a Kubernetes object but was \"" + name + "\"");
        }
        return name;
    }

    private Yaml configSecret() {
        return Yaml.text(settings.gateway() + "-config");
    }

    private String deployment() {
        Map<String, Yaml> own = new LinkedHashMap<>();
        own.put("configSecret", configSecret());
        own.put("replicas", Yaml.number(settings.replicas()));
        own.put("image", Yaml.quoted(settings.image()));
        own.put("engine", Yaml.quoted("http://" + workloads.get(0).target().name() + ":8000"));
        own.put("portText", Yaml.quoted(Integer.toString(settings.port())));
        own.put("preStop", Yaml.number(PRE_STOP_SECONDS));
        own.put("drain", Yaml.number(DRAIN_SECONDS));
        own.put("margin", Yaml.number(EXIT_SECONDS));
        own.put("grace", Yaml.number(PRE_STOP_SECONDS + DRAIN_SECONDS + EXIT_SECONDS));
        return template("gateway-deployment.yaml", own);
    }

    private String configuration() {
        if (withConfig) {
            return settings.configText()
                    .map(text -> text.endsWith("\n") ? text : text + "\n")
                    .orElse("# Put the configuration of the gateway here: docs/configuration.md lists all settings.\n");
        }
        Workload example = workloads.get(0);
        boolean keda = example.backend() == Backend.KEDA;
        Range range = keda ? example.scaledObject() : example.hpa();
        return template(
                "tidegate.yaml",
                Map.of(
                        "pool", Yaml.text(example.pool()),
                        "min", Yaml.number(range.min()),
                        "max", Yaml.number(range.max()),
                        "backend", Yaml.raw(keda ? "keda-scaledobject" : "kubernetes-hpa"),
                        "autoscaler", Yaml.text(keda ? example.scaledObjectName() : example.hpaName())));
    }

    private boolean any(Backend backend) {
        return workloads.stream().anyMatch(each -> each.backend() == backend);
    }

    /** Where some pools have an HPA and others a ScaledObject, each has its own only: two of one target would undo each other. */
    private List<Workload> of(Backend backend) {
        boolean alike = workloads.stream().map(Workload::backend).distinct().count() == 1;
        return alike
                ? workloads
                : workloads.stream().filter(each -> each.backend() == backend).toList();
    }

    private void autoscalers() {
        if (settings.has(ManifestPart.HPA) && !of(Backend.HPA).isEmpty()) {
            Map<String, String> hpas = new TreeMap<>();
            of(Backend.HPA).forEach(each -> hpas.put(each.hpaName() + ".yaml", hpa(each)));
            component(HPA, hpas);
        }
        if (settings.has(ManifestPart.SCALED_OBJECT) && !of(Backend.KEDA).isEmpty()) {
            scaledObjects(PROMETHEUS, "Trigger: the gateways' queues by Prometheus.", Map.of());
            scaledObjects(
                    PUSH,
                    "Trigger: what Tidegate decided. For a gateway that serves KEDA's external scaler at port "
                            + SCALER_PORT + ".",
                    Map.of(
                            "scaler-service.yaml",
                            Template.of("scaler-service.yaml")
                                    .render(
                                            Map.of("namespace", get("namespace"), "gateway", get("gateway")),
                                            Map.of(
                                                    "port", Yaml.number(SCALER_PORT),
                                                    "scalerService", Yaml.text(scalerService())))));
            scaledObjects(
                    METRICS_API,
                    "Trigger: the queue of each gateway, asked by KEDA itself. For gateways that serve the address below.",
                    Map.of());
        }
    }

    private Yaml get(String name) {
        Yaml value = shared.get(name);
        if (value == null) {
            throw new IllegalStateException("no value is called " + name);
        }
        return value;
    }

    private String scalerService() {
        return settings.gateway() + "-scaler";
    }

    private void scaledObjects(String component, String about, Map<String, String> more) {
        Map<String, String> texts = new TreeMap<>(more);
        of(Backend.KEDA)
                .forEach(each -> texts.put(
                        each.scaledObjectName() + ".yaml", scaledObject(each, about, trigger(component, each))));
        component(component, texts);
    }

    private String hpa(Workload workload) {
        Map<String, Yaml> own = target(workload);
        own.put("name", Yaml.text(workload.hpaName()));
        own.put(
                "minWhy",
                Yaml.raw(
                        workload.backend() == Backend.HPA
                                ? "# The floor until Tidegate holds it: it raises it when the gateway knows more than the metrics."
                                : "# Below this an HPA never goes, whatever the metrics say."));
        own.put("min", Yaml.number(workload.hpa().min()));
        own.put("max", Yaml.number(workload.hpa().max()));
        own.put("pool", Yaml.text(workload.pool()));
        own.put("gpuTarget", Yaml.number(settings.gpuTarget()));
        own.put("gpuTargetText", Yaml.quoted(Integer.toString(settings.gpuTarget())));
        own.put("queueTarget", Yaml.number(settings.queueTarget()));
        own.put("queueTargetText", Yaml.quoted(Integer.toString(settings.queueTarget())));
        own.put("behavior", behavior(workload.hpa(), settings.tolerance()));
        return template("hpa.yaml", own);
    }

    private static Map<String, Yaml> target(Workload workload) {
        Map<String, Yaml> own = new LinkedHashMap<>();
        own.put("apiVersion", Yaml.quoted(workload.target().apiVersion()));
        own.put("kind", Yaml.text(workload.target().kind()));
        own.put("target", Yaml.text(workload.target().name()));
        return own;
    }

    private static Yaml behavior(Range range, boolean tolerance) {
        List<String> lines = new ArrayList<>(range.up().lines("scaleUp", tolerance));
        lines.addAll(range.down().lines("scaleDown", tolerance));
        return Yaml.lines(lines);
    }

    private String scaledObject(Workload workload, String about, Yaml trigger) {
        Range range = workload.scaledObject();
        Map<String, Yaml> own = target(workload);
        own.put("about", Yaml.raw(about));
        own.put("name", Yaml.text(workload.scaledObjectName()));
        own.put(
                "minWhy",
                Yaml.raw(
                        range.min() == 0
                                ? "# Down to none: the first request then waits for a cold start."
                                : "# Not 0: the first request would wait for a cold start."));
        own.put("min", Yaml.number(range.min()));
        own.put("max", Yaml.number(range.max()));
        own.put(
                "polling",
                range.min() == 0
                        ? Yaml.lines(List.of(
                                "# How often KEDA looks whether a pool of none is to wake: part of the first request's wait.",
                                "pollingInterval: " + POLLING_SECONDS))
                        : Yaml.raw("# No pollingInterval: it is for the way from none to one only."));
        own.put("cooldown", Yaml.number(workload.cooldownSeconds()));
        own.put("fallback", Yaml.number(workload.fallback()));
        own.put("behavior", behavior(range, true));
        own.put("trigger", trigger);
        return template("scaledobject.yaml", own);
    }

    private Yaml trigger(String component, Workload workload) {
        String text = switch (component) {
            case PROMETHEUS ->
                template(
                        "trigger-prometheus.yaml",
                        Map.of("query", Yaml.quoted(query(workload)), "threshold", threshold()));
            case PUSH ->
                template(
                        "trigger-external-push.yaml",
                        Map.of(
                                "pool",
                                Yaml.quoted(workload.pool()),
                                "scaler",
                                Yaml.quoted(scalerService() + "." + namespace + ".svc:" + SCALER_PORT)));
            default ->
                template(
                        "trigger-metrics-api.yaml",
                        Map.of(
                                "url",
                                Yaml.quoted("http://" + settings.gateway() + "." + namespace + ".svc:" + settings.port()
                                        + "/scaling/v1/models/" + workload.pool() + "/local"),
                                "threshold",
                                threshold()));
        };
        return Yaml.lines(text.stripTrailing().lines().toList());
    }

    private Yaml threshold() {
        return Yaml.quoted(Integer.toString(settings.queueThreshold()));
    }

    /** Names of pools are values of labels, in which nothing is to be escaped. */
    private String query(Workload workload) {
        return "sum(tidegate_queue_depth{namespace=\"" + namespace + "\",pool=\"" + workload.pool() + "\"})";
    }

    private String adapter() {
        boolean honored = settings.dcgmHonorLabels();
        return template(
                "prometheus-adapter.yaml",
                Map.of(
                        "monitoring", Yaml.text(settings.monitoringNamespace()),
                        "namespaceLabel", Yaml.raw(honored ? "namespace" : "exported_namespace"),
                        "podLabel", Yaml.raw(honored ? "pod" : "exported_pod"),
                        "labelsWhy",
                                Yaml.raw(
                                        honored
                                                ? "Prometheus keeps its labels (honorLabels: true)."
                                                : "Prometheus renames its pod to exported_pod unless it honours labels.")));
    }

    private void component(String name, Map<String, String> texts) {
        texts.forEach((file, text) -> files.put(COMPONENTS + name + "/" + file, text));
        List<String> lines = new ArrayList<>(kustomization("v1alpha1", "Component"));
        resources(lines, new TreeMap<>(texts).keySet());
        files.put(COMPONENTS + name + "/" + KUSTOMIZATION, text(lines));
    }

    private boolean isWritten(String component) {
        return files.containsKey(COMPONENTS + component + "/" + KUSTOMIZATION);
    }

    private void top() {
        List<String> active = new ArrayList<>();
        boolean hpa = isWritten(HPA)
                && (any(Backend.HPA)
                        || (settings.isNamed(ManifestPart.HPA) && !(isWritten(PROMETHEUS) && any(Backend.KEDA))));
        boolean keda =
                isWritten(PROMETHEUS) && (any(Backend.KEDA) || (settings.isNamed(ManifestPart.SCALED_OBJECT) && !hpa));
        if (hpa) {
            active.add(HPA);
        }
        if (keda) {
            active.add(PROMETHEUS);
        }
        if (isWritten(ADAPTER) && settings.isNamed(ManifestPart.PROMETHEUS_ADAPTER)) {
            active.add(ADAPTER);
        }
        if (isWritten(MONITOR) && settings.isNamed(ManifestPart.SERVICE_MONITOR)) {
            active.add(MONITOR);
        }
        List<String> lines = new ArrayList<>(kustomization("v1beta1", "Kustomization"));
        if (files.containsKey(BASE + KUSTOMIZATION)) {
            lines.addAll(List.of("resources:", "  - base"));
        }
        if (!active.isEmpty()) {
            lines.add("components:");
            active.forEach(each -> lines.add("  - " + COMPONENTS + each));
        } else if (!isWritten(HPA) && !isWritten(PROMETHEUS)) {
            lines.add("# No autoscaler beside Tidegate.");
        }
        List<String> idle = List.of(HPA, PROMETHEUS, PUSH, METRICS_API, ADAPTER, MONITOR).stream()
                .filter(each -> isWritten(each) && !active.contains(each))
                .toList();
        if (!idle.isEmpty()) {
            lines.add("# Not in use. Of hpa and keda-* only one for each target; each needs what its first lines say:");
            idle.forEach(each -> lines.add("#  - " + COMPONENTS + each));
            notes.add("not in use until they are listed in " + KUSTOMIZATION + ": " + String.join(", ", idle));
        }
        if ((hpa || keda) && any(Backend.SCALE)) {
            notes.add(
                    "kubernetes-scale beside an autoscaler observes only, unless it has the setting raiseBesideAutoscaler: true");
        }
        files.put(KUSTOMIZATION, text(lines));
    }

    private static List<String> kustomization(String version, String kind) {
        return List.of("apiVersion: kustomize.config.k8s.io/" + version, "kind: " + kind);
    }

    private static void resources(List<String> lines, Iterable<String> names) {
        lines.add("resources:");
        names.forEach(each -> lines.add("  - " + Yaml.quoted(each).written()));
    }

    private static String text(List<String> lines) {
        return String.join("\n", lines) + "\n";
    }
}
