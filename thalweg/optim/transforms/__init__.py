"""Transformations of updates that are no optimizers by themselves."""
