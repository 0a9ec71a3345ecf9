/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The one direction in which packages of core depend, and rules that hold everywhere. */
class ArchitectureTest {

    private static final String ROOT = "io.tidegate";

    /** All may log. */
    private static final String LOG = "log";

    /** What each package may use, besides itself, the log and its own {@code spi}. */
    private static final Map<String, Set<String>> MAY_USE = Map.ofEntries(
            Map.entry("log", Set.of()),
            Map.entry("time", Set.of()),
            Map.entry("service", Set.of()),
            Map.entry("forecast", Set.of("time", "pool", "service")),
            Map.entry("plugin", Set.of("time")),
            Map.entry("pool", Set.of("time")),
            Map.entry("supply", Set.of("time", "pool")),
            Map.entry("quota", Set.of("time", "pool")),
            Map.entry("admission", Set.of("time", "pool", "supply", "quota", "service")),
            Map.entry("limit", Set.of("time", "pool", "supply")),
            Map.entry("routing", Set.of("time", "pool", "supply", "admission")),
            Map.entry("signal", Set.of("time", "plugin", "pool", "supply", "service")),
            Map.entry("policy", Set.of("time", "pool", "supply", "service")),
            Map.entry("guardrail", Set.of("time", "pool", "supply", "policy")),
            Map.entry("ledger", Set.of("time", "pool", "supply", "policy", "guardrail")),
            Map.entry("alert", Set.of("time", "pool", "supply", "policy", "guardrail", "ledger", "service")),
            Map.entry(
                    "engine",
                    Set.of(
                            "time",
                            "plugin",
                            "pool",
                            "supply",
                            "service",
                            "signal",
                            "policy",
                            "guardrail",
                            "ledger",
                            "alert")),
            Map.entry(
                    "backend", Set.of("time", "pool", "supply", "policy", "guardrail", "ledger", "engine", "service")),
            Map.entry(
                    "config",
                    Set.of(
                            "time",
                            "pool",
                            "supply",
                            "quota",
                            "admission",
                            "limit",
                            "routing",
                            "policy",
                            "guardrail",
                            "ledger",
                            "alert",
                            "engine")),
            Map.entry("instrument", Set.of("time", "pool", "supply", "admission")),
            Map.entry(
                    "meter",
                    Set.of(
                            "time",
                            "plugin",
                            "pool",
                            "supply",
                            "quota",
                            "admission",
                            "limit",
                            "routing",
                            "signal",
                            "policy",
                            "guardrail",
                            "ledger",
                            "alert",
                            "engine",
                            "config")));

    private static final JavaClasses CORE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(ROOT);

    static List<String> packages() {
        return List.copyOf(new TreeSet<>(MAY_USE.keySet()));
    }

    private static String feature(JavaClass type) {
        String name = type.getPackageName();
        if (!name.startsWith(ROOT + ".")) {
            return "";
        }
        String rest = name.substring(ROOT.length() + 1);
        return rest.contains(".") ? rest.substring(0, rest.indexOf('.')) : rest;
    }

    @Test
    void everyPackage_hasItsPlaceInTheOrder() {
        Set<String> found = CORE.stream()
                .map(ArchitectureTest::feature)
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toSet());

        assertThat(found).isEqualTo(MAY_USE.keySet());
    }

    @ParameterizedTest
    @MethodSource("packages")
    void package_usesOnlyWhatIsBelowIt(String name) {
        Set<String> allowed = MAY_USE.getOrDefault(name, Set.of());
        String[] forbidden = MAY_USE.keySet().stream()
                .filter(other -> !other.equals(name) && !other.equals(LOG) && !allowed.contains(other))
                .map(other -> ROOT + "." + other + "..")
                .toArray(String[]::new);

        noClasses()
                .that()
                .resideInAPackage(ROOT + "." + name + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(forbidden)
                .orShould()
                .dependOnClassesThat()
                .resideInAPackage(ROOT)
                .check(CORE);
    }

    @Test
    void packages_haveNoCycles() {
        slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CORE);
    }

    private static ArchRule clockRule() {
        return noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + ".time..")
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(Clock.class, "systemUTC")
                .orShould()
                .callMethod(Thread.class, "sleep", long.class);
    }

    private static ArchRule admissionRule() {
        return noClasses()
                .that()
                .resideInAnyPackage(ROOT + ".admission..", ROOT + ".architecture..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + ".engine..");
    }

    @Test
    void nothing_readsTheSystemClockOutsideTime() {
        clockRule().check(CORE);
    }

    @Test
    void admission_neverMeetsTheEngine() {
        admissionRule().check(CORE);
    }

    @Test
    void rulesThatAreBroken_areReported() {
        JavaClasses bad = new ClassFileImporter().importPackages("io.tidegate.architecture.bad");

        assertThatThrownBy(() -> clockRule().check(bad)).hasMessageContaining("ReadsTheClock");
        assertThatThrownBy(() -> admissionRule().check(bad)).hasMessageContaining("ReadsTheClock");
    }

    @Test
    void everyPackage_isNullMarked() throws ClassNotFoundException {
        for (String name : CORE.stream().map(JavaClass::getPackageName).collect(Collectors.toSet())) {
            Class<?> info = Class.forName(name + ".package-info");
            assertThat(info.isAnnotationPresent(NullMarked.class)).as(name).isTrue();
        }
    }

    @Test
    void extensionPoints_areInterfacesOrRecords() {
        classes()
                .that()
                .resideInAPackage("..spi")
                .and()
                .arePublic()
                .should()
                .beInterfaces()
                .orShould()
                .beRecords()
                .check(CORE);
    }

    @Test
    void methods_areNotSynchronized() {
        // A lock on this can be taken by anybody; a private lock can not.
        noMethods().should().haveModifier(JavaModifier.SYNCHRONIZED).check(CORE);
    }

    @Test
    void publicApi_showsNoJacksonAndNoJcTools() {
        methods()
                .that()
                .arePublic()
                .and()
                .areDeclaredInClassesThat()
                .arePublic()
                .should()
                .notHaveRawReturnType(new com.tngtech.archunit.base.DescribedPredicate<JavaClass>("of a library") {
                    @Override
                    public boolean test(JavaClass type) {
                        return type.getPackageName().startsWith("tools.jackson")
                                || type.getPackageName().startsWith("org.jctools");
                    }
                })
                .check(CORE);
    }
}
