// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import verbo.text.TokenizerTrainer;

/**
 * A key of the run file. The table of all of them, {@link #ALL}, is where the reader, its messages and the page
 * {@code docs/run-file.md} come from.
 *
 * @param name
 *            the key with the keys it stands under, {@code optimizer.rate}
 * @param type
 *            what its value must be
 * @param standard
 *            the value where the file gives none, as it would be written; null for a key that must be given or that has
 *            no fixed one, which the meaning explains
 * @param meaning
 *            what it does
 * @param alsoCalled
 *            names that other programs give it, to recognise what somebody meant
 */
public record RunKey(String name, Type type, @Nullable String standard, String meaning, List<String> alsoCalled) {

    /** What a value must be. */
    public sealed interface Type {
        /** What is expected, to follow "must be". */
        String expected();

        /** The same to one who gave this text, and must know what is wrong with it. */
        default String expected(String text) {
            return expected();
        }

        /** The value as a String, Long, Double or Boolean; null if the text is none. */
        @Nullable Object parse(String text);
    }

    /** Any text. */
    record Text() implements Type {
        @Override
        public String expected() {
            return "text";
        }

        @Override
        public Object parse(String text) {
            return text;
        }
    }

    /** A file or folder. */
    record Location() implements Type {
        @Override
        public String expected() {
            return "a path";
        }

        @Override
        public @Nullable Object parse(String text) {
            return text.isBlank() ? null : text;
        }
    }

    /** A whole number. */
    record Whole(long least, long most) implements Type {
        @Override
        public String expected() {
            String number = "a whole number";
            if (least == Long.MIN_VALUE) {
                return number;
            }
            return most == Long.MAX_VALUE || most == Integer.MAX_VALUE
                    ? number + ", " + least + " or more"
                    : number + " from " + least + " to " + most;
        }

        @Override
        public String expected(String text) {
            boolean number = text.matches("[0-9][0-9_]*");
            return number && new BigInteger(text.replace("_", "")).compareTo(BigInteger.valueOf(most)) > 0
                    ? "a whole number from " + least + " to " + most
                    : expected();
        }

        @Override
        public @Nullable Object parse(String text) {
            try {
                long value = Long.parseLong(text.replace("_", ""));
                return value < least || value > most ? null : (Long) value;
            } catch (NumberFormatException e) {
                return null;
            }
        }
    }

    /** A number; {@code below} is not one of those allowed. */
    record Real(double least, double below) implements Type {
        private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");

        @Override
        public String expected() {
            if (least == Double.MIN_VALUE) {
                return "a number above 0";
            }
            return below == Double.POSITIVE_INFINITY
                    ? "a number, " + shown(least) + " or more"
                    : "a number from " + shown(least) + " to below " + shown(below);
        }

        private static String shown(double value) {
            return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
        }

        @Override
        public @Nullable Object parse(String text) {
            try {
                double value = NUMBER.matcher(text).matches() ? Double.parseDouble(text) : Double.NaN;
                return value >= least && value < below ? (Double) value : null;
            } catch (NumberFormatException e) {
                return null;
            }
        }
    }

    /** true or false. */
    record YesNo() implements Type {
        @Override
        public String expected() {
            return "true or false";
        }

        @Override
        public @Nullable Object parse(String text) {
            return switch (text.toLowerCase(Locale.ROOT)) {
                case "true", "yes", "on" -> true;
                case "false", "no", "off" -> false;
                default -> null;
            };
        }
    }

    /** One of some words. */
    record OneOf(List<String> words) implements Type {
        @Override
        public String expected() {
            return words.size() == 1 ? "'" + words.getFirst() + "'" : "one of " + String.join(", ", words);
        }

        @Override
        public @Nullable Object parse(String text) {
            return words.contains(text) ? text : null;
        }
    }

    /** The most threads that compute: far above any machine's processors, far below what stops one. */
    public static final int MOST_THREADS = 1024;

    private static final Type TEXT = new Text();
    private static final Type PATH = new Location();
    private static final Type YES_NO = new YesNo();
    private static final Type COUNT = new Whole(1, Integer.MAX_VALUE);
    private static final Type COUNT_OR_NONE = new Whole(0, Integer.MAX_VALUE);
    private static final Type NOT_NEGATIVE = new Real(0, Double.POSITIVE_INFINITY);
    private static final Type FRACTION = new Real(0, 1);

    static final List<String> TOKENIZER_TYPES = Stream.concat(
            Arrays.stream(TokenizerTrainer.Type.values()).map(TokenizerTrainer.Type::label),
            Stream.of("words")).toList();

