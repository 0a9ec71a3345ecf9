/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.physics;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Holds the world still in which policies are compared.
 *
 * <p>Whoever changes this hash changes the physics: in a commit of its own, with the scoreboard before and after in docs/scoreboard.md.
 */
class FrozenPhysicsTest {

    private static final String FROZEN = "86fb3d5cd74b0e9b28ae012fe775f76f44a196180bf46b6701c4e24a3b0d5d84";

    @Test
    void physics_isWhatPoliciesWereTunedIn() throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (Calibration each : Calibration.all()) {
            EngineModel model = each.model();
            digest.update(model.toString().getBytes(StandardCharsets.UTF_8));
            double most = model.fullBatch(1000, 200);
            double rate = 0.9 * model.sustained(1000, 200, 0.1, most);
            List<Watched> requests = VllmReplicaTest.poisson(7, 2_000, rate, 2000, 400);
            VllmReplicaTest.drive(new VllmReplica(model, 1), requests);
            for (Watched request : requests) {
                add(digest, request.first);
                add(digest, request.last);
            }
        }
        for (ReplicaLife life : List.of(
                ReplicaLife.llmD(), ReplicaLife.usual(), ReplicaLife.usual().with(1, 0.1, 1.3))) {
            for (int number = 0; number < 100; number++) {
                digest.update(life.course(3, number).toString().getBytes(StandardCharsets.UTF_8));
            }
        }
        assertThat(HexFormat.of().formatHex(digest.digest())).isEqualTo(FROZEN);
    }

    private static void add(MessageDigest digest, long value) {
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
    }
}
