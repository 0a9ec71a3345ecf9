/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.backend;

import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.Birth;
import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.ledger.Refusal;
import io.tidegate.log.BoundedLog;
import io.tidegate.time.SystemTime;
import io.tidegate.time.TimeSource;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Runs each replica of one pool as a process on this machine.
 *
 * <p>Like an orchestrator it keeps the number it was asked for. A process that dies is started again, after 1 s, doubled up to 1 min
 * while it does not live for a minute. Going down, the newest are told to end, and killed with what they started when their grace is
 * over. A replica has the least index that is free, from 0, and the port of its index; where somebody else holds that port, the next.
 *
 * <p>A replica is ready when its {@link Builder#readyUrl URL} answers 200 or its {@link Builder#readyPort port} accepts, once; and no
 * longer when it fails to three times in a row. With neither it is ready as long as it runs.
 *
 * <p>With a {@link Builder#folder folder}, output goes to {@code REPLICA.log} in it, where that of the run before is kept as {@code
 * REPLICA.log.1}, and each process is noted in {@code REPLICA.pid}. A backend that starts with notes of processes that still run goes
 * on with them, after a crash of the gateway or after {@link Builder#keep}. A note counts only if the process of its number began at
 * the instant noted, so that another that has been given the number since is left alone. One gateway at a time may use a folder.
 *
 * <p>Processes inherit the gateway's environment and rights. On Windows ending a process gently is not possible, so there its grace is
 * of no use. Safe for use by many threads; processes are started and looked at on threads of its own.
 *
 * @since 0.1.0
 */
public final class ProcessBackend implements ScalerBackend {

    private static final Logger LOG = BoundedLog.of(ProcessBackend.class);
    private static final long FIRST_BACKOFF_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long LONGEST_BACKOFF_NANOS = Duration.ofMinutes(1).toNanos();
    private static final long STEADY_NANOS = Duration.ofMinutes(1).toNanos();
    private static final int FAILED_PROBES = 3;
    private static final int PROBES_AT_ONCE = 8;
    private static final File NULL =
            new File(System.getProperty("os.name", "").startsWith("Windows") ? "NUL" : "/dev/null");

    private final Builder settings;
    private final TimeSource time;
    private final @Nullable SystemTime ownTime;
    private final Executor threads;
    private final @Nullable ExecutorService ownThreads;
    private final ReadyProbe probe;
    private final @Nullable PidFiles notes;
    private final AtomicReference<@Nullable String> pool = new AtomicReference<>();

    /** Guards what follows. Processes are started under it, but nothing is waited for. */
    private final Object lock = new Object();

    /** By index. */
    private final TreeMap<Integer, Running> running = new TreeMap<>();

    private final Map<Integer, Crashes> crashes = new HashMap<>();
    private int desired;
    private long started;
    private @Nullable String lastKey;
    private boolean closed;
    private TimeSource.@Nullable Task next;

    /** A process. Guarded by the lock. */
    private static final class Running {
        private final int index;
        private final OptionalInt port;
        private final String name;
        private final ProcessHandle process;
        private final Instant created;
        private final long order;
        private final long sinceNanos;
        private @Nullable Instant ready;
        private boolean serves;
        private boolean probing;
        private int failedProbes;
        private boolean stopping;
        private boolean killed;
        private long killNanos;

        Running(
                int index,
                OptionalInt port,
                String name,
                ProcessHandle process,
                Instant created,
                long order,
                long now) {
            this.index = index;
            this.port = port;
            this.name = name;
            this.process = process;
            this.created = created;
            this.order = order;
            this.sinceNanos = now;
        }
    }

    /** How often the replica of an index died in a row, and when it may be started again. */
    private record Crashes(int inARow, long notBeforeNanos) {}

    /**
     * A process as others may see it.
     *
     * @param name as {@code {replica}} has it
     * @param index from 0
     * @param port its port; empty if none was set
     * @param pid number of the process
     * @param ready whether it serves, and was not told to end
     */
    public record Replica(String name, int index, OptionalInt port, long pid, boolean ready) {}

    private ProcessBackend(Builder builder) {
        this.settings = builder;
        this.ownTime = builder.time == null ? SystemTime.start() : null;
        this.time = builder.time == null ? Objects.requireNonNull(ownTime) : builder.time;
        this.ownThreads = builder.threads == null ? threads() : null;
        this.threads = builder.threads == null ? Objects.requireNonNull(ownThreads) : builder.threads;
        this.probe = builder.probe;
        Path folder = builder.folder;
        this.notes = folder == null ? null : new PidFiles(folder);
        synchronized (lock) {
            adopt();
        }
        turn();
    }

    private static ExecutorService threads() {
        ThreadPoolExecutor made = new ThreadPoolExecutor(
                PROBES_AT_ONCE, PROBES_AT_ONCE, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "tidegate-process");
                    thread.setDaemon(true);
                    return thread;
                });
        made.allowCoreThreadTimeOut(true);
        return made;
    }

    /**
     * Starts a backend with the defaults.
     *
     * @param command the program and its arguments; {@code {index}}, {@code {port}} and {@code {replica}} in it are replaced. No shell
     *     reads it
     */
    public static Builder builder(List<String> command) {
        return new Builder(command);
    }

    // ---- the backend
    // -------------------------------------------------------------------------------------------------

    /** What runs, those that are about to end among them, and when each came to be. */
    @Override
    public ReplicaStatus status(String asked) {
        only(asked);
        synchronized (lock) {
            List<Birth> births = new ArrayList<>();
            int ready = 0;
            for (Running each : running.values()) {
                ready += each.serves && !each.stopping ? 1 : 0;
                births.add(new Birth(
                        each.name + "@" + each.process.pid(),
                        each.created,
                        null,
                        each.process.info().startInstant().orElse(null),
                        each.ready));
            }
            return new ReplicaStatus(desired, running.size(), ready, births);
        }
    }

    /**
     * Takes the number, and starts or ends processes on another thread.
     *
     * @throws BackendException if the number is no longer the one the decision was made on, or above {@link Builder#most}
     */
    @Override
    public void scale(ScaleRequest request) {
        only(request.pool());
        synchronized (lock) {
            if (closed) {
                throw new IllegalStateException("it is closed, and must be open to scale");
            }
            if (request.key().equals(lastKey) && request.to() == desired) {
                return;
            }
            if (request.from() != desired) {
                throw new BackendException(
                        Refusal.CONFLICT, "there are to be " + desired + " processes by now and not " + request.from());
            }
            if (request.to() > settings.most) {
                throw new BackendException(
                        Refusal.CAPACITY,
                        "there may be " + settings.most + " processes and not " + request.to()
                                + ", by the setting most");
            }
            desired = request.to();
            lastKey = request.key();
        }
        soon();
    }

    private void only(String asked) {
        String first = pool.updateAndGet(found -> found == null ? asked : found);
        if (!asked.equals(first)) {
            throw new IllegalArgumentException(
                    "it runs the replicas of pool \"" + first + "\" and none of \"" + asked + "\"");
        }
    }

    /** The processes that run, by index. */
    public List<Replica> replicas() {
        synchronized (lock) {
            return running.values().stream()
                    .map(each -> new Replica(
                            each.name, each.index, each.port, each.process.pid(), each.serves && !each.stopping))
                    .toList();
        }
    }

    // ---- turns
    // -------------------------------------------------------------------------------------------------------

    /** Looks at everything on another thread. */
    private void soon() {
        try {
            threads.execute(this::look);
        } catch (RejectedExecutionException e) {
            // It is closed.
        }
    }

    /** Looks at everything each so often. */
    private void turn() {
        soon();
        synchronized (lock) {
            if (!closed) {
                next = time.schedule(settings.probePeriod.toNanos(), this::turn);
            }
        }
    }

    private void look() {
        List<Running> toProbe = new ArrayList<>();
        List<ProcessHandle> toKill = new ArrayList<>();
        synchronized (lock) {
            if (closed) {
                return;
            }
            long now = time.nanos();
            bury(now);
            startMissing(now);
            endSurplus(now);
            for (Running each : running.values()) {
                if (each.stopping && !each.killed && now - each.killNanos >= 0) {
                    each.killed = true;
                    toKill.add(each.process);
                }
                if (!each.stopping && !each.probing) {
                    each.probing = true;
                    toProbe.add(each);
                }
            }
        }
        toKill.forEach(ProcessBackend::kill);
        for (Running each : toProbe) {
            try {
                threads.execute(() -> probed(each, probe.ready(each.index, each.port, each.name)));
            } catch (RejectedExecutionException e) {
                return;
            }
        }
    }

    private void probed(Running each, boolean answered) {
        synchronized (lock) {
            each.probing = false;
            if (answered && !each.stopping && each.process.isAlive()) {
                each.failedProbes = 0;
                each.serves = true;
                if (each.ready == null) {
                    each.ready = time.wallTime();
                    LOG.info("{} is ready", each.name);
                }
            } else if (each.serves && ++each.failedProbes >= FAILED_PROBES) {
                each.serves = false;
                LOG.warn("{} no longer answers", each.name);
            }
        }
    }

    private void bury(long now) {
        for (Running each : List.copyOf(running.values())) {
            if (!each.process.isAlive()) {
                running.remove(each.index);
                forget(each);
                boolean steady = now - each.sinceNanos >= STEADY_NANOS;
                if (each.stopping) {
                    crashes.remove(each.index);
                } else {
                    crashed(each.index, steady, now, each.name + " died");
                }
            }
        }
    }

    private void crashed(int index, boolean steady, long now, String what) {
        Crashes before = crashes.get(index);
        int inARow = steady || before == null ? 1 : before.inARow() + 1;
        long pause = Math.min(LONGEST_BACKOFF_NANOS, FIRST_BACKOFF_NANOS << Math.min(inARow - 1, 6));
        crashes.put(index, new Crashes(inARow, now + pause));
        if (inARow == 1) {
            LOG.warn(
                    "{}; it is started again in {}, and ever later as long as it goes on",
                    what,
                    Duration.ofNanos(pause));
        } else {
            LOG.debug("{}, {} times in a row", what, inARow);
        }
    }

    private void startMissing(long now) {
        long kept = running.values().stream().filter(each -> !each.stopping).count();
        for (int index = 0; kept < desired && index < settings.slots(); index++) {
            if (running.containsKey(index)) {
                continue;
            }
            Crashes before = crashes.get(index);
            if (before != null && now - before.notBeforeNanos() < 0) {
                // It counts, or a crash would be answered by one more at the next index.
                kept++;
                continue;
            }
            OptionalInt port = settings.port(index);
            if (port.isPresent() && !free(port.getAsInt())) {
                continue;
            }
            start(index, port, now);
            kept++;
        }
    }

    private static boolean free(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void start(int index, OptionalInt port, long now) {
        String name = settings.name + "-" + index;
        ProcessBuilder builder = new ProcessBuilder(settings.command.stream()
                .map(each -> Placeholders.filled(each, index, port, name))
                .toList());
        settings.environment.forEach(
                (key, value) -> builder.environment().put(key, Placeholders.filled(value, index, port, name)));
        Path directory = settings.directory;
        if (directory != null) {
            builder.directory(directory.toFile());
        }
        builder.redirectErrorStream(true);
        Instant created = time.wallTime();
        try {
            builder.redirectInput(ProcessBuilder.Redirect.from(NULL));
            builder.redirectOutput(output(name));
            Process process = builder.start();
            Running each = new Running(index, port, name, process.toHandle(), created, ++started, now);
            running.put(index, each);
            note(each);
            watch(each.process);
        } catch (IOException e) {
            crashed(index, false, now, name + " cannot be started: " + e.getMessage());
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // it has no result
    private void watch(ProcessHandle process) {
        process.onExit().thenRun(this::soon);
    }

    private ProcessBuilder.Redirect output(String name) throws IOException {
        Path folder = settings.folder;
        if (folder == null) {
            return ProcessBuilder.Redirect.DISCARD;
        }
        Path file = folder.resolve(name + ".log");
        if (Files.exists(file)) {
            Files.move(file, folder.resolve(name + ".log.1"), StandardCopyOption.REPLACE_EXISTING);
        }
        return ProcessBuilder.Redirect.appendTo(file.toFile());
    }

    private void note(Running each) {
        if (notes != null) {
            try {
                notes.write(
                        new PidFiles.Note(each.name, each.index, each.port, each.process.pid(), each.created),
                        each.process);
            } catch (IOException e) {
                LOG.warn("{} cannot be noted, so another gateway will not know of it: {}", each.name, e.toString());
            }
        }
    }

    private void forget(Running each) {
        if (notes != null) {
            notes.remove(each.name);
        }
    }

    private void endSurplus(long now) {
        List<Running> kept = new ArrayList<>(
                running.values().stream().filter(each -> !each.stopping).toList());
        kept.sort(Comparator.comparingLong((Running each) -> each.order).reversed());
        for (Running each : kept.subList(0, Math.max(0, kept.size() - desired))) {
            each.stopping = true;
            each.serves = false;
            each.killNanos = now + settings.grace.toNanos();
            each.process.destroy();
        }
    }

    /** What it has started goes with it, or it would hold the port and the memory. */
    private static void kill(ProcessHandle process) {
        List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        all.add(process);
        all.forEach(ProcessHandle::destroyForcibly);
    }

    private void adopt() {
        if (notes == null) {
            return;
        }
        long now = time.nanos();
        Map<PidFiles.Note, ProcessHandle> found = notes.read();
        List<PidFiles.Note> oldestFirst = new ArrayList<>(found.keySet());
        oldestFirst.sort(Comparator.comparing(PidFiles.Note::created));
        for (PidFiles.Note note : oldestFirst) {
            ProcessHandle process = Objects.requireNonNull(found.get(note));
            if (note.index() >= settings.slots() || running.containsKey(note.index())) {
                LOG.warn("process {} of {} is left alone: it has no place by the settings", process.pid(), note.name());
                continue;
            }
            running.put(
                    note.index(),
                    new Running(note.index(), note.port(), note.name(), process, note.created(), ++started, now));
            watch(process);
            LOG.info("going on with process {} as {}", process.pid(), note.name());
        }
        desired = Math.min(running.size(), settings.most);
    }

    /**
     * Ends all processes, gently at first, and waits until the grace is over at the longest; or leaves them, with {@link
     * Builder#keep}. A second call does nothing.
     */
    @Override
    public void close() {
        List<Running> left;
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            left = List.copyOf(running.values());
            if (next != null) {
                next.cancel();
            }
        }
        if (ownThreads != null) {
            ownThreads.shutdownNow();
        }
        if (!settings.keep) {
            end(left);
        }
        if (ownTime != null) {
            ownTime.close();
        }
    }

    private void end(List<Running> left) {
        left.forEach(each -> each.process.destroy());
        long untilNanos = time.nanos() + settings.grace.toNanos();
        boolean interrupted = false;
        for (Running each : left) {
            try {
                if (!interrupted) {
                    each.process.onExit().get(Math.max(0, untilNanos - time.nanos()), TimeUnit.NANOSECONDS);
                }
            } catch (InterruptedException e) {
                interrupted = true;
            } catch (TimeoutException | ExecutionException e) {
                // It is killed below.
            }
            if (each.process.isAlive()) {
                kill(each.process);
            }
            forget(each);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Collects the settings of a {@link ProcessBackend}. Not safe for use by several threads. */
    public static final class Builder {

        private static final int LAST_PORT = 65_535;

        private final List<String> command;
        private String name = "replica";
        private int firstPort;
        private int most = 64;
        private Duration grace = Duration.ofSeconds(30);
        private Duration probePeriod = Duration.ofSeconds(1);
        private @Nullable Path folder;
        private @Nullable Path directory;
        private boolean keep;
        private @Nullable String readyUrl;
        private @Nullable String readyPort;
        private Duration readyTimeout = Duration.ofSeconds(1);
        private final Map<String, String> environment = new LinkedHashMap<>();
        private @Nullable TimeSource time;
        private @Nullable Executor threads;
        private ReadyProbe probe = ReadyProbe.RUNNING;

        private Builder(List<String> command) {
            this.command = List.copyOf(command);
            if (command.isEmpty() || command.get(0).isBlank()) {
                throw new IllegalArgumentException("command must name a program but was " + command);
            }
        }

        private Builder(Builder other) {
            this.command = other.command;
            this.name = other.name;
            this.firstPort = other.firstPort;
            this.most = other.most;
            this.grace = other.grace;
            this.probePeriod = other.probePeriod;
            this.folder = other.folder;
            this.directory = other.directory;
            this.keep = other.keep;
            this.readyUrl = other.readyUrl;
            this.readyPort = other.readyPort;
            this.readyTimeout = other.readyTimeout;
            this.environment.putAll(other.environment);
            this.time = other.time;
            this.threads = other.threads;
            this.probe = ReadyProbe.of(readyUrl, readyPort, readyTimeout);
        }

        /** What replicas are called, before their index: letters, digits, {@code .}, {@code -} and {@code _}; {@code replica} by default. */
        public Builder name(String name) {
            if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}")) {
                throw new IllegalArgumentException(
                        "name must be 1 to 63 letters, digits, ., - or _ but was \"" + name + "\"");
            }
            this.name = name;
            return this;
        }

        /** Port of the replica of index 0; the others have those above. None by default. */
        public Builder firstPort(int port) {
            if (port < 1 || port > LAST_PORT) {
                throw new IllegalArgumentException("firstPort must be 1 to " + LAST_PORT + " but was " + port);
            }
            this.firstPort = port;
            return this;
        }

        /** Most processes, 1 to 1,000; 64 by default. More are refused as {@link Refusal#CAPACITY}. */
        public Builder most(int most) {
            if (most < 1 || most > 1000) {
                throw new IllegalArgumentException("most must be 1 to 1000 but was " + most);
            }
            this.most = most;
            return this;
        }

        /** Time from being told to end to being killed, 0 to an hour; 30 s by default. */
        public Builder grace(Duration grace) {
            this.grace = within("grace", grace, Duration.ZERO, Duration.ofHours(1));
            return this;
        }

        /** Time between two looks at the processes and whether they are ready, 10 ms to a minute; 1 s by default. */
        public Builder probePeriod(Duration period) {
            this.probePeriod = within("probePeriod", period, Duration.ofMillis(10), Duration.ofMinutes(1));
            return this;
        }

        /** Real time that an answer to whether a replica is ready may take, 10 ms to a minute; 1 s by default. */
        public Builder readyTimeout(Duration timeout) {
            this.readyTimeout = within("readyTimeout", timeout, Duration.ofMillis(10), Duration.ofMinutes(1));
            return this;
        }

        /** Where output and notes of processes go; it is made if it is not there. None by default: output is discarded. */
        public Builder folder(Path folder) {
            this.folder = Objects.requireNonNull(folder, "folder");
            return this;
        }

        /** Where the processes run; where the gateway does by default. */
        public Builder directory(Path directory) {
            this.directory = Objects.requireNonNull(directory, "directory");
            return this;
        }

        /** Leaves the processes running at {@link #close}, for the next gateway to go on with; needs a folder. Off by default. */
        public Builder keep(boolean keep) {
            this.keep = keep;
            return this;
        }

        /** A variable of the processes' environment, on top of the gateway's; placeholders in the value are replaced. */
        public Builder environment(String variable, String value) {
            environment.put(Objects.requireNonNull(variable, "variable"), Objects.requireNonNull(value, "value"));
            return this;
        }

        /** An http address that answers 200 when a replica is ready: {@code http://127.0.0.1:{port}/health}. */
        public Builder readyUrl(String url) {
            this.readyUrl = Objects.requireNonNull(url, "url");
            return this;
        }

        /** A port of this machine that accepts when a replica is ready: <code>{port}</code>. */
        public Builder readyPort(String port) {
            this.readyPort = Objects.requireNonNull(port, "port");
            return this;
        }

        /** The clock of back-off, grace and looks; one of its own by default. The caller closes it. */
        public Builder time(TimeSource time) {
            this.time = Objects.requireNonNull(time, "time");
            return this;
        }

        /** Where processes are started and looked at; for tests that have no threads. */
        Builder threads(Executor threads) {
            this.threads = threads;
            return this;
        }

        private static Duration within(String name, Duration value, Duration least, Duration most) {
            if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
                throw new IllegalArgumentException(name + " must be " + least + " to " + most + " but was " + value);
            }
            return value;
        }

        /** Indices there are: some more than processes, where somebody else may hold ports. */
        private int slots() {
            return firstPort == 0 ? most : Math.min(2 * most, LAST_PORT - firstPort + 1);
        }

        private OptionalInt port(int index) {
            return firstPort == 0 ? OptionalInt.empty() : OptionalInt.of(firstPort + index);
        }

        /**
         * The backend, which goes on with the processes noted in its folder.
         *
         * @throws IllegalArgumentException if settings exclude each other, or the folder cannot be used
         */
        public ProcessBackend build() {
            boolean usesPort = firstPort != 0;
            List<String> texts = new ArrayList<>(command);
            texts.addAll(environment.values());
            if (readyUrl != null) {
                texts.add(readyUrl);
            }
            if (readyPort != null) {
                texts.add(readyPort);
            }
            if (!usesPort && texts.stream().anyMatch(each -> each.contains(Placeholders.PORT))) {
                throw new IllegalArgumentException("firstPort is required, as {port} is used");
            }
            if (usesPort && firstPort + most - 1 > LAST_PORT) {
                throw new IllegalArgumentException(
                        "firstPort must leave room for " + most + " ports but was " + firstPort);
            }
            if (readyUrl != null && readyPort != null) {
                throw new IllegalArgumentException("readyUrl and readyPort exclude each other");
            }
            if (keep && folder == null) {
                throw new IllegalArgumentException("keep needs a folder, where the processes are noted");
            }
            Builder copy = new Builder(this);
            if (folder != null) {
                try {
                    Files.createDirectories(folder);
                } catch (IOException e) {
                    throw new IllegalArgumentException("folder " + folder + " cannot be made: " + e, e);
                }
            }
            return new ProcessBackend(copy);
        }
    }
}
