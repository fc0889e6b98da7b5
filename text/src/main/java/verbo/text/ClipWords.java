// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Ids of CLIP's words, which OpenAI's {@code simple_tokenizer.py} cuts out of small letters with this pattern, and whose bytes
 * are merged, the last of them with a suffix:
 *
 * <pre>
 * &lt;\|startoftext\|>|&lt;\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+
 * </pre>
 */
final class ClipWords {
    private static final String PATTERN = "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]"
            + "|[^\\s\\p{L}\\p{N}]+";
    private static final List<byte[]> SPECIAL = List.of("<|startoftext|>".getBytes(StandardCharsets.US_ASCII),
            "<|endoftext|>".getBytes(StandardCharsets.US_ASCII));

    private final Merges merges;
    private final int[] inside = new int[256]; // the id of a byte
    private final int[] last = new int[256]; // of one that ends a word
    private final SingleCharacters characters;

    private ClipWords(Merges merges, SingleCharacters characters) {
        this.merges = merges;
        this.characters = characters;
    }

    /** Whether a regular expression is CLIP's. */
    static boolean isPattern(String regex) {
        return regex.equals(PATTERN);
    }

    /** Null where these are not the words of a pipeline. */
    static @Nullable ClipWords of(@Nullable Normalizer normalizer, @Nullable PreTokenizer preTokenizer,
            TokenModel model, SingleCharacters characters) {
        if (!(preTokenizer instanceof PreTokenizer.Sequence(List<PreTokenizer> two) && two.size() == 2
                && two.get(
                        0) instanceof PreTokenizer.Split(TextPattern.Regex words, PreTokenizer.Behavior behavior, boolean invert)
                && invert && behavior == PreTokenizer.Behavior.REMOVED && isPattern(words.source())
                && two.get(1) instanceof PreTokenizer.Bytes bytes && !bytes.addPrefixSpace()
                && model instanceof Bpe bpe && !bpe.options().ignoreMerges()
                && bpe.options().prefix().isEmpty())) {
            return null;
        }
        // of ASCII only capitals may change
        for (int c = '!'; c < 0x7F; c++) {
            if (!Normalizer.applied(normalizer, Character.toString(c)).text()
                    .equals(Character.toString(small((byte) c)))) {
                return null;
            }
        }
        ClipWords clip = new ClipWords(bpe.merges(), characters);
        for (int b = 0; b < 256; b++) {
            String written = String.valueOf(ByteLevel.toChar(b));
            clip.inside[b] = bpe.id(written);
            clip.last[b] = bpe.id(written + bpe.options().suffix());
            if (clip.inside[b] < 0 || clip.last[b] < 0) {
                return null;
            }
        }
        return clip;
    }

    private static byte small(byte b) {
        return b >= 'A' && b <= 'Z' ? (byte) (b + 32) : b;
    }

    /**
     * Adds the ids of a text without white space.
     *
     * @return false if they are to be found otherwise; something may have been added then
     */
    boolean ids(byte[] utf8, int from, int to, PretokenEncoder.Work work) {
        byte[] text = Arrays.copyOfRange(utf8, from, to + PretokenEncoder.PADDING);
        int length = 0;
        for (int i = from; i < to;) {
            byte b = utf8[i];
            if (b >= 0) {
                if (b <= ' ' || b == 0x7F) {
                    return false;
                }
                text[length++] = small(b);
                i++;
                continue;
            }
            String becomes = characters.becomes(Utf8.codePointAt(utf8, i));
            if (becomes == null) {
                return false;
            }
            i += CharClass.at(utf8, i) >> 4;
            byte[] bytes = becomes.getBytes(StandardCharsets.UTF_8);
            if (length + bytes.length + to - i > text.length - PretokenEncoder.PADDING) {
                text = Arrays.copyOf(text, length + bytes.length + 2 * (to - i) + PretokenEncoder.PADDING);
            }
            System.arraycopy(bytes, 0, text, length, bytes.length);
            length += bytes.length;
        }
        for (int start = 0; start < length;) {
            int end = end(text, start, length);
            if (end < 0) {
                return false;
            }
            int[] symbols = end - start <= MergeBatch.SYMBOLS ? work.merges.symbols : new int[end - start];
            for (int i = start; i < end - 1; i++) {
                symbols[i - start] = inside[text[i] & 0xFF];
            }
            symbols[end - start - 1] = last[text[end - 1] & 0xFF];
            work.add(symbols, 0, merges.apply(symbols, end - start, work.merges));
            start = end;
        }
        return true;
    }

    /** Where the word that begins there ends; -1 if it is a special one. */
    private static int end(byte[] text, int from, int to) {
        if (text[from] == '\'') {
            int end = Gpt2Pattern.contraction(text, from, to);
            if (end > 0) {
                return end;
            }
        }
        for (byte[] special : SPECIAL) {
            if (Arrays.equals(text, from, Math.min(to, from + special.length), special, 0, special.length)) {
                return -1;
            }
        }
        int at = CharClass.at(text, from);
        int type = at & 15;
        int end = from + (at >> 4);
        while (end < to && type != CharClass.NUMBER) {
            at = CharClass.at(text, end);
            int next = at & 15;
            if (next == CharClass.NUMBER || CharClass.isLetter(next) != CharClass.isLetter(type)) {
                break;
            }
            end += at >> 4;
        }
        return end;
    }
}
