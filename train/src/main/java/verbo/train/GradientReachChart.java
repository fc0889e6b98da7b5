// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;
import verbo.models.GradientReach;
import verbo.text.AtomicFiles;

/** Draws how far back gradients reach, on a logarithmic scale. */
public final class GradientReachChart {
    private static final List<Color> COLORS = List.of(new Color(0x4C, 0x78, 0xA8), new Color(0xE4, 0x57, 0x2E),
            new Color(0x54, 0xA2, 0x4B), new Color(0xB2, 0x79, 0xA2));

    private GradientReachChart() {}

    /**
     * Writes a picture.
     *
     * @param names
     *            of the models, for the legend
     * @param file
     *            ends in .svg or .png
     */
    public static void draw(List<String> names, List<GradientReach> models, Path file) throws IOException {
        String name = file.toString();
        String format = name.substring(name.lastIndexOf('.') + 1);
        if (!format.equals("svg") && !format.equals("png")) {
            throw new IllegalArgumentException(file + ": a picture's name ends in .svg or .png");
        }
        System.setProperty("java.awt.headless", "true");
        XYChart chart = new XYChartBuilder().width(800).height(450).title("gradient of a token's loss")
                .xAxisTitle("steps back").yAxisTitle("norm by what was carried").build();
        chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideNE);
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setYAxisLogarithmic(true);
        for (int i = 0; i < models.size(); i++) {
            double[] norms = models.get(i).norms();
            // a logarithm has no place for zero
            int[] shown = IntStream.range(0, norms.length).filter(t -> norms[t] > 0).toArray();
            if (shown.length == 0) {
                continue;
            }
            XYSeries series = chart.addSeries(names.get(i), IntStream.of(shown).mapToDouble(t -> t + 1).toArray(),
                    IntStream.of(shown).mapToDouble(t -> norms[t]).toArray());
            series.setMarker(SeriesMarkers.NONE);
            series.setLineColor(COLORS.get(i % COLORS.size()));
            series.setLineWidth(2);
        }
        byte[] picture = ChartEncoder.getBytes(chart, format);
        AtomicFiles.write(file, out -> out.write(picture));
    }
}
