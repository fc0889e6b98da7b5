// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Learns the pieces of a unigram language model and their probabilities (Kudo 2018, arXiv:1804.10959) as SentencePiece
 * does: from the substrings that cover most of the text, expectation maximisation and the removal of the pieces whose loss
 * costs least, by turns.
 *
 * <p>
 * Every seed is a substring of the words, so the places where each occurs are known from the {@link SuffixArray}: a word's
 * lattice is written down once and only becomes thinner, and no piece is ever looked up. Words are scaled instead of summed
 * up in logarithms. Expected counts are added up as whole numbers, so that their sum is the same whoever added what.
 */
final class UnigramTrainer {
    /**
     * How to learn.
     *
     * @param size
     *            how many pieces
     * @param seeds
     *            how many to begin with at most
     * @param maximumLength
     *            how many characters a piece has at most
     * @param shrinking
     *            which share of the pieces is kept when some are removed
     * @param rounds
     *            of expectation maximisation between removals
     */
    record Options(int size, int seeds, int maximumLength, double shrinking, int rounds, int threads) {}

    /** A piece and its natural-log probability. */
    record Piece(String text, double score) {}

    private static final double UNKNOWN_PENALTY = 10; // SentencePiece's
    private static final double RARE = 0.5;
    private static final int SLICE = 1024;

    private final Options options;
    private final List<String> alphabet;
    private final long[] frequencies; // of the alphabet's characters

    // words, each ended by a 0
    private final int[] text;
    private final int[] starts;
    private final int[] lengths;
    private final long[] counts;
    private final double unit; // of expected counts

    // pieces; those of one character are the first and are never removed
    private int pieces;
    private int[] places; // where in the text one occurs
    private byte[] sizes; // in characters
    private double[] scores;
    private boolean[] absent; // characters that no segmentation needs

    // at each place of the text the pieces that begin there: edges[firstEdge[place] .. firstEdge[place + 1])
    private final int[] firstEdge;
    private int[] edges = {};

    private double perCharacter = 3; // about what a character costs, in nats

