/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.tidegate.engine.spi.ScalerBackend;
import io.tidegate.engine.spi.ScalerBackendFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScalerBackendsTest {

    private static final class Factory implements ScalerBackendFactory {

        private final String type;
        private Map<String, String> seen = Map.of();

        Factory(String type) {
            this.type = type;
        }

        @Override
        public String type() {
            return type;
        }

        @Override
        public ScalerBackend create(Map<String, String> settings) {
            seen = settings;
            if (settings.containsKey("wrong")) {
                throw new IllegalArgumentException("wrong is not a setting");
            }
            return FakeBackend.with(1);
        }
    }

    private final Factory scale = new Factory("kubernetes-scale");
    private final Factory keda = new Factory("keda");

    @Test
    void create_asksTheFactoryOfThatType() {
        Map<String, String> settings = new HashMap<>(Map.of("namespace", "llm"));
        ScalerBackend backend = ScalerBackends.create("keda", settings, List.of(scale, keda));
        settings.put("later", "x");

        assertThat(backend).isInstanceOf(FakeBackend.class);
        assertThat(keda.seen).containsExactly(Map.entry("namespace", "llm"));
        assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> keda.seen.put("a", "b"));
    }

    @Test
    void create_noneOfThatType_namesThoseThereAre() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScalerBackends.create("cloud", Map.of(), List.of(scale, keda)))
                .withMessage("no scaler backend of type \"cloud\" is on the class path, only [keda, kubernetes-scale];"
                        + " add its module, or give the backend to the builder");
    }

    @Test
    void create_twoOfThatType_namesBoth() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScalerBackends.create("keda", Map.of(), List.of(keda, new Factory("keda"))))
                .withMessageStartingWith("scaler backend type \"keda\" is claimed by [" + Factory.class.getName())
                .withMessageEndingWith("; remove one of them from the class path");
    }

    @Test
    void create_settingsRejected_isTheFactorysWord() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScalerBackends.create("keda", Map.of("wrong", "x"), List.of(keda)))
                .withMessage("wrong is not a setting");
    }

    @Test
    void create_fromTheClassPath_findsTheServiceOfThisModulesTests() {
        assertThat(ScalerBackends.create("test", Map.of())).isNotNull();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScalerBackends.create("nothing", Map.of()))
                .withMessageContaining("test");
    }
}