    private static RunKey key(String name, Type type, @Nullable String standard, String meaning,
            String... alsoCalled) {
        return new RunKey(name, type, standard, meaning, List.of(alsoCalled));
    }

    /** All keys, in the order in which a run file is best written. */
    public static final List<RunKey> ALL = List.of(
            key("task", new OneOf(List.of("language-model")), null,
                    "What is trained. Must be given: `language-model`, the next token from those before it."),
            key("run", PATH, null,
                    "Folder of the run, relative to the current one. Left out, it is `runs/` and the run file's name, "
                            + "with `-2`, `-3`, ... behind it if there is such a run already.",
                    "out_dir", "output_dir", "output", "name"),
            key("data.path", PATH, null,
                    "The text: a file, a folder, a glob (`books/**.txt`), a zip or jar (`lib.jar!com/**`), any file as "
                            + "`.gz`, or `.jsonl`; `jdk:src.zip` is the source of the JDK that runs. Must be given; "
                            + "`data: PATH` is short for it. Relative to the current folder or, if it is not there, "
                            + "to the run file's.",
                    "dataset", "corpus", "text", "file", "input", "train"),
            key("data.include", TEXT, null,
                    "Glob of the entries of a zip or jar, or of the files of a folder, that are read; all if left out.",
                    "entries", "glob", "files"),
            key("data.field", TEXT, "text", "The field of a `.jsonl` object that holds the text.", "column"),
            key("data.documents", new OneOf(List.of("file", "line")), "file",
                    "What a document is: a whole file (or `.jsonl` object), or each line, which is then a sequence of "
                            + "its own, begun and ended by the separator.",
                    "lines"),
            key("data.validation", new Real(0.000001, 1), "0.1",
                    "Share of the text kept for validation: the end of a single document, whole documents of many.",
                    "split", "valid", "validation_split", "test"),
            key("data.test", FRACTION, "0",
                    "Share of the text kept from both, for a last test: it is in the run's `data/test.txt`, to `score`.",
                    "test_split", "holdout"),
            key("data.validationPath", PATH, null,
                    "Another text to use for validation, as `data.path`; all of `data.path` is then learnt from.",
                    "validation_file", "valid_path", "test_path", "eval_data"),
            key("tokenizer.path", PATH, null,
                    "A tokenizer to use as it is: the name of one that is built in (`gpt2`, `cl100k_base`, `o200k_base`, "
                            + "`byte`, ...), or a file or folder of any format that is read (`tokenizer.json`, "
                            + "`vocab.txt`, ranks, SentencePiece, GGUF); `tokenizer: NAME` is short for it. "
                            + "The name of a type has one of that type trained.",
                    "name"),
            key("tokenizer.type", new OneOf(TOKENIZER_TYPES), "byte-bpe",
                    "The tokenizer to train: BPE of bytes as GPT-2's, BPE of characters, BERT's WordPiece, "
                            + "SentencePiece's unigram model or BPE, a token a word or a token a character. `word` cuts a "
                            + "text itself and keeps the most frequent words; `words` is for text that comes cut at white "
                            + "space: a token for each of its words and for each line end.",
                    "kind", "model"),
            key("tokenizer.vocabulary", COUNT, "4096",
                    "How many tokens it has at most, special ones and (of `byte-bpe`) the 256 bytes among them; "
                            + "of `words` all, if left out. Not of `char`.",
                    "vocab_size", "size", "vocab"),
            key("tokenizer.minimumCount", COUNT_OR_NONE, "2",
                    "Pairs (of `word`, words) seen less often are left out of it; of `words` 1, if left out. "
                            + "Not of `unigram` and `char`.",
                    "min_frequency", "min_count"),
            key("tokenizer.normalizer", TEXT, null,
                    "What is done to a text first, as `./verbo tokenizer train --normalizer` has it; what is usual for "
                            + "the type if left out."),
            key("tokenizer.preTokenizer", TEXT, null,
                    "How a text is cut into words, as `./verbo tokenizer train --pre-tokenizer` has it; what is usual "
                            + "for the type if left out.",
                    "pre_tokenizer"),
            key("model.family", new OneOf(List.of("gpt", "nplm", "rnn", "lstm", "gru")), "gpt",
                    "The model's architecture: `gpt` is GPT-2's, `nplm` Bengio's neural probabilistic model, `rnn`, "
                            + "`lstm` and `gru` are recurrent. The last four go through a text in `batch` streams and "
                            + "carry on from block to block; lines are read each for itself.",
                    "type", "architecture"),
            key("model.layers", COUNT, null,
                    "How many blocks or recurrent layers follow one another; 4, of recurrent ones 2, if left out.",
                    "n_layer", "n_layers", "depth", "num_layers"),
            key("model.heads", COUNT, "4", "Of `gpt`: how many heads attention has; divides the width.", "n_head",
                    "n_heads", "num_heads"),
            key("model.width", COUNT, "128",
                    "Length of a token's vector; of `nplm` and recurrent models, units of a hidden layer.", "n_embd",
                    "d_model", "hidden_size", "dim", "nhid"),
            key("model.embedding", COUNT, null,
                    "Length of a token's vector where it is not `width`; not of `gpt`.", "emsize", "embedding_size"),
            key("model.block", COUNT, "64",
                    "How many tokens the model sees at once; of models that carry on, how many steps a gradient goes back.",
                    "block_size", "context_length", "n_ctx", "sequence_length", "bptt"),
            key("model.context", COUNT, "3", "Of `nplm`: how many tokens a token is predicted from.", "order", "ngram"),
            key("model.direct", YES_NO, "false", "Of `nplm`: whether vectors also lead straight to the output.",
                    "direct_connections"),
            key("model.tied", YES_NO, null,
                    "Whether the output layer is the token embedding; of `gpt` it is if left out, of the others not.",
                    "tie_word_embeddings", "tied_embeddings"),
            key("model.cutoffs", TEXT, null,
                    "Of recurrent models, for large vocabularies of words: rising ids with commas between "
                            + "(`2000,10000`), from which on tokens are predicted in two steps, cluster and word.",
                    "adaptive_softmax"),
            key("model.bias", YES_NO, "true", "Of `gpt`: whether linear layers and layer norms have biases.",
                    "use_bias"),
            key("model.scaleResiduals", YES_NO, "true",
                    "Of `gpt`: whether the layers that add to what passes through begin narrower by the root of their number, "
                            + "as GPT-2's paper says; else all begin alike, as in its published code.",
                    "scaled_init"),
            key("model.dropout", FRACTION, "0", "Share of the activations that is dropped in training.",
                    "dropout_rate"),
            key("model.lockedDropout", YES_NO, "false",
                    "Of recurrent models: whether the same units are dropped at every step of a block.",
                    "variational_dropout"),
            key("model.wordDropout", FRACTION, "0",
                    "Of recurrent models: share of the words whose vectors are dropped.", "embedding_dropout"),
            key("model.weightDropout", FRACTION, "0",
                    "Of recurrent models: share of the hidden weights that is dropped.", "wdrop", "weight_drop"),
            key("init", PATH, null,
                    "A checkpoint to start from: its weights, its shape (so that `model` must be left out) and, unless "
                            + "another is given, its tokenizer; one must be given if it has none.",
                    "init_from", "checkpoint", "pretrained", "from"),
            key("steps", COUNT, "1000", "How many updates of the weights.", "max_iters", "max_steps", "iterations",
                    "epochs", "num_steps"),
            key("batch", COUNT, "16", "How many sequences in a batch.", "batch_size"),
            key("accumulate", COUNT, "1", "How many batches make one update.", "gradient_accumulation_steps",
                    "grad_accum"),
            key("recompute", YES_NO, "false",
                    "Whether training a Transformer keeps only what goes into each block and computes the rest again on "
                            + "the way back: the same numbers in less memory and more time.",
                    "gradient_checkpointing", "activation_checkpointing"),
            key("seed", new Whole(Long.MIN_VALUE, Long.MAX_VALUE), "1",
                    "Decides the first weights, the batches, dropout and samples, and which documents are for "
                            + "validation.",
                    "random_seed"),
            key("threads", new Whole(0, MOST_THREADS), "0",
                    "How many threads compute; 0 is one a processor. Results do not depend on it.", "workers",
                    "num_threads"),
            key("optimizer.type", new OneOf(List.of("adamw", "sgd")), "adamw",
                    "How weights move: AdamW, or stochastic gradient descent.", "optimizer", "name"),
            key("optimizer.schedule", new OneOf(List.of("cosine", "linear", "constant", "plateau")), "cosine",
                    "How the rate goes after the warm-up: down to `minimumRate`, or as it is; `plateau` divides it by "
                            + "`optimizer.divisor` after each validation that found no lower loss.",
                    "lr_scheduler", "decay_schedule"),
            key("optimizer.divisor", new Real(Double.MIN_VALUE, Double.POSITIVE_INFINITY), "4",
                    "What `plateau` divides the rate by."),
            key("optimizer.momentum", FRACTION, "0", "How much of the velocity `sgd` keeps each step."),
            key("optimizer.rate", NOT_NEGATIVE, "0.001", "The highest learning rate.", "learning_rate", "lr",
                    "learningRate", "max_lr"),
            key("optimizer.minimumRate", NOT_NEGATIVE, null,
                    "Of `cosine` and `linear`: the rate that one more step than `steps` would have; a tenth of `rate` if left "
                            + "out.",
                    "min_lr",
                    "minimum_learning_rate", "min_rate"),
            key("optimizer.warmup", COUNT_OR_NONE, "100", "Over how many steps the rate rises from 0.", "warmup_iters",
                    "warmup_steps"),
            key("optimizer.decay", NOT_NEGATIVE, "0.1", "Weight decay of matrices.", "weight_decay"),
            key("optimizer.beta1", FRACTION, "0.9", "How much of the mean of gradients AdamW keeps each step."),
            key("optimizer.beta2", FRACTION, "0.99", "How much of the mean of their squares it keeps."),
            key("optimizer.epsilon", NOT_NEGATIVE, "1e-8", "Added to the root of that mean.", "eps"),
            key("optimizer.clip", NOT_NEGATIVE, "1",
                    "Gradients of a greater norm are scaled down to this one; 0: never.",
                    "grad_clip", "max_grad_norm", "gradient_clipping"),
            key("evaluate.every", COUNT, "250",
                    "Steps from one validation to the next; there is one after the last step too.", "eval_interval",
                    "eval_steps", "interval"),
            key("evaluate.tokens", COUNT_OR_NONE, "0",
                    "The most validation tokens used, in blocks spread evenly, but one block at least, and one of each stream "
                            + "where state is carried; 0 is all of them. After the last step it is always all.",
                    "eval_iters"),
            key("checkpoint.every", COUNT, "250",
                    "Steps from one checkpoint to the next; there is one after the last step too.", "save_interval",
                    "save_steps"),
            key("checkpoint.keep", COUNT, "2",
                    "How many of the last checkpoints are kept, besides the one with the least validation loss of those "
                            + "that were validated.",
                    "save_total_limit"),
            key("checkpoint.use", new OneOf(List.of("last", "best")), "last",
                    "Which checkpoint's weights the run's folder itself has. With `best` there is also a checkpoint whenever "
                            + "a validation finds a lower loss, all being compared over `evaluate.tokens`.",
                    "always_save_checkpoint"),
            key("sample.every", COUNT_OR_NONE, null,
                    "Steps from one sample to the next, as `evaluate.every` if left out; 0: none."),
            key("sample.prompt", TEXT, null,
                    "What samples go on from; the separator, or else a new line, if left out.", "start"),
            key("sample.tokens", COUNT, "200", "How long a sample is.", "max_new_tokens", "length"),
            key("sample.temperature", NOT_NEGATIVE, "0.8", "At which temperature it is drawn; 0 is greedy.", "temp"),
            key("metrics.bitsPerByte", YES_NO, "true",
                    "Whether validation gives bits per byte: comparable whatever the tokenizer.", "bpb"),
            key("metrics.perplexity", YES_NO, "true", "Whether validation gives perplexity, a token.", "ppl"),
            key("metrics.gradientNorm", YES_NO, "true",
                    "Whether each step gives the gradient's norm before clipping."));

