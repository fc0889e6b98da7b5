// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import verbo.tensor.DType;
import verbo.tensor.Scope;
import verbo.tensor.Shape;
import verbo.tensor.Tensor;
import verbo.text.AtomicFiles;
import verbo.text.FormatException;
import verbo.text.Json;
import verbo.text.JsonObject;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

/**
 * Tensors in a file of Hugging Face's safetensors format, or in several with an index, mapped into memory: files may be
 * larger than 2 GiB and are read where they are used.
 *
 * <p>
 * The format: eight bytes with the length of a JSON header, the header — for each tensor its type, shape and place — and
 * the elements, little-endian, in row order, without gaps.
 */
public final class Safetensors implements AutoCloseable {
    /** The format's own limit to the length of a header, so that a damaged length is not taken for one. */
    private static final long LONGEST_HEADER = 100_000_000;

    /** Tensors begin at multiples of this many bytes where their lengths allow it: a cache line. */
    private static final int ALIGNMENT = 64;

    /** Elements that are converted at a time. */
    private static final int CHUNK = 1 << 16;

    /** Elements of a tensor that are read or written through one of one dimension. */
    private static final int MOST_ELEMENTS = 1 << 30;

    private static final Map<String, Integer> BYTES = Map.ofEntries(Map.entry("BOOL", 1), Map.entry("U8", 1),
            Map.entry("I8", 1), Map.entry("F8_E4M3", 1), Map.entry("F8_E5M2", 1), Map.entry("F8_E8M0", 1),
            Map.entry("I16", 2), Map.entry("U16", 2), Map.entry("F16", 2), Map.entry("BF16", 2), Map.entry("I32", 4),
            Map.entry("U32", 4), Map.entry("F32", 4), Map.entry("I64", 8), Map.entry("U64", 8), Map.entry("F64", 8),
            Map.entry("C64", 8));

    /**
     * A tensor of a file.
     *
     * @param file
     *            the file it is in
     * @param name
     *            its name
     * @param dtype
     *            the type of its elements as the format calls it: {@code F32}, {@code BF16}, {@code I64}, ...
     * @param shape
     *            the lengths of its dimensions
     * @param data
     *            its elements, mapped
     */
    record Entry(Path file, String name, String dtype, List<Long> shape, MemorySegment data) {
        FormatException error(String reason) {
            return new FormatException(file, "tensor " + name + ": " + reason);
        }
    }

    /** What one file holds. */
    record Content(Map<String, Entry> entries, Map<String, String> metadata) {}

    private final Path source;
    private final Arena arena;
    private final Map<String, Entry> entries;
    private final Map<String, String> metadata;

    private Safetensors(Path source, Arena arena, Map<String, Entry> entries, Map<String, String> metadata) {
        this.source = source;
        this.arena = arena;
        this.entries = Collections.unmodifiableMap(entries);
        this.metadata = Collections.unmodifiableMap(metadata);
    }

    // ---- reading

    /**
     * Maps a file.
     *
     * @param path
     *            a {@code .safetensors} file, an index of several ({@code .index.json}), or a folder with
     *            {@code model.safetensors} or {@code model.safetensors.index.json}
     * @throws FormatException
     *             if a file is not what the format says; the message names the file and what is wrong
     * @throws NoSuchFileException
     *             if a file is missing
     */
    public static Safetensors open(Path path) throws IOException {
        Path source = path;
        if (Files.isDirectory(path)) {
            Path single = path.resolve("model.safetensors");
            Path index = path.resolve("model.safetensors.index.json");
            source = !Files.exists(single) && Files.exists(index) ? index : single;
        }
        if (!Files.isRegularFile(source)) {
            throw new NoSuchFileException(source.toString());
        }
        Arena arena = Arena.ofShared();
        boolean opened = false;
        try {
            Safetensors result;
            if (source.getFileName().toString().endsWith(".json")) {
                result = new Safetensors(source, arena, shards(source, arena), Map.of());
            } else {
                Content content = parse(source, map(source, arena));
                result = new Safetensors(source, arena, content.entries, content.metadata);
            }
            opened = true;
            return result;
        } finally {
            if (!opened) {
                arena.close();
            }
        }
    }

