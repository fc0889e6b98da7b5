# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""Ids, tokens and offsets of `verbo tokenize` beside those of the library each format comes from, line by line.

    python3 tokenizer_exact.py VERBO DATA [--lines 20000] [--only NAME] [--seed 1] [--tokenizers FOLDER]

(pip install tokenizers sentencepiece protobuf tiktoken gguf). DATA is a folder whose folder `tokenizers` holds files of every format;
the lines are drawn from all else in it, from Python's own sources, and made up: emoji, control characters, bytes that are no
UTF-8 and were decoded with U+FFFD, words without an end, special tokens written in the text. A row a tokenizer: how many lines
have the same ids, offsets (of code points) and tokens. Ends with 1 if one differs.

Expected offsets of ranks are worked out here from the bytes of tiktoken's tokens. llama2.c has no library; its algorithm is
written out below. GGUF's reference is the library of the vocabulary inside (llama.cpp has no offsets): what llama.cpp does
differently on purpose shows as a difference.
"""
import argparse
import gzip
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import sysconfig
import tempfile

GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")


def corpus(data, count, seed):
    """Lines of every file under the folder, as evenly as their numbers allow, and lines that are made up."""
    draw = random.Random(seed)
    files = [f for f in sorted(data.rglob("*")) if f.is_file()
             and f.relative_to(data).parts[0] not in ("tokenizers", "checkpoints", "models")]
    files += sorted(pathlib.Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))[:100]
    found = {}
    for file in files:
        content = gzip.open(file).read() if file.suffix == ".gz" else file.read_bytes()
        lines = sorted(set(content.decode("utf-8", errors="replace").split("\n")))
        draw.shuffle(lines)
        found[file] = [line[:20000] for line in lines]
    made = list(made_up(draw, count // 5))
    drawn = []
    wanted = count - len(made)
    rest = sorted(found.values(), key=len)
    for i, lines in enumerate(rest):
        share = (wanted - len(drawn)) // (len(rest) - i)
        drawn += lines[:share + 1]
    drawn += made
    draw.shuffle(drawn)
    print(f"{len(drawn)} lines, {sum(len(line.encode()) for line in drawn)} bytes of {len(files)} files", file=sys.stderr)
    return drawn


def made_up(draw, count):
    specials = ["<|endoftext|>", "<s>", "</s>", "<unk>", "<pad>", "<mask>", "[CLS]", "[SEP]", "[MASK]", "[UNK]", "<|user|>",
                "<|end|>", "<|begin_of_text|>", "<|eot_id|>", "<|startoftext|>", "<0x0A>", "<extra_id_0>", "<|fim_prefix|>",
                "<|endofprompt|>", "(phrasefix)", "<|start|>", "\u2581", "##", "Ġ", "</w>"]
    marks = ["'s", "'S", "'ll", "'LL", "\u2019re", " ", "  ", "   ", "\t", "\r", "\x0b", "\x1c", "\x85", "\xa0", "\u1680", "\u180e",
             "\u2003", "\u2028", "\u200b", "\u200d", "\u3000", "\ufeff", "\ufe0f", "\u0301", "\u0345", "é", "e\u0301", "Å", "İ", "ı",
             "ß", "ẞ", "ﬁ", "Ⅷ", "½", "²", "٣", "३", "一", "한", "ᄒ", "ᅡ", "ᆫ", "ー", "ｶﾞ", "नि", "ക്ഷ", "ที่", "،", "…", "–", "$", "+",
             "a", "Z", "0", "99", "Word", "word", "\U0001d400", "\U0001d7d9", "\U00020000", "\U000e0041", "\u0600", "\x00", "\x7f"]
    emoji = ["😀", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇧🇷", "👍🏽", "❤️", "1️⃣", "🧑🏿‍🚀", "☺", "🀄"]
    for i in range(count):
        kind = i % 10
        if kind == 0:
            yield "".join(draw.choice(emoji + marks[:8]) for _ in range(draw.randrange(1, 30)))
        elif kind == 1:
            yield "".join(chr(draw.choice([c for c in range(160) if c != 10])) for _ in range(draw.randrange(1, 60)))
        elif kind == 2:
            yield draw.randbytes(draw.randrange(1, 80)).decode("utf-8", errors="replace").replace("\n", " ")
        elif kind == 3:
            yield "".join(draw.choice("abcdefghij") for _ in range(draw.choice([50, 99, 100, 101, 200, 500, 2000])))
        elif kind == 4:
            yield draw.choice(["a", " ", "é", "中", "😀", "7", "-", "\u0301", "aB", "'s", " a"]) * draw.randrange(1, 400)
        elif kind == 5:
            yield "".join(chr(c) for c in (draw.randrange(0x110000) for _ in range(draw.randrange(1, 40)))
                          if not 0xD800 <= c < 0xE000 and c != 10)
        elif kind == 6:
            yield "".join(chr(c) for c in (draw.randrange(32, 0x3400) for _ in range(draw.randrange(1, 60))))
        elif kind == 7:
            yield "".join(draw.choice(specials + marks[:12] + ["text", "a"]) for _ in range(draw.randrange(1, 15)))
        elif kind == 8:
            yield " ".join(draw.choice(marks) for _ in range(draw.randrange(1, 30)))
        else:
            yield "".join(draw.choice(marks) for _ in range(draw.randrange(1, 60)))


def hugging_face(tokenizer):
    def encode(lines):
        for e in tokenizer.encode_batch(lines):
            yield e.ids, [list(o) for o in e.offsets], e.tokens
    return "tokenizers", encode


def byte_offsets(text, pieces):
    """Of tokens that are bytes in a row the characters they have a part of."""
    of = []  # byte -> character
    for i, c in enumerate(text):
        of += [i] * len(c.encode())
    at, offsets = 0, []
    for piece in pieces:
        offsets.append([of[at], of[at + len(piece) - 1] + 1])
        at += len(piece)
    return offsets


def tiktoken_ranks(file, pattern, specials=None):
    import tiktoken
    from tiktoken.load import load_tiktoken_bpe
    if isinstance(pattern, str):
        encoding = tiktoken.Encoding("ranks", pat_str=pattern, mergeable_ranks=load_tiktoken_bpe(str(file)),
                                     special_tokens=specials or {})
    else:
        import tiktoken_ext.openai_public as public
        public.load_tiktoken_bpe = lambda *_, **__: load_tiktoken_bpe(str(file))
        encoding = tiktoken.Encoding(**pattern(public))

    def encode(lines, special=False):
        for line in lines:
            ids = encoding.encode(line, allowed_special="all") if special else encoding.encode_ordinary(line)
            yield ids, byte_offsets(line, [encoding.decode_single_token_bytes(i) for i in ids]), None
    return "tiktoken", encode


def sentence_piece(file, before=()):
    import sentencepiece
    processor = sentencepiece.SentencePieceProcessor(model_file=str(file))

    def encode(lines):
        for line in lines:
            pieces = processor.encode(line, return_type="proto").pieces
            place, at = {0: 0}, 0  # of a byte where a character begins, the character's
            for c in line:
                at += len(c.encode())
                place[at] = len(place)
            yield ([*before, *(p.id for p in pieces)],
                   [*([0, 0] for _ in before), *([place[p.begin], place[p.end]] for p in pieces)], None)
    return "sentencepiece", encode


def bert_vocabulary(vocabulary, lowercase, special_as_text=False, longest=100):
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=longest))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens([AddedToken(t, normalized=False) for t in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")])
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"]))
    tokenizer.encode_special_tokens = special_as_text
    return hugging_face(tokenizer)


def byte_level(vocabulary, merges, patterns=None, special=(), processor=None, special_as_text=False, added=()):
    from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [*(pre_tokenizers.Split(Regex(p), "isolated") for p in patterns or [GPT2]),
         pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, lstrip=strip) for t, strip in special])
    tokenizer.add_tokens([AddedToken(t, normalized=False) for t in added])
    tokenizer.encode_special_tokens = special_as_text
    if processor:
        tokenizer.post_processor = processor
    return hugging_face(tokenizer)


def read_merges(file):
    lines = file.read_text(encoding="utf-8").split("\n")
    return [tuple(line.split(" ")) for line in lines if line and not line.startswith("#version")]


def gguf_reference(file, data):
    import gguf
    fields = gguf.GGUFReader(str(file)).fields
    def value(key, otherwise=None):
        return fields["tokenizer.ggml." + key].contents() if "tokenizer.ggml." + key in fields else otherwise
    tokens, model, pre = value("tokens"), value("model"), value("pre", "default")
    if model == "llama":
        name, encode = sentence_piece(data / "llama2/tokenizer.model", (1,))
        return name, encode
    if model == "bert":
        written = {(t if t.startswith("[") and t.endswith("]") and len(t) > 2 else t[1:] if t.startswith("\u2581") else "##" + t): i
                   for i, t in enumerate(tokens)}
        return bert_vocabulary(written, True, True, 1000000)
    patterns = [r"\p{N}", GPT2] if pre == "refact" else [GPT2]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    # llama.cpp takes user-defined tokens (type 4) for such everywhere
    ours = [token for token, kind in zip(tokens, value("token_type", [])) if kind == 4]
    return byte_level(vocabulary, [tuple(m.split(" ")) for m in value("merges")], patterns, added=ours)


def llama2c(file):
    """What encode() of llama2.c's run.c does."""
    content = file.read_bytes()
    pieces, scores, at = [], [], 4
    while at < len(content):
        score, length = struct.unpack_from("<fi", content, at)
        pieces.append(content[at + 8:at + 8 + length])
        scores.append(score)
        at += 8 + length
    ids = {}
    for i, piece in enumerate(pieces):
        ids.setdefault(piece, i)

    def encode(lines):
        for line in lines:
            symbols, places = [1], [[0, 0]]
            parts = [(b" ", 0, 0)] if line else []
            parts += [(c.encode(), i, i + 1) for i, c in enumerate(line)]
            for piece, start, end in parts:
                found = [ids[piece]] if piece in ids else [b + 3 for b in piece]
                symbols += found
                # as sentencepiece, the last byte has the character's place
                places += [[start, start]] * (len(found) - 1) + [[start, end]]
            while True:
                best, where = -1e10, -1
                for i in range(len(symbols) - 1):
                    merged = ids.get(pieces[symbols[i]] + pieces[symbols[i + 1]])
                    if merged is not None and scores[merged] > best:
                        best, where, made = scores[merged], i, merged
                if where < 0:
                    break
                symbols[where:where + 2] = [made]
                places[where:where + 2] = [[places[where][0], places[where + 1][1]]]
            yield symbols, places, None
    return "llama2.c", encode


