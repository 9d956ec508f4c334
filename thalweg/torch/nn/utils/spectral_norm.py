"""A weight divided by its largest singular value, by a hook before each call.

Source: Miyato et al. (2018), Spectral normalization for generative adversarial networks.
"""

from __future__ import annotations

from typing import Any, TypeVar

from thalweg.autodiff.modes import no_grad
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, StateError
from thalweg.ops.elementwise.complex import conjugated
from thalweg.ops.linalg.products import matmul, vecdot
from thalweg.ops.shape.reshape import reshape
from thalweg.ops.shape.transpose import moveaxis, swapaxes
from thalweg.torch.functions.random import randn
from thalweg.torch.nn.functional.losses import normalize
from thalweg.torch.nn.hooks import Computing, pre_hooks_of, remove_pre_hook
from thalweg.torch.nn.modules.images.conv import TransposedConvolution
from thalweg.torch.nn.modules.module import Module
from thalweg.torch.nn.parameter import Parameter

__all__ = ["remove_spectral_norm", "spectral_norm"]

Normed = TypeVar("Normed", bound=Module)


def output_axis(module: Module, dim: int | None) -> int:
    """Return the dimension of a weight that counts outputs, unless one is given."""
    if dim is not None:
        return dim
    return 1 if isinstance(module, TransposedConvolution) else 0


def as_matrix(weight: Any, dim: int) -> Tensor:
    """Return a weight as a matrix, a dimension of it as the rows and all others as columns."""
    first = moveaxis(weight, dim, 0)
    return reshape(first, (first.shape[0], -1))


def direction(like: Any, size: int, eps: float) -> Tensor:
    """Draw a vector of length 1, of the dtype of a tensor."""
    return normalize(randn(size, dtype=like.dtype), dim=0, eps=eps)


def step(source: Tensor, vector: Any, eps: float) -> Any:
    """Put the direction of a matrix' product with the other vector into a vector; return it."""
    return normalize(source, dim=0, eps=eps, out=vector)


def require_iterations(count: int) -> None:
    """Refuse a number of power iterations that is not positive.

    Raises:
        ArgumentError: If it is not.
    """
    if count <= 0:
        raise ArgumentError(
            "Expected n_power_iterations to be positive, but got "
            f"n_power_iterations={count}. Give 1 or more."
        )


class SpectralNorm(Computing):
    """The hook that computes a module's weight from `weight_orig`, `weight_u` and `weight_v`.

    Args:
        name: The weight's name.
        n_power_iterations: How many power iterations each call in training makes.
        dim: The dimension of the weight that counts outputs.
        eps: What vectors' lengths are at least taken for.
    """

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float) -> None:
        require_iterations(n_power_iterations)
        self.name, self.dim, self.eps = name, dim, eps
        self.n_power_iterations = n_power_iterations

    @property
    def attribute(self) -> str:
        """The weight's name."""
        return self.name

    def computed(self, module: Module, iterations: int = 0) -> Tensor:
        """Return the weight, and go on with the search for its singular vectors."""
        weight, u, v = (getattr(module, f"{self.name}_{part}") for part in ("orig", "u", "v"))
        matrix = as_matrix(weight, self.dim)
        with no_grad():
            for _ in range(iterations):
                v = step(matmul(conjugated(swapaxes(matrix, 0, 1)), u), v, self.eps)
                u = step(matmul(matrix, v), u, self.eps)
        # A second call before `backward()` changes the buffers in place.
        u, v = u.clone(), v.clone()
        found: Tensor = weight / vecdot(u, matmul(matrix, v))
        return found

    def __call__(self, module: Module, inputs: Any) -> None:
        iterations = self.n_power_iterations if module.training else 0
        setattr(module, self.name, self.computed(module, iterations))

    def remove(self, module: Module) -> None:
        """Let the weight be a parameter again, with its present value."""
        with no_grad():
            weight = self.computed(module)
        for name in (self.name, *(f"{self.name}_{part}" for part in ("u", "v", "orig"))):
            delattr(module, name)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def tell_version(self, module: Module, state: Any, prefix: str, metadata: Any) -> None:
        """Write into a state's metadata in which form the vectors are kept, as PyTorch does."""
        metadata.setdefault("spectral_norm", {})[f"{self.name}.version"] = 1


def spectral_norm(
    module: Normed,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Normed:
    """Divide a weight by its largest singular value, which power iteration finds: w / (uᵀ W v).

    PyTorch's older way; `parametrizations.spectral_norm` is the newer one.

    Args:
        module: Whose weight it is.
        name: Its name; what is trained is `weight_orig`, and `weight_u` and `weight_v` are buffers.
        n_power_iterations: How many iterations each call in training makes.
        eps: What vectors' lengths are at least taken for.
        dim: The dimension that counts outputs: 1 of transposed convolutions, else 0.

    Raises:
        StateError: If the weight is normalized already.
        ArgumentError: If the number of iterations is not positive, or the parameter is None.

    Example:
        >>> from thalweg.torch import nn
        >>> layer = nn.utils.spectral_norm(nn.Linear(3, 2))
        >>> list(layer.state_dict())
        ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    if any(hook.name == name for hook in pre_hooks_of(module, SpectralNorm)):
        raise StateError(
            f"Cannot register two spectral_norm hooks on the same parameter {name}. Remove the "
            "first with remove_spectral_norm."
        )
    hook = SpectralNorm(name, n_power_iterations, output_axis(module, dim), eps)
    weight = module._parameters[name]
    if weight is None:
        raise ArgumentError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    with no_grad():
        rows, columns = as_matrix(weight, hook.dim).shape
        u, v = direction(weight, rows, eps), direction(weight, columns, eps)
    delattr(module, name)
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, weight.detach())
    module.register_buffer(f"{name}_u", u)
    module.register_buffer(f"{name}_v", v)
    module.register_forward_pre_hook(hook)
    module.register_state_dict_post_hook(hook.tell_version)
    return module


def remove_spectral_norm(module: Normed, name: str = "weight") -> Normed:
    """Let a weight that `spectral_norm` replaced be a parameter again.

    Raises:
        ArgumentError: If there is none.
    """
    for hook in pre_hooks_of(module, SpectralNorm):
        if hook.name == name:
            hook.remove(module)
            remove_pre_hook(module, hook)
            telling = module._hooks["state_dict_post"]
            for number in [n for n, told in telling.items() if told.function == hook.tell_version]:
                del telling[number]
            return module
    raise ArgumentError(f"spectral_norm of '{name}' not found in {module}")
