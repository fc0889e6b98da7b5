# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""Random SentencePiece models and the ids that the library (pip install sentencepiece protobuf) gives texts by them.

    python3 sentencepiece_golden.py [--count 32] [--seed 1] > text/src/test/resources/verbo/text/sentencepiece.jsonl

wrote the file that SentencePieceGoldenTest reads. Models are of all four algorithms and every switch, but without rules of
normalisation, which are large; pieces of all types, among them single characters, some with equal scores. Each is asked for
short texts and for all of them as one.
"""
import argparse
import base64
import json
import random

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto

NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
LETTERS = ["a", "b", "c", "\u00e9", "\u65e5", "\U0001f600", "Q", "-", "\u2581", "<", "0", "\t", "\ufb01", "x"]
ODD = ["\u3000", "\t", "\u200b", "\u2167", "\u00a0", "</s>", "<unk>", "e\u0301", "\u2581\t"]


def word(draw, most):
    return "".join(draw.choice(LETTERS[:3] if draw.random() < 0.6 else LETTERS) for _ in range(draw.randint(1, most)))


def model(draw):
    m = proto.ModelProto()
    trainer, rules = m.trainer_spec, m.normalizer_spec
    trainer.model_type = draw.choice([1, 1, 2, 2, 2, 3, 4])
    trainer.byte_fallback = draw.random() < 0.2
    trainer.treat_whitespace_as_suffix = draw.random() < 0.2
    rules.name = "identity"
    rules.add_dummy_prefix = draw.random() < 0.6
    rules.remove_extra_whitespaces = draw.random() < 0.5
    rules.escape_whitespaces = draw.random() < 0.9
    ties = draw.random() < 0.4
    pieces = {}

    def add(piece, kind=NORMAL, score=None):
        if piece not in pieces:
            if score is None:
                score = draw.choice([-0.0, 0.0, -1.0, -1.0, -2.0, -2.5, 0.5]) if ties else -8 * draw.random()
            pieces[piece] = m.pieces.add(piece=piece, type=kind, score=score)

    add("<unk>", UNKNOWN, 0)
    add("<s>", CONTROL, 0)
    add("</s>", CONTROL, 0)
    for b in range(256 if trainer.byte_fallback else 0):
        add(f"<0x{b:02X}>", BYTE, 0)
    for letter in LETTERS:
        if draw.random() < 0.8:
            add(letter, draw.choice([NORMAL] * 12 + [UNUSED, UNUSED, CONTROL, USER]))
    if draw.random() < 0.9:
        add("\u2581")
    for _ in range(draw.randint(5, 60)):
        piece = word(draw, 4)
        if draw.random() < 0.4:
            piece = piece + "\u2581" if trainer.treat_whitespace_as_suffix else "\u2581" + piece
        add(piece, draw.choice([NORMAL] * 18 + [UNUSED, UNUSED, CONTROL, USER]))
    for piece in [p for p, made in pieces.items() if len(p) > 2 and made.type != BYTE]:
        if draw.random() < 0.8:  # what it can be merged from
            add(piece[: len(piece) // 2])
            add(piece[len(piece) // 2:])
    return m.SerializeToString(), list(pieces)


def text(draw, pieces):
    parts = []
    for _ in range(draw.randint(1, 24)):
        kind = draw.random()
        parts.append(" " * draw.randint(1, 3) if kind < 0.25 else draw.choice(pieces) if kind < 0.4
                     else draw.choice(ODD) if kind < 0.45 else word(draw, 6))
    return "".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    for _ in range(arguments.count):
        serialized, pieces = model(draw)
        library = sentencepiece.SentencePieceProcessor()
        library.LoadFromSerializedProto(serialized)
        texts = [text(draw, pieces) for _ in range(10)]
        cases = [{"text": t, "ids": library.encode(t)} for t in texts + [" ".join(texts)]]
        print(json.dumps({"model": base64.b64encode(serialized).decode(), "cases": cases}, separators=(",", ":")))


if __name__ == "__main__":
    main()
