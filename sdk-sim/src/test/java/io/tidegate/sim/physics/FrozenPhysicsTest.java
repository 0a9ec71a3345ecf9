/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.physics;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
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

    private static final String FROZEN = "82fbc822adf082bca4e5ebf6b5bd1bdb22c631487d9867a9c1a899603edff0ff";

    @Test
    void physics_isWhatPoliciesWereTunedIn() throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (Calibration each : Calibration.all()) {
            EngineModel model = each.model();
            add(digest, model.base());
            add(digest, model.perSequence());
            add(digest, model.perContextToken());
            add(digest, model.perPromptToken());
            add(digest, model.perPromptPair());
            add(digest, model.overhead());
            add(digest, model.maxSequences());
            add(digest, model.maxBatchedTokens());
            add(digest, model.cacheTokens());
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
                ReplicaLife.Course course = life.course(3, number);
                add(digest, course.scheduled());
                add(digest, course.pulled());
                add(digest, course.ready());
                add(digest, course.slowness());
                add(digest, course.fails());
            }
        }
        assertThat(HexFormat.of().formatHex(digest.digest())).isEqualTo(FROZEN);
    }

    /** As bits, since texts of doubles differ between releases of Java. */
    private static void add(MessageDigest digest, double value) {
        add(digest, Double.doubleToLongBits(value));
    }

    private static void add(MessageDigest digest, long value) {
        digest.update(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
    }
}
