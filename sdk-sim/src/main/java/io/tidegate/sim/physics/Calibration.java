/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.physics;

import java.util.List;

/**
 * Figures of an {@link EngineModel} fitted to published measurements, and how far the fit is off.
 *
 * <p>Least squares of relative errors, linear in the coefficients, which are kept from going below zero. The measurements are tables
 * here, with their source, so that everybody can fit again; where the project's data folder is at hand a test fits the raw files
 * and finds the same.
 *
 * @param model what was fitted
 * @param curves the measurements beside what the model says
 * @since 0.1.0
 */
public record Calibration(EngineModel model, List<Curve> curves) {

    public Calibration {
        curves = List.copyOf(curves);
    }

    /**
     * One published curve beside the model.
     *
     * @param source who measured what
     * @param points where, what was measured, and what the model says
     */
    public record Curve(String source, List<Point> points) {

        public Curve {
            points = List.copyOf(points);
        }

        /** Mean of the relative errors, 0..1. */
        public double meanError() {
            return points.stream().mapToDouble(Point::error).average().orElse(0);
        }

        /** Largest relative error. */
        public double largestError() {
            return points.stream().mapToDouble(Point::error).max().orElse(0);
        }
    }

    /**
     * One measurement beside the model.
     *
     * @param at where, in words
     * @param measured ms
     * @param modelled ms
     */
    public record Point(String at, double measured, double modelled) {

        /** Relative. */
        public double error() {
            return Math.abs(modelled - measured) / measured;
        }
    }

    /** All there are. */
    public static List<Calibration> all() {
        return List.of(dynamoLlama8b(), mlEnergyLlama8b(), mlEnergyLlama70b(), qwen32b());
    }

    // --- Llama 3.1 8B FP8 on H200: NVIDIA Dynamo, planner profile (Apache-2.0) ---------------------------------------

    /** Mean context, concurrency, inter-token latency in ms: {@code H200_TP1P_TP1D} decode interpolation. */
    static final double[][] DYNAMO_DECODE = DynamoProfile.DECODE;

    /** Prompt tokens, time to first token of a single request in ms: the same, prefill. */
    static final double[][] DYNAMO_PREFILL = DynamoProfile.PREFILL;

    static Calibration dynamoLlama8b() {
        double[][] decodeTerms = new double[DYNAMO_DECODE.length][];
        double[] decode = new double[DYNAMO_DECODE.length];
        for (int i = 0; i < decode.length; i++) {
            double sequences = DYNAMO_DECODE[i][1];
            decodeTerms[i] = new double[] {1, sequences, sequences * DYNAMO_DECODE[i][0]};
            decode[i] = DYNAMO_DECODE[i][2];
        }
        double[] pass = LeastSquares.fit(decodeTerms, decode);
        double[] prompt = promptFit(DYNAMO_PREFILL);
        EngineModel model = new EngineModel(
                "llama-3.1-8b-h200",
                "1 x H200 141GB, FP8",
                pass[0],
                pass[1],
                pass[2],
                prompt[1],
                2 * prompt[2],
                // What the first token takes beyond the pass itself.
                Math.max(0, prompt[0] - pass[0]),
                1024,
                8_192,
                945_029);
        return new Calibration(
                model,
                List.of(
                        decodeCurve("Dynamo planner profile, H200, Llama 3.1 8B FP8, decode", model, DYNAMO_DECODE),
                        promptCurve("the same, prefill", model, DYNAMO_PREFILL, model.overhead() + model.base())));
    }

    private static double[] promptFit(double[][] measured) {
        double[][] terms = new double[measured.length][];
        double[] times = new double[measured.length];
        for (int i = 0; i < measured.length; i++) {
            terms[i] = new double[] {1, measured[i][0], measured[i][0] * measured[i][0]};
            times[i] = measured[i][1];
        }
        return LeastSquares.fit(terms, times);
    }

    private static Curve decodeCurve(String source, EngineModel model, double[][] measured) {
        return new Curve(
                source,
                List.of(measured).stream()
                        .map(row -> new Point(
                                Math.round(row[1]) + " sequences of " + Math.round(row[0]) + " tokens",
                                row[2],
                                model.base() + row[1] * (model.perSequence() + row[0] * model.perContextToken())))
                        .toList());
    }

    private static Curve promptCurve(String source, EngineModel model, double[][] measured, double fixed) {
        return new Curve(
                source,
                List.of(measured).stream()
                        .map(row -> new Point(
                                Math.round(row[0]) + " prompt tokens",
                                row[1],
                                fixed + model.promptMillis((int) Math.round(row[0]))))
                        .toList());
    }

    // --- Llama 3.1 8B and 70B bfloat16 on H100: ML.ENERGY benchmark v3
    // -------------------------------------------------

    /**
     * Mean batch, median inter-token latency in ms: ML.ENERGY benchmark v3 (Chung et al., NeurIPS Datasets and Benchmarks 2025;
     * Apache-2.0), lm-arena-chat, Llama 3.1 8B Instruct, bfloat16, one H100, vLLM.
     */
    static final double[][] ML_ENERGY_8B = {
        {7.9782, 7.3161},
        {15.9517, 7.9124},
        {31.9115, 8.9066},
        {63.9178, 11.5002},
        {95.7018, 14.0779},
        {127.62, 16.482},
        {191.6585, 20.9081},
        {255.1899, 26.1262},
        {383.0143, 37.7015},
        {510.8689, 47.4076},
        {690.8681, 62.931}
    };

