/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.alert;

import io.tidegate.alert.Alert.Severity;
import io.tidegate.alert.Situation.Money;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.OptionalDouble;

/** What is wrong with what a pool costs. */
final class MoneyRules {

    /** How far above the limit a rate is critical. */
    private static final double FAR = 1.5;

    private MoneyRules() {}

    static Finding rate(Situation situation, AlertSettings settings) {
        if (settings.costPerHour().isEmpty()) {
            return Finding.FINE;
        }
        double limit = settings.costPerHour().getAsDouble();
        double price = situation.money().pricePerHour();
        double rate = price * situation.running();
        if (!(rate >= 0) || !situation.backendFresh()) {
            return Finding.UNKNOWN;
        }
        if (rate <= limit) {
            // One replica less than the limit pays for is fine, however few it pays for.
            return rate <= Math.max(settings.clearShare() * limit, limit - price) ? Finding.FINE : Finding.BETWEEN;
        }
        return Finding.of(
                rate > FAR * limit,
                settings.holdFor(),
                Words.replicas(situation.running()) + " at " + Words.number(price) + " cost " + Words.number(rate)
                        + " per hour, more than " + Words.number(limit),
                "lower " + Rules.setting(situation, "max") + " or set "
                        + Rules.setting(situation, "guardrails.maxCostPerHour")
                        + ", which refuse further replicas; if the load is worth it, raise "
                        + Rules.setting(situation, "alerts.costPerHour"));
    }

    static Finding forecast(Situation situation, Past past, AlertSettings settings) {
        Money money = situation.money();
        LocalDate today = situation.at().atOffset(ZoneOffset.UTC).toLocalDate();
        Finding ofDay = forecast(
                situation,
                settings,
                settings.budgetPerDay(),
                "day",
                money.spentToday(),
                past.hourlyRate(),
                start(today.plusDays(1)));
        Finding ofMonth = forecast(
                situation,
                settings,
                settings.budgetPerMonth(),
                "month",
                money.spentThisMonth(),
                past.dailyRate(),
                start(today.withDayOfMonth(1).plusMonths(1)));
        return worse(ofDay, ofMonth);
    }

    private static Instant start(LocalDate day) {
        return day.atStartOfDay(ZoneOffset.UTC).toInstant();
    }

    private static Finding worse(Finding one, Finding other) {
        return rank(one) >= rank(other) ? one : other;
    }

    private static int rank(Finding finding) {
        if (finding instanceof Finding.Bad bad) {
            return bad.severity() == Severity.CRITICAL ? 4 : 3;
        }
        return finding == Finding.BETWEEN ? 2 : finding == Finding.UNKNOWN ? 1 : 0;
    }

    private static Finding forecast(
            Situation situation,
            AlertSettings settings,
            OptionalDouble budgeted,
            String period,
            double spent,
            double rate,
            Instant end) {
        if (budgeted.isEmpty()) {
            return Finding.FINE;
        }
        double budget = budgeted.getAsDouble();
        String setting =
                Rules.setting(situation, period.equals("day") ? "alerts.budgetPerDay" : "alerts.budgetPerMonth");
        String todo = "lower " + Rules.setting(situation, "max") + " or set "
                + Rules.setting(situation, "guardrails.maxCostPerHour") + ", or raise " + setting;
        if (spent >= budget) {
            return Finding.of(
                    true,
                    Duration.ZERO,
                    "the budget of the " + period + " of " + Words.number(budget) + " is used up: "
                            + Words.number(spent) + " were spent",
                    todo);
        }
        if (!(spent >= 0) || !(rate >= 0)) {
            return Finding.UNKNOWN;
        }
        double hoursLeft = Duration.between(situation.at(), end).toMillis() / 3.6e6;
        double projected = spent + rate * hoursLeft;
        if (projected <= budget) {
            return projected <= settings.clearShare() * budget ? Finding.FINE : Finding.BETWEEN;
        }
        Instant when = situation.at().plusMillis((long) ((budget - spent) / rate * 3.6e6));
        return Finding.warning(
                settings.holdFor(),
                "at the present rate of " + Words.number(rate) + " per hour the budget of the " + period + " of "
                        + Words.number(budget) + " will be used up at " + Words.time(when) + ": " + Words.number(spent)
                        + " are spent, and " + Words.number(projected) + " will be at the end",
                todo);
    }
}
