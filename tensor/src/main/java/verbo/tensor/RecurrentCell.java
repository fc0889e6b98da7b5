// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

/** The kinds of recurrent cells, each with PyTorch's order of its gates. */
public enum RecurrentCell {
    /** {@code h' = tanh(x + h·W + b)} (Elman 1990). */
    RNN(1, 1, 0),

    /**
     * Long short-term memory (Hochreiter and Schmidhuber 1997), with the forget gate of Gers et al. (2000): gates i, f, g, o;
     * {@code c' = σ(f) c + σ(i) tanh(g)}, {@code h' = σ(o) tanh(c')}.
     */
    LSTM(4, 2, 4),

    /**
     * Gated recurrent unit (Cho et al. 2014), in the form of cuDNN and PyTorch: gates r, z, n;
     * {@code n = tanh(x_n + σ(r) (h·W_n + b_n))}, {@code h' = (1 - σ(z)) n + σ(z) h}.
     */
    GRU(3, 1, 4);

    private final int gates;
    private final int states;
    private final int kept;

    RecurrentCell(int gates, int states, int kept) {
        this.gates = gates;
        this.states = states;
        this.kept = kept;
    }

    /** How many gates a unit has: its weights are so many times the width wide. */
    public int gates() {
        return gates;
    }

    /** How many numbers a unit carries on to the next step: the LSTM's are its output and its cell. */
    public int states() {
        return states;
    }

    /** How many numbers a unit keeps of each step for the way back, besides its states. */
    int kept() {
        return kept;
    }
}
