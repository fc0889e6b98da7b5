# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""Writes small tokenizers with the pipelines of well-known ones, to be compared by tokenizer_exact.py.

    python3 known_pipelines.py DATA FOLDER [--vocabulary 3000]
    python3 tokenizer_exact.py VERBO DATA --tokenizers FOLDER

(pip install tokenizers). Each has the normalizer, pre-tokenizer, model options, post-processor, decoder and kinds of added
tokens that the tokenizer.json of the named family has, and a vocabulary trained on the lines of tokenizer_exact.py.
"""
import argparse
import collections
import json
import pathlib

from tokenizers import Tokenizer, models, trainers

import tokenizer_exact

CL100K = tokenizer_exact.LLAMA3
WORDS = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
CAPITALS = r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
ENDINGS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = WORDS + ENDINGS + "|" + CAPITALS + ENDINGS + r"|\p{N}{1,3}" + REST
TEKKEN = WORDS + "|" + CAPITALS + r"|\p{N}" + REST
KIMI = (r"[\p{Han}]+|" + (WORDS + ENDINGS + "|" + CAPITALS + ENDINGS).replace(r"\p{M}]", r"\p{M}&&[^\p{Han}]]") + r"|\p{N}{1,3}"
        + REST.replace("/", ""))
TIKTOKEN = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"
            r"|\s+(?!\S)|\s")
DEEPSEEK = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
            r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def split(pattern, behavior="Isolated", invert=False, kind="Regex"):
    return {"type": "Split", "pattern": {kind: pattern}, "behavior": behavior, "invert": invert}


def byte_level(prefix=False, trim=True, regex=True):
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": trim, "use_regex": regex}


def replace(pattern, content, kind="String"):
    return {"type": "Replace", "pattern": {kind: pattern}, "content": content}


def normalizers(*parts):
    return {"type": "Sequence", "normalizers": list(parts)}


def pre(*parts):
    return {"type": "Sequence", "pretokenizers": list(parts)}


def decoders(*parts):
    return {"type": "Sequence", "decoders": list(parts)}


def metaspace(scheme="always", splits=True):
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": splits}


def bert(lowercase, accents=None):
    return {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": accents,
            "lowercase": lowercase}


def before(token):
    return lambda ids: {"type": "TemplateProcessing", "special_tokens": special([token], ids),
                        "single": [around(token), text("A")], "pair": [around(token), text("A"), around(token, 1), text("B", 1)]}


def enclosed(begin, end, twice=True):
    return lambda ids: {"type": "TemplateProcessing", "special_tokens": special([begin, end], ids),
                        "single": [around(begin), text("A"), around(end)],
                        "pair": [around(begin), text("A"), around(end)] + [around(end)] * twice + [text("B", 1), around(end, 1)]}


def special(tokens, ids):
    return {t: {"id": t, "ids": [ids[t]], "tokens": [t]} for t in tokens}


def around(token, kind=0):
    return {"SpecialToken": {"id": token, "type_id": kind}}


def text(name, kind=0):
    return {"Sequence": {"id": name, "type_id": kind}}


def roberta(trim=True, prefix=False):
    return lambda ids: {"type": "RobertaProcessing", "sep": ["</s>", ids["</s>"]], "cls": ["<s>", ids["<s>"]],
                        "trim_offsets": trim, "add_prefix_space": prefix}


def llama3(ids):
    return {"type": "Sequence", "processors": [byte_level(True, False), before("<|begin_of_text|>")(ids)]}


BYTES = byte_level(True, True)
SPM_DECODER = decoders(replace("▁", " "), {"type": "ByteFallback"}, {"type": "Fuse"},
                       {"type": "Strip", "content": " ", "start": 1, "stop": 0})
SPACES = replace(" {2,}", " ", "Regex")


def families(charsmap):
    """Name, kind of model with its options, special tokens, other added tokens (content, flags), parts."""
    rules = {"type": "Precompiled", "precompiled_charsmap": charsmap}
    nfc = {"type": "NFC"}
    spm = {"byte_fallback": True, "fuse_unk": True, "unk_token": "<unk>"}
    s = ["<s>", "<pad>", "</s>", "<unk>"]
    mask = ("<mask>", {"lstrip": True, "special": True})
    cls = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    word_piece = {"unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}
    digits = {"type": "Digits", "individual_digits": True}
    words_and_metaspace = pre({"type": "WhitespaceSplit"}, metaspace())
    yield "llama-3", "bytes", {"ignore_merges": True}, ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"], [], {
        "pre_tokenizer": pre(split(CL100K), byte_level(False, True, False)), "post_processor": llama3, "decoder": BYTES}
    yield "qwen-2", "bytes", {}, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], [("<think>", {}), ("</think>", {})], {
        "normalizer": nfc, "pre_tokenizer": pre(split(CL100K.replace("{1,3}", "")), byte_level(False, False, False)),
        "post_processor": byte_level(False, False, False), "decoder": byte_level(False, False, False)}
    yield "deepseek-v3", "bytes", {}, ["<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"], [("<｜User｜>", {}), ("<think>", {"normalized": True})], {
        "normalizer": normalizers(), "pre_tokenizer": pre(split(r"\p{N}{1,3}"), split("[一-龥぀-ゟ゠-ヿ]+"), split(DEEPSEEK), byte_level(False, True, False)),
        "post_processor": before("<｜begin▁of▁sentence｜>"), "decoder": BYTES}
    yield "deepseek-llm", "bytes", {}, ["<｜begin▁of▁sentence｜>"], [], {
        "normalizer": normalizers(), "pre_tokenizer": pre(split("[\r\n]"), split(r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-Ֆ𐐀-𐑏]+"),
            split(r"\s?[!-/:-~！-／：-～‘-‟　-。]+"), split(r"\s+$"), split("[一-龥ࠀ-一가-퟿]+"), digits, byte_level(False, True, False)),
        "post_processor": before("<｜begin▁of▁sentence｜>"), "decoder": BYTES}
    yield "deepseek-coder", "bytes", {}, ["<｜begin▁of▁sentence｜>"], [("<｜fim▁hole｜>", {"normalized": True})], {
        "normalizer": normalizers(), "pre_tokenizer": pre(split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split("[一-龥ࠀ-一가-퟿]+"), digits,
                                              byte_level(False, True, False)), "decoder": BYTES}
    yield "gpt-oss", "bytes", {"ignore_merges": False}, ["<|startoftext|>", "<|return|>"], [], {
        "pre_tokenizer": pre(split(O200K), byte_level(False, True, False)), "post_processor": byte_level(True, False), "decoder": BYTES}
    yield "tekken", "bytes", {"ignore_merges": True}, ["<s>", "[INST]"], [], {
        "pre_tokenizer": pre(split(TEKKEN), byte_level(False, True, False)), "post_processor": before("<s>"), "decoder": BYTES}
    yield "kimi", "bytes", {}, ["[BOS]"], [], {"pre_tokenizer": pre(split(KIMI), byte_level(False, True, False)), "decoder": BYTES}
    yield "cl100k-removed", "bytes", {"ignore_merges": True}, ["<|endoftext|>"], [], {
        "pre_tokenizer": pre(split(TIKTOKEN, "Removed", True), byte_level(False, True, False)), "decoder": BYTES}
    yield "phi-4", "bytes", {}, ["<|endoftext|>"], [("<|im_start|>", {"lstrip": True, "rstrip": True, "special": True})], {
        "pre_tokenizer": pre(split(CL100K, "Removed", True), byte_level(False, True, False)), "decoder": BYTES}
    yield "bloom", "bytes", {}, ["<unk>", "<s>", "</s>"], [], {
        "pre_tokenizer": pre(split(" ?[^(\\s|[.,!?…。，、।۔،])]+"), byte_level(False, True, False)),
        "post_processor": byte_level(True, False, False), "decoder": byte_level(True, True, False)}
    yield "falcon", "bytes", {}, [">>TITLE<<", "<|endoftext|>"], [], {
        "pre_tokenizer": pre({"type": "Punctuation", "behavior": "Contiguous"}, byte_level(False, True),
                             {"type": "Digits", "individual_digits": False}, split("[0-9][0-9][0-9]")),
        "post_processor": byte_level(False, True), "decoder": byte_level(False, True)}
    yield "starcoder", "bytes", {}, ["<|endoftext|>", "<fim_prefix>"], [], {
        "pre_tokenizer": pre(digits, byte_level(False, True)), "post_processor": byte_level(True, True), "decoder": BYTES}
    yield "gpt-neox", "bytes", {}, ["<|endoftext|>", "<|padding|>"], [(" " * n, {"normalized": True}) for n in (24, 8, 4, 3, 2)], {
        "normalizer": nfc, "pre_tokenizer": byte_level(False, True), "post_processor": byte_level(False, True), "decoder": byte_level(False, True)}
    yield "modernbert", "bytes", {}, ["[CLS]", "[SEP]", "[PAD]"], [("[MASK]", {"lstrip": True, "special": True}), ("|||IP_ADDRESS|||", {"normalized": True})] + [
        (" " * n, {"normalized": True}) for n in (24, 8, 4, 3, 2)], {
        "normalizer": nfc, "pre_tokenizer": byte_level(False, True), "post_processor": enclosed("[CLS]", "[SEP]", False), "decoder": BYTES}
    yield "bart", "bytes", {}, s, [mask], {
        "pre_tokenizer": byte_level(False, True), "post_processor": roberta(), "decoder": BYTES}
    yield "blenderbot", "bytes", {}, s, [mask], {
        "pre_tokenizer": byte_level(True, True), "post_processor": roberta(True, True), "decoder": BYTES}
    yield "whisper", "bytes", {}, ["<|endoftext|>", "<|startoftranscript|>", "<|en|>"], [("<|0.00|>", {}), ("<|0.02|>", {})], {
        "pre_tokenizer": byte_level(False, True), "post_processor": enclosed("<|startoftranscript|>", "<|endoftext|>"), "decoder": BYTES}
    yield "command-r", "bytes", {}, ["<BOS_TOKEN>", "<PAD>"], [], {
        "normalizer": nfc, "pre_tokenizer": pre(digits, byte_level(False, True)), "post_processor": before("<BOS_TOKEN>"), "decoder": BYTES}
    yield "gemma", "bpe", spm, ["<pad>", "<eos>", "<bos>", "<unk>"], [("\n\n", {}), ("\t\t", {}), ("▁▁", {}), ("<start_of_turn>", {"special": True})], {
        "normalizer": replace(" ", "▁"), "pre_tokenizer": split(" ", "MergedWithPrevious", kind="String"),
        "post_processor": before("<bos>"), "decoder": decoders(replace("▁", " "), {"type": "ByteFallback"}, {"type": "Fuse"})}
    yield "llama-2", "bpe", spm, ["<unk>", "<s>", "</s>"], [("<custom>", {"normalized": True}), ("▁▁▁", {"normalized": True})], {
        "normalizer": normalizers({"type": "Prepend", "prepend": "▁"}, replace(" ", "▁")), "post_processor": before("<s>"), "decoder": SPM_DECODER}
    yield "mistral", "bpe", spm, ["<unk>", "<s>", "</s>", "[INST]"], [], {
        "pre_tokenizer": metaspace("first", False), "post_processor": before("<s>"), "decoder": SPM_DECODER}
    yield "nllb", "bpe", {"unk_token": "<unk>", "fuse_unk": True}, s, [("eng_Latn", {"special": True}), mask], {
        "normalizer": rules, "pre_tokenizer": metaspace(), "post_processor": enclosed("<s>", "</s>"), "decoder": metaspace()}
    yield "openai-gpt", "bpe", {"unk_token": "<unk>", "end_of_word_suffix": "</w>"}, ["<unk>"], [], {
        "normalizer": bert(True), "pre_tokenizer": {"type": "BertPreTokenizer"}, "decoder": {"type": "BPEDecoder", "suffix": "</w>"}}
    yield "xlm-roberta", "unigram", {}, s, [mask], {
        "normalizer": rules, "pre_tokenizer": words_and_metaspace, "post_processor": enclosed("<s>", "</s>"), "decoder": metaspace()}
    yield "bge-m3", "unigram", {}, s, [mask], {
        "normalizer": rules, "pre_tokenizer": metaspace(), "post_processor": enclosed("<s>", "</s>"), "decoder": metaspace()}
    yield "camembert", "unigram", {}, ["<s>NOTUSED", *s, "<unk>NOTUSED"], [mask], {
        "normalizer": normalizers(rules, SPACES), "pre_tokenizer": words_and_metaspace, "post_processor": enclosed("<s>", "</s>"), "decoder": metaspace()}
    yield "albert", "unigram", {}, ["<pad>", "<unk>", "[CLS]", "[SEP]"], [("[MASK]", {"lstrip": True, "special": True})], {
        "normalizer": normalizers(replace("``", '"'), replace("''", '"'), {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, rules, SPACES),
        "pre_tokenizer": words_and_metaspace, "post_processor": enclosed("[CLS]", "[SEP]", False), "decoder": metaspace()}
    yield "xlnet", "unigram", {}, ["<unk>", "<s>", "<cls>", "<sep>"], [("<mask>", {"lstrip": True, "normalized": True, "special": True})], {
        "normalizer": normalizers(replace("``", '"'), replace("''", '"'), {"type": "NFKD"}, {"type": "StripAccents"}, rules, SPACES),
        "pre_tokenizer": metaspace(), "decoder": metaspace()}
    yield "deberta-v3", "unigram", {}, ["[PAD]", "[CLS]", "[SEP]", "[UNK]"], [("[MASK]", {"special": True})], {
        "normalizer": normalizers({"type": "Strip", "strip_left": True, "strip_right": True}, rules, SPACES), "pre_tokenizer": pre(metaspace()),
        "post_processor": enclosed("[CLS]", "[SEP]", False), "decoder": metaspace()}
    yield "mt5", "unigram", {}, ["<pad>", "</s>", "<unk>"], [("<extra_id_0>", {"lstrip": True, "rstrip": True, "special": True})], {
        "normalizer": rules, "pre_tokenizer": words_and_metaspace, "post_processor": before("</s>"), "decoder": metaspace()}
    yield "siglip", "unigram", {}, ["</s>", "<unk>"], [], {
        "normalizer": normalizers({"type": "Lowercase"}, replace(r"""[!"\#\$%\&'\(\)\*\+,\-\.:;=\?@\[\\\]\^_`\{\|\}\~]""", "", "Regex"), replace(r"\s+", " ", "Regex"),
                                  {"type": "Strip", "strip_left": True, "strip_right": True}, rules),
        "pre_tokenizer": metaspace(), "post_processor": before("</s>"), "decoder": metaspace()}
    yield "pegasus", "unigram", {}, ["<pad>", "</s>", "<mask_1>", "<mask_2>", "<unk_2>"], [], {
        "normalizer": normalizers(rules, SPACES), "pre_tokenizer": words_and_metaspace, "decoder": metaspace()}
    yield "gemma-unigram-fallback", "unigram", {"byte_fallback": True}, ["<unk>"], [], {
        "normalizer": replace(" ", "▁"), "pre_tokenizer": split("▁", "MergedWithNext", kind="String"),
        "decoder": decoders(replace("▁", " "), {"type": "ByteFallback"}, {"type": "Fuse"})}
    yield "bert-uncased", "wordpiece", word_piece, cls, [], {
        "normalizer": bert(True), "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": enclosed("[CLS]", "[SEP]", False),
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True}}
    yield "bert-multilingual", "wordpiece", word_piece, cls, [], {
        "normalizer": bert(False), "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": enclosed("[CLS]", "[SEP]", False),
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True}}
    yield "mpnet", "wordpiece", word_piece, ["<s>", "<pad>", "</s>", "[UNK]"], [("<mask>", {"lstrip": True, "special": True, "normalized": True})], {
        "normalizer": bert(True, False), "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": roberta(),
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True}}
    yield "whitespace-word-level", "words", {"unk_token": "[UNK]"}, ["[UNK]"], [("New York", {"single_word": True})], {
        "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"}}


