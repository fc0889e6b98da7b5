// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

/** The whole-number hash of benchmarks/peers/gpt_golden.py: number i of a stream, in [-0.5, 0.5). */
final class GoldenNumbers {
    private GoldenNumbers() {}

    static double hashed(int stream, int i) {
        long x = (i * 2654435761L + stream * 40503L + 12345) & 0xFFFFFFFFL;
        for (int round = 0; round < 2; round++) {
            x ^= x >> 16;
            x = (x * 0x45D9F3BL) & 0xFFFFFFFFL;
        }
        return (x ^ (x >> 16)) / 4294967296.0 - 0.5;
    }

    /** As the script fills a parameter. */
    static float[] weights(int stream, int count, double shift) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (hashed(stream, i) * 0.4 + shift);
        }
        return values;
    }
}
