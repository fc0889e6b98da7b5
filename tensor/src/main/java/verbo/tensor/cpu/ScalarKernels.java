// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor.cpu;

import verbo.tensor.Binary;
import verbo.tensor.Engine;
import verbo.tensor.Unary;

import static verbo.tensor.cpu.Memory.get;
import static verbo.tensor.cpu.Memory.set;

/**
 * Kernels in plain Java: the tails of the vector kernels, and everything where the vector module is missing. They say the same
 * as {@link VectorKernels} at a fraction of the speed.
 */
final class ScalarKernels implements Kernels {
    static final ScalarKernels INSTANCE = new ScalarKernels();

    /**
     * The tail of the normal distribution, {@code 1 - Φ(a)} for a of 0 and more, is {@code t P(t) e^(-a²/2)} with
     * {@code t = 1 / (1 + 0.305 a)}, the form of Abramowitz and Stegun 26.2.17. P is the polynomial of degree 7 with the
     * least relative error, 9.5e-8; its coefficients, the highest first.
     */
    static final double NORMAL_T = 0.305;

    static final double[] NORMAL = {0.0366993733, -0.152989075, 0.185718209, -0.0379780307, 0.121022306, 0.103420682,
            0.122466847, 0.121639736};

    /** The cubic term inside GPT-2's GELU, and √(2/π) twice, since tanh(u) = 2 σ(2u) - 1. */
    static final float GELU_CUBE = 0.044715f;

    static final float GELU_SCALE = 1.5957691216057308f;

    /** Below, the exponential is 0: vectors have no smaller numbers than 2 to the -126. */
    static final float EXP_LEAST = -87.3f;
    /** Above, it is infinite: there 2 to the 127.5 begins. */
    static final float EXP_MOST = 88.37f;

    private ScalarKernels() {}

    @Override
    public String description() {
        return "plain Java, no vectors: slow";
    }

    @Override
    public long multiplyAdds(int rounds) {
        float a = 1;
        float b = 2;
        float c = 3;
        float d = 4;
        for (int k = 0; k < rounds; k++) {
            a = a * 0.9999f + 1e-9f;
            b = b * 0.9999f + 1e-9f;
            c = c * 0.9999f + 1e-9f;
            d = d * 0.9999f + 1e-9f;
        }
        return a + b + c + d == 0 ? 0 : 8L * rounds;
    }

    // ---- elementwise

    @Override
    public void fill(long out, float value, long n) {
        for (long i = 0; i < n; i++) {
            set(out + 4 * i, value);
        }
    }

    @Override
    public void add(long from, long to, long n) {
        for (long i = 0; i < n; i++) {
            set(to + 4 * i, get(to + 4 * i) + get(from + 4 * i));
        }
    }

    @Override
    public void unary(Unary op, long x, long out, long n) {
        for (long i = 0; i < n; i++) {
            set(out + 4 * i, value(op, get(x + 4 * i)));
        }
    }

    @Override
    public void unaryBackward(Unary op, long x, long out, long dOut, long dx, long n, boolean accumulate) {
        for (long i = 0; i < n; i++) {
            float slope = slope(op, get(x + 4 * i), get(out + 4 * i));
            boolean cut = op == Unary.RELU && slope == 0; // even an infinite gradient
            put(dx + 4 * i, cut ? 0 : get(dOut + 4 * i) * slope, accumulate);
        }
    }

    static void put(long address, float value, boolean accumulate) {
        set(address, accumulate ? get(address) + value : value);
    }

    private static float value(Unary op, float x) {
        return switch (op) {
            case EXP -> exp(x);
            case LOG -> (float) Math.log(x);
            case SQRT -> (float) Math.sqrt(x);
            case SQUARE -> x * x;
            case TANH -> (float) Math.tanh(x);
            case SIGMOID -> sigmoid(x);
            case RELU -> x < 0 ? 0 : x;
            case GELU -> x * normalCumulative(x);
            case GELU_TANH -> x * sigmoid(geluArgument(x));
            case SILU -> x * sigmoid(x);
        };
    }

    private static float slope(Unary op, float x, float y) {
        return switch (op) {
            case EXP -> y;
            case LOG -> 1 / x;
            case SQRT -> 0.5f / y;
            case SQUARE -> 2 * x;
            case TANH -> 1 - y * y;
            case SIGMOID -> y - y * y;
            case RELU -> x <= 0 ? 0 : 1;
            case GELU -> normalCumulative(x) + x * 0.3989422804f * (float) Math.exp(-0.5f * x * x);
            case GELU_TANH -> {
                float s = sigmoid(geluArgument(x));
                yield s + x * (s - s * s) * GELU_SCALE * (1 + 3 * GELU_CUBE * x * x);
            }
            case SILU -> {
                float s = sigmoid(x);
                yield s + x * (s - s * s);
            }
        };
    }

