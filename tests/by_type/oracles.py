"""Who says what a public function gives: NumPy, SciPy or PyTorch, by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
import torch

Oracle = Callable[..., Any]

# Names that NumPy has with another meaning, or that follow PyTorch's on purpose.
_NOT_NUMPYS = {"corrcoef", "cov", "put", "select", "split", "unsafe_split"}
# PyTorch's losses of these names are means; ours are Optax's, one for each element.
_NOBODYS = {
    "huber_loss", "from_numpy", "ctc_loss", "cosine_similarity", "triplet_margin_loss"
}  # fmt: skip


def oracle_of(name: str) -> tuple[str, Oracle | None]:
    """Return the library that has a function of this name, and that function."""
    prefix, _, own = name.rpartition(".")
    if prefix == "special":
        return _first(own, ("SciPy", scipy.special), ("PyTorch", torch.special))
    if prefix == "torch":
        return _first(own, ("PyTorch", torch), ("PyTorch", torch.nn.functional))
    if prefix:
        return _first(own, ("NumPy", getattr(np, prefix)), ("PyTorch", getattr(torch, prefix)))
    if name in _NOBODYS:
        return "", None
    if name not in _NOT_NUMPYS:
        library, found = _first(name, ("NumPy", np), ("NumPy", np.linalg))
        if found is not None:
            return library, found
    return _first(
        name, ("SciPy", scipy.special), ("PyTorch", torch), ("PyTorch", torch.nn.functional),
    )  # fmt: skip


def _first(name: str, *places: tuple[str, Any]) -> tuple[str, Oracle | None]:
    for library, place in places:
        found = getattr(place, name, None)
        if callable(found) and not isinstance(found, type):
            return library, of_torch(found) if library == "PyTorch" else found
    return "", None


def of_torch(function: Oracle) -> Oracle:
    """Return a function of arrays that calls one of tensors."""

    def called(*args: Any, **kwargs: Any) -> Any:
        kwargs = {key: _given(value) for key, value in kwargs.items()}
        return _found(function(*map(_given, args), **kwargs))

    return called


def _given(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(value))
    if isinstance(value, type) and issubclass(value, np.generic):
        return getattr(torch, value.__name__)
    return type(value)(map(_given, value)) if type(value) in (list, tuple) else value


def _found(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.resolve_conj().numpy()
    return tuple(map(_found, value)) if isinstance(value, (list, tuple)) else value
