/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.patch;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.awaitility.Awaitility.await;

import com.github.tomakehurst.wiremock.WireMockServer;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.tidegate.engine.PoolMemory;
import io.tidegate.engine.spi.EngineMemory;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.k8s.discovery.EndpointDiscovery;
import io.tidegate.k8s.discovery.EndpointSnapshot;
import io.tidegate.k8s.drain.DeletionCosts;
import io.tidegate.k8s.lease.KubernetesLeadership;
import io.tidegate.k8s.lease.LeaseTiming;
import io.tidegate.k8s.lease.TargetObject;
import io.tidegate.pool.Capacity;
import io.tidegate.time.SystemTime;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
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
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The shipped Role allows all that the backends ask for, and nothing else. */
class RoleRecorderTest {

    private static final Pattern PATH = Pattern.compile(
            "/(?:api/v1|apis/([^/]+)/[^/]+)/namespaces/ml/([a-z]+)(?:/([^/?]+))?(?:/([a-z]+))?(?:\\?.*)?");

    private final MockCluster cluster = new MockCluster();
    private final FaultyApi api = new FaultyApi(cluster.address());
    private final WireMockServer wire = new WireMockServer(options().dynamicPort());
    private final List<Asked> recorded = new ArrayList<>();

    /** What a request needs, as access control names it. */
    private record Asked(String verb, String group, String resource, String name) {}

    @BeforeEach
    void start() {
        wire.start();
    }

    @AfterEach
    void stop() {
        wire.stop();
        api.close();
        cluster.close();
    }

    private static Config config(String address) {
        return new ConfigBuilder(Config.empty())
                .withMasterUrl(address)
                .withNamespace(MockCluster.NAMESPACE)
                .build();
    }

    private void record(String method, String path) {
        Matcher matcher = PATH.matcher(path);
        assertThat(matcher.matches()).as(path).isTrue();
        boolean one = matcher.group(3) != null;
        // A list or watch of one object by name can be allowed by name.
        Matcher selected = Pattern.compile("fieldSelector=metadata\\.name(?:%3D|=)+([a-z0-9-]+)")
                .matcher(path);
        String name = one ? matcher.group(3) : selected.find() ? selected.group(1) : "";
        String verb = switch (method) {
            case "GET" -> path.contains("watch=") ? "watch" : one ? "get" : "list";
            case "PATCH" -> "patch";
            case "PUT" -> "update";
            case "POST" -> "create";
            default -> method.toLowerCase(java.util.Locale.ROOT);
        };
        recorded.add(new Asked(
                verb,
                Objects.requireNonNullElse(matcher.group(1), ""),
                matcher.group(2) + (matcher.group(4) == null ? "" : "/" + matcher.group(4)),
                name));
    }

    private static ScaleRequest request(int from, int to, long epoch) {
        return new ScaleRequest("chat", from, to, 1, "because", "key", epoch);
    }

