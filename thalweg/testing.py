"""Checks for your own functions and primitives: of their derivatives, and of every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from thalweg import tree
from thalweg.autodiff.functional import grad
from thalweg.autodiff.modes import no_grad
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.engines.jit import jit
from thalweg.errors import ArgumentError, DtypeError, EngineError, GradientError
from thalweg.ops.linalg.products import vdot

Array = np.ndarray[Any, Any]
Scalar = Callable[[list[Any]], Any]

__all__ = ["check_engines_agree", "check_gradients"]

_STEP = 1e-3
# Allowed between engines, relative to a result's largest element: other orders of summation.
_AGREEMENT = {"float64": 1e-12, "float32": 1e-5}


def check_gradients(
    function: Callable[..., Any],
    *arguments: Any,
    order: int = 2,
    rtol: float = 1e-5,
    atol: float = 1e-6,
    seed: int = 0,
) -> None:
    """Compare a function's derivatives with central differences, up to an order.

    The results of the function are weighted at random and summed; the gradient of that sum is
    compared with differences, coordinate by coordinate. For the next order a random directional
    derivative takes the place of the sum. Differences are of fourth order, with steps of 10⁻³
    times the larger of 1 and |x|, so kinks must be further away than twice that.

    Args:
        function: Maps trees of arrays to a tree of arrays, at least one of a floating dtype.
        arguments: Where to compare: trees of arrays. Those of dtype float64 are differentiated,
            integers and Booleans are held constant.
        order: How many derivatives to compare.
        rtol: Allowed difference, relative to the derivative's largest element.
        atol: Allowed difference beside that.
        seed: Of the random weights and directions.

    Raises:
        GradientError: If a derivative differs; it names the argument and the element.
        DtypeError: If an argument is of another floating dtype, too coarse for differences.
        ArgumentError: If there is nothing to differentiate.

    Example:
        >>> import numpy as np
        >>> check_gradients(lambda x: np.sin(x) * x, np.array([0.3, 2.0]))
    """
    leaves, definition = tree.flatten(arguments)
    values = [np.asarray(leaf.numpy() if isinstance(leaf, Tensor) else leaf) for leaf in leaves]
    places = [i for i, value in enumerate(values) if value.dtype.kind == "f"]
    for i in places:
        if values[i].dtype != np.float64:
            raise DtypeError(
                f"check_gradients got an argument of dtype {values[i].dtype}; differences need "
                "float64. Convert it with astype(float)."
            )
    if not places:
        raise ArgumentError(
            "check_gradients got no floating argument, so there is nothing to differentiate. "
            "Give at least one array of dtype float64."
        )
    random = np.random.default_rng(seed)
    weights: list[Array] = []

    def scalar(points: list[Any]) -> Any:
        filled: list[Any] = list(values)
        for place, point in zip(places, points, strict=True):
            filled[place] = point
        results = function(*tree.unflatten(definition, filled))
        return _weighted(results, weights, random)

    names = [tree.paths(arguments)[place] for place in places]
    points = [values[place] for place in places]
    current: Scalar = scalar
    for derivative in range(1, order + 1):
        _compare(current, points, names, derivative, rtol, atol)
        current = _directional(current, [random.normal(size=point.shape) for point in points])


def _weighted(results: Any, weights: list[Array], random: np.random.Generator) -> Any:
    outputs = [as_tensor(leaf) for leaf in tree.leaves(results)]
    outputs = [output for output in outputs if output.dtype.kind == "f"]
    if not outputs:
        raise ArgumentError(
            "check_gradients got a function without a floating result; it has no derivative. "
            "Return at least one tensor of a floating dtype."
        )
    if not weights:
        weights += [random.uniform(0.5, 1.5, output.shape) for output in outputs]
    total: Any = 0.0
    for weight, output in zip(weights, outputs, strict=True):
        total = total + vdot(weight, output)
    return total


def _directional(scalar: Scalar, directions: list[Array]) -> Scalar:
    def derivative(points: list[Any]) -> Any:
        total: Any = 0.0
        for direction, slope in zip(directions, grad(scalar)(points), strict=True):
            total = total + vdot(direction, slope)
        return total

    return derivative


def _compare(
    scalar: Scalar, points: list[Array], names: list[str], order: int, rtol: float, atol: float
) -> None:
    found = [np.asarray(slope) for slope in grad(scalar)(points)]
    for place, name in enumerate(names):
        for index, expected in _differences(scalar, points, place):
            tolerance = atol + rtol * float(np.max(np.abs(found[place])))
            got = float(found[place][index])
            if not abs(got - expected) <= tolerance:
                raise GradientError(
                    f"The derivative of order {order} with respect to argument {name}, element "
                    f"{index}, is {got}, but differences give {expected}. Check the rule of the "
                    "primitive, or move the point away from a kink."
                )


def _differences(
    scalar: Scalar, points: list[Array], place: int
) -> Iterator[tuple[tuple[int, ...], float]]:
    """Yield each element's index and its derivative by five-point differences."""
    for index in np.ndindex(points[place].shape):
        step = _STEP * max(1.0, abs(float(points[place][index])))
        values = []
        for offset in (-2.0, -1.0, 1.0, 2.0):
            moved = [point.copy() for point in points]
            moved[place][index] += offset * step
            values.append(float(as_tensor(scalar(moved)).detach()))
        yield index, (values[0] - 8.0 * values[1] + 8.0 * values[2] - values[3]) / (12.0 * step)


