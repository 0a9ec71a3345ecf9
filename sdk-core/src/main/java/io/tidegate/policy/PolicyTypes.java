/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.policy.spi.Policy;
import io.tidegate.policy.spi.PolicyFactory;
import io.tidegate.service.ServiceTypes;
import java.util.Map;

/**
 * Policies by their type, as a configuration names them. Types come from {@link PolicyFactory} services on the class path; those of
 * this library are among them.
 *
 * @since 0.1.0
 */
public final class PolicyTypes {

    private PolicyTypes() {}

    /**
     * Whether a policy is of this library, under whatever name: such policies answer from memory and at once, so they are asked where
     * they are needed.
     */
    public static boolean isBuiltIn(Policy policy) {
        Class<?> type = NamedPolicy.within(policy).getClass();
        return type.getPackageName().equals(PolicyTypes.class.getPackageName())
                && type.getClassLoader() == PolicyTypes.class.getClassLoader();
    }

    /**
     * Makes a policy, which bears this name.
     *
     * @throws IllegalArgumentException naming the types there are if there is none of that name, or every setting that is wrong, or
     *     what its factory threw
     */
    public static Policy create(String type, String name, Map<String, String> settings) {
        return create(type, name, new PolicySettings(settings));
    }

    /**
     * Makes again a policy that said how it is made, under the name it had; it gives the same proposals. Values are not held against the
     * ranges of a configuration, since Java may set more.
     *
     * @throws IllegalArgumentException as above: its type may not be on the class path, or its version may know other settings
     */
    public static Policy create(String name, Recipe recipe) {
        return create(recipe.type(), name, PolicySettings.of(recipe));
    }

    private static Policy create(String type, String name, PolicySettings read) {
        PolicyFactory factory = ServiceTypes.find("policy", PolicyFactory.class, type, PolicyFactory::type, "");
        Policy policy;
        try {
            policy = factory.create(name, read);
        } catch (IllegalArgumentException e) {
            // What it was given in place of a wrong value may be what it minds.
            read.check();
            throw e;
        } catch (RuntimeException | LinkageError e) {
            // A library it needs may lack, or a plugin may have a defect: said with the path and beside all else that
            // is wrong.
            read.check();
            throw new IllegalArgumentException(
                    e instanceof IllegalStateException && e.getMessage() != null
                            ? e.getMessage()
                            : "a policy of type \"" + type + "\" could not be made: " + e,
                    e);
        }
        read.check();
        return NamedPolicy.of(name, policy);
    }
}
