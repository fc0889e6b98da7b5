// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.lm.GenerationOptions;
import verbo.lm.Generator;
import verbo.ngram.NgramFiles.Estimation;
import verbo.ngram.NgramFiles.Form;
import verbo.text.FormatException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

/** Models as files, and asked. */
final class NgramModelTest {
    @TempDir
    private Path folder;

    private Path arpa = Path.of("");
    private Path fast = Path.of("");
    private Path small = Path.of("");

    @BeforeEach
    void estimate() throws IOException {
        Path text = MadeText.write(folder, 1, 600, 500);
        arpa = folder.resolve("made.arpa");
        fast = folder.resolve("fast.bin");
        small = folder.resolve("small.bin");
        NgramFiles.estimate(text, arpa, new Estimation(3, 1 << 26, 1, null, Form.FAST));
        NgramFiles.estimate(text, fast, new Estimation(3, 1 << 26, 1, null, Form.FAST));
        NgramFiles.estimate(text, small, new Estimation(3, 1 << 26, 1, null, Form.SMALL));
    }

    /** KenLM's {@code query} of the same text: a blank line is a sentence too, and the unknown word counts. */
    @Test
    void scoresATextAsKenlm() throws IOException {
        Path text = Files.writeString(folder.resolve("query.txt"), "w0 w1 w3\n\nw5 nope w2\n");
        for (Path file : new Path[]{arpa, fast, small}) {
            try (NgramModel model = NgramFiles.open(file)) {
                TextScore score = TextScore.of(model, text);
                assertThat(score.tokens()).isEqualTo(9);
                assertThat(score.sentences()).isEqualTo(3);
                assertThat(score.unknown()).isEqualTo(1);
                assertThat(score.bytes()).isEqualTo(21);
                assertThat(score.characters()).isEqualTo(21);
                assertThat(score.perplexity()).isCloseTo(51.06194793, within(1e-3));
                assertThat(score.perplexityWithoutUnknown()).isCloseTo(30.70335302, within(1e-3));
            }
        }
    }

    @Test
    void bothFormsAnswerAlike() throws IOException {
        try (NgramModel one = NgramModel.open(fast); NgramModel other = NgramModel.open(small)) {
            one.verify();
            other.verify();
            assertThat(one.bytes()).isEqualTo(Files.size(fast));
            Random random = new Random(3);
            History before = one.beginHistory();
            History after = one.emptyHistory();
            History otherBefore = other.beginHistory();
            History otherAfter = other.emptyHistory();
            for (int i = 0; i < 20_000; i++) {
                double u = random.nextDouble();
                int word = (int) (one.vocabularySize() * u * u);
                float score = one.score(before, word, after);
                int same = other.vocabulary().id(one.vocabulary().word(word)); // their numbers differ
                assertThat(other.score(otherBefore, same, otherAfter)).isEqualTo(score);
                assertThat(otherAfter.length()).isEqualTo(after.length());
                before.set(after);
                otherBefore.set(otherAfter);
            }
        }
    }

    /** However unevenly words lie among all, though a search takes them to lie evenly. */
    @Test
    void aSearchFindsWhatIsThere() {
        Random random = new Random(5);
        int vocabulary = 1 << 20;
        SmallModel.Layout layout = new SmallModel.Layout(2, 2, 20, 0, 0, 0);
        for (int skew = 1; skew <= 64; skew *= 4) {
            for (int size : new int[]{1, 2, 5, 100, 3000}) {
                TreeSet<Integer> words = new TreeSet<>();
                for (int i = 0; i < size; i++) {
                    words.add((int) (vocabulary * Math.pow(random.nextDouble(), skew)));
                }
                MemorySegment file = MemorySegment.ofArray(new byte[(int) layout.bytes(words.size())]);
                long at = 0;
                for (int word : words) {
                    long bit = layout.bits() * at++;
                    long before = file.get(Vocabulary.LONG, bit >>> 3);
                    file.set(Vocabulary.LONG, bit >>> 3, before | (long) word << (bit & 7));
                }
                PackedOrder grams = new PackedOrder(file, 0, layout, vocabulary);
                long to = words.size();
                for (int i = 0; i < 2000; i++) {
                    int word = i < size ? words.stream().skip(i % to).findFirst().orElseThrow() : random.nextInt(3000);
                    long guess = grams.guess(0, to, word);
                    assertThat(guess).isBetween(0L, to - 1);
                    guess = random.nextBoolean() ? guess : grams.guess(0, to, word, guess);
                    assertThat(grams.find(0, to, guess, word))
                            .isEqualTo(words.contains(word) ? words.headSet(word).size() : -1);
                }
            }
        }
    }

