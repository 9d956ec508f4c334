"""What must hold for the derivatives and the batching of every primitive."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.samples import ROWS, samples
from thalweg.autodiff.batching import batching_rule
from thalweg.core.apply import apply
from thalweg.core.primitive import PRIMITIVES
from thalweg.core.tensor import as_tensor

Operands = tuple[Any, ...]


def call(name: str, params: dict[str, Any]) -> Callable[..., Any]:
    return lambda *operands: apply(PRIMITIVES[name], tuple(as_tensor(o) for o in operands), params)


def of_floats(name: str, operands: Operands, params: dict[str, Any]) -> tuple[Any, list[Any]]:
    """Return the primitive as a function of its floating operands, and those operands."""
    places = [i for i, o in enumerate(operands) if np.asarray(o).dtype.kind == "f"]

    def function(*floats: Any) -> Any:
        given = list(operands)
        for i, value in zip(places, floats, strict=True):
            given[i] = value
        return call(name, params)(*given)

    return function, [np.asarray(operands[i]) for i in places]


def has_derivative(name: str, operands: Operands, params: dict[str, Any]) -> bool:
    """Tell whether the result is floating and some floating operand has a rule."""
    function, floats = of_floats(name, operands, params)
    ruled = any(PRIMITIVES[name].rule(i) is not None for i in range(len(operands)))
    return ruled and bool(floats) and function(*floats).dtype == np.float64


CASES = [
    pytest.param(name, sample.operands, sample.params, sample.smooth, id=f"{name}-{i}")
    for name in ROWS
    for i, sample in enumerate(samples(name))
]


def cases(chosen: Callable[..., bool]) -> Any:
    found = [pytest.param(*case.values[:3], id=case.id) for case in CASES if chosen(*case.values)]
    return pytest.mark.parametrize(("name", "operands", "params"), found)


each_case = cases(lambda *case: True)
each_differentiable_case = cases(lambda *case: case[3] and has_derivative(*case[:3]))


def like(value: Any, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=np.shape(value))


def difference(function: Callable[..., Any], at: list[Any], along: list[Any]) -> np.ndarray:
    """Return the directional derivative by central differences."""
    step = 1e-5
    ahead = function(*(x + step * v for x, v in zip(at, along, strict=True)))
    behind = function(*(x - step * v for x, v in zip(at, along, strict=True)))
    return (ahead - behind) / (2 * step)


def inner(xs: Any, ys: Any) -> float:
    return sum(float(np.sum(np.asarray(x) * np.asarray(y))) for x, y in zip(xs, ys, strict=True))


def test_every_primitive_on_operands_has_a_batching_rule() -> None:
    needed = {
        name
        for name, primitive in ((name, PRIMITIVES[name]) for name in ROWS)
        if primitive.kind != "elementwise" and samples(name)[0].operands
        if primitive.expansion is None
    }
    assert not {name for name in needed if batching_rule(PRIMITIVES[name]) is None}


@each_differentiable_case
def test_forward_derivatives_are_finite_differences(
    name: str, operands: Operands, params: dict[str, Any]
) -> None:
    function, floats = of_floats(name, operands, params)
    along = [like(x, i) for i, x in enumerate(floats)]
    value, tangent = tw.jvp(function, floats, along)
    np.testing.assert_array_equal(value, function(*floats))
    np.testing.assert_allclose(tangent, difference(function, floats, along), rtol=1e-6, atol=1e-8)


@each_differentiable_case
def test_reverse_is_the_transpose_of_forward(
    name: str, operands: Operands, params: dict[str, Any]
) -> None:
    function, floats = of_floats(name, operands, params)
    for chosen in itertools.product((0.0, 1.0), repeat=len(floats)):
        along = [c * like(x, i) for i, (c, x) in enumerate(zip(chosen, floats, strict=True))]
        value, tangent = tw.jvp(function, floats, along)
        cotangent = like(value, 9)
        gradients = tw.vjp(function, *floats)[1](cotangent)
        forward = inner([cotangent], [tangent])
        backward = inner(list(gradients), along)
        assert forward == pytest.approx(backward, rel=1e-12, abs=1e-12)


@each_differentiable_case
def test_a_tangent_of_one_operand_alone_is_its_share(
    name: str, operands: Operands, params: dict[str, Any]
) -> None:
    function, floats = of_floats(name, operands, params)
    along = [like(x, i) for i, x in enumerate(floats)]
    whole = tw.jvp(function, floats, along)[1]
    shares = np.zeros_like(whole)
    for i in range(len(floats)):

        def alone(x: Any, i: int = i) -> Any:
            return function(*floats[:i], x, *floats[i + 1 :])

        shares = shares + tw.jvp(alone, (floats[i],), (along[i],))[1]
    np.testing.assert_allclose(shares, whole, rtol=1e-12, atol=1e-13)


@each_differentiable_case
def test_second_derivatives_are_differences_of_first(
    name: str, operands: Operands, params: dict[str, Any]
) -> None:
    function, floats = of_floats(name, operands, params)
    along = [like(x, i) for i, x in enumerate(floats)]
    weight = like(function(*floats), 5)

    def loss(*xs: Any) -> Any:
        return np.sum(function(*xs) ** 2 * weight)

    every = tuple(range(len(floats)))
    first = tw.grad(loss, argnums=every)
    forward_over_reverse = tw.jvp(first, floats, along)[1]
    reverse_over_reverse = tw.grad(
        lambda *xs: sum(np.sum(g * v) for g, v in zip(first(*xs), along, strict=True)),
        argnums=every,
    )(*floats)
    for i, (h, r) in enumerate(zip(forward_over_reverse, reverse_over_reverse, strict=True)):
        expected = difference(lambda *xs, i=i: first(*xs)[i], floats, along)
        np.testing.assert_allclose(h, expected, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(r, h, rtol=1e-9, atol=1e-9)


def stacked(operand: Any) -> np.ndarray:
    """Return three different examples like an operand, all within its range."""
    value = np.asarray(operand)
    if value.dtype.kind == "f":
        return np.stack([value * (1 + 0.1 * i) for i in range(3)])
    return np.stack([np.roll(value, i) for i in range(3)])


def each_choice_of_batched(operands: Operands) -> list[tuple[bool, ...]]:
    return [c for c in itertools.product((False, True), repeat=len(operands)) if any(c)]


@pytest.mark.sampled(4)
@each_case
def test_a_batch_is_a_loop_over_examples(
    name: str, operands: Operands, params: dict[str, Any]
) -> None:
    function = call(name, params)
    for chosen in each_choice_of_batched(operands):
        given = [stacked(o) if c else o for o, c in zip(operands, chosen, strict=True)]
        batch = tw.vmap(function, in_axes=tuple(0 if c else None for c in chosen))(*given)
        loop = [
            function(*(g[i] if c else g for g, c in zip(given, chosen, strict=True)))
            for i in range(3)
        ]
        assert batch.dtype == loop[0].dtype
        rtol = 1e-13 if batch.dtype == np.float64 else 1e-5
        np.testing.assert_allclose(batch, np.stack(loop), rtol=rtol, atol=rtol / 10)


@pytest.mark.sampled(4)
@each_differentiable_case
def test_the_gradient_of_a_batch_is_a_batch_of_gradients(
    name: str, operands: Operands, params: dict[str, Any]
) -> None:
    function, floats = of_floats(name, operands, params)
    batches = [stacked(x) for x in floats]
    every = tuple(range(len(floats)))

    def loss(*xs: Any) -> Any:
        return np.sum(function(*xs) ** 2)

    of_batch = tw.grad(lambda *xs: np.sum(tw.vmap(loss)(*xs)), argnums=every)(*batches)
    batch_of = tw.vmap(tw.grad(loss, argnums=every))(*batches)
    loop = [tw.grad(loss, argnums=every)(*(b[i] for b in batches)) for i in range(3)]
    for k in every:
        expected = np.stack([gradients[k] for gradients in loop])
        np.testing.assert_allclose(of_batch[k], expected, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(batch_of[k], expected, rtol=1e-12, atol=1e-13)


@each_differentiable_case
def test_a_batch_of_tangents_is_a_loop_over_directions(
    name: str, operands: Operands, params: dict[str, Any]
) -> None:
    function, floats = of_floats(name, operands, params)
    along = [np.stack([like(x, i) for i in range(3)]) for x in floats]
    batch = tw.vmap(lambda *vs: tw.jvp(function, floats, vs)[1])(*along)
    loop = [tw.jvp(function, floats, [v[i] for v in along])[1] for i in range(3)]
    np.testing.assert_allclose(batch, np.stack(loop), rtol=1e-12, atol=1e-14)
