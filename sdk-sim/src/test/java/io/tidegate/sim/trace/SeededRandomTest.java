/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SeededRandomTest {
    private static final int DRAWS = 200_000;

    @ParameterizedTest
    @ValueSource(doubles = {0.25, 0.8356, 1, 4, 100})
    void nextGamma_anyShape_hasMeanOneAndTheShapesVariation(double shape) {
        SeededRandom random = new SeededRandom(5);
        double[] draws = DoubleStream.generate(() -> random.nextGamma(shape))
                .limit(DRAWS)
                .toArray();

        double variation = 1 / Math.sqrt(shape);
        assertThat(Statistics.mean(draws)).isCloseTo(1, within(5 * variation / Math.sqrt(DRAWS)));
        assertThat(Statistics.variation(draws)).isCloseTo(variation, within(0.03 * variation));
        assertThat(DoubleStream.of(draws)).allMatch(draw -> draw >= 0);
    }

    @Test
    void nextGamma_tinyShape_staysFinite() {
        SeededRandom random = new SeededRandom(5);

        assertThat(DoubleStream.generate(() -> random.nextGamma(1e-5)).limit(10_000))
                .allMatch(draw -> draw >= 0 && draw < 1e9);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.25, 1, 4})
    void nextGammaResidual_anyShape_hasTheMeanRenewalTheoryGives(double shape) {
        SeededRandom random = new SeededRandom(6);
        double[] draws = DoubleStream.generate(() -> random.nextGammaResidual(shape))
                .limit(DRAWS)
                .toArray();

        // E[gap^2] / (2 E[gap]) = (1 + variation^2) / 2
        assertThat(Statistics.mean(draws)).isCloseTo((1 + 1 / shape) / 2, within(0.03 * (1 + 1 / shape)));
    }

    @Test
    void uniform_differentArguments_areIndependent() {
        double sum = 0;
        double product = 0;
        for (int i = 0; i < DRAWS; i++) {
            double tier = SeededRandom.uniform(1, SeededRandom.Purpose.TIER, i);
            double tenant = SeededRandom.uniform(1, SeededRandom.Purpose.TENANT, i);
            assertThat(tier).isBetween(0.0, Math.nextDown(1.0));
            sum += tier;
            product += (tier - 0.5) * (tenant - 0.5);
        }
        assertThat(sum / DRAWS).isCloseTo(0.5, within(0.005));
        assertThat(product / DRAWS * 12).isCloseTo(0, within(0.01));
        assertThat(SeededRandom.uniform(1, SeededRandom.Purpose.TIER, 3))
                .isEqualTo(SeededRandom.uniform(1, SeededRandom.Purpose.TIER, 3))
                .isNotEqualTo(SeededRandom.uniform(2, SeededRandom.Purpose.TIER, 3));
    }
}
