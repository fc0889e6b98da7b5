// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * Unicode's normalization forms with the way back: for each character of the result, which of the text it stands for.
 * {@link java.text.Normalizer} gives the result; here its characters are traced.
 */
final class UnicodeForm {
    private UnicodeForm() {}

    static void apply(Normalized text, java.text.Normalizer.Form form) {
        String before = text.text();
        if (java.text.Normalizer.isNormalized(before, form)) {
            return;
        }
        Normalized.Change change = text.change();
        int from = 0;
        for (int i = 0; i < before.length();) {
            int c = before.codePointAt(i);
            int next = i + Character.charCount(c);
            if (UnicodeEight.isNotNormalized(c)) {
                apply(before.substring(from, i), form, change);
                change.put(c, 0);
                from = next;
            }
            i = next;
        }
        apply(before.substring(from), form, change);
        change.finish();
    }

    private static void apply(String before, java.text.Normalizer.Form form, Normalized.Change change) {
        boolean compatible = form == java.text.Normalizer.Form.NFKC || form == java.text.Normalizer.Form.NFKD;
        boolean composed = form == java.text.Normalizer.Form.NFC || form == java.text.Normalizer.Form.NFKC;
        java.text.Normalizer.Form apart = compatible
                ? java.text.Normalizer.Form.NFKD
                : java.text.Normalizer.Form.NFD;

        // 1. every character by itself; the first of what it becomes stands for it, the others are new
        IntBuilder characters = new IntBuilder(before.length() + 16);
        IntBuilder changes = new IntBuilder(before.length() + 16);
        for (int i = 0; i < before.length();) {
            int c = before.codePointAt(i);
            i += Character.charCount(c);
            if (c < 0xC0) { // most of any text, and of these only compatibility changes some
                if (c < 0x80 || !compatible) {
                    characters.add(c);
                    changes.add(0);
                    continue;
                }
            }
            String parts = java.text.Normalizer.normalize(Character.toString(c), apart);
            for (int k = 0; k < parts.length();) {
                int part = parts.codePointAt(k);
                characters.add(part);
                changes.add(k == 0 ? 0 : 1);
                k += Character.charCount(part);
            }
        }
        // 2. marks in their order
        int[] order = java.text.Normalizer.normalize(before, apart).codePoints().toArray();
        int[] orderChanges = ordered(characters.toArray(), changes.toArray(), order);
        if (composed) {
            // 3. together again
            compose(order, orderChanges, java.text.Normalizer.normalize(before, form), change);
        } else {
            for (int i = 0; i < order.length; i++) {
                change.put(order[i], orderChanges[i]);
            }
        }
    }

    /** Marks were sorted, stably: finds each one's change. */
    private static int[] ordered(int[] characters, int[] changes, int[] order) {
        int[] found = new int[order.length];
        int i = 0;
        while (i < order.length) {
            if (characters[i] == order[i]) {
                found[i] = changes[i];
                i++;
                continue;
            }
            // the shortest stretch that has the same characters on both sides
            Map<Integer, Integer> balance = new HashMap<>();
            Map<Integer, ArrayDeque<Integer>> places = new HashMap<>();
            int end = i;
            do {
                places.computeIfAbsent(characters[end], c -> new ArrayDeque<>()).add(end);
                if (balance.merge(characters[end], 1, Integer::sum) == 0) {
                    balance.remove(characters[end]);
                }
                if (balance.merge(order[end], -1, Integer::sum) == 0) {
                    balance.remove(order[end]);
                }
                end++;
            } while (!balance.isEmpty() && end < order.length);
            for (; i < end; i++) {
                ArrayDeque<Integer> queue = places.get(order[i]);
                Integer place = queue == null ? null : queue.poll();
                found[i] = place == null ? 0 : changes[place];
            }
        }
        return found;
    }

    private static void compose(int[] parts, int[] changes, String whole, Normalized.Change out) {
        boolean[] used = new boolean[parts.length];
        int at = 0;
        for (int i = 0; i < whole.length();) {
            int c = whole.codePointAt(i);
            i += Character.charCount(c);
            while (at < parts.length && used[at]) {
                at++;
            }
            if (at < parts.length && parts[at] == c) {
                out.put(c, changes[at]);
                used[at] = true;
                continue;
            }
            String apart = java.text.Normalizer.normalize(Character.toString(c), java.text.Normalizer.Form.NFD);
            int change = 1;
            int place = at;
            for (int k = 0; k < apart.length();) {
                int part = apart.codePointAt(k);
                k += Character.charCount(part);
                while (place < parts.length && (used[place] || parts[place] != part)) {
                    place++;
                }
                if (place < parts.length) {
                    used[place] = true;
                    change += changes[place] - 1;
                }
            }
            out.put(c, change);
        }
    }
}
