/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.gateway;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import io.tidegate.pool.Tier;
import io.tidegate.routing.Choice;
import io.tidegate.routing.Dispatch;
import io.tidegate.routing.ReplicaBalancer;
import io.tidegate.routing.RetryBudget;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import okhttp3.Call;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /v1/chat/completions}: asks the gate, passes the request to a replica, and holds the permit to the last byte.
 *
 * <p>The tier is taken from {@code X-Tidegate-Tier}, the tenant from {@code X-Tidegate-Tenant}; a real gateway would take both from whom it
 * has authenticated. Refusals have status 429 or 503, {@code Retry-After}, and the reason in {@code X-Tidegate-Reason}. When
 * the client goes away, the call to the replica is cancelled at once. A replica that cannot be reached, or that answers 429 or 503, is
 * asked by nobody for a while, and the request goes to another within the {@link RetryBudget}.
 */
final class ChatHandler implements HttpHandler {

    private static final Logger LOG = LoggerFactory.getLogger(ChatHandler.class);
    private static final MediaType JSON = MediaType.get("application/json");
    private static final int MAX_BODY = 16 << 20;
    private static final int MAX_TENANT = 64;
    private static final int ATTEMPTS = 3;

    private final Gate gate;
    private final Tier defaultTier;
    private final ReplicaBalancer balancer;
    private final RetryBudget retries;
    private final OkHttpClient client;

    ChatHandler(Gate gate, Tier defaultTier, ReplicaBalancer balancer, RetryBudget retries, OkHttpClient client) {
        this.gate = gate;
        this.defaultTier = defaultTier;
        this.balancer = balancer;
        this.retries = retries;
        this.client = client;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        // Closed only after a whole answer. An exception that leaves here makes the server cut the connection, and
        // a client must not take an answer that broke off for a whole one.
        try {
            answer(exchange);
        } catch (ChatCall.BadCallException | IllegalArgumentException e) {
            Http.error(exchange, 400, "invalid_request_error", String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the gateway is stopping", e);
        }
        exchange.close();
    }

    private void answer(HttpExchange exchange) throws IOException, InterruptedException, ChatCall.BadCallException {
        if (!exchange.getRequestMethod().equals("POST")) {
            exchange.getResponseHeaders().set("Allow", "POST");
            Http.error(exchange, 405, "invalid_request_error", "use POST");
            return;
        }
        byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY + 1);
        if (body.length > MAX_BODY) {
            Http.error(exchange, 413, "invalid_request_error", "the body is larger than " + MAX_BODY + " bytes");
            return;
        }
        ChatCall chat = ChatCall.parse(body);
        admit(exchange, chat, body, request(exchange, chat));
    }

    private Request request(HttpExchange exchange, ChatCall chat) {
        String tier = exchange.getRequestHeaders().getFirst("X-Tidegate-Tier");
        String tenant = exchange.getRequestHeaders().getFirst("X-Tidegate-Tenant");
        Request request = Request.of(tier == null ? defaultTier : gate.tier(tier))
                .withTokens(chat.promptTokens(), chat.expectedOutputTokens());
        return tenant == null || tenant.length() > MAX_TENANT ? request : request.withTenant(tenant);
    }

    private void admit(HttpExchange exchange, ChatCall chat, byte[] body, Request request)
            throws IOException, InterruptedException {
        Admission admission = gate.acquire(request);
        if (admission instanceof Permit permit) {
            // Whatever happens below, the permit goes back; the first close counts.
            try (permit) {
                forward(exchange, chat, body, request, permit);
            }
        } else if (admission instanceof Admission.Shed shed) {
            refuse(exchange, shed.reason(), shed.retryAfter());
        } else if (admission instanceof Admission.Expired expired) {
            refuse(exchange, expired.reason(), expired.retryAfter());
        }
    }

    private static void refuse(HttpExchange exchange, Admission.Reason reason, Duration retryAfter) throws IOException {
        int status = reason.httpStatus();
        exchange.getResponseHeaders()
                .set("Retry-After", String.valueOf(Math.max(1, (retryAfter.toMillis() + 999) / 1000)));
        exchange.getResponseHeaders().set("X-Tidegate-Reason", reason.code());
        Http.error(
                exchange,
                status,
                status == 429 ? "rate_limit_error" : "overloaded_error",
                "not admitted: " + reason.code().replace('_', ' ') + "; try again later");
    }

