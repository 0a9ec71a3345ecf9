/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.examples.vllm;

/**
 * How fast one replica is and how much it remembers: step times and KV-cache size of one model on one set of GPUs,
 * taken from published measurements.
 *
 * <p>A step of the engine is one forward pass over its batch. Its time is the sum of two parts:
 *
 * <ul>
 *   <li>{@link #decodeNanos(int)}, the pass itself, which grows with the sequences in the batch;
 *   <li>{@link #prefillNanos(int)}, what the prompt tokens computed in that pass add to it.
 * </ul>
 *
 * <p>What it does not model: attention over a very long context (a token costs the same at position 100 and 100,000),
 * prefix caching, and the spread around the medians. Immutable.
 *
 * @since 0.1.0
 */
public final class ReplicaProfile {
    /** Model name of {@link #llama70bOnFourH100()}, as sent in requests and shown in metrics. */
    public static final String LLAMA_70B = "llama-3.1-70b-instruct";

    /**
     * Measured mean batch sizes of {@link #LLAMA_70B_ITL_MILLIS}.
     *
     * <p>Source: ML.ENERGY benchmark v3 (Chung et al., NeurIPS Datasets and Benchmarks 2025; data under Apache-2.0),
     * task lm-arena-chat, meta-llama/Llama-3.1-70B-Instruct, bfloat16, tensor parallel 4 on 4 x H100, vLLM, column
     * {@code avg_batch_size} for {@code max_num_seqs} 8 to 1024.
     */
    static final double[] LLAMA_70B_BATCH = {
        7.9867, 15.9538, 31.8755, 63.791, 95.7255, 127.6098, 191.6212, 255.3148, 383.0233, 510.5056, 766.3235, 898.4528
    };

    /** Median inter-token latency at those batch sizes; same source, column {@code median_itl_ms}. */
    static final double[] LLAMA_70B_ITL_MILLIS = {
        16.5727, 17.6974, 20.0469, 22.4323, 25.3565, 27.8678, 33.7016, 39.8373, 55.1241, 73.8856, 103.6395, 105.6101
    };

    /**
     * Prompt sizes, in tokens, of {@link #LLAMA_70B_PROMPT_MILLIS}.
     *
     * <p>Source: profiling data of Splitwise (Patel et al., ISCA 2024; MIT), llama2-70b (same layers and width as Llama
     * 3.1 70B), h100-80gb, tensor parallel 4, batch size 1, vLLM.
     */
    static final double[] LLAMA_70B_PROMPT_TOKENS = {128, 256, 512, 1024, 2048, 4096, 8192};

    /** Median time of the whole prompt phase of one prompt; same source, column {@code prompt_time}. */
    static final double[] LLAMA_70B_PROMPT_MILLIS = {49.0861, 50.9766, 59.7170, 105.6116, 200.6807, 463.4550, 953.5816};

    /**
     * Median time of a pass that computes one output token, in the runs of {@link #LLAMA_70B_PROMPT_MILLIS}; same
     * source, column {@code token_time}.
     *
     * <p>It stands for the part of the prompt phase that any pass costs on that software, above all reading the
     * weights. The difference of the two is what the prompt adds to a pass. Adding the whole prompt time to a pass that
     * also decodes would read the weights twice.
     */
    static final double[] LLAMA_70B_TOKEN_MILLIS = {28.3606, 30.0301, 29.3800, 29.4415, 29.8155, 29.5843, 29.7183};

    /** Bytes of GPU memory of a replica: 4 x 80 GB (NVIDIA H100 SXM data sheet). */
    static final long LLAMA_70B_GPU_BYTES = 4 * 80_000_000_000L;

    /** Share of the GPU memory vLLM uses, its default {@code --gpu-memory-utilization 0.9}, in percent. */
    static final long GPU_MEMORY_PERCENT = 90;

    /** Bytes of the weights: 70,553,706,496 parameters (Llama 3.1 model card: 70.6 B) in bfloat16, 141 GB. */
    static final long LLAMA_70B_WEIGHT_BYTES = 70_553_706_496L * 2;

