/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.dcgm;

import io.tidegate.pool.Signal;

/**
 * What dcgm-exporter said of one device, each figure a signal of its own, {@link Signal.Missing} where the page does not have it and
 * {@link Signal.Invalid} where DCGM wrote a blank. Immutable.
 *
 * @param device of which it is said
 * @param utilization {@code GR_ENGINE_ACTIVE} where it is known, else {@code GPU_UTIL} of a whole GPU; ratio
 * @param memoryUsed {@code FB_USED}; bytes
 * @param memoryFree {@code FB_FREE}; bytes
 * @param memoryReserved {@code FB_RESERVED}, by driver and firmware; bytes
 * @param memoryFraction used of what is used or free; ratio
 * @param power {@code POWER_USAGE}, of the whole GPU for a slice too; watts
 * @param energy {@code TOTAL_ENERGY_CONSUMPTION} since the driver was loaded, likewise; joules
 * @param temperature {@code GPU_TEMP}; celsius
 * @param smClock {@code SM_CLOCK}; hertz
 * @param xid number of the last XID error, 0 if there was none; number
 * @param graphicsEngineActive part of time in which the graphics or compute engine was active; ratio
 * @param tensorActive part of cycles in which the tensor pipe was active; ratio
 * @param dramActive part of cycles in which the memory was sending or receiving; ratio
 * @since 0.1.0
 */
public record GpuReading(
        GpuDevice device,
        Signal utilization,
        Signal memoryUsed,
        Signal memoryFree,
        Signal memoryReserved,
        Signal memoryFraction,
        Signal power,
        Signal energy,
        Signal temperature,
        Signal smClock,
        Signal xid,
        Signal graphicsEngineActive,
        Signal tensorActive,
        Signal dramActive) {}
