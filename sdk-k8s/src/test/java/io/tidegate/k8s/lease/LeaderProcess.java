/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.tidegate.engine.spi.Leadership;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** A gateway's leadership alone in a process: says in a line each time that it leads, with the epoch it has claimed, or does not. */
final class LeaderProcess {

    private LeaderProcess() {}

    /** Takes the API server's address, or {@code -} for that of the kubeconfig, namespace, lease, target and its own name. */
    public static void main(String[] arguments) throws Exception {
        KubernetesClient client = arguments[0].equals("-")
                ? new KubernetesClientBuilder()
                        .withHttpClientFactory(new JdkHttpClientFactory())
                        .build()
                : LeaseCluster.connect(arguments[0]);
        LeaseLeadership leadership = LeaseLeadership.builder()
                .client(client)
                .namespace(arguments[1])
                .name(arguments[2])
                .identity(arguments[4])
                .timing(new LeaseTiming(
                        Duration.ofSeconds(6),
                        Duration.ofMillis(3_200),
                        Duration.ofMillis(800),
                        Duration.ofMillis(800)))
                .build();
        EpochClaim claim = EpochClaim.on(
                client,
                TargetObject.deployment(arguments[1], arguments[3]),
                leadership.identity(),
                Duration.ofSeconds(2));
        leadership.onChange(() -> say(leadership.term(), claim));
        say(leadership.term(), claim);
        new CountDownLatch(1).await();
    }

    private static void say(Leadership.Term term, EpochClaim claim) {
        System.out.println(term.leads() ? "leads " + term.epoch() + " " + claim.claim(term.epoch()) : "follows");
    }
}
