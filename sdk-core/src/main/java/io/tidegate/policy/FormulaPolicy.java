/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.policy.Proposal.Abstains;
import io.tidegate.policy.Proposal.Cause;
import io.tidegate.policy.Proposal.Wants;
import io.tidegate.policy.spi.Policy;
import io.tidegate.pool.PoolView;
import io.tidegate.pool.Signal.Known;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;

/**
 * Replicas by a formula of the user's own, over signals and what is known of the pool.
 *
 * <p>Wanted is ⌈value of the formula⌉. Three examples, each a test:
 *
 * <ul>
 *   <li>{@code ceil(gate.queue.depth / 10)} with 32 waiting: ⌈3.2⌉ = 4.
 *   <li>{@code max(gate.arrivals / 4, gate.tokens / 2500)} with 9/s and 12 000 tokens/s: the larger of 2.25 and 4.8, so 5.
 *   <li>The overshoot guard of llm-d, {@code demand <= ready ? demand : max(demand - pending, ready)} with a replica for
 *       each 16 requests as the demand: {@code if(gate.concurrency / 16 <= ready, gate.concurrency / 16,
 *       max(gate.concurrency / 16 - due, ready))}. With 160 requests, 4 ready and 3 due: max(10 − 3, 4) = 7.
 * </ul>
 *
 * <p>Names with dots are signals, written as they are: {@code gate.ttft.p95}. A name without a dot, or with signs other
 * than letters, digits and underscores, goes in brackets: {@code [vllm:num_requests_waiting]}, {@code
 * [gate.tier.batch-low.queue.depth]}. Figures of the pool are
 *
 * <table>
 * <caption>Figures</caption>
 * <tr><td>{@code current}, {@code desired}</td><td>replicas last asked for; both words for the one number</td></tr>
 * <tr><td>{@code ready}, {@code due}</td><td>replicas that serve, and that are asked for and do not yet</td></tr>
 * <tr><td>{@code time.to.ready}</td><td>seconds from asking for a replica to its first request</td></tr>
 * <tr><td>{@code replica.slots}, {@code replica.tokens}</td><td>what a replica holds at once</td></tr>
 * <tr><td>{@code capacity.tokens}, {@code capacity.requests}</td><td>what a replica does per second, once it is learned</td></tr>
 * </table>
 *
 * <p>Operators are {@code + - * / % ^}, {@code == != < <= > >=}, {@code && || !}; functions {@code abs}, {@code ceil},
 * {@code exp}, {@code floor}, {@code if(condition, then, else)}, {@code log} (natural), {@code max}, {@code min}, {@code
 * round} (half to even) and {@code sqrt}. There are no others: the same view gives the same answer.
 *
 * <p>It abstains, and says why, when any signal or figure it names is not known, even one in a branch not taken, or when
 * the result is negative or no finite number. A value beyond all bounds saturates at {@link ReplicaMath#MANY}. Where only a
 * part of a signal was heard it never scales down. What a formula multiplies onto {@code ready} or {@code current}
 * compounds, as {@link TargetTrackingPolicy.Type#VALUE} does.
 *
 * <p>Needs {@code com.ezylang:EvalEx}, an optional dependency of this module. Compiled once; immutable, safe for any
 * thread.
 *
 * @since 0.1.0
 */
public final class FormulaPolicy implements Policy {

    static final Set<String> FUNCTIONS = Collections.unmodifiableSet(
            new TreeSet<>(Set.of("abs", "ceil", "exp", "floor", "if", "log", "max", "min", "round", "sqrt")));

    private static final Map<String, ToDoubleFunction<PoolView>> FIGURES = new TreeMap<>(Map.of(
            "capacity.requests", view -> view.capacity().requestsPerSecond(),
            "capacity.tokens", view -> view.capacity().tokensPerSecond(),
            "current", view -> view.replicas().desired(),
            "desired", view -> view.replicas().desired(),
            "due", view -> view.replicas().due(),
            "ready", view -> view.replicas().ready(),
            "replica.slots", view -> view.replicaWork().slots(),
            "replica.tokens", view -> view.replicaWork().tokens(),
            "time.to.ready", view -> view.timeToReady().toNanos() / 1e9));

