/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Decisions carried out and alerts told over HTTP: {@link io.tidegate.signals.webhook.WebhookBackend} asks a service of one's own for
 * replicas, {@link io.tidegate.signals.webhook.WebhookAlerts} tells one of alerts; {@link
 * io.tidegate.signals.webhook.WebhookSignature} is what such a service checks requests with.
 */
@NullMarked
package io.tidegate.signals.webhook;

import org.jspecify.annotations.NullMarked;
