// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.nio.file.Path;
import java.util.OptionalDouble;

/** Told how a training goes. All is called by the thread that trains. */
public interface TrainingListener {
    /** Hears nothing. */
    TrainingListener NONE = new TrainingListener() {};

    /** Something a person may want to know, in one line: what is being prepared, what was found. */
    default void message(String line) {}

    /** A long preparation goes on: {@code done} of {@code total}; 0 is not known. */
    default void preparing(String what, long done, long total) {}

    /** The run begins, or goes on. */
    default void started(Started run) {}

    /** A step was taken. */
    default void step(Step step) {}

    /** The model was checked on the validation text. */
    default void validated(long step, Validation.Result result) {}

    /** Some text was generated. */
    default void sampled(long step, String text) {}

    /** The run was saved. */
    default void saved(long step, Path checkpoint) {}

    /**
     * What begins.
     *
     * @param run
     *            the run's folder
     * @param model
     *            the model in a few words
     * @param engine
     *            what computes
     * @param parameters
     *            how many numbers are learnt
     * @param trainTokens
     *            tokens of the training text
     * @param validationTokens
     *            tokens of the validation text
     * @param step
     *            steps already taken
     * @param steps
     *            steps there are in all
     */
    record Started(Path run, String model, String engine, long parameters, long trainTokens, long validationTokens,
            long step, long steps) {}

    /**
     * A step.
     *
     * @param step
     *            which one, from 1
     * @param steps
     *            how many there are
     * @param loss
     *            of its batches, in nats a token
     * @param tokensPerSecond
     *            training tokens a second since this start, time for checks and saving left out
     * @param secondsLeft
     *            about how long the rest takes, not known at first
     */
    record Step(long step, long steps, double loss, double tokensPerSecond, OptionalDouble secondsLeft) {}
}
