// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

/**
 * A piece of an engine's memory. Only its engine knows what is behind it: an address on the CPU, a handle on a GPU. Freed
 * storage may be handed out again, so every use of it says which life of it is meant: see {@link #life()}.
 */
public abstract class Storage {
    private int life;

    /** A number that changes each time this storage is freed; a tensor remembers the one it was made with. */
    public final int life() {
        return life;
    }

    /** Called by the engine when this storage is freed: tensors made before can no longer be used. */
    protected final void end() {
        life++;
    }
}
