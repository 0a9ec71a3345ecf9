/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.report;

import io.tidegate.sim.score.Comparison;
import io.tidegate.sim.score.Comparison.Row;
import io.tidegate.sim.score.Interval;
import io.tidegate.sim.score.RunScore;
import io.tidegate.sim.score.RunScore.Moment;
import io.tidegate.sim.score.TierScore;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Runs and comparisons as JSON; docs/sim-json.md describes each key.
 *
 * <p>The same scores give the same bytes: keys have a fixed order, numbers are rounded half to even (shares to six decimal places, all
 * else that is not whole to four) and written without an exponent or zeros at the end, what is NaN or infinite is null, and nothing says
 * when or where it was written.
 *
 * @since 0.1.0
 */
public final class JsonReport {

    /** Value of the key {@code schema}. */
    public static final String SCHEMA = "tidegate-sim/1";

    private static final int SHARE_DIGITS = 6;
    private static final int DIGITS = 4;
    private static final JsonFactory FACTORY = new JsonFactory();

    private final JsonGenerator json;

    private JsonReport(JsonGenerator json) {
        this.json = json;
    }

    /** Which runs of a comparison are written with their course over time. */
    public enum Courses {
        /** All. */
        ALL,
        /** The first of each row. */
        FIRST,
        /** None. */
        NONE
    }

