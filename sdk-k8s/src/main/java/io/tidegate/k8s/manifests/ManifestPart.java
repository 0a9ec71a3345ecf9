/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.manifests;

/**
 * What can be written, each by itself.
 *
 * @since 0.1.0
 */
public enum ManifestPart {
    /** A HorizontalPodAutoscaler for each pool. */
    HPA("hpa"),
    /** A KEDA ScaledObject for each pool, by each of three triggers. */
    SCALED_OBJECT("scaledobject"),
    /** The rules by which prometheus-adapter gives the HPAs their metrics. */
    PROMETHEUS_ADAPTER("prometheus-adapter"),
    /** ServiceAccount, Role and RoleBinding of the gateway. */
    RBAC("rbac"),
    /** What has the Prometheus operator scrape the gateway. */
    SERVICE_MONITOR("servicemonitor"),
    /** A sample gateway: Deployment, Service, PodDisruptionBudget and its configuration. */
    GATEWAY("gateway");

    private final String text;

    ManifestPart(String text) {
        this.text = text;
    }

    /** As it is written on a command line, such as {@code scaledobject}. */
    @Override
    public String toString() {
        return text;
    }
}
