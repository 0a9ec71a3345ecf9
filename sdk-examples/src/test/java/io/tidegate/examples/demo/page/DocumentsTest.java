/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.demo.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.ObjectMapper;

class DocumentsTest {
    private static final String DATA = "<script type=\"application/json\" id=\"report-data\">";
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void html_calledTwice_isBuiltOnce() {
        assertThat(LivePage.html()).isSameAs(LivePage.html());
        assertThat(LivePage.bytes()).isEqualTo(LivePage.html().getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void documents_whole_referToNothingABrowserWouldLoad() {
        for (String document : new String[] {LivePage.html(), ReportPage.render(RecordedRun.json())}) {
            String ours = document
                    // The chart library's own line of authorship, a comment.
                    .replace("/*! https://github.com/leeoniya/uPlot", "/*!")
                    // The name of the SVG vocabulary, which nobody fetches.
                    .replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
            assertThat(ours).doesNotContain("http://", "https://", "@import", "<iframe", "<img", "srcset=");
            assertThat(ours).doesNotContainPattern("\\ssrc\\s*=\\s*[\"']");
            assertThat(ours).doesNotContainPattern("url\\(\\s*[\"']?(?!data:)");
            assertThat(ours).doesNotContainPattern("href\\s*=\\s*[\"'](?!#|data:)");
        }
    }

    @Test
    void documents_whole_leaveNoPlaceholder() {
        assertThat(LivePage.html()).doesNotContainPattern("\\{\\{\\w+}}");
        assertThat(ReportPage.render("{}")).doesNotContainPattern("\\{\\{\\w+}}");
    }

    @Test
    void documents_whole_carryTheLicenceOfTheChartLibrary() {
        assertThat(LivePage.html()).contains("The MIT License", "Leon Sorokin");
    }

    @Test
    void policy_ofEachDocument_allowsItsOwnScriptAndStyleAndNoOther() throws Exception {
        for (String document : new String[] {LivePage.html(), ReportPage.render("{}")}) {
            String policy = between(document, "Content-Security-Policy\" content=\"", "\"");
            assertThat(policy)
                    .startsWith("default-src 'none'; ")
                    .contains("script-src " + sha256(between(document, "<script>", "</script>")) + ";")
                    .contains("style-src " + sha256(between(document, "<style>", "</style>")) + ";")
                    .doesNotContain("unsafe", "*");
        }
    }

    @Test
    void render_stringsThatLookLikeMarkup_stayInsideTheDataBlock() {
        String hostile = "</script><script>alert(1)</script><!-- & ]]> \u2028\u2029 {{script}} $1 \\\\ \\\" é";
        String json = "{\"schema\":\"" + hostile + "\",\"</SCRIPT>\":{}}";
        String page = ReportPage.render(json);

        assertThat(JSON.readTree(between(page, DATA, "</script>"))).isEqualTo(JSON.readTree(json));
        assertThat(page.split("</script", -1))
                .hasSameSizeAs(ReportPage.render("{}").split("</script", -1));
        assertThat(between(page, DATA, "</script>")).doesNotContain("<", ">", "&", "\u2028", "\u2029");
    }

    @Test
    void render_wholeReport_keepsEveryFigure() {
        String page = ReportPage.render(RecordedRun.json());
        assertThat(JSON.readTree(between(page, DATA, "</script>"))).isEqualTo(JSON.readTree(RecordedRun.json()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", " {\"samples\":null}\n", "{\"tiers\":[{}],\"run\":{}}"})
    void render_missingFields_makesAPage(String json) {
        assertThat(ReportPage.render(json)).contains(DATA + json.strip() + "</script>");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", "[]", "null", "{\"cut\":", "\"{}\""})
    void render_notAnObject_isRefused(String json) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ReportPage.render(json))
                .withMessageStartingWith("reportJson must be a JSON object but was");
    }

    @Test
    void live_withoutTheWebjar_saysWhichLibraryIsMissing() {
        Documents documents = new Documents(
                name -> name.startsWith("io/") ? DocumentsTest.class.getResourceAsStream("/" + name) : null);
        assertThatIllegalStateException()
                .isThrownBy(documents::live)
                .withMessageContaining("org.webjars.npm:uplot")
                .withMessageContaining("META-INF/maven/org.webjars.npm/uplot/pom.properties");
    }

    @Test
    void live_withoutItsOwnResources_saysWhichIsMissing() {
        Documents documents = new Documents(
                name -> name.endsWith("page.css") ? null : DocumentsTest.class.getResourceAsStream("/" + name));
        assertThatIllegalStateException().isThrownBy(documents::live).withMessageContaining("page.css");
    }

    @Test
    void live_libraryThatWouldEndItsElement_isRefused() {
        Documents documents = new Documents(name -> name.endsWith(".min.js")
                ? new ByteArrayInputStream("var a='</Script>'".getBytes(StandardCharsets.UTF_8))
                : DocumentsTest.class.getResourceAsStream("/" + name));
        assertThatIllegalStateException().isThrownBy(documents::live).withMessageContaining("</script");
    }

    private static String between(String text, String start, String end) {
        int from = text.indexOf(start);
        assertThat(from).as("position of %s", start).isNotNegative();
        int to = text.indexOf(end, from + start.length());
        assertThat(to).as("position of %s", end).isNotNegative();
        return text.substring(from + start.length(), to);
    }

    private static String sha256(String text) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
    }
}
