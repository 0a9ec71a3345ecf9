/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.config.ConfigException.Problem;
import io.tidegate.config.TidegateConfig.AlertListenerConfig;
import io.tidegate.config.TidegateConfig.AlertListenersConfig;
import io.tidegate.config.TidegateConfig.AlertsConfig;
import io.tidegate.config.TidegateConfig.BackendConfig;
import io.tidegate.config.TidegateConfig.BehaviorConfig;
import io.tidegate.config.TidegateConfig.GuardrailsConfig;
import io.tidegate.config.TidegateConfig.LeadershipConfig;
import io.tidegate.config.TidegateConfig.LedgerConfig;
import io.tidegate.config.TidegateConfig.LimitConfig;
import io.tidegate.config.TidegateConfig.MemoryConfig;
import io.tidegate.config.TidegateConfig.PolicyConfig;
import io.tidegate.config.TidegateConfig.PoolConfig;
import io.tidegate.config.TidegateConfig.QuotaConfig;
import io.tidegate.config.TidegateConfig.QuotasConfig;
import io.tidegate.config.TidegateConfig.RateConfig;
import io.tidegate.config.TidegateConfig.ReplicaConfig;
import io.tidegate.config.TidegateConfig.ScalingConfig;
import io.tidegate.config.TidegateConfig.ShadowConfig;
import io.tidegate.config.TidegateConfig.SignalConfig;
import io.tidegate.config.TidegateConfig.SloConfig;
import io.tidegate.config.TidegateConfig.TierConfig;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * {@code docs/configuration.md} lists every setting there is. Which there are is read from the records, their values from what the
 * reader says to a wrong one, their defaults from what it makes of a document that leaves them out; only what they mean is written by hand.
 */
class ConfigurationDocumentTest {

    private static final Path DOCUMENT = Path.of("../docs/configuration.md");

    /** Leaves out all that may be left out, and has a place for each kind of record. */
    private static final String SMALLEST = """
            pools:
              chat:
                tiers: {standard: {slo: {}}}
                quotas:
                  eachTenant: {}
                  tenants: {acme: {}}
                  tiers: {standard: {}}
                  tenantsInTiers: {standard: {acme: {}}}
                signals: {process: {}}
                limit: {}
                replica: {}
                scaling:
                  max: 1
                  policies: {backlog: {}}
                  up: {rates: {fast: {replicas: 1}}}
                  down: {rates: {slow: {replicas: 1}}}
                  guardrails: {}
                  alerts: {enabled: {}}
                  shadow: {policies: {slo: {}}}
                  backend: {type: test}
              other: {tiers: {standard: {}}}
            quotas:
              eachTenant: {}
              tenants: {acme: {}}
              tiers: {standard: {}}
              tenantsInTiers: {standard: {acme: {}}}
            ledger: {}
            memory: {}
            leadership: {type: test}
            alerts: {listeners: {log: {type: log}}}
            """;

    /** Headings of the sections, in the order of the document. */
    private static final Map<Class<?>, String> TITLES = titles();

    private static Map<Class<?>, String> titles() {
        Map<Class<?>, String> titles = new LinkedHashMap<>();
        titles.put(TidegateConfig.class, "Document");
        titles.put(PoolConfig.class, "Pool");
        titles.put(TierConfig.class, "Tier");
        titles.put(SloConfig.class, "SLO");
        titles.put(QuotasConfig.class, "Quotas");
        titles.put(QuotaConfig.class, "Quota");
        titles.put(SignalConfig.class, "Signals");
        titles.put(LimitConfig.class, "Limit");
        titles.put(ReplicaConfig.class, "Replica");
        titles.put(ScalingConfig.class, "Scaling");
        titles.put(PolicyConfig.class, "Policy");
        titles.put(BehaviorConfig.class, "Behavior");
        titles.put(RateConfig.class, "Rate");
        titles.put(GuardrailsConfig.class, "Guardrails");
        titles.put(AlertsConfig.class, "Alerts");
        titles.put(ShadowConfig.class, "Shadow");
        titles.put(BackendConfig.class, "Backend");
        titles.put(LedgerConfig.class, "Ledger");
        titles.put(MemoryConfig.class, "Memory");
        titles.put(LeadershipConfig.class, "Leadership");
        titles.put(AlertListenersConfig.class, "Alert listeners");
        titles.put(AlertListenerConfig.class, "Alert listener");
        return titles;
    }

