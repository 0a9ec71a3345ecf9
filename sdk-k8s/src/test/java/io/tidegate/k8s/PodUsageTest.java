/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static io.tidegate.k8s.PodMetricsSource.CPU_USAGE;
import static io.tidegate.k8s.PodMetricsSource.CPU_UTILIZATION;
import static io.tidegate.k8s.PodMetricsSource.MEMORY_USAGE;
import static io.tidegate.k8s.PodMetricsSource.MEMORY_UTILIZATION;
import static io.tidegate.k8s.Pods.START;
import static io.tidegate.k8s.Pods.ready;
import static io.tidegate.k8s.Pods.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.metrics.v1beta1.PodMetrics;
import io.fabric8.kubernetes.api.model.metrics.v1beta1.PodMetricsBuilder;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Missing;
import io.tidegate.pool.Signal.Part;
import io.tidegate.pool.Signal.Stale;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What pods and samples come to. */
class PodUsageTest {

    private static final double GIB = 1024.0 * 1024 * 1024;
    private static final long NOW = Duration.ofHours(3).toNanos();

    /** Long after every pod's start. */
    private static final Instant LATER = START.plus(Duration.ofHours(1));

    private final PodUsage usage = usage(null);

    private static PodUsage usage(String container) {
        return new PodUsage(
                "pods",
                new PodReadiness(Duration.ofMinutes(5), Duration.ofSeconds(30)),
                container,
                Duration.ofSeconds(45));
    }

    private Map<String, Signal> signals(List<Pod> pods, PodMetrics... samples) {
        return usage.signals(pods, List.of(samples), NOW);
    }

    private static Known known(Map<String, Signal> signals, String name) {
        assertThat(signals.get(name)).as(name).isInstanceOf(Known.class);
        return (Known) signals.get(name);
    }

    @Test
    void signals_twoReadyPods_areSumsAndRatiosOfSums() {
        Map<String, Signal> signals = signals(
                List.of(ready("b"), ready("a")),
                sample("a", LATER, "1500m", "1Gi"),
                sample("b", LATER, "500000000n", "3Gi"));

        assertThat(signals.keySet()).containsExactly(CPU_USAGE, CPU_UTILIZATION, MEMORY_USAGE, MEMORY_UTILIZATION);
        assertThat(known(signals, CPU_USAGE))
                .isEqualTo(new Known(
                        2,
                        "cores",
                        NOW,
                        "pods",
                        1,
                        List.of(
                                new Part("a", true, new Known(1.5, "cores", NOW, "pods")),
                                new Part("b", true, new Known(0.5, "cores", NOW, "pods")))));
        assertThat(known(signals, CPU_UTILIZATION).value()).isEqualTo(0.5);
        assertThat(known(signals, CPU_UTILIZATION).unit()).isEqualTo("ratio");
        assertThat(known(signals, MEMORY_USAGE).value()).isEqualTo(4 * GIB);
        assertThat(known(signals, MEMORY_USAGE).unit()).isEqualTo("bytes");
        assertThat(known(signals, MEMORY_UTILIZATION).value()).isEqualTo(0.5);
    }

    @Test
    @DisplayName("E6: samples of pods that are gone, terminate, failed or succeeded, and duplicates, do not count")
    void signals_joinedWithLivePods() {
        Pod terminating = new PodBuilder(ready("t"))
                .editMetadata()
                .withDeletionTimestamp(LATER.toString())
                .endMetadata()
                .build();
        Map<String, Signal> signals = signals(
                List.of(
                        ready("a"),
                        terminating,
                        Pods.pod("f", "Failed", "False", START),
                        Pods.pod("s", "Succeeded", "False", START)),
                sample("a", LATER.minusSeconds(15), "9", "1Gi"),
                sample("a", LATER, "1", "1Gi"),
                sample("a", LATER.minusSeconds(30), "9", "1Gi"),
                sample("t", LATER, "9", "1Gi"),
                sample("f", LATER, "9", "1Gi"),
                sample("s", LATER, "9", "1Gi"),
                sample("gone", LATER, "9", "1Gi"));

        assertThat(known(signals, CPU_USAGE).value()).isEqualTo(1);
        assertThat(known(signals, CPU_USAGE).parts()).extracting(Part::replica).containsExactly("a");
        assertThat(known(signals, CPU_USAGE).coverage()).isEqualTo(1);
    }

