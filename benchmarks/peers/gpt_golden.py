#!/usr/bin/env python3
"""Golden values for training a GPT-2: PyTorch's losses, first gradients and ten AdamW steps of tiny models.

Needs `pip install torch`. Prints the JSON that models/src/test/resources/verbo/models/gpt_golden.json holds:

  gpt_golden.py > models/src/test/resources/verbo/models/gpt_golden.json

Weights and batches come from a hash of whole numbers that the test repeats, so only results are stored. All is computed in
double precision. Of a tensor we store its length and two projections onto hashed directions, which no error hides from.
"""
import json
import math
import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

CASES = [
    dict(name="gpt2", vocab=37, context=11, width=24, layers=2, heads=2, inner=96, activation="gelu_new", bias=True,
         tied=True, by_layer=False),
    dict(name="no-bias", vocab=37, context=11, width=16, layers=2, heads=2, inner=64, activation="gelu", bias=False,
         tied=True, by_layer=False),
    dict(name="untied", vocab=37, context=11, width=16, layers=2, heads=4, inner=40, activation="relu", bias=True,
         tied=False, by_layer=True),
]
BATCH, TIME, STEPS, WARMUP, CLIP, DECAY = 3, 9, 10, 3, 0.3, 0.1
RATE, LOWEST, BETAS, EPSILON = 1e-3, 1e-4, (0.9, 0.99), 1e-8


def hashed(stream, count):
    """Numbers in [-0.5, 0.5): number i of a stream."""
    x = (torch.arange(count, dtype=torch.int64) * 2654435761 + stream * 40503 + 12345) & 0xFFFFFFFF
    for _ in range(2):
        x = x ^ (x >> 16)
        x = (x * 0x45D9F3B) & 0xFFFFFFFF
    return (x ^ (x >> 16)).double() / 2**32 - 0.5


def parameters(case):
    """Names and shapes, in order, as Hugging Face has them."""
    c, names = case["width"], []
    add = lambda name, *shape: names.append((name, shape))
    add("transformer.wte.weight", case["vocab"], c)
    add("transformer.wpe.weight", case["context"], c)
    for layer in range(case["layers"]):
        h = f"transformer.h.{layer}."
        for part, shape in (("ln_1", (c,)), ("attn.c_attn", (c, 3 * c)), ("attn.c_proj", (c, c)), ("ln_2", (c,)),
                            ("mlp.c_fc", (c, case["inner"])), ("mlp.c_proj", (case["inner"], c))):
            add(h + part + ".weight", *shape)
            if case["bias"]:
                add(h + part + ".bias", shape[-1])
    add("transformer.ln_f.weight", c)
    if case["bias"]:
        add("transformer.ln_f.bias", c)
    if not case["tied"]:
        add("lm_head.weight", case["vocab"], c)
    result = {}
    for stream, (name, shape) in enumerate(names):
        value = hashed(stream, math.prod(shape)) * 0.4
        if "ln_" in name and name.endswith("weight"):
            value = value + 1
        result[name] = value.float().double().reshape(shape).requires_grad_()  # as floats hold them
    return result


def loss(case, p, ids, targets):
    """Written from the paper and the definition of GPT-2, not from any library's model."""
    c, heads = case["width"], case["heads"]
    d = c // heads
    act = {"gelu_new": lambda x: F.gelu(x, approximate="tanh"), "gelu": F.gelu, "relu": F.relu}[case["activation"]]
    norm = lambda x, name: F.layer_norm(x, (c,), p[name + ".weight"], p.get(name + ".bias"), 1e-5)

    def conv(x, name):
        y = x @ p[name + ".weight"]
        return y + p[name + ".bias"] if case["bias"] else y

    b, t = ids.shape
    x = p["transformer.wte.weight"][ids] + p["transformer.wpe.weight"][:t]
    future = torch.ones(t, t, dtype=torch.bool).triu(1)
    for layer in range(case["layers"]):
        h = f"transformer.h.{layer}."
        q, k, v = (part.reshape(b, t, heads, d).transpose(1, 2) for part in conv(norm(x, h + "ln_1"), h + "attn.c_attn").split(c, -1))
        scores = q @ k.transpose(-2, -1) / math.sqrt(d)
        if case["by_layer"]:
            scores = scores / (layer + 1)
        y = scores.masked_fill(future, -math.inf).softmax(-1) @ v
        x = x + conv(y.transpose(1, 2).reshape(b, t, c), h + "attn.c_proj")
        x = x + conv(act(conv(norm(x, h + "ln_2"), h + "mlp.c_fc")), h + "mlp.c_proj")
    out = p["transformer.wte.weight"] if case["tied"] else p["lm_head.weight"]
    logits = norm(x, "transformer.ln_f") @ out.T
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def rate(step):
    if step < WARMUP:
        return RATE * (step + 1) / (WARMUP + 1)
    return LOWEST + 0.5 * (1 + math.cos(math.pi * min(1, (step - WARMUP) / max(1, STEPS - WARMUP)))) * (RATE - LOWEST)


def summary(case, name, x):
    """Length and two projections. The keys' biases are left out: their gradient is zero but for rounding."""
    x = x.detach().reshape(-1).clone()
    if name.endswith("c_attn.bias"):
        x[case["width"]:2 * case["width"]] = 0
    return [float(f"{v:.9g}") for v in (x.norm(), x @ hashed(1001, len(x)), x @ hashed(1002, len(x)))]


def run(case):
    p = parameters(case)
    start = {name: value.detach().clone() for name, value in p.items()}
    decaying = [value for value in p.values() if value.dim() > 1]
    others = [value for value in p.values() if value.dim() <= 1]
    optimizer = torch.optim.AdamW([dict(params=decaying, weight_decay=DECAY), dict(params=others, weight_decay=0.0)],
                                  lr=RATE, betas=BETAS, eps=EPSILON)
    losses, norms, gradients = [], [], {}
    for step in range(STEPS):
        text = ((hashed(500 + step, BATCH * (TIME + 1)) + 0.5) * case["vocab"]).long().reshape(BATCH, TIME + 1)
        targets = text[:, 1:].clone()
        targets[1, 4] = -100  # one that does not count
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        optimizer.zero_grad(set_to_none=True)
        value = loss(case, p, text[:, :-1], targets)
        value.backward()
        if step == 0:
            gradients = {name: summary(case, name, x.grad) for name, x in p.items()}
        norms.append(float(torch.nn.utils.clip_grad_norm_(p.values(), CLIP)))
        optimizer.step()
        losses.append(value.item())
    return dict(**case, losses=losses, norms=norms, gradients=gradients,
                changes={name: summary(case, name, x - start[name]) for name, x in p.items()})


def main():
    result = dict(batch=BATCH, time=TIME, steps=STEPS, warmup=WARMUP, clip=CLIP, decay=DECAY, rate=RATE, lowest=LOWEST,
                  beta1=BETAS[0], beta2=BETAS[1], epsilon=EPSILON, torch=torch.__version__.split("+")[0], cases=[run(case) for case in CASES])
    text = json.dumps(result, indent=1)
    # one tensor a line
    import re
    print(re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m.group(1)) + "]", text))


if __name__ == "__main__":
    main()
