// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What was computed in a scope, in order, for running backward. Every node has one output, knows what it was computed from, and
 * how to pass its output's gradient on to that.
 */
final class Tape {
    /** Passes a gradient on to the inputs. */
    interface Backward {
        void run(Tensor dOut);
    }

    private record Node(Tensor output, Backward backward, @Nullable Tensor[] inputs) {}

    private static final ThreadLocal<Boolean> OFF = ThreadLocal.withInitial(() -> false);

    private final List<Node> nodes = new ArrayList<>();

    static boolean off() {
        return OFF.get();
    }

    static void off(boolean off) {
        OFF.set(off);
    }

    void record(Tensor output, Backward backward, @Nullable Tensor... inputs) {
        nodes.add(new Node(output, backward, inputs));
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

    /** The leaves that want gradients of what is recorded here. */
    Tensor[] leaves() {
        Map<Tensor, Node> leaves = new LinkedHashMap<>();
        users(leaves);
        return leaves.keySet().toArray(Tensor[]::new);
    }

    /** Of each leaf the first node that uses it, the last to be run; those of this tape replace others. */
    private void users(Map<Tensor, Node> users) {
        for (int i = nodes.size() - 1; i >= 0; i--) {
            for (Tensor input : nodes.get(i).inputs) {
                if (input != null && input.base().isLeaf() && input.requiresGradient()) {
                    users.put(input.base(), nodes.get(i));
                }
            }
        }
    }

    /**
     * Runs all nodes of a scope, then of those around it, from the last to the first. The gradient of an output is freed once
     * it was passed on: afterwards only leaves have gradients.
     *
     * @param ready
     *            gets each leaf as soon as its gradient is complete, or null
     */
    static void backward(Scope scope, @Nullable Consumer<Tensor> ready) {
        Map<Tensor, Node> users = new LinkedHashMap<>();
        for (Scope at = scope; ready != null && at != null; at = at.parent()) {
            at.tape().users(users);
        }
        for (Scope at = scope; at != null; at = at.parent()) {
            at.tape().backward(users, ready);
        }
    }

    /** Runs the nodes of this tape alone. */
    void backward() {
        backward(Map.of(), null);
    }

    private void backward(Map<Tensor, Node> users, @Nullable Consumer<Tensor> ready) {
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            @Nullable Tensor dOut = node.output.gradient();
            if (dOut != null) {
                node.backward.run(dOut);
                node.output.dropGradient();
            }
            if (ready != null) {
                tell(node, users, ready);
            }
        }
        nodes.clear();
    }

    private static void tell(Node node, Map<Tensor, Node> users, Consumer<Tensor> ready) {
        for (Tensor input : node.inputs) {
            Tensor leaf = input == null ? node.output : input.base();
            if (users.get(leaf) == node && leaf.gradient() != null) {
                users.remove(leaf); // it may be among the inputs twice
                ready.accept(leaf);
            }
        }
    }

    void clear() {
        nodes.clear();
    }
}
