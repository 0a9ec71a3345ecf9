/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tidegate.admission.Request;
import io.tidegate.pool.Tier;
import io.tidegate.pool.Work;
import io.tidegate.routing.Choice.None;
import io.tidegate.routing.Choice.Why;
import io.tidegate.routing.ReplicaLoad.State;
import io.tidegate.time.ManualTime;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReplicaBalancerTest {

    private final ManualTime time = new ManualTime(Long.MAX_VALUE - 3_000_000_000L, Instant.EPOCH);
    private final ReplicaBalancer balancer = ReplicaBalancer.of(time);

    private static Endpoint replica(String id) {
        return replica(id, 10);
    }

    private static Endpoint replica(String id, int slots) {
        return Endpoint.of(id, URI.create("http://" + id + ":8000"), Work.slots(slots));
    }

    private void update(String... ids) {
        balancer.update(Arrays.stream(ids).map(ReplicaBalancerTest::replica).toList());
    }

    private Dispatch choose() {
        return (Dispatch) balancer.choose(0);
    }

    /** So many requests that stay, by replica. */
    private Map<String, Integer> choose(int count) {
        Map<String, Integer> chosen = new HashMap<>();
        for (int i = 0; i < count; i++) {
            chosen.merge(choose().id(), 1, Integer::sum);
        }
        return chosen;
    }

    private ReplicaLoad load(String id) {
        return balancer.loads().stream()
                .filter(each -> each.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    /** Chooses and ends until it is that one. */
    private Dispatch chooseOn(String id) {
        List<Dispatch> others = new ArrayList<>();
        Dispatch dispatch = choose();
        while (!dispatch.id().equals(id)) {
            others.add(dispatch);
            dispatch = choose();
        }
        others.forEach(Dispatch::close);
        return dispatch;
    }

    private void fail(String id, int times) {
        for (int i = 0; i < times; i++) {
            chooseOn(id).failed();
        }
    }

    @Test
    void choose_noReplica_saysSo() {
        assertThat(balancer.choose(0)).isEqualTo(new None(Why.NO_REPLICA, Duration.ZERO));
    }

    @Test
    void choose_fewReplicas_takesTheLeastLoaded() {
        update("a", "b", "c");

        assertThat(choose(30)).isEqualTo(Map.of("a", 10, "b", 10, "c", 10));
    }

    @Test
    void choose_ofDifferentSizes_fillsThemAlike() {
        balancer.update(List.of(replica("small", 10), replica("large", 30)));

        assertThat(choose(40)).isEqualTo(Map.of("small", 10, "large", 30));
        assertThat(balancer.imbalance()).isZero();
    }

    @Test
    void choose_tokens_countBesideRequests() {
        balancer.update(List.of(
                Endpoint.of("a", URI.create("http://a"), new Work(10, 1000)),
                Endpoint.of("b", URI.create("http://b"), new Work(10, 1000))));

        Dispatch large = (Dispatch) balancer.choose(500);
        for (int i = 0; i < 6; i++) {
            assertThat(((Dispatch) balancer.choose(0)).id()).isNotEqualTo(large.id());
        }
        assertThat(load(large.id()).load()).isCloseTo(0.6, within(1e-9));
        assertThat(load(large.id()).inFlight()).isEqualTo(new Work(1, 500));
    }

    @Test
    void choose_many_drawsTwoAndTakesTheBetter() {
        update("a", "b", "c", "d", "e", "f", "g", "h");
        choose(400);

        assertThat(balancer.inFlight()).isEqualTo(400);
        assertThat(balancer.imbalance()).isLessThan(0.1);
    }

    @Test
    void close_twiceOrAfterAnother_countsOnce() {
        update("a");
        Dispatch dispatch = choose();

        assertThat(dispatch.succeeded()).isTrue();
        dispatch.close();
        assertThat(dispatch.failed()).isFalse();
        assertThat(dispatch.rejected(Duration.ofSeconds(9))).isFalse();
        assertThat(dispatch.ended()).isTrue();

        assertThat(balancer.inFlight()).isZero();
        assertThat(balancer.held()).isZero();
        assertThat(balancer.failures()).isZero();
    }

    @Test
    void update_removed_getsNothingAndItsRunningCountUntilTheyEnd() {
        update("a", "b");
        Dispatch first = choose();
        Dispatch second = choose();
        Dispatch gone = first.id().equals("a") ? first : second;

        update("b");

        assertThat(balancer.draining()).isEqualTo(1);
        assertThat(load("a").state()).isEqualTo(State.DRAINING);
        assertThat(choose(20)).containsOnlyKeys("b");
        assertThat(balancer.inFlight()).isEqualTo(22);
        gone.succeeded();
        assertThat(balancer.draining()).isZero();
        assertThat(balancer.inFlight()).isEqualTo(21);
    }

    @Test
    void update_removedAndBack_isWhoItWas() {
        update("a", "b");
        choose(2);

        update("b");
        update("a", "b");

        assertThat(load("a").inFlight().slots()).isEqualTo(1);
        assertThat(load("a").weight()).isEqualTo(1);
        assertThat(balancer.draining()).isZero();
    }

    @Test
    void update_sameIdAtAnotherAddress_isAnother() {
        update("a");
        Dispatch dispatch = choose();

        balancer.update(List.of(Endpoint.of("a", URI.create("http://other"), Work.slots(10))));

        assertThat(balancer.draining()).isEqualTo(1);
        assertThat(balancer.ready()).isEqualTo(1);
        assertThat(choose().uri()).isEqualTo(URI.create("http://other"));
        assertThat(dispatch.uri()).isEqualTo(URI.create("http://a:8000"));
    }

    @Test
    void update_anotherSize_keepsWhatRuns() {
        update("a", "b");
        choose(20);

        balancer.update(List.of(replica("a", 20), replica("b", 10)));

        assertThat(load("a").load()).isEqualTo(0.5);
        assertThat(choose(10)).isEqualTo(Map.of("a", 10));
    }

    @Test
    void update_twoOfOneId_isRefused() {
        assertThatThrownBy(() -> update("a", "a")).hasMessageContaining("two replicas have the id a");
    }

    @Test
    void slowStart_newReplica_getsAQuarterAtFirstAndAllAfter30Seconds() {
        update("a", "b");
        assertThat(load("a").weight()).as("there was none before").isEqualTo(1);
        choose(200);

        update("a", "b", "c");
        assertThat(load("c").weight()).isEqualTo(0.25);
        choose(25);
        assertThat(load("c").inFlight().slots()).isEqualTo(25);
        choose(90);
        assertThat(load("c").inFlight().slots()).isBetween(34, 36);

        time.advance(Duration.ofSeconds(15));
        assertThat(load("c").weight()).isEqualTo(0.625);
        time.advance(Duration.ofSeconds(15));
        assertThat(load("c").weight()).isEqualTo(1);
        choose(120);
        assertThat(balancer.imbalance()).isLessThan(0.01);
    }

    @Test
    void rejected_retryAfter_isHonouredToItsEnd() {
        update("a", "b", "c");
        chooseOn("a").rejected(Duration.ofSeconds(7));

        time.advance(Duration.ofSeconds(7).minusNanos(1));
        assertThat(choose(20)).doesNotContainKey("a");
        assertThat(load("a").state()).isEqualTo(State.HELD);
        assertThat(balancer.ready()).isEqualTo(2);
        time.advance(Duration.ofNanos(1));
        assertThat(choose(20)).containsKey("a");
        assertThat(balancer.rejections()).isEqualTo(1);
    }

    @Test
    void rejected_withoutATime_isHeldForASecond() {
        update("a", "b");
        chooseOn("a").rejected(Duration.ZERO);

        time.advance(Duration.ofMillis(999));
        assertThat(balancer.held()).isEqualTo(1);
        time.advance(Duration.ofMillis(1));
        assertThat(balancer.held()).isZero();
    }

    @Test
    void rejected_onceMoreForLess_keepsTheLonger() {
        update("a");
        Dispatch one = choose();
        Dispatch other = choose();
        one.rejected(Duration.ofSeconds(60));
        other.rejected(Duration.ofSeconds(1));

        assertThat(balancer.choose(0)).isEqualTo(new None(Why.ALL_HELD, Duration.ofSeconds(60)));
    }

    @Test
    void rejected_byAll_isHonouredAndSaysWhenTheFirstIsBack() {
        update("a", "b", "c", "d", "e", "f");
        for (int i = 1; i <= 6; i++) {
            choose().rejected(Duration.ofSeconds(10 + i));
        }

        assertThat(balancer.choose(0)).isEqualTo(new None(Why.ALL_HELD, Duration.ofSeconds(11)));
        time.advance(Duration.ofSeconds(11));
        assertThat(balancer.choose(0)).isInstanceOf(Dispatch.class);
    }

    @Test
    void failed_fiveInARow_ejectsAndDoublesAndForgets() {
        update("a", "b", "c", "d");
        fail("a", 4);
        assertThat(balancer.ejected()).isZero();
        fail("a", 1);
        assertThat(load("a").state()).isEqualTo(State.EJECTED);
        assertThat(choose(20)).doesNotContainKey("a");

        time.advance(Duration.ofSeconds(10));
        assertThat(load("a").weight()).as("starts slowly again").isEqualTo(0.25);
        fail("a", 1);
        assertThat(balancer.ejections()).as("one failure suffices").isEqualTo(2);
        time.advance(Duration.ofSeconds(19));
        assertThat(balancer.ejected()).isEqualTo(1);
        time.advance(Duration.ofSeconds(1));
        assertThat(balancer.ejected()).isZero();

        chooseOn("a").succeeded();
        time.advance(Duration.ofSeconds(20));
        chooseOn("a").succeeded();
        fail("a", 5);
        time.advance(Duration.ofSeconds(10));
        assertThat(balancer.ejected()).as("the first length again").isZero();
    }

    @Test
    void failed_withSuccessesBetween_ejectsNobody() {
        update("a", "b");
        for (int i = 0; i < 20; i++) {
            fail("a", 4);
            chooseOn("a").succeeded();
        }

        assertThat(balancer.ejections()).isZero();
        assertThat(balancer.failures()).isEqualTo(80);
    }

    @Test
    void failed_all_ejectsAtMostHalf() {
        update("a", "b", "c", "d", "e");
        for (int i = 0; i < 200; i++) {
            choose().failed();
        }

        assertThat(balancer.ejected()).isEqualTo(2);
        assertThat(balancer.ready()).isEqualTo(3);
    }

    @Test
    void failed_theOnlyOne_isNotEjected() {
        update("a");
        fail("a", 50);

        assertThat(balancer.ready()).isEqualTo(1);
    }

    @Test
    void choose_othersHeld_asksTheSuspectRatherThanNobody() {
        update("a", "b");
        fail("a", 5);
        chooseOn("b").rejected(Duration.ofSeconds(5));

        assertThat(balancer.ejected()).isEqualTo(1);
        assertThat(choose().id()).isEqualTo("a");
    }

    @Test
    void chooseAgain_another_andTheSameOnlyIfItIsTheOnlyOne() {
        update("a", "b");
        for (int i = 0; i < 20; i++) {
            Dispatch first = choose();
            first.failed();
            Dispatch second = (Dispatch) balancer.chooseAgain(first);
            assertThat(second.id()).isNotEqualTo(first.id());
            second.succeeded();
        }

        update("b");
        Dispatch only = choose();
        only.failed();
        assertThat(((Dispatch) balancer.chooseAgain(only)).id()).isEqualTo("b");
    }

    @Test
    void choose_modelAndContext_onlyWhereTheyAreServed() {
        balancer.update(List.of(
                replica("a").withModel("base", 8192),
                replica("b").withModel("base", 8192).withModel("adapter", 4096),
                replica("c").withModel("base", 32_768)));
        Request request = Request.of(Tier.builder("t").build());

        for (int i = 0; i < 20; i++) {
            assertThat(((Dispatch) balancer.choose(request.withModel("adapter"))).id())
                    .isEqualTo("b");
            assertThat(((Dispatch) balancer.choose(request.withModel("base").withPrompt(8000, 193))).id())
                    .isEqualTo("c");
        }
        assertThat(balancer.choose(request.withModel("adapter").withTokens(4000, 97)))
                .isEqualTo(new None(Why.NONE_SERVES_IT, Duration.ZERO));
        assertThat(balancer.choose(request.withModel("other"))).isEqualTo(new None(Why.NONE_SERVES_IT, Duration.ZERO));
    }

    @Test
    void choose_outputUnknown_countsWhatIsExpectedAtMost() {
        update("a");
        Request request = Request.of(Tier.builder("t").build());
        balancer.choose(request.withPrompt(100, 4096));
        balancer.choose(request.withPrompt(100, 50));
        balancer.choose(request.withTokens(100, 600));

        assertThat(load("a").inFlight()).isEqualTo(new Work(3, 356 + 150 + 700));
    }

    @Test
    void choose_hugeRequests_neitherOverflowNorHideRequests() {
        update("a");
        List<Dispatch> dispatches = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            dispatches.add((Dispatch) balancer.choose(Long.MAX_VALUE));
        }

        assertThat(load("a").inFlight().slots()).isEqualTo(1000);
        dispatches.forEach(Dispatch::close);
        assertThat(load("a").inFlight()).isEqualTo(Work.NONE);
    }

    @Test
    void prefix_sameKey_goesToOneReplicaUntilItIsAboveTheBound() {
        update("a", "b", "c", "d", "e", "f");
        choose(60);
        long key = PrefixKey.of("You are a helpful assistant.");
        String home = ((Dispatch) balancer.choose(0, key)).id();
        int kept = 1;
        while (((Dispatch) balancer.choose(0, key)).id().equals(home)) {
            kept++;
        }

        // 10 on each before. With k more at home, and one to come, the mean is (60 + k + 1) ÷ 6, and 10 + k may be 1.25
        // × that.
        assertThat(kept).isEqualTo(4);
        assertThat(balancer.imbalance()).isLessThan(0.35);
    }

    @Test
    void prefix_replicaGone_otherKeysStay() {
        update("a", "b", "c", "d", "e");
        Map<Long, String> homes = new HashMap<>();
        for (int i = 0; i < 500; i++) {
            long key = PrefixKey.of("conversation " + i);
            Dispatch dispatch = (Dispatch) balancer.choose(0, key);
            homes.put(key, dispatch.id());
            dispatch.succeeded();
        }
        assertThat(homes.values()).contains("a", "b", "c", "d", "e");

        update("a", "b", "d", "e");

        homes.forEach((key, home) -> {
            Dispatch dispatch = (Dispatch) balancer.choose(0, key);
            if (home.equals("c")) {
                assertThat(dispatch.id()).isNotEqualTo("c");
            } else {
                assertThat(dispatch.id()).isEqualTo(home);
            }
            dispatch.succeeded();
        });
    }

    @Test
    void prefix_differentSizes_keysFollowSize() {
        balancer.update(List.of(replica("small", 10), replica("large", 30)));
        int large = 0;
        for (int i = 0; i < 2000; i++) {
            Dispatch dispatch = (Dispatch) balancer.choose(0, PrefixKey.of("conversation " + i));
            large += dispatch.id().equals("large") ? 1 : 0;
            dispatch.succeeded();
        }

        assertThat(large).isBetween(1400, 1600);
    }

    @Test
    void prefixKey_ofTheFirstCharacters_isTheSameAndNeverNone() {
        assertThat(PrefixKey.of("system prompt, then one question", 13))
                .isEqualTo(PrefixKey.of("system prompt, then another", 13))
                .isEqualTo(PrefixKey.of("system prompt"))
                .isNotEqualTo(PrefixKey.of("system prompt,"));
        assertThat(PrefixKey.of("")).isNotEqualTo(PrefixKey.NONE);
    }

    @Test
    void reading_loadOfOthers_movesRequestsAway() {
        update("a", "b");
        assertThat(balancer.reading("a", time.nanos(), 2, 6, 0)).isTrue();
        assertThat(balancer.reading("b", time.nanos(), 0, 0, 0)).isTrue();

        assertThat(choose(8)).isEqualTo(Map.of("b", 8));
        assertThat(choose(4)).isEqualTo(Map.of("a", 2, "b", 2));
    }

    @Test
    void reading_ownRequests_areNotCountedTwice() {
        update("a", "b");
        choose(10);
        balancer.reading("a", time.nanos(), 0, 5, 0);
        balancer.reading("b", time.nanos(), 0, 5, 0);

        assertThat(choose(10)).isEqualTo(Map.of("a", 5, "b", 5));
    }

    @Test
    void reading_nonsenseOrOld_isNotTaken() {
        update("a", "b");
        long now = time.nanos();
        assertThat(balancer.reading("a", now, -1, 0, 0)).isFalse();
        assertThat(balancer.reading("a", now, 0, -1, 0)).isFalse();
        assertThat(balancer.reading("a", now, 0, 0, Double.NaN)).isFalse();
        assertThat(balancer.reading("a", now, 0, 0, 1.01)).isFalse();
        assertThat(balancer.reading("a", now + 1, 0, 0, 0)).isFalse();
        assertThat(balancer.reading("z", now, 0, 0, 0)).isFalse();
        assertThat(balancer.stale()).as("nothing was ever read").isZero();

        assertThat(balancer.reading("a", now, 0, 0, 0)).isTrue();
        assertThat(balancer.reading("a", now - 1, 9, 9, 1)).isFalse();
        assertThat(balancer.stale()).as("b").isEqualTo(1);
    }

    @Test
    void imbalance_fewerThanTwoOrIdle_isZero() {
        assertThat(balancer.imbalance()).isZero();
        update("a");
        choose(5);
        assertThat(balancer.imbalance()).isZero();
        update("a", "b");
        assertThat(balancer.imbalance()).isEqualTo(1);
    }

    @Test
    void settings_outOfRange_areRefusedByName() {
        BalancerSettings settings = BalancerSettings.defaults();
        assertThatThrownBy(() -> settings.withScanUpTo(1)).hasMessageContaining("scanUpTo");
        assertThatThrownBy(() -> settings.withAffinityEpsilon(0)).hasMessageContaining("affinityEpsilon");
        assertThatThrownBy(() -> settings.withStaleAfter(Duration.ZERO)).hasMessageContaining("staleAfter");
        assertThatThrownBy(() -> settings.withSlowStart(Duration.ofSeconds(1), 0))
                .hasMessageContaining("slowStartWeight");
        assertThatThrownBy(() -> settings.withFailuresToEject(0)).hasMessageContaining("failuresToEject");
        assertThatThrownBy(() -> settings.withEjection(Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .hasMessageContaining("longestEjection");
        assertThatThrownBy(() -> settings.withMostEjected(Double.NaN)).hasMessageContaining("mostEjected");
        assertThatThrownBy(() -> settings.withExpectedOutputTokens(-1)).hasMessageContaining("expectedOutputTokens");
        assertThatThrownBy(() -> replica("a", 0)).hasMessageContaining("at least 1 slot");
        assertThatThrownBy(() -> balancer.choose(-1)).hasMessageContaining("tokens");
    }

    @Test
    void settings_noSlowStart_newReplicaCountsAtOnce() {
        ReplicaBalancer quick =
                ReplicaBalancer.of(time, BalancerSettings.defaults().withSlowStart(Duration.ZERO, 1));
        quick.update(List.of(replica("a")));
        quick.update(List.of(replica("a"), replica("b")));

        assertThat(quick.loads()).allSatisfy(load -> assertThat(load.weight()).isEqualTo(1));
    }
}
