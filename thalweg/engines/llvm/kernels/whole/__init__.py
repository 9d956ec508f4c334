"""Kernels that read their operands whole, by theme."""
