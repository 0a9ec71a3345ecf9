/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.client.Config;
import io.tidegate.engine.spi.Leadership;
import io.tidegate.engine.spi.LeadershipFactory;
import io.tidegate.k8s.lease.KubernetesLeadership;
import io.tidegate.k8s.lease.LeaseTiming;
import io.tidegate.k8s.lease.TargetObject;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes {@link KubernetesLeadership}s of the settings of a configuration, type {@code kubernetes-lease}.
 *
 * <p>Settings, all optional: {@code namespace} of lease and targets, {@code kubeconfig} and {@code context} as the backends have them, {@code
 * name} of the lease ({@code tidegate}), {@code identity} of this gateway, {@code targets.<pool>} (such as {@code deployment/vllm}, {@code
 * statefulset/vllm}, {@code leaderworkerset/vllm}), and the {@linkplain LeaseTiming timing}: {@code lease} (15s), {@code renewDeadline} (8s), {@code
 * retryPeriod} (2s), {@code requestTimeout} (2s).
 *
 * @since 0.1.0
 */
public final class KubernetesLeaseFactory implements LeadershipFactory {

    private static final String TARGETS = "targets";
    private static final Set<String> KNOWN = Set.of(
            Settings.NAMESPACE,
            Settings.KUBECONFIG,
            Settings.CONTEXT,
            "name",
            "identity",
            TARGETS,
            "lease",
            "renewDeadline",
            "retryPeriod",
            "requestTimeout");
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofHours(1);

    /** For {@link java.util.ServiceLoader}. */
    public KubernetesLeaseFactory() {}

    /** {@code kubernetes-lease}. */
    @Override
    public String type() {
        return "kubernetes-lease";
    }

    /** Takes part at once, with a client of its own. */
    @Override
    public Leadership create(Map<String, String> settings) {
        return builder(settings).build();
    }

    KubernetesLeadership.Builder builder(Map<String, String> settings) {
        Settings given = new Settings(settings, KNOWN);
        KubernetesLeadership.Builder builder = KubernetesLeadership.builder();
        LeaseTiming usual = LeaseTiming.DEFAULT;
        Duration lease = duration(given, "lease", usual.lease());
        Duration renewDeadline = duration(given, "renewDeadline", usual.renewDeadline());
        Duration retryPeriod = duration(given, "retryPeriod", usual.retryPeriod());
        Duration requestTimeout = duration(given, "requestTimeout", usual.requestTimeout());
        attempt(given, () -> builder.timing(new LeaseTiming(lease, renewDeadline, retryPeriod, requestTimeout)));
        String name = given.text("name");
        if (name != null) {
            attempt(given, () -> builder.name(name));
        }
        String identity = given.text("identity");
        if (identity != null) {
            attempt(given, () -> builder.identity(identity));
        }
        Config config = given.config();
        if (config != null && given.namespace(config) != null) {
            String namespace = given.namespace(config);
            builder.config(config).namespace(namespace);
            given.under(TARGETS).forEach((pool, text) -> {
                TargetObject target = target(namespace, text);
                if (target == null) {
                    given.problem("targets." + pool
                            + " must be deployment/<name>, statefulset/<name> or leaderworkerset/<name> but was \""
                            + text
                            + "\"");
                } else {
                    builder.target(pool, target);
                }
            });
        }
        if (given.isWrong()) {
            throw given.wrong("leadership", type());
        }
        return builder;
    }

    private static void attempt(Settings given, Runnable setting) {
        try {
            setting.run();
        } catch (IllegalArgumentException e) {
            given.problem(String.valueOf(e.getMessage()));
        }
    }

    private static Duration duration(Settings given, String setting, Duration otherwise) {
        Duration found = given.duration(setting, SHORTEST, LONGEST);
        return found == null ? otherwise : found;
    }

    private static @Nullable TargetObject target(String namespace, String text) {
        int slash = text.indexOf('/');
        String name = text.substring(slash + 1);
        if (slash < 1 || ScaleTarget.nameProblem("name", name).isPresent()) {
            return null;
        }
        ScalableKind kind = switch (text.substring(0, slash).toLowerCase(Locale.ROOT)) {
            case "deployment" -> ScalableKind.DEPLOYMENT;
            case "statefulset" -> ScalableKind.STATEFUL_SET;
            case "leaderworkerset" -> ScalableKind.LEADER_WORKER_SET;
            default -> null;
        };
        if (kind == null) {
            return null;
        }
        int cut = kind.apiVersion().indexOf('/');
        return new TargetObject(
                kind.apiVersion().substring(0, cut),
                kind.apiVersion().substring(cut + 1),
                kind.kind(),
                kind.plural(),
                namespace,
                name);
    }
}
