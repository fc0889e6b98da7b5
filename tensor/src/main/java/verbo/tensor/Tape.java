// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was computed in a scope, in order, for running backward. Every node has one output and knows how to pass that
 * output's gradient on to its inputs.
 */
final class Tape {
    /** Passes a gradient on to the inputs. */
    interface Backward {
        void run(Tensor dOut);
    }

    private record Node(Tensor output, Backward backward) {}

    private static final ThreadLocal<Boolean> OFF = ThreadLocal.withInitial(() -> false);

    private final List<Node> nodes = new ArrayList<>();

    static boolean off() {
        return OFF.get();
    }

    static void off(boolean off) {
        OFF.set(off);
    }

    void record(Tensor output, Backward backward) {
        nodes.add(new Node(output, backward));
    }

    /** Whether this result is recorded here and was not run backward. */
    boolean holds(Tensor output) {
        for (int i = nodes.size() - 1; i >= 0; i--) { // a loss is usually the last
            if (nodes.get(i).output == output) {
                return true;
            }
        }
        return false;
    }

    /**
     * Runs all nodes from the last to the first. The gradient of an output is freed once it was passed on: afterwards only
     * leaves have gradients.
     */
    void backward() {
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            @Nullable Tensor dOut = node.output.gradient();
            if (dOut != null) {
                node.backward.run(dOut);
                node.output.dropGradient();
            }
        }
        nodes.clear();
    }

    void clear() {
        nodes.clear();
    }
}
