/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A Deployment by name. Both names are of the form Kubernetes demands, so they need no escaping in a path.
 */
record ScaleTarget(String namespace, String deployment) {

    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
    private static final Pattern SUBDOMAIN =
            Pattern.compile("(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*");

    ScaleTarget {
        namespaceProblem(namespace).ifPresent(ScaleTarget::reject);
        deploymentProblem(deployment).ifPresent(ScaleTarget::reject);
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
        return SUBDOMAIN.matcher(deployment).matches()
                ? Optional.empty()
                : Optional.of(
                        "deployment must be 1 to 253 of [a-z0-9.-], each part between dots beginning and ending with a"
                                + " letter or digit, but was \"" + deployment + "\"");
    }

    private static void reject(String problem) {
        throw new IllegalArgumentException(problem);
    }

    @Override
    public String toString() {
        return "Deployment " + namespace + "/" + deployment;
    }
}