    private final String name;
    private final String formula;
    private final FormulaText text;
    private final FormulaExpression expression;

    private FormulaPolicy(String name, String formula) {
        this.name = name;
        this.formula = formula;
        this.text = FormulaText.of(formula, FIGURES.keySet(), FUNCTIONS);
        this.expression = compile(formula, text.plain());
    }

    /**
     * A policy by the name {@code formula}.
     *
     * @throws IllegalArgumentException if it is no formula, longer than 1,000 characters, or has a name that is neither a
     *     figure nor can be one of a signal
     * @throws IllegalStateException if {@code com.ezylang:EvalEx} is not on the class path
     */
    public static FormulaPolicy of(String formula) {
        return of("formula", formula);
    }

    /**
     * The same by another name, for a pool that has several.
     *
     * @param name unique in a pool
     */
    public static FormulaPolicy of(String name, String formula) {
        return new FormulaPolicy(name, formula);
    }

    private static FormulaExpression compile(String formula, String plain) {
        try {
            return FormulaExpression.compile(plain);
        } catch (NoClassDefFoundError e) {
            throw new IllegalStateException(
                    "formulas need com.ezylang:EvalEx (3.5 or later) on the class path: add it as a dependency", e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("in the formula " + formula + ": " + e.getMessage(), e);
        }
    }

    /** Names of the signals it needs, in order of appearance. */
    public List<String> signals() {
        return text.names().values().stream()
                .filter(one -> !FIGURES.containsKey(one))
                .toList();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Optional<Recipe> recipe() {
        return Optional.of(new Recipe("formula", Map.of("replicas", formula)));
    }

    @Override
    public Proposal propose(PoolView view) {
        Map<String, Double> values = new HashMap<>();
        StringBuilder given = new StringBuilder();
        String gap = "";
        for (Map.Entry<String, String> variable : text.names().entrySet()) {
            String known = variable.getValue();
            ToDoubleFunction<PoolView> figure = FIGURES.get(known);
            double value;
            if (figure != null) {
                value = figure.applyAsDouble(view);
                if (!Double.isFinite(value)) {
                    return new Abstains(name, known + " is not known yet");
                }
            } else if (view.signal(known) instanceof Known signal) {
                value = signal.value();
                gap = signal.coverage() < 1 ? known + ": " + signal.gap() : gap;
            } else {
                return new Abstains(
                        name, known + " is not known: " + view.signal(known).gap());
            }
            values.put(variable.getKey(), value);
            given.append(given.isEmpty() ? " with " : ", ")
                    .append(known)
                    .append(" = ")
                    .append(Figures.number(value));
        }
        return answer(view, values, given.toString(), gap);
    }

    private Proposal answer(PoolView view, Map<String, Double> values, String given, String gap) {
        double demand;
        try {
            demand = expression.evaluate(values);
        } catch (ArithmeticException e) {
            return new Abstains(name, formula + given + " has no value: " + e.getMessage());
        }
        if (!(demand >= 0)) {
            return new Abstains(
                    name, formula + given + " is " + Figures.number(demand) + ", which is no replica count");
        }
        int current = view.replicas().desired();
        int replicas = ReplicaMath.ceil(demand);
        String fact = formula + " is " + Figures.number(demand) + given;
        if (!gap.isEmpty() && replicas < current) {
            return new Wants(name, current, Cause.SIGNAL, fact + ", but of " + gap + ", so " + current + " stay.");
        }
        String oneLess = replicas > 0
                ? ", so " + replicas + "; " + (replicas - 1) + " would be fewer than it asks for."
                : ", so none.";
        return new Wants(name, replicas, demand, Cause.SIGNAL, fact + oneLess);
    }
}
