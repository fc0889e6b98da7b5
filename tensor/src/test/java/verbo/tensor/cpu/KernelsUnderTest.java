// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;

/** The kernels that this process was started with: the build runs the tests of kernels once a species. */
final class KernelsUnderTest {
    static final Kernels KERNELS = CpuEngine.kernels();
    static final ProductKernels PRODUCTS = ProductKernels.of(KERNELS);

    private KernelsUnderTest() {}

    /** Whether vectors are wider than the processor's: they are computed element by element, thousands of times slower. */
    static boolean emulated() {
        String wanted = System.getProperty("verbo.species", "");
        return (wanted.equals("256") || wanted.equals("512"))
                && Integer.parseInt(wanted) > FloatVector.SPECIES_PREFERRED.vectorBitSize();
    }

    static boolean scalar() {
        return KERNELS instanceof ScalarKernels;
    }

    /** Numbers of elements: every tail there is, and some beyond several rounds of an unrolled loop. */
    static int[] counts() {
        if (emulated()) {
            return IntStream.concat(IntStream.rangeClosed(0, 70), IntStream.of(95, 96, 97, 131)).toArray();
        }
        return IntStream
                .concat(IntStream.rangeClosed(0, 70),
                        IntStream.of(95, 96, 97, 127, 128, 129, 255, 257, 1000, 1031, 4099))
                .toArray();
    }
}
