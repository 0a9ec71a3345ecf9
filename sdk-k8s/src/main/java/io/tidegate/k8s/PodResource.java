/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.metrics.v1beta1.ContainerMetrics;
import io.fabric8.kubernetes.api.model.metrics.v1beta1.PodMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which resource of a pod, how much of it is used and how much was asked for. */
enum PodResource {
    CPU("cpu", "cores"),
    MEMORY("memory", "bytes");

    final String key;
    final String unit;

    PodResource(String key, String unit) {
        this.key = key;
        this.unit = unit;
    }

    /** A number, or why there is none. */
    record Amount(double value, String problem) {

        static Amount none(String problem) {
            return new Amount(Double.NaN, problem);
        }

        boolean known() {
            return problem.isEmpty();
        }
    }

    /**
     * What a pod used: the sum over its containers, or one container's. As the HPA has it, a pod of which one container is not
     * measured is not measured.
     */
    Amount used(PodMetrics metrics, @Nullable String container) {
        double sum = 0;
        boolean any = false;
        for (ContainerMetrics each : orEmpty(metrics.getContainers())) {
            if (container == null || container.equals(each.getName())) {
                Amount amount = amount(each.getUsage(), "no " + key + " of container " + each.getName());
                if (!amount.known()) {
                    return amount;
                }
                sum += amount.value();
                any = true;
            }
        }
        return any
                ? new Amount(sum, "")
                : Amount.none("no metrics of " + (container == null ? "any container" : container));
    }

    /**
     * What a pod asked for, as the HPA counts it: that of the pod as a whole if it says so and no container is picked, else the sum
     * over its containers and the init containers that run on beside them.
     */
    Amount requested(Pod pod, @Nullable String container) {
        ResourceRequirements whole = pod.getSpec().getResources();
        if (container == null
                && whole != null
                && whole.getRequests() != null
                && whole.getRequests().containsKey(key)) {
            return positive(amount(whole.getRequests(), ""), "the pod");
        }
        List<Container> containers = new ArrayList<>(orEmpty(pod.getSpec().getContainers()));
        for (Container init : orEmpty(pod.getSpec().getInitContainers())) {
            if ("Always".equals(init.getRestartPolicy())) {
                containers.add(init);
            }
        }
        double sum = 0;
        boolean any = false;
        for (Container each : containers) {
            if (container == null || container.equals(each.getName())) {
                ResourceRequirements own = each.getResources();
                Amount amount = amount(
                        own == null ? null : own.getRequests(),
                        "container " + each.getName() + " has no " + key + " request");
                if (!amount.known()) {
                    return amount;
                }
                sum += amount.value();
                any = true;
            }
        }
        return any
                ? positive(new Amount(sum, ""), container == null ? "the pod" : "container " + container)
                : Amount.none("no container " + container);
    }

    private Amount positive(Amount amount, String of) {
        return !amount.known() || amount.value() > 0 ? amount : Amount.none(of + " has a " + key + " request of 0");
    }

    private Amount amount(@Nullable Map<String, Quantity> quantities, String absent) {
        Quantity quantity = quantities == null ? null : quantities.get(key);
        if (quantity == null) {
            return Amount.none(absent);
        }
        try {
            double value = quantity.getNumericalAmount().doubleValue();
            return Double.isFinite(value) && value >= 0
                    ? new Amount(value, "")
                    : Amount.none(key + " is no finite, non-negative number: " + value);
        } catch (RuntimeException e) {
            // The client's parser throws whatever it stumbles over.
            return Amount.none(key + " is no quantity: " + quantity.getAmount());
        }
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
