/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;

/** The Java process this runs in, by its management beans. */
final class JvmPlatform implements ProcessSource.Platform {

    private final java.lang.management.OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();

    /**
     * Time and not {@code getProcessCpuLoad}, which is the load since anybody in the process last asked for it: beside another
     * that asks, such as a meter, its answer is of a moment.
     */
    @Override
    public long cpuNanos() {
        return system instanceof OperatingSystemMXBean bean ? bean.getProcessCpuTime() : -1;
    }

    @Override
    public int processors() {
        return Runtime.getRuntime().availableProcessors();
    }

    @Override
    public double loadAverage() {
        return system.getSystemLoadAverage();
    }

    @Override
    public long heapUsed() {
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    @Override
    public long heapMax() {
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getMax();
    }

    @Override
    public long gcMillis() {
        long millis = 0;
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            // Collectors that work beside the process have one bean for their pauses and one for whole cycles.
            if (!collector.getName().endsWith("Cycles")) {
                millis += Math.max(0, collector.getCollectionTime());
            }
        }
        return millis;
    }

    @Override
    public int threads() {
        return ManagementFactory.getThreadMXBean().getThreadCount();
    }

    @Override
    public long openFiles() {
        return system instanceof UnixOperatingSystemMXBean bean ? bean.getOpenFileDescriptorCount() : -1;
    }

    @Override
    public long maxFiles() {
        return system instanceof UnixOperatingSystemMXBean bean ? bean.getMaxFileDescriptorCount() : -1;
    }
}
