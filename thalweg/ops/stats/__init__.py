"""Probability distributions: their densities, distribution functions and quantiles."""
