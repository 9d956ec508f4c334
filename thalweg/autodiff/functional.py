"""Derivatives of functions over trees: grad, value_and_grad, vjp, jvp, linearize."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Concatenate, Literal, ParamSpec, Protocol, TypeVar, overload

from thalweg.autodiff.recorded import Argnums, Recorded
from thalweg.autodiff.transformed import Transformed
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, GradientError
from thalweg.ops.creation.creation import ones_like
from thalweg.ops.numpy.kinds import same_kind
from thalweg.ops.numpy.libraries import in_its_library, in_library

Function = Callable[..., Any]
P = ParamSpec("P")
Point = TypeVar("Point")
Value = TypeVar("Value")
Returned = TypeVar("Returned", covariant=True)
No = Literal[False]


class Gradient(Protocol[P]):
    """What `grad` returns: the gradient is of the kind that the point is of."""

    def __call__(self, point: Point, /, *args: P.args, **kwargs: P.kwargs) -> Point:
        """Return the gradient at a point."""


class ValueAndGradient(Protocol[P, Returned]):
    """What `value_and_grad` returns."""

    def __call__(
        self, point: Point, /, *args: P.args, **kwargs: P.kwargs
    ) -> tuple[Returned, Point]:
        """Return the value and the gradient at a point."""


@overload
def value_and_grad(
    function: Callable[Concatenate[Any, P], Value], *, has_aux: bool = False
) -> ValueAndGradient[P, Value]: ...
@overload
def value_and_grad(
    function: Callable[P, Value], argnums: Argnums, has_aux: bool = False
) -> Callable[P, tuple[Value, Any]]: ...
def value_and_grad(function: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """Return a function that computes a scalar loss and its gradient together.

    Args:
        function: Maps trees of arrays to a scalar, or to (scalar, aux) with `has_aux`.
        argnums: Which positional arguments to differentiate with respect to.
        has_aux: Whether the function returns something else beside the loss.

    Returns:
        A function of the same arguments that returns (value, gradient), the gradient in the
        tree structure of the argument; a tuple of gradients if `argnums` is a sequence.

    Raises:
        GradientError: If the function does not return a scalar.
        DtypeError: If a parameter is not of a floating dtype.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> value, gradient = tw.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
        >>> value, gradient
        (np.float64(5.0), array([2., 4.]))
    """

    @same_kind
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        recorded = Recorded(function, args, kwargs, argnums, has_aux)
        value = _scalar(recorded)
        found = recorded.as_arguments(recorded.pull_back([ones_like(value)]))
        result = recorded.value()
        return ((result, recorded.aux), found) if has_aux else (result, found)

    hosted = in_library("value_and_grad", differentiated, function, argnums, has_aux)
    return Transformed(hosted, value_and_grad, function, argnums, has_aux)


@overload
def grad(function: Callable[Concatenate[Any, P], Any], *, has_aux: No = False) -> Gradient[P]: ...
@overload
def grad(
    function: Callable[Concatenate[Any, P], tuple[Any, Value]], *, has_aux: Literal[True]
) -> Callable[Concatenate[Any, P], tuple[Any, Value]]: ...
@overload
def grad(
    function: Callable[P, Any], argnums: Argnums, has_aux: bool = False
) -> Callable[P, Any]: ...
def grad(function: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """Return a function that computes the gradient of a scalar loss.

    Arguments and errors as for `value_and_grad`; with `has_aux` it returns (gradient, aux).

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.grad(lambda x: np.sum(3 * x + 2))(np.zeros(2))
        array([3., 3.])
    """
    both = value_and_grad(function, argnums, has_aux)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return Transformed(gradient, grad, function, argnums, has_aux)


@overload
def vjp(
    function: Callable[..., Value], *primals: Any, has_aux: No = False
) -> tuple[Value, Callable[[Value], tuple[Any, ...]]]: ...
@overload
def vjp(function: Function, *primals: Any, has_aux: bool = False) -> tuple[Any, ...]: ...
@in_its_library
@same_kind
def vjp(function: Function, *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Evaluate a function and return the map from its cotangents to its arguments': u ↦ uᵀJ.

    Args:
        function: Maps trees of arrays to a tree of arrays, or to (tree, aux) with `has_aux`.
        primals: Its arguments.
        has_aux: Whether the function returns something else beside its result.

    Returns:
        (result, pullback), or (result, pullback, aux). The pullback maps a tree like the result
        to a tuple of trees like the primals; it may be called many times.

    Raises:
        DtypeError: If a primal is not of a floating dtype.
        ShapeError: From the pullback, if its argument is not like the result.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> value, pullback = tw.vjp(np.multiply, np.array([1.0, 2.0]), 3.0)
        >>> pullback(np.array([1.0, 1.0]))
        (array([3., 3.]), 3.0)
    """
    recorded = Recorded(function, primals, {}, range(len(primals)), has_aux)

    def pullback(cotangent: Any) -> Any:
        gradients = recorded.directions("The pullback of vjp", cotangent, forward=False)
        return recorded.as_arguments(recorded.pull_back(gradients))

    extra = (recorded.aux,) if has_aux else ()
    return (recorded.value(), same_kind(pullback, *primals), *extra)


