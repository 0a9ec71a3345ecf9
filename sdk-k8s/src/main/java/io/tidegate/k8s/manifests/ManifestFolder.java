/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.manifests;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A folder of manifests. Each file says in its first line what it was when it was written, so that an edit is known for one. */
final class ManifestFolder {

    private static final String FIRST = "# Written by tidegate manifests; an edited file is kept. sha256:";
    private static final Pattern STAMPED =
            Pattern.compile(Pattern.quote(FIRST) + "([0-9a-f]{64})\n(.*)", Pattern.DOTALL);
    private static final int MOST_LOOKED_AT = 10_000;
    private static final int DEPTH = 3;

    private final Path folder;

    ManifestFolder(Path folder) {
        this.folder = folder;
    }

    Manifests.Written write(SortedMap<String, String> files, boolean force) throws IOException {
        List<String> refused = new ArrayList<>();
        SortedMap<String, String> wanted = new TreeMap<>();
        List<String> same = new ArrayList<>();
        for (Map.Entry<String, String> each : files.entrySet()) {
            Path file = folder.resolve(each.getKey());
            String stamped = stamped(each.getValue());
            if (Files.isDirectory(file)) {
                throw new IOException(file + " is a folder where a file is to be: remove it");
            }
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                String found = read(file);
                if (found.equals(stamped)) {
                    same.add(each.getKey());
                    continue;
                }
                if (!force && !isOurs(found)) {
                    refused.add(each.getKey());
                }
            }
            wanted.put(each.getKey(), stamped);
        }
        if (!refused.isEmpty()) {
            throw new IllegalStateException("nothing was written, since these files in " + folder
                    + " were not written by this command, or were edited since: " + String.join(", ", refused)
                    + ". Move them aside, name another folder, or overwrite them by --force");
        }
        List<String> left = left(files);
        for (Map.Entry<String, String> each : wanted.entrySet()) {
            replace(folder.resolve(each.getKey()), each.getValue());
        }
        return new Manifests.Written(List.copyOf(wanted.keySet()), same, left);
    }

    static String stamped(String text) {
        return FIRST + hash(text) + "\n" + text;
    }

    private static boolean isOurs(String found) {
        Matcher matcher = STAMPED.matcher(found);
        return matcher.matches() && hash(matcher.group(2)).equals(matcher.group(1));
    }

    private static String hash(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** Whatever it holds: bytes that are no text are none of ours. */
    private static String read(Path file) throws IOException {
        return Files.exists(file) ? new String(Files.readAllBytes(file), StandardCharsets.UTF_8) : "";
    }

    /** Over a file beside it, so that a full disk leaves the old one. */
    private static void replace(Path file, String text) throws IOException {
        Path parent = file.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IOException(file + " is no file");
        }
        Files.createDirectories(parent);
        // Not by createTempFile, whose files nobody else may read.
        Path beside = parent.resolve("." + file.getFileName() + ".tmp");
        try {
            Files.writeString(beside, text);
            Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    private List<String> left(SortedMap<String, String> files) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        List<Path> found;
        try (Stream<Path> walked = Files.walk(folder, DEPTH)) {
            found = walked.filter(each -> each.toString().endsWith(".yaml") && Files.isRegularFile(each))
                    .limit(MOST_LOOKED_AT)
                    .sorted()
                    .toList();
        }
        List<String> left = new ArrayList<>();
        for (Path each : found) {
            String name = folder.relativize(each).toString().replace('\\', '/');
            if (!files.containsKey(name) && STAMPED.matcher(read(each)).matches()) {
                left.add(name);
            }
        }
        return left;
    }
}
