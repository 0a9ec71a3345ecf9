/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the gate must know of a request. Immutable; {@code with…} methods return a changed copy.
 *
 * @since 0.1.0
 */
public final class Request {

    /** The tenant of requests that name none. */
    public static final String ANONYMOUS = "anonymous";

    /** Longest name of a tenant that is kept as it is. */
    private static final int MAX_TENANT = 128;

    private final Tier tier;
    private final String tenant;
    private final @Nullable String model;
    private final long promptTokens;

    /** Expected output, or what it may write at most where the gate is to expect it. */
    private final long outputTokens;

    private final boolean learns;
    private final @Nullable Duration timeout;
    private final @Nullable Long deadline;
    private final int attempt;

    /** Whether it names no deadline, expects nothing to be learned and is no retry that is known: nearly all are, and need one look. */
    final boolean plain;

    /** Tells it from others, over all its attempts; 0 where nothing does. */
    final long key;

    /** The smaller of its own and its tier's bound. */
    private final long maxQueueNanos;

    /** Its tokens as the gate counts them; only those of the prompt where the gate is to expect the output. */
    final int units;

    private Request(Draft draft) {
        this.tier = draft.tier;
        this.tenant = draft.tenant;
        this.model = draft.model;
        this.promptTokens = draft.promptTokens;
        this.outputTokens = draft.outputTokens;
        this.learns = draft.learns;
        this.timeout = draft.timeout;
        this.deadline = draft.deadline;
        this.attempt = draft.attempt;
        this.key = draft.key;
        this.maxQueueNanos = maxQueueTime().toNanos();
        this.units = GateState.units(tokens());
        this.plain = deadline == null && !learns && key == 0 && attempt == 1;
    }

    /** What a request is made of; a copy of one, to change one thing in it. */
    private static final class Draft {

        private final Tier tier;
        private String tenant = ANONYMOUS;
        private @Nullable String model;
        private long promptTokens;
        private long outputTokens;
        private boolean learns;
        private @Nullable Duration timeout;
        private @Nullable Long deadline;
        private int attempt = 1;
        private long key;

        Draft(Tier tier) {
            this.tier = tier;
        }

        Draft(Request from) {
            this.tier = from.tier;
            this.tenant = from.tenant;
            this.model = from.model;
            this.promptTokens = from.promptTokens;
            this.outputTokens = from.outputTokens;
            this.learns = from.learns;
            this.timeout = from.timeout;
            this.deadline = from.deadline;
            this.attempt = from.attempt;
            this.key = from.key;
        }
    }

    /** A request of this tier: one slot, no tokens, anonymous, waiting as long as its tier allows. */
    public static Request of(Tier tier) {
        return new Request(new Draft(Objects.requireNonNull(tier, "tier")));
    }

    /** The name by which a tenant is known. */
    static String nameOf(String tenant) {
        return tenant.length() <= MAX_TENANT
                ? tenant
                : tenant.substring(0, MAX_TENANT - 17) + '#' + Long.toHexString(digest(tenant));
    }

    /**
     * The same request of this tenant.
     *
     * @param tenant of any form; of one longer than {@value #MAX_TENANT} characters the beginning and a digest are kept, since the gate
     *     remembers it
     */
    public Request withTenant(String tenant) {
        Draft draft = new Draft(this);
        draft.tenant = nameOf(tenant);
        return new Request(draft);
    }

    /** The same request for this model; where none is named, what is learned is learned for the tier. */
    public Request withModel(String model) {
        Draft draft = new Draft(this);
        draft.model = Objects.requireNonNull(model, "model");
        return new Request(draft);
    }

    /**
     * The same request with an estimate of the tokens it will hold.
     *
     * @param promptTokens tokens of the prompt; 0 or more
     * @param expectedOutputTokens tokens it will probably write; 0 or more. More than {@link Work#MAX_TOKENS} in all is cut
     *     to that
     */
    public Request withTokens(long promptTokens, long expectedOutputTokens) {
        return withTokens(promptTokens, expectedOutputTokens, false);
    }

    /**
     * The same request with the tokens of its prompt and those it may write at most. What it will write is expected by the gate:
     * what requests of this tier and model wrote lately, and never more than this.
     *
     * @param promptTokens tokens of the prompt; 0 or more
     * @param maxOutputTokens its {@code max_tokens}; 0 or more. More than {@link Work#MAX_TOKENS} in all is cut to that
     */
    public Request withPrompt(long promptTokens, long maxOutputTokens) {
        return withTokens(promptTokens, maxOutputTokens, true);
    }

