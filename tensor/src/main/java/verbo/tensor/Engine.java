// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import verbo.tensor.cpu.CpuEngine;

/**
 * What a device provides: memory, and kernels forward and backward. Everything above this interface — tensors, gradients,
 * layers, models — is the same on every engine.
 *
 * <p>
 * Kernels write into tensors that the caller allocated and never allocate results. Shapes have been checked by the caller.
 * Where a kernel takes {@code accumulate}, it adds to what the output holds instead of replacing it. "Contiguous" arguments
 * lie in row order without gaps; others may have any strides. All arithmetic is F32.
 *
 * <p>
 * A result does not depend on the number of threads.
 */
public interface Engine extends AutoCloseable {

    /**
     * The engine of this machine's processor with one thread a processor, made on first use and never closed: its
     * {@link #close} does nothing.
     */
    static Engine cpu() {
        return CpuEngine.shared();
    }

    /**
     * A CPU engine with its own pool of threads.
     *
     * @param threads
     *            how many threads compute, the calling one included; at least 1
     */
    static Engine cpu(int threads) {
        return new CpuEngine(threads);
    }

    /** One line that names the device and the kernels in use. */
    String description();

    /** How many threads compute. */
    int threads();

    /** Bytes that this engine holds from the system, in use or kept for the next step. */
    long reservedBytes();

    // ---- memory

    /** Memory of at least {@code bytes} bytes with undefined content. Usually called by a {@link Scope}. */
    Storage allocate(long bytes);

    /** Takes back what {@link #allocate} gave. */
    void free(Storage storage);

    /** Memory that lies elsewhere, usually a file's, for reading. It must stay mapped as long as tensors use it. */
    Storage wrap(MemorySegment segment);

    /** Copies a contiguous tensor's elements, as they are, to a segment of heap or native memory. */
    void read(Tensor from, MemorySegment to);

    /** Copies a contiguous tensor's elements, as they are, from a segment of heap or native memory. */
    void write(Tensor to, MemorySegment from);

    // ---- elementwise

    /** Sets all elements. {@code out} is contiguous. */
    void fill(Tensor out, float value);

    /** Fills with a normal distribution, the same for the same seed on every engine. {@code out} is contiguous. */
    void fillNormal(Tensor out, float mean, float deviation, long seed);

    /**
     * Copies to F32, converting what is of another type, or I32 to I32, which is not accumulated. Shapes are equal, strides
     * any.
     */
    void copy(Tensor from, Tensor to, boolean accumulate);

    /** {@code out = op(x)}; contiguous. */
    void unary(Unary op, Tensor x, Tensor out);

    /** {@code dx (+)= dOut · op'(x)}, where {@code out} is what {@link #unary} gave; contiguous. */
    void unaryBackward(Unary op, Tensor x, Tensor out, Tensor dOut, Tensor dx, boolean accumulate);

    /** {@code out = a op b}; a and b of any strides, broadcast to the contiguous {@code out}. */
    void binary(Binary op, Tensor a, Tensor b, Tensor out);

    /** {@code out (+)= x · scale + shift}; contiguous. */
    void affine(Tensor x, float scale, float shift, Tensor out, boolean accumulate);

    /**
     * {@code out (+)= scale · Σ x} over the dimensions in which {@code out}'s length is 1 and {@code x}'s is not. Ranks are
     * equal; contiguous.
     */
    void sum(Tensor x, float scale, Tensor out, boolean accumulate);

    /** The largest element over the last dimension: {@code x [rows.., n]}, {@code out [rows.., 1]}; contiguous. */
    void max(Tensor x, Tensor out);

    /** {@code dx (+)= dOut} where x equals the maximum (the first such element); NaN equals NaN. */
    void maxBackward(Tensor x, Tensor out, Tensor dOut, Tensor dx, boolean accumulate);

    /** The sum of squares of all elements: of pieces in float, their sums in double; contiguous. */
    double sumOfSquares(Tensor x);

    /** Drops elements with probability p and scales the rest by 1/(1-p): element i by the i-th draw of {@code seed}. */
    void dropout(Tensor x, float p, long seed, Tensor out, boolean accumulate);

    // ---- products

