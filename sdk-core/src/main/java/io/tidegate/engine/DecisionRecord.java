/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntBinaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;

/**
 * What is known of a pool and its last decision, as a short text that is kept beside what it scales, so that neither a restart nor
 * a new leader forgets it.
 *
 * <p>The text is JSON in one line: the fields of {@link FileMemory}, and {@code epoch}, {@code reason}, {@code lastUp}, {@code lastDown}.
 * Readers pass over fields that they do not know, and {@link #toText} keeps those of the text it replaces; a later version adds fields
 * and leaves {@code version} at 1, so older and newer gateways read each other's, whichever wrote last.
 *
 * @param epoch the term in which it was written, 0 if there are no terms
 * @param reason of the last decision in words, cut to 512 characters; may be empty
 * @param memory what must survive, with the last desired count; the times of its last changes are written out for whoever reads it
 * @since 0.1.0
 */
public record DecisionRecord(long epoch, String reason, PoolMemory memory) {

    private static final int LONGEST_REASON = 512;
    private static final int FEWEST_BYTES = 1024;
    private static final Set<String> KNOWN = Set.of(
            "version",
            "savedAt",
            "desired",
            "proposals",
            "changes",
            "learned",
            "capacity",
            "secondsToReady",
            "override",
            "epoch",
            "reason",
            "lastUp",
            "lastDown");

    public DecisionRecord {
        if (epoch < 0) {
            throw new IllegalArgumentException("epoch must be >= 0 but was " + epoch);
        }
        Objects.requireNonNull(memory, "memory");
        reason = reason.length() <= LONGEST_REASON ? reason : reason.substring(0, LONGEST_REASON);
    }

    /** When the desired count was raised last, if that is remembered, by the wall clock. */
    public Optional<Instant> lastUp() {
        return last(true);
    }

    /** When the desired count was lowered last, if that is remembered, by the wall clock. */
    public Optional<Instant> lastDown() {
        return last(false);
    }

    private Optional<Instant> last(boolean up) {
        return memory.changes().stream()
                .filter(each -> each.to() != each.from() && up == (each.to() > each.from()))
                .map(PoolMemory.Changed::age)
                .min(Duration::compareTo)
                .map(age -> memory.savedAt().minus(age));
    }

    /**
     * The text, of at most so many bytes in UTF-8.
     *
     * <p>Where all of it is more, of what was wanted only those steps remain that are the highest or lowest of some window up to now,
     * which loses nothing that a window's highest or lowest is asked for; then what policies have learned goes, which they learn again.
     *
     * @param replaced the text that it takes the place of, whose unknown fields it keeps, or null; what is no such text is passed over
     * @param mostBytes 1,024 or more
     * @throws IllegalArgumentException if it is of more even then
     */
    public String toText(@Nullable String replaced, int mostBytes) {
        if (mostBytes < FEWEST_BYTES) {
            throw new IllegalArgumentException("mostBytes must be >= 1024 but was " + mostBytes);
        }
        String unknown = replaced == null ? "{}" : unknownOf(replaced);
        String text = write(memory, unknown);
        if (bytes(text) > mostBytes) {
            text = write(with(steps(memory.proposals()), memory), unknown);
        }
        if (bytes(text) > mostBytes) {
            text = write(
                    new PoolMemory(
                            memory.savedAt(),
                            memory.desired(),
                            steps(memory.proposals()),
                            memory.changes(),
                            Map.of(),
                            memory.capacity(),
                            memory.timesToReady(),
                            memory.override()),
                    unknown);
        }
        if (bytes(text) > mostBytes) {
            throw new IllegalArgumentException(
                    "the record is of " + bytes(text) + " bytes, more than " + mostBytes + ", and is not written");
        }
        return text;
    }

    /**
     * What a text tells.
     *
     * @throws IllegalArgumentException if it is no such text, with what is wrong with it
     */
    public static DecisionRecord parse(String text) {
        Map<String, Object> fields = FileMemory.fields(text.getBytes(StandardCharsets.UTF_8));
        Object reason = fields.get("reason");
        return new DecisionRecord(epoch(fields), reason instanceof String said ? said : "", FileMemory.memory(fields));
    }

    /** The epoch of a text, 0 if it tells none or is no such text: also of one whose other fields cannot be read. */
    public static long epochOf(String text) {
        try {
            return epoch(FileMemory.fields(text.getBytes(StandardCharsets.UTF_8)));
        } catch (IllegalArgumentException e) {
            return 0;
        }
    }

    private static long epoch(Map<String, Object> fields) {
        // As a double, exact up to 2^53; terms begin a few times a day.
        return fields.get("epoch") instanceof Double number && number > 0 && number < Long.MAX_VALUE
                ? number.longValue()
                : 0;
    }

    private String write(PoolMemory kept, String unknown) {
        return FileMemory.write(kept, json -> {
            json.writeNumberProperty("epoch", epoch);
            json.writeStringProperty("reason", reason);
            lastUp().ifPresent(at -> json.writeStringProperty("lastUp", at.toString()));
            lastDown().ifPresent(at -> json.writeStringProperty("lastDown", at.toString()));
            copy(unknown, Set.of(), json);
        });
    }

    private static String unknownOf(String replaced) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = FileMemory.JSON.createGenerator(ObjectWriteContext.empty(), text)) {
            json.writeStartObject();
            copy(replaced, KNOWN, json);
            json.writeEndObject();
        } catch (JacksonException e) {
            return "{}";
        }
        return text.toString();
    }

    /** Writes the fields of an object as they are, but for some. */
    private static void copy(String object, Set<String> but, JsonGenerator to) {
        try (JsonParser from = FileMemory.JSON.createParser(ObjectReadContext.empty(), object)) {
            if (from.nextToken() != JsonToken.START_OBJECT) {
                return;
            }
            Set<String> seen = new HashSet<>();
            while (from.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = from.currentName();
                from.nextToken();
                if (but.contains(name) || !seen.add(name)) {
                    from.skipChildren();
                } else {
                    to.writeName(name);
                    to.copyCurrentStructureExact(from);
                }
            }
        }
    }

    private static PoolMemory with(List<PoolMemory.Wanted> proposals, PoolMemory of) {
        return new PoolMemory(
                of.savedAt(),
                of.desired(),
                proposals,
                of.changes(),
                of.learned(),
                of.capacity(),
                of.timesToReady(),
                of.override());
    }

    /** Those that are higher, or lower, than all later ones; the latest is both. In their order, oldest first. */
    private static List<PoolMemory.Wanted> steps(List<PoolMemory.Wanted> proposals) {
        Set<PoolMemory.Wanted> kept = new HashSet<>();
        List<PoolMemory.Wanted> latestFirst = new ArrayList<>(proposals);
        latestFirst.sort((one, other) -> one.age().compareTo(other.age()));
        keepSteps(latestFirst, Math::max, kept);
        keepSteps(latestFirst, Math::min, kept);
        return proposals.stream().filter(kept::contains).toList();
    }

    private static void keepSteps(
            List<PoolMemory.Wanted> latestFirst, IntBinaryOperator further, Set<PoolMemory.Wanted> kept) {
        Integer furthest = null;
        for (PoolMemory.Wanted each : latestFirst) {
            if (furthest == null || further.applyAsInt(furthest, each.replicas()) != furthest) {
                furthest = each.replicas();
                kept.add(each);
            }
        }
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
