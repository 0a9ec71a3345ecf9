/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * The demo on one command: {@link io.tidegate.examples.demo.Demo} starts the gateway, replays a trace against it, shows what
 * happens and reports.
 */
@NullMarked
package io.tidegate.examples.demo;

import org.jspecify.annotations.NullMarked;
