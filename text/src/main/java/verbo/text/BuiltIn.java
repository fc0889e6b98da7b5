// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** OpenAI's tokenizers, from the ranks in jtokkit's jar, and those that need no vocabulary. */
final class BuiltIn {
    private static final String END_OF_PROMPT = "<|endofprompt|>";
    private static final String FIM_PREFIX = "<|fim_prefix|>";
    private static final String FIM_MIDDLE = "<|fim_middle|>";
    private static final String FIM_SUFFIX = "<|fim_suffix|>";

    private static final List<String> NAMES = List.of("gpt2", "r50k_base", "p50k_base", "p50k_edit", "cl100k_base",
            "o200k_base", "o200k_harmony", "byte", "char",
            "word");

    private static final String WHISPER_LANGUAGES = "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el"
            + " ms cs ro da hu ta no th ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq"
            + " sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln"
            + " ha ba jw su";

    private BuiltIn() {}

    static List<String> names() {
        return NAMES;
    }

    static Tokenizer load(String name) throws IOException {
        if (name.equals("char")) {
            return new CodePoints();
        }
        if (name.equals("word")) {
            return new OpenWords();
        }
        if (name.equals("byte")) {
            byte[] @Nullable [] bytes = new byte[256][];
            for (int b = 0; b < 256; b++) {
                bytes[b] = new byte[]{(byte) b};
            }
            return ByteLevelBpe.ofRanks(bytes, 256, WordPattern.GPT2, List.of());
        }
        String ranks = ranks(name);
        String resource = "com/knuddels/jtokkit/" + ranks + ".tiktoken";
        ClassLoader loader = BuiltIn.class.getClassLoader();
        try (InputStream in = loader == null
                ? ClassLoader.getSystemResourceAsStream(resource)
                : loader.getResourceAsStream(resource)) {
            if (in == null) {
                throw new NoSuchFileException(resource, null, "the ranks of " + name
                        + " are in the jar com.knuddels:jtokkit, which is not on the class path");
            }
            return of(RankFile.read(Path.of(resource), in.readAllBytes()), name);
        }
    }

    private static String ranks(String name) {
        return switch (name) {
            case "gpt2" -> "r50k_base";
            case "p50k_edit" -> "p50k_base";
            case "o200k_harmony" -> "o200k_base";
            default -> name;
        };
    }

    /** Ranks with the pattern and the special tokens of a name. */
    static Tokenizer of(RankFile ranks, String name) {
        List<AddedToken> added = new ArrayList<>();
        int size = ranks.size();
        WordPattern pattern;
        switch (name) {
            case "gpt2", "r50k_base", "p50k_base", "p50k_edit" -> {
                pattern = WordPattern.GPT2;
                add(added, 50256, Tokenizer.END_OF_TEXT);
                if (name.equals("p50k_edit")) {
                    add(added, 50281, FIM_PREFIX, FIM_MIDDLE, FIM_SUFFIX);
                }
            }
            case "cl100k_base" -> {
                pattern = WordPattern.TIKTOKEN_CL100K;
                add(added, 100257, Tokenizer.END_OF_TEXT, FIM_PREFIX, FIM_MIDDLE, FIM_SUFFIX);
                add(added, 100276, END_OF_PROMPT);
            }
            case "o200k_base" -> {
                pattern = WordPattern.O200K;
                add(added, 199999, Tokenizer.END_OF_TEXT);
                add(added, 200018, END_OF_PROMPT);
            }
            case "o200k_harmony" -> {
                pattern = WordPattern.O200K;
                add(added, 199998, "<|startoftext|>", Tokenizer.END_OF_TEXT, "<|reserved_200000|>",
                        "<|reserved_200001|>", "<|return|>", "<|constrain|>", "<|reserved_200004|>", "<|channel|>",
                        "<|start|>", "<|end|>", "<|message|>", "<|reserved_200009|>", "<|reserved_200010|>",
                        "<|reserved_200011|>", "<|call|>");
                for (int id = 200013; id < 201088; id++) {
                    add(added, id, "<|reserved_" + id + "|>");
                }
                add(added, 200018, END_OF_PROMPT); // which has two names
            }
            case "llama3" -> {
                pattern = WordPattern.CL100K;
                llama3(added, size);
            }
            case "llama4" -> {
                pattern = WordPattern.O200K;
                llama4(added, size);
            }
            case "whisper" -> {
                pattern = WordPattern.GPT2;
                whisper(added, size);
            }
            default -> throw new IllegalArgumentException("no pattern is named " + name + "; known: "
                    + String.join(", ", patterns()));
        }
        for (AddedToken token : added) {
            size = Math.max(size, token.id() + 1);
        }
        return ByteLevelBpe.ofRanks(ranks.tokens(size), ranks.size(), pattern, added);
    }

