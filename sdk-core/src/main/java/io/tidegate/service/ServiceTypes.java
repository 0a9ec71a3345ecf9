/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.service;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Factories of one extension point by their type.
 *
 * <p>A service that cannot be loaded keeps no other from being found: it is named where a type is asked for that is not there. Two of
 * one type are an error only for who asks for that type.
 *
 * @since 0.1.0
 */
public final class ServiceTypes {

    /** Of broken entries, those after this many are not looked at: an iterator that fails for ever would never end. */
    private static final int MOST_BROKEN = 100;

    private ServiceTypes() {}

    /**
     * Finds the factory of a type on the class path: by the thread's class loader, and by the one of the extension point.
     *
     * @param kind what it makes, in words, for errors: {@code scaler backend}
     * @param service the extension point
     * @param type what a configuration calls it
     * @param typeOf reads a factory's type
     * @param advice what else can be done where there is none, in words; may be empty
     * @throws IllegalArgumentException if there is none, naming those there are and those that cannot be loaded; or if several claim
     *     the type, naming them
     */
    public static <S> S find(String kind, Class<S> service, String type, Function<S, String> typeOf, String advice) {
        List<S> found = new ArrayList<>();
        List<String> broken = new ArrayList<>();
        Set<Class<?>> seen = new LinkedHashSet<>();
        ClassLoader own = service.getClassLoader();
        ClassLoader ofThread = Thread.currentThread().getContextClassLoader();
        List<@Nullable ClassLoader> loaders = new ArrayList<>();
        loaders.add(ofThread);
        if (own != ofThread) {
            loaders.add(own);
        }
        for (ClassLoader loader : loaders) {
            load(ServiceLoader.load(service, loader).iterator(), found, broken, seen);
        }
        return choose(kind, type, found, broken, typeOf, advice);
    }

    /**
     * Finds the factory of a type among these.
     *
     * @throws IllegalArgumentException as {@link #find}
     */
    public static <S> S among(
            String kind, String type, Iterable<S> factories, Function<S, String> typeOf, String advice) {
        List<S> all = new ArrayList<>();
        factories.forEach(all::add);
        return choose(kind, type, all, List.of(), typeOf, advice);
    }

    private static <S> void load(Iterator<S> services, List<S> found, List<String> broken, Set<Class<?>> seen) {
        while (broken.size() < MOST_BROKEN) {
            try {
                if (!services.hasNext()) {
                    return;
                }
                S service = services.next();
                if (seen.add(service.getClass())) {
                    found.add(service);
                }
            } catch (ServiceConfigurationError | LinkageError e) {
                // The iterator goes on behind the entry that it failed on.
                String said = said(e);
                if (!broken.contains(said)) {
                    broken.add(said);
                }
            } catch (NoSuchElementException e) {
                return;
            }
        }
    }

    private static String said(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure.getMessage() + (cause == null ? "" : " (" + cause + ")");
    }

    private static <S> S choose(
            String kind,
            String type,
            List<S> factories,
            List<String> broken,
            Function<S, String> typeOf,
            String advice) {
        Map<String, List<S>> byType = new TreeMap<>();
        Map<String, String> unreadable = new LinkedHashMap<>();
        for (S factory : factories) {
            String name = factory.getClass().getName();
            try {
                String itsType = typeOf.apply(factory);
                if (isNull(itsType)) {
                    unreadable.put(name, "it has no type");
                } else {
                    byType.computeIfAbsent(itsType, ignored -> new ArrayList<>())
                            .add(factory);
                }
            } catch (RuntimeException | LinkageError e) {
                unreadable.put(name, e.toString());
            }
        }
        List<S> found = byType.getOrDefault(type, List.of());
        if (found.size() > 1) {
            throw new IllegalArgumentException(kind + " type \"" + type + "\" is claimed by "
                    + found.stream()
                            .map(factory -> factory.getClass().getName())
                            .toList()
                    + "; remove one of them from the class path");
        }
        if (found.isEmpty()) {
            List<String> failed = new ArrayList<>(broken);
            unreadable.forEach((name, why) -> failed.add(name + ": " + why));
            throw new IllegalArgumentException(
                    "no " + kind + " of type \"" + type + "\" is on the class path, only " + byType.keySet()
                            + (advice.isEmpty() ? "" : "; " + advice)
                            + (failed.isEmpty() ? "" : "; these could not be loaded: " + failed));
        }
        return found.get(0);
    }

    /** What a plugin gives may be null whatever it is declared. */
    private static boolean isNull(@Nullable Object given) {
        return given == null;
    }
}
