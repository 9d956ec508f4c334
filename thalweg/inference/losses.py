"""A user's loss as one loss a row, of one vector: with scores and curvature."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from thalweg import tree
from thalweg.autodiff.batching import vmap
from thalweg.autodiff.functional import grad
from thalweg.autodiff.jacobians import hessian, jacfwd
from thalweg.engines.running import solve
from thalweg.errors import ArgumentError, DataError, ShapeError
from thalweg.inference.newton import LossCurvature

Floats = NDArray[np.float64]

Form = Literal["rows", "mean", "sum", "whole"]


@dataclass(frozen=True, eq=False)
class RowLosses:
    """A loss whose rows add up, as a function of a vector.

    Args:
        loss: The user's function.
        structure: The tree of the parameters.
        shapes: The shapes of its leaves.
        names: Of each number in them.
        arrays: The data's leaves, which share axis 0.
        definition: Their tree: a tuple of arguments, or a dict of keywords.
        count: The number of rows; 0 if there are none.
        form: What the loss returns: one loss a row, their mean, their sum, or, without data, one
            number that is told apart no further.
    """

    loss: Callable[..., Any]
    structure: tree.TreeDef
    shapes: tuple[tuple[int, ...], ...]
    names: tuple[str, ...]
    arrays: tuple[NDArray[Any], ...]
    definition: tree.TreeDef
    count: int
    form: Form

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells it from others of the same function."""
        return self.structure, self.shapes, self.definition, self.form

    def params(self, vector: Any) -> Any:
        """Return a vector as the user's tree."""
        leaves, first = [], 0
        for shape in self.shapes:
            end = first + math.prod(shape)
            leaves.append(np.reshape(vector[first:end], shape))
            first = end
        return tree.unflatten(self.structure, leaves)

    def called(self, vector: Any, arrays: Any) -> Any:
        """Return what the user's loss returns."""
        data = tree.unflatten(self.definition, arrays)
        params = self.params(vector)
        return self.loss(params, **data) if isinstance(data, dict) else self.loss(params, *data)

    def rows(self, vector: Any, *arrays: Any) -> Any:
        """Return one loss a row, of arrays like the data's: it can be traced."""
        if self.form == "rows":
            return self.called(vector, arrays)
        return vmap(lambda *row: self.called(vector, [a[None] for a in row]))(*arrays)

    def total(self, vector: Any, weights: Any, arrays: Any) -> Any:
        """Return the sum of the losses, or of each times its weight; it can be traced."""
        if self.form == "whole":
            return self.called(vector, ())
        if weights is None and self.form != "rows":
            return self.called(vector, arrays) * (self.count if self.form == "mean" else 1)
        losses = self.rows(vector, *arrays)
        return np.sum(losses if weights is None else weights * losses)

    def _run(self, name: str, function: Callable[..., Any], *values: Any) -> Any:
        """Return what a function makes of values and data: traced once, however often it runs."""
        known = ("m-estimation", name, self.key)
        whole = lambda given: function(*given[0], given[1])
        # NumPy runs the few steps to an optimum in less time than native code takes to compile.
        return solve(whole, (values, self.arrays), (self.loss,), known, "numpy")

    def value(self, vector: Floats, weights: Floats | None = None) -> float:
        """Return the sum as a number; infinite where there is none."""
        with np.errstate(all="ignore"):
            found = float(np.asarray(self._run("value", self.total, vector, weights)))
        return found if math.isfinite(found) else math.inf

    def curvature(self, vector: Floats, weights: Floats | None = None) -> LossCurvature:
        """Return scores and second derivatives; without rows, a single score: the gradient."""

        def derivatives(vector: Any, weights: Any, arrays: Any) -> Any:
            total = lambda at: self.total(at, weights, arrays)
            first = grad(total) if self.form == "whole" else self._row_gradients(arrays)
            return first(vector), hessian(total)(vector)

        found = self._run("curvature", derivatives, vector, weights)
        scores, second = (np.asarray(each) for each in found)
        second = (second + second.T) / 2.0
        if self.form == "whole":
            # Of a likelihood, the expectation of g'H⁻¹g is the number of parameters.
            return LossCurvature(scores[None], second, chance=float(len(vector)))
        return LossCurvature(scores if weights is None else scores * weights[:, None], second)

    def _row_gradients(self, arrays: Any) -> Callable[[Any], Any]:
        if self.form == "rows":
            return jacfwd(lambda vector: self.called(vector, arrays))
        one = lambda vector, *row: self.called(vector, [array[None] for array in row])
        axes = (None, *(0 for _ in arrays))
        return lambda vector: vmap(grad(one), in_axes=axes)(vector, *arrays)

    def hessians(self, vector: Floats) -> Floats:
        """Return the second derivatives of each row's loss, a matrix a row."""
        return np.asarray(jacfwd(self._row_gradients(self.arrays))(vector))