    /**
     * {@code out[.., m, n] (+)= a[.., m, k] · b[.., k, n] (+ bias[n])}. The last two dimensions of a and b are row-major or
     * transposed (one of their strides is 1), the dimensions before are equal or broadcast in a or b; {@code out} has a last
     * stride of 1.
     */
    void matmul(Tensor a, Tensor b, @Nullable Tensor bias, Tensor out, boolean accumulate);

    // ---- rows

    /** {@code out[i, :] = weight[ids[i], :]}; weight [vocabulary, width], ids I32 contiguous, out contiguous. */
    void embedding(Tensor weight, Tensor ids, Tensor out);

    /** {@code dWeight[ids[i], :] += dOut[i, :]}. */
    void embeddingBackward(Tensor ids, Tensor dOut, Tensor dWeight);

    /**
     * Layer normalisation over the last dimension (Ba et al. 2016). {@code statistics [rows, 2]} gets mean and reciprocal
     * standard deviation.
     */
    void layerNorm(Tensor x, Tensor gain, Tensor bias, float epsilon, Tensor out, Tensor statistics);

    /** Gradients of {@link #layerNorm}; a null target is not computed. */
    void layerNormBackward(Tensor x, Tensor gain, Tensor statistics, Tensor dOut, Gradient dx, Gradient dGain,
            Gradient dBias);

    /** Root-mean-square normalisation over the last dimension (Zhang and Sennrich 2019); {@code statistics [rows]}. */
    void rmsNorm(Tensor x, Tensor gain, float epsilon, Tensor out, Tensor statistics);

    /** Gradients of {@link #rmsNorm}. */
    void rmsNormBackward(Tensor x, Tensor gain, Tensor statistics, Tensor dOut, Gradient dx, Gradient dGain);

    /** Softmax over the last dimension, or its logarithm; contiguous. */
    void softmax(Tensor x, boolean log, Tensor out);

    /** Gradient of {@link #softmax}, from its output. */
    void softmaxBackward(Tensor out, boolean log, Tensor dOut, Tensor dx, boolean accumulate);

    /**
     * Cross-entropy of rows of logits: {@code losses[i] = logΣexp(logits[i, :]) - logits[i, targets[i]]} in nats, 0 where the
     * target is negative. {@code logits} is overwritten with exp(logit - max), and {@code sums[i]} is its row's sum, for
     * {@link #crossEntropyBackward}.
     */
    void crossEntropy(Tensor logits, Tensor targets, Tensor losses, Tensor sums);

    /**
     * Turns what {@link #crossEntropy} left in {@code logits} into {@code scale} times the gradient of the sum of the losses,
     * in place.
     */
    void crossEntropyBackward(Tensor logits, Tensor targets, Tensor sums, float scale);

    /**
     * {@link #crossEntropy} of some of the classes: {@code logits [rows, part]} holds those from {@code first} on, and is
     * overwritten with exp(logit - max), where {@code maxima [rows]} is the part's own maximum; {@code sums [rows]} are the
     * sums. Where a row's target is among them, {@code chosen [rows]} gets its logit.
     */
    void crossEntropyPart(Tensor logits, int first, Tensor targets, Tensor maxima, Tensor sums, Tensor chosen);

    /**
     * Puts parts together: {@code maxima} and {@code sums [parts, rows]} are what {@link #crossEntropyPart} gave for each.
     * {@code losses [rows]} as {@link #crossEntropy} gives them; {@code sums} is overwritten with the factors that make a
     * part's exponentials probabilities.
     */
    void crossEntropyOfParts(Tensor maxima, Tensor sums, Tensor chosen, Tensor targets, Tensor losses);

    /** {@link #crossEntropyBackward} of a part, by the factors of {@link #crossEntropyOfParts}, in place. */
    void crossEntropyPartBackward(Tensor logits, int first, Tensor targets, Tensor factors, float scale);

    // ---- attention

    /**
     * Attention: q {@code [batch, heads, queries, d]}, k and v {@code [batch, kvHeads, keys, d]}, out as q; any strides but the
     * last, which is 1. {@code logSums [batch, heads, queries]} gets the logarithm of each softmax's denominator.
     */
    void attention(Attention options, Tensor q, Tensor k, Tensor v, Tensor out, Tensor logSums);

