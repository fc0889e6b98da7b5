// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UTFDataFormatException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import verbo.models.TextClassifier.Config;
import verbo.models.TextClassifier.Layer;
import verbo.text.AtomicFiles;
import verbo.text.FormatException;

/**
 * A classifier's file: eight letters, then in big-endian order the shape and the labels, the features' 64 bits, their vectors,
 * and each layer's weights and, but for the last, biases.
 */
public final class TextClassifierFile {
    private static final long MAGIC = 0x564552424F434C53L; // VERBOCLS
    private static final int VERSION = 4; // 1 had features of words with any sign, 2 all count alike, 3 a mean of them
    private static final int MOST_LAYERS = 100;
    private static final int CHUNK = 1 << 16;

    private TextClassifierFile() {}

    /** Writes a classifier. */
    public static void write(TextClassifier classifier, Path file) throws IOException {
        AtomicFiles.write(file, out -> write(classifier, out));
    }

    static void write(TextClassifier classifier, OutputStream stream) throws IOException {
        Config config = classifier.config();
        DataOutputStream out = new DataOutputStream(stream);
        out.writeLong(MAGIC);
        out.writeInt(VERSION);
        out.writeInt(config.dimension());
        out.writeInt(config.words());
        out.writeInt(config.shortest());
        out.writeInt(config.longest());
        out.writeInt(config.hidden().size());
        for (int width : config.hidden()) {
            out.writeInt(width);
        }
        out.writeInt(classifier.labels().size());
        for (String label : classifier.labels()) {
            out.writeUTF(label);
        }
        long[] features = classifier.table().features();
        out.writeInt(features.length);
        byte[] chunk = new byte[CHUNK];
        for (int from = 0; from < features.length; from += CHUNK / Long.BYTES) {
            int count = Math.min(CHUNK / Long.BYTES, features.length - from);
            ByteBuffer.wrap(chunk).asLongBuffer().put(features, from, count);
            out.write(chunk, 0, count * Long.BYTES);
        }
        write(classifier.vectors(), chunk, out);
        for (Layer layer : classifier.layers()) {
            write(layer.weight(), chunk, out);
            write(layer.bias(), chunk, out);
        }
        out.flush();
    }

    private static void write(float[] values, byte[] chunk, DataOutputStream out) throws IOException {
        for (int from = 0; from < values.length; from += CHUNK / Float.BYTES) {
            int count = Math.min(CHUNK / Float.BYTES, values.length - from);
            ByteBuffer.wrap(chunk).asFloatBuffer().put(values, from, count);
            out.write(chunk, 0, count * Float.BYTES);
        }
    }

    /**
     * Reads a classifier.
     *
     * @throws FormatException
     *             if the file is none or is not whole
     */
    public static TextClassifier read(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new FormatException(file, "is a folder; the file of a classifier is needed");
        }
        if (!Files.exists(file)) {
            throw new NoSuchFileException(file.toString());
        }
        try (InputStream in = Files.newInputStream(file)) {
            return read(file, in, Files.size(file));
        }
    }

    /** Whether a file begins as those of classifiers do. */
    public static boolean isClassifier(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return Arrays.equals(in.readNBytes(Long.BYTES), ByteBuffer.allocate(Long.BYTES).putLong(MAGIC).array());
        }
    }

    static TextClassifier read(Path file, InputStream stream, long size) throws IOException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(stream, CHUNK));
        try {
            if (size < 8 || in.readLong() != MAGIC) {
                throw new FormatException(file, "is no classifier of 'verbo classify train'");
            }
            int version = in.readInt();
            if (version != VERSION) {
                throw new FormatException(file,
                        "has version " + version + " of the format; this Verbo reads " + VERSION);
            }
            return read(file, in, size);
        } catch (EOFException e) {
            throw new FormatException(file, "ends early", e);
        } catch (UTFDataFormatException e) {
            throw new FormatException(file, "has a label that is no text", e);
        }
    }

    private static TextClassifier read(Path file, DataInputStream in, long size) throws IOException {
        int dimension = in.readInt();
        int words = in.readInt();
        int shortest = in.readInt();
        int longest = in.readInt();
        int layerCount = count(file, in, 0, MOST_LAYERS, "hidden layers");
        List<Integer> hidden = new ArrayList<>();
        for (int l = 0; l < layerCount; l++) {
            hidden.add(in.readInt());
        }
        Config config;
        try {
            config = new Config(dimension, hidden, words, shortest, longest);
        } catch (IllegalArgumentException e) {
            throw new FormatException(file, "is damaged: " + e.getMessage(), e);
        }
        int labelCount = count(file, in, 2, (int) Math.min(size, 1 << 20), "labels");
        List<String> labels = new ArrayList<>();
        for (int l = 0; l < labelCount; l++) {
            labels.add(in.readUTF());
        }
        if (new HashSet<>(labels).size() < labelCount) {
            throw new FormatException(file, "is damaged: a label comes twice");
        }
        int features = count(file, in, 1, Integer.MAX_VALUE / dimension, "features");
        long numbers = (long) features * dimension;
        int width = dimension;
        for (int l = 0; l <= layerCount; l++) {
            int next = l < layerCount ? hidden.get(l) : labelCount;
            numbers += (long) width * next + (l < layerCount ? next : 0);
            width = next;
        }
        if (8L * features + 4 * numbers > size) { // before memory is taken for them
            throw new FormatException(file, "ends early");
        }
        long[] known = new long[features];
        byte[] chunk = new byte[CHUNK];
        for (int from = 0; from < features; from += CHUNK / Long.BYTES) {
            int count = Math.min(CHUNK / Long.BYTES, features - from);
            in.readFully(chunk, 0, count * Long.BYTES);
            ByteBuffer.wrap(chunk).asLongBuffer().get(known, from, count);
        }
        FeatureTable table = FeatureTable.of(known);
        if (table.size() != features) {
            throw new FormatException(file, "is damaged: a feature comes twice");
        }
        float[] vectors = new float[features * dimension];
        read(file, vectors, chunk, in);
        List<Layer> layers = new ArrayList<>();
        width = dimension;
        for (int l = 0; l <= layerCount; l++) {
            Layer layer = new Layer(width, l < layerCount ? hidden.get(l) : labelCount, l < layerCount);
            read(file, layer.weight(), chunk, in);
            read(file, layer.bias(), chunk, in);
            layers.add(layer);
            width = layer.out();
        }
        if (in.read() >= 0) {
            throw new FormatException(file, "has more in it than a classifier");
        }
        return new TextClassifier(config, labels, table, vectors, layers);
    }

    private static int count(Path file, DataInputStream in, int least, int most, String what) throws IOException {
        int count = in.readInt();
        if (count < least || count > most) {
            throw new FormatException(file, "is damaged: " + count + " " + what);
        }
        return count;
    }

    private static void read(Path file, float[] values, byte[] chunk, DataInputStream in) throws IOException {
        for (int from = 0; from < values.length; from += CHUNK / Float.BYTES) {
            int count = Math.min(CHUNK / Float.BYTES, values.length - from);
            in.readFully(chunk, 0, count * Float.BYTES);
            ByteBuffer.wrap(chunk).asFloatBuffer().get(values, from, count);
        }
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new FormatException(file, "is damaged: it contains " + value);
            }
        }
    }
}
