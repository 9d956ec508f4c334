"""Second derivatives of losses of (parameters, inputs, targets), by names on their way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from thalweg.autodiff.batching import vmap
from thalweg.autodiff.functional import grad, jvp
from thalweg.core.tensor import Tensor
from thalweg.ops.creation.creation import ones_like
from thalweg.ops.elementwise.arithmetic import square
from thalweg.ops.linalg.diagonals import diag
from thalweg.ops.linalg.products import vdot
from thalweg.ops.numpy.kinds import on_tensors
from thalweg.optim.deprecations import deprecated
from thalweg.optim.wholes import as_vector
from thalweg.tree import Tree

__all__ = ["fisher_diag", "hessian_diag", "hvp"]


class LossFn(Protocol):
    """A loss of a batch."""

    def __call__(self, params: Any, inputs: Any, targets: Any) -> Any:
        """Return the loss, a scalar."""
        ...


@on_tensors
def _hvp(loss: LossFn, v: Any, params: Tree, inputs: Any, targets: Any) -> Tree:
    _, restored = as_vector(params)
    return jvp(_gradient(loss, inputs, targets), [params], [restored(v)])[1]


def _gradient(loss: LossFn, inputs: Any, targets: Any) -> Callable[[Tree], Tree]:
    def of_parameters(params: Tree) -> Any:
        return loss(params, inputs, targets)

    return grad(of_parameters)


@deprecated(removed="0.2.9")
def hvp(loss: LossFn, v: Any, params: Tree, inputs: Any, targets: Any) -> Tree:
    """Return the Hessian of a loss times a vector: H v; `thalweg.hvp` takes trees.

    Args:
        loss: Maps (params, inputs, targets) to a scalar.
        v: A vector, as long as all parameters together.
        params: A tree of arrays.
        inputs: What the loss gets.
        targets: What the loss gets.

    Example:
        >>> import warnings, numpy as np, thalweg as tw
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     tw.optim.second_order.hvp(
        ...         lambda p, x, y: np.sum(p**3), np.array([1.0, 0.0]), np.ones(2), 0.0, 0.0
        ...     )
        array([6., 0.])
    """
    return _hvp(loss, v, params, inputs, targets)


@deprecated(removed="0.2.9")
@on_tensors
def hessian_diag(loss: LossFn, params: Tree, inputs: Any, targets: Any) -> Any:
    """Return the diagonal of the Hessian of a loss, a vector of all parameters.

    Args:
        loss: Maps (params, inputs, targets) to a scalar.
        params: A tree of arrays.
        inputs: What the loss gets.
        targets: What the loss gets.

    Example:
        >>> import warnings, numpy as np, thalweg as tw
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     tw.optim.second_order.hessian_diag(
        ...         lambda p, x, y: np.sum(p**3), np.array([1.0, 2.0]), 0.0, 0.0
        ...     )
        array([ 6., 12.])
    """
    vector, _ = as_vector(params)

    def entry(v: Tensor) -> Tensor:
        return vdot(v, as_vector(_hvp(loss, v, params, inputs, targets))[0])

    return vmap(entry)(diag(ones_like(vector)))


@deprecated(removed="0.2.9")
@on_tensors
def fisher_diag(negative_log_likelihood: LossFn, params: Tree, inputs: Any, targets: Any) -> Any:
    """Return the diagonal of the Fisher information of one batch: the gradient squared.

    Args:
        negative_log_likelihood: Maps (params, inputs, targets) to a scalar.
        params: A tree of arrays.
        inputs: What it gets.
        targets: What it gets.

    Example:
        >>> import warnings, numpy as np, thalweg as tw
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     tw.optim.second_order.fisher_diag(
        ...         lambda p, x, y: np.sum(p**3), np.array([1.0, 2.0]), 0.0, 0.0
        ...     )
        array([  9., 144.])
    """
    return square(as_vector(_gradient(negative_log_likelihood, inputs, targets)(params))[0])
