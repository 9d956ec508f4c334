"""Loops and branches are JAX's: values, derivatives, batches, on every engine."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.control.cases import CASES, Case

jax = pytest.importorskip("jax")

pytestmark = pytest.mark.sampled(3)
jnp = jax.numpy

each_case = pytest.mark.parametrize("name", CASES)
# What second derivatives and derivatives of batches are taken of.
DEEP = (
    "running", "running, large", "no turn", "backwards", "nested carry", "exchanged", "captured",
    "forgetting", "made ahead", "nested", "branch in loop", "loop in branch", "counted", "chosen",
    "switched", "running pairs",
)  # fmt: skip


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def ours(case: Case) -> Callable[..., Any]:
    return lambda *arguments: case.function(tw, np, *arguments)


def theirs(case: Case) -> Callable[..., Any]:
    return lambda *arguments: case.function(jax.lax, jnp, *arguments)


def leaves(tree: Any) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]


def assert_same(found: Any, wanted: Any, close: float = 1e-10) -> None:
    pairs = list(zip(leaves(found), leaves(wanted), strict=True))
    for mine, others in pairs:
        assert (mine.shape, mine.dtype) == (others.shape, others.dtype)
        np.testing.assert_allclose(mine, others, close, close)


def total(np: Any, result: Any) -> Any:
    """Return a weighted sum of all numbers that have derivatives."""
    floats = [x for x in jax.tree.leaves(result, is_leaf=is_array) if x.dtype.kind == "f"]
    return sum(np.sum(np.cos(x) * (i + 1.5)) for i, x in enumerate(floats))


def is_array(value: Any) -> bool:
    return hasattr(value, "dtype")


def loss(np: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: total(np, function(*arguments))


def floats(case: Case) -> tuple[int, ...]:
    return tuple(i for i, x in enumerate(case.arguments) if x.dtype.kind == "f")


def directions(case: Case) -> tuple[Any, ...]:
    random = np.random.default_rng(3)
    return tuple(np.asarray(random.normal(size=case.arguments[i].shape)) for i in floats(case))


def of_floats(function: Callable[..., Any], case: Case) -> Callable[..., Any]:
    """Return the function of those arguments that have derivatives."""
    chosen = floats(case)

    def called(*given: Any) -> Any:
        arguments = list(case.arguments)
        for i, x in zip(chosen, given, strict=True):
            arguments[i] = x
        return function(*arguments)

    return called


def moving(case: Case) -> tuple[Any, ...]:
    return tuple(case.arguments[i] for i in floats(case))


# ---- values


@each_case
def test_values_are_those_of_jax(name: str) -> None:
    case = CASES[name]
    wanted = jax.jit(theirs(case))(*case.arguments)
    assert_same(ours(case)(*case.arguments), wanted)
    for engine in ("numpy", "native", "auto"):
        assert_same(tw.jit(ours(case), engine=engine)(*case.arguments), wanted)


@each_case
def test_of_tensors_come_tensors_and_of_arrays_arrays(name: str) -> None:
    case = CASES[name]
    for leaf in jax.tree.leaves(ours(case)(*case.arguments)):
        assert not isinstance(leaf, tw.Tensor)
    tensors = [tw.tensor(x) for x in case.arguments]
    for leaf in tw.tree.leaves(ours(case)(*tensors)):
        assert isinstance(leaf, tw.Tensor)


# ---- derivatives


@functools.cache
def expected(name: str, way: str) -> Any:
    """Return what JAX finds, once for all tests that want it."""
    case = CASES[name]
    function = loss(jnp, of_floats(theirs(case), case))
    return jax.jit(lambda *x: WAYS[way](jax, function, x, directions(case)))(*moving(case))


def positions(x: Any) -> tuple[int, ...]:
    return tuple(range(len(x)))


def along(lib: Any, f: Any, x: Any, v: Any) -> Any:
    """Return the derivative in a direction, by the reverse one."""
    gradients = lib.grad(f, positions(x))(*x)
    return sum((a * b).sum() for a, b in zip(gradients, v, strict=True))


WAYS: dict[str, Callable[..., Any]] = {
    "gradient": lambda lib, f, x, v: lib.grad(f, positions(x))(*x),
    "tangent": lambda lib, f, x, v: lib.jvp(f, x, v),
    "second tangent": lambda lib, f, x, v: lib.jvp(lambda *x: lib.jvp(f, x, v)[1], x, v)[1],
    "forward over reverse": lambda lib, f, x, v: lib.jvp(lib.grad(f, positions(x)), x, v)[1],
    "reverse over forward": lambda lib, f, x, v: lib.grad(
        lambda *x: lib.jvp(f, x, v)[1], positions(x)
    )(*x),
    "reverse over reverse": lambda lib, f, x, v: lib.grad(
        lambda *x: along(lib, f, x, v), positions(x)
    )(*x),
}

# Ways to one and the same derivative.
SAME_AS = dict.fromkeys(("reverse over forward", "reverse over reverse"), "forward over reverse")


ASKED = [
    (name, way)
    for name, case in CASES.items()
    for way in WAYS
    if (case.reverse or "tangent" in way) and (name in DEEP or way in ("gradient", "tangent"))
]


@pytest.mark.parametrize(("name", "way"), ASKED)
def test_derivatives_are_those_of_jax(name: str, way: str) -> None:
    case, derivative = CASES[name], WAYS[way]
    function, x, v = loss(np, of_floats(ours(case), case)), moving(case), directions(case)
    wanted = expected(name, SAME_AS.get(way, way))
    assert_same(derivative(tw, function, x, v), wanted, 1e-9)
    if way in ("gradient", "tangent", "forward over reverse"):
        native = tw.jit(lambda *x: derivative(tw, function, x, v), engine="native")
        assert_same(native(*x), wanted, 1e-9)


# ---- batches


def batches(case: Case) -> Iterator[tuple[tuple[Any, ...], tuple[int | None, ...]]]:
    """Yield arguments of which all, then each alone, are a batch of three."""
    random, count = np.random.default_rng(5), len(case.arguments)
    flagged = [(0,) * count]
    if count > 1:
        flagged += [tuple(0 if i == j else None for i in range(count)) for j in range(count)]
    for flags in flagged:
        arguments = []
        for x, flag in zip(case.arguments, flags, strict=True):
            if flag is None:
                arguments.append(x)
            elif x.dtype.kind == "f":
                arguments.append(np.stack([x, x * 0.5, x + 0.1 * random.normal(size=x.shape)]))
            else:
                arguments.append(np.array([x, 1 - x, x]).astype(x.dtype))
        yield tuple(arguments), flags


@each_case
def test_batches_are_those_of_jax(name: str) -> None:
    case = CASES[name]
    for arguments, flags in batches(case):
        wanted = jax.jit(jax.vmap(theirs(case), flags))(*arguments)
        batched = tw.vmap(ours(case), flags)
        assert_same(batched(*arguments), wanted)
        assert_same(tw.jit(batched, engine="native")(*arguments), wanted)


def batch_of_gradients(lib: Any, np: Any, f: Any, chosen: Any, flags: Any) -> Any:
    return lib.vmap(lib.grad(loss(np, f), chosen), flags)


def gradient_of_batch(lib: Any, np: Any, f: Any, chosen: Any, flags: Any) -> Any:
    return lib.grad(loss(np, lib.vmap(f, flags)), chosen)


@pytest.mark.parametrize("name", DEEP)
def test_gradients_of_batches_and_batches_of_gradients_are_those_of_jax(name: str) -> None:
    case = CASES[name]
    chosen = floats(case)
    for arguments, flags in batches(case):
        for way in (batch_of_gradients, gradient_of_batch):
            wanted = jax.jit(way(jax, jnp, theirs(case), chosen, flags))(*arguments)
            found = way(tw, np, ours(case), chosen, flags)
            assert_same(found(*arguments), wanted)
            if None not in flags:
                assert_same(tw.jit(found, engine="native")(*arguments), wanted)


# ---- dtypes


# NumPy, and so thalweg, gives float64 for float32 and an array of int64; JAX gives float32.
PROMOTED = ("counting", "counted")


@pytest.mark.parametrize(
    "name", [n for n, case in CASES.items() if case.reverse and n not in PROMOTED]
)
def test_float32_stays_float32(name: str) -> None:
    case = CASES[name]
    narrow = [x.astype(np.float32) if x.dtype.kind == "f" else x for x in case.arguments]
    with jax.enable_x64(False):
        wanted = jax.jit(theirs(case))(*narrow)
    found = ours(case)(*narrow)
    again = tw.jit(ours(case), engine="native")(*narrow)
    for mine, native, others in zip(leaves(found), leaves(again), leaves(wanted), strict=True):
        assert mine.dtype == native.dtype
        if others.dtype.kind == "f":
            assert mine.dtype == (np.float64 if name == "constant carry" else np.float32)
        np.testing.assert_allclose(mine, others, 2e-4, 2e-5)
        np.testing.assert_allclose(native, others, 2e-4, 2e-5)
