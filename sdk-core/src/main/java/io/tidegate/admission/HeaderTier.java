/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.admission.spi.RequestFacts;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Lets a client ask for a tier by a header, never for a higher one than it was granted.
 *
 * <p>Of all that the header's values name, separated by commas or sent several times, and of what was granted, the lowest counts. Names
 * are compared letter by letter in ASCII, whatever the case, with spaces and tabs around them left out; whatever is no name of a tier,
 * one with other characters in or around it among them, asks for nothing. So a header can lower a request's tier and never raise it,
 * however it is written. Immutable; allocates nothing.
 *
 * <p>With tiers gold, silver, bronze and silver granted: {@code bronze} gives bronze, {@code GOLD} silver, {@code "gold, bronze"}
 * bronze, {@code "bronze\r\nx-tier: gold"} silver.
 *
 * @since 0.1.0
 */
public final class HeaderTier {

    private final String header;
    private final List<String> tiers;

    private HeaderTier(String header, List<String> tiers) {
        this.header = header;
        this.tiers = tiers;
    }

    /**
     * Reads this header.
     *
     * @param header its name: {@code x-tier}
     * @param tiers names of the gate's tiers, highest rank first; at least one, each once
     */
    public static HeaderTier of(String header, List<String> tiers) {
        if (header.isBlank()) {
            throw new IllegalArgumentException("header must be the name of a header but was blank");
        }
        List<String> names = List.copyOf(tiers);
        Set<String> once = new HashSet<>(names);
        if (names.isEmpty() || once.size() != names.size()) {
            throw new IllegalArgumentException("tiers must be at least one, each once, but were " + names);
        }
        return new HeaderTier(header, names);
    }

    /**
     * The tier of a request.
     *
     * @param granted highest tier that whoever asks may have, as the gateway knows it; one that the gate does not have counts as the
     *     lowest
     * @return one of the gate's tiers, of the rank of {@code granted} or below
     */
    public String capped(RequestFacts facts, String granted) {
        int rank = tiers.indexOf(granted);
        if (rank < 0) {
            return tiers.get(tiers.size() - 1);
        }
        List<String> values = facts.headers(header);
        // By index: an iterator would be the only allocation here.
        for (int i = 0; i < values.size(); i++) {
            rank = lowest(values.get(i), rank);
        }
        return tiers.get(rank);
    }

    /** The lowest rank that a value names, or this one if it names none below. */
    private int lowest(String value, int rank) {
        int lowest = rank;
        int from = 0;
        while (from <= value.length()) {
            int comma = value.indexOf(',', from);
            int to = comma < 0 ? value.length() : comma;
            // Only tiers below can change anything.
            for (int i = tiers.size() - 1; i > lowest; i--) {
                if (names(value, from, to, tiers.get(i))) {
                    lowest = i;
                }
            }
            from = to + 1;
        }
        return lowest;
    }

    private static boolean names(String value, int from, int to, String tier) {
        int begin = from;
        int end = to;
        while (begin < end && isSpace(value.charAt(begin))) {
            begin++;
        }
        while (end > begin && isSpace(value.charAt(end - 1))) {
            end--;
        }
        if (end - begin != tier.length()) {
            return false;
        }
        for (int i = 0; i < tier.length(); i++) {
            if (lower(value.charAt(begin + i)) != lower(tier.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isSpace(char letter) {
        return letter == ' ' || letter == '\t';
    }

    /** In ASCII only: by Unicode the Kelvin sign is a k. */
    private static char lower(char letter) {
        return letter >= 'A' && letter <= 'Z' ? (char) (letter + ('a' - 'A')) : letter;
    }
}
