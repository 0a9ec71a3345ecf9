/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * What to read of a ledger. Immutable.
 *
 * @param pool only this pool; empty for all
 * @param since only what is not before this instant; empty for all
 * @param until only what is before this instant; empty for all
 * @param kinds only entries of these types; empty for all
 * @since 0.1.0
 */
public record LedgerQuery(
        Optional<String> pool, Optional<Instant> since, Optional<Instant> until, Set<Class<? extends Entry>> kinds) {

    private static final LedgerQuery ALL =
            new LedgerQuery(Optional.empty(), Optional.empty(), Optional.empty(), Set.of());

    public LedgerQuery {
        kinds = Set.copyOf(kinds);
    }

    /** Everything. */
    public static LedgerQuery all() {
        return ALL;
    }

    /** Only this pool. */
    public LedgerQuery pool(String name) {
        return new LedgerQuery(Optional.of(name), since, until, kinds);
    }

    /** Only what is not before this instant, by the wall clock of whoever wrote it. */
    public LedgerQuery since(Instant instant) {
        return new LedgerQuery(pool, Optional.of(instant), until, kinds);
    }

    /** Only what is before this instant. */
    public LedgerQuery until(Instant instant) {
        return new LedgerQuery(pool, since, Optional.of(instant), kinds);
    }

    /** Only entries of these types; none means all. */
    public LedgerQuery kinds(Set<Class<? extends Entry>> types) {
        return new LedgerQuery(pool, since, until, types);
    }

    boolean takesPool(String name) {
        return pool.isEmpty() || pool.get().equals(name);
    }

    boolean takes(Instant at) {
        return since.filter(at::isBefore).isEmpty()
                && until.filter(end -> !at.isBefore(end)).isEmpty();
    }

    /** The same at any time. */
    LedgerQuery atAnyTime() {
        return new LedgerQuery(pool, Optional.empty(), Optional.empty(), kinds);
    }
}
