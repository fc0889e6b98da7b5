// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import verbo.text.AtomicFiles;

/**
 * Writes the ARPA format, as SRILM made it and KenLM writes it: logarithms to base 10, words separated by spaces, columns by
 * tabs, unigrams in the order of their ids and longer n-grams in suffix order.
 */
final class ArpaWriter {
    private static final int BUFFER = 1 << 16;

    private final OutputStream out;
    private byte[] buffer = new byte[BUFFER];
    private int used;

    private ArpaWriter(OutputStream out) {
        this.out = out;
    }

    /** Writes a file, compressed if its name ends in {@code .gz}. */
    static void write(NgramRows model, Path file) throws IOException {
        AtomicFiles.write(file, out -> {
            if (file.toString().endsWith(".gz")) {
                GZIPOutputStream zipped = new GZIPOutputStream(out, BUFFER);
                new ArpaWriter(zipped).write(model);
                zipped.finish();
            } else {
                new ArpaWriter(out).write(model);
            }
        });
    }

    private void write(NgramRows model) throws IOException {
        text("\\data\\\n");
        for (int n = 1; n <= model.order; n++) {
            text("ngram " + n + "=" + model.count(n) + "\n");
        }
        text("\n\\1-grams:\n");
        Vocabulary vocabulary = model.vocabulary;
        byte[][] words = new byte[vocabulary.size()][];
        for (int id = 0; id < words.length; id++) {
            words[id] = vocabulary.bytes(id);
            number(model.log10(model.probabilities[id]));
            put('\t');
            bytes(words[id]);
            if (model.order > 1) {
                put('\t');
                number(model.log10Backoff(model.backoffs[id]));
            }
            put('\n');
        }
        for (int n = 2; n <= model.order; n++) {
            text("\n\\" + n + "-grams:\n");
            Packing packing = model.packings[n];
            try (RowCursor rows = model.rows[n].read()) {
                while (rows.next()) {
                    long payload = rows.data[rows.at + packing.longs];
                    number(model.log10(NgramRows.probability(payload)));
                    for (int field = n - 1; field >= 0; field--) {
                        put(field == n - 1 ? '\t' : ' ');
                        bytes(words[packing.get(rows.data, rows.at, field)]);
                    }
                    if (n < model.order) {
                        put('\t');
                        number(model.log10Backoff(NgramRows.backoff(payload)));
                    }
                    put('\n');
                }
            }
        }
        text("\n\\end\\\n");
        flush();
    }

    private void text(String text) throws IOException {
        bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    private void put(char c) throws IOException {
        if (used == buffer.length) {
            flush();
        }
        buffer[used++] = (byte) c;
    }

    private void bytes(byte[] bytes) throws IOException {
        if (used + bytes.length > buffer.length) {
            flush();
            if (bytes.length > buffer.length) {
                buffer = Arrays.copyOf(buffer, bytes.length);
            }
        }
        System.arraycopy(bytes, 0, buffer, used, bytes.length);
        used += bytes.length;
    }

    /** Eight decimals, without the zeros at the end: more than a float holds of a number above 1/10. */
    private void number(float value) throws IOException {
        if (!(Math.abs(value) < 1e9)) {
            text(Float.toString(value));
            return;
        }
        if (used + 24 > buffer.length) {
            flush();
        }
        long scaled = Math.round(Math.abs((double) value) * 1e8);
        if (value < 0 && scaled != 0) {
            buffer[used++] = '-';
        }
        long whole = scaled / 100_000_000;
        int rest = (int) (scaled % 100_000_000);
        int digits = 1;
        for (long power = 10; power <= whole; power *= 10) {
            digits++;
        }
        for (int i = digits - 1; i >= 0; i--) {
            buffer[used + i] = (byte) ('0' + whole % 10);
            whole /= 10;
        }
        used += digits;
        if (rest != 0) {
            buffer[used] = '.';
            int last = 0;
            for (int i = 8; i >= 1; i--) {
                int digit = rest % 10;
                rest /= 10;
                buffer[used + i] = (byte) ('0' + digit);
                if (last == 0 && digit != 0) {
                    last = i;
                }
            }
            used += last + 1;
        }
    }

    private void flush() throws IOException {
        out.write(buffer, 0, used);
        used = 0;
    }
}
