/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.engine.PoolMemory;
import io.tidegate.k8s.lease.FaultProxy.Came;
import io.tidegate.k8s.lease.FaultProxy.Fault;
import io.tidegate.pool.Capacity;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A fault that only the leader has, at two fifths of the usual times. */
class PartitionedLeaderTest {

    private static final LeaseTiming TIMING = new LeaseTiming(
            Duration.ofSeconds(6), Duration.ofMillis(3_200), Duration.ofMillis(800), Duration.ofMillis(800));
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @ParameterizedTest(name = "{0}")
    @EnumSource(value = Fault.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    @DisplayName("G4: a partition of the leader only: it and the next never lead at once, and it writes nothing after")
    void term_leaderPartitioned_noOverlapAndNoWriteAfter(Fault fault) throws Exception {
        String lease = "lease-" + fault.name().toLowerCase(Locale.ROOT).replace('_', '-');
        try (LeaseCluster cluster = new LeaseCluster();
                FaultProxy proxy = new FaultProxy(cluster.address());
                KubernetesClient through = LeaseCluster.connect(proxy.address());
                LeaseLeadership first = leadership(freed(cluster, lease), through, lease, "first")) {
            LeaseCluster.deployment(cluster.admin(), LeaseCluster.NAMESPACE, "vllm");
            await().atMost(PATIENCE).until(() -> first.term().leads());
            KubernetesMemory memory = KubernetesMemory.builder()
                    .client(through)
                    .pool("chat", TargetObject.deployment(LeaseCluster.NAMESPACE, "vllm"))
                    .leadership(first)
                    .requestTimeout(TIMING.requestTimeout())
                    .build();
            try (LeaseLeadership second = leadership(true, cluster.admin(), lease, "second")) {
                memory.save("chat", memory(1));
                proxy.fault = fault;
                long partitioned = System.nanoTime();
                int overlaps = 0;
                long looks = 0;
                int replicas = 2;
                long wroteLast = partitioned;
                while (!second.term().leads() && System.nanoTime() - partitioned < PATIENCE.toNanos()) {
                    boolean one = first.term().leads();
                    boolean other = second.term().leads();
                    overlaps += one && other && first.term().leads() ? 1 : 0;
                    looks++;
                    if (one && System.nanoTime() - wroteLast > 200_000_000) {
                        wroteLast = System.nanoTime();
                        int next = replicas++;
                        Thread writer = new Thread(() -> saveQuietly(memory, next));
                        writer.setDaemon(true);
                        writer.start();
                    }
                    Thread.onSpinWait();
                }
                long secondLeads = System.nanoTime();
                assertThat(second.term().leads()).isTrue();
                assertThat(first.term().leads()).isFalse();
                assertThat(overlaps).isZero();
                assertThat(second.term().epoch()).isGreaterThan(1);
                // It goes on trying to keep what it knows, and sends nothing.
                for (int i = 0; i < 5; i++) {
                    saveQuietly(memory, replicas++);
                }
                List<Came> late = proxy.came.stream()
                        .filter(each -> each.method().equals("PATCH") && each.nanos() - secondLeads > 0)
                        .toList();
                assertThat(late).isEmpty();
                System.out.println(
                        "G4 " + fault + ": looks " + looks + ", overlaps " + overlaps + ", another led after "
                                + Duration.ofNanos(secondLeads - partitioned).toMillis() + " ms");
            }
        }
    }

    private static boolean freed(LeaseCluster cluster, String lease) {
        LeaseCluster.freeLease(cluster.admin(), LeaseCluster.NAMESPACE, lease);
        return true;
    }

    private static LeaseLeadership leadership(boolean ready, KubernetesClient client, String lease, String id) {
        assertThat(ready).isTrue();
        return LeaseLeadership.builder()
                .client(client)
                .namespace(LeaseCluster.NAMESPACE)
                .name(lease)
                .identity(id)
                .timing(TIMING)
                .build();
    }

    private static void saveQuietly(KubernetesMemory memory, int desired) {
        try {
            memory.save("chat", memory(desired));
        } catch (Exception e) {
            // What the fault is for.
            return;
        }
    }

    static PoolMemory memory(int desired) {
        return new PoolMemory(
                Instant.parse("2026-03-02T08:00:00Z"),
                desired,
                List.of(new PoolMemory.Wanted(Duration.ofMinutes(3), desired)),
                List.of(new PoolMemory.Changed(Duration.ofMinutes(2), 4, desired)),
                Map.of(),
                Capacity.UNKNOWN,
                List.of(),
                Optional.empty());
    }
}
