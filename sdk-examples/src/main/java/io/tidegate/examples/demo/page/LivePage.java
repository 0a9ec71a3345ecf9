/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.demo.page;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The page that follows a running demo.
 *
 * <p>A gateway serves it at a path of its choice, {@code /tidegate} in the demo, and answers
 * {@code GET <that path>/state?since=<seq>} with the live state ({@code tidegate.demo.state/1}). The page asks once per
 * second, names the highest {@code seq} it has seen among samples <em>and</em> decisions, and keeps what it got; the
 * two therefore have to share one sequence. It shows when the run has ended, when the gateway has stopped answering,
 * and starts over when another run begins behind the same address.
 *
 * <p>Serve it as {@code text/html; charset=utf-8}. Safe for use by many threads.
 *
 * @since 0.1.0
 */
public final class LivePage {
    /** Two threads may both build the first one; the documents are equal. */
    private static volatile @Nullable String built;

    private LivePage() {}

    /**
     * {@return the document, built at the first call and kept}
     *
     * @throws IllegalStateException if the chart library is not on the class path
     */
    public static String html() {
        String html = built;
        if (html == null) {
            html = Documents.onClassPath().live();
            built = html;
        }
        return html;
    }

    /**
     * {@return the document in UTF-8, in a new array at each call}
     *
     * @throws IllegalStateException if the chart library is not on the class path
     */
    public static byte[] bytes() {
        return html().getBytes(StandardCharsets.UTF_8);
    }
}
