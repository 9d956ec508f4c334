"""Algorithms that minimize sums of squares."""
