/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.tidegate.k8s", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    /** Applications bring the client in another version, and with it Jackson 2 in place of 3. */
    @ArchTest
    static final ArchRule noJacksonAndNoMappers = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "com.fasterxml..",
                    "tools.jackson..",
                    "io.fabric8.kubernetes.client.utils..",
                    "io.fabric8..internal..");
}
