/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Backends that need nothing but the JDK: {@link io.tidegate.backend.ProcessBackend} runs replicas as processes on this machine,
 * {@link io.tidegate.backend.CompositeBackend} puts several backends behind one, {@link io.tidegate.backend.RecordingBackend} keeps
 * what it is asked for, for tests and dry environments. Nothing else in core may use them.
 */
@NullMarked
package io.tidegate.backend;

import org.jspecify.annotations.NullMarked;
