/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.ledger;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A folder of the file system. Streams rather than channels: a channel is closed for good when a thread that uses it is interrupted. */
final class FileStorage implements Storage {

    private final Path folder;
    private final @Nullable RandomAccessFile lock;

    private FileStorage(Path folder, @Nullable RandomAccessFile lock) {
        this.folder = folder;
        this.lock = lock;
    }

    /** To read, beside whoever writes. */
    static FileStorage reading(Path folder) {
        return new FileStorage(folder, null);
    }

    /**
     * To write, alone.
     *
     * @throws IllegalStateException if somebody else writes this file
     * @throws UncheckedIOException if the folder cannot be written
     */
    static FileStorage writing(Path file) {
        Path whole = file.toAbsolutePath();
        Path folder = whole.getParent();
        Path name = whole.getFileName();
        if (folder == null || name == null) {
            throw new IllegalArgumentException("the ledger must be a file but is " + file);
        }
        try {
            if (!Files.isDirectory(folder)) {
                Files.createDirectories(folder);
            }
            if (Files.isDirectory(whole)) {
                throw new IOException("it is a folder");
            }
            return new FileStorage(folder, locked(file, folder.resolve(name + ".lock")));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the ledger " + file + ": " + e.getMessage(), e);
        }
    }

    private static RandomAccessFile locked(Path file, Path path) throws IOException {
        RandomAccessFile lock = new RandomAccessFile(path.toFile(), "rw");
        boolean held = false;
        try {
            // The lock ends with the file, or with this process however it ends.
            @Nullable FileLock taken = lock.getChannel().tryLock();
            held = taken != null;
        } catch (OverlappingFileLockException e) {
            held = false;
        } finally {
            if (!held) {
                lock.close();
            }
        }
        if (!held) {
            throw new IllegalStateException("another process or another ledger of this one writes " + file
                    + ": give each gateway a ledger.file of its own, or stop the other");
        }
        return lock;
    }

    @Override
    public List<String> list() throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            files.filter(Files::isRegularFile).map(Path::getFileName).forEach(name -> names.add(String.valueOf(name)));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return names;
    }

    @Override
    public long size(String name) throws IOException {
        return Files.size(folder.resolve(name));
    }

    @Override
    public InputStream read(String name) throws IOException {
        return new FileInputStream(folder.resolve(name).toFile());
    }

    @Override
    public Output append(String name) throws IOException {
        return new Appending(new FileOutputStream(folder.resolve(name).toFile(), true));
    }

    @Override
    public void truncate(String name, long length) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
            file.setLength(length);
        }
    }

    @Override
    public void rename(String from, String to) throws IOException {
        Path source = folder.resolve(from);
        Path target = folder.resolve(to);
        try {
            Files.move(source, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(source, target);
        }
    }

    @Override
    public void delete(String name) throws IOException {
        Files.delete(folder.resolve(name));
    }

    @Override
    public void forceNames() throws IOException {
        // Windows cannot open a folder, and keeps names without being asked.
        if (java.io.File.separatorChar == '/') {
            try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
                names.force(true);
            }
        }
    }

    @Override
    public void close() {
        if (lock != null) {
            try {
                lock.close();
            } catch (IOException e) {
                throw new UncheckedIOException("cannot give back the lock in " + folder, e);
            }
        }
    }

    private record Appending(FileOutputStream out) implements Output {

        @Override
        public int write(byte[] bytes, int from, int length) throws IOException {
            out.write(bytes, from, length);
            return length;
        }

        @Override
        public void force() throws IOException {
            out.getFD().sync();
        }

        @Override
        public void close() throws IOException {
            out.close();
        }
    }
}
