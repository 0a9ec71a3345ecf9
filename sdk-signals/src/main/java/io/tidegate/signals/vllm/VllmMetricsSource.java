/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.vllm;

import io.tidegate.pool.Signal;
import io.tidegate.signal.spi.SignalSource;
import io.tidegate.time.TimeSource;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okio.Buffer;
import okio.BufferedSource;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code /metrics} of all vLLM servers of a pool and answers pool-wide signals:
 *
 * <ul>
 *   <li>{@code vllm.requests.running}, {@code vllm.requests.waiting}: sums over the servers, in requests
 *   <li>{@code vllm.kv.cache.usage}: mean over the servers, a ratio
 *   <li>{@code vllm.kv.cache.usage.max}: of the fullest server, a ratio
 * </ul>
 *
 * <p>A sum over some of the servers is not a total: if one of them cannot be read, the pool's signals are what that one's are,
 * with its address in words. Both names of the KV-cache gauge are read, that of the V1 engine first; engines of one server
 * are added up.
 *
 * <p>Servers are read at the same time, each within a time-out and up to a size, after decompression; redirects are not
 * followed, and another content type than text is refused. Safe for many threads. {@link #close()} gives back the HTTP client if it
 * was made here.
 *
 * @since 0.1.0
 */
public final class VllmMetricsSource implements SignalSource {

    private static final String RUNNING = "vllm.requests.running";
    private static final String WAITING = "vllm.requests.waiting";
    private static final String KV_CACHE = "vllm.kv.cache.usage";
    private static final String KV_CACHE_MAX = "vllm.kv.cache.usage.max";

    private final Supplier<List<URI>> servers;
    private final TimeSource time;
    private final OkHttpClient client;
    private final boolean ownsClient;
    private final long maxBytes;

    private VllmMetricsSource(Builder builder) {
        this.servers = builder.servers;
        this.time = Objects.requireNonNull(builder.time);
        this.ownsClient = builder.client == null;
        OkHttpClient base = builder.client == null ? new OkHttpClient() : builder.client;
        this.client = base.newBuilder()
                .callTimeout(builder.timeout)
                .followRedirects(false)
                .followSslRedirects(false)
                .retryOnConnectionFailure(false)
                .build();
        this.maxBytes = builder.maxBytes;
    }

    /**
     * Starts a source.
     *
     * @param servers base addresses of the servers, asked for at each read since they come and go
     */
    public static Builder builder(Supplier<List<URI>> servers) {
        return new Builder(servers);
    }

    @Override
    public String name() {
        return "vllm";
    }

    @Override
    public Map<String, Signal> read() {
        List<VllmReplica> replicas = replicas();
        Map<String, Signal> signals = new LinkedHashMap<>();
        signals.put(RUNNING, combined(replicas, VllmReplica::running, Combination.SUM));
        signals.put(WAITING, combined(replicas, VllmReplica::waiting, Combination.SUM));
        signals.put(KV_CACHE, combined(replicas, VllmReplica::kvCacheUsage, Combination.MEAN));
        signals.put(KV_CACHE_MAX, combined(replicas, VllmReplica::kvCacheUsage, Combination.MAX));
        return signals;
    }

    /** Reads every server now, one entry each, in the order of their addresses as given. */
    public List<VllmReplica> replicas() {
        List<CompletableFuture<VllmReplica>> reads = new ArrayList<>();
        for (URI server : servers.get()) {
            reads.add(read(server));
        }
        // Each ends within the client's time-out, and none exceptionally.
        return reads.stream().map(CompletableFuture::join).toList();
    }

    // ---- one server ------------------------------------------------------------------------------------------------

    private CompletableFuture<VllmReplica> read(URI server) {
        CompletableFuture<VllmReplica> result = new CompletableFuture<>();
        String source = "vllm " + server;
        Request request = new Request.Builder().url(server + "/metrics").build();
        client.newCall(request).enqueue(new Callback() {
            @Override
            public void onFailure(Call call, IOException e) {
                result.complete(VllmPayload.all(server, new Signal.Missing(source, "not read: " + e.getMessage())));
            }

            @Override
            public void onResponse(Call call, Response response) {
                result.complete(replica(server, source, response));
            }
        });
        return result;
    }

    private VllmReplica replica(URI server, String source, Response response) {
        try (response) {
            if (response.code() != 200) {
                return VllmPayload.all(server, new Signal.Missing(source, "it answered " + response.code()));
            }
            MediaType type = response.body().contentType();
            if (type == null || !isExposition(type)) {
                return VllmPayload.all(server, new Signal.Invalid(source, "its content type is " + type));
            }
            Buffer body = new Buffer();
            BufferedSource in = response.body().source();
            while (in.read(body, 8192) >= 0) {
                if (body.size() > maxBytes) {
                    return VllmPayload.all(
                            server, new Signal.Invalid(source, "its answer is longer than " + maxBytes + " bytes"));
                }
            }
            return VllmPayload.read(server, source, body.readString(StandardCharsets.UTF_8), time.nanos());
        } catch (IOException e) {
            return VllmPayload.all(server, new Signal.Missing(source, "not read to the end: " + e.getMessage()));
        } catch (RuntimeException e) {
            return VllmPayload.all(server, new Signal.Invalid(source, "not understood: " + e));
        }
    }

    private static boolean isExposition(MediaType type) {
        return (type.type().equals("text") && type.subtype().equals("plain"))
                || type.subtype().equals("openmetrics-text");
    }

    // ---- all servers -----------------------------------------------------------------------------------------------

    private enum Combination {
        SUM,
        MEAN,
        MAX
    }

    private static Signal combined(
            List<VllmReplica> replicas, Function<VllmReplica, Signal> part, Combination combination) {
        if (replicas.isEmpty()) {
            return new Signal.Missing("vllm", "there are no servers");
        }
        double sum = 0;
        double max = 0;
        Signal.Known oldest = null;
        for (VllmReplica replica : replicas) {
            if (!(part.apply(replica) instanceof Signal.Known known)) {
                return part.apply(replica);
            }
            sum += known.value();
            max = Math.max(max, known.value());
            if (oldest == null || known.atNanos() - oldest.atNanos() < 0) {
                oldest = known;
            }
        }
        double value = switch (combination) {
            case SUM -> sum;
            case MEAN -> sum / replicas.size();
            case MAX -> max;
        };
        Signal.Known first = Objects.requireNonNull(oldest);
        return new Signal.Known(value, first.unit(), first.atNanos(), "vllm, " + replicas.size() + " servers");
    }

    @Override
    public void close() {
        if (ownsClient) {
            client.dispatcher().executorService().shutdown();
            client.connectionPool().evictAll();
        }
    }

    /** Collects the settings of a {@link VllmMetricsSource}. Not safe for use by several threads. */
    public static final class Builder {

        private final Supplier<List<URI>> servers;
        private @Nullable TimeSource time;
        private @Nullable OkHttpClient client;
        private Duration timeout = Duration.ofSeconds(2);
        private long maxBytes = 4L << 20;

        private Builder(Supplier<List<URI>> servers) {
            this.servers = Objects.requireNonNull(servers, "servers");
        }

        /** The clock that values are stamped with, the one that the engine has. Required. */
        public Builder time(TimeSource time) {
            this.time = time;
            return this;
        }

        /** A client whose threads and connections are shared; one of its own by default. The caller keeps it. */
        public Builder client(OkHttpClient client) {
            this.client = client;
            return this;
        }

        /** Longest time to read one server, in real time; positive, 2 s by default. */
        public Builder timeout(Duration timeout) {
            if (timeout.isZero() || timeout.isNegative()) {
                throw new IllegalArgumentException("timeout must be positive but was " + timeout);
            }
            this.timeout = timeout;
            return this;
        }

        /** Longest answer taken, after decompression, in bytes; 1 or more, 4 MiB by default. */
        public Builder maxBytes(long maxBytes) {
            if (maxBytes < 1) {
                throw new IllegalArgumentException("maxBytes must be >= 1 but was " + maxBytes);
            }
            this.maxBytes = maxBytes;
            return this;
        }

        /** The source. */
        public VllmMetricsSource build() {
            if (time == null) {
                throw new IllegalArgumentException("time is required: the clock that the engine has");
            }
            return new VllmMetricsSource(this);
        }
    }
}
