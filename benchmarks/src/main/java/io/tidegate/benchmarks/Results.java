/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import io.tidegate.benchmarks.Row.Group;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/** The figures of all rows, in the order of the report, and what they say of our aims. */
final class Results {

    private static final double MEGA = 1e6;

    private final List<Figures> all;

    Results(List<Figures> all) {
        this.all = List.copyOf(all);
    }

    List<Figures> all() {
        return all;
    }

    List<Figures> failed() {
        return all.stream().filter(each -> each.failure().isPresent()).toList();
    }

    /**
     * How many times as much as the peer of its group, with as many threads: CPU time, or heap where that is the question. Empty if
     * one of both was not measured.
     */
    OptionalDouble ofPeer(Figures figures) {
        Row row = figures.row();
        Function<Figures, OptionalDouble> what = row.group() == Group.MEMORY ? Figures::bytes : Figures::cpuNanos;
        return ratio(
                what.apply(figures),
                find(row.group(), row.group().peer, row.threads()).map(what).orElse(OptionalDouble.empty()));
    }

    /** Ours, with one thread. */
    List<Aim> aims() {
        OptionalDouble shipped = cpu(Group.ADMIT, Row.SHIPPED);
        OptionalDouble stripped = cpu(Group.ADMIT, Row.STRIPPED);
        OptionalDouble reason = cpu(Group.REFUSE, Row.REASON);
        OptionalDouble shallow = cpu(Group.GIVE_UP, Row.deep(Row.GATE, 1000));
        List<Aim> aims = new ArrayList<>();
        aims.add(new Aim(
                "stripped core: CPU time", ratio(stripped, cpu(Group.ADMIT, Row.SEMAPHORE)), 1.15, "x Semaphore"));
        aims.add(new Aim("stripped core: allocation", bytes(Group.ADMIT, Row.STRIPPED), 0, "B"));
        aims.add(new Aim(
                "gate as shipped: CPU time",
                ratio(shipped, cpu(Group.ADMIT, Row.PARTITIONED)),
                0.60,
                "x partitioned limiter"));
        aims.add(new Aim("gate as shipped: allocation", bytes(Group.ADMIT, Row.SHIPPED), 40, "B"));
        aims.add(new Aim("refusal, reason only: CPU time", reason, 5, "ns"));
        aims.add(new Aim("refusal, reason only: allocation", bytes(Group.REFUSE, Row.REASON), 0, "B"));
        aims.add(new Aim(
                "refusal, Retry-After read: CPU time on top",
                difference(cpu(Group.REFUSE, Row.RETRY_AFTER), reason),
                20,
                "ns"));
        aims.add(new Aim(
                "queue, grant, return: CPU time",
                ratio(cpu(Group.WAIT, Row.SHIPPED), cpu(Group.WAIT, Row.REACTOR)),
                0.15,
                "x reactor-pool"));
        aims.add(new Aim("queue, grant, return: allocation", bytes(Group.WAIT, Row.SHIPPED), 64, "B"));
        aims.add(new Aim(
                "enqueue and cancel, 10,000 and 100,000 deep: off 1,000 deep by",
                furthestOff(
                        shallow,
                        cpu(Group.GIVE_UP, Row.deep(Row.GATE, 10_000)),
                        cpu(Group.GIVE_UP, Row.deep(Row.GATE, 100_000))),
                20,
                "%"));
        aims.add(new Aim(
                "enqueue and cancel, 1,000 deep: CPU time",
                ratio(shallow, cpu(Group.GIVE_UP, Row.deep(Row.REACTOR, 1000))),
                0.05,
                "x reactor-pool"));
        aims.add(new Aim("1,000,000 waiters: heap", megabytes(), 250, "MB"));
        return List.copyOf(aims);
    }

    private OptionalDouble megabytes() {
        OptionalDouble perWaiter = bytes(Group.MEMORY, Row.GATE);
        return perWaiter.isPresent()
                ? OptionalDouble.of(perWaiter.getAsDouble() * WaiterMemory.WAITERS / MEGA)
                : perWaiter;
    }

    private Optional<Figures> find(Group group, String label, int threads) {
        return all.stream()
                .filter(each -> each.row().group() == group
                        && each.row().label().equals(label)
                        && each.row().threads() == threads)
                .findFirst();
    }

    private OptionalDouble cpu(Group group, String label) {
        return find(group, label, 1).map(Figures::cpuNanos).orElse(OptionalDouble.empty());
    }

    private OptionalDouble bytes(Group group, String label) {
        return find(group, label, 1).map(Figures::bytes).orElse(OptionalDouble.empty());
    }

    private static OptionalDouble ratio(OptionalDouble ours, OptionalDouble theirs) {
        return ours.isPresent() && theirs.isPresent() && theirs.getAsDouble() > 0
                ? OptionalDouble.of(ours.getAsDouble() / theirs.getAsDouble())
                : OptionalDouble.empty();
    }

    private static OptionalDouble difference(OptionalDouble more, OptionalDouble less) {
        return more.isPresent() && less.isPresent()
                ? OptionalDouble.of(more.getAsDouble() - less.getAsDouble())
                : OptionalDouble.empty();
    }

    /** In percent of the first, up or down. */
    private static OptionalDouble furthestOff(OptionalDouble first, OptionalDouble... others) {
        double furthest = 0;
        for (OptionalDouble other : others) {
            OptionalDouble ratio = ratio(other, first);
            if (ratio.isEmpty()) {
                return ratio;
            }
            furthest = Math.max(furthest, Math.abs(ratio.getAsDouble() - 1) * 100);
        }
        return OptionalDouble.of(furthest);
    }
}
