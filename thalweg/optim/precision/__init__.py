"""Narrow floats: parameters with wide masters, losses scaled so that gradients do not vanish."""
