/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidegate.log.BoundedLog.Outlet;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BoundedLogTest {

    private static final Duration LONG = Duration.ofSeconds(30);

    private final LongAdder dropped = new LongAdder();
    private final Outlet outlet = new Outlet(4, dropped);
    private final Appender appender = new Appender();
    private final Logger log = BoundedLog.over(appender, outlet);

    /** Keeps lines, and blocks or throws as the test says. */
    private static final class Appender extends LegacyAbstractLogger {

        private static final long serialVersionUID = 1L;

        private final transient List<String> lines = new CopyOnWriteArrayList<>();
        private final transient CountDownLatch entered = new CountDownLatch(1);
        private transient volatile CountDownLatch release = new CountDownLatch(0);
        private boolean throwing;

        @Override
        public boolean isTraceEnabled() {
            return false;
        }

        @Override
        public boolean isDebugEnabled() {
            return false;
        }

        @Override
        public boolean isInfoEnabled() {
            return true;
        }

        @Override
        public boolean isWarnEnabled() {
            return true;
        }

        @Override
        public boolean isErrorEnabled() {
            return true;
        }

        @Override
        protected String getFullyQualifiedCallerName() {
            return "";
        }

        @Override
        protected void handleNormalizedLoggingCall(
                Level level, Marker marker, String pattern, Object[] arguments, Throwable failure) {
            entered.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (throwing) {
                throw new IllegalStateException("told to");
            }
            lines.add(level + " " + org.slf4j.helpers.MessageFormatter.basicArrayFormat(pattern, arguments)
                    + (failure == null ? "" : " " + failure.getMessage()) + " on "
                    + Thread.currentThread().getName());
        }
    }

    @Test
    void lines_areWrittenByTheirOwnThread_asOfTheInstantTheyWereLogged() {
        StringBuilder changing = new StringBuilder("before");
        log.warn("{} and {}", changing, 2, new IllegalStateException("why"));
        changing.append(" after");
        log.info("braces {} stay where nothing is given");
        log.debug("not enabled");
        assertThat(outlet.flush(LONG)).isTrue();
        assertThat(appender.lines)
                .containsExactly(
                        "WARN before and 2 why on tidegate-log",
                        "INFO braces {} stay where nothing is given on tidegate-log");
    }

    @Test
    @DisplayName("L8: where the log blocks, lines beyond a bound are dropped and counted, and whoever logs goes on")
    void appender_blocks_linesAreDroppedAndCounted_andToldAfterwards() throws InterruptedException {
        appender.release = new CountDownLatch(1);
        log.info("first");
        appender.entered.await();
        for (int i = 0; i < 10; i++) {
            log.info("line {}", i);
        }
        assertThat(dropped.sum()).isEqualTo(6);
        assertThat(outlet.flush(Duration.ZERO)).isFalse();

        appender.release.countDown();
        while (!outlet.flush(LONG)) {
            Thread.onSpinWait();
        }
        log.info("last");
        assertThat(outlet.flush(LONG)).isTrue();
        assertThat(appender.lines).hasSize(7).last().asString().startsWith("INFO last");
        assertThat(appender.lines)
                .filteredOn(line -> line.contains("6 lines were not logged"))
                .hasSize(1);
    }

    @Test
    @DisplayName("L8: an appender that throws stops no line after it")
    void appender_throws_laterLinesAreWritten() {
        appender.throwing = true;
        log.info("lost");
        assertThat(outlet.flush(LONG)).isTrue();
        appender.throwing = false;
        log.info("kept");
        assertThat(outlet.flush(LONG)).isTrue();
        assertThat(appender.lines).containsExactly("INFO kept on tidegate-log");
    }
}
