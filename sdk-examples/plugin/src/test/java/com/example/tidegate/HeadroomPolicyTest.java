/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package com.example.tidegate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tidegate.contracts.PolicyContract;
import io.tidegate.contracts.Views;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.Work;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeadroomPolicyTest extends PolicyContract {

    @Override
    protected Policy policy() {
        return new HeadroomPolicy(4);
    }

    @Override
    protected PoolView wanting() {
        return view(12, 3);
    }

    @Override
    protected List<PoolView> growing() {
        return List.of(view(0, 0), view(4, 0), view(8, 0), view(8, 40));
    }

    private static PoolView view(long inFlight, long queued) {
        return Views.view()
                .ready(1)
                .replica(Work.slots(8))
                .tier("standard", inFlight, queued)
                .build();
    }

    @Test
    void propose_theExampleOfItsDescription_wantsThree() {
        assertEquals(3, ((Wants) policy().propose(wanting())).replicas());
    }
}
