/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestTest {

    private final Tier tier =
            Tier.builder("standard").maxQueueTime(Duration.ofSeconds(10)).build();

    @Test
    void of_tierAlone_hasNoTokensAndWaitsAsLongAsTheTier() {
        Request request = Request.of(tier);

        assertThat(request.tier()).isSameAs(tier);
        assertThat(request.tenant()).isEqualTo(Request.ANONYMOUS);
        assertThat(request.tokens()).isZero();
        assertThat(request.maxQueueTime()).isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void with_eachPart_keepsTheOthers() {
        Request request =
                Request.of(tier).withTenant("acme").withTokens(100, 20).withTimeout(Duration.ofSeconds(3));

        assertThat(request.tenant()).isEqualTo("acme");
        assertThat(request.tokens()).isEqualTo(120);
        assertThat(request.maxQueueTime()).isEqualTo(Duration.ofSeconds(3));
        assertThat(request.withTenant("other").tokens()).isEqualTo(120);
        assertThat(request.toString()).contains("standard", "120").doesNotContain("acme");
    }

    @ParameterizedTest
    @CsvSource({"9223372036854775807, 1", "9223372036854775807, 9223372036854775807", "1099511627760, 1"})
    void withTokens_tooMany_isCutToWhatCanBeCounted(long prompt, long output) {
        assertThat(Request.of(tier).withTokens(prompt, output).tokens()).isEqualTo(Work.MAX_TOKENS);
    }

    @Test
    void withTimeout_longerThanTheTiers_theTiersHolds() {
        assertThat(Request.of(tier)
                        .withTimeout(Duration.ofSeconds(Long.MAX_VALUE))
                        .maxQueueTime())
                .isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void negative_isRefused() {
        Request request = Request.of(tier);

        assertThatIllegalArgumentException().isThrownBy(() -> request.withTokens(-1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> request.withTokens(0, -1));
        assertThatIllegalArgumentException().isThrownBy(() -> request.withTimeout(Duration.ofNanos(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> new Usage(-1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new Usage(0, -1));
    }
}
