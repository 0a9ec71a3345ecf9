/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.engine.spi.Leadership;
import io.tidegate.time.ManualTime;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Leadership, claim, memory and peers against an API server. */
abstract class LeaseContract {

    private static final LeaseTiming TIMING = new LeaseTiming(
            Duration.ofSeconds(6), Duration.ofMillis(3_200), Duration.ofMillis(800), Duration.ofMillis(800));
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Duration REQUEST = Duration.ofSeconds(10);

    private final String unique = UUID.randomUUID().toString().substring(0, 8);

    abstract KubernetesClient client();

    abstract String namespace();

    /** As {@link LeaderProcess} takes it. */
    abstract String address();

    private String lease() {
        return "lease-" + unique;
    }

    private TargetObject target() {
        String name = "vllm-" + unique;
        if (client().apps()
                        .deployments()
                        .inNamespace(namespace())
                        .withName(name)
                        .get()
                == null) {
            LeaseCluster.deployment(client(), namespace(), name);
        }
        return TargetObject.deployment(namespace(), name);
    }

    private Map<String, String> annotations() {
        Deployment found = client().apps()
                .deployments()
                .inNamespace(namespace())
                .withName("vllm-" + unique)
                .get();
        return found.getMetadata().getAnnotations() == null
                ? Map.of()
                : found.getMetadata().getAnnotations();
    }

    private LeaseLeadership leadership(String id) {
        return LeaseLeadership.builder()
                .client(client())
                .namespace(namespace())
                .name(lease())
                .identity(id)
                .timing(TIMING)
                .build();
    }

    @Test
    void term_givenBack_nextLeadsAtOnceInAHigherEpoch() {
        LeaseLeadership first = leadership("first");
        await().atMost(PATIENCE).until(() -> first.term().leads());
        long epoch = first.term().epoch();
        try (LeaseLeadership second = leadership("second")) {
            await().atMost(PATIENCE).until(() -> second.term().leader().equals("first"));
            long closed = System.nanoTime();
            first.close();
            await().atMost(PATIENCE).until(() -> second.term().leads());
            assertThat(second.term().epoch()).isEqualTo(epoch + 1);
            // Far less than the lease that would have to run out.
            assertThat(Duration.ofNanos(System.nanoTime() - closed)).isLessThan(Duration.ofSeconds(5));
        }
    }

    @Test
    @DisplayName("H5: the lease is deleted: its leader steps down, and who leads next is of a higher epoch")
    void term_leaseDeleted_leaderStepsDownAndEpochsGrow() {
        try (LeaseLeadership only = leadership("first")) {
            await().atMost(PATIENCE).until(() -> only.term().leads());
            long epoch = only.term().epoch();
            // Again and again: on a server in memory a renewal that is under way may bring it back.
            await().atMost(PATIENCE).until(() -> {
                client().leases().inNamespace(namespace()).withName(lease()).delete();
                return !only.term().leads();
            });
            await().atMost(PATIENCE).until(() -> only.term().leads());
            assertThat(only.term().epoch()).isGreaterThan(epoch);
        }
    }

    @Test
    @DisplayName("L5: two processes, and kill -9 of the one that leads: the other leads and claims a higher epoch")
    void term_leadingProcessKilled_theOtherLeadsAndClaims() throws Exception {
        target();
        try (Child first = new Child("one");
                Child second = new Child("two")) {
            await().atMost(PATIENCE).until(() -> first.leads() || second.leads());
            Child leader = first.leads() ? first : second;
            Child other = leader == first ? second : first;
            assertThat(other.leads()).isFalse();
            long epoch = leader.epoch();
            await().atMost(PATIENCE)
                    .until(() -> Long.toString(epoch).equals(annotations().get(EpochClaim.ANNOTATION)));

            leader.kill();
            long killed = System.nanoTime();
            await().atMost(PATIENCE).until(other::leads);
            System.out.println("hand-over after kill -9: "
                    + Duration.ofNanos(System.nanoTime() - killed).toMillis() + " ms of a lease of 6 s");

            assertThat(other.epoch()).isGreaterThan(epoch);
            assertThat(annotations()).containsEntry(EpochClaim.ANNOTATION, Long.toString(other.epoch()));
        }
    }

    @Test
    void claim_higherEpochOrAnothersStands_isRefusedAndNothingWritten() {
        EpochClaim one = EpochClaim.on(client(), target(), "one", REQUEST);
        EpochClaim other = EpochClaim.on(client(), target(), "other", REQUEST);

        assertThat(one.claim(5)).isEqualTo(new EpochClaim.Claimed(5));
        assertThat(one.claim(5)).isEqualTo(new EpochClaim.Claimed(5));
        assertThat(other.claim(4)).isEqualTo(new EpochClaim.Surpassed(5));
        // Of a lease that was deleted, and its count with it.
        assertThat(other.claim(5)).isEqualTo(new EpochClaim.Surpassed(5));
        assertThat(other.claim(6)).isEqualTo(new EpochClaim.Claimed(6));
        assertThat(one.claim(5)).isEqualTo(new EpochClaim.Surpassed(6));
        assertThat(annotations()).containsEntry(EpochClaim.ANNOTATION, "6");
    }

