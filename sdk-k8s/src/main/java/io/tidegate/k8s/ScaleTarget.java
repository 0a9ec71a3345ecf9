/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * An object by kind and name: what is scaled, or an autoscaler. Namespace and name are of the form Kubernetes demands, so they need no
 * escaping in a path.
 */
record ScaleTarget(String namespace, ScalableKind kind, String name) {

    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
    private static final Pattern SUBDOMAIN =
            Pattern.compile("(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*");

    ScaleTarget {
        namespaceProblem(namespace).ifPresent(ScaleTarget::reject);
        nameProblem(setting(kind), name).ifPresent(ScaleTarget::reject);
    }

    /**
     * Of several pools, each has an object of its own.
     *
     * @throws IllegalArgumentException if two have the same
     */
    static void rejectShared(Map<String, ScaleTarget> targets) {
        Map<ScaleTarget, String> scaledBy = new HashMap<>();
        targets.forEach((pool, target) -> {
            String other = scaledBy.put(target, pool);
            if (other != null) {
                throw new IllegalArgumentException(
                        "pools \"" + other + "\" and \"" + pool + "\" would both scale " + target);
            }
        });
    }

    /** What the setting is called that names an object of this kind. */
    static String setting(ScalableKind kind) {
        return kind.equals(ScalableKind.DEPLOYMENT) ? "deployment" : "name";
    }

    /** What is wrong with the name of a namespace, if anything. */
    static Optional<String> namespaceProblem(String namespace) {
        return LABEL.matcher(namespace).matches()
                ? Optional.empty()
                : Optional.of(
                        "namespace must be 1 to 63 of [a-z0-9-], beginning and ending with a letter or digit, but was \""
                                + namespace + "\"");
    }

    /** What is wrong with the name of a Deployment, if anything. */
    static Optional<String> deploymentProblem(String deployment) {
        return nameProblem("deployment", deployment);
    }

    /** What is wrong with the name of an object, if anything. */
    static Optional<String> nameProblem(String setting, String name) {
        return SUBDOMAIN.matcher(name).matches()
                ? Optional.empty()
                : Optional.of(setting
                        + " must be 1 to 253 of [a-z0-9.-], each part between dots beginning and ending with a"
                        + " letter or digit, but was \"" + name + "\"");
    }

    private static void reject(String problem) {
        throw new IllegalArgumentException(problem);
    }

    @Override
    public String toString() {
        return kind.kind() + " " + namespace + "/" + name;
    }
}
