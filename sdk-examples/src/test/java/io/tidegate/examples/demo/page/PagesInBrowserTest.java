/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.demo.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.examples.RequiredTool;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the pages look like to a browser: the document after its scripts have run in Chromium.
 *
 * <p>Left out on a machine without Chromium, except where {@code TIDEGATE_CI} is {@code true}: there it is an error.
 */
class PagesInBrowserTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonNode REPORT = JSON.readTree(RecordedRun.json());
    /** Six for the run and one for the TTFT of each of the three tiers. */
    private static final int CHARTS = 9;

    private static Path chromium;

    @TempDir
    private Path folder;

    @BeforeAll
    static void findChromium() {
        chromium = RequiredTool.onPath("shows the pages", "chromium", "chromium-browser", "google-chrome");
    }

    @Test
    void report_recordedRun_showsVerdictTablesDecisionsAndCharts() throws Exception {
        String page = open(ReportPage.render(RecordedRun.json()));

        assertThat(errors(page)).isEmpty();
        assertThat(text(part(page, "section", "verdict"))).startsWith("VALID").contains("p99 lateness 1.2 ms");
        assertThat(rows(part(page, "table", "tier-table"))).hasSize(5);
        assertThat(text(rows(part(page, "table", "tier-table")).get(1)))
                .contains("premium", "99.66", "1,182", "261,800");
        assertThat(text(part(page, "section", "cost"))).contains("$24.04", "on-demand list price");
        assertThat(text(part(page, "section", "scaling"))).contains("time to ready, p50", "62.0");
        assertThat(text(part(page, "section", "parameters"))).contains("built-in day", "4 x H100", "seed");
        assertThat(rows(part(page, "tbody", "events")))
                .hasSize(REPORT.get("events").size());
        assertThat(decisions(page)).hasSize(REPORT.get("decisions").size());
        assertThat(text(decisions(page).get(0)))
                .contains("Up 1 → 2")
                .contains(REPORT.get("decisions").get(8).get("explain").asString());
        assertThat(charts(page))
                .hasSize(CHARTS)
                .allSatisfy(chart -> assertThat(count(chart, "<canvas")).isEqualTo(1));
        assertThat(charts(page).get(2)).contains("aria-valuetext=\"10:00: premium 0, standard 0, batch 0, all 0\"");
    }

    @Test
    void report_stringsThatLookLikeMarkup_areShownAsText() throws Exception {
        ObjectNode report = (ObjectNode) REPORT.deepCopy();
        String markup = "</script><img src=x onerror=\"throw new Error('ran')\"><b>bold</b>";
        ((ObjectNode) report.get("run"))
                .put("model", markup)
                .put("valid", false)
                .put("validity", markup);
        ((ObjectNode) report.get("decisions").get(0)).put("reason", markup).put("explain", markup);
        ((ObjectNode) report.get("events").get(0)).put("outcome", markup);
        ((ObjectNode) report.get("tiers").get(0)).put("name", markup);
        String page = open(ReportPage.render(JSON.writeValueAsString(report)));

        assertThat(errors(page)).isEmpty();
        assertThat(page).doesNotContain("<img", "<b>bold");
        assertThat(text(part(page, "section", "verdict"))).startsWith("INVALID").contains("&lt;b&gt;bold&lt;/b&gt;");
        assertThat(text(decisions(page).get(8))).contains("&lt;/script&gt;");
        assertThat(charts(page)).hasSize(CHARTS);
    }

    @Test
    void report_missingFields_isStillAPage() throws Exception {
        String page = open(ReportPage.render("""
                {"schema":"tidegate.demo.report/1","tiers":[{"name":"only"},null],"samples":[{"t":1},{"t":2,"tiers":{}},7],
                 "decisions":[{}],"events":[{"id":"e1"}],"cost":null}"""));

        assertThat(errors(page)).isEmpty();
        assertThat(text(part(page, "section", "verdict"))).startsWith("UNKNOWN");
        assertThat(charts(page)).hasSize(CHARTS - 2);
        assertThat(rows(part(page, "tbody", "events"))).hasSize(1);
    }

    @Test
    void report_anotherSchema_saysSo() throws Exception {
        String page = open(ReportPage.render("{\"schema\":\"tidegate.demo.report/2\"}"));

        assertThat(errors(page)).isEmpty();
        assertThat(text(part(page, "section", "empty"))).contains("cannot be shown", "tidegate.demo.report/2");
    }

    @Test
    void live_runThatGoesOn_isFollowedToItsEnd() throws Exception {
        try (RecordedRun run = new RecordedRun(poll -> poll * 75.0, 0)) {
            String page = visit(run.address(), 20_000);

            assertThat(errors(page)).isEmpty();
            assertThat(run.polls()).isGreaterThan(8);
            assertThat(text(part(page, "p", "status"))).isEqualTo("the run has ended");
            assertThat(text(part(page, "p", "clock"))).isEqualTo("10:00 of 10:00");
            assertThat(charts(page))
                    .hasSize(CHARTS)
                    .allSatisfy(chart -> assertThat(count(chart, "<canvas")).isEqualTo(1));
            assertThat(charts(page).get(1)).contains("aria-valuetext=\"10:00: ready 1, due 1, desired 2\"");
            assertThat(decisions(page)).hasSize(REPORT.get("decisions").size());
            assertThat(rows(part(page, "tbody", "events")))
                    .hasSize(REPORT.get("events").size());
        }
    }

    @Test
    void live_nothingMeasuredYet_waits() throws Exception {
        try (RecordedRun run = new RecordedRun(poll -> 0.0, 0)) {
            String page = visit(run.address(), 4_000);

            assertThat(errors(page)).isEmpty();
            assertThat(run.polls()).isGreaterThan(1);
            assertThat(text(part(page, "p", "status"))).isEqualTo("live");
            assertThat(text(part(page, "section", "empty"))).startsWith("Waiting for the first sample");
            assertThat(charts(page)).isEmpty();
        }
    }

    @Test
    void live_gatewayThatStopsAnswering_isReportedAndKeepsWhatItHad() throws Exception {
        try (RecordedRun run = new RecordedRun(poll -> poll < 2 ? 200.0 : Double.NaN, 0)) {
            String page = visit(run.address(), 12_000);

            assertThat(errors(page)).isEmpty();
            assertThat(run.polls()).isGreaterThan(5);
            assertThat(text(part(page, "p", "status"))).isEqualTo("connection lost, trying again");
            assertThat(decisions(page)).hasSize(3);
            assertThat(charts(page).get(1)).contains("aria-valuetext=\"3:20: ready 2, due 3, desired 5\"");
        }
    }

    @Test
    void live_anotherRunBehindTheSameAddress_startsOver() throws Exception {
        try (RecordedRun run = new RecordedRun(poll -> poll < 3 ? 500.0 : Math.min((poll - 3) * 50.0, 200.0), 0)) {
            String page = visit(run.address(), 15_000);

            assertThat(errors(page)).isEmpty();
            assertThat(run.polls()).isGreaterThan(8);
            assertThat(text(part(page, "p", "clock"))).isEqualTo("3:20 of 10:00");
            assertThat(decisions(page)).hasSize(3);
            assertThat(rows(part(page, "tbody", "events"))).hasSize(3);
            assertThat(charts(page)).hasSize(CHARTS);
            assertThat(charts(page).get(1)).contains("aria-valuetext=\"3:20: ready 2, due 3, desired 5\"");
        }
    }

    private String open(String html) throws Exception {
        Path file = Files.writeString(folder.resolve("page.html"), html);
        return visit(file.toUri().toString(), 4_000);
    }

    /** The document at an address after so many milliseconds of the browser's own, simulated time. */
    private String visit(String address, int millis) throws Exception {
        Path out = folder.resolve("dom.html");
        Path log = folder.resolve("chromium.log");
        List<String> command = new ArrayList<>(
                List.of(chromium.toString(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"));
        command.addAll(List.of(
                "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"));
        command.addAll(List.of("--user-data-dir=" + folder.resolve("profile"), "--window-size=1280,1000"));
        command.addAll(List.of("--virtual-time-budget=" + millis, "--dump-dom", address));
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(log.toFile())
                .start();
        try {
            assertThat(process.waitFor(90, TimeUnit.SECONDS))
                    .as("Chromium ended in time")
                    .isTrue();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        String page = Files.readString(out, StandardCharsets.UTF_8);
        assertThat(page).as(() -> "document, with the log " + read(log)).contains("id=\"errors\"");
        return page;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static String errors(String page) {
        return text(part(page, "pre", "errors"));
    }

    private static List<String> charts(String page) {
        return all(page, "<figure.*?</figure>");
    }

    private static List<String> decisions(String page) {
        return all(part(page, "ol", "decision-list"), "<li.*?</li>");
    }

    private static List<String> rows(String table) {
        return all(table, "<tr.*?</tr>");
    }

    /** The element with an id; it must not hold another of its own kind. */
    private static String part(String page, String element, String id) {
        List<String> found = all(page, "<" + element + " [^>]*id=\"" + id + "\".*?</" + element + ">");
        assertThat(found).as("elements %s with id %s", element, id).hasSize(1);
        return found.get(0);
    }

    private static List<String> all(String page, String regex) {
        return Pattern.compile(regex, Pattern.DOTALL)
                .matcher(page)
                .results()
                .map(result -> result.group())
                .toList();
    }

    /** The text of an element, with its markup as the document spells it. */
    private static String text(String html) {
        return html.replaceAll("<[^>]*>", "").replace("&nbsp;", " ").strip();
    }

    private static int count(String text, String part) {
        Matcher matcher = Pattern.compile(Pattern.quote(part)).matcher(text);
        int count = 0;
        while (matcher.find()) {
            count++;
        }
        return count;
    }
}