    private static MemorySegment map(Path file, Arena arena) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
        }
    }

    private static Map<String, Entry> shards(Path index, Arena arena) throws IOException {
        JsonObject weightMap = JsonObject.read(index).object("weight_map");
        if (weightMap == null) {
            throw new FormatException(index, "weight_map: is missing");
        }
        Map<String, Content> shards = new HashMap<>();
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (String name : weightMap.keys()) {
            String shard = weightMap.requiredString(name);
            if (shard.isEmpty() || shard.contains("/") || shard.contains("\\") || shard.indexOf('\0') >= 0
                    || shard.equals("..") || shard.equals(".")) {
                throw new FormatException(index, "weight_map: \"" + shard + "\" of " + name
                        + " must be the name of a file in the same folder");
            }
            Content content = shards.get(shard);
            if (content == null) {
                Path file = index.resolveSibling(shard);
                if (!Files.isRegularFile(file)) {
                    throw new NoSuchFileException(file.toString(), null, "named by " + index.getFileName());
                }
                content = parse(file, map(file, arena));
                shards.put(shard, content);
            }
            Entry entry = content.entries.get(name);
            if (entry == null) {
                throw new FormatException(index, "weight_map: " + shard + " has no tensor " + name);
            }
            entries.put(name, entry);
        }
        return entries;
    }

    /** Reads the header of a file that was mapped whole, and checks it. */
    static Content parse(Path file, MemorySegment whole) throws FormatException {
        if (whole.byteSize() < 8) {
            throw new FormatException(file, "not safetensors: " + whole.byteSize() + " bytes, too few for a header");
        }
        long length = whole.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
        if (length < 0 || length > LONGEST_HEADER) {
            throw new FormatException(file, "not safetensors: a header of " + Long.toUnsignedString(length) + " bytes");
        }
        if (length > whole.byteSize() - 8) {
            throw new FormatException(file, "truncated: the header has " + length + " bytes, the file "
                    + whole.byteSize());
        }
        JsonObject header = JsonObject.parse(file, whole.asSlice(8, length).toArray(JAVA_BYTE));
        MemorySegment data = whole.asSlice(8 + length);
        Map<String, String> metadata = new LinkedHashMap<>();
        List<Placed> placed = new ArrayList<>();
        for (String name : header.keys()) {
            JsonObject member = header.object(name);
            if (member == null && name.equals("__metadata__")) {
                continue; // nothing is said, as where it is missing
            }
            if (member == null) {
                throw header.error(name, "must be an object, not null");
            }
            if (name.equals("__metadata__")) {
                for (String key : member.keys()) {
                    metadata.put(key, member.requiredString(key));
                }
            } else {
                placed.add(placed(file, name, member, data));
            }
        }
        placed.sort(Comparator.comparingLong(Placed::from).thenComparingLong(Placed::to));
        Map<String, Entry> entries = new LinkedHashMap<>();
        long end = 0;
        for (Placed each : placed) {
            if (each.from != end) {
                throw each.entry.error("begins at byte " + each.from + " of the data, "
                        + (each.from < end ? "inside the tensor before it, which" : "but the tensor before it")
                        + " ends at " + end);
            }
            end = each.to;
            entries.put(each.entry.name, each.entry);
        }
        if (end != data.byteSize()) {
            throw new FormatException(file, "the tensors end at byte " + end + " of the data, which has "
                    + data.byteSize());
        }
        return new Content(entries, metadata);
    }

    /** An entry and its first and last byte (exclusive) in the data. */
    private record Placed(long from, long to, Entry entry) {}

    private static Placed placed(Path file, String name, JsonObject member, MemorySegment data) throws FormatException {
        Entry unplaced = new Entry(file, name, "", List.of(), MemorySegment.NULL);
        if (!(member.raw("dtype") instanceof String dtype)) {
            throw unplaced.error("dtype is missing or not a string");
        }
        Integer bytes = BYTES.get(dtype);
        if (bytes == null) {
            throw unplaced.error("dtype " + dtype + " is not known");
        }
        List<Long> shape = wholeNumbers(unplaced, member, "shape");
        List<Long> offsets = wholeNumbers(unplaced, member, "data_offsets");
        if (offsets.size() != 2) {
            throw unplaced.error("data_offsets are not two numbers");
        }
        long from = offsets.get(0);
        long to = offsets.get(1);
        if (from > to) {
            throw unplaced.error("ends at byte " + to + ", before it begins at " + from);
        }
        if (to > data.byteSize()) {
            throw unplaced.error("ends at byte " + to + " of the data, which has " + data.byteSize()
                    + ": the file is truncated");
        }
        long size = bytes;
        try {
            for (long dimension : shape) {
                size = Math.multiplyExact(size, dimension);
            }
        } catch (ArithmeticException e) {
            throw unplaced.error("shape " + shape + " is too large");
        }
        if (size != to - from) {
            throw unplaced.error("shape " + shape + " of " + dtype + " takes " + size + " bytes, not the " + (to - from)
                    + " there are");
        }
        return new Placed(from, to, new Entry(file, name, dtype, shape, data.asSlice(from, to - from)));
    }

    private static List<Long> wholeNumbers(Entry entry, JsonObject member, String key) throws FormatException {
        if (!(member.raw(key) instanceof List<?> list)) {
            throw entry.error(key + " is missing or not an array");
        }
        List<Long> numbers = new ArrayList<>(list.size());
        for (Object element : list) {
            if (!(element instanceof Integer || element instanceof Long) || ((Number) element).longValue() < 0) {
                throw entry.error(key + " has " + element + " where a whole number from 0 up is due");
            }
            numbers.add(((Number) element).longValue());
        }
        return List.copyOf(numbers);
    }

    /** The tensors' names, in the order of the data. */
    public Set<String> names() {
        return entries.keySet();
    }

    /** What the file says of itself ({@code __metadata__}); empty for an index of several. */
    public Map<String, String> metadata() {
        return metadata;
    }

    @Nullable Entry entry(String name) {
        return entries.get(name);
    }

    /**
     * The shape of a tensor.
     *
     * @throws FormatException
     *             if there is none of this name, or a dimension is too large
     */
    public Shape shape(String name) throws FormatException {
        return shape(required(name));
    }

    private Entry required(String name) throws FormatException {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new FormatException(source, "tensor " + name + " is missing");
        }
        return entry;
    }

    private static Shape shape(Entry entry) throws FormatException {
        int[] lengths = new int[entry.shape.size()];
        for (int i = 0; i < lengths.length; i++) {
            long length = entry.shape.get(i);
            if (length > Integer.MAX_VALUE) {
                throw entry.error("shape " + entry.shape + " has a dimension that is too large");
            }
            lengths[i] = (int) length;
        }
        return Shape.of(lengths);
    }

    /**
     * Checks a tensor's shape, before memory is taken for what a configuration says.
     *
     * @throws FormatException
     *             if there is no tensor of this name, or its shape is another
     */
    void check(String name, int... lengths) throws FormatException {
        Entry entry = required(name);
        if (!entry.shape.equals(Arrays.stream(lengths).asLongStream().boxed().toList())) {
            throw entry.error("has shape " + entry.shape + " where " + Arrays.toString(lengths) + " is due");
        }
    }

    /**
     * Copies a tensor's elements to one of the same shape on any engine, converting them to F32. I32 can be read as I32,
     * too.
     *
     * @param to
     *            contiguous
     * @throws FormatException
     *             if there is no tensor of this name, its shape is another, or its type cannot be converted
     */
    public void read(String name, Tensor to) throws FormatException {
        check(name, to.shape().lengths());
        Entry entry = required(name);
        if (entry.dtype.equals(to.dtype().name())) {
            to.engine().write(to, entry.data);
        } else if (to.dtype() == DType.F32) {
            convert(entry, to);
        } else {
            throw entry.error("is " + entry.dtype + " and cannot be read as " + to.dtype());
        }
    }

    private static void convert(Entry entry, Tensor to) throws FormatException {
        float[] chunk = new float[(int) Math.min(to.size(), CHUNK)];
        int bytes = Objects.requireNonNull(BYTES.get(entry.dtype));
        long before = 0;
        for (Tensor flat : flat(to, MOST_ELEMENTS)) {
            int size = flat.length(0);
            for (int from = 0; from < size; from += chunk.length) {
                int count = Math.min(chunk.length, size - from);
                MemorySegment part = entry.data.asSlice((before + from) * bytes, (long) count * bytes);
                convert(entry, part.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN), chunk, count);
                to.engine().write(flat.slice(0, from, from + count),
                        MemorySegment.ofArray(chunk).asSlice(0, 4L * count));
            }
            before += size;
        }
    }

    /** The elements of a contiguous tensor in order, in tensors of one dimension of at most so many. */
    static List<Tensor> flat(Tensor tensor, int most) {
        if (tensor.size() <= most) {
            return List.of(tensor.reshape(-1));
        }
        int half = tensor.length(0) / 2;
        if (half == 0) {
            return flat(tensor.select(0, 0), most);
        }
        List<Tensor> parts = new ArrayList<>(flat(tensor.slice(0, 0, half), most));
        parts.addAll(flat(tensor.slice(0, half, tensor.length(0)), most));
        return parts;
    }

    private static void convert(Entry entry, ByteBuffer from, float[] to, int count) throws FormatException {
        for (int i = 0; i < count; i++) {
            to[i] = switch (entry.dtype) {
                case "F32" -> from.getFloat();
                case "F16" -> Float.float16ToFloat(from.getShort());
                case "BF16" -> Float.intBitsToFloat(from.getShort() << 16);
                case "F64" -> (float) from.getDouble();
                case "I64" -> from.getLong();
                case "I32" -> from.getInt();
                case "I16" -> from.getShort();
                case "I8" -> from.get();
                case "U8", "BOOL" -> from.get() & 0xFF;
                default -> throw entry.error("is " + entry.dtype + ", which cannot be read as F32");
            };
        }
    }

    /**
     * A tensor as it lies in the file where it is F32 and aligned, else an F32 copy.
     *
     * @param scope
     *            holds it; it must be closed before this file is
     * @throws FormatException
     *             as {@link #read}
     */
    public Tensor tensor(String name, Scope scope) throws FormatException {
        Entry entry = required(name);
        int[] lengths = shape(entry).lengths();
        if (entry.dtype.equals("F32") && entry.data.address() % DType.F32.bytes() == 0) {
            return scope.wrap(entry.data, DType.F32, lengths);
        }
        Tensor copy = scope.empty(DType.F32, lengths);
        read(name, copy);
        return copy;
    }

    /** Whether all bits of a tensor are zero, or it is missing. */
    boolean isZero(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            return true;
        }
        for (long i = 0; i < entry.data.byteSize(); i++) {
            if (entry.data.get(JAVA_BYTE, i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Unmaps the file. Tensors over it cannot be used any more. Closing twice does nothing. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    // ---- writing

    /**
     * Writes a file, atomically, without a copy of the tensors in memory.
     *
     * @param tensors
     *            contiguous, by name, F32, F16, BF16 or I32
     * @param metadata
     *            what the file says of itself; transformers wants {@code "format": "pt"}
     */
    public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) throws IOException {
        // Larger elements first, so that each tensor is aligned to its elements.
        List<Map.Entry<String, Tensor>> ordered = new ArrayList<>(tensors.entrySet());
        ordered.sort(Comparator.comparingInt(each -> -each.getValue().dtype().bytes()));
        Map<String, @Nullable Object> header = new LinkedHashMap<>();
        if (!metadata.isEmpty()) {
            header.put("__metadata__", metadata);
        }
        long end = 0;
        for (Map.Entry<String, Tensor> each : ordered) {
            Tensor tensor = each.getValue();
            if (!tensor.isContiguous() || each.getKey().equals("__metadata__")) {
                throw new IllegalArgumentException("cannot write the tensor " + each.getKey() + " " + tensor);
            }
            long from = end;
            end += tensor.size() * tensor.dtype().bytes();
            List<Integer> shape = new ArrayList<>();
            for (int length : tensor.shape().lengths()) {
                shape.add(length);
            }
            Map<String, @Nullable Object> member = new LinkedHashMap<>();
            member.put("dtype", tensor.dtype().name());
            member.put("shape", shape);
            member.put("data_offsets", List.of(from, end));
            header.put(each.getKey(), member);
        }
        byte[] text = Json.line(header).getBytes(StandardCharsets.UTF_8);
        int length = Math.ceilDiv(8 + text.length, ALIGNMENT) * ALIGNMENT; // spaces up to there
        ByteBuffer start = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN).putLong(length - 8L).put(text);
        while (start.hasRemaining()) {
            start.put((byte) ' ');
        }
        AtomicFiles.writeChannel(file, channel -> {
            writeFully(channel, start.flip());
            try (Arena buffers = Arena.ofConfined()) {
                MemorySegment buffer = buffers.allocate(1 << 20, ALIGNMENT);
                for (Map.Entry<String, Tensor> each : ordered) {
                    write(channel, each.getValue(), buffer);
                }
            }
        });
    }

    private static void write(FileChannel channel, Tensor tensor, MemorySegment buffer) throws IOException {
        int bytes = tensor.dtype().bytes();
        int chunk = (int) buffer.byteSize() / bytes;
        for (Tensor flat : flat(tensor, MOST_ELEMENTS)) {
            int size = flat.length(0);
            for (int from = 0; from < size; from += chunk) {
                int to = Math.min(size, from + chunk);
                MemorySegment filled = buffer.asSlice(0, (long) (to - from) * bytes);
                tensor.engine().read(flat.slice(0, from, to), filled);
                writeFully(channel, filled.asByteBuffer());
            }
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