    /** Names of patterns for ranks. */
    static List<String> patterns() {
        return List.of("gpt2", "r50k_base", "p50k_base", "p50k_edit", "cl100k_base", "o200k_base", "o200k_harmony",
                "llama3", "llama4", "whisper");
    }

    /** Whose ranks a file has, by how many there are; null if they are nobody's. */
    static @Nullable String recognise(RankFile ranks) {
        return switch (ranks.size()) {
            case 50256 -> "gpt2";
            case 50257 -> "whisper";
            case 50281 -> "p50k_base";
            case 100256 -> "cl100k_base";
            case 128000 -> "llama3";
            case 199998 -> "o200k_base";
            case 200000 -> "llama4";
            default -> null;
        };
    }

    private static void llama3(List<AddedToken> added, int first) {
        add(added, first, "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>",
                "<|reserved_special_token_1|>", "<|finetune_right_pad_id|>", "<|step_id|>", "<|start_header_id|>",
                "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>", "<|python_tag|>", "<|image|>");
        for (int i = 12; i < 256; i++) {
            add(added, first + i, "<|reserved_special_token_" + (i - 10) + "|>");
        }
    }

    /** The names are those of llama-models, models/llama4/tokenizer.py. */
    private static void llama4(List<AddedToken> added, int first) {
        List<String> names = new ArrayList<>(List.of("begin_of_text", "end_of_text", "fim_prefix", "fim_middle",
                "fim_suffix", "header_start", "header_end", "eom", "eot", "step"));
        reserved(names, "text_post_train_", 0, 6);
        names.addAll(List.of("python_start", "python_end", "finetune_right_pad"));
        reserved(names, "text_post_train_", 8, 69);
        names.addAll(List.of("image_start", "image_end"));
        reserved(names, "vision_", 0, 2);
        names.addAll(List.of("tile_x_separator", "tile_y_separator"));
        reserved(names, "vision_", 2, 6);
        names.add("image");
        reserved(names, "vision_", 6, 7);
        names.add("patch");
        reserved(names, "vision_", 7, 1048);
        reserved(names, "reasoning_", 0, 8);
        names.addAll(List.of("reasoning_thinking_start", "reasoning_thinking_end"));
        reserved(names, "", 0, 2048 - names.size());
        add(added, first, names.stream().map(name -> "<|" + name + "|>").toArray(String[]::new));
    }

    private static void reserved(List<String> names, String part, int from, int to) {
        for (int i = from; i < to; i++) {
            names.add(part + "reserved_special_token_" + i);
        }
    }

    /** As whisper's tokenizer.py has them for 99 languages. */
    private static void whisper(List<AddedToken> added, int first) {
        List<String> names = new ArrayList<>(List.of("endoftext", "startoftranscript"));
        names.addAll(List.of(WHISPER_LANGUAGES.split(" ")));
        names.addAll(List.of("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"));
        for (int i = 0; i <= 1500; i++) {
            names.add(String.format(Locale.ROOT, "%d.%02d", i / 50, i % 50 * 2)); // seconds
        }
        add(added, first, names.stream().map(name -> "<|" + name + "|>").toArray(String[]::new));
    }

    private static void add(List<AddedToken> added, int first, String... tokens) {
        for (int i = 0; i < tokens.length; i++) {
            added.add(new AddedToken(first + i, tokens[i], true, false));
        }
    }
}
