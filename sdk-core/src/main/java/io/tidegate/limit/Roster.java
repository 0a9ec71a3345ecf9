/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which replicas serve. The supply tells how many are ready, the readings tell names, and neither knows of the other: each ready
 * replica has a place here, and names come to places as they are heard.
 *
 * <p>A place is new when the number of ready replicas has grown, but for the first number ever heard: those served before. A
 * name that nobody mentions any more gives its place to one that has none, which is how a replica is noticed that was replaced
 * between two looks at their number. Guarded by the controller's lock.
 */
final class Roster {

    /** Most places; a larger pool is taken for these, times what is missing. */
    private static final int MAX_PLACES = 4096;

    /** Most names without a place. */
    private static final int MAX_SPARE = 1024;

    private LimitSettings settings;
    private final List<Replica> placed = new ArrayList<>();
    private final Map<String, Replica> named = new HashMap<>();
    private boolean begun;
    private int ready;

    Roster(LimitSettings settings) {
        this.settings = settings;
    }

    /** Goes on with other settings; what was learned of replicas stays. */
    void use(LimitSettings other) {
        settings = other;
        placed.forEach(replica -> replica.use(other));
        named.values().forEach(replica -> replica.use(other));
    }

    /** Those that have a place. */
    List<Replica> placed() {
        return placed;
    }

    /** Ready replicas for each that has a place; 1 but in the largest pools. */
    double scale() {
        return placed.isEmpty() ? 0 : (double) ready / placed.size();
    }

    void resize(int nowReady, long nowNanos) {
        ready = nowReady;
        int places = Math.min(nowReady, MAX_PLACES);
        while (placed.size() > places) {
            leave(nowNanos);
        }
        while (placed.size() < places) {
            enter(nowNanos, begun);
        }
        begun = true;
        tidy(nowNanos);
    }

    /** All are alike: what the others have learned holds for a new one as well. */
    private double usualFactor(long nowNanos) {
        return placed.stream()
                .mapToDouble(each -> each.factor(nowNanos))
                .average()
                .orElse(Math.min(1, settings.maxShare()));
    }

    private void enter(long nowNanos, boolean cold) {
        double factor = usualFactor(nowNanos);
        Replica next = named.values().stream()
                .filter(each -> !each.placed && isPresent(each, nowNanos))
                .max(Comparator.comparingLong(each -> each.mentionedNanos - nowNanos))
                .orElse(null);
        if (next == null) {
            next = new Replica(settings, null, factor, nowNanos, cold);
        } else {
            next.serve(factor, nowNanos, cold);
        }
        next.placed = true;
        placed.add(next);
    }

    /** One that is not heard of goes first, then one without a name, then the one heard of longest ago. */
    private void leave(long nowNanos) {
        Replica leaving = placed.stream()
                .min(Comparator.<Replica>comparingInt(each -> rank(each, nowNanos))
                        .thenComparingLong(each -> each.heardNanos() - nowNanos))
                .orElseThrow();
        placed.remove(leaving);
        leaving.placed = false;
    }

    private int rank(Replica each, long nowNanos) {
        if (each.id == null) {
            return 1;
        }
        return isPresent(each, nowNanos) ? 2 : 0;
    }

    /** The replica of that name, which is given one that has none yet; null if there are too many names. */
    @Nullable
    Replica mention(String id, long nowNanos) {
        Replica replica = named.get(id);
        if (replica == null) {
            replica = unnamed();
            if (replica == null) {
                if (named.size() - placed.size() >= MAX_SPARE) {
                    return null;
                }
                replica = new Replica(settings, id, usualFactor(nowNanos), nowNanos, true);
            }
            replica.id = id;
            named.put(id, replica);
        }
        replica.mentionedNanos = nowNanos;
        return replica;
    }

    /** The one of those without a name that came last. */
    private @Nullable Replica unnamed() {
        for (int i = placed.size() - 1; i >= 0; i--) {
            if (placed.get(i).id == null) {
                return placed.get(i);
            }
        }
        return null;
    }

    /** Gives places of names that are not heard of any more to names that have none, and forgets those that need none. */
    void tidy(long nowNanos) {
        for (Replica spare : List.copyOf(named.values())) {
            if (!spare.placed && isPresent(spare, nowNanos)) {
                for (int i = 0; i < placed.size() && !spare.placed; i++) {
                    Replica gone = placed.get(i);
                    if (gone.id != null && !isPresent(gone, nowNanos)) {
                        gone.placed = false;
                        spare.placed = true;
                        placed.set(i, spare);
                    }
                }
            }
        }
        for (Iterator<Replica> each = named.values().iterator(); each.hasNext(); ) {
            Replica replica = each.next();
            if (!replica.placed && !isPresent(replica, nowNanos)) {
                each.remove();
            }
        }
    }

    private boolean isPresent(Replica replica, long nowNanos) {
        return nowNanos - replica.mentionedNanos <= settings.staleAfter().toNanos();
    }
}
