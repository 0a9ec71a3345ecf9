/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.tidegate.engine.spi.Leadership;
import io.tidegate.k8s.lease.EpochClaim.Claimed;
import io.tidegate.k8s.lease.EpochClaim.Surpassed;
import io.tidegate.k8s.lease.KubernetesLeadership.Claim;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What stands between holding the lease and acting. */
class KubernetesLeadershipTest {

    private static final Duration RETRY = Duration.ofSeconds(2);

    /** A lease that is held when the test says so. */
    private static final class Lease implements Leadership {

        private Term term = new Term(false, 0, "");
        private final List<Runnable> changed = new ArrayList<>();
        private int closes;

        @Override
        public Term term() {
            return term;
        }

        @Override
        public void onChange(Runnable run) {
            changed.add(run);
        }

        @Override
        public void close() {
            closes++;
            become(new Term(false, term.epoch(), ""));
        }

        void become(Term next) {
            term = next;
            changed.forEach(Runnable::run);
        }
    }

    private final Lease lease = new Lease();
    private final ManualTime time = new ManualTime();
    private final List<Long> surpassed = new ArrayList<>();
    private final Map<String, Claim> claims = new LinkedHashMap<>();
    private final List<String> asked = new ArrayList<>();

    private KubernetesLeadership leadership() {
        return new KubernetesLeadership(
                lease,
                epoch -> {
                    surpassed.add(epoch);
                    lease.become(new Leadership.Term(true, epoch + 1, "me"));
                },
                claims,
                Runnable::run,
                time,
                RETRY,
                Optional.empty(),
                () -> asked.add("end"));
    }

    private void target(String name, Claim claim) {
        claims.put(name, epoch -> {
            asked.add(name + " " + epoch);
            return claim.claim(epoch);
        });
    }

    @Test
    void leaseHeld_allClaimed_leadsAndTells() {
        target("a", Claimed::new);
        target("b", Claimed::new);
        KubernetesLeadership leadership = leadership();
        List<Leadership.Term> told = new ArrayList<>();
        leadership.onChange(() -> told.add(leadership.term()));
        assertThat(leadership.term().leads()).isFalse();

        lease.become(new Leadership.Term(true, 3, "me"));

        assertThat(asked).containsExactly("a 3", "b 3");
        assertThat(leadership.term()).isEqualTo(new Leadership.Term(true, 3, "me"));
        assertThat(told).last().isEqualTo(new Leadership.Term(true, 3, "me"));
    }

    @Test
    void claimWithoutAnswer_doesNotLeadUntilItHasOne() {
        boolean[] answers = {false};
        target("a", epoch -> {
            if (!answers[0]) {
                throw new KubernetesClientException("no answer");
            }
            return new Claimed(epoch);
        });
        KubernetesLeadership leadership = leadership();
        lease.become(new Leadership.Term(true, 3, "me"));
        assertThat(leadership.term().leads()).isFalse();
        assertThat(leadership.term().epoch()).isEqualTo(3);

        time.advance(RETRY);
        assertThat(leadership.term().leads()).isFalse();
        answers[0] = true;
        time.advance(RETRY);

        assertThat(leadership.term().leads()).isTrue();
        assertThat(asked).hasSize(3);
    }

    @Test
    void targetMissingOrForbidden_holdsNobodyUp() {
        target("missing", epoch -> {
            throw new IllegalStateException("missing does not exist");
        });
        target("forbidden", epoch -> {
            throw new KubernetesClientException("no", 403, null);
        });
        target("there", Claimed::new);
        KubernetesLeadership leadership = leadership();
        lease.become(new Leadership.Term(true, 3, "me"));

        assertThat(leadership.term().leads()).isTrue();
        assertThat(asked).contains("there 3");
    }

    @Test
    void targetOfAHigherEpoch_beginsATermAboveIt() {
        target("a", epoch -> epoch > 8 ? new Claimed(epoch) : new Surpassed(8));
        KubernetesLeadership leadership = leadership();
        lease.become(new Leadership.Term(true, 3, "me"));

        assertThat(surpassed).containsExactly(8L);
        assertThat(leadership.term()).isEqualTo(new Leadership.Term(true, 9, "me"));
    }

    @Test
    void anotherTerm_isClaimedAnew() {
        target("a", Claimed::new);
        KubernetesLeadership leadership = leadership();
        lease.become(new Leadership.Term(true, 3, "me"));
        lease.become(new Leadership.Term(false, 4, "other"));
        assertThat(leadership.term()).isEqualTo(new Leadership.Term(false, 4, "other"));

        lease.become(new Leadership.Term(true, 5, "me"));

        assertThat(asked).containsExactly("a 3", "a 5");
        assertThat(leadership.term().leads()).isTrue();
    }

    @Test
    void close_givesTheLeaseBackOnceAndLeadsNoMore() {
        KubernetesLeadership leadership = leadership();
        lease.become(new Leadership.Term(true, 3, "me"));
        leadership.close();
        leadership.close();

        assertThat(lease.closes).isEqualTo(1);
        assertThat(leadership.term().leads()).isFalse();
        assertThat(asked).containsExactly("end");
    }

    @Test
    void builder_withoutAWay_saysWhatIsRequired() {
        assertThatThrownBy(() -> KubernetesLeadership.builder().build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("one of client and config is required: how to reach the API server");
        KubernetesLeadership.Builder builder =
                KubernetesLeadership.builder().target("chat", TargetObject.deployment("ml", "vllm"));
        assertThatThrownBy(() -> builder.target("chat", TargetObject.deployment("ml", "other")))
                .hasMessage("two targets are named for pool \"chat\"");
    }
}
