/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;

/** A line and its checksum: the last property of each line is the CRC32C of all bytes before it. */
final class Sealed {

    private static final byte[] BEFORE = ",\"crc\":\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DIGITS = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final int HEX = 8;

    /** Bytes of the checksum with its name and the end of the object. */
    private static final int LENGTH = BEFORE.length + HEX + 2;

    private Sealed() {}

    /** An object of JSON with its checksum and a line break. */
    static byte[] seal(byte[] object) {
        int body = object.length - 1;
        byte[] line = Arrays.copyOf(object, body + LENGTH + 1);
        System.arraycopy(BEFORE, 0, line, body, BEFORE.length);
        hex(checksum(line, 0, body), line, body + BEFORE.length);
        line[body + LENGTH - 2] = '"';
        line[body + LENGTH - 1] = '}';
        line[body + LENGTH] = '\n';
        return line;
    }

    /** Whether a line, without its line break, is as it was written. */
    static boolean intact(byte[] bytes, int from, int length) {
        int body = length - LENGTH;
        if (body < 1) {
            return false;
        }
        byte[] expected = new byte[LENGTH];
        System.arraycopy(BEFORE, 0, expected, 0, BEFORE.length);
        hex(checksum(bytes, from, body), expected, BEFORE.length);
        expected[LENGTH - 2] = '"';
        expected[LENGTH - 1] = '}';
        return Arrays.equals(expected, 0, LENGTH, bytes, from + body, from + length);
    }

    private static int checksum(byte[] bytes, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, length);
        return (int) crc.getValue();
    }

    private static void hex(int value, byte[] to, int at) {
        for (int i = 0; i < HEX; i++) {
            to[at + i] = DIGITS[(value >>> (28 - 4 * i)) & 0xf];
        }
    }
}
