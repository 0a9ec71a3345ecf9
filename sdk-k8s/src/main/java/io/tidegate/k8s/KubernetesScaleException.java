/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.tidegate.engine.BackendException;
import io.tidegate.engine.spi.ScaleRequest;
import io.tidegate.ledger.Refusal;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What is to be scaled could not be read or written. The message says what to do about it. Cause of the {@link BackendException} that
 * {@link KubernetesScaleBackend}, {@link HpaBackend} and {@link ScaledObjectBackend} throw.
 *
 * @since 0.1.0
 */
public final class KubernetesScaleException extends RuntimeException {

    private static final long serialVersionUID = 1L;
    private static final int TOO_MANY_REQUESTS = 429;

    /** A Role is not mended from one second to the next. */
    private static final Duration FORBIDDEN_PAUSE = Duration.ofMinutes(5);

    private final Reason reason;
    private final String namespace;
    private final String kind;
    private final String name;
    private final int httpStatus;
    private final Refusal refusal;
    private final @Nullable Duration retryAfter;

    private KubernetesScaleException(
            Reason reason, ScaleTarget target, int httpStatus, String message, @Nullable Throwable cause) {
        this(reason, refusal(reason), target, httpStatus, message, cause, null);
    }

    private KubernetesScaleException(
            Reason reason,
            Refusal refusal,
            ScaleTarget target,
            int httpStatus,
            String message,
            @Nullable Throwable cause,
            @Nullable Duration retryAfter) {
        super(message, cause);
        this.refusal = refusal;
        this.retryAfter = retryAfter == null && cause instanceof KubernetesClientException failure
                ? retryAfter(failure)
                : retryAfter;
        this.reason = reason;
        this.namespace = target.namespace();
        this.kind = target.kind().kind();
        this.name = target.name();
        this.httpStatus = httpStatus;
    }

    /** What went wrong. */
    public enum Reason {
        /** There is no such object. */
        NOT_FOUND,
        /** The API server knows who asks and does not allow it, or an admission webhook denied it. */
        FORBIDDEN,
        /** The API server does not accept the client's credentials. */
        UNAUTHENTICATED,
        /** Somebody else changed the object since the decision; nothing was written. */
        CHANGED,
        /**
         * The number is another's to set: an autoscaler's, of what keeps the object as in a repository, of a person for a while; or the
         * object says that it is paused. Nothing was written.
         */
        OWNED,
        /** A gateway of a later term has written there, so the one that asks leads no more; nothing was written. */
        SUPERSEDED,
        /** The API server refused the request itself, such as by an admission policy; nothing was written. */
        REJECTED,
        /**
         * No usable answer: a time-out, a broken connection, overload, an error of the server. After a write nobody knows
         * whether it was carried out; the next status shows.
         */
        UNAVAILABLE
    }

    /** What went wrong. */
    public Reason reason() {
        return reason;
    }

    /** Namespace of the object. */
    public String namespace() {
        return namespace;
    }

    /** Kind of the object, such as {@code Deployment}. */
    public String kind() {
        return kind;
    }

    /** Name of the object. */
    public String name() {
        return name;
    }

    /** Name of the object, whatever its kind: the same as {@link #name()}. */
    public String deployment() {
        return name;
    }

    /** The API server's status code, such as 409; 0 if it gave none. */
    public int httpStatus() {
        return httpStatus;
    }

    /** The same in the words of all backends. */
    BackendException refused() {
        return new BackendException(refusal, String.valueOf(getMessage()), this, retryAfter);
    }

    private static Refusal refusal(Reason reason) {
        return switch (reason) {
            case NOT_FOUND, REJECTED -> Refusal.INVALID;
            case FORBIDDEN, UNAUTHENTICATED -> Refusal.DENIED;
            case CHANGED, OWNED, SUPERSEDED -> Refusal.CONFLICT;
            case UNAVAILABLE -> Refusal.UNAVAILABLE;
        };
    }

    private static @Nullable Duration retryAfter(KubernetesClientException failure) {
        Status status = failure.getStatus();
        if (status == null
                || status.getDetails() == null
                || status.getDetails().getRetryAfterSeconds() == null
                || status.getDetails().getRetryAfterSeconds() <= 0) {
            return null;
        }
        return Duration.ofSeconds(status.getDetails().getRetryAfterSeconds());
    }

    static KubernetesScaleException notFound(ScaleTarget target, @Nullable Throwable cause) {
        return new KubernetesScaleException(
                Reason.NOT_FOUND,
                target,
                HttpURLConnection.HTTP_NOT_FOUND,
                target + " does not exist: create it, or correct the backend's settings namespace and "
                        + ScaleTarget.setting(target.kind()),
                cause);
    }

    /** Its number is another than the one the decision was made on. */
    static KubernetesScaleException otherNumber(ScaleTarget target, ScaleRequest request, int found) {
        return new KubernetesScaleException(
                Reason.CHANGED,
                target,
                0,
                target + " is to have " + found + " replicas by now and not " + request.from() + ", so decision "
                        + request.decisionId() + " to make it " + request.to() + " was not carried out",
                null);
    }

