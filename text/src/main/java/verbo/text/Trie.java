// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;

/**
 * Texts by their characters, each with a number from 0 up: all that begin at a place are found in one walk. A double array
 * (Aoe 1989, "An efficient digital search algorithm by using a double-array structure"): the children of a node lie at its
 * base plus the code of the character that leads to them, so that a step is one look into one array. Codes are given by
 * frequency, which keeps children near each other. No two nodes have the same base, so the code tells whose child one is.
 */
final class Trie {
    static final int NONE = -1;

    // a node: code of the character that led to it, the number plus one, the base; an empty place has a code that is none
    private static final int CODE_BITS = 17;
    private static final int VALUE_BITS = 23;
    private static final int CODE_MASK = (1 << CODE_BITS) - 1;
    private static final int VALUE_MASK = (1 << VALUE_BITS) - 1;
    private static final int MOST_NODES = 1 << 64 - CODE_BITS - VALUE_BITS;
    /** No node: nothing ends or goes on there. */
    static final long NOWHERE = CODE_MASK;

    private final int[] codes; // of characters, from 1 up; 0 for those in no text
    private final long[] nodes;
    private final long root;

    /** The texts and their numbers; an empty text is left out. */
    Trie(Map<String, Integer> texts) {
        String[] sorted = texts.keySet().stream().filter(t -> !t.isEmpty()).sorted().toArray(String[]::new);
        int[] frequencies = new int[1 << 16];
        int last = -1;
        for (String text : sorted) {
            for (int i = 0; i < text.length(); i++) {
                frequencies[text.charAt(i)]++;
                last = Math.max(last, text.charAt(i));
            }
        }
        long[] order = new long[last + 1];
        int count = 0;
        for (int c = 0; c <= last; c++) {
            if (frequencies[c] > 0) {
                order[count++] = (long) -frequencies[c] << 16 | c;
            }
        }
        Arrays.sort(order, 0, count);
        codes = new int[last + 1];
        for (int i = 0; i < count; i++) {
            codes[(int) (order[i] & 0xFFFF)] = i + 1;
        }
        Builder builder = new Builder(sorted, texts, count);
        root = builder.root();
        nodes = builder.nodes();
    }

    boolean isEmpty() {
        return codes.length == 0;
    }

    long root() {
        return root;
    }

    /** The node below a node, or {@link #NOWHERE}. */
    long child(long node, char c) {
        int code = c < codes.length ? codes[c] : 0;
        long child = nodes[(int) (node >>> CODE_BITS + VALUE_BITS) + code];
        return (child & CODE_MASK) == code ? child : NOWHERE;
    }

    /** The number of the text that ends at a node, or {@link #NONE}. */
    static int value(long node) {
        return (int) (node >>> CODE_BITS & VALUE_MASK) - 1;
    }

    /** The number of a text, or {@link #NONE}. */
    int get(char[] text, int from, int to) {
        return value(node(text, from, to));
    }

    /** The node of a text, or {@link #NOWHERE}. */
    long node(char[] text, int from, int to) {
        long node = root;
        for (int i = from; i < to && node != NOWHERE; i++) {
            node = child(node, text[i]);
        }
        return node;
    }

    /** Finds places for the nodes, level by level, so that those of the first levels are near each other. */
    private final class Builder {
        private final String[] sorted;
        private final Map<String, Integer> texts;
        private final int most; // the highest code
        private long[] nodes;
        private final BitSet taken = new BitSet();
        private final BitSet bases = new BitSet();
        private int end; // behind the last node
        private int free; // before which all places are taken, or nearly all
        private int[] queue = new int[1 << 10]; // of nodes: place, texts from and to
        private int tail;

        Builder(String[] sorted, Map<String, Integer> texts, int most) {
            this.sorted = sorted;
            this.texts = texts;
            this.most = most;
            nodes = new long[Math.max(16, 4 * most)];
            Arrays.fill(nodes, NOWHERE);
            end = most + 1; // nothing lies before, which is where nodes without children look for them
            free = end;
        }

        long root() {
            long top = place(0, 0, sorted.length, 0);
            int depth = 1;
            for (int at = 0, level = tail; at < tail; at += 3) {
                if (at == level) {
                    depth++;
                    level = tail;
                }
                int place = queue[at];
                long node = place(nodes[place], queue[at + 1], queue[at + 2], depth);
                nodes[place] = node; // in an array that may be another by now
            }
            return top;
        }

        long[] nodes() {
            grow(end + most); // so that a step from any base stays inside
            return Arrays.copyOf(nodes, end + most + 1);
        }

        /** Finds places for a node's children, and completes it: the texts from and to have the same beginning so far. */
        private long place(long bare, int from, int to, int depth) {
            int next = from;
            long node = bare & CODE_MASK;
            if (sorted.length > 0 && sorted[from].length() == depth) {
                int value = texts.getOrDefault(sorted[from], 0);
                if (value >= VALUE_MASK) {
                    throw tooLarge(value + " numbers");
                }
                node |= (long) (value + 1) << CODE_BITS;
                next++;
            }
            if (next == to) {
                return node;
            }
            int first = tail;
            for (int begin = next; begin < to;) {
                char c = sorted[begin].charAt(depth);
                int behind = begin + 1;
                while (behind < to && sorted[behind].charAt(depth) == c) {
                    behind++;
                }
                if (tail + 3 > queue.length) {
                    queue = Arrays.copyOf(queue, queue.length * 2);
                }
                queue[tail] = codes[c];
                queue[tail + 1] = begin;
                queue[tail + 2] = behind;
                tail += 3;
                begin = behind;
            }
            int base = base(first);
            bases.set(base);
            for (int i = first; i < tail; i += 3) {
                int code = queue[i];
                int place = base + code;
                taken.set(place);
                grow(place);
                end = Math.max(end, place + 1);
                nodes[place] = code;
                queue[i] = place;
            }
            return node | (long) base << CODE_BITS + VALUE_BITS;
        }

        private void grow(int place) {
            int old = nodes.length;
            if (place >= old) {
                nodes = Arrays.copyOf(nodes, Math.max(place + 1, old * 2));
                Arrays.fill(nodes, old, nodes.length, NOWHERE);
            }
        }

        /** Where the children that are queued from a place on all find room. */
        private int base(int first) {
            int code = queue[first];
            int tries = 0;
            for (int at = taken.nextClearBit(free);; at = taken.nextClearBit(at + 1)) {
                int base = at - code;
                if (base > 0 && !bases.get(base) && fits(base, first)) {
                    if (at >= MOST_NODES - CODE_MASK) {
                        throw tooLarge("texts of more than " + MOST_NODES + " different beginnings");
                    }
                    return base;
                }
                if (++tries == 64) { // those places are hard to fill
                    free = Math.max(free, at - 64);
                }
                if (tries > 256) {
                    at = Math.max(at, end + most);
                }
            }
        }

        private boolean fits(int base, int first) {
            for (int i = first; i < tail; i += 3) {
                int place = base + queue[i];
                if (place <= most || taken.get(place)) {
                    return false;
                }
            }
            return true;
        }

        private IllegalArgumentException tooLarge(String what) {
            return new IllegalArgumentException("a vocabulary cannot have " + what);
        }
    }
}
