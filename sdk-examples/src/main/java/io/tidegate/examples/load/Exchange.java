/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP request and what is to be told about its answer.
 *
 * <p>{@link #dispatched} comes first, exactly one of {@link #ended} and {@link #cancelled} last. They are called by the
 * sender's thread and then by the client's, one after the other, so plain fields are fine.
 */
interface Exchange {
    /** Returns the whole request, head and body; fresh buffers on each call, because a request may be sent twice. */
    ByteBuffer[] request();

    /** Real time, as of {@link System#nanoTime()}, after which the client gives up. */
    long deadlineNanos();

    /** The request is about to be written, or a connection for it to be opened. Called once. */
    void dispatched(long nowNanos);

    /** The status line and the headers came. */
    void head(HttpHead head);

    /** A piece of the body came; the bytes are only lent. */
    void body(byte[] bytes, int from, int to, long nowNanos);

    /** It is over: with the whole response if the failure is null, else broken in the way the failure says. */
    void ended(@Nullable String failure, long nowNanos);

    /** The client was told to give up. */
    void cancelled(long nowNanos);
}
