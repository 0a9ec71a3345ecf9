/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.demo.page;

/**
 * The report of a finished demo as one HTML file that can be kept, mailed and printed.
 *
 * <p>The report JSON ({@code tidegate.demo.report/1}) goes into the file as it is, escaped so that no string in it can
 * end the data block; the browser reads it and draws. Fields that are missing are shown as a dash. A report of another
 * schema gives a page that says so.
 *
 * <p>Safe for use by many threads.
 *
 * @since 0.1.0
 */
public final class ReportPage {
    private ReportPage() {}

    /**
     * {@return the document for a report}
     *
     * @param reportJson one JSON object; its syntax is not checked here but by the page, which shows the error
     * @throws IllegalArgumentException if the text is not a JSON object at first sight
     * @throws IllegalStateException if the chart library is not on the class path
     */
    public static String render(String reportJson) {
        String json = reportJson.strip();
        if (!json.startsWith("{") || !json.endsWith("}")) {
            throw new IllegalArgumentException("reportJson must be a JSON object but was " + excerpt(json));
        }
        return Documents.onClassPath().report(json);
    }

    private static String excerpt(String json) {
        if (json.isEmpty()) {
            return "empty";
        }
        return json.length() <= 40 ? json : json.substring(0, 40) + "...";
    }
}