    /** Assumed, not published: 3 GB a GPU for activations of an 8,192-token pass, CUDA graphs and communication. */
    static final long LLAMA_70B_RESERVED_BYTES = 4 * 3_000_000_000L;

    /**
     * Bytes of KV cache a token takes: key and value, 80 layers, 8 KV heads of dimension 128, 2 bytes each (Llama 3.1
     * configuration: {@code num_hidden_layers}, {@code num_key_value_heads}, {@code head_dim}).
     */
    static final long LLAMA_70B_KV_BYTES_PER_TOKEN = 2L * 80 * 8 * 128 * 2;

    /** Tokens in a KV-cache block, vLLM's default on CUDA. */
    static final int BLOCK_TOKENS = 16;

    private static final ReplicaProfile LLAMA_70B_ON_FOUR_H100 = new ReplicaProfile(
            LLAMA_70B,
            "4 x H100 80GB, bfloat16, tensor parallel 4",
            new Curve(LLAMA_70B_BATCH, LLAMA_70B_ITL_MILLIS),
            promptCost(LLAMA_70B_PROMPT_TOKENS, LLAMA_70B_PROMPT_MILLIS, LLAMA_70B_TOKEN_MILLIS),
            Math.toIntExact(
                    (LLAMA_70B_GPU_BYTES * GPU_MEMORY_PERCENT / 100 - LLAMA_70B_WEIGHT_BYTES - LLAMA_70B_RESERVED_BYTES)
                            / LLAMA_70B_KV_BYTES_PER_TOKEN
                            / BLOCK_TOKENS));

    private final String model;
    private final String hardware;
    private final Curve decodeMillis;
    private final Curve prefillMillis;
    private final int kvBlocks;

    private ReplicaProfile(String model, String hardware, Curve decodeMillis, Curve prefillMillis, int kvBlocks) {
        this.model = model;
        this.hardware = hardware;
        this.decodeMillis = decodeMillis;
        this.prefillMillis = prefillMillis;
        this.kvBlocks = kvBlocks;
    }

    /**
     * Llama 3.1 70B Instruct in bfloat16, tensor parallel on four H100 80GB.
     *
     * <p>Decoding from ML.ENERGY v3, prefill from Splitwise, memory from published sizes. Examples: a step with 32
     * sequences takes 20.06 ms, 1,024 prompt tokens add 76.17 ms to their step, the KV cache holds 25,728 blocks of 16
     * tokens.
     */
    public static ReplicaProfile llama70bOnFourH100() {
        return LLAMA_70B_ON_FOUR_H100;
    }

    private static Curve promptCost(double[] tokens, double[] promptMillis, double[] passMillis) {
        double[] x = new double[tokens.length + 1];
        double[] y = new double[tokens.length + 1];
        for (int i = 0; i < tokens.length; i++) {
            x[i + 1] = tokens[i];
            y[i + 1] = promptMillis[i] - passMillis[i];
        }
        return new Curve(x, y);
    }

    /** The same replica with a KV cache of {@code blocks} blocks. */
    ReplicaProfile withKvBlocks(int blocks) {
        return new ReplicaProfile(model, hardware, decodeMillis, prefillMillis, blocks);
    }

    /** The name clients ask for. */
    public String model() {
        return model;
    }

    /** The GPUs of one replica, in words. */
    public String hardware() {
        return hardware;
    }

    /**
     * Time of a pass over {@code sequences} sequences that computes one token for each, in nanoseconds. Below the
     * smallest measured batch the first slope is continued: 15.59 ms for one sequence.
     */
    public long decodeNanos(int sequences) {
        return Math.round(decodeMillis.valueAt(sequences) * 1e6);
    }

    /**
     * Time that {@code tokens} prompt tokens add to the pass that computes them, in nanoseconds; 0 for none. From zero
     * to the smallest measured prompt the cost rises linearly.
     */
    public long prefillNanos(int tokens) {
        return Math.round(prefillMillis.valueAt(tokens) * 1e6);
    }

    /** Blocks in the KV cache. */
    public int kvBlocks() {
        return kvBlocks;
    }

    /** Tokens whose keys and values one block holds. */
    public int blockTokens() {
        return BLOCK_TOKENS;
    }
}
