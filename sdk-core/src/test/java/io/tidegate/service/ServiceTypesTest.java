/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.admission.TierResolvers;
import io.tidegate.engine.ScalerBackends;
import io.tidegate.engine.spi.ScalerBackendFactory;
import io.tidegate.forecast.Forecasters;
import io.tidegate.forecast.spi.ForecasterFactory;
import io.tidegate.policy.PolicyTypes;
import io.tidegate.signal.SignalSources;
import io.tidegate.time.ManualTime;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceTypesTest {

    private static final String SERVICES = "META-INF/services/";

    @TempDir
    private Path plugin;

    /** As {@link ForecasterFactory} of a jar beside. */
    public static final class First implements ForecasterFactory {
        @Override
        public String type() {
            return "twice";
        }

        @Override
        public io.tidegate.forecast.spi.Forecaster create(Map<String, String> settings) {
            throw new IllegalArgumentException("period is required");
        }
    }

    /** Claims the type of {@link First}. */
    public static final class Second implements ForecasterFactory {
        @Override
        public String type() {
            return "twice";
        }

        @Override
        public io.tidegate.forecast.spi.Forecaster create(Map<String, String> settings) {
            throw new UnsupportedOperationException();
        }
    }

    /** Cannot tell its type. */
    public static final class Nameless implements ForecasterFactory {
        @Override
        public String type() {
            throw new IllegalStateException("no type today");
        }

        @Override
        public io.tidegate.forecast.spi.Forecaster create(Map<String, String> settings) {
            throw new UnsupportedOperationException();
        }
    }

    private void with(Class<?> service, String providers, Runnable check) throws IOException {
        Path file = plugin.resolve(SERVICES + service.getName());
        Files.createDirectories(file.getParent());
        Files.writeString(file, providers);
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {url()}, before)) {
            thread.setContextClassLoader(loader);
            check.run();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private URL url() throws MalformedURLException {
        return plugin.toUri().toURL();
    }

    @Test
    void find_ofTheThreadsClassLoader_isFound() throws IOException {
        with(
                ForecasterFactory.class,
                First.class.getName(),
                () -> assertThatIllegalArgumentException()
                        .isThrownBy(() -> Forecasters.create("twice", Map.of()))
                        .withMessage("period is required"));
    }

    @Test
    void find_twoOfOneType_areBothNamed() throws IOException {
        with(
                ForecasterFactory.class,
                First.class.getName() + "\n" + Second.class.getName(),
                () -> assertThatIllegalArgumentException()
                        .isThrownBy(() -> Forecasters.create("twice", Map.of()))
                        .withMessage("forecaster type \"twice\" is claimed by [" + First.class.getName() + ", "
                                + Second.class.getName() + "]; remove one of them from the class path"));
    }

    @Test
    void find_brokenServices_keepNoOtherFromBeingFound() throws IOException {
        with(
                ForecasterFactory.class,
                "no.such.Factory\n" + Nameless.class.getName() + "\n" + First.class.getName(),
                () -> assertThatIllegalArgumentException()
                        .isThrownBy(() -> Forecasters.create("twice", Map.of()))
                        .withMessage("period is required"));
    }

    @Test
    void find_none_namesThoseThatCouldNotBeLoaded() throws IOException {
        with(ForecasterFactory.class, "no.such.Factory\n" + Nameless.class.getName(), () -> {
            String message = assertThatIllegalArgumentException()
                    .isThrownBy(() -> Forecasters.create("twice", Map.of()))
                    .actual()
                    .getMessage();
            assertThat(message)
                    .startsWith(
                            "no forecaster of type \"twice\" is on the class path, only []; these could not be loaded")
                    .contains("no.such.Factory", Nameless.class.getName(), "no type today");
        });
    }

    @Test
    void everyExtensionPoint_noneOfThatType_saysSo() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PolicyTypes.create("none", "mine", Map.of()))
                .withMessageStartingWith("no policy of type \"none\" is on the class path, only [adaptive, backlog");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScalerBackends.create("none", Map.of()))
                .withMessageStartingWith("no scaler backend of type \"none\" is on the class path, only [");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SignalSources.create("none", "mine", Map.of(), new ManualTime()))
                .withMessage("no signal source of type \"none\" is on the class path, only [process];"
                        + " add its module, or give the source to the builder");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TierResolvers.create("none", Map.of(), List.of("standard")))
                .withMessage("no tier resolver of type \"none\" is on the class path, only []");
    }

    @Test
    void everyExtensionPoint_brokenService_isNoError() throws IOException {
        with(
                ScalerBackendFactory.class,
                "no.such.Factory",
                () -> assertThat(ScalerBackends.create("test", Map.of())).isNotNull());
    }
}