    /** It was changed while it was read. */
    static KubernetesScaleException changedMeanwhile(ScaleTarget target) {
        return new KubernetesScaleException(
                Reason.CHANGED, target, 0, target + " was changed while it was read, so nothing was written", null);
    }

    /** It is another's to scale. */
    static KubernetesScaleException owned(ScaleTarget target, String why, @Nullable Duration retryAfter) {
        return new KubernetesScaleException(
                Reason.OWNED, Refusal.CONFLICT, target, 0, target + " " + why, null, retryAfter);
    }

    /** Whoever asks leads no more. */
    static KubernetesScaleException superseded(ScaleTarget target, long found, long asked) {
        return new KubernetesScaleException(
                Reason.SUPERSEDED,
                target,
                0,
                target + " was written to in term " + found + ", so what was decided in "
                        + (asked == 0 ? "none" : "term " + asked) + " was not carried out"
                        + (asked == 0
                                ? "; let this gateway take part in the election (leadership), or remove annotation "
                                        + ObjectFacts.EPOCH
                                : ""),
                null);
    }

    /** What is asked for cannot be. */
    static KubernetesScaleException impossible(ScaleTarget target, String why) {
        return new KubernetesScaleException(Reason.REJECTED, target, 0, target + " " + why, null);
    }

    static KubernetesScaleException unusable(Access access, ScaleTarget target, String problem) {
        return new KubernetesScaleException(
                Reason.UNAVAILABLE, target, 0, "the answer to " + access.of(target) + " " + problem, null);
    }

    static KubernetesScaleException of(Access access, ScaleTarget target, KubernetesClientException failure) {
        // The client says -1, or 0, when there was none.
        int code = Math.max(0, failure.getCode());
        String said = said(failure);
        return switch (code) {
            case HttpURLConnection.HTTP_NOT_FOUND -> notFound(target, failure);
            case HttpURLConnection.HTTP_FORBIDDEN ->
                new KubernetesScaleException(
                        Reason.FORBIDDEN,
                        said.toLowerCase(Locale.ROOT).contains("exceeded quota") ? Refusal.QUOTA : Refusal.DENIED,
                        target,
                        code,
                        "not allowed to " + access.of(target) + ": add the rule " + access.rule(target)
                                + " to a Role in namespace " + target.namespace()
                                + " that is bound to this client's identity, unless the API server names another cause: "
                                + said,
                        failure,
                        FORBIDDEN_PAUSE);
            case HttpURLConnection.HTTP_UNAUTHORIZED ->
                new KubernetesScaleException(
                        Reason.UNAUTHENTICATED,
                        target,
                        code,
                        "could not " + access.of(target)
                                + ": the API server does not accept this client's credentials: " + said,
                        failure);
            case HttpURLConnection.HTTP_CONFLICT ->
                new KubernetesScaleException(
                        declaredByAnother(failure) ? Reason.OWNED : Reason.CHANGED,
                        target,
                        code,
                        target
                                + (declaredByAnother(failure)
                                        ? " declares this field by another manager, so nothing was written; leave it out"
                                                + " there, or set force: true: "
                                        : " was changed between reading and writing its scale, so nothing was written: ")
                                + said,
                        failure);
            default -> other(access, target, failure, code, said);
        };
    }

    /** Whether a server-side apply was refused for who has the field, and not for the version. */
    private static boolean declaredByAnother(KubernetesClientException failure) {
        Status status = failure.getStatus();
        return status != null
                && status.getDetails() != null
                && status.getDetails().getCauses() != null
                && status.getDetails().getCauses().stream()
                        .anyMatch(cause -> "FieldManagerConflict".equals(cause.getReason()));
    }

    private static KubernetesScaleException other(
            Access access, ScaleTarget target, KubernetesClientException failure, int code, String said) {
        boolean busy = code == TOO_MANY_REQUESTS || code == HttpURLConnection.HTTP_CLIENT_TIMEOUT;
        boolean rejected = code >= 400 && code < 500 && !busy;
        boolean perhapsWritten = access.writes() && !rejected && code != TOO_MANY_REQUESTS;
        Refusal refusal = Refusal.UNAVAILABLE;
        if (code == TOO_MANY_REQUESTS) {
            refusal = Refusal.THROTTLED;
        } else if (rejected) {
            refusal = Refusal.INVALID;
        } else if (perhapsWritten) {
            refusal = Refusal.UNANSWERED;
        }
        return new KubernetesScaleException(
                rejected ? Reason.REJECTED : Reason.UNAVAILABLE,
                refusal,
                target,
                code,
                "could not " + access.of(target) + ": "
                        + (code == 0 ? "no usable answer from the API server" : "the API server answered " + code)
                        + (perhapsWritten ? ", and whether it was carried out is not known until the next status" : "")
                        + ": " + said,
                failure,
                null);
    }

    /** The API server's own words if there are any, else what went wrong on the way. */
    private static String said(KubernetesClientException failure) {
        Status status = failure.getStatus();
        if (status != null
                && status.getMessage() != null
                && !status.getMessage().isBlank()) {
            return status.getMessage();
        }
        Throwable cause = failure;
        while (cause.getCause() != null && (cause instanceof KubernetesClientException || cause.getMessage() == null)) {
            cause = cause.getCause();
        }
        return cause.toString();
    }
}
