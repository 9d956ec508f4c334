"""Every public function: its derivative equals differences, or is refused, or stated to be 0.

Along two random directions, in float64, by central differences of step 1e-6, relative to
1 + |derivative|: 1e-6. Nothing is listed by hand but samples and exceptions; a function that no
sample fits fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.walk import (
    BY_HAND,
    COARSE,
    CONSTANT,
    NO_FLOATS,
    REFUSED,
    TRIED,
    Args,
    Array,
    functions,
    in_domain,
    methods,
)
from thalweg import torch as wing
from thalweg.errors import GradientError, TracingError, UnsupportedOperation


def tensors_in(value: Any) -> list[Any]:
    if isinstance(value, tw.Tensor):
        return [value]
    return (
        [t for item in value for t in tensors_in(item)] if isinstance(value, (tuple, list)) else []
    )


def is_floating(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def floats_of(args: Args) -> list[Array]:
    found: list[Array] = []
    for arg in args:
        if is_floating(arg):
            found.append(arg)
        elif isinstance(arg, (tuple, list)):
            found += [item for item in arg if is_floating(item)]
    return found


def with_floats(args: Args, given: Any) -> list[Any]:
    rest = iter(given)
    return [
        next(rest)
        if is_floating(arg)
        else type(arg)(next(rest) if is_floating(item) else item for item in arg)
        if isinstance(arg, (tuple, list)) and any(map(is_floating, arg))
        else arg
        for arg in args
    ]


class Loss:
    """A weighted sum of all floating results of a call, as a function of its floating operands."""

    def __init__(self, function: Callable[..., Any], args: Args) -> None:
        self.function, self.args = function, args

    def __call__(self, *given: Any) -> Any:
        wing.manual_seed(0)
        weights = np.random.default_rng(3)
        total: Any = tw.tensor(0.0)
        args, named = with_floats(self.args, given), {}
        if isinstance(args[-1], dict):
            named = args.pop()
        for result in tensors_in(self.function(*args, **named)):
            if result.dtype.kind not in "fc":
                continue
            weight = weights.uniform(0.5, 1.5, result.shape)
            if result.dtype.kind == "c":
                total = total + (tw.imag(result) * (2.0 - weight)).sum()
            total = total + (tw.astype(tw.real(result), np.float64) * weight).sum()
        return total


def difference(loss: Loss, at: list[Array], along: list[Array], step: float) -> float:
    ahead, behind = (
        loss(*(tw.tensor(x + sign * v) for x, v in zip(at, along, strict=True))).item()
        for sign in (step, -step)
    )
    return float((ahead - behind) / (2 * step))


def samples_of(name: str, function: Callable[..., Any]) -> list[Args]:
    """Return calls that the function accepts: those written for it, else the first that fits."""
    own = name.rpartition(".")[2]
    written = BY_HAND.get(name) or BY_HAND.get(own) or BY_HAND.get(own.removesuffix("_"))
    fitting = []
    for args in (*(written or ()), *TRIED):
        loss = Loss(function, args)
        try:
            with np.errstate(all="ignore"):
                value = loss(*map(tw.tensor, floats_of(args))).item()
        except Exception:  # whatever a call that does not fit raises
            continue
        if np.isfinite(value) and floats_of(args):
            fitting.append(args)
            if not written or len(fitting) == len(written):
                break
    return fitting


def check(name: str, function: Callable[..., Any], args: Args) -> None:
    own = name.rpartition(".")[2]
    loss, at = Loss(function, args), floats_of(args)
    every = tuple(range(len(at)))
    gradient = tw.grad(loss, argnums=every)
    if own in REFUSED:
        with pytest.raises(GradientError):
            gradient(*at)
        return
    found = [np.asarray(g) for g in gradient(*at)]
    step, close = (0.0625, 2e-2) if own in COARSE else (1e-6, 1e-6)
    random = np.random.default_rng(1)
    for _ in range(2):
        along = [random.uniform(-1.0, 1.0, x.shape) for x in at]
        slope = difference(loss, at, along, step)
        if own in CONSTANT:
            assert slope != 0, "it is no constant any more"
            assert not any(g.any() for g in found)
        else:
            total = sum(float(np.sum(g * v)) for g, v in zip(found, along, strict=True))
            assert total == pytest.approx(slope, close, close), str(args)
    try:
        traced = tw.jit(gradient, engine="numpy")(*at)
    except (TracingError, UnsupportedOperation):
        return
    for g, known in zip(traced, found, strict=True):
        np.testing.assert_allclose(np.asarray(g), known, 1e-10, 1e-12)


def cases(found: Any) -> Any:
    return pytest.mark.parametrize(
        ("name", "function"), [pytest.param(*pair, id=pair[0]) for pair in found]
    )


@pytest.mark.filterwarnings("ignore")
@cases(functions())
def test_the_derivative_of_a_function_is_that_of_differences(
    name: str, function: Callable[..., Any]
) -> None:
    own = name.rpartition(".")[2]
    function = in_domain(own, function)
    samples = samples_of(name, function)
    assert bool(samples) is (own not in NO_FLOATS), "give it a sample in tests/walk.py"
    for args in samples:
        check(name, function, args)


@pytest.mark.filterwarnings("ignore")
@cases(methods())
def test_the_derivative_of_a_method_is_that_of_differences(
    name: str, function: Callable[..., Any]
) -> None:
    function = in_domain(name, function)
    for args in samples_of(name, function):
        check(name, function, args)


def test_the_lists_name_what_exists() -> None:
    known = {name.rpartition(".")[2] for name, _ in (*functions(), *methods())}
    # Of one function under several names the first is walked.
    everywhere = (
        known
        | set(dir(tw))
        | set(dir(wing))
        | set(dir(wing.Tensor))
        | set(dir(tw.special))
        | set(dir(tw.losses))
        | set(dir(tw.linalg))
    )
    everywhere |= {"gammainc_by_shape"}  # a primitive, the derivative of gammainc
    by_hand = {name.rpartition(".")[2] for name in BY_HAND}
    assert not (by_hand | REFUSED.keys() | CONSTANT.keys() | NO_FLOATS) - everywhere


def test_a_lost_derivative_and_a_missing_sample_are_found() -> None:
    with pytest.raises(AssertionError, match="array"):
        check("lossy", lambda x: tw.stop_gradient(x) * x, (np.ones(3),))
    assert not samples_of("unknown", lambda x, y: x @ y.reshape(5, 5))
