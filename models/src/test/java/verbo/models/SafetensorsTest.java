// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.tensor.Engine;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.FormatException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class SafetensorsTest {
    @TempDir
    Path folder;

    private static Engine engine;

    @BeforeAll
    static void openEngine() {
        engine = Engine.cpu(1);
    }

    @AfterAll
    static void closeEngine() {
        engine.close();
    }

    private static byte[] bytes(String header, byte... data) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN).putLong(text.length)
                .put(text).put(data).array();
    }

    private Path file(byte[] bytes) throws IOException {
        Path file = folder.resolve("x.safetensors");
        Files.write(file, bytes);
        return file;
    }

    private static String tensor(String name, String dtype, String shape, long from, long to) {
        return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" + from + ","
                + to + "]}";
    }

    @Test
    void whatIsWrittenIsRead() throws IOException {
        Path file = folder.resolve("x.safetensors");
        float[] many = new float[700_001]; // several chunks, and no round number
        for (int i = 0; i < many.length; i++) {
            many[i] = i * 0.5f;
        }
        try (Scope scope = Scope.open(engine)) {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            tensors.put("a \"quoted\" näme\n", scope.of(new float[]{1, -2, 3, 4, 5, 6}, 2, 3));
            tensors.put("scalar", scope.of(new float[]{7}));
            tensors.put("none", scope.zeros(0, 4));
            tensors.put("ids", scope.of(new int[]{3, -1}, 2));
            tensors.put("many", scope.of(many, many.length));
            Safetensors.write(file, tensors, Map.of("format", "pt", "step", "12"));
            try (Safetensors read = Safetensors.open(file)) {
                assertThat(read.names()).containsExactlyInAnyOrderElementsOf(tensors.keySet());
                assertThat(read.metadata()).isEqualTo(Map.of("format", "pt", "step", "12"));
                Tensor a = read.tensor("a \"quoted\" näme\n", scope);
                assertThat(a.shape().lengths()).containsExactly(2, 3);
                assertThat(a.toFloats()).containsExactly(1, -2, 3, 4, 5, 6);
                assertThat(read.tensor("scalar", scope).item()).isEqualTo(7);
                assertThat(read.shape("none").lengths()).containsExactly(0, 4);
                assertThat(read.tensor("many", scope).toFloats()).isEqualTo(many);
                assertThat(read.tensor("ids", scope).toFloats()).containsExactly(3, -1);
                Tensor copy = scope.zeros(many.length);
                read.read("many", copy);
                assertThat(copy.toFloats()).isEqualTo(many);
            }
        }
        // the header is padded so that the data begins at a cache line
        ByteBuffer start = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        assertThat((8 + start.getLong()) % 64).isZero();
        assertThat(folder.toFile().list()).containsExactly("x.safetensors");
    }

    @Test
    void largeTensorsAreTakenInPartsThatCanBeCounted() {
        try (Scope scope = Scope.open(engine)) {
            float[] values = new float[5 * 3 * 2];
            for (int i = 0; i < values.length; i++) {
                values[i] = i;
            }
            for (int[] shape : new int[][]{{30}, {5, 3, 2}, {1, 1, 30}, {30, 1}}) {
                for (int most : new int[]{1, 2, 7, 29, 30}) {
                    float[] found = new float[values.length];
                    int at = 0;
                    for (Tensor part : Safetensors.flat(scope.of(values, shape), most)) {
                        assertThat(part.rank()).isEqualTo(1);
                        assertThat(part.size()).isBetween(1L, (long) most);
                        System.arraycopy(part.toFloats(), 0, found, at, part.length(0));
                        at += part.length(0);
                    }
                    assertThat(found).isEqualTo(values);
                }
            }
        }
    }

    @Test
    void otherTypesAreConverted() throws IOException {
        ByteBuffer data = ByteBuffer.allocate(30).order(ByteOrder.LITTLE_ENDIAN);
        data.putDouble(0.5).putLong(-3).putFloat(1.25f);
        data.putShort(Float.floatToFloat16(-2.5f)).putShort((short) (Float.floatToIntBits(3f) >>> 16));
        data.putShort((short) 9).put((byte) -1).put((byte) 1).put((byte) 200).put((byte) 0);
        String header = "{" + String.join(",", tensor("d", "F64", "[1]", 0, 8), tensor("l", "I64", "[]", 8, 16),
                tensor("f", "F32", "[1,1]", 16, 20), tensor("h", "F16", "[1]", 20, 22),
                tensor("b", "BF16", "[1]", 22, 24),
                tensor("s", "I16", "[1]", 24, 26), tensor("c", "I8", "[1]", 26, 27), tensor("t", "BOOL", "[1]", 27, 28),
                tensor("u", "U8", "[1]", 28, 29), tensor("e", "F8_E4M3", "[1]", 29, 30)) + "}";
        for (String padding : new String[]{"", " ", "  ", "   "}) { // whatever the alignment
            try (Safetensors read = Safetensors.open(file(bytes(header + padding, data.array())));
                    Scope scope = Scope.open(engine)) {
                String[] names = {"d", "l", "f", "h", "b", "s", "c", "t", "u"};
                float[] expected = {0.5f, -3, 1.25f, -2.5f, 3, 9, -1, 1, 200};
                for (int i = 0; i < names.length; i++) {
                    assertThat(read.tensor(names[i], scope).item()).as(names[i]).isEqualTo(expected[i]);
                }
                assertThatThrownBy(() -> read.tensor("e", scope)).isInstanceOf(FormatException.class)
                        .hasMessageContaining("tensor e: is F8_E4M3, which cannot be read");
                assertThatThrownBy(() -> read.read("f", scope.zeros(2))).isInstanceOf(FormatException.class)
                        .hasMessageContaining("tensor f: has shape [1, 1] where [2] is due");
                assertThatThrownBy(() -> read.tensor("g", scope)).isInstanceOf(FormatException.class)
                        .hasMessageContaining("tensor g is missing");
            }
        }
    }

    private void refuses(byte[] bytes, String... parts) throws IOException {
        Path file = file(bytes);
        assertThatThrownBy(() -> Safetensors.open(file)).isInstanceOf(FormatException.class)
                .hasMessageStartingWith(file + ": ").hasMessageNotContaining("\n").satisfies(e -> {
                    for (String part : parts) {
                        assertThat(e).hasMessageContaining(part);
                    }
                });
    }

    @Test
    void whatIsMalformedIsRefusedWithTheReason() throws IOException {
        String good = "{" + tensor("a", "F32", "[2]", 0, 8) + "}";
        byte[] whole = bytes(good, new byte[8]);
        for (int length = 0; length < whole.length; length++) { // truncated anywhere
            refuses(java.util.Arrays.copyOf(whole, length));
        }
        refuses(new byte[0], "0 bytes, too few for a header");
        refuses(java.util.Arrays.copyOf(whole, 40), "truncated: the header has");
        refuses(java.util.Arrays.copyOf(whole, whole.length - 1), "tensor a", "the file is truncated");
        refuses(java.util.Arrays.copyOf(whole, whole.length + 1), "the tensors end at byte 8 of the data, which has 9");
        byte[] huge = whole.clone();
        huge[7] = (byte) 0x80;
        refuses(huge, "a header of 9223372036854775");
        refuses(bytes("{\"a\":"), "not whole, well-formed JSON");
        refuses(bytes("[]"), "not a JSON object");
        refuses(bytes("{} {}"), "more than one JSON value");
        refuses(bytes("{\"a\":null}"), "a: must be an object");
        refuses(bytes("{" + "\"a\":".repeat(2000) + "1}"), "not whole, well-formed JSON");
        refuses(bytes("{\"a\":" + "[".repeat(5000)), "not whole, well-formed JSON");
        refuses(bytes("{" + tensor("a", "F32", "[1]", 0, 4) + "," + tensor("a", "F32", "[1]", 4, 8) + "}", new byte[8]),
                "Duplicate", "\"a\"");
        refuses(bytes("{" + tensor("a", "F32", "[1]", 0, 4) + "," + tensor("b", "F32", "[2]", 0, 8) + "}", new byte[8]),
                "tensor b", "inside the tensor before it");
        refuses(bytes("{" + tensor("a", "F32", "[1]", 4, 8) + "}", new byte[8]), "tensor a", "begins at byte 4");
        refuses(bytes("{" + tensor("a", "F32", "[3]", 0, 8) + "}", new byte[8]),
                "tensor a: shape [3] of F32 takes 12 bytes, not the 8 there are");
        refuses(bytes("{" + tensor("a", "F32", "[4294967296,4294967296]", 0, 8) + "}", new byte[8]), "is too large");
        refuses(bytes("{" + tensor("a", "F32", "[2147483647,2147483647,2147483647,0]", 0, 0) + "}"), "is too large");
        refuses(bytes("{" + tensor("a", "F32", "[99999999999999999999]", 0, 8) + "}", new byte[8]), "shape has");
        refuses(bytes("{" + tensor("a", "F32", "[-2]", 0, 8) + "}", new byte[8]), "shape has -2");
        refuses(bytes("{" + tensor("a", "F32", "[1.5]", 0, 8) + "}", new byte[8]), "shape has 1.5");
        refuses(bytes("{" + tensor("a", "F32", "2", 0, 8) + "}", new byte[8]), "shape is missing or not an array");
        refuses(bytes("{" + tensor("a", "F32", "[2]", 8, 0) + "}", new byte[8]), "before it begins");
        refuses(bytes("{" + tensor("a", "F31", "[2]", 0, 8) + "}", new byte[8]), "dtype F31 is not known");
        refuses(bytes("{\"a\":{\"shape\":[],\"data_offsets\":[0,4]}}", new byte[4]), "dtype is missing");
        refuses(bytes("{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0]}}", new byte[4]), "not two numbers");
        refuses(bytes("{\"__metadata__\":{\"a\":1}}"), "a: must be a string");
    }

    @Test
    void metadataThatIsNullIsNone() throws IOException {
        String header = "{\"__metadata__\":null," + tensor("a", "F32", "[1]", 0, 4) + "}";
        try (Safetensors read = Safetensors.open(file(bytes(header, new byte[4])))) {
            assertThat(read.metadata()).isEmpty();
            assertThat(read.names()).containsExactly("a");
        }
    }

    @Test
    void shardsAreReadThroughTheirIndex() throws IOException {
        try (Scope scope = Scope.open(engine)) {
            Safetensors.write(folder.resolve("model-1.safetensors"), Map.of("a", scope.of(new float[]{1}, 1)),
                    Map.of());
            Safetensors.write(folder.resolve("model-2.safetensors"), Map.of("b", scope.of(new float[]{2}, 1)),
                    Map.of());
            Path index = folder.resolve("model.safetensors.index.json");
            Files.writeString(index, "{\"metadata\":{\"total_size\":8},\"weight_map\":"
                    + "{\"b\":\"model-2.safetensors\",\"a\":\"model-1.safetensors\"}}");
            try (Safetensors read = Safetensors.open(folder)) {
                assertThat(read.names()).containsExactly("b", "a");
                assertThat(read.tensor("a", scope).item()).isEqualTo(1);
                assertThat(read.tensor("b", scope).item()).isEqualTo(2);
            }
            Files.writeString(index, "{\"weight_map\":{\"c\":\"model-2.safetensors\"}}");
            assertThatThrownBy(() -> Safetensors.open(folder)).isInstanceOf(FormatException.class)
                    .hasMessageContaining("model-2.safetensors has no tensor c");
            Files.writeString(index, "{\"weight_map\":{\"c\":\"model-3.safetensors\"}}");
            assertThatThrownBy(() -> Safetensors.open(folder)).isInstanceOf(NoSuchFileException.class)
                    .hasMessageContaining("model-3.safetensors");
            Files.writeString(index, "{\"weight_map\":{\"c\":\"../x.safetensors\"}}");
            assertThatThrownBy(() -> Safetensors.open(folder)).isInstanceOf(FormatException.class)
                    .hasMessageContaining("must be the name of a file in the same folder");
            Files.writeString(index, "{}");
            assertThatThrownBy(() -> Safetensors.open(folder)).isInstanceOf(FormatException.class)
                    .hasMessageContaining("weight_map: is missing");
        }
    }

    @Test
    void aFileIsUnmappedOnceAndTwice() throws IOException {
        Safetensors read = Safetensors.open(file(bytes("{}")));
        read.close();
        read.close();
        assertThatThrownBy(() -> Safetensors.open(folder)).isInstanceOf(NoSuchFileException.class);
    }
}
