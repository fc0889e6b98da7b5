# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""Verbo's text classifier and fastText's on SST-2 and TREC, whole commands (pip install fasttext-wheel).

    python3 classifiers.py VERBO DATA [SEEDS]

DATA is the folder with stsa.binary.* and TREC.*. fastText runs in a Python process of its own, as Verbo in a JVM: the time is
that of training and writing the model, start of the process included. One thread each. fastText's settings are the best on
SST-2's dev of dimension 10, 20, 100, 1 and 2 words, rate 0.1 to 1, 5 to 25 epochs.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

FASTTEXT = """
import sys, fasttext
m = fasttext.train_supervised(sys.argv[1], lr=float(sys.argv[4]), dim=20, epoch=int(sys.argv[5]), wordNgrams=2,
                              bucket=200000, thread=1, verbose=0, seed=int(sys.argv[3]))
m.save_model(sys.argv[2])
"""
EVALUATE = "import sys, fasttext; print(fasttext.load_model(sys.argv[1]).test(sys.argv[2])[1])"


def with_prefix(file, folder):
    out = f"{folder}/{file.name}"
    with open(out, "wb") as to, open(file, "rb") as lines:
        for line in lines:
            to.write(b"__label__" + line)
    return out


def main():
    launcher, data = sys.argv[1], pathlib.Path(sys.argv[2])
    seeds = range(1, 1 + int(sys.argv[3] if len(sys.argv) > 3 else 3))
    sets = {"SST-2": ("stsa.binary.train", "stsa.binary.test"), "TREC": ("TREC.train.all", "TREC.test.all")}
    with tempfile.TemporaryDirectory() as folder:
        for name, (train, test) in sets.items():
            train, test = with_prefix(data / train, folder), with_prefix(data / test, folder)
            for seed in map(str, seeds):
                start = time.time()
                subprocess.run([launcher, "classify", "train", "--text", train, "--out", f"{folder}/verbo", "--seed", seed],
                               stdout=subprocess.DEVNULL, check=True)
                ours = time.time() - start
                done = subprocess.run([launcher, "classify", "eval", test, "--model", f"{folder}/verbo", "--json"],
                                      stdout=subprocess.PIPE, check=True)
                accuracy = json.loads(done.stdout)["accuracy"]
                start = time.time()
                subprocess.run([sys.executable, "-c", FASTTEXT, train, f"{folder}/fasttext.bin", seed, "1.0", "5"], check=True)
                theirs = time.time() - start
                done = subprocess.run([sys.executable, "-c", EVALUATE, f"{folder}/fasttext.bin", test],
                                      stdout=subprocess.PIPE, check=True)
                print(f"{name} seed {seed}: verbo {accuracy:.4f} in {ours:.2f} s, fastText {float(done.stdout):.4f}"
                      f" in {theirs:.2f} s", flush=True)


main()
