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
        Builder builder = new Builder(texts);
        int[] frequencies = new int[1 << 16];
        for (char c : builder.characters) {
            frequencies[c]++;
        }
        int last = frequencies.length - 1;
        while (last >= 0 && frequencies[last] == 0) {
            last--;
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
        root = builder.root(count);
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
        return child(node, code(c));
    }

    /** The code of a character, 0 if no text has it. */
    int code(char c) {
        return c < codes.length ? codes[c] : 0;
    }

    /** The node below a node that a code leads to, or {@link #NOWHERE}. */
    long child(long node, int code) {
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
        private static final int TRIES = 8; // of places for one node's children

        /** All texts, one behind the other: looked at level by level, strings would lie anywhere in memory. */
        private final char[] characters;
        private final int[] ends; // of the texts there; the first begins behind a zero
        private final int[] values;
        private final int[] next; // text that begins as one does, 0 for none
        private int most; // the highest code
        private int[] firsts = {}; // by code, of the texts below a node that which a child begins with, 0 for none
        private int[] children = {}; // codes of a node's
        private long[] nodes = {};
        private final BitSet taken = new BitSet();
        private final BitSet bases = new BitSet();
        private int end; // behind the last node
        private int free; // before which there is hardly a place left
        private int sparse; // before which several children hardly find room
        private int[] queue = new int[1 << 10]; // of nodes: their places and first texts
        private int tail;

        Builder(Map<String, Integer> numbers) {
            ends = new int[numbers.size() + 1];
            values = new int[ends.length];
            next = new int[ends.length];
            char[] all = new char[8 * ends.length];
            int at = 0;
            int count = 0;
            for (Map.Entry<String, Integer> text : numbers.entrySet()) {
                String string = text.getKey();
                int to = Math.addExact(at, string.length());
                if (to > all.length) {
                    all = Arrays.copyOf(all, (int) Math.min(2L * to, Integer.MAX_VALUE - 8));
                }
                string.getChars(0, string.length(), all, at);
                at = to;
                next[++count] = count - 1;
                ends[count] = at;
                values[count] = text.getValue();
            }
            characters = Arrays.copyOf(all, at);
        }

        /**
         * Places all nodes.
         *
         * @param highest
         *            the highest code
         */
        long root(int highest) {
            most = highest;
            firsts = new int[most + 1];
            children = new int[most];
            nodes = new long[Math.max(16, 4 * most)];
            Arrays.fill(nodes, NOWHERE);
            end = most + 1; // nothing lies before, which is where nodes without children look for them
            taken.set(0, end);
            long top = complete(0, ends.length - 1, 0) & ~((long) VALUE_MASK << CODE_BITS); // an empty text is none
            int depth = 1;
            for (int at = 0, level = tail; at < tail; at += 2) {
                if (at == level) {
                    depth++;
                    level = tail;
                }
                long node = complete(nodes[queue[at]], queue[at + 1], depth);
                nodes[queue[at]] = node; // in an array that may be another by now
            }
            return top;
        }

        long[] nodes() {
            grow(end + most); // so that a step from any base stays inside
            return Arrays.copyOf(nodes, end + most + 1);
        }

        /** Gives a node its number and finds places for its children. */
        private long complete(long bare, int list, int depth) {
            long node = bare & CODE_MASK;
            int count = 0;
            for (int text = list; text > 0;) {
                int after = next[text];
                int at = ends[text - 1] + depth;
                if (at == ends[text]) {
                    if (values[text] >= VALUE_MASK) {
                        throw tooLarge("the number " + values[text]);
                    }
                    node |= (long) (values[text] + 1) << CODE_BITS;
                } else {
                    int code = codes[characters[at]];
                    if (firsts[code] == 0) {
                        children[count++] = code;
                    }
                    next[text] = firsts[code];
                    firsts[code] = text;
                }
                text = after;
            }
            if (count == 0) {
                return node;
            }
            if (count > 1) {
                Arrays.sort(children, 0, count);
            }
            int base = base(count);
            bases.set(base);
            for (int i = 0; i < count; i++) {
                int place = base + children[i];
                taken.set(place);
                grow(place);
                end = Math.max(end, place + 1);
                nodes[place] = children[i];
                if (tail + 2 > queue.length) {
                    queue = Arrays.copyOf(queue, queue.length * 2);
                }
                queue[tail++] = place;
                queue[tail++] = firsts[children[i]];
                firsts[children[i]] = 0;
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

        /** Where the so many children all find room. */
        private int base(int count) {
            int code = children[0];
            int at = taken.nextClearBit(count == 1 ? free : sparse);
            for (int tries = 1; bases.get(at - code) || !fits(at - code, count); tries++) {
                at = taken.nextClearBit(at + 1);
                if (tries >= TRIES && count == 1) {
                    free = at;
                } else if (tries >= TRIES) {
                    sparse = at;
                }
            }
            if (at >= MOST_NODES - CODE_MASK) {
                throw tooLarge("texts of more than " + MOST_NODES + " different beginnings");
            }
            return at - code;
        }

        private boolean fits(int base, int count) {
            for (int i = 1; i < count; i++) {
                if (taken.get(base + children[i])) {
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
