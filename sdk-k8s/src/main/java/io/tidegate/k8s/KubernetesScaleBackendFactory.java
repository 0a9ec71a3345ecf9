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
import java.util.Map;
import java.util.Set;

/**
 * Makes {@link KubernetesScaleBackend}s from configuration, of one object each.
 *
 * <table>
 * <caption>Settings of type {@code kubernetes-scale}</caption>
 * <tr><th>setting</th><th>meaning</th><th>default</th></tr>
 * <tr><td>{@code deployment}</td><td>name of the Deployment</td><td>none, it or {@code name} is required</td></tr>
 * <tr><td>{@code name}</td><td>name of an object of any kind, in place of {@code deployment}</td><td>none</td></tr>
 * <tr><td>{@code kind}</td><td>its kind: {@code StatefulSet}, {@code LeaderWorkerSet}, whatever has a scale
 * subresource</td><td>{@code Deployment}</td></tr>
 * <tr><td>{@code apiVersion}</td><td>group and version of the kind</td><td>known for Deployment, StatefulSet, ReplicaSet and
 * LeaderWorkerSet; else it is required</td></tr>
 * <tr><td>{@code plural}</td><td>what paths call the kind</td><td>made by the rules of English</td></tr>
 * <tr><td>{@code namespace}</td><td>its namespace</td><td>that of the context, or of the pod this runs in</td></tr>
 * <tr><td>{@code kubeconfig}</td><td>a file that says how to reach the API server</td><td>{@code KUBECONFIG} or {@code
 * ~/.kube/config}; else, in a pod, its service account</td></tr>
 * <tr><td>{@code context}</td><td>a context of that file</td><td>the file's current one</td></tr>
 * <tr><td>{@code births}</td><td>whether it is read how pods came to be, which takes the right to list pods</td><td>true</td></tr>
 * <tr><td>{@code scan}</td><td>whether HPAs and ScaledObjects are looked for before a write, which takes the right to list
 * them</td><td>false</td></tr>
 * <tr><td>{@code raiseBesideAutoscaler}</td><td>whether to scale up beside one, and leave it to that to scale down</td><td>false: it is
 * observed only</td></tr>
 * <tr><td>{@code force}</td><td>whether to scale what Argo CD, Flux or another controller keeps as well</td><td>false</td></tr>
 * <tr><td>{@code respectFor}</td><td>how long what a person set stands</td><td>1h</td></tr>
 * </table>
 *
 * @since 0.1.0
 */
public final class KubernetesScaleBackendFactory implements ScalerBackendFactory {

    private static final String DEPLOYMENT = "deployment";
    private static final String NAME = "name";
    private static final String KIND = "kind";
    private static final String API_VERSION = "apiVersion";
    private static final String PLURAL = "plural";
    private static final String BIRTHS = "births";
    private static final String SCAN = "scan";
    private static final String WATCH = "watch";
    private static final String RAISE = "raiseBesideAutoscaler";
    private static final String FORCE = "force";
    private static final String RESPECT_FOR = "respectFor";
    private static final Set<String> KNOWN = Set.of(
            DEPLOYMENT,
            NAME,
            KIND,
            API_VERSION,
            PLURAL,
            Settings.NAMESPACE,
            Settings.KUBECONFIG,
            Settings.CONTEXT,
            BIRTHS,
            SCAN,
            WATCH,
            RAISE,
            FORCE,
            RESPECT_FOR);

    /** For {@link java.util.ServiceLoader}. */
    public KubernetesScaleBackendFactory() {}

    /** {@code kubernetes-scale}. */
    @Override
    public String type() {
        return "kubernetes-scale";
    }

    /** Makes a backend with a client of its own. Reads the kubeconfig; asks the API server nothing. */
    @Override
    public ScalerBackend create(Map<String, String> settings) {
        return builder(settings).build();
    }

    KubernetesScaleBackend.Builder builder(Map<String, String> settings) {
        Settings given = new Settings(settings, KNOWN);
        String kind = given.text(KIND);
        String deployment = given.text(DEPLOYMENT);
        String called = given.text(NAME);
        String name = deployment != null ? deployment : called;
        if (deployment != null && called != null) {
            given.problem("deployment and name exclude each other: both name what is scaled");
        } else if (name == null) {
            given.problem(
                    kind == null
                            ? "deployment is required: the name of the Deployment to scale"
                            : "name is required: the name of the " + kind + " to scale");
        } else {
            given.problem(ScaleTarget.nameProblem(deployment != null ? DEPLOYMENT : NAME, name));
        }
        if (deployment != null && kind != null && !kind.equals("Deployment")) {
            given.problem("deployment names a Deployment, not a " + kind + ": use name");
        }
        given.problem(ScalableKind.problem(given.text(API_VERSION), kind, given.text(PLURAL)));
        boolean births = given.truth(BIRTHS, true);
        boolean scan = given.truth(SCAN, false);
        boolean watch = given.truth(WATCH, false);
        boolean raise = given.truth(RAISE, false);
        boolean force = given.truth(FORCE, false);
        Duration respectFor = given.duration(RESPECT_FOR, Duration.ZERO, Duration.ofDays(30));
        Config config = given.config();
        if (name == null || config == null || given.isWrong()) {
            throw given.wrong(type());
        }
        KubernetesScaleBackend.Builder builder = KubernetesScaleBackend.builder()
                .config(config)
                .namespace(given.namespace(config))
                .name(name)
                .kind(ScalableKind.of(given.text(API_VERSION), kind, given.text(PLURAL)))
                .births(births)
                .scan(scan)
                .watch(watch)
                .raiseBesideAutoscaler(raise)
                .force(force);
        return respectFor == null ? builder : builder.respectFor(respectFor);
    }
}
