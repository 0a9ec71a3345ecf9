/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

/**
 * Makes the key by which requests that begin alike find the replica that has their prefix in its cache.
 *
 * @since 0.1.0
 */
public final class PrefixKey {

    /** No key: the request may go to any replica. */
    public static final long NONE = 0;

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private PrefixKey() {}

    /**
     * The key of what begins with these characters, never {@link #NONE}. FNV-1a, mixed: no protection against somebody who looks
     * for prompts that meet.
     *
     * @param prefix a prefix that many requests share: the system prompt, or the conversation's id
     */
    public static long of(CharSequence prefix) {
        return of(prefix, prefix.length());
    }

    /**
     * The key of at most so many of the first characters.
     *
     * @param characters 0 or more
     */
    public static long of(CharSequence prompt, int characters) {
        if (characters < 0) {
            throw new IllegalArgumentException("characters must be >= 0 but was " + characters);
        }
        long hash = FNV_OFFSET;
        int length = Math.min(characters, prompt.length());
        for (int i = 0; i < length; i++) {
            hash = (hash ^ prompt.charAt(i)) * FNV_PRIME;
        }
        hash = mix(hash);
        return hash == NONE ? 1 : hash;
    }

    /** Stafford's variant 13, the finalizer of SplitMix64. */
    static long mix(long z) {
        long mixed = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}
