/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.manifests;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Manifests} cannot know from a configuration. Immutable; all have defaults.
 *
 * @since 0.1.0
 */
public final class ManifestSettings {

    private static final int MAX_REPLICAS = 1000;
    private static final int MAX_TARGET = 1_000_000;
    private static final int MAX_PORT = 65_535;

    /** Kubernetes from which the tolerance of an HPA is there unless somebody took it away. */
    private static final int TOLERANCE_SINCE = 35;

    private static final Pattern IMAGE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/:@-]{0,511}");
    private static final Pattern VERSION = Pattern.compile("v?1\\.([0-9]{1,3})(\\..*)?");

    private final @Nullable String namespace;
    private final @Nullable String pool;
    private final @Nullable Target target;
    private final Set<ManifestPart> parts;
    private final boolean allParts;
    private final URI prometheus;
    private final String monitoringNamespace;
    private final String gateway;
    private final String image;
    private final int port;
    private final int replicas;
    private final int gpuTarget;
    private final int queueTarget;
    private final int queueThreshold;
    private final boolean tolerance;
    private final boolean dcgmHonorLabels;
    private final @Nullable String configText;

    private ManifestSettings(Builder builder) {
        this.namespace = builder.namespace;
        this.pool = builder.pool;
        this.target = builder.target;
        this.allParts = builder.parts.isEmpty();
        this.parts = allParts ? EnumSet.allOf(ManifestPart.class) : EnumSet.copyOf(builder.parts);
        this.prometheus = builder.prometheus;
        this.monitoringNamespace = builder.monitoringNamespace;
        this.gateway = builder.gateway;
        this.image = builder.image;
        this.port = builder.port;
        this.replicas = builder.replicas;
        this.gpuTarget = builder.gpuTarget;
        this.queueTarget = builder.queueTarget;
        this.queueThreshold = builder.queueThreshold;
        this.tolerance = builder.tolerance;
        this.dcgmHonorLabels = builder.dcgmHonorLabels;
        this.configText = builder.configText;
    }

    /** All defaults, to be changed. */
    public static Builder builder() {
        return new Builder();
    }

    Optional<String> namespace() {
        return Optional.ofNullable(namespace);
    }

    Optional<String> pool() {
        return Optional.ofNullable(pool);
    }

    Optional<Target> target() {
        return Optional.ofNullable(target);
    }

    boolean has(ManifestPart part) {
        return parts.contains(part);
    }

    /** Whether it was asked for by name. */
    boolean isNamed(ManifestPart part) {
        return !allParts && has(part);
    }

    URI prometheus() {
        return prometheus;
    }

    String monitoringNamespace() {
        return monitoringNamespace;
    }

    String gateway() {
        return gateway;
    }

    String image() {
        return image;
    }

    int port() {
        return port;
    }

    int replicas() {
        return replicas;
    }

    int gpuTarget() {
        return gpuTarget;
    }

    int queueTarget() {
        return queueTarget;
    }

    int queueThreshold() {
        return queueThreshold;
    }

    boolean tolerance() {
        return tolerance;
    }

    boolean dcgmHonorLabels() {
        return dcgmHonorLabels;
    }

    Optional<String> configText() {
        return Optional.ofNullable(configText);
    }

    /** Collects settings. Not for several threads; each method throws {@link IllegalArgumentException} for what cannot be. */
    public static final class Builder {

        private @Nullable String namespace;
        private @Nullable String pool;
        private @Nullable Target target;
        private final Set<ManifestPart> parts = EnumSet.noneOf(ManifestPart.class);
        private URI prometheus = URI.create("http://prometheus-operated.monitoring.svc:9090");
        private String monitoringNamespace = "monitoring";
        private String gateway = "tidegate-gateway";
        private String image = Manifests.SAMPLE_IMAGE;
        private int port = 8080;
        private int replicas = 1;
        private int gpuTarget = 70;
        private int queueTarget = 10;
        private int queueThreshold = 15;
        private boolean tolerance;
        private boolean dcgmHonorLabels;
        private @Nullable String configText;

        private Builder() {}

        /** Where all of it is. That of the backends in the configuration by default, and {@code llm} if they name none. */
        public Builder namespace(String name) {
            check(Names.isLabel(name), "namespace", "1 to 63 of [a-z0-9-] with a letter or digit at both ends", name);
            this.namespace = name;
            return this;
        }

        /** The only pool of the configuration that is written for. All that are scaled by default. */
        public Builder pool(String name) {
            this.pool = name;
            return this;
        }

        /**
         * What is scaled, as {@code kubectl} names it: {@code deployment/vllm}, {@code statefulset/vllm}, {@code leaderworkerset/vllm}.
         * What the backend of the pool names by default, and {@code deployment/vllm-deployment} if it names none.
         */
        public Builder target(String kindAndName) {
            Optional<Target> parsed = Target.parse(kindAndName);
            check(
                    parsed.isPresent(),
                    "target",
                    "such as deployment/vllm, of a Deployment, StatefulSet, ReplicaSet or LeaderWorkerSet",
                    kindAndName);
            this.target = parsed.orElseThrow();
            return this;
        }

        /** What is written; all of it by default. May be called again for more. */
        public Builder only(ManifestPart... some) {
            this.parts.addAll(Set.of(some));
            return this;
        }

        /** Address of Prometheus' HTTP API; that of the Service of every Prometheus operator in {@code monitoring} by default. */
        public Builder prometheus(String url) {
            URI uri;
            try {
                uri = new URI(url);
            } catch (URISyntaxException e) {
                throw new IllegalArgumentException(
                        wrong("prometheus", "an address such as http://prometheus:9090", url), e);
            }
            check(
                    ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
                            && uri.getHost() != null
                            && uri.getUserInfo() == null
                            && uri.getQuery() == null
                            && uri.getFragment() == null,
                    "prometheus",
                    "an address such as http://prometheus:9090, without user, query and fragment",
                    url);
            this.prometheus = uri;
            return this;
        }

        /** Where prometheus-adapter is; {@code monitoring} by default. */
        public Builder monitoringNamespace(String name) {
            check(
                    Names.isLabel(name),
                    "monitoring namespace",
                    "1 to 63 of [a-z0-9-] with a letter or digit at both ends",
                    name);
            this.monitoringNamespace = name;
            return this;
        }

        /** Name of the gateway's Deployment, Service and ServiceAccount; {@code tidegate-gateway} by default. */
        public Builder gateway(String name) {
            check(
                    Names.isService(name) && name.length() <= 50,
                    "gateway",
                    "1 to 50 of [a-z0-9-], beginning with a letter, ending with a letter or digit",
                    name);
            this.gateway = name;
            return this;
        }

        /** The gateway's image. The default does not exist. */
        public Builder image(String reference) {
            check(IMAGE.matcher(reference).matches(), "image", "such as registry.example.com/gateway:1.0.0", reference);
            this.image = reference;
            return this;
        }

        /** Port of requests, probes and {@code /metrics}; 1 to 65535, 8080 by default. */
        public Builder port(int number) {
            this.port = in("port", 1, MAX_PORT, number);
            return this;
        }

        /** Gateways; 1 to 1000, 1 by default: several need a leader among them. */
        public Builder replicas(int count) {
            this.replicas = in("replicas", 1, MAX_REPLICAS, count);
            return this;
        }

        /** GPU utilisation in percent that the HPA aims at; 1 to 100, 70 by default. */
        public Builder gpuTarget(int percent) {
            this.gpuTarget = in("GPU target", 1, 100, percent);
            return this;
        }

        /** Requests waiting for each replica that the HPA aims at; from 1, 10 by default. */
        public Builder queueTarget(int requests) {
            this.queueTarget = in("queue target", 1, MAX_TARGET, requests);
            return this;
        }

        /** The same of the ScaledObject; 15 by default. */
        public Builder queueThreshold(int requests) {
            this.queueThreshold = in("queue threshold", 1, MAX_TARGET, requests);
            return this;
        }

        /**
         * Version of the API server, such as {@code 1.36}: from 1.35 on the HPA says a tolerance of its own. Not known by default, and
         * the tolerance left out, since what a server does not know it refuses.
         */
        public Builder kubernetes(String version) {
            Matcher matcher = VERSION.matcher(version);
            check(matcher.matches(), "Kubernetes version", "such as 1.36", version);
            this.tolerance = Integer.parseInt(matcher.group(1)) >= TOLERANCE_SINCE;
            return this;
        }

        /**
         * Whether Prometheus keeps the labels {@code pod} and {@code namespace} of dcgm-exporter as they are. False by default, as
         * ServiceMonitors are: they are {@code exported_pod} and {@code exported_namespace} then.
         */
        public Builder dcgmHonorLabels(boolean honored) {
            this.dcgmHonorLabels = honored;
            return this;
        }

        /** The configuration file as it is, for the gateway. A sample by default. */
        public Builder configText(String text) {
            this.configText = text;
            return this;
        }

        /** The settings as they are now. */
        public ManifestSettings build() {
            return new ManifestSettings(this);
        }

        private static int in(String setting, int least, int most, int number) {
            check(number >= least && number <= most, setting, least + " to " + most, Integer.toString(number));
            return number;
        }

        private static void check(boolean condition, String setting, String right, String was) {
            if (!condition) {
                throw new IllegalArgumentException(wrong(setting, right, was));
            }
        }

        private static String wrong(String setting, String right, String was) {
            return String.format(Locale.ROOT, "%s must be %s but was \"%s\"", setting, right, was);
        }
    }
}
