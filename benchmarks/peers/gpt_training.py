# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""How fast PyTorch trains a GPT on the processor, at the shapes of `verbo bench --only train-char,train-small,train-gpt2`.

    python3 gpt_training.py char|small|gpt2-124m [--steps 100] [--threads 2] [--compile] [--bf16]

(pip install torch). Random tokens; a step is forward, backward, clipping and AdamW, and the median step counts, without the
first tenth. Prints an object of JSON.
"""
import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

#              vocabulary, block, width, layers, heads, biases, batch
SHAPES = {
    "char": (65, 64, 128, 4, 4, False, 12),
    "small": (65, 256, 384, 6, 6, False, 16),
    "gpt2-124m": (50257, 64, 768, 12, 12, True, 4),
}


class Attention(nn.Module):
    def __init__(self, width, heads, bias):
        super().__init__()
        self.heads = heads
        self.into = nn.Linear(width, 3 * width, bias)
        self.out = nn.Linear(width, width, bias)

    def forward(self, x):
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.into(x).chunk(3, -1))
        return self.out(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))


class Layer(nn.Module):
    def __init__(self, width, heads, bias):
        super().__init__()
        self.attend = nn.Sequential(nn.LayerNorm(width, bias=bias), Attention(width, heads, bias))
        self.think = nn.Sequential(nn.LayerNorm(width, bias=bias), nn.Linear(width, 4 * width, bias),
                                   nn.GELU(approximate="tanh"), nn.Linear(4 * width, width, bias))

    def forward(self, x):
        x = x + self.attend(x)
        return x + self.think(x)


class Gpt(nn.Module):
    def __init__(self, vocabulary, block, width, layers, heads, bias):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.places = nn.Parameter(torch.empty(block, width))
        self.layers = nn.Sequential(*(Layer(width, heads, bias) for _ in range(layers)), nn.LayerNorm(width, bias=bias))
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, ids, targets):
        logits = F.linear(self.layers(self.tokens(ids) + self.places), self.tokens.weight)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("shape", choices=SHAPES)
    arguments.add_argument("--steps", type=int, default=100)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--compile", action="store_true", help="through torch.compile")
    arguments.add_argument("--bf16", action="store_true", help="in bfloat16 where autocast allows it")
    a = arguments.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    *shape, batch = SHAPES[a.shape]
    vocabulary, block = shape[:2]
    model = Gpt(*shape)
    optimizer = torch.optim.AdamW([
        {"params": [p for p in model.parameters() if p.dim() == 2], "weight_decay": 0.1},
        {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0},
    ], lr=1e-4, betas=(0.9, 0.99))
    loss_of = torch.compile(model) if a.compile else model
    seconds = []
    for _ in range(a.steps):
        drawn = torch.randint(vocabulary, (batch, block + 1))
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=a.bf16):
            loss = loss_of(drawn[:, :-1], drawn[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    step = statistics.median(seconds[a.steps // 10:])
    print(json.dumps({"shape": a.shape, "torch": torch.__version__, "threads": a.threads, "compile": a.compile, "bf16": a.bf16,
                      "parameters": sum(p.numel() for p in model.parameters()), "milliseconds": round(1000 * step, 1),
                      "tokensPerSecond": round(batch * block / step)}))


main()
