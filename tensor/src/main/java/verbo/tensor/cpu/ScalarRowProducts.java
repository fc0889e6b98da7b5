// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

/** {@link RowProducts} in plain Java. */
final class ScalarRowProducts implements RowProducts {
    @Override
    public void dots(long x, int m, long y, int n, long stride, int width, float[] out) {
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                out[i * n + j] = ScalarKernels.INSTANCE.dot(x + i * stride, y + j * stride, width);
            }
        }
    }

    @Override
    public void update(long x, long[] xRows, int m, long y, long[] yRows, int n, long stride, int width, float[] g) {
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                ScalarKernels.INSTANCE.addScaled(g[i * n + j], y + j * stride, xRows[i], width);
                ScalarKernels.INSTANCE.addScaled(g[i * n + j], x + i * stride, yRows[j], width);
            }
        }
    }

    @Override
    public void mean(long[] rows, int count, int width, long out) {
        ScalarKernels.INSTANCE.fill(out, 0, width);
        for (int i = 0; i < count; i++) {
            ScalarKernels.INSTANCE.add(rows[i], out, width);
        }
        ScalarKernels.INSTANCE.affine(out, 1f / count, 0, out, width, false);
    }

    @Override
    public void addTo(long[] rows, int count, int width, long x) {
        for (int i = 0; i < count; i++) {
            ScalarKernels.INSTANCE.add(x, rows[i], width);
        }
    }
}
