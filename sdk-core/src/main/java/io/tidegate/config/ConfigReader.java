/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import io.tidegate.config.ConfigException.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a {@link TidegateConfig} from YAML, of which JSON is a part.
 *
 * <p>The whole document is checked before anything is used: unknown names, wrong types, values out of range and values that
 * contradict each other are all named with their path in one {@link ConfigException}. Durations are written {@code 250ms},
 * {@code 30s}, {@code 5m}, {@code 1h}, or as ISO-8601 {@code PT30S}. Keys that occur twice, a second document and YAML aliases
 * are refused.
 *
 * <p>Needs {@code tools.jackson.core:jackson-databind} and {@code tools.jackson.dataformat:jackson-dataformat-yaml}, which are
 * optional dependencies of this module; {@link #fromTree} needs neither. Documents are read up to 1 MiB.
 *
 * @since 0.1.0
 */
public final class ConfigReader {

    private static final int MAX_BYTES = 1 << 20;

    private ConfigReader() {}

    /**
     * Reads a file.
     *
     * @throws ConfigException if it cannot be read or is wrong, naming the file
     */
    public static TidegateConfig read(Path file) {
        return parse(file.toString(), text(file));
    }

    /**
     * Reads the text of a file, and looks no further into it.
     *
     * @throws ConfigException if it cannot be read, is longer than 1 MiB or is not UTF-8, naming the file
     */
    public static String text(Path file) {
        try {
            byte[] bytes = readAtMost(file, MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new ConfigException(
                        file.toString(),
                        List.of(new Problem("", "is too long: more than " + MAX_BYTES + " bytes are not read")));
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new ConfigException(file.toString(), new Problem("", "is not written in UTF-8"), e);
        } catch (IOException e) {
            throw new ConfigException(file.toString(), new Problem("", "cannot be read: " + e), e);
        }
    }

    /** Not by the size the file system tells: a pipe or a device has none. */
    private static byte[] readAtMost(Path file, int bytes) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(bytes);
        }
    }

    /**
     * Reads a text.
     *
     * @param source what errors call it
     * @throws ConfigException if it is wrong
     */
    public static TidegateConfig parse(String source, String text) {
        if (text.length() > MAX_BYTES) {
            throw new ConfigException(source, List.of(new Problem("", "is longer than " + MAX_BYTES + " characters")));
        }
        return fromTree(source, YamlDocument.read(source, text));
    }

    /**
     * Takes a tree of maps, lists, texts, numbers and booleans, as any YAML or JSON library gives it.
     *
     * @throws ConfigException if it is wrong
     */
    public static TidegateConfig fromTree(String source, @Nullable Object document) {
        if (!(document instanceof Map<?, ?> map)) {
            throw new ConfigException(source, List.of(new Problem("", "must be a map with the key pools")));
        }
        TreeReader reader = new TreeReader();
        TidegateConfig config = ConfigBinder.bind(new TreeReader.Node(reader, "", map));
        if (!reader.problems().isEmpty()) {
            throw new ConfigException(source, reader.problems());
        }
        return config;
    }
}
