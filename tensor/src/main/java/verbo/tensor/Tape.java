// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
     * it was passed on: afterwards only leaves have gradients. Where a node throws, the leaves that had none before have none
     * afterwards.
     *
     * @param ready
     *            gets each leaf as soon as its gradient is complete, or null
     */
    static void backward(Scope scope, @Nullable Consumer<Tensor> ready) {
        Map<Tensor, Node> users = new LinkedHashMap<>();
        for (Scope at = scope; ready != null && at != null; at = at.parent()) {
            at.tape().users(users);
        }
        Set<Tensor> before = new HashSet<>();
        for (Scope at = scope; at != null; at = at.parent()) {
            at.tape().forLeaves(leaf -> {
                if (leaf.gradient() != null) {
                    before.add(leaf);
                }
            });
        }
        boolean complete = false;
        try {
            for (Scope at = scope; at != null; at = at.parent()) {
                at.tape().backward(users, ready);
            }
            complete = true;
        } finally {
            for (Scope at = scope; at != null; at = at.parent()) {
                if (!complete) {
                    at.tape().forLeaves(leaf -> {
                        if (!before.contains(leaf)) {
                            leaf.clearGradient();
                        }
                    });
                }
                at.tape().clear();
            }
        }
    }

    private void forLeaves(Consumer<Tensor> action) {
        for (Node node : nodes) {
            for (Tensor input : node.inputs) {
                if (input != null && input.base().isLeaf() && input.requiresGradient()) {
                    action.accept(input.base());
                }
            }
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
    }

    private static void tell(Node node, Map<Tensor, Node> users, Consumer<Tensor> ready) {
        for (Tensor input : node.inputs) {
            if (input != null && users.get(input.base()) == node && input.base().gradient() != null) {
                users.remove(input.base()); // it may be among the inputs twice
                ready.accept(input.base());
            }
        }
    }

    /** Forgets what was recorded: it cannot be run backward any more. */
    void clear() {
        for (Node node : nodes) {
            node.output.forgetHistory();
        }
        nodes.clear();
    }
}