@in_its_library
@same_kind
def linearize(function: Callable[..., Value], *primals: Any) -> tuple[Value, Callable[..., Value]]:
    """Evaluate a function and return its derivative there as a linear map: v ↦ Jv.

    Arguments, result and errors as for `vjp`; the map takes one tangent a primal.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> value, pushforward = tw.linearize(np.square, np.array([1.0, 2.0]))
        >>> pushforward(np.array([1.0, 10.0]))
        array([ 2., 40.])
    """
    recorded = Recorded(function, primals, {}, range(len(primals)), has_aux=False)

    def pushforward(*tangents: Any) -> Any:
        moving = recorded.directions("The map of linearize", tangents, forward=True)
        return recorded.as_result(recorded.push_forward(moving))

    value: Value = recorded.value()
    return value, same_kind(pushforward, *primals)


@overload
def jvp(
    function: Callable[..., Value],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    has_aux: No = False,
) -> tuple[Value, Value]: ...
@overload
def jvp(
    function: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> tuple[Any, ...]: ...
@in_its_library
@same_kind
def jvp(
    function: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> tuple[Any, ...]:
    """Evaluate a function and its derivative in one direction: Jv.

    Args:
        function: Maps trees of arrays to a tree of arrays, or to (tree, aux) with `has_aux`.
        primals: Its arguments, a tuple or list.
        tangents: The direction: one tree like each primal.
        has_aux: Whether the function returns something else beside its result.

    Returns:
        (result, tangent), or (result, tangent, aux); the tangent is a tree like the result.

    Raises:
        DtypeError: If a primal is not of a floating dtype.
        ShapeError: If a tangent is not like its primal.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.jvp(np.sin, (np.zeros(2),), (np.array([1.0, 2.0]),))
        (array([0., 0.]), array([1., 2.]))
    """
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise ArgumentError(
                f"jvp got {name} of type {type(given).__name__}; it wants a tuple with one entry "
                f"an argument. Write jvp(f, (x,), (v,))."
            )
    recorded = Recorded(function, primals, {}, range(len(primals)), has_aux)
    moving = recorded.directions("jvp", tuple(tangents), forward=True)
    tangent = recorded.as_result(recorded.push_forward(moving))
    extra = (recorded.aux,) if has_aux else ()
    return (recorded.value(), tangent, *extra)


def _scalar(recorded: Recorded) -> Tensor:
    """Return the only output.

    Raises:
        GradientError: If it is not one floating number.
    """
    if len(recorded.outputs) != 1:
        raise GradientError(
            f"grad needs a scalar, but the function returned {len(recorded.outputs)} values. "
            "Return the loss alone, or (loss, rest) with has_aux=True."
        )
    tensor = recorded.outputs[0]
    if tensor.shape != ():
        raise GradientError(
            f"grad needs a scalar, but the function returned shape {tensor.shape}. "
            "Reduce it with .sum() or .mean(), or use jacobian."
        )
    if tensor.dtype.kind not in "fc":
        raise GradientError(
            f"grad needs a floating result, but the function returned {tensor.dtype}, which has "
            "no derivative. Convert its inputs with astype(float)."
        )
    return tensor
