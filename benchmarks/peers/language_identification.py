# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""Language identification by fastText on the text that `verbo identify` is trained and tested on.

    python3 language_identification.py prepare TATOEBA LINGUA OUT
    python3 language_identification.py fasttext OUT [small]

The first lays out the languages that the LASER project's Tatoeba pairs and Lingua's test data have in common: OUT/train, a file
a language, at most a thousand lines each (of English every sixty-ninth), and OUT/sentences, OUT/word-pairs,
OUT/single-words. The second trains fastText there, with "small" on text in small letters, and prints for each of them the
share of texts right and texts a second.
It needs fasttext 0.9.2 (fasttext-wheel on PyPI).
"""
import pathlib
import random
import re
import sys
import time

KINDS = ["single-words", "word-pairs", "sentences"]
LANGUAGES = dict(pair.split("-") for pair in """
    af-afr ar-ara az-aze be-bel bg-bul bn-ben bs-bos ca-cat cs-ces cy-cym da-dan de-deu el-ell en-eng eo-epo es-spa et-est
    eu-eus fa-pes fi-fin fr-fra ga-gle he-heb hi-hin hr-hrv hu-hun hy-hye id-ind is-isl it-ita ja-jpn ka-kat kk-kaz ko-kor
    la-lat lt-lit lv-lvs mk-mkd mn-mon mr-mar ms-zsm nb-nob nl-nld nn-nno pl-pol pt-por ro-ron ru-rus sk-slk sl-slv sq-sqi
    sr-srp sv-swe sw-swh ta-tam te-tel th-tha tl-tgl tr-tur uk-ukr ur-urd vi-vie xh-xho zh-cmn""".split())


def lines(path):
    return [line for line in path.read_text("utf-8").split("\n") if line.strip()]


def prepare(tatoeba, lingua, out):
    for name in ["train", *KINDS]:
        (out / name).mkdir(parents=True, exist_ok=True)
    for two, three in LANGUAGES.items():
        files = sorted(tatoeba.glob(f"tatoeba.*.{three}"))
        text = list(dict.fromkeys(line for file in files for line in lines(file)))
        text = text[::69] if two == "en" else text[:1000]
        (out / "train" / f"{two}.txt").write_text("\n".join(text) + "\n", "utf-8")
        for kind in KINDS:
            (out / kind / f"{two}.txt").write_text("\n".join(lines(lingua / kind / f"{two}.txt")) + "\n", "utf-8")
    print(len(LANGUAGES), "languages in", out)


def fasttext(out, small=""):
    import fasttext
    fasttext.FastText.eprint = lambda _: None

    def fold(text):
        text = re.sub(r"\s+", " ", text)
        return text.lower() if small else text

    train = out / "fasttext.txt"
    examples = [f"__label__{two} {fold(line)}\n" for two in LANGUAGES for line in lines(out / "train" / f"{two}.txt")]
    random.Random(1).shuffle(examples)  # fastText learns in the order of the file
    train.write_text("".join(examples), "utf-8")
    start = time.time()
    model = fasttext.train_supervised(str(train), minn=2, maxn=4, dim=64, epoch=50, lr=0.5, thread=1, verbose=0)
    print(f"trained in {time.time() - start:.0f} s")
    train.unlink()
    for kind in KINDS:
        right = count = 0
        spent = 0.0
        for two in LANGUAGES:
            texts = [fold(line) for line in lines(out / kind / f"{two}.txt")]
            start = time.process_time()
            labels = model.predict(texts)[0]
            spent += time.process_time() - start
            right += sum(label[0] == f"__label__{two}" for label in labels)
            count += len(texts)
        print(f"{kind:14} {100 * right / count:.2f}% of {count}, {count / spent:,.0f} a second", flush=True)


if sys.argv[1] == "prepare":
    prepare(*map(pathlib.Path, sys.argv[2:]))
else:
    fasttext(pathlib.Path(sys.argv[2]), *sys.argv[3:])
