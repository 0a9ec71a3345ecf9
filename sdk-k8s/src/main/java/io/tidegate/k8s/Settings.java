/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.NamedContext;
import io.fabric8.kubernetes.client.Config;
import io.tidegate.time.DurationText;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Reads a backend's settings and collects what is wrong with them. */
final class Settings {

    static final String NAMESPACE = "namespace";
    static final String KUBECONFIG = "kubeconfig";
    static final String CONTEXT = "context";

    /** Those that are given as parts, joined by dots. */
    private static final Set<String> NESTED = Set.of("behavior", "metrics", "targets");

    private final Map<String, String> settings;
    private final List<String> problems = new ArrayList<>();

    Settings(Map<String, String> settings, Set<String> known) {
        this.settings = settings;
        for (String setting : new TreeSet<>(settings.keySet())) {
            int dot = setting.indexOf('.');
            String first = dot < 0 ? setting : setting.substring(0, dot);
            boolean nested = dot >= 0 && NESTED.contains(first) && known.contains(first);
            if (!nested && !known.contains(setting)) {
                problems.add(setting + " is no setting, only " + new TreeSet<>(known));
            }
        }
    }

    void problem(String problem) {
        problems.add(problem);
    }

    void problem(Optional<String> problem) {
        problem.ifPresent(problems::add);
    }

    @Nullable
    String text(String setting) {
        return settings.get(setting);
    }

    boolean truth(String setting, boolean otherwise) {
        String said = settings.getOrDefault(setting, Boolean.toString(otherwise));
        if (!said.equals("true") && !said.equals("false")) {
            problems.add(setting + " must be true or false but was \"" + said + "\"");
        }
        return said.equals("true");
    }

    /** A count from 1; null if it is not set, or wrong. */
    @Nullable
    Integer count(String setting) {
        String said = settings.get(setting);
        if (said == null) {
            return null;
        }
        if (!said.matches("[1-9][0-9]{0,5}")) {
            problems.add(setting + " must be a whole number from 1 to 999999 but was \"" + said + "\"");
            return null;
        }
        return Integer.valueOf(said);
    }

    /** A fraction from 0 to 1; null if it is not set, or wrong. */
    @Nullable
    Double fraction(String setting) {
        String said = settings.get(setting);
        if (said == null) {
            return null;
        }
        if (!said.matches("0|1|0?\\.[0-9]{1,6}|1\\.0{1,6}|0\\.[0-9]{1,6}")) {
            problems.add(setting + " must be a fraction from 0 to 1 but was \"" + said + "\"");
            return null;
        }
        return Double.valueOf(said);
    }

    /** A duration; null if it is not set, or wrong. */
    @Nullable
    Duration duration(String setting, Duration least, Duration most) {
        String said = settings.get(setting);
        if (said == null) {
            return null;
        }
        Duration found = DurationText.parse(said).orElse(null);
        if (found == null || found.compareTo(least) < 0 || found.compareTo(most) > 0) {
            problems.add(setting + " must be a duration such as 30s or 1h, from " + least + " to " + most
                    + ", but was \"" + said + "\"");
            return null;
        }
        return found;
    }

    /**
     * What was nested under a setting: maps, lists where keys are numbers from 0, and texts, or numbers where texts are whole numbers. Null if
     * nothing was.
     */
    @Nullable
    Object tree(String setting) {
        Map<String, String> parts = under(setting);
        return parts.isEmpty() ? settings.get(setting) : tree(parts);
    }

    private static Object tree(Map<String, String> parts) {
        Map<String, Map<String, String>> below = new TreeMap<>();
        Map<String, Object> all = new TreeMap<>();
        parts.forEach((key, value) -> {
            int dot = key.indexOf('.');
            if (dot < 0) {
                all.put(key, value.matches("-?[0-9]{1,9}") ? (Object) Integer.valueOf(value) : value);
            } else {
                below.computeIfAbsent(key.substring(0, dot), first -> new TreeMap<>())
                        .put(key.substring(dot + 1), value);
            }
        });
        below.forEach((key, each) -> all.put(key, tree(each)));
        List<Object> list = new ArrayList<>();
        for (int i = 0; all.containsKey(Integer.toString(i)); i++) {
            list.add(all.get(Integer.toString(i)));
        }
        return !list.isEmpty() && list.size() == all.size() ? list : all;
    }

    /** The same with texts as keys. */
    static Map<String, Object> texts(Map<?, ?> map) {
        Map<String, Object> texts = new TreeMap<>();
        map.forEach((key, value) -> texts.put(String.valueOf(key), value));
        return texts;
    }

    /** What stands under a setting, by the rest of its name, in order. */
    Map<String, String> under(String setting) {
        Map<String, String> parts = new TreeMap<>();
        settings.forEach((key, value) -> {
            if (key.startsWith(setting + ".")) {
                parts.put(key.substring(setting.length() + 1), value);
            }
        });
        return parts;
    }

    /** How to reach the API server, and the namespace; null if something is wrong with that. */
    @Nullable
    Config config() {
        Config config = config(settings.get(KUBECONFIG), settings.get(CONTEXT), problems);
        String namespace = settings.get(NAMESPACE);
        if (namespace != null) {
            ScaleTarget.namespaceProblem(namespace).ifPresent(problems::add);
        } else if (config != null && config.getNamespace() == null) {
            problems.add("namespace is required: the kubeconfig's context names none");
        }
        return config;
    }

    /** The namespace that is set, or the connection's. */
    String namespace(Config config) {
        String namespace = settings.get(NAMESPACE);
        return namespace != null ? namespace : config.getNamespace();
    }

    boolean isWrong() {
        return !problems.isEmpty();
    }

    IllegalArgumentException wrong(String type) {
        return wrong("scaler backend", type);
    }

    IllegalArgumentException wrong(String what, String type) {
        return new IllegalArgumentException("settings of " + what + " " + type + ": " + String.join("; ", problems));
    }

    private static @Nullable Config config(
            @Nullable String kubeconfig, @Nullable String context, List<String> problems) {
        Config config;
        try {
            if (kubeconfig == null) {
                config = Config.autoConfigure(context);
            } else {
                Path file = Path.of(kubeconfig);
                if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
                    problems.add("kubeconfig must be a file that can be read but was \"" + kubeconfig + "\"");
                    return null;
                }
                config = Config.fromKubeconfig(context, file.toFile());
            }
        } catch (InvalidPathException e) {
            problems.add("kubeconfig must be a path but was \"" + kubeconfig + "\"");
            return null;
        } catch (RuntimeException e) {
            // The client's parser throws whatever it stumbles over.
            problems.add((kubeconfig == null ? "the default kubeconfig" : "kubeconfig \"" + kubeconfig + "\"")
                    + " cannot be used: " + e);
            return null;
        }
        NamedContext current = config.getCurrentContext();
        // The client would quietly take the current context, and with it perhaps another cluster.
        if (context != null && (current == null || !context.equals(current.getName()))) {
            problems.add("context \"" + context + "\" is not in the kubeconfig");
            return null;
        }
        return config;
    }
}