    /** A term that stays. */
    private static Leadership term(boolean leads, long epoch) {
        return new Leadership() {
            @Override
            public Term term() {
                return new Term(leads, epoch, "x");
            }

            @Override
            public void onChange(Runnable changed) {
                // It never does.
            }
        };
    }

    private KubernetesMemory memory(Leadership leadership) {
        return KubernetesMemory.builder()
                .client(client())
                .pool("chat", target())
                .leadership(leadership)
                .reasons(pool -> "because \"42\" > 7\n\u20ac")
                .requestTimeout(REQUEST)
                .build();
    }

    @Test
    void save_leads_isFoundByTheNextWithItsEpochAndReason() throws Exception {
        assertThat(memory(term(true, 3)).load("chat")).isEmpty();
        memory(term(true, 3)).save("chat", PartitionedLeaderTest.memory(6));

        KubernetesMemory next = memory(term(true, 4));
        assertThat(next.load("chat")).contains(PartitionedLeaderTest.memory(6));
        assertThat(next.record("chat")).hasValueSatisfying(record -> {
            assertThat(record.epoch()).isEqualTo(3);
            assertThat(record.reason()).isEqualTo("because \"42\" > 7\n\u20ac");
            assertThat(record.lastUp()).contains(record.memory().savedAt().minusSeconds(120));
            assertThat(record.lastDown()).isEmpty();
        });
    }

    @Test
    void save_notLeadingOrHigherEpochThere_writesNothing() throws Exception {
        memory(term(false, 9)).save("chat", PartitionedLeaderTest.memory(1));
        assertThat(memory(term(true, 3)).load("chat")).isEmpty();

        memory(term(true, 3)).save("chat", PartitionedLeaderTest.memory(6));
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> memory(term(true, 2)).save("chat", PartitionedLeaderTest.memory(1)))
                .withMessageContaining("is of term 3 and this gateway's is 2");
        EpochClaim.on(client(), target(), "other", REQUEST).claim(8);
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> memory(term(true, 7)).save("chat", PartitionedLeaderTest.memory(1)))
                .withMessageContaining("is of term 8");
        assertThat(memory(term(true, 8)).load("chat")).contains(PartitionedLeaderTest.memory(6));
    }

    @Test
    void others_publishedSilentAndGone_areCounted() {
        ManualTime time = new ManualTime();
        ConfigMapPeers two = peers("two", time);
        try (ConfigMapPeers one = peers("one", time);
                ConfigMapPeers three = peers("three", time)) {
            assertThat(one.others()).isEqualTo(new PeerSnapshots.Peers(List.of(), 0));
            two.publish("{\"queued\":1}");
            three.publish("");
            assertThat(one.others().known()).isEqualTo(2);
            assertThat(one.others().fresh()).isEmpty();
            assertThat(one.others().coverage()).isEqualTo(1 / 3.0);

            time.advance(Duration.ofSeconds(1));
            two.publish("{\"queued\":2}");
            assertThat(one.others().fresh())
                    .containsExactly(new PeerSnapshots.Peer("two", 2, "{\"queued\":2}", Duration.ZERO));
            assertThat(one.others().coverage()).isEqualTo(2 / 3.0);

            time.advance(Duration.ofSeconds(6).plusNanos(1));
            assertThat(one.others().fresh()).isEmpty();
            assertThat(one.others().known()).isEqualTo(2);

            two.close();
            assertThat(one.others().known()).isEqualTo(1);
            // Three is silent for ten times the time to live, is forgotten, and its object taken away.
            time.advance(Duration.ofSeconds(60));
            assertThat(one.others().known()).isZero();
            assertThat(client().configMaps()
                            .inNamespace(namespace())
                            .withLabel("tidegate.io/fleet", "f-" + unique)
                            .list()
                            .getItems())
                    .isEmpty();
        }
    }

    private ConfigMapPeers peers(String id, ManualTime time) {
        return ConfigMapPeers.builder()
                .client(client())
                .namespace(namespace())
                .fleet("f-" + unique)
                .id(id)
                .time(time)
                .requestTimeout(REQUEST)
                .build();
    }

    /** A process of its own. */
    private final class Child implements AutoCloseable {

        private final Process process;
        private final List<String> lines = new CopyOnWriteArrayList<>();

        Child(String id) throws IOException {
            process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx96m",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            LeaderProcess.class.getName(),
                            address(),
                            namespace(),
                            lease(),
                            "vllm-" + unique,
                            id)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            Thread reader = new Thread(this::read);
            reader.setDaemon(true);
            reader.start();
        }

        private void read() {
            try (BufferedReader text =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = text.readLine(); line != null; line = text.readLine()) {
                    lines.add(line);
                }
            } catch (IOException e) {
                // It has ended.
                return;
            }
        }

        private String last() {
            return lines.isEmpty() ? "" : lines.get(lines.size() - 1);
        }

        boolean leads() {
            return last().startsWith("leads ") && last().contains("Claimed");
        }

        long epoch() {
            return Long.parseLong(last().split(" ", -1)[1]);
        }

        void kill() throws InterruptedException {
            process.destroyForcibly().waitFor();
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}
