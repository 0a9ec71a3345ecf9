/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import io.tidegate.pool.Work;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A replica that may be sent requests: who it is, where it is, and how much it holds. Immutable.
 *
 * <p>Two of the same id and address are the same replica; one that comes back at another address is another.
 *
 * @since 0.1.0
 */
public final class Endpoint {

    private final String id;
    private final URI uri;
    private final Work size;
    private final Map<String, Long> contexts;

    /** Load that one request adds, and one token. */
    final double perSlot;

    final double perToken;

    private Endpoint(String id, URI uri, Work size, Map<String, Long> contexts) {
        this.id = id;
        this.uri = uri;
        this.size = size;
        this.contexts = contexts;
        this.perSlot = 1.0 / size.slots();
        // No limit on tokens: slots alone tell how full it is.
        this.perToken = size.tokens() == 0 || size.tokens() == Work.MAX_TOKENS ? 0 : 1.0 / size.tokens();
    }

    /**
     * A replica that serves whatever its pool does.
     *
     * @param id unique among the replicas of its pool
     * @param uri its base address
     * @param size what it holds: slots, at least 1, and tokens; {@link Work#slots} where only slots count. Replicas of the double
     *     size get the double load
     */
    public static Endpoint of(String id, URI uri, Work size) {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(uri, "uri");
        if (size.slots() < 1) {
            throw new IllegalArgumentException("replica " + id + " must have at least 1 slot but has " + size.slots());
        }
        return new Endpoint(id, uri, size, Map.of());
    }

    /**
     * The same replica, serving this model as well and no other but those named so. For pools whose replicas differ, as where
     * adapters are loaded on some.
     *
     * @param context longest prompt and answer together, in tokens; at least 1
     */
    public Endpoint withModel(String model, long context) {
        if (context < 1) {
            throw new IllegalArgumentException("context of " + model + " must be at least 1 but was " + context);
        }
        Map<String, Long> more = new HashMap<>(contexts);
        more.put(Objects.requireNonNull(model, "model"), context);
        return new Endpoint(id, uri, size, Map.copyOf(more));
    }

    /** Who it is. */
    public String id() {
        return id;
    }

    /** Where it is. */
    public URI uri() {
        return uri;
    }

    /** What it holds. */
    public Work size() {
        return size;
    }

    /** The models it serves with the context of each; empty if it serves whatever its pool does. */
    public Map<String, Long> models() {
        return contexts;
    }

    /**
     * Whether it can serve this.
     *
     * @param model null if the request names none
     * @param tokens prompt and answer together
     */
    boolean serves(@Nullable String model, long tokens) {
        if (contexts.isEmpty() || model == null) {
            return true;
        }
        Long context = contexts.get(model);
        return context != null && tokens <= context;
    }

    boolean sameReplica(Endpoint other) {
        return id.equals(other.id) && uri.equals(other.uri);
    }

    @Override
    public String toString() {
        return "Endpoint[" + id + ", " + uri + ", " + size.slots() + " slots]";
    }
}