    /**
     * @param words
     *            whose vocabulary is an empty token, for characters left out, and the alphabet
     */
    UnigramTrainer(Options options, TrainingWords words) throws IOException {
        this.options = options;
        alphabet = words.vocabulary();
        IntBuilder symbols = new IntBuilder(words.symbols().length + words.starts().length);
        IntBuilder begins = new IntBuilder(words.starts().length);
        IntBuilder sizesOfWords = new IntBuilder(words.starts().length);
        IntBuilder owners = new IntBuilder(words.starts().length);
        frequencies = new long[alphabet.size()];
        double total = 0;
        for (int word = 0; word < words.starts().length; word++) {
            int from = words.starts()[word];
            int to = from + words.lengths()[word];
            for (int i = from; i < to;) {
                int end = i;
                int begin = symbols.size();
                while (end < to && words.symbols()[end] != 0) {
                    frequencies[words.symbols()[end]] += words.counts()[word];
                    symbols.add(words.symbols()[end++]);
                }
                if (end > i) {
                    symbols.add(0);
                    begins.add(begin);
                    sizesOfWords.add(end - i);
                    owners.add(word);
                    total += (double) words.counts()[word] * (end - i);
                }
                i = end + 1;
            }
        }
        text = symbols.toArray();
        starts = begins.toArray();
        lengths = sizesOfWords.toArray();
        counts = new long[starts.length];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = words.counts()[owners.get(i)];
        }
        unit = Math.scalb(1.0, Math.min(30, 61 - Math.getExponent(total + 1)));
        firstEdge = new int[text.length + 1];
        places = new int[0];
        sizes = new byte[0];
        scores = new double[0];
        absent = new boolean[alphabet.size()];
        seed();
    }

    private int characters() {
        return alphabet.size() - 1; // without the unknown one
    }

    /** The characters, and of the substrings that branch or end words those that cover most. */
    private void seed() throws IOException {
        SuffixArray suffixes = new SuffixArray(text, alphabet.size(), options.maximumLength(), options.threads());
        int n = suffixes.size();
        int[] words = new int[text.length];
        for (int word = 0; word < starts.length; word++) {
            Arrays.fill(words, starts[word], starts[word] + lengths[word], word);
        }
        long[] before = new long[n + 1]; // how often the suffixes of lower ranks occur
        byte[] common = new byte[n + 1]; // with the suffix of the rank before
        byte[] limits = limits();
        Slices.forEach(options.threads(), n, 1 << 16, (worker, from, to) -> {
            for (int rank = Math.max(1, from); rank < to; rank++) {
                common[rank] = (byte) suffixes.common(suffixes.get(rank - 1), suffixes.get(rank));
            }
        });
        for (int rank = 0; rank < n; rank++) {
            before[rank + 1] = before[rank] + counts[words[suffixes.get(rank)]];
        }
        Candidates candidates = new Candidates();
        int[] openFrom = new int[options.maximumLength() + 2];
        int[] openDepth = new int[options.maximumLength() + 2];
        int open = 0; // the interval of all suffixes, of depth 0, is the lowest
        for (int rank = 1; rank <= n; rank++) {
            int shared = rank == n ? 0 : common[rank];
            int from = rank - 1;
            int place = suffixes.get(rank - 1);
            int whole = 0;
            while (whole < options.maximumLength() && text[place + whole] != 0) {
                whole++;
            }
            int deepest = Math.max(openDepth[open], shared);
            if (whole > deepest) { // a suffix by itself
                candidates.offer(rank - 1, rank, deepest, Math.min(whole, limits[place]), before);
            }
            while (openDepth[open] > shared) {
                from = openFrom[open];
                int depth = openDepth[open--];
                int parent = Math.max(openDepth[open], shared);
                candidates.offer(from, rank, parent, Math.min(depth, limits[suffixes.get(from)]), before);
            }
            if (openDepth[open] < shared) {
                open++;
                openDepth[open] = shared;
                openFrom[open] = from;
            }
        }
        choose(candidates, suffixes);
    }

    /** How long the longest piece at each place may be. */
    private byte[] limits() {
        Character.UnicodeScript[] scripts = new Character.UnicodeScript[alphabet.size()];
        boolean[] space = new boolean[alphabet.size()];
        for (int symbol = 1; symbol < scripts.length; symbol++) {
            int c = alphabet.get(symbol).codePointAt(0);
            scripts[symbol] = PieceShapes.script(c);
            space[symbol] = c == SentencePiece.SPACE;
        }
        byte[] limits = new byte[text.length];
        for (int place = 0; place < text.length; place++) {
            Character.UnicodeScript last = PieceShapes.ANY;
            int length = 0;
            for (int symbol; length < options.maximumLength() && (symbol = text[place + length]) != 0; length++) {
                Character.UnicodeScript script = scripts[symbol];
                if (space[symbol] ? length > 0
                        : script != PieceShapes.ANY && last != PieceShapes.ANY && script != last) {
                    break;
                }
                last = script == PieceShapes.ANY ? last : script;
            }
            limits[place] = (byte) length;
        }
        return limits;
    }

    /** Substrings: the suffixes that begin with one, its length, and how many characters of the text it covers. */
    private static final class Candidates {
        private final IntBuilder from = new IntBuilder(1 << 16);
        private final IntBuilder to = new IntBuilder(1 << 16);
        private final IntBuilder length = new IntBuilder(1 << 16);
        private long[] covers = new long[1 << 16];

        void offer(int first, int end, int parent, int characters, long[] before) {
            long count = before[end] - before[first];
            if (characters < 2 || characters <= parent || count < 2) {
                return;
            }
            if (from.size() == covers.length) {
                covers = Arrays.copyOf(covers, covers.length * 2);
            }
            covers[from.size()] = count * characters;
            from.add(first);
            to.add(end);
            length.add(characters);
        }
    }

    private void choose(Candidates candidates, SuffixArray suffixes) {
        int all = candidates.from.size();
        int room = Math.max(0, options.seeds() - characters());
        long least = 0;
        int ofLeast = all; // how many of those that cover just as much are taken
        if (all > room) {
            long[] sorted = Arrays.copyOf(candidates.covers, all);
            Arrays.sort(sorted);
            least = room == 0 ? Long.MAX_VALUE : sorted[all - room];
            ofLeast = 0;
            for (int i = all - room; i < all && sorted[i] == least; i++) {
                ofLeast++;
            }
        }
        int capacity = characters() + Math.min(all, room);
        int[] from = new int[capacity];
        int[] to = new int[capacity];
        sizes = new byte[capacity];
        places = new int[capacity];
        scores = new double[capacity];
        double sum = 0;
        for (int symbol = 1; symbol < alphabet.size(); symbol++) {
            from[pieces] = suffixes.begin(symbol);
            to[pieces] = suffixes.begin(symbol + 1);
            sizes[pieces] = 1;
            scores[pieces] = frequencies[symbol];
            sum += scores[pieces++];
        }
        for (int i = 0; i < all && pieces < capacity; i++) {
            long covers = candidates.covers[i];
            if (covers > least || (covers == least && ofLeast-- > 0)) {
                from[pieces] = candidates.from.get(i);
                to[pieces] = candidates.to.get(i);
                sizes[pieces] = (byte) candidates.length.get(i);
                scores[pieces] = covers;
                sum += scores[pieces++];
            }
        }
        double logSum = Math.log(sum);
        long edgeCount = 0;
        for (int piece = 0; piece < pieces; piece++) {
            scores[piece] = Math.log(Math.max(scores[piece], 1e-300)) - logSum;
            edgeCount += to[piece] - from[piece];
            for (int rank = from[piece]; rank < to[piece]; rank++) {
                firstEdge[suffixes.get(rank) + 1]++;
            }
            places[piece] = from[piece] < to[piece] ? suffixes.get(from[piece]) : 0;
        }
        if (edgeCount > Integer.MAX_VALUE - 16) {
            throw new IllegalArgumentException("the corpus has more different words than a unigram model can be learnt"
                    + " from; train on a part of it");
        }
        for (int place = 0; place < text.length; place++) {
            firstEdge[place + 1] += firstEdge[place];
        }
        edges = new int[(int) edgeCount];
        int[] next = Arrays.copyOf(firstEdge, text.length);
        for (int piece = 0; piece < pieces; piece++) {
            for (int rank = from[piece]; rank < to[piece]; rank++) {
                edges[next[suffixes.get(rank)]++] = piece;
            }
        }
    }

    /** Learns. The most probable pieces come first. */
    List<Piece> train(Progress progress) throws IOException {
        int wanted = (int) (options.size() * 1.1);
        int loops = 1 + (int) Math.max(0,
                Math.ceil(Math.log((double) wanted / pieces) / Math.log(options.shrinking())));
        for (int loop = 0;; loop++) {
            for (int round = 0; round < options.rounds(); round++) {
                maximize(expect());
                progress.update(Math.min((long) loop * options.rounds() + round + 1, (long) loops * options.rounds()),
                        (long) loops * options.rounds());
            }
            if (pieces <= wanted) {
                break;
            }
            prune(wanted);
        }
        progress.update((long) loops * options.rounds(), (long) loops * options.rounds());
        return finish();
    }

    /** What one thread needs. */
    private final class Lattice {
        private final long[] expected = new long[pieces];
        private double[] forward = new double[64];
        private double[] backward = new double[64];
        private int[] back = new int[64];

        void ensure(int length) {
            if (forward.length <= length) {
                forward = new double[length * 2];
                backward = new double[length * 2];
                back = new int[length * 2];
            }
        }

        /** Adds up how often each piece is to be expected in a word. */
        void expect(int word, double[] probabilities) {
            int length = lengths[word];
            int start = starts[word];
            ensure(length);
            Arrays.fill(forward, 1, length + 1, 0);
            forward[0] = 1;
            for (int i = 0; i < length; i++) {
                double here = forward[i];
                for (int e = firstEdge[start + i], end = firstEdge[start + i + 1]; e < end; e++) {
                    int piece = edges[e];
                    forward[i + sizes[piece]] += here * probabilities[piece];
                }
            }
            double z = forward[length];
            if (!(z > 1e-280 && z < 1e280)) {
                expectInLogs(word);
                return;
            }
            double scale = counts[word] * unit / z;
            backward[length] = scale;
            for (int i = length - 1; i >= 0; i--) {
                double sum = 0;
                double here = forward[i];
                for (int e = firstEdge[start + i], end = firstEdge[start + i + 1]; e < end; e++) {
                    int piece = edges[e];
                    double behind = probabilities[piece] * backward[i + sizes[piece]];
                    sum += behind;
                    expected[piece] += (long) (here * behind + 0.5);
                }
                backward[i] = sum;
            }
        }

        /** The same for a word so long, or so improbable, that its probability is no double. */
        private void expectInLogs(int word) {
            int length = lengths[word];
            int start = starts[word];
            Arrays.fill(forward, 1, length + 1, Double.NEGATIVE_INFINITY);
            Arrays.fill(backward, 0, length, Double.NEGATIVE_INFINITY);
            forward[0] = 0;
            backward[length] = 0;
            for (int i = 0; i < length; i++) {
                for (int e = firstEdge[start + i]; e < firstEdge[start + i + 1]; e++) {
                    int to = i + sizes[edges[e]];
                    forward[to] = logAdd(forward[to], forward[i] + scores[edges[e]]);
                }
            }
            double z = forward[length];
            for (int i = length - 1; i >= 0; i--) {
                for (int e = firstEdge[start + i]; e < firstEdge[start + i + 1]; e++) {
                    double behind = scores[edges[e]] + backward[i + sizes[edges[e]]];
                    backward[i] = logAdd(backward[i], behind);
                    expected[edges[e]] += (long) (counts[word] * unit * Math.exp(forward[i] + behind - z) + 0.5);
                }
            }
        }

        private static double logAdd(double a, double b) {
            double most = Math.max(a, b);
            return most == Double.NEGATIVE_INFINITY ? most : most + Math.log1p(Math.exp(Math.min(a, b) - most));
        }

        /** The best way through a part of the text; afterwards {@code back} has the last piece of each beginning. */
        double best(int start, int length, int without) {
            ensure(length);
            Arrays.fill(forward, 1, length + 1, Double.NEGATIVE_INFINITY);
            forward[0] = 0;
            for (int i = 0; i < length; i++) {
                double here = forward[i];
                for (int e = firstEdge[start + i], end = firstEdge[start + i + 1]; e < end; e++) {
                    int piece = edges[e];
                    int to = i + sizes[piece];
                    if (to <= length && piece != without && here + scores[piece] > forward[to]) {
                        forward[to] = here + scores[piece];
                        back[to] = piece;
                    }
                }
            }
            return forward[length];
        }
    }

    private Lattice[] lattices() {
        Lattice[] lattices = new Lattice[options.threads()];
        Arrays.setAll(lattices, i -> new Lattice());
        return lattices;
    }

    private static long[] sum(Lattice[] lattices) {
        long[] all = lattices[0].expected;
        for (int i = 1; i < lattices.length; i++) {
            for (int piece = 0; piece < all.length; piece++) {
                all[piece] += lattices[i].expected[piece];
            }
        }
        return all;
    }

    private double[] expect() throws IOException {
        double[] probabilities = new double[pieces];
        for (int piece = 0; piece < pieces; piece++) {
            probabilities[piece] = Math.exp(scores[piece] + perCharacter * sizes[piece]);
        }
        Lattice[] lattices = lattices();
        Slices.forEach(options.threads(), starts.length, SLICE, (worker, from, to) -> {
            for (int word = from; word < to; word++) {
                lattices[worker].expect(word, probabilities);
            }
        });
        long[] sums = sum(lattices);
        double[] expected = new double[pieces];
        for (int piece = 0; piece < pieces; piece++) {
            expected[piece] = sums[piece] / unit;
        }
        return expected;
    }

    /** The probabilities under which these counts are most likely, if most pieces ought not to be there (a sparse prior). */
    private void maximize(double[] expected) {
        boolean[] kept = new boolean[pieces];
        double sum = 0;
        for (int piece = 0; piece < pieces; piece++) {
            kept[piece] = expected[piece] >= RARE;
            sum += kept[piece] ? expected[piece] : 0;
        }
        double logSum = digamma(sum);
        double least = 0;
        for (int piece = 0; piece < pieces; piece++) {
            if (kept[piece]) {
                scores[piece] = digamma(expected[piece]) - logSum;
                least = Math.min(least, scores[piece]);
            }
        }
        for (int piece = 0; piece < characters(); piece++) {
            absent[piece] = !kept[piece];
            if (!kept[piece]) {
                kept[piece] = true;
                scores[piece] = least - UNKNOWN_PENALTY;
            }
        }
        keep(kept);
    }

    /** Removes the other pieces. */
    private void keep(boolean[] kept) {
        int[] renamed = new int[pieces];
        int n = 0;
        for (int piece = 0; piece < pieces; piece++) {
            renamed[piece] = kept[piece] ? n : -1;
            if (kept[piece]) {
                places[n] = places[piece];
                sizes[n] = sizes[piece];
                scores[n++] = scores[piece];
            }
        }
        if (n == pieces) {
            return;
        }
        pieces = n;
        int out = 0;
        int e = 0;
        for (int place = 0; place < text.length; place++) {
            for (int end = firstEdge[place + 1]; e < end; e++) {
                int piece = renamed[edges[e]];
                if (piece >= 0) {
                    edges[out++] = piece;
                }
            }
            firstEdge[place + 1] = out;
        }
    }

    /**
     * Removes the pieces whose text would be least less likely if it were written in others: the share of the text that a
     * piece is in, times what the change costs.
     */
    private void prune(int wanted) throws IOException {
        Lattice[] lattices = lattices();
        Slices.forEach(options.threads(), starts.length, SLICE, (worker, from, to) -> {
            Lattice lattice = lattices[worker];
            for (int word = from; word < to; word++) {
                lattice.best(starts[word], lengths[word], -1);
                for (int end = lengths[word]; end > 0; end -= sizes[lattice.back[end]]) {
                    lattice.expected[lattice.back[end]] += counts[word];
                }
            }
        });
        long[] uses = sum(lattices);
        double words = 0;
        for (long count : counts) {
            words += count;
        }
        double all = words;
        double tokens = 0;
        for (long use : uses) {
            tokens += use;
        }
        double sum = tokens;
        double logSum = Math.log(sum);
        double[] losses = new double[pieces]; // -1 for one that is not needed
        Slices.forEach(options.threads(), pieces, SLICE, (worker, from, to) -> {
            Lattice lattice = lattices[worker];
            for (int piece = Math.max(from, characters()); piece < to; piece++) {
                double other = lattice.best(places[piece], sizes[piece], piece);
                if (uses[piece] == 0 || other > scores[piece]) {
                    losses[piece] = Double.NEGATIVE_INFINITY;
                    continue;
                }
                int parts = 0;
                double logOthers = 0;
                for (int end = sizes[piece]; end > 0; end -= sizes[lattice.back[end]]) {
                    logOthers += Math.log((double) uses[lattice.back[end]] + uses[piece]);
                    parts++;
                }
                double logSumThen = Math.log(sum + (double) uses[piece] * (parts - 1));
                losses[piece] = uses[piece] / all
                        * (Math.log((double) uses[piece]) - logSum - (logOthers - parts * logSumThen));
            }
        });
        int room = Math.max(wanted, (int) (options.shrinking() * pieces)) - characters();
        double[] sorted = Arrays.copyOfRange(losses, characters(), pieces);
        Arrays.sort(sorted);
        int first = Math.max(0, sorted.length - Math.max(0, room));
        double least = first < sorted.length ? sorted[first] : Double.POSITIVE_INFINITY;
        int ofLeast = 0;
        for (int i = first; i < sorted.length && sorted[i] == least; i++) {
            ofLeast++;
        }
        boolean[] kept = new boolean[pieces];
        Arrays.fill(kept, 0, characters(), true);
        for (int piece = characters(); piece < pieces; piece++) {
            double loss = losses[piece];
            kept[piece] = loss != Double.NEGATIVE_INFINITY
                    && (loss > least || (loss == least && ofLeast-- > 0));
        }
        keep(kept);
    }

    /** All characters, and the most probable of the others. */
    private List<Piece> finish() {
        double least = 0;
        for (int piece = 0; piece < pieces; piece++) {
            if (piece >= characters() || !absent[piece]) {
                least = Math.min(least, scores[piece]);
            }
        }
        Integer[] byFrequency = new Integer[characters()];
        Arrays.setAll(byFrequency, i -> i);
        Arrays.sort(byFrequency, Comparator.comparingLong(i -> -frequencies[i + 1]));
        double penalty = 0;
        List<Piece> found = new ArrayList<>();
        for (int piece : byFrequency) {
            if (absent[piece]) {
                scores[piece] = least + penalty; // no two the same
                penalty += 0.0001;
            }
            found.add(new Piece(alphabet.get(piece + 1), scores[piece]));
        }
        List<Piece> others = new ArrayList<>();
        for (int piece = characters(); piece < pieces; piece++) {
            StringBuilder string = new StringBuilder();
            for (int i = 0; i < sizes[piece]; i++) {
                string.append(alphabet.get(text[places[piece] + i]));
            }
            others.add(new Piece(string.toString(), scores[piece]));
        }
        Comparator<Piece> order = Comparator.comparingDouble((Piece p) -> -p.score()).thenComparing(Piece::text);
        others.sort(order);
        found.addAll(others.subList(0, Math.clamp((long) options.size() - found.size(), 0, others.size())));
        found.sort(order);
        return found;
    }

    /** The derivative of the logarithm of the gamma function, by its asymptotic series. */
    static double digamma(double x) {
        double result = 0;
        double y = x;
        for (; y < 7; y++) {
            result -= 1 / y;
        }
        y -= 0.5;
        double z = 1 / (y * y);
        return result + Math.log(y) + z * (1 / 24.0 - z * (7 / 960.0 - z * (31 / 8064.0 - z * 127 / 30720.0)));
    }
}
