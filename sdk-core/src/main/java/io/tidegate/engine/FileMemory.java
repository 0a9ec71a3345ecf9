/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.engine.spi.EngineMemory;
import io.tidegate.policy.Learned;
import io.tidegate.policy.ReplicaMath;
import io.tidegate.pool.Capacity;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * A memory in a folder: a file of JSON for each pool, replaced as a whole, so that a crash leaves either what was or what is.
 *
 * <p>A file that is damaged, of another form or larger than 1 MiB is not read, and says so; it is replaced at the next save. What would be larger is not written. Safe for
 * many threads. Two processes that scale the same pool must not share a folder.
 *
 * @since 0.1.0
 */
public final class FileMemory implements EngineMemory {

    static final JsonFactory JSON = new JsonFactory();
    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_DEPTH = 8;

    /** Letters of a pool's name in a file's name, which may be of 255. */
    private static final int MAX_NAME = 160;

    private static final int VERSION = 1;

    private final Path folder;
    private final ReentrantLock lock = new ReentrantLock();

    private FileMemory(Path folder) {
        this.folder = folder;
    }

    /**
     * Keeps memories in a folder, which is made if there is none.
     *
     * @throws IOException if it cannot be made
     */
    public static FileMemory in(Path folder) throws IOException {
        Files.createDirectories(folder);
        return new FileMemory(folder);
    }

