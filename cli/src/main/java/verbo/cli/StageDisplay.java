// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.PrintWriter;
import java.util.Locale;
import verbo.text.TokenizerTrainer;

/**
 * Shows work that has stages on standard error, with its rate and the time that its stage has left: on a terminal one line
 * that is drawn over, else a line now and then.
 */
final class StageDisplay implements TokenizerTrainer.Listener {
    private static final long BETWEEN_DRAWINGS = 200_000_000L; // ns
    private static final long BETWEEN_LINES = 5_000_000_000L;
    private static final String CLEAR = "\r\u001b[K";

    private final PrintWriter err;
    private final boolean live;
    private String stage = "";
    private long began = System.nanoTime();
    private long shown = System.nanoTime();

    StageDisplay(PrintWriter err, boolean live) {
        this.err = err;
        this.live = live;
    }

    @Override
    public void update(String newStage, String unit, long done, long total) {
        long now = System.nanoTime();
        if (!newStage.equals(stage)) {
            stage = newStage;
            began = now;
        }
        if (now - shown < (live ? BETWEEN_DRAWINGS : BETWEEN_LINES)) {
            return;
        }
        shown = now;
        double seconds = Math.max(1e-3, (now - began) / 1e9);
        StringBuilder line = new StringBuilder(stage);
        if (done > 0) {
            line.append(String.format(Locale.ROOT, "  %,d", done));
            line.append(total > 0 ? String.format(Locale.ROOT, " of %,d ", total) : " ").append(unit);
            line.append(String.format(Locale.ROOT, "  %,.0f/s", done / seconds));
            if (total > 0) {
                line.append("  ").append(TrainingDisplay.clock(seconds * (total - done) / done)).append(" left");
            }
        }
        err.print(live ? CLEAR + line : line + System.lineSeparator());
        err.flush();
    }

    /** Leaves a clean line behind. */
    void end() {
        if (live) {
            err.print(CLEAR);
            err.flush();
        }
    }
}
