"""What a user writes: NumPy's names, composed of few primitives."""

from thalweg.ops import creation, elementwise, getitem, indexing, linalg, reductions, shaping

__all__ = ["creation", "elementwise", "getitem", "indexing", "linalg", "reductions", "shaping"]
