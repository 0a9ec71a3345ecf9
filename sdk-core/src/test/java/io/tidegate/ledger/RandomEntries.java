/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Alternative;
import io.tidegate.guardrail.Decision.Mode;
import io.tidegate.guardrail.Decision.Origin;
import io.tidegate.guardrail.Decision.Trigger;
import io.tidegate.guardrail.History;
import io.tidegate.guardrail.Marks;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.ledger.Account.Kept;
import io.tidegate.ledger.Account.Stage;
import io.tidegate.ledger.Composition.Part;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.ledger.ScaleEvent.Step;
import io.tidegate.policy.Learned;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.policy.Recipe;
import io.tidegate.pool.Capacity;
import io.tidegate.pool.Evidence;
import io.tidegate.pool.LatencySnapshot;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.PoolView.ServedView;
import io.tidegate.pool.PoolView.TierView;
import io.tidegate.pool.Recent;
import io.tidegate.pool.Replicas;
import io.tidegate.pool.Signal;
import io.tidegate.pool.Slo;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Supplier;

/** Entries of every kind, drawn by chance, with all that a record allows in it. */
final class RandomEntries {

    private static final String[] PIECES = {
        "a",
        "chat",
        " ",
        "\"",
        "\\",
        "\n",
        "\r",
        "\t",
        "\0",
        "\u001b[31m",
        "\u2028",
        "\u2029",
        "\u0085",
        "\u007f",
        "ü",
        "漢",
        "\ud83d\ude80",
        "\ud800",
        "\udc00",
        "\udc00\ud800",
        "{\"type\":\"event\"}",
        ",\"crc\":\"00000000\"}",
        "NaN",
        "\ufeff",
        "\uffff"
    };

    private final Random random;

    RandomEntries(long seed) {
        random = new Random(seed);
    }

    /** One of the six kinds. */
    Entry entry(int kind) {
        return switch (kind % 6) {
            case 0 -> new Entry.Decided(decision(), inputs());
            case 1 -> new Entry.Stepped(event());
            case 2 -> new Entry.Accounted(account());
            case 3 -> new Entry.Overridden(text(), instant(), maybe(this::said));
            case 4 -> new Entry.Alerted(text(), instant(), text(), flag(), text(), text());
            default -> new Entry.Lost(instant(), whole(), text());
        };
    }

    Decision decision() {
        return new Decision(
                whole(),
                text(),
                instant(),
                whole(),
                integer(),
                integer(),
                one(Cause.values()),
                list(
                        4,
                        () -> flag()
                                ? new Wants(
                                        text(),
                                        random.nextInt(Integer.MAX_VALUE),
                                        Math.abs(amount()),
                                        one(Cause.values()),
                                        text())
                                : (Proposal) new Abstains(text(), text())),
                list(4, () -> new Narrowing(text(), integer(), text())),
                list(3, () -> new Alternative(integer(), text())),
                new Origin(one(Trigger.values()), whole(), one(Mode.values())));
    }

    Inputs inputs() {
        return new Inputs(view(), history(), learned(), flag(), maybe(this::said), composition());
    }

    Composition composition() {
        return new Composition(list(3, this::part), list(3, this::part));
    }

    private Part part() {
        return new Part(text(), maybe(() -> new Recipe("x" + text(), map(3, this::text))));
    }

    private Inputs.Said said() {
        return new Inputs.Said(flag() ? OptionalInt.of(integer()) : OptionalInt.empty(), duration(), text(), text());
    }

    private Map<String, Learned> learned() {
        return map(3, () -> new Learned(map(3, this::finite)));
    }

    private History history() {
        return new History(
                whole(),
                list(5, () -> new History.Proposed(whole(), integer(), any())),
                list(5, () -> new History.Change(whole(), integer(), integer())),
                new Marks(whole(), whole(), whole(), whole(), integer(), whole()));
    }