def train(kind, options, specials, parts, lines, size):
    quiet = {"show_progress": False, "special_tokens": specials}
    if kind == "bytes":
        from tokenizers import pre_tokenizers
        model, trainer = models.BPE(), trainers.BpeTrainer(vocab_size=size, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **quiet)
    elif kind == "bpe":
        suffix = {k: v for k, v in options.items() if k == "end_of_word_suffix"}
        fallback = [f"<0x{b:02X}>" for b in range(256)] if options.get("byte_fallback") else []
        quiet["special_tokens"] = specials + fallback
        model, trainer = models.BPE(unk_token="<unk>", **suffix), trainers.BpeTrainer(vocab_size=size, limit_alphabet=400, **suffix, **quiet)
    elif kind == "unigram":
        unknown = next(t for t in specials if "unk" in t.lower())
        model, trainer = models.Unigram(), trainers.UnigramTrainer(vocab_size=max(size, 6000), unk_token=unknown, **quiet)
    elif kind == "wordpiece":
        model, trainer = models.WordPiece(unk_token="[UNK]"), trainers.WordPieceTrainer(vocab_size=size, limit_alphabet=600, **quiet)
    else:
        model, trainer = models.WordLevel(unk_token="[UNK]"), trainers.WordLevelTrainer(vocab_size=size, **quiet)
    bare = json.loads(Tokenizer(model).to_str()) | {k: parts.get(k) for k in ("normalizer", "pre_tokenizer")}
    tokenizer = Tokenizer.from_str(json.dumps(bare))
    # what no pre-tokenizer cuts is trained a word at a time, or a line would be a word
    if options.get("byte_fallback") and kind == "bpe":
        words = bare | {"normalizer": replace(" ", "▁"), "pre_tokenizer": split("▁", "MergedWithNext", kind="String")}
        tokenizer = Tokenizer.from_str(json.dumps(words))
    tokenizer.train_from_iterator(lines, trainer)
    trained = json.loads(tokenizer.to_str())
    trained |= {k: bare[k] for k in ("normalizer", "pre_tokenizer")}
    trained["model"] |= options
    if kind == "unigram" and options.get("byte_fallback"):
        trained["model"]["vocab"] += [[f"<0x{b:02X}>", 0.0] for b in range(256)]
    return trained


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", type=pathlib.Path)
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--vocabulary", type=int, default=3000)
    a = arguments.parse_args()
    a.folder.mkdir(parents=True, exist_ok=True)
    lines = [line for line in tokenizer_exact.corpus(a.data, 20000, 7) if len(line) < 1000]
    # a unigram vocabulary has every character it was trained on
    seen = collections.Counter(c for line in lines for c in line)
    usual = {c for c, _ in seen.most_common(2500)}
    plain = [line for line in lines if usual.issuperset(line)]
    t5 = json.loads((a.data / "tokenizers/hf-json/t5-small/tokenizer.json").read_text(encoding="utf-8"))
    for name, kind, options, specials, added, parts in families(t5["normalizer"]["precompiled_charsmap"]):
        o = train(kind, options, specials, parts, plain if kind == "unigram" else lines, a.vocabulary)
        vocabulary = o["model"]["vocab"]
        ids = {p[0]: i for i, p in enumerate(vocabulary)} if isinstance(vocabulary, list) else vocabulary
        following = len(vocabulary)  # a unigram one may have a piece twice
        o["added_tokens"] = [{"id": ids[t], "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
                              "special": True} for t in specials]
        for content, flags in added:
            number = ids.get(content, following)
            following += content not in ids
            o["added_tokens"].append({"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
                                      "normalized": False, "special": False} | flags)
        processor = parts.get("post_processor")
        o |= {"decoder": parts.get("decoder"), "post_processor": processor(ids) if callable(processor) else processor}
        Tokenizer.from_str(json.dumps(o))  # the library takes it
        (a.folder / (name + ".json")).write_text(json.dumps(o, ensure_ascii=False), encoding="utf-8")
        print(name, len(ids), flush=True)


main()
