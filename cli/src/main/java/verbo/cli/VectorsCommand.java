// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import verbo.models.WordVectorFiles;
import verbo.models.WordVectors;
import verbo.text.Progress;
import verbo.train.Projection;
import verbo.train.VectorEvaluation;
import verbo.train.WordMap;

/** {@code verbo vectors}. */
@Command(name = "vectors", description = "Learn word vectors, and look into them.", subcommands = {
        VectorsTrainCommand.class, VectorsCommand.Neighbours.class, VectorsCommand.Analogy.class,
        VectorsCommand.Eval.class, VectorsCommand.Project.class})
final class VectorsCommand {
    /** The file of vectors. */
    static final class VectorsOption {
        @Option(names = "--vectors", paramLabel = "FILE", required = true,
                description = "word2vec's text or binary, fastText's .vec or GloVe's text; .gz is unpacked.")
        private Path file = Path.of("");

        WordVectors read() throws IOException {
            return WordVectorFiles.read(file);
        }
    }

    /** How many words to show. */
    static final class CountOption {
        @Option(names = "--count", paramLabel = "N", description = "How many words to show (${DEFAULT-VALUE}).")
        private int count = 10;

        int get(CommonOptions common) {
            if (count < 1) {
                throw common.wrong("--count must be 1 or more, not " + count);
            }
            return count;
        }
    }

    /** Prints words with their similarities. */
    private static void print(List<WordVectors.Neighbour> words, CommonOptions common) {
        if (common.json) {
            List<Object> list = new ArrayList<>();
            for (WordVectors.Neighbour word : words) {
                Map<String, Object> each = new LinkedHashMap<>();
                each.put("word", word.word());
                each.put("similarity", word.similarity());
                list.add(each);
            }
            common.print(Map.of("neighbours", list));
            return;
        }
        words.forEach(word -> common.out().printf(Locale.ROOT, "%.4f  %s%n", word.similarity(), word.word()));
        common.out().flush();
    }

    /** {@code verbo vectors neighbours}. */
    @Command(name = "neighbours", description = "Show the words most similar to a word.")
    static final class Neighbours implements Callable<Integer> {
        @Parameters(paramLabel = "WORD", description = "If it has no vector, those of its character n-grams are taken,"
                + " where the training left them beside the vectors.")
        private String word = "";

        @Mixin
        private VectorsOption option = new VectorsOption();

