// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Finds the matches of a regular expression in UTF-8 in one walk, without going back: the ways an expression may go on are
 * a list in the order a backtracking search would try them (Pike 1987), each list is a state, and where a character leads is
 * found once (Cox, <a href="https://swtch.com/~rsc/regexp/regexp3.html">Regular Expression Matching in the Wild</a>). So
 * the matches are those of {@code java.util.regex}, ten times as fast. Safe for use by several threads.
 *
 * <p>
 * Characters that are in the same sets are one to it. Which those are is asked when a character comes the first time.
 */
final class Automaton {
    /** More is left to {@code java.util.regex}. */
    private static final int MOST_INSTRUCTIONS = 1 << 12;
    /** States that are kept. */
    private static final int MOST_STATES = 1 << 10;
    /** The end of the text, where a class of characters is asked for. */
    private static final int END = 0;
    private static final String SMALL = "abcdefghijklmnopqrstuvwxyz";

    /** What is done next; by itself the instruction behind. */
    private enum Code {
        /** Goes over a character of the set {@code a}. */
        ONE,
        /** Goes on if the look {@code a}, whose set is {@code b}, allows it. */
        LOOK,
        /** Goes on at {@code a}, or else at {@code b}. */
        SPLIT, JUMP, MATCH
    }

    private record Instruction(Code code, int a, int b) {}

    /** Where in the program all ways stand behind a character, and whether a match ended before it. */
    private record Ways(int[] ways, boolean matched) {}

    /** What one walk after another through a text leaves behind. */
    static final class Walk {
        private static final long STEPS = 100_000_000;
        private static final long STEPS_A_BYTE = 1000;

        private long left;
        // how the last search that found nothing went: in which state it stood since where, and where no way was left
        private int row;
        private int since;
        private int died;

        /** @param length of the text */
        Walk(int length) {
            left = STEPS + STEPS_A_BYTE * length;
        }
    }

    /** Where characters lead: a row for each list of ways, in it an entry for each class of characters. */
    private final class Table {
        static final int DEAD = 0;
        private static final int MATCHED = 1; // a match ends before the character
        private static final int KNOWN = 2;
        private static final int LOOPS = 4; // all of a-z lead from the row that follows to itself,
        private static final int LOOPS_MATCHED = 8; // and before each a match ends
        private static final int ROW = 4; // the entry from this bit on

        final int width = Math.max(32, 2 * classes.size());
        final int start = width;
        private final List<int[]> states = new ArrayList<>(List.of(new int[0]));
        private final Map<IntBuffer, Integer> rows = new HashMap<>(Map.of(IntBuffer.allocate(0), DEAD)); // as entries have it
        int[] entries = new int[16 * width]; // 0: not known yet
        boolean full;

        Table() {
            row(new int[]{0});
        }

        private int row(int[] ways) {
            return rows.computeIfAbsent(IntBuffer.wrap(ways), key -> {
                states.add(ways);
                if (states.size() * width > entries.length) {
                    entries = Arrays.copyOf(entries, 2 * entries.length); // whoever has the other asks again
                }
                return (states.size() - 1) * width << ROW | loops(ways);
            });
        }

        private int loops(int[] ways) {
            Ways first = follow(ways, bytes['a']);
            return Arrays.equals(first.ways, ways) && SMALL.chars().mapToObj(c -> follow(ways, bytes[c]))
                    .allMatch(next -> next.matched == first.matched && Arrays.equals(next.ways, ways))
                            ? first.matched ? LOOPS | LOOPS_MATCHED : LOOPS
                            : 0;
        }

        /** The entry of a class in a row, 0 if the table has no room for it. */
        int entry(int row, int c) {
            synchronized (Automaton.this) {
                if (c >= width || states.size() >= MOST_STATES) {
                    full = true;
                    return 0;
                }
                Ways next = follow(states.get(row / width), c);
                int entry = row(next.ways) | KNOWN | (next.matched ? MATCHED : 0);
                entries[row + c] = entry;
                return entry;
            }
        }
    }

    private final String source;
    private final boolean written; // whether bytes are read as the characters that byte-level vocabularies write for them
    private final List<Instruction> program = new ArrayList<>();
    private final List<IntPredicate> sets = new ArrayList<>();
    private final List<Expression.Look> looks = new ArrayList<>();
    private final List<BitSet> classes = new ArrayList<>(); // the sets that the characters of each are in
    private final Map<BitSet, Integer> classIds = new HashMap<>();
    private final char[] bytes; // the class of each byte that is a character
    private final char[] @Nullable [] pages = new char[0x1100][];
    private final int[] seen;
    private int round;
    private volatile Table table;
    private final boolean[] begins; // whether a match may begin with the byte

    private Automaton(Expression expression, String source, boolean written) {
        this.source = source;
        this.written = written;
        compile(expression);
        add(Code.MATCH, 0, 0);
        seen = new int[program.size()];
        classes.add(new BitSet());
        bytes = new char[written ? 256 : 128];
        for (int b = 0; b < bytes.length; b++) {
            bytes[b] = (char) found(written ? ByteLevel.toChar(b) : b);
        }
        table = new Table();
        begins = new boolean[bytes.length];
        for (int b = 0; b < bytes.length; b++) {
            begins[b] = follow(new int[]{0}, bytes[b]).ways.length > 0;
        }
    }

