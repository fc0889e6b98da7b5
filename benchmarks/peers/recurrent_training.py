# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""How fast PyTorch trains an LSTM or GRU on the processor, as `verbo bench --only train-lstm,train-gru` does.

    python3 recurrent_training.py lstm|gru 200|650 [--text train.txt] [--steps 60] [--threads 2] [--compile] [--bf16]

(pip install torch). Two layers over words, batch 20, 35 steps of time, a full softmax; a step is forward, backward, clipping
and gradient descent, and the median step counts, without the first tenth. Without a text 33,278 words are drawn by chance.
Prints an object of JSON.
"""
import argparse
import itertools
import json
import pathlib
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

BATCH, TIME = 20, 35


class Recurrent(nn.Module):
    def __init__(self, cell, vocabulary, width):
        super().__init__()
        self.vectors = nn.Embedding(vocabulary, width)
        self.cells = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](width, width, num_layers=2)
        self.out = nn.Linear(width, vocabulary)

    def forward(self, ids, targets, carried):
        hidden, carried = self.cells(self.vectors(ids), carried)
        return F.cross_entropy(self.out(hidden).flatten(0, 1), targets.flatten()), carried


def words(path):
    """Ids of a text's words and line ends."""
    ids = {}
    with path.open(encoding="utf-8") as lines:
        return torch.tensor([ids.setdefault(word, len(ids)) for line in lines for word in [*line.split(), "\n"]])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("cell", choices=("lstm", "gru"))
    arguments.add_argument("width", type=int)
    arguments.add_argument("--text", type=pathlib.Path)
    arguments.add_argument("--steps", type=int, default=60)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--compile", action="store_true", help="through torch.compile")
    arguments.add_argument("--bf16", action="store_true", help="in bfloat16 where autocast allows it")
    a = arguments.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    ids = words(a.text) if a.text else torch.randint(33278, (BATCH * 4000,))
    vocabulary = int(ids.max()) + 1 if a.text else 33278
    streams = ids[:len(ids) // BATCH * BATCH].view(BATCH, -1).T.contiguous()  # [time, batch]
    model = Recurrent(a.cell, vocabulary, a.width)
    optimizer = torch.optim.SGD(model.parameters(), lr=1)
    loss_of = torch.compile(model) if a.compile else model
    carried = None
    seconds = []
    places = itertools.cycle(range(0, len(streams) - TIME, TIME))
    for at in itertools.islice(places, a.steps):
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=a.bf16):
            loss, carried = loss_of(streams[at:at + TIME], streams[at + 1:at + TIME + 1], carried)
        carried = tuple(each.detach() for each in carried) if a.cell == "lstm" else carried.detach()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5)
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    step = statistics.median(seconds[a.steps // 10:])
    print(json.dumps({"cell": a.cell, "width": a.width, "vocabulary": vocabulary, "torch": torch.__version__,
                      "threads": a.threads, "compile": a.compile, "bf16": a.bf16, "milliseconds": round(1000 * step, 1),
                      "tokensPerSecond": round(BATCH * TIME / step)}))


main()
