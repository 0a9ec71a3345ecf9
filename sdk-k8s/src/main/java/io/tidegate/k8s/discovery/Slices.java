/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.discovery;

import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointConditions;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.tidegate.k8s.discovery.ReplicaEndpoint.State;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads EndpointSlices as those who consume them must.
 *
 * @param addressType IPv4, IPv6 or FQDN; a Service of both families has slices of both, of which one is read
 * @param port name or number of the port; null for the only one
 */
record Slices(String scheme, String addressType, @Nullable String port) {

    /** The replicas, by id. */
    List<ReplicaEndpoint> replicas(Collection<EndpointSlice> slices) {
        List<EndpointSlice> oldestFirst = new ArrayList<>(slices);
        // While an endpoint moves from one slice to another it may be in both; the one written last knows better.
        oldestFirst.sort(Comparator.comparingLong(Slices::version));
        Map<String, ReplicaEndpoint> byId = new TreeMap<>();
        for (EndpointSlice slice : oldestFirst) {
            Integer number = addressType.equals(slice.getAddressType()) ? port(slice) : null;
            if (number != null && slice.getEndpoints() != null) {
                for (Endpoint endpoint : slice.getEndpoints()) {
                    if (endpoint.getAddresses() != null
                            && !endpoint.getAddresses().isEmpty()) {
                        ReplicaEndpoint replica = replica(endpoint, number);
                        byId.put(replica.id(), replica);
                    }
                }
            }
        }
        return List.copyOf(byId.values());
    }

    private ReplicaEndpoint replica(Endpoint endpoint, int number) {
        // All addresses of one endpoint are the same replica, and clients are to take the first.
        String address = endpoint.getAddresses().get(0);
        String pod = endpoint.getTargetRef() == null
                        || !"Pod".equals(endpoint.getTargetRef().getKind())
                ? null
                : endpoint.getTargetRef().getName();
        String host = address.indexOf(':') >= 0 ? "[" + address + "]" : address;
        return new ReplicaEndpoint(
                pod == null ? address : pod,
                URI.create(scheme + "://" + host + ":" + number),
                state(endpoint.getConditions()),
                endpoint.getZone(),
                endpoint.getNodeName());
    }

    /** What is not said of "ready" counts as yes, of "serving" as "ready" says, of "terminating" as no: so the API has it. */
    static State state(@Nullable EndpointConditions conditions) {
        if (conditions == null) {
            return State.READY;
        }
        boolean ready = !Boolean.FALSE.equals(conditions.getReady());
        boolean serving = conditions.getServing() == null ? ready : conditions.getServing();
        if (Boolean.TRUE.equals(conditions.getTerminating())) {
            return serving ? State.DRAINING : State.NOT_READY;
        }
        // A Service that publishes addresses that are not ready calls all of them ready, but not serving.
        return ready && serving ? State.READY : State.NOT_READY;
    }

    private @Nullable Integer port(EndpointSlice slice) {
        List<EndpointPort> ports = slice.getPorts();
        if (ports == null || ports.isEmpty()) {
            return null;
        }
        if (port == null) {
            return ports.size() == 1 ? ports.get(0).getPort() : null;
        }
        for (EndpointPort each : ports) {
            if (port.equals(each.getName()) || port.equals(String.valueOf(each.getPort()))) {
                return each.getPort();
            }
        }
        return null;
    }

    private static long version(EndpointSlice slice) {
        try {
            String version = slice.getMetadata().getResourceVersion();
            return version == null ? 0 : Long.parseLong(version);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