def references(data):
    """Name, arguments of verbo, the library and its function; those with `special` turn the format's own way round."""
    from tokenizers import Tokenizer, processors
    folder = data / "tokenizers"
    for file in sorted([*folder.rglob("tokenizer.json"), folder / "bert-base-cased/bert-base-cased.json"]):
        try:
            Tokenizer.from_file(str(file))
        except Exception as e:
            print(f"{file.relative_to(folder)}: tokenizers cannot read it: {e}", file=sys.stderr)
            continue
        yield str(file.relative_to(folder)), [file], hugging_face(Tokenizer.from_file(str(file)))
        text = Tokenizer.from_file(str(file))
        text.encode_special_tokens = True
        yield str(file.relative_to(folder)) + ", special as text", [file, "--special", "text"], hugging_face(text)
    vocabulary = folder / "bertimbau/vocab.txt"
    words = vocabulary.read_text(encoding="utf-8").split("\n")
    yield "bertimbau/vocab.txt", [vocabulary], bert_vocabulary({w: i for i, w in enumerate(words) if w}, False)
    for name, words, merges in (("gpt2 as vocab.json and merges.txt", "gpt2/gpt2_bpe_encoder.json", "gpt2/gpt2_bpe_vocab.bpe"),
                                ("hf-json/roberta-base as vocab.json and merges.txt", "hf-json/roberta-base/vocab.json",
                                 "hf-json/roberta-base/merges.txt")):
        vocabulary = json.loads((folder / words).read_text(encoding="utf-8"))
        if "<s>" in vocabulary:
            special = [("<s>", False), ("<pad>", False), ("</s>", False), ("<unk>", False), ("<mask>", True)]
            processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), True, False)
        else:
            special, processor = [("<|endoftext|>", False)], None
        yield name, [folder / words], byte_level(vocabulary, read_merges(folder / merges), None, special, processor)
    for file in sorted([*folder.rglob("*.model*"), *folder.rglob("*.spm")]):
        if "llama3" not in file.parts:
            yield str(file.relative_to(folder)), [file], sentence_piece(file)
    for name in ("r50k_base", "p50k_base", "p50k_edit", "cl100k_base", "o200k_base", "o200k_harmony"):
        ranks = folder / "tiktoken" / (name.replace("edit", "base").replace("harmony", "base") + ".tiktoken")
        library, encode = tiktoken_ranks(ranks, lambda public, name=name: getattr(public, name)())
        yield f"{name} (built in)", [name], (library, encode)
        yield f"{name}, special allowed", [name, "--special", "tokens"], (
            library, lambda lines, encode=encode: encode(lines, special=True))
        if ranks.name.startswith(name):
            yield f"tiktoken/{ranks.name}", [ranks], (library, encode)
    import tiktoken_ext.openai_public as public
    o200k = None
    def pattern(p):
        nonlocal o200k
        o200k = p.o200k_base()["pat_str"]
        return p.o200k_base()
    tiktoken_ranks(folder / "tiktoken/o200k_base.tiktoken", pattern)
    yield "llama3/llama3/tokenizer.model", [folder / "llama3/llama3/tokenizer.model"], tiktoken_ranks(
        folder / "llama3/llama3/tokenizer.model", LLAMA3)
    yield "llama3/llama4/tokenizer.model", [folder / "llama3/llama4/tokenizer.model"], tiktoken_ranks(
        folder / "llama3/llama4/tokenizer.model", o200k)
    for name in ("gpt2", "multilingual"):
        file = folder / f"whisper/{name}.tiktoken"
        yield f"whisper/{name}.tiktoken", [file], tiktoken_ranks(file, GPT2)
    for file in sorted((folder / "llama-cpp").glob("*.gguf")):
        yield f"llama-cpp/{file.name}", [file, "--special", "text"], gguf_reference(file, folder)
    yield "llama2/tokenizer.bin", [folder / "llama2/tokenizer.bin"], llama2c(folder / "llama2/tokenizer.bin")
    small = data / "models/stories260K/tok512.bin"
    yield "stories260K/tok512.bin", [small], llama2c(small)


