# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""Ids of a byte-level GGUF vocabulary beside llama.cpp's own, with every pre-tokenizer that both know.

    python3 gguf_exact.py VERBO VOCABULARY.gguf DATA [--lines 4000] [--seed 1]

(pip install llama-cpp-python gguf). The lines are those of tokenizer_exact.py; the vocabulary is written anew with each name
as its tokenizer.ggml.pre. A row a name: how many lines have the same ids. Ends with 1 if one differs.
"""
import argparse
import pathlib
import re
import subprocess
import tempfile

import gguf
import llama_cpp
import tokenizer_exact


def write(reader, pre, path):
    writer = gguf.GGUFWriter(str(path), reader.fields["general.architecture"].contents())
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key in ("general.architecture", "tokenizer.ggml.pre"):
            continue
        if field.types[0] == gguf.GGUFValueType.ARRAY:
            writer.add_array(key, field.contents())
        else:
            writer.add_key_value(key, field.contents(), field.types[0])
    writer.add_string("tokenizer.ggml.pre", pre)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def verbo(command, path, text):
    return subprocess.run([command, "tokenize", "--tokenizer", str(path), "--lines", "--no-special"], input=text, capture_output=True)


def theirs(path, lines):
    try:
        model = llama_cpp.Llama(model_path=str(path), vocab_only=True, verbose=False)
    except ValueError:
        return None  # a name it does not know
    return [model.tokenize(line.encode(), add_bos=False, special=False) for line in lines]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("verbo")
    arguments.add_argument("vocabulary")
    arguments.add_argument("data", type=pathlib.Path)
    arguments.add_argument("--lines", type=int, default=4000)
    arguments.add_argument("--seed", type=int, default=1)
    a = arguments.parse_args()
    lines = [line for line in tokenizer_exact.corpus(a.data, a.lines, a.seed) if line and "\n" not in line and "\0" not in line]
    text = "".join(line + "\n" for line in lines).encode()
    reader = gguf.GGUFReader(a.vocabulary)
    different = 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "vocabulary.gguf"
        write(reader, "?", path)
        names = re.search(r"known: (.*)", verbo(a.verbo, path, b"").stderr.decode())[1].split(", ")
        print(f"{len(lines)} lines\n| pre-tokenizer | same ids |\n|---|---|")
        for name in names:
            write(reader, name, path)
            expected = theirs(path, lines)
            if expected is None:
                continue
            ours = [[int(i) for i in row.split()] for row in verbo(a.verbo, path, text).stdout.decode().split("\n")]
            same = sum(x == y for x, y in zip(ours, expected))
            different += same < len(lines)
            print(f"| {name} | {same} |", flush=True)
    return 1 if different else 0


raise SystemExit(main())
