"""Training loops made from plain functions, run by an engine and the reference, and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tests.compiler.programs import program_of, spec
from thalweg.core.spec import Spec
from thalweg.engines.engine import Loop
from thalweg.engines.llvm.engine import NativeEngine
from thalweg.engines.numpy import NumpyEngine

Array = np.ndarray[Any, Any]


class Given(NamedTuple):
    """A loop with what its runs begin with."""

    loop: Loop
    state: list[Array]
    data: list[Array]
    scalars: Array
    order: Array | None

    def begin(self, engine: Any, seed: int = 7) -> Any:
        compiled = engine.compile_loop(self.loop)
        return compiled.begin(self.state, self.data, self.scalars, self.order, seed)


def spec_of(array: Any) -> Spec:
    return Spec(np.shape(array), np.asarray(array).dtype)


def given(
    step: Callable[..., Any],
    state: Sequence[Any],
    data: Sequence[Any] = (),
    scalars: Sequence[float] = (),
    rows: int = 0,
    batch: int = 0,
    reshuffled: bool = False,
) -> Given:
    """Trace `step(*state, *data, *scalars, rows)`, and draw an order of the rows if one is due."""
    states, arrays = [np.asarray(s) for s in state], [np.asarray(d) for d in data]
    specs = [spec_of(a) for a in (*states, *arrays)] + [spec()] * len(scalars)

    def program(count: int) -> Any:
        return program_of(step, *specs, *([spec(count, dtype=np.int32)] if count else []))

    rest = rows % batch if batch else 0
    loop = Loop(
        program(batch),
        program(rest) if rest else None,
        len(states),
        len(arrays),
        rows,
        batch,
        reshuffled,
    )
    order = None
    if batch and not reshuffled:
        order = np.random.default_rng(rows).permutation(rows).astype(np.int32)
    return Given(loop, states, arrays, np.array(scalars, float), order)


def advanced(run: Any, *slices: int) -> tuple[Array, list[Array]]:
    """Return the losses and the state after slices of so many steps."""
    losses = np.full(sum(slices), np.nan)
    start = 0
    for steps in slices:
        run.advance(start, steps, losses[start : start + steps])
        start += steps
    return losses, run.state()


def check_loop(
    step: Callable[..., Any],
    state: Sequence[Any],
    data: Sequence[Any] = (),
    scalars: Sequence[float] = (),
    *,
    steps: int = 5,
    rtol: float = 1e-11,
    engine: Any = None,
    **options: Any,
) -> None:
    """Fail unless the losses and states of the native or another engine are the reference's."""
    case = given(step, state, data, scalars, **options)
    wanted_losses, wanted = advanced(case.begin(NumpyEngine()), steps)
    losses, found = advanced(case.begin(engine or NativeEngine()), steps)
    assert np.isfinite(wanted_losses).all(), "the example itself must make sense"
    np.testing.assert_allclose(losses, wanted_losses, rtol=rtol, atol=rtol, err_msg="losses")
    for number, (a, b) in enumerate(zip(found, wanted, strict=True)):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol, err_msg=f"state {number}")
