// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;

/**
 * Copies a jar, of which classes older than Java 6 become classes of today with the frames that such have. The JVM's cache
 * takes no older ones, and loading picocli's, which are Java 5's, from the jar is a fifth of a start.
 *
 * <p>
 * {@code java -cp FROM ModernClassFiles.java FROM TO}
 */
final class ModernClassFiles {
    private static final ClassFile CLASSES = ClassFile.of(StackMapsOption.GENERATE_STACK_MAPS);

    private static final ClassTransform MODERN = new ClassTransform() {
        @Override
        public void accept(ClassBuilder builder, ClassElement element) {
            if (!(element instanceof ClassFileVersion)) {
                builder.with(element);
            }
        }

        @Override
        public void atEnd(ClassBuilder builder) {
            builder.withVersion(ClassFile.latestMajorVersion(), 0);
        }
    }.andThen(ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)); // written anew, and so with frames

    private ModernClassFiles() {}

    public static void main(String[] args) throws IOException {
        try (JarFile from = new JarFile(args[0]);
                JarOutputStream to = new JarOutputStream(Files.newOutputStream(Path.of(args[1])))) {
            for (JarEntry entry : Collections.list(from.entries())) {
                byte[] bytes = from.getInputStream(entry).readAllBytes();
                to.putNextEntry(new JarEntry(entry.getName()));
                to.write(entry.getName().endsWith(".class") ? modern(bytes) : bytes);
            }
        }
    }

    private static byte[] modern(byte[] bytes) {
        ClassModel model = CLASSES.parse(bytes);
        return model.majorVersion() < ClassFile.JAVA_6_VERSION ? CLASSES.transformClass(model, MODERN) : bytes;
    }
}
