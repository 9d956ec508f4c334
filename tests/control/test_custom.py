"""custom_vjp and custom_jvp against JAX's: by themselves, in batches, loops and compiled code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import ArgumentError, GradientError, ShapeError

jax = pytest.importorskip("jax")
jnp = jax.numpy

X = np.random.default_rng(2).normal(size=(4, 3))


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def reversed_rule(lib: Any, np: Any) -> Callable[..., Any]:
    """Return a function whose derivative is not its own, but depends on its arguments."""

    @lib.custom_vjp
    def function(x: Any, y: Any) -> Any:
        return np.sin(x) * y

    def backward(kept: Any, g: Any) -> Any:
        x, y = kept
        return 2.0 * g * np.cos(x) * y, g * np.sin(x) * y

    function.defvjp(lambda x, y: (function(x, y), (x, y)), backward)
    return function


def forward_rule(lib: Any, np: Any) -> Callable[..., Any]:
    @lib.custom_jvp
    def function(x: Any, y: Any) -> Any:
        return np.sin(x) * y

    @function.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        (x, y), (t, u) = primals, tangents
        return function(x, y), 3.0 * np.cos(x) * y * t + np.sin(x) * u * x

    return function


RULES = {"custom_vjp": reversed_rule, "custom_jvp": forward_rule}

USES: dict[str, Callable[[Any, Any, Any], Callable[[Any], Any]]] = {
    "value": lambda lib, np, f: lambda x: f(x, x + 1.0),
    "gradient": lambda lib, np, f: lib.grad(lambda x: np.sum(f(x, x * x))),
    "second": lambda lib, np, f: lib.grad(
        lambda x: np.sum(np.cos(lib.grad(lambda x: np.sum(f(x, x * x)))(x)))
    ),
    "batch": lambda lib, np, f: lib.vmap(lambda x: f(x, 2.0)),
    "batch of gradients": lambda lib, np, f: lib.vmap(lib.grad(lambda x: np.sum(f(x, x)))),
    "gradient of batch": lambda lib, np, f: lib.grad(
        lambda x: np.sum(lib.vmap(f, (0, None))(x, x[0]))
    ),
    "gradient of a loop": lambda lib, np, f: lib.grad(
        lambda x: np.sum(scan(lib)(lambda c, row: (f(c, row), c), x[0], x)[0])
    ),
    "batch of gradients of loops": lambda lib, np, f: lib.vmap(
        lib.grad(lambda x: scan(lib)(lambda c, z: (f(c, z), c), x[0], x)[0])
    ),
    "second of a loop": lambda lib, np, f: lib.grad(
        lambda x: np.sum(lib.grad(
            lambda x: np.sum(scan(lib)(lambda c, row: (f(c, row), c), x[0], x)[0])
        )(x) ** 2)
    ),
}  # fmt: skip


def scan(lib: Any) -> Any:
    # Of JAX, turns written one after another: of rules that are no derivatives its loops give
    # other second derivatives than those.
    return tw.scan if lib is tw else written_out


def written_out(turn: Callable[[Any, Any], Any], carry: Any, rows: Any) -> Any:
    for row in rows:
        carry, _ = turn(carry, row)
    return carry, None


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("use", USES)
def test_rules_are_used_as_jax_uses_them(kind: str, use: str) -> None:
    wanted = jax.jit(USES[use](jax, jnp, RULES[kind](jax, jnp)))(X)
    function = USES[use](tw, np, RULES[kind](tw, np))
    np.testing.assert_allclose(function(X), wanted, 1e-10, 1e-12)
    for engine in ("numpy", "native"):
        np.testing.assert_allclose(tw.jit(function, engine=engine)(X), wanted, 1e-10, 1e-12)


def test_forward_derivatives_of_a_forward_rule() -> None:
    ours, theirs = forward_rule(tw, np), forward_rule(jax, jnp)
    wanted = jax.jvp(theirs, (X, X), (X + 1.0, X))
    found = tw.jvp(ours, (X, X), (X + 1.0, X))
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, 1e-12)


def test_trees_and_arguments_that_are_no_arrays() -> None:
    def made(lib: Any) -> Any:
        def function(power: Any, tree: Any) -> Any:
            return {"y": tree["a"] ** power + tree["b"]}

        wrapped = lib.custom_vjp(function, nondiff_argnums=(0,))
        wrapped.defvjp(
            lambda power, tree: (function(power, tree), tree["a"]),
            lambda power, a, g: ({"a": 10.0 * power * a * g["y"], "b": g["y"]},),
        )
        return lambda x: lib.grad(lambda x: wrapped(3, {"a": x, "b": x})["y"].sum())(x)

    np.testing.assert_allclose(made(tw)(X), made(jax)(X), 1e-12)


def test_nothing_is_a_cotangent_of_zero() -> None:
    def made(lib: Any) -> Any:
        function = lib.custom_vjp(lambda x, y: x * y)
        function.defvjp(lambda x, y: (x * y, None), lambda _, g: (None, g))
        return lib.grad(lambda x: function(x, 2.0 * x).sum())

    np.testing.assert_allclose(made(tw)(X), made(jax)(X), 1e-12)


def test_a_rule_goes_backward_in_the_stateful_habit_too() -> None:
    x = tw.tensor(X, requires_grad=True)
    tw.sum(reversed_rule(tw, np)(x, np.full((4, 3), 2.0))).backward()
    np.testing.assert_allclose(x.grad.numpy(), 4.0 * np.cos(X), 1e-12)


def test_what_is_missing_or_of_another_structure_is_refused() -> None:
    without = tw.custom_vjp(np.sin)
    with pytest.raises(GradientError, match=r"sin has no rule yet.*defvjp\(fwd, bwd\)"):
        tw.grad(without)(1.0)
    few = tw.custom_vjp(lambda x, y: x * y)
    few.defvjp(lambda x, y: (x * y, None), lambda _, g: (g,))
    with pytest.raises(ArgumentError, match="returned 1 cotangents for 2 arguments"):
        tw.grad(few)(1.0, 2.0)
    alone = tw.custom_vjp(lambda x: x)
    alone.defvjp(lambda x: x, lambda _, g: (g,))
    with pytest.raises(ArgumentError, match=r"wants a pair \(result, kept\)"):
        tw.grad(alone)(1.0)
    spread = tw.custom_vjp(lambda x: x)
    spread.defvjp(lambda x: (x, None), lambda _, g: (np.ones((2, 2)) * g,))
    with pytest.raises(ShapeError, match=r"a cotangent of shape \(2, 2\) for an argument"):
        tw.grad(spread)(1.0)
    assert few(2.0, 3.0) == 6.0


def _exponential(kept_of: Callable[[Any], Any]) -> Any:
    """Return eˣ with a rule that keeps what another function makes of its result."""
    function = tw.custom_vjp(lambda x: np.exp(x))

    def forward(x: Any) -> Any:
        result = np.exp(x)
        return result, kept_of(result)

    function.defvjp(forward, lambda kept, g: (g * kept,))
    return function


@pytest.mark.parametrize("kept_of", [lambda y: y, lambda y: y[...], lambda y: y.detach().numpy()])
def test_writing_into_the_result_leaves_what_is_kept_alone(kept_of: Callable[[Any], Any]) -> None:
    x = tw.tensor(X, requires_grad=True)
    result = _exponential(kept_of)(x)
    total = tw.sum(result)
    with tw.no_grad():
        result[...] = 0.0
    total.backward()
    np.testing.assert_array_equal(result.numpy(force=True), 0.0)
    np.testing.assert_allclose(x.grad.numpy(), np.exp(X), 1e-12)


def test_writing_into_the_result_leaves_the_argument_alone() -> None:
    same = tw.custom_vjp(lambda x: x)
    same.defvjp(lambda x: (x, x), lambda kept, g: (g * kept,))
    x = tw.tensor(X, requires_grad=True)
    result = same(x)
    total = tw.sum(result)
    with tw.no_grad():
        result[...] = 7.0
    total.backward()
    np.testing.assert_array_equal(x.numpy(force=True), X)
    np.testing.assert_allclose(x.grad.numpy(), X, 1e-12)


def test_writing_into_a_solution_leaves_its_derivative_alone() -> None:
    def root(a: Any) -> Any:
        return tw.root(lambda x: x**3 - a, np.ones(2)).x

    a = tw.tensor(np.array([2.0, 3.0]), requires_grad=True)
    solution = root(a)
    total = tw.sum(solution)
    with tw.no_grad():
        solution[...] = 5.0
    total.backward()
    np.testing.assert_allclose(a.grad.numpy(), np.array([2.0, 3.0]) ** (-2 / 3) / 3, 1e-9)


def test_writing_into_an_argument_that_is_a_result_leaves_other_results_alone() -> None:
    two = tw.custom_vjp(lambda x: (x, 2.0 * x))
    two.defvjp(lambda x: ((x, 2.0 * x), None), lambda _, g: (g[0] + 2.0 * g[1],))
    a = tw.tensor(X, requires_grad=True)
    x = 1.0 * a
    _, doubled = two(x)
    with tw.no_grad():
        x[...] = 0.0
    tw.sum(doubled).backward()
    np.testing.assert_array_equal(a.grad.numpy(), 2.0)
