/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.manifests;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What is scaled.
 *
 * @param apiVersion {@code apps/v1}
 * @param kind {@code Deployment}
 * @param plural what Roles call it, {@code deployments}
 * @param name its name
 */
record Target(String apiVersion, String kind, String plural, String name) {

    /** That of the well-known examples. */
    static final Target EXAMPLE = new Target("apps/v1", "Deployment", "deployments", "vllm-deployment");

    private static final String LEADER_WORKER_SETS = "leaderworkerset.x-k8s.io/v1";
    private static final List<Target> KINDS = List.of(
            new Target("apps/v1", "Deployment", "deployments", ""),
            new Target("apps/v1", "StatefulSet", "statefulsets", ""),
            new Target("apps/v1", "ReplicaSet", "replicasets", ""),
            new Target(LEADER_WORKER_SETS, "LeaderWorkerSet", "leaderworkersets", ""));

    private static final Pattern API_VERSION =
            Pattern.compile("([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?v[0-9]+((alpha|beta)[0-9]+)?");
    private static final Pattern KIND = Pattern.compile("[A-Z][A-Za-z0-9]{0,62}");
    private static final Pattern PLURAL = Pattern.compile("[a-z][a-z0-9]{0,62}");

    /** As {@code kubectl} takes it: {@code deployment/vllm}, {@code statefulsets/vllm}, or a Deployment by its name alone. */
    static Optional<Target> parse(String text) {
        int slash = text.indexOf('/');
        String kind = slash < 0 ? "deployment" : text.substring(0, slash).toLowerCase(Locale.ROOT);
        String name = text.substring(slash + 1);
        return KINDS.stream()
                .filter(each -> kind.equals(each.kind.toLowerCase(Locale.ROOT)) || kind.equals(each.plural))
                .filter(each -> Names.isSubdomain(name))
                .map(each -> new Target(each.apiVersion, each.kind, each.plural, name))
                .findFirst();
    }

    /** By the settings of a backend; empty if they name none that can be written. */
    static Optional<Target> of(
            @Nullable String apiVersion, @Nullable String kind, @Nullable String plural, @Nullable String name) {
        if (name == null || !Names.isSubdomain(name)) {
            return Optional.empty();
        }
        String wanted = kind == null ? "Deployment" : kind;
        Optional<Target> known =
                KINDS.stream().filter(each -> each.kind.equals(wanted)).findFirst();
        String version =
                apiVersion != null ? apiVersion : known.map(Target::apiVersion).orElse("");
        String several =
                plural != null ? plural : known.map(Target::plural).orElse(wanted.toLowerCase(Locale.ROOT) + "s");
        return API_VERSION.matcher(version).matches()
                        && KIND.matcher(wanted).matches()
                        && PLURAL.matcher(several).matches()
                ? Optional.of(new Target(version, wanted, several, name))
                : Optional.empty();
    }

    /** The API group; empty for the core group. */
    String group() {
        int slash = apiVersion.indexOf('/');
        return slash < 0 ? "" : apiVersion.substring(0, slash);
    }

    /** As it is given and told. */
    @Override
    public String toString() {
        return kind.toLowerCase(Locale.ROOT) + "/" + name;
    }
}
