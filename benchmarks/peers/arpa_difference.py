# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""Compares two ARPA files n-gram by n-gram: how far apart probabilities and backoff weights are, and what only one has.

    python3 arpa_difference.py ONE.arpa OTHER.arpa

A missing backoff weight is 0. The word that Verbo spells \\<unk> is the <unk> that a text had as a word; it is compared with
<unk_word>, as which KenLM has to be given it.
"""
import sys


def sections(path):
    grams, n = {}, 0
    with open(path, encoding="utf-8", newline="\n") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith("\\") and line.endswith("-grams:"):
                if n:
                    yield n, grams
                grams, n = {}, int(line[1:-len("-grams:")])
            elif n and line == "\\end\\":
                yield n, grams
                return
            elif n and line:
                fields = line.split("\t")
                gram = fields[1].replace("\\<unk>", "<unk_word>")
                grams[gram] = (float(fields[0]), float(fields[2]) if len(fields) > 2 else 0.0)


def main():
    count = apart = missing = 0
    worst = [0.0, 0.0]
    for (n, one), (m, other) in zip(sections(sys.argv[1]), sections(sys.argv[2]), strict=True):
        assert n == m
        missing += len(one.keys() ^ other.keys())
        for gram, numbers in one.items():
            count += 1
            if gram in other and gram != "<s>":  # whose probability means nothing: KenLM writes 0
                worst = [max(w, abs(a - b)) for w, a, b in zip(worst, numbers, other[gram])]
    print(f"{count:,} n-grams, {missing} in one file only; apart at most {worst[0]:.2g} (log10 p), {worst[1]:.2g} (backoff)")


main()
