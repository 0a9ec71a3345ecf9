/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.watch;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Objects of an API server, read by fabric8's client. Lists come in pages; neither lists nor watches are retried here, which is
 * {@link ListWatch}'s affair.
 *
 * <p>Needs the verbs {@code list} and {@code watch} of what it reads. Safe for use by many threads. The caller closes the client.
 *
 * @param <R> the kind of object
 * @param <T> what is kept of one
 * @since 0.1.0
 */
public final class KubernetesFeed<R extends HasMetadata, T> implements Feed<T> {

    private static final long PAGE = 500;

    /** The API server ends a watch after so long, so that one which nobody hears any more does not stay for ever. */
    private static final long WATCH_SECONDS = 600;

    private static final Duration LONGEST_TIMEOUT = Duration.ofMinutes(1);

    private final KubernetesClient client;
    private final RequestConfig requests;
    private final Function<KubernetesClient, FilterWatchListDeletable<R, ? extends KubernetesResourceList<R>, ?>> query;
    private final Function<? super R, ? extends @Nullable T> kept;
    private final Duration callTimeout;

    /**
     * A feed of what a query finds.
     *
     * @param client reaches the API server
     * @param query which objects, such as {@code client -> client.pods().inNamespace("ml")}
     * @param kept what is kept of one; null for one that is of no interest
     * @param callTimeout longest time for one list, all its pages together, or for opening a watch; 1 ms to 1 min
     */
    public KubernetesFeed(
            KubernetesClient client,
            Function<KubernetesClient, FilterWatchListDeletable<R, ? extends KubernetesResourceList<R>, ?>> query,
            Function<? super R, ? extends @Nullable T> kept,
            Duration callTimeout) {
        this.client = Objects.requireNonNull(client, "client");
        this.query = Objects.requireNonNull(query, "query");
        this.kept = Objects.requireNonNull(kept, "kept");
        if (callTimeout.compareTo(Duration.ofMillis(1)) < 0 || callTimeout.compareTo(LONGEST_TIMEOUT) > 0) {
            throw new IllegalArgumentException("callTimeout must be 1 ms to 1 min but was " + callTimeout);
        }
        this.callTimeout = callTimeout;
        this.requests = new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
                .withRequestRetryBackoffLimit(0)
                .withWatchReconnectLimit(0)
                .build();
    }

    @Override
    public Listing<T> list() throws IOException {
        long deadlineNanos = System.nanoTime() + callTimeout.toNanos();
        List<Item<T>> items = new ArrayList<>();
        String next = null;
        String version;
        do {
            KubernetesResourceList<R> page = query.apply(within(deadlineNanos))
                    .list(new ListOptionsBuilder()
                            .withLimit(PAGE)
                            .withContinue(next)
                            .build());
            page.getItems().forEach(object -> items.add(item(object)));
            if (page.getMetadata() == null || page.getMetadata().getResourceVersion() == null) {
                throw new IOException("the list has no metadata.resourceVersion, so it cannot be watched from there");
            }
            version = page.getMetadata().getResourceVersion();
            next = page.getMetadata().getContinue();
        } while (next != null && !next.isEmpty());
        return new Listing<>(version, items);
    }

    @Override
    public AutoCloseable watch(String version, Sink<T> sink) throws IOException, InterruptedException {
        ExecutorService opening = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "tidegate-watch-opening");
            thread.setDaemon(true);
            return thread;
        });
        // The client waits for the opening of a watch as long as it takes, whatever its time-outs say, but can be
        // interrupted.
        try {
            return opening.submit(() -> open(version, sink)).get(callTimeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new IOException("no answer within " + callTimeout.toMillis() + " ms", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof KubernetesClientException refused) {
                throw refused;
            }
            throw new IOException(String.valueOf(e.getMessage()), e);
        } finally {
            opening.shutdownNow();
        }
    }

    private Watch open(String version, Sink<T> sink) {
        return query.apply(within(System.nanoTime() + callTimeout.toNanos()))
                .watch(
                        new ListOptionsBuilder()
                                .withResourceVersion(version)
                                .withAllowWatchBookmarks(true)
                                .withTimeoutSeconds(WATCH_SECONDS)
                                .build(),
                        new Watcher<R>() {
                            @Override
                            public void eventReceived(Action action, R object) {
                                tell(action, object, sink);
                            }

                            @Override
                            public void onClose(WatcherException cause) {
                                sink.ended(cause.isHttpGone(), "is not watched any more: " + cause.getMessage());
                            }

                            @Override
                            public void onClose() {
                                sink.ended(false, "is not watched any more");
                            }
                        });
    }

    private void tell(Watcher.Action action, R object, Sink<T> sink) {
        switch (action) {
            case ADDED, MODIFIED -> sink.event(Kind.WRITTEN, item(object));
            case DELETED -> sink.event(Kind.DELETED, item(object));
            case BOOKMARK -> sink.event(Kind.BOOKMARK, new Item<>("", "", version(object.getMetadata()), null));
            case ERROR -> sink.ended(true, "is not watched any more: the API server sent an error");
        }
    }

    private Item<T> item(R object) {
        ObjectMeta metadata = object.getMetadata();
        String namespace = metadata.getNamespace() == null ? "" : metadata.getNamespace();
        String uid = metadata.getUid() == null ? "" : metadata.getUid();
        return new Item<>(namespace + "/" + metadata.getName(), uid, version(metadata), kept.apply(object));
    }

    private static String version(ObjectMeta metadata) {
        return metadata.getResourceVersion() == null ? "" : metadata.getResourceVersion();
    }

    /** The client with what is left of the call's time. It shares the connections; making one is cheap. */
    private KubernetesClient within(long deadlineNanos) {
        // At least 1 ms, since 0 would mean for ever.
        long millis =
                Math.max(1, Duration.ofNanos(deadlineNanos - System.nanoTime()).toMillis());
        RequestConfig bounded = new RequestConfigBuilder(requests)
                .withRequestTimeout((int) millis)
                .build();
        return client.newClient(bounded).adapt(KubernetesClient.class);
    }
}
