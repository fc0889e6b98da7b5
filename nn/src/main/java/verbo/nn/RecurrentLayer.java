// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import org.jspecify.annotations.Nullable;
import verbo.tensor.RecurrentCell;
import verbo.tensor.Tensor;

/**
 * A recurrent layer over whole sequences, its weights as PyTorch lays them out and names them.
 *
 * @param cell
 *            what it is made of
 * @param inputWeight
 *            [gates · width, in] (weight_ih)
 * @param hiddenWeight
 *            [gates · width, width] (weight_hh)
 * @param inputBias
 *            [gates · width] (bias_ih)
 * @param hiddenBias
 *            [gates · width] (bias_hh)
 */
public record RecurrentLayer(RecurrentCell cell, Parameter inputWeight, Parameter hiddenWeight, Parameter inputBias,
        Parameter hiddenBias) {

    /**
     * All states of {@code x [time, batch, in]}: [states, time, batch, width], the outputs first.
     *
     * @param initial
     *            [states, batch, width], or null for zeros
     */
    public Tensor forward(Tensor x, @Nullable Tensor initial) {
        return forward(x, initial, false, 0, 0);
    }

    /**
     * The same.
     *
     * @param backwards
     *            whether it reads from the end
     * @param weightDropout
     *            share of the hidden weight that is dropped for the whole sequence (Merity et al. 2018); 0 for none
     * @param seed
     *            decides what is dropped
     */
    public Tensor forward(Tensor x, @Nullable Tensor initial, boolean backwards, double weightDropout, long seed) {
        Tensor gates = x.linear(inputWeight.value().transpose(0, 1), inputBias.value()); // [t, b, gates · width]
        Tensor weight = hiddenWeight.value().dropout((float) weightDropout, seed).transpose(0, 1);
        return gates.recurrence(cell, backwards, weight, hiddenBias.value(), initial); // [states, t, b, width]
    }
}