    private PoolView view() {
        return new PoolView(
                text(),
                whole(),
                new Evidence(list(3, this::text), random.nextDouble(), flag()),
                new Replicas(random.nextInt(100), random.nextInt(100), due()),
                new Work(random.nextInt(Work.MAX_SLOTS + 1), Math.floorMod(whole(), Work.MAX_TOKENS + 1)),
                duration(),
                list(3, this::tierView),
                map(4, () -> signal(2)),
                new Capacity(positive(), positive(), random.nextInt(1000)),
                new Recent(list(20, () -> new Recent.Second(whole(), whole(), any(), any(), any(), any(), integer()))));
    }

    /** Within half of what the clock can tell apart, as all readings of one clock are. */
    private List<Long> due() {
        long now = whole();
        return list(4, () -> now + random.nextInt());
    }

    private double positive() {
        double value = Math.abs(finite());
        return value == 0 || flag() ? Double.NaN : value;
    }

    private TierView tierView() {
        return new TierView(
                tier(),
                whole(),
                whole(),
                duration(),
                any(),
                any(),
                any(),
                any(),
                flag() ? ServedView.NOTHING : served());
    }

    private Tier tier() {
        Slo slo = Slo.none().withTarget(1 - random.nextDouble());
        if (flag()) {
            slo = slo.withTimeToFirstToken(Duration.ofNanos(1 + random.nextInt(Integer.MAX_VALUE)));
        }
        if (flag()) {
            slo = slo.withTimePerOutputToken(Duration.ofNanos(1 + random.nextInt(Integer.MAX_VALUE)));
        }
        return Tier.builder("tier-" + random.nextInt(5))
                .weight(1 / (1 - random.nextDouble()))
                .ceiling(1 - random.nextDouble())
                .maxQueueTime(Duration.ofNanos(random.nextInt(Integer.MAX_VALUE)))
                .maxQueued(random.nextInt(1_000_001))
                .maxQueuedTokens(16 + random.nextInt(1_000_000))
                .floor(random.nextDouble())
                .guarantee(random.nextDouble())
                .lends(random.nextDouble())
                .tokensPerSecond(random.nextDouble() * 1e9)
                .slo(slo)
                .build();
    }

    private ServedView served() {
        return new ServedView(
                any(), any(), any(), whole(), whole(), whole(), whole(), latencies(), latencies(), latencies());
    }

    private LatencySnapshot latencies() {
        long[] counts = new long[LatencySnapshot.BUCKETS];
        for (int i = random.nextInt(20); i > 0; i--) {
            counts[random.nextInt(counts.length)] = random.nextInt(1_000);
        }
        return LatencySnapshot.of(counts);
    }

    private Signal signal(int depth) {
        return switch (random.nextInt(4)) {
            case 0 ->
                new Signal.Known(
                        finite(),
                        text(),
                        whole(),
                        text(),
                        random.nextDouble(),
                        depth == 0 ? List.of() : list(3, () -> new Signal.Part(text(), flag(), signal(depth - 1))));
            case 1 -> new Signal.Missing(text(), text());
            case 2 -> new Signal.Stale(text(), duration(), text());
            default -> new Signal.Invalid(text(), text());
        };
    }

    ScaleEvent event() {
        List<Step> steps = new ArrayList<>(List.of(step()));
        steps.addAll(list(6, this::step));
        return new ScaleEvent(text(), text(), whole(), integer(), integer(), one(Cause.values()), steps);
    }

    private Step step() {
        return new Step(one(Phase.values()), instant(), whole(), text(), maybe(() -> one(Refusal.values())));
    }

    private Account account() {
        Map<Stage, Duration> stages = new EnumMap<>(Stage.class);
        Map<Stage, Long> broken = new EnumMap<>(Stage.class);
        for (Stage stage : Stage.values()) {
            if (flag()) {
                stages.put(stage, duration());
                broken.put(stage, whole());
            }
        }
        return new Account(
                text(),
                text(),
                whole(),
                instant(),
                integer(),
                integer(),
                one(Phase.values()),
                duration(),
                stages,
                any(),
                any(),
                any(),
                any(),
                any(),
                whole(),
                map(3, () -> new Kept(whole(), whole())),
                broken);
    }

