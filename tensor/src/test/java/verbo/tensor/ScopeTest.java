// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Who owns tensors, how long they live, and where their memory goes. */
class ScopeTest {
    private static final Engine ENGINE = Engine.cpu(1);

    @TempDir
    private Path folder;

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    // ---- lives

    @Test
    void aTensorUsedAfterItsScopeSaysSo() {
        Tensor x;
        Tensor view;
        Tensor computed;
        try (Scope scope = Scope.open(ENGINE)) {
            x = scope.of(new float[]{1, 2, 3, 4}, 2, 2);
            view = x.transpose(0, 1);
            computed = x.exp();
        }
        for (Tensor gone : new Tensor[]{x, view, computed}) {
            assertThatThrownBy(gone::toFloats).isInstanceOf(IllegalStateException.class)
                    .hasMessage("a tensor [2, 2] is used after its scope was closed: keep what outlives a scope with"
                            + " Scope.copy in a lasting one");
            try (Scope scope = Scope.open(ENGINE)) {
                Tensor again = scope.of(new float[]{5, 6, 7, 8}, 2, 2); // the same memory, in another life
                assertThatThrownBy(() -> gone.add(again)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> again.matmul(gone)).isInstanceOf(IllegalStateException.class);
                assertThat(again.toFloats()).containsExactly(5, 6, 7, 8);
            }
        }
        assertThat(x.shape()).isEqualTo(Shape.of(2, 2)); // what it was is still known
    }

