// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Numbers in a grid, on an engine. Operations read like the maths, put their result into the current {@link Scope} and record
 * themselves for {@link #backward} where an argument wants a gradient.
 *
 * <p>
 * {@link #reshape}, {@link #transpose} and {@link #slice} give views: the same memory, seen differently. A view's gradient is
 * a view of the gradient, so nothing is copied on the way back either.
 *
 * <p>
 * Shapes are written {@code [batch, time, width]}, outermost first; a negative dimension counts from the end.
 */
public final class Tensor {
    private final Scope scope;
    private final Storage storage;
    private final int life;
    private final DType dtype;
    private final Shape shape;
    private final long[] strides;
    private final long offset;
    private final Tensor base;

    // Of a base only: whether a gradient is wanted, whether it was not computed, or was and what led to it has been run
    // backward, the gradient's memory, and whether anything was written to it yet.
    private boolean requiresGradient;
    private boolean leaf = true;
    private boolean historyGone;
    private @Nullable Tensor gradient;
    private boolean gradientWritten;

    Tensor(Scope scope, Storage storage, DType dtype, Shape shape) {
        this.scope = scope;
        this.storage = storage;
        this.life = storage.life();
        this.dtype = dtype;
        this.shape = shape;
        this.strides = shape.contiguousStrides();
        this.offset = 0;
        this.base = this;
    }

    private Tensor(Tensor of, Tensor base, Shape shape, long[] strides, long offset) {
        this.scope = of.scope;
        this.storage = of.storage;
        this.life = of.life;
        this.dtype = of.dtype;
        this.shape = shape;
        this.strides = strides;
        this.offset = offset;
        this.base = base;
    }

    // ---- what it is

    /** The lengths of the dimensions. */
    public Shape shape() {
        return shape;
    }

    /** The length of a dimension; negative counts from the end. */
    public int length(int dimension) {
        return shape.length(dimension);
    }

    /** The number of elements. */
    public long size() {
        return shape.size();
    }

    /** The number of dimensions. */
    public int rank() {
        return shape.rank();
    }

    /** What an element is. */
    public DType dtype() {
        return dtype;
    }

    /** The engine that holds and computes it. */
    public Engine engine() {
        return scope.engine();
    }

    /**
     * The memory it lies in, for engines.
     *
     * @throws IllegalStateException
     *             when that memory was given back
     */
    public Storage storage() {
        if (storage.life() != life) {
            throw new IllegalStateException("a tensor " + shape
                    + " is used after its scope was closed: keep what outlives a scope with Scope.copy in a lasting one");
        }
        return storage;
    }

    /** Elements from the start of the storage to the first of this tensor. */
    public long offset() {
        return offset;
    }

    /** Elements from one to the next along a dimension. */
    public long stride(int dimension) {
        return strides[shape.dimension(dimension)];
    }

    /** Whether the elements lie in row order without gaps. */
    public boolean isContiguous() {
        long expected = 1;
        for (int i = strides.length - 1; i >= 0; i--) {
            if (shape.length(i) != 1 && strides[i] != expected) {
                return false;
            }
            expected *= shape.length(i);
        }
        return true;
    }

    // ---- reading and writing elements

    /** Copies all elements out in row order; F16 and BF16 are converted. */
    public float[] toFloats() {
        if (size() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("a tensor " + shape + " is too large for an array");
        }
        float[] values = new float[(int) size()];
        if (dtype == DType.F32 && isContiguous()) {
            engine().read(this, MemorySegment.ofArray(values));
        } else {
            try (Scope temporary = Scope.open(engine())) {
                engine().read(temporary.copy(this), MemorySegment.ofArray(values));
            }
        }
        return values;
    }

    /**
     * Copies all elements of an I32 tensor out in row order.
     *
     * @throws IllegalArgumentException
     *             if it is of another type
     */
    public int[] toInts() {
        if (dtype != DType.I32) {
            throw new IllegalArgumentException("a tensor " + shape + " of " + dtype + " where one of I32 is needed");
        }
        int[] values = new int[Math.toIntExact(size())];
        try (Scope temporary = Scope.open(engine())) {
            engine().read(contiguous(), MemorySegment.ofArray(values));
        }
        return values;
    }

    /** The value of a tensor of one element. */
    public float item() {
        if (size() != 1) {
            throw new IllegalArgumentException("a tensor " + shape + " has no single value");
        }
        return toFloats()[0];
    }

    /** Replaces all elements. This tensor is contiguous and F32. */
    public void set(float[] values) {
        requireWritable(DType.F32, values.length);
        engine().write(this, MemorySegment.ofArray(values));
    }

    /** Replaces all elements. This tensor is contiguous and I32. */
    public void set(int[] values) {
        requireWritable(DType.I32, values.length);
        engine().write(this, MemorySegment.ofArray(values));
    }

    private void requireWritable(DType wanted, int count) {
        if (dtype != wanted || !isContiguous() || count != size()) {
            throw new IllegalArgumentException(
                    count + " values of " + wanted + " do not fit a tensor " + shape + " of " + dtype);
        }
    }

    // ---- gradients

    /** Marks this leaf as wanting a gradient: a parameter. Its gradient stays until {@link #clearGradient}. */
    public Tensor requireGradient() {
        if (base != this || !leaf) {
            throw new IllegalStateException(base != this
                    ? "a view of a tensor cannot require a gradient: let the whole tensor do so"
                    : "only a tensor that was not computed can require a gradient");
        }
        if (dtype != DType.F32) {
            throw new IllegalArgumentException("a tensor " + shape + " of " + dtype
                    + " cannot require a gradient: only F32 is computed in");
        }
        requiresGradient = true;
        return this;
    }

    /** Whether {@link #backward} reaches this tensor. */
    public boolean requiresGradient() {
        return base.requiresGradient;
    }

    /**
     * The gradient, of this tensor's shape, or null where none has arrived. Only leaves keep theirs after
     * {@link #backward}.
     */
    public @Nullable Tensor gradient() {
        Tensor whole = base.gradient;
        if (whole == null || !base.gradientWritten) {
            return null;
        }
        return base == this ? whole : new Tensor(whole, whole, shape, strides, offset);
    }

    /** Forgets the gradient but keeps its memory: the next one replaces it without being added. */
    public void clearGradient() {
        base.gradientWritten = false;
    }

    /** Of a computed tensor: what led to it is no longer recorded. */
    void forgetHistory() {
        dropGradient();
        historyGone = true;
    }

    /** Frees a computed tensor's gradient. */
    void dropGradient() {
        if (!leaf && gradient != null) {
            scope.free(gradient.storage);
            gradient = null;
            gradientWritten = false;
        }
    }

    /** Where a kernel shall put this tensor's gradient, and whether it must add to what is there. */
    Engine.Gradient into() {
        if (!base.requiresGradient) {
            return Engine.Gradient.NONE;
        }
        requireHistory();
        Tensor whole = base.gradient;
        if (whole == null) {
            whole = base.scope.empty(DType.F32, base.shape);
            base.gradient = whole;
        }
        boolean accumulate = base.gradientWritten;
        if (!accumulate && size() != base.size()) { // a part comes first: the rest is zero
            engine().fill(whole, 0);
            accumulate = true;
        }
        base.gradientWritten = true;
        return new Engine.Gradient(base == this ? whole : new Tensor(whole, whole, shape, strides, offset), accumulate);
    }

    /** As {@link #into}, for kernels that can only add. */
    Tensor intoSum() {
        Engine.Gradient target = into();
        Tensor tensor = java.util.Objects.requireNonNull(target.into());
        if (!target.accumulate()) {
            engine().fill(java.util.Objects.requireNonNull(base.gradient), 0);
        }
        return tensor;
    }

    /**
     * Marks a result as computed from tensors that want gradients, and records how to pass its gradient on to them.
     *
     * @param inputs
     *            all that may get a gradient; null ones are none
     */
    void recorded(Tape.Backward backward, @Nullable Tensor... inputs) {
        for (Tensor input : inputs) {
            if (input != null) {
                input.requireHistory();
                if (!input.base.leaf && !scope.isWithin(input.base.scope)) {
                    throw new IllegalStateException(
                            "a tensor " + input.base.shape + " was computed in a scope that this "
                                    + "computation is not in, so that its gradient would be lost: compute both in one");
                }
            }
        }
        requiresGradient = true;
        leaf = false;
        scope.tape().record(this, backward, inputs);
    }

    private void requireHistory() {
        if (base.historyGone) {
            throw new IllegalStateException("what leads to a tensor " + base.shape
                    + " was run backward before: compute it again, or open NoGradient to use its values alone");
        }
    }

    /** The whole of which this is a view, or itself. */
    Tensor base() {
        return base;
    }

    /** Of a base: whether it was not computed. */
    boolean isLeaf() {
        return leaf;
    }

    /**
     * Computes the gradient of this single value by every leaf it was computed from, adding to gradients that are there.
     * The computation can be run backward once, and takes everything with it that was recorded in its scope and those around
     * it: sum the losses that share a part before. What was computed there can afterwards only be used inside
     * {@link NoGradient}.
     *
     * <p>
     * When it throws on the way, leaves that had no gradient have none; what was added to one that was there stays.
     *
     * @throws IllegalStateException
     *             when this is not a single value, wants no gradient, or was run backward before
     */
    public void backward() {
        backward(1);
    }

    /** As {@link #backward()} of this value times {@code scale}: accumulating over n batches passes 1/n. */
    public void backward(float scale) {
        backwardTelling(scale, null);
    }

    /**
     * As {@link #backward(float)}, which tells of each leaf when its gradient is complete, while the rest of the way back is
     * still to come: what is done with gradients, such as adding up those of several machines, can begin.
     *
     * @param ready
     *            called on this thread, once for each leaf that got a gradient; it must not compute with recorded tensors
     */
    public void backward(float scale, Consumer<Tensor> ready) {
        backwardTelling(scale, ready);
    }

    private void backwardTelling(float scale, @Nullable Consumer<Tensor> ready) {
        if (size() != 1) {
            throw new IllegalStateException("backward starts at a single value, not at a tensor " + shape);
        }
        if (!requiresGradient() || base.leaf) {
            throw new IllegalStateException("nothing was recorded that leads to this value");
        }
        storage(); // says so where the scope was closed
        requireHistory();
        try (NoGradient off = NoGradient.open()) {
            engine().fill(intoSum(), scale);
            Tape.backward(scope, ready);
        }
    }

    /**
     * {@code segment} of this, of which nothing inside is kept for the way back but computed again there (Chen et al. 2016):
     * more time for less memory. Results and gradients are the same, bit for bit, as of {@code segment.apply(this)}.
     *
     * @param segment
     *            computes one tensor from this one and from tensors that outlive the scope; applied twice, it does the same
     */
    public Tensor recompute(UnaryOperator<Tensor> segment) {
        Scope outer = Scope.current();
        Tensor out;
        Tensor[] leaves;
        try (Scope inside = Scope.open(engine())) {
            Tensor result = segment.apply(this);
            out = outer.copy(result);
            leaves = inside.tape().leaves();
            if (!Elementwise.recording(result)) {
                return out;
            }
        }
        out.recorded(dOut -> {
            try (Scope inside = Scope.open(engine())) {
                Tape.off(false);
                Tensor result;
                try {
                    result = segment.apply(this);
                } finally {
                    Tape.off(true);
                }
                Elementwise.pass(dOut, result);
                inside.tape().backward();
            }
        }, leaves);
        return out;
    }

    // ---- views

    /** The same elements in another shape; one length may be -1. Copies only what is not contiguous. */
    public Tensor reshape(int... lengths) {
        int[] wanted = lengths.clone();
        long known = 1;
        int open = -1;
        for (int i = 0; i < wanted.length; i++) {
            if (wanted[i] == -1 && open < 0) {
                open = i;
            } else {
                known *= wanted[i];
            }
        }
        if (open >= 0) {
            long left = known == 0 ? 0 : size() / known;
            if (left > Integer.MAX_VALUE) {
                throw new IllegalArgumentException(
                        "a tensor " + shape + " has more elements than a dimension takes: " + left);
            }
            wanted[open] = (int) left;
        }
        Shape to = Shape.of(wanted);
        if (to.size() != size()) {
            throw new IllegalArgumentException("a tensor " + shape + " cannot be reshaped to " + to);
        }
        long @Nullable [] viewed = Views.reshape(shape, strides, to);
        if (viewed == null) {
            return contiguous().reshape(wanted);
        }
        return new Tensor(this, base, to, viewed, offset);
    }

    /** Swaps two dimensions; a view. */
    public Tensor transpose(int first, int second) {
        int a = shape.dimension(first);
        int b = shape.dimension(second);
        int[] lengths = shape.lengths();
        long[] swapped = strides.clone();
        lengths[a] = shape.length(b);
        lengths[b] = shape.length(a);
        swapped[a] = strides[b];
        swapped[b] = strides[a];
        return new Tensor(this, base, Shape.of(lengths), swapped, offset);
    }

    /** The elements {@code from} (inclusive) to {@code to} (exclusive) along a dimension; a view. */
    public Tensor slice(int dimension, int from, int to) {
        int at = shape.dimension(dimension);
        if (from < 0 || to < from || to > shape.length(at)) {
            throw new IllegalArgumentException(
                    "no elements " + from + " to " + to + " in dimension " + at + " of a tensor " + shape);
        }
        return new Tensor(this, base, shape.with(at, to - from), strides, offset + from * strides[at]);
    }

    /** One element along a dimension, which goes away; a view. */
    public Tensor select(int dimension, int index) {
        int at = shape.dimension(dimension);
        int[] lengths = new int[rank() - 1];
        long[] left = new long[rank() - 1];
        for (int i = 0, j = 0; i < rank(); i++) {
            if (i != at) {
                lengths[j] = shape.length(i);
                left[j++] = strides[i];
            }
        }
        Tensor one = slice(at, index, index + 1);
        return new Tensor(one, base, Shape.of(lengths), left, one.offset);
    }

    /** This tensor, or a copy of it in row order where it is not; F16 and BF16 are copied as F32. */
    public Tensor contiguous() {
        return isContiguous() && (dtype == DType.F32 || dtype == DType.I32) ? this : Elementwise.copy(this);
    }

    /** This tensor as F32 in row order, for kernels. */
    Tensor floats() {
        return isContiguous() && dtype == DType.F32 ? this : Elementwise.copy(this, DType.F32);
    }

    /** Tensors one after the other along a dimension; a copy, of I32 where all are and else of F32. */
    public static Tensor concat(int dimension, Tensor... parts) {
        return Elementwise.concat(dimension, List.of(parts));
    }

    // ---- elementwise

    /** this + other, broadcast. */
    public Tensor add(Tensor other) {
        return Elementwise.binary(Binary.ADD, this, other);
    }

    /** this - other, broadcast. */
    public Tensor subtract(Tensor other) {
        return Elementwise.binary(Binary.SUBTRACT, this, other);
    }

    /** this times other, element by element, broadcast. */
    public Tensor multiply(Tensor other) {
        return Elementwise.binary(Binary.MULTIPLY, this, other);
    }

    /** this / other, broadcast. */
    public Tensor divide(Tensor other) {
        return Elementwise.binary(Binary.DIVIDE, this, other);
    }

    /** this + value. */
    public Tensor add(float value) {
        return Elementwise.affine(this, 1, value);
    }

    /** this times value. */
    public Tensor multiply(float value) {
        return Elementwise.affine(this, value, 0);
    }

    /** -this. */
    public Tensor negate() {
        return Elementwise.affine(this, -1, 0);
    }

    /** e to the this. */
    public Tensor exp() {
        return Elementwise.unary(Unary.EXP, this);
    }

    /** The natural logarithm. */
    public Tensor log() {
        return Elementwise.unary(Unary.LOG, this);
    }

    /** The square root. */
    public Tensor sqrt() {
        return Elementwise.unary(Unary.SQRT, this);
    }

    /** this squared. */
    public Tensor square() {
        return Elementwise.unary(Unary.SQUARE, this);
    }

    /** The hyperbolic tangent. */
    public Tensor tanh() {
        return Elementwise.unary(Unary.TANH, this);
    }

    /** 1 / (1 + exp(-this)). */
    public Tensor sigmoid() {
        return Elementwise.unary(Unary.SIGMOID, this);
    }

    /** max(this, 0). */
    public Tensor relu() {
        return Elementwise.unary(Unary.RELU, this);
    }

    /** GELU, exactly. */
    public Tensor gelu() {
        return Elementwise.unary(Unary.GELU, this);
    }

    /** GELU in GPT-2's tanh approximation. */
    public Tensor geluTanh() {
        return Elementwise.unary(Unary.GELU_TANH, this);
    }

    /** this times sigmoid(this). */
    public Tensor silu() {
        return Elementwise.unary(Unary.SILU, this);
    }

    /** Any of the operations on one element. */
    public Tensor apply(Unary op) {
        return Elementwise.unary(op, this);
    }

    /**
     * Drops each element with this probability and scales the rest by 1/(1-p) (Srivastava et al. 2014). Element i's fate is
     * draw i of the seed: the same on every engine and for every number of threads.
     */
    public Tensor dropout(float probability, long seed) {
        return probability == 0 ? this : Elementwise.dropout(this, probability, seed);
    }

    // ---- reductions

    /** The sum of all elements, a scalar. */
    public Tensor sum() {
        return Reductions.sum(this, 1);
    }

    /** The mean of all elements, a scalar. */
    public Tensor mean() {
        return Reductions.sum(this, 1f / size());
    }

    /** The sum over one dimension, which stays with length 1. */
    public Tensor sum(int dimension) {
        return Reductions.sum(this, dimension, 1);
    }

    /** The mean over one dimension, which stays with length 1. */
    public Tensor mean(int dimension) {
        return Reductions.sum(this, dimension, 1f / length(dimension));
    }

    /** The largest element over the last dimension, which stays with length 1. */
    public Tensor max() {
        return Reductions.max(this);
    }

    /** Softmax over the last dimension. */
    public Tensor softmax() {
        return Reductions.softmax(this, false);
    }

    /** The logarithm of {@link #softmax}. */
    public Tensor logSoftmax() {
        return Reductions.softmax(this, true);
    }

    // ---- products

    /**
     * The matrix product over the last two dimensions: {@code [.., m, k] · [.., k, n] = [.., m, n]}. The dimensions before are
     * broadcast. Transposed views are multiplied as they lie.
     */
    public Tensor matmul(Tensor other) {
        return Products.matmul(this, other);
    }

    /**
     * {@code this [.., in] · weight [in, out] + bias [out]}, fused. For a weight that lies as {@code [out, in]} pass
     * {@code weight.transpose(0, 1)}.
     */
    public Tensor linear(Tensor weight, @Nullable Tensor bias) {
        return Products.linear(this, weight, bias);
    }

    // ---- rows

    /** Rows of this table {@code [vocabulary, width]} by ids {@code [..]} (I32): {@code [.., width]}. */
    public Tensor embedding(Tensor ids) {
        return Lookup.embedding(this, ids);
    }

    /** Layer normalisation over the last dimension, with gain and bias of that length (Ba et al. 2016). */
    public Tensor layerNorm(Tensor gain, Tensor bias, float epsilon) {
        return Normalization.layerNorm(this, gain, bias, epsilon);
    }

    /** Root-mean-square normalisation over the last dimension (Zhang and Sennrich 2019). */
    public Tensor rmsNorm(Tensor gain, float epsilon) {
        return Normalization.rmsNorm(this, gain, epsilon);
    }

    /**
     * Attention of these queries {@code [batch, heads, queries, d]} to keys and values {@code [batch, kvHeads, keys, d]}. The
     * scores of a few queries at a time are held, never all of them. The result has the queries' shape; its memory lies as
     * {@code [batch, queries, heads, d]}, so {@code transpose(1, 2).reshape(batch, queries, heads * d)} is a view.
     */
    public Tensor attention(Tensor keys, Tensor values, Attention options) {
        return AttentionProduct.attention(this, keys, values, options);
    }

    /**
     * A recurrent layer over sequences, fused: this is what the input gives to each gate, {@code [time, batch, gates · width]}
     * (usually the {@link #linear} of a layer below), to which each step adds {@code h·weight + bias} of the output before.
     *
     * @param backwards
     *            whether it runs from the last place to the first
     * @param weight
     *            [width, gates · width]
     * @param bias
     *            [gates · width], or null
     * @param initial
     *            [states, batch, width] before the first step; null is zero
     * @return [states, time, batch, width]: the outputs first, then the cells of an LSTM
     */
    public Tensor recurrence(RecurrentCell cell, boolean backwards, Tensor weight, @Nullable Tensor bias,
            @Nullable Tensor initial) {
        return Recurrence.run(this, cell, backwards, weight, bias, initial);
    }

    /**
     * The mean cross-entropy, in nats, of these logits {@code [.., classes]} against targets {@code [..]} (I32); negative
     * targets do not count.
     */
    public Tensor crossEntropy(Tensor targets) {
        return CrossEntropy.ofLogits(this, targets);
    }

    /**
     * The mean cross-entropy of {@code this [.., width] · weight [width, classes]} against targets: as
     * {@code linear(weight, null).crossEntropy(targets)}, but the logits are only held a block at a time where all of
     * them would be large.
     */
    public Tensor linearCrossEntropy(Tensor weight, Tensor targets) {
        return linearCrossEntropy(weight, null, targets);
    }

    /** The same of {@code this · weight + bias [classes]}. */
    public Tensor linearCrossEntropy(Tensor weight, @Nullable Tensor bias, Tensor targets) {
        return CrossEntropy.ofLinear(this, weight, bias, targets);
    }

    @Override
    public String toString() {
        return "Tensor" + shape + (dtype == DType.F32 ? "" : " " + dtype);
    }
}
