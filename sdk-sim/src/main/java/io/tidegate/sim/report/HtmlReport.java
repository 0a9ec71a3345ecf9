/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.report;

import io.tidegate.sim.score.Comparison;
import io.tidegate.sim.score.RunScore;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A comparison as one HTML file that needs nothing else: table, attainment against replica-hours, the course of one row and of all.
 *
 * <p>The figures are the {@linkplain JsonReport JSON} of the comparison with the course of the first seed of each row. Text reaches the
 * page through that JSON only, where it cannot end its element; a content security policy allows the page's own script and style and
 * nothing from elsewhere.
 *
 * @since 0.1.0
 */
public final class HtmlReport {

    private static final String OWN = "/io/tidegate/sim/report/";
    private static final String WEBJAR_PROPERTIES = "/META-INF/maven/org.webjars.npm/uplot/pom.properties";
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{(\\w+)}}");

    private HtmlReport() {}

    /** One run as a file: a comparison of one row. */
    public static String of(RunScore run) {
        return of(Comparison.of(run.scenario(), "", List.of(run)));
    }

    /** The file. */
    public static String of(Comparison comparison) {
        String library = "/META-INF/resources/webjars/uplot/" + version() + "/";
        String style = inlined("style", read(library + "dist/uPlot.min.css") + read(OWN + "report.css"));
        String licence =
                "/*! uPlot\n" + read(library + "LICENSE").replace("*/", "* /").strip() + "\n*/\n";
        String script = inlined("script", licence + read(library + "dist/uPlot.iife.min.js") + read(OWN + "report.js"));
        String policy = String.join(
                "; ",
                "default-src 'none'",
                "script-src " + hash(script),
                "style-src " + hash(style),
                "base-uri 'none'",
                "form-action 'none'");
        return fill(
                read(OWN + "report.html"),
                Map.of(
                        "policy",
                        policy,
                        "style",
                        style,
                        "script",
                        script,
                        "data",
                        escaped(JsonReport.of(comparison, JsonReport.Courses.FIRST)
                                .strip())));
    }

    /** JSON that means the same and can stand inside a {@code script} element: the replaced characters occur in strings only. */
    static String escaped(String json) {
        return json.replace("<", "\\u003c")
                .replace(">", "\\u003e")
                .replace("&", "\\u0026")
                .replace("\u2028", "\\u2028")
                .replace("\u2029", "\\u2029");
    }

    /** One pass over the template, so that what was put in is never searched for placeholders. */
    private static String fill(String template, Map<String, String> values) {
        return PLACEHOLDER.matcher(template).replaceAll(found -> {
            String value = values.get(found.group(1));
            if (value == null) {
                throw new IllegalStateException("the template names " + found.group() + ", which has no value");
            }
            return Matcher.quoteReplacement(value);
        });
    }

    private static String version() {
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(read(WEBJAR_PROPERTIES)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version");
    }

    private static String read(String name) {
        try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the report needs " + name
                        + " on the class path: add org.webjars.npm:uplot, or keep META-INF when repackaging jars");
            }
            // Browsers read CR LF as LF before they compare a hash.
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + name, e);
        }
    }

    /** Text that may stand inside the element; a newer library could bring one that may not. */
    private static String inlined(String element, String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        if (lower.contains("</" + element) || lower.contains("<!--")) {
            throw new IllegalStateException("text with </" + element + " or <!-- cannot stand inside a " + element);
        }
        return text;
    }

    private static String hash(String text) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            byte[] digest = sha256.digest(text.getBytes(StandardCharsets.UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
