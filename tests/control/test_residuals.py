"""The derivative of a loop's body in two parts, which are programs."""

from __future__ import annotations

import numpy as np
import pytest

import thalweg as tw
from thalweg.control import rolling  # noqa: F401 (programs are rolled when their traces end)
from thalweg.control.body import body_of
from thalweg.control.residuals import split_at
from thalweg.core import program
from thalweg.core.program import evaluate, meant
from thalweg.core.spec import FLOAT64, Spec


def test_the_parts_are_whole_where_the_derivative_is_rolled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def turn(h: tw.Tensor, x: tw.Tensor) -> list[tw.Tensor]:
        for _ in range(60):
            h = 0.9 * h + x
        return [h, h * x]

    number = Spec((), FLOAT64)
    with monkeypatch.context() as unrolled:
        unrolled.setattr(program, "finishing", [])
        body = body_of(turn, [number, number]).program
    split = split_at(body, 1)
    split.forward.check()
    split.later.check()
    h, x = np.float64(0.3), np.float64(0.7)
    results = evaluate(split.forward, [h, x, *(t.array for t in split.captured)], meant)
    np.testing.assert_allclose(results[:2], [float(t) for t in turn(tw.tensor(h), tw.tensor(x))])
    saved, rest = results[split.results :], [x, *(t.array for t in split.captured)]
    found = evaluate(split.later, [np.float64(1.0), np.float64(2.0), *saved, *rest], meant)
    wanted = tw.grad(lambda h, x: turn(h, x)[0] + 2.0 * turn(h, x)[1], argnums=(0, 1))(h, x)
    np.testing.assert_allclose(found, wanted, rtol=1e-10)
