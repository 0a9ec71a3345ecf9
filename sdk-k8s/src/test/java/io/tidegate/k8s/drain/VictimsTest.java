/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.drain;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.k8s.drain.Victims.Candidate;
import io.tidegate.pool.Work;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class VictimsTest {

    private static List<String> names(List<Candidate> chosen) {
        return chosen.stream().map(Candidate::pod).toList();
    }

    private static Candidate of(String pod, String node, int requests, long tokens) {
        return new Candidate(pod, node, true, new Work(requests, tokens));
    }

    @Test
    @DisplayName("F11: the victim is who has least in flight, requests before tokens")
    void choose_byWork_takesTheLeast() {
        List<Candidate> all =
                List.of(of("a", "n", 3, 10), of("b", "n", 1, 900), of("c", "n", 1, 100), of("d", "n", 2, 1));

        assertThat(names(Victims.choose(all, 3))).containsExactly("c", "b", "d");
        assertThat(names(Victims.choose(all, 9))).hasSize(4);
        assertThat(Victims.choose(all, 0)).isEmpty();
    }

    @Test
    void choose_notReady_isFirstWhateverItHas() {
        Candidate sick = new Candidate("sick", "n", false, new Work(9, 0));

        assertThat(names(Victims.choose(List.of(of("a", "n", 0, 0), sick), 1))).containsExactly("sick");
    }

    @Test
    void choose_ofEquals_emptiesTheNodeWithTheFewest() {
        List<Candidate> all =
                List.of(of("a", "full", 0, 0), of("b", "full", 0, 0), of("c", "full", 0, 0), of("d", "lone", 0, 0));

        assertThat(names(Victims.choose(all, 1))).containsExactly("d");
    }
}
