"""Layers as one eager operation each, with their derivatives, in NumPy."""
