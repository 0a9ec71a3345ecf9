/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Narrowing;
import io.tidegate.log.BoundedLog;
import io.tidegate.policy.Proposal;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * A ledger in a file, one JSON object a line, appended and never rewritten.
 *
 * <p>Each line is written whole before the call returns and survives the end of this process; it is forced to the disk when the
 * ledger is closed. A last line that a crash or a full disk cut short is closed with a line break before the next is written,
 * so that it spoils no other. Several ledgers, also of several processes, may write one file. Decisions are lines with
 * {@code "type":"decision"}, steps have {@code "type":"event"}.
 *
 * @since 0.1.0
 */
public final class FileLedger implements Ledger {

    private static final Logger LOG = BoundedLog.of(FileLedger.class);
    private static final JsonFactory JSON = new JsonFactory();

    private final Object lock = new Object();
    private final Path file;

    /**
     * Appends wherever the end is by then, and unlike a channel is not closed for good when a thread that writes is interrupted.
     * Guarded by the lock, as the two below.
     */
    private final FileOutputStream out;

    /** Whether the last line may be cut short: nobody has looked since the file was opened, or a write failed. */
    private boolean unsure = true;

    private boolean closed;

    private FileLedger(Path file, FileOutputStream out) {
        this.file = file;
        this.out = out;
    }

    /**
     * Opens a ledger, making the file and its folders if there are none.
     *
     * @throws UncheckedIOException if the file cannot be written
     */
    public static FileLedger open(Path file) {
        try {
            Path parent = file.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            return new FileLedger(file, new FileOutputStream(file.toFile(), true));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the ledger " + file + ": " + e.getMessage(), e);
        }
    }

    private static boolean endsTorn(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "r")) {
            if (content.length() == 0) {
                return false;
            }
            content.seek(content.length() - 1);
            boolean torn = content.read() != '\n';
            if (torn) {
                LOG.warn("the last line of the ledger {} is cut short; a new line begins", file);
            }
            return torn;
        }
    }

    @Override
    public CompletableFuture<Void> append(Entry entry) {
        try {
            if (entry instanceof Entry.Decided decided) {
                decided(decided.decision());
            } else if (entry instanceof Entry.Stepped stepped) {
                stepped(stepped.event());
            }
            return CompletableFuture.completedFuture(null);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private void decided(Decision decision) {
        StringWriter line = new StringWriter();
        try (JsonGenerator json = generator(line)) {
            json.writeStartObject();
            json.writeStringProperty("type", "decision");
            json.writeStringProperty("pool", decision.pool());
            json.writeNumberProperty("id", decision.id());
            json.writeStringProperty("at", decision.at().toString());
            json.writeNumberProperty("atNanos", decision.atNanos());
            json.writeNumberProperty("from", decision.from());
            json.writeNumberProperty("to", decision.to());
            json.writeStringProperty("cause", lower(decision.cause()));
            json.writeArrayPropertyStart("proposals");
            for (Proposal proposal : decision.proposals()) {
                json.writeStartObject();
                json.writeStringProperty("policy", proposal.policy());
                if (proposal instanceof Proposal.Wants wants) {
                    json.writeNumberProperty("replicas", wants.replicas());
                    json.writeStringProperty("cause", lower(wants.cause()));
                }
                json.writeStringProperty("why", proposal.why());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeArrayPropertyStart("guardrails");
            for (Narrowing narrowing : decision.narrowings()) {
                if (narrowing.narrowed()) {
                    json.writeStartObject();
                    json.writeStringProperty("guardrail", narrowing.guardrail());
                    json.writeNumberProperty("replicas", narrowing.replicas());
                    json.writeStringProperty("why", narrowing.why());
                    json.writeEndObject();
                }
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        append(line);
    }

    private void stepped(ScaleEvent event) {
        ScaleEvent.Step step = event.latest();
        StringWriter line = new StringWriter();
        try (JsonGenerator json = generator(line)) {
            json.writeStartObject();
            json.writeStringProperty("type", "event");
            json.writeStringProperty("pool", event.pool());
            json.writeStringProperty("id", event.id());
            json.writeNumberProperty("decision", event.decisionId());
            json.writeNumberProperty("from", event.from());
            json.writeNumberProperty("to", event.to());
            json.writeStringProperty("cause", lower(event.cause()));
            json.writeStringProperty("phase", lower(step.phase()));
            json.writeStringProperty("at", step.at().toString());
            json.writeNumberProperty("atNanos", step.atNanos());
            json.writeNumberProperty(
                    "sinceDecidedNanos", step.atNanos() - event.steps().get(0).atNanos());
            if (!step.detail().isEmpty()) {
                json.writeStringProperty("detail", step.detail());
            }
            json.writeEndObject();
        }
        append(line);
    }

    private static JsonGenerator generator(StringWriter line) {
        return JSON.createGenerator(tools.jackson.core.ObjectWriteContext.empty(), line)
                .configure(StreamWriteFeature.AUTO_CLOSE_TARGET, true);
    }

    private void append(StringWriter line) {
        synchronized (lock) {
            try {
                String lineBreak = unsure && endsTorn(file) ? "\n" : "";
                unsure = true;
                out.write((lineBreak + line + "\n").getBytes(StandardCharsets.UTF_8));
                unsure = false;
            } catch (IOException e) {
                throw new UncheckedIOException("cannot write the ledger " + file + ": " + e.getMessage(), e);
            }
        }
    }

    /** The file it writes. */
    public Path file() {
        return file;
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            try (out) {
                out.getFD().sync();
            } catch (IOException e) {
                throw new UncheckedIOException("cannot close the ledger " + file + ": " + e.getMessage(), e);
            }
        }
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
