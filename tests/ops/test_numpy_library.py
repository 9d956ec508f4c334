"""NumPy's library beyond arithmetic, by its names on tensors: values, dtypes, derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from tests.ops.numpy_beside import require_numpys
from thalweg.errors import ArgumentError, DtypeError, IndexOutOfRange, ShapeError
from thalweg.errors import UnsupportedOperation as Unsupported
from thalweg.testing import check_gradients

jax.config.update("jax_enable_x64", True)
RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(3, 5)) * 2
A = np.arange(12.0).reshape(3, 4)
V, W = RANDOM.normal(size=6), RANDOM.normal(size=3)
POINTS, HEIGHTS = np.sort(RANDOM.normal(size=7)), RANDOM.normal(size=7)
AT = np.concatenate([X.ravel(), POINTS, [np.nan, np.inf, -np.inf]])
PHASES = np.cumsum(RANDOM.normal(size=(3, 20)) * 3, axis=1)
LABELS = np.array([0, 1, 2, 1])
MANY = np.linspace(-2, 2, 100)

# One row a call: what is done with NumPy's functions, and the operands.
CALLS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "interp": (lambda x, p, f: np.interp(x, p, f), (AT, POINTS, HEIGHTS)),
    "interp ends": (lambda x, p, f: np.interp(x, p, f, -1, right=2), (AT, POINTS, HEIGHTS)),
    "interp period": (lambda x, p, f: np.interp(x, p, f, period=1.7), (X, POINTS, HEIGHTS)),
    "interp many": (lambda x, p, f: np.interp(x, p, f), (AT, MANY, np.sin(MANY))),
    "interp jumps": (lambda x: np.interp(x, [0, 1, 1, 2], [1, 2, 3, np.nan]), (AT,)),
    "interp infinite": (lambda x: np.interp(x, [0, 1, 2], [1, np.inf, 3]), (np.arange(-1, 4) / 2,)),
    "interp complex": (lambda x: np.interp(x, [0, 1, 2], [1, 2j, 3]), (X,)),
    "interp single": (lambda x: np.interp(x, [0.0], [1.0], left=2), (AT,)),
    **{
        f"{f.__name__} {mode} of {n} and {m}": (
            lambda u, v, f=f, mode=mode: f(u, v, mode),
            (np.arange(n) * 1.5 + 1, np.arange(m) - 0.3),
        )
        for f in (np.convolve, np.correlate)
        for mode in ("full", "same", "valid")
        for n, m in ((5, 3), (3, 6), (4, 4), (6, 4))
    },
    "convolve integers": (np.convolve, (np.arange(5), np.arange(3))),
    "correlate complex": (lambda u, v: np.correlate(u, v, "full"), (V + 1j, V[:3] * 1j)),
    "cbrt": (np.cbrt, (np.array([8, -27, 0, np.inf, np.nan]),)),
    "fabs": (np.fabs, (np.arange(-2, 3),)),
    "unwrap": (lambda x: [np.unwrap(x), np.unwrap(x, axis=0), np.unwrap(x, 4.0)], (PHASES,)),
    "unwrap period": (lambda x: np.unwrap(x, period=1.5), (PHASES,)),
    "unwrap integers": (lambda x: [np.unwrap(x, period=4), np.unwrap(x, period=5)], (LABELS * 2,)),
    "ediff1d": (lambda x: [np.ediff1d(x), np.ediff1d(x, to_end=[1, 2], to_begin=9)], (A,)),
    "append": (lambda x: [np.append(x, x), np.append(x, x, axis=0), np.append(x, [1])], (A,)),
    "insert": (lambda x: [np.insert(x, i, 7, axis=1) for i in (1, [1, 3], [-1], [0, 0])], (A,)),
    "insert flat": (lambda x: [np.insert(x, i, 7) for i in (1, slice(0, 3, 2), [])], (A,)),
    "insert values": (lambda x, y: np.insert(x, [1, 2], y, axis=0), (A, A[:2])),
    "delete": (lambda x: [np.delete(x, i, axis=1) for i in (1, [1, 3], -1, slice(0, 2))], (A,)),
    "delete mask": (lambda x: np.delete(x, [True, False, True], axis=0), (A,)),
    "copy": (np.copy, (A,)),
    "block": (lambda x, y: [np.block([[x, y], [y, x]]), np.block([x, y])], (A, A + 1)),
    "block of vectors": (lambda x, y: [np.block([[x], [y]]), np.block([x, 1, y])], (V, V + 1)),
    "piecewise": (lambda x: np.piecewise(x, [x < 0, x > 1], [lambda x: -x, 3.0]), (X,)),
    "piecewise else": (lambda x: np.piecewise(x, [x > 0], [np.log, lambda x: x]), (X,)),
    "piecewise arguments": (
        lambda x: np.piecewise(x, [x < 0], [lambda x, a, b=1: a * x + b, 1], 3, b=2),
        (X,),
    ),
    "piecewise integers": (lambda x: np.piecewise(x, [x > 2], [lambda x: x / 2, 1.7]), (LABELS,)),
    "choose": (lambda i, a: np.choose(i, [a[0], a[1], a[2]]), (LABELS, A)),
    "choose modes": (
        lambda i, a: [np.choose(i * 2 - 1, [a[0], 5], mode=m) for m in ("wrap", "clip")],
        (LABELS, A),
    ),
    "compress": (lambda x: [np.compress([0, 1, 1], x, axis=0), np.compress([1, 0, 1], x)], (A,)),
    "extract": (lambda x: np.extract(A > 3, x), (A,)),
    "digitize": (
        lambda x: [np.digitize(x, b, r) for b in ([-1, 0, 1.5], [1, 0, -1]) for r in (0, 1)],
        (AT,),
    ),
    "digitize many": (lambda x: np.digitize(x, MANY), (AT,)),
    "histogram": (lambda x: [y for b in (4, [-1, 0, 2]) for y in np.histogram(x, b)], (X,)),
    "histogram density": (lambda x: np.histogram(x, 5, (-1, 1), density=True), (X,)),
    "histogram weights": (lambda x, w: np.histogram(x, 4, weights=w), (X, X * X)),
    "sliding windows": (
        lambda x: [
            np.lib.stride_tricks.sliding_window_view(x, size, axis)
            for size, axis in ((2, 1), ((2, 2), None), ((2, 3), (1, 0)), ((2, 2), (1, 1)))
        ],
        (A,),
    ),
    "apply_along_axis": (
        lambda x: [
            np.apply_along_axis(lambda v: v.sum() * v[0], 1, x),
            np.apply_along_axis(lambda v, k, b=0: v[::-1][:2] * k + b, 0, x, 2, b=1),
            np.apply_along_axis(lambda v: np.outer(v, v), 1, x),
        ],
        (A,),
    ),
    "apply_over_axes": (lambda x: np.apply_over_axes(np.sum, x, [0, 1]), (A,)),
    "rollaxis": (lambda x: [np.rollaxis(x, 1), np.rollaxis(x, 0, 2), np.rollaxis(x, -1)], (A,)),
    "triangles": (lambda x: [*np.triu_indices_from(x, 1), *np.tril_indices_from(x, k=-1)], (A,)),
    "orders": (
        lambda x: [
            f(x, o)
            for o in "CF"
            for f in (lambda x, o: np.reshape(x, (2, 6), o), np.ravel, lambda x, o: x.flatten(o))
        ],
        (A,),
    ),
    "order of methods": (lambda x: [x.reshape(2, -1, order="F"), x.ravel(order="F")], (A,)),
    "positions": (
        lambda x: [np.mean(x, 0, None, None, True), np.sum(x, 1, None, None, True)],
        (A,),
    ),
}
# What NumPy's functions have no derivative of, or too many kinks in.
INTEGERS = {"piecewise integers", "unwrap integers", "convolve integers", "digitize many", "fabs"}
ROUGH = INTEGERS | {
    "digitize", "triangles", "histogram", "histogram density", "interp jumps", "interp infinite",
    "interp complex", "correlate complex", "cbrt", "interp", "interp ends", "interp many",
    "interp single", "interp period", "histogram weights", "unwrap", "unwrap period",
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_calls_are_answered_as_by_numpy(name: str) -> None:
    function, operands = CALLS[name]
    require_numpys(function, *operands)


@pytest.mark.parametrize("name", sorted(set(CALLS) - ROUGH))
def test_derivatives_are_those_of_differences(name: str) -> None:
    function, operands = CALLS[name]

    def floating(*xs: Any) -> list[Any]:
        found = function(*xs)
        found = found if isinstance(found, (list, tuple)) else [found]
        return [x for x in found if x.dtype.kind == "f"]

    shifted = [x + 0.37 if x.dtype.kind == "f" and name in _ON_A_KINK else x for x in operands]
    check_gradients(floating, *shifted, order=1)


_ON_A_KINK = {"positions"}


@pytest.mark.parametrize("wrt", [0, 1, 2])
def test_interpolation_has_the_derivatives_of_jax(wrt: int) -> None:
    operands = (X, POINTS, HEIGHTS)
    found = tw.grad(lambda *xs: np.sum(np.sin(np.interp(*xs))), wrt)(*operands)
    expected = jax.grad(lambda *xs: jnp.sum(jnp.sin(jnp.interp(*xs))), wrt)(*operands)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-10, atol=1e-12)


def test_a_case_that_does_not_hold_leaves_no_nan_in_a_derivative() -> None:
    def loss(x: Any) -> Any:
        return np.sum(np.piecewise(x, [x > 0], [lambda x: np.sqrt(x) * np.log(x), lambda x: x]))

    for gradient in (tw.grad(loss), tw.jit(tw.grad(loss))):
        found = np.asarray(gradient(np.array([-1.0, 0.0, 1.0])))
        np.testing.assert_allclose(found, [1.0, 1.0, 1.0])


def test_weights_of_a_histogram_are_fitted() -> None:
    places = np.array([0.1, 0.6, 0.7, 2.0])

    def loss(w: Any) -> Any:
        return np.sum((np.histogram(places, 2, (0, 1), weights=w)[0] - [1.0, 2.0]) ** 2)

    found = tw.fit(loss, np.zeros(4), optimizer=tw.optim.sgd(0.1), steps=200, progress=False)
    np.testing.assert_allclose(np.asarray(found.params), [1.0, 1.0, 1.0, 0.0], atol=1e-6)


def test_vmap_maps_calls_over_examples() -> None:
    rows = RANDOM.normal(size=(4, 6))
    for call in (
        lambda x: np.interp(x, POINTS, HEIGHTS),
        lambda x: np.convolve(x, W, "same"),
        lambda x: np.unwrap(x * 3),
        lambda x: np.delete(x, 2),
        lambda x: np.percentile(x, [25, 75], method="hazen"),
        lambda x: np.logaddexp.reduce(x),
        lambda x: np.maximum.accumulate(x),
        lambda x: np.nanvar(x, ddof=1),
    ):
        expected = np.stack([call(row) for row in rows])
        np.testing.assert_allclose(np.asarray(tw.vmap(call)(rows)), expected, rtol=1e-12)


REFUSALS: list[tuple[Callable[[Any], Any], type[Exception], str]] = [
    (lambda x: np.interp(x, [0, 1], [1, 2, 3]), ShapeError, r"points of shape \(2,\) and values"),
    (lambda x: np.interp(x, [], []), ArgumentError, "array of sample points is empty"),
    (lambda x: np.interp(x, [0, 1], [1, 2], period=0), ArgumentError, "must be a non-zero value"),
    (lambda x: np.convolve(x, x), ShapeError, "it wants two vectors"),
    (lambda x: np.convolve(x[0], x[0], "all"), ArgumentError, "'full', 'same' or 'valid'"),
    (lambda x: np.compress(x[0] > 0, x, axis=1), Unsupported, r"traced; .*np.where\(mask, x, 0\)"),
    (lambda x: np.extract(x > 0, x), Unsupported, r"Give the others no weight instead: np.where"),
    (lambda x: np.delete(x, 12), IndexOutOfRange, "out of bounds.*Give positions inside"),
    (lambda x: np.digitize(x, [0, 2, 1]), ArgumentError, "monotonically increasing or decreasing"),
    (lambda x: np.piecewise(x, [x > 0], [1, 2, 3]), ArgumentError, "either 1 or 2 functions"),
    (lambda x: np.fabs(x * 1j), DtypeError, r"magnitudes are np.abs\(x\)"),
    (lambda x: np.quantile(x, 0.5, weights=x), ArgumentError, "method='inverted_cdf' alone"),
    (lambda x: np.quantile(x, 0.5, method="best"), ArgumentError, "one of inverted_cdf"),
    (lambda x: np.histogram(x, "auto"), ArgumentError, "how many bins there are would depend"),
    (lambda x: np.block([[x], x]), ArgumentError, "lists whose depths differ"),
    (lambda x: np.reshape(x, (2, 6), order="Z"), ArgumentError, "it wants 'C', 'F', 'A' or 'K'"),
    (lambda x: np.triu_indices_from(x[0]), ShapeError, "input array must be 2-d"),
    (lambda x: np.rollaxis(x, 0, 5), ArgumentError, "it wants one from -2 to 2"),
]


@pytest.mark.parametrize("position", range(len(REFUSALS)))
def test_what_cannot_be_is_refused_with_what_to_write(position: int) -> None:
    call, error, message = REFUSALS[position]
    with pytest.raises(error, match=message):
        tw.jit(call)(A)