    // ---- values ----------------------------------------------------------------------------------------------------

    private boolean flag() {
        return random.nextBoolean();
    }

    private <T> T one(T[] values) {
        return values[random.nextInt(values.length)];
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(6); i > 0; i--) {
            text.append(one(PIECES));
        }
        return text.toString();
    }

    private long whole() {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextLong();
            case 1 -> one(new Long[] {Long.MIN_VALUE, Long.MAX_VALUE, 0L, -1L, (1L << 53) + 1});
            default -> random.nextInt(100_000);
        };
    }

    private int integer() {
        return random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(50);
    }

    /** Any number that is one. */
    private double finite() {
        double value = switch (random.nextInt(4)) {
            case 0 -> Double.longBitsToDouble(random.nextLong());
            case 1 ->
                one(new Double[] {
                    0.0, -0.0, Double.MIN_VALUE, Double.MAX_VALUE, -Double.MIN_NORMAL, 9007199254740994.0, 1e17
                });
            case 2 -> random.nextInt(1000);
            default -> random.nextDouble();
        };
        return Double.isFinite(value) ? value : 0.5;
    }

    private double amount() {
        double value = any();
        return Double.isNaN(value) ? 1 : value;
    }

    private double any() {
        return random.nextInt(6) == 0
                ? one(new Double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
                : finite();
    }

    private Duration duration() {
        return flag()
                ? Duration.ofNanos(random.nextLong())
                : Duration.ofSeconds(random.nextLong(), random.nextInt(1_000_000_000));
    }

    private Instant instant() {
        return flag()
                ? Instant.ofEpochSecond(1_790_000_000L + random.nextInt(1_000_000), random.nextInt(1_000_000_000))
                : one(new Instant[] {Instant.MIN, Instant.MAX, Instant.EPOCH, Instant.ofEpochSecond(-1, 1)});
    }

    private <T> Optional<T> maybe(Supplier<T> value) {
        return flag() ? Optional.of(value.get()) : Optional.empty();
    }

    private <T> List<T> list(int most, Supplier<T> value) {
        List<T> list = new ArrayList<>();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            list.add(value.get());
        }
        return list;
    }

    private <T> Map<String, T> map(int most, Supplier<T> value) {
        Map<String, T> map = new HashMap<>();
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            map.put(text(), value.get());
        }
        return map;
    }

    // ---- comparing -------------------------------------------------------------------------------------------------

    /** Whether two values are the same to the last bit; tiers, which are equal only to themselves, by all their settings. */
    static boolean same(Object one, Object other) throws ReflectiveOperationException {
        if (one instanceof Tier a && other instanceof Tier b) {
            return settings(a).equals(settings(b));
        }
        if (one instanceof List<?> a && other instanceof List<?> b) {
            boolean same = a.size() == b.size();
            for (int i = 0; same && i < a.size(); i++) {
                same = same(a.get(i), b.get(i));
            }
            return same;
        }
        if (one instanceof Map<?, ?> a && other instanceof Map<?, ?> b) {
            boolean same = a.keySet().equals(b.keySet());
            for (Map.Entry<?, ?> each : a.entrySet()) {
                same = same && same(each.getValue(), b.get(each.getKey()));
            }
            return same;
        }
        if (one instanceof Record && one.getClass().equals(other.getClass())) {
            for (RecordComponent component : one.getClass().getRecordComponents()) {
                component.getAccessor().setAccessible(true);
                if (!same(
                        component.getAccessor().invoke(one),
                        component.getAccessor().invoke(other))) {
                    return false;
                }
            }
            return true;
        }
        return one.equals(other);
    }

    private static List<Object> settings(Tier tier) {
        return List.of(
                tier.name(),
                tier.weight(),
                tier.ceiling(),
                tier.maxQueueTime(),
                tier.maxQueued(),
                tier.maxQueuedTokens(),
                tier.floor(),
                tier.guarantee(),
                tier.lends(),
                tier.tokensPerSecond(),
                tier.slo());
    }
}
