/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.webhook;

import io.tidegate.policy.PolicySettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Reads a secret from settings: {@code secretFile}, {@code secretEnv} or {@code secret}, one of which must be there. */
final class SecretSettings {

    private SecretSettings() {}

    /**
     * The secret; null if there is none, and then why is among the problems.
     *
     * @param environment reads a variable
     */
    static @Nullable Secret read(
            PolicySettings read, UnaryOperator<@Nullable String> environment, List<String> problems) {
        Optional<String> secret = read.text("secret");
        Optional<String> variable = read.text("secretEnv");
        Optional<String> file = read.text("secretFile");
        if (List.of(secret, variable, file).stream().filter(Optional::isPresent).count() != 1) {
            problems.add("secretFile, secretEnv or secret is required, and only one of them");
            return null;
        }
        try {
            if (file.isPresent()) {
                return Secret.in(Path.of(file.get()));
            }
            return secret.isPresent() ? Secret.of(secret.get()) : fromEnvironment(environment, variable.orElseThrow());
        } catch (IllegalArgumentException e) {
            problems.add(String.valueOf(e.getMessage()));
            return null;
        }
    }

    private static Secret fromEnvironment(UnaryOperator<@Nullable String> environment, String name) {
        String value = environment.apply(name);
        if (value == null || value.isEmpty()) {
            throw new IllegalArgumentException("secretEnv must name a variable that is set but was \"" + name + "\"");
        }
        return Secret.of(value);
    }
}
