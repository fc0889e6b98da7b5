// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.util.Arrays;
import verbo.models.TrainableLanguageModel;
import verbo.tensor.NoGradient;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;
import verbo.text.TokenFile;
import verbo.text.Tokenizer;

/** The check on text the model does not learn from: the mean loss over rows that do not overlap, each token once. */
public final class Validation {
    private final TrainableLanguageModel model;
    private final Batches batches;
    private final int[] byteLengths;
    private final double scale;
    private final int[] ids;
    private final int[] targets;

    /**
     * @param text
     *            what the batches are of
     * @param rows
     *            how many rows are computed at once
     */
    Validation(TrainableLanguageModel model, TokenFile text, Batches batches, Tokenizer tokenizer, int rows) {
        this.model = model;
        this.batches = batches;
        this.byteLengths = new int[model.vocabularySize()];
        for (int id = 0; id < Math.min(byteLengths.length, tokenizer.size()); id++) {
            byteLengths[id] = tokenizer.byteLength(id);
        }
        long counted = 0;
        for (long i = 0; i < text.length(); i++) {
            counted += byteLengths[text.get(i)];
        }
        // Tokens stand for other bytes than the text's where spaces are added, letters changed or words unknown.
        this.scale = counted == 0 ? 1 : (double) text.bytes() / counted;
        this.ids = new int[rows * batches.block()];
        this.targets = new int[rows * batches.block()];
    }

    /**
     * What a check found.
     *
     * @param loss
     *            mean, in nats a token
     * @param tokens
     *            how many tokens were predicted
     * @param bytes
     *            how many UTF-8 bytes of text these are
     */
    public record Result(double loss, long tokens, long bytes) {
        /** Bits a byte of text; NaN if the tokens stand for none. */
        public double bitsPerByte() {
            return bytes == 0 ? Double.NaN : loss * tokens / Math.log(2) / bytes;
        }

        /** {@code exp(loss)}. */
        public double perplexity() {
            return Math.exp(loss);
        }
    }

    /** Whether so many tokens are all there are. */
    boolean isAll(int most) {
        return rows(most) == batches.rows();
    }

    private long rows(int most) {
        long all = batches.rows();
        if (most == 0) {
            return all;
        }
        long wanted = Math.clamp(most / batches.block(), 1, all);
        int rowsAtOnce = ids.length / batches.block();
        return batches instanceof Batches.Streams // the beginning of every part
                ? Math.min(all, (wanted + rowsAtOnce - 1) / rowsAtOnce * rowsAtOnce)
                : wanted;
    }

    /**
     * Checks the model.
     *
     * @param most
     *            the most tokens to predict, as rows spread evenly over the text; 0 for all
     */
    Result run(int most) {
        int block = batches.block();
        int rowsAtOnce = ids.length / block;
        long all = batches.rows();
        long wanted = rows(most);
        boolean carries = batches instanceof Batches.Streams;
        double nats = 0;
        long tokens = 0;
        long bytes = 0;
        try (Scope kept = Scope.lasting(model.engine())) {
            Tensor carried = carries ? model.carried(kept, rowsAtOnce) : null;
            for (long row = 0; row < wanted;) {
                int rows = 0;
                for (; rows < rowsAtOnce && row < wanted; rows++, row++) {
                    batches.row(carries || wanted == all ? row : row * all / wanted, ids, targets, rows * block);
                }
                Arrays.fill(ids, rows * block, ids.length, 0);
                Arrays.fill(targets, rows * block, targets.length, Batches.IGNORED);
                int counted = 0;
                for (int target : targets) {
                    if (target >= 0) {
                        counted++;
                        bytes += byteLengths[target];
                    }
                }
                if (counted == 0) {
                    continue;
                }
                try (NoGradient off = NoGradient.open(); Scope scope = Scope.open(model.engine())) {
                    Tensor loss = model.loss(scope.of(ids, rowsAtOnce, block), scope.of(targets, rowsAtOnce, block),
                            carried, 0, false);
                    nats += (double) loss.item() * counted;
                }
                tokens += counted;
            }
        }
        return new Result(nats / tokens, tokens, Math.round(bytes * scale));
    }
}
