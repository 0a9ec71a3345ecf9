/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers every HTTP request: vLLM's paths, OpenAI's bodies and errors.
 *
 * <p>A client that goes away is noticed when a write to it fails, and its sequence is aborted then. While nothing is
 * written, that is before the first token and during an answer that does not stream, it is not noticed.
 */
final class ApiHandler implements HttpHandler {
    private static final Logger log = LoggerFactory.getLogger(ApiHandler.class);
    private static final String JSON = "application/json";
    private static final String EVENTS = "text/event-stream; charset=utf-8";
    private static final String CHAT = "/v1/chat/completions";
    private static final String MODELS = "/v1/models";
    private static final String HEALTH = "/health";
    private static final String VERSION = "/version";
    private static final String METRICS = "/metrics";
    private static final Map<String, String> METHODS =
            Map.of(CHAT, "POST", MODELS, "GET", HEALTH, "GET", VERSION, "GET", METRICS, "GET");
    private static final int MAX_BODY_BYTES = 16 << 20;

    private final SimulatedVllmConfig config;
    private final EngineRunner runner;
    private final BooleanSupplier ready;
    private final OutputLengths outputLengths;
    private final Instant created = Instant.now();
    private final AtomicLong answers = new AtomicLong();

    /** @param ready whether the model is loaded */
    ApiHandler(SimulatedVllmConfig config, EngineRunner runner, BooleanSupplier ready) {
        this.config = config;
        this.runner = runner;
        this.ready = ready;
        this.outputLengths = new OutputLengths(config.seed());
    }

