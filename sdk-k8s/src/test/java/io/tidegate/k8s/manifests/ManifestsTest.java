/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.manifests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerSpec;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricSpec;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestsTest {

    private static final String HPA = "components/hpa/vllm-deployment-hpa.yaml";
    private static final String SCALED_OBJECT = "components/keda-prometheus/vllm-deployment-scaler.yaml";

    private static final String CONFIG = """
            pools:
              chat:
                tiers: {premium: {maxQueueTime: 2s}, batch: {maxQueueTime: 60s}}
                scaling:
                  min: 0
                  max: 12
                  up: {rates: {a: {replicas: 6, period: 90s}, b: {replicas: 20, period: 1h}}, select: min}
                  down: {stabilizationWindow: 10m}
                  guardrails: {toZeroAfter: 20m, fallbackReplicas: 3}
                  backend: {type: keda-scaledobject, settings: {namespace: models, name: chat-scaler}}
              code:
                tiers: {standard: {}}
                scaling:
                  min: 2
                  max: 5
                  backend: {type: kubernetes-hpa, settings: {namespace: models, name: code}}
              math:
                tiers: {standard: {}}
                scaling:
                  max: 4
                  backend: {type: kubernetes-scale, settings: {namespace: models, kind: LeaderWorkerSet, name: math, births: false}}
              fixed: {tiers: {standard: {}}, replica: {count: 3}}
            """;

    private final Documents documents = new Documents();

    @TempDir
    private Path folder;

    @AfterEach
    void close() {
        documents.close();
    }

    private static Manifests standard() {
        return Manifests.of(null, ManifestSettings.builder().build());
    }

    private static TidegateConfig config(String text) {
        return ConfigReader.parse("test.yaml", text);
    }

    private static Manifests of(String config, ManifestSettings.Builder settings) {
        return Manifests.of(config(config), settings.configText(config).build());
    }

    private <T extends HasMetadata> T read(Manifests manifests, String path, Class<T> type) {
        assertThat(manifests.files()).containsKey(path);
        return type.cast(documents.read(manifests.files().get(path)));
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // of a document that was just read
    private static <T> T at(Object tree, Object... path) {
        Object found = tree;
        for (Object each : path) {
            found = each instanceof Integer index ? ((List<?>) found).get(index) : ((Map<?, ?>) found).get(each);
        }
        return (T) found;
    }

    private static Map<String, Object> map(Object tree, Object... path) {
        return at(tree, path);
    }

    private static Object value(Object tree, Object... path) {
        return at(tree, path);
    }

    private Map<String, Object> tree(Manifests manifests, String path) {
        return read(manifests, path, GenericKubernetesResource.class).getAdditionalProperties();
    }

    private HorizontalPodAutoscalerSpec hpa(Manifests manifests, String path) {
        return read(manifests, path, HorizontalPodAutoscaler.class).getSpec();
    }

    @Test
    @DisplayName("Mission 6.1: a valid HPA with these values")
    void hpa_withoutConfiguration_hasTheValuesOfTheMission() {
        HorizontalPodAutoscaler whole = read(standard(), HPA, HorizontalPodAutoscaler.class);
        HorizontalPodAutoscalerSpec hpa = whole.getSpec();

        assertThat(whole.getApiVersion()).isEqualTo("autoscaling/v2");
        assertThat(hpa.getScaleTargetRef().getApiVersion()).isEqualTo("apps/v1");
        assertThat(hpa.getScaleTargetRef().getKind()).isEqualTo("Deployment");
        assertThat(hpa.getScaleTargetRef().getName()).isEqualTo("vllm-deployment");
        assertThat(hpa.getMinReplicas()).isEqualTo(2);
        assertThat(hpa.getMaxReplicas()).isEqualTo(10);
        assertThat(hpa.getMetrics()).extracting(MetricSpec::getType).containsExactly("Pods", "External");
        assertThat(hpa.getMetrics().get(0).getPods().getMetric().getName()).isEqualTo("gpu_utilization");
        assertThat(hpa.getMetrics().get(0).getPods().getTarget().getType()).isEqualTo("AverageValue");
        assertThat(hpa.getMetrics()
                        .get(0)
                        .getPods()
                        .getTarget()
                        .getAverageValue()
                        .getNumericalAmount())
                .isEqualByComparingTo("70");
        assertThat(hpa.getMetrics().get(1).getExternal().getMetric().getName()).isEqualTo("vllm_request_queue_depth");
        assertThat(hpa.getMetrics()
                        .get(1)
                        .getExternal()
                        .getMetric()
                        .getSelector()
                        .getMatchLabels())
                .isEqualTo(Map.of("pool", "chat"));
        assertThat(hpa.getMetrics().get(1).getExternal().getTarget().getType()).isEqualTo("AverageValue");
        assertThat(hpa.getMetrics()
                        .get(1)
                        .getExternal()
                        .getTarget()
                        .getAverageValue()
                        .getNumericalAmount())
                .isEqualByComparingTo("10");
        assertThat(hpa.getBehavior().getScaleDown().getStabilizationWindowSeconds())
                .isEqualTo(300);
        assertThat(hpa.getBehavior().getScaleDown().getPolicies())
                .singleElement()
                .satisfies(policy -> {
                    assertThat(policy.getType()).isEqualTo("Percent");
                    assertThat(policy.getValue()).isEqualTo(50);
                    assertThat(policy.getPeriodSeconds()).isEqualTo(60);
                });
        assertThat(hpa.getBehavior().getScaleUp().getStabilizationWindowSeconds())
                .isEqualTo(60);
        assertThat(hpa.getBehavior().getScaleUp().getPolicies()).singleElement().satisfies(policy -> {
            assertThat(policy.getType()).isEqualTo("Percent");
            assertThat(policy.getValue()).isEqualTo(100);
            assertThat(policy.getPeriodSeconds()).isEqualTo(30);
        });
        assertThat(hpa.getBehavior().getScaleUp().getTolerance()).isNull();
    }

    @Test
    @DisplayName("Mission 6.2: a valid ScaledObject with these values")
    void scaledObject_withoutConfiguration_hasTheValuesOfTheMission() {
        Map<String, Object> scaled = tree(standard(), SCALED_OBJECT);

        assertThat(read(standard(), SCALED_OBJECT, GenericKubernetesResource.class)
                        .getApiVersion())
                .isEqualTo("keda.sh/v1alpha1");
        assertThat(value(scaled, "spec", "scaleTargetRef", "name")).isEqualTo("vllm-deployment");
        assertThat(value(scaled, "spec", "minReplicaCount")).isEqualTo(1);
        assertThat(value(scaled, "spec", "maxReplicaCount")).isEqualTo(20);
        List<Object> triggers = at(scaled, "spec", "triggers");
        assertThat(triggers).hasSize(1);
        Map<String, Object> trigger = at(triggers, 0);
        assertThat(trigger).containsEntry("type", "prometheus").containsEntry("metricType", "AverageValue");
        Map<String, Object> metadata = at(trigger, "metadata");
        assertThat(metadata)
                .containsOnlyKeys("serverAddress", "query", "threshold", "activationThreshold", "ignoreNullValues")
                .containsEntry("serverAddress", "http://prometheus-operated.monitoring.svc:9090")
                .containsEntry("query", "sum(tidegate_queue_depth{namespace=\"llm\",pool=\"chat\"})")
                .containsEntry("threshold", "15")
                .containsEntry("ignoreNullValues", "false");
        assertThat(map(scaled, "spec", "fallback"))
                .isEqualTo(Map.of("failureThreshold", 3, "replicas", 4, "behavior", "currentReplicasIfHigher"));
        Map<String, Object> behavior = at(scaled, "spec", "advanced", "horizontalPodAutoscalerConfig", "behavior");
        assertThat(map(behavior, "scaleUp"))
                .containsEntry("stabilizationWindowSeconds", 0)
                .containsEntry("tolerance", "0")
                .containsEntry("selectPolicy", "Max")
                .containsEntry(
                        "policies",
                        List.of(
                                Map.of("type", "Percent", "value", 100, "periodSeconds", 15),
                                Map.of("type", "Pods", "value", 4, "periodSeconds", 15)));
        assertThat(map(behavior, "scaleDown"))
                .containsEntry("stabilizationWindowSeconds", 300)
                .containsEntry("policies", List.of(Map.of("type", "Pods", "value", 1, "periodSeconds", 60)));
    }

    @Test
    @DisplayName("Mission 6.1, 6.2: the well-known mistakes are in no file")
    void files_haveNoneOfTheKnownMistakes() {
        standard().files().forEach((path, text) -> {
            String said = text.replaceAll("(?m)^ *#.*$", "");
            assertThat(said)
                    .as(path)
                    .doesNotContain("type: Resource", "metricName", "rate(", "gpu-utilization", "autoscaling/v2beta");
        });
    }

    @Test
    void triggers_askWhatKedaCanBeTold() {
        Manifests manifests = standard();
        Map<String, Object> push =
                at(tree(manifests, "components/keda-external-push/vllm-deployment-scaler.yaml"), "spec", "triggers", 0);
        assertThat(push).containsEntry("type", "external-push");
        assertThat(map(push, "metadata"))
                .isEqualTo(Map.of(
                        "scalerAddress",
                        "tidegate-gateway-scaler.llm.svc:9555",
                        "model",
                        "chat",
                        "metric",
                        "desired_replicas"));
        Service scaler = read(manifests, "components/keda-external-push/scaler-service.yaml", Service.class);
        assertThat(scaler.getMetadata().getName()).isEqualTo("tidegate-gateway-scaler");
        assertThat(scaler.getSpec().getPorts().get(0).getPort()).isEqualTo(9555);

        Map<String, Object> api =
                at(tree(manifests, "components/keda-metrics-api/vllm-deployment-scaler.yaml"), "spec", "triggers", 0);
        assertThat(api).containsEntry("type", "metrics-api");
        assertThat(map(api, "metadata"))
                .containsEntry("url", "http://tidegate-gateway.llm.svc:8080/scaling/v1/models/chat/local")
                .containsEntry("valueLocation", "waiting")
                .containsEntry("targetValue", "15")
                .containsEntry("aggregateFromKubeServiceEndpoints", "true")
                .containsEntry("aggregationType", "sum");
        // The port of the address must be that of the pods, by which KEDA asks.
        assertThat(read(manifests, "base/gateway-deployment.yaml", Deployment.class)
                        .getSpec()
                        .getTemplate()
                        .getSpec()
                        .getContainers()
                        .get(0)
                        .getPorts()
                        .get(0)
                        .getContainerPort())
                .isEqualTo(8080);
    }

    @Test
    void gateway_endsInTheRightOrder() {
        Manifests manifests = standard();
        Deployment deployment = read(manifests, "base/gateway-deployment.yaml", Deployment.class);
        PodSpec pod = deployment.getSpec().getTemplate().getSpec();
        var container = pod.getContainers().get(0);
        long preStop = container.getLifecycle().getPreStop().getSleep().getSeconds();
        Matcher drain = Pattern.compile("gate\\.drain\\((\\d+) s\\)")
                .matcher(manifests.files().get("base/gateway-deployment.yaml"));

        assertThat(drain.find()).isTrue();
        assertThat(pod.getTerminationGracePeriodSeconds())
                .isEqualTo(150)
                .isGreaterThan(preStop + Long.parseLong(drain.group(1)));
        assertThat(pod.getServiceAccountName())
                .isEqualTo(read(manifests, "base/serviceaccount.yaml", ServiceAccount.class)
                        .getMetadata()
                        .getName());
        assertThat(container.getReadinessProbe()).isNotNull();
        assertThat(container.getLivenessProbe()).isNotNull();
        assertThat(container.getStartupProbe()).isNotNull();
        assertThat(container.getResources().getLimits().get("memory"))
                .isEqualTo(container.getResources().getRequests().get("memory"));
        assertThat(container.getResources().getLimits()).doesNotContainKey("cpu");
        assertThat(container.getVolumeMounts())
                .allSatisfy(each -> assertThat(each.getSubPath()).isNull());

        Map<String, String> labels =
                deployment.getSpec().getTemplate().getMetadata().getLabels();
        PodDisruptionBudget budget = read(manifests, "base/gateway-pdb.yaml", PodDisruptionBudget.class);
        Service service = read(manifests, "base/gateway-service.yaml", Service.class);
        assertThat(budget.getSpec().getMaxUnavailable()).isEqualTo(new IntOrString(1));
        assertThat(budget.getSpec().getMinAvailable()).isNull();
        assertThat(labels).containsAllEntriesOf(budget.getSpec().getSelector().getMatchLabels());
        assertThat(labels).containsAllEntriesOf(service.getSpec().getSelector());
        assertThat(labels)
                .containsAllEntriesOf(deployment.getSpec().getSelector().getMatchLabels());
        Map<String, Object> monitor = tree(manifests, "components/servicemonitor/servicemonitor.yaml");
        assertThat(service.getMetadata().getLabels())
                .containsAllEntriesOf(at(monitor, "spec", "selector", "matchLabels"));
        assertThat(value(monitor, "spec", "endpoints", 0, "port"))
                .isEqualTo(service.getSpec().getPorts().get(0).getName());
    }

    @Test
    void documents_areOfKnownFieldsOnly() {
        for (Manifests manifests : List.of(
                standard(),
                Manifests.of(null, ManifestSettings.builder().kubernetes("1.36").build()),
                of(CONFIG, ManifestSettings.builder().target("deployment/llm").pool("chat")))) {
            documents.read(manifests).forEach((path, item) -> {
                if (item instanceof GenericKubernetesResource generic) {
                    assertThat(item.getKind()).as(path).isIn("ScaledObject", "ServiceMonitor");
                    if (item.getKind().equals("ScaledObject")) {
                        checkScaledObject(path, at(generic.getAdditionalProperties(), "spec"));
                    }
                } else {
                    assertThat(Documents.unknownFields(item)).as(path).isEmpty();
                }
                assertThat(item.getMetadata().getNamespace()).as(path).isNotEmpty();
            });
        }
    }

    /** As the CRD of KEDA 2.20 has them. */
    private static void checkScaledObject(String path, Map<String, Object> spec) {
        assertThat(spec.keySet())
                .as(path)
                .isSubsetOf(
                        "scaleTargetRef",
                        "minReplicaCount",
                        "maxReplicaCount",
                        "pollingInterval",
                        "cooldownPeriod",
                        "fallback",
                        "advanced",
                        "triggers");
        List<Map<String, Object>> triggers = at(spec, "triggers");
        assertThat(triggers).allSatisfy(trigger -> {
            assertThat(trigger).containsOnlyKeys("type", "metricType", "metadata");
            Map<String, Object> metadata = at(trigger, "metadata");
            assertThat(metadata.values()).allSatisfy(value -> assertThat(value).isInstanceOf(String.class));
        });
    }

    @Test
    void unknownFields_areFound() {
        HasMetadata misspelt = documents.read("""
                apiVersion: autoscaling/v2
                kind: HorizontalPodAutoscaler
                metadata: {name: a}
                spec: {minReplica: 2, maxReplicas: 3, behavior: {scaleUp: {window: 3}}}
                """);

        assertThat(Documents.unknownFields(misspelt))
                .containsExactlyInAnyOrder(".spec.minReplica", ".spec.behavior.scaleUp.window");
    }

    @Test
    void tolerance_onlyWhereTheServerKnowsIt() {
        assertThat(hpa(
                                Manifests.of(
                                        null,
                                        ManifestSettings.builder()
                                                .kubernetes("v1.36.2")
                                                .build()),
                                HPA)
                        .getBehavior()
                        .getScaleUp()
                        .getTolerance()
                        .getNumericalAmount())
                .isEqualByComparingTo("0");
        assertThat(hpa(
                                Manifests.of(
                                        null,
                                        ManifestSettings.builder()
                                                .kubernetes("1.34")
                                                .build()),
                                HPA)
                        .getBehavior()
                        .getScaleUp()
                        .getTolerance())
                .isNull();
    }

    @Test
    void configuration_isWhatIsWritten() {
        String chatOnly = CONFIG.substring(0, CONFIG.indexOf("  code:"));
        Manifests manifests = of(chatOnly, ManifestSettings.builder().target("statefulset/vllm"));

        assertThat(manifests.namespace()).isEqualTo("models");
        Map<String, Object> scaled = at(tree(manifests, "components/keda-prometheus/chat-scaler.yaml"), "spec");
        assertThat(scaled)
                .containsEntry("minReplicaCount", 0)
                .containsEntry("maxReplicaCount", 12)
                .containsEntry("pollingInterval", 5)
                .containsEntry("cooldownPeriod", 1200)
                .containsEntry(
                        "scaleTargetRef", Map.of("apiVersion", "apps/v1", "kind", "StatefulSet", "name", "vllm"));
        assertThat(value(scaled, "fallback", "replicas")).isEqualTo(3);
        Map<String, Object> behavior = at(scaled, "advanced", "horizontalPodAutoscalerConfig", "behavior");
        assertThat(map(behavior, "scaleUp"))
                .containsEntry("selectPolicy", "Min")
                .containsEntry(
                        "policies",
                        List.of(
                                Map.of("type", "Pods", "value", 6, "periodSeconds", 90),
                                // Of 20 an hour, as much as goes into the longest period that an HPA knows.
                                Map.of("type", "Pods", "value", 10, "periodSeconds", 1800)));
        assertThat(map(behavior, "scaleDown"))
                .containsEntry("stabilizationWindowSeconds", 600)
                .containsEntry(
                        "policies",
                        List.of(
                                Map.of("type", "Pods", "value", 1, "periodSeconds", 60),
                                Map.of("type", "Percent", "value", 10, "periodSeconds", 60)));
        // An HPA does not scale to none.
        assertThat(hpa(manifests, "components/hpa/vllm-hpa.yaml").getMinReplicas())
                .isEqualTo(1);
        assertThat(manifests.files().get("base/tidegate.yaml")).isEqualTo(chatOnly);
    }

    @Test
    void pools_eachHaveTheirOwnAutoscaler() {
        String three = CONFIG.replace("name: code}", "name: code}")
                .replace("type: keda-scaledobject", "type: kubernetes-scale");
        Manifests manifests = of(
                three.replace("name: chat-scaler", "deployment: vllm-chat")
                        .replace(
                                "kubernetes-hpa, settings: {namespace: models, name: code}",
                                "kubernetes-scale, settings: {namespace: models, deployment: vllm-code, scan: true}"),
                ManifestSettings.builder().only(ManifestPart.HPA, ManifestPart.RBAC));

        assertThat(manifests.files().keySet())
                .contains(
                        "components/hpa/vllm-chat-hpa.yaml",
                        "components/hpa/vllm-code-hpa.yaml",
                        "components/hpa/math-hpa.yaml");
        Role role = read(manifests, "base/role.yaml", Role.class);
        assertThat(role.getRules())
                .anySatisfy(rule -> {
                    assertThat(rule.getApiGroups()).containsExactly("leaderworkerset.x-k8s.io");
                    assertThat(rule.getResources()).containsExactly("leaderworkersets/scale");
                    assertThat(rule.getResourceNames()).containsExactly("math");
                })
                .anySatisfy(rule -> {
                    assertThat(rule.getResources()).containsExactly("deployments/scale");
                    assertThat(rule.getResourceNames()).containsExactly("vllm-chat", "vllm-code");
                });
        assertThat(manifests.notes()).anySatisfy(note -> assertThat(note).contains("pool fixed is not scaled"));
    }

    @Test
    void mixedBackends_noTargetHasTwoAutoscalers() {
        String mixed = CONFIG.replace(
                "backend: {type: kubernetes-hpa, settings: {namespace: models, name: code}}",
                "backend: {type: kubernetes-scale, settings: {namespace: models, deployment: code}}");
        Manifests manifests = of(mixed, ManifestSettings.builder());

        assertThat(manifests.files().keySet())
                .contains("components/keda-prometheus/chat-scaler.yaml")
                .noneMatch(path -> path.startsWith("components/hpa/"));
        Role role = read(manifests, "base/role.yaml", Role.class);
        assertThat(role.getRules())
                .filteredOn(rule -> rule.getResources().contains("scaledobjects"))
                .singleElement()
                .satisfies(rule -> assertThat(rule.getResourceNames()).containsExactly("chat-scaler"));
    }

    @Test
    @DisplayName("K12: the written Role is of the shipped rules alone, and all of them where all are used")
    void role_isTheShippedOne() throws IOException {
        Workload example =
                Workloads.of(null, ManifestSettings.builder().build()).all().get(0);
        String shipped = new String(
                        ManifestsTest.class
                                .getResourceAsStream("/io/tidegate/k8s/role.yaml")
                                .readAllBytes(),
                        StandardCharsets.UTF_8)
                .replace("${namespace}", "llm")
                .replace("${deployment}", "vllm-deployment")
                .replace("${hpa}", "vllm-deployment-hpa")
                .replace("${scaledObject}", "vllm-deployment-scaler")
                .replace("${lease}", "tidegate");
        Role whole = (Role) documents.read(shipped);

        Role everything = (Role) documents.read(Rights.everything("llm", List.of(example), "tidegate"));
        assertThat(everything).isEqualTo(whole);
        Role written = read(standard(), "base/role.yaml", Role.class);
        assertThat(whole.getRules()).containsAll(written.getRules());
        assertThat(written.getRules()).hasSizeLessThan(whole.getRules().size());
        assertThat(written.getRules())
                .noneMatch(rule -> rule.getResources().contains("scaledobjects"))
                .noneMatch(rule -> rule.getResources().contains("deployments")
                        && rule.getVerbs().contains("patch"))
                .allSatisfy(rule -> assertThat(rule.getVerbs()).isSubsetOf("get", "list", "patch"));
        RoleBinding binding = read(standard(), "base/rolebinding.yaml", RoleBinding.class);
        assertThat(binding.getRoleRef().getName())
                .isEqualTo(written.getMetadata().getName());
        assertThat(binding.getSubjects()).singleElement().satisfies(subject -> {
            assertThat(subject.getKind()).isEqualTo("ServiceAccount");
            assertThat(subject.getName()).isEqualTo("tidegate-gateway");
            assertThat(subject.getNamespace()).isEqualTo("llm");
        });
    }

    @ParameterizedTest
    @CsvSource({"kubernetes-scale, deployment", "kubernetes-hpa, name", "keda-scaledobject, name"})
    void role_ofEachBackend_isOfTheShippedRules(String type, String setting) {
        Manifests manifests = of(
                "pools: {chat: {tiers: {a: {}}, scaling: {max: 3, backend: {type: %s, settings: {%s: vllm}}}}}"
                        .formatted(type, setting),
                ManifestSettings.builder().target("deployment/vllm"));
        Role role = read(manifests, "base/role.yaml", Role.class);

        assertThat(role.getRules())
                .anyMatch(rule -> rule.getResources().equals(List.of("deployments/scale")))
                .anyMatch(rule -> rule.getResources().equals(List.of("pods")));
        assertThat(role.getRules().stream().anyMatch(rule -> rule.getResources().contains("scaledobjects")))
                .isEqualTo(type.equals("keda-scaledobject"));
        assertThat(role.getRules())
                .noneMatch(rule -> rule.getResources().equals(List.of("deployments"))
                        && rule.getVerbs().contains("patch"))
                .noneMatch(rule -> rule.getResources().contains("leases"));
    }

    @Test
    void role_ofSeveralGateways_mayElectAndMark() {
        Manifests manifests = of("""
                pools: {chat: {tiers: {a: {}}, scaling: {max: 3, backend: {type: kubernetes-scale, settings: {deployment: vllm}}}}}
                leadership: {type: kubernetes-lease, settings: {name: gateways, targets: {chat: deployment/vllm}}}
                """, ManifestSettings.builder());
        Role role = read(manifests, "base/role.yaml", Role.class);

        assertThat(role.getRules())
                .anyMatch(rule -> rule.getResources().equals(List.of("leases"))
                        && rule.getVerbs().equals(List.of("get", "update"))
                        && rule.getResourceNames().equals(List.of("gateways")))
                .anyMatch(rule -> rule.getResources().equals(List.of("leases"))
                        && rule.getVerbs().equals(List.of("create")))
                .anyMatch(rule -> rule.getResources().equals(List.of("deployments"))
                        && rule.getVerbs().equals(List.of("patch"))
                        && rule.getResourceNames().equals(List.of("vllm")));
    }

    @Test
    void sampleConfiguration_isReadAndNamesWhatIsWritten() {
        TidegateConfig sample = config(standard().files().get("base/tidegate.yaml"));
        var scaling = sample.pools().get("chat").scaling();
        assertThat(scaling.min()).isEqualTo(2);
        assertThat(scaling.max()).isEqualTo(10);
        assertThat(scaling.backend().settings()).isEqualTo(Map.of("namespace", "llm", "name", "vllm-deployment-hpa"));

        TidegateConfig keda = config(Manifests.of(
                        null,
                        ManifestSettings.builder()
                                .only(ManifestPart.SCALED_OBJECT, ManifestPart.GATEWAY, ManifestPart.RBAC)
                                .build())
                .files()
                .get("base/tidegate.yaml"));
        assertThat(keda.pools().get("chat").scaling().backend().type()).isEqualTo("keda-scaledobject");
        assertThat(keda.pools().get("chat").scaling().max()).isEqualTo(20);
    }

    /** Which components the file at the top puts into use. */
    private List<String> used(Manifests manifests) {
        Object components =
                documents.tree(manifests.files().get("kustomization.yaml")).get("components");
        return components == null ? List.of() : at(components);
    }

    @ParameterizedTest
    @CsvSource({
        "kubernetes-hpa, components/hpa",
        "keda-scaledobject, components/keda-prometheus",
        "kubernetes-scale, ''"
    })
    void use_isWhatTheBackendNeeds(String type, String component) {
        Manifests manifests = of(
                "pools: {chat: {tiers: {a: {}}, scaling: {max: 3, backend: {type: %s, settings: {name: vllm}}}}}"
                        .formatted(type),
                ManifestSettings.builder());

        assertThat(used(manifests)).isEqualTo(component.isEmpty() ? List.of() : List.of(component));
    }

    @Test
    void only_isWrittenAndUsed() {
        Manifests manifests = Manifests.of(
                null,
                ManifestSettings.builder()
                        .only(ManifestPart.SERVICE_MONITOR, ManifestPart.SCALED_OBJECT)
                        .build());

        assertThat(used(manifests)).containsExactly("components/keda-prometheus", "components/servicemonitor");
        assertThat(manifests.files().keySet())
                .noneMatch(path -> path.startsWith("base/") || path.startsWith("components/hpa"));
    }

    @Test
    void kustomizations_listTheirFilesExactly() {
        for (Manifests manifests :
                List.of(standard(), of(CONFIG, ManifestSettings.builder().pool("math")))) {
            Set<String> reached = new TreeSet<>(Set.of("kustomization.yaml"));
            manifests.files().forEach((path, text) -> {
                if (path.endsWith("/kustomization.yaml")) {
                    String in = path.substring(0, path.lastIndexOf('/') + 1);
                    Map<String, Object> tree = documents.tree(text);
                    reached.add(path);
                    List<String> resources = at(tree, "resources");
                    resources.forEach(each -> assertThat(reached.add(in + each)).isTrue());
                    if (tree.containsKey("secretGenerator")) {
                        List<String> generated = at(tree, "secretGenerator", 0, "files");
                        generated.forEach(
                                each -> assertThat(reached.add(in + each)).isTrue());
                    }
                    String component = in.substring(0, in.length() - 1);
                    assertThat(manifests.files().get("kustomization.yaml")).contains("- " + component + "\n");
                }
            });
            assertThat(reached).isEqualTo(manifests.files().keySet());
        }
    }

    private record Ended(int status, String output) {}

    private static Ended run(String... command) throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            return new Ended(127, e.toString());
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return new Ended(process.exitValue(), output);
    }

    @Test
    void kustomize_buildsThem_andEachComponentAlone() throws Exception {
        // Debian's own kubectl is of before components.
        assumeTrue(
                run("kubectl", "version", "--client").output().contains("Kustomize Version: v"),
                "kubectl 1.24 or later is not installed");
        for (String component : List.of(
                "hpa",
                "keda-prometheus",
                "keda-external-push",
                "keda-metrics-api",
                "prometheus-adapter",
                "servicemonitor")) {
            Path out = folder.resolve(component);
            standard().write(out, false);
            Path top = out.resolve("kustomization.yaml");
            Files.writeString(
                    top, Files.readString(top).replaceAll("(?m)^ {2}- components/.*$", "  - components/" + component));
            Ended built = run("kubectl", "kustomize", out.toString());
            assertThat(built.status()).as(built.output()).isZero();
            assertThat(built.output()).contains("kind: Secret", "name: tidegate-gateway-config\n");
        }
        Path two = folder.resolve("two");
        standard().write(two, false);
        Path top = two.resolve("kustomization.yaml");
        Files.writeString(top, Files.readString(top).replace("#  - components/keda-", "  - components/keda-"));
        // Two ScaledObjects of one name are refused before anything is applied.
        assertThat(run("kubectl", "kustomize", two.toString()).status()).isNotZero();
    }

    /** Every expression, with what prometheus-adapter would put in. */
    private Map<String, String> expressions(Manifests manifests) {
        Map<String, String> expressions = new TreeMap<>();
        expressions.put("scaledobject", at(tree(manifests, SCALED_OBJECT), "spec", "triggers", 0, "metadata", "query"));
        String rules = read(manifests, "components/prometheus-adapter/rules.yaml", ConfigMap.class)
                .getData()
                .get("config.yaml");
        Map<String, Object> tree = documents.tree("apiVersion: a/v1\nkind: Rules\n" + rules);
        for (String kind : List.of("rules", "externalRules")) {
            List<Map<String, Object>> each = at(tree, kind);
            for (Map<String, Object> rule : each) {
                String name = at(rule, "name", "as");
                String series = ((String) rule.get("seriesQuery")).replaceAll("\\{.*", "");
                expressions.put(name + "_series", (String) rule.get("seriesQuery"));
                expressions.put(
                        name,
                        ((String) rule.get("metricsQuery"))
                                .replace("<<.Series>>", series)
                                .replace(
                                        "<<.LabelMatchers>>",
                                        kind.equals("rules")
                                                ? "exported_pod=~\"vllm-1|vllm-2\""
                                                : "namespace=\"llm\",pool=\"chat\"")
                                .replace("<<.GroupBy>>", "exported_pod"));
            }
        }
        assertThat(expressions.keySet())
                .contains("gpu_utilization", "gpu_engine_active", "vllm_request_queue_depth", "scaledobject");
        return expressions;
    }

    @Test
    void hpaMetrics_areThoseThatTheRulesGive() {
        Set<String> given = expressions(standard()).keySet();
        for (MetricSpec each : hpa(standard(), HPA).getMetrics()) {
            String name = each.getPods() != null
                    ? each.getPods().getMetric().getName()
                    : each.getExternal().getMetric().getName();
            assertThat(given).contains(name);
        }
        assertThat(standard().files().get("components/prometheus-adapter/rules.yaml"))
                .contains("{exported_namespace!");
        assertThat(Manifests.of(
                                null,
                                ManifestSettings.builder().dcgmHonorLabels(true).build())
                        .files()
                        .get("components/prometheus-adapter/rules.yaml"))
                .contains("DCGM_FI_DEV_GPU_UTIL{namespace!=\"\",pod!=\"\"}")
                .doesNotContain("exported_namespace");
    }

    @Test
    void expressions_giveWhatTheySay_byPromtool() throws Exception {
        boolean there = run("promtool", "--version").status() == 0;
        if ("true".equals(System.getenv("TIDEGATE_CI"))) {
            assertThat(there)
                    .as("promtool, which the continuous integration installs")
                    .isTrue();
        }
        assumeTrue(there, "promtool is not installed: on Debian, apt-get install prometheus");
        StringBuilder rules = new StringBuilder("groups:\n- name: manifests\n  rules:\n");
        Map<String, String> all = expressions(standard());
        all.forEach((name, expression) -> rules.append("  - record: ")
                .append(name)
                .append("\n    expr: ")
                .append(Yaml.quoted(expression).written())
                .append('\n'));
        Path file = Files.writeString(folder.resolve("rules.yaml"), rules);
        Ended checked = run("promtool", "check", "rules", file.toString());
        assertThat(checked.status()).as(checked.output()).isZero();

        // Two gateways of two tiers, and one pool of another gateway: 12 wait, and go on waiting. Two GPUs of a pod: 80
        // and 60 %.
        Path test = Files.writeString(folder.resolve("test.yaml"), """
                rule_files: [rules.yaml]
                evaluation_interval: 15s
                tests:
                - interval: 15s
                  input_series:
                  - {series: 'tidegate_queue_depth{namespace="llm",pod="a",pool="chat",tier="premium"}', values: '1x20'}
                  - {series: 'tidegate_queue_depth{namespace="llm",pod="a",pool="chat",tier="batch"}', values: '3x20'}
                  - {series: 'tidegate_queue_depth{namespace="llm",pod="b",pool="chat",tier="batch"}', values: '8x20'}
                  - {series: 'tidegate_queue_depth{namespace="llm",pod="b",pool="code",tier="batch"}', values: '99x20'}
                  - {series: 'tidegate_queue_depth{namespace="other",pod="b",pool="chat",tier="batch"}', values: '99x20'}
                  - {series: 'DCGM_FI_DEV_GPU_UTIL{gpu="0",exported_pod="vllm-1",pod="dcgm"}', values: '80x20'}
                  - {series: 'DCGM_FI_DEV_GPU_UTIL{gpu="1",exported_pod="vllm-1",pod="dcgm"}', values: '60x20'}
                  promql_expr_test:
                  - {expr: scaledobject, eval_time: 2m, exp_samples: [{labels: scaledobject, value: 12}]}
                  - {expr: vllm_request_queue_depth, eval_time: 2m, exp_samples: [{labels: 'vllm_request_queue_depth{pool="chat"}', value: 12}]}
                  - {expr: gpu_utilization, eval_time: 2m, exp_samples: [{labels: 'gpu_utilization{exported_pod="vllm-1"}', value: 70}]}
                """);
        Ended tested = run("promtool", "test", "rules", test.toString());
        assertThat(tested.status()).as(tested.output()).isZero();
    }

    @Test
    void randomConfigurations_giveManifestsThatParse() {
        Random random = new Random(8);
        for (int i = 0; i < 200; i++) {
            int min = random.nextInt(4);
            int max = Math.max(1, min) + random.nextInt(100_000 - 4);
            String backend = List.of("kubernetes-scale", "kubernetes-hpa", "keda-scaledobject")
                    .get(random.nextInt(3));
            String name = List.of("vllm", "true", "1e3", "0x10", "null", "a.b-c", "no", "12", "1.5", "on")
                    .get(random.nextInt(10));
            String pool = List.of("chat", "true", "1e3", "A_b.c-9", "null", "0o7", "1.50")
                    .get(random.nextInt(7));
            String text = """
                    pools:
                      "%s":
                        tiers: {a: {}}
                        scaling:
                          min: %d
                          max: %d
                          up: {%s: %s, period: %dms, select: %s, stabilizationWindow: %dms}
                          down: {rates: {a: {replicas: %d, share: %s, period: %ds}}}
                          guardrails: {toZeroAfter: %ds, fallbackReplicas: %d}
                          backend: {type: %s, settings: {namespace: "%s", name: "%s"}}
                    """.formatted(
                            pool,
                            min,
                            max,
                            random.nextBoolean() ? "share" : "replicas",
                            random.nextBoolean() ? "1" : "1000",
                            1 + random.nextInt(3_600_000),
                            List.of("max", "min", "disabled").get(random.nextInt(3)),
                            random.nextInt(3_600_001),
                            random.nextInt(100_001),
                            List.of("0.001", "1", "999.9").get(random.nextInt(3)),
                            1 + random.nextInt(3600),
                            random.nextInt(3601),
                            random.nextInt(100),
                            backend,
                            List.of("llm", "123", "yes", "0x1", "a-b").get(random.nextInt(5)),
                            name);
            Manifests manifests = of(text, ManifestSettings.builder().kubernetes("1." + (30 + random.nextInt(10))));
            documents.read(manifests).forEach((path, item) -> {
                assertThat(Documents.unknownFields(item instanceof GenericKubernetesResource ? null : item))
                        .as(path)
                        .isEmpty();
                if (item instanceof HorizontalPodAutoscaler hpa) {
                    checkLikeTheApiServer(text, hpa.getSpec());
                    assertThat(hpa.getSpec()
                                    .getMetrics()
                                    .get(1)
                                    .getExternal()
                                    .getMetric()
                                    .getSelector()
                                    .getMatchLabels())
                            .isEqualTo(Map.of("pool", pool));
                }
                if (item.getKind().equals("ScaledObject")) {
                    Map<String, Object> spec = at(((GenericKubernetesResource) item).getAdditionalProperties(), "spec");
                    checkScaledObject(path, spec);
                    assertThat((int) value(spec, "fallback", "replicas")).isBetween(1, max);
                    assertThat(value(spec, "scaleTargetRef", "name")).isInstanceOf(String.class);
                }
            });
        }
    }

    /** The bounds of the API server's own validation. */
    private static void checkLikeTheApiServer(String text, HorizontalPodAutoscalerSpec hpa) {
        assertThat(hpa.getMinReplicas()).as(text).isBetween(1, hpa.getMaxReplicas());
        for (var rules :
                List.of(hpa.getBehavior().getScaleUp(), hpa.getBehavior().getScaleDown())) {
            assertThat(rules.getStabilizationWindowSeconds()).as(text).isBetween(0, 3600);
            assertThat(rules.getSelectPolicy()).isIn("Max", "Min", "Disabled");
            assertThat(rules.getPolicies()).isNotEmpty().allSatisfy(policy -> {
                assertThat(policy.getValue()).as(text).isPositive();
                assertThat(policy.getPeriodSeconds()).as(text).isBetween(1, 1800);
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "LLM", "a_b", "-a", "a.b", "a\nb", "a: b", "${namespace}"})
    void namespace_thatIsNone_isRefused(String name) {
        assertThatThrownBy(() -> ManifestSettings.builder().namespace(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("namespace must be ")
                .hasMessageContaining("[a-z0-9-]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "pod/vllm", "deployment/", "deployment/A", "deployment/a b", "deployment/a/b", "/a"})
    void target_thatIsNone_isRefused(String target) {
        assertThatThrownBy(() -> ManifestSettings.builder().target(target))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("target must be such as deployment/vllm");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "prometheus:9090",
                "ftp://p",
                "http://",
                "http://u:p@p",
                "http://p?a=b",
                "http://p#a",
                "http://p\n"
            })
    void prometheus_thatIsNone_isRefused(String url) {
        assertThatThrownBy(() -> ManifestSettings.builder().prometheus(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("prometheus must be an address");
    }

    @Test
    void numbersAndNames_outOfRange_areRefused() {
        ManifestSettings.Builder builder = ManifestSettings.builder();
        assertThatThrownBy(() -> builder.port(0)).hasMessage("port must be 1 to 65535 but was \"0\"");
        assertThatThrownBy(() -> builder.replicas(0)).hasMessageStartingWith("replicas must be 1 to");
        assertThatThrownBy(() -> builder.gpuTarget(101)).hasMessageStartingWith("GPU target must be 1 to 100");
        assertThatThrownBy(() -> builder.queueTarget(0)).hasMessageStartingWith("queue target");
        assertThatThrownBy(() -> builder.queueThreshold(0)).hasMessageStartingWith("queue threshold");
        assertThatThrownBy(() -> builder.kubernetes("2.0"))
                .hasMessageStartingWith("Kubernetes version must be such as");
        assertThatThrownBy(() -> builder.image("a b")).hasMessageStartingWith("image must be such as");
        assertThatThrownBy(() -> builder.gateway("1a")).hasMessageStartingWith("gateway must be 1 to 50");
        assertThatThrownBy(() -> builder.monitoringNamespace("a.b")).hasMessageStartingWith("monitoring namespace");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pools: {chat: {tiers: {a: {}}}} | no pool is scaled on Kubernetes",
                "pools: {chat: {tiers: {a: {}}, scaling: {max: 2, backend: {type: recording}}}} | no pool is scaled on Kubernetes",
                "pools: {a b: {tiers: {a: {}}, scaling: {max: 2}}} | cannot be the value of a label",
                "pools: {a: {tiers: {a: {}}, scaling: {max: 2}}, b: {tiers: {a: {}}, scaling: {max: 2}}} | pools a and b would both scale",
                "pools: {a: {tiers: {a: {}}, scaling: {max: 2, backend: {type: kubernetes-hpa, settings: {name: A}}}}} | settings.name must be a name",
                "pools: {a: {tiers: {a: {}}, scaling: {max: 2, backend: {type: kubernetes-scale}}}} | must name what is scaled",
                "pools: {a: {tiers: {a: {}}, scaling: {max: 2, backend: {type: kubernetes-hpa, settings: {namespace: B.c, name: a}}}}} | settings.namespace must be",
            })
    void configuration_thatCannotBeWritten_isRefused(String config, String message) {
        assertThatThrownBy(() -> of(config, ManifestSettings.builder()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void settings_againstTheConfiguration_areRefused() {
        assertThatThrownBy(() -> of(CONFIG, ManifestSettings.builder().pool("none")))
                .hasMessageStartingWith("pool none is not in the configuration, only [chat, code, math, fixed]");
        assertThatThrownBy(
                        () -> of(CONFIG, ManifestSettings.builder().pool("math").namespace("llm")))
                .hasMessageStartingWith("namespace llm is not that of the backends in the configuration, [models]");
        assertThatThrownBy(() -> of(CONFIG, ManifestSettings.builder().target("deployment/a")))
                .hasMessageContaining("would both scale deployment/a");
        assertThatThrownBy(() -> Manifests.of(
                        null,
                        ManifestSettings.builder()
                                .target("deployment/" + "a".repeat(60))
                                .build()))
                .hasMessageContaining("longer than the 54 characters that KEDA takes");
    }

    @Test
    void write_again_changesNothing_andKeepsEdits() throws IOException {
        Manifests.Written first = standard().write(folder, false);
        assertThat(first.written()).containsExactlyElementsOf(standard().files().keySet());
        assertThat(standard().write(folder, false).same()).isEqualTo(first.written());

        // What it wrote itself it replaces, and what is not used any more it names.
        Manifests other = Manifests.of(
                null, ManifestSettings.builder().target("deployment/llama").build());
        Manifests.Written second = other.write(folder, false);
        assertThat(second.written()).contains("components/hpa/llama-hpa.yaml", "base/role.yaml");
        assertThat(second.left()).contains(HPA, SCALED_OBJECT).doesNotContain("base/role.yaml");

        Path role = folder.resolve("base/role.yaml");
        Files.writeString(role, Files.readString(role) + "# mine\n");
        List<String> before = contents();
        assertThatThrownBy(() -> standard().write(folder, false))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("base/role.yaml")
                .hasMessageContaining("--force");
        assertThat(contents()).isEqualTo(before);

        standard().write(folder, true);
        assertThat(Files.readString(role)).doesNotContain("# mine");
    }

    @Test
    void write_overFilesOfOthers_isRefused() throws IOException {
        Files.writeString(folder.resolve("kustomization.yaml"), "resources: []\n");
        assertThatThrownBy(() -> standard().write(folder, false))
                .hasMessageContaining("nothing was written")
                .hasMessageContaining("kustomization.yaml");
        assertThat(folder.resolve("base")).doesNotExist();

        Files.createDirectories(folder.resolve("base/role.yaml"));
        assertThatThrownBy(() -> standard().write(folder, true))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is a folder");
    }

    private List<String> contents() throws IOException {
        List<String> all = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path each : files.filter(Files::isRegularFile).sorted().toList()) {
                all.add(each + "\n" + Files.readString(each));
            }
        }
        return all;
    }

    /** To write them anew: {@code -Dtidegate.goldens=write}. */
    @ParameterizedTest
    @ValueSource(strings = {"standard", "configured"})
    void files_areThoseOfLastTime(String name) throws IOException {
        Manifests manifests = name.equals("standard")
                ? standard()
                : of(
                        CONFIG,
                        ManifestSettings.builder()
                                .pool("chat")
                                .target("statefulset/vllm")
                                .kubernetes("1.36"));
        Path goldens = Path.of("src/test/resources/io/tidegate/k8s/manifests", name);
        if ("write".equals(System.getProperty("tidegate.goldens"))) {
            manifests.write(goldens, true);
        }
        Map<String, String> found = new TreeMap<>();
        try (Stream<Path> files = Files.walk(goldens)) {
            for (Path each : files.filter(Files::isRegularFile).toList()) {
                found.put(goldens.relativize(each).toString().replace('\\', '/'), Files.readString(each));
            }
        }
        assertThat(found.keySet()).isEqualTo(manifests.files().keySet());
        manifests
                .files()
                .forEach((path, text) -> assertThat(found.get(path)).as(path).isEqualTo(ManifestFolder.stamped(text)));
    }
}
