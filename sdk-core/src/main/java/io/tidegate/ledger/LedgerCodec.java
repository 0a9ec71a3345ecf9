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
import io.tidegate.guardrail.Narrowing;
import io.tidegate.ledger.Account.Kept;
import io.tidegate.ledger.Account.Stage;
import io.tidegate.ledger.Composition.Part;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.ledger.ScaleEvent.Step;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.policy.Recipe;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;

/**
 * Entries as lines of JSON and back, exactly.
 *
 * <p>What people and {@code grep} look for comes first, what a decision rested on last. A composition is a line of its own, and
 * decisions name it by the hash of its content. Fields that are not known are passed over when reading, since a later version may have
 * written them; a field that is missing makes a line unreadable.
 */
final class LedgerCodec {

    static final int VERSION = 1;

    static final String LEDGER = "ledger";
    static final String COMPOSITION = "composition";
    static final String CARRIED = "carried";
    static final String OPEN = "open";
    static final String DECISION = "decision";
    static final String EVENT = "event";
    static final String ACCOUNT = "account";
    static final String OVERRIDE = "override";
    static final String ALERT = "alert";
    static final String LOST = "lost";

    private LedgerCodec() {}

    /**
     * What every line begins with.
     *
     * @param type what it is
     * @param seq its number
     * @param pool the pool; empty if it is about none
     * @param id of what; a decision's number as a text
     * @param at when; null for lines that are no entries
     */
    record Head(
            String type,
            long seq,
            String pool,
            String id,
            @Nullable Instant at) {}

    /**
     * The first line of a file, and the first of each run in it.
     *
     * @param seq its number; everything from this number on in files before it is void
     * @param version of the format
     * @param run who wrote what follows
     * @param carried lines after it that were carried over from the file before
     */
    record Header(long seq, int version, String run, int carried) {}

    // ---- writing ---------------------------------------------------------------------------------------------------

