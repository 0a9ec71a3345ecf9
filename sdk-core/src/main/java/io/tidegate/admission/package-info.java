/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Who runs now, who waits, who is refused. {@link io.tidegate.admission.Gate} comes first: one per pool. It answers each
 * {@link io.tidegate.admission.Request} with an {@link io.tidegate.admission.Admission}, of which a
 * {@link io.tidegate.admission.Permit} is the one that lets the request run. Admission knows supply, and nothing of the
 * engine that changes it.
 */
@NullMarked
package io.tidegate.admission;

import org.jspecify.annotations.NullMarked;
