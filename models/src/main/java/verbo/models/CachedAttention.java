// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.ArrayList;
import java.util.List;
import verbo.tensor.Attention;
import verbo.tensor.DType;
import verbo.tensor.Engine;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

/**
 * Attention of the new tokens of several sequences to those before them, which lie in a cache. The new tokens' keys and
 * values go there as well.
 */
final class CachedAttention implements SelfAttention {
    /** From this many new tokens on, a sequence is attended to as a whole: its keys are then read once for many queries. */
    private static final int MANY = 16;

    /** The new tokens of one sequence: rows {@code from} to {@code from + count} of a pass. */
    record Part(KeyValueCache.Sequence sequence, int from, int count) {}

    private final Engine engine;
    private final List<Part> parts;
    private final int rows;

    CachedAttention(Engine engine, List<Part> parts) {
        this.engine = engine;
        this.parts = parts;
        this.rows = parts.getLast().from + parts.getLast().count;
    }

    @Override
    public Tensor attend(int layer, Attention options, int headWidth, Tensor q, Tensor k, Tensor v) {
        for (Part part : parts) {
            int to = part.from + part.count;
            part.sequence.put(layer, k.slice(0, part.from, to), v.slice(0, part.from, to));
        }
        Tensor queries = q.contiguous(); // [rows, heads · d]
        Tensor out = Scope.current().empty(DType.F32, rows, q.length(1)); // [rows, heads · d]
        for (int i = 0; i < parts.size();) {
            Part first = parts.get(i);
            int to = first.from;
            int next = i;
            while (next < parts.size() && parts.get(next).count < MANY) {
                to += parts.get(next++).count;
            }
            if (next > i) {
                attendByRow(layer, options, headWidth, queries.slice(0, first.from, to), i, next,
                        out.slice(0, first.from, to));
            } else {
                next = i + 1;
                to = first.from + first.count;
                attendTogether(layer, options, headWidth, first, queries.slice(0, first.from, to),
                        k.slice(0, first.from, to), v.slice(0, first.from, to), out.slice(0, first.from, to));
            }
            i = next;
        }
        return out;
    }

    private void attendByRow(int layer, Attention options, int headWidth, Tensor q, int firstPart, int endPart,
            Tensor out) {
        List<Engine.Pages> caches = new ArrayList<>(q.length(0));
        int[] lengths = new int[q.length(0)];
        for (Part part : parts.subList(firstPart, endPart)) {
            for (int i = 0; i < part.count; i++) {
                lengths[caches.size()] = part.sequence.length() + i + 1;
                caches.add(part.sequence.layer(layer));
            }
        }
        engine.attentionOverPages(options, headWidth, q, caches, lengths, out);
    }

    private void attendTogether(int layer, Attention options, int headWidth, Part part, Tensor q, Tensor k, Tensor v,
            Tensor out) {
        try (Scope inside = Scope.open(engine)) {
            int places = part.sequence.length() + part.count;
            Tensor keys = k; // [places, kvHeads · d]
            Tensor values = v; // [places, kvHeads · d]
            if (part.sequence.length() > 0) {
                keys = inside.empty(DType.F32, places, k.length(1));
                values = inside.empty(DType.F32, places, k.length(1));
                part.sequence.gather(layer, keys, values);
            }
            Tensor byHead = heads(q, headWidth); // [1, heads, count, d]
            Tensor logSums = inside.empty(DType.F32, 1, byHead.length(1), part.count);
            engine.attention(options, byHead, heads(keys, headWidth), heads(values, headWidth), heads(out, headWidth),
                    logSums);
        }
    }

    private static Tensor heads(Tensor x, int d) {
        return x.reshape(1, x.length(0), x.length(1) / d, d).transpose(1, 2); // [n, h · d] to [1, h, n, d]
    }
}
