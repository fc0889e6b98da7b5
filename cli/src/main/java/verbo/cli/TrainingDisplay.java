// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalDouble;
import verbo.train.TrainingListener;
import verbo.train.Validation;

/**
 * Shows a training on standard error: on a terminal one line that is drawn over, else a line now and then. Validations and
 * samples stay.
 */
final class TrainingDisplay implements TrainingListener {
    private static final long BETWEEN_DRAWINGS = 100_000_000L; // ns
    private static final long BETWEEN_LINES = 10_000_000_000L;
    private static final String CLEAR = "\r\u001b[K";

    private final PrintWriter err;
    private final boolean live;
    private long shown = System.nanoTime();
    private String bits = "";
    private String preparing = "";

    TrainingDisplay(PrintWriter err, boolean live) {
        this.err = err;
        this.live = live;
    }

    @Override
    public void message(String line) {
        print(line);
    }

    @Override
    public void preparing(String what, long done, long total) {
        if (!live) {
            if (!what.equals(preparing)) {
                print(what);
            }
        } else if (isTime(BETWEEN_DRAWINGS)) {
            draw(what + (total > 0 ? String.format(Locale.ROOT, " %3.0f %%", 100.0 * done / total) : ""));
        }
        preparing = what;
    }

    @Override
    public void started(Started run) {
        print(run.model());
        print(run.engine());
        print(String.format(Locale.ROOT, "%,d tokens to learn from, %,d to check with", run.trainTokens(),
                run.validationTokens()));
        print((run.step() == 0 ? "training in " : "going on after step " + run.step() + " in ") + run.run());
    }

    @Override
    public void step(Step step) {
        if (isTime(live ? BETWEEN_DRAWINGS : BETWEEN_LINES) || (step.step() == 1 && !live)) {
            String line = line(step);
            if (live) {
                draw(line);
            } else {
                print(line);
            }
        }
    }

    private String line(Step step) {
        return String.format(Locale.ROOT, "step %d/%d  loss %.3f%s  %s tokens/s%s", step.step(), step.steps(),
                step.loss(), bits, count(step.tokensPerSecond()), left(step.secondsLeft()));
    }

    private static String count(double value) {
        return value >= 10_000 ? Math.round(value / 1000) + "k" : Long.toString(Math.round(value));
    }

    private static String left(OptionalDouble seconds) {
        return seconds.isEmpty() ? "" : "  " + clock(seconds.getAsDouble()) + " left";
    }

    /** Seconds as 0:07 or 1:02:03. */
    static String clock(double seconds) {
        long s = Math.round(seconds);
        return s < 3600
                ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    }

    @Override
    public void validated(long step, Validation.Result result) {
        String perByte = Double.isNaN(result.bitsPerByte())
                ? ""
                : String.format(Locale.ROOT, "  valid %.3f bits/byte", result.bitsPerByte());
        bits = perByte;
        print(String.format(Locale.ROOT, "step %d  validation loss %.4f nats/token%s", step, result.loss(),
                perByte.replace("valid ", "")));
    }

    @Override
    public void sampled(long step, String text) {
        print("---- sample at step " + step);
        print(text.strip());
        print("----");
    }

    @Override
    public void saved(long step, Path checkpoint) {
        if (live) {
            draw("saved " + checkpoint);
        }
    }

    /** Leaves a clean line behind. */
    void end() {
        if (live) {
            err.print(CLEAR);
            err.flush();
        }
    }

    private boolean isTime(long interval) {
        long now = System.nanoTime();
        if (now - shown < interval) {
            return false;
        }
        shown = now;
        return true;
    }

    private void draw(String line) {
        err.print(CLEAR + (line.length() > 79 ? line.substring(0, 79) : line));
        err.flush();
    }

    private void print(String line) {
        err.println(live ? CLEAR + line : line);
        err.flush();
    }
}
