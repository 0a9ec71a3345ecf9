/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Marks what is scaled with the term of its leader, which a new leader does before it plans anything.
 *
 * <p>The mark is the annotation {@code tidegate.io/epoch}. Writing it makes a new version of the object, so a write that an older leader
 * has prepared fails for its version; one that it prepares later finds the higher epoch and is not sent. Both need writers that look and
 * hold on to the version they saw, which all of Tidegate's do.
 *
 * <p>An annotation that is no number counts as none: it was not written from here.
 *
 * <p>Verbs needed: get and patch of the object, by name. Safe for many threads; calls block for a few requests' longest time.
 *
 * @since 0.1.0
 */
public final class EpochClaim {

    /** The annotation. */
    public static final String ANNOTATION = "tidegate.io/epoch";

    /**
     * Who claimed it. Where a lease was deleted, terms are counted anew, and a second gateway may come to a number that stands there already;
     * it must go on to a higher one, for writes of the first may be under way.
     */
    static final String CLAIMED_BY = "tidegate.io/claimed-by";

    private static final int TRIES = 3;

    private final ObjectCalls calls;
    private final TargetObject target;
    private final String identity;

    private EpochClaim(ObjectCalls calls, TargetObject target, String identity) {
        this.calls = calls;
        this.target = target;
        this.identity = identity;
    }

    /**
     * Claims of one object.
     *
     * @param client which the caller keeps and closes
     * @param identity of this gateway, {@link LeaseLeadership#identity}
     * @param requestTimeout longest time of one request, 1 ms to 1 min; two seconds are usual
     */
    public static EpochClaim on(
            KubernetesClient client, TargetObject target, String identity, Duration requestTimeout) {
        return new EpochClaim(
                new ObjectCalls(Objects.requireNonNull(client, "client"), ObjectCalls.checked(requestTimeout)),
                Objects.requireNonNull(target, "target"),
                Objects.requireNonNull(identity, "identity"));
    }

    /** What came of a claim. */
    public sealed interface Outcome permits Claimed, Surpassed {}

    /**
     * The object bears this epoch: its gateway may write.
     *
     * @param epoch that was claimed
     */
    public record Claimed(long epoch) implements Outcome {}

    /**
     * It bears a higher one, or the same by another gateway, and nothing was written. Whoever holds the lease nevertheless tells {@link LeaseLeadership#surpass}.
     *
     * @param epoch that it bears
     */
    public record Surpassed(long epoch) implements Outcome {}

    /**
     * Marks the object with this epoch unless it bears a higher one, or this one by another gateway. Nothing is written if it is marked so already.
     *
     * @param epoch 1 or more
     * @throws IllegalStateException if there is no such object, or others wrote to it all the time
     * @throws KubernetesClientException if the API server gave no usable answer; the claim may stand or not, and is tried again
     */
    public Outcome claim(long epoch) {
        if (epoch < 1) {
            throw new IllegalArgumentException("epoch must be >= 1 but was " + epoch);
        }
        KubernetesClientException last = null;
        for (int i = 0; i < TRIES; i++) {
            GenericKubernetesResource found = target.read(calls.client());
            if (found == null) {
                throw new IllegalStateException(
                        target + " does not exist, so it was not claimed: create it, or correct its name");
            }
            Map<String, String> annotations = TargetObject.annotations(found);
            Outcome known = known(standing(annotations), annotations.getOrDefault(CLAIMED_BY, ""), epoch, identity);
            if (known != null) {
                return known;
            }
            try {
                target.annotate(
                        calls.client(),
                        TargetObject.resourceVersion(found),
                        Map.of(ANNOTATION, Long.toString(epoch), CLAIMED_BY, identity));
                return new Claimed(epoch);
            } catch (KubernetesClientException e) {
                if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
                    throw e;
                }
                last = e;
            }
        }
        throw new IllegalStateException(
                target + " was changed by somebody else at each of " + TRIES + " tries to claim it", last);
    }

    /** What is to be said without a write, null if it is to be claimed. */
    static @Nullable Outcome known(long standing, String claimedBy, long epoch, String identity) {
        if (standing < epoch) {
            return null;
        }
        return standing == epoch && claimedBy.equals(identity) ? new Claimed(epoch) : new Surpassed(standing);
    }

    /** The epoch that annotations tell of, 0 if none. */
    static long standing(Map<String, String> annotations) {
        String text = annotations.getOrDefault(ANNOTATION, "");
        try {
            return Math.max(0, Long.parseLong(text));
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
