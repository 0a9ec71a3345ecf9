/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.baseline;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The published autoscalers by their names, each with its published defaults.
 *
 * @since 0.1.0
 */
public final class Autoscalers {

    private static final String FIXED = "static-";
    private static final Map<String, Entry> ENTRIES = entries();

    private Autoscalers() {}

    private record Entry(String description, Supplier<Autoscaler> maker) {}

    private static Map<String, Entry> entries() {
        Map<String, Entry> map = new LinkedHashMap<>();
        map.put("hpa-pods", new Entry("HPA, requests in the engine per serving pod", Hpas::pods));
        map.put("hpa-value", new Entry("HPA, External Value on the requests that wait", Hpas::value));
        map.put("hpa-average", new Entry("HPA, External AverageValue on the requests in flight", Hpas::average));
        map.put("hpa-gpu", new Entry("HPA, GPUs busy 70 % of the time", Hpas::gpu));
        map.put(
                "keda-queue",
                new Entry(
                        "KEDA, one replica per 15 waiting requests", () -> KedaQueue.of(KedaQueue.Settings.DEFAULTS)));
        map.put(
                "llm-d-slo",
                new Entry(
                        "llm-d, P90 latencies against their objectives", () -> new LlmdSlo(LlmdSlo.Settings.DEFAULTS)));
        map.put(
                "llm-d-queue",
                new Entry(
                        "llm-d, queued and running requests with the overshoot guard",
                        () -> LlmdQueue.of(LlmdQueue.Settings.GUARD)));
        map.put(
                "llm-d-queue-windows",
                new Entry(
                        "llm-d, queued and running requests with windows of 300 s",
                        () -> LlmdQueue.of(LlmdQueue.Settings.WINDOWS)));
        map.put(
                "knative-kpa",
                new Entry(
                        "Knative, concurrency over 60 s and, in panic, 6 s",
                        () -> new KnativeKpa(KnativeKpa.Settings.DEFAULTS)));
        map.put(
                "kubeai",
                new Entry("KubeAI, mean requests in flight over 10 min", () -> new KubeAi(KubeAi.Settings.DEFAULTS)));
        map.put(
                "aibrix-apa",
                new Entry(
                        "AIBrix APA, requests in the engine per serving pod",
                        () -> new AibrixApa(AibrixApa.Settings.DEFAULTS)));
        map.put(
                "dynamo",
                new Entry(
                        "NVIDIA Dynamo planner, forecast of 180 s and load of 5 s",
                        () -> new Dynamo(Dynamo.Settings.DEFAULTS)));
        map.put(
                "mimir-offset",
                new Entry(
                        "Grafana Mimir, the request rate now or a week ago",
                        () -> MimirOffset.of(MimirOffset.Settings.DEFAULTS)));
        return map;
    }

    /** The names, in the order of tables. {@code static-<count>} is not among them. */
    public static List<String> names() {
        return List.copyOf(ENTRIES.keySet());
    }

    /**
     * One line on what it looks at.
     *
     * @throws IllegalArgumentException if there is no such autoscaler
     */
    public static String description(String name) {
        return name.startsWith(FIXED)
                ? "Always " + count(name) + " replicas"
                : entry(name).description();
    }

    /**
     * A new one, for one episode.
     *
     * @param name of {@link #names()}, or {@code static-} and a count
     * @throws IllegalArgumentException if there is no such autoscaler
     */
    public static Autoscaler create(String name) {
        return name.startsWith(FIXED) ? fixed(count(name)) : entry(name).maker().get();
    }

    /**
     * Always the same count.
     *
     * @param replicas at least 0
     */
    public static Autoscaler fixed(int replicas) {
        return new FixedCount(replicas);
    }

    private static int count(String name) {
        try {
            return Integer.parseUnsignedInt(name.substring(FIXED.length()));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("a count must follow " + FIXED + " but the name was " + name, e);
        }
    }

    private static Entry entry(String name) {
        Entry entry = ENTRIES.get(name);
        if (entry == null) {
            throw new IllegalArgumentException("no autoscaler " + name + "; there are "
                    + String.join(", ", ENTRIES.keySet()) + ", " + FIXED + "<count>");
        }
        return entry;
    }
}
