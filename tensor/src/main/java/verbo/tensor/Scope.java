// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The owner of tensors. Closing a scope gives the memory of everything made in it back to its engine, which hands it out
 * again: a training loop that opens a scope a step allocates nothing after the first steps. A tensor used after its scope
 * was closed throws.
 *
 * <p>
 * A scope made by {@link #open} is the current one of its thread until it is closed: the results of operations go there.
 *
 * <pre>{@code
 * try (Scope step = Scope.open(engine)) {
 *     Tensor loss = model.loss(ids, targets);
 *     loss.backward();
 * }
 * }</pre>
 *
 * A scope made by {@link #lasting} never becomes the current one: it holds what outlives a step — weights, optimizer state,
 * caches — and is filled explicitly.
 *
 * <p>
 * A scope belongs to one thread at a time.
 */
public final class Scope implements AutoCloseable {
    private static final ThreadLocal<@Nullable Scope> CURRENT = new ThreadLocal<>();

    private final Engine engine;
    private final boolean current;
    private final @Nullable Scope parent;
    private final List<Storage> owned = new ArrayList<>();
    private final Tape tape = new Tape();
    private boolean closed;

    private Scope(Engine engine, boolean current) {
        this.engine = engine;
        this.current = current;
        this.parent = current ? CURRENT.get() : null;
    }

    /** Opens a scope that takes the results of this thread's operations until it is closed. */
    public static Scope open(Engine engine) {
        Scope scope = new Scope(engine, true);
        CURRENT.set(scope);
        return scope;
    }

    /** A scope for what is kept: it only holds what is explicitly made in it. */
    public static Scope lasting(Engine engine) {
        return new Scope(engine, false);
    }

    /**
     * The scope that takes this thread's results.
     *
     * @throws IllegalStateException
     *             when none is open
     */
    public static Scope current() {
        Scope scope = CURRENT.get();
        if (scope == null) {
            throw new IllegalStateException(
                    "no scope is open on this thread: compute inside try (Scope scope = Scope.open(engine)) { ... }");
        }
        return scope;
    }

    /** The engine whose memory this scope uses. */
    public Engine engine() {
        return engine;
    }

    /** A tensor with undefined content. */
    public Tensor empty(DType dtype, int... lengths) {
        Shape shape = Shape.of(lengths);
        return empty(dtype, shape);
    }

    Tensor empty(DType dtype, Shape shape) {
        requireOpen();
        Storage storage = engine.allocate(Math.max(dtype.bytes(), shape.bytes(dtype)));
        owned.add(storage);
        return new Tensor(this, storage, dtype, shape);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this scope is closed: nothing can be made in it");
        }
    }

    /** An F32 tensor of zeros. */
    public Tensor zeros(int... lengths) {
        Tensor tensor = empty(DType.F32, lengths);
        engine.fill(tensor, 0);
        return tensor;
    }

    /** An F32 tensor with these values in row order. */
    public Tensor of(float[] values, int... lengths) {
        Tensor tensor = empty(DType.F32, lengths);
        tensor.set(values);
        return tensor;
    }

    /** An I32 tensor with these values in row order. */
    public Tensor of(int[] values, int... lengths) {
        Tensor tensor = empty(DType.I32, lengths);
        tensor.set(values);
        return tensor;
    }

    /** An F32 tensor drawn from a normal distribution; the same seed gives the same values on every engine. */
    public Tensor normal(float mean, float deviation, long seed, int... lengths) {
        Tensor tensor = empty(DType.F32, lengths);
        engine.fillNormal(tensor, mean, deviation, seed);
        return tensor;
    }

    /** A copy in this scope, as F32, without history: how a value outlives the scope it was computed in. */
    public Tensor copy(Tensor tensor) {
        Tensor copy = empty(DType.F32, tensor.shape());
        engine.copy(tensor, copy, false);
        return copy;
    }

    /**
     * A tensor over memory that lies elsewhere, for reading: usually a part of a mapped file. It can be used until this scope
     * is closed, which leaves the memory itself alone.
     *
     * @param segment
     *            native memory with the elements in row order; it must stay valid as long as this scope is used
     */
    public Tensor wrap(MemorySegment segment, DType dtype, int... lengths) {
        requireOpen();
        Shape shape = Shape.of(lengths);
        if (segment.byteSize() < shape.bytes(dtype)) {
            throw new IllegalArgumentException("a tensor " + shape + " of " + dtype + " needs "
                    + shape.bytes(dtype) + " bytes, there are " + segment.byteSize());
        }
        Storage storage = engine.wrap(segment);
        owned.add(storage);
        return new Tensor(this, storage, dtype, shape);
    }

    /** Gives one storage back before the scope ends. */
    void free(Storage storage) {
        for (int i = owned.size() - 1; i >= 0; i--) {
            if (owned.get(i) == storage) {
                owned.set(i, owned.getLast());
                owned.removeLast();
                engine.free(storage);
                return;
            }
        }
    }

    Tape tape() {
        return tape;
    }

    boolean isWithin(Scope other) {
        Scope at = this;
        while (at != null && at != other) {
            at = at.parent;
        }
        return at != null;
    }

    @Nullable Scope parent() {
        return parent;
    }

    /**
     * Gives all memory back.
     *
     * @throws IllegalStateException
     *             when a scope opened later on this thread is still open
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (current) {
            if (CURRENT.get() != this) {
                throw new IllegalStateException(
                        "scopes are closed in the reverse order of opening, by the thread that opened");
            }
            if (parent == null) {
                CURRENT.remove();
            } else {
                CURRENT.set(parent);
            }
        }
        closed = true;
        tape.clear();
        for (int i = owned.size() - 1; i >= 0; i--) {
            engine.free(owned.get(i));
        }
        owned.clear();
    }
}
