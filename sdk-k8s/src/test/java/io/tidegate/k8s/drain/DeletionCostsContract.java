/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.drain;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.tidegate.k8s.MockCluster;
import io.tidegate.k8s.drain.DeletionCosts.Marking;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What holds on every API server, one in memory or one of a real cluster; the pods need not run. */
abstract class DeletionCostsContract {

    private final ManualTime time = new ManualTime();
    private final List<String> pods = new ArrayList<>();
    private DeletionCosts costs;

    /** A client that may do anything in the namespace. */
    abstract KubernetesClient admin();

    /** A namespace that exists, in which pods may be made. */
    abstract String namespace();

    @BeforeEach
    final void createPods() {
        String suffix = UUID.randomUUID().toString().substring(0, 8);
        for (int i = 0; i < 5; i++) {
            String name = "victim-" + i + "-" + suffix;
            pods.add(name);
            admin().resource(new PodBuilder()
                            .withNewMetadata()
                            .withNamespace(namespace())
                            .withName(name)
                            .addToLabels("tidegate.io/serving", "yes")
                            .addToAnnotations("other", "stays")
                            .endMetadata()
                            .withNewSpec()
                            .withContainers(new ContainerBuilder()
                                    .withName("pause")
                                    .withImage("registry.k8s.io/pause:3.10")
                                    .build())
                            .endSpec()
                            .build())
                    .create();
        }
        costs = DeletionCosts.builder(time, admin(), namespace())
                .callTimeout(MockCluster.PATIENCE)
                .mostPerMinute(4)
                .servingLabel("tidegate.io/serving", "yes", "leaving")
                .build();
    }

    @AfterEach
    final void deletePods() {
        admin().pods().inNamespace(namespace()).withGracePeriod(0).delete();
    }

    private Pod pod(int index) {
        return admin().pods().inNamespace(namespace()).withName(pods.get(index)).get();
    }

    private Map<String, String> annotations(int index) {
        return pod(index).getMetadata().getAnnotations();
    }

    private static String version(Pod pod) {
        return pod.getMetadata().getResourceVersion();
    }

    @Test
    void mark_two_bearTheirOrderAndLeaveTheService() {
        Marking marking = costs.mark(pods.subList(0, 2));

        assertThat(marking.marked()).isEqualTo(pods.subList(0, 2));
        assertThat(annotations(0))
                .containsEntry(DeletionCosts.ANNOTATION, "-1000000")
                .containsEntry("other", "stays");
        assertThat(annotations(1)).containsEntry(DeletionCosts.ANNOTATION, "-999999");
        assertThat(annotations(2)).doesNotContainKey(DeletionCosts.ANNOTATION);
        assertThat(pod(0).getMetadata().getLabels()).containsEntry("tidegate.io/serving", "leaving");
        assertThat(pod(2).getMetadata().getLabels()).containsEntry("tidegate.io/serving", "yes");
    }

    @Test
    void mark_markedAlready_isNotWrittenAgain() {
        costs.mark(pods.subList(0, 2));
        String before = version(pod(0));

        assertThat(costs.mark(pods.subList(0, 2)).marked()).hasSize(2);

        assertThat(version(pod(0))).isEqualTo(before);
    }

    @Test
    void mark_moreThanAMinuteMayHave_areRefusedUntilItIsOver() {
        Marking marking = costs.mark(pods);
        assertThat(marking.marked()).hasSize(4);
        assertThat(marking.refused()).containsExactly(pods.get(4));
        assertThat(annotations(4)).doesNotContainKey(DeletionCosts.ANNOTATION);

        time.advance(Duration.ofSeconds(59));
        assertThat(costs.mark(pods).refused()).hasSize(1);
        time.advance(Duration.ofSeconds(1));
        assertThat(costs.mark(pods).refused()).isEmpty();
        assertThat(annotations(4)).containsKey(DeletionCosts.ANNOTATION);
    }

    @Test
    void unmark_marked_isAsItWas() {
        costs.mark(pods.subList(0, 1));

        costs.unmark(pods);

        // The server in memory keeps the name of what was removed, without a value.
        assertThat(annotations(0).get(DeletionCosts.ANNOTATION)).isNull();
        assertThat(annotations(0)).containsEntry("other", "stays");
        assertThat(pod(0).getMetadata().getLabels()).containsEntry("tidegate.io/serving", "yes");
        assertThat(costs.marked()).isEmpty();
    }

    @Test
    void mark_gone_isSaidToBe() {
        Marking marking = costs.mark(List.of("nobody-of-that-name", pods.get(0)));

        assertThat(marking.gone()).containsExactly("nobody-of-that-name");
        assertThat(marking.marked()).containsExactly(pods.get(0));
    }
}
