/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LimitSettingsTest {

    private static final Map<String, BiFunction<LimitSettings.Builder, Double, LimitSettings.Builder>> SHARES =
            Map.ofEntries(
                    Map.entry("tokenShare", LimitSettings.Builder::tokenShare),
                    Map.entry("waitingShare", LimitSettings.Builder::waitingShare),
                    Map.entry("kvCacheTarget", LimitSettings.Builder::kvCacheTarget),
                    Map.entry("minShare", LimitSettings.Builder::minShare),
                    Map.entry("maxShare", LimitSettings.Builder::maxShare),
                    Map.entry("largestCut", LimitSettings.Builder::largestCut),
                    Map.entry("smallestRaise", LimitSettings.Builder::smallestRaise),
                    Map.entry("largestRaise", LimitSettings.Builder::largestRaise),
                    Map.entry("staleShare", LimitSettings.Builder::staleShare),
                    Map.entry("slowStartShare", LimitSettings.Builder::slowStartShare),
                    Map.entry("rejectionShare", LimitSettings.Builder::rejectionShare));

    @ParameterizedTest
    @ValueSource(doubles = {0, -0.1, 16.1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void share_outOfRange_isRefusedByName(double wrong) {
        SHARES.forEach((name, setting) -> assertThatIllegalArgumentException()
                .as(name)
                .isThrownBy(() -> setting.apply(LimitSettings.builder(), wrong))
                .withMessageContaining(name)
                .withMessageContaining(String.valueOf(wrong)));
    }

    @Test
    void duration_outOfRange_isRefusedByName() {
        List<Consumer<Duration>> settings = List.of(
                LimitSettings.builder()::staleAfter,
                LimitSettings.builder()::staleHold,
                LimitSettings.builder()::staleMove,
                LimitSettings.builder()::slowStart,
                LimitSettings.builder()::rejectionMax,
                LimitSettings.builder()::rejectionRecovery);
        settings.forEach(setting -> {
            assertThatIllegalArgumentException().isThrownBy(() -> setting.accept(Duration.ofMillis(-1)));
            assertThatIllegalArgumentException().isThrownBy(() -> setting.accept(Duration.ofMinutes(61)));
        });
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LimitSettings.builder().staleAfter(Duration.ZERO))
                .withMessage("staleAfter must be 1 ms to 1 hour but was PT0S");
    }

    @Test
    void number_outOfRange_isRefusedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LimitSettings.builder().waitingPerReplica(-1))
                .withMessage("waitingPerReplica must be 0 to 1000 but was -1");
        for (double wrong : new double[] {1, 0.5, -2, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> LimitSettings.builder().timeToFirstTokenTolerance(wrong))
                    .withMessageContaining("timeToFirstTokenTolerance");
        }
    }

    @Test
    void build_settingsThatContradict_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        LimitSettings.builder().minShare(0.5).maxShare(0.4).build())
                .withMessage("maxShare must be >= minShare, which is 0.5, but was 0.4");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LimitSettings.builder()
                        .smallestRaise(0.5)
                        .largestRaise(0.4)
                        .build())
                .withMessage("largestRaise must be >= smallestRaise, which is 0.5, but was 0.4");
    }

    @Test
    void defaults_areThoseOfThePage() {
        LimitSettings settings = LimitSettings.defaults();

        assertThat(settings.mode()).isEqualTo(LimitMode.FIXED);
        assertThat(settings.tokenShare()).isEqualTo(0.9);
        assertThat(settings.waitingPerReplica()).isEqualTo(2);
        assertThat(settings.waitingShare()).isEqualTo(0.1);
        assertThat(settings.kvCacheTarget()).isEqualTo(0.9);
        assertThat(settings.timeToFirstTokenTolerance()).isZero();
        assertThat(settings.minShare()).isEqualTo(0.05);
        assertThat(settings.maxShare()).isEqualTo(1);
        assertThat(settings.largestCut()).isEqualTo(0.3);
        assertThat(settings.smallestRaise()).isEqualTo(0.01);
        assertThat(settings.largestRaise()).isEqualTo(0.1);
        assertThat(settings.staleAfter()).hasSeconds(5);
        assertThat(settings.staleHold()).hasSeconds(10);
        assertThat(settings.staleMove()).hasSeconds(30);
        assertThat(settings.staleShare()).isEqualTo(0.8);
        assertThat(settings.slowStart()).hasSeconds(30);
        assertThat(settings.slowStartShare()).isEqualTo(0.25);
        assertThat(settings.rejectionShare()).isEqualTo(0.5);
        assertThat(settings.rejectionMax()).hasMinutes(1);
        assertThat(settings.rejectionRecovery()).hasSeconds(10);
    }
}
