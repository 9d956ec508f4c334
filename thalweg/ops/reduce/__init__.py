"""Axes reduced: sums, extremes, scans, differences and statistics."""
