// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * What is learnt of a text, against what the trainers of Hugging Face's tokenizers 0.23 and of SentencePiece 0.2 gave of the
 * same file.
 */
class TokenizerTrainerTest {
    private static final String TEXT = """
            The river ran slowly past the old mill, and the miller's daughter ran slowly after it.
            O rio corria devagar; a moleira corria atrás do rio, e o moinho não corria.
            aaaa aaaaa aaa banana bananas ananas anan
            She counted 12, 123, 1234 and 12345 sacks: twelve, one hundred and twenty-three...
            naïve café, déjà vu; coração, ações, irmãos, irmã
            水車小屋の娘は川のそばを走った。川は走らない。
            low lower lowest slow slower slowest slowly lowly
            The mill's wheel wheeled, the wheels' wheeling reeled; reel, feel, heel, wheel.
            """;

    @TempDir
    private Path folder = Path.of("");

    private static TokenizerTrainer trainer(TokenizerTrainer.Type type, int size) {
        return TokenizerTrainer.of(type).vocabularySize(size);
    }

    private static Tokenizer train(TokenizerTrainer trainer) throws IOException {
        return trainer.train(Corpus.of("text", List.of(new Document("text", TEXT))), TokenizerTrainer.Listener.NONE);
    }

    private static JsonObject model(Tokenizer tokenizer) throws FormatException {
        return JsonObject.parse(Path.of("tokenizer.json"), tokenizer.json()).requiredObject("model");
    }

    private static String merges(TokenizerTrainer trainer) throws IOException {
        List<String> merges = new ArrayList<>();
        for (Object merge : model(train(trainer)).list("merges")) {
            merges.add(merge instanceof List<?> two ? two.get(0) + " " + two.get(1) : String.valueOf(merge));
        }
        return String.join("|", merges);
    }

    private static List<String> tokens(Tokenizer tokenizer) {
        return IntStream.range(0, tokenizer.size()).mapToObj(tokenizer::token).toList();
    }

    @Test
    void bytesMergeAsHuggingFaceMergesThem() throws IOException {
        assertThat(merges(trainer(TokenizerTrainer.Type.BYTE_BPE, 330)))
                .isEqualTo("a n|h e|e l|l o|ã ģ|lo w|a a|Ġ r|Ġ s|e r|Ġ c|he el|Ġs low|w heel|Ġ m|Ġ t|Ġ an|Ġ wheel|Ġc"
                        + " o|1 2|e d|l y|Ã £|Ġ a|Ġ d|Ġ 12|Ġco r|a s|e s|e el|i a|i l|i r|r ia|Ġ o|Ġ low|Ŀ ãģ|Ġr i|"
                        + "Ġslow ly|Ġm il|Ġt he|Ġan d|Ã£ o|Ġ12 3|Ġcor ria|Ġmil l|' s|. .|T he|a Ã|b an|i n|n t|t er"
                        + "|v e|° ã|· Ŀãģ|Ã ©|ã Ģ|å ·Ŀãģ|è µ|Ġ aa|Ġ ir|Ġ ban|an as|Ġr an|Ġr eel|Ġm o|Ġt w|es t|Ġri "
                        + "o|Ġ123 4|°ã Ĥ");
    }

