// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

/** Rows of a table by their numbers. */
final class Lookup {
    private Lookup() {}

    static Tensor embedding(Tensor weight, Tensor ids) {
        if (weight.rank() != 2 || ids.dtype() != DType.I32 || !ids.isContiguous()) {
            throw new IllegalArgumentException("a table [vocabulary, width] is read by contiguous ids of I32, not "
                    + weight.shape() + " by " + ids + (ids.isContiguous() ? "" : " with gaps"));
        }
        int[] lengths = java.util.Arrays.copyOf(ids.shape().lengths(), ids.rank() + 1);
        lengths[ids.rank()] = weight.length(1);
        Tensor out = Scope.current().empty(DType.F32, lengths);
        weight.engine().embedding(weight, ids, out);
        if (Elementwise.recording(weight)) {
            out.recorded(dOut -> weight.engine().embeddingBackward(ids, dOut, weight.intoSum()), weight);
        }
        return out;
    }
}
