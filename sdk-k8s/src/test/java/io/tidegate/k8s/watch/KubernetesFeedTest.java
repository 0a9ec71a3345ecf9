/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.watch;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.absent;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.tidegate.k8s.MockCluster;
import io.tidegate.k8s.watch.Feed.Item;
import io.tidegate.k8s.watch.Feed.Kind;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What is asked of an API server and what comes of its answers. */
class KubernetesFeedTest {

    private static final String PODS = "/api/v1/namespaces/ml/pods";

    private final WireMockServer server = new WireMockServer(options().dynamicPort());
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private KubernetesClient client;

    private final Feed.Sink<String> sink = new Feed.Sink<>() {
        @Override
        public void event(Kind kind, Item<String> item) {
            heard.add(kind + " " + item.key() + " " + item.version());
        }

        @Override
        public void ended(boolean gone, String why) {
            heard.add("ended " + gone);
        }
    };

    @BeforeEach
    void start() {
        server.start();
        Config config = new ConfigBuilder(Config.empty())
                .withMasterUrl(server.baseUrl())
                // What a client does when told nothing, and worse; the feed must not.
                .withRequestRetryBackoffLimit(10)
                .withWatchReconnectLimit(-1)
                .withRequestTimeout(60_000)
                .build();
        client = new KubernetesClientBuilder()
                .withConfig(config)
                .withHttpClientFactory(new JdkHttpClientFactory())
                .build();
    }

    @AfterEach
    void stop() {
        client.close();
        server.shutdownServer();
    }

    private Feed<String> feed(Duration callTimeout) {
        return new KubernetesFeed<Pod, String>(
                client,
                each -> each.pods().inNamespace("ml").withLabel("app", "vllm"),
                pod -> pod.getMetadata().getName(),
                callTimeout);
    }

    private static String page(String next, String... names) {
        StringBuilder items = new StringBuilder();
        for (String name : names) {
            items.append(items.length() == 0 ? "" : ",").append("""
                    {"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"ml","uid":"u-%s",
                     "resourceVersion":"7"}}""".formatted(name, name));
        }
        return """
                {"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"4711","continue":"%s"},
                 "items":[%s]}""".formatted(next, items);
    }

    private void watchAnswers(ResponseDefinitionBuilder answer) {
        server.stubFor(get(urlPathEqualTo(PODS))
                .withQueryParam("watch", equalTo("true"))
                .willReturn(answer));
    }

    @Test
    void list_severalPages_isOneList() throws Exception {
        server.stubFor(get(urlPathEqualTo(PODS))
                .withQueryParam("continue", absent())
                .willReturn(okJson(page("more", "a", "b"))));
        server.stubFor(get(urlPathEqualTo(PODS))
                .withQueryParam("continue", equalTo("more"))
                .willReturn(okJson(page("", "c"))));

        Feed.Listing<String> list = feed(MockCluster.PATIENCE).list();

        assertThat(list.version()).isEqualTo("4711");
        assertThat(list.items()).extracting(Item::key).containsExactly("ml/a", "ml/b", "ml/c");
        server.verify(
                2,
                getRequestedFor(urlPathEqualTo(PODS))
                        .withQueryParam("limit", equalTo("500"))
                        .withQueryParam("labelSelector", equalTo("app=vllm")));
    }

    @Test
    void list_refused_isAskedOnce() {
        server.stubFor(get(urlPathEqualTo(PODS)).willReturn(aResponse().withStatus(503)));

        assertThatThrownBy(() -> feed(MockCluster.PATIENCE).list()).isInstanceOf(KubernetesClientException.class);
        server.verify(1, getRequestedFor(urlPathEqualTo(PODS)));
    }

    @Test
    @DisplayName(
            "G3: neither a list nor the opening of a watch waits longer than it may for an answer that does not come")
    void listAndWatch_noAnswer_areGivenUp() {
        server.stubFor(get(urlPathEqualTo(PODS)).willReturn(aResponse().withFixedDelay(60_000)));
        Feed<String> feed = feed(Duration.ofMillis(300));
        long before = System.nanoTime();

        assertThatThrownBy(feed::list).isInstanceOf(KubernetesClientException.class);
        assertThatThrownBy(() -> feed.watch("1", sink))
                .isInstanceOf(IOException.class)
                .hasMessage("no answer within 300 ms");

        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(15));
    }

    @Test
    @DisplayName(
            "G6: on the wire: a watch that is refused with 410 is not opened, and is not tried again by the client")
    void watch_refusedWith410_fails() {
        watchAnswers(aResponse()
                .withStatus(410)
                .withHeader("Content-Type", "application/json")
                .withBody("""
                        {"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired",
                         "message":"too old resource version","code":410}"""));

        assertThatThrownBy(() -> feed(MockCluster.PATIENCE).watch("4711", sink))
                .isInstanceOfSatisfying(
                        KubernetesClientException.class,
                        e -> assertThat(e.getCode()).isEqualTo(410));
        server.verify(getRequestedFor(urlPathEqualTo(PODS))
                .withQueryParam("watch", equalTo("true"))
                .withQueryParam("resourceVersion", equalTo("4711"))
                .withQueryParam("allowWatchBookmarks", equalTo("true"))
                .withQueryParam("timeoutSeconds", equalTo("600")));
    }
}
