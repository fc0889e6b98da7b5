// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.nio.file.Path;

/**
 * How a training ended.
 *
 * @param run
 *            the run's folder
 * @param finished
 *            whether all steps were taken; if not, somebody asked it to stop
 * @param steps
 *            steps taken
 * @param trainLoss
 *            loss of the last step's batch, nats a token
 * @param validationLoss
 *            the last one, nats a token; NaN if there was none yet
 * @param bitsPerByte
 *            of the same validation; NaN if there was none yet
 * @param gzipBitsPerByte
 *            what {@code gzip -9} makes of the validation text, for comparison; NaN if it was not measured
 * @param tokensPerSecond
 *            training tokens a second over the whole run, time for checks and saving left out
 * @param seconds
 *            of the whole run, all its starts together
 */
public record RunResult(Path run, boolean finished, long steps, double trainLoss, double validationLoss,
        double bitsPerByte, double gzipBitsPerByte, double tokensPerSecond, double seconds) {}
