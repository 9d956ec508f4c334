"""What a user writes: NumPy's names, composed of few primitives."""

from thalweg.ops import (
    activations,
    arranging,
    composed,
    creation,
    einsum,
    elementwise,
    getitem,
    indexing,
    joining,
    linalg,
    losses,
    norms,
    reductions,
    shaping,
    special,
    summaries,
)

__all__ = [
    "activations",
    "arranging",
    "composed",
    "creation",
    "einsum",
    "elementwise",
    "getitem",
    "indexing",
    "joining",
    "linalg",
    "losses",
    "norms",
    "reductions",
    "shaping",
    "special",
    "summaries",
]
