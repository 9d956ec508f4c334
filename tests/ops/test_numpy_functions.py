"""NumPy's functions, called by NumPy's names on tensors: values, dtypes, traces, derivatives."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg import tree
from thalweg.core.program import evaluate, finish, trace
from thalweg.core.tensor import make
from thalweg.testing import check_gradients

Array = np.ndarray[Any, Any]
RANDOM = np.random.default_rng(11)
X = RANDOM.normal(size=(3, 4)) + 0.05
Y = RANDOM.normal(size=(3, 4)) - 0.03
P = RANDOM.uniform(0.3, 0.9, size=(3, 4))
V = RANDOM.normal(size=4)
W = RANDOM.normal(size=3)
S = RANDOM.normal(size=(3, 3))
B = RANDOM.normal(size=(2, 3, 4))
PLACES = np.array([[2, -1, 0], [1, 1, -3]])
# No halves of a hundredth or a tenth, where rounding jumps.
GRID = np.clip(np.round(X, 1), -1, 1) + 0.0201
MASK = np.array([[True, False, True, True], [False, True, False, True], [True, True, False, False]])

# One row a call: the function of (np, *operands), and the operands.
CALLS: dict[str, tuple[Callable[..., Any], tuple[Array, ...]]] = {
    # ---- elementwise
    "add": (lambda np, x, y: np.add(x, y), (X, V)),
    "subtract": (lambda np, x, y: np.subtract(x, y), (V, X)),
    "multiply": (lambda np, x, y: np.multiply(x, y), (X, W[:, None])),
    "divide": (lambda np, x, y: np.true_divide(x, y), (X, P)),
    "power": (lambda np, x, y: np.power(x, y), (P, V)),
    "pow": (lambda np, x: x**2 + x**3 + x**1 + x**0 + x**-2, (P,)),
    "pow of fractions": (lambda np, x: x**0.5 + x**-1 + x**1.5 + 2.0**x, (P,)),
    "negative": (lambda np, x: np.negative(x) - +x, (X,)),
    "positive": (lambda np, x: np.positive(x), (X,)),
    "abs": (lambda np, x: np.abs(x) + abs(x), (X,)),
    "sign": (lambda np, x: np.sign(x) * x, (X,)),
    "square": (lambda np, x: np.square(x), (X,)),
    "sqrt": (lambda np, x: np.sqrt(x), (P,)),
    "reciprocal": (lambda np, x: np.reciprocal(x), (P,)),
    "remainder": (lambda np, x: np.remainder(x, 2.0) + np.mod(x, -3.0) + x % 0.95, (P,)),
    "floor_divide": (lambda np, x: (x // 0.95) * x, (P,)),
    "exp": (lambda np, x: np.exp(x) + np.exp2(x) + np.expm1(x), (X,)),
    "log": (lambda np, x: np.log(x) + np.log2(x) + np.log10(x) + np.log1p(x), (P,)),
    "logaddexp": (lambda np, x, y: np.logaddexp(x, y), (X, Y)),
    "sin": (lambda np, x: np.sin(x) * np.cos(x) + np.tan(x * 0.5), (X,)),
    "inverse": (lambda np, x: np.arctan(x) + np.arcsin(x) + np.arccos(x) + np.arctanh(x), (P,)),
    "hyperbolic": (lambda np, x: np.tanh(x) + np.sinh(x) + np.cosh(x), (X,)),
    "maximum": (lambda np, x, y: np.maximum(x, y) - np.minimum(x, 0.1), (X, Y)),
    "clip": (lambda np, x: np.clip(x, -0.5, 0.5) + x.clip(min=-0.2) + np.clip(x, None, 0.9), (X,)),
    "where": (lambda np, x, y: np.where(x > y, x, 2 * y) + np.where(MASK, 0, x), (X, Y)),
    "round": (
        lambda np, x: np.round(x) + np.rint(x) + np.floor(x) + np.ceil(x) + np.trunc(x),
        (X,),
    ),
    "round to decimals": (lambda np, x: np.round(x, 2) + x.round(1), (GRID,)),
    "nan_to_num": (lambda np, x: np.nan_to_num(x), (X,)),
    "comparisons": (
        lambda np, x, y: [x < y, x <= y, x > y, x >= y, x == y, np.not_equal(x, y)],
        (X, Y),
    ),
    "logic": (
        lambda np, x, y: [
            np.logical_and(x > 0, y > 0),
            np.logical_or(x > 0, y > 0),
            np.logical_xor(x > 0, y > 0),
            np.logical_not(x > 0),
            (x > 0) & (y > 0) | ~(x > 0) ^ (y > 0),
        ],
        (X, Y),
    ),
    "tests": (lambda np, x: [np.isnan(x), np.isinf(x), np.isfinite(x), np.isclose(x, x)], (X,)),
    # ---- reductions
    "sum": (
        lambda np, x: [x.sum(), np.sum(x, 0), np.sum(x, (0, 2)), x.sum(-1, keepdims=True)],
        (B,),
    ),
    "mean": (lambda np, x: [x.mean(), np.mean(x, 1), np.mean(x, (0, 2), keepdims=True)], (B,)),
    "prod": (lambda np, x: [np.prod(x), np.prod(x, axis=1), x.prod((0, 1))], (B,)),
    "max": (lambda np, x: [np.max(x), np.max(x, axis=1), np.amax(x, (0, 2), keepdims=True)], (B,)),
    "min": (lambda np, x: [np.min(x), np.min(x, axis=1), np.amin(x, -1), x.min()], (B,)),
    "var": (
        lambda np, x: [np.var(x), np.var(x, 1), np.var(x, (0, 1), ddof=1, keepdims=True)],
        (B,),
    ),
    "std": (lambda np, x: [np.std(x), np.std(x, axis=1, ddof=1), x.std(0)], (B,)),
    "any and all": (lambda np, x: [np.any(x > 1), np.all(x > -1, axis=0), (x > 0).any(1)], (B,)),
    "argmax": (lambda np, x: [np.argmax(x), x.argmax(1), np.argmax(x, 2, keepdims=True)], (B,)),
    "argmin": (lambda np, x: [np.argmin(x), x.argmin(1), np.argmin(x, keepdims=True)], (B,)),
    "cumsum": (lambda np, x: [np.cumsum(x), np.cumsum(x, axis=1), x.cumsum(0)], (B,)),
    "norm": (lambda np, x: [np.linalg.norm(x), np.linalg.norm(x, axis=1)], (B,)),
    "norm of order": (
        lambda np, x: [np.linalg.norm(x, p, axis=1) for p in (1, 2, 3, 1.5, np.inf, -np.inf)],
        (B,),
    ),
    "norm of matrices": (
        lambda np, x: [
            np.linalg.norm(x, p, axis=(0, 2), keepdims=True) for p in ("fro", 1, -1, np.inf)
        ],
        (B,),
    ),
    # ---- shapes
    "reshape": (lambda np, x: [np.reshape(x, (4, -1)), x.reshape(2, 12), x.reshape(-1)], (B,)),
    "ravel": (lambda np, x: [np.ravel(x), x.ravel(), x.flatten()], (B,)),
    "transpose": (
        lambda np, x: [np.transpose(x), np.transpose(x, (1, 2, 0)), x.T, x.transpose(2, 0, 1)],
        (B,),
    ),
    "transpose by name": (lambda np, x: np.transpose(x, axes=(1, 0, 2)), (B,)),
    "swapaxes": (lambda np, x: [np.swapaxes(x, 0, -1), x.swapaxes(1, 2), x.mT], (B,)),
    "moveaxis": (lambda np, x: [np.moveaxis(x, 0, -1), np.moveaxis(x, (0, 1), (-1, 0))], (B,)),
    "expand_dims": (lambda np, x: [np.expand_dims(x, 1), np.expand_dims(x, (0, -1))], (B,)),
    "squeeze": (lambda np, x: [np.squeeze(x[:1]), np.squeeze(x[:, :1], axis=1)], (B,)),
    "broadcast_to": (lambda np, x: np.broadcast_to(x, (2, 3, 4)), (X,)),
    "broadcast_arrays": (lambda np, x, y: list(np.broadcast_arrays(x, y)), (V, X)),
    "atleast": (lambda np, x: [np.atleast_1d(x[0, 0]), np.atleast_2d(x[0])], (X,)),
    "concatenate": (
        lambda np, x, y: [np.concatenate([x, y]), np.concatenate((x, y, x), axis=-1)],
        (X, Y),
    ),
    "concatenate flat": (lambda np, x, y: np.concatenate([x, y], axis=None), (X, V)),
    "stack": (lambda np, x, y: [np.stack([x, y]), np.stack([x, y], axis=-1)], (X, Y)),
    "vstack": (lambda np, x, y: [np.vstack([x, y]), np.vstack([y, y])], (X, V)),
    "hstack": (lambda np, x, y: [np.hstack([x, x]), np.hstack([y, y])], (X, V)),
    "column_stack": (lambda np, x, y: np.column_stack([x, y]), (X, W)),
    "split": (
        lambda np, x: [*np.split(x, 2, axis=2), *np.split(x, [1, 3], axis=-1), *np.split(x, 2)],
        (B,),
    ),
    "array_split": (lambda np, x: np.array_split(x, 3, axis=-1), (B,)),
    "flip": (lambda np, x: [np.flip(x), np.flip(x, 1), np.flip(x, (0, 2))], (B,)),
    "roll": (lambda np, x: [np.roll(x, 5), np.roll(x, -1, 1), np.roll(x, (1, 2), (0, 2))], (B,)),
    "diff": (lambda np, x: [np.diff(x), np.diff(x, 2, 1)], (B,)),
    "tile": (lambda np, x: [np.tile(x, 2), np.tile(x, (2, 1, 3)), np.tile(x, (3, 1))], (X,)),
    "repeat": (lambda np, x: [np.repeat(x, 2), np.repeat(x, 3, 1)], (X,)),
    "pad": (
        lambda np, x: [
            np.pad(x, 1),
            np.pad(x, ((1, 2), (0, 1))),
            np.pad(x, (0, 2), constant_values=3.0),
            np.pad(x, ((1, 0), (2, 1)), mode="constant", constant_values=((1, 2), (3, 4))),
        ],
        (X,),
    ),
    "pad from the border": (
        lambda np, x: [
            np.pad(x, ((2, 1), (1, 3)), m) for m in ("edge", "reflect", "symmetric", "wrap")
        ],
        (X,),
    ),
    "tril": (lambda np, x: [np.tril(x), np.tril(x, 1), np.triu(x), np.triu(x, -1)], (B,)),
    "diagonal": (lambda np, x: [np.diagonal(x), x.diagonal(1), np.diagonal(x, -1, 1, 2)], (B,)),
    "diag": (lambda np, x: [np.diag(x), np.diag(x, 1), np.diag(x[0]), np.diag(x[0], -2)], (X,)),
    "trace": (lambda np, x: [np.trace(x), x.trace(1)], (S,)),
    "meshgrid": (lambda np, x, y: [*np.meshgrid(x, y), *np.meshgrid(x, y, indexing="ij")], (V, W)),
    # ---- positions
    "take": (
        lambda np, x: [np.take(x, PLACES), np.take(x, PLACES, 1), x.take(np.array(1), 0)],
        (B,),
    ),
    "take_along_axis": (
        lambda np, x: [
            np.take_along_axis(x, np.array([[0], [2], [-1]]), 1),
            np.take_along_axis(x, np.array([[0, 1, 1, 0]]), axis=0),
        ],
        (X,),
    ),
    # ---- summaries
    "average": (
        lambda np, x, y: [
            np.average(x),
            np.average(x, 1, y + 1),
            np.average(x, axis=0, keepdims=True),
            np.average(x, weights=x**2 + 1),
        ],
        (X, P[0]),
    ),
    "ptp": (lambda np, x: [np.ptp(x), np.ptp(x, 1), np.ptp(x, axis=0, keepdims=True)], (X,)),
    "count_nonzero": (
        lambda np, x: [np.count_nonzero(x > 0.1, axis=1), np.count_nonzero(x, 0)],
        (X,),
    ),
    "polyval": (lambda np, x, y: np.polyval(y, x), (X, W)),
    # ---- products
    "matmul": (lambda np, x, y: [x @ y, np.matmul(x, y), y @ y, x.T @ x], (X, V)),
    "matmul of stacks": (lambda np, x, y: [x @ y.T, x @ x.mT, V @ x.mT, y @ x[0].T], (B, X)),
    "matmul broadcasting": (lambda np, x, y: np.matmul(x[:, None], y), (B, B.transpose(0, 2, 1))),
    "dot": (
        lambda np, x, y: [np.dot(x, y), np.dot(x, y[0]), np.dot(y, y), np.dot(y, B.mT)],
        (X, V),
    ),
    "inner": (lambda np, x, y: [np.inner(x, y), np.inner(y, y), np.inner(x, x)], (X, V)),
    "outer": (lambda np, x, y: np.outer(x, y), (X, V)),
    "vdot": (lambda np, x, y: [np.vdot(x, y), np.vdot(x[0], y[0])], (X, Y)),
    "vecdot": (lambda np, x, y: np.vecdot(x, y), (X, V)),
    "tensordot": (
        lambda np, x, y: [
            np.tensordot(x, y, axes=([1, 2], [0, 1])),
            np.tensordot(x, y, 2),
            np.tensordot(y, y, 0),
        ],
        (B, X),
    ),
    # ---- like
    "like": (lambda np, x: [np.zeros_like(x), np.ones_like(x) * x, np.full_like(x, 2.0) * x], (X,)),
    "linspace": (lambda np, x: [np.linspace(x[0], x[1], 5), np.linspace(x[0, 0], 2, 3)], (X,)),
}

# NumPy refuses negative powers of integers, and rounds their reciprocals to 0.
FLOATING_ONLY = {"pow", "pow of fractions", "reciprocal"}
each_call = pytest.mark.parametrize("name", CALLS)


def arrays(results: Any) -> list[Any]:
    return results if isinstance(results, list) else [results]


def expected_of(name: str, dtype: Any) -> list[Array]:
    function, operands = CALLS[name]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return arrays(function(np, *(x.astype(dtype) for x in operands)))


@each_call
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int32])
def test_values_shapes_and_dtypes_are_those_of_numpy(name: str, dtype: Any) -> None:
    function, operands = CALLS[name]
    if np.dtype(dtype).kind == "i" and name in FLOATING_ONLY:
        return
    expected = expected_of(name, dtype)
    found = arrays(function(np, *(tw.Tensor(x.astype(dtype)) for x in operands)))
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert isinstance(one, tw.Tensor)
        assert one.shape == np.shape(other)
        assert one.dtype == np.asarray(other).dtype
        close = 1e-5 if dtype == np.float32 else 1e-13
        np.testing.assert_allclose(one.numpy(), other, rtol=close, atol=close)


@each_call
def test_the_traced_program_computes_what_eager_does(name: str) -> None:
    function, operands = CALLS[name]
    eager = [result.numpy() for result in arrays(function(np, *map(tw.Tensor, operands)))]
    results, current, inputs = trace(
        lambda *tensors: arrays(function(np, *tensors)), [tw.Tensor(x).spec for x in operands], make
    )
    captured = [tensor.numpy() for tensor, _ in current.captured.values()]
    program = finish(current, inputs, [current.lift(result) for result in results])
    program.check()
    with np.errstate(all="ignore"):
        values = evaluate(program, [*operands, *captured])
    for one, other in zip(values, eager, strict=True):
        assert one.dtype == other.dtype
        # What programs write with other primitives is rounded otherwise.
        np.testing.assert_allclose(one, other, 1e-13, 1e-13)


def weighted(name: str, namespace: Any, total: Any) -> Callable[..., Any]:
    """Return the sum of a call's floating results, each element with its own weight."""
    function, _ = CALLS[name]

    def scalar(*operands: Any) -> Any:
        result = 0.0
        for item in arrays(function(namespace, *operands)):
            if np.dtype(item.dtype).kind == "f":
                weights = np.cos(np.arange(int(np.prod(item.shape)))).reshape(item.shape)
                result = result + total(weights * item)
        return result

    return scalar


def is_smooth(name: str) -> bool:
    return any(np.asarray(result).dtype.kind == "f" for result in expected_of(name, np.float64))


@pytest.mark.parametrize("name", [name for name in CALLS if is_smooth(name)])
def test_gradients_are_those_of_jax(name: str) -> None:
    _, operands = CALLS[name]
    every = tuple(range(len(operands)))
    found = tw.grad(weighted(name, np, np.sum), every)(*operands)
    oracle = jax.jit(jax.grad(weighted(name, jnp, jnp.sum), every))
    expected = oracle(*map(jnp.asarray, operands))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-11)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", [name for name in CALLS if is_smooth(name)])
def test_second_derivatives_are_those_of_differences(name: str) -> None:
    _, operands = CALLS[name]
    check_gradients(weighted(name, np, np.sum), *operands)


def test_shapes_are_answered_with_python_numbers() -> None:
    x = tw.Tensor(B)
    assert (np.shape(x), np.ndim(x), np.size(x), np.size(x, 1)) == ((2, 3, 4), 3, 24, 3)
    assert tree.leaves([x])[0] is x
