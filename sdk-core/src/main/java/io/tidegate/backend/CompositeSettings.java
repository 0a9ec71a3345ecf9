/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import io.tidegate.engine.ScalerBackends;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.policy.PolicySettings;
import io.tidegate.policy.ReplicaMath;
import io.tidegate.time.SystemTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Reads the settings of a {@link CompositeBackend}, and makes its children by their types. */
final class CompositeSettings {

    private static final String CHILDREN = "children.";
    private static final String SETTINGS = "settings.";

    private final boolean split;
    private final PolicySettings read;
    private final Map<String, Map<String, String>> children = new TreeMap<>();
    private final List<String> problems = new ArrayList<>();

    private CompositeSettings(boolean split, Map<String, String> settings) {
        this.split = split;
        Map<String, String> own = new LinkedHashMap<>();
        settings.forEach((name, value) -> {
            int end = name.startsWith(CHILDREN) ? name.indexOf('.', CHILDREN.length()) : -1;
            if (end < 0) {
                own.put(name, value);
            } else {
                children.computeIfAbsent(name.substring(CHILDREN.length(), end), ignored -> new LinkedHashMap<>())
                        .put(name.substring(end + 1), value);
            }
        });
        this.read = new PolicySettings(own, "backend");
    }

    static ScalerBackend create(boolean split, Map<String, String> settings) {
        return new CompositeSettings(split, settings).create();
    }

    /** What is read of one child; its backend is made only when all is right. */
    private record Child(String type, Map<String, String> settings, int most, int fixed, double share) {}

    private ScalerBackend create() {
        List<String> order = order();
        Duration readyWithin = split
                ? Duration.ofMinutes(15)
                : read.duration("readyWithin", Duration.ofSeconds(10), Duration.ofDays(1), Duration.ofMinutes(15));
        Duration staleAfter = read.duration("staleAfter", Duration.ZERO, Duration.ofHours(1), Duration.ofMinutes(1));
        Duration childTimeout =
                read.duration("childTimeout", Duration.ofMillis(10), Duration.ofMinutes(1), Duration.ofMillis(900));
        Map<String, Child> found = new LinkedHashMap<>();
        for (String name : order) {
            found.put(name, child(name, children.getOrDefault(name, Map.of())));
        }
        read.problems().forEach((name, problem) -> problems.add(name + " " + problem));
        check();
        SystemTime time = SystemTime.start();
        List<ScalerBackend> made = new ArrayList<>();
        try {
            CompositeBackend.Builder builder = CompositeBackend.builder(time)
                    .readyWithin(readyWithin)
                    .staleAfter(staleAfter)
                    .childTimeout(childTimeout);
            CompositeBackend.Builder kind = split ? builder.split() : builder.fallback();
            found.forEach((name, child) -> add(kind, name, child, made));
            check();
            return new OwnTime(kind.build(), time);
        } catch (RuntimeException | Error e) {
            made.forEach(backend -> closeAfter(e, backend));
            time.close();
            throw e;
        }
    }

    private void add(CompositeBackend.Builder builder, String name, Child child, List<ScalerBackend> made) {
        ScalerBackend backend;
        try {
            backend = ScalerBackends.create(child.type(), child.settings());
        } catch (IllegalArgumentException e) {
            problems.add(CHILDREN + name + ": " + e.getMessage());
            return;
        }
        made.add(backend);
        if (child.fixed() > 0) {
            builder.fixed(name, backend, child.fixed());
        } else if (split) {
            builder.share(name, backend, child.share(), child.most());
        } else {
            builder.child(name, backend, child.most());
        }
    }

    private static void closeAfter(Throwable failure, ScalerBackend backend) {
        try {
            backend.close();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private void check() {
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException("settings of scaler backend " + (split ? "split" : "fallback") + ": "
                    + String.join("; ", problems));
        }
    }

    /** The children in order; all of them, by name, where none is given. */
    private List<String> order() {
        List<String> order = Texts.list(read, "order");
        if (children.isEmpty()) {
            problems.add("children is required: one at least, with its type");
        } else if (order.isEmpty()) {
            if (!split && children.size() > 1) {
                problems.add("order is required: the children " + children.keySet() + ", first choice first");
            }
            return List.copyOf(children.keySet());
        } else if (order.size() != new TreeSet<>(order).size()
                || !children.keySet().equals(new TreeSet<>(order))) {
            problems.add("order must name each of the children " + children.keySet() + " once but is " + order);
        }
        return order.stream().distinct().toList();
    }

    private Child child(String name, Map<String, String> all) {
        Map<String, String> own = new LinkedHashMap<>();
        Map<String, String> settings = new LinkedHashMap<>();
        all.forEach((key, value) -> {
            if (key.startsWith(SETTINGS)) {
                settings.put(key.substring(SETTINGS.length()), value);
            } else {
                own.put(key, value);
            }
        });
        PolicySettings child = new PolicySettings(own, "child");
        String type = child.requiredText("type", "kubernetes-scale");
        int fixed = split ? Whole.number(child, "replicas", 1, ReplicaMath.MANY, 0) : 0;
        double share = split ? child.number("share", 0, 1e6, 0) : 0;
        int most = fixed > 0 ? fixed : Whole.number(child, "max", 1, ReplicaMath.MANY, ReplicaMath.MANY);
        if (split && (fixed > 0) == (share > 0)) {
            child.problem("share", "above 0 or replicas is required, and not both");
        }
        if (!name.matches("[A-Za-z0-9_-]{1,63}")) {
            problems.add(CHILDREN + name + " must have a name of 1 to 63 letters, digits, - or _");
        }
        child.problems().forEach((key, problem) -> problems.add(CHILDREN + name + "." + key + " " + problem));
        return new Child(type, settings, most, fixed, share);
    }

    /** Closes the clock with the backend. */
    private record OwnTime(CompositeBackend backend, SystemTime time) implements ScalerBackend {

        @Override
        public ReplicaStatus status(String pool) throws Exception {
            return backend.status(pool);
        }

        @Override
        public void scale(ScaleRequest request) throws Exception {
            backend.scale(request);
        }

        @Override
        public void close() {
            try {
                backend.close();
            } finally {
                time.close();
            }
        }
    }
}
