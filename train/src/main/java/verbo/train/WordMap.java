// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.AnnotationText;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.SeriesMarkers;
import verbo.text.AtomicFiles;

/** Words drawn as points, one or more clouds of them side by side. */
public final class WordMap {
    private static final int SIZE = 700;
    private static final double GAP = 0.15;

    private WordMap() {}

    /**
     * A cloud of points.
     *
     * @param title
     *            what is written above
     * @param points
     *            {@code [words, 2]}
     */
    public record Cloud(String title, double[][] points) {}

    /**
     * Draws clouds of the same words, each in a square of its own, to a file whose name ends in {@code .svg} or {@code .png}.
     *
     * @throws IllegalArgumentException
     *             if the file's name ends otherwise
     */
    public static void draw(List<String> words, List<Cloud> clouds, Path file) throws IOException {
        String format = format(file);
        System.setProperty("java.awt.headless", "true");
        XYChart chart = new XYChartBuilder().width(SIZE * clouds.size()).height(SIZE)
                .title(String.join("   |   ", clouds.stream().map(Cloud::title).toList())).build();
        chart.getStyler().setLegendVisible(false);
        chart.getStyler().setAxisTicksVisible(false);
        chart.getStyler().setPlotGridLinesVisible(false);
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setAntiAlias(true);
        chart.getStyler().setDefaultSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
        chart.getStyler().setMarkerSize(5);
        for (int c = 0; c < clouds.size(); c++) {
            double[][] points = clouds.get(c).points();
            double[] x = scaled(points, 0);
            double[] y = scaled(points, 1);
            for (int i = 0; i < x.length; i++) {
                x[i] += c * (1 + GAP);
                chart.addAnnotation(new AnnotationText(words.get(i), x[i], y[i] + 0.018, false));
            }
            XYSeries series = chart.addSeries("cloud " + c, x, y);
            series.setMarker(SeriesMarkers.CIRCLE);
            series.setMarkerColor(c == clouds.size() - 1 ? new Color(0x4C, 0x78, 0xA8) : new Color(0xE4, 0x57, 0x2E));
        }
        chart.getStyler().setXAxisMin(-0.08);
        chart.getStyler().setXAxisMax(clouds.size() + (clouds.size() - 1) * GAP + 0.08);
        chart.getStyler().setYAxisMin(-0.04);
        chart.getStyler().setYAxisMax(1.06);
        byte[] picture = ChartEncoder.getBytes(chart, format);
        AtomicFiles.write(file, out -> out.write(picture));
    }

    /** svg or png, from a file's name. */
    public static String format(Path file) {
        String name = file.toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".svg") || name.endsWith(".png")) {
            return name.substring(name.length() - 3);
        }
        throw new IllegalArgumentException(file + ": a picture's name must end in .svg or .png");
    }

    /** From 0 to 1. */
    private static double[] scaled(double[][] points, int k) {
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (double[] point : points) {
            least = Math.min(least, point[k]);
            most = Math.max(most, point[k]);
        }
        double[] scaled = new double[points.length];
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] = most == least ? 0.5 : (points[i][k] - least) / (most - least);
        }
        return scaled;
    }
}
