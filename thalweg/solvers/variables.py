"""The variables of a problem: a tree of arrays as one flat vector, and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg import tree
from thalweg.core.spec import DType, default_dtype
from thalweg.core.tensor import Tensor, as_tensor, astype
from thalweg.errors import DtypeError, ShapeError
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import reshape
from thalweg.solvers.function import Vector


@dataclass(frozen=True)
class Variables:
    """How a tree of arrays lies in one vector: leaf after leaf, each row by row.

    Attributes:
        structure: The tree.
        shapes: The shapes of the leaves.
        dtypes: Their dtypes.
        dtype: That of the vector.
    """

    structure: tree.TreeDef
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[DType, ...]
    dtype: DType

    @classmethod
    def of(cls, start: Any) -> tuple[Variables, Any]:
        """Return how a start lies in a vector, and that start with arrays as its leaves.

        A list or tuple of numbers alone is one array, as NumPy takes it.

        Raises:
            DtypeError: If a leaf is no real number.
            ShapeError: If there are no variables.
        """
        start = as_one_array(start)
        leaves, structure = tree.flatten_parameters(start)
        found = [as_tensor(leaf) for leaf in leaves]
        for leaf in found:
            if leaf.dtype.kind not in "iuf":
                raise DtypeError(
                    f"x0 has values of dtype {leaf.dtype}; a minimum is searched among real "
                    "numbers. Give floating arrays or numbers."
                )
        whole = [x if x.dtype.kind == "f" else astype(x, default_dtype()) for x in found]
        shapes = tuple(tuple(x.shape) for x in whole)
        if not sum(map(math.prod, shapes)):
            raise ShapeError("x0 has no numbers; give at least one variable.")
        dtypes = tuple(x.dtype for x in whole)
        variables = cls(structure, shapes, dtypes, np.result_type(*dtypes))
        return variables, tree.unflatten(structure, whole)

    @property
    def size(self) -> int:
        """The number of variables."""
        return sum(map(math.prod, self.shapes))

    def joined(self, values: Any) -> Vector:
        """Return a tree of this structure as a vector."""
        leaves = [astype(reshape(as_tensor(x), (-1,)), self.dtype) for x in tree.leaves(values)]
        return leaves[0] if len(leaves) == 1 else concatenate(leaves)

    def apart(self, vector: Vector) -> Any:
        """Return a vector as a tree of this structure."""
        leaves, first = [], 0
        for shape, dtype in zip(self.shapes, self.dtypes, strict=True):
            end = first + math.prod(shape)
            leaves.append(astype(reshape(vector[first:end], shape), dtype))
            first = end
        return tree.unflatten(self.structure, leaves)

    def taking(self, function: Callable[..., Any], *more: Any) -> Callable[[Vector], Any]:
        """Return a function of trees as one of vectors."""
        return lambda vector: function(self.apart(vector), *more)


def as_one_array(start: Any) -> Any:
    """Return a list or tuple of numbers alone as an array, anything else as it is."""
    numbers = (int, float, np.number)
    if type(start) in (list, tuple) and start and all(isinstance(x, numbers) for x in start):
        return np.asarray(start)
    return start


def flat_tensor(values: Any) -> Tensor:
    """Return all leaves of a tree as one vector."""
    leaves = [reshape(as_tensor(x), (-1,)) for x in tree.leaves(values)]
    return leaves[0] if len(leaves) == 1 else concatenate(leaves)
