/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Keeps code that is not ours from harming what calls it. {@link io.tidegate.plugin.Bulkhead} comes first: calls to one plugin, few at
 * a time, each with a deadline, none for a while after several have failed. {@link io.tidegate.plugin.PluginStatus} says how a plugin
 * does.
 */
@NullMarked
package io.tidegate.plugin;

import org.jspecify.annotations.NullMarked;
