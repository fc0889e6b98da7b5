// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.Arrays;
import java.util.List;

/**
 * How encodings that are too short are filled up, as {@code padding} in a {@code tokenizer.json}. What is put there is
 * special and not to be looked at ({@link Encoding#attention}).
 *
 * @param length
 *            tokens that each has at least; 0 for as many as the longest of a batch
 * @param multiple
 *            what the length is rounded up to a multiple of; 0 for none
 * @param right
 *            whether it is put behind the text; else before it
 * @param id
 *            the token's id
 * @param type
 *            {@link Encoding#types} of it
 * @param token
 *            the token
 */
public record Padding(int length, int multiple, boolean right, int id, int type, String token) {
    /**
     * @throws IllegalArgumentException
     *             if a number is negative
     */
    public Padding {
        if (length < 0 || multiple < 0 || id < 0 || type < 0) {
            throw new IllegalArgumentException("no padding has length " + length + ", multiple " + multiple + ", id "
                    + id + " or type " + type + " below 0");
        }
    }

    /**
     * Behind a text, to the length of the longest of a batch.
     *
     * @throws IllegalArgumentException
     *             if the tokenizer has no such token
     */
    public static Padding toLongest(Tokenizer tokenizer, String token) {
        int id = tokenizer.id(token);
        if (id < 0) {
            throw new IllegalArgumentException("the tokenizer (" + tokenizer + ") has no token \"" + token
                    + "\" to pad with");
        }
        return new Padding(0, 0, true, id, 0, token);
    }

    /** The same to so many tokens. */
    public Padding withLength(int tokens) {
        return new Padding(tokens, multiple, right, id, type, token);
    }

    /** The same to a multiple of so many tokens. */
    public Padding withMultiple(int tokens) {
        return new Padding(length, tokens, right, id, type, token);
    }

    /** The same before the text, as models that go on with it need it. */
    public Padding onTheLeft() {
        return new Padding(length, multiple, false, id, type, token);
    }

    /** Pads a batch, and the windows of each that overflow. */
    public List<Encoding> apply(List<Encoding> batch) {
        int longest = batch.stream().mapToInt(Encoding::length).max().orElse(0);
        return batch.stream().map(encoding -> apply(encoding, longest)).toList();
    }

    /** Pads one, to the longest of a batch if there is no other length. */
    Encoding apply(Encoding encoding, int longest) {
        int wanted = length > 0 ? length : longest;
        if (multiple > 0 && wanted % multiple > 0) {
            wanted += multiple - wanted % multiple;
        }
        int target = wanted;
        List<Encoding> overflowing = encoding.overflowing().stream().map(window -> apply(window, target)).toList();
        int more = wanted - encoding.length();
        if (more <= 0) {
            return encoding.withOverflowing(overflowing);
        }
        int[] ids = new int[more];
        String[] tokens = new String[more];
        Arrays.fill(ids, id);
        Arrays.fill(tokens, token);
        Encoding filler = Encoding.specials(ids, tokens, type);
        Arrays.fill(filler.attention(), false);
        List<Encoding> both = right ? List.of(encoding, filler) : List.of(filler, encoding);
        return Encoding.join(both).withOverflowing(overflowing);
    }
}