    /** One run, on one line that ends with {@code \n}. */
    public static String of(RunScore run) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
            JsonReport report = new JsonReport(json);
            json.writeStartObject();
            json.writeStringProperty("schema", SCHEMA);
            json.writeStringProperty("kind", "run");
            json.writeStringProperty("scenario", run.scenario());
            json.writeName("run");
            report.run(run, true);
            json.writeEndObject();
        }
        return text.append('\n').toString();
    }

    /** A comparison with all its runs, on one line that ends with {@code \n}. */
    public static String of(Comparison comparison) {
        return of(comparison, Courses.ALL);
    }

    /** A comparison with its runs, on one line that ends with {@code \n}. */
    public static String of(Comparison comparison, Courses courses) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
            new JsonReport(json).comparison(comparison, courses);
        }
        return text.append('\n').toString();
    }

    private void comparison(Comparison comparison, Courses courses) {
        Ranking ranking = new Ranking(comparison);
        json.writeStartObject();
        json.writeStringProperty("schema", SCHEMA);
        json.writeStringProperty("kind", "comparison");
        json.writeStringProperty("scenario", comparison.scenario());
        json.writeStringProperty("about", comparison.about());
        json.writeStringProperty("verdict", ranking.verdict());
        json.writeName("rows");
        json.writeStartArray();
        ranking.rows().forEach(row -> row(row, ranking, courses));
        json.writeEndArray();
        json.writeEndObject();
    }

    private void row(Row row, Ranking ranking, Courses courses) {
        json.writeStartObject();
        json.writeStringProperty("scaler", row.scaler());
        json.writeStringProperty("admission", row.admission());
        json.writeBooleanProperty("implementable", !Ranking.isBound(row));
        interval("attainment", Ranking.attainment(row), SHARE_DIGITS);
        json.writeName("tierAttainment");
        json.writeStartArray();
        for (String tier : ranking.tiers()) {
            json.writeStartObject();
            json.writeStringProperty("tier", tier);
            interval("attainment", Ranking.attainment(row, tier), SHARE_DIGITS);
            json.writeEndObject();
        }
        json.writeEndArray();
        interval("replicaHours", row.of(RunScore::replicaHours), DIGITS);
        number("toBound", ranking.toBound(row).orElse(Double.NaN));
        interval("meanReplicas", row.of(RunScore::meanReplicas), DIGITS);
        interval("peakReplicas", row.of(RunScore::peakReplicas), DIGITS);
        interval("neededPeak", row.of(RunScore::neededPeak), DIGITS);
        interval("ups", row.of(RunScore::ups), DIGITS);
        interval("downs", row.of(RunScore::downs), DIGITS);
        interval("reversals", row.of(RunScore::reversals), DIGITS);
        interval("ttftP50", row.of(run -> run.all().ttftP50()), DIGITS);
        interval("ttftP90", row.of(run -> run.all().ttftP90()), DIGITS);
        interval("ttftP99", row.of(run -> run.all().ttftP99()), DIGITS);
        interval("cost", row.of(run -> run.cost().orElse(Double.NaN)), DIGITS);
        json.writeName("runs");
        json.writeStartArray();
        boolean first = true;
        for (RunScore run : row.runs()) {
            run(run, courses == Courses.ALL || (courses == Courses.FIRST && first));
            first = false;
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private void run(RunScore run, boolean course) {
        json.writeStartObject();
        json.writeStringProperty("scaler", run.scaler());
        json.writeStringProperty("admission", run.admission());
        json.writeNumberProperty("seed", run.seed());
        number("seconds", run.seconds());
        json.writeName("all");
        tier(run.all());
        json.writeName("tiers");
        json.writeStartArray();
        run.tiers().forEach(this::tier);
        json.writeEndArray();
        number("replicaHours", run.replicaHours());
        number("meanReplicas", run.meanReplicas());
        json.writeNumberProperty("peakReplicas", run.peakReplicas());
        json.writeNumberProperty("neededPeak", run.neededPeak());
        json.writeNumberProperty("ups", run.ups());
        json.writeNumberProperty("downs", run.downs());
        json.writeNumberProperty("reversals", run.reversals());
        OptionalDouble cost = run.cost();
        number("cost", cost.orElse(Double.NaN));
        json.writeNumberProperty("retries", run.retries());
        json.writeNumberProperty("preemptions", run.preemptions());
        if (course) {
            course(run.course());
        }
        json.writeEndObject();
    }

    private void tier(TierScore tier) {
        json.writeStartObject();
        json.writeStringProperty("tier", tier.tier());
        json.writeNumberProperty("offered", tier.offered());
        json.writeNumberProperty("attained", tier.attained());
        number("attainment", tier.attainment(), SHARE_DIGITS);
        json.writeNumberProperty("late", tier.late());
        json.writeNumberProperty("shed", tier.shed());
        json.writeNumberProperty("expired", tier.expired());
        json.writeNumberProperty("left", tier.left());
        json.writeNumberProperty("failed", tier.failed());
        number("ttftP50", tier.ttftP50());
        number("ttftP90", tier.ttftP90());
        number("ttftP99", tier.ttftP99());
        number("tpotP50", tier.tpotP50());
        number("tpotP99", tier.tpotP99());
        json.writeEndObject();
    }

    /** In columns: a fifth of the size of objects. */
    private void course(List<Moment> course) {
        json.writeName("course");
        json.writeStartObject();
        column("seconds", course, Moment::seconds, DIGITS);
        column("arrivals", course, Moment::arrivals, DIGITS);
        column("specified", course, Moment::specified, DIGITS);
        column("ready", course, Moment::ready, DIGITS);
        column("existing", course, Moment::existing, DIGITS);
        column("queued", course, Moment::queued, DIGITS);
        column("running", course, Moment::running, DIGITS);
        column("ttftP50", course, Moment::ttftP50, DIGITS);
        column("ttftP99", course, Moment::ttftP99, DIGITS);
        column("attained", course, Moment::attained, SHARE_DIGITS);
        json.writeEndObject();
    }

    private void column(String name, List<Moment> course, ToDoubleFunction<Moment> value, int digits) {
        json.writeName(name);
        json.writeStartArray();
        course.forEach(moment -> value(value.applyAsDouble(moment), digits));
        json.writeEndArray();
    }

    private void interval(String name, Interval interval, int digits) {
        json.writeName(name);
        json.writeStartObject();
        number("mean", interval.mean(), digits);
        number("halfWidth", interval.halfWidth(), digits);
        json.writeNumberProperty("count", interval.count());
        json.writeEndObject();
    }

    private void number(String name, double value) {
        number(name, value, DIGITS);
    }

    private void number(String name, double value, int digits) {
        json.writeName(name);
        value(value, digits);
    }

    private void value(double value, int digits) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            json.writeNull();
            return;
        }
        BigDecimal rounded = BigDecimal.valueOf(value)
                .setScale(digits, RoundingMode.HALF_EVEN)
                .stripTrailingZeros();
        json.writeNumber(rounded.toPlainString());
    }
}
