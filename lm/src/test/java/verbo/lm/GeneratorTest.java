// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import verbo.lm.testkit.PieceTokenizer;
import verbo.lm.testkit.TableModel;
import verbo.text.Tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class GeneratorTest {

    private static final GenerationOptions GREEDY = GenerationOptions.DEFAULT.withSampling(Sampling.GREEDY);

    /** A model that always goes on with the next id, and from the last to the first. */
    private static TableModel counting(int size, int context, int[] ends, @Nullable Tokenizer tokenizer) {
        return new TableModel(size, context, ends, false, tokenizer,
                (before, last, token) -> token == (last + 1) % size ? 9 : 0);
    }

    private static TableModel hashed(int context) {
        return new TableModel(17, context, new int[]{4}, false, PieceTokenizer.characters("abcdefghijklmnopq"),
                TableModel.hashed(8));
    }

    @Test
    void greedyGoesOnWithTheMostProbable() {
        TableModel model = counting(26, 100, new int[0], PieceTokenizer.characters("abcdefghijklmnopqrstuvwxyz"));
        Generated result = new Generator(model).generate("ab", GREEDY.withMaxTokens(5)).getFirst();
        assertThat(result.text()).isEqualTo("cdefg");
        assertThat(result.ids()).containsExactly(2, 3, 4, 5, 6);
        assertThat(result.tokens()).isEqualTo(5);
        assertThat(result.finish()).isEqualTo(FinishReason.LENGTH).hasToString("length");
        assertThat(result.tokensPerSecond()).isPositive();
        assertThat(model.openStates).isZero();
    }

    @Test
    void noTokenIsTakenTwiceAndTheLastNotAtAll() {
        TableModel model = hashed(Integer.MAX_VALUE);
        GenerationOptions options = GenerationOptions.DEFAULT.withSamples(3).withMaxTokens(4).withSeed(1);
        List<Generated> results = new Generator(model).generate("abcabc", options);
        int longest = results.stream().mapToInt(Generated::tokens).max().getAsInt();
        assertThat(model.tokensTaken).isEqualTo(6 + results.stream().mapToInt(r -> r.tokens() - 1).sum());
        assertThat(model.passes).isEqualTo(1 + longest - 1);
        assertThat(model.openStates).isZero();
    }

    @Test
    void aSampleDoesNotDependOnTheOthers() {
        GenerationOptions options = GenerationOptions.DEFAULT.withMaxTokens(30).withSeed(5);
        List<Generated> eight = new Generator(hashed(12)).generate("abc", options.withSamples(8));
        List<Generated> three = new Generator(hashed(12)).generate("abc", options.withSamples(3));
        for (int i = 0; i < 3; i++) {
            assertThat(three.get(i).ids()).isEqualTo(eight.get(i).ids());
            assertThat(three.get(i).text()).isEqualTo(eight.get(i).text());
        }
        assertThat(eight.stream().map(Generated::text).distinct()).hasSizeGreaterThan(5);
        assertThat(eight.stream().map(Generated::finish)).contains(FinishReason.END, FinishReason.LENGTH);
        assertThat(new Generator(hashed(12)).generate("abc", options.withSeed(6)).getFirst().ids())
                .isNotEqualTo(eight.getFirst().ids());
    }

    @Test
    void anEndTokenEndsTheTextAndIsNotInIt() {
        TableModel model = counting(6, 100, new int[]{3, 5}, PieceTokenizer.characters("abcdef"));
        Generated result = new Generator(model).generate("a", GREEDY.withMaxTokens(50)).getFirst();
        assertThat(result.text()).isEqualTo("bc");
        assertThat(result.ids()).containsExactly(1, 2, 3);
        assertThat(result.finish()).isEqualTo(FinishReason.END);
    }

    @Test
    void aStopStringMaySpanTokensAndNeverShows() {
        TableModel model = counting(5, 100, new int[0], new PieceTokenizer("a", "xE", "N", "Dy", "b"));
        StringBuilder streamed = new StringBuilder();
        Generated result = new Generator(model)
                .generate("a", GREEDY.withStopStrings("never", "END"), (sample, piece) -> streamed.append(piece))
                .getFirst();
        assertThat(result.text()).isEqualTo("x").isEqualTo(streamed.toString());
        assertThat(result.ids()).containsExactly(1, 2, 3);
        assertThat(result.finish()).isEqualTo(FinishReason.STOP).hasToString("stop");
        Generated other = new Generator(model).generate("a", GREEDY.withMaxTokens(2).withStopStrings("END")).getFirst();
        assertThat(other.text()).isEqualTo("xEN");
        assertThat(other.finish()).isEqualTo(FinishReason.LENGTH);
    }

    @Test
    void charactersAreStreamedWhole() {
        TableModel model = counting(5, 100, new int[0], new PieceTokenizer("a", "<f0>", "<9f>", "<98>", "<80>"));
        List<String> pieces = new ArrayList<>();
        Generated result = new Generator(model)
                .generate("a", GREEDY.withMaxTokens(7), (sample, piece) -> pieces.add(piece))
                .getFirst();
        assertThat(pieces).containsExactly("😀", "a", "\ufffd");
        assertThat(result.text()).isEqualTo("😀a\ufffd");
    }

    @Test
    void whatIsStreamedIsTheText() {
        GenerationOptions options = GenerationOptions.DEFAULT.withSamples(6).withMaxTokens(60).withSeed(2)
                .withStopStrings("ab", "mno", "q");
        List<StringBuilder> texts = new ArrayList<>();
        List<List<Integer>> ids = new ArrayList<>();
        List<Generated> finished = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            texts.add(new StringBuilder());
            ids.add(new ArrayList<>());
        }
        List<Generated> results = new Generator(hashed(9)).generate("a", options, new Generator.Listener() {
            @Override
            public void text(int sample, String piece) {
                texts.get(sample).append(piece);
            }

            @Override
            public void token(int sample, int id) {
                ids.get(sample).add(id);
            }

            @Override
            public void finished(int sample, Generated result) {
                finished.add(result);
            }
        });
        for (int i = 0; i < 6; i++) {
            assertThat(texts.get(i)).hasToString(results.get(i).text());
            assertThat(ids.get(i)).containsExactlyElementsOf(Arrays.stream(results.get(i).ids()).boxed().toList());
            assertThat(results.get(i).text()).doesNotContain("ab", "mno", "q");
        }
        assertThat(finished).containsExactlyInAnyOrderElementsOf(results);
    }

    @Test
    void aFullContextSlides() {
        TableModel model = counting(10, 8, new int[0], null);
        Generated result = new Generator(model).generate(new int[]{0, 1, 2}, GREEDY.withMaxTokens(40)).getFirst();
        for (int i = 0; i < 40; i++) {
            assertThat(result.ids()[i]).isEqualTo((i + 3) % 10);
        }
        // The prompt and 5 tokens fill the context; 6 times it is filled anew from its last half; the last time 5 leave
        // room for the 3 that are still to be taken.
        assertThat(model.tokensTaken).isEqualTo(3 + 5 + 6 * (4 + 4) + 5 + 3);
        assertThat(model.openStates).isZero();
    }

    @Test
    void aLongPromptIsCutToWhatLeavesRoom() {
        TableModel model = counting(10, 8, new int[0], null);
        int[] prompt = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4};
        assertThat(new Generator(model).generate(prompt, GREEDY.withMaxTokens(1)).getFirst().ids()).containsExactly(5);
        assertThat(model.tokensTaken).isEqualTo(8);
        new Generator(model).generate(prompt, GREEDY.withMaxTokens(3));
        assertThat(model.tokensTaken).isEqualTo(8 + 6 + 2);
    }

    @Test
    void aSlidSampleGoesOnAsFromItsWindow() {
        GenerationOptions options = GREEDY.withMaxTokens(50);
        TableModel bounded = new TableModel(17, 6, new int[0], false, null, TableModel.hashed(8));
        TableModel unbounded = new TableModel(17, Integer.MAX_VALUE, new int[0], false, null, TableModel.hashed(8));
        int[] prompt = {3, 1, 4, 1, 5};
        // The table looks back two tokens, which half a context of six always has.
        assertThat(new Generator(bounded).generate(prompt, options).getFirst().ids())
                .isEqualTo(new Generator(unbounded).generate(prompt, options).getFirst().ids());
    }

    @Test
    void theBeginTokenStandsForAnEmptyPromptAndStaysInFront() {
        TableModel table = counting(10, 6, new int[0], null);
        List<int[]> taken = new ArrayList<>();
        LanguageModel model = new Beginning(table, 7, taken);
        Generated result = new Generator(model).generate(new int[0], GREEDY.withMaxTokens(20)).getFirst();
        assertThat(result.ids()).startsWith(8, 9, 0, 1).hasSize(20);
        assertThat(taken).hasSizeGreaterThan(2).allMatch(tokens -> tokens[0] == 7);
        assertThatThrownBy(() -> new Generator(table).generate(new int[0], GREEDY))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("prompt is empty");
        TableModel first = new TableModel(4, 6, new int[0], true, null, (before, last, token) -> token == 2 ? 5 : 0);
        assertThat(new Generator(first).generate(new int[0], GREEDY.withMaxTokens(2)).getFirst().ids())
                .containsExactly(2, 2);
    }

    @Test
    void smallContextsKeepTheBeginTokenAndTheLastHalf() {
        for (int context = 1; context <= 7; context++) {
            List<int[]> taken = new ArrayList<>();
            LanguageModel model = new Beginning(counting(10, context, new int[0], null), 7, taken);
            new Generator(model).generate(new int[]{7, 8, 9}, GREEDY.withMaxTokens(20));
            int half = context - context / 2;
            assertThat(taken.subList(1, taken.size())).as("context %d", context).isNotEmpty()
                    .allMatch(tokens -> tokens.length >= half);
            if (context > 1) {
                assertThat(taken).as("context %d", context).allMatch(tokens -> tokens[0] == 7);
            }
        }
    }

    @Test
    void withoutABeginTokenATextBeginsBehindTheSeparatorOrALineEnd() {
        for (Tokenizer tokenizer : List.of(new PieceTokenizer("a", "b", Tokenizer.END_OF_TEXT, "\n"),
                PieceTokenizer.characters("ab\n"))) {
            LanguageModel model = counting(tokenizer.size(), 6, new int[0], tokenizer);
            assertThat(Generator.beginning(model)).containsExactly(2);
            assertThat(new Generator(model).generate("", GREEDY.withMaxTokens(3)).getFirst().ids())
                    .isEqualTo(new Generator(model).generate(new int[]{2}, GREEDY.withMaxTokens(3)).getFirst().ids());
        }
        LanguageModel none = counting(2, 6, new int[0], PieceTokenizer.characters("ab"));
        assertThat(Generator.beginning(none)).isEmpty();
        assertThatThrownBy(() -> new Generator(none).generate("", GREEDY)).hasMessageContaining("prompt is empty");
    }

    /** A table with a begin token, which notes what fresh states take. */
    private record Beginning(TableModel table, int begin, List<int[]> taken) implements LanguageModel {
        @Override
        public @Nullable Tokenizer tokenizer() {
            return null;
        }

        @Override
        public int vocabularySize() {
            return table.vocabularySize();
        }

        @Override
        public int contextLength() {
            return table.contextLength();
        }

        @Override
        public int[] endTokens() {
            return new int[0];
        }

        @Override
        public OptionalInt beginToken() {
            return OptionalInt.of(begin);
        }

        @Override
        public State open() {
            return table.open();
        }

        @Override
        public void advance(List<Advance> batch) {
            for (Advance advance : batch) {
                if (advance.state().length() == 0) {
                    taken.add(advance.tokens().clone());
                }
            }
            table.advance(batch);
        }

        @Override
        public void close() {
            table.close();
        }
    }

    @Test
    void repetitionIsPenalizedInPromptAndText() {
        TableModel model = TableModel.of(4, (before, last, token) -> 4 - token);
        GenerationOptions options = GREEDY.withMaxTokens(3).withSampling(Sampling.GREEDY.withRepetitionPenalty(100));
        assertThat(new Generator(model).generate(new int[]{1}, options).getFirst().ids()).containsExactly(0, 2, 3);
    }

    @Test
    void idsTheTokenizerCannotWriteAreNotDrawn() {
        TableModel model = new TableModel(8, 100, new int[0], false, PieceTokenizer.characters("abc"),
                (before, last, token) -> token);
        GenerationOptions options = GenerationOptions.DEFAULT.withMaxTokens(200);
        assertThat(new Generator(model).generate("a", options).getFirst().text()).matches("[abc]{200}");
    }

    @Test
    void anExceptionOfTheListenerEndsItAndLeavesNothingOpen() {
        TableModel model = hashed(20);
        assertThatThrownBy(() -> new Generator(model).generate("a", GenerationOptions.DEFAULT.withSamples(4),
                (sample, piece) -> {
                    throw new IllegalStateException("client gone");
                })).hasMessage("client gone");
        assertThat(model.openStates).isZero();
    }

    @Test
    void whatIsWrongIsRefused() {
        TableModel ids = counting(5, 8, new int[0], null);
        Generator generator = new Generator(ids);
        assertThatThrownBy(() -> generator.generate("a", GREEDY)).hasMessageContaining("ids");
        assertThatThrownBy(() -> generator.generate(new int[]{5}, GREEDY)).hasMessageContaining("token 5");
        assertThatThrownBy(() -> generator.generate(new int[]{1}, GREEDY.withStopStrings("a")))
                .hasMessageContaining("tokenizer");
        assertThatThrownBy(() -> GREEDY.withStopStrings("")).hasMessageContaining("stop string");
        assertThatThrownBy(() -> GREEDY.withMaxTokens(0)).hasMessageContaining("max tokens");
        assertThatThrownBy(() -> GREEDY.withSamples(0)).hasMessageContaining("samples");
        assertThat(ids.openStates).isZero();
    }
}