    private Request withTokens(long promptTokens, long outputTokens, boolean learns) {
        if (promptTokens < 0 || outputTokens < 0) {
            throw new IllegalArgumentException("tokens must be >= 0 but were " + promptTokens + " and " + outputTokens);
        }
        Draft draft = new Draft(this);
        draft.promptTokens = Math.min(promptTokens, Work.MAX_TOKENS);
        draft.outputTokens = Math.min(outputTokens, Work.MAX_TOKENS - draft.promptTokens);
        draft.learns = learns;
        return new Request(draft);
    }

    /**
     * The same request, waiting no longer than this.
     *
     * @param timeout longest time in queue; the tier's bound holds as well, and zero means not to wait
     */
    public Request withTimeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout must be >= 0 but was " + timeout);
        }
        Draft draft = new Draft(this);
        draft.timeout = timeout;
        return new Request(draft);
    }

    /**
     * The same request, of no use to anybody if it is not admitted by this instant: it is then refused with {@link
     * Admission.Reason#DEADLINE_PASSED} even if there is room, and expires in queue at the latest then. Waiting requests of a
     * tenant are served in the order of their deadlines.
     *
     * @param deadlineNanos on the gate's clock, as {@code gate.time().nanos()} tells it; less than 146 years away, as the
     *     clock wraps
     */
    public Request withDeadline(long deadlineNanos) {
        Draft draft = new Draft(this);
        draft.deadline = deadlineNanos;
        return new Request(draft);
    }

    /**
     * The same request, known again when it comes back: by this the gate tells one that was refused and returns from one more
     * request. It then counts once as demand, has its turn if it comes when it was told to, and is refused if it comes sooner.
     *
     * @param key the same for all attempts of one request, and different for others: an idempotency key, or a digest of who
     *     asks and what
     */
    public Request withKey(String key) {
        long hash = digest(key);
        Draft draft = new Draft(this);
        draft.key = hash == 0 ? 1 : hash;
        return new Request(draft);
    }

    /** FNV-1a over 64 bits, with the finalizer of SplitMix64 behind it. */
    private static long digest(String text) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        hash = (hash ^ (hash >>> 30)) * 0xBF58476D1CE4E5B9L;
        return hash ^ (hash >>> 31);
    }

    /**
     * The same request at its so manyth attempt, if the client says so, as OpenAI's libraries do ({@code
     * x-stainless-retry-count}, plus 1). What is no first attempt is not counted as demand again.
     *
     * @param attempt 1, the default, or more
     */
    public Request withAttempt(int attempt) {
        if (attempt < 1) {
            throw new IllegalArgumentException("attempt must be >= 1 but was " + attempt);
        }
        Draft draft = new Draft(this);
        draft.attempt = attempt;
        return new Request(draft);
    }

    /** The tier. */
    public Tier tier() {
        return tier;
    }

    /** Who asks; never a tag of a meter. */
    public String tenant() {
        return tenant;
    }

    /** The model it is for, if it names one; never a tag of a meter. */
    public Optional<String> model() {
        return Optional.ofNullable(model);
    }

    @Nullable
    String modelOrNull() {
        return model;
    }

    /** Tokens of its prompt. */
    public long promptTokens() {
        return promptTokens;
    }

    /** Tokens it is expected to hold: prompt and output, or the prompt alone where the gate is to expect the output. */
    public long tokens() {
        return learns ? promptTokens : promptTokens + outputTokens;
    }

    /** Tokens it may write at most where that is known, else those it will probably write. */
    public long maxOutputTokens() {
        return outputTokens;
    }

    /** Whether the gate is to expect what it writes. */
    boolean learns() {
        return learns;
    }

    /** Whether it may have been refused before, as far as it tells. */
    boolean mayReturn() {
        return key != 0 || attempt > 1;
    }

    /** Which attempt it is, from 1. */
    public int attempt() {
        return attempt;
    }

    /** Longest time it may wait: the smaller of its own and its tier's. Its deadline holds as well. */
    public Duration maxQueueTime() {
        Duration bound = tier.maxQueueTime();
        return timeout != null && timeout.compareTo(bound) < 0 ? timeout : bound;
    }

    /** The latest instant at which it may be granted, if it arrived then. */
    long deadlineNanos(long arrivedNanos) {
        long bound = arrivedNanos + maxQueueNanos;
        return deadline != null && deadline - bound < 0 ? deadline : bound;
    }

    /** Whether its own deadline, and not a bound on its time in queue, ends its wait. */
    boolean endsByDeadline(long arrivedNanos) {
        return deadline != null && deadline - (arrivedNanos + maxQueueNanos) < 0;
    }

    /** Whether it names a deadline of its own, so that the time must be asked before it is admitted. */
    boolean hasDeadline() {
        return deadline != null;
    }

    @Override
    public String toString() {
        return "Request[tier=" + tier + ", tokens=" + tokens() + ", maxQueueTime=" + maxQueueTime() + "]";
    }
}
