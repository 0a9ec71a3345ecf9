/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.instrument;

import io.tidegate.admission.Admission;
import io.tidegate.admission.Gate;
import io.tidegate.admission.Outcome;
import io.tidegate.admission.Permit;
import io.tidegate.admission.Request;
import io.tidegate.admission.Usage;
import java.lang.annotation.Annotation;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * A proxy of an interface whose {@link Gated} methods pass a gate; other methods pass through.
 *
 * <p>A method that returns a {@link CompletionStage} waits for its permit without holding the caller's thread and gives it back
 * when the stage completes; cancelling the returned future while it waits gives up waiting. Any other method waits on the
 * caller's thread; one whose declared type does not tell that it returns a stage, for want of a type argument, gives the permit
 * back when that completes. A return type that ends later in a way not known here, such as a {@code Publisher} or a plain
 * {@link Future}, is refused when the proxy is made, since the permit would be given back too early.
 *
 * @since 0.1.0
 */
public final class GatedProxy {

    private GatedProxy() {}

    /**
     * Makes the proxy.
     *
     * @param type the interface
     * @param target what the calls go to; safe for as many threads as call the proxy
     * @param gates the gates, found by the pool that the annotation names
     * @throws IllegalArgumentException if the type is no interface, no method of it is gated, an annotation names a pool or a
     *     tier that does not exist, or a gated method returns an asynchronous type that is not supported
     */
    public static <T> T of(Class<T> type, T target, Collection<Gate> gates) {
        if (!type.isInterface()) {
            throw new IllegalArgumentException(
                    type.getName() + " is not an interface; a JDK proxy can stand in for interfaces only");
        }
        Map<Method, Route> routes = new HashMap<>();
        for (Method method : type.getMethods()) {
            Gated gated = Modifier.isStatic(method.getModifiers()) ? null : find(method, type, target.getClass());
            if (gated != null) {
                routes.put(method, route(method, returnedBy(method, target.getClass()), gated, gates));
            }
        }
        if (routes.isEmpty()) {
            throw new IllegalArgumentException("no method of " + type.getName() + " is annotated with @Gated, nor of "
                    + target.getClass().getName());
        }
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, new Handler(target, routes)));
    }

    /** Where calls of one method go. */
    private record Route(Gate gate, Request request, String method, boolean async) {}

    private static Route route(Method method, Class<?> implemented, Gated gated, Collection<Gate> gates) {
        String name = method.getDeclaringClass().getSimpleName() + "." + method.getName();
        Gate gate = gates.stream()
                .filter(each -> each.pool().equals(gated.pool()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "@Gated on " + name + " names the pool \"" + gated.pool() + "\", but there are only "
                                + gates.stream().map(Gate::pool).toList()));
        Request request = Request.of(gated.tier().isEmpty() ? gate.tiers().get(0) : gate.tier(gated.tier()))
                .withTokens(gated.tokens(), 0);
        Class<?> returned = method.getReturnType();
        boolean async = CompletionStage.class.isAssignableFrom(returned);
        if (async && !returned.isAssignableFrom(CompletableFuture.class)) {
            throw new IllegalArgumentException("@Gated on " + name + ": it returns " + returned.getName()
                    + ", but only CompletionStage and CompletableFuture can be made for a caller that waits");
        }
        if (!async && endsLater(implemented)) {
            throw new IllegalArgumentException(
                    "@Gated on " + name + ": " + implemented.getName()
                            + " ends after the method returns and is not supported here; return a CompletionStage, or use the adapter for that library");
        }
        return new Route(gate, request, name, async);
    }

    /** What the implementation returns, which is more than an interface with type parameters tells. */
    private static Class<?> returnedBy(Method method, Class<?> targetType) {
        return Arrays.stream(targetType.getMethods())
                .filter(each -> !each.isBridge() && implementing(each, method))
                .sorted(Comparator.comparing(
                        each -> !Arrays.equals(each.getParameterTypes(), method.getParameterTypes())))
                .<Class<?>>map(Method::getReturnType)
                .findFirst()
                .orElse(method.getReturnType());
    }

    private static boolean implementing(Method candidate, Method method) {
        if (!candidate.getName().equals(method.getName())
                || candidate.getParameterCount() != method.getParameterCount()
                || !method.getReturnType().isAssignableFrom(candidate.getReturnType())) {
            return false;
        }
        for (int i = 0; i < method.getParameterCount(); i++) {
            if (!method.getParameterTypes()[i].isAssignableFrom(candidate.getParameterTypes()[i])) {
                return false;
            }
        }
        return true;
    }

    private static boolean endsLater(Class<?> type) {
        if (CompletionStage.class.isAssignableFrom(type)) {
            return false;
        }
        if (Future.class.isAssignableFrom(type) || Flow.Publisher.class.isAssignableFrom(type)) {
            return true;
        }
        for (Class<?> each = type; each != null; each = each.getSuperclass()) {
            if (isReactive(each)) {
                return true;
            }
        }
        return false;
    }

    /** By name, since these libraries are not on our class path. */
    private static boolean isReactive(Class<?> type) {
        if (type.getName().equals("org.reactivestreams.Publisher")
                || type.getName().startsWith("io.reactivex.")
                || type.getName().startsWith("io.smallrye.mutiny.")
                || type.getName().startsWith("kotlinx.coroutines.")) {
            return true;
        }
        for (Class<?> parent : type.getInterfaces()) {
            if (isReactive(parent)) {
                return true;
            }
        }
        return false;
    }

    // ---- finding the annotation ------------------------------------------------------------------------------------

    private static @Nullable Gated find(Method method, Class<?> type, Class<?> targetType) {
        Gated found = null;
        try {
            Method implementation = targetType.getMethod(method.getName(), method.getParameterTypes());
            found = on(implementation.getAnnotations());
        } catch (NoSuchMethodException e) {
            // A bridge or a default method: the interface says it.
        }
        if (found == null) {
            found = on(method.getAnnotations());
        }
        if (found == null && method.getDeclaringClass() != Object.class) {
            found = on(targetType.getAnnotations());
        }
        if (found == null) {
            found = on(type.getAnnotations());
        }
        return found != null ? found : on(method.getDeclaringClass().getAnnotations());
    }

    /** The annotation itself, or one that carries it. */
    private static @Nullable Gated on(Annotation[] annotations) {
        for (Annotation annotation : annotations) {
            if (annotation instanceof Gated gated) {
                return gated;
            }
            Gated carried = annotation.annotationType().getAnnotation(Gated.class);
            if (carried != null) {
                return carried;
            }
        }
        return null;
    }

    // ---- calling ---------------------------------------------------------------------------------------------------

    private static final class Handler implements InvocationHandler {

        private final Object target;
        private final Map<Method, Route> routes;

        Handler(Object target, Map<Method, Route> routes) {
            this.target = target;
            this.routes = routes;
        }

        @Override
        public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] arguments)
                throws Throwable {
            if (method.getDeclaringClass() == Object.class) {
                return ofObject(proxy, method, arguments);
            }
            Route route = routes.get(method);
            if (route == null) {
                return call(method, arguments);
            }
            return route.async() ? async(route, method, arguments) : sync(route, method, arguments);
        }

        private @Nullable Object ofObject(Object proxy, Method method, @Nullable Object @Nullable [] arguments) {
            return switch (method.getName()) {
                case "equals" -> arguments != null && proxy == arguments[0];
                case "hashCode" -> System.identityHashCode(proxy);
                default -> "Gated[" + target + "]";
            };
        }

        @SuppressWarnings("FutureReturnValueIgnored") // stages that only pass an end on have no result of their own
        private @Nullable Object sync(Route route, Method method, @Nullable Object @Nullable [] arguments)
                throws Throwable {
            Admission admission;
            try {
                admission = route.gate().acquire(route.request());
            } catch (InterruptedException e) {
                if (declares(method, InterruptedException.class)) {
                    throw e;
                }
                Thread.currentThread().interrupt();
                throw new RequestRefusedException(route.method(), new Admission.Cancelled(java.time.Duration.ZERO));
            }
            if (!(admission instanceof Permit permit)) {
                throw new RequestRefusedException(route.method(), admission);
            }
            Outcome outcome = Outcome.FAILED;
            boolean handedOn = false;
            try {
                Object result = call(method, arguments);
                outcome = Outcome.COMPLETED;
                if (result instanceof CompletionStage<?> stage) {
                    // Of a method with a type parameter, which did not tell.
                    stage.whenComplete((value, failure) -> permit.close(outcomeOf(failure), Usage.NONE));
                    handedOn = true;
                }
                return result;
            } finally {
                if (!handedOn) {
                    permit.close(outcome, Usage.NONE);
                }
            }
        }

        @SuppressWarnings("FutureReturnValueIgnored") // stages that only pass an end on have no result of their own
        private CompletableFuture<@Nullable Object> async(
                Route route, Method method, @Nullable Object @Nullable [] arguments) {
            CompletableFuture<@Nullable Object> result = new CompletableFuture<>();
            CompletableFuture<Admission> asked = route.gate().acquireAsync(route.request());
            asked.whenComplete((admission, never) -> {
                if (admission instanceof Permit permit) {
                    run(permit, result, method, arguments);
                } else if (admission != null) {
                    result.completeExceptionally(new RequestRefusedException(route.method(), admission));
                }
            });
            result.whenComplete((value, failure) -> {
                if (result.isCancelled()) {
                    asked.cancel(false);
                }
            });
            return result;
        }

        private void run(
                Permit permit,
                CompletableFuture<@Nullable Object> result,
                Method method,
                @Nullable Object @Nullable [] arguments) {
            try {
                Object returned = call(method, arguments);
                if (returned == null) {
                    throw new NullPointerException(method + " returned null instead of a CompletionStage");
                }
                passOn((CompletionStage<?>) returned, permit, result);
            } catch (Throwable e) {
                permit.close(Outcome.FAILED, Usage.NONE);
                result.completeExceptionally(e);
            }
        }

        @SuppressWarnings("FutureReturnValueIgnored") // stages that only pass an end on have no result of their own
        private static void passOn(
                CompletionStage<?> stage, Permit permit, CompletableFuture<@Nullable Object> result) {
            stage.whenComplete((value, failure) -> {
                permit.close(outcomeOf(failure), Usage.NONE);
                if (failure == null) {
                    result.complete(value);
                } else {
                    result.completeExceptionally(unwrapped(failure));
                }
            });
            result.whenComplete((value, failure) -> {
                if (result.isCancelled() && stage instanceof Future<?> future) {
                    future.cancel(true);
                }
            });
        }

        /** A stage that depends on another wraps what failed there. */
        private static Throwable unwrapped(Throwable failure) {
            return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        }

        private static Outcome outcomeOf(@Nullable Throwable failure) {
            if (failure == null) {
                return Outcome.COMPLETED;
            }
            return unwrapped(failure) instanceof CancellationException ? Outcome.CANCELLED : Outcome.FAILED;
        }

        private @Nullable Object call(Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
            try {
                return method.invoke(target, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause() != null ? e.getCause() : e;
            }
        }

        private static boolean declares(Method method, Class<?> exception) {
            for (Class<?> declared : method.getExceptionTypes()) {
                if (declared.isAssignableFrom(exception)) {
                    return true;
                }
            }
            return false;
        }
    }
}
