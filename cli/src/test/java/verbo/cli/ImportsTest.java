// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Data walks one way: text, tokens, tensors, logits, text. So a module imports only those named beside it here, whatever
 * the module descriptors would let through.
 */
final class ImportsTest {
    private static final Map<String, Set<String>> MAY_IMPORT = Map.of( //
            "tensor", Set.of(), //
            "text", Set.of(), //
            "lm", Set.of("text"), //
            "ngram", Set.of("lm", "text"), //
            "nn", Set.of("tensor"), //
            "models", Set.of("nn", "ngram", "lm", "text", "tensor"), //
            "train", Set.of("models", "nn", "lm", "text", "tensor"), //
            "cli", Set.of("train", "models", "nn", "ngram", "lm", "text", "tensor"));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("verbo");

    @Test
    void seesEveryModule() {
        Set<String> seen = new TreeSet<>();
        CLASSES.forEach(c -> seen.add(module(c)));
        assertThat(seen).isEqualTo(new TreeSet<>(MAY_IMPORT.keySet()));
    }

    @Test
    void importsGoOneWay() {
        Set<String> wrong = new TreeSet<>();
        for (JavaClass from : CLASSES) {
            for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
                JavaClass to = dependency.getTargetClass();
                if (to.getPackageName().startsWith("verbo.") && !module(to).equals(module(from))
                        && !MAY_IMPORT.getOrDefault(module(from), Set.of()).contains(module(to))) {
                    wrong.add(from.getName() + " -> " + to.getName());
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    /** The incubating module breaks with the JDK; only the kernels may know it. */
    @Test
    void onlyTheCpuKernelsImportTheVectorModule() {
        Set<String> wrong = new TreeSet<>();
        for (JavaClass from : CLASSES) {
            if (!from.getPackageName().startsWith("verbo.tensor.cpu") && from.getDirectDependenciesFromSelf().stream()
                    .anyMatch(d -> d.getTargetClass().getPackageName().startsWith("jdk.incubator"))) {
                wrong.add(from.getName());
            }
        }
        assertThat(wrong).isEmpty();
    }

    /** The name after {@code verbo.}, which modules and packages share. */
    private static String module(JavaClass c) {
        String[] parts = c.getPackageName().split("\\.", 3);
        return parts.length > 1 ? parts[1] : "";
    }
}