    @Override
    public void handle(HttpExchange exchange) {
        try (exchange) {
            answer(exchange);
        } catch (IOException e) {
            log.debug("A client went away", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void answer(HttpExchange exchange) throws IOException, InterruptedException {
        try {
            route(exchange);
        } catch (ApiException e) {
            send(exchange, e.status(), JSON, ChatAnswer.errorJson(e));
        } catch (RuntimeException e) {
            log.warn("{} {} failed", exchange.getRequestMethod(), exchange.getRequestURI(), e);
            ApiException error = ApiException.internal();
            send(exchange, error.status(), JSON, ChatAnswer.errorJson(error));
        }
    }

    private void route(HttpExchange exchange) throws IOException, InterruptedException {
        String path = exchange.getRequestURI().getPath();
        boolean needsModel = path.startsWith("/v1/") || path.equals(HEALTH);
        if (needsModel && !ready.getAsBoolean()) {
            throw ApiException.unavailable("The model is not loaded.");
        }
        String method = METHODS.get(path);
        if (method == null) {
            throw ApiException.notFound(null, "There is nothing at " + path + ".");
        }
        if (!method.equals(exchange.getRequestMethod())) {
            exchange.getResponseHeaders().set("Allow", method);
            throw ApiException.methodNotAllowed(path + " takes " + method + " only.");
        }
        switch (path) {
            case CHAT -> chat(exchange);
            case MODELS ->
                send(
                        exchange,
                        200,
                        JSON,
                        ChatAnswer.modelsJson(config.model(), created.getEpochSecond(), config.maxModelLength()));
            case HEALTH -> send(exchange, 200, JSON, new byte[0]);
            case VERSION -> send(exchange, 200, JSON, ChatAnswer.versionJson(version()));
            case METRICS -> send(exchange, 200, MetricsPage.CONTENT_TYPE, metrics());
            default -> throw new IllegalStateException("no answer for " + path);
        }
    }

    private static String version() {
        String version = ApiHandler.class.getPackage().getImplementationVersion();
        return "simulated-" + (version == null ? "development" : version);
    }

    private byte[] metrics() {
        double createdSeconds = created.toEpochMilli() / 1e3;
        return MetricsPage.render(runner.snapshot(), config.limits().profile(), config.model(), createdSeconds)
                .getBytes(StandardCharsets.UTF_8);
    }

    private void chat(HttpExchange exchange) throws IOException, InterruptedException {
        ChatRequest request = ChatRequest.read(body(exchange));
        if (request.model() != null && !request.model().equals(config.model())) {
            throw ApiException.notFound("model", "The model " + request.model() + " does not exist.");
        }
        ChatAnswer answer = new ChatAnswer(
                "chatcmpl-" + Long.toHexString(created.toEpochMilli()) + "-" + answers.incrementAndGet(),
                Instant.now().getEpochSecond(),
                config.model(),
                request.promptTokens());
        Generation generation =
                submit(work(request), request.stream() ? config.streamInterval() : Generation.ONLY_THE_END);
        try {
            if (request.stream()) {
                stream(exchange, request.includeUsage(), generation, answer);
            } else {
                complete(exchange, generation, answer);
            }
        } finally {
            // Whatever went wrong above, the engine must not go on for nobody; after a whole answer this does nothing.
            runner.abort(generation);
        }
    }

    private static byte[] body(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES + 1);
        if (body.length > MAX_BODY_BYTES) {
            throw ApiException.tooLarge("The body must not be larger than " + MAX_BODY_BYTES + " bytes.");
        }
        return body;
    }

    private Sequence.Work work(ChatRequest request) {
        int room = config.maxModelLength() - request.promptTokens();
        if (room < 1) {
            throw ApiException.badRequest("messages", tooLong(request) + ".");
        }
        int maxTokens = request.maxTokens() == null ? room : request.maxTokens();
        if (maxTokens > room) {
            throw ApiException.badRequest(
                    "max_tokens",
                    tooLong(request) + ", which leaves " + room + " for the answer; max_tokens asks for more.");
        }
        int natural = request.ignoreEos() ? Integer.MAX_VALUE : outputLengths.next();
        return natural <= maxTokens
                ? new Sequence.Work(request.promptTokens(), natural, maxTokens, FinishReason.STOP)
                : new Sequence.Work(request.promptTokens(), maxTokens, maxTokens, FinishReason.LENGTH);
    }

    private String tooLong(ChatRequest request) {
        return "The model takes at most " + config.maxModelLength()
                + " tokens, prompt and answer together; the prompt has " + request.promptTokens();
    }

    private Generation submit(Sequence.Work work, int interval) {
        return runner.submit(work, interval).orElseThrow(ApiHandler::stopping);
    }

    private static ApiException stopping() {
        return ApiException.unavailable("The server is stopping.");
    }

    private static void stream(HttpExchange exchange, boolean includeUsage, Generation generation, ChatAnswer answer)
            throws IOException, InterruptedException {
        exchange.getResponseHeaders().set("Content-Type", EVENTS);
        exchange.sendResponseHeaders(200, 0);
        OutputStream out = exchange.getResponseBody();
        int sent = 0;
        boolean ended = false;
        while (!ended) {
            Generation.Output output = generation.awaitBeyond(sent);
            if (sent == 0) {
                answer.writeRoleEvent();
            }
            ended = output.finish() != null;
            if (output.finish() == FinishReason.ABORT) {
                answer.writeErrorEvent(stopping());
            } else {
                answer.writeTextEvent(OutputText.ofTokens(sent, output.tokens()), output.finish());
            }
            sent = output.tokens();
            if (ended) {
                if (includeUsage) {
                    answer.writeUsageEvent(sent);
                }
                answer.writeDone();
            }
            out.write(answer.take());
            out.flush();
        }
    }

    private static void complete(HttpExchange exchange, Generation generation, ChatAnswer answer)
            throws IOException, InterruptedException {
        Generation.Output output = generation.awaitBeyond(0);
        FinishReason finish = output.finish();
        if (finish == null || finish == FinishReason.ABORT) {
            throw stopping();
        }
        answer.writeCompletion(output.tokens(), finish);
        send(exchange, 200, JSON, answer.take());
    }

    private static void send(HttpExchange exchange, int status, String contentType, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", contentType);
        // To HttpExchange, a length of 0 means unknown and -1 means none.
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }
}
