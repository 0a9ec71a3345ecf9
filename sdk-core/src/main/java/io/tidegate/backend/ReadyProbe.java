/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Whether a process that runs is ready. Blocks no longer than its timeout for the connection and for the answer each. */
interface ReadyProbe {

    /** Ready as long as it runs. */
    ReadyProbe RUNNING = (index, port, name) -> true;

    boolean ready(int index, OptionalInt port, String name);

    /**
     * The probe of settings of which one at most is given.
     *
     * @throws IllegalArgumentException if it is no http address or no port
     */
    static ReadyProbe of(@Nullable String url, @Nullable String port, Duration timeout) {
        int millis = (int) timeout.toMillis();
        if (url != null) {
            address(url, 0, OptionalInt.of(1), "replica-0");
            return (index, itsPort, name) -> answers(address(url, index, itsPort, name), millis);
        }
        if (port != null) {
            number(Placeholders.filled(port, 0, OptionalInt.of(1), "replica-0"));
            return (index, itsPort, name) -> accepts(number(Placeholders.filled(port, index, itsPort, name)), millis);
        }
        return RUNNING;
    }

    private static URI address(String url, int index, OptionalInt port, String name) {
        String filled = Placeholders.filled(url, index, port, name);
        URI found;
        try {
            found = URI.create(filled);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("readyUrl must be an http address but was \"" + url + "\"", e);
        }
        if (found.getHost() == null || !"http".equals(found.getScheme())) {
            throw new IllegalArgumentException("readyUrl must be an http address but was \"" + url + "\"");
        }
        return found;
    }

    private static int number(String port) {
        try {
            int found = Integer.parseInt(port);
            if (found >= 1 && found <= 65_535) {
                return found;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new IllegalArgumentException("readyPort must be {port} or 1 to 65535 but was \"" + port + "\"");
    }

    private static boolean answers(URI url, int millis) {
        HttpURLConnection connection = null;
        try {
            connection = (HttpURLConnection) url.toURL().openConnection();
            connection.setConnectTimeout(millis);
            connection.setReadTimeout(millis);
            connection.setInstanceFollowRedirects(false);
            connection.setUseCaches(false);
            connection.setRequestProperty("Connection", "close");
            return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
        } catch (IOException e) {
            return false;
        } finally {
            if (connection != null) {
                connection.disconnect();
            }
        }
    }

    private static boolean accepts(int port, int millis) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), millis);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
