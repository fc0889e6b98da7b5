// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import verbo.ngram.NgramFiles.Estimation;
import verbo.ngram.NgramFiles.Form;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

final class CorpusEntropyTest {
    @TempDir
    private Path folder;

    private static double plogp(double p) {
        return -p * Math.log(p) / Math.log(2);
    }

    /** a b, a b, a c: 9 tokens; a 3, b 2, c 1 and the end 3. After a comes b in two of three. */
    @Test
    void countsOfATextGiveItsEntropy() throws IOException {
        Path text = Files.writeString(folder.resolve("t"), "a b\na b\na c\n");
        CorpusEntropy entropy = CorpusEntropy.of(text, new Estimation(2, 1 << 24, 1, null, Form.FAST));
        assertThat(entropy.tokens()).isEqualTo(9);
        assertThat(entropy.words()).isEqualTo(3);
        assertThat(entropy.ngrams()).containsExactly(0, 4, 5);
        assertThat(entropy.bits()[1]).isCloseTo(2 * plogp(3 / 9.0) + plogp(2 / 9.0) + plogp(1 / 9.0), within(1e-12));
        assertThat(entropy.bits()[2]).isCloseTo((plogp(2 / 3.0) + plogp(1 / 3.0)) * 3 / 9, within(1e-12));
    }

    /** As the cross-entropy of the model without smoothing. */
    @Test
    void isWhatTheUnsmoothedModelSaysOfItsOwnText() throws IOException {
        Path text = MadeText.write(folder, 5, 300, 200);
        Path out = folder.resolve("model.bin");
        for (int order : new int[]{1, 3}) {
            NgramFiles.estimate(text, out,
                    new Estimation(order, 1 << 24, 1, new Smoothing.MaximumLikelihood(), Form.FAST,
                            0, java.util.List.of(), null, 0, null, EstimationProgress.NONE));
            CorpusEntropy entropy = CorpusEntropy.of(text, new Estimation(order, 1 << 24, 1, null, Form.FAST));
            try (NgramModel model = NgramModel.open(out)) {
                assertThat(entropy.bits()[order]).isCloseTo(TextScore.of(model, text).bitsPerToken(), within(1e-5));
            }
        }
    }
}
