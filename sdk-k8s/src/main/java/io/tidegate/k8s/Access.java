/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

/** The requests that are sent, as Kubernetes' access control names them. There are no others. */
enum Access {
    GET_DEPLOYMENT("get", "deployments", "get"),
    GET_SCALE("get", "deployments/scale", "get, patch"),
    PATCH_SCALE("patch", "deployments/scale", "get, patch"),
    LIST_PODS("list", "pods", "list");

    private final String verb;
    private final String resource;
    private final String verbsOfRule;

    Access(String verb, String resource, String verbsOfRule) {
        this.verb = verb;
        this.resource = resource;
        this.verbsOfRule = verbsOfRule;
    }

    /** The rule of a Role that allows this request, and what else is needed of the same resource. */
    String rule(ScaleTarget target) {
        if (this == LIST_PODS) {
            // Lists cannot be allowed for single objects.
            return "{apiGroups: [\"\"], resources: [pods], verbs: [list]}";
        }
        return "{apiGroups: [apps], resources: [" + resource + "], resourceNames: [" + target.deployment()
                + "], verbs: [" + verbsOfRule + "]}";
    }

    @Override
    public String toString() {
        return verb + " " + resource;
    }
}