        @Mixin
        private CountOption count = new CountOption();

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            int most = count.get(common);
            WordVectors vectors = option.read();
            Path ngrams = VectorsTrainCommand.ngrams(option.file);
            float[] mean = vectors.number(word) < 0 && Files.exists(ngrams)
                    ? WordVectorFiles.read(ngrams).meanOfNgrams(word)
                    : null;
            print(mean == null ? vectors.neighbours(word, most) : vectors.neighbours(mean, Set.of(), most), common);
            return 0;
        }
    }

    /** {@code verbo vectors analogy}. */
    @Command(name = "analogy", description = "A is to B as C is to what? Show the likeliest words.")
    static final class Analogy implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "A", description = "As in: man")
        private String a = "";

        @Parameters(index = "1", paramLabel = "B", description = "As in: king")
        private String b = "";

        @Parameters(index = "2", paramLabel = "C", description = "As in: woman")
        private String c = "";

        @Mixin
        private VectorsOption option = new VectorsOption();

        @Mixin
        private CountOption count = new CountOption();

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            int most = count.get(common);
            print(option.read().analogy(a, b, c, most), common);
            return 0;
        }
    }

    /** {@code verbo vectors eval}. */
    @Command(name = "eval", description = "Measure vectors by analogies and by people's judgements of similarity.")
    static final class Eval implements Callable<Integer> {
        @Parameters(arity = "1..*", paramLabel = "FILE",
                description = "Analogies as in questions-words.txt, or lines of two words and a number; of a folder, every .txt file.")
        private List<Path> files = List.of();

        @Mixin
        private VectorsOption option = new VectorsOption();

        @Option(names = "--restrict", paramLabel = "N",
                description = "Analogies know the so many most frequent words only (${DEFAULT-VALUE}).")
        private int restrict = 300_000;

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            if (restrict < 1) {
                throw common.wrong("--restrict must be 1 or more, not " + restrict);
            }
            List<Path> all = new ArrayList<>();
            for (Path file : files) {
                if (Files.isDirectory(file)) {
                    int before = all.size();
                    try (Stream<Path> inside = Files.list(file)) {
                        inside.filter(f -> f.toString().endsWith(".txt") && !f.endsWith("SOURCE.txt")).sorted()
                                .forEach(all::add);
                    }
                    if (all.size() == before) {
                        throw new IllegalArgumentException(file + ": no .txt file is in this folder");
                    }
                } else if (Files.exists(file)) {
                    all.add(file);
                } else {
                    throw new NoSuchFileException(file.toString());
                }
            }
            VectorEvaluation evaluation = new VectorEvaluation(option.read(), common.engine());
            List<Object> analogies = new ArrayList<>();
            List<Object> similarities = new ArrayList<>();
            for (Path file : all) {
                if (VectorEvaluation.isAnalogies(file)) {
                    analogies.add(analogies(file, evaluation.analogies(file, restrict)));
                } else {
                    similarities.add(similarities(evaluation.similarities(file)));
                }
            }
            if (common.json) {
                Map<String, Object> json = new LinkedHashMap<>();
                json.put("analogies", analogies);
                json.put("similarities", similarities);
                common.print(json);
            }
            return 0;
        }

        private Map<String, Object> analogies(Path file, List<VectorEvaluation.Section> sections) {
            List<Object> list = new ArrayList<>();
            for (VectorEvaluation.Section section : sections) {
                Map<String, Object> json = new LinkedHashMap<>();
                json.put("section", section.name());
                json.put("questions", section.questions());
                json.put("correct", section.correct());
                json.put("unknown", section.unknown());
                json.put("accuracy", section.accuracy());
                list.add(json);
                if (!common.json) {
                    common.out().printf(Locale.ROOT, "%-32s %6s right of %,d (%,d unknown)%n", section.name(),
                            section.questions() == 0 ? "none"
                                    : String.format(Locale.ROOT, "%.1f%%",
                                            100 * section.accuracy()),
                            section.questions(), section.unknown());
                    common.out().flush();
                }
            }
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("file", String.valueOf(file.getFileName()));
            json.put("sections", list);
            return json;
        }

        private Map<String, Object> similarities(VectorEvaluation.Similarity found) {
            if (!common.json) {
                common.out().printf(Locale.ROOT, "%-32s Spearman %s of %,d pairs (%,d unknown)%n", found.name(),
                        Double.isNaN(found.spearman()) ? "none" : String.format(Locale.ROOT, "%.4f", found.spearman()),
                        found.pairs(), found.unknown());
                common.out().flush();
            }
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("file", found.name());
            json.put("pairs", found.pairs());
            json.put("unknown", found.unknown());
            json.put("spearman", found.spearman());
            return json;
        }
    }

    /** {@code verbo vectors project}. */
    @Command(name = "project", description = "Draw words in two dimensions.")
    static final class Project implements Callable<Integer> {
        /** How. */
        enum Method {
            PCA, TSNE
        }

        @Parameters(arity = "0..*", paramLabel = "WORD", description = "Which words; if left out, the most frequent.")
        private List<String> words = List.of();

        @Mixin
        private VectorsOption option = new VectorsOption();

        @Option(names = {"-o", "--out"}, paramLabel = "FILE", required = true,
                description = "The picture: .svg or .png.")
        private Path out = Path.of("");

        @Option(names = "--method", paramLabel = "pca|tsne",
                description = "Principal components or t-SNE; pca if left out.")
        private Method method = Method.PCA;

        @Option(names = "--count", paramLabel = "N",
                description = "How many words, where none are named (${DEFAULT-VALUE}); t-SNE takes the square of it in time.")
        private int count = 200;

        @Option(names = "--perplexity", paramLabel = "P",
                description = "Of t-SNE: about how many neighbours a word has (${DEFAULT-VALUE}).")
        private double perplexity = 30;

        @Option(names = "--seed", paramLabel = "N", description = "Of t-SNE (${DEFAULT-VALUE}).")
        private long seed = 1;

        @Option(names = "--one-hot", description = "Draw the same words one-hot too, each a dimension of its own.")
        private boolean oneHot;

        @Mixin
        private CommonOptions common = new CommonOptions();

        @Override
        public Integer call() throws IOException {
            try {
                WordMap.format(out);
            } catch (IllegalArgumentException e) {
                throw common.wrong(String.valueOf(e.getMessage()));
            }
            if (count < 2 || words.size() == 1) {
                throw common.wrong("two words or more make a picture");
            }
            if (!(perplexity >= 1)) {
                throw common.wrong("--perplexity must be 1 or more, not " + perplexity);
            }
            Destination.checked(out, List.of(option.file));
            WordVectors vectors = option.read();
            List<String> drawn = words.isEmpty()
                    ? vectors.words().subList(0, Math.min(count, vectors.size()))
                    : List.copyOf(new LinkedHashSet<>(words));
            float[][] points = drawn.stream().map(word -> {
                vectors.vector(word);
                return vectors.direction(vectors.number(word));
            }).toArray(float[][]::new);
            List<WordMap.Cloud> clouds = new ArrayList<>();
            if (oneHot) {
                float[][] separate = new float[points.length][points.length];
                IntStream.range(0, points.length).forEach(i -> separate[i][i] = 1);
                clouds.add(new WordMap.Cloud("one-hot", place(separate)));
            }
            double[][] places = place(points);
            clouds.add(new WordMap.Cloud("vectors", places));
            WordMap.draw(drawn, clouds, out);
            report(drawn, places);
            return 0;
        }

        private double[][] place(float[][] points) {
            if (method == Method.PCA) {
                return Projection.principalComponents(points);
            }
            boolean live = Screen.error();
            Progress progress = (done, total) -> {
                if (live && (done % 10 == 0 || done == total)) {
                    common.err().print(done == total ? "\r\u001b[K" : "\r\u001b[K" + done + " of " + total + " steps");
                    common.err().flush();
                }
            };
            return Projection.neighbourEmbedding(points, perplexity, seed, progress);
        }

        private void report(List<String> drawn, double[][] places) {
            if (common.json) {
                List<Object> list = new ArrayList<>();
                for (int i = 0; i < places.length; i++) {
                    Map<String, Object> each = new LinkedHashMap<>();
                    each.put("word", drawn.get(i));
                    each.put("place", Arrays.stream(places[i]).boxed().toList());
                    list.add(each);
                }
                Map<String, Object> json = new LinkedHashMap<>();
                json.put("picture", out.toString());
                json.put("words", list);
                common.print(json);
            } else {
                common.out().println(drawn.size() + (drawn.size() == 1 ? " word" : " words") + " drawn in " + out);
                common.out().flush();
            }
        }
    }
}
