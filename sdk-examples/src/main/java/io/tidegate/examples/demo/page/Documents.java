/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.demo.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Puts templates, styles, scripts and the chart library together into documents that need nothing else. */
final class Documents {
    /** Where resources come from, by absolute name; null when there is no such resource. */
    @FunctionalInterface
    interface Source {
        @Nullable
        InputStream open(String name);
    }

    private static final String OWN = "io/tidegate/examples/demo/page/";
    private static final String WEBJAR_PROPERTIES = "META-INF/maven/org.webjars.npm/uplot/pom.properties";
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{(\\w+)}}");

    private final Source source;

    Documents(Source source) {
        this.source = source;
    }

    static Documents onClassPath() {
        return new Documents(name -> Documents.class.getResourceAsStream("/" + name));
    }

    String live() {
        return document("live", "connect-src 'self'", Map.of());
    }

    String report(String json) {
        return document("report", "connect-src 'none'", Map.of("data", escapeForScript(json)));
    }

    /**
     * JSON that means the same and can stand inside a {@code script} element. The replaced characters occur in strings
     * only, where JSON allows their escapes; {@code <} is the one that matters, the others keep careless readers safe.
     */
    static String escapeForScript(String json) {
        return json.replace("<", "\\u003c")
                .replace(">", "\\u003e")
                .replace("&", "\\u0026")
                .replace("\u2028", "\\u2028")
                .replace("\u2029", "\\u2029");
    }

    private String document(String name, String connections, Map<String, String> more) {
        String library = libraryFolder();
        String style = webjar(library + "dist/uPlot.min.css") + own("page.css");
        // The page's own part comes first: it notes errors, those of the library included.
        String script =
                own("page.js") + licence(library) + webjar(library + "dist/uPlot.iife.min.js") + own(name + ".js");
        String icon = own("icon.svg");
        String policy = String.join(
                "; ",
                "default-src 'none'",
                "script-src " + hash(inlined("script", script)),
                "style-src " + hash(inlined("style", style)),
                "img-src data:",
                connections,
                "base-uri 'none'",
                "form-action 'none'");
        Map<String, String> values = new HashMap<>(more);
        values.put("policy", policy);
        values.put("style", style);
        values.put("script", script);
        values.put("run", own("run.html"));
        values.put("mark", icon);
        values.put("icon", "data:image/svg+xml;base64," + base64(icon.getBytes(StandardCharsets.UTF_8)));
        return fill(own(name + ".html"), values);
    }

    /** One pass over the template, so that what was put in is never searched for placeholders. */
    private static String fill(String template, Map<String, String> values) {
        return PLACEHOLDER.matcher(template).replaceAll(found -> {
            String value = values.get(found.group(1));
            if (value == null) {
                throw new IllegalStateException("The template names " + found.group() + ", which has no value");
            }
            return Matcher.quoteReplacement(value);
        });
    }

    /** The folder of the chart library inside its webjar, whose version only the webjar knows. */
    private String libraryFolder() {
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(webjar(WEBJAR_PROPERTIES)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return "META-INF/resources/webjars/uplot/" + properties.getProperty("version") + "/";
    }

    /** The notice that has to go with copies of the library. */
    private String licence(String library) {
        return "/*! uPlot\n" + webjar(library + "LICENSE").replace("*/", "* /").strip() + "\n*/\n";
    }

    private String webjar(String name) {
        String text = read(name);
        if (text == null) {
            throw new IllegalStateException("The charts need org.webjars.npm:uplot on the class path, but " + name
                    + " is not there: add the dependency, or keep META-INF when repackaging jars");
        }
        return text;
    }

    private String own(String file) {
        String text = read(OWN + file);
        if (text == null) {
            throw new IllegalStateException("The page's own resource " + OWN + file + " is not on the class path");
        }
        return text;
    }

    private @Nullable String read(String name) {
        try (InputStream in = source.open(name)) {
            // Browsers read CR LF as LF before they compare a hash.
            return in == null ? null : new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read " + name, e);
        }
    }

    /** Text that may stand inside the element; a newer library could bring one that may not. */
    private static String inlined(String element, String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        if (lower.contains("</" + element) || lower.contains("<!--")) {
            throw new IllegalStateException("Text with </" + element + " or <!-- cannot stand inside a " + element);
        }
        return text;
    }

    private static String hash(String text) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            return "'sha256-" + base64(sha256.digest(text.getBytes(StandardCharsets.UTF_8))) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
