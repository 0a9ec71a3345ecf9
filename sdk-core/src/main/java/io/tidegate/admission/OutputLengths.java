/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.admission;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * How many tokens requests of one tier write, by model: an exponentially weighted mean over the last 64 or so that said it.
 *
 * <p>A mean and no high quantile, since what fills a pool is the sum over many requests. Before the first has ended {@value #PRIOR}
 * are expected; what a request may write at most bounds it always. Example: a mean of 300 and an answer of 620 tokens give 300 + (620 − 300) ÷
 * 64 = 305; a request with {@code max_tokens} 200 is expected to write 200.
 *
 * <p>At most {@value #MODELS} models are told apart, those named first; the others share the tier's mean. Safe for many threads: an
 * update that is lost to another is one sample of a mean.
 */
final class OutputLengths {

    /** Expected before anything is known. */
    static final int PRIOR = 256;

    private static final int MODELS = 64;

    /** Longer names are not remembered. */
    private static final int LONGEST_NAME = 128;

    private static final double WEIGHT = 1.0 / 64;

    private final Mean all = new Mean();
    private final ConcurrentHashMap<String, Mean> models = new ConcurrentHashMap<>();

    /** Tokens that a request will probably write. */
    long expected(@Nullable String model, long most) {
        return Math.min(most, Math.max(1, Math.round(of(model).tokens(all))));
    }

    /** What one wrote. */
    void wrote(@Nullable String model, long tokens) {
        all.add(tokens);
        if (model != null && model.length() <= LONGEST_NAME) {
            Mean mean = models.get(model);
            if (mean == null && models.size() < MODELS) {
                mean = models.computeIfAbsent(model, ignored -> new Mean());
            }
            if (mean != null) {
                mean.add(tokens);
            }
        }
    }

    private Mean of(@Nullable String model) {
        Mean mean = model == null ? null : models.get(model);
        return mean == null ? all : mean;
    }

    private static final class Mean {

        private static final VarHandle TOKENS;

        static {
            try {
                TOKENS = MethodHandles.lookup().findVarHandle(Mean.class, "tokens", double.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        /** Negative until the first. */
        @SuppressWarnings({"FieldMayBeFinal", "UnusedVariable"}) // through the VarHandle
        private double tokens = -1;

        double tokens(Mean otherwise) {
            double known = (double) TOKENS.getOpaque(this);
            if (known < 0) {
                known = (double) TOKENS.getOpaque(otherwise);
            }
            return known < 0 ? PRIOR : known;
        }

        void add(long wrote) {
            double mean = (double) TOKENS.getOpaque(this);
            TOKENS.setOpaque(this, mean < 0 ? (double) wrote : mean + WEIGHT * ((double) wrote - mean));
        }
    }
}