    @Test
    @DisplayName("E6: a sample from before the pod's start is of another pod that had its name")
    void signals_sampleOfPredecessor_isMissing() {
        Map<String, Signal> signals = signals(
                List.of(ready("vllm-0"), ready("vllm-1")),
                sample("vllm-0", START.minusSeconds(1), "2", "1Gi"),
                sample("vllm-1", LATER, "2", "1Gi"));
        assertThat(known(signals, CPU_USAGE).coverage()).isEqualTo(0.5);
        assertThat(known(signals, CPU_USAGE).parts().get(0))
                .isEqualTo(new Part("vllm-0", true, new Missing("pods", "no metrics of this pod")));
    }

    @Test
    @DisplayName("E7: a ready pod without sample is a missing part and the sum says that it is not complete")
    void signals_onePodOfThreeMeasured_coverageSaysSo() {
        Map<String, Signal> signals =
                signals(List.of(ready("a"), ready("b"), ready("c")), sample("b", LATER, "1", "1Gi"));
        for (Signal signal : signals.values()) {
            assertThat(((Known) signal).coverage()).isCloseTo(1 / 3.0, within(1e-12));
            assertThat(signal.gap()).isEqualTo("33 % heard of");
        }
        assertThat(known(signals, CPU_UTILIZATION).value())
                .as("of those heard of")
                .isEqualTo(0.5);
    }

    @Test
    @DisplayName("E1: no pods, no ready pods and no samples are missing and never 0")
    void signals_nothing_isMissing() {
        assertThat(signals(List.of()).values())
                .allSatisfy(each -> assertThat(each.gap()).isEqualTo("no live pod is selected"));
        assertThat(signals(List.of(Pods.pod("a", "Pending", "False", START))).values())
                .allSatisfy(each -> assertThat(each).isInstanceOf(Missing.class));
        assertThat(signals(List.of(ready("a"))).values())
                .allSatisfy(each ->
                        assertThat(each.gap()).isEqualTo("of 1 ready pods none is measured: no metrics of this pod"));
    }

    @Test
    void signals_notReadyPod_isAPartThatDoesNotCount() {
        Map<String, Signal> signals = signals(
                List.of(ready("a"), Pods.pod("b", "Running", "False", START)),
                sample("a", LATER, "1", "1Gi"),
                sample("b", LATER, "2", "2Gi"));
        assertThat(known(signals, CPU_USAGE).value()).isEqualTo(1);
        assertThat(known(signals, CPU_USAGE).coverage()).isEqualTo(1);
        assertThat(known(signals, CPU_USAGE).parts()).extracting(Part::ready).containsExactly(true, false);
        assertThat(known(signals, MEMORY_USAGE).value()).isEqualTo(GIB);
    }

    @ParameterizedTest
    @DisplayName("Readiness for processor use is the HPA's")
    @CsvSource({
        // phase, ready, s from start to its last change, s from start to the sample; counts
        "Running, True,  10,  20, false", // the sample of 15 s began before it was ready
        "Running, True,  10,  25, true",
        "Running, False, 10, 100, false", // starting
        "Running, False, 200, 250, false", // within 5 min not ready is starting
        "Running, False, 29, 301, false", // never was ready
        "Running, False, 31, 301, true", // was ready, and may be overloaded
        "Running, True, 299, 301, true", // after 5 min no whole sample is asked for
        "Running, Unknown, 10, 100, true",
        "Pending, True, 10, 1000, false"
    })
    void signals_readiness_isThatOfTheHpa(String phase, String ready, int changed, int sampled, boolean counts) {
        Map<String, Signal> signals = signals(
                List.of(ready("a"), Pods.pod("b", phase, ready, START.plusSeconds(changed))),
                sample("a", LATER, "1", "1Gi"),
                sample("b", START.plusSeconds(sampled), "1", "1Gi"));
        assertThat(known(signals, CPU_USAGE).parts().get(1).ready()).isEqualTo(counts);
        assertThat(known(signals, CPU_USAGE).value()).isEqualTo(counts ? 2 : 1);
    }

