/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.k8s.manifests;

import java.util.regex.Pattern;

/** What Kubernetes takes as names. */
final class Names {

    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");
    private static final Pattern SUBDOMAIN =
            Pattern.compile("(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*");
    private static final Pattern SERVICE = Pattern.compile("[a-z]([a-z0-9-]{0,61}[a-z0-9])?");
    private static final Pattern LABEL_VALUE = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?");

    private Names() {}

    /** A namespace: at most 63 of letters, digits and dashes. */
    static boolean isLabel(String name) {
        return LABEL.matcher(name).matches();
    }

    /** An object: labels with dots between. */
    static boolean isSubdomain(String name) {
        return SUBDOMAIN.matcher(name).matches();
    }

    /** A Service, which begins with a letter. */
    static boolean isService(String name) {
        return SERVICE.matcher(name).matches();
    }

    /** The value of a label. */
    static boolean isLabelValue(String value) {
        return LABEL_VALUE.matcher(value).matches();
    }
}
