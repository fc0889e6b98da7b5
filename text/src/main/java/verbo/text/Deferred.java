// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.text;

import java.util.concurrent.ForkJoinPool;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What makes encoding faster and takes a while to make: there once so many bytes were to be encoded that it is worth it. */
final class Deferred<T> {
    private final int enough;
    private final Supplier<@Nullable T> make;
    private int asked; // not exactly: several threads count
    private volatile boolean begun;
    private volatile boolean done;
    private volatile @Nullable T made;

    /**
     * @param enough
     *            how many bytes
     * @param make
     *            called once; may give null
     */
    Deferred(int enough, Supplier<@Nullable T> make) {
        this.enough = enough;
        this.make = make;
    }

    /** For a word of so many bytes; null if not yet, or if there is no such thing. */
    @Nullable T get(int bytes) {
        T there = made;
        if (there != null || done) {
            return there;
        }
        return isEnough(bytes) ? get() : null;
    }

    /** The same, but made by another thread, so that no text waits for it. */
    @Nullable T meanwhile(int bytes) {
        T there = made;
        if (there == null && !begun && isEnough(bytes)) {
            begun = true;
            ForkJoinPool.commonPool().execute(this::make);
        }
        return there;
    }

    private boolean isEnough(int bytes) {
        asked += Math.min(bytes, enough);
        return asked >= enough;
    }

    /** Now. */
    @Nullable T get() {
        if (!done) {
            make();
        }
        return made;
    }

    private synchronized void make() {
        if (!done) {
            made = make.get();
            done = true;
        }
    }
}
