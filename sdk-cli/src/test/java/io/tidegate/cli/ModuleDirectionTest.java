/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Modules depend one way: signals, k8s and sim on core alone, examples above them, the commands on top. */
class ModuleDirectionTest {

    private static JavaClasses classes;

    @BeforeAll
    static void load() {
        classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.tidegate");
    }

    private static ArchRule never(String from, String... to) {
        return noClasses().that(resideInAnyPackage(from)).should().dependOnClassesThat(resideInAnyPackage(to));
    }

    @Test
    void everyModule_isOnTheClassPath() {
        assertThat(Stream.of(
                                "io.tidegate.admission",
                                "io.tidegate.signals",
                                "io.tidegate.k8s",
                                "io.tidegate.sim",
                                "io.tidegate.examples")
                        .filter(module -> classes.stream()
                                .anyMatch(each -> each.getPackageName().startsWith(module))))
                .hasSize(5);
    }

    @ParameterizedTest
    @CsvSource({
        "io.tidegate.signals.., io.tidegate.k8s..",
        "io.tidegate.signals.., io.tidegate.examples..",
        "io.tidegate.signals.., io.tidegate.cli..",
        "io.tidegate.k8s.., io.tidegate.signals..",
        "io.tidegate.k8s.., io.tidegate.examples..",
        "io.tidegate.k8s.., io.tidegate.cli..",
        "io.tidegate.signals.., io.tidegate.sim..",
        "io.tidegate.k8s.., io.tidegate.sim..",
        "io.tidegate.sim.., io.tidegate.signals..",
        "io.tidegate.sim.., io.tidegate.k8s..",
        "io.tidegate.sim.., io.tidegate.examples..",
        "io.tidegate.sim.., io.tidegate.cli..",
        "io.tidegate.examples.., io.tidegate.cli..",
    })
    void module_neverDependsOn(String from, String to) {
        never(from, to).check(classes);
    }

    @Test
    void core_dependsOnNoOtherModule() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "io.tidegate.signals..",
                        "io.tidegate.k8s..",
                        "io.tidegate.sim..",
                        "io.tidegate.examples..",
                        "io.tidegate.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.tidegate.signals..",
                        "io.tidegate.k8s..",
                        "io.tidegate.sim..",
                        "io.tidegate.examples..",
                        "io.tidegate.cli..")
                .check(classes);
    }

    @Test
    void rule_thatIsBroken_isReported() {
        assertThatThrownBy(() ->
                        never("io.tidegate.cli..", "io.tidegate.examples..").check(classes))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("DemoCommand");
    }
}
