/*
 * Copyright 2026 The Tidegate Authors
 *
 * SPDX-License-Identifier: Apache-2.0
 */
package io.tidegate.sim.physics;

/** Linear least squares of relative errors, with coefficients that are not below zero. */
final class LeastSquares {

    private LeastSquares() {}

    /**
     * The coefficients c that make Σ((terms·c − values)/values)² least, by normal equations; terms whose coefficient would be negative are
     * left out, the most negative first.
     *
     * @param terms one row for each value
     * @param values positive
     */
    static double[] fit(double[][] terms, double[] values) {
        int columns = terms[0].length;
        boolean[] out = new boolean[columns];
        while (true) {
            double[] found = solve(terms, values, out);
            int worst = -1;
            for (int i = 0; i < columns; i++) {
                if (found[i] < 0 && (worst < 0 || found[i] < found[worst])) {
                    worst = i;
                }
            }
            if (worst < 0) {
                return found;
            }
            out[worst] = true;
        }
    }

    private static double[] solve(double[][] terms, double[] values, boolean[] out) {
        int columns = out.length;
        double[][] matrix = new double[columns][columns + 1];
        for (int row = 0; row < terms.length; row++) {
            for (int i = 0; i < columns; i++) {
                double left = out[i] ? 0 : terms[row][i] / values[row];
                for (int j = 0; j < columns; j++) {
                    matrix[i][j] += left * (out[j] ? 0 : terms[row][j] / values[row]);
                }
                matrix[i][columns] += left;
            }
        }
        for (int i = 0; i < columns; i++) {
            if (out[i]) {
                matrix[i][i] = 1;
            }
        }
        return eliminate(matrix);
    }

    /** Gauss with pivots. */
    private static double[] eliminate(double[][] matrix) {
        int size = matrix.length;
        for (int column = 0; column < size; column++) {
            int pivot = column;
            for (int row = column + 1; row < size; row++) {
                if (Math.abs(matrix[row][column]) > Math.abs(matrix[pivot][column])) {
                    pivot = row;
                }
            }
            double[] swap = matrix[column];
            matrix[column] = matrix[pivot];
            matrix[pivot] = swap;
            for (int row = column + 1; row < size; row++) {
                double factor = matrix[row][column] / matrix[column][column];
                for (int i = column; i <= size; i++) {
                    matrix[row][i] -= factor * matrix[column][i];
                }
            }
        }
        double[] solution = new double[size];
        for (int row = size - 1; row >= 0; row--) {
            double sum = matrix[row][size];
            for (int i = row + 1; i < size; i++) {
                sum -= matrix[row][i] * solution[i];
            }
            solution[row] = sum / matrix[row][row];
        }
        return solution;
    }
}
