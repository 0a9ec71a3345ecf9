/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A callback that keeps what it was told, in order; of one thread. */
final class Answers implements Consumer<Admission> {

    private final List<Admission> told = new ArrayList<>();

    @Override
    public void accept(Admission answer) {
        told.add(answer);
    }

    List<Admission> told() {
        return told;
    }

    /** The one answer, which must be a permit. */
    Permit permit() {
        assertThat(told).singleElement().isInstanceOf(Permit.class);
        return (Permit) told.get(0);
    }

    /** The one answer, which must be a refusal for load. */
    Admission.Shed shed() {
        assertThat(told).singleElement().isInstanceOf(Admission.Shed.class);
        return (Admission.Shed) told.get(0);
    }

    static Permit permit(Admission answer) {
        assertThat(answer).isInstanceOf(Permit.class);
        return (Permit) answer;
    }

    static Admission.Reason reason(Admission answer) {
        assertThat(answer).isInstanceOf(Admission.Shed.class);
        return ((Admission.Shed) answer).reason();
    }
}