    @Test
    void signals_podWithoutConditionOrStart_doesNotCount() {
        Pod bare = new PodBuilder(ready("b"))
                .editStatus()
                .withConditions(List.of())
                .withStartTime(null)
                .endStatus()
                .build();
        Map<String, Signal> signals =
                signals(List.of(ready("a"), bare), sample("a", LATER, "1", "1Gi"), sample("b", LATER, "1", "1Gi"));
        assertThat(known(signals, CPU_USAGE).value()).isEqualTo(1);
    }

    @Test
    @DisplayName("E3: a sample that is not renewed ages from when it was first seen, whatever clocks say")
    void signals_sampleNotRenewed_growsStale() {
        List<Pod> pods = List.of(ready("a"), ready("b"));
        List<PodMetrics> samples = List.of(sample("a", LATER, "1", "1Gi"), sample("b", LATER, "1", "1Gi"));
        usage.signals(pods, samples, NOW);
        List<PodMetrics> renewed =
                List.of(sample("a", LATER, "1", "1Gi"), sample("b", LATER.plusSeconds(46), "1", "1Gi"));

        long at45 = NOW + Duration.ofSeconds(45).toNanos();
        Known whole = known(usage.signals(pods, samples, at45), CPU_USAGE);
        assertThat(whole.atNanos()).isEqualTo(NOW);

        long at46 = NOW + Duration.ofSeconds(46).toNanos();
        whole = known(usage.signals(pods, renewed, at46), CPU_USAGE);
        assertThat(whole.value()).isEqualTo(1);
        assertThat(whole.coverage()).isEqualTo(0.5);
        assertThat(whole.atNanos()).isEqualTo(at46);
        assertThat(whole.parts().get(0).signal()).isInstanceOf(Stale.class);

        long at92 = NOW + Duration.ofSeconds(92).toNanos();
        assertThat(usage.signals(pods, renewed, at92).values())
                .allSatisfy(each -> assertThat(each).isInstanceOf(Stale.class));
    }

    @Nested
    class Containers {

        private final Pod withSidecar = new PodBuilder(ready("a"))
                .editSpec()
                .addNewContainer()
                .withName("proxy")
                .withNewResources()
                .withRequests(Pods.amounts("500m", "1Gi"))
                .endResources()
                .endContainer()
                .addNewInitContainer()
                .withName("download")
                .withNewResources()
                .withRequests(Pods.amounts("64", "64Gi"))
                .endResources()
                .endInitContainer()
                .addNewInitContainer()
                .withName("mesh")
                .withRestartPolicy("Always")
                .withNewResources()
                .withRequests(Pods.amounts("1500m", "3Gi"))
                .endResources()
                .endInitContainer()
                .endSpec()
                .build();

        private final PodMetrics sample = new PodMetricsBuilder(sample("a", LATER, "1", "1Gi"))
                .addNewContainer()
                .withName("proxy")
                .withUsage(Pods.amounts("500m", "1Gi"))
                .endContainer()
                .addNewContainer()
                .withName("mesh")
                .withUsage(Pods.amounts("500m", "0"))
                .endContainer()
                .build();

        @Test
        void signals_severalContainers_countWithInitContainersThatRunOn() {
            Map<String, Signal> signals = signals(List.of(withSidecar), sample);
            assertThat(known(signals, CPU_USAGE).value()).isEqualTo(2);
            assertThat(known(signals, CPU_UTILIZATION).value()).isEqualTo(2 / 4.0);
            assertThat(known(signals, MEMORY_UTILIZATION).value()).isEqualTo(2 / 8.0);
        }

