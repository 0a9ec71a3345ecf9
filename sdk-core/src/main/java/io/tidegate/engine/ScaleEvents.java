/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import io.tidegate.engine.spi.ReplicaStatus;
import io.tidegate.guardrail.Decision;
import io.tidegate.guardrail.Decision.Direction;
import io.tidegate.ledger.Refusal;
import io.tidegate.ledger.ScaleEvent;
import io.tidegate.ledger.ScaleEvent.Phase;
import io.tidegate.ledger.ScaleEvent.Step;
import io.tidegate.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The scale events of one pool, and how they go on. For the engine's thread only. */
final class ScaleEvents {

    private static final int KEPT = 256;

    /** Longest time for which a lost answer is waited for: after it nobody will ever know. */
    private static final long UNANSWERED_NANOS = Duration.ofSeconds(30).toNanos();

    private final String pool;
    private final TimeSource time;
    private final Consumer<ScaleEvent> stepped;
    /** Oldest first. */
    private final List<ScaleEvent> events = new ArrayList<>();
    /** How many were ready when an event that is still open was accepted, by its id. */
    private final Map<String, Integer> readyBefore = new HashMap<>();

    /**
     * @param stepped told of each step
     */
    ScaleEvents(String pool, TimeSource time, Consumer<ScaleEvent> stepped) {
        this.pool = pool;
        this.time = time;
        this.stepped = stepped;
    }

    /** The last, oldest first. */
    List<ScaleEvent> all() {
        return List.copyOf(events);
    }

    List<ScaleEvent> open() {
        return events.stream().filter(ScaleEvent::open).toList();
    }

    /** Those whose answer is lost, oldest first; more than one only after a restart. */
    List<ScaleEvent> unanswered() {
        return events.stream()
                .filter(event -> event.phase() == Phase.UNANSWERED)
                .toList();
    }

    /** Begins the event that carries out a decision, with those that go the other way superseded. */
    ScaleEvent begin(Decision decision) {
        for (ScaleEvent event : open()) {
            if (event.direction() != decision.direction()) {
                step(event, Phase.SUPERSEDED, "by decision " + decision.id());
            }
        }
        ScaleEvent begun = new ScaleEvent(
                pool + "-" + decision.id(),
                pool,
                decision.id(),
                decision.from(),
                decision.to(),
                decision.cause(),
                List.of(new Step(Phase.DECIDED, decision.at(), decision.atNanos(), "")));
        events.add(begun);
        if (events.size() > KEPT) {
            ScaleEvent oldest = events.remove(0);
            readyBefore.remove(oldest.id());
        }
        stepped.accept(begun);
        return begun;
    }

    /** Its next step; the event as it was before must not be used any more. */
    ScaleEvent step(ScaleEvent event, Phase phase, String detail) {
        return step(event, phase, detail, null);
    }

    ScaleEvent step(ScaleEvent event, Phase phase, String detail, @Nullable Refusal refusal) {
        ScaleEvent moved =
                event.with(new Step(phase, time.wallTime(), time.nanos(), detail, Optional.ofNullable(refusal)));
        events.replaceAll(each -> each.id().equals(moved.id()) ? moved : each);
        if (!moved.open()) {
            readyBefore.remove(moved.id());
        }
        stepped.accept(moved);
        return moved;
    }

    ScaleEvent accepted(ScaleEvent event, int ready, String detail) {
        readyBefore.put(event.id(), ready);
        return step(event, Phase.ACCEPTED, detail);
    }

    /** Ends all that are open. */
    void supersede(String detail) {
        open().forEach(event -> step(event, Phase.SUPERSEDED, detail));
    }

    /** Ends all that the backend has not taken on. */
    void supersedeUnaccepted(String detail) {
        for (ScaleEvent event : open()) {
            if (!event.reached(Phase.ACCEPTED)) {
                step(event, Phase.SUPERSEDED, detail);
            }
        }
    }

    /** Ends one whose answer was lost. */
    void failed(ScaleEvent event, String detail) {
        step(event, Phase.FAILED, detail, Refusal.UNANSWERED);
    }

    /** Gives up on an answer that was lost too long ago, with no status that would have told. */
    void giveUp(long now) {
        for (ScaleEvent event : unanswered()) {
            if (now - event.latest().atNanos() >= UNANSWERED_NANOS) {
                failed(
                        event,
                        "nobody knows whether it was done: " + event.latest().detail());
            }
        }
    }

    /** How far those that were accepted have come. */
    void advance(ReplicaStatus found, Consumer<Duration> timeToReady) {
        for (ScaleEvent event : open()) {
            if (event.reached(Phase.ACCEPTED)) {
                advance(event, found, timeToReady);
            }
        }
    }

    private void advance(ScaleEvent event, ReplicaStatus found, Consumer<Duration> timeToReady) {
        ScaleEvent moved = event;
        if (event.direction() == Direction.UP) {
            int before = readyBefore.getOrDefault(event.id(), event.from());
            if (found.ready() > Math.max(before, event.from()) && !event.reached(Phase.FIRST_READY)) {
                moved = step(moved, Phase.FIRST_READY, "");
            }
            if (found.ready() >= event.to()) {
                moved = step(moved, Phase.READY, "");
                // Where as many were ready before, nobody was waited for, and nothing is learned.
                if (before < event.to()) {
                    moved.timeTo(Phase.READY).ifPresent(timeToReady);
                }
            }
        } else if (found.running() <= event.to()) {
            step(moved, Phase.READY, "");
        }
    }

    /**
     * Goes on with events that were open when the gateway stopped. Their times of the other process' clock are set by the wall clock.
     */
    void adopt(List<ScaleEvent> left, ReplicaStatus found) {
        long now = time.nanos();
        Instant wall = time.wallTime();
        for (ScaleEvent event : left) {
            List<Step> steps = event.steps().stream()
                    .map(each -> new Step(
                            each.phase(),
                            each.at(),
                            now - nanosBetween(each.at(), wall),
                            each.detail(),
                            each.refusal()))
                    .toList();
            ScaleEvent again = new ScaleEvent(
                    event.id(), pool, event.decisionId(), event.from(), event.to(), event.cause(), steps);
            events.add(again);
            if (again.reached(Phase.ACCEPTED)) {
                // How many were ready then is not known; of those that are by now nothing is learned.
                readyBefore.put(again.id(), Math.max(event.from(), Math.min(found.ready(), event.to())));
            } else if (again.reached(Phase.SENT)) {
                step(again, Phase.UNANSWERED, "the gateway stopped before the answer came", Refusal.UNANSWERED);
            } else {
                step(again, Phase.FAILED, "the gateway stopped before the backend was asked");
            }
        }
    }

    /** Never negative, and of bounded size, whatever the wall clock did. */
    private static long nanosBetween(Instant from, Instant to) {
        Duration between = Duration.between(from, to);
        if (between.isNegative()) {
            return 0;
        }
        Duration most = Duration.ofDays(365);
        return (between.compareTo(most) < 0 ? between : most).toNanos();
    }
}