    @Test
    void charactersMergeAsHuggingFaceMergesThem() throws IOException {
        assertThat(merges(trainer(TokenizerTrainer.Type.BPE, 130)))
                .isEqualTo("a n|h e|e l|l o|lo w|a a|e r|r i|s low|he el|c o|w heel|1 2|e d|l y|an an|co r|a s|e s|e"
                        + " el|i l|i r|m il|t he|ã o|an d|ri a|slow ly|12 3|cor ria|mil l|. .|T he|a f|a ç|b anan|i"
                        + " n|m o|n t|r an|r eel|t w|t er|v e|aa a|ri o|es t|ir m|123 4|S he|a c|a g|a r|a t|a u|a "
                        + "ï|c af|d e|d o|d r|d é|d au|e e|e ir|e nt|f eel|g h");
        assertThat(merges(trainer(TokenizerTrainer.Type.BPE, 150).wordEnd("</w>")))
                .isEqualTo("a n|l o|e e|lo w|a a|e r</w>|h e</w>|h ee|r i|c o|s low|w hee|e d</w>|l y</w>|co r|1 2|a"
                        + " n</w>|i l|i r|m il|s t</w>|t he</w>|an d</w>|an an|ri a</w>|slow ly</w>|whee l|cor ria<"
                        + "/w>|T he</w>|a f|a ç|a s</w>|b anan|e st</w>|i n|m o|n t|r ee|r an</w>|t w|t er</w>|v e<"
                        + "/w>|ã o</w>|lo w</w>|aa a</w>|ri o</w>|whee l</w>|12 3|ir m|mil l</w>|tw e|. .|1 2</w>|4"
                        + " 5</w>|S he</w>|a c|a g");
        assertThat(merges(trainer(TokenizerTrainer.Type.BPE, 110).preTokenizer("none")))
                .isEqualTo(",  |a n|h e|e l|l o|lo w|a a|  r|  s|a  |d  |e r|he el| s low|  c|s  |w heel|. \n|1 2|l y"
                        + "|o r|an an|he  |  low|e s|e el|i l|i r|m il|r i|t he |ã o|an d | r i| slow ly| c or|12 3"
                        + "|mil l|  wheel|' s |a f|a ç|a s |b anan|e  ");
    }

    @Test
    void alphabetLengthAndCountAreLimited() throws IOException {
        assertThat(merges(trainer(TokenizerTrainer.Type.BPE, 90).alphabetLimit(40).maximumLength(4).minimumCount(3)))
                .isEqualTo("a n|h e|e l|l o|lo w|a a|e r|r i|c o|w he|1 2|e d|l y|co r|a s|e s|e el|i l|i r|m il|t h"
                        + "e|ã o|an d|ri a|12 3");
    }

    @Test
    void piecesMergeAsSentencePieceMergesThem() throws IOException {
        assertThat(String.join("|", tokens(train(trainer(TokenizerTrainer.Type.SENTENCEPIECE_BPE, 140)))))
                .isEqualTo("<unk>|<s>|</s>|an|he|el|lo|low|aa|▁r|▁s|er|▁c|heel|▁slow|▁m|▁t|▁w|▁an|▁co|▁wheel|12|ed|l"
                        + "y|▁a|▁d|▁12|▁cor|▁low|as|es|ia|il|ir|ão|▁o|eel|ill|ria|▁aa|▁ri|▁123|▁and|▁the|▁mill|▁cor"
                        + "ria|▁slowly|..|in|nt|ve|▁T|▁b|▁n|est|irm|ter|▁mo|▁tw|anan|▁The|▁irm|▁ran|▁rio|▁1234|▁aaa"
                        + "a|▁anan|▁reel|▁banan|ac|af|ag|ar|au|aç|aï|dr|▁|e|a|l|o|r|n|s|w|h|i|t|,|d|c|m|.|v|y|1|2|u"
                        + "|ã|'|3|;|f|g|4|T|b|ç|é|。|の|は|川|走|-|5|:|O|S|j|k|p|à|á|ï|õ|い|そ|た|っ|な|ば|ら|を|娘|小|屋|水|車");
    }

    /** The order of tokens with ## is by chance in Hugging Face's trainer; these were in all of six runs. */
    @Test
    void wordPieces() throws IOException {
        Tokenizer tokenizer = train(trainer(TokenizerTrainer.Type.WORDPIECE, 150));
        assertThat(tokenizer.size()).isEqualTo(150);
        assertThat(tokens(tokenizer)).startsWith("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]").contains("##aa", "##ac",
                "##an", "##anas", "##ao", "##as", "##ed", "##eel", "##el", "##er", "##es", "##est", "##he", "##in",
                "##ll", "##ly", "##nt", "##ow", "##ter", "##ve", "12", "123", "1234", "aaa", "ac", "af", "an", "and",
                "at", "ban", "ca", "co", "cor", "corria", "da", "de", "do", "feel", "heel", "hu", "ir", "irm", "it",
                "low", "mill", "mo", "na", "nao", "ran", "reel", "ri", "rio", "sl", "slow", "slowly", "the", "tw",
                "whe",
                "wheel");
        assertThat(tokenizer.encode("Slowly, IRMÃ!", EncodingOptions.SPECIAL).tokens()).containsExactly("[CLS]",
                "slowly", ",", "irm", "##a", "[UNK]", "[SEP]");
    }

