/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way to, or at, one replica. Counts as that replica's load until it has ended.
 *
 * <p>End it on every exit, by the word that fits: {@link #succeeded}, {@link #failed}, {@link #rejected}, or {@link #close}, which
 * says nothing of the replica. The first counts, whoever says it; later ones do nothing. Safe for use by many threads.
 *
 * <pre>{@code
 * if (balancer.choose(request) instanceof Dispatch dispatch) {
 *     try (dispatch) {
 *         call(dispatch.uri());
 *         dispatch.succeeded();
 *     }
 * }
 * }</pre>
 *
 * @since 0.1.0
 */
public final class Dispatch implements Choice, AutoCloseable {

    private static final VarHandle ENDED;

    static {
        try {
            ENDED = MethodHandles.lookup().findVarHandle(Dispatch.class, "ended", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final Replica replica;
    final @Nullable String model;
    final long prefixKey;
    final long needed;
    final int tokens;

    /** Through the VarHandle. */
    @SuppressWarnings("UnusedVariable")
    private boolean ended;

    Dispatch(Replica replica, int tokens, long needed, @Nullable String model, long prefixKey) {
        this.replica = replica;
        this.tokens = tokens;
        this.needed = needed;
        this.model = model;
        this.prefixKey = prefixKey;
    }

    /** The replica. */
    public String id() {
        return replica.endpoint().id();
    }

    /** Where it is. */
    public URI uri() {
        return replica.endpoint().uri();
    }

    /** Ends it and says that the replica served it: what had failed there before is forgotten. */
    public boolean succeeded() {
        boolean first = end();
        if (first) {
            replica.succeeded();
        }
        return first;
    }

    /**
     * Ends it and says that the replica failed: it could not be reached, broke off, or answered 500. Several in a row keep
     * requests from it for a while.
     *
     * @return whether this call ended it
     */
    public boolean failed() {
        boolean first = end();
        if (first) {
            replica.balancer.failed(replica);
        }
        return first;
    }

    /**
     * Ends it and says that the replica would not take it: it answered 429 or 503. It is sent nothing before the time is over.
     *
     * @param retryAfter what its {@code Retry-After} says; zero if it says nothing, for a second
     * @return whether this call ended it
     */
    public boolean rejected(Duration retryAfter) {
        boolean first = end();
        if (first) {
            replica.balancer.rejected(replica, retryAfter);
        }
        return first;
    }

    /** Ends it and says nothing of the replica, as when the client went away; harmless if it has ended. */
    @Override
    public void close() {
        end();
    }

    /** Whether it has ended. */
    public boolean ended() {
        return (boolean) ENDED.getVolatile(this);
    }

    private boolean end() {
        if (!ENDED.compareAndSet(this, false, true)) {
            return false;
        }
        replica.end(tokens);
        return true;
    }

    @Override
    public String toString() {
        return "Dispatch[" + replica.endpoint() + ", ended=" + ended() + "]";
    }
}