    /** How names that users choose are shown, by the setting they are under. */
    private static final Map<String, List<String>> NAMES = Map.of(
            "pools", List.of("<pool>"),
            "tiers", List.of("<tier>"),
            "tenants", List.of("<tenant>"),
            "tenantsInTiers", List.of("<tier>", "<tenant>"),
            "signals", List.of("<source>"),
            "policies", List.of("<policy>"),
            "rates", List.of("<rate>"),
            "listeners", List.of("<listener>"));

    @Test
    void document_listsExactlyTheSettingsThereAre() throws IOException {
        String before = Files.exists(DOCUMENT) ? Files.readString(DOCUMENT) : "# Configuration\n";
        String expected = Document.of(before).with(Settings.read()).render();
        if (Boolean.getBoolean("tidegate.docs.write")) {
            Files.writeString(DOCUMENT, expected);
        }
        assertThat(DOCUMENT)
                .as("write it anew with ./mvnw -pl sdk-core test -Dtest=ConfigurationDocumentTest"
                        + " -Dtidegate.docs.write=true, then say what new settings mean")
                .content()
                .isEqualTo(expected);
    }

    @Test
    void document_saysOfEachSettingWhatItMeans() throws IOException {
        Map<String, Map<String, String>> meanings = Document.of(Files.readString(DOCUMENT)).meanings;
        Settings.read()
                .rows
                .forEach((title, rows) -> assertThat(rows.keySet())
                        .as(title)
                        .allSatisfy(key ->
                                assertThat(meanings.get(title).get(key)).as(key).isNotBlank()));
    }

    @Test
    void document_itsExample_isRead() throws IOException {
        String text = Files.readString(DOCUMENT);
        int begin = text.indexOf("```yaml\n") + "```yaml\n".length();
        TidegateConfig config =
                ConfigReader.parse("configuration.md", text.substring(begin, text.indexOf("```", begin)));

        assertThat(config.pools()).containsOnlyKeys("chat");
        assertThat(config.quotas()).isNotNull();
    }

    @Test
    void settings_areThoseOfAllRecords() {
        Settings settings = Settings.read();

        assertThat(settings.rows.keySet()).containsExactlyInAnyOrderElementsOf(TITLES.values());
        TITLES.forEach(
                (type, title) -> assertThat(settings.rows.get(title)).hasSize(type.getRecordComponents().length));
        assertThat(settings.rows.get("Limit").get("slowStart")).isEqualTo(new Row("duration from 0s to 1h", "30s"));
        assertThat(settings.rows.get("Scaling").get("max").fallback()).isEqualTo("required");
        assertThat(settings.rows.get("Behavior").get("replicas").fallback()).isEqualTo("4 (up), 1 (down)");
    }

    /** What is known of one setting. */
    private record Row(String values, String fallback) {}

    /** The settings of each section, and where they stand in a document. */
    private static final class Settings {

        final Map<String, Map<String, Row>> rows = new LinkedHashMap<>();
        final Map<String, Set<String>> places = new LinkedHashMap<>();
        private final Map<String, Map<String, Map<String, String>>> fallbacks = new LinkedHashMap<>();

        static Settings read() {
            Settings settings = new Settings();
            settings.walk(ConfigReader.parse("smallest", SMALLEST), List.of(), "");
            settings.fallbacks.forEach((title, ofKeys) -> ofKeys.forEach((key, byPlace) -> settings.rows
                    .get(title)
                    .computeIfPresent(key, (ignored, row) -> new Row(row.values(), joined(byPlace)))));
            return settings;
        }

        /** One default, or each with the place where it holds. */
        private static String joined(Map<String, String> byPlace) {
            boolean policies = byPlace.keySet().stream().allMatch(place -> place.endsWith("<policy>"));
            if ((policies && byPlace.containsValue("backlog")) || byPlace.containsValue("process")) {
                return "its name";
            }
            if (Set.copyOf(byPlace.values()).size() == 1) {
                return byPlace.values().iterator().next();
            }
            return byPlace.entrySet().stream()
                    .map(each -> each.getValue() + " ("
                            + each.getKey().substring(each.getKey().lastIndexOf('.') + 1) + ")")
                    .collect(Collectors.joining(", "));
        }

