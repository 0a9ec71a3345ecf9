/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import com.ezylang.evalex.EvaluationException;
import com.ezylang.evalex.Expression;
import com.ezylang.evalex.config.ExpressionConfiguration;
import com.ezylang.evalex.config.MapBasedFunctionDictionary;
import com.ezylang.evalex.config.MapBasedOperatorDictionary;
import com.ezylang.evalex.data.EvaluationValue;
import com.ezylang.evalex.functions.FunctionIfc;
import com.ezylang.evalex.functions.FunctionParameterDefinition;
import com.ezylang.evalex.functions.basic.IfFunction;
import com.ezylang.evalex.operators.AbstractOperator;
import com.ezylang.evalex.operators.InfixOperator;
import com.ezylang.evalex.operators.OperatorIfc;
import com.ezylang.evalex.operators.arithmetic.InfixDivisionOperator;
import com.ezylang.evalex.operators.arithmetic.InfixMinusOperator;
import com.ezylang.evalex.operators.arithmetic.InfixMultiplicationOperator;
import com.ezylang.evalex.operators.arithmetic.InfixPlusOperator;
import com.ezylang.evalex.operators.arithmetic.PrefixMinusOperator;
import com.ezylang.evalex.operators.arithmetic.PrefixPlusOperator;
import com.ezylang.evalex.operators.booleans.InfixAndOperator;
import com.ezylang.evalex.operators.booleans.InfixEqualsOperator;
import com.ezylang.evalex.operators.booleans.InfixGreaterEqualsOperator;
import com.ezylang.evalex.operators.booleans.InfixGreaterOperator;
import com.ezylang.evalex.operators.booleans.InfixLessEqualsOperator;
import com.ezylang.evalex.operators.booleans.InfixLessOperator;
import com.ezylang.evalex.operators.booleans.InfixNotEqualsOperator;
import com.ezylang.evalex.operators.booleans.InfixOrOperator;
import com.ezylang.evalex.operators.booleans.PrefixNotOperator;
import com.ezylang.evalex.parser.ParseException;
import com.ezylang.evalex.parser.Token;
import java.math.BigDecimal;
import java.math.MathContext;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * A compiled formula; the one class that touches the expression library, so that all others load without it.
 *
 * <p>The library reckons in decimals without bound, where {@code ceil} or a power of a huge number takes memory without
 * bound. So what could grow (functions, powers, remainders) is done in doubles here; sums, products and comparisons of 34
 * digits stay with the library. Nothing reads a clock or a random source: only these functions and operators exist.
 *
 * <p>Safe for any thread: the syntax tree is shared and never written, values go into a copy made for each evaluation.
 */
final class FormulaExpression {

    private static final MathContext DIGITS = MathContext.DECIMAL128;

    private static final ExpressionConfiguration CONFIGURATION = ExpressionConfiguration.builder()
            .mathContext(DIGITS)
            .arraysAllowed(false)
            .structuresAllowed(false)
            .implicitMultiplicationAllowed(false)
            .defaultConstants(Map.of("true", EvaluationValue.TRUE, "false", EvaluationValue.FALSE))
            .zoneId(ZoneOffset.UTC)
            .locale(Locale.ROOT)
            .functionDictionary(functions())
            .operatorDictionary(operators())
            .build();

    private final Expression compiled;

    private FormulaExpression(Expression compiled) {
        this.compiled = compiled;
    }

    /** @throws IllegalArgumentException if it is no formula, saying why */
    static FormulaExpression compile(String plain) {
        Expression expression = new Expression(plain, CONFIGURATION);
        try {
            expression.validate();
        } catch (ParseException | RuntimeException e) {
            // The parser's own stacks run empty on some nonsense.
            throw new IllegalArgumentException(
                    e instanceof ParseException ? e.getMessage() : "operands are missing", e);
        }
        return new FormulaExpression(expression);
    }

    /**
     * The value with these variables, as close as a double comes.
     *
     * @throws ArithmeticException if it has none, or none that is a number, saying why
     */
    double evaluate(Map<String, Double> variables) {
        try {
            EvaluationValue result =
                    new Expression(compiled).withValues(variables).evaluate();
            if (!result.isNumberValue()) {
                throw new ArithmeticException("it is no number");
            }
            return clamped(result);
        } catch (EvaluationException | ParseException e) {
            throw because(e);
        } catch (ArithmeticException e) {
            throw e;
        } catch (RuntimeException e) {
            throw because(e);
        }
    }

    private static ArithmeticException because(Exception cause) {
        ArithmeticException failure =
                new ArithmeticException(cause.getMessage() == null ? cause.toString() : cause.getMessage());
        failure.initCause(cause);
        return failure;
    }

    private static double clamped(EvaluationValue value) {
        return Math.max(
                -Double.MAX_VALUE,
                Math.min(Double.MAX_VALUE, value.getNumberValue().doubleValue()));
    }

