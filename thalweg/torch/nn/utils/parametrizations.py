"""Weights that are orthogonal, of unit spectral norm, or a direction times a length.

Sources: Lezcano-Casado (2019), Trivializations for gradient-based optimization on manifolds;
Miyato et al. (2018), Spectral normalization; Salimans and Kingma (2016), Weight normalization.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import numpy as np

from thalweg.autodiff.modes import no_grad
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, AxisError, MissingDerivative
from thalweg.ops.creation.creation import eye
from thalweg.ops.elementwise.complex import conjugated
from thalweg.ops.linalg.matrices import qr, solve
from thalweg.ops.linalg.matrix_functions import matrix_exp
from thalweg.ops.linalg.products import matmul, vecdot
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.join import concatenate
from thalweg.ops.shape.reshape import expand_dims
from thalweg.ops.shape.transpose import swapaxes
from thalweg.torch.functions.matrices.householder import geqrf, householder_product
from thalweg.torch.functions.matrices.lengths import norm_except_dim
from thalweg.torch.functions.random import randn
from thalweg.torch.naming import adopted
from thalweg.torch.nn.functional.losses import normalize
from thalweg.torch.nn.modules.module import Module
from thalweg.torch.nn.utils.parametrize import register_parametrization
from thalweg.torch.nn.utils.spectral_norm import (
    as_matrix,
    direction,
    output_axis,
    require_iterations,
    step,
)
from thalweg.torch.nn.utils.weight_norm import of_direction

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]

Parametrized = TypeVar("Parametrized", bound=Module)

Map = Literal["matrix_exp", "cayley", "householder"]

_MAPS = ("matrix_exp", "cayley", "householder")


def _diagonal(x: Any) -> Any:
    return x.diagonal(dim1=-2, dim2=-1)


def _orthogonalized(x: Tensor) -> Any:
    """Return Q of x = Q R with a positive diagonal of R, of tall matrices."""
    q, r = qr(x)
    size = abs(_diagonal(r))
    return q * expand_dims(_diagonal(r) / (size + (size == 0)), -2)


def _is_orthogonal(q: Any) -> bool:
    n, k = q.shape[-2:]
    product = matmul(conjugated(swapaxes(q, -1, -2)), q)
    eps = 10.0 * n * float(np.finfo(q.array.dtype).eps)
    return bool(np.allclose(product.numpy(), np.eye(k), atol=eps))


class _Orthogonal(Module):
    """A map from all matrices to those with orthonormal rows or columns, whichever are fewer."""

    base: Any

    def __init__(self, weight: Any, orthogonal_map: str, use_trivialization: bool) -> None:
        super().__init__()
        if weight.array.dtype.kind == "c" and orthogonal_map == "householder":
            raise ArgumentError(
                "The householder parametrization does not support complex tensors. Use "
                '"matrix_exp" or "cayley".'
            )
        self.shape, self.orthogonal_map = weight.shape, orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Any) -> Any:
        transposed = X.shape[-2] < X.shape[-1]
        x = swapaxes(X, -1, -2) if transposed else X
        reflected = self.orthogonal_map == "householder"
        q = self._reflected(x) if reflected else self._rotated(x)
        if "base" in self._buffers:
            q = matmul(self.base, q)
        return swapaxes(q, -1, -2) if transposed else q

    def _reflected(self, x: Any) -> Tensor:
        """Return a product of reflections, with signs that the diagonal has kept."""
        vectors = x.tril(-1)
        tau = 2.0 / (1.0 + (vectors * vectors).sum(-2))
        signs = _diagonal(x).detach().trunc()
        found: Tensor = householder_product(vectors, tau) * expand_dims(signs, -2)
        return found

    def _rotated(self, x: Any) -> Tensor:
        """Return the first columns of the rotation that a skew matrix stands for."""
        n, k = x.shape[-2:]
        x = x.tril()
        if n != k:
            none = broadcast_to(x.new_zeros((n, n - k)), (*x.shape[:-2], n, n - k))
            x = concatenate([x, none], axis=-1)
        skew = x - conjugated(swapaxes(x, -1, -2))
        if self.orthogonal_map == "matrix_exp":
            q = matrix_exp(skew)
        else:
            one = eye(n, dtype=skew.dtype)
            q = solve(one - 0.5 * skew, one + 0.5 * skew)
        return q[..., :k] if n != k else q

    def right_inverse(self, Q: Any) -> Any:
        with no_grad():
            return self._inverse(Q)

    def _inverse(self, Q: Any) -> Any:
        if self.shape != Q.shape:
            raise ArgumentError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of "
                f"shape {Q.shape}."
            )
        transposed = Q.shape[-2] < Q.shape[-1]
        q = swapaxes(Q, -1, -2) if transposed else Q
        if "base" in self._buffers:
            self.base = adopted(self._completed(q))
            # With reflections the diagonal keeps signs, and these give the identity.
            negative = Q.new_zeros(Q.shape)
            _diagonal(negative).fill_(-1.0)
            return negative
        if self.orthogonal_map != "householder":
            raise _no_inverse()
        a, tau = geqrf(q)
        signs = _diagonal(a).sign() * (1.0 - 2.0 * (tau == 0.0))
        _diagonal(a).copy_(signs)
        return swapaxes(a, -1, -2) if transposed else a

    @staticmethod
    def _completed(q: Any) -> Any:
        """Return a square orthogonal matrix with given columns, as far as these are orthogonal."""
        n, k = q.shape[-2:]
        if n == k:
            return q.clone() if _is_orthogonal(q) else _orthogonalized(q)
        rest = randn(*q.shape[:-2], n, n - k, dtype=q.dtype)
        return _orthogonalized(concatenate([q, rest], axis=-1))


def _no_inverse() -> Exception:
    return MissingDerivative(
        "It is not possible to assign to the matrix exponential or the Cayley parametrizations "
        "when use_trivialization=False. Use trivialization, or assign to what is trained."
    )


def _weight_of(module: Module, name: str) -> Any:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ArgumentError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


def orthogonal(
    module: Parametrized,
    name: str = "weight",
    orthogonal_map: Map | None = None,
    *,
    use_trivialization: bool = True,
) -> Parametrized:
    """Keep a matrix orthogonal: its columns orthonormal, or its rows if these are fewer.

    What is trained is any matrix x: its lower triangle less the upper one's conjugate is a skew
    matrix A, and the weight exp(A) or (I - A/2)⁻¹(I + A/2); or reflections along its columns.

    Args:
        module: Whose matrix, or stack of matrices, it is.
        name: Its name.
        orthogonal_map: "matrix_exp", "cayley" or "householder"; by default the first for square
            and complex matrices, the last for others.
        use_trivialization: Whether the map is multiplied by a fixed orthogonal matrix, a buffer
            `base`, so that it starts from the matrix that is there, made orthogonal.

    Raises:
        ArgumentError: If there is no such tensor or map, it is no matrix, or is complex with
            "householder".

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> layer = nn.utils.parametrizations.orthogonal(nn.Linear(3, 5))
        >>> torch.allclose(layer.weight.mT @ layer.weight, torch.eye(3), atol=1e-6)
        True
    """
    weight = _weight_of(module, name)
    if weight.ndim < 2:
        raise ArgumentError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions."
        )
    square = weight.shape[-2] == weight.shape[-1] or weight.array.dtype.kind == "c"
    chosen = orthogonal_map or ("matrix_exp" if square else "householder")
    if chosen not in _MAPS:
        raise ArgumentError(
            'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". '
            f"Got: {orthogonal_map}"
        )
    made = _Orthogonal(weight, chosen, use_trivialization)
    return register_parametrization(module, name, made, unsafe=True)


class _WeightNorm(Module):
    """A direction times a length: g v / ‖v‖."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Any, weight_v: Any) -> Any:
        return of_direction(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Any) -> tuple[Tensor, Any]:
        return norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module: Parametrized, name: str = "weight", dim: int | None = 0) -> Parametrized:
    """Train a length and a direction in place of a weight: w = g v / ‖v‖.

    Args:
        module: Whose weight it is.
        name: Its name; g is `parametrizations.weight.original0`, v the one with 1.
        dim: The dimension along which each slice has a length of its own; None for one length.

    Example:
        >>> from thalweg.torch import nn
        >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
        >>> layer.parametrizations.weight.original0.shape == (2, 1)
        True
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def rename(owner: Module, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Take the entries of the older `weight_norm` by their newer names."""
        older = [f"{prefix}{name}_{part}" for part in "gv"]
        if all(key in state for key in older):
            for number, key in enumerate(older):
                state[f"{prefix}parametrizations.{name}.original{number}"] = state.pop(key)

    module.register_load_state_dict_pre_hook(rename)
    return module


