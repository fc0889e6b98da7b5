# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""Makes the text that word vectors are compared on: English of a data folder and the comments of a JDK's sources.

    python3 vector_corpus.py DATA SRC_ZIP OUT [WORDS]

Lower case, words and punctuation apart by spaces, a sentence or a paragraph a line; stops at WORDS words if given.
"""
import pathlib
import re
import sys
import zipfile

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
MARKUP = re.compile(r"<[^<>]{0,200}>|\{@\w+|&\w+;|https?://\S+")
WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?|\d+|[.,;:?!()]")


def lines(data, archive):
    text = data / "wikitext-2" / "train.txt"
    yield from text.read_text("utf-8").replace("<unk>", " ").replace(" @-@ ", "-").splitlines()
    for name in ["portuguese-books/alice_in_wonderland.txt", "multi30k/raw/train.en", "tinyshakespeare/input.txt"]:
        if (data / name).exists():
            yield from (data / name).read_text("utf-8").splitlines()
    for file in sorted((data / "tatoeba-laser").glob("*-eng.eng")):
        yield from file.read_text("utf-8").splitlines()
    with zipfile.ZipFile(archive) as zipped:
        for name in sorted(zipped.namelist()):
            if not name.endswith(".java"):
                continue
            for comment in COMMENT.findall(zipped.read(name).decode("utf-8", "replace")):
                if "Copyright" in comment[:400]:
                    continue
                comment = re.sub(r"\n\s*\*?[ \t]*", "\n", comment.strip("/* \n"))
                yield from re.split(r"\n\s*\n|\.\s", MARKUP.sub(" ", comment))


def main():
    data, archive, out = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    most = int(sys.argv[4]) if len(sys.argv) > 4 else 1 << 60
    words = 0
    with open(out, "w", encoding="utf-8") as to:
        for line in lines(data, archive):
            found = WORD.findall(line.lower())
            if len(found) > 1:
                to.write(" ".join(found) + "\n")
                words += len(found)
                if words >= most:
                    break
    print(words, "words in", out)


main()
