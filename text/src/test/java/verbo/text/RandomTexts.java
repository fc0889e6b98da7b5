// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.SplittableRandom;

/** Seeded strings that are hard on tokenizers. */
final class RandomTexts {
    private static final String[] PIECES = {"'s", "'ll", "'", " ", "  ", "\t", "\n", "\r\n", "a", "Word", "1", "²", "½",
            "é", "\u3000", "\u00a0", "\u0085", "\u001c", "😀", "👨‍👩‍👧", "𝔄", "𝟙", "…", "!", "\ufeff", "\u0000",
            "<|endoftext|>", "<|endof", "\ud800", "\udc00", "中文", "नमस्ते"};

    private RandomTexts() {}

    static String next(SplittableRandom random) {
        int length = random.nextInt(60);
        StringBuilder text = new StringBuilder();
        int kind = random.nextInt(5);
        for (int i = 0; i < length; i++) {
            switch (kind) {
                case 0 -> text.append(PIECES[random.nextInt(PIECES.length)]);
                case 1 -> text.append((char) random.nextInt(0x10000));
                case 2 -> text.appendCodePoint(random.nextInt(0x110000));
                case 3 -> text.append((char) random.nextInt(128));
                default -> text.append("ab 1!".charAt(random.nextInt(5)));
            }
        }
        return text.toString();
    }

    /** What a text becomes on its way through UTF-8: lone surrogates are {@code '?'}. */
    static String wellFormed(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints().forEach(c -> out.appendCodePoint(c >= 0xD800 && c < 0xE000 ? '?' : c));
        return out.toString();
    }
}
