// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

/** What one element of a tensor is. Arithmetic is done in {@link #F32}; the others are read, converted or used as indices. */
public enum DType {
    /** 32-bit IEEE 754 float. */
    F32(4),
    /** 16-bit IEEE 754 float. */
    F16(2),
    /** The upper half of an {@link #F32}. */
    BF16(2),
    /** 32-bit signed integer: token ids, class labels, positions. */
    I32(4);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }
}
