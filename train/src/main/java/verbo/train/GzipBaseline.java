// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import verbo.text.Corpus;

/** What {@code gzip -9} makes of a text: how well a model does has something to be held against. */
final class GzipBaseline {
    private static final long MOST_BYTES = 30_000_000; // two seconds

    private GzipBaseline() {}

    private static final class Best extends GZIPOutputStream {
        Best(OutputStream out) throws IOException {
            super(out);
            def.setLevel(Deflater.BEST_COMPRESSION);
        }
    }

    private static final class Counter extends OutputStream {
        private long bytes;

        @Override
        public void write(int b) {
            bytes++;
        }

        @Override
        public void write(byte[] b, int from, int count) {
            bytes += count;
        }
    }

    /**
     * Bits a byte of the text.
     *
     * @param together
     *            whether the documents are one stream, or each is compressed by itself
     * @return NaN if the text is empty or too large for this to be quick
     */
    static double bitsPerByte(Corpus corpus, boolean together) throws IOException {
        Counter packed = new Counter();
        long[] bytes = {0};
        try (Best whole = new Best(together ? packed : OutputStream.nullOutputStream())) {
            corpus.forEach(document -> {
                byte[] text = document.text().getBytes(StandardCharsets.UTF_8);
                bytes[0] += text.length;
                if (bytes[0] > MOST_BYTES) {
                    return;
                }
                if (together) {
                    whole.write(text);
                    whole.write('\n');
                } else {
                    try (Best alone = new Best(packed)) {
                        alone.write(text);
                    }
                }
            });
        }
        return bytes[0] == 0 || bytes[0] > MOST_BYTES ? Double.NaN : 8.0 * packed.bytes / bytes[0];
    }
}
