/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.watch;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where objects of one kind are listed and watched: an API server, or what stands for one in a test.
 *
 * @param <T> what is kept of an object
 * @since 0.1.0
 */
public interface Feed<T> {

    /**
     * All there are now. May block, within a time of its own.
     *
     * @throws Exception if they cannot be known
     */
    Listing<T> list() throws Exception;

    /**
     * Tells of changes after a version until the handle is closed or {@link Sink#ended} is called. May block until it is open,
     * within a time of its own.
     *
     * @param version of a list, an object or a bookmark
     * @throws Exception if it cannot be opened
     */
    AutoCloseable watch(String version, Sink<T> sink) throws Exception;

    /**
     * All objects at one version.
     *
     * @param version the list's, after which changes are watched
     * @param items the objects
     * @param <T> what is kept of an object
     */
    record Listing<T>(String version, List<Item<T>> items) {

        public Listing {
            Objects.requireNonNull(version, "version");
            items = List.copyOf(items);
        }
    }

    /**
     * An object at one version.
     *
     * @param key namespace and name
     * @param uid tells it from others that had its name
     * @param version when it was written; not smaller than that of what was written before, if it is a number
     * @param value what is kept of it; null if it is of no interest
     * @param <T> what is kept of an object
     */
    record Item<T>(
            String key,
            String uid,
            String version,
            @Nullable T value) {

        public Item {
            Objects.requireNonNull(key, "key");
            Objects.requireNonNull(uid, "uid");
            Objects.requireNonNull(version, "version");
        }
    }

    /** What happened to an object. */
    enum Kind {
        /** It is there, or as it is now. */
        WRITTEN,
        /** It is gone. */
        DELETED,
        /** Nothing: all changes up to its version have been told. */
        BOOKMARK
    }

    /**
     * Takes what a watch tells, on one thread at a time.
     *
     * @param <T> what is kept of an object
     */
    interface Sink<T> {

        /** Something happened to an object; of a bookmark only the version counts. */
        void event(Kind kind, Item<T> item);

        /**
         * The watch tells nothing more.
         *
         * @param gone whether changes were lost, so that all must be listed anew
         * @param why in words
         */
        void ended(boolean gone, String why);
    }
}
