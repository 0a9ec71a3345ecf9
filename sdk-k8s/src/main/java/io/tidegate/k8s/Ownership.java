/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whose a number is: read from the object itself, so that it is the same after a restart.
 *
 * <p>The API server writes down in {@code metadata.managedFields} who set which field last, and when. Who set it in passing, as {@code
 * kubectl apply} and Helm do when something is deployed, keeps nobody from scaling. Who keeps it does: an autoscaler, Argo CD or Flux, or
 * whoever declares the field by server-side apply. What a person set stands for a while.
 *
 * @param who keeps it
 * @param name what it calls itself
 * @param since when it last set the number; null if that is not known
 */
record Ownership(Who who, String name, @Nullable Instant since) {

    private static final Ownership FREE = new Ownership(Who.NOBODY, "", null);

    private static final Set<String> PEOPLE =
            Set.of("kubectl-edit", "kubectl-patch", "kubectl-replace", "kubectl-scale", "kubectl-set");

    private static final List<String> REPOSITORIES =
            List.of("argocd", "argo-cd", "kustomize-controller", "helm-controller", "flux");

    private static final List<String> TRACKED =
            List.of("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name", "argocd.argoproj.io/instance");

    private static final String TRACKING_ID = "argocd.argoproj.io/tracking-id";

    /** Who may keep a number. */
    enum Who {
        NOBODY,
        OURS,
        /** An HPA, by itself or KEDA's. */
        AUTOSCALER,
        /** Argo CD, Flux, or whoever declares the field. */
        REPOSITORY,
        /** Somebody who scaled it by hand. */
        PERSON
    }

    /**
     * Whose a field of spec is.
     *
     * @param field such as {@code replicas}
     */
    static Ownership of(ObjectFacts facts, String field) {
        List<ManagedFieldsEntry> entries = facts.metadata().getManagedFields();
        if (entries == null || entries.isEmpty()) {
            return byTracking(facts);
        }
        Ownership last = FREE;
        for (ManagedFieldsEntry entry : entries) {
            if (entry.getFieldsV1() != null
                    && ObjectFacts.value(entry.getFieldsV1().getAdditionalProperties(), "f:spec", "f:" + field)
                            != null) {
                Ownership found = of(entry);
                // Several may hold one field where they agree on it: who keeps it counts before who set it in passing.
                if (last.who == Who.NOBODY || (found.who != Who.NOBODY && isLater(found, last))) {
                    last = found;
                }
            }
        }
        return last;
    }

    private static boolean isLater(Ownership one, Ownership other) {
        return other.since == null || (one.since != null && !one.since.isBefore(other.since));
    }

    private static Ownership of(ManagedFieldsEntry entry) {
        String manager = entry.getManager() == null ? "" : entry.getManager();
        String lower = manager.toLowerCase(Locale.ROOT);
        Instant since = PodReadiness.instant(entry.getTime());
        boolean byScale = "scale".equals(entry.getSubresource());
        Who who;
        if (lower.equals(Api.MANAGER)) {
            who = Who.OURS;
        } else if (REPOSITORIES.stream().anyMatch(lower::startsWith)) {
            who = Who.REPOSITORY;
        } else if (lower.startsWith("kube-controller-manager") || lower.startsWith("keda")) {
            who = Who.AUTOSCALER;
        } else if ("Apply".equals(entry.getOperation())) {
            who = Who.REPOSITORY;
        } else if (byScale || PEOPLE.contains(lower)) {
            who = Who.PERSON;
        } else {
            who = Who.NOBODY;
        }
        return new Ownership(who, manager, since);
    }

    /** Without managed fields nothing tells who set the number, so what is kept as in a repository is taken to be kept with it. */
    private static Ownership byTracking(ObjectFacts facts) {
        String tracking = facts.annotation(TRACKING_ID);
        if (tracking != null) {
            return new Ownership(Who.REPOSITORY, "Argo CD, by annotation " + TRACKING_ID, null);
        }
        for (String label : TRACKED) {
            if (facts.label(label) != null) {
                return new Ownership(Who.REPOSITORY, "the owner of label " + label, null);
            }
        }
        return FREE;
    }

    /** How long a person's number still stands; null if it does not. */
    @Nullable
    Duration stands(Duration respectFor, Instant now) {
        if (who != Who.PERSON || since == null) {
            return null;
        }
        Duration left = Duration.between(now, since.plus(respectFor));
        return left.isNegative() || left.isZero() ? null : left;
    }

    /**
     * Whether the object says that it is not to be scaled now. What is neither "false" nor an instant pauses without end, since
     * whoever wrote it meant to.
     */
    static boolean isPaused(ObjectFacts facts, Instant now) {
        String said = facts.annotation(ObjectFacts.PAUSED);
        if (said == null || said.equals("false")) {
            return false;
        }
        Instant until = PodReadiness.instant(said);
        return until == null || until.isAfter(now);
    }
}