    /** What each backend does, with all that can be switched on. */
    private void doAll() throws Exception {
        cluster.create("vllm", 1);
        cluster.setStatus("vllm", 1, 0);
        KubernetesScaleBackend.Builder builder = KubernetesScaleBackend.builder()
                .config(config(api.address()))
                .deployment("vllm")
                .callTimeout(MockCluster.PATIENCE);
        cluster.admin()
                .apps()
                .deployments()
                .inNamespace(MockCluster.NAMESPACE)
                .withName("vllm")
                .edit(found -> {
                    found.getSpec()
                            .setSelector(new io.fabric8.kubernetes.api.model.LabelSelectorBuilder()
                                    .addToMatchLabels("app", "vllm")
                                    .build());
                    return found;
                });
        try (ScalerBackend backend = builder.scan(true).build()) {
            backend.status("chat");
            backend.scale(request(1, 2, 3));
            // Again, and past what is known: the object changed since.
            backend.scale(request(2, 3, 3));
            backend.status("chat");
        }
        try (ScalerBackend backend =
                builder.sharedLists(Duration.ofSeconds(10)).births(false).build()) {
            backend.status("chat");
            backend.scale(request(3, 4, 3));
            backend.status("chat");
        }
        api.asked().forEach(asked -> record(asked.method(), asked.path()));

        String scale = "/apis/apps/v1/namespaces/ml/deployments/vllm";
        wire.stubFor(get(urlPathEqualTo(scale)).willReturn(okJson("""
                {"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"vllm","resourceVersion":"7"},
                 "spec":{"replicas":2,"selector":{"matchLabels":{"app":"vllm"}}},"status":{"replicas":2}}""")));
        wire.stubFor(get(urlPathEqualTo("/api/v1/namespaces/ml/pods"))
                .willReturn(okJson("{\"kind\":\"PodList\",\"items\":[]}")));
        for (String path : List.of(
                "/apis/autoscaling/v2/namespaces/ml/horizontalpodautoscalers/vllm-hpa",
                "/apis/autoscaling/v2/namespaces/ml/horizontalpodautoscalers/keda-hpa-llm",
                "/apis/keda.sh/v1alpha1/namespaces/ml/scaledobjects/llm")) {
            wire.stubFor(
                    get(urlPathEqualTo(path)).willReturn(okJson("""
                    {"metadata":{"name":"x","resourceVersion":"7"},
                     "spec":{"minReplicas":%d,"minReplicaCount":2,"maxReplicas":9,
                      "scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"vllm"}}}""".formatted(path.contains("keda-hpa") ? 4 : 2))));
            wire.stubFor(patch(urlPathEqualTo(path)).willReturn(okJson("{}")));
        }
        wire.stubFor(patch(urlPathEqualTo(scale + "/scale")).willReturn(okJson("{}")));
        try (HpaBackend hpa = HpaBackend.builder()
                        .config(config(wire.baseUrl()))
                        .name("vllm-hpa")
                        .callTimeout(MockCluster.PATIENCE)
                        .build();
                ScaledObjectBackend keda = ScaledObjectBackend.builder()
                        .config(config(wire.baseUrl()))
                        .name("llm")
                        .callTimeout(MockCluster.PATIENCE)
                        .build()) {
            for (ScalerBackend each : List.of(hpa, keda)) {
                each.status("chat");
                each.scale(request(2, 4, 3));
                each.scale(request(2, 1, 3));
            }
        }
        wire.getAllServeEvents()
                .forEach(event -> record(
                        event.getRequest().getMethod().getName(),
                        event.getRequest().getUrl()));
    }

