"""Whole matrices of derivatives: a batch of vjps or jvps along the standard basis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.autodiff.batching import vmap
from thalweg.autodiff.functional import grad, jvp
from thalweg.autodiff.recorded import Argnums, Recorded
from thalweg.autodiff.transformed import Transformed
from thalweg.core.tape import set_recording
from thalweg.core.tensor import Tensor, make
from thalweg.errors import GradientError
from thalweg.ops.creation.creation import eye
from thalweg.ops.numpy.kinds import same_kind
from thalweg.ops.shape.reshape import reshape

Function = Callable[..., Any]


def jacobian(function: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """Return a function that computes the Jacobian by one backward walk for all outputs.

        J[i, j] = ∂ outputᵢ / ∂ inputⱼ

    It suits functions with fewer outputs than inputs; `jacfwd` suits the others.

    Args:
        function: Maps trees of arrays to a tree of arrays, or to (tree, aux) with `has_aux`.
        argnums: Which positional arguments to differentiate with respect to.
        has_aux: Whether the function returns something else beside its result.

    Returns:
        A function of the same arguments that returns the tree of the result, with a tree of the
        argument (a tuple of such trees if `argnums` is a sequence) in place of each leaf, whose
        leaves have shape (*output.shape, *input.shape); with `has_aux`, (jacobian, aux).

    Raises:
        GradientError: If an output is not of a floating dtype.
        DtypeError: If an input is not of a floating dtype.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
        array([[2., 0.],
               [0., 4.]])
    """

    @same_kind
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        recorded = _recorded(function, args, kwargs, argnums, has_aux)
        parts = [rows(recorded, position) for position in range(len(recorded.outputs))]
        found = recorded.as_result([recorded.as_arguments(row) for row in parts])
        return (found, recorded.aux) if has_aux else found

    return Transformed(differentiated, jacobian, function, argnums, has_aux)


jacrev = jacobian


def jacfwd(function: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """Return a function that computes the Jacobian by one forward walk for all inputs.

    Arguments, result and errors as for `jacobian`.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.jacfwd(lambda x: np.array([1.0, 2.0, 3.0]) * x)(2.0)
        array([1., 2., 3.])
    """

    @same_kind
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        recorded = _recorded(function, args, kwargs, argnums, has_aux)
        parts = [columns(recorded, position) for position in range(len(recorded.variables))]
        found = recorded.as_result(
            [recorded.as_arguments(row) for row in zip(*parts, strict=True)]
            if parts
            else [recorded.as_arguments(()) for _ in recorded.outputs]
        )
        return (found, recorded.aux) if has_aux else found

    return Transformed(differentiated, jacfwd, function, argnums, has_aux)


def hessian(function: Function, argnums: Argnums = 0, has_aux: bool = False) -> Function:
    """Return a function that computes all second derivatives, forward over reverse.

        H[i, j, k] = ∂² outputᵢ / ∂ inputⱼ ∂ inputₖ

    Arguments and errors as for `jacobian`. In the result, each leaf of the Jacobian's tree is in
    turn a tree of the argument; its leaves have shape (*output.shape, *input.shape, *input.shape).

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.hessian(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
        array([[ 6.,  0.],
               [ 0., 12.]])
    """
    return jacfwd(jacobian(function, argnums, has_aux), argnums, has_aux)


def hvp(function: Function, primal: Any, tangent: Any) -> Any:
    """Return a Hessian-vector product, H v, without forming the Hessian.

    Args:
        function: Maps a tree of arrays to a scalar.
        primal: Where to differentiate.
        tangent: The vector v, a tree like the primal.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.hvp(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
        array([ 6., 12.])
    """
    return jvp(grad(function), (primal,), (tangent,))[1]


def _recorded(
    function: Function, args: Any, kwargs: Any, argnums: Argnums, has_aux: bool
) -> Recorded:
    recorded = Recorded(function, args, kwargs, argnums, has_aux)
    for output in recorded.outputs:
        if output.dtype.kind not in "fc":
            raise GradientError(
                f"jacobian needs floating results, but the function returned {output.dtype}, "
                "which has no derivative. Return it as aux, with has_aux=True."
            )
    return recorded


def _basis(value: Tensor) -> Tensor:
    """Return the standard basis of a value's space: shape (size, *shape)."""
    return reshape(eye(value.size, dtype=value.dtype), (value.size, *value.shape))


def rows(recorded: Recorded, position: int) -> list[Tensor]:
    """Return the derivatives of one output with respect to every variable."""
    output = recorded.outputs[position]

    def pull(g: Tensor) -> list[Tensor]:
        gradients: list[Tensor | None] = [None] * len(recorded.outputs)
        gradients[position] = g
        return recorded.pull_back(gradients)

    with set_recording(recorded.outside):
        found = vmap(pull)(_basis(output))
    return [_block(row, output, v) for row, v in zip(found, recorded.variables, strict=True)]


def columns(recorded: Recorded, position: int) -> list[Tensor]:
    """Return the derivatives of every output with respect to one variable."""
    value = recorded.variables[position]

    def push(t: Tensor) -> list[Tensor]:
        moving: list[Tensor | None] = [None] * len(recorded.variables)
        moving[position] = t
        return recorded.push_forward(moving)

    with set_recording(recorded.outside):
        found = vmap(push, out_axes=-1)(_basis(value))
    return [
        _block(column, output, value)
        for column, output in zip(found, recorded.outputs, strict=True)
    ]


def _block(found: Tensor, output: Tensor, value: Tensor) -> Tensor:
    """Return the derivatives of an output with respect to a value, of numbers as a number."""
    block = reshape(found, (*output.shape, *value.shape))
    return make(block.array, block.node, True) if output.weak and value.weak else block
