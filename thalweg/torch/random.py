"""PyTorch's `torch.random`: the state of the random numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from thalweg.random.generator import default_generator
from thalweg.torch.functions.random import (
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)

__all__ = [
    "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed", "seed",
    "set_rng_state",
]  # fmt: skip


@contextmanager
def fork_rng(
    devices: Iterable[Any] | None = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str | None = None,
) -> Iterator[None]:
    """Go on, after a `with` block, with the random numbers from before it.

    Args:
        devices: Accepted as in PyTorch; there are no devices beside the CPU.
        enabled: Whether to do so.
        device_type: Accepted as in PyTorch; "meta" leaves the numbers alone, as there.

    Example:
        >>> import thalweg.torch as torch
        >>> with torch.random.fork_rng():
        ...     first = torch.rand(2)
        >>> torch.equal(first, torch.rand(2))
        True
    """
    if not enabled or device_type == "meta":
        yield
        return
    before = default_generator.get_state()
    try:
        yield
    finally:
        default_generator.set_state(before)