    /** Both sides of an operator or all arguments of a function as doubles. */
    private static double[] numbers(Token token, EvaluationValue... values) throws EvaluationException {
        double[] numbers = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            if (!values[i].isNumberValue()) {
                throw new EvaluationException(token, token.getValue() + " needs numbers");
            }
            numbers[i] = clamped(values[i]);
        }
        return numbers;
    }

    private static EvaluationValue value(Token token, double number) throws EvaluationException {
        if (!Double.isFinite(number)) {
            throw new EvaluationException(token, token.getValue() + " gives no number");
        }
        return EvaluationValue.numberValue(new BigDecimal(Double.toString(number), DIGITS));
    }

    private static MapBasedFunctionDictionary functions() {
        MapBasedFunctionDictionary all = new MapBasedFunctionDictionary();
        Map<String, FunctionIfc> known = new TreeMap<>();
        known.put("abs", new Function(1, false, x -> Math.abs(x[0])));
        known.put("ceil", new Function(1, false, x -> Math.ceil(x[0])));
        known.put("exp", new Function(1, false, x -> Math.exp(x[0])));
        known.put("floor", new Function(1, false, x -> Math.floor(x[0])));
        known.put("if", new IfFunction());
        known.put("log", new Function(1, false, x -> Math.log(x[0])));
        known.put("max", new Function(1, true, x -> Arrays.stream(x).max().orElseThrow()));
        known.put("min", new Function(1, true, x -> Arrays.stream(x).min().orElseThrow()));
        known.put("round", new Function(1, false, x -> Math.rint(x[0])));
        known.put("sqrt", new Function(1, false, x -> Math.sqrt(x[0])));
        if (!known.keySet().equals(FormulaPolicy.FUNCTIONS)) {
            throw new IllegalStateException(
                    "functions are " + known.keySet() + " but must be " + FormulaPolicy.FUNCTIONS);
        }
        known.forEach(all::addFunction);
        return all;
    }

    private static MapBasedOperatorDictionary operators() {
        MapBasedOperatorDictionary all = new MapBasedOperatorDictionary();
        all.addOperator("+", new PrefixPlusOperator());
        all.addOperator("-", new PrefixMinusOperator());
        all.addOperator("+", new InfixPlusOperator());
        all.addOperator("-", new InfixMinusOperator());
        all.addOperator("*", new InfixMultiplicationOperator());
        all.addOperator("/", new InfixDivisionOperator());
        all.addOperator("^", new Power());
        all.addOperator("%", new Remainder());
        all.addOperator("==", new InfixEqualsOperator());
        all.addOperator("!=", new InfixNotEqualsOperator());
        all.addOperator(">", new InfixGreaterOperator());
        all.addOperator(">=", new InfixGreaterEqualsOperator());
        all.addOperator("<", new InfixLessOperator());
        all.addOperator("<=", new InfixLessEqualsOperator());
        all.addOperator("&&", new InfixAndOperator());
        all.addOperator("||", new InfixOrOperator());
        all.addOperator("!", new PrefixNotOperator());
        return all;
    }

    /** A function of doubles. */
    private record Function(int least, boolean more, ToDoubleFunction<double[]> body) implements FunctionIfc {

        private static final FunctionParameterDefinition ONE =
                FunctionParameterDefinition.builder().name("x").build();
        private static final FunctionParameterDefinition MORE = FunctionParameterDefinition.builder()
                .name("more")
                .isVarArg(true)
                .build();

        @Override
        public List<FunctionParameterDefinition> getFunctionParameterDefinitions() {
            return more ? List.of(ONE, MORE) : List.of(ONE);
        }

        @Override
        public EvaluationValue evaluate(Expression expression, Token token, EvaluationValue... values)
                throws EvaluationException {
            return value(token, body.applyAsDouble(numbers(token, values)));
        }

        @Override
        public void validatePreEvaluation(Token token, EvaluationValue... values) {}

        @Override
        public boolean hasVarArgs() {
            return more;
        }
    }

    /** {@code a ^ b}. */
    @InfixOperator(precedence = OperatorIfc.OPERATOR_PRECEDENCE_POWER, leftAssociative = false)
    private static final class Power extends AbstractOperator {
        @Override
        public EvaluationValue evaluate(Expression expression, Token token, EvaluationValue... operands)
                throws EvaluationException {
            double[] sides = numbers(token, operands);
            return value(token, Math.pow(sides[0], sides[1]));
        }
    }

    /** {@code a % b}. */
    @InfixOperator(precedence = OperatorIfc.OPERATOR_PRECEDENCE_MULTIPLICATIVE)
    private static final class Remainder extends AbstractOperator {
        @Override
        public EvaluationValue evaluate(Expression expression, Token token, EvaluationValue... operands)
                throws EvaluationException {
            double[] sides = numbers(token, operands);
            return value(token, sides[0] % sides[1]);
        }
    }
}