    /**
     * Prepares the search for an expression.
     *
     * @param source
     *            what errors call it
     * @param written
     *            whether each byte is read as the character that {@link ByteLevel} writes for it
     * @return null if the expression matches nothing somewhere, or is too large
     */
    static @Nullable Automaton of(Expression expression, String source, boolean written) {
        return Expression.isNullable(expression) || size(expression) > MOST_INSTRUCTIONS
                ? null
                : new Automaton(expression, source, written);
    }

    private static long size(Expression expression) {
        return switch (expression) {
            case Expression.One one -> 1;
            case Expression.Look look -> 1;
            case Expression.Sequence(List<Expression> parts) -> parts.stream().mapToLong(Automaton::size).sum();
            case Expression.Either(List<Expression> choices) ->
                choices.stream().mapToLong(choice -> 2 + size(choice)).sum();
            case Expression.Repeat(Expression one, int least, int most, boolean reluctant) -> Math.min(
                    MOST_INSTRUCTIONS + 1, // of an expression in another the product
                    (size(one) + 1) * (most == Expression.ENDLESS ? least + 1L : most));
        };
    }

    private int add(Code code, int a, int b) {
        program.add(new Instruction(code, a, b));
        return program.size() - 1;
    }

    private void compile(Expression expression) {
        switch (expression) {
            case Expression.One(IntPredicate set) -> add(Code.ONE, set(set), 0);
            case Expression.Look look -> {
                looks.add(look);
                add(Code.LOOK, looks.size() - 1, set(look.set()));
            }
            case Expression.Sequence(List<Expression> parts) -> parts.forEach(this::compile);
            case Expression.Either(List<Expression> choices) -> {
                List<Integer> jumps = new ArrayList<>();
                for (Expression choice : choices.subList(0, choices.size() - 1)) {
                    int split = add(Code.SPLIT, 0, 0);
                    compile(choice);
                    jumps.add(add(Code.JUMP, 0, 0));
                    program.set(split, new Instruction(Code.SPLIT, split + 1, program.size()));
                }
                compile(choices.getLast());
                jumps.forEach(jump -> program.set(jump, new Instruction(Code.JUMP, program.size(), 0)));
            }
            case Expression.Repeat(Expression one, int least, int most, boolean reluctant) -> {
                for (int i = 0; i < least; i++) {
                    compile(one);
                }
                List<Integer> splits = new ArrayList<>();
                for (int i = least; i < most && (most < Expression.ENDLESS || i == least); i++) {
                    splits.add(add(Code.SPLIT, 0, 0));
                    compile(one);
                }
                if (most == Expression.ENDLESS) {
                    add(Code.JUMP, splits.get(0), 0);
                }
                int end = program.size();
                splits.forEach(split -> program.set(split, reluctant
                        ? new Instruction(Code.SPLIT, end, split + 1)
                        : new Instruction(Code.SPLIT, split + 1, end)));
            }
        }
    }

    private int set(IntPredicate set) {
        if (!sets.contains(set)) {
            sets.add(set);
        }
        return sets.indexOf(set);
    }

    private synchronized int found(int c) {
        BitSet in = new BitSet();
        for (int s = 0; s < sets.size(); s++) {
            in.set(s, sets.get(s).test(c));
        }
        Integer known = classIds.get(in);
        if (known == null) {
            known = classes.size();
            classes.add(in);
            classIds.put(in, known);
        }
        return known;
    }

    private int classOf(int c) {
        char[] page = pages[c >> 8];
        if (page == null) {
            page = new char[256];
            pages[c >> 8] = page;
        }
        int known = page[c & 0xFF];
        if (known == 0) {
            known = found(c);
            page[c & 0xFF] = (char) known;
        }
        return known;
    }

    /**
     * Where the match that begins at {@code from} ends; if none does, {@code ~end} of what lies before the next one.
     *
     * @throws IllegalArgumentException
     *             if the walk through the text takes too long
     */
    int end(byte[] utf8, int from, int to, Walk walk) {
        Table known = table;
        if (known.full) {
            synchronized (this) { // following ways takes memory of the automaton's own
                if (table == known) {
                    table = new Table();
                }
                known = table;
            }
        }
        walk.died = -1;
        for (int at = from; at < to;) {
            byte b = utf8[at];
            if ((b >= 0 || written) && !begins[b & 0xFF]) {
                at++;
                continue;
            }
            int next = at + size(b);
            boolean same = next >= walk.since && next <= walk.died // as the last search, from here on
                    && known.entry(known.start, classAt(utf8, at)) >>> Table.ROW == walk.row;
            int end = same ? -1 : match(utf8, at, to, known, walk);
            if (end >= 0) {
                return at == from ? end : ~at;
            }
            at = next;
        }
        return ~to;
    }

