/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.dcgm;

import io.tidegate.pool.Signal;
import io.tidegate.signals.scrape.MetricsText;
import io.tidegate.signals.scrape.MetricsText.Sample;
import io.tidegate.signals.scrape.internal.Scrape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Finds the devices on a page of dcgm-exporter. */
final class DcgmPage {

    private static final Field GPU_UTIL = Field.of("DCGM_FI_DEV_GPU_UTIL", "ratio", 0.01, 100);
    private static final Field ENGINE_ACTIVE = Field.share("DCGM_FI_PROF_GR_ENGINE_ACTIVE");
    private static final Field TENSOR_ACTIVE = Field.share("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE");
    private static final Field DRAM_ACTIVE = Field.share("DCGM_FI_PROF_DRAM_ACTIVE");
    private static final Field USED = Field.of("DCGM_FI_DEV_FB_USED", "bytes", 1 << 20, Double.MAX_VALUE);
    private static final Field FREE = Field.of("DCGM_FI_DEV_FB_FREE", "bytes", 1 << 20, Double.MAX_VALUE);
    private static final Field RESERVED = Field.of("DCGM_FI_DEV_FB_RESERVED", "bytes", 1 << 20, Double.MAX_VALUE);
    private static final Field POWER = Field.of("DCGM_FI_DEV_POWER_USAGE", "watts", 1, 100_000);
    private static final Field ENERGY =
            new Field("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "joules", 0.001, Double.MAX_VALUE, 0, true);
    private static final Field TEMPERATURE = Field.of("DCGM_FI_DEV_GPU_TEMP", "celsius", 1, 1000);
    private static final Field SM_CLOCK = Field.of("DCGM_FI_DEV_SM_CLOCK", "hertz", 1e6, 1e6);
    private static final Field XID = Field.of("DCGM_FI_DEV_XID_ERRORS", "number", 1, 1e6);

    private static final List<Field> FIELDS = List.of(
            GPU_UTIL,
            ENGINE_ACTIVE,
            TENSOR_ACTIVE,
            DRAM_ACTIVE,
            USED,
            FREE,
            RESERVED,
            POWER,
            ENERGY,
            TEMPERATURE,
            SM_CLOCK,
            XID);

    /** Names of the samples that are looked at. */
    static final Set<String> NAMES = FIELDS.stream().map(Field::name).collect(Collectors.toUnmodifiableSet());

    private DcgmPage() {}

    /**
     * One figure.
     *
     * @param scale from the exporter's unit to ours
     * @param most that it can be, in the exporter's unit
     * @param slack above {@code most} that is rounding and reads as {@code most}
     * @param wide whether it is a 64-bit integer that can rightly be as large as a 32-bit blank
     */
    private record Field(String name, String unit, double scale, double most, double slack, boolean wide) {

        static Field of(String name, String unit, double scale, double most) {
            return new Field(name, unit, scale, most, 0, false);
        }

        /** A profiling figure: sampled, and at full load a little above 1 at times. */
        static Field share(String name) {
            return new Field(name, "ratio", 1, 1, 0.05, false);
        }

        Signal signal(String source, List<Double> values, long atNanos) {
            if (values.isEmpty()) {
                return new Signal.Missing(source, name + " is not on the page");
            }
            double value = values.get(0);
            for (double other : values) {
                // Some exporters write a series twice; that is harmless while both say the same.
                if (Double.compare(other, value) != 0) {
                    return new Signal.Invalid(source, name + " is both " + value + " and " + other);
                }
            }
            if (isBlank(value)) {
                return new Signal.Invalid(source, name + " is blank: DCGM has no value");
            }
            if (!(value >= 0 && value <= most + slack)) {
                return new Signal.Invalid(source, name + " is " + value);
            }
            return Signal.ofNonNegative(Math.min(value, most) * scale, unit, atNanos, source);
        }

        /**
         * DCGM's marks for blank, not found, not supported and not permitted: 0x7ffffff0 and on for 32-bit integers, 2^47 and on for
         * doubles, 0x7ffffffffffffff0 and on for 64-bit integers, near 2^63, written with more or fewer digits.
         */
        private boolean isBlank(double value) {
            return (!wide && value >= 0x7ffffff0L && value <= 0x7fffffffL)
                    || (value >= 0x1p47 && value < 0x1p47 + 16)
                    || (value >= 9.223372036e18 && value <= 9.223372037e18);
        }
    }

    /** The devices on a page, in its order; none if it could not be read. */
    static List<GpuReading> readings(Scrape.Page page, long atNanos) {
        Map<GpuDevice, Map<String, List<Double>>> devices = new LinkedHashMap<>();
        MetricsText text = page.text();
        for (Field field : FIELDS) {
            for (Sample sample : text.samples(field.name())) {
                devices.computeIfAbsent(device(sample.labels(), page.address()), ignored -> new HashMap<>())
                        .computeIfAbsent(field.name(), ignored -> new ArrayList<>())
                        .add(sample.value());
            }
        }
        List<GpuReading> readings = new ArrayList<>();
        devices.forEach((device, values) -> readings.add(reading(page, device, values, atNanos)));
        return readings;
    }

    private static GpuReading reading(
            Scrape.Page page, GpuDevice device, Map<String, List<Double>> values, long atNanos) {
        String source = "dcgm " + page.address() + " " + device;
        Figures figures = new Figures(source, values, atNanos);
        Signal active = figures.of(ENGINE_ACTIVE);
        Signal used = figures.of(USED);
        Signal free = figures.of(FREE);
        return new GpuReading(
                device,
                utilization(device, active, figures.of(GPU_UTIL)),
                used,
                free,
                figures.of(RESERVED),
                fraction(used, free, atNanos, source),
                figures.of(POWER),
                figures.of(ENERGY),
                figures.of(TEMPERATURE),
                figures.of(SM_CLOCK),
                figures.of(XID),
                active,
                figures.of(TENSOR_ACTIVE),
                figures.of(DRAM_ACTIVE));
    }

    private record Figures(String source, Map<String, List<Double>> values, long atNanos) {
        Signal of(Field field) {
            return field.signal(source, values.getOrDefault(field.name(), List.of()), atNanos);
        }
    }

    /** What GPU_UTIL says on the page of a slice is of the whole GPU, if of anything. */
    private static Signal utilization(GpuDevice device, Signal active, Signal utilization) {
        if (active instanceof Signal.Known || device.isMig()) {
            return active;
        }
        // Of two reasons the one that names what was there, and wrong.
        return utilization instanceof Signal.Missing ? active : utilization;
    }

    private static Signal fraction(Signal used, Signal free, long atNanos, String source) {
        if (!(used instanceof Signal.Known usedBytes)) {
            return used;
        }
        if (!(free instanceof Signal.Known freeBytes)) {
            return free;
        }
        double usable = usedBytes.value() + freeBytes.value();
        return usable > 0
                ? Signal.ofNonNegative(usedBytes.value() / usable, "ratio", atNanos, source)
                : new Signal.Invalid(source, "neither used nor free memory");
    }

    /**
     * What a sample is of. A page that went through a Prometheus has the exporter's own pod in {@code pod} and the user's in
     * {@code exported_pod}; old exporters say {@code pod_name}.
     */
    private static GpuDevice device(Map<String, String> labels, String address) {
        return new GpuDevice(
                first(labels, address, "Hostname", "hostname"),
                first(labels, "", "gpu"),
                first(labels, "", "UUID", "uuid"),
                first(labels, "", "modelName"),
                first(labels, "", "GPU_I_PROFILE"),
                first(labels, "", "GPU_I_ID"),
                first(labels, "", "exported_namespace", "namespace", "pod_namespace"),
                first(labels, "", "exported_pod", "pod", "pod_name"),
                first(labels, "", "exported_container", "container", "container_name"));
    }

    private static String first(Map<String, String> labels, String otherwise, String... names) {
        for (String name : names) {
            String value = labels.getOrDefault(name, "");
            if (!value.isEmpty()) {
                return value;
            }
        }
        return otherwise;
    }
}
