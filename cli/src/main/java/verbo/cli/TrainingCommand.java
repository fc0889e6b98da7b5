// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import verbo.train.RunResult;
import verbo.train.Training;

/** What {@code train} and {@code resume} have in common: the training itself, and how it ends. */
final class TrainingCommand {
    private TrainingCommand() {}

    /** Trains to the end or until a signal comes. Returns the exit code. */
    static int run(Training training, TrainingDisplay display, CommonOptions common) throws IOException {
        try (StopSignals signals = new StopSignals(() -> stop(training, common))) {
            RunResult result;
            try {
                result = training.run();
            } finally {
                display.end();
            }
            if (!result.finished()) {
                common.err().println("stopped after step " + result.steps() + " and saved; go on with: " + Main.called()
                        + " resume " + result.run());
                common.err().flush();
                return signals.exitCode();
            }
            if (common.json) {
                common.print(json(result));
            } else {
                common.out().print(text(result));
                common.out().flush();
            }
            return 0;
        }
    }

    private static boolean stop(Training training, CommonOptions common) {
        boolean saves = training.stop();
        if (!saves) {
            common.err().println("stopped before the first step; " + (training.replaces()
                    ? training.folder() + " is as it was"
                    : "go on with: " + Main.called() + " resume " + training.folder()));
            common.err().flush();
        }
        return saves;
    }

    private static Map<String, Object> json(RunResult result) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("run", result.run().toString());
        json.put("steps", result.steps());
        json.put("trainLoss", result.trainLoss());
        json.put("validationLoss", result.validationLoss());
        json.put("bitsPerByte", result.bitsPerByte());
        json.put("tokensPerSecond", result.tokensPerSecond());
        json.put("seconds", result.seconds());
        return json;
    }

    private static String text(RunResult result) {
        return String.format(Locale.ROOT, """
                %d step%s in %s, %,.0f tokens/s
                training loss   %.4f nats/token
                validation loss %s%s%s
                The model is in %s; try: %s generate --model %s
                """, result.steps(), result.steps() == 1 ? "" : "s", TrainingDisplay.clock(result.seconds()),
                result.tokensPerSecond(),
                result.trainLoss(),
                Double.isNaN(result.validationLoss())
                        ? "not measured"
                        : String.format(Locale.ROOT, "%.4f nats/token", result.validationLoss()),
                Double.isNaN(result.bitsPerByte())
                        ? ""
                        : String.format(Locale.ROOT, ", %.4f bits/byte", result.bitsPerByte()),
                Double.isNaN(result.bitsPerByte()) || Double.isNaN(result.gzipBitsPerByte())
                        ? ""
                        : String.format(Locale.ROOT, " (gzip -9: %.4f)", result.gzipBitsPerByte()),
                result.run(), Main.called(), result.run());
    }
}
