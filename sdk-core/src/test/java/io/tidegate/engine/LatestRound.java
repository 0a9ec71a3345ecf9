/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.guardrail.Decision;
import io.tidegate.ledger.Entry;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The latest round of an engine as an entry, also where it holds and no ledger is given it, and that of its shadow. */
final class LatestRound {

    private LatestRound() {}

    /** Of the one pool of an engine; the one that acts first. */
    static List<Entry.Decided> of(Engine engine) {
        List<Entry.Decided> found = new ArrayList<>();
        PoolState state = engine.state("chat");
        Course live = (Course) within(engine, Course.class, Shadow.class);
        found.add(entry(state.latest().orElseThrow(), live));
        state.shadow().ifPresent(shadow -> {
            Object beside = within(engine, Shadow.class, Course.class);
            found.add(entry(shadow.latest(), (Course) within(beside, Course.class, Decider.class)));
        });
        return found;
    }

    private static Entry.Decided entry(Decision decision, Course course) {
        if (decision.atNanos() != course.inputs().view().nowNanos()) {
            throw new AssertionError("not of one round: " + decision);
        }
        return new Entry.Decided(decision, course.inputs());
    }

    /** The first of a type that is reached over fields of this package and not through another type: nobody else is to show them. */
    private static Object within(Object root, Class<?> wanted, Class<?> notThrough) {
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Object> next = new ArrayDeque<>(List.of(root));
        while (!next.isEmpty()) {
            Object here = next.removeFirst();
            if (here != root && wanted.isInstance(here)) {
                return here;
            }
            if (here instanceof Map<?, ?> map) {
                next.addAll(map.values());
            } else if (seen.add(here) && !notThrough.isInstance(here)) {
                next.addAll(values(here));
            }
        }
        throw new AssertionError("no " + wanted + " within " + root);
    }

    private static List<Object> values(Object here) {
        List<Object> values = new ArrayList<>();
        if (!here.getClass().getPackageName().equals("io.tidegate.engine")) {
            return values;
        }
        for (Field field : here.getClass().getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()) {
                try {
                    field.setAccessible(true);
                    Object value = field.get(here);
                    if (value != null) {
                        values.add(value);
                    }
                } catch (ReflectiveOperationException e) {
                    throw new LinkageError(e.getMessage(), e);
                }
            }
        }
        return values;
    }
}