class _SpectralNorm(Module):
    """A weight divided by its largest singular value: W / (uᵀ W v), by power iteration."""

    _u: Any
    _v: Any

    def __init__(self, weight: Any, n_power_iterations: int, dim: int, eps: float) -> None:
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise AxisError(
                "Dimension out of range (expected to be in range of "
                f"[-{ndim}, {ndim - 1}] but got {dim})"
            )
        require_iterations(n_power_iterations)
        self.dim, self.eps = dim % ndim, eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight.detach(), self.dim)
            for name, size in zip(("_u", "_v"), matrix.shape, strict=True):
                self.register_buffer(name, direction(matrix, size, eps))
            self._iterate(matrix, 15)

    def _iterate(self, matrix: Any, count: int) -> None:
        with no_grad():
            turned = conjugated(swapaxes(matrix, 0, 1))
            for _ in range(count):
                step(matmul(matrix, self._v), self._u, self.eps)
                step(matmul(turned, self._u), self._v, self.eps)

    def forward(self, weight: Any) -> Any:
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._iterate(matrix, self.n_power_iterations)
        # A second call before `backward()` changes the buffers in place.
        u, v = self._u.clone(), self._v.clone()
        return weight / vecdot(u, matmul(matrix, v))

    def right_inverse(self, value: Any) -> Any:
        return value


def spectral_norm(
    module: Parametrized,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Parametrized:
    """Divide a weight by its largest singular value, which power iteration follows.

    Each access in training goes on with the iteration, whose vectors are buffers.

    Args:
        module: Whose weight it is.
        name: Its name.
        n_power_iterations: How many iterations each access in training makes.
        eps: What vectors' lengths are at least taken for.
        dim: The dimension that counts outputs: 1 of transposed convolutions, else 0.

    Raises:
        ArgumentError: If there is no such tensor, or the number of iterations is not positive.
        AxisError: If there is no such dimension.

    Example:
        >>> import thalweg.torch as torch
        >>> from thalweg.torch import nn
        >>> layer = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4), n_power_iterations=50)
        >>> abs(torch.linalg.svdvals(layer.weight).max().item() - 1.0) < 1e-3
        True
    """
    weight = _weight_of(module, name)
    made = _SpectralNorm(weight, n_power_iterations, output_axis(module, dim), eps)
    return register_parametrization(module, name, made)
