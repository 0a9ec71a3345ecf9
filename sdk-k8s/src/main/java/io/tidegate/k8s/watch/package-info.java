/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Keeps a list of objects of the API server as it is there, by listing and watching; begin with {@link
 * io.tidegate.k8s.watch.ListWatch}.
 *
 * <p>What is known stays known while the API server cannot be reached, with its age, so that who serves requests by it goes on.
 */
@NullMarked
package io.tidegate.k8s.watch;

import org.jspecify.annotations.NullMarked;
