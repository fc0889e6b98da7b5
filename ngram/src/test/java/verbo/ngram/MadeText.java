// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.ngram;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** A text with some habits: common and rare words, and words that like to follow each other. The same every time. */
final class MadeText {
    private MadeText() {}

    static String of(long seed, int lines, int words) {
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder();
        for (int line = 0; line < lines; line++) {
            int length = random.nextInt(12);
            int word = 0;
            for (int i = 0; i < length; i++) {
                double u = random.nextDouble();
                word = random.nextInt(3) == 0
                        ? (word * 7 + 3) % words
                        : (int) (words * u * u * u);
                text.append(i == 0 ? "" : " ").append("w").append(word);
            }
            text.append('\n');
        }
        return text.toString();
    }

    static Path write(Path folder, long seed, int lines, int words) throws IOException {
        return Files.writeString(folder.resolve("text-" + seed + ".txt"), of(seed, lines, words));
    }
}
