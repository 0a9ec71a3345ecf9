/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.quota;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class QuotaTest {

    @Test
    void builder_nothingSet_limitsNothing() {
        Quota quota = Quota.builder().build();

        assertThat(quota.requestsPerMinute()).isEmpty();
        assertThat(quota.tokensPerMinute()).isEmpty();
        assertThat(quota.requestBurst()).isEmpty();
        assertThat(quota.tokenBurst()).isEmpty();
        assertThat(quota.budget()).isEmpty();
        assertThat(quota).hasToString("unlimited");
    }

    @Test
    void perMinute_burst_isAMinutesWorth() {
        Quota quota = Quota.perMinute(60, 100_000);

        assertThat(quota.requestBurst()).hasValue(60);
        assertThat(quota.tokenBurst()).hasValue(100_000);
        assertThat(quota).hasToString("60 requests/min 100000 tokens/min burst PT1M");
    }

    @Test
    void burst_exampleOfTheJavadoc_isAsWorkedOutThere() {
        Quota quota = Quota.builder()
                .requestsPerMinute(4)
                .tokensPerMinute(6_000)
                .burst(Duration.ofSeconds(10))
                .build();

        assertThat(quota.tokenBurst()).hasValue(1_000);
        assertThat(quota.requestBurst()).as("never below one").hasValue(1);
    }

    @Test
    void budget_alone_isTokensInAll() {
        Quota quota = Quota.budget(10_000);

        assertThat(quota.budget()).hasValue(10_000);
        assertThat(quota.reservationLifetime()).isEqualTo(Duration.ofMinutes(15));
        assertThat(quota.tokensPerMinute()).isEmpty();
        assertThat(quota).hasToString("10000 tokens in all burst PT1M");
    }

    @Test
    void setting_outOfRange_namesTheSettingAndTheFix() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quota.builder().requestsPerMinute(0))
                .withMessage("requestsPerMinute must be 1..10000000000 but was 0; leave it out for no limit");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quota.builder().tokensPerMinute(-5))
                .withMessageStartingWith("tokensPerMinute must be 1..10000000000 but was -5");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quota.builder().tokensPerMinute(Long.MAX_VALUE))
                .withMessageStartingWith("tokensPerMinute must be");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quota.builder().burst(Duration.ZERO))
                .withMessageStartingWith("burst must be 1 ms to 1 day but was PT0S; it is the time");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quota.builder().burst(Duration.ofDays(2)))
                .withMessageContaining("burst");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quota.budget(-1))
                .withMessageContaining("budget must be 0..9007199254740992 but was -1; leave it out");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Quota.builder().reservationLifetime(Duration.ofMillis(5)))
                .withMessageContaining("reservationLifetime must be 1 s to 1 day but was PT0.005S; take the longest");
    }
}
