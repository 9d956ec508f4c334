"""What goes wrong in a body is told with the step of the run and the user's line in the body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import primitives, program_of
from thalweg.core.spec import Spec
from thalweg.engines import registry
from thalweg.errors import IndexOutOfRange, TrainingDiverged

I3 = np.eye(3)


@pytest.fixture(params=list(registry.ENGINES))
def engine(request: pytest.FixtureRequest) -> Any:
    return request.param


def factor(x: Any) -> Any:
    return np.sum(np.linalg.cholesky(x))


def system(x: Any) -> Any:
    return np.sum(np.linalg.solve(x - I3, np.ones(3)))


def logarithm(x: Any) -> Any:
    return np.sum(np.log(np.diagonal(x)))


def steep(x: Any) -> Any:
    return np.sum(np.sqrt(np.diagonal(x)))


# What is done to a matrix that is w I at first, in bodies of each kind.


def scanned(f: Callable[..., Any], w: Any) -> Any:
    return tw.scan(lambda c, r: (c + f(I3 * (w - r)), None), 0.0, np.arange(3.0) * 0.0)[0]


def rolled(f: Callable[..., Any], w: Any) -> Any:
    total = 0.0
    for i in range(30):
        total = total + f(I3 * w) + np.sin(total) * 0.1 * i
    return total


def chosen(f: Callable[..., Any], w: Any) -> Any:
    return tw.cond(w < 100, lambda w: f(I3 * w), lambda w: w, w)


def nested(f: Callable[..., Any], w: Any) -> Any:
    return tw.scan(lambda c, _: (c + chosen(f, w), None), 0.0, None, length=2)[0]


def batched(f: Callable[..., Any], w: Any) -> Any:
    return np.sum(tw.vmap(lambda r: f(I3 * r * w))(np.ones(4)))


def repeated(f: Callable[..., Any], w: Any) -> Any:
    turns = tw.while_loop(lambda c: c[1] < 2, lambda c: (f(I3 * w0(w)), c[1] + 1), (w0(w), 0))
    return turns[0] + w


def w0(w: Any) -> Any:
    return tw.stop_gradient(w)


BODIES = [scanned, rolled, chosen, nested, batched, repeated]


FAULTS = [
    (factor, 0.25, r"linalg\.cholesky at {} found no result: Matrix is not positive definite\."),
    (system, 1.0, r"linalg\.solve or inv at {} found no result: Singular matrix\."),
    (logarithm, -1.0, r"log at {} gave NaN from finite numbers"),
    (steep, 0.0, r"at {} \(in its derivative\) gave inf from finite numbers"),
]


@pytest.mark.parametrize(
    ("body", "f", "start", "told"),
    # A while loop has no derivative that could overflow.
    [(b, *fault) for b in BODIES for fault in FAULTS if (b, fault[0]) != (repeated, steep)],
)
def test_the_step_and_the_line_in_the_body_are_named(
    body: Any, f: Any, start: float, told: str, engine: Any
) -> None:
    line = f"{__file__}:{f.__code__.co_firstlineno + 1}"
    with pytest.raises(TrainingDiverged, match=told.format(line)) as caught:
        tw.fit(lambda w: body(f, w), start, optimizer=tw.optim.sgd(0.1), steps=30, engine=engine)
    step = caught.value.step
    assert f"at step {step} (epoch" in str(caught.value)
    # A step takes away a part of w: after some, w I has no factor.
    assert (step > 0) == (f is factor)
    assert (caught.value.params <= 0) == (f is not system)


def test_the_loop_of_python_is_rolled() -> None:
    program = program_of(lambda w: rolled(factor, w), Spec((), np.dtype(float)))
    assert primitives(program).count("counted_loop") == 1


def test_an_index_outside_in_a_body_is_told_with_the_line_in_the_body(engine: Any) -> None:
    def looked_up(c: Any, i: Any) -> Any:
        return c + TABLE[i], None

    line = f"{__file__}:{looked_up.__code__.co_firstlineno + 1}"
    with pytest.raises(IndexOutOfRange, match=rf"index 5 .* size 3.*at {line}, in step 0"):
        tw.fit(
            lambda w, places: tw.scan(looked_up, w, places)[0] ** 2, 1.0, np.array([0, 2, 5]),
            optimizer=tw.optim.sgd(0.1), engine=engine,
        )  # fmt: skip


TABLE = tw.tensor([1.0, 2.0, 3.0])
