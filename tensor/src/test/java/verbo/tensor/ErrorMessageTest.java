// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.lang.foreign.MemorySegment;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

/** What does not go together is refused before a kernel sees it, in one line that names the shapes. */
class ErrorMessageTest {
    private static final Engine ENGINE = Engine.cpu(1);
    private Scope scope = Scope.lasting(ENGINE);

    @BeforeEach
    void open() {
        scope = Scope.open(ENGINE);
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    @AfterAll
    static void close() {
        ENGINE.close();
    }

    private Tensor x(int... lengths) {
        return scope.zeros(lengths);
    }

    private Tensor ids(int... lengths) {
        return scope.of(new int[(int) Shape.of(lengths).size()], lengths);
    }

    private static void refused(ThrowingCallable action, String... named) {
        assertThatThrownBy(action).isInstanceOf(IllegalArgumentException.class).message().isNotBlank()
                .doesNotContain("\n")
                .contains(named);
    }

    @Test
    void shapes() {
        refused(() -> Shape.of(2, -3), "[2, -3]");
        refused(() -> Shape.of(2, 3).length(2), "2", "[2, 3]");
        refused(() -> Shape.of(2, 3).length(-3), "-3", "[2, 3]");
        refused(() -> Shape.broadcast(Shape.of(2, 3), Shape.of(3, 2)), "[2, 3]", "[3, 2]");
        assertThat(Shape.broadcast(Shape.of(2, 1), Shape.of(5, 1, 3))).isEqualTo(Shape.of(5, 2, 3));
        refused(() -> Shape.of(Integer.MAX_VALUE, Integer.MAX_VALUE, 3), "[2147483647, 2147483647, 3]");
        assertThat(Shape.of(Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE, 0).size()).isZero();
        assertThat(Shape.of().rows()).isEqualTo(1);
        assertThat(Shape.of(2, 3)).hasToString("[2, 3]").hasSameHashCodeAs(Shape.of(2, 3)).isNotEqualTo(Shape.of(3, 2));
    }

    @Test
    void values() {
        refused(() -> scope.of(new float[5], 2, 3), "5", "[2, 3]");
        refused(() -> scope.of(new int[5], 2, 3), "5", "[2, 3]");
        refused(() -> x(2, 3).set(new float[5]), "5", "[2, 3]");
        refused(() -> x(2, 3).set(new int[6]), "I32", "[2, 3]", "F32");
        refused(() -> x(2, 3).transpose(0, 1).set(new float[6]), "[3, 2]");
        refused(() -> x(2, 3).item(), "[2, 3]");
        assertThat(x(1, 1).item()).isZero();
        assertThat(scope.of(new int[]{1, 2, 3, 4}, 2, 2).transpose(0, 1).toInts()).containsExactly(1, 3, 2, 4);
        refused(() -> x(2).toInts(), "[2]", "F32", "I32");
        Tensor gaps = x(4, 3).slice(1, 0, 2);
        refused(() -> ENGINE.read(gaps, MemorySegment.ofArray(new float[8])), "[4, 2]", "gaps");
        refused(() -> ENGINE.write(gaps, MemorySegment.ofArray(new float[8])), "[4, 2]", "gaps");
        refused(() -> ENGINE.fill(gaps, 1), "[4, 2]", "gaps");
        refused(() -> ENGINE.fill(ids(2), 1), "[2]", "I32", "F32");
        refused(() -> ENGINE.fillNormal(ids(2), 0, 1, 1), "[2]", "I32", "F32");
        refused(() -> ids(3).requireGradient(), "[3]", "I32", "F32");
        refused(() -> ENGINE.sgd(ids(3), x(3), null, 1, 0, 0, 1), "[3]", "I32", "F32");
        refused(() -> x(2, 3, 5).crossEntropy(ids(3, 2)), "[3, 2]", "[2, 3, 5]");
        refused(() -> x(2, 3, 5).crossEntropy(ids(3, 2).transpose(0, 1)), "[2, 3]", "gaps");
        // a float keeps no more than 24 bits of a sum
        Tensor many = x(2, 1 << 22).add(0.1f);
        for (float mean : many.mean(1).toFloats()) {
            assertThat(mean).isCloseTo(0.1f, within(1e-6f));
        }
        for (float mean : many.transpose(0, 1).contiguous().mean(0).toFloats()) {
            assertThat(mean).isCloseTo(0.1f, within(2e-5f));
        }
        refused(() -> scope.empty(DType.F32, 1 << 30, 1 << 30, 4), "[1073741824, 1073741824, 4]");
        refused(() -> scope.wrap(MemorySegment.NULL, DType.F32, 1 << 30, 1 << 30, 4), "[1073741824, 1073741824, 4]");
        refused(() -> ENGINE.allocate(-1), "-1");
        assertThatThrownBy(() -> ENGINE.allocate(Long.MAX_VALUE)).isInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void views() {
        refused(() -> x(2, 3).reshape(4, 2), "[2, 3]", "[4, 2]");
        refused(() -> x(2, 3).reshape(4, -1), "[2, 3]");
        refused(() -> x(2, 3).reshape(-1, -1), "-1");
        MemorySegment promised = MemorySegment.ofAddress(64).reinterpret(1L << 34); // nothing of it is read
        refused(() -> scope.wrap(promised, DType.F32, 1 << 16, 1 << 16).reshape(-1), "[65536, 65536]", "4294967296");
        refused(() -> Tensor.concat(0, x(2), ids(2)), "F32", "I32");
        refused(() -> Tensor.concat(0, ids(2), x(2)), "F32", "I32");
        refused(() -> x(2, 3).transpose(0, 2), "[2, 3]");
        refused(() -> x(2, 3).slice(1, 2, 4), "2", "4", "[2, 3]");
        refused(() -> x(2, 3).slice(1, -1, 2), "-1", "[2, 3]");
        refused(() -> x(2, 3).slice(1, 2, 1), "[2, 3]");
        refused(() -> x(2, 3).select(0, 2), "[2, 3]");
        refused(() -> x(2, 3).select(2, 0), "[2, 3]");
        refused(() -> Tensor.concat(0), "no tensors");
        refused(() -> Tensor.concat(0, x(2, 3), x(2, 4)), "[2, 3]", "[2, 4]");
        refused(() -> Tensor.concat(1, x(2, 3), x(2)), "[2, 3]", "[2]");
        refused(() -> Tensor.concat(0, x(2), x(2, 3)), "[2]", "[2, 3]");
        refused(() -> Tensor.concat(2, x(2, 3)), "[2, 3]");
    }

    @Test
    void elementwise() {
        refused(() -> x(2, 3).add(x(2)), "[2, 3]", "[2]");
        refused(() -> x(2, 3).multiply(x(3, 2)), "[2, 3]", "[3, 2]");
        refused(() -> x(2, 3).dropout(1, 0), "1.0");
        refused(() -> x(2, 3).dropout(-0.1f, 0), "-0.1");
        refused(() -> x(2, 3).dropout(Float.NaN, 0), "NaN");
        refused(() -> Attention.full(4).withDropout(1, 0), "1.0");
        refused(() -> x(2, 3).sum(2), "[2, 3]");
        refused(() -> x().softmax(), "[]");
        refused(() -> x().max(), "[]");
    }

    @Test
    void products() {
        refused(() -> x(2, 3).matmul(x(2, 3)), "[2, 3]");
        refused(() -> x(3).matmul(x(3, 2)), "[3]", "[3, 2]");
        refused(() -> x(2, 3, 4).matmul(x(3, 4, 2)), "[2]", "[3]");
        refused(() -> x(2, 3).linear(x(4, 5), null), "[4, 5]", "[2, 3]");
        refused(() -> x(2, 3).linear(x(3), null), "[3]", "[2, 3]");
        refused(() -> x().linear(x(3, 4), null), "[]", "[3, 4]");
        refused(() -> x(2, 3).linear(x(3, 4), x(3)), "[3]", "[3, 4]");
        refused(() -> x(2, 3).linear(x(3, 4), x(1, 4)), "[1, 4]", "[3, 4]");
    }

    @Test
    void rows() {
        refused(() -> x(5, 3).embedding(x(2)), "[5, 3]", "[2]");
        refused(() -> x(5).embedding(ids(2)), "[5]", "[2]");
        refused(() -> x(5, 3).embedding(ids(4, 6).slice(1, 0, 3)), "[4, 3]", "contiguous");
        refused(() -> x(5, 3).embedding(scope.of(new int[]{1, 5}, 2)), "5", "place 1");
        refused(() -> x(5, 3).embedding(scope.of(new int[]{-1}, 1)), "-1", "place 0");
        refused(() -> x(2, 3).layerNorm(x(2), x(3), 1e-5f), "[2]", "[2, 3]");
        refused(() -> x(2, 3).layerNorm(x(3), x(1), 1e-5f), "[1]", "[2, 3]");
        refused(() -> x(2, 3).layerNorm(x(1, 3), x(3), 1e-5f), "[1, 3]", "[2, 3]");
        refused(() -> x(2, 3).rmsNorm(x(4), 1e-5f), "[4]", "[2, 3]");
    }

    @Test
    void attention() {
        Attention full = Attention.full(4);
        refused(() -> x(2, 3, 4).attention(x(2, 3, 4), x(2, 3, 4), full), "[2, 3, 4]");
        refused(() -> x(1, 3, 5, 4).attention(x(1, 2, 5, 4), x(1, 2, 5, 4), full), "[1, 3, 5, 4]", "[1, 2, 5, 4]");
        refused(() -> x(1, 2, 5, 4).attention(x(1, 2, 5, 4), x(1, 2, 6, 4), full), "[1, 2, 5, 4]", "[1, 2, 6, 4]");
        refused(() -> x(1, 2, 5, 4).attention(x(1, 2, 5, 3), x(1, 2, 5, 3), full), "[1, 2, 5, 4]", "[1, 2, 5, 3]");
        refused(() -> x(2, 2, 5, 4).attention(x(1, 2, 5, 4), x(1, 2, 5, 4), full), "[2, 2, 5, 4]", "[1, 2, 5, 4]");
        refused(() -> x(1, 2, 5, 4).attention(x(1, 2, 3, 4), x(1, 2, 3, 4), Attention.causal(4)), "3", "5");
        refused(() -> x(1, 2, 5, 4).attention(x(1, 2, 0, 4), x(1, 2, 0, 4), full), "[1, 2, 0, 4]", "at least one key");
        refused(() -> x(1, 2, 5, 0).attention(x(1, 2, 3, 0), x(1, 2, 3, 0), full), "[1, 2, 3, 0]");
        Tensor learned = x(1, 1, 5, 6).requireGradient();
        for (Tensor bias : new Tensor[]{learned, learned.add(1)}) {
            refused(() -> x(1, 2, 5, 4).attention(x(1, 2, 6, 4), x(1, 2, 6, 4), full.withBias(bias)), "[1, 1, 5, 6]",
                    "gradient", "Scope.copy");
        }
        try (NoGradient _ = NoGradient.open()) {
            x(1, 2, 5, 4).attention(x(1, 2, 6, 4), x(1, 2, 6, 4), full.withBias(learned));
        }
        for (float scale : new float[]{0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
            refused(() -> new Attention(scale, false, null), Float.toString(scale));
        }
        for (Tensor bias : new Tensor[]{x(5, 6), x(1, 1, 5, 5), x(2, 1, 5, 6), x(1, 3, 5, 6), x(1, 2, 4, 6),
                ids(1, 1, 1, 6),
                x(1, 1, 6, 5).transpose(2, 3)}) {
            refused(() -> x(1, 2, 5, 4).attention(x(1, 2, 6, 4), x(1, 2, 6, 4), full.withBias(bias)), "[1, 2, 5, 4]",
                    "[1, 2, 6, 4]", bias.shape().toString());
        }
    }

    @Test
    void crossEntropy() {
        refused(() -> x(2, 3).crossEntropy(ids(3)), "[3]", "[2, 3]");
        refused(() -> x(2, 3).crossEntropy(x(2)), "[2]", "[2, 3]");
        refused(() -> x(4, 3).crossEntropy(ids(4, 2).select(1, 0)), "[4]", "[4, 3]");
        refused(() -> x(2, 3).crossEntropy(scope.of(new int[]{0, 3}, 2)), "3", "place 1");
        refused(() -> x(2, 3).crossEntropy(scope.of(new int[]{-1, -1}, 2)), "at least one");
        refused(() -> x().crossEntropy(ids(1)), "[]");
        refused(() -> x(2, 3).linearCrossEntropy(x(4, 5), ids(2)), "[4, 5]", "[2, 3]");
        refused(() -> x(2, 3).linearCrossEntropy(x(3), ids(2)), "[3]", "[2, 3]");
        refused(() -> x(2, 3).linearCrossEntropy(x(3, 5), ids(3)), "[3]", "[2, 3]");
        refused(() -> x(2, 3).linearCrossEntropy(x(3, 5), scope.of(new int[]{0, 5}, 2)), "5", "place 1");
    }

    @Test
    void backward() {
        Tensor x = x(2, 3).requireGradient();
        assertThatThrownBy(() -> x.exp().backward()).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("[2, 3]");
        assertThatThrownBy(() -> x(2, 3).sum().backward()).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("nothing was recorded");
        assertThatThrownBy(() -> x(1).requireGradient().backward()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void engines() {
        refused(() -> Engine.cpu(0), "1", "0");
        assertThat(Engine.cpu()).isSameAs(Engine.cpu());
        assertThat(ENGINE.description()).startsWith("CPU, 1 thread, ");
    }

    @Test
    void whatTensorsSayOfThemselves() {
        assertThat(x(2, 3)).hasToString("Tensor[2, 3]");
        assertThat(ids(2)).hasToString("Tensor[2] I32");
    }
}
