# Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
# SPDX-License-Identifier: Apache-2.0
"""Skip-gram by Verbo, gensim and fastText with the same settings, one after the other (pip install gensim fasttext-wheel).

    python3 word_vectors.py VERBO TEXT DATA [--threads 1] [--epochs 5] [--seeds 1] [--only verbo,gensim,fasttext]

VERBO is the launcher, TEXT a sentence a line, DATA the folder with word-analogy and word-similarity. Words a second are those
of the text, rare ones included, times epochs, over the training alone; the pass that finds the vocabulary is apart.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile
import time

SETTINGS = dict(dimension=100, window=5, negative=5, sample=1e-3, minimum=5)


def verbo(launcher, text, out, threads, epochs, seed):
    s = SETTINGS
    done = subprocess.run(
        [launcher, "vectors", "train", "--text", text, "--out", out, "--dimension", str(s["dimension"]),
         "--window", str(s["window"]), "--negative", str(s["negative"]), "--sample", str(s["sample"]),
         "--min-count", str(s["minimum"]), "--epochs", str(epochs), "--threads", str(threads), "--seed", str(seed),
         "--json"], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)["wordsPerSecond"]


def gensim(text, out, threads, epochs, seed):
    from gensim.models import Word2Vec
    s = SETTINGS
    model = Word2Vec(vector_size=s["dimension"], window=s["window"], negative=s["negative"], sample=s["sample"],
                     min_count=s["minimum"], sg=1, hs=0, workers=threads, epochs=epochs, seed=seed)
    model.build_vocab(corpus_file=text)
    start = time.time()
    model.train(corpus_file=text, total_examples=model.corpus_count, total_words=model.corpus_total_words, epochs=epochs)
    seconds = time.time() - start
    model.wv.save_word2vec_format(out)
    return model.corpus_total_words * epochs / seconds


def fasttext(text, out, threads, epochs, seed):
    import fasttext as ft
    s = SETTINGS
    words = sum(len(line.split()) for line in open(text, encoding="utf-8"))
    start = time.time()  # its pass over the vocabulary is in here: it is a small part
    model = ft.train_unsupervised(text, model="skipgram", dim=s["dimension"], ws=s["window"], neg=s["negative"],
                                  t=s["sample"], minCount=s["minimum"], epoch=epochs, thread=threads, minn=0, maxn=0,
                                  lr=0.025, bucket=1, verbose=0)
    seconds = time.time() - start
    with open(out, "w", encoding="utf-8") as to:
        to.write(f"{len(model.words)} {s['dimension']}\n")
        for word in model.words:
            to.write(word + " " + " ".join(map(str, model.get_word_vector(word))) + "\n")
    return words * epochs / seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verbo")
    parser.add_argument("text")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", default="verbo,gensim,fasttext")
    options = parser.parse_args()
    similarity = options.data / "word-similarity"
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, options.seeds + 1):
            for name in options.only.split(","):
                out = f"{folder}/{name}.vec"
                args = (options.text, out, options.threads, options.epochs, seed)
                speed = verbo(options.verbo, *args) if name == "verbo" else globals()[name](*args)
                done = subprocess.run(
                    [options.verbo, "vectors", "eval", similarity / "EN-MEN-TR-3k.txt",
                     similarity / "EN-WS-353-ALL.txt", options.data / "word-analogy" / "questions-words.txt",
                     "--vectors", out, "--json"], stdout=subprocess.PIPE, check=True)
                found = json.loads(done.stdout)
                men, ws = (each["spearman"] for each in found["similarities"])
                total = found["analogies"][0]["sections"][-1]["accuracy"]
                print(f"{name:9} seed {seed}  {speed:10,.0f} words/s  MEN {men:.4f}  WordSim {ws:.4f}  analogies {total:.4f}",
                      flush=True)


main()