        @Test
        void signals_oneContainerPicked_isOnlyThatOne() {
            Map<String, Signal> signals = usage("server").signals(List.of(withSidecar), List.of(sample), NOW);
            assertThat(known(signals, CPU_USAGE).value()).isEqualTo(1);
            assertThat(known(signals, CPU_UTILIZATION).value()).isEqualTo(0.5);

            signals = usage("other").signals(List.of(withSidecar), List.of(sample), NOW);
            assertThat(signals.get(CPU_USAGE).gap()).isEqualTo("of 1 ready pods none is measured: no metrics of other");
            assertThat(signals.get(CPU_UTILIZATION).gap())
                    .isEqualTo("no utilization without requests: no container other in pod a");
        }

        @Test
        void signals_requestsOfThePodAsAWhole_goBeforeThoseOfContainers() {
            Pod whole = new PodBuilder(withSidecar)
                    .editSpec()
                    .withNewResources()
                    .withRequests(Pods.amounts("8", "16Gi"))
                    .endResources()
                    .endSpec()
                    .build();
            assertThat(known(signals(List.of(whole), sample), CPU_UTILIZATION).value())
                    .isEqualTo(0.25);
        }

        @Test
        void signals_oneContainerHasNoRequest_isNoUtilizationButUsage() {
            Pod without = new PodBuilder(ready("a"))
                    .editSpec()
                    .addNewContainer()
                    .withName("proxy")
                    .endContainer()
                    .endSpec()
                    .build();
            Map<String, Signal> signals = signals(List.of(without), sample("a", LATER, "1", "1Gi"));
            assertThat(known(signals, CPU_USAGE).value()).isEqualTo(1);
            assertThat(signals.get(CPU_UTILIZATION))
                    .isEqualTo(new Missing(
                            "pods", "no utilization without requests: container proxy has no cpu request in pod a"));
        }

        @Test
        @DisplayName("E2: a request of 0 gives no utilization")
        void signals_requestOfZero_isNoUtilization() {
            Pod zero = new PodBuilder(ready("a"))
                    .editSpec()
                    .editFirstContainer()
                    .withNewResources()
                    .withRequests(Pods.amounts("0", "4Gi"))
                    .endResources()
                    .endContainer()
                    .endSpec()
                    .build();
            assertThat(signals(List.of(zero), sample("a", LATER, "1", "1Gi")).get(CPU_UTILIZATION))
                    .isInstanceOf(Missing.class);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    @DisplayName("E2: whatever stands in samples, nothing throws and what is known is finite and not negative")
    void signals_oddSamples_areKnownOnlyIfTheyCanBeTrue(long seed) {
        String[] odd = {"1", "-1", "", "x", "NaN", "1e308", "1e400", "-0", "2147483648", "1e-320", "5n", "7Ei", "1,5"};
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 3_000; i++) {
            List<Pod> pods = new ArrayList<>();
            List<PodMetrics> samples = new ArrayList<>();
            for (int p = random.nextInt(4); p >= 0; p--) {
                pods.add(ready("p" + p));
                PodMetrics sample =
                        sample("p" + p, LATER, odd[random.nextInt(odd.length)], odd[random.nextInt(odd.length)]);
                if (random.nextInt(8) == 0) {
                    sample.setTimestamp(random.nextBoolean() ? "yesterday" : null);
                }
                if (random.nextInt(8) == 0) {
                    sample.setContainers(List.of());
                }
                samples.add(sample);
            }
            Map<String, Signal> signals = usage.signals(pods, samples, NOW);
            assertThat(signals).hasSize(4);
            for (Signal signal : signals.values()) {
                if (signal instanceof Known known && !(known.value() >= 0)) {
                    throw new AssertionError(signal);
                }
            }
        }
    }
}
