/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.tidegate;

import io.tidegate.policy.PolicySettings;
import io.tidegate.policy.spi.Policy;
import io.tidegate.policy.spi.PolicyFactory;

/** Makes the policy from {@code type: headroom} with {@code spareSlots}, 0 to 1000, 4 by default. */
public final class HeadroomPolicyFactory implements PolicyFactory {

    @Override
    public String type() {
        return HeadroomPolicy.NAME;
    }

    @Override
    public Policy create(String name, PolicySettings settings) {
        return new HeadroomPolicy((int) settings.number("spareSlots", 0, 1000, 4));
    }
}