    /** The same for Llama 3.1 70B Instruct, bfloat16, four H100, tensor parallel. */
    static final double[][] ML_ENERGY_70B = {
        {7.9867, 16.5727},
        {15.9538, 17.6974},
        {31.8755, 20.0469},
        {63.791, 22.4323},
        {95.7255, 25.3565},
        {127.6098, 27.8678},
        {191.6212, 33.7016},
        {255.3148, 39.8373},
        {383.0233, 55.1241},
        {510.5056, 73.8856},
        {766.3235, 103.6395},
        {898.4528, 105.6101}
    };

    /** Context of a sequence in those runs, tokens: a chat prompt of some 100 and half of the 363 that come. Only splits a figure. */
    private static final double ML_ENERGY_CONTEXT = 280;

    static Calibration mlEnergyLlama8b() {
        EngineModel h200 = dynamoLlama8b().model();
        double[] pass = mlEnergyFit(ML_ENERGY_8B);
        // 128 KiB of cache a token over 3.35 TB/s.
        double perContextToken = 131_072 / 3.35e9;
        EngineModel model = new EngineModel(
                "llama-3.1-8b-h100",
                "1 x H100 80GB, bfloat16",
                pass[0],
                pass[1] - perContextToken * ML_ENERGY_CONTEXT,
                perContextToken,
                // bfloat16 has half the arithmetic of FP8, on the same compute die.
                2 * h200.perPromptToken(),
                2 * h200.perPromptPair(),
                h200.overhead(),
                512,
                8_192,
                // 80 GB · 0.9 less 16 GB of weights and 3 GB, by 128 KiB.
                404_000);
        return new Calibration(
                model,
                List.of(mlEnergyCurve(
                        "ML.ENERGY v3, H100, Llama 3.1 8B bfloat16, inter-token latency", model, ML_ENERGY_8B)));
    }

    private static double[] mlEnergyFit(double[][] measured) {
        double[][] terms = new double[measured.length][];
        double[] times = new double[measured.length];
        for (int i = 0; i < measured.length; i++) {
            terms[i] = new double[] {1, measured[i][0]};
            times[i] = measured[i][1];
        }
        return LeastSquares.fit(terms, times);
    }

    private static Curve mlEnergyCurve(String source, EngineModel model, double[][] measured) {
        double[][] rows = new double[measured.length][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = new double[] {ML_ENERGY_CONTEXT, measured[i][0], measured[i][1]};
        }
        return decodeCurve(source, model, rows);
    }

    /**
     * Prompt tokens, median of the time of the whole prompt phase less that of a pass that decodes, in ms: Splitwise (Patel et al., ISCA
     * 2024; MIT), llama2-70b (the layers and width of Llama 3.1 70B), h100-80gb, tensor parallel 4, batch of one.
     */
    static final double[][] SPLITWISE_70B = {
        {128, 20.7255},
        {256, 20.9465},
        {512, 30.337},
        {1024, 76.1701},
        {2048, 170.8652},
        {4096, 433.8707},
        {8192, 923.8633}
    };

    static Calibration mlEnergyLlama70b() {
        double[] pass = mlEnergyFit(ML_ENERGY_70B);
        // 320 KiB of cache a token, a quarter on each GPU, over 3.35 TB/s.
        double perContextToken = 327_680 / 4 / 3.35e9;
        double[][] terms = new double[SPLITWISE_70B.length][];
        double[] times = new double[SPLITWISE_70B.length];
        for (int i = 0; i < terms.length; i++) {
            double tokens = SPLITWISE_70B[i][0];
            terms[i] = new double[] {tokens, tokens * tokens};
            times[i] = SPLITWISE_70B[i][1];
        }
        double[] prompt = LeastSquares.fit(terms, times);
        EngineModel model = new EngineModel(
                "llama-3.1-70b-4xh100",
                "4 x H100 80GB, bfloat16, tensor parallel 4",
                pass[0],
                pass[1] - perContextToken * ML_ENERGY_CONTEXT,
                perContextToken,
                prompt[0],
                2 * prompt[1],
                0,
                256,
                8_192,
                411_648);
        return new Calibration(
                model,
                List.of(
                        mlEnergyCurve(
                                "ML.ENERGY v3, 4 x H100, Llama 3.1 70B bfloat16, inter-token latency",
                                model,
                                ML_ENERGY_70B),
                        promptCurve(
                                "Splitwise, 4 x H100, Llama 2 70B, prompt phase beyond a pass",
                                model,
                                SPLITWISE_70B,
                                0)));
    }

    // --- Qwen3-32B on two H100: llm-d
    // ----------------------------------------------------------------------------------

    /** Not a fit: the two figures that llm-d published of this replica, beside the model. */
    static Calibration qwen32b() {
        EngineModel model = EngineModel.qwen32b();
        return new Calibration(
                model,
                List.of(new Curve(
                        "llm-d, 2 x H100, Qwen3-32B: prompts of 4,000 at 15,928 tokens/s; 1.45 requests/s of 4,000 and 1,000 tokens",
                        List.of(
                                new Point("4000 prompt tokens", 4_000 / 15.928, model.promptMillis(4_000)),
                                new Point(
                                        "one request at the sustained rate",
                                        1_000 / 1.45,
                                        1_000 / model.sustained(4_000, 1_000, 0.1, model.fullBatch(4_000, 1_000)))))));
    }
}
