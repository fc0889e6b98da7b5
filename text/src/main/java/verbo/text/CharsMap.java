// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.text.BreakIterator;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The normalisation rules of a SentencePiece model, {@code precompiled_charsmap}: four bytes that give the size of a
 * double array (a <a href="https://github.com/s-yata/darts-clone">darts-clone</a>), the array, from UTF-8 to offsets, and
 * what the offsets point to, each ended by a zero byte.
 */
final class CharsMap {
    private static final int LONGEST = 256; // bytes of a rule

    private final byte[] bytes;
    private final int[] units;
    private final byte[] replacements;
    private volatile @Nullable BitSet madeOfSeveral; // characters that may come from several; found by the first who asks

    private CharsMap(byte[] bytes, int[] units, byte[] replacements) {
        this.bytes = bytes;
        this.units = units;
        this.replacements = replacements;
    }

    /**
     * @throws IllegalArgumentException
     *             if the map is malformed
     */
    static CharsMap of(byte[] bytes) {
        if (bytes.length < 4) {
            throw new IllegalArgumentException(
                    "the map of characters has " + bytes.length + " bytes, and 4 are needed");
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int size = buffer.getInt();
        if (size < 0 || size > bytes.length - 4 || size % 4 != 0) {
            throw new IllegalArgumentException(
                    "the map of characters says its trie has " + Integer.toUnsignedString(size)
                            + " bytes, but " + (bytes.length - 4) + " follow");
        }
        int[] units = new int[size / 4];
        buffer.asIntBuffer().get(units);
        return new CharsMap(bytes, units, Arrays.copyOfRange(bytes, 4 + size, bytes.length));
    }

    byte[] bytes() {
        return bytes;
    }

    /** Told a rule: key[0..length) is replaced by what lies at a place. */
    private interface Sink {
        /** Whether to go on. */
        boolean rule(byte[] key, int length, int replacement);
    }

    /**
     * Tells all rules; false if not all were told.
     *
     * @param nodes
     *            that are looked at: what goes round in circles is no trie
     */
    private boolean forEach(int nodes, Sink sink) {
        return units.length == 0 || forEach(offset(units[0]), 0, new byte[LONGEST], new int[]{nodes}, sink);
    }

    private boolean forEach(int from, int depth, byte[] key, int[] left, Sink sink) {
        if (depth == LONGEST || --left[0] < 0) {
            return false;
        }
        for (int label = 1; label < 256; label++) {
            int node = from ^ label;
            if (node < 0 || node >= units.length || (units[node] & (1 << 31 | 0xFF)) != label) {
                continue;
            }
            key[depth] = (byte) label;
            int unit = units[node];
            int below = node ^ offset(unit);
            boolean ends = (unit >>> 8 & 1) == 1 && below >= 0 && below < units.length;
            if ((ends && !sink.rule(key, depth + 1, units[below] & 0x7FFFFFFF))
                    || !forEach(below, depth + 1, key, left, sink)) {
                return false;
            }
        }
        return true;
    }

    /**
     * The characters that rules have behind others.
     *
     * @return null if a rule reaches across a space: begins or goes on with one, or is of several characters that become one
     */
    @Nullable BitSet later() {
        BitSet later = new BitSet();
        boolean keeps = forEach(units.length, (key, length, replacement) -> {
            int[] rule = Utf8.decode(key, 0, length).codePoints().toArray();
            for (int i = 1; i < rule.length; i++) {
                later.set(rule[i]);
            }
            String becomes = rule.length < 2 ? "" : Utf8.decode(replacement(replacement));
            return rule.length < 2 || (rule[0] != ' ' && !becomes.isEmpty() && becomes.indexOf(' ') < 0);
        });
        return keeps && !later.get(' ') ? later : null;
    }

    /** Whether one of these characters may come from several that are replaced together. */
    boolean makesOfSeveral(String characters) {
        BitSet known = madeOfSeveral;
        if (known == null) {
            known = findMadeOfSeveral();
            madeOfSeveral = known; // every thread would write an equal one
        }
        return characters.chars().anyMatch(known::get);
    }

    /** Rules may share their ends, so a node is looked at once behind no, one and more characters. */
    private BitSet findMadeOfSeveral() {
        BitSet made = new BitSet();
        BitSet seen = new BitSet();
        IntBuilder left = new IntBuilder(1 << 10); // nodes << 2 | characters before
        left.add(units.length == 0 ? 0 : offset(units[0]) << 2);
        for (int at = 0; at < left.size(); at++) {
            int from = left.get(at) >> 2;
            for (int label = 1; label < 256; label++) {
                int node = from ^ label;
                if (node < 0 || node >= units.length || (units[node] & (1 << 31 | 0xFF)) != label) {
                    continue;
                }
                int below = node ^ offset(units[node]);
                if (below < 0 || below >= units.length) {
                    continue;
                }
                int characters = Math.min(2, (left.get(at) & 3) + ((label & 0xC0) == 0x80 ? 0 : 1));
                if ((units[node] >>> 8 & 1) == 1 && characters == 2) {
                    Utf8.decode(replacement(units[below] & 0x7FFFFFFF)).chars().forEach(made::set);
                }
                if (!seen.get(below << 2 | characters)) {
                    seen.set(below << 2 | characters);
                    left.add(below << 2 | characters);
                }
            }
        }
        return made;
    }

    /** Bytes of the longest rule; {@link #LONGEST} if there are longer ones. */
    int longest() {
        int[] most = {0};
        boolean all = forEach(units.length, (key, length, replacement) -> {
            most[0] = Math.max(most[0], length);
            return true;
        });
        return all ? most[0] : LONGEST;
    }

    /** Whether a character may be in a grapheme cluster with others that has a rule, and not as the first of two letters. */
    static boolean joins(int c) {
        if (c < 0x300) {
            return c == '\r' || c == '\n' || c == 0xAD;
        }
        if (c > 0xFFFF) { // pictures are in clusters too long to have a rule, but for tones of skin
            return CharClass.place(c) < 0 || (c >= 0x1F3FB && c < 0x1F400);
        }
        return c == 0xD4E || c == 0xE33 || c == 0xEB3 || (c >= 0x1100 && c < 0x1200)
                || (c >= 0xA960 && c < 0xA980) || (c >= 0xD7B0 && c < 0xD800) || switch (Character.getType(c)) {
                    case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.COMBINING_SPACING_MARK,
                            Character.MODIFIER_LETTER, Character.FORMAT, Character.UNASSIGNED, Character.PRIVATE_USE,
                            Character.SURROGATE ->
                        true;
                    default -> false;
                };
    }

    /** A rule that fits: how many bytes it takes, and where its replacement begins. */
    record Match(int length, int replacement) {
        static final Match NONE = new Match(0, -1);
    }

    /** The shortest or longest rule that text[from..to) begins with. */
    Match match(byte[] text, int from, int to, boolean longest) {
        Match found = Match.NONE;
        if (units.length == 0) {
            return found;
        }
        int node = offset(units[0]);
        for (int i = from; i < to; i++) {
            int label = text[i] & 0xFF;
            node ^= label;
            if (node < 0 || node >= units.length) {
                break;
            }
            int unit = units[node];
            if ((unit & (1 << 31 | 0xFF)) != label) {
                break;
            }
            node ^= offset(unit);
            if ((unit >>> 8 & 1) == 1) {
                if (node < 0 || node >= units.length) {
                    break;
                }
                found = new Match(i + 1 - from, units[node] & 0x7FFFFFFF);
                if (!longest) {
                    break;
                }
            }
        }
        return found;
    }

    private static int offset(int unit) {
        return unit >>> 10 << ((unit & 1 << 9) >>> 6);
    }

    /** The bytes of a replacement. */
    byte[] replacement(int at) {
        if (at < 0 || at >= replacements.length) {
            return new byte[0];
        }
        int end = at;
        while (end < replacements.length && replacements[end] != 0) {
            end++;
        }
        return Arrays.copyOfRange(replacements, at, end);
    }

    /** Applies the longest rule at each place, as SentencePiece does. */
    String applied(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream(utf8.length);
        for (int i = 0; i < utf8.length;) {
            Match match = match(utf8, i, utf8.length, true);
            if (match.length() > 0) {
                out.writeBytes(replacement(match.replacement()));
                i += match.length();
            } else {
                out.write(utf8[i++]);
            }
        }
        return Utf8.decode(out.toByteArray());
    }

    /**
     * Applies the rules as Hugging Face's {@code tokenizers} does, quirks included: to grapheme clusters of fewer than six
     * bytes, of which the shortest rule that they begin with replaces the whole, and else to characters.
     */
    void apply(Normalized text) {
        String whole = text.text();
        boolean plain = whole.chars().allMatch(c -> c >= ' ' && c < 0x7F);
        BreakIterator graphemes = BreakIterator.getCharacterInstance(Locale.ROOT);
        if (!plain) {
            graphemes.setText(whole);
        }
        IntBuilder characters = new IntBuilder(whole.length());
        IntBuilder changes = new IntBuilder(whole.length());
        boolean changed = false;
        for (int i = 0; i < whole.length();) {
            int end = plain ? i + 1 : graphemes.next();
            if (end == BreakIterator.DONE) {
                end = whole.length();
            }
            byte[] cluster = end - i < 6 ? whole.substring(i, end).getBytes(StandardCharsets.UTF_8) : new byte[6];
            Match match = cluster.length < 6 ? match(cluster, 0, cluster.length, false) : Match.NONE;
            if (match.length() > 0) {
                changed = true;
                replace(whole.codePointCount(i, end), match, characters, changes);
                i = end;
                continue;
            }
            while (i < end) {
                int c = whole.codePointAt(i);
                i += Character.charCount(c);
                byte[] one = Character.toString(c).getBytes(StandardCharsets.UTF_8);
                Match single = match(one, 0, one.length, false);
                if (single.length() > 0) {
                    changed = true;
                    replace(1, single, characters, changes);
                } else {
                    characters.add(c);
                    changes.add(0);
                }
            }
        }
        if (changed) {
            Normalized.Change change = text.change();
            for (int i = 0; i < characters.size(); i++) {
                change.put(characters.get(i), changes.get(i));
            }
            change.finish();
        }
    }

    private void replace(int oldCount, Match match, IntBuilder characters, IntBuilder changes) {
        int[] replacement = Utf8.decode(replacement(match.replacement())).codePoints().toArray();
        int more = replacement.length - oldCount;
        for (int k = 0; k < replacement.length; k++) {
            characters.add(replacement[k]);
            changes.add(more > 0 && k >= replacement.length - more ? 1 : 0);
        }
        if (more < 0 && characters.size() > 0) {
            changes.set(changes.size() - 1, changes.get(changes.size() - 1) + more);
        }
    }
}
