// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.nn;

import java.util.List;
import verbo.tensor.Tensor;

/**
 * Recurrent layers that read a sequence from both ends (Schuster and Paliwal 1997), stacked as PyTorch stacks them: each layer
 * sees both directions of the one below.
 *
 * @param layers
 *            a pair of layers each
 */
public record BidirectionalEncoder(List<Pair> layers) {
    /** A layer that reads from the start and one that reads from the end. */
    public record Pair(RecurrentLayer forwards, RecurrentLayer backwards) {}

    public BidirectionalEncoder {
        layers = List.copyOf(layers);
    }

    /** {@code x [time, batch, in]} gives [time, batch, 2 · width], each place with all that is before and behind it. */
    public Tensor forward(Tensor x) {
        Tensor below = x;
        for (Pair pair : layers) {
            Tensor before = pair.forwards.forward(below, null).select(0, 0); // [t, b, width]
            Tensor behind = pair.backwards.forward(below, null, true, 0, 0).select(0, 0); // [t, b, width]
            below = Tensor.concat(2, before, behind); // [t, b, 2 · width]
        }
        return below;
    }
}
