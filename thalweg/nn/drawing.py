"""Where modules get random numbers from: the default generator, or keys in a traced run."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from thalweg.core.tensor import Tensor
from thalweg.errors import TracingError
from thalweg.ops.keyed import fold_in

_keys: ContextVar[Iterator[Tensor] | None] = ContextVar("keys", default=None)


@contextmanager
def drawing(key: Tensor) -> Iterator[None]:
    """Let what is drawn inside be a function of a key: the i-th draw of the key and i.

    Args:
        key: Two 32-bit integers, which may be traced: see `thalweg.ops.keyed`.
    """
    token = _keys.set(fold_in(key, number) for number in itertools.count())
    try:
        yield
    finally:
        _keys.reset(token)


def next_key(name: str) -> Tensor:
    """Return the key of the next draw in a traced function.

    Args:
        name: What draws, for the error.

    Raises:
        TracingError: If nobody gave a key.
    """
    keys = _keys.get()
    if keys is None:
        raise TracingError(
            f"{name} drew random numbers in a traced function, which would be the same at every "
            "call. Train with tw.fit(model, …), or call the model inside "
            "`with thalweg.nn.drawing.drawing(key):`, with another key each time."
        )
    return next(keys)
