/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.metrics.v1beta1.PodMetrics;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.dsl.PodMetricOperation;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.tidegate.pool.Signal;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.TimeSource;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Processor and memory use of a pool's pods, from the metrics API of Kubernetes, which metrics-server answers.
 *
 * <table>
 * <caption>Signals</caption>
 * <tr><th>name</th><th>unit</th><th>meaning</th></tr>
 * <tr><td>{@value #CPU_USAGE}</td><td>cores</td><td>sum over ready pods</td></tr>
 * <tr><td>{@value #CPU_UTILIZATION}</td><td>ratio</td><td>sum of use ÷ sum of requests, over ready pods</td></tr>
 * <tr><td>{@value #MEMORY_USAGE}</td><td>bytes</td><td>working set, sum over ready pods</td></tr>
 * <tr><td>{@value #MEMORY_UTILIZATION}</td><td>ratio</td><td>sum of use ÷ sum of requests, over ready pods</td></tr>
 * </table>
 *
 * <p>Each has a part for every live pod. Pods that terminate, failed or succeeded are left out, as are samples of pods that are gone,
 * or from before a pod's start. A ready pod without sample is a missing part, and coverage falls below 1. A ratio may exceed 1: it
 * is of what was asked for, not of the limit. Requests count as the HPA counts them: those of all containers and of init
 * containers that run on, or of the pod as a whole; if one has none there is no utilization.
 *
 * <p>Whether a pod is ready differs by signal. Its memory counts while its Ready condition is True. Its processor use counts as the
 * HPA has it, so that the work of starting is not taken for load: in the first {@link Builder#cpuInitializationPeriod} only if it is
 * ready and was for the whole sample; after that always, but for a pod whose condition has been False from within {@link
 * Builder#initialReadinessDelay} of its start on. The time for this is that of the pod's own sample, so that only times of one node's clock are compared.
 *
 * <p>Values are as old as the oldest sample in them, from when it was first seen. Samples are taken each 15 s by default, in some clusters each 60 s: there raise
 * {@link Builder#staleAfter}, and that of the board, to three times that. Reading more often than samples are taken only costs.
 *
 * <table>
 * <caption>Verbs needed, in the pods' namespace</caption>
 * <tr><th>verb</th><th>API group</th><th>resource</th><th>for</th></tr>
 * <tr><td>list</td><td>metrics.k8s.io</td><td>pods</td><td>use</td></tr>
 * <tr><td>list</td><td>(core)</td><td>pods</td><td>readiness and requests</td></tr>
 * <tr><td>get</td><td>apps</td><td>deployments</td><td>the selector, if a Deployment is named</td></tr>
 * </table>
 *
 * <p>Where one of these is refused, the metrics API is not installed or the Deployment does not exist, all signals are {@link
 * Signal.Missing} and say what to do. Any other failure throws, and what was read before grows stale. Nothing is retried.
 *
 * <p>For one read at a time; reads block.
 *
 * @since 0.1.0
 */
public final class PodMetricsSource implements SignalSource {

    /** Cores in use. */
    public static final String CPU_USAGE = "pods.cpu.usage";

    /** Cores in use ÷ cores requested. */
    public static final String CPU_UTILIZATION = "pods.cpu.utilization";

    /** Bytes in use. */
    public static final String MEMORY_USAGE = "pods.memory.usage";

    /** Bytes in use ÷ bytes requested. */
    public static final String MEMORY_UTILIZATION = "pods.memory.utilization";

    private static final List<String> ALL = List.of(CPU_USAGE, CPU_UTILIZATION, MEMORY_USAGE, MEMORY_UTILIZATION);

    private final String name;
    private final TimeSource time;
    private final KubernetesClient client;
    private final boolean owned;
    private final RequestConfig requests;
    private final Duration callTimeout;
    private final String namespace;
    private final @Nullable String deployment;
    private final @Nullable LabelSelector selector;
    private final String source;
    private final PodUsage usage;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** What is asked for, and what to do if it is not to be had. */
    private enum Ask {
        DEPLOYMENT("get", "apps", "deployments"),
        PODS("list", "\"\"", "pods"),
        METRICS("list", "metrics.k8s.io", "pods");

        private final String verb;
        private final String group;
        private final String resource;

        Ask(String verb, String group, String resource) {
            this.verb = verb;
            this.group = group;
            this.resource = resource;
        }

        String refused(String namespace) {
            return "not allowed to " + this + " in namespace " + namespace + ": add the rule {apiGroups: [" + group
                    + "], resources: [" + resource + "], verbs: [" + verb
                    + "]} to a Role there that is bound to this client's identity";
        }

        @Override
        public String toString() {
            return verb + " " + resource + (this == METRICS ? " of metrics.k8s.io" : "");
        }
    }

    /** All signals are missing for this reason. */
    @SuppressWarnings("serial")
    private static final class AllMissing extends Exception {
        AllMissing(String reason) {
            super(reason);
        }

        String reason() {
            return Objects.requireNonNull(getMessage());
        }
    }

    private PodMetricsSource(Builder builder, KubernetesClient client, boolean owned, String namespace) {
        this.name = builder.name;
        this.time = builder.time;
        this.client = client;
        this.owned = owned;
        this.requests = new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                .withRequestRetryBackoffLimit(0)
                .build();
        this.callTimeout = builder.callTimeout;
        this.namespace = namespace;
        this.deployment = builder.deployment;
        this.selector = builder.selector;
        this.source = "pods of "
                + (builder.deployment != null ? namespace + "/" + builder.deployment : namespace + " by label");
        this.usage = new PodUsage(
                source,
                new PodReadiness(builder.cpuInitializationPeriod, builder.initialReadinessDelay),
                builder.container,
                builder.staleAfter);
    }

    /** Starts a source with the defaults. */
    public static Builder builder(TimeSource time) {
        return new Builder(time);
    }

    static String usage(PodResource resource) {
        return resource == PodResource.CPU ? CPU_USAGE : MEMORY_USAGE;
    }

    static String utilization(PodResource resource) {
        return resource == PodResource.CPU ? CPU_UTILIZATION : MEMORY_UTILIZATION;
    }

    @Override
    public String name() {
        return name;
    }

    /** True: the processor use of pods that serve is never the same to the nanosecond. */
    @Override
    public boolean alwaysMoves() {
        return true;
    }

    @Override
    public Map<String, Signal> read() throws IOException {
        long deadlineNanos = System.nanoTime() + callTimeout.toNanos();
        try {
            LabelSelector selected = selector(deadlineNanos);
            List<Pod> pods = ask(
                    Ask.PODS,
                    () -> within(deadlineNanos)
                            .pods()
                            .inNamespace(namespace)
                            .withLabelSelector(selected)
                            .list()
                            .getItems());
            List<PodMetrics> samples = ask(Ask.METRICS, () -> metrics(within(deadlineNanos), selected));
            return usage.signals(pods, samples, time.nanos());
        } catch (AllMissing missing) {
            Map<String, Signal> all = new LinkedHashMap<>();
            ALL.forEach(each -> all.put(each, new Signal.Missing(source, missing.reason())));
            return all;
        }
    }

    private LabelSelector selector(long deadlineNanos) throws AllMissing, IOException {
        if (selector != null) {
            return selector;
        }
        // Read each time: who deletes a Deployment and makes it anew may select by other labels.
        Deployment found = ask(
                Ask.DEPLOYMENT,
                () -> within(deadlineNanos)
                        .apps()
                        .deployments()
                        .inNamespace(namespace)
                        .withName(deployment)
                        .get());
        if (found == null) {
            throw new AllMissing("Deployment " + namespace + "/" + deployment
                    + " does not exist: create it, or correct the source's namespace and deployment");
        }
        if (found.getSpec() == null || found.getSpec().getSelector() == null) {
            throw new IOException("Deployment " + namespace + "/" + deployment + " has no spec.selector");
        }
        return found.getSpec().getSelector();
    }

    /** By the selector's plain labels only, which is all the client can say here; samples are joined with the pods anyway. */
    private List<PodMetrics> metrics(KubernetesClient bounded, LabelSelector selected) {
        PodMetricOperation pods = bounded.top().pods();
        Map<String, String> labels = selected.getMatchLabels();
        return (labels == null || labels.isEmpty() ? pods : pods.withLabels(labels))
                .metrics(namespace)
                .getItems();
    }

    private <T extends @Nullable Object> T ask(Ask ask, Supplier<T> request) throws AllMissing, IOException {
        try {
            return request.get();
        } catch (KubernetesClientException e) {
            int code = e.getCode();
            if (code == HttpURLConnection.HTTP_FORBIDDEN) {
                throw new AllMissing(ask.refused(namespace));
            }
            if (code == HttpURLConnection.HTTP_NOT_FOUND && ask == Ask.METRICS) {
                throw new AllMissing("the cluster has no metrics.k8s.io API: install metrics-server");
            }
            String hint = ask == Ask.METRICS && code == HttpURLConnection.HTTP_UNAVAILABLE
                    ? ", so metrics-server is installed but does not answer"
                    : "";
            throw new IOException(
                    "could not " + ask + " in namespace " + namespace + ": "
                            + (code > 0 ? "the API server answered " + code + hint : "no usable answer"),
                    e);
        }
    }

    /** The client with what is left of the read's time, and without retries. It shares the connections; making one is cheap. */
    private KubernetesClient within(long deadlineNanos) {
        // At least 1 ms, since 0 would mean for ever.
        long millis =
                Math.max(1, Duration.ofNanos(deadlineNanos - System.nanoTime()).toMillis());
        RequestConfig bounded = new RequestConfigBuilder(requests)
                .withRequestTimeout((int) millis)
                .build();
        return client.newClient(bounded).adapt(KubernetesClient.class);
    }

    /** Closes the client if it is its own; harmless when called twice. */
    @Override
    public void close() {
        if (owned && closed.compareAndSet(false, true)) {
            client.close();
        }
    }

    /**
     * Collects the settings of a {@link PodMetricsSource}: whose pods, and how to reach the API server. Not safe for use by several
     * threads.
     */
    public static final class Builder {

        private static final Duration LONGEST_TIMEOUT = Duration.ofMinutes(1);
        private static final Duration LONGEST_PERIOD = Duration.ofHours(1);

        private final TimeSource time;
        private String name = "pods";
        private @Nullable KubernetesClient client;
        private @Nullable Config config;
        private @Nullable String namespace;
        private @Nullable String deployment;
        private @Nullable LabelSelector selector;
        private @Nullable String container;
        private Duration callTimeout = Duration.ofSeconds(5);
        private Duration cpuInitializationPeriod = Duration.ofMinutes(5);
        private Duration initialReadinessDelay = Duration.ofSeconds(30);
        private Duration staleAfter = Duration.ofSeconds(45);

        private Builder(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
        }

        /** The source's name; {@code pods} by default. */
        public Builder name(String name) {
            this.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /** Uses a client that the caller keeps and closes. By default the source makes and owns one. */
        public Builder client(KubernetesClient client) {
            this.client = Objects.requireNonNull(client, "client");
            return this;
        }

        /**
         * How the source's own client reaches the API server. By default as {@code kubectl} would, by {@code KUBECONFIG} or {@code
         * ~/.kube/config}, and inside a pod by its service account.
         */
        public Builder config(Config config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Namespace of the pods; the client's by default. */
        public Builder namespace(String namespace) {
            this.namespace = Objects.requireNonNull(namespace, "namespace");
            return this;
        }

        /** The pods that this Deployment selects. */
        public Builder deployment(String deployment) {
            this.deployment = Objects.requireNonNull(deployment, "deployment");
            return this;
        }

        /** The pods with all of these labels. */
        public Builder labels(Map<String, String> labels) {
            if (labels.isEmpty()) {
                throw new IllegalArgumentException("labels must be at least one: none would select every pod");
            }
            this.selector = new LabelSelectorBuilder()
                    .withMatchLabels(Map.copyOf(labels))
                    .build();
            return this;
        }

        /** Only the container of this name in each pod; by default all of them. */
        public Builder container(String container) {
            this.container = Objects.requireNonNull(container, "container");
            return this;
        }

        /** Longest time, in real time, that the answers of one read may take together, 1 ms to 1 min; 5 s by default. */
        public Builder callTimeout(Duration callTimeout) {
            this.callTimeout = within("callTimeout", callTimeout, Duration.ofMillis(1), LONGEST_TIMEOUT);
            return this;
        }

        /** Time after its start in which a pod is taken to be starting, 0 to 1 hour; 5 min by default, as the HPA has it. */
        public Builder cpuInitializationPeriod(Duration period) {
            this.cpuInitializationPeriod = within("cpuInitializationPeriod", period, Duration.ZERO, LONGEST_PERIOD);
            return this;
        }

        /**
         * Time after its start in which a pod that turns "not ready" is taken never to have been ready, 0 to 1 hour; 30 s by
         * default, as the HPA has it.
         */
        public Builder initialReadinessDelay(Duration delay) {
            this.initialReadinessDelay = within("initialReadinessDelay", delay, Duration.ZERO, LONGEST_PERIOD);
            return this;
        }

        /** Age from which a pod's sample is not counted, 1 s to 1 hour; 45 s by default, which is three samples of 15 s. */
        public Builder staleAfter(Duration staleAfter) {
            this.staleAfter = within("staleAfter", staleAfter, Duration.ofSeconds(1), LONGEST_PERIOD);
            return this;
        }

        private static Duration within(String setting, Duration value, Duration least, Duration most) {
            if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
                throw new IllegalArgumentException(setting + " must be " + least + " to " + most + " but was " + value);
            }
            return value;
        }

        /**
         * The source. Nothing is sent before the first read.
         *
         * @throws IllegalArgumentException if a setting is missing or wrong
         */
        public PodMetricsSource build() {
            if (client != null && config != null) {
                throw new IllegalArgumentException("client and config exclude each other: a client has its own");
            }
            if ((deployment == null) == (selector == null)) {
                throw new IllegalArgumentException("either deployment or labels is required, and not both");
            }
            Config connection =
                    client != null ? client.getConfiguration() : config != null ? config : Config.autoConfigure(null);
            String fallback = client != null ? client.getNamespace() : connection.getNamespace();
            String found = namespace != null ? namespace : fallback;
            if (found == null) {
                throw new IllegalArgumentException("namespace is required: the client has none of its own");
            }
            ScaleTarget.namespaceProblem(found).ifPresent(Builder::reject);
            if (deployment != null) {
                ScaleTarget.deploymentProblem(deployment).ifPresent(Builder::reject);
            }
            return client != null
                    ? new PodMetricsSource(this, client, false, found)
                    : new PodMetricsSource(this, connect(connection), true, found);
        }

        private static void reject(String problem) {
            throw new IllegalArgumentException(problem);
        }

        private static KubernetesClient connect(Config connection) {
            return new KubernetesClientBuilder()
                    .withConfig(connection)
                    // By name, so that no other transport on the class path takes its place.
                    .withHttpClientFactory(new JdkHttpClientFactory())
                    .build();
        }
    }
}
