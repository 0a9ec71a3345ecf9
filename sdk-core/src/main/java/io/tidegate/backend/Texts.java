/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import io.tidegate.policy.PolicySettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Lists of texts among settings. */
final class Texts {

    /** More than any list needs. */
    private static final int MOST = 1000;

    private Texts() {}

    /** A list, as a file writes one, {@code name.0}, {@code name.1}, or as one text with commas; empty if there is neither. */
    static List<String> list(PolicySettings settings, String name) {
        return list(settings, name, ",");
    }

    /** The same with another separator in the one text, a regular expression. */
    static List<String> list(PolicySettings settings, String name, String separator) {
        Optional<String> text = settings.text(name);
        if (text.isPresent()) {
            return Arrays.stream(text.get().split(separator))
                    .map(String::strip)
                    .filter(each -> !each.isEmpty())
                    .toList();
        }
        List<String> all = new ArrayList<>();
        while (all.size() < MOST && settings.has(name + "." + all.size())) {
            settings.text(name + "." + all.size()).ifPresent(all::add);
        }
        return all;
    }
}
