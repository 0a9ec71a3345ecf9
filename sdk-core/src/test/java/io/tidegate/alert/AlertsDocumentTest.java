/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** {@code docs/alerts.md} names every alert and every setting with its default. */
class AlertsDocumentTest {

    private static final Path DOCUMENT = Path.of("../docs/alerts.md");

    @Test
    void document_hasASectionForEveryKind_thatSaysWhenWhyWhatAndHowItEnds() throws IOException {
        String text = Files.readString(DOCUMENT);
        List<String> headings =
                text.lines().filter(line -> line.startsWith("### ")).toList();
        List<String> kinds = new ArrayList<>();
        for (AlertKind kind : AlertKind.values()) {
            kinds.add("### " + kind.code());
            int begin = text.indexOf("### " + kind.code() + "\n");
            assertThat(begin).as(kind.code()).isNotNegative();
            int end = text.indexOf("\n##", begin + 1);
            assertThat(text.substring(begin, end))
                    .as(kind.code())
                    .contains("**Fires**", "**Why**", "**To do**", "**Ends**");
        }
        assertThat(headings).isEqualTo(kinds);
    }

    @Test
    void document_namesEverySettingWithItsDefault() throws Exception {
        String text = Files.readString(DOCUMENT);
        List<String> rows = text.lines()
                .map(line -> line.split("\\|", -1))
                .filter(cells -> cells.length >= 4)
                .map(cells -> cells[1].trim() + " " + cells[2].trim())
                .toList();
        List<String> expected = new ArrayList<>();
        for (Method method : AlertSettings.class.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers())
                    && method.getParameterCount() == 0
                    && !Modifier.isStatic(method.getModifiers())) {
                expected.add("`" + method.getName() + "` " + shown(method.invoke(AlertSettings.defaults())));
            }
        }
        assertThat(expected).hasSizeGreaterThan(20);
        assertThat(rows).containsAll(expected);
    }

    private static String shown(Object value) {
        if (value instanceof Duration duration) {
            return Words.duration(duration);
        }
        if (value instanceof OptionalDouble limit) {
            return limit.isEmpty() ? "none" : Words.number(limit.getAsDouble());
        }
        return Words.number(((Number) value).doubleValue());
    }
}
