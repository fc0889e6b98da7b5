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

    /**
     * The characters that rules have behind others.
     *
     * @return null if a rule reaches across a space: begins or goes on with one, or is of several characters that become one
     */
    @Nullable BitSet later() {
        BitSet later = new BitSet();
        boolean keeps = units.length == 0
                || keepsToSpaces(offset(units[0]), 0, new byte[LONGEST], new int[]{units.length}, later);
        return keeps ? later : null;
    }

    /**
     * @param left
     *            nodes that may yet be looked at: a trie has no more than units, what goes round in circles is none
     */
    private boolean keepsToSpaces(int from, int depth, byte[] key, int[] left, BitSet later) {
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
            boolean ends = (unit >>> 8 & 1) == 1;
            if (label == ' ' && depth > 0) {
                return false;
            }
            if (ends && below >= 0 && below < units.length) {
                int[] rule = Utf8.decode(key, 0, depth + 1).codePoints().toArray();
                if (rule.length > 1) {
                    String becomes = Utf8.decode(replacement(units[below] & 0x7FFFFFFF));
                    if (becomes.isEmpty() || becomes.indexOf(' ') >= 0) {
                        return false;
                    }
                    for (int i = 1; i < rule.length; i++) {
                        later.set(rule[i]);
                    }
                }
            }
            if (label == ' ' && hasChildren(below)) {
                return false;
            }
            if (!keepsToSpaces(below, depth + 1, key, left, later)) {
                return false;
            }
        }
        return true;
    }

    /** Bytes of the longest rule; {@link #LONGEST} if there are longer ones. */
    int longest() {
        return units.length == 0 ? 0 : longest(offset(units[0]), 0, new int[]{units.length});
    }

    private int longest(int from, int depth, int[] left) {
        if (--left[0] < 0) {
            return LONGEST;
        }
        int most = depth;
        for (int label = 1; label < 256 && depth < LONGEST; label++) {
            int node = from ^ label;
            if (node >= 0 && node < units.length && (units[node] & (1 << 31 | 0xFF)) == label) {
                most = Math.max(most, longest(node ^ offset(units[node]), depth + 1, left));
            }
        }
        return most;
    }

    private boolean hasChildren(int from) {
        for (int label = 1; label < 256; label++) {
            int node = from ^ label;
            if (node >= 0 && node < units.length && (units[node] & (1 << 31 | 0xFF)) == label) {
                return true;
            }
        }
        return false;
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