    /** What gateways do beside scaling: elect a leader, follow endpoints, mark who goes. */
    private void doTheRest() throws Exception {
        cluster.admin()
                .resource(new PodBuilder()
                        .withNewMetadata()
                        .withNamespace(MockCluster.NAMESPACE)
                        .withName("vllm-0")
                        .endMetadata()
                        .build())
                .create();
        cluster.takeRequests();
        Config config = config(cluster.address());
        try (KubernetesLeadership leadership = KubernetesLeadership.builder()
                        .config(config)
                        .timing(new LeaseTiming(
                                Duration.ofSeconds(3),
                                Duration.ofMillis(1500),
                                Duration.ofMillis(200),
                                Duration.ofMillis(500)))
                        .target("chat", TargetObject.deployment(MockCluster.NAMESPACE, "vllm"))
                        .build();
                KubernetesClient client = new KubernetesClientBuilder()
                        .withConfig(config)
                        .withHttpClientFactory(new JdkHttpClientFactory())
                        .build();
                SystemTime time = SystemTime.start();
                EndpointDiscovery discovery = EndpointDiscovery.builder(time, client, MockCluster.NAMESPACE, "vllm")
                        .build()) {
            discovery.start();
            try (KubernetesScaleBackend watching = KubernetesScaleBackend.builder()
                    .config(config)
                    .deployment("vllm")
                    .births(false)
                    .watch(true)
                    .callTimeout(MockCluster.PATIENCE)
                    .build()) {
                watching.status("chat");
                await().atMost(MockCluster.PATIENCE).until(watching::watching);
            }
            await().atMost(MockCluster.PATIENCE).until(() -> leadership.term().leads());
            await().atMost(MockCluster.PATIENCE)
                    .until(() -> !discovery.snapshot().equals(EndpointSnapshot.UNKNOWN));
            EngineMemory memory = leadership.memory().orElseThrow();
            memory.save(
                    "chat",
                    new PoolMemory(
                            Instant.EPOCH,
                            2,
                            List.of(),
                            List.of(),
                            Map.of(),
                            Capacity.UNKNOWN,
                            List.of(),
                            Optional.empty()));
            assertThat(memory.load("chat")).isPresent();
            DeletionCosts costs =
                    DeletionCosts.builder(time, client, MockCluster.NAMESPACE).build();
            assertThat(costs.mark(List.of("vllm-0")).marked()).containsExactly("vllm-0");
            await().atMost(MockCluster.PATIENCE).until(() -> {
                cluster.takeRequests().forEach(sent -> {
                    int space = sent.indexOf(' ');
                    record(sent.substring(0, space), sent.substring(space + 1));
                });
                return recorded.stream().anyMatch(asked -> asked.verb().equals("watch"));
            });
        }
    }

    private Role role() throws IOException {
        try (InputStream shipped = Objects.requireNonNull(
                KubernetesScaleBackend.class.getResourceAsStream("/io/tidegate/k8s/role.yaml"))) {
            String text = new String(shipped.readAllBytes(), StandardCharsets.UTF_8)
                    .replace("${namespace}", MockCluster.NAMESPACE)
                    .replace("${deployment}", "vllm")
                    .replace("${hpa}", "vllm-hpa")
                    .replace("${scaledObject}", "llm")
                    .replace("${lease}", "tidegate");
            return cluster.admin()
                    .rbac()
                    .roles()
                    .load(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)))
                    .item();
        }
    }

    private static boolean allows(PolicyRule rule, Asked asked) {
        boolean named =
                rule.getResourceNames() == null || rule.getResourceNames().isEmpty();
        return rule.getApiGroups().contains(asked.group())
                && rule.getResources().contains(asked.resource())
                && rule.getVerbs().contains(asked.verb())
                && (named || rule.getResourceNames().contains(asked.name()));
    }

    @Test
    @DisplayName("K12: all that a gateway asks for is in the shipped Role, and all that is in it is asked for")
    void requests_ofAGateway_areThoseOfTheShippedRole() throws Exception {
        doAll();
        doTheRest();
        List<PolicyRule> rules = role().getRules();

        assertThat(recorded).hasSizeGreaterThan(20);
        assertThat(recorded)
                .allSatisfy(asked -> assertThat(rules).as(asked.toString()).anyMatch(rule -> allows(rule, asked)));
        for (PolicyRule rule : rules) {
            Set<String> used = new HashSet<>();
            recorded.stream().filter(asked -> allows(rule, asked)).forEach(asked -> used.add(asked.verb()));
            assertThat(new TreeSet<>(used)).as(rule.toString()).isEqualTo(new TreeSet<>(rule.getVerbs()));
            assertThatCode(() -> assertThat(rule.getResources()).noneMatch(each -> each.contains("*")))
                    .doesNotThrowAnyException();
        }
        assertThat(rules)
                .allSatisfy(rule -> assertThat(rule.getVerbs()).doesNotContain("*", "delete"))
                .filteredOn(rule -> !rule.getResources().equals(List.of("leases")))
                .allSatisfy(rule -> assertThat(rule.getVerbs()).doesNotContain("create", "update"))
                .allSatisfy(rule -> assertThat(rule.getResources()).doesNotContain("*", "secrets"));
    }
}
