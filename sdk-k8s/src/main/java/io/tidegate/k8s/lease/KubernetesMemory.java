/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.tidegate.engine.DecisionRecord;
import io.tidegate.engine.PoolMemory;
import io.tidegate.engine.spi.EngineMemory;
import io.tidegate.engine.spi.Leadership;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A memory on what is scaled: the {@linkplain DecisionRecord decision record} in the annotation {@code tidegate.io/record} of each pool's
 * object, of at most 64 KiB, so that a new leader goes on from where the last one was.
 *
 * <p>Only a leader writes, what others know is not kept; and never over a record or a {@linkplain EpochClaim claim} of a higher epoch.
 * Each write holds on to the version that was read. Fields of a record that this version does not know are kept. A record that cannot be
 * read is reported at load, and replaced by the next save.
 *
 * <p>Verbs needed: get and patch of each object, by name. Safe for many threads; calls block.
 *
 * @since 0.1.0
 */
public final class KubernetesMemory implements EngineMemory {

    /** The annotation. */
    public static final String ANNOTATION = "tidegate.io/record";

    /** All annotations of an object together may be of 256 KiB. */
    static final int MOST_BYTES = 64 << 10;

    private static final int TRIES = 3;

    private final ObjectCalls calls;
    private final Map<String, TargetObject> targets;
    private final Leadership leadership;
    private final UnaryOperator<String> reasons;

    private KubernetesMemory(
            ObjectCalls calls,
            Map<String, TargetObject> targets,
            Leadership leadership,
            UnaryOperator<String> reasons) {
        this.calls = calls;
        this.targets = targets;
        this.leadership = leadership;
        this.reasons = reasons;
    }

    /** Starts one with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * What the record says.
     *
     * @throws IOException if there is a record that cannot be read
     * @throws KubernetesClientException if the API server gave no usable answer
     * @throws IllegalArgumentException if no object is named for the pool
     */
    @Override
    public Optional<PoolMemory> load(String pool) throws IOException {
        return record(pool).map(DecisionRecord::memory);
    }

    /** The whole record; otherwise as {@link #load}. */
    public Optional<DecisionRecord> record(String pool) throws IOException {
        TargetObject target = target(pool);
        GenericKubernetesResource found = target.read(calls.client());
        String text = found == null ? null : TargetObject.annotations(found).get(ANNOTATION);
        if (text == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(DecisionRecord.parse(text));
        } catch (IllegalArgumentException e) {
            throw new IOException(
                    "annotation " + ANNOTATION + " of " + target + " cannot be read and is ignored: " + e.getMessage(),
                    e);
        }
    }

    /**
     * Keeps this if this gateway leads.
     *
     * @throws IOException if a higher epoch stands there, there is no such object, it is too large, or others wrote all the time
     * @throws KubernetesClientException if the API server gave no usable answer
     * @throws IllegalArgumentException if no object is named for the pool
     */
    @Override
    public void save(String pool, PoolMemory memory) throws IOException {
        TargetObject target = target(pool);
        String reason = reasons.apply(pool);
        KubernetesClientException last = null;
        for (int i = 0; i < TRIES; i++) {
            GenericKubernetesResource found = target.read(calls.client());
            if (found == null) {
                throw new IOException(target + " does not exist, so its record was not kept");
            }
            Map<String, String> annotations = TargetObject.annotations(found);
            String before = annotations.get(ANNOTATION);
            // Asked after the read, whose version is the write's precondition: a term that began later makes this one
            // fail.
            Leadership.Term term = leadership.term();
            if (!term.leads()) {
                return;
            }
            long standing =
                    Math.max(EpochClaim.standing(annotations), before == null ? 0 : DecisionRecord.epochOf(before));
            if (standing > term.epoch()) {
                throw new IOException("the record of " + target + " is of term " + standing + " and this gateway's is "
                        + term.epoch() + ", so it was not replaced");
            }
            try {
                target.annotate(
                        calls.client(),
                        TargetObject.resourceVersion(found),
                        Map.of(ANNOTATION, text(new DecisionRecord(term.epoch(), reason, memory), before)));
                return;
            } catch (KubernetesClientException e) {
                if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                    throw e;
                }
                last = e;
            }
        }
        throw new IOException(
                target + " was changed by somebody else at each of " + TRIES + " tries to keep its record", last);
    }

    private static String text(DecisionRecord record, @Nullable String before) throws IOException {
        try {
            return record.toText(before, MOST_BYTES);
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private TargetObject target(String pool) {
        TargetObject target = targets.get(pool);
        if (target == null) {
            throw new IllegalArgumentException(
                    "no object is named for pool \"" + pool + "\", only for " + targets.keySet());
        }
        return target;
    }

    /**
     * Collects the settings of a {@link KubernetesMemory}. Not safe for use by several threads.
     *
     * @since 0.1.0
     */
    public static final class Builder {

        private @Nullable KubernetesClient client;
        private final Map<String, TargetObject> targets = new HashMap<>();
        private Leadership leadership = Leadership.alone();
        private UnaryOperator<String> reasons = pool -> "";
        private Duration requestTimeout = Duration.ofSeconds(2);

        private Builder() {}

        /** The client to use, which the caller keeps and closes; required. */
        public Builder client(KubernetesClient client) {
            this.client = Objects.requireNonNull(client, "client");
            return this;
        }

        /** Where the record of a pool is kept; at least one is required. */
        public Builder pool(String pool, TargetObject target) {
            if (targets.putIfAbsent(Objects.requireNonNull(pool, "pool"), Objects.requireNonNull(target, "target"))
                    != null) {
                throw new IllegalArgumentException("pool \"" + pool + "\" has an object already");
            }
            return this;
        }

        /** Who may write, and in which term; {@link Leadership#alone} by default. */
        public Builder leadership(Leadership leadership) {
            this.leadership = Objects.requireNonNull(leadership, "leadership");
            return this;
        }

        /** Says the reason of a pool's last decision in words; must not throw nor block; empty by default. */
        public Builder reasons(UnaryOperator<String> reasons) {
            this.reasons = Objects.requireNonNull(reasons, "reasons");
            return this;
        }

        /** Longest time of one request, 1 ms to 1 min; 2 s by default. A save is two, or up to six where others write too. */
        public Builder requestTimeout(Duration requestTimeout) {
            this.requestTimeout = ObjectCalls.checked(requestTimeout);
            return this;
        }

        /**
         * The memory. Nothing is sent before the first call.
         *
         * @throws IllegalArgumentException if a setting is missing, or two pools have the same object
         */
        public KubernetesMemory build() {
            if (client == null) {
                throw new IllegalArgumentException("client is required: how to reach the API server");
            }
            if (targets.isEmpty()) {
                throw new IllegalArgumentException("pool is required: where the record of each pool is kept");
            }
            Map<TargetObject, String> owners = new HashMap<>();
            targets.forEach((pool, target) -> {
                String other = owners.put(target, pool);
                if (other != null) {
                    throw new IllegalArgumentException(
                            "pools \"" + other + "\" and \"" + pool + "\" would both be kept on " + target);
                }
            });
            return new KubernetesMemory(
                    new ObjectCalls(client, requestTimeout), Map.copyOf(targets), leadership, reasons);
        }
    }
}