    /** Running text gives what word by word gives, wherever it is cut, and no question allocates. */
    @Test
    void scorersAnswerAsTheModelDoesAndAllocateNothing() throws IOException, ReflectiveOperationException {
        Random random = new Random(9);
        for (int order = 1; order <= 4; order++) {
            for (Form form : Form.values()) {
                Path file = folder.resolve("scored.bin");
                NgramFiles.estimate(folder.resolve("text-1.txt"), file,
                        new Estimation(order, 1 << 26, 1, Discounts.FALLBACK, form));
                try (NgramModel model = NgramModel.open(file)) {
                    int[] words = new int[5000];
                    for (int i = 0; i < words.length; i++) {
                        double u = random.nextDouble();
                        words[i] = random.nextInt(12) == 0 ? Vocabulary.END : (int) (model.vocabularySize() * u * u);
                    }
                    float[] wanted = new float[words.length];
                    float[] scores = new float[words.length];
                    History history = model.beginHistory();
                    History next = model.emptyHistory();
                    Scorer scorer = model.scorer();
                    long least = Long.MAX_VALUE;
                    for (int round = 0; round < 5; round++) {
                        model.begin(history);
                        scorer.begin();
                        long before = allocatedBytes();
                        ask(model, words, wanted, history, next);
                        scorer.score(words, 0, words.length, scores);
                        least = Math.min(least, allocatedBytes() - before);
                    }
                    assertThat(scores).isEqualTo(wanted);
                    assertThat(least).as("bytes allocated by 10,000 questions, and by asking for them")
                            .isLessThan(5000);
                    scorer.begin();
                    float[] part = new float[200];
                    for (int from = 0, to; from < words.length; from = to) {
                        to = Math.min(words.length, from + random.nextInt(200));
                        scorer.score(words, from, to, part);
                        assertThat(Arrays.copyOf(part, to - from)).isEqualTo(Arrays.copyOfRange(wanted, from, to));
                    }
                }
            }
        }
    }

    /** What this thread has allocated, asked by reflection: the module does not read the one that knows. */
    private static long allocatedBytes() throws ReflectiveOperationException {
        Object threads = Class.forName("java.lang.management.ManagementFactory").getMethod("getThreadMXBean")
                .invoke(null);
        return (long) Class.forName("com.sun.management.ThreadMXBean").getMethod("getThreadAllocatedBytes", long.class)
                .invoke(threads, Thread.currentThread().threadId());
    }

    private static void ask(NgramModel model, int[] words, float[] scores, History first, History second) {
        History history = first;
        History next = second;
        for (int i = 0; i < words.length; i++) {
            scores[i] = model.score(history, words[i], next);
            if (words[i] == Vocabulary.END) {
                model.begin(history);
            } else {
                History swap = history;
                history = next;
                next = swap;
            }
        }
    }

    @Test
    void anArpaFileComesBackTheSame() throws IOException {
        Path zipped = folder.resolve("again.arpa.gz");
        Path again = folder.resolve("again.arpa");
        NgramFiles.convert(arpa, zipped, Form.FAST, 1 << 26, 1);
        NgramFiles.convert(zipped, again, Form.FAST, 1 << 26, 1);
        assertThat(again).hasSameTextualContentAs(arpa);
    }

