/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.manifests;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A document with places for values, {@code ${name}}. Each place needs a value, and each value a place. */
final class Template {

    private static final Pattern PLACE = Pattern.compile("\\$\\{([A-Za-z]+)}");

    private final String name;
    private final String text;

    private Template(String name, String text) {
        this.name = name;
        this.text = text;
    }

    /** The resource of that name beside this class. */
    static Template of(String name) {
        return new Template(name, resource(name));
    }

    static String resource(String name) {
        try (InputStream in = Template.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Puts values in.
     *
     * @param shared values that other templates use as well, so that some may have no place here
     * @param own values that must all have a place
     */
    String render(Map<String, Yaml> shared, Map<String, Yaml> own) {
        Set<String> unused = new TreeSet<>(own.keySet());
        List<String> lines = new ArrayList<>();
        for (String line : text.split("\n", -1)) {
            Matcher matcher = PLACE.matcher(line);
            String indent =
                    line.substring(0, line.length() - line.stripLeading().length());
            StringBuilder rendered = new StringBuilder();
            while (matcher.find()) {
                String place = matcher.group(1);
                Yaml value = own.containsKey(place) ? own.get(place) : shared.get(place);
                if (value == null) {
                    throw new IllegalStateException(name + " has a place " + place + " that nothing is put into");
                }
                unused.remove(place);
                if (value.written().contains("\n") && !line.strip().equals(matcher.group())) {
                    throw new IllegalStateException(
                            name + ": " + place + " has several lines and needs one of its own");
                }
                matcher.appendReplacement(
                        rendered, Matcher.quoteReplacement(value.written().replace("\n", "\n" + indent)));
            }
            lines.add(matcher.appendTail(rendered).toString());
        }
        if (!unused.isEmpty()) {
            throw new IllegalStateException(name + " has no place for " + unused);
        }
        return String.join("\n", lines);
    }
}
