/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.load;

import io.tidegate.sim.trace.Trace;
import io.tidegate.sim.trace.TraceEvent;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replays a trace against an OpenAI-compatible server, each request at its own time whatever became of the earlier ones.
 *
 * <p>An event at offset {@code o} is meant to be sent at {@code start + o / timeScale}. It is sent then even if a thousand
 * others are still unanswered, and its latencies count from that instant, not from when the driver got round to it: a driver
 * that waits with its server would hide exactly the delays it is there to find. How late it was is recorded as well
 * ({@link LoadSnapshot#lateness()}), and {@link Validity} says whether that still allows conclusions.
 *
 * <p>Requests go to {@code /v1/chat/completions} as streams: a prompt of 4 characters per prompt token, {@code max_tokens} and
 * vLLM's {@code ignore_eos} so that the answer is as long as the trace says, usage at the end. Tier and tenant travel in
 * {@code X-Tidegate-Tier} and {@code X-Tidegate-Tenant}, the tenant also as bearer token {@code demo-<tenant>}. Answers are
 * classified by {@link Outcome}; the gateway's word is read from {@code X-Tidegate-Reason}.
 *
 * <p>A driver runs once. Two daemon threads: one sends at the right time, one does all the network's work. All methods may
 * be called from any thread, but not from the result listener.
 *
 * @since 0.1.0
 */
public final class OpenLoopDriver implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OpenLoopDriver.class);

    private static final String CHAT_PATH = "/v1/chat/completions";
    /**
     * The last stretch before a send is spun, not slept. On two busy cores this took the median lateness from 0.12 to 0.07 ms;
     * the 99th percentile, which is the kernel's time slices, stayed the same whatever the spin.
     */
    private static final long SPIN_NANOS = 50_000;
    /** How long cancelled requests may take to be told so. */
    private static final Duration CANCEL_PATIENCE = Duration.ofSeconds(5);

    private static final int MAX_REASON_LENGTH = 64;

    private final Trace trace;
    private final double timeScale;
    private final int maxOpen;
    private final long timeoutNanos;
    private final Consumer<RequestResult> listener;
    private final InetSocketAddress address;
    private final ChatRequests requests;
    private final LoadLedger ledger;
    private final CompletableFuture<LoadSnapshot> finished = new CompletableFuture<>();

    private final AtomicBoolean listenerFailed = new AtomicBoolean();

    /** Guards the fields below; decides between sending one more and stopping. */
    private final Object lock = new Object();

    private @Nullable StreamingClient client;
    private @Nullable Thread pacer;
    private volatile boolean started;
    private volatile boolean stopping;
    private @Nullable Throwable failure;
    private boolean allSent;
    private int open;

    private volatile long startNanos;
    private volatile long endNanos;
    private volatile boolean ended;

    private OpenLoopDriver(Builder builder) {
        this.trace = Objects.requireNonNull(builder.trace, "a trace is needed");
        this.timeScale = builder.timeScale;
        this.maxOpen = builder.maxOpen;
        this.timeoutNanos = Math.round(builder.timeout.toNanos() / timeScale);
        this.listener = builder.listener;
        URI base = Objects.requireNonNull(builder.baseUrl, "a base URL is needed");
        URI endpoint = endpoint(base);
        int port = endpoint.getPort() < 0 ? 80 : endpoint.getPort();
        this.address = new InetSocketAddress(endpoint.getHost(), port);
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("the host of " + base + " cannot be resolved");
        }
        this.requests = new ChatRequests(endpoint, builder.model);
        if (builder.slos.isEmpty()) {
            throw new IllegalArgumentException("at least one tier with an SLO is needed");
        }
        this.ledger = new LoadLedger(builder.slos, builder.window);
    }

    /** Returns a builder that holds the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Starts sending and returns. The trace's first event is computed before its time starts to run, and the first driver of a
     * JVM rehearses for about a quarter of a second, so that the first requests are not late.
     *
     * @throws IllegalStateException if the driver was started or closed before
     */
    public void start() {
        Rehearsal.once();
        startUnrehearsed();
    }

    void startUnrehearsed() {
        Iterator<TraceEvent> events = trace.iterator();
        boolean any = events.hasNext();
        synchronized (lock) {
            if (started || stopping) {
                throw new IllegalStateException(
                        "a driver runs once, but this one was " + (started ? "started" : "closed") + " before");
            }
            started = true;
            StreamingClient newClient = new StreamingClient(address);
            client = newClient;
            startNanos = System.nanoTime();
            if (any) {
                Thread thread = new Thread(() -> sendAll(events, newClient), "tidegate-load-pacer");
                thread.setDaemon(true);
                pacer = thread;
                thread.start();
            } else {
                allSent = true;
            }
        }
        finishIfDone();
    }

    /** Returns what has been done so far. */
    public LoadSnapshot snapshot() {
        return ledger.snapshot(traceNanos(ended ? endNanos : System.nanoTime()));
    }

    /**
     * Completes with the final figures when all events were sent and all requests have ended, or after {@link #stop}; fails if
     * the trace or the driver's own thread did. Dependents run on the driver's threads and should be short.
     */
    public CompletionStage<LoadSnapshot> finished() {
        return finished.minimalCompletionStage();
    }

    /**
     * Stops sending, waits for open requests, and cancels those that are left. Returns when none is open; a second call
     * returns the same figures.
     *
     * @param grace how long to wait for open requests, in <em>real</em> time; zero or less cancels them at once. An
     *     interrupt ends the wait; it stays set
     * @return the final figures
     */
    public LoadSnapshot stop(Duration grace) {
        StreamingClient running;
        synchronized (lock) {
            stopping = true;
            running = client;
            if (pacer != null) {
                LockSupport.unpark(pacer);
            }
        }
        finishIfDone();
        boolean interrupted = false;
        if (!finished.isDone() && running != null) {
            interrupted = !awaitEnd(grace);
            if (!finished.isDone()) {
                running.cancelAll();
                interrupted |= !awaitEnd(CANCEL_PATIENCE);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return snapshot();
    }

    /** Stops at once ({@link #stop} without grace) and releases connections and threads. Closing twice is harmless. */
    @Override
    public void close() {
        stop(Duration.ZERO);
        StreamingClient running;
        synchronized (lock) {
            running = client;
        }
        if (running != null) {
            running.close();
        }
    }

    /** Waits for the end; returns false if interrupted. A timeout is no interrupt. */
    boolean awaitEnd(Duration patience) {
        try {
            finished.get(Math.max(0, patience.toNanos()), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            return false;
        } catch (TimeoutException | ExecutionException e) {
            // Late, or the driver failed: either way the caller goes on and the figures say what happened.
        }
        return true;
    }

    private void sendAll(Iterator<TraceEvent> events, StreamingClient running) {
        try {
            long number = 0;
            while (events.hasNext()) {
                TraceEvent event = events.next();
                long offset = Math.round(event.offsetNanos() / timeScale);
                Call call = new Call(event, startNanos + offset, requests.request(event, number++));
                if (!waitUntil(call.intended) || !send(call, running)) {
                    break;
                }
            }
            synchronized (lock) {
                allSent = true;
            }
            finishIfDone();
        } catch (RuntimeException | Error e) {
            LOG.error("the trace {} failed, nothing more is sent: {}", trace, e.toString());
            synchronized (lock) {
                stopping = true;
                failure = e;
            }
            finishIfDone();
        }
    }

    /** Returns true at the given instant, or false as soon as the driver stops. */
    private boolean waitUntil(long nanos) {
        while (!stopping) {
            long left = nanos - System.nanoTime();
            if (left <= 0) {
                return true;
            }
            if (left > SPIN_NANOS) {
                LockSupport.parkNanos(this, left - SPIN_NANOS);
            } else {
                Thread.onSpinWait();
            }
        }
        return false;
    }

    /** Hands a call to the client, or refuses it if too many are open; returns false if the driver stops. */
    private boolean send(Call call, StreamingClient running) {
        boolean room;
        synchronized (lock) {
            if (stopping) {
                return false;
            }
            room = open < maxOpen;
            open++;
            call.entry = ledger.due(call.event.tier(), traceNanos(call.intended));
        }
        if (room) {
            ledger.sent();
            running.send(call);
        } else {
            ledger.refused();
            call.refused();
        }
        return true;
    }

    private void oneEnded() {
        synchronized (lock) {
            open--;
        }
        finishIfDone();
    }

    private void finishIfDone() {
        Throwable cause;
        synchronized (lock) {
            if (ended || open > 0 || !(allSent || stopping)) {
                return;
            }
            endNanos = started ? System.nanoTime() : startNanos;
            ended = true;
            cause = failure;
        }
        if (cause == null) {
            finished.complete(snapshot());
        } else {
            finished.completeExceptionally(cause);
        }
    }

    private long traceNanos(long realNow) {
        return started ? Math.round((realNow - startNanos) * timeScale) : 0;
    }

    private static URI endpoint(URI base) {
        if (!"http".equalsIgnoreCase(base.getScheme()) || base.getHost() == null) {
            throw new IllegalArgumentException("the base URL must be like http://127.0.0.1:8080 but was " + base);
        }
        String path = base.getRawPath() == null ? "" : base.getRawPath();
        while (path.endsWith("/")) {
            path = path.substring(0, path.length() - 1);
        }
        if (path.endsWith("/v1")) {
            path = path.substring(0, path.length() - "/v1".length());
        }
        return URI.create("http://" + base.getRawAuthority() + path + CHAT_PATH);
    }

    /** One request on its way. Used by the pacer until it is written, by the client's thread afterwards. */
    private final class Call implements Exchange, SseParser.Listener {
        private final TraceEvent event;
        private final long intended;
        private final ByteBuffer[] bytes;
        private LoadLedger.@Nullable Entry entry;
        private final SseParser events = new SseParser();
        private final ChatStream stream = new ChatStream();
        private @Nullable HttpHead head;
        private @Nullable String broken;
        private long lateness;
        private long firstToken;
        private boolean tokenSeen;
        private long now;

        Call(TraceEvent event, long intended, ByteBuffer[] bytes) {
            this.event = event;
            this.intended = intended;
            this.bytes = bytes;
        }

        @Override
        public ByteBuffer[] request() {
            ByteBuffer[] copy = new ByteBuffer[bytes.length];
            for (int i = 0; i < bytes.length; i++) {
                copy[i] = bytes[i].duplicate();
            }
            return copy;
        }

        @Override
        public long deadlineNanos() {
            return intended + timeoutNanos;
        }

        @Override
        public void dispatched(long nowNanos) {
            lateness = Math.max(0, nowNanos - intended);
            ledger.late(lateness);
        }

        @Override
        public void head(HttpHead received) {
            head = received;
        }

        @Override
        public void body(byte[] body, int from, int to, long nowNanos) {
            if (head == null || head.status() != 200 || broken != null) {
                return;
            }
            now = nowNanos;
            try {
                events.feed(body, from, to, this);
            } catch (ProtocolException e) {
                broken = e.getMessage();
            }
        }

        @Override
        public void data(byte[] data, int from, int to) throws ProtocolException {
            stream.event(data, from, to);
            if (stream.textSeen() && !tokenSeen) {
                tokenSeen = true;
                firstToken = now;
                ledger.firstToken(Objects.requireNonNull(entry), traceNanos(now));
            }
        }

        @Override
        public void ended(@Nullable String failure, long nowNanos) {
            int status = head == null ? 0 : head.status();
            if (status == 200) {
                streamEnded(failure, nowNanos);
            } else if (failure != null) {
                end(Outcome.FAILED, failure, nowNanos);
            } else {
                String reason = reason(head);
                boolean refusal = status == 429 || status == 503;
                if ((refusal || status == 504) && isExpiry(reason)) {
                    end(Outcome.EXPIRED, reason, nowNanos);
                } else if (refusal) {
                    end(Outcome.SHED, reason.isEmpty() ? "HTTP " + status : reason, nowNanos);
                } else {
                    end(Outcome.FAILED, reason.isEmpty() ? "HTTP " + status : reason, nowNanos);
                }
            }
        }

        private void streamEnded(@Nullable String failure, long nowNanos) {
            if (stream.error() != null) {
                end(Outcome.FAILED, "the server reported: " + stream.error(), nowNanos);
            } else if (broken != null) {
                end(Outcome.FAILED, broken, nowNanos);
            } else if (stream.isDone()) {
                end(Outcome.COMPLETED, "", nowNanos);
            } else {
                end(Outcome.FAILED, failure == null ? "the stream ended without [DONE]" : failure, nowNanos);
            }
        }

        @Override
        public void cancelled(long nowNanos) {
            end(Outcome.CANCELLED, "the driver was stopped", nowNanos);
        }

        void refused() {
            end(Outcome.FAILED, "the driver has " + maxOpen + " requests open", System.nanoTime());
        }

        private void end(Outcome outcome, String reason, long nowNanos) {
            String shortReason = shortened(reason);
            int tokens = stream.outputTokens();
            ledger.ended(Objects.requireNonNull(entry), outcome, shortReason, tokens, traceNanos(nowNanos));
            try {
                listener.accept(new RequestResult(
                        event,
                        outcome,
                        head == null ? 0 : head.status(),
                        shortReason,
                        head == null ? null : retryAfter(head),
                        tokenSeen ? sinceIntended(firstToken) : null,
                        sinceIntended(nowNanos),
                        tokens,
                        Duration.ofNanos(lateness)));
            } catch (RuntimeException e) {
                if (listenerFailed.compareAndSet(false, true)) {
                    LOG.warn("the result listener failed; further failures are not logged", e);
                }
            } finally {
                oneEnded();
            }
        }

        private Duration sinceIntended(long nanos) {
            return Duration.ofNanos(Math.max(0, traceNanos(nanos) - traceNanos(intended)));
        }
    }

    private static String reason(@Nullable HttpHead head) {
        String reason = head == null ? null : head.header("x-tidegate-reason");
        return reason == null ? "" : reason;
    }

    /** Whether a gateway's reason says that the request's time ran out while it waited. */
    private static boolean isExpiry(String reason) {
        String upper = reason.toUpperCase(Locale.ROOT);
        return upper.contains("EXPIRED") || upper.contains("TIMEOUT") || upper.contains("TIMED_OUT");
    }

    private static @Nullable Duration retryAfter(HttpHead head) {
        String text = head.header("retry-after");
        if (text == null || text.isEmpty() || text.length() > 9 || !text.chars().allMatch(Character::isDigit)) {
            return null;
        }
        return Duration.ofSeconds(Integer.parseInt(text));
    }

    private static String shortened(String reason) {
        String line = reason.length() <= MAX_REASON_LENGTH ? reason : reason.substring(0, MAX_REASON_LENGTH) + "...";
        return line.replaceAll("\\p{Cntrl}", " ");
    }

    /** Collects settings. Not safe for several threads. */
    public static final class Builder {
        private @Nullable URI baseUrl;
        private @Nullable Trace trace;
        private String model = "llama-3.1-70b-instruct";
        private double timeScale = 1;
        private List<TierSlo> slos = List.of();
        private Duration window = Duration.ofSeconds(30);
        private Duration timeout = Duration.ofMinutes(10);
        private int maxOpen = 4_096;
        private Consumer<RequestResult> listener = result -> {};

        private Builder() {}

        /**
         * Sets the server, e.g. {@code http://127.0.0.1:8080}; needed. A path is kept; one that ends in {@code /v1} is
         * understood as well. Only plain HTTP.
         *
         * @throws IllegalArgumentException if it is not an http URL with a host
         */
        public Builder baseUrl(URI value) {
            endpoint(value);
            this.baseUrl = value;
            return this;
        }

        /** Sets what to replay; needed. */
        public Builder trace(Trace value) {
            this.trace = Objects.requireNonNull(value, "trace");
            return this;
        }

        /** Sets the model to ask for; {@code llama-3.1-70b-instruct} by default. */
        public Builder model(String value) {
            this.model = Objects.requireNonNull(value, "model");
            return this;
        }

        /**
         * Sets how much faster than real time to replay; 1 by default.
         *
         * @throws IllegalArgumentException if below 1
         */
        public Builder timeScale(double value) {
            if (!(value >= 1 && value <= 1e6)) {
                throw new IllegalArgumentException("timeScale must be in 1 .. 1000000 but was " + value);
            }
            this.timeScale = value;
            return this;
        }

        /**
         * Sets the tiers' SLOs, at least one; needed. Events of other tiers are counted too, without an SLO.
         *
         * @throws IllegalArgumentException if a tier comes twice
         */
        public Builder slos(Collection<TierSlo> value) {
            Set<String> names = new HashSet<>();
            for (TierSlo slo : value) {
                if (!names.add(slo.tier())) {
                    throw new IllegalArgumentException("there are two SLOs for the tier " + slo.tier());
                }
            }
            this.slos = new ArrayList<>(value);
            return this;
        }

        /**
         * Sets the window of {@link TierLoad#recent()}, in trace time; 30 s by default.
         *
         * @throws IllegalArgumentException if not above 0
         */
        public Builder window(Duration value) {
            this.window = positive("window", value);
            return this;
        }

        /**
         * Sets how long a request may take from its intended instant, in trace time; after that it has failed. Ten minutes
         * by default.
         *
         * @throws IllegalArgumentException if not above 0
         */
        public Builder timeout(Duration value) {
            this.timeout = positive("timeout", value);
            return this;
        }

        /**
         * Sets how many requests may be open at once, each on a connection of its own; 4096 by default. A request that is
         * due beyond that is not sent later but counted as failed, and the run is not valid.
         *
         * @throws IllegalArgumentException if below 1
         */
        public Builder maxOpen(int value) {
            if (value < 1) {
                throw new IllegalArgumentException("maxOpen must be >= 1 but was " + value);
            }
            this.maxOpen = value;
            return this;
        }

        /**
         * Sets who is told about each request when it has ended; nobody by default. Called on the driver's threads, so it
         * should be short; what it throws is logged once and otherwise ignored.
         */
        public Builder onResult(Consumer<RequestResult> value) {
            this.listener = Objects.requireNonNull(value, "listener");
            return this;
        }

        /**
         * Returns the driver; nothing is sent before {@link OpenLoopDriver#start()}.
         *
         * @throws IllegalArgumentException if there is no SLO or the host cannot be resolved
         * @throws NullPointerException if the base URL or the trace was not set
         */
        public OpenLoopDriver build() {
            return new OpenLoopDriver(this);
        }

        private static Duration positive(String name, Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException(name + " must be above 0 but was " + value);
            }
            return value;
        }
    }
}
