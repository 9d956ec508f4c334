"""Sorting, searching and counting of traced values: NumPy's, JAX's and differences' results."""

from __future__ import annotations

import functools
from typing import Any

import jax
import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import ArgumentError, IndexOutOfRange, ShapeError, TracingError
from thalweg.testing import check_engines_agree, check_gradients

RANDOM = np.random.default_rng(0)
ODD = np.array([np.nan, -np.inf, -0.0, 0.0, 1.0, 1.0, 2.5, np.inf, np.nan])


def native(function: Any) -> Any:
    return tw.jit(function, engine="native")


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 16, 17, 100, 257])
def test_values_find_their_places_as_numpy_says(count: int, side: str) -> None:
    values = np.concatenate([ODD, RANDOM.normal(size=40)])
    kinds = [np.sort(RANDOM.normal(size=count)), np.sort(RANDOM.integers(-3, 4, count))]
    kinds.append(np.sort(RANDOM.choice(ODD, count)))
    for ordered in kinds:
        found = native(lambda a, v: tw.searchsorted(a, v, side=side))(ordered, values)
        np.testing.assert_array_equal(found, np.searchsorted(ordered, values, side))


@pytest.mark.parametrize("count", [5, 70])
def test_each_row_is_searched_by_itself_and_so_under_vmap(count: int) -> None:
    rows, values = np.sort(RANDOM.normal(size=(3, 4, count))), RANDOM.normal(size=(3, 4, 9))
    order = RANDOM.permuted(np.broadcast_to(np.arange(count), rows.shape), axis=-1)
    mixed = np.empty_like(rows)
    np.put_along_axis(mixed, order, rows, -1)
    wanted = np.array(
        [
            [np.searchsorted(a, v) for a, v in zip(*p, strict=True)]
            for p in zip(rows, values, strict=True)
        ]
    )
    for function in (tw.searchsorted, tw.vmap(tw.vmap(tw.searchsorted)), tw.vmap(tw.searchsorted)):
        np.testing.assert_array_equal(native(function)(rows, values), wanted)
        np.testing.assert_array_equal(function(rows, values), wanted)
    by = native(lambda x, v, s: tw.searchsorted(x, v, sorter=s, out_int32=True))
    found = by(mixed, values, order)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, wanted)


def test_integers_are_counted_where_their_number_is_told() -> None:
    x, w = RANDOM.integers(0, 9, 50), RANDOM.normal(size=50)
    for length in (0, 1, 5, 9, 20):
        counted = native(functools.partial(tw.bincount, length=length))
        counts, sums = counted(x), counted(x, w)
        np.testing.assert_array_equal(counts, np.bincount(x, minlength=length)[:length])
        np.testing.assert_allclose(sums, np.bincount(x, w, length)[:length], rtol=1e-13)
        np.testing.assert_array_equal(tw.bincount(x, length=length), counts)
    with pytest.raises(IndexOutOfRange):
        native(lambda x: tw.bincount(x, length=4))(np.array([1, -1]))
    with pytest.raises(ShapeError):
        tw.bincount(np.array([1, -1]), length=4)
    with pytest.raises(ArgumentError):
        tw.bincount(x, length=-1)
    with pytest.raises(TracingError):
        native(tw.bincount)(x)
    slope = native(tw.grad(lambda w: np.sum(tw.bincount(x, w, length=5) ** 2)))(w)
    sums = np.bincount(x, w)
    np.testing.assert_allclose(slope, np.where(x < 5, 2 * sums[x], 0.0), rtol=1e-13)


@pytest.mark.parametrize("k", [0, 1, 3, 8])
def test_the_largest_are_those_that_jax_finds(k: int) -> None:
    for x in (RANDOM.normal(size=(4, 8)), RANDOM.integers(0, 4, (4, 8)).astype(float)):
        wanted = jax.lax.top_k(x, k)
        plain = functools.partial(tw.top_k, k=k)
        turned = functools.partial(tw.top_k, k=k, axis=0)
        for function in (plain, tw.vmap(plain), lambda x, f=turned: [y.T for y in f(x.T)]):
            for found in (native(function)(x), function(tw.Tensor(x))):
                np.testing.assert_array_equal(found[0], wanted[0])
                np.testing.assert_array_equal(found[1], wanted[1])
        smallest = native(lambda x: tw.top_k(x, k, mode="smallest"))(x)
        np.testing.assert_array_equal(smallest.indices, np.argsort(x, -1, kind="stable")[:, :k])


