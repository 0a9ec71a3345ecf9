/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import io.tidegate.config.ConfigException.Problem;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLParser;

/** Makes a tree of a text. All that needs Jackson's optional parts, so that whoever has a tree already needs none of them. */
final class YamlDocument {

    private static final int MAX_DEPTH = 32;

    private YamlDocument() {}

    /** The tree; null if the text is empty. */
    static @Nullable Object read(String source, String text) {
        try {
            ObjectMapper mapper = mapper();
            return hasContent(source, mapper, text) ? mapper.readValue(text, Object.class) : null;
        } catch (JacksonException e) {
            throw new ConfigException(source, new Problem("", "is not valid YAML: " + oneLine(e)), e);
        }
    }

    /** Also refuses aliases, of which the mapper would make texts. */
    private static boolean hasContent(String source, ObjectMapper mapper, String text) {
        try (JsonParser parser = mapper.createParser(text)) {
            boolean content = false;
            while (parser.nextToken() != null) {
                content = true;
                if (parser instanceof YAMLParser yaml && yaml.isCurrentAlias()) {
                    throw new ConfigException(
                            source,
                            List.of(new Problem(
                                    "",
                                    "uses an alias in line "
                                            + parser.currentTokenLocation().getLineNr()
                                            + "; aliases are not read, write the value out")));
                }
            }
            return content;
        }
    }

    private static ObjectMapper mapper() {
        YAMLFactory factory = YAMLFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(MAX_DEPTH)
                        .build())
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .build();
        // Numbers keep their digits, for the settings of backends: a version 1.10 must not become 1.1.
        return YAMLMapper.builder(factory)
                .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                .build();
    }

    private static String oneLine(JacksonException e) {
        String place = e.getLocation() == null
                ? ""
                : " (line " + e.getLocation().getLineNr() + ", column "
                        + e.getLocation().getColumnNr() + ")";
        return e.getOriginalMessage().lines().findFirst().orElse("") + place;
    }
}
