// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.lm;

import java.util.List;

/** Finds stop strings in a text that comes in pieces, and holds back what may yet become one. */
final class StopStrings {

    private final List<String> stops;
    private final int longest;
    private final StringBuilder pending = new StringBuilder();
    private boolean found;

    StopStrings(List<String> stops) {
        this.stops = stops;
        this.longest = stops.stream().mapToInt(String::length).max().orElse(0);
    }

    /**
     * Takes a piece.
     *
     * @return the text that is certain now. If a stop string is whole, all that came before it; of several the one
     *         that was whole first, so the pieces' borders do not matter.
     */
    String append(String piece) {
        if (found || piece.isEmpty()) {
            return "";
        }
        if (longest == 0) {
            return piece;
        }
        pending.append(piece);
        int start = -1;
        int end = Integer.MAX_VALUE;
        for (String stop : stops) {
            int at = pending.indexOf(stop);
            if (at >= 0 && (at + stop.length() < end || (at + stop.length() == end && at < start))) {
                start = at;
                end = at + stop.length();
            }
        }
        found = start >= 0;
        return take(found ? start : certain());
    }

    /** Whether a stop string came. */
    boolean found() {
        return found;
    }

    /** What was held back, when no more text comes. */
    String end() {
        return found ? "" : take(pending.length());
    }

    /** How much of the pending text cannot be the beginning of a stop string. */
    private int certain() {
        for (int start = Math.max(0, pending.length() - longest + 1); start < pending.length(); start++) {
            for (String stop : stops) {
                if (pending.length() - start < stop.length() && stop.startsWith(pending.substring(start))) {
                    return start;
                }
            }
        }
        return pending.length();
    }

    private String take(int length) {
        String text = pending.substring(0, length);
        pending.delete(0, length);
        return text;
    }
}
