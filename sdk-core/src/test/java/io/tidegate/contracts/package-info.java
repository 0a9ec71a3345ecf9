/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Contract kits: what every plugin of an extension point keeps to, as tests. Extend the one of your extension point, say how your plugin
 * is made and, where it acts on the outside world, what stands for that; JUnit runs the rest. Needs {@code junit-jupiter} beside core.
 */
@NullMarked
package io.tidegate.contracts;

import org.jspecify.annotations.NullMarked;
