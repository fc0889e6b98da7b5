#!/usr/bin/env python3
"""Writes recurrent_golden.json for RecurrentGoldenTest: PyTorch's RNN, LSTM and GRU for weights that a whole-number hash gives.

Needs `pip install torch`. Gates are worked out from PyTorch's weights by its documented formulas, in double precision;
everything else is what nn.RNN, nn.LSTM and nn.GRU and their gradients give.
"""
import json
import sys

import torch
from torch import nn
from torch.nn import functional as F

V, E, H, L, T, B = 7, 3, 4, 2, 5, 2


def hashed(stream, i):
    x = (i * 2654435761 + stream * 40503 + 12345) & 0xFFFFFFFF
    for _ in range(2):
        x ^= x >> 16
        x = (x * 0x45D9F3B) & 0xFFFFFFFF
    return (x ^ (x >> 16)) / 4294967296.0 - 0.5


def fill(stream, shape):
    n = 1
    for s in shape:
        n *= s
    return torch.tensor([2 * hashed(stream, i) for i in range(n)], dtype=torch.float64).view(shape)


def numbers(t):
    return [round(v, 9) for v in t.detach().flatten().tolist()]


def gates(kind, layer, x, h, c):
    """Activated gates of layer 0, step by step: i f g o, or r z n."""
    w, u, a, b = layer
    rows = []
    for t in range(T):
        p, q = x[t] @ w.T + a, h @ u.T + b
        if kind == "lstm":
            i, f, g, o = (p + q).chunk(4, 1)
            i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
            c = f * c + i * g
            h = o * c.tanh()
            rows.append(torch.cat([i, f, g, o], 1))
        else:
            (pr, pz, pn), (qr, qz, qn) = p.chunk(3, 1), q.chunk(3, 1)
            r, z = (pr + qr).sigmoid(), (pz + qz).sigmoid()
            n = (pn + r * qn).tanh()
            h = (1 - z) * n + z * h
            rows.append(torch.cat([r, z, n], 1))
    return torch.stack(rows)


def case(kind):
    torch.set_default_dtype(torch.float64)
    encoder = nn.Embedding(V, E)
    rnn = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[kind](E, H, L)
    decoder = nn.Linear(H, V)
    parameters = [("encoder.weight", encoder.weight), *(("rnn." + n, p) for n, p in rnn.named_parameters()),
                  ("decoder.weight", decoder.weight), ("decoder.bias", decoder.bias)]
    for k, (_, p) in enumerate(parameters):
        p.data = fill(k, p.shape)
    ids = torch.tensor([[(3 * t + 2 * b) % V for b in range(B)] for t in range(T)])
    targets = torch.tensor([[(5 * t + b + 1) % V for b in range(B)] for t in range(T)])
    states = 2 if kind == "lstm" else 1
    carried = fill(50, (L, states, B, H))
    initial = (carried[:, 0].contiguous(), carried[:, 1].contiguous()) if states == 2 else carried[:, 0].contiguous()
    x = encoder(ids)
    out, last = rnn(x, initial)
    loss = F.cross_entropy(decoder(out).flatten(0, 1), targets.flatten())
    loss.backward()
    last = torch.stack(last, 1) if states == 2 else last.unsqueeze(1)
    both = nn.LSTM(E, H, 2, bidirectional=True) if kind == "lstm" else nn.GRU(E, H, 2, bidirectional=True) \
        if kind == "gru" else nn.RNN(E, H, 2, bidirectional=True)
    for k, p in enumerate(both.parameters()):
        p.data = fill(100 + k, p.shape)
    result = dict(cell=kind, loss=round(loss.item(), 9), hidden=numbers(out), carried=numbers(last),
                  gradients={n: numbers(p.grad) for n, p in parameters},
                  bidirectional=numbers(both(fill(60, (T, B, E)))[0]))
    if kind != "rnn":
        first = [p.detach() for p in list(rnn.parameters())[:4]]
        result["gates"] = numbers(gates(kind, first, x.detach(), carried[0, 0], carried[0, states - 1]))
    return result


json.dump(dict(vocabulary=V, embedding=E, width=H, layers=L, time=T, batch=B,
               cases=[case(kind) for kind in ("rnn", "lstm", "gru")]), open(sys.argv[1], "w"), indent=0)
