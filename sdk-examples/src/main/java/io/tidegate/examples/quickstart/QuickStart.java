/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.quickstart;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tidegate.Tidegate;
import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.concurrent.Executors;

/** A gateway in front of one vLLM address. Arguments: the configuration, vLLM's base URL, the port. */
public final class QuickStart {

    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private QuickStart() {}

    // README: begin
    public static void main(String[] args) throws IOException {
        Tidegate tidegate = Tidegate.start(Path.of(args[0]), new SimpleMeterRegistry());
        Gate gate = tidegate.gate("chat");
        HttpServer server = HttpServer.create(new InetSocketAddress(Integer.parseInt(args[2])), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/v1/", exchange -> handle(gate, URI.create(args[1]), exchange));
        server.start();
    }

    static void handle(Gate gate, URI vllm, HttpExchange exchange) throws IOException {
        try (exchange) {
            Admission admission = gate.acquire(Request.of(gate.tier("standard"))); // waits as long as the tier allows
            if (admission instanceof Permit permit) {
                try (permit;
                        InputStream answer = call(vllm, exchange)) { // the permit goes back on every exit
                    exchange.sendResponseHeaders(200, 0);
                    OutputStream client = exchange.getResponseBody();
                    byte[] buffer = new byte[8192];
                    for (int n = answer.read(buffer); n >= 0; n = answer.read(buffer)) {
                        permit.firstToken(); // the first call counts
                        client.write(buffer, 0, n);
                        client.flush();
                    }
                    permit.close(Outcome.COMPLETED, Usage.NONE);
                }
            } else if (admission instanceof Admission.Shed shed) {
                exchange.getResponseHeaders()
                        .set("Retry-After", String.valueOf(shed.retryAfter().toSeconds()));
                exchange.sendResponseHeaders(shed.reason().httpStatus(), -1);
            } else {
                exchange.sendResponseHeaders(503, -1); // it waited as long as it may
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
    // README: end

    private static InputStream call(URI vllm, HttpExchange exchange) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(vllm.resolve(exchange.getRequestURI()))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(
                        exchange.getRequestBody().readAllBytes()))
                .build();
        return CLIENT.send(request, BodyHandlers.ofInputStream()).body();
    }
}
