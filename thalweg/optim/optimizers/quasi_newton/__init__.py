"""Optimizers that learn of curvature from how gradients change."""
