/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.contracts;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tidegate.admission.spi.RequestFacts;
import io.tidegate.admission.spi.TierResolver;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * What every resolver of tiers keeps to. Extend it and say how one is made, and which requests it tells apart.
 *
 * @since 0.1.0
 */
public abstract class TierResolverContract {

    /** A new resolver for a gate with these tiers, highest rank first; the same each time. */
    protected abstract TierResolver resolver(List<String> tiers);

    /** Tiers to test with, highest rank first; at least two. */
    protected List<String> tiers() {
        return List.of("gold", "silver", "bronze");
    }

    /** Requests that it tells apart by what the gateway knows of them, without any header of the client that it reads. */
    protected abstract List<Facts> requests();

    /** Headers of the client that it reads; none by default. */
    protected List<String> headers() {
        return List.of();
    }

    private TierResolver resolver() {
        return resolver(tiers());
    }

    private static TierResolver.Choice resolve(TierResolver resolver, RequestFacts facts) {
        return Kit.inTime(() -> resolver.resolve(facts), "resolve()");
    }

    private int rank(TierResolver resolver, RequestFacts facts) {
        TierResolver.Choice choice = resolve(resolver, facts);
        assertNotNull(choice, () -> "no answer to " + facts);
        int rank = tiers().indexOf(choice.tier());
        assertTrue(rank >= 0, () -> "\"" + choice.tier() + "\" is none of " + tiers() + ", for " + facts);
        return rank;
    }

    /** What may be sent as a header's value. */
    private List<String> spellings() {
        List<String> all = new ArrayList<>(List.of(
                "",
                " ",
                ",",
                ",,,,",
                "\u0000",
                "\r\n",
                "*",
                "0",
                "-1",
                "null",
                "..",
                "%00",
                "\ud83d\ude80",
                "\ud800",
                "a".repeat(100_000)));
        for (String tier : tiers()) {
            all.addAll(List.of(
                    tier,
                    tier.toUpperCase(Locale.ROOT),
                    " " + tier + "\t",
                    tier + "," + tiers().get(0),
                    tiers().get(0) + "," + tier,
                    tier + "\r\n" + tiers().get(0),
                    tier + "\u0000",
                    "\u200b" + tier,
                    "\"" + tier + "\"",
                    tier + ";q=1"));
        }
        return all;
    }

    private Map<String, RequestFacts> asking() {
        Map<String, RequestFacts> all = new LinkedHashMap<>();
        for (String header : headers()) {
            for (String value : spellings()) {
                for (int i = 0; i < requests().size(); i++) {
                    String shown = i + " with " + header + ": " + value.substring(0, Math.min(40, value.length()));
                    all.put(shown, requests().get(i).header(header, value).build());
                    all.put(
                            shown + " twice",
                            requests()
                                    .get(i)
                                    .header(header, value)
                                    .header(header, tiers().get(0))
                                    .build());
                }
            }
        }
        return all;
    }

    /** Requests as they come from strangers. */
    private Map<String, RequestFacts> odd() {
        Map<String, RequestFacts> odd = new LinkedHashMap<>();
        odd.put(
                "nobody, from nowhere",
                Facts.request().principal(null).remoteAddress(null).build());
        odd.put(
                "empty",
                Facts.request()
                        .principal("")
                        .remoteAddress("")
                        .path("")
                        .method("")
                        .build());
        odd.put(
                "a principal named as a tier",
                Facts.request().principal(tiers().get(0)).build());
        odd.put(
                "a path of anything",
                Facts.request().path("/../\u0000%2e\r\n" + "x".repeat(10_000)).build());
        odd.put(
                "a principal of anything",
                Facts.request()
                        .principal("\r\n\u0000\ud800" + "x".repeat(10_000))
                        .build());
        odd.putAll(asking());
        return odd;
    }

    @Nested
    class Answers {

        @Test
        void resolve_itsRequests_areOfATierOfTheGate() {
            TierResolver resolver = resolver();
            requests().forEach(request -> rank(resolver, request.build()));
        }

        @Test
        void resolve_itsRequests_areToldApart() {
            TierResolver resolver = resolver();
            assertTrue(
                    requests().stream()
                                    .map(request -> resolve(resolver, request.build()))
                                    .distinct()
                                    .count()
                            > 1,
                    "all its requests are of one tier and tenant");
        }

        @Test
        void resolve_oddRequests_areAnswered() {
            TierResolver resolver = resolver();
            odd().forEach((what, facts) -> assertDoesNotThrow(() -> rank(resolver, facts), what));
        }

        @Test
        void resolve_otherTiers_areKeptTo() {
            // A gate has the tiers it has, whatever the resolver was written for.
            TierResolver resolver = resolver(List.of("only"));
            for (Facts request : requests()) {
                TierResolver.Choice choice = resolve(resolver, request.build());
                assertNotNull(choice);
                assertEquals("only", choice.tier());
            }
        }
    }

    @Nested
    class Headers {

        @Test
        void resolve_whateverAHeaderAsksFor_isNeverOfAHigherTier() {
            TierResolver resolver = resolver();
            List<Integer> granted = requests().stream()
                    .map(request -> rank(resolver, request.build()))
                    .toList();
            asking().forEach((what, facts) -> {
                int of = Integer.parseInt(what.substring(0, what.indexOf(' ')));
                int rank = rank(resolver, facts);
                assertTrue(
                        rank >= granted.get(of),
                        () -> "request " + what + " is of tier " + tiers().get(rank) + ", without of "
                                + tiers().get(granted.get(of)));
            });
        }
    }

    @Nested
    class Pure {

        @Test
        void resolve_sameRequest_isTheSame() {
            TierResolver resolver = resolver();
            Map<String, RequestFacts> odd = odd();
            for (Facts request : requests()) {
                TierResolver.Choice first = resolve(resolver, request.build());
                assertEquals(first, resolve(resolver, request.build()));
                odd.values().forEach(facts -> resolve(resolver, facts));
                assertEquals(first, resolve(resolver, request.build()));
            }
        }

        @Test
        void resolve_onAnotherThread_isTheSame() {
            TierResolver resolver = resolver();
            for (Facts request : requests()) {
                RequestFacts facts = request.build();
                assertEquals(resolve(resolver, facts), Kit.elsewhere(() -> resolver.resolve(facts)));
            }
        }
    }
}
