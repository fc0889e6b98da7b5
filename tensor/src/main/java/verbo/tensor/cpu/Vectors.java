// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

import static verbo.tensor.cpu.Memory.ALL;

/**
 * The vectors of this process, and how they come from memory and go there. The species is a constant, so that the JIT compiles
 * each loop for one width of registers.
 */
final class Vectors {
    static final VectorSpecies<Float> S = species();
    static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, S.vectorShape());
    /** Lanes of a vector. */
    static final int L = S.length();
    /** Bytes of a vector. */
    static final long W = S.vectorByteSize();
    static final ByteOrder ORDER = ByteOrder.nativeOrder();

    // Shuffles that bring the upper half of so many lanes down onto the lower.
    private static final VectorShuffle<Float> HALF_OF_16 = half(16);
    private static final VectorShuffle<Float> HALF_OF_8 = half(8);
    private static final VectorShuffle<Float> HALF_OF_4 = half(4);
    private static final VectorShuffle<Float> HALF_OF_2 = half(2);

    private static VectorShuffle<Float> half(int lanes) {
        return VectorShuffle.fromOp(S, lane -> (lane + lanes / 2) % L);
    }

    private Vectors() {}

    private static VectorSpecies<Float> species() {
        return switch (System.getProperty("verbo.species", "")) {
            case "128" -> FloatVector.SPECIES_128;
            case "256" -> FloatVector.SPECIES_256;
            case "512" -> FloatVector.SPECIES_512;
            default -> FloatVector.SPECIES_PREFERRED;
        };
    }

    /** Whether this processor has vectors worth using, of the width asked for. */
    static boolean available() {
        return FloatVector.SPECIES_PREFERRED.vectorBitSize() >= 128;
    }

    /**
     * The sum of the lanes, halves onto halves. {@code reduceLanes} does not define its order, and the interpreter's is
     * another than the compiler's: results would change in the moment in which a method is compiled.
     */
    static float sumLanes(FloatVector v) {
        FloatVector sum = v;
        if (L >= 16) {
            sum = sum.add(sum.rearrange(HALF_OF_16));
        }
        if (L >= 8) {
            sum = sum.add(sum.rearrange(HALF_OF_8));
        }
        if (L >= 4) {
            sum = sum.add(sum.rearrange(HALF_OF_4));
        }
        return sum.add(sum.rearrange(HALF_OF_2)).lane(0);
    }

    static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(S, ALL, address, ORDER);
    }

    static void store(FloatVector vector, long address) {
        vector.intoMemorySegment(ALL, address, ORDER);
    }

    static void store(FloatVector vector, long address, boolean accumulate) {
        store(accumulate ? load(address).add(vector) : vector, address);
    }

    static FloatVector all(float value) {
        return FloatVector.broadcast(S, value);
    }

    /** The address after the last whole vector of n elements. */
    static long body(long address, long n) {
        return address + n / L * W;
    }
}
