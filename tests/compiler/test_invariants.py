"""What a step computes of the data alone is computed once a run."""

from __future__ import annotations

import numpy as np

import thalweg as tw
from tests.compiler.programs import program_of, spec
from thalweg.compiler.invariants import ahead

RNG = np.random.default_rng(5)


def _names(program):
    return [equation.primitive.name for equation in program.equations]


def test_what_is_dear_and_of_the_data_alone_is_split_off() -> None:
    program = program_of(
        lambda w, x, y: tw.sum((w * tw.log(x) - tw.take(y, tw.argsort(x))) ** 2),
        spec(3),
        spec(3),
        spec(3),
    )
    parts = ahead(program, 1, 2)
    assert parts is not None
    before, step = parts
    assert {"log", "order_along"} <= set(_names(before))
    assert not {"log", "order_along"} & set(_names(step))
    assert len(step.inputs) == len(program.inputs) + len(before.outputs)


def test_what_costs_little_stays() -> None:
    program = program_of(lambda w, x: tw.sum(w * (2 * x + 1)), spec(3), spec(3))
    assert ahead(program, 1, 1) is None


def test_what_depends_on_a_state_stays() -> None:
    program = program_of(lambda w, x: tw.sum(tw.exp(w * x)), spec(3), spec(3))
    assert ahead(program, 1, 1) is None


def test_a_view_of_what_is_split_off_stays_a_view() -> None:
    program = program_of(lambda w, x: tw.sum(w @ tw.transpose(tw.exp(x))), spec(3), spec(4, 3))
    parts = ahead(program, 1, 1)
    assert parts is not None
    assert "transpose" not in _names(parts[0])


def test_a_fit_is_that_of_the_reference_engine() -> None:
    x, y = RNG.uniform(0.5, 2.0, 40), RNG.normal(size=40)

    def loss(w, x, y):
        order = np.argsort(x)
        return np.mean((w[0] * np.log(x)[order] + w[1] * np.cumsum(x) - y[order] ** 3) ** 2)

    fits = [
        tw.fit(loss, np.zeros(2), (x, y), optimizer=tw.optim.adam(0.05), steps=200, engine=engine)
        for engine in ("native", "numpy")
    ]
    np.testing.assert_allclose(fits[0].params, fits[1].params, rtol=1e-10)