def check_engines_agree(
    function: Callable[..., Any],
    *arguments: Any,
    engines: Sequence[str] = ("numpy", "native"),
    rtol: float | None = None,
) -> None:
    """Compare what engines compute of a function; they must agree with the first of them.

    Shapes and dtypes must be equal, integers and Booleans too, and NaN and infinities must stand
    in the same places.

    Args:
        function: Maps trees of arrays to a tree of arrays.
        arguments: Where to compare: trees of arrays and numbers.
        engines: Names, the one to agree with first.
        rtol: Allowed difference, relative to the largest finite element of a result; 10⁻¹² for
            float64 and 10⁻⁵ for float32 unless given.

    Raises:
        EngineError: If two engines differ; it names the result and the element. Also if an
            engine cannot run the function.

    Example:
        >>> import numpy as np
        >>> check_engines_agree(lambda x: np.cumsum(np.exp(x)), np.array([0.5, -1.0, 2.0]))
    """
    with no_grad():
        results = [jit(function, engine=name)(*arguments) for name in engines]
    names = tree.paths(results[0])
    wanted, *others = ([_array(leaf) for leaf in tree.leaves(result)] for result in results)
    for engine, found in zip(engines[1:], others, strict=True):
        for name, a, b in zip(names, wanted, found, strict=True):
            if (a.shape, a.dtype) != (b.shape, b.dtype):
                got, due, where = as_tensor(b).spec, as_tensor(a).spec, ""
            elif (index := _first_difference(a, b, rtol)) is not None:
                got, due, where = b[index], a[index], f", element {index}"
            else:
                continue
            raise EngineError(
                f"The engine {engine!r} gives {got} for the result{name and f' {name}'}{where}, "
                f"but {engines[0]!r} gives {due}. Engines must agree: report the function, and "
                f"meanwhile use engine={engines[0]!r}; or allow more with rtol."
            )


def _array(value: Any) -> Array:
    return as_tensor(value).detach().numpy()


def _first_difference(wanted: Array, found: Array, rtol: float | None) -> tuple[int, ...] | None:
    """Return the index of the first element that differs."""
    if wanted.dtype.kind == "f":
        largest = np.max(np.abs(wanted), where=np.isfinite(wanted), initial=0.0)
        relative = _AGREEMENT.get(wanted.dtype.name, 1e-2) if rtol is None else rtol
        same = np.isclose(found, wanted, rtol=0.0, atol=relative * largest, equal_nan=True)
    else:
        same = found == wanted
    return None if np.all(same) else tuple(int(i) for i in np.argwhere(~same)[0])
