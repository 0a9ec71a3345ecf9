/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.webhook;

import io.tidegate.alert.Alert;
import io.tidegate.engine.spi.Birth;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.ledger.Refusal;
import io.tidegate.policy.ReplicaMath;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/** The bodies of requests and answers. */
final class WebhookJson {

    private static final int MOST_TEXT = 1000;

    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(16)
                    .maxStringLength(64 * 1024)
                    .maxNumberLength(30)
                    .build())
            .build();

    private WebhookJson() {}

    /** Something that is no JSON of the form wanted. */
    static final class FormException extends Exception {
        private static final long serialVersionUID = 1L;

        FormException(String message) {
            super(message);
        }
    }

    static byte[] request(ScaleRequest request) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
            json.writeStartObject();
            json.writeStringProperty("pool", request.pool());
            json.writeNumberProperty("from", request.from());
            json.writeNumberProperty("to", request.to());
            json.writeNumberProperty("decision", request.decisionId());
            json.writeStringProperty("reason", request.reason());
            json.writeStringProperty("key", request.key());
            json.writeEndObject();
        }
        return out.toByteArray();
    }

    static byte[] alert(Alert alert) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
            json.writeStartObject();
            json.writeStringProperty("alert", alert.kind().code());
            json.writeStringProperty("pool", whole(alert.pool()));
            json.writeBooleanProperty("firing", alert.firing());
            json.writeStringProperty("severity", alert.severity().code());
            json.writeStringProperty("since", alert.since().toString());
            json.writeStringProperty("at", alert.at().toString());
            json.writeStringProperty("what", whole(alert.what()));
            json.writeStringProperty("todo", whole(alert.todo()));
            json.writeEndObject();
        }
        return out.toByteArray();
    }

    /** Halves of pairs, which others' texts may have in them and JSON may not, become question marks. */
    private static String whole(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    /**
     * What an answer says beyond its code; each null if it does not.
     *
     * @param refusal why it was not done
     * @param message in words
     * @param retryAfter how long it asks to be left alone
     */
    record Said(
            @Nullable Refusal refusal,
            @Nullable String message,
            @Nullable Duration retryAfter) {
        static final Said NOTHING = new Said(null, null, null);
    }

    /** What an answer says; nothing, if it is no JSON object or broken, as the answers of proxies are. */
    static Said said(String body) {
        Refusal refusal = null;
        String message = null;
        Duration retryAfter = null;
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), body)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                return Said.NOTHING;
            }
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                if (name.equals("refusal") && value == JsonToken.VALUE_STRING) {
                    refusal = refusal(json.getString());
                } else if (name.equals("message") && value == JsonToken.VALUE_STRING) {
                    message = json.getString();
                } else if (name.equals("retryAfterSeconds") && value == JsonToken.VALUE_NUMBER_INT) {
                    retryAfter = Duration.ofSeconds(Math.max(0, Math.min(3600, json.getLongValue())));
                } else {
                    json.skipChildren();
                }
            }
            return new Said(refusal, message, retryAfter);
        } catch (JacksonException e) {
            return Said.NOTHING;
        }
    }

    private static @Nullable Refusal refusal(String text) {
        for (Refusal each : Refusal.values()) {
            if (each.name().equals(text.toUpperCase(Locale.ROOT))) {
                return each;
            }
        }
        return null;
    }

    /**
     * A status.
     *
     * @throws FormException saying what is wrong with it
     */
    static ReplicaStatus status(byte[] body) throws FormException {
        Integer desired = null;
        Integer running = null;
        Integer ready = null;
        List<Birth> births = List.of();
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), body)) {
            need(json.nextToken() == JsonToken.START_OBJECT, "is no JSON object");
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                switch (name) {
                    case "desired" -> desired = count(json, value, name);
                    case "running" -> running = count(json, value, name);
                    case "ready" -> ready = count(json, value, name);
                    case "births" -> births = births(json, value);
                    default -> json.skipChildren();
                }
            }
            need(json.currentToken() == JsonToken.END_OBJECT && json.nextToken() == null, "goes on after its end");
        } catch (JacksonException e) {
            throw new FormException("is no JSON that can be read");
        }
        if (desired == null || running == null || ready == null) {
            throw new FormException("must have desired, running and ready");
        }
        return new ReplicaStatus(desired, running, ready, births);
    }

    private static int count(JsonParser json, @Nullable JsonToken value, String name) throws FormException {
        if (value == JsonToken.VALUE_NUMBER_INT) {
            try {
                int found = json.getIntValue();
                if (found >= 0 && found <= ReplicaMath.MANY) {
                    return found;
                }
            } catch (JacksonException e) {
                // Said below.
            }
        }
        throw new FormException("must have a whole number from 0 to " + ReplicaMath.MANY + " as " + name);
    }

    private static List<Birth> births(JsonParser json, @Nullable JsonToken value) throws FormException {
        need(value == JsonToken.START_ARRAY, "must have a list as births");
        List<Birth> births = new ArrayList<>();
        while (json.nextToken() == JsonToken.START_OBJECT) {
            String replica = null;
            Instant created = null;
            Instant scheduled = null;
            Instant started = null;
            Instant ready = null;
            while (json.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = json.currentName();
                boolean text = json.nextToken() == JsonToken.VALUE_STRING;
                String found = text ? json.getString() : null;
                switch (name) {
                    case "replica" -> replica = found;
                    case "created" -> created = instant(found);
                    case "scheduled" -> scheduled = instant(found);
                    case "started" -> started = instant(found);
                    case "ready" -> ready = instant(found);
                    default -> json.skipChildren();
                }
            }
            // What cannot be is left out: births are for the account, and decide nothing.
            if (replica != null && replica.length() <= MOST_TEXT && created != null) {
                births.add(new Birth(replica, created, scheduled, started, ready));
            }
        }
        need(json.currentToken() == JsonToken.END_ARRAY, "must have objects in births");
        return births;
    }

    private static @Nullable Instant instant(@Nullable String text) {
        try {
            return text == null ? null : Instant.parse(text);
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    private static void need(boolean holds, String otherwise) throws FormException {
        if (!holds) {
            throw new FormException(otherwise);
        }
    }
}
