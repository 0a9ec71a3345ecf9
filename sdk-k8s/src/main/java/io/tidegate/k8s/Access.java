/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

/** The requests that are sent, as Kubernetes' access control names them. There are no others. */
enum Access {
    GET_OBJECT("get", "", "get"),
    PATCH_OBJECT("patch", "", "get, patch"),
    LIST_OBJECTS("list", "", "list"),
    GET_SCALE("get", "/scale", "get, patch"),
    PATCH_SCALE("patch", "/scale", "get, patch"),
    LIST_PODS("list", "", "list"),
    /** Allowed to whoever is known, by the cluster's own roles. */
    GET_VERSION("get", "", "get");

    private final String verb;
    private final String subresource;
    private final String verbsOfRule;

    Access(String verb, String subresource, String verbsOfRule) {
        this.verb = verb;
        this.subresource = subresource;
        this.verbsOfRule = verbsOfRule;
    }

    /** Whether it changes something. */
    boolean writes() {
        return this == PATCH_OBJECT || this == PATCH_SCALE;
    }

    /** The rule of a Role that allows this request, and what else is needed of the same resource. */
    String rule(ScaleTarget target) {
        if (this == LIST_PODS) {
            // Lists cannot be allowed for single objects.
            return "{apiGroups: [\"\"], resources: [pods], verbs: [list]}";
        }
        if (this == GET_VERSION) {
            return "{nonResourceURLs: [/version], verbs: [get]}";
        }
        String group = target.kind().group();
        return "{apiGroups: [" + (group.isEmpty() ? "\"\"" : group) + "], resources: ["
                + target.kind().plural() + subresource + "], "
                + (this == LIST_OBJECTS ? "" : "resourceNames: [" + target.name() + "], ") + "verbs: [" + verbsOfRule
                + "]}";
    }

    /** In words. */
    String of(ScaleTarget target) {
        if (this == GET_VERSION) {
            return "get the version of the API server for " + target;
        }
        return verb + " " + (this == LIST_PODS ? "pods" : target.kind().plural() + subresource) + " of " + target;
    }
}
