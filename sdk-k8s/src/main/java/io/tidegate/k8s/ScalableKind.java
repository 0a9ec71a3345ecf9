/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A kind of object in the API, such as Deployments. Its parts are of the form Kubernetes demands, so they need no escaping in a path.
 *
 * @param apiVersion group and version, {@code apps/v1}
 * @param kind {@code Deployment}
 * @param plural what paths and Roles call it, {@code deployments}
 */
record ScalableKind(String apiVersion, String kind, String plural) {

    static final ScalableKind DEPLOYMENT = new ScalableKind("apps/v1", "Deployment", "deployments");
    static final ScalableKind STATEFUL_SET = new ScalableKind("apps/v1", "StatefulSet", "statefulsets");
    static final ScalableKind REPLICA_SET = new ScalableKind("apps/v1", "ReplicaSet", "replicasets");
    static final ScalableKind LEADER_WORKER_SET =
            new ScalableKind("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "leaderworkersets");
    static final ScalableKind HPA =
            new ScalableKind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers");
    static final ScalableKind SCALED_OBJECT = new ScalableKind("keda.sh/v1alpha1", "ScaledObject", "scaledobjects");

    /** Those whose status says by itself how many replicas there are and are ready. */
    private static final List<ScalableKind> COUNTING =
            List.of(DEPLOYMENT, STATEFUL_SET, REPLICA_SET, LEADER_WORKER_SET);

    private static final Map<String, ScalableKind> BY_KIND = Map.of(
            "Deployment", DEPLOYMENT,
            "StatefulSet", STATEFUL_SET,
            "ReplicaSet", REPLICA_SET,
            "LeaderWorkerSet", LEADER_WORKER_SET);

    private static final Pattern API_VERSION =
            Pattern.compile("([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?v[0-9]+((alpha|beta)[0-9]+)?");
    private static final Pattern KIND = Pattern.compile("[A-Z][A-Za-z0-9]{0,62}");
    private static final Pattern PLURAL = Pattern.compile("[a-z][a-z0-9]{0,62}");

    /** What is wrong with these, if anything. */
    static Optional<String> problem(@Nullable String apiVersion, @Nullable String kind, @Nullable String plural) {
        if (kind == null) {
            return apiVersion == null && plural == null
                    ? Optional.empty()
                    : Optional.of("kind is required where apiVersion or plural is set");
        }
        if (!KIND.matcher(kind).matches()) {
            return Optional.of("kind must be a name such as StatefulSet but was \"" + kind + "\"");
        }
        if (apiVersion == null) {
            if (!BY_KIND.containsKey(kind)) {
                return Optional.of("apiVersion is required for kind " + kind + ": it is known only for "
                        + BY_KIND.keySet().stream().sorted().toList());
            }
        } else if (!API_VERSION.matcher(apiVersion).matches()) {
            return Optional.of(
                    "apiVersion must be a group and a version such as apps/v1 but was \"" + apiVersion + "\"");
        }
        return plural == null || PLURAL.matcher(plural).matches()
                ? Optional.empty()
                : Optional.of(
                        "plural must be lower-case letters and digits such as deployments but was \"" + plural + "\"");
    }

    /**
     * The kind of that name.
     *
     * @param apiVersion null for that of a kind that is known
     * @param kind null for Deployments
     * @param plural null to make it from the kind
     * @throws IllegalArgumentException if there is a {@link #problem}
     */
    static ScalableKind of(@Nullable String apiVersion, @Nullable String kind, @Nullable String plural) {
        problem(apiVersion, kind, plural).ifPresent(wrong -> {
            throw new IllegalArgumentException(wrong);
        });
        if (kind == null) {
            return DEPLOYMENT;
        }
        ScalableKind known = BY_KIND.get(kind);
        String version = apiVersion != null || known == null ? String.valueOf(apiVersion) : known.apiVersion();
        return new ScalableKind(version, kind, plural != null ? plural : plural(kind));
    }

    private static String plural(String kind) {
        String lower = kind.toLowerCase(Locale.ROOT);
        if (lower.endsWith("s") || lower.endsWith("x") || lower.endsWith("ch") || lower.endsWith("sh")) {
            return lower + "es";
        }
        boolean consonantBeforeY = lower.endsWith("y") && !lower.matches(".*[aeiou]y");
        return consonantBeforeY ? lower.substring(0, lower.length() - 1) + "ies" : lower + "s";
    }

    /** The API group; empty for the core group. */
    String group() {
        int slash = apiVersion.indexOf('/');
        return slash < 0 ? "" : apiVersion.substring(0, slash);
    }

    /** Whether its status says by itself how many replicas there are and are ready, and its spec.replicas how many are wanted. */
    boolean counts() {
        return COUNTING.stream()
                .anyMatch(known -> known.kind.equals(kind) && known.group().equals(group()));
    }

    /** Whether these name the same kind, whatever the version. */
    boolean isSame(@Nullable String otherVersion, @Nullable String otherKind) {
        String version = otherVersion == null || otherVersion.isEmpty() ? "apps/v1" : otherVersion;
        int slash = version.indexOf('/');
        return kind.equals(otherKind == null || otherKind.isEmpty() ? "Deployment" : otherKind)
                && group().equals(slash < 0 ? "" : version.substring(0, slash));
    }

    ResourceDefinitionContext context() {
        return new ResourceDefinitionContext.Builder()
                .withGroup(group())
                .withVersion(apiVersion.substring(apiVersion.indexOf('/') + 1))
                .withKind(kind)
                .withPlural(plural)
                .withNamespaced(true)
                .build();
    }
}
