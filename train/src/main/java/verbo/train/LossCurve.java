// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;
import verbo.text.AtomicFiles;

/** Draws training and validation loss over the steps. */
final class LossCurve {
    private static final int WIDTH = 800;
    private static final int HEIGHT = 450;
    /** More points than these are put together, so that a long run's picture stays small. */
    private static final int POINTS = 400;

    private LossCurve() {}

    /** Writes {@code loss.svg} and {@code loss.png} of what {@code metrics.jsonl} says. */
    static void draw(String title, List<MetricsFile.Line> lines, Path folder) throws IOException {
        System.setProperty("java.awt.headless", "true");
        XYChart chart = chart(title, lines);
        for (String format : List.of("svg", "png")) {
            byte[] picture = ChartEncoder.getBytes(chart, format);
            AtomicFiles.write(folder.resolve("loss." + format), out -> out.write(picture));
        }
    }

    private static XYChart chart(String title, List<MetricsFile.Line> lines) {
        XYChart chart = new XYChartBuilder().width(WIDTH).height(HEIGHT).title(title).xAxisTitle("step")
                .yAxisTitle("loss, nats a token").build();
        chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideNE);
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setAntiAlias(true);
        chart.getStyler().setXAxisMin(0.0);
        int share = Math.max(1, (lines.size() + POINTS - 1) / POINTS);
        int points = lines.size() / share;
        if (points > 0) {
            double[] steps = new double[points];
            double[] losses = new double[points];
            for (int p = 0; p < points; p++) {
                for (int i = p * share; i < (p + 1) * share; i++) {
                    losses[p] += lines.get(i).loss() / share;
                }
                steps[p] = lines.get((p + 1) * share - 1).step();
            }
            line(chart, share == 1 ? "training" : "training, mean of " + share + " steps", steps, losses,
                    new Color(0x4C, 0x78, 0xA8), 1.2f);
        }
        List<MetricsFile.Line> checks = lines.stream().filter(line -> !Double.isNaN(line.validationLoss())).toList();
        if (!checks.isEmpty()) {
            line(chart, "validation", checks.stream().mapToDouble(MetricsFile.Line::step).toArray(),
                    checks.stream().mapToDouble(MetricsFile.Line::validationLoss).toArray(),
                    new Color(0xE4, 0x57, 0x2E), 2.4f);
        }
        return chart;
    }

    private static void line(XYChart chart, String name, double[] steps, double[] losses, Color color, float width) {
        XYSeries series = chart.addSeries(name, steps, losses);
        series.setMarker(steps.length == 1 ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
        series.setLineColor(color);
        series.setMarkerColor(color);
        series.setLineWidth(width);
    }
}
