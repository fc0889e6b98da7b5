# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""Writes decoding.json: what Hugging Face transformers decodes from models that are tables of hashed numbers.

    python decoding.py [SEED COUNT] > decoding.json        (made with transformers 5.23.0, torch 2.15.0)

TableModel.java makes the same tables. A logit depends on the last two tokens and the next one; it is a multiple of
2^-21 between -4 and 4, exact in f32.
"""
import json
import random
import sys

import numpy
import torch
from transformers import GenerationConfig, PretrainedConfig, PreTrainedModel
from transformers.generation import GenerationMixin
from transformers.generation.logits_process import (LogitsProcessorList, MinPLogitsWarper,
                                                    RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper,
                                                    TopKLogitsWarper, TopPLogitsWarper)
from transformers.modeling_outputs import CausalLMOutput

MASK = (1 << 64) - 1


def mix(z):
    z = (z + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def logit(seed, before, last, token):
    h = mix(mix(mix(mix(seed) + before + 1 & MASK) + last + 1 & MASK) + token + 1 & MASK)
    return ((h >> 40) - (1 << 23)) / (1 << 21)


class Table(PreTrainedModel, GenerationMixin):
    config_class = PretrainedConfig
    main_input_name = "input_ids"

    def __init__(self, seed, vocabulary, ends, boost):
        super().__init__(PretrainedConfig(vocab_size=vocabulary))
        self.unused = torch.nn.Parameter(torch.zeros(1))
        self.seed, self.vocabulary, self.ends, self.boost = seed, vocabulary, ends, boost
        self.rows = {}
        self.generation_config = GenerationConfig()

    def row(self, before, last):
        key = (before, last)
        if key not in self.rows:
            row = [logit(self.seed, before, last, t) for t in range(self.vocabulary)]
            for end in self.ends:
                row[end] += self.boost
            self.rows[key] = torch.tensor(row, dtype=torch.float32)
        return self.rows[key]

    def forward(self, input_ids, **_):
        rows = [self.row(ids[-2] if len(ids) > 1 else -1, ids[-1]) for ids in input_ids.tolist()]
        return CausalLMOutput(logits=torch.stack(rows)[:, None, :])

    def prepare_inputs_for_generation(self, input_ids, **_):
        return {"input_ids": input_ids}


def trimmed(sequence, prompt, ends):
    new = sequence[prompt:]
    for i, token in enumerate(new):
        if token in ends:
            return new[:i + 1]
    return new


def decode(rng):
    seed = rng.randrange(1 << 31)
    vocabulary = rng.choice([11, 23, 57])
    ends = rng.choice([[], [2], [2], [2, 5]])
    boost = rng.choice([0, 1.5, 3])
    prompt = [rng.randrange(6, vocabulary) for _ in range(rng.randint(1, 4))]
    beams = rng.choice([1, 2, 3, 4, 5])
    penalty = rng.choice([1.0, 1.0, 1.3, 0.8])
    tokens = rng.choice([1, 3, 12])
    case = {"seed": seed, "vocabulary": vocabulary, "ends": ends, "boost": boost, "prompt": prompt, "beams": beams,
            "maxTokens": tokens, "lengthPenalty": rng.choice([1.0, 1.0, 0.0, -1.0, 0.6, 2.0]),
            "earlyStopping": rng.choice(["NO", "NO", "YES", "NEVER"]), "repetitionPenalty": penalty}
    model = Table(seed, vocabulary, ends, boost)
    arguments = {"do_sample": False, "num_beams": beams, "num_return_sequences": beams, "max_new_tokens": tokens,
                 "eos_token_id": ends or None, "pad_token_id": 0, "repetition_penalty": penalty,
                 "return_dict_in_generate": True, "output_scores": True, "use_cache": False}
    if beams > 1:
        arguments["length_penalty"] = case["lengthPenalty"]
        arguments["early_stopping"] = {"NO": False, "YES": True, "NEVER": "never"}[case["earlyStopping"]]
    with torch.no_grad():
        out = model.generate(torch.tensor([prompt]), generation_config=GenerationConfig(**arguments))
    case["ids"] = [trimmed(s, len(prompt), ends) for s in out.sequences.tolist()]
    if beams > 1:
        case["scores"] = [round(float(s), 6) for s in out.sequences_scores.tolist()]
    return case


def distribution(rng):
    seed = rng.randrange(1 << 31)
    vocabulary = rng.choice([9, 40])
    temperature = rng.choice([1.0, 0.5, 1.7])
    top_k = rng.choice([0, 1, 3, 12, 100])
    top_p = rng.choice([1.0, 0.9, 0.5, 0.05])
    min_p = rng.choice([0.0, 0.0, 0.1, 0.5])
    penalty = rng.choice([1.0, 1.3, 0.7])
    history = [rng.randrange(vocabulary) for _ in range(rng.randint(1, 12))]
    processors = LogitsProcessorList()
    if penalty != 1:
        processors.append(RepetitionPenaltyLogitsProcessor(penalty))
    if temperature != 1:
        processors.append(TemperatureLogitsWarper(temperature))
    if top_k:
        processors.append(TopKLogitsWarper(top_k))
    if top_p < 1:
        processors.append(TopPLogitsWarper(top_p))
    if min_p:
        processors.append(MinPLogitsWarper(min_p))
    row = torch.tensor([[logit(seed, 0, 0, t) for t in range(vocabulary)]], dtype=torch.float32)
    kept = torch.softmax(processors(torch.tensor([history]), row), -1)[0].tolist()
    return {"seed": seed, "vocabulary": vocabulary, "temperature": temperature, "topK": top_k, "topP": top_p,
            "minP": min_p, "repetitionPenalty": penalty, "history": history,
            "kept": [i for i, p in enumerate(kept) if p > 0], "probabilities": [round(p, 7) for p in kept if p > 0]}


if __name__ == "__main__":
    rng = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    lists = {"decode": [decode(rng) for _ in range(count)], "distribution": [distribution(rng) for _ in range(count)]}
    print("{")
    for n, (name, cases) in enumerate(lists.items()):
        print(f'"{name}": [')
        print(",\n".join(json.dumps(case) for case in cases))
        print("]," if n == 0 else "]")
    print("}")
