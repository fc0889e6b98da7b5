# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""MB/s at which tiktoken, Hugging Face's tokenizers or sentencepiece encode texts, on one thread.

    python3 encode_speed.py TOKENIZER TEXT...

(pip install tiktoken tokenizers sentencepiece). TOKENIZER is a name of tiktoken (o200k_base, which it downloads, or o200k_base=
FILE.tiktoken from a file), a tokenizer.json, or a model of SentencePiece. Of each text the lines, with their ends, and the whole
as one string: the first pass of a tokenizer just made, as `verbo bench --only encode` has it, and the best of three.
"""
import argparse
import json
import os
import pathlib
import time

os.environ |= {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}


def tiktoken(name):
    import tiktoken
    from tiktoken.load import load_tiktoken_bpe
    from tiktoken_ext import openai_public
    name, _, file = name.partition("=")
    if file:
        openai_public.load_tiktoken_bpe = lambda *_, **__: load_tiktoken_bpe(file)
    return tiktoken.Encoding(**getattr(openai_public, name)()).encode_ordinary


def hugging_face(path):
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def sentencepiece(path):
    import sentencepiece
    return sentencepiece.SentencePieceProcessor(model_file=path).encode


def passes(make, texts):
    """Seconds of three passes; the number of ids."""
    encode = make()
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        ids = sum(len(encode(text)) for text in texts)
        seconds.append(time.perf_counter() - start)
    return seconds, ids


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("tokenizer")
    arguments.add_argument("texts", type=pathlib.Path, nargs="+")
    a = arguments.parse_args()
    if "=" in a.tokenizer or not pathlib.Path(a.tokenizer).exists():
        library = tiktoken
    else:
        library = hugging_face if a.tokenizer.endswith(".json") else sentencepiece
    for path in a.texts:
        text = path.read_text(encoding="utf-8")
        megabytes = len(text.encode()) / 1e6
        report = {"tokenizer": a.tokenizer, "text": path.name}
        for way, texts in ("lines", text.splitlines(keepends=True)), ("whole", [text]):
            seconds, ids = passes(lambda: library(a.tokenizer), texts)
            report[way] = {"first": round(megabytes / seconds[0], 2), "best": round(megabytes / min(seconds), 2), "ids": ids}
        print(json.dumps(report), flush=True)


main()