    private static byte[] line(Consumer<JsonGenerator> fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator json = Json.FACTORY.createGenerator(ObjectWriteContext.empty(), bytes)) {
            json.writeStartObject();
            fields.accept(json);
            json.writeEndObject();
        }
        byte[] line = Sealed.seal(bytes.toByteArray());
        if (line.length > Json.MAX_LINE) {
            throw new IllegalArgumentException(
                    "a line of " + line.length + " bytes is longer than " + Json.MAX_LINE + ", the most that is read");
        }
        return line;
    }

    static byte[] header(long seq, String library, String run, int carried) {
        return line(json -> {
            json.writeStringProperty("type", LEDGER);
            json.writeNumberProperty("version", VERSION);
            json.writeStringProperty("library", library);
            json.writeStringProperty("run", run);
            json.writeNumberProperty("seq", seq);
            json.writeNumberProperty("carried", carried);
        });
    }

    static byte[] carried(long seq, Map<String, Long> lastDecisions) {
        return line(json -> {
            head(json, CARRIED, seq);
            json.writeObjectPropertyStart("decisions");
            new TreeMap<>(lastDecisions).forEach((pool, id) -> json.writeNumberProperty(Json.key(pool), id));
            json.writeEndObject();
        });
    }

    static byte[] open(long seq, ScaleEvent event) {
        return line(json -> event(json, OPEN, seq, event));
    }

    static byte[] composition(long seq, String id, Composition composition) {
        return line(json -> {
            head(json, COMPOSITION, seq);
            json.writeStringProperty("id", id);
            content(json, composition);
        });
    }

    /** Names a composition by its content. */
    static String id(Composition composition) {
        byte[] content = line(json -> content(json, composition));
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static void content(JsonGenerator json, Composition composition) {
        parts(json, "policies", composition.policies());
        parts(json, "guardrails", composition.guardrails());
    }

    private static void parts(JsonGenerator json, String name, List<Part> parts) {
        json.writeArrayPropertyStart(name);
        for (Part part : parts) {
            json.writeStartObject();
            json.writeStringProperty("name", part.name());
            if (part.recipe().isPresent()) {
                Recipe recipe = part.recipe().get();
                json.writeStringProperty("type", recipe.type());
                json.writeObjectPropertyStart("settings");
                new TreeMap<>(recipe.settings())
                        .forEach((key, value) -> json.writeStringProperty(Json.key(key), value));
                json.writeEndObject();
            }
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    /** An entry; a decision names its composition by this id. */
    static byte[] entry(long seq, Entry entry, String composition) {
        return line(json -> {
            if (entry instanceof Entry.Decided decided) {
                decided(json, seq, decided, composition);
            } else if (entry instanceof Entry.Stepped stepped) {
                event(json, EVENT, seq, stepped.event());
            } else if (entry instanceof Entry.Accounted accounted) {
                account(json, seq, accounted.account());
            } else if (entry instanceof Entry.Overridden overridden) {
                overridden(json, seq, overridden);
            } else if (entry instanceof Entry.Alerted alerted) {
                alerted(json, seq, alerted);
            } else if (entry instanceof Entry.Lost lost) {
                entryHead(json, LOST, seq, lost);
                json.writeNumberProperty("count", lost.count());
                json.writeStringProperty("why", lost.why());
            } else {
                throw new IllegalArgumentException("no line for a " + entry.getClass());
            }
        });
    }

    private static void head(JsonGenerator json, String type, long seq) {
        json.writeStringProperty("type", type);
        json.writeNumberProperty("seq", seq);
    }

    private static void entryHead(JsonGenerator json, String type, long seq, Entry entry) {
        head(json, type, seq);
        json.writeStringProperty("pool", entry.pool());
        json.writeStringProperty("at", entry.at().toString());
    }

    private static void decided(JsonGenerator json, long seq, Entry.Decided decided, String composition) {
        Decision decision = decided.decision();
        head(json, DECISION, seq);
        json.writeStringProperty("pool", decision.pool());
        json.writeNumberProperty("id", decision.id());
        json.writeStringProperty("at", decision.at().toString());
        json.writeNumberProperty("from", decision.from());
        json.writeNumberProperty("to", decision.to());
        json.writeStringProperty("cause", Json.name(decision.cause()));
        json.writeStringProperty("why", why(decision));
        json.writeStringProperty("trigger", Json.name(decision.origin().trigger()));
        json.writeStringProperty("mode", Json.name(decision.origin().mode()));
        json.writeNumberProperty("atNanos", decision.atNanos());
        json.writeNumberProperty("sinceNanos", decision.origin().sinceNanos());
        json.writeArrayPropertyStart("proposals");
        for (Proposal proposal : decision.proposals()) {
            json.writeStartObject();
            json.writeStringProperty("policy", proposal.policy());
            if (proposal instanceof Wants wants) {
                json.writeNumberProperty("replicas", wants.replicas());
                number(json, "demand", wants.demand());
                json.writeStringProperty("cause", Json.name(wants.cause()));
            }
            json.writeStringProperty("why", proposal.why());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayPropertyStart("guardrails");
        for (Narrowing narrowing : decision.narrowings()) {
            json.writeStartObject();
            json.writeStringProperty("guardrail", narrowing.guardrail());
            json.writeNumberProperty("replicas", narrowing.replicas());
            json.writeStringProperty("why", narrowing.why());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayPropertyStart("alternatives");
        for (Alternative alternative : decision.alternatives()) {
            json.writeStartObject();
            json.writeNumberProperty("replicas", alternative.replicas());
            json.writeStringProperty("why", alternative.why());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeObjectPropertyStart("inputs");
        InputsCodec.write(json, decided.inputs(), composition);
        json.writeEndObject();
    }

    /** Words of what drove it: who overrode it, else the policy whose cause it has. For people; not read again. */
    private static String why(Decision decision) {
        for (Narrowing narrowing : decision.narrowings()) {
            if (narrowing.narrowed() && narrowing.guardrail().equals(Decision.OVERRIDE)) {
                return narrowing.why();
            }
        }
        @Nullable Wants highest = null;
        for (Proposal proposal : decision.proposals()) {
            if (proposal instanceof Wants wants
                    && wants.cause() == decision.cause()
                    && (highest == null || wants.replicas() > highest.replicas())) {
                highest = wants;
            }
        }
        return highest == null ? "" : highest.why();
    }

    private static void event(JsonGenerator json, String type, long seq, ScaleEvent event) {
        Step latest = event.latest();
        head(json, type, seq);
        json.writeStringProperty("pool", event.pool());
        json.writeStringProperty("id", event.id());
        json.writeStringProperty("at", latest.at().toString());
        json.writeStringProperty("phase", Json.name(latest.phase()));
        json.writeNumberProperty("from", event.from());
        json.writeNumberProperty("to", event.to());
        json.writeStringProperty("cause", Json.name(event.cause()));
        json.writeStringProperty("why", latest.detail());
        json.writeNumberProperty("decision", event.decisionId());
        json.writeArrayPropertyStart("steps");
        for (Step step : event.steps()) {
            json.writeStartObject();
            json.writeStringProperty("phase", Json.name(step.phase()));
            json.writeStringProperty("at", step.at().toString());
            json.writeNumberProperty("atNanos", step.atNanos());
            if (!step.detail().isEmpty()) {
                json.writeStringProperty("detail", step.detail());
            }
            if (step.refusal().isPresent()) {
                json.writeStringProperty("refusal", Json.name(step.refusal().get()));
            }
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void account(JsonGenerator json, long seq, Account account) {
        head(json, ACCOUNT, seq);
        json.writeStringProperty("pool", account.pool());
        json.writeStringProperty("id", account.event());
        json.writeStringProperty("at", account.at().toString());
        json.writeNumberProperty("from", account.from());
        json.writeNumberProperty("to", account.to());
        json.writeStringProperty("outcome", Json.name(account.outcome()));
        // Sums for people and jq; not read again.
        number(json, "cost", account.cost());
        json.writeNumberProperty("broken", account.broken());
        json.writeNumberProperty("decision", account.decisionId());
        duration(json, "lasted", account.lasted());
        json.writeObjectPropertyStart("stages");
        new TreeMap<>(account.stages()).forEach((stage, time) -> duration(json, Json.name(stage), time));
        json.writeEndObject();
        number(json, "usedBefore", account.usedBefore());
        number(json, "usedAfter", account.usedAfter());
        number(json, "replicaSeconds", account.replicaSeconds());
        number(json, "addedReplicaSeconds", account.addedReplicaSeconds());
        number(json, "pricePerHour", account.pricePerHour());
        json.writeNumberProperty("completed", account.completed());
        json.writeObjectPropertyStart("tiers");
        new TreeMap<>(account.tiers()).forEach((tier, kept) -> {
            json.writeObjectPropertyStart(Json.key(tier));
            json.writeNumberProperty("evaluated", kept.evaluated());
            json.writeNumberProperty("broken", kept.broken());
            json.writeEndObject();
        });
        json.writeEndObject();
        json.writeObjectPropertyStart("brokenByStage");
        new TreeMap<>(account.brokenByStage())
                .forEach((stage, broken) -> json.writeNumberProperty(Json.name(stage), broken));
        json.writeEndObject();
    }

    private static void overridden(JsonGenerator json, long seq, Entry.Overridden overridden) {
        entryHead(json, OVERRIDE, seq, overridden);
        overridden.said().ifPresent(said -> said(json, said));
    }

    static void said(JsonGenerator json, Inputs.Said said) {
        said.replicas().ifPresent(replicas -> json.writeNumberProperty("replicas", replicas));
        json.writeStringProperty("by", said.by());
        json.writeStringProperty("why", said.why());
        duration(json, "lifetime", said.lifetime());
    }

    private static void alerted(JsonGenerator json, long seq, Entry.Alerted alerted) {
        entryHead(json, ALERT, seq, alerted);
        json.writeStringProperty("alert", alerted.alert());
        json.writeBooleanProperty("firing", alerted.firing());
        json.writeStringProperty("severity", alerted.severity());
        json.writeStringProperty("what", alerted.what());
    }

    static void duration(JsonGenerator json, String name, Duration value) {
        json.writeStringProperty(name, value.toString());
    }

    static void number(JsonGenerator json, String name, double value) {
        json.writeName(Json.key(name));
        number(json, value);
    }

    /** A number in its shortest form that reads back to the same bits; as a text where JSON has none. */
    static void number(JsonGenerator json, double value) {
        long whole = (long) value;
        if (!Double.isFinite(value)) {
            json.writeString(String.valueOf(value));
        } else if (whole == value && Math.abs(whole) < 1L << 53 && (whole != 0 || 1 / value > 0)) {
            json.writeNumber(whole);
        } else {
            json.writeNumber(value);
        }
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    private static JsonParser parser(byte[] bytes, int from, int length) {
        // As characters and not as bytes, so that lone surrogates in names survive as they do in values.
        String text = new String(bytes, from, length, StandardCharsets.ISO_8859_1);
        return Json.FACTORY.createParser(ObjectReadContext.empty(), text);
    }

    /** A whole line, without its line break. */
    static Json read(byte[] bytes, int from, int length) {
        try (JsonParser parser = parser(bytes, from, length)) {
            return Json.read(parser);
        }
    }

    /** The first fields of a line, without the rest. */
    static Head head(byte[] bytes, int from, int length) {
        // What counts stands in front of all that may be long; reading ends there.
        Map<String, String> found = new HashMap<>();
        long seq = -1;
        try (JsonParser parser = parser(bytes, from, length)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("it is no JSON object");
            }
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (value == JsonToken.START_OBJECT || value == JsonToken.START_ARRAY) {
                    break;
                }
                if (name.equals("seq")) {
                    seq = parser.getLongValue();
                } else {
                    found.putIfAbsent(name, parser.getString());
                }
                if (name.equals("at")) {
                    break;
                }
            }
        }
        String type = found.get("type");
        if (type == null || seq < 0) {
            throw new IllegalArgumentException(type == null ? "type is missing" : "seq is missing");
        }
        String at = found.get("at");
        return new Head(
                type,
                seq,
                found.getOrDefault("pool", ""),
                found.getOrDefault("id", ""),
                at == null ? null : Instant.parse(at));
    }

    static Header header(Json line) {
        return new Header(line.whole("seq"), line.integer("version"), line.text("run"), line.integer("carried"));
    }

    static Map<String, Long> carried(Json line) {
        Json decisions = line.object("decisions");
        Map<String, Long> last = new HashMap<>();
        decisions.names().forEach(pool -> last.put(pool, decisions.whole(pool)));
        return last;
    }

    static Composition composition(Json line) {
        return new Composition(parts(line, "policies"), parts(line, "guardrails"));
    }

    private static List<Part> parts(Json line, String name) {
        List<Part> parts = new ArrayList<>();
        for (Json part : line.objects(name)) {
            Optional<Recipe> recipe = Optional.empty();
            if (part.has("type")) {
                Json settings = part.object("settings");
                Map<String, String> values = new HashMap<>();
                settings.names().forEach(key -> values.put(key, settings.text(key)));
                recipe = Optional.of(new Recipe(part.text("type"), values));
            }
            parts.add(new Part(part.text("name"), recipe));
        }
        return parts;
    }

    /**
     * The entry of a line; empty if it holds none, or one of a kind that this version does not know.
     *
     * @throws RuntimeException if it cannot be read
     */
    static Optional<Entry> entry(Json line, InputsCodec inputs) {
        return switch (line.text("type")) {
            case DECISION -> Optional.of(new Entry.Decided(decision(line), inputs.read(line.object("inputs"))));
            case EVENT -> Optional.of(new Entry.Stepped(event(line)));
            case ACCOUNT -> Optional.of(new Entry.Accounted(account(line)));
            case OVERRIDE ->
                Optional.of(new Entry.Overridden(
                        line.text("pool"),
                        line.instant("at"),
                        line.has("by") ? Optional.of(said(line)) : Optional.empty()));
            case ALERT ->
                Optional.of(new Entry.Alerted(
                        line.text("pool"),
                        line.instant("at"),
                        line.text("alert"),
                        line.flag("firing"),
                        line.text("severity"),
                        line.text("what")));
            case LOST -> Optional.of(new Entry.Lost(line.instant("at"), line.whole("count"), line.text("why")));
            default -> Optional.empty();
        };
    }

    static Inputs.Said said(Json said) {
        OptionalInt replicas = said.has("replicas") ? OptionalInt.of(said.integer("replicas")) : OptionalInt.empty();
        return new Inputs.Said(replicas, said.duration("lifetime"), said.text("by"), said.text("why"));
    }

    static Decision decision(Json line) {
        return new Decision(
                line.whole("id"),
                line.text("pool"),
                line.instant("at"),
                line.whole("atNanos"),
                line.integer("from"),
                line.integer("to"),
                line.choice("cause", Cause.class),
                each(
                        line,
                        "proposals",
                        it -> it.has("replicas")
                                ? new Wants(
                                        it.text("policy"),
                                        it.integer("replicas"),
                                        it.number("demand"),
                                        it.choice("cause", Cause.class),
                                        it.text("why"))
                                : new Abstains(it.text("policy"), it.text("why"))),
                each(
                        line,
                        "guardrails",
                        it -> new Narrowing(it.text("guardrail"), it.integer("replicas"), it.text("why"))),
                each(line, "alternatives", it -> new Alternative(it.integer("replicas"), it.text("why"))),
                new Origin(
                        line.choice("trigger", Trigger.class),
                        line.whole("sinceNanos"),
                        line.choice("mode", Mode.class)));
    }

    static <T> List<T> each(Json line, String name, Function<Json, T> read) {
        List<T> all = new ArrayList<>();
        line.objects(name).forEach(it -> all.add(read.apply(it)));
        return all;
    }

    static ScaleEvent event(Json line) {
        return new ScaleEvent(
                line.text("id"),
                line.text("pool"),
                line.whole("decision"),
                line.integer("from"),
                line.integer("to"),
                line.choice("cause", Cause.class),
                each(
                        line,
                        "steps",
                        it -> new Step(
                                it.choice("phase", Phase.class),
                                it.instant("at"),
                                it.whole("atNanos"),
                                it.textOr("detail", ""),
                                it.has("refusal")
                                        ? Optional.of(it.choice("refusal", Refusal.class))
                                        : Optional.empty())));
    }

    private static Account account(Json line) {
        Json times = line.object("stages");
        Map<Stage, Duration> stages = new EnumMap<>(Stage.class);
        times.names().forEach(stage -> stages.put(Json.constant(Stage.class, stage), times.duration(stage)));
        Json byTier = line.object("tiers");
        Map<String, Kept> tiers = new HashMap<>();
        byTier.names().forEach(tier -> {
            Json kept = byTier.object(tier);
            tiers.put(tier, new Kept(kept.whole("evaluated"), kept.whole("broken")));
        });
        Json byStage = line.object("brokenByStage");
        Map<Stage, Long> broken = new EnumMap<>(Stage.class);
        byStage.names().forEach(stage -> broken.put(Json.constant(Stage.class, stage), byStage.whole(stage)));
        return new Account(
                line.text("id"),
                line.text("pool"),
                line.whole("decision"),
                line.instant("at"),
                line.integer("from"),
                line.integer("to"),
                line.choice("outcome", Phase.class),
                line.duration("lasted"),
                stages,
                line.number("usedBefore"),
                line.number("usedAfter"),
                line.number("replicaSeconds"),
                line.number("addedReplicaSeconds"),
                line.number("pricePerHour"),
                line.whole("completed"),
                tiers,
                broken);
    }

    /** Bytes of several lines, one after the other. */
    static byte[] joined(List<byte[]> lines) {
        int length = 0;
        for (byte[] line : lines) {
            length += line.length;
        }
        byte[] all = new byte[length];
        int at = 0;
        for (byte[] line : lines) {
            System.arraycopy(line, 0, all, at, line.length);
            at += line.length;
        }
        return all;
    }
}
