/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Walks all that can be reached from a value by the accessors of records, collections and maps. */
final class Immutability {

    private Immutability() {}

    /** Fails at the first collection that can be changed, or an array, which always can. */
    static void assertDeep(Object value, String path, List<String> reached) {
        if (value == null) {
            return;
        }
        if (value.getClass().isArray()) {
            throw new AssertionError(path + " is an array, which can be changed");
        }
        if (value instanceof Optional<?> optional) {
            optional.ifPresent(it -> assertDeep(it, path, reached));
        } else if (value instanceof Collection<?> collection) {
            reached.add(path);
            rejects(path, () -> add(collection));
            rejects(path, () -> drop(collection));
            int i = 0;
            for (Object each : collection) {
                assertDeep(each, path + "[" + i++ + "]", reached);
            }
        } else if (value instanceof Map<?, ?> map) {
            reached.add(path);
            rejects(path, () -> put(map));
            map.forEach((key, each) -> assertDeep(each, path + "[" + key + "]", reached));
        } else if (value instanceof Record) {
            for (RecordComponent component : value.getClass().getRecordComponents()) {
                assertDeep(read(value, component), path + "." + component.getName(), reached);
            }
        }
    }

    private static Object read(Object value, RecordComponent component) {
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(value);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    private static void add(Collection<?> collection) {
        @SuppressWarnings("unchecked")
        Collection<Object> open = (Collection<Object>) collection;
        open.add("added");
    }

    private static void drop(Collection<?> collection) {
        Iterator<?> all = collection.iterator();
        if (!all.hasNext()) {
            throw new UnsupportedOperationException("there is nothing to drop");
        }
        all.next();
        all.remove();
    }

    private static void put(Map<?, ?> map) {
        @SuppressWarnings("unchecked")
        Map<Object, Object> open = (Map<Object, Object>) map;
        open.put("added", "added");
    }

    private static void rejects(String path, Runnable change) {
        try {
            change.run();
        } catch (UnsupportedOperationException expected) {
            return;
        }
        throw new AssertionError(path + " can be changed");
    }
}
