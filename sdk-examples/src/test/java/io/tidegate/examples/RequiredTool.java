/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/** A program that a test drives: where it is missing the test is skipped, and in CI it fails. */
public final class RequiredTool {

    private RequiredTool() {}

    /** The first of these programs that is on the path; else the test ends here, saying what to install. */
    public static Path onPath(String why, String... names) {
        for (String name : names) {
            Optional<Path> found = find(name);
            if (found.isPresent()) {
                return found.get();
            }
        }
        return missing(String.join(" or ", names) + " is not installed, which " + why);
    }

    /** This file; else the test ends here, saying how to make it. */
    public static Path file(Path file, String remedy) {
        return Files.exists(file) ? file : missing(file + " is missing: " + remedy);
    }

    private static Path missing(String reason) {
        if ("true".equals(System.getenv("TIDEGATE_CI"))) {
            return fail(reason + "; CI must not skip this");
        }
        return abort(reason);
    }

    private static Optional<Path> find(String name) {
        return Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                .splitAsStream(System.getenv("PATH"))
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst();
    }
}