    private static final Set<String> RECURRENT = Set.of("rnn", "lstm", "gru");

    /**
     * What a run file must say for this key to mean something: another key and its values; null for a key that always does
     * or depends on the family alone.
     */
    @Nullable Condition condition() {
        return switch (name) {
            case "optimizer.momentum" -> new Condition("optimizer.type", Set.of("sgd"));
            case "optimizer.beta1", "optimizer.beta2", "optimizer.epsilon" ->
                new Condition("optimizer.type", Set.of("adamw"));
            case "optimizer.divisor" -> new Condition("optimizer.schedule", Set.of("plateau"));
            case "optimizer.minimumRate" -> new Condition("optimizer.schedule", Set.of("cosine", "linear"));
            default -> null;
        };
    }

    /** That a key has one of some values. */
    record Condition(String key, Set<String> values) {}

    /** Whether models of {@code family} have what this key says. */
    boolean isOf(String family) {
        return switch (name) {
            case "model.heads", "model.bias", "model.scaleResiduals" -> family.equals("gpt");
            case "model.context", "model.direct" -> family.equals("nplm");
            case "model.layers" -> !family.equals("nplm");
            case "model.embedding" -> !family.equals("gpt");
            case "model.cutoffs", "model.lockedDropout", "model.wordDropout", "model.weightDropout" ->
                RECURRENT.contains(family);
            default -> true;
        };
    }

    /** The part behind the last dot. */
    String lastName() {
        return name.substring(name.lastIndexOf('.') + 1);
    }
}
