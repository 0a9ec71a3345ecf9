/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.webhook;

import io.tidegate.alert.spi.AlertListener;
import io.tidegate.alert.spi.AlertListenerFactory;
import io.tidegate.policy.PolicySettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Makes {@link WebhookAlerts} from configuration.
 *
 * <table>
 * <caption>Settings of type {@code webhook}</caption>
 * <tr><th>setting</th><th>meaning</th><th>default</th></tr>
 * <tr><td>{@code url}</td><td>where alerts are sent</td><td>none, it is required</td></tr>
 * <tr><td>{@code secretFile}</td><td>file with the secret, read anew for each request</td><td>one of the three is required</td></tr>
 * <tr><td>{@code secretEnv}</td><td>environment variable with the secret</td><td></td></tr>
 * <tr><td>{@code secret}</td><td>the secret itself, which is then in the configuration</td><td></td></tr>
 * <tr><td>{@code deadline}</td><td>time for all attempts of one alert, 10ms to 1m</td><td>1.8s</td></tr>
 * <tr><td>{@code attempts}</td><td>most attempts of one alert, 1 to 10</td><td>4</td></tr>
 * </table>
 *
 * @since 0.1.0
 */
public final class WebhookAlertsFactory implements AlertListenerFactory {

    private final UnaryOperator<@Nullable String> environment;

    /** For {@link java.util.ServiceLoader}. */
    public WebhookAlertsFactory() {
        this(System::getenv);
    }

    WebhookAlertsFactory(UnaryOperator<@Nullable String> environment) {
        this.environment = environment;
    }

    /** {@code webhook}. */
    @Override
    public String type() {
        return "webhook";
    }

    @Override
    public AlertListener create(Map<String, String> settings) {
        PolicySettings read = new PolicySettings(settings, "alert listener");
        List<String> problems = new ArrayList<>();
        String url = read.requiredText("url", "https://alerts.example.com/hook");
        WebhookAlerts.Builder builder = WebhookAlerts.builder("https://alerts.example.com/");
        try {
            builder = WebhookAlerts.builder(url);
        } catch (IllegalArgumentException e) {
            problems.add(String.valueOf(e.getMessage()));
        }
        Secret secret = SecretSettings.read(read, environment, problems);
        if (secret != null) {
            builder.secret(secret);
        }
        builder.deadline(
                read.duration("deadline", Duration.ofMillis(10), Duration.ofMinutes(1), Duration.ofMillis(1800)));
        builder.attempts((int) read.number("attempts", 1, 10, 4));
        read.problems().forEach((name, problem) -> problems.add(name + " " + problem));
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException("settings of alert listener webhook: " + String.join("; ", problems));
        }
        return builder.build();
    }
}
