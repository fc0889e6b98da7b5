# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""Makes a large text for n-gram estimation of small ones: pieces of two to five of their words in random order.

    python3 ngram_corpus.py WORDS OUT TEXT...

Forty million words of five million real ones in many languages have over a hundred million different n-grams of one to
five words. The seed is fixed, so the text is a function of its arguments.
"""
import random
import sys


def main():
    wanted, out = int(sys.argv[1]), sys.argv[2]
    words = []
    for name in sys.argv[3:]:
        with open(name, encoding="utf-8") as text:
            words += [sys.intern(word) for word in text.read().replace("<unk>", "unk").split() if word not in ("<s>", "</s>")]
    draw = random.Random(1)
    with open(out, "w", encoding="utf-8") as to:
        done = 0
        while done < wanted:
            line = []
            for _ in range(5):
                start = int(draw.random() * (len(words) - 5))
                line += words[start:start + 2 + int(draw.random() * 4)]
            to.write(" ".join(line) + "\n")
            done += len(line)
    print(done, "words of", len(words), "in", out)


main()
