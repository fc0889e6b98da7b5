// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

/**
 * Where a text may be cut so that a {@link Pipeline} gives the same ids for the parts as for the whole: at spaces, or around
 * each mark of punctuation too. So the ids of a part need to be found once only.
 */
final class Stretches implements PretokenEncoder.Splitter {
    private static final byte RUN = 0;
    private static final byte DROP = 1;
    private static final byte SINGLE = 2;
    private static final byte MARK = 3;
    private static final int SPACES = 128; // of a run that are looked at for a stretch
    private static final byte[] WORD_CLASSES = new byte[1 << 16];

    static {
        for (int c = 0; c < WORD_CLASSES.length; c++) {
            WORD_CLASSES[c] = wordClass(c);
        }
    }

    private final StretchPlan.Cuts cuts;
    private final StretchEdges edges;
    private final boolean linesApart; // whether the ends of lines are stretches
    private final boolean spacesApart; // whether each space of a run is a piece

    Stretches(StretchPlan plan, TokenModel model) {
        cuts = plan.cuts();
        edges = plan.edges();
        linesApart = plan.keepsCharacters() && model instanceof Bpe bpe && linesStayApart(bpe);
        spacesApart = plan.cutsBeforeEachSpace();
    }

    /** Whether the ends of lines are never merged with anything else. */
    private static boolean linesStayApart(Bpe model) {
        int line = model.id("\n") >= 0 ? -1 : model.id(ByteTokens.of('\n'));
        if (model.id("\n") < 0 && !model.spellsAll()) {
            return false;
        }
        for (int r = 0; r < model.merges().size(); r++) {
            String token = model.token(model.merges().result(r));
            if (token == null || (token.indexOf('\n') >= 0 && token.chars().anyMatch(c -> c != '\n'))
                    || (line >= 0 && (model.merges().left(r) == line || model.merges().right(r) == line))) {
                return false;
            }
        }
        return true;
    }

    private static byte wordClass(int c) {
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            return DROP;
        }
        if (UnicodeEight.isPunctuation(c) || Normalizer.BertNormalizer.isChinese(c)) {
            return SINGLE;
        }
        int type = Character.getType(c);
        return type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK
                || type == Character.COMBINING_SPACING_MARK || CharClass.isSpace(c) ? MARK : RUN;
    }

    /** Whether a character is a piece of its own. */
    static boolean isSingle(int c) {
        return c < WORD_CLASSES.length && WORD_CLASSES[c] == SINGLE; // of pictures none
    }

    /** Whether a character is within a word, wherever it stands. */
    static boolean isOfWord(char c) {
        return WORD_CLASSES[c] == RUN;
    }

    @Override
    public int end(byte[] utf8, int from, int to) {
        return switch (cuts) {
            case WORDS -> word(utf8, from, to);
            case SPACES -> spaced(utf8, from, to);
            case BEFORE_SPACES -> beforeSpace(utf8, from, to);
        };
    }

    private static byte wordClass(byte[] utf8, int at) {
        int c = Utf8.codePointAt(utf8, at);
        return c < WORD_CLASSES.length ? WORD_CLASSES[c] : wordClass(c);
    }

    private static int word(byte[] utf8, int from, int to) {
        byte type = wordClass(utf8, from);
        int next = from + Utf8.size(utf8[from]);
        if (type == DROP || type == SINGLE) {
            if (next >= to || wordClass(utf8, next) != MARK) {
                return type == DROP ? ~next : next;
            }
            next += Utf8.size(utf8[next]);
        }
        while (next < to) {
            int smalls = Long.numberOfTrailingZeros(CharClass.notSmall(CharClass.eight(utf8, next))) >> 3;
            if (smalls > 0) { // none of which ends a word
                next += smalls;
                continue;
            }
            type = wordClass(utf8, next);
            if (type == DROP || type == SINGLE) {
                int behind = next + Utf8.size(utf8[next]);
                if (behind >= to || wordClass(utf8, behind) != MARK) {
                    return next;
                }
                next = behind;
            }
            next += Utf8.size(utf8[next]);
        }
        return Math.min(next, to);
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\t' || b == '\n' || b == '\r';
    }

    private int spaced(byte[] utf8, int from, int to) {
        int at = from;
        if (isSpace(utf8[at])) {
            at++;
            if (at >= to || isSpace(utf8[at]) || begins(utf8, at)) {
                return ~at;
            }
        }
        while (at < to && !(isSpace(utf8[at]) && ends(utf8, at) && (at + 1 >= to || begins(utf8, at + 1)))) {
            at++;
        }
        return at;
    }

    private int beforeSpace(byte[] utf8, int from, int to) {
        int at = from;
        if (linesApart && utf8[at] == '\n') {
            while (at < to && utf8[at] == '\n') {
                at++;
            }
            return at;
        }
        int apart = spacesApart ? spacesApart(utf8, from, to) : from;
        if (apart > from) {
            return apart;
        }
        while (true) {
            at = behindSpaces(utf8, at, to);
            while (at < to && !edges.isAsSpace(utf8[at]) && !(linesApart && utf8[at] == '\n')) {
                at++;
            }
            if (at >= to || !edges.isAsSpace(utf8[at])) {
                return at;
            }
            int behind = behindSpaces(utf8, at, to);
            if (staysBefore(utf8, from, at) && (behind >= to || edges.stay(Utf8.codePointAt(utf8, behind)))) {
                return at;
            }
        }
    }

    /** Behind the spaces of a run that stay pieces: not the one that begins a word, or may be changed with what follows. */
    private int spacesApart(byte[] utf8, int from, int to) {
        int end = behindSpaces(utf8, from, Math.min(to, from + SPACES));
        boolean kept = end >= to || edges.isAsSpace(utf8[end]) || edges.stay(Utf8.codePointAt(utf8, end));
        int last = end - (kept ? 1 : 2);
        return last > from && utf8[last] == '\n' && utf8[last - 1] == '\r' ? last - 1 : last; // both may become one
    }

    private int behindSpaces(byte[] utf8, int from, int to) {
        int at = from;
        while (at < to && edges.isAsSpace(utf8[at])) {
            at++;
        }
        return at;
    }

    /** Whether the character before a place, or the one that its marks belong to, stays. */
    private boolean staysBefore(byte[] utf8, int from, int to) {
        int at = to;
        while (at > from) {
            int c = Utf8.codePointBefore(utf8, at);
            if (c > 0xFFFF || CharClass.at((char) c) != CharClass.MARK) {
                return edges.stay(c);
            }
            at -= c < 0x800 ? 2 : 3;
        }
        return false;
    }

    /** Whether the character there cannot belong to a space before it. */
    private boolean begins(byte[] utf8, int at) {
        if (utf8[at] >= 0) {
            return true;
        }
        int type = CharClass.at(utf8, at) & 15;
        if (CharClass.isLetter(type) || type == CharClass.NUMBER) {
            return true;
        }
        return edges.stay(Utf8.codePointAt(utf8, at));
    }

    /** Whether the character before a place cannot take a space there with it. */
    private static boolean ends(byte[] utf8, int to) {
        if (to == 0 || utf8[to - 1] >= 0) {
            return true;
        }
        int c = Utf8.codePointBefore(utf8, to);
        // a visible space, and what Unicode calls prepended characters: formats, and a few letters
        return c < 0x600 || !(c == SentencePiece.SPACE || c == 0xD4E || c >= 0x11000 && c < 0x12000
                || Character.getType(c) == Character.FORMAT);
    }

}
