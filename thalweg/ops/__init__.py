"""What a user writes: NumPy's names, composed of few primitives."""

from thalweg.ops import creation, elementwise, indexing, linalg, reductions, shaping

__all__ = ["creation", "elementwise", "indexing", "linalg", "reductions", "shaping"]
