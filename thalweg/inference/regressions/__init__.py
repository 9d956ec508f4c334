"""Regressions on a linear score: columns, families, estimates, predictions, quantiles."""