    @Test
    void generatesSentences() throws IOException {
        try (NgramModel model = NgramModel.open(fast)) {
            var generated = new Generator(model).generate("", GenerationOptions.DEFAULT.withSamples(20).withSeed(4));
            assertThat(generated).anySatisfy(each -> assertThat(each.text()).contains("w0"));
            assertThat(generated).allSatisfy(each -> assertThat(each.ids()).doesNotContain(Vocabulary.BEGIN));
        }
    }

    @Test
    void damagedFilesAreRefused() throws IOException {
        assertThatThrownBy(() -> NgramModel.open(arpa)).isInstanceOf(FormatException.class)
                .hasMessageContaining("not a binary n-gram model");
        byte[] bytes = Files.readAllBytes(small);
        Path cut = Files.write(folder.resolve("cut.bin"), Arrays.copyOf(bytes, bytes.length - 1));
        assertThatThrownBy(() -> NgramModel.open(cut)).hasMessageContaining("cut short");
        Path empty = Files.write(folder.resolve("empty.bin"), new byte[0]);
        assertThatThrownBy(() -> NgramModel.open(empty)).isInstanceOf(FormatException.class);
        try (RandomAccessFile file = new RandomAccessFile(small.toFile(), "rw")) {
            file.seek(bytes.length - 1000);
            file.write(bytes[bytes.length - 1000] ^ 1);
        }
        try (NgramModel model = NgramModel.open(small)) {
            assertThatThrownBy(model::verify).isInstanceOf(FormatException.class).hasMessageContaining("damaged");
        }
        bytes[17] ^= 1;
        Path header = Files.write(folder.resolve("header.bin"), bytes);
        assertThatThrownBy(() -> NgramModel.open(header)).hasMessageContaining("checksum of its header");
    }

    private void refused(String wanted, String arpaText) throws IOException {
        Path file = Files.writeString(folder.resolve("bad.arpa"), arpaText, StandardCharsets.UTF_8);
        assertThatThrownBy(() -> NgramFiles.open(file)).isInstanceOf(FormatException.class)
                .hasMessageContaining(wanted);
    }

    @Test
    void malformedArpaFilesAreRefused() throws IOException {
        String unigrams = "\n\\1-grams:\n-1\t<unk>\n0\t<s>\t-0.3\n-1\t</s>\n-0.5\ta\t-0.2\n\n";
        String good = "\\data\\\nngram 1=4\nngram 2=2\n" + unigrams
                + "\\2-grams:\n-0.2\t<s> a\n-0.1\ta </s>\n\n\\end\\\n";
        Path file = Files.writeString(folder.resolve("good.arpa"), good);
        try (NgramModel model = NgramFiles.open(file)) {
            assertThat(model.score(model.beginHistory(), model.vocabulary().id("a"), model.emptyHistory()))
                    .isEqualTo(-0.2f);
            assertThat(model.score(model.beginHistory(), Vocabulary.END, model.emptyHistory())).isEqualTo(-1.3f);
        }
        refused("where \\data\\ should come", "hello\n");
        refused("ends at line 0", "");
        refused("where \\1-grams: should come", good.replace("\\1-grams:", "\\3-grams:"));
        refused("has 4 n-grams where \\data\\ says 5", good.replace("ngram 1=4", "ngram 1=5"));
        refused("more than the 3 n-grams", good.replace("ngram 1=4", "ngram 1=3"));
        refused("line 8: the logarithm of a probability is above 0", good.replace("-1\t</s>", "1\t</s>"));
        refused("is no number", good.replace("-0.2\t<s> a", "x\t<s> a"));
        refused("comes more than once", good.replace("-0.1\ta </s>", "-0.1\t<s> a"));
        refused("comes a second time", good.replace("-0.5\ta\t", "-0.5\t</s>\t"));
        refused("is not among the unigrams", good.replace("a </s>\n", "b </s>\n"));
        refused("only 1 words", good.replace("\t<s> a", "\ta"));
        refused("behind an n-gram of the highest order", good.replace("\t<s> a", "\t<s> a\t-1"));
        refused("ends in section", good.substring(0, good.indexOf("-0.1\ta </s>")));
        refused("the unigrams lack <s>", good.replace("0\t<s>\t-0.3\n", "-1\tb\n"));
    }
}
