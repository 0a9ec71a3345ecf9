/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Counts what became of requests, per tier, as they happen. All times are trace nanoseconds since the start, except
 * lateness, which is real.
 *
 * <p>Safe for many threads: one lock, held for a few hundred nanoseconds by those who record.
 */
final class LoadLedger {
    private static final int HISTOGRAM_DIGITS = 3;
    /** Most distinct reasons kept per tier; the rest is counted together. */
    private static final int MAX_REASONS = 32;

    private static final String OTHER_REASONS = "other";
    /** Most happenings kept for the window of one tier. */
    private static final int MAX_RECENT = 1 << 16;

    private final Object lock = new Object();
    private final long windowNanos;
    private final Map<String, Tier> tiers = new LinkedHashMap<>();
    private final Histogram lateness = new Histogram(HISTOGRAM_DIGITS);
    private long sent;
    private long refused;

    LoadLedger(Collection<TierSlo> slos, Duration window) {
        this.windowNanos = window.toNanos();
        for (TierSlo slo : slos) {
            tiers.put(slo.tier(), new Tier(slo.tier(), slo.ttft(), windowNanos));
        }
    }

    /** A request on its way. Fields are guarded by the ledger's lock. */
    static final class Entry {
        private final Tier tier;
        private final long intended;
        private Fate fate = Fate.UNDECIDED;

        private Entry(Tier tier, long intended) {
            this.tier = tier;
            this.intended = intended;
        }
    }

    /** What is known about a request's SLO. */
    private enum Fate {
        UNDECIDED,
        KEPT,
        BROKEN,
        NEVER
    }

    /** A request is due. It is counted from now on, whether or not it can be sent. */
    Entry due(String tierName, long intended) {
        synchronized (lock) {
            Tier tier = tiers.computeIfAbsent(tierName, name -> new Tier(name, null, windowNanos));
            Entry entry = new Entry(tier, intended);
            tier.requests++;
            tier.remember(intended, Kind.SENT, 0);
            if (tier.slo != null) {
                tier.undecided.addLast(entry);
            }
            return entry;
        }
    }

    /** The request was given to the client. */
    void sent() {
        synchronized (lock) {
            sent++;
        }
    }

    /** The request was not sent because the driver has too many open; {@link #ended} follows. */
    void refused() {
        synchronized (lock) {
            refused++;
        }
    }

    /** The request was dispatched so much later than meant, in real time. */
    void late(long realNanos) {
        synchronized (lock) {
            lateness.recordValue(Math.max(0, realNanos));
        }
    }

    /** The first token came. */
    void firstToken(Entry entry, long now) {
        synchronized (lock) {
            Tier tier = entry.tier;
            tier.expire(now);
            long ttft = Math.max(0, now - entry.intended);
            tier.ttft.recordValue(ttft);
            tier.remember(now, Kind.FIRST_TOKEN, ttft);
            if (entry.fate == Fate.UNDECIDED && tier.slo != null) {
                tier.decide(entry, ttft <= tier.sloNanos ? Fate.KEPT : Fate.BROKEN, now);
            }
        }
    }

    /** The request ended; no more is told about it. */
    void ended(Entry entry, Outcome outcome, String reason, int outputTokens, long now) {
        synchronized (lock) {
            Tier tier = entry.tier;
            tier.expire(now);
            tier.outcomes.merge(outcome, 1L, Long::sum);
            tier.outputTokens += outputTokens;
            if (!reason.isEmpty()) {
                tier.countReason(reason);
            }
            if (outcome == Outcome.COMPLETED) {
                tier.endToEnd.recordValue(Math.max(0, now - entry.intended));
            }
            if (outcome == Outcome.SHED) {
                tier.remember(now, Kind.SHED, 0);
            }
            if (tier.slo == null) {
                return;
            }
            switch (outcome) {
                case SHED, EXPIRED, FAILED -> tier.decide(entry, Fate.BROKEN, now);
                case CANCELLED -> {
                    if (entry.fate == Fate.UNDECIDED) {
                        entry.fate = Fate.NEVER;
                    }
                }
                case COMPLETED -> {
                    // Its first token has decided; an answer without any text was whole when it ended.
                    if (entry.fate == Fate.UNDECIDED) {
                        tier.decide(entry, now - entry.intended <= tier.sloNanos ? Fate.KEPT : Fate.BROKEN, now);
                    }
                }
            }
        }
    }

    LoadSnapshot snapshot(long now) {
        synchronized (lock) {
            List<TierLoad> loads = new ArrayList<>();
            long open = 0;
            for (Tier tier : tiers.values()) {
                tier.expire(now);
                TierLoad load = tier.load(now);
                open += load.open();
                loads.add(load);
            }
            return new LoadSnapshot(
                    Duration.ofNanos(Math.max(0, now)), sent, open, refused, LatencySummary.ofNanos(lateness), loads);
        }
    }