def read_losses(loss: Callable[..., Any], params: Any, data: Any) -> tuple[RowLosses, Floats]:
    """Return a loss as one a row, and the parameters as a vector.

    Raises:
        ArgumentError: If the loss of all rows is neither the mean nor the sum of single rows'.
        ShapeError: If data differ in their number of rows.
        DataError: If a parameter is not finite.
    """
    leaves, structure = tree.flatten_parameters(params)
    values = [np.asarray(leaf, np.float64) for leaf in leaves]
    vector = np.concatenate([np.ravel(v) for v in values]) if values else np.zeros(0)
    if not vector.size or not np.isfinite(vector).all():
        raise DataError("The parameters hold no number, or one that is not finite.")
    arrays, definition = _read_arrays(data)
    shapes = tuple(v.shape for v in values)
    names, count = names_of(params), len(arrays[0]) if arrays else 0
    found = RowLosses(loss, structure, shapes, names, arrays, definition, count, "whole")
    return _formed(found, vector), vector


def _read_arrays(data: Any) -> tuple[tuple[NDArray[Any], ...], tree.TreeDef]:
    given = data if isinstance(data, (tuple, dict)) else () if data is None else (data,)

    def plain(value: Any) -> Any:
        return np.asarray(value) if isinstance(value, list) else value

    given = (
        {name: plain(value) for name, value in given.items()}
        if isinstance(given, dict)
        else tuple(map(plain, given))
    )
    leaves, definition = tree.flatten(given)
    arrays = []
    for leaf in leaves:
        array = np.asarray(leaf)
        # Differences between single precision's roundings would count as scores.
        arrays.append(array.astype(np.float64) if array.dtype.kind == "f" else array)
    lengths = {array.shape[0] if array.ndim else -1 for array in arrays}
    if len(lengths) > 1 or -1 in lengths:
        raise ShapeError(
            f"The data have shapes {', '.join(str(a.shape) for a in arrays)}; inference needs "
            "arrays that share their first axis, the rows. Put constants into the loss."
        )
    return tuple(arrays), definition


def names_of(params: Any) -> tuple[str, ...]:
    """Return the name of each number in a tree of arrays.

    >>> names_of({"b": 0.0, "w": np.zeros(2)})
    ('b', 'w[0]', 'w[1]')
    """
    found = []
    for path, leaf in zip(tree.names(params), tree.leaves(params), strict=True):
        name, shape = ".".join(path) or "params", np.shape(leaf)
        places = np.ndindex(shape)
        found += [f"{name}[{','.join(map(str, place))}]" if shape else name for place in places]
    return tuple(found)


def _formed(found: RowLosses, vector: Floats) -> RowLosses:
    """Return the losses with their form, found by comparing all rows with single ones."""
    whole = np.asarray(found.called(vector, found.arrays))
    if whole.ndim == 1 and (not found.arrays or len(whole) == found.count):
        return replace(found, form="rows", count=len(whole))
    if whole.shape != ():
        raise ShapeError(
            f"The loss returned shape {whole.shape}; it wants one number, or one a row "
            f"({found.count},)."
        )
    if not found.arrays:
        return found
    rng = np.random.default_rng(0)
    points = vector, vector + 0.01 * (1.0 + np.abs(vector)) * rng.normal(size=vector.shape)
    single = replace(found, form="mean")
    seen = [
        (
            float(np.asarray(found.called(at, found.arrays))),
            np.asarray(single.rows(at, *found.arrays)),
        )
        for at in points
    ]
    forms: tuple[tuple[Form, Any], ...] = (("mean", np.mean), ("sum", np.sum))
    for form, reduced in forms:
        if all(
            abs(value - reduced(rows)) <= 1e-8 * (abs(value) + reduced(np.abs(rows)))
            for value, rows in seen
        ):
            return replace(found, form=form)
    value, rows = seen[0]
    raise ArgumentError(
        f"The loss of all rows is {value:.6g}, but single rows have losses of mean "
        f"{np.mean(rows):.6g} and sum {np.sum(rows):.6g}: rows do not add up, so none has a score "
        "of its own. Give a loss that returns one loss a row, of shape (rows,), or one whose mean "
        "over rows it is."
    )
