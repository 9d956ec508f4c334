"""Derivatives of functions: grad, value_and_grad, vjp over trees of parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from thalweg import tree
from thalweg.autodiff.reverse import cotangents
from thalweg.core.operation import OPERATIONS
from thalweg.core.tensor import Tensor, as_tensor, variable
from thalweg.errors import DtypeError, GradientError

Argnums = int | Sequence[int]


def value_and_grad(
    function: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
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
        (Tensor(5.), Tensor([2., 4.]))
    """
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def differentiated(*args: Any, **kwargs: Any) -> Any:
        arguments = list(args)
        variables, definitions = [], []
        for position in positions:
            leaves, definition = tree.flatten(arguments[position])
            fresh = [_variable(leaf) for leaf in leaves]
            arguments[position] = tree.unflatten(definition, fresh)
            variables += fresh
            definitions.append((definition, len(fresh)))
        result = function(*arguments, **kwargs)
        value, aux = result if has_aux else (result, None)
        value = scalar(value)
        gradients = iter(pull_back([(value, OPERATIONS["ones_like"](value))], variables))
        grads = tuple(
            tree.unflatten(definition, [next(gradients) for _ in range(count)])
            for definition, count in definitions
        )
        found = grads[0] if isinstance(argnums, int) else grads
        value = detached(value, variables)
        return ((value, aux), found) if has_aux else (value, found)

    return differentiated


def grad(
    function: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that computes the gradient of a scalar loss.

    Arguments and errors as for `value_and_grad`; with `has_aux` it returns (gradient, aux).

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.grad(lambda x: np.sum(3 * x + 2))(np.zeros(2))
        Tensor([3., 3.])
    """
    both = value_and_grad(function, argnums, has_aux)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def pull_back(outputs: list[tuple[Tensor, Tensor]], variables: list[Tensor]) -> list[Tensor]:
    """Return the cotangents of variables; zeros for those the outputs do not depend on."""
    nodes = [v.node for v in variables if v.node is not None]
    # Recording the walk costs time, and matters only to derivatives of this derivative.
    found = cotangents(outputs, nodes, create_graph=_differentiated_outside(outputs, variables))
    return [
        found[v.node] if v.node in found else OPERATIONS["zeros_like"](v)
        for v in variables
        if v.node is not None
    ]


def _differentiated_outside(
    outputs: list[tuple[Tensor, Tensor]], variables: list[Tensor]
) -> bool:
    """Tell whether the outputs or their cotangents depend on variables older than these."""
    oldest = min((v.node.order for v in variables if v.node is not None), default=0)
    seen = set()
    stack = [t.node for pair in outputs for t in pair if t.node is not None]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.primitive is None and node.order < oldest:
            return True
        stack += [t.node for t in node.inputs if t.node is not None]
    return False


def detached(value: Tensor, variables: list[Tensor]) -> Tensor:
    """Return a value without its history, unless an enclosing derivative needs it."""
    outside = _differentiated_outside([(value, value)], variables)
    return value if outside else value.detach()


def scalar(value: Any) -> Tensor:
    """Return a function's result as a scalar tensor.

    Raises:
        GradientError: If it is not one floating number.
    """
    tensor = as_tensor(value)
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


def _variable(leaf: Any) -> Tensor:
    tensor = as_tensor(leaf)
    if tensor.dtype.kind not in "fc":
        raise DtypeError(
            f"A derivative was asked with respect to a parameter of dtype {tensor.dtype}; "
            "only floating dtypes have derivatives. Convert it with astype(float)."
        )
    return variable(tensor)