        private void walk(Object config, List<String> path, String shown) {
            String title = Objects.requireNonNull(TITLES.get(config.getClass()), () -> "no title for " + config);
            places.computeIfAbsent(title, ignored -> new LinkedHashSet<>()).add(shown);
            for (RecordComponent component : config.getClass().getRecordComponents()) {
                String key = component.getName();
                List<String> at = plus(path, key);
                Object value = valueOf(component, config);
                rows.computeIfAbsent(title, ignored -> new LinkedHashMap<>())
                        .computeIfAbsent(key, ignored -> new Row(values(at, value), ""));
                fallbacks
                        .computeIfAbsent(title, ignored -> new LinkedHashMap<>())
                        .computeIfAbsent(key, ignored -> new LinkedHashMap<>())
                        .put(shown, fallback(at));
                descend(value, at, shown.isEmpty() ? key : shown + "." + key, NAMES.getOrDefault(key, List.of()));
            }
        }

        private void descend(@Nullable Object value, List<String> path, String shown, List<String> names) {
            if (value instanceof Record && TITLES.containsKey(value.getClass())) {
                walk(value, path, shown);
            } else if (value instanceof Map<?, ?> map && !names.isEmpty()) {
                String first = String.valueOf(map.keySet().iterator().next());
                descend(map.get(first), plus(path, first), shown + "." + names.get(0), names.subList(1, names.size()));
            }
        }

        /** What a setting may be: a link to its section, or what the reader says to a value that is wrong. */
        private static String values(List<String> path, @Nullable Object value) {
            Object inner = value;
            String kind = "";
            while (inner instanceof Map<?, ?> map && !map.isEmpty()) {
                inner = map.values().iterator().next();
                kind += "map of ";
            }
            if (inner != null && TITLES.containsKey(inner.getClass())) {
                String title = TITLES.get(inner.getClass());
                return kind + "[" + title + "](#"
                        + title.toLowerCase(Locale.ROOT).replace(' ', '-') + ")";
            }
            String wrong = wrong(path, List.of());
            return wrong.startsWith("duration") ? wrong(path, "PT-1S") : wrong;
        }

        private static String wrong(List<String> path, Object value) {
            String message = problemsWith(path, value).stream()
                    .filter(problem -> problem.path().equals(String.join(".", path)))
                    .map(Problem::message)
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(path + " takes " + value));
            Matcher matcher = Pattern.compile("must be (?:an? )?(.*) but is .*").matcher(message);
            assertThat(matcher.matches()).as(message).isTrue();
            return matcher.group(1);
        }

        private static String fallback(List<String> path) {
            List<Problem> problems = problemsWith(path, null);
            if (!problems.isEmpty()) {
                return "required";
            }
            Object value = ConfigReader.fromTree("smallest", tree(path, null));
            for (String key : path) {
                value = value instanceof Map<?, ?> map ? map.get(key) : component(value, key);
            }
            return shown(value);
        }

        private static List<Problem> problemsWith(List<String> path, @Nullable Object value) {
            try {
                ConfigReader.fromTree("smallest", tree(path, value));
                return List.of();
            } catch (ConfigException e) {
                return e.problems();
            }
        }

        /** The smallest document with another value at a path; null takes it away. */
        @SuppressWarnings("unchecked")
        private static Map<String, Object> tree(List<String> path, @Nullable Object value) {
            Map<String, Object> root = new YAMLMapper().readValue(SMALLEST, Map.class);
            Map<String, Object> parent = root;
            for (String key : path.subList(0, path.size() - 1)) {
                parent = (Map<String, Object>) parent.computeIfAbsent(key, ignored -> new LinkedHashMap<>());
            }
            String last = path.get(path.size() - 1);
            if (value == null) {
                parent.remove(last);
                // Those take the place of what else says how fast.
                parent.remove("rates");
            } else {
                parent.put(last, value);
            }
            return root;
        }

