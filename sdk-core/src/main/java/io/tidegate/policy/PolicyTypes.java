/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.policy;

import io.tidegate.policy.spi.Policy;
import io.tidegate.policy.spi.PolicyFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;

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
        Map<String, PolicyFactory> found = new LinkedHashMap<>();
        for (PolicyFactory factory : ServiceLoader.load(PolicyFactory.class, PolicyTypes.class.getClassLoader())) {
            PolicyFactory before = found.put(factory.type(), factory);
            if (before != null && factory.type().equals(type)) {
                throw new IllegalArgumentException("two policy types are named \"" + type + "\": "
                        + before.getClass().getName() + " and "
                        + factory.getClass().getName());
            }
        }
        PolicyFactory factory = found.get(type);
        if (factory == null) {
            throw new IllegalArgumentException(
                    "no policy of type \"" + type + "\" is on the class path, only " + new TreeMap<>(found).keySet());
        }
        PolicySettings read = new PolicySettings(settings);
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
