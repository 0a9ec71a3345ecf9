/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.pool.Signal;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Response;
import okhttp3.ResponseBody;

/** Answers each request with the same body, damaged anew: bytes changed, cut out, doubled, or the end missing. No network. */
public final class Corrupted {

    private final SplittableRandom random;
    private final String type;
    private final byte[] whole;
    private final AtomicInteger answered = new AtomicInteger();

    public Corrupted(long seed, String type, byte[] whole) {
        this.random = new SplittableRandom(seed);
        this.type = type;
        this.whole = whole;
    }

    /** A client that never asks anybody. */
    public OkHttpClient client() {
        return new OkHttpClient.Builder()
                .addInterceptor(chain -> {
                    answered.incrementAndGet();
                    return new Response.Builder()
                            .request(chain.request())
                            .protocol(Protocol.HTTP_1_1)
                            .code(200)
                            .message("OK")
                            .header("Date", "Fri, 20 Mar 2026 12:57:53 GMT")
                            .body(ResponseBody.create(damaged(), MediaType.get(type)))
                            .build();
                })
                .build();
    }

    public int answered() {
        return answered.get();
    }

    private synchronized byte[] damaged() {
        byte[] bytes = whole.clone();
        int times = random.nextInt(4);
        for (int i = 0; i < times; i++) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(6)) {
                case 0 -> bytes[at] = (byte) random.nextInt(256);
                case 1 -> bytes[at] = (byte) "0123456789-+.eENaInf{}\",:[]\n ".charAt(random.nextInt(29));
                case 2 -> bytes = Arrays.copyOf(bytes, Math.max(1, at));
                case 3 -> {
                    int length = Math.min(random.nextInt(20), bytes.length - at);
                    System.arraycopy(bytes, at, bytes, random.nextInt(bytes.length - length + 1), length);
                }
                case 4 -> {
                    byte[] doubled = Arrays.copyOf(bytes, 2 * bytes.length - at);
                    System.arraycopy(bytes, at, doubled, bytes.length, bytes.length - at);
                    bytes = doubled.length > 4 * whole.length ? bytes : doubled;
                }
                default -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            }
        }
        return bytes;
    }

    /** Every value is finite, not negative, and so are its parts; a share is at most 1. */
    public static void assertPossible(Map<String, Signal> signals) {
        assertThat(signals).isNotEmpty();
        signals.forEach((name, signal) -> {
            if (signal instanceof Signal.Known known) {
                assertPossible(name, known);
                known.parts().forEach(part -> {
                    if (part.signal() instanceof Signal.Known of) {
                        assertPossible(name, of);
                    }
                });
            }
        });
    }

    private static void assertPossible(String name, Signal.Known known) {
        assertThat(known.value()).as(name).isFinite().isNotNegative();
        if (known.unit().equals("ratio")) {
            assertThat(known.value()).as(name).isLessThanOrEqualTo(1);
        }
    }
}
