/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.discovery.v1.EndpointConditionsBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.tidegate.k8s.discovery.ReplicaEndpoint.State;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlicesTest {

    private static final Slices HTTP = new Slices("http", "IPv4", null);

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "-, -, -, READY",
                "true, -, -, READY",
                "true, true, false, READY",
                "false, -, -, NOT_READY",
                "false, false, false, NOT_READY",
                "true, false, false, NOT_READY",
                "false, true, true, DRAINING",
                "true, true, true, DRAINING",
                "false, false, true, NOT_READY",
                "false, -, true, NOT_READY",
            })
    void state_ofConditions(Boolean ready, Boolean serving, Boolean terminating, State state) {
        assertThat(Slices.state(new EndpointConditionsBuilder()
                        .withReady(ready)
                        .withServing(serving)
                        .withTerminating(terminating)
                        .build()))
                .isEqualTo(state);
    }

    @Test
    void replicas_inTwoSlices_areAsTheLastWritten() {
        EndpointSlice older =
                versioned("9", SlicesOf.slice("ml", "s", "z", 80, List.of(SlicesOf.ready("a", "10.0.0.1"))));
        EndpointSlice newer =
                versioned("10", SlicesOf.slice("ml", "s", "y", 80, List.of(SlicesOf.draining("a", "10.0.0.1"))));

        assertThat(HTTP.replicas(List.of(newer, older)))
                .singleElement()
                .satisfies(a -> assertThat(a.state()).isEqualTo(State.DRAINING));
    }

    @Test
    void replicas_otherFamily_areNotCountedTwice() {
        EndpointSlice four = SlicesOf.slice("ml", "s", "four", 80, List.of(SlicesOf.ready("a", "10.0.0.1")));
        EndpointSlice six = new EndpointSliceBuilder(
                        SlicesOf.slice("ml", "s", "six", 80, List.of(SlicesOf.ready("a", "fd00::1"))))
                .withAddressType("IPv6")
                .build();

        assertThat(HTTP.replicas(List.of(four, six))).hasSize(1);
        assertThat(new Slices("https", "IPv6", null).replicas(List.of(four, six)))
                .singleElement()
                .satisfies(a -> assertThat(a.uri()).hasToString("https://[fd00::1]:80"));
    }

    @Test
    void replicas_severalPorts_needOneToBeNamed() {
        EndpointSlice two = new EndpointSliceBuilder(
                        SlicesOf.slice("ml", "s", "x", 8000, List.of(SlicesOf.ready("a", "10.0.0.1"))))
                .addNewPort()
                .withName("metrics")
                .withPort(9000)
                .endPort()
                .build();

        assertThat(HTTP.replicas(List.of(two))).isEmpty();
        assertThat(new Slices("http", "IPv4", "metrics")
                        .replicas(List.of(two))
                        .get(0)
                        .uri())
                .hasToString("http://10.0.0.1:9000");
        assertThat(new Slices("http", "IPv4", "8000")
                        .replicas(List.of(two))
                        .get(0)
                        .uri())
                .hasToString("http://10.0.0.1:8000");
        assertThat(new Slices("http", "IPv4", "grpc").replicas(List.of(two))).isEmpty();
    }

    private static EndpointSlice versioned(String version, EndpointSlice slice) {
        slice.getMetadata().setResourceVersion(version);
        return slice;
    }
}
