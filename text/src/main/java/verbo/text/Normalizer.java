// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is done to a text before anything else looks at it; a part of {@code tokenizer.json}. Each record has the name and
 * the fields of its {@code type} there.
 */
sealed interface Normalizer {
    void apply(Normalized text);

    /** The types there are. */
    String KNOWN = "NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Replace, Prepend, Precompiled, BertNormalizer,"
            + " Nmt, ByteLevel, Sequence";

    /** Whether it is plain that a normaliser leaves a text, and every part of it, as it is. */
    static boolean leaves(@Nullable Normalizer normalizer, String text) {
        return switch (normalizer) {
            case Form(java.text.Normalizer.Form form) -> java.text.Normalizer.isNormalized(text, form);
            case Sequence(List<Normalizer> list) -> list.stream().allMatch(n -> leaves(n, text));
            case null -> true;
            default -> false;
        };
    }

    /** A text as a normaliser makes it. */
    static Normalized applied(@Nullable Normalizer normalizer, String text) {
        Normalized whole = Normalized.of(text);
        if (normalizer != null) {
            normalizer.apply(whole);
        }
        return whole;
    }

    /** {@code NFC}, {@code NFD}, {@code NFKC}, {@code NFKD}. */
    record Form(java.text.Normalizer.Form form) implements Normalizer {
        @Override
        public void apply(Normalized text) {
            UnicodeForm.apply(text, form);
        }
    }

    /** Character by character, so that a final sigma is an ordinary one. */
    record Lowercase() implements Normalizer {
        @Override
        public void apply(Normalized text) {
            int i = 0;
            while (i < text.length() && UnicodeEight.toLowerCase(text.codePointAt(i)) == text.codePointAt(i)) {
                i += Character.charCount(text.codePointAt(i));
            }
            if (i == text.length()) {
                return;
            }
            Normalized.Change change = text.change();
            change.keepTo(i);
            while (i < text.length()) {
                int c = text.codePointAt(i);
                i += Character.charCount(c);
                if (c == 'İ') { // the only one that becomes two
                    change.put('i', 0);
                    change.put('\u0307', 1);
                } else {
                    change.put(UnicodeEight.toLowerCase(c), 0);
                }
            }
            change.finish();
        }
    }

    /** Without white space at the ends. */
    record Strip(boolean left, boolean right) implements Normalizer {
        @Override
        public void apply(Normalized text) {
            int start = 0;
            int end = text.length();
            while (left && start < end && CharClass.isSpace(text.charAt(start))) {
                start++;
            }
            while (right && start < end && CharClass.isSpace(text.charAt(end - 1))) {
                end--;
            }
            if (start > 0 || end < text.length()) {
                Normalized.Change change = text.change();
                change.skipTo(start);
                change.keepTo(end);
                change.finish();
            }
        }
    }

    /** Without marks. */
    record StripAccents() implements Normalizer {
        @Override
        public void apply(Normalized text) {
            text.filter(c -> !UnicodeEight.isMark(c));
        }
    }

    /** Another text in the place of every match. */
    record Replace(TextPattern pattern, String content) implements Normalizer {
        @Override
        public void apply(Normalized text) {
            text.replace(pattern, content);
        }
    }

    /** A text put before any that is not empty. */
    record Prepend(String prepend) implements Normalizer {
        @Override
        public void apply(Normalized text) {
            text.prepend(prepend);
        }
    }

    /** SentencePiece's rules. */
    record Precompiled(CharsMap map) implements Normalizer {
        static Precompiled of(String base64) {
            return new Precompiled(CharsMap.of(Base64.getDecoder().decode(base64)));
        }

        @Override
        public void apply(Normalized text) {
            map.apply(text);
        }
    }

    /** BERT's: no control characters, spaces around Chinese ones, no accents, small letters. */
    record BertNormalizer(boolean cleanText, boolean handleChineseChars, @Nullable Boolean stripAccents,
            boolean lowercase) implements Normalizer {
        @Override
        public void apply(Normalized text) {
            if (cleanText) {
                text.filter(c -> c != 0 && c != 0xFFFD && !UnicodeEight.isControl(c));
                text.map(c -> CharClass.isSpace(c) ? ' ' : c);
            }
            if (handleChineseChars) {
                spaceChinese(text);
            }
            if (stripAccents == null ? lowercase : stripAccents) {
                UnicodeForm.apply(text, java.text.Normalizer.Form.NFD);
                text.filter(c -> !UnicodeEight.isNonSpacingMark(c));
            }
            if (lowercase) {
                new Lowercase().apply(text);
            }
        }

        private static void spaceChinese(Normalized text) {
            int i = 0;
            while (i < text.length() && !isChinese(text.codePointAt(i))) {
                i += Character.charCount(text.codePointAt(i));
            }
            if (i == text.length()) {
                return;
            }
            Normalized.Change change = text.change();
            change.keepTo(i);
            while (i < text.length()) {
                int c = text.codePointAt(i);
                i += Character.charCount(c);
                if (isChinese(c)) {
                    change.put(' ', 0);
                    change.put(c, 1);
                    change.put(' ', 1);
                } else {
                    change.put(c, 0);
                }
            }
            change.finish();
        }

        /** The blocks that BERT's authors listed. */
        static boolean isChinese(int c) {
            return c >= 0x3400 && ((c >= 0x4E00 && c <= 0x9FFF) || c <= 0x4DBF || (c >= 0x20000 && c <= 0x2A6DF)
                    || (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F)
                    || (c >= 0x2B920 && c <= 0x2CEAF) || (c >= 0xF900 && c <= 0xFAFF)
                    || (c >= 0x2F800 && c <= 0x2FA1F));
        }
    }

    /** The cleaning of SentencePiece's {@code nmt} rules. */
    record Nmt() implements Normalizer {
        @Override
        public void apply(Normalized text) {
            text.filter(c -> !((c >= 1 && c <= 8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F
                    || c == 0x9F));
            text.map(c -> c == 9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 || (c >= 0x200B && c <= 0x200F)
                    || c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD ? ' ' : c);
        }
    }

    /** Bytes written as characters. */
    record Bytes() implements Normalizer {
        @Override
        public void apply(Normalized text) {
            if (text.isEmpty()) {
                return;
            }
            Normalized.Change change = text.change();
            for (int i = 0; i < text.length();) {
                int c = text.codePointAt(i);
                i += Character.charCount(c);
                if (c < 0x80) {
                    change.put(ByteLevel.toChar(c), 0);
                } else {
                    int size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
                    int lead = size == 2 ? 0xC0 : size == 3 ? 0xE0 : 0xF0;
                    change.put(ByteLevel.toChar(lead | c >>> 6 * (size - 1)), 0);
                    for (int k = size - 2; k >= 0; k--) {
                        change.put(ByteLevel.toChar(0x80 | (c >>> 6 * k & 0x3F)), 1);
                    }
                }
            }
            change.finish();
        }
    }

    /** One after the other. */
    record Sequence(List<Normalizer> normalizers) implements Normalizer {
        @Override
        public void apply(Normalized text) {
            for (Normalizer normalizer : normalizers) {
                normalizer.apply(text);
            }
        }
    }
}
