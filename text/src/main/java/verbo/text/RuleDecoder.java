// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Applies rules to a text that is decoded as it comes: what a longer rule might yet take is held back. */
final class RuleDecoder implements Decoder {
    private final Decoder decoder;
    private final CharsMap rules;
    private final int longest;
    private byte[] held = {};

    RuleDecoder(Decoder decoder, CharsMap rules) {
        this.decoder = decoder;
        this.rules = rules;
        longest = rules.longest();
    }

    @Override
    public String next(int id) {
        return applied(decoder.next(id), longest);
    }

    @Override
    public String end() {
        return applied(decoder.end(), 0);
    }

    /** Applies the rules as long as more than so many bytes follow. */
    private String applied(String more, int ahead) {
        byte[] added = more.getBytes(StandardCharsets.UTF_8);
        byte[] all = Arrays.copyOf(held, held.length + added.length);
        System.arraycopy(added, 0, all, held.length, added.length);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int at = 0;
        while (all.length - at > ahead) {
            CharsMap.Match match = rules.match(all, at, all.length, true);
            if (match.length() > 0) {
                out.writeBytes(rules.replacement(match.replacement()));
                at += match.length();
                continue;
            }
            int size = CharClass.at(all, at) >> 4; // whole characters, so that none is given out in parts
            out.write(all, at, size);
            at += size;
        }
        held = Arrays.copyOfRange(all, at, all.length);
        return Utf8.decode(out.toByteArray());
    }
}
