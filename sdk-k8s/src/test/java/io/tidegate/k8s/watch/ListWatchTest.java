/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.k8s.watch.Feed.Item;
import io.tidegate.k8s.watch.Feed.Kind;
import io.tidegate.k8s.watch.Feed.Listing;
import io.tidegate.time.ManualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What becomes of a list while the API server does all that API servers have been seen to do; in virtual time. */
class ListWatchTest {

    private final ManualTime time = new ManualTime();
    private final ScriptedFeed<String> server = new ScriptedFeed<>();
    private final List<Map<String, String>> told = new ArrayList<>();

    private ListWatch<String> started() {
        ListWatch<String> list = ListWatch.builder("things", time, server)
                .executor(Runnable::run)
                .seed(1)
                .build();
        list.onChange(() -> told.add(list.items()));
        list.start();
        return list;
    }

    @Test
    void start_listed_isToldOnceAndWatchedFromThere() {
        server.store("ml/a", "one");
        server.store("ml/b", "two");

        ListWatch<String> list = started();

        assertThat(told).containsExactly(Map.of("ml/a", "one", "ml/b", "two"));
        assertThat(server.watchedFrom).containsExactly("102");
        assertThat(list.health().known()).isTrue();
        assertThat(list.health().watching()).isTrue();
    }

    @Test
    void event_each_isSeenAtOnce() {
        ListWatch<String> list = started();

        server.write("ml/a", "one");
        assertThat(list.items()).containsExactly(Map.entry("ml/a", "one"));
        server.write("ml/a", "two");
        assertThat(list.items()).containsExactly(Map.entry("ml/a", "two"));
        server.delete("ml/a");
        assertThat(list.items()).isEmpty();
        assertThat(server.lists).isEqualTo(1);
    }

    @Test
    @DisplayName("G6: a watch that is told 410 is listed anew, after a wait that differs between gateways")
    void gone_changesLost_isListedAnewWithJitter() {
        List<Long> waits = new ArrayList<>();
        for (long seed = 0; seed < 20; seed++) {
            ScriptedFeed<String> of = new ScriptedFeed<>();
            ManualTime clock = new ManualTime();
            ListWatch<String> list = ListWatch.builder("things", clock, of)
                    .executor(Runnable::run)
                    .seed(seed)
                    .build();
            list.start();
            of.store("ml/lost", "one");
            of.end(true, "too old resource version");
            assertThat(list.health().watching()).isFalse();
            long millis = 0;
            while (of.lists == 1) {
                clock.advance(Duration.ofMillis(10));
                millis += 10;
                assertThat(millis).isLessThanOrEqualTo(1000);
            }
            waits.add(millis);
            assertThat(list.items()).containsKey("ml/lost");
            assertThat(list.health().watching()).isTrue();
        }
        assertThat(Collections.min(waits)).isGreaterThanOrEqualTo(500);
        assertThat(waits.stream().distinct().count()).isGreaterThan(10);
    }

    @Test
    void ended_afterMinutes_isWatchedFromTheLastWordWithoutAList() {
        started();
        server.write("ml/a", "one");
        time.advance(Duration.ofSeconds(20));
        server.bookmark();
        Item<String> missed = server.store("ml/b", "two");

        server.end(false, "closed by the server");
        time.advance(Duration.ofSeconds(1));

        assertThat(server.lists).isEqualTo(1);
        assertThat(server.watchedFrom).containsExactly("100", "101");
        assertThat(missed.version()).isEqualTo("102");
    }

    @Test
    void ended_atOnceAgainAndAgain_isRetriedEverMoreSlowly() {
        started();
        for (int i = 0; i < 200; i++) {
            time.advance(Duration.ofSeconds(3));
            if (server.watched()) {
                server.end(true, "gone");
            }
        }
        // 600 s: with 1 s each time it would be about 200.
        assertThat(server.lists).isBetween(20, 60);
    }

