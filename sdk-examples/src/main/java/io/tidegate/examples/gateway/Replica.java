/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import java.net.URI;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One replica process. Safe for use by many threads. */
final class Replica {

    /** Where a replica stands: it serves only while ready. */
    enum State {
        STARTING,
        READY,
        DRAINING
    }

    private final int number;
    private final ChildProcess process;
    private volatile State state = State.STARTING;
    private volatile @Nullable URI uri;

    Replica(int number, ChildProcess process) {
        this.number = number;
        this.process = process;
    }

    int number() {
        return number;
    }

    ChildProcess process() {
        return process;
    }

    State state() {
        return state;
    }

    void state(State next) {
        state = next;
    }

    /** Its name among the pool's replicas. */
    String id() {
        return "replica-" + number;
    }

    /** Its base address, or empty until it has said its port. */
    Optional<URI> uri() {
        if (uri == null) {
            process.portIfKnown().ifPresent(port -> uri = URI.create("http://127.0.0.1:" + port));
        }
        return Optional.ofNullable(uri);
    }

    @Override
    public String toString() {
        return id() + " (" + state + ")";
    }
}
