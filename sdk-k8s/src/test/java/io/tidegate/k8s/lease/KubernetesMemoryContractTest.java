/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import io.tidegate.contracts.EngineMemoryContract;
import io.tidegate.engine.spi.EngineMemory;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The contract of all memories, with one object for each pool. */
class KubernetesMemoryContractTest extends EngineMemoryContract {

    private static final List<String> POOLS = List.of("chat", "chat-2", "a.b_c", "x".repeat(63), "other");

    private final LeaseCluster cluster = new LeaseCluster();

    @BeforeEach
    void create() {
        for (int i = 0; i < POOLS.size(); i++) {
            LeaseCluster.deployment(cluster.admin(), LeaseCluster.NAMESPACE, "vllm-" + i);
        }
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    /** An annotation holds 64 KiB and not 200. */
    @Override
    protected int entriesOfLarge() {
        return 500;
    }

    @Override
    protected EngineMemory open() {
        KubernetesMemory.Builder builder =
                KubernetesMemory.builder().client(cluster.admin()).requestTimeout(Duration.ofSeconds(20));
        for (int i = 0; i < POOLS.size(); i++) {
            builder.pool(POOLS.get(i), TargetObject.deployment(LeaseCluster.NAMESPACE, "vllm-" + i));
        }
        return builder.build();
    }
}
