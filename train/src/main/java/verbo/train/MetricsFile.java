// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import verbo.text.FormatException;
import verbo.text.Json;

/**
 * A file with a JSON object a line, each with the {@code step} it belongs to: what a run says of itself as it goes. A run
 * that is resumed takes back the lines after its checkpoint and writes them again.
 */
final class MetricsFile implements AutoCloseable {
    /** What the loss curve needs of a line of {@code metrics.jsonl}; NaN where there was no check. */
    record Line(long step, double loss, double validationLoss) {}

    private final Path file;
    private final FileChannel channel;

    private MetricsFile(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Opens a file for writing after the lines of the first {@code steps} steps; what comes behind them goes. */
    static MetricsFile open(Path file, long steps) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        try {
            long end = 0;
            byte[] bytes = Files.readAllBytes(file);
            for (int from = 0, to = next(bytes, 0); to > 0; from = to, to = next(bytes, to)) {
                Map<String, Object> line = parse(file, new String(bytes, from, to - from, StandardCharsets.UTF_8));
                if (line == null || !(line.get("step") instanceof Number step) || step.longValue() > steps) {
                    break;
                }
                end = to;
            }
            channel.truncate(end);
            channel.position(end);
            return new MetricsFile(file, channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Index behind the next end of line, or -1. */
    private static int next(byte[] bytes, int from) {
        for (int i = from; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                return i + 1;
            }
        }
        return -1;
    }

    /** Adds a line; numbers, texts and nothing else. */
    void write(Map<String, Object> values) throws IOException {
        try {
            ByteBuffer bytes = ByteBuffer.wrap((Json.line(values) + "\n").getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /** Makes sure that what was written is on the disk. */
    void force() throws IOException {
        channel.force(false);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** Reads what {@link #write} wrote for the loss curve; a last line that is not whole is left out. */
    static List<Line> read(Path file) throws IOException {
        List<Line> lines = new ArrayList<>();
        for (String text : Files.readAllLines(file)) {
            Map<String, Object> line = parse(file, text);
            if (line != null && line.get("step") instanceof Number step && line.get("loss") instanceof Number loss) {
                lines.add(new Line(step.longValue(), loss.doubleValue(),
                        line.get("validationLoss") instanceof Number checked ? checked.doubleValue() : Double.NaN));
            }
        }
        return lines;
    }

    private static @Nullable Map<String, Object> parse(Path file, String text) {
        try {
            return Json.parse(file, text);
        } catch (FormatException e) {
            return null; // the line a killed process was at
        }
    }
}