    @Test
    @DisplayName("G6: what is told twice, out of order or again from long ago changes nothing")
    void event_twiceOutOfOrderOrOld_isCountedAndIgnored() {
        server.store("ml/before", "zero");
        Item<String> beforeList = server.store("ml/before", "one");
        ListWatch<String> list = started();

        Item<String> first = server.write("ml/a", "one");
        Item<String> second = server.write("ml/a", "two");
        int calls = told.size();
        server.tell(Kind.WRITTEN, second);
        server.tell(Kind.WRITTEN, first);
        server.tell(Kind.WRITTEN, beforeList);
        server.tell(Kind.DELETED, first);
        assertThat(list.items()).containsEntry("ml/a", "two").containsEntry("ml/before", "one");

        Item<String> deleted = server.delete("ml/a");
        server.tell(Kind.WRITTEN, second);
        server.tell(Kind.DELETED, deleted);
        assertThat(list.items()).containsOnlyKeys("ml/before");

        // Made anew by the same name; then the old one's end is told again.
        server.write("ml/a", "new");
        server.tell(Kind.DELETED, deleted);
        assertThat(list.items()).containsEntry("ml/a", "new");
        assertThat(list.health().ignored()).isEqualTo(6);
        assertThat(told.size() - calls).isEqualTo(2);
    }

    @Test
    @DisplayName("G6: an end that is told before its beginning leaves nothing behind")
    void event_deletedBeforeWritten_isNotThere() {
        ListWatch<String> list = started();
        Item<String> made = server.store("ml/a", "one");
        Item<String> deleted = server.remove("ml/a");

        server.tell(Kind.DELETED, deleted);
        server.tell(Kind.WRITTEN, made);

        assertThat(list.items()).isEmpty();
    }

    @Test
    @DisplayName("G6: a list from long ago, of an API server that lags, is not believed")
    void list_olderThanKnown_isAskedForAgain() {
        server.store("ml/a", "one");
        Listing<String> old = server.listing();
        ListWatch<String> list = started();
        server.write("ml/a", "two");
        server.write("ml/b", "new");
        server.staleLists.add(old);

        server.end(true, "gone");
        time.advance(Duration.ofSeconds(1));
        assertThat(server.lists).isEqualTo(2);
        assertThat(list.items()).containsEntry("ml/a", "two").containsKey("ml/b");

        time.advance(Duration.ofSeconds(4));
        assertThat(server.lists).isEqualTo(3);
        assertThat(list.health().watching()).isTrue();
        assertThat(list.items()).containsEntry("ml/a", "two").containsKey("ml/b");
    }

    @Test
    void list_olderEachTime_isBelievedInTheEnd() {
        server.store("ml/a", "one");
        Listing<String> backup = server.listing();
        ListWatch<String> list = started();
        server.write("ml/a", "two");
        server.staleLists.addAll(List.of(backup, backup, backup, backup));

        server.end(true, "gone");
        time.advance(Duration.ofMinutes(1));

        assertThat(list.items()).containsEntry("ml/a", "one");
    }

    @Test
    @DisplayName("G6: a watch that is silent for 30 min is not believed; its age shows, and what it lost is found")
    void silence_long_isListedAnew() {
        ListWatch<String> list = started();
        time.advance(Duration.ofSeconds(80));
        assertThat(list.health().age()).isEqualTo(Duration.ofSeconds(80));
        assertThat(list.health().stale(Duration.ofSeconds(60))).isTrue();
        server.store("ml/lost", "one");

        time.advance(Duration.ofSeconds(100));

        assertThat(list.items()).containsKey("ml/lost");
        time.advance(Duration.ofMinutes(27));
        assertThat(server.lists).isBetween(10, 21);
        assertThat(list.health().age()).isLessThanOrEqualTo(Duration.ofMinutes(3));
    }

    @Test
    void bookmarks_nothingElse_keepItFreshWithoutLists() {
        ListWatch<String> list = started();
        for (int i = 0; i < 7; i++) {
            time.advance(Duration.ofMinutes(1));
            server.bookmark();
        }
        assertThat(server.lists).isEqualTo(1);
        assertThat(list.health().age()).isZero();
    }

    @Test
    @DisplayName("G6: a change that a lively watch loses is found by the next list")
    void loss_lively_isFoundInTime() {
        ListWatch<String> list = started();
        server.store("ml/lost", "one");
        for (int i = 0; i < 16; i++) {
            time.advance(Duration.ofMinutes(1));
            server.write("ml/busy", "at " + i);
        }
        assertThat(list.items()).containsKey("ml/lost");
    }

