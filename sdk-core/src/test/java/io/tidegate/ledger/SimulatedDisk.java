/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A disk with a page cache that fails in every way disks do: writes that are short or fail halfway, a force that fails and drops
 * what it did not write, so that the next one says yes; and when the machine stops, any part of what was not forced is there, in any
 * order, and new names as far as some point. For one thread.
 */
final class SimulatedDisk implements Storage {

    /** Thrown by each operation after the machine has stopped. */
    static final class Stopped extends Error {
        private static final long serialVersionUID = 1;

        Stopped() {
            super("the machine stopped", null, false, false);
        }
    }

    private static final int PAGE = 128;

    private final Random random;
    private Map<String, File> names = new HashMap<>();
    private Map<String, File> forcedNames = new HashMap<>();
    private final List<Map<String, File>> pendingNames = new ArrayList<>();
    private boolean stopped;

    /** Operations until the machine stops; negative for never. */
    private int stopAfter = -1;

    /** Of 100 operations, how many fail. */
    private int failing;

    private boolean full;
    private int operations;

    SimulatedDisk(long seed) {
        random = new Random(seed);
    }

    private static final class File {
        private byte[] cached = {};
        private byte[] disk = {};
        private final Set<Integer> dirty = new HashSet<>();
    }

    // ---- what goes wrong -------------------------------------------------------------------------------------------

    void stopAfter(int operationsFromNow) {
        stopAfter = operationsFromNow;
    }

    void failing(int percent) {
        failing = percent;
    }

    void full(boolean isFull) {
        full = isFull;
    }

    int operations() {
        return operations;
    }

    boolean stopped() {
        return stopped;
    }

    /** The same disk after the machine has stopped and started again. */
    void restart() {
        int reached = random.nextInt(pendingNames.size() + 1);
        Map<String, File> found = reached == 0 ? forcedNames : pendingNames.get(reached - 1);
        forcedNames = new HashMap<>(found);
        names = new HashMap<>(found);
        pendingNames.clear();
        for (File file : names.values()) {
            byte[] before = file.disk;
            int size = switch (random.nextInt(3)) {
                case 0 -> before.length;
                case 1 -> file.cached.length;
                default -> before.length + random.nextInt(Math.max(1, file.cached.length - before.length + 1));
            };
            file.disk = Arrays.copyOf(before, size);
            for (int page : file.dirty) {
                if (random.nextBoolean()) {
                    page(file, page);
                }
            }
            file.dirty.clear();
            file.cached = file.disk.clone();
        }
        stopped = false;
        stopAfter = -1;
        failing = 0;
        full = false;
    }

    /** The process ends and the machine goes on: nothing is lost. */
    void endOfProcess() {
        stopped = false;
        stopAfter = -1;
        failing = 0;
        full = false;
    }

    /** Writes a page to the disk, as far as the file reaches there. */
    private static void page(File file, int page) {
        int from = page * PAGE;
        int to = Math.min(Math.min(from + PAGE, file.cached.length), file.disk.length);
        if (to > from) {
            System.arraycopy(file.cached, from, file.disk, from, to - from);
        }
    }

    private void operation(boolean mayFail) throws IOException {
        operations++;
        if (stopAfter >= 0 && stopAfter-- == 0) {
            stopped = true;
        }
        if (stopped) {
            throw new Stopped();
        }
        if (mayFail && random.nextInt(100) < failing) {
            throw new IOException("simulated failure");
        }
    }

    // ---- a disk ----------------------------------------------------------------------------------------------------

    /** What a file holds as its readers see it. */
    byte[] content(String name) {
        return names.getOrDefault(name, new File()).cached.clone();
    }

    /** Puts a file there, safe. */
    void put(String name, byte[] content) {
        File file = new File();
        file.cached = content.clone();
        file.disk = content.clone();
        names.put(name, file);
        forcedNames = new HashMap<>(names);
        pendingNames.clear();
    }

    @Override
    public List<String> list() throws IOException {
        operation(false);
        return List.copyOf(names.keySet());
    }

    private File file(String name) throws IOException {
        File file = names.get(name);
        if (file == null) {
            throw new FileNotFoundException(name);
        }
        return file;
    }

    @Override
    public long size(String name) throws IOException {
        operation(false);
        return file(name).cached.length;
    }

    @Override
    public InputStream read(String name) throws IOException {
        operation(false);
        return new ByteArrayInputStream(file(name).cached);
    }

    @Override
    public Output append(String name) throws IOException {
        boolean made = !names.containsKey(name);
        operation(made);
        if (made) {
            names.put(name, new File());
            pendingNames.add(new HashMap<>(names));
        }
        return new End(file(name));
    }

    @Override
    public void truncate(String name, long length) throws IOException {
        operation(false);
        File file = file(name);
        file.cached = Arrays.copyOf(file.cached, (int) length);
        file.dirty.add((int) length / PAGE);
    }

    @Override
    public void rename(String from, String to) throws IOException {
        operation(true);
        if (names.containsKey(to)) {
            throw new IOException(to + " exists");
        }
        File file = file(from);
        names.remove(from);
        names.put(to, file);
        pendingNames.add(new HashMap<>(names));
    }

    @Override
    public void delete(String name) throws IOException {
        operation(true);
        file(name);
        names.remove(name);
        pendingNames.add(new HashMap<>(names));
    }

    @Override
    public void forceNames() throws IOException {
        operation(true);
        forcedNames = new HashMap<>(names);
        pendingNames.clear();
    }

    @Override
    public void close() {}

    private final class End implements Output {

        private final File file;
        private @Nullable IOException closed;

        End(File file) {
            this.file = file;
        }

        @Override
        public int write(byte[] bytes, int from, int length) throws IOException {
            operation(false);
            if (closed != null) {
                throw closed;
            }
            boolean fails = full || random.nextInt(100) < failing;
            int written = fails || random.nextInt(4) == 0 ? random.nextInt(length) : length;
            int at = file.cached.length;
            file.cached = Arrays.copyOf(file.cached, at + written);
            System.arraycopy(bytes, from, file.cached, at, written);
            for (int page = at / PAGE; page <= (at + written) / PAGE; page++) {
                file.dirty.add(page);
            }
            if (fails) {
                throw new IOException("simulated: no space left on device");
            }
            return Math.max(1, written) == written ? written : write(bytes, from, length);
        }

        @Override
        public void force() throws IOException {
            operation(false);
            boolean fails = random.nextInt(100) < failing;
            file.disk = Arrays.copyOf(file.disk, file.cached.length);
            for (int page : file.dirty) {
                if (!fails || random.nextBoolean()) {
                    page(file, page);
                }
            }
            // Written or not, the cache takes these pages for written.
            file.dirty.clear();
            if (fails) {
                throw new IOException("simulated: force failed");
            }
        }

        @Override
        public void close() {
            closed = new IOException("closed");
        }
    }
}
