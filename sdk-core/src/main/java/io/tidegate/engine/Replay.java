/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.spi.Guardrail;
import io.tidegate.ledger.Entry;
import io.tidegate.ledger.Inputs;
import io.tidegate.policy.spi.Policy;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/**
 * Makes decisions again from what a ledger holds of them, by the code that decides in production. Nothing else is needed: neither the
 * settings of that day, nor its clock, nor the pool.
 *
 * <p>A policy or guardrail that cannot be made again is not asked: one that does not say how it is made (a {@code recipe()}), one whose type
 * is not on the class path or whose settings this version refuses, and one that threw that day. What it answered is taken from the record,
 * and its name is said in {@link Replayed#taken()}.
 *
 * <p>Safe for many threads. Policies of others are asked on the thread that calls; one that throws counts as it does in production.
 *
 * @since 0.1.0
 */
public final class Replay {

    private Replay() {}

    /**
     * A decision beside the same one made again.
     *
     * @param recorded what was decided
     * @param again what is decided now on the same inputs
     * @param differences what differs, in words, in the order of a decision's parts; empty if nothing does
     * @param taken of whom the recorded answer was taken: {@code policy night}, {@code guardrail spend cap}
     */
    public record Replayed(Decision recorded, Decision again, List<String> differences, Set<String> taken) {

        public Replayed {
            differences = List.copyOf(differences);
            taken = Set.copyOf(taken);
        }

        /** Whether both are the same in every part: counts, proposals, reasons, what set it off. */
        public boolean same() {
            return differences.isEmpty();
        }
    }

    /**
     * Makes a decision again with the policies and guardrails that made it.
     *
     * @throws IllegalArgumentException if an answer is to be taken from the record and is not there, which no engine writes
     */
    public static Replayed of(Entry.Decided entry) {
        Remade remade = Remade.of(entry);
        return replayed(entry, decider(remade.policies(), remade.guardrails()), remade.taken());
    }

    /**
     * What other policies and guardrails would have decided on the same inputs. It is one step and no simulation: what was proposed and
     * changed before is what those of that day did. What a policy had learned is known to one of the same name.
     */
    public static Replayed with(Entry.Decided entry, PolicySet set) {
        return replayed(entry, decider(set.policies(), set.guardrails()), Set.of());
    }

    private static Decider decider(List<Policy> policies, List<Guardrail> guardrails) {
        return new Decider(policies, guardrails, (who, failure) -> {}, who -> {});
    }

    private static Replayed replayed(Entry.Decided entry, Decider decider, Set<String> taken) {
        Decision recorded = entry.decision();
        Inputs inputs = entry.inputs();
        Course course = new Course(decider, inputs.history());
        course.begin(inputs.history(), inputs.learned());
        Decision again = course.decide(
                inputs.view(),
                inputs.history().marks(),
                inputs.trusted(),
                recorded.id(),
                recorded.at(),
                recorded.origin(),
                inputs.override().map(ManualOverride::of).orElse(null));
        return new Replayed(recorded, again, differences(recorded, again), taken);
    }

    static List<String> differences(Decision recorded, Decision again) {
        List<String> found = new ArrayList<>();
        each("id", recorded, again, Decision::id, found);
        each("pool", recorded, again, Decision::pool, found);
        each("at", recorded, again, Decision::at, found);
        each("atNanos", recorded, again, Decision::atNanos, found);
        each("from", recorded, again, Decision::from, found);
        each("to", recorded, again, Decision::to, found);
        each("cause", recorded, again, Decision::cause, found);
        all("proposal", recorded.proposals(), again.proposals(), found);
        all("narrowing", recorded.narrowings(), again.narrowings(), found);
        all("alternative", recorded.alternatives(), again.alternatives(), found);
        each("origin", recorded, again, Decision::origin, found);
        return found;
    }

    private static void each(
            String part, Decision recorded, Decision again, Function<Decision, Object> value, List<String> found) {
        Object was = value.apply(recorded);
        Object is = value.apply(again);
        if (!Objects.equals(was, is)) {
            found.add(part + " was " + was + " and is " + is);
        }
    }

    private static void all(String part, List<?> recorded, List<?> again, List<String> found) {
        for (int i = 0; i < Math.max(recorded.size(), again.size()); i++) {
            Object was = i < recorded.size() ? recorded.get(i) : "missing";
            Object is = i < again.size() ? again.get(i) : "missing";
            if (!was.equals(is)) {
                found.add(part + ' ' + (i + 1) + " was " + was + " and is " + is);
            }
        }
    }
}
