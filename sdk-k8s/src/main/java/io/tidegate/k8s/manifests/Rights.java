/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.manifests;

import io.tidegate.k8s.manifests.Workload.Backend;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The Role that is shipped, with names put in and without the rules of what is not used. */
final class Rights {

    private static final String SHIPPED = "/io/tidegate/k8s/role.yaml";
    private static final String RULE = "  - apiGroups:";
    private static final String COMMENT = "  #";
    private static final Pattern NAMED = Pattern.compile("(resourceNames: )\\[\"([^$\"]*)\\$\\{(\\w+)}\"]");
    private static final Pattern PLACE = Pattern.compile("\\$\\{\\w+}");

    private Rights() {}

    /** One rule, as it is shipped. */
    private record Rule(List<String> comments, String text) {

        boolean is(String... parts) {
            for (String part : parts) {
                if (!text.contains(part)) {
                    return false;
                }
            }
            return true;
        }

        boolean isNamed() {
            return text.contains("resourceNames:");
        }
    }

    /**
     * The Role for these.
     *
     * @param lease by which gateways elect a leader, null if they do not
     */
    static String of(String namespace, List<Workload> workloads, @Nullable String lease) {
        return render(namespace, workloads, lease, true);
    }

    /** The same with every rule. */
    static String everything(String namespace, List<Workload> workloads, String lease) {
        return render(namespace, workloads, lease, false);
    }

    private static boolean any(List<Workload> workloads, Predicate<Workload> what) {
        return workloads.stream().anyMatch(what);
    }

    /** Whether somebody does what a rule is for. A rule that is not known here is taken for used. */
    private static boolean isUsed(Rule rule, List<Workload> workloads, @Nullable String lease) {
        if (rule.is("[deployments]")) {
            // Who leads writes term and record; only programs share lists.
            if (rule.is("[list, watch]")) {
                return any(workloads, Workload::watch);
            }
            return rule.isNamed() ? rule.is("[get]") || lease != null : !rule.is("verbs: [list]");
        }
        if (rule.is("[leases]")) {
            return lease != null;
        }
        if (rule.is("[endpointslices]") || rule.is("[pods]", "verbs: [patch]")) {
            // Discovery and drains are wired in Java.
            return false;
        }
        if (rule.is("[pods]", "verbs: [list]")) {
            return any(workloads, Workload::births);
        }
        if (rule.is("[horizontalpodautoscalers]") || rule.is("[scaledobjects]")) {
            if (!rule.isNamed()) {
                return any(workloads, each -> each.backend() == Backend.SCALE && each.scan());
            }
            Backend backend = rule.is("${hpa}") ? Backend.HPA : Backend.KEDA;
            return any(workloads, each -> each.backend() == backend);
        }
        return true;
    }

    private static String render(String namespace, List<Workload> workloads, @Nullable String lease, boolean onlyUsed) {
        List<String> head = new ArrayList<>();
        List<Rule> rules = new ArrayList<>();
        read(Template.resource(SHIPPED), head, rules);
        List<String> lines = new ArrayList<>(
                List.of(
                        lease == null
                                ? "# What the gateway may do, and no more: no rule creates or deletes anything, or reads secrets."
                                : "# What the gateway may do, and no more: no rule creates anything but the lease, deletes, or reads secrets."));
        for (String line : head) {
            if (!line.startsWith("#")) {
                lines.add(line.replace("${namespace}", Yaml.text(namespace).written()));
            }
        }
        List<String> said = List.of();
        for (Rule rule : rules) {
            if (!onlyUsed || isUsed(rule, workloads, lease)) {
                if (!rule.comments().equals(said)) {
                    lines.addAll(rule.comments());
                    said = rule.comments();
                }
                filled(rule, workloads, onlyUsed)
                        .forEach(each -> lines.add(lease == null ? each : each.replace("${lease}", lease)));
            }
        }
        String text = String.join("\n", lines) + "\n";
        if (PLACE.matcher(text).find()) {
            throw new IllegalStateException("role.yaml has a place that nothing is put into: " + text);
        }
        return text;
    }

    private static void read(String text, List<String> head, List<Rule> rules) {
        List<String> comments = new ArrayList<>();
        List<String> rule = new ArrayList<>();
        boolean before = true;
        for (String line : text.stripTrailing().split("\n", -1)) {
            boolean comment = line.startsWith(COMMENT);
            if ((comment || line.startsWith(RULE)) && !rule.isEmpty()) {
                rules.add(new Rule(List.copyOf(comments), String.join("\n", rule)));
                rule.clear();
                if (comment) {
                    comments.clear();
                }
            }
            if (before && !comment && !line.startsWith(RULE)) {
                head.add(line);
            } else if (comment) {
                before = false;
                comments.add(line);
            } else {
                before = false;
                rule.add(line);
            }
        }
        rules.add(new Rule(List.copyOf(comments), String.join("\n", rule)));
    }

    /** Once for each kind that is scaled, if it is about these. */
    private static List<String> filled(Rule rule, List<Workload> workloads, boolean onlyUsed) {
        if (!rule.text().contains("deployments")) {
            return List.of(named(rule.text(), workloads, onlyUsed));
        }
        Map<List<String>, List<Workload>> kinds = workloads.stream()
                .collect(Collectors.groupingBy(
                        each -> List.of(each.target().group(), each.target().plural()),
                        LinkedHashMap::new,
                        Collectors.toList()));
        List<String> all = new ArrayList<>();
        kinds.forEach((kind, these) -> all.add(named(
                rule.text()
                        .replace(
                                "apiGroups: [apps]",
                                "apiGroups: [" + (kind.get(0).isEmpty() ? "\"\"" : kind.get(0)) + "]")
                        .replace("deployments", kind.get(1)),
                these,
                onlyUsed)));
        return all;
    }

    private static String named(String rule, List<Workload> workloads, boolean onlyUsed) {
        return NAMED.matcher(rule).replaceAll(found -> {
            String place = found.group(3);
            if (place.equals("lease")) {
                return Matcher.quoteReplacement(found.group());
            }
            return found.group(1)
                    + workloads.stream()
                            .filter(each -> !onlyUsed || isOf(place, each))
                            .map(each -> "\"" + found.group(2) + name(place, each) + "\"")
                            .collect(Collectors.joining(", ", "[", "]"));
        });
    }

    /** Whether its backend has to do with what is named. */
    private static boolean isOf(String place, Workload workload) {
        return switch (place) {
            case "hpa" -> workload.backend() == Backend.HPA;
            case "scaledObject" -> workload.backend() == Backend.KEDA;
            default -> true;
        };
    }

    private static String name(String place, Workload workload) {
        return switch (place) {
            case "deployment" -> workload.target().name();
            case "hpa" -> workload.hpaName();
            case "scaledObject" -> workload.scaledObjectName();
            default -> throw new IllegalStateException("role.yaml names a place that is not known: " + place);
        };
    }
}