    @Test
    @DisplayName("G6: whatever is lost, doubled, shuffled and cut off, the list converges within one relist; 300 seeds")
    void anything_manySeeds_converges() {
        for (long seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            ManualTime clock = new ManualTime();
            ScriptedFeed<String> of = new ScriptedFeed<>();
            ListWatch<String> list = ListWatch.builder("things", clock, of)
                    .executor(Runnable::run)
                    .seed(seed)
                    .build();
            list.start();
            Map<String, String> truth = new TreeMap<>();
            List<Listing<String>> past = new ArrayList<>();
            for (int step = 0; step < 120; step++) {
                String key = "ml/" + random.nextInt(6);
                Item<String> item;
                Kind kind;
                if (truth.containsKey(key) && random.nextInt(3) == 0) {
                    item = of.remove(key);
                    kind = Kind.DELETED;
                    truth.remove(key);
                } else {
                    item = of.store(key, "at " + step);
                    kind = Kind.WRITTEN;
                    truth.put(key, "at " + step);
                }
                switch (random.nextInt(12)) {
                    case 0 -> {} // lost
                    case 1 -> {
                        of.tell(kind, item);
                        of.tell(kind, item);
                    }
                    case 2, 3 -> {
                        if (of.watched()) {
                            of.later(kind, item);
                        }
                    }
                    case 4 -> {
                        if (of.watched()) {
                            of.end(random.nextBoolean(), "cut");
                        }
                    }
                    case 5 -> {
                        if (!past.isEmpty()) {
                            of.staleLists.add(past.get(random.nextInt(past.size())));
                        }
                        of.tell(kind, item);
                    }
                    case 6 -> {
                        of.goDown("connection refused");
                        clock.advance(Duration.ofSeconds(random.nextInt(40)));
                        of.comeBack();
                    }
                    default -> of.tell(kind, item);
                }
                if (random.nextInt(5) == 0) {
                    Collections.shuffle(of.inTransit(), random);
                    of.inTransit().forEach(Runnable::run);
                    of.inTransit().clear();
                }
                past.add(of.listing());
                clock.advance(Duration.ofMillis(random.nextInt(3000)));
            }
            of.inTransit().forEach(Runnable::run);
            of.staleLists.clear();
            clock.advance(Duration.ofMinutes(4));
            assertThat(list.items()).as("seed " + seed).isEqualTo(truth);
            assertThat(list.health().watching()).isTrue();
        }
    }

    @Test
    void down_forHours_keepsWhatIsKnownAndAsksAtMostTwiceAMinuteOrSo() {
        server.store("ml/a", "one");
        ListWatch<String> list = started();
        server.goDown("connection refused");

        time.advance(Duration.ofHours(1));

        assertThat(list.items()).containsKey("ml/a");
        assertThat(list.health().age()).isEqualTo(Duration.ofHours(1));
        assertThat(list.health().problem())
                .hasValueSatisfying(why -> assertThat(why).contains("connection refused"));
        // Each 15 to 30 s.
        assertThat(server.lists).isBetween(120, 250);
        server.comeBack();
        time.advance(Duration.ofSeconds(30));
        assertThat(list.health().watching()).isTrue();
        assertThat(list.health().problem()).isEmpty();
    }

    @Test
    void close_twice_asksNothingMore() {
        ListWatch<String> list = started();
        list.close();
        list.close();
        time.advance(Duration.ofHours(1));

        assertThat(server.lists).isEqualTo(1);
        assertThat(server.watched()).isFalse();
        assertThat(time.scheduled()).isZero();
    }

    @Test
    void listener_thatFails_keepsNobodyFromBeingTold() {
        ListWatch<String> list = ListWatch.builder("things", time, server)
                .executor(Runnable::run)
                .build();
        list.onChange(() -> {
            throw new IllegalStateException("mine");
        });
        list.onChange(() -> told.add(list.items()));
        list.start();
        server.write("ml/a", "one");

        assertThat(told).hasSize(2);
    }

    @Test
    void builder_wrong_isRejectedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ListWatch.builder("things", time, server).silentAfter(Duration.ZERO))
                .withMessage("silentAfter must be 1 s to 1 day but was PT0S");
    }
}
