/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.tidegate.time.TimeSource;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A lease of the Kubernetes API. Three requests are sent and no others: get, create, update.
 *
 * <p>Used by one thread at a time.
 */
final class KubernetesLeaseStore implements LeaseStore {

    static final String MARK = "tidegate.io/renewal";
    static final String RELEASED = "tidegate.io/released";

    private final ObjectCalls calls;
    private final String namespace;
    private final String name;
    private final Duration duration;
    private final TimeSource time;
    /** The object of the last answer, so that a write keeps what others put there. */
    private @Nullable Lease latest;

    KubernetesLeaseStore(ObjectCalls calls, String namespace, String name, Duration duration, TimeSource time) {
        this.calls = calls;
        this.namespace = namespace;
        this.name = name;
        this.duration = duration;
        this.time = time;
    }

    @Override
    public @Nullable LeaseView read() {
        Lease found =
                calls.client().leases().inNamespace(namespace).withName(name).get();
        latest = found;
        return found == null ? null : view(found);
    }

    @Override
    public LeaseView write(Election.Write write) {
        Lease next = next(write);
        Resource<Lease> resource =
                calls.client().leases().inNamespace(namespace).resource(next);
        try {
            Lease written = write.over() == null ? resource.create() : resource.update();
            latest = written;
            return view(written);
        } catch (KubernetesClientException e) {
            if (e.getCode() == HttpURLConnection.HTTP_CONFLICT || e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
                throw new Changed("Lease " + namespace + "/" + name + " was changed by somebody else", e);
            }
            throw e;
        }
    }

    private Lease next(Election.Write write) {
        ZonedDateTime now = ZonedDateTime.ofInstant(time.wallTime().truncatedTo(ChronoUnit.MICROS), ZoneOffset.UTC);
        LeaseView over = write.over();
        Lease base = over == null || latest == null ? new Lease() : latest;
        boolean release = write.kind() == Election.Kind.RELEASE;
        LeaseBuilder builder = new LeaseBuilder(base)
                .editOrNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .withResourceVersion(over == null ? null : over.version())
                .addToAnnotations(MARK, write.mark())
                .removeFromAnnotations(RELEASED)
                .endMetadata()
                .editOrNewSpec()
                .withHolderIdentity(write.holder())
                .withLeaseDurationSeconds((int) duration.toSeconds())
                .withLeaseTransitions((int) Math.min(Integer.MAX_VALUE, write.transitions()))
                .withRenewTime(now)
                .endSpec();
        if (release) {
            builder = builder.editMetadata()
                    .addToAnnotations(RELEASED, Long.toString(write.transitions()))
                    .endMetadata();
        }
        if (write.kind() == Election.Kind.TAKE) {
            builder = builder.editSpec().withAcquireTime(now).endSpec();
        }
        return builder.build();
    }

    private static LeaseView view(Lease lease) {
        LeaseSpec spec = lease.getSpec() == null ? new LeaseSpec() : lease.getSpec();
        Map<String, String> annotations = lease.getMetadata().getAnnotations() == null
                ? Map.of()
                : lease.getMetadata().getAnnotations();
        String version = lease.getMetadata().getResourceVersion();
        if (version == null || version.isEmpty()) {
            throw new IllegalStateException("the lease has no metadata.resourceVersion, which a write must hold on to");
        }
        long transitions = spec.getLeaseTransitions() == null ? 0 : Math.max(0, spec.getLeaseTransitions());
        return new LeaseView(
                version,
                spec.getHolderIdentity() == null ? "" : spec.getHolderIdentity(),
                transitions,
                spec.getLeaseDurationSeconds() == null || spec.getLeaseDurationSeconds() < 0
                        ? Duration.ZERO
                        : Duration.ofSeconds(spec.getLeaseDurationSeconds()),
                spec.getRenewTime() == null
                        ? ""
                        : spec.getRenewTime().toInstant().toString(),
                annotations.getOrDefault(MARK, ""),
                Long.toString(transitions).equals(annotations.get(RELEASED)));
    }
}
