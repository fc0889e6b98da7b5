// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import verbo.tensor.Shape;
import verbo.tensor.Tensor;

/**
 * How to walk several tensors of one shape together: the fewest nested loops, the innermost over as many elements as lie
 * regularly in all of them. A tensor of fewer dimensions, or of length 1 where the shape is longer, is repeated.
 */
final class LoopNest {
    private final long[] addresses;
    private final int[] bytes;
    private final int[] lengths;
    private final long[][] strides; // [tensor][loop], in elements

    /** What is done with one run of elements, given the address of each tensor's first. */
    interface Run {
        void at(long first, long second, long third, int n);
    }

    LoopNest(Shape shape, Tensor... tensors) {
        addresses = new long[tensors.length];
        bytes = new int[tensors.length];
        int rank = Math.max(1, shape.rank());
        int[] merged = new int[rank];
        long[][] steps = new long[tensors.length][rank];
        int loops = 0;
        for (int t = 0; t < tensors.length; t++) {
            addresses[t] = Memory.address(tensors[t]);
            bytes[t] = tensors[t].dtype().bytes();
        }
        for (int i = 0; i < shape.rank(); i++) {
            int length = shape.length(i);
            if (length == 1) {
                continue;
            }
            boolean merge = loops > 0 && (long) merged[loops - 1] * length <= Integer.MAX_VALUE;
            long[] stride = new long[tensors.length];
            for (int t = 0; t < tensors.length; t++) {
                int own = i - (shape.rank() - tensors[t].rank());
                stride[t] = own < 0 || tensors[t].length(own) == 1 ? 0 : tensors[t].stride(own);
                merge &= loops > 0 && steps[t][loops - 1] == stride[t] * length;
            }
            if (merge) {
                merged[loops - 1] *= length;
            } else {
                merged[loops++] = length;
            }
            for (int t = 0; t < tensors.length; t++) {
                steps[t][loops - 1] = stride[t];
            }
        }
        if (loops == 0) {
            merged[loops++] = 1;
            for (int t = 0; t < tensors.length; t++) {
                steps[t][0] = 1;
            }
        }
        this.lengths = java.util.Arrays.copyOf(merged, loops);
        this.strides = steps;
    }

    /** The stride of a tensor in the innermost loop. */
    long innerStride(int tensor) {
        return strides[tensor][lengths.length - 1];
    }

    /** Walks all elements, by all threads where there are many. */
    void run(Workers workers, Run run) {
        long inner = lengths[lengths.length - 1]; // long, since what is added may be more than an int holds
        long outer = 1;
        for (int i = 0; i < lengths.length - 1; i++) {
            outer *= lengths[i];
        }
        if (inner == 0 || outer == 0) {
            return;
        }
        int pieces = Math.max(1, (int) Math.min(1 << 16, (inner + CpuEngine.CHUNK - 1) / CpuEngine.CHUNK));
        int piece = (int) ((inner + pieces - 1) / pieces);
        long runs = Math.max(1, CpuEngine.CHUNK / Math.max(1, piece)); // outer iterations to a task
        int tasks = Math.toIntExact((outer + runs - 1) / runs * pieces);
        long all = outer;
        workers.run(tasks, index -> {
            long from = (long) (index % pieces) * piece;
            int n = (int) Math.min(piece, inner - from);
            if (n <= 0) {
                return;
            }
            long first = index / pieces * runs;
            for (long at = first; at < Math.min(all, first + runs); at++) {
                long rest = at;
                long a = from * innerStride(0);
                long b = addresses.length > 1 ? from * innerStride(1) : 0;
                long c = addresses.length > 2 ? from * innerStride(2) : 0;
                for (int i = lengths.length - 2; i >= 0; i--) {
                    long place = rest % lengths[i];
                    rest /= lengths[i];
                    a += place * strides[0][i];
                    b += addresses.length > 1 ? place * strides[1][i] : 0;
                    c += addresses.length > 2 ? place * strides[2][i] : 0;
                }
                run.at(addresses[0] + a * bytes[0], addresses.length > 1 ? addresses[1] + b * bytes[1] : 0,
                        addresses.length > 2 ? addresses[2] + c * bytes[2] : 0, n);
            }
        });
    }
}
