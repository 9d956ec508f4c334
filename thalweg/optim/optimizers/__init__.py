"""Optimizers and the transformations they are made of, one family a file under its paper's name."""