    static float exp(float x) {
        return x < EXP_LEAST ? 0 : x > EXP_MOST ? Float.POSITIVE_INFINITY : (float) Math.exp(x);
    }

    static float sigmoid(float x) {
        return x < EXP_LEAST ? 0 : (float) (1 / (1 + Math.exp(-x)));
    }

    private static float geluArgument(float x) {
        return GELU_SCALE * (x + GELU_CUBE * x * x * x);
    }

    private static float normalCumulative(float x) {
        double t = 1 / (1 + NORMAL_T * Math.abs(x));
        double p = 0;
        for (double coefficient : NORMAL) {
            p = p * t + coefficient;
        }
        double tail = p * t * Math.exp(-0.5 * x * x);
        return (float) (x > 0 ? 1 - tail : tail);
    }

    @Override
    public void binary(Binary op, long a, int aStep, long b, int bStep, long out, long n) {
        for (long i = 0; i < n; i++) {
            set(out + 4 * i, value(op, get(a + 4L * aStep * i), get(b + 4L * bStep * i)));
        }
    }

    static float value(Binary op, float a, float b) {
        return switch (op) {
            case ADD -> a + b;
            case SUBTRACT -> a - b;
            case MULTIPLY -> a * b;
            case DIVIDE -> a / b;
        };
    }

    @Override
    public void affine(long x, float scale, float shift, long out, long n, boolean accumulate) {
        for (long i = 0; i < n; i++) {
            put(out + 4 * i, Math.fma(get(x + 4 * i), scale, shift), accumulate);
        }
    }

    @Override
    public void dropout(long x, float probability, long seed, long first, long out, long n, boolean accumulate) {
        long key = Draws.key(seed);
        float scale = 1 / (1 - probability);
        int threshold = Draws.threshold(probability);
        for (long i = 0; i < n; i++) {
            boolean dropped = Draws.bits(key, first + i) >>> 8 < threshold;
            put(out + 4 * i, dropped ? 0 : get(x + 4 * i) * scale, accumulate);
        }
    }

    // ---- reductions

    @Override
    public float sum(long x, long n) {
        float sum = 0;
        for (long i = 0; i < n; i++) {
            sum += get(x + 4 * i);
        }
        return sum;
    }

    @Override
    public double sumOfSquares(long x, long n) {
        double sum = 0;
        for (long i = 0; i < n; i++) {
            double value = get(x + 4 * i);
            sum += value * value;
        }
        return sum;
    }

    @Override
    public float max(long x, long n) {
        float max = Float.NEGATIVE_INFINITY;
        for (long i = 0; i < n; i++) {
            max = Math.max(max, get(x + 4 * i));
        }
        return max;
    }

    @Override
    public float dot(long a, long b, long n) {
        float sum = 0;
        for (long i = 0; i < n; i++) {
            sum += get(a + 4 * i) * get(b + 4 * i);
        }
        return sum;
    }

    @Override
    public void addScaled(float factor, long x, long y, long n) {
        affine(x, factor, 0, y, n, true);
    }

    @Override
    public void sumRows(long x, long rows, long stride, float scale, long out, long n) {
        for (long j = 0; j < n; j++) {
            float sum = 0;
            for (long i = 0; i < rows; i++) {
                sum += get(x + 4 * (i * stride + j));
            }
            set(out + 4 * j, get(out + 4 * j) + scale * sum);
        }
    }

    // ---- rows

    @Override
    public void layerNorm(long x, long gain, long bias, float epsilon, long out, long statistics, int n, long rows) {
        for (long row = 0; row < rows; row++) {
            layerNorm(x + 4L * n * row, gain, bias, epsilon, out + 4L * n * row, statistics + 8 * row, n);
        }
    }

    private void layerNorm(long x, long gain, long bias, float epsilon, long out, long statistics, int n) {
        float mean = sum(x, n) / n;
        float squares = 0;
        for (long i = 0; i < n; i++) {
            float centred = get(x + 4 * i) - mean;
            squares += centred * centred;
        }
        float scale = (float) (1 / Math.sqrt(squares / n + epsilon));
        set(statistics, mean);
        set(statistics + 4, scale);
        for (long i = 0; i < 4L * n; i += 4) {
            set(out + i, (get(x + i) - mean) * scale * get(gain + i) + get(bias + i));
        }
    }

