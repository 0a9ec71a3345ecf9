/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.benchmarks;

import java.io.StringWriter;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** The report as JSON, with every iteration. What was not measured is null. */
final class JsonReport {

    private static final JsonFactory JSON = new JsonFactory();

    private final JsonGenerator json;
    private final Results results;

    private JsonReport(JsonGenerator json, Results results) {
        this.json = json;
        this.results = results;
    }

    static String of(Run run, Results results) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
            new JsonReport(json, results).write(run);
        }
        return text.append(System.lineSeparator()).toString();
    }

    private void write(Run run) {
        json.writeStartObject();
        json.writeStringProperty("schema", "tidegate.bench.admission/1");
        json.writeBooleanProperty("quick", run.quick());
        json.writeStringProperty("startedAt", run.startedAt().toString());
        json.writeObjectPropertyStart("effort");
        json.writeNumberProperty("forks", run.effort().forks());
        json.writeNumberProperty("warmups", run.effort().warmups());
        json.writeNumberProperty("measurements", run.effort().measurements());
        json.writeNumberProperty("iterationMillis", run.effort().iteration().toMillis());
        json.writeEndObject();
        json.writeObjectPropertyStart("machine");
        run.machine().forEach(json::writeStringProperty);
        number("loadBefore", run.loadBefore());
        number("loadAfter", run.loadAfter());
        json.writeEndObject();
        json.writeObjectPropertyStart("peers");
        run.peers().forEach(json::writeStringProperty);
        json.writeEndObject();
        json.writeArrayPropertyStart("rows");
        results.all().forEach(this::row);
        json.writeEndArray();
        json.writeArrayPropertyStart("aims");
        results.aims().forEach(this::aim);
        json.writeEndArray();
        json.writeEndObject();
    }

    private void row(Figures figures) {
        Row row = figures.row();
        boolean memory = row.group() == Row.Group.MEMORY;
        json.writeStartObject();
        json.writeStringProperty("group", row.group().name().toLowerCase(Locale.ROOT));
        json.writeStringProperty("title", row.group().title);
        json.writeStringProperty("label", row.label());
        json.writeStringProperty("benchmark", row.benchmark());
        json.writeObjectPropertyStart("params");
        row.params().forEach(json::writeStringProperty);
        json.writeEndObject();
        json.writeNumberProperty("threads", row.threads());
        if (memory) {
            json.writeNumberProperty("waiters", WaiterMemory.WAITERS);
            series("bytesPerWaiter", figures, figures.bytes(), Figures.Iteration::bytes);
        } else {
            series("cpuNanos", figures, figures.cpuNanos(), Figures.Iteration::cpuNanos);
            series("wallNanos", figures, figures.wallNanos(), Figures.Iteration::wallNanos);
            series("bytes", figures, figures.bytes(), Figures.Iteration::bytes);
        }
        json.writeStringProperty("peer", row.group().peer);
        number("timesPeer", results.ofPeer(figures));
        json.writeName("failure");
        figures.failure().ifPresentOrElse(json::writeString, json::writeNull);
        json.writeArrayPropertyStart("iterations");
        for (Figures.Iteration each : figures.iterations()) {
            json.writeStartObject();
            json.writeNumberProperty("fork", each.fork());
            if (!memory) {
                number("cpuNanos", OptionalDouble.of(each.cpuNanos()));
                number("wallNanos", OptionalDouble.of(each.wallNanos()));
            }
            number(memory ? "bytesPerWaiter" : "bytes", OptionalDouble.of(each.bytes()));
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private void series(String name, Figures figures, OptionalDouble median, ToDoubleFunction<Figures.Iteration> each) {
        double[] sorted = figures.sorted(each);
        boolean none = sorted.length == 0;
        json.writeObjectPropertyStart(name);
        number("median", median);
        number("min", none ? OptionalDouble.empty() : OptionalDouble.of(sorted[0]));
        number("max", none ? OptionalDouble.empty() : OptionalDouble.of(sorted[sorted.length - 1]));
        json.writeEndObject();
    }

    private void aim(Aim aim) {
        json.writeStartObject();
        json.writeStringProperty("what", aim.what());
        number("measured", aim.measured());
        json.writeNumberProperty("most", aim.most());
        json.writeStringProperty("unit", aim.unit());
        json.writeStringProperty("verdict", aim.verdict().name().toLowerCase(Locale.ROOT));
        json.writeEndObject();
    }

    private void number(String name, OptionalDouble value) {
        if (value.isPresent() && Double.isFinite(value.getAsDouble())) {
            json.writeNumberProperty(name, value.getAsDouble());
        } else {
            json.writeNullProperty(name);
        }
    }
}
