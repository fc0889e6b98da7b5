# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""MB/s of `verbo bench --only encode` beside those of Hugging Face's tokenizers, one thread each, by turns.

    python3 tokenizer_speed.py VERBO TEXT TOKENIZER.json...

(pip install tokenizers). The library, which finds offsets too, gets the first 1.2 million characters a line at a time, the
better of two passes; Verbo the whole text, line by line and as one string, in a first pass of a new tokenizer.
"""
import argparse
import json
import os
import pathlib
import subprocess
import time

os.environ |= {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}
from tokenizers import Tokenizer  # noqa: E402  (reads the environment)


def library(path, lines):
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        for line in lines:
            tokenizer.encode(line, add_special_tokens=False)
        seconds.append(time.perf_counter() - start)
    return sum(len(line.encode()) for line in lines) / 1e6 / min(seconds)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("verbo")
    arguments.add_argument("text", type=pathlib.Path)
    arguments.add_argument("tokenizers", type=pathlib.Path, nargs="+")
    a = arguments.parse_args()
    lines = a.text.read_text(encoding="utf-8", errors="ignore")[:1200000].splitlines(keepends=True)
    print("| tokenizer | Hugging Face, by line | Verbo, by line | as one string |\n|---|---|---|---|")
    for path in a.tokenizers:
        theirs = library(path, lines)
        rows = json.loads(subprocess.run([a.verbo, "bench", "--only", "encode", "--tokenizer", path, "--text", a.text, "--json"],
                                         check=True, capture_output=True, text=True).stdout)
        ours = {row["name"]: row["value"] for row in rows}
        print(f"| {path.stem} | {theirs:.2f} | {ours['encode-lines']:.1f}: {ours['encode-lines'] / theirs:.0f} | {ours['encode-whole']:.1f} |",
              flush=True)


main()
