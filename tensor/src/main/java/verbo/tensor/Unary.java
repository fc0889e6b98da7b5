// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.tensor;

/** Operations on one element. */
public enum Unary {
    /** e to the x. */
    EXP,
    /** The natural logarithm. */
    LOG,
    /** The square root. */
    SQRT,
    /** x squared. */
    SQUARE,
    /** The hyperbolic tangent. */
    TANH,
    /** 1 / (1 + exp(-x)). */
    SIGMOID,
    /** max(x, 0). */
    RELU,
    /** x times the normal distribution's cumulative function (Hendrycks and Gimpel 2016), exactly, by erf. */
    GELU,
    /** GELU in its tanh approximation, as GPT-2 has it ("gelu_new"). */
    GELU_TANH,
    /** x times sigmoid(x): SiLU, or Swish. */
    SILU
}