    @Override
    public void layerNormBackward(long x, long gain, long statistics, long dOut, long dx, long dGain, long dBias, int n,
            boolean accumulate) {
        float mean = get(statistics);
        float scale = get(statistics + 4);
        layerNormBackwardWeights(x, mean, scale, dOut, dGain, dBias, n);
        float sum = 0;
        float product = 0;
        for (long i = 0; i < 4L * n; i += 4) {
            float g = get(dOut + i) * get(gain + i);
            sum += g;
            product += g * (get(x + i) - mean) * scale;
        }
        for (long i = 0; i < 4L * n; i += 4) {
            float g = get(dOut + i) * get(gain + i);
            put(dx + i, scale * (g - sum / n - (get(x + i) - mean) * scale * product / n), accumulate);
        }
    }

    @Override
    public void layerNormBackwardWeights(long x, float mean, float scale, long dOut, long dGain, long dBias, int n) {
        for (long i = 0; i < 4L * n; i += 4) {
            float g = get(dOut + i);
            put(dGain + i, (get(x + i) - mean) * scale * g, true);
            if (dBias != 0) {
                put(dBias + i, g, true);
            }
        }
    }

    @Override
    public void rmsNorm(long x, long gain, float epsilon, long out, long statistics, int n) {
        float scale = (float) (1 / Math.sqrt(dot(x, x, n) / n + epsilon));
        set(statistics, scale);
        for (long i = 0; i < 4L * n; i += 4) {
            set(out + i, get(x + i) * scale * get(gain + i));
        }
    }

    @Override
    public void rmsNormBackward(long x, long gain, float scale, long dOut, long dx, int n, boolean accumulate) {
        float product = 0;
        for (long i = 0; i < 4L * n; i += 4) {
            product += get(dOut + i) * get(gain + i) * get(x + i) * scale;
        }
        for (long i = 0; i < 4L * n; i += 4) {
            put(dx + i, scale * (get(dOut + i) * get(gain + i) - get(x + i) * scale * product / n), accumulate);
        }
    }

    @Override
    public float exp(long x, float scale, float shift, long out, int n) {
        float sum = 0;
        for (long i = 0; i < 4L * n; i += 4) {
            float e = exp(Math.fma(get(x + i), scale, -shift));
            set(out + i, e);
            sum += e;
        }
        return sum;
    }

    @Override
    public float expAndMax(long x, float shift, long out, long other, int n) {
        exp(x, 1, shift, out, n);
        return max(other, n);
    }

    @Override
    public void softmaxBackward(long out, long dOut, float dot, long dx, int n, boolean accumulate) {
        for (long i = 0; i < 4L * n; i += 4) {
            put(dx + i, get(out + i) * (get(dOut + i) - dot), accumulate);
        }
    }

    @Override
    public void logSoftmaxBackward(long out, long dOut, float sum, long dx, int n, boolean accumulate) {
        for (long i = 0; i < 4L * n; i += 4) {
            put(dx + i, get(dOut + i) - exp(get(out + i)) * sum, accumulate);
        }
    }

    @Override
    public void attentionScoresBackward(long p, long dp, float delta, float scale, int n) {
        for (long i = 0; i < 4L * n; i += 4) {
            set(dp + i, get(p + i) * (get(dp + i) - delta) * scale);
        }
    }

    // ---- updates

    @Override
    public void adamW(long parameter, long gradient, long mean, long variance, Engine.AdamW step, long n) {
        double correction2 = 1 - Math.pow(step.beta2(), (double) step.step());
        float rate = (float) (step.rate() / (1 - Math.pow(step.beta1(), (double) step.step())));
        float root = (float) (1 / Math.sqrt(correction2));
        for (long i = 0; i < 4 * n; i += 4) {
            float g = get(gradient + i) * step.gradientScale();
            float m = get(mean + i) * step.beta1() + g * (1 - step.beta1());
            float v = get(variance + i) * step.beta2() + g * g * (1 - step.beta2());
            set(mean + i, m);
            set(variance + i, v);
            set(parameter + i, get(parameter + i) * (1 - step.rate() * step.decay())
                    - rate * m / ((float) Math.sqrt(v) * root + step.epsilon()));
        }
    }

    @Override
    public void sgd(long parameter, long gradient, long velocity, float rate, float momentum, float decay, float scale,
            long n) {
        for (long i = 0; i < 4 * n; i += 4) {
            float p = get(parameter + i);
            float g = get(gradient + i) * scale + p * decay;
            if (velocity != 0) {
                g += get(velocity + i) * momentum;
                set(velocity + i, g);
            }
            set(parameter + i, p - rate * g);
        }
    }
}