        private static @Nullable Object component(@Nullable Object of, String key) {
            for (RecordComponent component :
                    Objects.requireNonNull(of).getClass().getRecordComponents()) {
                if (component.getName().equals(key)) {
                    return valueOf(component, of);
                }
            }
            throw new AssertionError(of + " has no " + key);
        }

        private static @Nullable Object valueOf(RecordComponent component, Object of) {
            try {
                return component.getAccessor().invoke(of);
            } catch (ReflectiveOperationException e) {
                throw new LinkageError(e.getMessage(), e);
            }
        }

        private static String shown(@Nullable Object value) {
            if (value == null
                    || value.equals(Optional.empty())
                    || value.equals(OptionalLong.empty())
                    || value.equals(OptionalDouble.empty())
                    || value.equals(OptionalInt.empty())
                    || value.equals(Map.of())) {
                return "none";
            }
            if (value instanceof Duration duration) {
                return shown(duration);
            }
            if (value instanceof Double number) {
                return TreeReader.plain(number);
            }
            if (value instanceof Enum<?> constant) {
                return camelCase(constant.name());
            }
            return value instanceof Record ? "its defaults" : value.toString();
        }

        private static String shown(Duration duration) {
            long millis = duration.toMillis();
            if (millis % 60_000 == 0 && millis > 0) {
                return millis / 60_000 + "m";
            }
            return millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms";
        }

        private static String camelCase(String constant) {
            StringBuilder name = new StringBuilder();
            for (String word : constant.toLowerCase(Locale.ROOT).split("_", -1)) {
                name.append(name.isEmpty() ? word : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
            }
            return name.toString();
        }

        private static List<String> plus(List<String> path, String key) {
            List<String> longer = new ArrayList<>(path);
            longer.add(key);
            return longer;
        }
    }

    /** The document in sections: what is written by hand, and the tables, of which the meanings are kept. */
    private static final class Document {

        private static final Pattern ROW = Pattern.compile("\\| `([^`]+)` \\|.*?\\|.*?\\| (.*) \\|");

        private final Map<String, StringBuilder> proses = new LinkedHashMap<>();
        private final Map<String, Map<String, String>> meanings = new TreeMap<>();

        static Document of(String text) {
            Document document = new Document();
            String title = "";
            for (String line : text.lines().toList()) {
                if (line.startsWith("## ")) {
                    title = line.substring(3);
                }
                boolean generated = TITLES.containsValue(title)
                        && (line.startsWith("|") || line.startsWith("At `") || line.startsWith("## "));
                Matcher row = ROW.matcher(line);
                if (!generated) {
                    document.proses
                            .computeIfAbsent(title, ignored -> new StringBuilder())
                            .append(line)
                            .append('\n');
                } else if (row.matches()) {
                    document.meanings
                            .computeIfAbsent(title, ignored -> new TreeMap<>())
                            .put(row.group(1), row.group(2));
                }
                document.proses.computeIfAbsent(title, ignored -> new StringBuilder());
            }
            return document;
        }

        Document with(Settings settings) {
            settings.rows.forEach((title, rows) -> {
                StringBuilder section = new StringBuilder("## ").append(title).append("\n\n");
                String places = settings.places.get(title).stream()
                        .filter(place -> !place.isEmpty())
                        .map(place -> "`" + place + "`")
                        .collect(Collectors.joining(", "));
                section.append(places.isEmpty() ? "" : "At " + places + "\n\n");
                String prose = proses.getOrDefault(title, new StringBuilder())
                        .toString()
                        .strip();
                section.append(prose.isEmpty() ? "" : prose + "\n\n");
                section.append("| setting | values | default | meaning, and why this default |\n|---|---|---|---|\n");
                rows.forEach((key, row) -> section.append("| `%s` | %s | %s | %s |\n"
                        .formatted(
                                key,
                                row.values(),
                                row.fallback(),
                                meanings.getOrDefault(title, Map.of()).getOrDefault(key, ""))));
                proses.put(title, section.append('\n'));
            });
            return this;
        }

        String render() {
            return String.join("", proses.values()).stripTrailing() + "\n";
        }
    }
}
