// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Turns tokens back into text; a part of {@code tokenizer.json}. Each record has the name and the fields of its
 * {@code type} there.
 */
sealed interface TokenDecoder {
    /** The types there are. */
    String KNOWN = "ByteLevel, Metaspace, WordPiece, BPEDecoder, ByteFallback, Fuse, Strip, Replace, CTC, Sequence";

    /** What is to be joined to the text. */
    List<String> apply(List<String> tokens);

    /** Characters that stand for bytes. */
    record Bytes() implements TokenDecoder {
        @Override
        public List<String> apply(List<String> tokens) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (String token : tokens) {
                byte[] bytes = ByteLevel.toBytes(token);
                all.writeBytes(bytes != null ? bytes : token.getBytes(StandardCharsets.UTF_8));
            }
            return List.of(Utf8.decode(all.toByteArray()));
        }
    }

    /** Visible spaces become spaces; those of the first token go where one was put before the text. */
    record Metaspace(String replacement, boolean prepended) implements TokenDecoder {
        @Override
        public List<String> apply(List<String> tokens) {
            List<String> out = new ArrayList<>(tokens.size());
            for (int i = 0; i < tokens.size(); i++) {
                out.add(tokens.get(i).replace(replacement, i == 0 && prepended ? "" : " "));
            }
            return out;
        }
    }

    /** A space before every token that does not continue a word. */
    record WordPiece(String prefix, boolean cleanup) implements TokenDecoder {
        @Override
        public List<String> apply(List<String> tokens) {
            List<String> out = new ArrayList<>(tokens.size());
            for (int i = 0; i < tokens.size(); i++) {
                String token = tokens.get(i);
                if (i > 0) {
                    token = token.startsWith(prefix) ? token.substring(prefix.length()) : " " + token;
                }
                out.add(cleanup ? clean(token) : token);
            }
            return out;
        }

        /** English punctuation and contractions without the spaces that tokens had around them. */
        static String clean(String token) {
            return token.replace(" .", ".").replace(" ?", "?").replace(" !", "!").replace(" ,", ",")
                    .replace(" ' ", "'").replace(" n't", "n't").replace(" 'm", "'m").replace(" do not", " don't")
                    .replace(" 's", "'s").replace(" 've", "'ve").replace(" 're", "'re");
        }
    }

    /** A suffix ends words. */
    record Bpe(String suffix) implements TokenDecoder {
        @Override
        public List<String> apply(List<String> tokens) {
            List<String> out = new ArrayList<>(tokens.size());
            for (int i = 0; i < tokens.size(); i++) {
                out.add(suffix.isEmpty()
                        ? tokens.get(i)
                        : tokens.get(i).replace(suffix, i == tokens.size() - 1 ? "" : " "));
            }
            return out;
        }
    }

    /** {@code <0xE2>}; bytes in a row that are no UTF-8 become U+FFFD, one each. */
    record ByteFallback() implements TokenDecoder {
        @Override
        public List<String> apply(List<String> tokens) {
            List<String> out = new ArrayList<>(tokens.size());
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            for (String token : tokens) {
                int b = ByteTokens.value(token);
                if (b >= 0) {
                    bytes.write(b);
                } else {
                    flush(bytes, out);
                    out.add(token);
                }
            }
            flush(bytes, out);
            return out;
        }

        private static void flush(ByteArrayOutputStream bytes, List<String> out) {
            if (bytes.size() > 0) {
                byte[] all = bytes.toByteArray();
                if (Utf8.firstMalformed(all, 0, all.length) < 0) {
                    out.add(Utf8.decode(all));
                } else {
                    out.addAll(Collections.nCopies(all.length, "\uFFFD")); // tokens of their own to what comes next
                }
                bytes.reset();
            }
        }
    }

    /** All in one. */
    record Fuse() implements TokenDecoder {
        @Override
        public List<String> apply(List<String> tokens) {
            return List.of(String.join("", tokens));
        }
    }

    /** Up to so many of a character go at each end. */
    record Strip(String content, int start, int stop) implements TokenDecoder {
        @Override
        public List<String> apply(List<String> tokens) {
            return tokens.stream().map(this::stripped).toList();
        }

        private String stripped(String token) {
            int from = 0;
            for (int i = 0; i < start && token.startsWith(content, from); i++) {
                from += content.length();
            }
            int to = token.length();
            for (int i = 0; i < stop && to - content.length() >= from && token.startsWith(content, to
                    - content.length()); i++) {
                to -= content.length();
            }
            return token.substring(from, to);
        }
    }

    /** Another text in the place of every match. */
    record Replace(TextPattern pattern, String content) implements TokenDecoder {
        @Override
        public List<String> apply(List<String> tokens) {
            List<String> out = new ArrayList<>(tokens.size());
            for (String token : tokens) {
                Normalized text = Normalized.of(token);
                text.replace(pattern, content);
                out.add(text.text());
            }
            return out;
        }
    }

    /** Of the same token in a row one is kept, padding none: connectionist temporal classification. */
    record Ctc(String padToken, String wordDelimiterToken, boolean cleanup) implements TokenDecoder {
        @Override
        public List<String> apply(List<String> tokens) {
            List<String> out = new ArrayList<>();
            String last = null;
            for (String token : tokens) {
                if (token.equals(last)) {
                    continue;
                }
                last = token;
                String text = token.replace(padToken, "");
                if (cleanup) {
                    text = WordPiece.clean(text).replace(wordDelimiterToken, " ");
                }
                if (!text.isEmpty()) {
                    out.add(text);
                }
            }
            return out;
        }
    }

    /** One after the other. */
    record Sequence(List<TokenDecoder> decoders) implements TokenDecoder {
        @Override
        public List<String> apply(List<String> tokens) {
            List<String> out = tokens;
            for (TokenDecoder one : decoders) {
                out = one.apply(out);
            }
            return out;
        }
    }
}
