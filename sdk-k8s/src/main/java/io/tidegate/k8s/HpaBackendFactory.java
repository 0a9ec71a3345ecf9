/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.client.Config;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.engine.spi.ScalerBackendFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes {@link HpaBackend}s from configuration, of one HorizontalPodAutoscaler each.
 *
 * <table>
 * <caption>Settings of type {@code kubernetes-hpa}</caption>
 * <tr><th>setting</th><th>meaning</th><th>default</th></tr>
 * <tr><td>{@code name}</td><td>name of the HorizontalPodAutoscaler</td><td>none, it is required</td></tr>
 * <tr><td>{@code namespace}</td><td>its namespace</td><td>that of the context, or of the pod this runs in</td></tr>
 * <tr><td>{@code kubeconfig}, {@code context}</td><td>how to reach the API server</td><td>as {@code kubectl}; in a pod, its service
 * account</td></tr>
 * <tr><td>{@code maxReplicas}</td><td>ceiling to apply with the floor</td><td>others'</td></tr>
 * <tr><td>{@code tolerance}</td><td>how far from its target a metric may be, as a fraction; left out before Kubernetes
 * 1.33</td><td>others'</td></tr>
 * <tr><td>{@code behavior}</td><td>the whole of the HPA's {@code behavior}, as in its spec</td><td>others'</td></tr>
 * <tr><td>{@code metrics}</td><td>the whole of the HPA's {@code metrics}, as in its spec</td><td>others'</td></tr>
 * <tr><td>{@code fastPath}</td><td>whether what it scales is raised at once with the floor</td><td>true</td></tr>
 * <tr><td>{@code births}</td><td>whether it is read how pods came to be, which takes the right to list pods</td><td>true</td></tr>
 * <tr><td>{@code force}</td><td>whether to write over Argo CD, Flux or whoever declares these fields</td><td>false</td></tr>
 * <tr><td>{@code respectFor}</td><td>how long what a person set stands</td><td>1h</td></tr>
 * </table>
 *
 * @since 0.1.0
 */
public final class HpaBackendFactory implements ScalerBackendFactory {

    private static final String NAME = "name";
    private static final String MAX = "maxReplicas";
    private static final String FAST_PATH = "fastPath";
    private static final String BIRTHS = "births";
    private static final String FORCE = "force";
    private static final String RESPECT_FOR = "respectFor";
    private static final String TOLERANCE = "tolerance";
    private static final String BEHAVIOR = "behavior";
    private static final String METRICS = "metrics";
    private static final Set<String> KNOWN = Set.of(
            NAME,
            Settings.NAMESPACE,
            Settings.KUBECONFIG,
            Settings.CONTEXT,
            MAX,
            TOLERANCE,
            BEHAVIOR,
            METRICS,
            FAST_PATH,
            BIRTHS,
            FORCE,
            RESPECT_FOR);

    /** For {@link java.util.ServiceLoader}. */
    public HpaBackendFactory() {}

    /** {@code kubernetes-hpa}. */
    @Override
    public String type() {
        return "kubernetes-hpa";
    }

    /** Makes a backend with a client of its own. Reads the kubeconfig; asks the API server nothing. */
    @Override
    public ScalerBackend create(Map<String, String> settings) {
        return builder(settings).build();
    }

    HpaBackend.Builder builder(Map<String, String> settings) {
        Settings given = new Settings(settings, KNOWN);
        String name = given.text(NAME);
        if (name == null) {
            given.problem("name is required: the name of the HorizontalPodAutoscaler to scale by");
        } else {
            given.problem(ScaleTarget.nameProblem(NAME, name));
        }
        Integer max = given.count(MAX);
        Double tolerance = given.fraction(TOLERANCE);
        Object behavior = given.tree(BEHAVIOR);
        if (behavior != null && !(behavior instanceof Map)) {
            given.problem("behavior must be a map such as {scaleDown: {stabilizationWindowSeconds: 300}}");
        }
        Object metrics = given.tree(METRICS);
        if (metrics != null && !(metrics instanceof List)) {
            given.problem("metrics must be a list such as [{type: Resource, resource: {…}}]");
        }
        boolean fastPath = given.truth(FAST_PATH, true);
        boolean births = given.truth(BIRTHS, true);
        boolean force = given.truth(FORCE, false);
        Duration respectFor = given.duration(RESPECT_FOR, Duration.ZERO, Duration.ofDays(30));
        Config config = given.config();
        if (name == null || config == null || given.isWrong()) {
            throw given.wrong(type());
        }
        HpaBackend.Builder builder = HpaBackend.builder()
                .config(config)
                .namespace(given.namespace(config))
                .name(name)
                .fastPath(fastPath)
                .births(births)
                .force(force);
        if (max != null) {
            builder.maxReplicas(max);
        }
        if (tolerance != null) {
            builder.tolerance(tolerance);
        }
        if (behavior instanceof Map<?, ?> map) {
            builder.behavior(Settings.texts(map));
        }
        if (metrics instanceof List<?> list) {
            builder.metrics(list);
        }
        return respectFor == null ? builder : builder.respectFor(respectFor);
    }
}