@pytest.mark.parametrize("kth", [0, 3, (1, -1)])
def test_partitions_have_the_elements_of_their_places(kth: Any) -> None:
    x = RANDOM.integers(0, 6, (4, 7)).astype(float)
    for axis in (-1, 0, None):
        wanted, at = np.partition(x, kth, axis), np.array(kth)
        flat, place = (x.ravel(), 0) if axis is None else (x, axis)
        where = np.asarray(np.argpartition(tw.Tensor(x), kth, axis))
        compiled = native(functools.partial(tw.partition, axis=axis, kth=kth))(x)
        for found in (np.partition(tw.Tensor(x), kth, axis).numpy(), compiled):
            np.testing.assert_array_equal(found.take(at, place), wanted.take(at, place))
            np.testing.assert_array_equal(np.sort(found, place), np.sort(wanted, place))
            np.testing.assert_array_equal(np.take_along_axis(flat, where, place), found)
    with pytest.raises(IndexOutOfRange):
        np.partition(tw.Tensor(x), 7)


def test_what_is_largest_has_the_derivative() -> None:
    x = RANDOM.permutation(12.0 * np.arange(12)).reshape(3, 4) / 10.0
    check_gradients(lambda x: tw.sum(tw.top_k(x, 2).values ** 3), x)
    check_gradients(lambda x: tw.sum(np.sort(x, axis=0) * np.arange(12.0).reshape(3, 4)), x)
    with pytest.raises(ArgumentError, match="'largest' or 'smallest'"):
        tw.top_k(x, 1, mode="best")
    with pytest.raises(ShapeError, match="k=5 for an axis of extent 4"):
        tw.top_k(x, 5)
    value, index = tw.top_k(3.0, 1)
    assert (float(value), int(index)) == (3.0, 0)


X = RANDOM.normal(size=(3, 5))
ORDERED = {
    "sort": lambda x: np.sort(x, axis=0),
    "argsort": lambda x: x * np.argsort(x, axis=-1),
    "median": lambda x: np.median(x, axis=1) + np.median(x),
    "even median": lambda x: np.median(x[:2], axis=0),
    "quantile": lambda x: np.quantile(x, [0.1, 0.5, 0.75], axis=1),
    "percentile": lambda x: np.percentile(x, 30, axis=0, method="hazen"),
    "lower": lambda x: np.quantile(x, 0.4, axis=0, method="lower"),
    "nanmedian": lambda x: np.nanmedian(np.where(x > 1.0, np.nan, x), axis=1),
    "cumprod": lambda x: np.cumprod(x, axis=1),
    "prod": lambda x: np.prod(x, axis=0),
    "logcumsumexp": lambda x: np.logaddexp.accumulate(3.0 * x, axis=1),
    "running maximum": lambda x: np.maximum.accumulate(x, axis=1),
    "running minimum": lambda x: np.minimum.accumulate(x, axis=0),
    "interp": lambda x: np.interp(x, [-1.0, 0.1, 2.0], [0.0, 1.0, 4.0]),
    "histogram": lambda x: np.histogram(x, [-1.0, 0.0, 2.0], weights=x * x)[0],
    "top_k": lambda x: tw.top_k(x, 3).values,
    "take_along_axis": lambda x: np.take_along_axis(x, np.argsort(x, 1)[:, :2], 1),
}  # fmt: skip


