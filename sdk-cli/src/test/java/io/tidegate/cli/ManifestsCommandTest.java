/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** {@code ./tidegate manifests}. */
class ManifestsCommandTest {

    @TempDir
    private Path folder;

    private Path out;

    private record Ended(int status, String output, String errors) {}

    @BeforeEach
    void name() {
        out = folder.resolve("k8s");
    }

    private Ended run(String... arguments) {
        StringWriter output = new StringWriter();
        StringWriter errors = new StringWriter();
        CommandLine commandLine = TidegateCli.commandLine(new SimCommand())
                .setOut(new PrintWriter(output, true))
                .setErr(new PrintWriter(errors, true));
        List<String> all = new ArrayList<>(List.of("manifests"));
        all.addAll(List.of(arguments));
        int status = commandLine.execute(all.toArray(new String[0]));
        return new Ended(status, output.toString(), errors.toString());
    }

    @Test
    void manifests_saysWhatItWroteAndHowToApplyIt() throws IOException {
        Ended ended = run("--out", out.toString());

        assertThat(ended.status).as(ended.errors).isZero();
        assertThat(ended.output)
                .contains("wrote  " + out.resolve("components/hpa/vllm-deployment-hpa.yaml"))
                .contains("Note: namespace llm must exist: kubectl create namespace llm")
                .endsWith("kubectl apply -k " + out + System.lineSeparator());
        assertThat(ended.output.lines().filter(line -> line.startsWith("wrote ")))
                .allSatisfy(line -> assertThat(
                                Path.of(line.substring("wrote".length()).strip()))
                        .isRegularFile());
        assertThat(Files.readString(out.resolve("base/gateway-deployment.yaml")))
                .contains("terminationGracePeriodSeconds");
        assertThat(run("--out", out.toString()).output).contains("same   ").doesNotContain("wrote ");
    }

    @Test
    void manifests_ofAConfiguration_takesItsValues() throws IOException {
        Path config = Files.writeString(folder.resolve("mine.yaml"), """
                pools:
                  chat:
                    tiers: {a: {}}
                    scaling: {min: 3, max: 9, backend: {type: kubernetes-hpa, settings: {namespace: models, name: chat}}}
                """);

        Ended ended = run(
                "--out",
                out.toString(),
                "--config",
                config.toString(),
                "--target",
                "deployment/qwen",
                "--only",
                "hpa,scaledobject,rbac,gateway",
                "--prometheus",
                "https://metrics.example.com/prom",
                "--kubernetes",
                "1.36",
                "--image",
                "example.com/gateway:7",
                "--port",
                "9000");

        assertThat(ended.status).as(ended.errors).isZero();
        assertThat(Files.readString(out.resolve("components/hpa/chat.yaml")))
                .contains("namespace: models", "minReplicas: 3", "maxReplicas: 9", "name: qwen", "tolerance: \"0\"");
        assertThat(Files.readString(out.resolve("components/keda-prometheus/qwen-scaler.yaml")))
                .contains("serverAddress: \"https://metrics.example.com/prom\"");
        assertThat(Files.readString(out.resolve("base/gateway-deployment.yaml")))
                .contains("image: \"example.com/gateway:7\"", "containerPort: 9000");
        assertThat(Files.readString(out.resolve("base/tidegate.yaml"))).endsWith(Files.readString(config));
        assertThat(out.resolve("components/servicemonitor")).doesNotExist();
        assertThat(ended.output).doesNotContain("is a sample");
    }

    @Test
    void editedFile_isKeptUnlessForced() throws IOException {
        run("--out", out.toString());
        Path hpa = out.resolve("components/hpa/vllm-deployment-hpa.yaml");
        String edited = Files.readString(hpa).replace("maxReplicas: 10", "maxReplicas: 11");
        Files.writeString(hpa, edited);

        Ended refused = run("--out", out.toString());
        assertThat(refused.status).isEqualTo(1);
        assertThat(refused.errors)
                .startsWith("tidegate: nothing was written")
                .contains("components/hpa/vllm-deployment-hpa.yaml", "--force")
                .doesNotContain("role.yaml");
        assertThat(Files.readString(hpa)).isEqualTo(edited);

        assertThat(run("--out", out.toString(), "--force").status).isZero();
        assertThat(Files.readString(hpa)).contains("maxReplicas: 10");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--namespace | A | --namespace: namespace must be 1 to 63 of",
                "--target | vllm/a | --target: target must be such as deployment/vllm",
                "--only | hpa,pods | --only must be of [hpa, scaledobject, prometheus-adapter, rbac, servicemonitor, gateway]",
                "--prometheus | here | --prometheus: prometheus must be an address",
                "--kubernetes | new | --kubernetes: Kubernetes version must be such as 1.36",
                "--image | a b | --image: image must be such as",
                "--port | 0 | --port: port must be 1 to 65535",
                "--config | none.yaml | --config none.yaml has 1 problem",
            })
    void wrongOption_saysWhatIsRight(String option, String value, String message) {
        Ended ended = run("--out", out.toString(), option, value);

        assertThat(ended.status).isEqualTo(2);
        assertThat(ended.errors).startsWith("tidegate: " + message);
        assertThat(out).doesNotExist();
    }

    @Test
    void wrongConfiguration_orFolder_saysSo() throws IOException {
        Path config =
                Files.writeString(folder.resolve("wrong.yaml"), "pools: {chat: {tiers: {a: {}}, scaling: {min: 3}}}");
        Ended ended = run("--out", out.toString(), "--config", config.toString());
        assertThat(ended.status).isEqualTo(2);
        assertThat(ended.errors).contains("wrong.yaml has 1 problem", "pools.chat.scaling.max");

        Ended file = run("--out", config.toString());
        assertThat(file.status).isEqualTo(2);
        assertThat(file.errors).startsWith("tidegate: --out " + config + " is a file: name a folder");
        assertThat(run().status).isEqualTo(2);
    }
}