    private void forward(HttpExchange exchange, ChatCall chat, byte[] body, Request request, Permit permit)
            throws IOException {
        retries.accepted();
        Choice choice = balancer.choose(request);
        for (int attempt = 1; choice instanceof Dispatch dispatch; attempt++) {
            // Whatever happens, it no longer counts as that replica's; what is said of the replica first counts.
            try (dispatch) {
                if (exchangeWith(dispatch, exchange, chat, body, permit)) {
                    return;
                }
            }
            // Nothing was sent to the client yet: pass() ends in true or an exception.
            if (attempt == ATTEMPTS || !retries.tryRetry(false)) {
                break;
            }
            choice = balancer.chooseAgain(dispatch);
        }
        permit.close(Outcome.FAILED, Usage.NONE);
        if (choice instanceof Choice.None none && none.why() == Choice.Why.ALL_HELD) {
            refuse(exchange, Admission.Reason.NO_CAPACITY, none.retryAfter());
        } else {
            Http.error(exchange, 502, "server_error", "no replica answered");
        }
    }

    /** False if the replica could not be reached or would not take it, so that nothing was sent to the client and another may be tried. */
    private boolean exchangeWith(Dispatch dispatch, HttpExchange exchange, ChatCall chat, byte[] body, Permit permit)
            throws IOException {
        Call call = client.newCall(new okhttp3.Request.Builder()
                .url(dispatch.uri() + "/v1/chat/completions")
                .post(RequestBody.create(body, JSON))
                .build());
        Response response;
        try {
            response = call.execute();
        } catch (IOException e) {
            LOG.debug("{} could not be reached", dispatch, e);
            dispatch.failed();
            return false;
        }
        try (response) {
            if (response.code() == 429 || response.code() == 503) {
                LOG.debug("{} answered {}", dispatch, response.code());
                dispatch.rejected(retryAfter(response));
                return false;
            }
            pass(exchange, chat, permit, call, response);
            if (response.code() < 500) {
                dispatch.succeeded();
            } else {
                dispatch.failed();
            }
        } catch (UpstreamException e) {
            dispatch.failed();
            throw e;
        }
        return true;
    }

    /** In seconds, as engines say it; zero if it does not, or says a date. */
    private static Duration retryAfter(Response response) {
        String value = response.header("Retry-After");
        return value != null && value.matches("\\d{1,6}") ? Duration.ofSeconds(Integer.parseInt(value)) : Duration.ZERO;
    }

    private static void pass(HttpExchange exchange, ChatCall chat, Permit permit, Call call, Response response)
            throws IOException {
        @Nullable String type = response.header("Content-Type");
        exchange.getResponseHeaders().set("Content-Type", type == null ? "application/json" : type);
        exchange.getResponseHeaders()
                .set(
                        "X-Tidegate-Queue-Millis",
                        String.valueOf(permit.queueWait().toMillis()));
        AnswerTap tap = new AnswerTap(permit, chat.stream());
        try {
            exchange.sendResponseHeaders(response.code(), 0);
            OutputStream out = exchange.getResponseBody();
            InputStream in = response.body().byteStream();
            byte[] buffer = new byte[8192];
            while (true) {
                int length = readFrom(in, buffer, permit, tap);
                if (length < 0) {
                    break;
                }
                out.write(buffer, 0, length);
                out.flush();
                tap.passed(buffer, length);
            }
            permit.close(response.isSuccessful() ? Outcome.COMPLETED : Outcome.FAILED, tap.usage());
            out.close();
        } catch (UpstreamException e) {
            throw e;
        } catch (IOException e) {
            // The client went away: stop the replica's work for it at once.
            call.cancel();
            permit.close(Outcome.CANCELLED, tap.usage());
            throw e;
        }
    }

    private static int readFrom(InputStream in, byte[] buffer, Permit permit, AnswerTap tap) throws UpstreamException {
        try {
            return in.read(buffer);
        } catch (IOException e) {
            permit.close(Outcome.FAILED, tap.usage());
            throw new UpstreamException(e);
        }
    }

    /** The replica, not the client, broke off. */
    private static final class UpstreamException extends IOException {

        private static final long serialVersionUID = 1L;

        UpstreamException(IOException cause) {
            super("a replica broke off", cause);
        }
    }
}
