/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.sim.score.Comparison;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

class HtmlReportTest {

    private static final String EVIL = "</script><script>alert('&')</script>\u2028";

    private static String group(String html, String pattern) {
        Matcher matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(html);
        assertThat(matcher.find()).as(pattern).isTrue();
        return matcher.group(1);
    }

    private static String sha256(String text) throws NoSuchAlgorithmException {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
    }

    @Test
    void of_comparison_carriesItsFigures() {
        String data = group(HtmlReport.of(Scores.comparison()), "id=\"data\">(.*?)</script>");
        assertThat(JsonMapper.shared().readTree(data))
                .isEqualTo(JsonMapper.shared().readTree(JsonReport.of(Scores.comparison(), JsonReport.Courses.FIRST)));
    }

    @Test
    void of_sameScoresTwice_sameFile() {
        assertThat(HtmlReport.of(Scores.comparison())).isEqualTo(HtmlReport.of(Scores.comparison()));
    }

    @Test
    void of_evilNames_cannotEndTheirElement() {
        Comparison evil = Comparison.of(EVIL, EVIL, List.of(Scores.run(EVIL, "gate", 1, 990, 24)));
        assertThat(HtmlReport.of(evil))
                .doesNotContain("<script>alert")
                .containsOnlyOnce("\\u003cscript\\u003ealert('\\u0026')\\u003c/script\\u003e\\u2028\",\"about\"");
    }

    @Test
    void of_evilNames_areStillRead() {
        Comparison evil = Comparison.of(EVIL, "", List.of(Scores.run("tidegate", "gate", 1, 990, 24)));
        String data = group(HtmlReport.of(evil), "id=\"data\">(.*?)</script>");
        assertThat(JsonMapper.shared().readTree(data).path("scenario").stringValue())
                .isEqualTo(EVIL);
    }

    @Test
    void of_nameLikeAPlaceholder_isNotFilledIn() {
        Comparison like = Comparison.of("{{style}}", "", List.of(Scores.run("tidegate", "gate", 1, 990, 24)));
        assertThat(HtmlReport.of(like)).contains("\"scenario\":\"{{style}}\"");
    }

    @Test
    void of_comparison_loadsNothingFromElsewhere() {
        String html = HtmlReport.of(Scores.comparison());
        assertThat(html).contains("default-src 'none'").doesNotContainPattern("(src|href)\\s*=\\s*[\"']");
    }

    @Test
    void of_comparison_policyAllowsExactlyItsScript() throws NoSuchAlgorithmException {
        String html = HtmlReport.of(Scores.comparison());
        assertThat(html).contains("script-src " + sha256(group(html, "<script>(.*?)</script>")) + ";");
    }

    @Test
    void of_comparison_policyAllowsExactlyItsStyle() throws NoSuchAlgorithmException {
        String html = HtmlReport.of(Scores.comparison());
        assertThat(html).contains("style-src " + sha256(group(html, "<style>(.*?)</style>")) + ";");
    }

    @Test
    void of_comparison_keepsTheNoticeOfTheLibrary() {
        assertThat(HtmlReport.of(Scores.comparison())).contains("/*! uPlot\n", "Permission is hereby granted");
    }

    @Test
    void of_run_isARowOfItsOwn() {
        String data = group(HtmlReport.of(Scores.run("tidegate", "gate", 7, 990, 24)), "id=\"data\">(.*?)</script>");
        assertThat(JsonMapper.shared().readTree(data).path("rows").size()).isEqualTo(1);
    }
}