    /** Gradients of {@link #attention}, which are added to dq, dk and dv. */
    void attentionBackward(Attention options, Tensor q, Tensor k, Tensor v, Tensor out, Tensor logSums, Tensor dOut,
            Tensor dq, Tensor dk, Tensor dv);

    /**
     * Attention of single queries to keys and values that lie in pages, for decoding: row i of {@code q [rows, heads · d]}
     * sees the first {@code lengths[i]} places of {@code caches.get(i)}. {@code out} as q; both contiguous. The options have
     * no bias and no dropout; causality is what the lengths say.
     */
    void attentionOverPages(Attention options, int headDimension, Tensor q, List<Pages> caches, int[] lengths,
            Tensor out);

    /**
     * Keys and values of one sequence in one layer.
     *
     * @param keys
     *            the pages in order, each {@code [pageLength, kvHeads · d]}, F32, its rows contiguous
     * @param values
     *            the same for the values
     * @param pageLength
     *            how many places a page holds
     */
    record Pages(List<Tensor> keys, List<Tensor> values, int pageLength) {}

    // ---- recurrent layers

    /**
     * All steps of a recurrent layer: {@code states[:, t] = cell(x[t] + h·weight + bias, states[:, t ∓ 1])}, where h is the
     * output before, {@code states[0, t ∓ 1]}; the states before the first step are {@code initial}. See
     * {@link Tensor#recurrence}.
     *
     * @param backwards
     *            whether the first step is the last place
     * @param x
     *            [time, batch, gates · width], contiguous
     * @param weight
     *            [width, gates · width], by rows or by columns
     * @param bias
     *            [gates · width], contiguous, or null
     * @param initial
     *            [states, batch, width], contiguous
     * @param states
     *            [states, time, batch, width], contiguous
     * @param gates
     *            [time, batch, kept · width], contiguous: gets what {@link #recurrenceBackward} needs
     */
    void recurrence(RecurrentCell cell, boolean backwards, Tensor x, Tensor weight, @Nullable Tensor bias,
            Tensor initial, Tensor states, Tensor gates);

    /**
     * Gradients of {@link #recurrence}: of {@code x} in {@code dx}, of what the weight and the bias gave in {@code dProduct},
     * of {@code initial} in {@code dInitial}; all are replaced. Where the cell adds the product to x, as all but the GRU do,
     * {@code dx} and {@code dProduct} are the same tensor.
     */
    void recurrenceBackward(RecurrentCell cell, boolean backwards, Tensor weight, Tensor initial, Tensor states,
            Tensor gates, Tensor dStates, Tensor dx, Tensor dProduct, Tensor dInitial);

    // ---- updates

    /** One step of AdamW (Loshchilov and Hutter 2019) on a parameter. See {@link AdamW}. */
    void adamW(Tensor parameter, Tensor gradient, Tensor mean, Tensor variance, AdamW step);

    /** A step down the gradient with momentum: {@code v = momentum·v + scale·g + decay·p; p -= rate·v}; v may be null. */
    void sgd(Tensor parameter, Tensor gradient, @Nullable Tensor velocity, float rate, float momentum,
            float decay, float gradientScale);

    /**
     * What one step of AdamW needs.
     *
     * @param rate
     *            learning rate
     * @param beta1
     *            how much of the mean is kept
     * @param beta2
     *            how much of the mean of squares is kept
     * @param epsilon
     *            added to the root of the mean of squares
     * @param decay
     *            weight decay, times the rate
     * @param step
     *            which step this is, from 1, for the correction of both means
     * @param gradientScale
     *            what the gradient is multiplied by first, for clipping
     */
    record AdamW(float rate, float beta1, float beta2, float epsilon, float decay, long step, float gradientScale) {}

    /** Where a gradient goes: a tensor, and whether it is added to or replaced. A null tensor is not wanted. */
    record Gradient(@Nullable Tensor into, boolean accumulate) {
        /** No gradient is wanted. */
        public static final Gradient NONE = new Gradient(null, false);
    }

    /**
     * Ends the threads and gives back what memory is not in use, and the rest as it is freed. Computing on a closed engine and
     * allocating from it throw {@link IllegalStateException}.
     */
    @Override
    void close();
}