    @Test
    void wordsByCountAndThenByText() throws IOException {
        Tokenizer tokenizer = train(trainer(TokenizerTrainer.Type.WORD, 20).minimumCount(2));
        assertThat(tokens(tokenizer)).containsExactly("[UNK]", ",", "'", ".", ";", "and", "corria", "slowly", "the",
                "The", "mill", "ran", "rio", "s", "wheel", "。");
        assertThat(tokenizer.encode("the slow mill")).containsExactly(8, 0, 10);
    }

    @Test
    void piecesOfAUnigramModel() throws IOException {
        Tokenizer tokenizer = train(trainer(TokenizerTrainer.Type.UNIGRAM, 100));
        assertThat(tokenizer.size()).isEqualTo(100);
        double sum = 0;
        Set<String> tokens = new HashSet<>();
        for (Object entry : model(tokenizer).list("vocab")) {
            List<?> pair = (List<?>) entry;
            tokens.add(String.valueOf(pair.get(0)));
            double score = ((Number) pair.get(1)).doubleValue();
            sum += score == 0 ? 0 : Math.exp(score);
        }
        // pieces that were left out at the end take from one, characters that the text does not need come on top
        assertThat(sum).isBetween(0.75, 1.1);
        assertThat(tokens).hasSize(100).contains("▁corria", "▁slowly", "▁wheel", "▁mill", "▁irmã", "水", "á");
        assertThat(tokens).allMatch(t -> t.lastIndexOf('▁') < 1);
        assertThat(tokenizer.encode("corria slowly")).hasSize(2);
        assertThat(tokenizer.decode(tokenizer.encode("corria slowly and the wheel")))
                .isEqualTo("corria slowly and the wheel");
    }