@pytest.mark.parametrize("name", ORDERED)
def test_order_compiles_with_derivatives_and_in_batches(name: str) -> None:
    function = ORDERED[name]
    weight = np.cos(np.arange(tw.jit(function)(X).size)).reshape(tw.jit(function)(X).shape)

    def loss(x: Any) -> Any:
        return np.sum(weight * np.sin(function(x)))

    slope = tw.grad(loss)
    check_engines_agree(lambda x: (function(x), slope(x)), X, rtol=1e-12)
    check_engines_agree(tw.vmap(function), np.stack([X, X[::-1], -X]), rtol=1e-12)
    check_gradients(loss, X)
    direction = RANDOM.normal(size=X.shape)
    check_engines_agree(
        lambda x: (
            tw.jvp(slope, (x,), (direction,))[1], tw.grad(lambda x: np.sum(slope(x) * direction))(x)
        ),
        X, rtol=1e-11,
    )  # fmt: skip


def _left_out(x: Any, *places: int) -> Any:
    """Return the sums, over all beginnings with these places, of the products of the others."""
    ends = range(max(places) + 1, len(x) + 1)
    return sum(np.prod(np.delete(x[:end], places)) * end for end in ends)


def test_running_products_have_derivatives_through_zeros() -> None:
    for x in map(np.array, ([2.0, 0.0, 3.0, 4.0], [0.0, 2.0, 0.0, 3.0], [0.0], [0.0, 0.0, 1.0])):
        n = len(x)
        slopes = [_left_out(x, k) for k in range(n)]
        curves = [[k != j and _left_out(x, k, j) for j in range(n)] for k in range(n)]

        def loss(x: Any, n: int = n) -> Any:
            return np.sum(np.cumprod(x) * np.arange(1.0, n + 1.0))

        for engine in ("numpy", "native"):
            np.testing.assert_allclose(tw.jit(tw.grad(loss), engine=engine)(x), slopes)
            np.testing.assert_allclose(tw.jit(tw.hessian(loss), engine=engine)(x), curves)
        moved = np.array([np.prod(np.delete(x, k)) for k in range(n)])
        np.testing.assert_allclose(native(tw.grad(np.prod))(x), moved)


def test_running_logarithms_of_sums_neither_overflow_nor_lose_digits() -> None:
    for x in (
        [-np.inf, -np.inf, 3.0, -800.0, 900.0, 900.0],
        [-1e4, -1.5e4, 1e4, 0.0],
        [1.0, np.inf, 2.0, -np.inf, np.nan, 3.0],
        [-np.inf, -900.0, -np.inf, 700.0],
    ):
        with np.errstate(all="ignore"):
            wanted = np.logaddexp.accumulate(np.array(x))
        for engine in ("numpy", "native"):
            found = tw.jit(np.logaddexp.accumulate, engine=engine)(np.array(x))
            np.testing.assert_allclose(found, wanted, rtol=1e-14)
    long = RANDOM.normal(size=2000) * 20.0
    weight = np.cos(long)
    slope = native(tw.grad(lambda x: np.sum(np.logaddexp.accumulate(x) * weight)))(long)
    shares = np.exp(np.minimum(long - np.logaddexp.accumulate(long)[:, None], 0.0))
    exact = weight @ np.tril(shares)
    np.testing.assert_allclose(slope, exact, rtol=1e-9, atol=1e-11)


def test_the_partial_likelihood_of_cox_is_one_program() -> None:
    times, events = RANDOM.exponential(size=60), RANDOM.random(60) < 0.7
    Z = RANDOM.normal(size=(60, 3))

    def loss(b: Any, times: Any) -> Any:
        order = np.argsort(-times)
        scores = (Z @ b)[order]
        return np.sum(
            np.where(tw.Tensor(events)[order], np.logaddexp.accumulate(scores) - scores, 0.0)
        )

    b = RANDOM.normal(size=3)
    value, slope = native(tw.value_and_grad(loss))(b, times)
    shares = np.where(times[None] >= times[:, None], np.exp(Z @ b), 0.0)
    total = shares.sum(1)
    np.testing.assert_allclose(value, np.sum((np.log(total) - Z @ b)[events]), rtol=1e-13)
    expected = np.sum((shares @ Z / total[:, None] - Z)[events], 0)
    np.testing.assert_allclose(slope, expected, rtol=1e-12)
