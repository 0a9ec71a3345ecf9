/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.cli;

import io.tidegate.config.ConfigException;
import io.tidegate.config.ConfigReader;
import io.tidegate.config.TidegateConfig;
import io.tidegate.k8s.manifests.ManifestPart;
import io.tidegate.k8s.manifests.ManifestSettings;
import io.tidegate.k8s.manifests.Manifests;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code ./tidegate manifests}. Exit status 0 if all is written, 1 if files of others or edited ones are in the way or the disk fails, 2 if
 * it was asked wrongly.
 */
@Command(
        name = "manifests",
        description = {
            "Writes what Kubernetes is to be told: HPA, ScaledObjects, rules of prometheus-adapter, rights, ServiceMonitor and a",
            "sample gateway, from a configuration, for kubectl apply -k (docs/kubernetes.md).",
            ""
        },
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class ManifestsCommand implements Callable<Integer> {

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "Folder to write to; made if needed.")
    private @Nullable Path out;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Configuration whose pools are written for. Default: the values of the well-known examples.")
    private @Nullable Path config;

    @Option(
            names = "--namespace",
            paramLabel = "N",
            description = "Namespace of all of it. Default: that of the backends in the configuration, or llm.")
    private @Nullable String namespace;

    @Option(names = "--pool", paramLabel = "POOL", description = "Only this pool. Default: all that are scaled.")
    private @Nullable String pool;

    @Option(
            names = "--target",
            paramLabel = "KIND/NAME",
            description = "What is scaled, such as deployment/vllm. Default: as the backend says, or"
                    + " deployment/vllm-deployment.")
    private @Nullable String target;

    @Option(
            names = "--only",
            paramLabel = "PART",
            split = ",",
            description =
                    "Only these: hpa, scaledobject, prometheus-adapter, rbac, servicemonitor, gateway. What is named"
                            + " here is also put into use.")
    private List<String> only = new ArrayList<>();

    @Option(
            names = "--prometheus",
            paramLabel = "URL",
            description = "Address of Prometheus, as seen in the cluster. Default:"
                    + " http://prometheus-operated.monitoring.svc:9090.")
    private @Nullable String prometheus;

    @Option(
            names = "--kubernetes",
            paramLabel = "VERSION",
            description =
                    "Version of the API server; from 1.35 on the HPA says its tolerance. Default: it is left out.")
    private @Nullable String kubernetes;

    @Option(names = "--image", paramLabel = "IMAGE", description = "The gateway's image. Default: a sample.")
    private @Nullable String image;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            description = "The gateway's port, of /metrics and /healthz as well. Default: 8080.")
    private @Nullable Integer port;

    @Option(
            names = "--dcgm-honor-labels",
            description =
                    "dcgm-exporter is scraped with honorLabels: true, so its labels are not exported_pod but pod.")
    private boolean dcgmHonorLabels;

    @Option(names = "--force", description = "Also write over files that were edited, or are of others.")
    private boolean force;

    private ManifestsCommand() {}

    private CommandLine commandLine() {
        return Objects.requireNonNull(spec).commandLine();
    }

    private int failed(int status, String message) {
        commandLine().getErr().println("tidegate: " + message);
        commandLine().getErr().flush();
        return status;
    }

    @Override
    public Integer call() {
        Path folder = Objects.requireNonNull(out);
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            return failed(CommandLine.ExitCode.USAGE, "--out " + folder + " is a file: name a folder");
        }
        Manifests manifests;
        try {
            manifests = manifests();
        } catch (ConfigException e) {
            return failed(CommandLine.ExitCode.USAGE, "--config " + e.getMessage());
        } catch (IllegalArgumentException e) {
            return failed(CommandLine.ExitCode.USAGE, String.valueOf(e.getMessage()));
        }
        try {
            print(folder, manifests, manifests.write(folder, force));
        } catch (IllegalStateException e) {
            return failed(CommandLine.ExitCode.SOFTWARE, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return failed(CommandLine.ExitCode.SOFTWARE, "cannot write: " + e);
        }
        return CommandLine.ExitCode.OK;
    }

    private Manifests manifests() {
        ManifestSettings.Builder builder = ManifestSettings.builder().dcgmHonorLabels(dcgmHonorLabels);
        set("--namespace", namespace, builder::namespace);
        set("--pool", pool, builder::pool);
        set("--target", target, builder::target);
        set("--prometheus", prometheus, builder::prometheus);
        set("--kubernetes", kubernetes, builder::kubernetes);
        set("--image", image, builder::image);
        set("--port", port, builder::port);
        only.forEach(each -> builder.only(part(each)));
        TidegateConfig read = null;
        if (config != null) {
            String text = ConfigReader.text(config);
            read = ConfigReader.parse(config.toString(), text);
            builder.configText(text);
        }
        return Manifests.of(read, builder.build());
    }

    private static ManifestPart part(String text) {
        return Arrays.stream(ManifestPart.values())
                .filter(each -> each.toString().equals(text.strip()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("--only must be of "
                        + Arrays.toString(ManifestPart.values()) + ", with commas between, but was \"" + text + "\""));
    }

    private static <T> void set(String option, @Nullable T value, Consumer<T> setting) {
        if (value == null) {
            return;
        }
        try {
            setting.accept(value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
        }
    }

    private void print(Path folder, Manifests manifests, Manifests.Written written) {
        PrintWriter to = commandLine().getOut();
        written.written().forEach(each -> to.println("wrote  " + folder.resolve(each)));
        written.same().forEach(each -> to.println("same   " + folder.resolve(each)));
        written.left().forEach(each -> to.println("unused " + folder.resolve(each) + ": delete it"));
        to.println();
        manifests.notes().forEach(each -> to.println("Note: " + each));
        to.println("Read them, then: kubectl apply -k " + folder);
        to.flush();
    }
}