    @Test
    void resultsGoToTheInnermostScope() {
        try (Scope outer = Scope.open(ENGINE)) {
            Tensor x = outer.of(new float[]{1, 2}, 2);
            Tensor inside;
            Tensor copied;
            try (Scope inner = Scope.open(ENGINE)) {
                assertThat(Scope.current()).isSameAs(inner);
                inside = x.add(1);
                copied = outer.copy(inside);
            }
            assertThat(Scope.current()).isSameAs(outer);
            assertThatThrownBy(inside::toFloats).isInstanceOf(IllegalStateException.class);
            assertThat(copied.toFloats()).containsExactly(2, 3);
            assertThat(x.add(1).toFloats()).containsExactly(2, 3);
        }
        assertThatThrownBy(Scope::current).isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "no scope is open on this thread: compute inside try (Scope scope = Scope.open(engine)) { ... }");
    }

    @Test
    void scopesAreClosedInReverseOrder() {
        Scope outer = Scope.open(ENGINE);
        Scope inner = Scope.open(ENGINE);
        assertThatThrownBy(outer::close).isInstanceOf(IllegalStateException.class)
                .hasMessage("scopes are closed in the reverse order of opening, by the thread that opened");
        assertThat(Scope.current()).isSameAs(inner);
        inner.close();
        inner.close(); // closing twice is nothing
        assertThat(Scope.current()).isSameAs(outer);
        outer.close();
        assertThatThrownBy(() -> outer.zeros(1)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
    }

    @Test
    void anotherThreadsScopeIsNotCurrentHere() throws InterruptedException {
        try (Scope scope = Scope.open(ENGINE)) {
            Throwable[] thrown = new Throwable[2];
            Thread thread = new Thread(() -> {
                thrown[0] = catching(Scope::current);
                thrown[1] = catching(scope::close);
            });
            thread.start();
            thread.join();
            assertThat(thrown[0]).isInstanceOf(IllegalStateException.class);
            assertThat(thrown[1]).isInstanceOf(IllegalStateException.class);
            assertThat(Scope.current()).isSameAs(scope);
        }
    }

    private static Throwable catching(Runnable action) {
        try {
            action.run();
        } catch (Throwable e) {
            return e;
        }
        throw new AssertionError("nothing was thrown");
    }

    @Test
    void lastingScopesHoldWhatIsMadeInThem() {
        Tensor weight;
        try (Scope lasting = Scope.lasting(ENGINE)) {
            try (Scope step = Scope.open(ENGINE)) {
                weight = lasting.of(new float[]{2, 3}, 2).requireGradient();
                assertThat(Scope.current()).isSameAs(step);
                weight.square().sum().backward();
            }
            Tensor gradient = weight.gradient();
            assertThat(gradient).isNotNull();
            assertThat(gradient.toFloats()).containsExactly(4, 6); // a leaf's gradient lives as long as the leaf
            assertThat(weight.toFloats()).containsExactly(2, 3);
        }
        assertThatThrownBy(weight::toFloats).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void onlyLeavesKeepGradients() {
        try (Scope scope = Scope.open(ENGINE)) {
            Tensor x = scope.of(new float[]{1, 2}, 2).requireGradient();
            Tensor y = x.exp();
            assertThatThrownBy(y::requireGradient).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> x.reshape(1, 2).requireGradient()).isInstanceOf(IllegalStateException.class);
            Tensor loss = y.sum();
            loss.backward();
            assertThat(x.gradient()).isNotNull();
            assertThat(y.gradient()).isNull();
            assertThat(loss.gradient()).isNull();
            assertThatThrownBy(loss::backward).isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "what leads to a tensor [] was run backward before: compute it again, or open NoGradient"
                                    + " to use its values alone");
            assertThatThrownBy(() -> x.sum().add(y.sum()).reshape(1).exp().add(x).backward())
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    // ---- memory

    @Test
    void memoryIsReusedByTheNextStep() {
        try (Engine engine = Engine.cpu(2); Training training = new Training(engine, 2, 33, 2, 16, 257)) {
            long afterTwo = 0;
            for (int step = 1; step <= 8; step++) {
                training.step(step);
                if (step == 2) {
                    afterTwo = engine.reservedBytes();
                }
            }
            assertThat(afterTwo).isPositive();
            assertThat(engine.reservedBytes()).isEqualTo(afterTwo);
        }
    }

    private static long reservedBy(int... lengths) {
        try (Engine engine = Engine.cpu(1)) {
            for (int length : lengths) {
                try (Scope scope = Scope.open(engine)) {
                    for (int i = 1; i <= 12; i++) {
                        scope.empty(DType.F32, length, (i % 2 == 0 ? 3000 : 12_000 * (i % 4)));
                    }
                }
            }
            return engine.reservedBytes();
        }
    }

    @Test
    void batchesOfAllLengthsUseEachOthersMemory() {
        int[] lengths = new SplittableRandom(1).ints(300, 16, 129).toArray();
        long most = reservedBy(128);
        assertThat(reservedBy(lengths)).isLessThan(4 * most);
    }

    @Test
    void memoryInUseIsNotHandedOutTwice() {
        try (Engine engine = Engine.cpu(1); Scope scope = Scope.open(engine)) {
            Tensor[] tensors = new Tensor[200];
            for (int i = 0; i < tensors.length; i++) {
                int n = 1 + i * 37 % 501;
                try (Scope temporary = Scope.open(engine)) {
                    temporary.normal(0, 1, i, n).exp().sum();
                }
                float[] values = new float[n];
                Arrays.fill(values, i);
                tensors[i] = scope.of(values, n);
            }
            for (int i = 0; i < tensors.length; i++) {
                assertThat(tensors[i].toFloats()).containsOnly(i);
            }
        }
    }

    @Test
    void aClosedEngineHoldsNothing() {
        Engine engine = Engine.cpu(2);
        Scope lasting = Scope.lasting(engine);
        lasting.zeros(1 << 20);
        lasting.zeros(100);
        assertThat(engine.reservedBytes()).isGreaterThan(4 << 20);
        engine.close();
        lasting.close();
        assertThat(engine.reservedBytes()).isZero();
    }

    @Test
    void aClosedEngineRefusesToComputeAndToAllocate() {
        for (int threads = 1; threads <= 2; threads++) {
            Engine engine = Engine.cpu(threads);
            try (Scope scope = Scope.open(engine)) {
                Tensor x = scope.zeros(2, 1, 256);
                Tensor weight = scope.zeros(64, 256);
                Tensor initial = scope.zeros(2, 1, 64);
                Tensor states = scope.zeros(2, 2, 1, 64);
                Tensor gates = scope.zeros(2, 1, 256);
                engine.close();
                engine.close();
                assertThatThrownBy(() -> x.recurrence(RecurrentCell.LSTM, false, weight, null, null))
                        .isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
                assertThatThrownBy(() -> engine.fill(x, 1)).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("closed");
                assertThatThrownBy(() -> engine.recurrence(RecurrentCell.LSTM, false, x, weight, null, initial, states,
                        gates)).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
            }
            assertThat(engine.reservedBytes()).isZero();
        }
    }

    @Test
    void theSharedEngineIsNeverClosed() {
        Engine.cpu().close();
        try (Scope scope = Scope.open(Engine.cpu())) {
            assertThat(scope.zeros(2, 3).add(1).sum().item()).isEqualTo(6);
        }
    }

    @Test
    void sharedRowsAreRefusedOnceTheyWereGivenBack() {
        SharedRows rows = SharedRows.of(2, 3);
        rows.write(1, new float[]{1, 2, 3});
        rows.close();
        rows.close(); // closing twice is nothing
        assertThatThrownBy(() -> rows.read(1, new float[3])).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> rows.write(1, new float[3])).isInstanceOf(IllegalStateException.class);
        LogisticSteps steps = LogisticSteps.of(3, 1, 1);
        steps.close();
        steps.close();
    }

    @Test
    void whatIsClosedTwiceIsHandedOutOnce() {
        try (Engine engine = Engine.cpu(1); Scope scope = Scope.open(engine)) {
            MachineLimits limits = new MachineLimits(engine);
            limits.close();
            limits.close();
            Tensor one = scope.zeros(1 << 18);
            Tensor other = scope.zeros(1 << 18);
            one.set(new float[1 << 18]);
            engine.fill(other, 1);
            assertThat(one.toFloats()).containsOnly(0);
        }
    }

    /** Nothing is written to it, so that the system only promises it. */
    @Test
    void moreThanTheMachineHasIsRefused() {
        assumeTrue(Files.exists(Path.of("/proc/meminfo")), "only Linux says how much it has");
        try (Engine engine = Engine.cpu(1); Scope lasting = Scope.lasting(engine)) {
            assertThatThrownBy(() -> {
                for (int i = 0; i < 1 << 12; i++) {
                    lasting.empty(DType.F32, 1 << 30);
                }
            }).isInstanceOf(OutOfMemoryError.class);
        }
    }

    /** Counted on one thread, once its code is compiled: until then the vectors of interpreted kernels are objects too. */
    @Test
    void aStepAllocatesLessThanAMegabyteOfHeap() throws ReflectiveOperationException {
        // the management module is not one that tensors require, so it is called as whoever finds it there
        Object threads = Class.forName("java.lang.management.ManagementFactory").getMethod("getThreadMXBean")
                .invoke(null);
        Method allocated = Class.forName("com.sun.management.ThreadMXBean").getMethod("getThreadAllocatedBytes",
                long.class);
        long thread = Thread.currentThread().threadId();
        try (Engine engine = Engine.cpu(1); Training training = new Training(engine, 2, 33, 2, 16, 65)) {
            long least = Long.MAX_VALUE;
            for (int step = 1; step <= 2000 && least >= 1 << 20; step++) {
                long before = (long) allocated.invoke(threads, thread);
                training.step(step);
                least = Math.min(least, (long) allocated.invoke(threads, thread) - before);
            }
            assertThat(least).isPositive().isLessThan(1 << 20);
        }
    }

    // ---- memory that lies elsewhere

    private static Tensor at(Tensor rows, int row) {
        return rows.slice(0, row, row + 1);
    }

    @Test
    void aMappedFileIsReadWhereItLies() throws IOException {
        Path file = folder.resolve("weights");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(4 * 6 + 2);
            for (int i = 0; i < 6; i++) {
                bytes.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 2 + 4 * i, i + 0.5f);
            }
            Files.write(file, bytes.toArray(ValueLayout.JAVA_BYTE));
        }
        try (Arena arena = Arena.ofConfined(); FileChannel channel = FileChannel.open(file)) {
            MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 2, 24, arena);
            Tensor wrapped;
            try (Scope scope = Scope.lasting(ENGINE)) {
                wrapped = scope.wrap(mapped, DType.F32, 2, 3);
                assertThat(wrapped.toFloats()).containsExactly(0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f);
                try (Scope step = Scope.open(ENGINE)) {
                    assertThat(wrapped.transpose(0, 1).matmul(wrapped).toFloats()[0])
                            .isEqualTo(0.5f * 0.5f + 3.5f * 3.5f);
                }
                assertThatThrownBy(() -> wrapped.set(new float[6])).isInstanceOf(IllegalStateException.class)
                        .hasMessage(
                                "a tensor [2, 3] over read-only memory cannot be written to: copy it with Scope.copy");
                assertThatThrownBy(() -> ENGINE.fillNormal(wrapped, 0, 1, 1)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> ENGINE.copy(scope.zeros(2, 3), wrapped, false))
                        .isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> scope.wrap(mapped, DType.F32, 7)).isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("a tensor [7] of F32 needs 28 bytes, there are 24");
                assertThatThrownBy(() -> scope.wrap(MemorySegment.ofArray(new float[6]), DType.F32, 6))
                        .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("native or mapped");
            }
            assertThatThrownBy(wrapped::toFloats).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aFileOfMoreThanTwoGibibytes() throws IOException {
        Path file = folder.resolve("large");
        int columns = 4096;
        int rows = 150_001; // 2.46 GB
        long size = 4L * rows * columns;
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(size);
        }
        try (Arena arena = Arena.ofConfined();
                FileChannel channel = FileChannel.open(file, java.nio.file.StandardOpenOption.READ,
                        java.nio.file.StandardOpenOption.WRITE)) {
            MemorySegment mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, size, arena);
            mapped.set(ValueLayout.JAVA_FLOAT, 0, 1.25f);
            mapped.set(ValueLayout.JAVA_FLOAT, size - 4, -2.5f);
            mapped.set(ValueLayout.JAVA_FLOAT, 4L * (columns * 140_000L + 17), 3.75f);
            try (Scope scope = Scope.open(ENGINE)) {
                Tensor large = scope.wrap(mapped, DType.F32, rows, columns);
                assertThat(at(large, 0).toFloats()[0]).isEqualTo(1.25f);
                assertThat(at(large, rows - 1).toFloats()[columns - 1]).isEqualTo(-2.5f);
                assertThat(large.select(0, 140_000).select(0, 17).item()).isEqualTo(3.75f);
                assertThat(large.embedding(scope.of(new int[]{rows - 1, 140_000}, 2)).sum(1).toFloats())
                        .containsExactly(-2.5f, 3.75f);
                // the other way round, the second dimension is the long one
                assertThat(large.transpose(0, 1).slice(1, rows - 1, rows).contiguous().toFloats()[columns - 1])
                        .isEqualTo(-2.5f);
                Tensor narrow = scope.wrap(mapped, DType.F32, columns, rows);
                assertThat(narrow.slice(0, columns - 2, columns).slice(1, rows - 1, rows).toFloats()).containsExactly(0,
                        -2.5f);
            }
        }
    }

    // ---- types

    @Test
    void elementsOfOtherTypesAreConverted() {
        float[] values = {0, -0f, 1, -2.5f, 1.0009765625f, 65504, 6.103515625e-5f, 5.9604644775390625e-8f,
                Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
        try (Arena arena = Arena.ofConfined(); Scope scope = Scope.open(ENGINE)) {
            MemorySegment half = arena.allocate(2L * values.length);
            MemorySegment brain = arena.allocate(2L * values.length);
            for (int i = 0; i < values.length; i++) {
                half.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, Float.floatToFloat16(values[i]));
                brain.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i,
                        (short) (Float.floatToRawIntBits(values[i]) >>> 16));
            }
            Tensor f16 = scope.wrap(half, DType.F16, 2, 5);
            Tensor bf16 = scope.wrap(brain, DType.BF16, 2, 5);
            assertThat(f16.toFloats()).containsExactly(values);
            assertThat(scope.copy(f16).toFloats()).containsExactly(values);
            assertThat(f16.transpose(0, 1).contiguous().transpose(0, 1).toFloats()).containsExactly(values);
            float[] upper = new float[values.length];
            for (int i = 0; i < upper.length; i++) {
                upper[i] = Float.intBitsToFloat(Float.floatToRawIntBits(values[i]) & 0xffff0000);
            }
            assertThat(bf16.toFloats()).containsExactly(upper);
            Tensor ids = scope.of(new int[]{3, -1, 1 << 24}, 3);
            assertThat(ids.toFloats()).containsExactly(3, -1, 1 << 24);
            assertThat(ids.dtype()).isEqualTo(DType.I32);
            // the lower half has none of the infinities: operations take what is not F32 too
            Tensor few = f16.slice(1, 2, 4).slice(0, 0, 1); // 1, -2.5
            assertThat(few.add(few).toFloats()).containsExactly(2, -5);
            assertThat(few.multiply(2).toFloats()).containsExactly(2, -5);
            assertThat(few.matmul(few.transpose(0, 1)).toFloats()).containsExactly(7.25f);
            assertThat(scope.of(new float[]{2, 4}, 1, 2).linear(few.transpose(0, 1), few.select(0, 0).slice(0, 0, 1))
                    .item())
                    .isEqualTo(-7);
            assertThat(f16.embedding(scope.of(new int[]{0}, 1)).toFloats()).containsExactly(Arrays.copyOf(values, 5));
        }
    }
}
