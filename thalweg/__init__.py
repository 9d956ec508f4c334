"""Gradient-based optimization: plain NumPy losses, composed optimizers, one native loop."""