def folder_of(folder):
    from tokenizers import Tokenizer
    for file in sorted(folder.rglob("*.json")):
        yield file.name, [file], hugging_face(Tokenizer.from_file(str(file)))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("verbo")
    arguments.add_argument("data", type=pathlib.Path)
    arguments.add_argument("--lines", type=int, default=20000)
    arguments.add_argument("--only", default="")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--tokenizers", type=pathlib.Path, help="compare each tokenizer.json of this folder instead")
    a = arguments.parse_args()
    lines = corpus(a.data, a.lines, a.seed)
    failed = False
    print("| tokenizer | library | lines | tokens | same ids | same offsets | same tokens |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, options, (library, encode) in (folder_of(a.tokenizers) if a.tokenizers else references(a.data)):
            if a.only not in name:
                continue
            # llama2.c takes time with the square of a line's length
            some = [line for line in lines if len(line) < 150] if library == "llama2.c" else lines
            text = os.path.join(folder, "lines.txt")
            with open(text, "wb") as out:
                out.write("".join(line + "\n" for line in some).encode())
            done = subprocess.run([a.verbo, "tokenize", "--lines", "--json", "--file", text, "--tokenizer", *map(str, options)],
                                  stdout=subprocess.PIPE)
            ours = [json.loads(line) for line in done.stdout.split(b"\n") if line]
            same = [0, 0, 0]
            shown = tokens = 0
            for i, (ids, offsets, pieces) in enumerate(encode(some)):
                mine = ours[i] if i < len(ours) else {"ids": None, "offsets": None, "tokens": None}
                found = [mine["ids"] == ids, mine["offsets"] == offsets, pieces is None or mine["tokens"] == pieces]
                same = [s + f for s, f in zip(same, found)]
                tokens += len(ids)
                if not all(found) and shown < 3:
                    shown += 1
                    print(f"{name}: {some[i][:300]!r}\n  expected {str([ids, offsets, pieces])[:900]}\n"
                          f"  not      {str([mine['ids'], mine['offsets'], mine['tokens']])[:900]}", file=sys.stderr)
            failed |= min(same) < len(some)
            print(f"| {name} | {library} | {len(some)} | {tokens} | {same[0]} | {same[1]} | "
                  f"{same[2] if pieces is not None else ''} |", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
