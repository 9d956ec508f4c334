"""Minimization of a smooth function: one algorithm a file."""
