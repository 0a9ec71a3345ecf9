/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.demo;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads the gateway's live state. Safe for use by many threads. */
final class StateReader implements AutoCloseable {

    private static final JsonMapper JSON = new JsonMapper();

    private final OkHttpClient client =
            new OkHttpClient.Builder().callTimeout(Duration.ofSeconds(10)).build();
    private final URI gateway;

    StateReader(URI gateway) {
        this.gateway = gateway;
    }

    /** All samples and decisions the gateway has kept. */
    JsonNode all() throws IOException {
        return read("/tidegate/state");
    }

    /** The latest figures, without history. */
    JsonNode latest() throws IOException {
        return read("/tidegate/state?since=" + Integer.MAX_VALUE);
    }

    private JsonNode read(String path) throws IOException {
        Request request = new Request.Builder().url(gateway + path).build();
        try (Response response = client.newCall(request).execute()) {
            if (!response.isSuccessful()) {
                throw new IOException("the gateway answered " + response.code());
            }
            return JSON.readTree(response.body().bytes());
        } catch (JacksonException e) {
            throw new IOException("the gateway's state is not JSON: " + e.getOriginalMessage(), e);
        }
    }

    @Override
    public void close() {
        client.dispatcher().executorService().shutdown();
        client.connectionPool().evictAll();
    }
}
