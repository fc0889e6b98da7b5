// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

/** Tensors in a file, mapped. Only its outside yet. */
public final class Safetensors implements AutoCloseable {
    private Safetensors() {
    }

    /** Maps a {@code .safetensors} file, an index of shards ({@code .index.json}), or the one of both a folder holds. */
    public static Safetensors open(Path path) throws IOException {
        throw new UnsupportedOperationException("not written yet: " + path);
    }

    /** The tensors' names, in the order of the file. */
    public Set<String> names() {
        throw new UnsupportedOperationException("not written yet");
    }

    /** What the file says of itself ({@code __metadata__}). */
    public Map<String, String> metadata() {
        throw new UnsupportedOperationException("not written yet");
    }

    /** Copies a tensor's elements into an F32 tensor of the same shape, converting them; refuses another shape. */
    public void read(String name, Tensor to) throws IOException {
        throw new UnsupportedOperationException("not written yet");
    }

    /** A tensor over the mapped file where it can be used as it lies, else an F32 copy in the scope. */
    public Tensor tensor(String name, Scope scope) throws IOException {
        throw new UnsupportedOperationException("not written yet");
    }

    /**
     * Writes a file atomically.
     *
     * @param tensors
     *            by name, contiguous
     * @param metadata
     *            what the file says of itself; transformers wants {@code "format": "pt"}
     */
    public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        throw new UnsupportedOperationException("not written yet: " + file);
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException("not written yet");
    }
}