    @Override
    public Optional<PoolMemory> load(String pool) throws IOException {
        Path file = file(pool);
        byte[] bytes;
        lock.lock();
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new IOException(file + " is larger than " + MAX_BYTES + " bytes and is not read");
            }
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } finally {
            lock.unlock();
        }
        try {
            return Optional.of(memory(fields(bytes)));
        } catch (IllegalArgumentException e) {
            throw new IOException(
                    file + " cannot be read as the memory of a pool and is ignored: " + e.getMessage(), e);
        }
    }

    @Override
    public void save(String pool, PoolMemory memory) throws IOException {
        byte[] bytes = (write(memory, json -> {}) + "\n").getBytes(StandardCharsets.UTF_8);
        Path file = file(pool);
        if (bytes.length > MAX_BYTES) {
            // What cannot be read again must not take the place of what can.
            throw new IOException("the memory of pool " + pool + " is of " + bytes.length + " bytes, more than "
                    + MAX_BYTES + ", and is not kept in " + file);
        }
        Path next = file.resolveSibling(file.getFileName() + ".next");
        lock.lock();
        try {
            Files.write(
                    next,
                    bytes,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.SYNC);
            try {
                Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Names of pools may hold what file names must not. */
    private Path file(String pool) {
        StringBuilder name = new StringBuilder();
        for (byte each : pool.getBytes(StandardCharsets.UTF_8)) {
            char letter = (char) (each & 0xff);
            boolean plain = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-';
            name.append(plain ? String.valueOf(letter) : String.format("_%02x", each & 0xff));
        }
        if (name.length() > MAX_NAME) {
            UUID digest = UUID.nameUUIDFromBytes(pool.getBytes(StandardCharsets.UTF_8));
            name.setLength(MAX_NAME);
            name.append('~').append(digest);
        }
        return folder.resolve(name + ".memory.json");
    }

    /** In one line, with whatever more is written after. */
    static String write(PoolMemory memory, Consumer<JsonGenerator> more) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
            json.writeStartObject();
            json.writeNumberProperty("version", VERSION);
            json.writeStringProperty("savedAt", memory.savedAt().toString());
            json.writeNumberProperty("desired", memory.desired());
            json.writeArrayPropertyStart("proposals");
            for (PoolMemory.Wanted wanted : memory.proposals()) {
                json.writeStartObject();
                json.writeNumberProperty("ageSeconds", wanted.age().toNanos() / 1e9);
                json.writeNumberProperty("replicas", wanted.replicas());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeArrayPropertyStart("changes");
            for (PoolMemory.Changed changed : memory.changes()) {
                json.writeStartObject();
                json.writeNumberProperty("ageSeconds", changed.age().toNanos() / 1e9);
                json.writeNumberProperty("from", changed.from());
                json.writeNumberProperty("to", changed.to());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeObjectPropertyStart("learned");
            for (Map.Entry<String, Learned> each : memory.learned().entrySet()) {
                json.writeObjectPropertyStart(each.getKey());
                for (Map.Entry<String, Double> number :
                        each.getValue().numbers().entrySet()) {
                    json.writeNumberProperty(number.getKey(), number.getValue());
                }
                json.writeEndObject();
            }
            json.writeEndObject();
            if (memory.capacity().known()) {
                json.writeObjectPropertyStart("capacity");
                number(json, "tokensPerSecond", memory.capacity().tokensPerSecond());
                number(json, "requestsPerSecond", memory.capacity().requestsPerSecond());
                json.writeNumberProperty("samples", memory.capacity().samples());
                json.writeEndObject();
            }
            json.writeArrayPropertyStart("secondsToReady");
            for (Duration each : memory.timesToReady()) {
                json.writeNumber(each.toNanos() / 1e9);
            }
            json.writeEndArray();
            if (memory.override().isPresent()) {
                PoolMemory.Said said = memory.override().get();
                json.writeObjectPropertyStart("override");
                OptionalInt replicas = said.override().replicas();
                if (replicas.isPresent()) {
                    json.writeNumberProperty("replicas", replicas.getAsInt());
                }
                json.writeNumberProperty("seconds", said.override().lifetime().toNanos() / 1e9);
                json.writeStringProperty("by", said.override().by());
                json.writeStringProperty("why", said.override().why());
                json.writeStringProperty("until", said.until().toString());
                json.writeEndObject();
            }
            more.accept(json);
            json.writeEndObject();
        }
        return text.toString();
    }

    private static void number(JsonGenerator json, String name, double value) {
        if (!Double.isNaN(value)) {
            json.writeNumberProperty(name, value);
        }
    }

    /**
     * The fields of an object in JSON.
     *
     * @throws IllegalArgumentException if it is none
     */
    static Map<String, Object> fields(byte[] json) {
        try {
            return object(parse(json));
        } catch (JacksonException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /**
     * The memory that fields tell of; those it does not know do not matter.
     *
     * @throws IllegalArgumentException if they tell of none
     */
    static PoolMemory memory(Map<String, Object> json) {
        try {
            return known(json);
        } catch (ClassCastException | NullPointerException | ArithmeticException | DateTimeException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static PoolMemory known(Map<String, Object> json) {
        int version = whole(json.get("version"), Integer.MAX_VALUE);
        if (version != VERSION) {
            throw new IllegalArgumentException("it is of version " + version + " and this reads " + VERSION);
        }
        List<PoolMemory.Wanted> proposals = new ArrayList<>();
        for (Object each : list(json.get("proposals"))) {
            Map<String, Object> wanted = object(each);
            proposals.add(new PoolMemory.Wanted(
                    seconds(wanted.get("ageSeconds")), whole(wanted.get("replicas"), ReplicaMath.MANY)));
        }
        List<PoolMemory.Changed> changes = new ArrayList<>();
        for (Object each : list(json.get("changes"))) {
            Map<String, Object> changed = object(each);
            changes.add(new PoolMemory.Changed(
                    seconds(changed.get("ageSeconds")),
                    whole(changed.get("from"), ReplicaMath.MANY),
                    whole(changed.get("to"), ReplicaMath.MANY)));
        }
        Map<String, Learned> learned = new HashMap<>();
        object(json.get("learned")).forEach((policy, numbers) -> {
            Map<String, Double> values = new HashMap<>();
            object(numbers).forEach((name, value) -> values.put(name, number(value)));
            learned.put(policy, new Learned(values));
        });
        List<Duration> timesToReady = new ArrayList<>();
        for (Object each : list(json.get("secondsToReady"))) {
            timesToReady.add(seconds(each));
        }
        return new PoolMemory(
                Instant.parse(text(json.get("savedAt"))),
                whole(json.get("desired"), ReplicaMath.MANY),
                proposals,
                changes,
                learned,
                json.containsKey("capacity") ? capacity(object(json.get("capacity"))) : Capacity.UNKNOWN,
                timesToReady,
                json.containsKey("override") ? Optional.of(said(object(json.get("override")))) : Optional.empty());
    }

    private static Capacity capacity(Map<String, Object> json) {
        return new Capacity(
                json.containsKey("tokensPerSecond") ? number(json.get("tokensPerSecond")) : Double.NaN,
                json.containsKey("requestsPerSecond") ? number(json.get("requestsPerSecond")) : Double.NaN,
                (long) number(json.get("samples")));
    }

    private static PoolMemory.Said said(Map<String, Object> json) {
        Duration lifetime = seconds(json.get("seconds"));
        String by = text(json.get("by"));
        String why = text(json.get("why"));
        ManualOverride override = json.containsKey("replicas")
                ? ManualOverride.pin(whole(json.get("replicas"), ReplicaMath.MANY), lifetime, by, why)
                : ManualOverride.pause(lifetime, by, why);
        return new PoolMemory.Said(override, Instant.parse(text(json.get("until"))));
    }

    // ---- values that may be anything -------------------------------------------------------------------------------

    private static String text(@Nullable Object value) {
        if (value instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException("a text was expected and not " + value);
    }

    private static double number(@Nullable Object value) {
        if (value instanceof Double number && Double.isFinite(number)) {
            return number;
        }
        throw new IllegalArgumentException("a number was expected and not " + value);
    }

    private static int whole(@Nullable Object value, int most) {
        double number = number(value);
        if (number < 0 || number > most || number != Math.rint(number)) {
            throw new IllegalArgumentException("a whole number from 0 to " + most + " was expected and not " + number);
        }
        return (int) number;
    }

    private static Duration seconds(@Nullable Object value) {
        double number = number(value);
        if (number < 0 || number > 1e9) {
            throw new IllegalArgumentException("seconds from 0 to 1e9 were expected and not " + number);
        }
        return Duration.ofNanos(Math.round(number * 1e9));
    }

    @SuppressWarnings("unchecked") // parse() makes no other maps
    private static Map<String, Object> object(@Nullable Object value) {
        if (value instanceof Map) {
            return (Map<String, Object>) value;
        }
        throw new IllegalArgumentException("an object was expected and not " + value);
    }

    private static List<?> list(@Nullable Object value) {
        if (value instanceof List<?> list) {
            return list;
        }
        throw new IllegalArgumentException("a list was expected and not " + value);
    }

    private static Object parse(byte[] bytes) {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), bytes)) {
            parser.nextToken();
            Object value = value(parser, 0);
            if (parser.nextToken() != null) {
                throw new IllegalArgumentException("something follows its end");
            }
            return value;
        }
    }

    private static Object value(JsonParser parser, int depth) {
        JsonToken token = parser.currentToken();
        if (token == null || depth > MAX_DEPTH) {
            throw new IllegalArgumentException(token == null ? "it is empty" : "it is nested too deep");
        }
        switch (token) {
            case START_OBJECT -> {
                Map<String, Object> object = new HashMap<>();
                while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                    String name = parser.currentName();
                    parser.nextToken();
                    object.put(name, value(parser, depth + 1));
                }
                return object;
            }
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser, depth + 1));
                }
                return list;
            }
            case VALUE_STRING -> {
                return parser.getString();
            }
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
                return parser.getDoubleValue();
            }
            case VALUE_TRUE, VALUE_FALSE, VALUE_NULL -> {
                // Nothing here is of these, but a later version may add what is; it is no text, number, list or object.
                return token;
            }
            default -> throw new IllegalArgumentException("unexpected " + token);
        }
    }
}
