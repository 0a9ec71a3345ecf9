/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static io.tidegate.pool.PoolViews.view;
import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.guardrail.Behavior;
import io.tidegate.guardrail.Bounds;
import io.tidegate.guardrail.Decision.Origin;
import io.tidegate.guardrail.History;
import io.tidegate.policy.Proposal;
import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a person reads who asks why it is this many, and not one more or one less. */
class ExplainTest {

    private static String explain(PoolView view, @Nullable ManualOverride override, Proposal... proposals) {
        List<Policy> policies = Stream.of(proposals)
                .<Policy>map(proposal -> new Policy() {
                    @Override
                    public String name() {
                        return proposal.policy();
                    }

                    @Override
                    public Proposal propose(PoolView seen) {
                        return proposal;
                    }
                })
                .toList();
        Decider decider = new Decider(
                policies,
                List.of(
                        TestPool.step(Behavior.Direction.UP, 4, 0, Duration.ofSeconds(15)),
                        new Behavior(Behavior.Direction.DOWN, Duration.ofMinutes(5), List.of(), Behavior.Select.MAX),
                        new Bounds(1, 20)),
                (who, failure) -> {},
                who -> {});
        History history = History.startingAt(0, view.replicas().desired());
        return decider.decide(view, decider.wanted(view), history, 1, Instant.EPOCH, Origin.period(0), override)
                .explain();
    }

    private static PoolView three() {
        return view().ready(3).build();
    }

    @Test
    void explain_theHighestWins() {
        assertThat(explain(
                        three(),
                        null,
                        new Wants("backlog", 5, 4.2, Cause.ARRIVALS, "4.2 replicas' worth of work arrives"),
                        new Wants("gpu", 4, 3.5, Cause.SIGNAL, "GPUs are busy.")))
                .isEqualTo("chat: from 3 to 5 replicas. Policy backlog wants 5: 4.2 replicas' worth of work arrives."
                        + " Policy gpu wants 4: GPUs are busy."
                        + " Not 4: 4.20 are asked for, so each would be asked to do 5 % more than it should."
                        + " Not 6: no policy asks for more than 4.20.");
    }

    @Test
    void explain_guarded() {
        assertThat(explain(three(), null, new Wants("backlog", 30, Cause.BACKLOG, "900 wait.")))
                .isEqualTo(
                        "chat: from 3 to 7 replicas. Policy backlog wants 30: 900 wait. Guardrail behavior up makes it 7:"
                                + " at most 4 replicas in 15 s may be added."
                                + " Not 6: 30.00 are asked for, so each would be asked to do 400 % more than it should."
                                + " Not 8: guardrail behavior up decides."
                                + " Not 30: policy backlog wants it, but guardrail behavior up decides.");
        assertThat(explain(three(), null, new Wants("backlog", 1, 0.4, Cause.ARRIVALS, "little arrives")))
                .isEqualTo("chat: stays at 3 replicas. Policy backlog wants 1: little arrives."
                        + " Guardrail behavior down makes it 3: 3 were wanted within the last 300 s."
                        + " Not 2: guardrail behavior down decides. Not 4: no policy asks for more than 0.40."
                        + " Not 1: policy backlog wants it, but guardrail behavior down decides.");
    }

    @Test
    void explain_noData() {
        assertThat(explain(
                        three(),
                        null,
                        new Wants("backlog", 1, Cause.ARRIVALS, "little arrives"),
                        new Abstains("gpu", "no reading")))
                .isEqualTo("chat: stays at 3 replicas. Policy backlog wants 1: little arrives."
                        + " Policy gpu abstains: no reading."
                        + " Not 2: policy gpu does not know, and what is not known never scales down."
                        + " Not 4: no policy asks for more."
                        + " Not 1: policy backlog wants it, but policy gpu does not know, and what is not known"
                        + " never scales down.");
        assertThat(explain(three(), null, new Abstains("gpu", "no reading"), new Abstains("kv", "stale")))
                .contains("Not 2: policies gpu, kv do not know, and what is not known never scales down.");
        assertThat(explain(three(), null))
                .isEqualTo("chat: stays at 3 replicas. Not 2: there is no policy that asks for fewer."
                        + " Not 4: no policy asks for more.");
    }

    @Test
    void explain_override() {
        Wants wants = new Wants("backlog", 4, Cause.ARRIVALS, "so much arrives");
        assertThat(explain(three(), ManualOverride.pin(2, Duration.ofHours(1), "ann", "test"), wants))
                .isEqualTo("chat: from 3 to 2 replicas. Policy backlog wants 4: so much arrives."
                        + " A person decides: pinned to 2 by ann for 1 h: test. Not 1: the override decides."
                        + " Not 3: the override decides. Not 4: policy backlog wants it, but the override decides.");
        assertThat(explain(three(), ManualOverride.pin(50, Duration.ofHours(1), "ann", ""), wants))
                .contains("Guardrail bounds makes it 20: the maximum is 20. Not 19: the override decides."
                        + " Not 21: guardrail bounds decides.");
        assertThat(explain(three(), ManualOverride.pause(Duration.ofHours(1), "ann", ""), wants))
                .contains("stays at 3 replicas.")
                .contains("A person decides: paused by ann for 1 h. Not 2: the override decides.");
    }

    @Test
    void explain_zeroAndLessThanWanted() {
        PoolView one = view().ready(1).build();
        assertThat(explain(one, null, new Wants("backlog", 1, 0.3, Cause.ARRIVALS, "a little arrives")))
                .contains("stays at 1 replica.")
                .contains("Not 0: 0.30 are asked for, and with none nobody is served.");
        assertThat(explain(three(), null, new Wants("steady", 5, 2, Cause.SIGNAL, "it holds")))
                .contains("Not 4: 5 are wanted, though the load is that of 2.00.");
    }
}
