// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.models;

import verbo.nn.Seeds;
import verbo.tensor.Scope;
import verbo.tensor.Tensor;

/** Drops by draws that are the pass's own: each place it is used at takes the next seed. */
final class Dropout {
    static final Dropout NONE = new Dropout(0, false);

    private final long seed;
    final boolean active;
    private int places;

    Dropout(long seed, boolean active) {
        this.seed = seed;
        this.active = active;
    }

    /** The seed of the next place; nothing to count where nothing is dropped. */
    long next() {
        return active ? Seeds.derive(seed, places++) : 0;
    }

    /** The place that is next. */
    int place() {
        return places;
    }

    /** Goes to a place: what is computed again there drops the same. */
    void goTo(int place) {
        if (active) {
            places = place;
        }
    }

    /** Elements of x. */
    Tensor apply(Tensor x, double probability) {
        return active && probability > 0 ? x.dropout((float) probability, next()) : x;
    }

    /** The same units of {@code x [time, batch, width]} at every step of a sequence (Gal and Ghahramani 2016). */
    Tensor locked(Tensor x, double probability) {
        if (!active || probability == 0) {
            return x;
        }
        Tensor ones = Scope.current().empty(verbo.tensor.DType.F32, 1, x.length(1), x.length(2));
        x.engine().fill(ones, 1);
        return x.multiply(ones.dropout((float) probability, next())); // [t, b, width]
    }

    /** Whole words: all places of a word at once, of {@code x [time, batch, width]} (Gal and Ghahramani 2016). */
    Tensor words(Tensor x, int[] ids, double probability) {
        if (!active || probability == 0) {
            return x;
        }
        long draws = next();
        float[] kept = new float[ids.length];
        for (int i = 0; i < ids.length; i++) {
            double draw = (Seeds.derive(draws, ids[i]) >>> 11) * 0x1p-53;
            kept[i] = draw < probability ? 0 : (float) (1 / (1 - probability));
        }
        return x.multiply(Scope.current().of(kept, x.length(0), x.length(1), 1)); // [t, b, width]
    }
}