    private enum Kind {
        SENT,
        FIRST_TOKEN,
        SHED,
        KEPT,
        BROKEN
    }

    private record Recent(long at, Kind kind, long ttft) {}

    /** Guarded by the ledger's lock. */
    private static final class Tier {
        private final String name;
        private final @Nullable Duration slo;
        private final long sloNanos;
        private final long windowNanos;
        private final Map<Outcome, Long> outcomes = new EnumMap<>(Outcome.class);
        private final Histogram ttft = new Histogram(HISTOGRAM_DIGITS);
        private final Histogram endToEnd = new Histogram(HISTOGRAM_DIGITS);
        private final Map<String, Long> reasons = new HashMap<>();
        /** In order of intended instants; entries decided otherwise are dropped when they come to the head. */
        private final ArrayDeque<Entry> undecided = new ArrayDeque<>();

        private final ArrayDeque<Recent> recent = new ArrayDeque<>();
        private long requests;
        private long kept;
        private long broken;
        private long outputTokens;

        Tier(String name, @Nullable Duration slo, long windowNanos) {
            this.name = name;
            this.windowNanos = windowNanos;
            this.slo = slo;
            this.sloNanos = slo == null ? Long.MAX_VALUE : slo.toNanos();
        }

        /** Decides requests whose bound has passed without a first token. */
        void expire(long now) {
            Entry head = undecided.peekFirst();
            while (head != null && (head.fate != Fate.UNDECIDED || now - head.intended > sloNanos)) {
                undecided.pollFirst();
                if (head.fate == Fate.UNDECIDED) {
                    decide(head, Fate.BROKEN, head.intended + sloNanos);
                }
                head = undecided.peekFirst();
            }
        }

        /** Sets what became of the SLO; a kept one may still be broken by a stream that breaks off. */
        void decide(Entry entry, Fate fate, long at) {
            if (entry.fate == fate || entry.fate == Fate.BROKEN) {
                return;
            }
            if (entry.fate == Fate.KEPT) {
                kept--;
            }
            entry.fate = fate;
            if (fate == Fate.KEPT) {
                kept++;
                remember(at, Kind.KEPT, 0);
            } else {
                broken++;
                remember(at, Kind.BROKEN, 0);
            }
        }

        void remember(long at, Kind kind, long ttft) {
            recent.addLast(new Recent(at, kind, ttft));
            forget(at - windowNanos);
        }

        private void forget(long oldest) {
            while (recent.size() > MAX_RECENT
                    || (!recent.isEmpty() && recent.getFirst().at() < oldest)) {
                recent.removeFirst();
            }
        }

        void countReason(String reason) {
            String key = reasons.containsKey(reason) || reasons.size() < MAX_REASONS ? reason : OTHER_REASONS;
            reasons.merge(key, 1L, Long::sum);
        }

        TierLoad load(long now) {
            long ended = outcomes.values().stream().mapToLong(Long::longValue).sum();
            return new TierLoad(
                    name,
                    slo,
                    requests,
                    requests - ended,
                    outcomes.getOrDefault(Outcome.COMPLETED, 0L),
                    outcomes.getOrDefault(Outcome.SHED, 0L),
                    outcomes.getOrDefault(Outcome.EXPIRED, 0L),
                    outcomes.getOrDefault(Outcome.FAILED, 0L),
                    outcomes.getOrDefault(Outcome.CANCELLED, 0L),
                    share(kept, broken),
                    LatencySummary.ofNanos(ttft),
                    LatencySummary.ofNanos(endToEnd),
                    outputTokens,
                    new TreeMap<>(reasons),
                    recentLoad(now - windowNanos));
        }

        private RecentLoad recentLoad(long oldest) {
            forget(oldest);
            Map<Kind, Long> counts = new EnumMap<>(Kind.class);
            Histogram recentTtft = new Histogram(HISTOGRAM_DIGITS);
            for (Recent happening : recent) {
                // Happenings are nearly, not strictly, in order of time.
                if (happening.at() >= oldest) {
                    counts.merge(happening.kind(), 1L, Long::sum);
                    if (happening.kind() == Kind.FIRST_TOKEN) {
                        recentTtft.recordValue(happening.ttft());
                    }
                }
            }
            long keptRecently = counts.getOrDefault(Kind.KEPT, 0L);
            long brokenRecently = counts.getOrDefault(Kind.BROKEN, 0L);
            return new RecentLoad(
                    counts.getOrDefault(Kind.SENT, 0L),
                    counts.getOrDefault(Kind.SHED, 0L),
                    brokenRecently,
                    LatencySummary.ofNanos(recentTtft),
                    share(keptRecently, brokenRecently));
        }

        private static OptionalDouble share(long kept, long broken) {
            return kept + broken == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) kept / (kept + broken));
        }
    }
}
