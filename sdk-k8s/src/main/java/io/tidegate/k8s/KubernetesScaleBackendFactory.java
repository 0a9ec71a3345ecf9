/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.NamedContext;
import io.fabric8.kubernetes.client.Config;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.engine.spi.ScalerBackendFactory;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Makes {@link KubernetesScaleBackend}s from configuration, of one Deployment each.
 *
 * <table>
 * <caption>Settings of type {@code kubernetes-scale}</caption>
 * <tr><th>setting</th><th>meaning</th><th>default</th></tr>
 * <tr><td>{@code deployment}</td><td>name of the Deployment</td><td>none, it is required</td></tr>
 * <tr><td>{@code namespace}</td><td>its namespace</td><td>that of the context, or of the pod this runs in</td></tr>
 * <tr><td>{@code kubeconfig}</td><td>a file that says how to reach the API server</td><td>{@code KUBECONFIG} or {@code
 * ~/.kube/config}; else, in a pod, its service account</td></tr>
 * <tr><td>{@code context}</td><td>a context of that file</td><td>the file's current one</td></tr>
 * <tr><td>{@code births}</td><td>whether it is read how pods came to be, which takes the right to list pods</td><td>true</td></tr>
 * </table>
 *
 * @since 0.1.0
 */
public final class KubernetesScaleBackendFactory implements ScalerBackendFactory {

    private static final String DEPLOYMENT = "deployment";
    private static final String NAMESPACE = "namespace";
    private static final String KUBECONFIG = "kubeconfig";
    private static final String CONTEXT = "context";
    private static final String BIRTHS = "births";
    private static final Set<String> KNOWN = Set.of(DEPLOYMENT, NAMESPACE, KUBECONFIG, CONTEXT, BIRTHS);

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
        List<String> problems = new ArrayList<>();
        for (String setting : new TreeSet<>(settings.keySet())) {
            if (!KNOWN.contains(setting)) {
                problems.add(setting + " is no setting, only " + new TreeSet<>(KNOWN));
            }
        }
        String deployment = settings.get(DEPLOYMENT);
        if (deployment == null) {
            problems.add("deployment is required: the name of the Deployment to scale");
        } else {
            ScaleTarget.deploymentProblem(deployment).ifPresent(problems::add);
        }
        String births = settings.getOrDefault(BIRTHS, "true");
        if (!births.equals("true") && !births.equals("false")) {
            problems.add("births must be true or false but was \"" + births + "\"");
        }
        Config config = config(settings.get(KUBECONFIG), settings.get(CONTEXT), problems);
        String namespace = settings.get(NAMESPACE);
        if (namespace != null) {
            ScaleTarget.namespaceProblem(namespace).ifPresent(problems::add);
        } else if (config != null && config.getNamespace() == null) {
            problems.add("namespace is required: the kubeconfig's context names none");
        }
        if (deployment == null || config == null || !problems.isEmpty()) {
            throw new IllegalArgumentException(
                    "settings of scaler backend " + type() + ": " + String.join("; ", problems));
        }
        return KubernetesScaleBackend.builder()
                .config(config)
                .namespace(namespace != null ? namespace : config.getNamespace())
                .deployment(deployment)
                .births(births.equals("true"));
    }

    private static @Nullable Config config(
            @Nullable String kubeconfig, @Nullable String context, List<String> problems) {
        Config config;
        try {
            if (kubeconfig == null) {
                config = Config.autoConfigure(context);
            } else {
                Path file = Path.of(kubeconfig);
                if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
                    problems.add("kubeconfig must be a file that can be read but was \"" + kubeconfig + "\"");
                    return null;
                }
                config = Config.fromKubeconfig(context, file.toFile());
            }
        } catch (InvalidPathException e) {
            problems.add("kubeconfig must be a path but was \"" + kubeconfig + "\"");
            return null;
        } catch (RuntimeException e) {
            // The client's parser throws whatever it stumbles over.
            problems.add((kubeconfig == null ? "the default kubeconfig" : "kubeconfig \"" + kubeconfig + "\"")
                    + " cannot be used: " + e);
            return null;
        }
        NamedContext current = config.getCurrentContext();
        // The client would quietly take the current context, and with it perhaps another cluster.
        if (context != null && (current == null || !context.equals(current.getName()))) {
            problems.add("context \"" + context + "\" is not in the kubeconfig");
            return null;
        }
        return config;
    }
}
