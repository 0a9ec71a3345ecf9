/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.signal.spi;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tidegate.pool.Signal;
import io.tidegate.pool.Signal.Known;
import io.tidegate.pool.Signal.Part;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** The contract finds out a source that breaks every rule of it. */
class SignalSourceContractTest {

    private final Bad contract = new Bad();

    /** Breaks every rule. */
    static final class BadSource implements SignalSource {

        private final Map<String, Signal> shared = new HashMap<>();
        private int asked;
        private int reads;
        private int closes;

        @Override
        public String name() {
            return "bad" + asked++;
        }

        @Override
        public boolean alwaysMoves() {
            return asked++ % 2 == 0;
        }

        @Override
        public Map<String, Signal> read() {
            if (!Thread.currentThread().getName().contains("junit")
                    && !Thread.currentThread().getName().contains("main")) {
                throw new IllegalStateException("only on the thread that made it");
            }
            Known known = new Known(reads, "", 0, "bad");
            Part part = new Part("same", true, new Known(1, "ratio", 0, "bad", 1, List.of(new Part("p", true, known))));
            shared.put("bad", new Known(reads, "", 0, "bad", 1, List.of(part, part)));
            shared.put("a null", null);
            shared.put("bad." + reads++, new Signal.Invalid("bad", ""));
            return shared;
        }

        @Override
        public void close() {
            if (closes++ > 0) {
                throw new IllegalStateException("closed already");
            }
        }
    }

    private static final class Bad extends SignalSourceContract {
        @Override
        protected SignalSource source() {
            return new BadSource();
        }
    }

    private static void isFoundOut(ThrowingCallable rule) {
        assertThatThrownBy(rule).isInstanceOf(AssertionError.class);
    }

    @Test
    void contract_sourceThatBreaksEveryRule_isFoundOutByEach() {
        isFoundOut(contract::name_isShortAndStays);
        isFoundOut(contract::read_givesNamedSignalsAndNoNull);
        isFoundOut(contract::read_valuesAreOfNowOrBefore);
        isFoundOut(contract::read_again_givesTheSameNames);
        isFoundOut(contract::read_again_leavesWhatWasGivenAlone);
        isFoundOut(contract::read_atTheSameInstant_givesNothingImpossible);
        isFoundOut(contract::read_parts_areNamedOnceAndHaveNoParts);
        isFoundOut(contract::read_onAnotherThread_answers);
        isFoundOut(contract::alwaysMoves_stays);
        isFoundOut(contract::close_twice_isHarmless);
    }
}
