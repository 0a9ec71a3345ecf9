/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import java.io.PrintWriter;
import java.util.spi.ToolProvider;

/** Stands for the benchmarks: prints what it was given and ends with a status of its own. */
public final class EchoTool implements ToolProvider {

    static final int STATUS = 7;

    @Override
    public String name() {
        return "tidegate-bench-admission";
    }

    @Override
    public int run(PrintWriter out, PrintWriter err, String... arguments) {
        out.println(String.join(" ", arguments));
        return STATUS;
    }
}
