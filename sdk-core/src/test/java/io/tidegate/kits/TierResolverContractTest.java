/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.kits;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.admission.HeaderTier;
import io.tidegate.admission.spi.RequestFacts;
import io.tidegate.admission.spi.TierResolver;
import io.tidegate.contracts.Facts;
import io.tidegate.contracts.TierResolverContract;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What the kit for resolvers of tiers lets pass, and what it does not. */
class TierResolverContractTest {

    private static final String HEADER = "x-tier";

    /** Acme may have the highest tier, who else is known the one below; the ways to get that wrong are its subclasses. */
    static class Known implements TierResolver {

        final List<String> tiers;
        private final HeaderTier header;

        Known(List<String> tiers) {
            this.tiers = tiers;
            this.header = HeaderTier.of(HEADER, tiers);
        }

        @Override
        public Choice resolve(RequestFacts facts) {
            return new Choice(header.capped(facts, granted(facts)), facts.principal());
        }

        String granted(RequestFacts facts) {
            int rank = "acme".equals(facts.principal()) ? 0 : facts.principal() != null ? 1 : tiers.size() - 1;
            return tiers.get(Math.min(rank, tiers.size() - 1));
        }
    }

    private static Map<String, Function<List<String>, TierResolver>> wrong() {
        AtomicInteger count = new AtomicInteger();
        Map<String, Function<List<String>, TierResolver>> wrong = new LinkedHashMap<>();
        wrong.put("resolve_itsRequests_areOfATierOfTheGate", tiers -> facts -> new TierResolver.Choice("best", null));
        wrong.put("resolve_itsRequests_areToldApart", tiers -> facts -> new TierResolver.Choice(tiers.get(0), null));
        wrong.put("resolve_oddRequests_areAnswered", tiers -> new Known(tiers) {
            @Override
            public Choice resolve(RequestFacts facts) {
                // Fails for who is not known.
                return facts.principal().isEmpty() ? null : super.resolve(facts);
            }
        });
        wrong.put("resolve_otherTiers_areKeptTo", tiers -> new Known(List.of("gold", "silver", "bronze")));
        wrong.put("resolve_whateverAHeaderAsksFor_isNeverOfAHigherTier", tiers -> new Known(tiers) {
            @Override
            public Choice resolve(RequestFacts facts) {
                for (String asked : facts.headers(HEADER)) {
                    if (tiers.contains(asked)) {
                        return new Choice(asked, facts.principal());
                    }
                }
                return super.resolve(facts);
            }
        });
        wrong.put("resolve_sameRequest_isTheSame", tiers -> new Known(tiers) {
            @Override
            public Choice resolve(RequestFacts facts) {
                return new Choice(tiers.get(count.incrementAndGet() % tiers.size()), facts.principal());
            }
        });
        wrong.put("resolve_onAnotherThread_isTheSame", tiers -> {
            return new Known(tiers) {
                @Override
                String granted(RequestFacts facts) {
                    return Thread.currentThread().getName().equals("another-thread")
                            ? tiers.get(tiers.size() - 1)
                            : super.granted(facts);
                }
            };
        });
        return wrong;
    }

    /** The kit with the resolver under test. */
    static class OfKnown extends TierResolverContract {

        private static Function<List<String>, TierResolver> made = Known::new;

        @Override
        protected TierResolver resolver(List<String> tiers) {
            return made.apply(tiers);
        }

        @Override
        protected List<Facts> requests() {
            return List.of(Facts.request().principal("acme"), Facts.request().principal("umbrella"), Facts.request());
        }

        @Override
        protected List<String> headers() {
            return List.of(HEADER);
        }
    }

    @Test
    void kit_soundResolver_passes() {
        OfKnown.made = Known::new;
        Rules.areKept(TierResolverContract.class, OfKnown.class);
    }

    @TestFactory
    List<DynamicTest> kit_resolverThatBreaksARule_isFoundOutByIt() {
        assertThat(wrong().keySet()).as("something breaks each rule").isEqualTo(Rules.of(TierResolverContract.class));
        return wrong().entrySet().stream()
                .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> {
                    OfKnown.made = each.getValue();
                    assertThat(Rules.broken(OfKnown.class)).containsKey(each.getKey());
                }))
                .toList();
    }
}
