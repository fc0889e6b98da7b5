// Copyright the Verbo authors. Licensed under the Apache License, Version 2.0.
// SPDX-License-Identifier: Apache-2.0
package verbo.train;

import java.util.SplittableRandom;
import verbo.text.Progress;

/** Points of many dimensions in two, for the eye. */
public final class Projection {
    private static final int ITERATIONS = 1000;
    private static final int EXAGGERATED = 250;
    private static final double LEAST = 1e-12;
    private static final double ROUNDING = 1e-12; // beside the largest variance

    private Projection() {}

    /**
     * Principal components: the two directions along which the points differ most, found by iteration with the covariance
     * (Pearson 1901).
     *
     * @param points
     *            {@code [points, dimensions]}
     * @return {@code [points, 2]}
     */
    public static double[][] principalComponents(float[][] points) {
        int n = points.length;
        int d = points[0].length;
        double[][] centred = centred(points);
        double[][] result = new double[n][2];
        double[][] found = new double[2][];
        double largest = 0; // variance, times the number of points
        for (int component = 0; component < Math.min(2, d); component++) {
            SplittableRandom random = new SplittableRandom(component);
            double[] direction = random.doubles(d, -1, 1).toArray();
            for (int iteration = 0; iteration < ITERATIONS; iteration++) {
                double[] next = new double[d]; // Xᵀ (X direction)
                for (double[] point : centred) {
                    double along = dot(point, direction);
                    for (int i = 0; i < d; i++) {
                        next[i] += along * point[i];
                    }
                }
                if (component == 1) {
                    double shared = dot(next, found[0]);
                    for (int i = 0; i < d; i++) {
                        next[i] -= shared * found[0][i];
                    }
                }
                double length = Math.sqrt(dot(next, next));
                if (component == 1 && length <= ROUNDING * largest) {
                    length = 0; // the points lie in a line
                }
                double change = 0;
                for (int i = 0; i < d; i++) {
                    next[i] = length == 0 ? 0 : next[i] / length;
                    change = Math.max(change, Math.abs(next[i] - direction[i]));
                }
                direction = next;
                if (component == 0) {
                    largest = length;
                }
                if (change < LEAST) {
                    break;
                }
            }
            found[component] = direction;
            for (int p = 0; p < n; p++) {
                result[p][component] = dot(centred[p], direction);
            }
        }
        return result;
    }

    private static double[][] centred(float[][] points) {
        int d = points[0].length;
        double[] mean = new double[d];
        for (float[] point : points) {
            for (int i = 0; i < d; i++) {
                mean[i] += point[i] / points.length;
            }
        }
        double[][] centred = new double[points.length][d];
        for (int p = 0; p < points.length; p++) {
            for (int i = 0; i < d; i++) {
                centred[p][i] = points[p][i] - mean[i];
            }
        }
        return centred;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /**
     * t-SNE (van der Maaten and Hinton 2008), exactly: neighbours stay neighbours, whatever becomes of the rest. Time grows
     * with the square of the number of points.
     *
     * @param points
     *            {@code [points, dimensions]}
     * @param perplexity
     *            about how many neighbours each point has; less than a third of the points are possible
     * @param seed
     *            of where the points begin
     * @param progress
     *            told of iterations
     * @return {@code [points, 2]}
     */
    public static double[][] neighbourEmbedding(float[][] points, double perplexity, long seed, Progress progress) {
        int n = points.length;
        double[][] p = affinities(points, Math.max(1, Math.min(perplexity, (n - 1) / 3.0)));
        SplittableRandom random = new SplittableRandom(seed);
        double[][] y = new double[n][2];
        double[][] velocity = new double[n][2];
        double[][] gain = new double[n][2];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < 2; k++) {
                y[i][k] = 1e-4 * random.nextGaussian();
                gain[i][k] = 1;
            }
        }
        double[][] kernel = new double[n][n];
        double rate = Math.max(50, n / 48.0);
        for (int iteration = 0; iteration < ITERATIONS; iteration++) {
            double exaggeration = iteration < EXAGGERATED ? 12 : 1;
            double momentum = iteration < EXAGGERATED ? 0.5 : 0.8;
            double sum = 0;
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < i; j++) {
                    double dx = y[i][0] - y[j][0];
                    double dy = y[i][1] - y[j][1];
                    double value = 1 / (1 + dx * dx + dy * dy);
                    kernel[i][j] = value;
                    kernel[j][i] = value;
                    sum += 2 * value;
                }
            }
            double[][] next = new double[n][2];
            double[] mean = new double[2];
            for (int i = 0; i < n; i++) {
                double[] gradient = new double[2];
                for (int j = 0; j < n; j++) {
                    double pull = 4 * (exaggeration * p[i][j] - kernel[i][j] / sum) * kernel[i][j];
                    gradient[0] += pull * (y[i][0] - y[j][0]);
                    gradient[1] += pull * (y[i][1] - y[j][1]);
                }
                for (int k = 0; k < 2; k++) {
                    boolean onwards = gradient[k] > 0 != velocity[i][k] > 0;
                    gain[i][k] = Math.max(0.01, onwards ? gain[i][k] + 0.2 : gain[i][k] * 0.8);
                    velocity[i][k] = momentum * velocity[i][k] - rate * gain[i][k] * gradient[k];
                    next[i][k] = y[i][k] + velocity[i][k];
                    mean[k] += next[i][k] / n;
                }
            }
            for (int i = 0; i < n; i++) {
                y[i][0] = next[i][0] - mean[0];
                y[i][1] = next[i][1] - mean[1];
            }
            progress.update(iteration + 1, ITERATIONS);
        }
        return y;
    }

    /** How likely i and j are neighbours, by normal distributions each as wide as gives the perplexity asked for. */
    private static double[][] affinities(float[][] points, double perplexity) {
        int n = points.length;
        double[][] p = new double[n][n];
        double wanted = Math.log(perplexity);
        for (int i = 0; i < n; i++) {
            double[] distance = new double[n];
            double nearest = Double.MAX_VALUE;
            for (int j = 0; j < n; j++) {
                for (int k = 0; k < points[i].length; k++) {
                    double difference = (double) points[i][k] - points[j][k];
                    distance[j] += difference * difference;
                }
                nearest = j == i ? nearest : Math.min(nearest, distance[j]);
            }
            double precision = 1;
            double least = 0;
            double most = Double.POSITIVE_INFINITY;
            for (int tries = 0; tries < 100; tries++) {
                double sum = 0;
                double weighted = 0;
                for (int j = 0; j < n; j++) {
                    p[i][j] = j == i ? 0 : Math.exp(-precision * (distance[j] - nearest));
                    sum += p[i][j];
                    weighted += p[i][j] * (distance[j] - nearest);
                }
                double entropy = Math.log(sum) + precision * weighted / sum;
                for (int j = 0; j < n; j++) {
                    p[i][j] /= sum;
                }
                if (Math.abs(entropy - wanted) < 1e-5) {
                    break;
                }
                if (entropy > wanted) {
                    least = precision;
                    precision = Double.isInfinite(most) ? precision * 2 : (precision + most) / 2;
                } else {
                    most = precision;
                    precision = (precision + least) / 2;
                }
            }
        }
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                double both = Math.max(LEAST, (p[i][j] + p[j][i]) / (2 * n));
                p[i][j] = both;
                p[j][i] = both;
            }
        }
        return p;
    }
}
