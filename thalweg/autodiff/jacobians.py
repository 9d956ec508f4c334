"""Whole matrices of derivatives: a batch of vjps or jvps along the standard basis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from thalweg.autodiff.batching import vmap
from thalweg.autodiff.functional import P, Point, grad, jvp
from thalweg.autodiff.recorded import Argnums, Recorded
from thalweg.autodiff.transformed import Transformed
from thalweg.core.tape import set_recording
from thalweg.core.tensor import Tensor, make
from thalweg.errors import GradientError
from thalweg.ops.creation.creation import eye
from thalweg.ops.numpy.kinds import same_kind
from thalweg.ops.numpy.libraries import in_library
from thalweg.ops.shape.reshape import reshape

Function = Callable[..., Any]


def jacobian(
    function: Callable[P, Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[P, Any]:
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

    def all_rows(recorded: Recorded) -> Iterable[Sequence[Tensor]]:
        return [rows(recorded, position) for position in range(len(recorded.outputs))]

    return _jacobian_by(all_rows, jacobian, function, argnums, has_aux)


jacrev = jacobian


def jacfwd(
    function: Callable[P, Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[P, Any]:
    """Return a function that computes the Jacobian by one forward walk for all inputs.

    Arguments, result and errors as for `jacobian`.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> tw.jacfwd(lambda x: np.array([1.0, 2.0, 3.0]) * x)(2.0)
        array([1., 2., 3.])
    """

    def all_rows(recorded: Recorded) -> Iterable[Sequence[Tensor]]:
        parts = [columns(recorded, position) for position in range(len(recorded.variables))]
        return zip(*parts, strict=True) if parts else [()] * len(recorded.outputs)

    return _jacobian_by(all_rows, jacfwd, function, argnums, has_aux)


def _jacobian_by(
    all_rows: Callable[[Recorded], Iterable[Sequence[Tensor]]],
    maker: Function,
    function: Function,
    argnums: Argnums,
    has_aux: bool,
) -> Function:
    """Return a function that computes the Jacobian, given how the rows of all outputs are found."""

    @same_kind
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        recorded = Recorded(function, args, kwargs, argnums, has_aux)
        for output in recorded.outputs:
            if output.dtype.kind not in "fc":
                raise GradientError(
                    f"jacobian needs floating results, but the function returned {output.dtype}, "
                    "which has no derivative. Return it as aux, with has_aux=True."
                )
        found = recorded.as_result([recorded.as_arguments(row) for row in all_rows(recorded)])
        return (found, recorded.aux) if has_aux else found

    hosted = in_library(maker.__name__, differentiated, function, argnums, has_aux)
    return Transformed(hosted, maker, function, argnums, has_aux)


def hessian(
    function: Callable[P, Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[P, Any]:
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


def hvp(function: Function, primal: Point, tangent: Any) -> Point:
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
    product: Point = jvp(grad(function), (primal,), (tangent,))[1]
    return product


def _along_basis(
    recorded: Recorded,
    walk: Callable[[list[Tensor | None]], list[Tensor]],
    values: list[Tensor],
    position: int,
    out_axes: int,
) -> list[Tensor]:
    """Return what a walk gives for each direction of the standard basis of one value's space."""
    value = values[position]

    def along(direction: Tensor) -> list[Tensor]:
        return walk([direction if i == position else None for i in range(len(values))])

    basis = reshape(eye(value.size, dtype=value.dtype), (value.size, *value.shape))
    directions = make(basis.array, kind=value.results)
    with set_recording(recorded.outside):
        found: list[Tensor] = vmap(along, out_axes=out_axes)(directions)
    return found


def rows(recorded: Recorded, position: int) -> list[Tensor]:
    """Return the derivatives of one output with respect to every variable."""
    output = recorded.outputs[position]
    found = _along_basis(recorded, recorded.pull_back, recorded.outputs, position, 0)
    return [_block(row, output, v) for row, v in zip(found, recorded.variables, strict=True)]


def columns(recorded: Recorded, position: int) -> list[Tensor]:
    """Return the derivatives of every output with respect to one variable."""
    value = recorded.variables[position]
    found = _along_basis(recorded, recorded.push_forward, recorded.variables, position, -1)
    return [_block(column, o, value) for column, o in zip(found, recorded.outputs, strict=True)]


def _block(found: Tensor, output: Tensor, value: Tensor) -> Tensor:
    """Return the derivatives of an output with respect to a value, of numbers as a number."""
    block = reshape(found, (*output.shape, *value.shape))
    return make(block.array, block.node, True) if output.weak and value.weak else block
