/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package org.reactivestreams;

/** Stands in for the interface of that name, which is known by its name alone since the library is not on the class path. */
public interface Publisher<T> {

    void subscribe(T subscriber);
}