    /** The end of a run of a-z, which may lie behind the text. */
    private static int small(byte[] utf8, int from, int to) {
        int at = from;
        int more;
        do {
            more = Long.numberOfTrailingZeros(CharClass.notSmall(CharClass.eight(utf8, at))) >> 3;
            at += more;
        } while (more == 8 && at < to);
        return at;
    }

    /** Where the match that begins there ends, -1 if there is none. */
    private int match(byte[] utf8, int from, int to, Table known, Walk walk) {
        int[] entries = known.entries;
        int row = known.start;
        int last = -1;
        int since = from;
        int at = from;
        while (true) {
            int c = END;
            int size = 1;
            if (at < to) {
                byte b = utf8[at];
                if (b >= 0 || written) {
                    c = bytes[b & 0xFF];
                } else {
                    c = classOf(Utf8.codePointAt(utf8, at));
                    size = size(b);
                }
            }
            int entry = c < known.width ? entries[row + c] : 0;
            if (entry == 0) {
                entry = known.entry(row, c);
                if (entry == 0) {
                    return matchByWays(utf8, from, to, walk);
                }
                entries = known.entries;
            }
            if ((entry & Table.MATCHED) != 0) {
                last = at;
            }
            int next = entry >>> Table.ROW;
            if (next == row) {
                at += size;
                continue;
            }
            if (next == Table.DEAD) {
                break;
            }
            row = next;
            at += size;
            since = at;
            if ((entry & Table.LOOPS) != 0) {
                int end = Math.min(small(utf8, at, to), to);
                if (end > at && (entry & Table.LOOPS_MATCHED) != 0) {
                    last = end - 1;
                }
                at = end;
            }
        }
        walk.row = row;
        walk.since = since;
        walk.died = at;
        went(walk, at - Math.max(last, from));
        return last;
    }

    /** The same without a table. */
    private int matchByWays(byte[] utf8, int from, int to, Walk walk) {
        Ways ways = new Ways(new int[]{0}, false);
        int last = -1;
        int at = from;
        while (ways.ways.length > 0) {
            int c = at < to ? classAt(utf8, at) : END;
            synchronized (this) {
                ways = follow(ways.ways, c);
            }
            if (ways.matched) {
                last = at;
            }
            at += at < to ? size(utf8[at]) : 0;
        }
        walk.died = -1;
        went(walk, at - Math.max(last, from));
        return last;
    }

    private void went(Walk walk, int inVain) {
        walk.left -= inVain;
        if (walk.left < 0) {
            throw new IllegalArgumentException("the tokenizer's pattern takes too long on this text: " + source);
        }
    }

    private int size(byte first) {
        return first >= 0 || written ? 1 : first < (byte) 0xE0 ? 2 : first < (byte) 0xF0 ? 3 : 4;
    }

    private int classAt(byte[] utf8, int at) {
        int b = utf8[at];
        return b >= 0 || written ? bytes[b & 0xFF] : classOf(Utf8.codePointAt(utf8, at));
    }

    private Ways follow(int[] ways, int c) {
        round++;
        IntBuilder next = new IntBuilder(8);
        for (int way : ways) {
            if (follow(way, c, next)) {
                return new Ways(next.toArray(), true); // what comes after would have been tried later
            }
        }
        return new Ways(next.toArray(), false);
    }

    /** Where jumps lead, so that ways that go on alike are alike. */
    private int landing(int from) {
        int way = from;
        while (program.get(way).code == Code.JUMP) {
            way = program.get(way).a;
        }
        return way;
    }

    /** Goes on until characters are asked for, and over those if they are of this class; whether a match is before it. */
    private boolean follow(int from, int c, IntBuilder next) {
        for (int way = from; seen[way] != round;) {
            seen[way] = round;
            Instruction instruction = program.get(way);
            switch (instruction.code) {
                case ONE -> {
                    if (c != END && classes.get(c).get(instruction.a)) {
                        next.add(landing(way + 1));
                    }
                    return false;
                }
                case LOOK -> {
                    Expression.Look look = looks.get(instruction.a);
                    if (c == END ? !look.atEnd() : classes.get(c).get(instruction.b) != look.wanted()) {
                        return false;
                    }
                    way++;
                }
                case SPLIT -> {
                    if (follow(instruction.a, c, next)) {
                        return true;
                    }
                    way = instruction.b;
                }
                case JUMP -> way = instruction.a;
                case MATCH -> {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Whether the matches of a text stay the same when it is cut before a space between two small letters: none goes over
     * it, and none looks at it.
     */
    synchronized boolean allowsCuts() {
        for (int way = 0; way < program.size(); way++) {
            Instruction instruction = program.get(way);
            if (instruction.code == Code.ONE && SMALL.chars()
                    .anyMatch(c -> classes.get(bytes[c]).get(instruction.a))) {
                Ways space = follow(new int[]{way + 1}, bytes[' ']);
                Ways end = follow(new int[]{way + 1}, END);
                if (space.ways.length > 0 || space.matched != end.matched) {
                    return false;
                }
            }
        }
        return true;
    }

    /** Whether each small letter is in a match. */
    synchronized boolean matchesLetters() {
        return SMALL.chars().allMatch(c -> follow(follow(new int[]{0}, bytes[c]).ways, bytes[' ']).matched);
    }
}
