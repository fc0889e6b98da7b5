// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import java.util.AbstractList;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import verbo.tensor.DType;
import verbo.tensor.Engine;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

/**
 * What a Transformer remembers of the tokens it has read: keys and values of every layer, in pages of a few places that
 * sequences share as long as they are the same (Kwon et al. 2023). Pages that are given back are used again, so in the long
 * run nothing is allocated.
 *
 * <p>
 * The last hidden vector of each place is kept as well: with it, going back to a place needs nothing computed again. It adds
 * 1/(2 · layers) to the memory.
 */
final class KeyValueCache implements AutoCloseable {
    /** Places of a page. */
    static final int PAGE = 16;

    private final Engine engine;
    private final Scope scope;
    private final int layers;
    private final int keyWidth;
    private final int width;
    private final Deque<Page> free = new ArrayDeque<>();

    KeyValueCache(CausalTransformer network) {
        this.engine = network.engine();
        this.scope = Scope.lasting(engine);
        this.layers = network.layers();
        this.keyWidth = network.keyWidth();
        this.width = network.width();
    }

    /** Some places of all layers. */
    private static final class Page {
        final Tensor all; // [layers, 2, PAGE, keyWidth]
        final Tensor hidden; // [PAGE, width]
        final Tensor[] keys; // of each layer [PAGE, keyWidth]
        final Tensor[] values; // of each layer [PAGE, keyWidth]
        int users;

        Page(Tensor all, Tensor hidden) {
            this.all = all;
            this.hidden = hidden;
            this.keys = new Tensor[all.length(0)];
            this.values = new Tensor[all.length(0)];
            for (int layer = 0; layer < keys.length; layer++) {
                keys[layer] = all.select(0, layer).select(0, 0);
                values[layer] = all.select(0, layer).select(0, 1);
            }
        }
    }

    private Page take() {
        Page page = free.poll();
        if (page == null) {
            page = new Page(scope.empty(DType.F32, layers, 2, PAGE, keyWidth), scope.empty(DType.F32, PAGE, width));
        }
        page.users = 1;
        return page;
    }

    private void release(Page page) {
        if (--page.users == 0) {
            free.push(page);
        }
    }

    Sequence open() {
        return new Sequence();
    }

    @Override
    public void close() {
        scope.close();
    }

    /** The places of one sequence. */
    final class Sequence {
        private final List<Page> pages = new ArrayList<>();
        private final List<Engine.Pages> byLayer = new ArrayList<>();
        private int length;

        Sequence() {
            for (int i = 0; i < layers; i++) {
                int layer = i;
                byLayer.add(new Engine.Pages(new Column(page -> page.keys[layer]),
                        new Column(page -> page.values[layer]), PAGE));
            }
        }

        /** One tensor of each page, seen as a list. */
        private final class Column extends AbstractList<Tensor> {
            private final java.util.function.Function<Page, Tensor> part;

            Column(java.util.function.Function<Page, Tensor> part) {
                this.part = part;
            }

            @Override
            public Tensor get(int index) {
                return part.apply(pages.get(index));
            }

            @Override
            public int size() {
                return pages.size();
            }
        }

        /** How many places are filled. */
        int length() {
            return length;
        }

        /** Keys and values of a layer, in pages. */
        Engine.Pages layer(int layer) {
            return byLayer.get(layer);
        }

        /** A sequence that shares the filled pages; who writes first into a shared one makes a copy. */
        Sequence fork() {
            Sequence fork = new Sequence();
            for (Page page : pages.subList(0, Math.ceilDiv(length, PAGE))) { // more are reserved if a pass has failed
                page.users++;
                fork.pages.add(page);
            }
            fork.length = length;
            return fork;
        }

        /** Makes room for so many more places, in pages that are this sequence's own. */
        void reserve(int count) {
            int partial = length % PAGE;
            if (partial > 0) {
                int last = length / PAGE;
                Page page = pages.get(last);
                if (page.users > 1) {
                    Page own = take();
                    engine.copy(page.all, own.all, false);
                    engine.copy(page.hidden, own.hidden, false);
                    release(page);
                    pages.set(last, own);
                }
            }
            while ((long) pages.size() * PAGE < (long) length + count) {
                pages.add(take());
            }
        }

        /** Puts keys and values of a layer [count, keyWidth] behind the places that are filled. */
        void put(int layer, Tensor keys, Tensor values) {
            int count = keys.length(0);
            for (int done = 0; done < count;) {
                int at = (length + done) % PAGE;
                int step = Math.min(PAGE - at, count - done);
                Page page = pages.get((length + done) / PAGE);
                engine.copy(keys.slice(0, done, done + step), page.keys[layer].slice(0, at, at + step), false);
                engine.copy(values.slice(0, done, done + step), page.values[layer].slice(0, at, at + step), false);
                done += step;
            }
        }

        /** Copies the keys and values of a layer's first places out: {@code [places, keyWidth]} each. */
        void gather(int layer, Tensor keys, Tensor values) {
            int count = keys.length(0);
            for (int from = 0; from < count; from += PAGE) {
                int to = Math.min(count, from + PAGE);
                Page page = pages.get(from / PAGE);
                engine.copy(page.keys[layer].slice(0, 0, to - from), keys.slice(0, from, to), false);
                engine.copy(page.values[layer].slice(0, 0, to - from), values.slice(0, from, to), false);
            }
        }

        /** Puts the last hidden vectors [count, width], which completes the places: they count as filled. */
        void complete(Tensor hidden) {
            int count = hidden.length(0);
            for (int done = 0; done < count;) {
                int at = length % PAGE;
                int step = Math.min(PAGE - at, count - done);
                Page page = pages.get(length / PAGE);
                engine.copy(hidden.slice(0, done, done + step), page.hidden.slice(0, at, at + step), false);
                done += step;
                length += step;
            }
        }

        /** The hidden vector of the last place [1, width]. */
        Tensor last() {
            int at = (length - 1) % PAGE;
            return pages.get((length - 1) / PAGE).hidden.slice(0, at, at + 1);
        }

        /** Goes back to the first places. */
        void truncate(int to) {
            length = to;
            while (pages.size() > Math.ceilDiv(to, PAGE)) {
                release(pages.removeLast());
            }
        }
    }
}
