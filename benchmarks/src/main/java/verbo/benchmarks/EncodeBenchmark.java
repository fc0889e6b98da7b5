// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.benchmarks;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import verbo.text.Tokenizer;

/**
 * A pass of o200k_base over a text, by Verbo and by jtokkit, one thread. Verbo's tokenizer is a new one each time, which has
 * seen other words only.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 10)
@Measurement(iterations = 10)
@Fork(1)
@SuppressWarnings("NullAway.Init") // JMH calls prepare first
public class EncodeBenchmark {
    /** A file in UTF-8, or {@code made}: 1.2 MB of words drawn from the vocabulary, as rare as their numbers are high. */
    @Param("made")
    private String text;

    /** Whether each line, with its end, is a text, or all is one. */
    @Param({"lines", "whole"})
    private String by;

    private List<String> parts;
    private String other;
    private Encoding jtokkit;
    private Tokenizer verbo;

    /** Reads or makes the text, and compares what both make of it. */
    @Setup
    public void prepare() throws IOException {
        jtokkit = Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.O200K_BASE);
        Tokenizer tokenizer = Tokenizer.of("o200k_base");
        other = made(tokenizer, 2, 300_000);
        String whole = text.equals("made") ? made(tokenizer, 1, 1_200_000) : Files.readString(Path.of(text));
        parts = by.equals("whole") ? List.of(whole) : whole.lines().map(line -> line + "\n").toList();
        for (String part : parts) {
            if (!Arrays.equals(jtokkit.encodeOrdinary(part).toArray(), tokenizer.encode(part))) {
                throw new IllegalStateException("jtokkit gives other ids of \"" + part + "\"");
            }
        }
    }

    private static String made(Tokenizer tokenizer, long seed, int length) {
        SplittableRandom random = new SplittableRandom(seed);
        StringBuilder made = new StringBuilder();
        while (made.length() < length) {
            int[] ids = random.doubles(24).mapToInt(d -> (int) (d * d * d * 199_998)).toArray();
            made.append(tokenizer.decode(ids).replace('\n', ' ')).append('\n');
        }
        return made.toString();
    }

    /** Opens a tokenizer that has not seen the text. */
    @Setup(Level.Invocation)
    public void open() throws IOException {
        verbo = Tokenizer.of("o200k_base");
        verbo.encode(other);
    }

    /** Verbo. */
    @Benchmark
    public long verbo() {
        long ids = 0;
        for (String part : parts) {
            ids += verbo.encode(part).length;
        }
        return ids;
    }

    /** jtokkit. */
    @Benchmark
    public long jtokkit() {
        long ids = 0;
        for (String part : parts) {
            ids += jtokkit.encodeOrdinary(part).size();
        }
        return ids;
    }
}
