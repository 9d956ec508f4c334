"""Optimizers around optimizers: parameters averaged or looked ahead."""