    @ParameterizedTest
    @EnumSource(TokenizerTrainer.Type.class)
    void theSameWhateverTheThreads(TokenizerTrainer.Type type) throws IOException {
        SplittableRandom random = new SplittableRandom(5);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 200_000; i++) {
            text.append("ab cdé\t中".charAt(random.nextInt(8))).append((char) ('a' + random.nextInt(6)))
                    .append(random.nextInt(4) == 0 ? " " : "e").append(random.nextInt(40) == 0 ? "😀\n" : "");
        }
        Path file = folder.resolve("text.txt");
        Files.writeString(file, text + TEXT.repeat(1000));
        Corpus corpus = Corpus.open(file.toString(), Corpus.Options.DEFAULT);
        Set<String> json = new HashSet<>();
        for (int threads : new int[]{1, 2, 5}) {
            json.add(trainer(type, 500).threads(threads).train(corpus, TokenizerTrainer.Listener.NONE).json());
        }
        assertThat(json).hasSize(1);
    }

    /** Runs of lines are cut where lines end, so a file gives what its lines give as documents in memory. */
    @Test
    void filesAreReadLineByLine() throws IOException {
        String text = (TEXT + "  indented\n\n\n\tno end\r\n").repeat(2500) + "last";
        Path file = folder.resolve("text.txt");
        Files.writeString(file, text);
        List<Document> lines = new ArrayList<>();
        for (String line : text.split("(?<=\n)")) {
            lines.add(new Document("line", line));
        }
        Tokenizer ofFile = trainer(TokenizerTrainer.Type.BYTE_BPE, 400)
                .train(Corpus.open(file.toString(), Corpus.Options.DEFAULT), TokenizerTrainer.Listener.NONE);
        Tokenizer ofLines = trainer(TokenizerTrainer.Type.BYTE_BPE, 400).lines(false)
                .train(Corpus.of("lines", lines), TokenizerTrainer.Listener.NONE);
        assertThat(ofFile.json()).isEqualTo(ofLines.json());
    }

    /** What is cut by hand is cut as the pre-tokenizer cuts it. */
    @Test
    void wordsAreCountedAsPreTokenizersCutThem() throws IOException {
        String text = (TEXT + "\u00A0a\u00A0b  c\u2003\u2003 d\u000B\u000Ce\u0085f ª² ¼x\u00ADy ﬁne ①２\u0301 İI "
                + "\u200Bz _a_b (c)d!? \n\n \t x\n").replace("irmã", "irma\u0303");
        List<@Nullable Normalizer> normalizers = Arrays.asList(null,
                new Normalizer.Form(java.text.Normalizer.Form.NFKC),
                new Normalizer.BertNormalizer(true, true, null, true), new Normalizer.Lowercase());
        for (Normalizer normalizer : normalizers) {
            for (PreTokenizer cut : List.of(new PreTokenizer.Whitespace(), new PreTokenizer.WhitespaceSplit(),
                    new PreTokenizer.Bert())) {
                assertThat(counts(normalizer, cut, text)).as(normalizer + " " + cut)
                        .isEqualTo(cut(normalizer, cut, text));
            }
        }
        PreTokenizer regex = new PreTokenizer.Split(TextPattern.Regex.of(GPT2), PreTokenizer.Behavior.ISOLATED, false);
        assertThat(counts(null, new PreTokenizer.Bytes(false, true), text)).isEqualTo(cut(null, regex, text));
    }

    private static final String GPT2 = "(?:'s|'t|'re|'ve|'m|'ll|'d)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+"
            + "|\\s+(?!\\S)|\\s+";

    private static Map<String, Long> counts(@Nullable Normalizer normalizer, PreTokenizer cut, String text)
            throws IOException {
        WordCounts counted = new WordCounter(normalizer, cut, true, 2)
                .count(Corpus.of("text", List.of(new Document("text", text))), Progress.NONE);
        Map<String, Long> words = new TreeMap<>();
        for (int word = 0; word < counted.size(); word++) {
            words.put(counted.text(word), counted.count(word));
        }
        return words;
    }

    private static Map<String, Long> cut(@Nullable Normalizer normalizer, PreTokenizer cut, String text) {
        Map<String, Long> words = new TreeMap<>();
        for (String line : text.split("(?<=\n)")) {
            Normalized normal = Normalized.of(line);
            if (normalizer != null) {
                normalizer.apply(normal);
            }
            List<Normalized> pieces = new ArrayList<>();
            cut.split(normal, pieces);
            pieces.forEach(piece -> words.merge(piece.text(), 1L, Long::sum));
        }
        return words;
    }

    @Test
    void losslessTypesGiveBackWhatTheyAreGiven() throws IOException {
        SplittableRandom random = new SplittableRandom(6);
        Tokenizer bytes = train(trainer(TokenizerTrainer.Type.BYTE_BPE, 300));
        Tokenizer o200k = train(trainer(TokenizerTrainer.Type.BYTE_BPE, 300).preTokenizer("o200k"));
        for (int i = 0; i < 300; i++) {
            String text = RandomTexts.next(random) + TEXT.substring(random.nextInt(200));
            assertThat(bytes.decode(bytes.encode(text))).isEqualTo(Utf8.wellFormed(text));
            assertThat(o200k.decode(o200k.encode(text))).isEqualTo(Utf8.wellFormed(text));
        }
        Tokenizer fallback = train(trainer(TokenizerTrainer.Type.UNIGRAM, 400).byteFallback(true).normalizer("none"));
        assertThat(fallback.decode(fallback.encode("the wheel, ж 😀 x"))).isEqualTo("the wheel, ж 😀 x");
    }

    @Test
    void savedTheyAreReadAgain() throws IOException {
        for (TokenizerTrainer.Type type : TokenizerTrainer.Type.values()) {
            Tokenizer tokenizer = train(trainer(type, 300));
            Path file = folder.resolve(type.label() + ".json");
            tokenizer.save(file);
            Tokenizer loaded = Tokenizer.load(file);
            assertThat(loaded.size()).as(type.label()).isEqualTo(tokenizer.size()).isLessThanOrEqualTo(300);
            assertThat(loaded.encode("the mill's wheel")).isEqualTo(tokenizer.encode("the mill's wheel"));
        }
    }

    @Test
    void charactersAreTakenAsTheyAre() throws IOException {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TokenizerTrainer.of(TokenizerTrainer.Type.CHAR).normalizer("lowercase").checked())
                .withMessageContaining("as it is");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TokenizerTrainer.of(TokenizerTrainer.Type.CHAR).special(List.of("<a>")).checked())
                .withMessageContaining("no special token but <|endoftext|>");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TokenizerTrainer.of(TokenizerTrainer.Type.BPE).coverage(0.5).checked())
                .withMessageContaining("coverage");
    }

    @Test
    void whatDoesNotGoTogetherIsRefused() throws IOException {
        assertThatIllegalArgumentException().isThrownBy(() -> train(trainer(TokenizerTrainer.Type.BYTE_BPE, 256)))
                .withMessage("a vocabulary of 256 is too small: special tokens and bytes take 257");
        assertThatIllegalArgumentException().isThrownBy(() -> train(trainer(TokenizerTrainer.Type.UNIGRAM, 20)))
                .withMessageContaining("characters and 3 other tokens must be in it");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> train(trainer(TokenizerTrainer.Type.BPE, 100).preTokenizer("words")))
                .withMessageStartingWith("no pre-tokenizer is called \"words\"; known: none, gpt2, cl100k");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> train(trainer(TokenizerTrainer.Type.BYTE_BPE, 300).preTokenizer("bert")))
                .withMessageContaining("needs a pre-tokenizer that writes bytes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> train(trainer(TokenizerTrainer.Type.UNIGRAM, 100).wordEnd("</w>")))
                .withMessageContaining("only a vocabulary of type bpe marks the ends");
        assertThatIllegalArgumentException().isThrownBy(() -> TokenizerTrainer.Type.of("words"))
                .withMessageContaining("known: bpe, byte-bpe, wordpiece");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> trainer(TokenizerTrainer.Type.BPE, 100).special(List.of("a", "a")))
                .withMessage("a special token is given twice");
        Path file = folder.resolve("bad.txt");
        Files.write(file, new byte[]{'a', '\n', (byte) 0xFF});
        assertThatExceptionOfType(FormatException.class)
                .isThrownBy(() -> trainer(TokenizerTrainer.Type.BPE, 100)
                        .train(Corpus.open(file.toString(), Corpus.Options.DEFAULT), TokenizerTrainer.Listener.NONE))
                .withMessageContaining("not UTF-8: byte 0xFF at offset 2");
    }

    @Test
    void wordsOfBytesAreThoseOfHuggingFace() throws IOException {
        Corpus corpus = Corpus.of("text", List.of(new Document("a", "hello world, hello wide world of été"),
                new Document("b", "the world says hello été")));
        Tokenizer bpe = trainer(TokenizerTrainer.Type.BPE, 40).preTokenizer("gpt2").train(corpus,
                TokenizerTrainer.Listener.NONE);
        assertThat(tokens(bpe)).containsExactly("[UNK]", ",", "a", "d", "e", "f", "h", "i", "l", "o", "r", "s", "t",
                "w", "y", "©", "Ã", "Ġ", "he", "Ã©", "Ġw", "ld", "ll", "or", "hell", "Ġwor", "hello", "Ġworld", "tÃ©",
                "ĠÃ©", "Ġhello", "ĠÃ©tÃ©", "ay", "de", "ide", "of", "say", "the", "Ġof", "Ġsay");
        Tokenizer words = trainer(TokenizerTrainer.Type.WORD, 40).preTokenizer("gpt2").train(corpus,
                TokenizerTrainer.Listener.NONE);
        assertThat(tokens(words)).startsWith("[UNK]", "Ġworld", "Ġhello", "ĠÃ©tÃ©", ",", "hello", "the");
        for (Tokenizer tokenizer : List.of(bpe, words)) {
            int[] ids = tokenizer.encode("hello world été");
            assertThat(Arrays.stream(ids).mapToObj(tokenizer::token)).containsExactly("hello", "Ġworld", "ĠÃ©tÃ©");
            assertThat(tokenizer.decode(ids)).isEqualTo("hello world été");
        }
    }

    @Test
    void bytesAndVisibleSpacesDoNotGoTogether() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> trainer(TokenizerTrainer.Type.BYTE_BPE, 300).preTokenizer("gpt2,metaspace").checked())
                .withMessageContaining("without metaspace");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> trainer(TokenizerTrainer.Type.BPE, Integer.MAX_VALUE))
                .withMessageContaining("16777216 tokens at most");
    }
}
