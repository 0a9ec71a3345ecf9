/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.tidegate;

import io.tidegate.contracts.ScalerBackendContract;
import io.tidegate.engine.spi.ScalerBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class CountFileBackendTest extends ScalerBackendContract {

    @TempDir
    private Path folder;

    @Override
    protected Outside outside() {
        return new Supervisor(folder, 2);
    }

    @Override
    protected ScalerBackend backend(Outside outside) {
        return new CountFileBackend(folder);
    }

    /** A supervisor that has done at once what it is told, once it looks. */
    record Supervisor(Path folder, int begin) implements Outside {

        Supervisor {
            write(folder, "desired", begin + "\n");
            write(folder, "status", begin + " " + begin + "\n");
        }

        @Override
        public String pool() {
            return "chat";
        }

        @Override
        public int asked() {
            try {
                return Integer.parseInt(Files.readString(folder.resolve("chat.desired")).strip());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void ask(int replicas) {
            write(folder, "desired", replicas + "\n");
        }

        @Override
        public void settle() {
            write(folder, "status", asked() + " " + asked() + "\n");
        }

        @Override
        public boolean vanish() {
            try {
                Files.delete(folder.resolve("chat.status"));
                Files.delete(folder.resolve("chat.desired"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return true;
        }

        private static void write(Path folder, String ending, String text) {
            try {
                Files.createDirectories(folder);
                Files.writeString(folder.resolve("chat." + ending), text);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
