/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v1.Scale;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The requests of the backends: without retries, each within what is left of its call's time. Safe for many threads.
 */
final class Api implements AutoCloseable {

    /** Says in metadata.managedFields who wrote. */
    static final String MANAGER = "tidegate";

    private static final PatchContext MERGE = new PatchContext.Builder()
            .withPatchType(PatchType.JSON_MERGE)
            .withFieldManager(MANAGER)
            .build();

    /** Text that means the same inside quotes. */
    private static final Pattern PLAIN = Pattern.compile("[^\"\\\\\\p{Cntrl}]+");

    private static final long PAGE = 500;

    private final KubernetesClient client;
    private final boolean owned;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final RequestConfig requests;
    private final Duration callTimeout;

    Api(KubernetesClient client, boolean owned, Duration callTimeout) {
        this.client = client;
        this.owned = owned;
        this.callTimeout = callTimeout;
        this.requests = new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                .withRequestRetryBackoffLimit(0)
                .build();
    }

    /** A client of our own. */
    static KubernetesClient connect(Config connection) {
        return new KubernetesClientBuilder()
                .withConfig(connection)
                // By name, so that no other transport on the class path takes its place.
                .withHttpClientFactory(new JdkHttpClientFactory())
                .build();
    }

    KubernetesClient client() {
        return client;
    }

    Duration callTimeout() {
        return callTimeout;
    }

    /** When a call that begins now must be over. */
    long deadline() {
        return System.nanoTime() + callTimeout.toNanos();
    }

    /** The client with what is left of the call's time, and without retries. It shares the connections; making one is cheap. */
    KubernetesClient within(long deadlineNanos) {
        // At least 1 ms, since 0 would mean for ever.
        long millis =
                Math.max(1, Duration.ofNanos(deadlineNanos - System.nanoTime()).toMillis());
        RequestConfig bounded = new RequestConfigBuilder(requests)
                .withRequestTimeout((int) millis)
                .build();
        return client.newClient(bounded).adapt(KubernetesClient.class);
    }

    private Resource<GenericKubernetesResource> resource(long deadlineNanos, ScaleTarget target) {
        return within(deadlineNanos)
                .genericKubernetesResources(target.kind().context())
                .inNamespace(target.namespace())
                .withName(target.name());
    }

    /** Given an object and not a name, since the client would first ask for what has a name only. */
    private Resource<GenericKubernetesResource> named(long deadlineNanos, ScaleTarget target) {
        GenericKubernetesResource named = new GenericKubernetesResourceBuilder()
                .withApiVersion(target.kind().apiVersion())
                .withKind(target.kind().kind())
                .withNewMetadata()
                .withNamespace(target.namespace())
                .withName(target.name())
                .endMetadata()
                .build();
        return within(deadlineNanos)
                .genericKubernetesResources(target.kind().context())
                .inNamespace(target.namespace())
                .resource(named);
    }

    /** The object. */
    GenericKubernetesResource get(long deadlineNanos, ScaleTarget target) {
        GenericKubernetesResource found = call(
                Access.GET_OBJECT, target, () -> resource(deadlineNanos, target).get());
        if (found == null) {
            throw KubernetesScaleException.notFound(target, null);
        }
        return found;
    }

    /** Its scale. */
    Scale scale(long deadlineNanos, ScaleTarget target) {
        Scale found = call(
                Access.GET_SCALE, target, () -> resource(deadlineNanos, target).scale());
        if (found == null || found.getSpec() == null) {
            throw KubernetesScaleException.unusable(Access.GET_SCALE, target, "has no spec");
        }
        return found;
    }

    /** Writes the number over that version. */
    void writeScale(long deadlineNanos, ScaleTarget target, String version, int replicas) {
        inTime(deadlineNanos, target);
        String patch =
                "{\"metadata\":{\"resourceVersion\":\"" + version + "\"},\"spec\":{\"replicas\":" + replicas + "}}";
        call(
                Access.PATCH_SCALE,
                target,
                () -> named(deadlineNanos, target).subresource("scale").patch(MERGE, patch));
    }

    /** Writes annotations over that version; the new version. */
    String annotate(long deadlineNanos, ScaleTarget target, String version, String annotation, String value) {
        inTime(deadlineNanos, target);
        String patch = "{\"metadata\":{\"resourceVersion\":\"" + version + "\",\"annotations\":{\"" + annotation
                + "\":\"" + value + "\"}}}";
        GenericKubernetesResource written = call(
                Access.PATCH_OBJECT, target, () -> named(deadlineNanos, target).patch(MERGE, patch));
        return version(
                Access.PATCH_OBJECT,
                target,
                written == null || written.getMetadata() == null
                        ? null
                        : written.getMetadata().getResourceVersion());
    }

    /** Server-side apply of that object, which names the version that it is to be written over. */
    void apply(long deadlineNanos, ScaleTarget target, String object, boolean force) {
        inTime(deadlineNanos, target);
        PatchContext apply = new PatchContext.Builder()
                .withPatchType(PatchType.SERVER_SIDE_APPLY)
                .withFieldManager(MANAGER)
                .withForce(force)
                .build();
        call(Access.PATCH_OBJECT, target, () -> named(deadlineNanos, target).patch(apply, object));
    }

    /**
     * All objects of a kind in a namespace, in pages.
     *
     * @param any one of them, for messages
     */
    List<GenericKubernetesResource> list(long deadlineNanos, ScaleTarget any) {
        List<GenericKubernetesResource> all = new ArrayList<>();
        String next = null;
        do {
            String from = next;
            GenericKubernetesResourceList page = call(
                    Access.LIST_OBJECTS,
                    any,
                    () -> within(deadlineNanos)
                            .genericKubernetesResources(any.kind().context())
                            .inNamespace(any.namespace())
                            .list(new ListOptionsBuilder()
                                    .withLimit(PAGE)
                                    .withContinue(from)
                                    .build()));
            all.addAll(page.getItems());
            next = page.getMetadata() == null ? null : page.getMetadata().getContinue();
        } while (next != null && !next.isEmpty());
        return all;
    }

    /** A write that is not waited for would leave nobody knowing what became of it. */
    private static void inTime(long deadlineNanos, ScaleTarget target) {
        if (System.nanoTime() - deadlineNanos >= 0) {
            throw KubernetesScaleException.unusable(
                    Access.GET_OBJECT, target, "took all the time, so nothing was written");
        }
    }

    /** The version that was read, which is a write's precondition: without one it could overwrite anybody's number. */
    static String version(Access access, ScaleTarget target, @Nullable String version) {
        if (version == null || !PLAIN.matcher(version).matches()) {
            throw KubernetesScaleException.unusable(
                    access, target, "has metadata.resourceVersion " + version + ", which cannot be held on to");
        }
        return version;
    }

    static <T extends @Nullable Object> T call(Access access, ScaleTarget target, Supplier<T> request) {
        try {
            return request.get();
        } catch (KubernetesClientException e) {
            throw KubernetesScaleException.of(access, target, e);
        }
    }

    /** Closes the client if it is its own; harmless when called twice. */
    @Override
    public void close() {
        if (owned && closed.compareAndSet(false, true)) {
            client.close();
        }
    }
}
