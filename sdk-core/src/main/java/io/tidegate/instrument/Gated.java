/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.instrument;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Puts a method behind a pool's gate: each call asks for a permit, waits or is refused as its tier says, holds the permit
 * until it returns or its {@link java.util.concurrent.CompletionStage} completes, and is counted: in flight, time in queue,
 * outcome.
 *
 * <p>On a type it holds for all its methods; on a method it replaces the type's. It is found on interfaces and on what
 * implements them, the implementation's first. A refused call throws, or completes with, {@link RequestRefusedException}.
 *
 * @since 0.1.0
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE, ElementType.ANNOTATION_TYPE})
public @interface Gated {

    /** Name of the pool. */
    String pool();

    /** Name of the tier; the pool's first by default. */
    String tier() default "";

    /** Tokens a call is expected to hold, prompt and output; 0 by default. */
    long tokens() default 0;
}
