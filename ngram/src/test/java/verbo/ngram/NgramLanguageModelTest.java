// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import verbo.lm.LanguageModel;
import verbo.lm.testkit.LanguageModelContract;
import verbo.ngram.NgramFiles.Estimation;
import verbo.ngram.NgramFiles.Form;

/** An n-gram model keeps what every language model keeps. */
final class NgramLanguageModelTest extends LanguageModelContract {
    @TempDir
    private Path folder;

    @Override
    protected LanguageModel open() throws Exception {
        Path out = folder.resolve("made.bin");
        NgramFiles.estimate(MadeText.write(folder, 2, 100, 30), out,
                new Estimation(3, 1 << 25, 1, Discounts.FALLBACK, Form.SMALL));
        return NgramModel.open(out);
    }

    /** All but {@code <s>}, which never comes. */
    @Override
    protected int[] tokens() {
        return new Random(7).ints(24, Vocabulary.END, 30).toArray();
    }
}
