/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** All that {@code docs/plugins.md} shows is a file of the example plugin, which the build compiles and runs. */
class PluginsPageTest {

    private static final Path ROOT = Path.of("..");
    private static final Path PLUGIN = ROOT.resolve("sdk-examples/plugin");

    /** A block with the file it says it is. */
    private static final Pattern BLOCK = Pattern.compile("<!-- (\\S+) -->\n```\\w+\n(.*?)\n```\n", Pattern.DOTALL);

    private final String page = Files.readString(ROOT.resolve("docs/plugins.md"));

    PluginsPageTest() throws IOException {}

    @Test
    void blocks_areTheFilesTheySayTheyAre() throws IOException {
        Matcher block = BLOCK.matcher(page);
        List<String> files = new ArrayList<>();
        while (block.find()) {
            Path file = ROOT.resolve(block.group(1));
            String text = Files.readString(file);
            if (file.toString().endsWith(".java")) {
                // Without the licence.
                text = text.substring(text.indexOf("package "));
            }
            assertThat(block.group(2)).as("%s on docs/plugins.md", file).isEqualTo(text.stripTrailing());
            files.add(block.group(1));
        }
        assertThat(files).as("blocks that say which file they are").hasSize(blocks());
    }

    @Test
    void files_areAllOnThePage() throws IOException {
        try (Stream<Path> files = Files.walk(PLUGIN)) {
            List<String> unsaid = files.filter(Files::isRegularFile)
                    .map(file -> ROOT.relativize(file).toString().replace('\\', '/'))
                    .filter(file -> !file.startsWith("sdk-examples/plugin/target/"))
                    .filter(file -> !page.contains("<!-- " + file + " -->"))
                    .toList();
            assertThat(unsaid).isEmpty();
        }
    }

    private int blocks() {
        return (int) page.lines().filter(line -> line.matches("```\\w+")).count();
    }
}
