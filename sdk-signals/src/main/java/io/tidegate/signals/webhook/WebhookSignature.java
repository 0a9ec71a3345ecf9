/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signals.webhook;

import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Signs requests and checks their signatures: HMAC-SHA256, with a secret that both sides know, of the timestamp, a dot and the body.
 * For those who receive webhooks, too.
 *
 * @since 0.1.0
 */
public final class WebhookSignature {

    /** Header with the signature, {@code v1=<64 hexadecimal digits>}. */
    public static final String SIGNATURE_HEADER = "X-Tidegate-Signature";

    /** Header with the time of signing, in whole seconds since 1970. */
    public static final String TIMESTAMP_HEADER = "X-Tidegate-Timestamp";

    /** Header with the key that is the same for repeated attempts and for no other request. */
    public static final String KEY_HEADER = "Idempotency-Key";

    private static final String ALGORITHM = "HmacSHA256";
    private static final String VERSION = "v1=";
    private static final int LONGEST = 1000;

    private WebhookSignature() {}

    /**
     * The signature as its header has it.
     *
     * @param secret not empty
     * @param timestamp as its header has it
     * @param body as it is sent; empty for a GET
     */
    public static String sign(byte[] secret, String timestamp, byte[] body) {
        return VERSION + HexFormat.of().formatHex(mac(secret, timestamp, body));
    }

    /**
     * Whether a request was signed with the secret, not longer ago than the tolerance and not as much in the future. How long it takes
     * does not depend on how much of a signature is right. A request may be repeated within the tolerance: {@link #KEY_HEADER} says
     * which is one that was seen already.
     *
     * @param secret not empty
     * @param timestamp header as received; null if there is none
     * @param body as received, before anything is parsed
     * @param signature header as received; null if there is none. One of several, with commas between, is enough
     * @param tolerance how far the clocks and the way may be apart, such as 5 min
     * @param now by the receiver's clock
     */
    public static boolean verify(
            byte[] secret,
            @Nullable String timestamp,
            byte[] body,
            @Nullable String signature,
            Duration tolerance,
            Instant now) {
        if (timestamp == null
                || signature == null
                || signature.length() > LONGEST
                || !timestamp.matches("[0-9]{1,12}")) {
            return false;
        }
        Duration off = Duration.between(Instant.ofEpochSecond(Long.parseLong(timestamp)), now)
                .abs();
        byte[] expected = sign(secret, timestamp, body).getBytes(StandardCharsets.US_ASCII);
        boolean found = false;
        for (String each : signature.split(",", -1)) {
            // All of them, so that the time says nothing of which was right.
            found |= MessageDigest.isEqual(expected, each.strip().getBytes(StandardCharsets.UTF_8));
        }
        return found && off.compareTo(tolerance) <= 0;
    }

    private static byte[] mac(byte[] secret, String timestamp, byte[] body) {
        if (secret.length == 0) {
            throw new IllegalArgumentException("secret must not be empty");
        }
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret, ALGORITHM));
            mac.update(timestamp.getBytes(StandardCharsets.UTF_8));
            mac.update((byte) '.');
            return mac.doFinal(body);
        } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new IllegalStateException("every Java platform has " + ALGORITHM, e);
        }
    }
}
