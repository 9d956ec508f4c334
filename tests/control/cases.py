"""Functions of loops and branches, written once for thalweg and once more for JAX.

Each is given a library's loops and its NumPy: `(tw, numpy)` or `(jax.lax, jax.numpy)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

_random = np.random.default_rng(7)


def real(*shape: int) -> Array:
    return _random.normal(size=shape)


class Pair(NamedTuple):
    """A carry with names."""

    position: Any
    speed: Any


class Case(NamedTuple):
    """A function with arguments, and what may be asked of it."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    reverse: bool = True


def running(lax: Any, np: Any, start: Any, x: Any) -> Any:
    return lax.scan(lambda c, x: (c * 0.5 + np.sin(x), c * x), start, x)


def backwards(lax: Any, np: Any, start: Any, x: Any) -> Any:
    return lax.scan(lambda c, x: (np.tanh(c + x), c), start, x, reverse=True)


def without_rows(lax: Any, np: Any, start: Any) -> Any:
    return lax.scan(lambda c, _: (c * np.cos(c), c + 1.0), start, None, length=4)


def without_results(lax: Any, np: Any, start: Any, x: Any) -> Any:
    return lax.scan(lambda c, x: (c * x, None), start, x)[0]


def without_carry(lax: Any, np: Any, x: Any) -> Any:
    return lax.scan(lambda c, x: (c, np.exp(-x * x)), None, x)[1]


def nested_carry(lax: Any, np: Any, a: Any, b: Any, x: Any) -> Any:
    def turn(carry: Any, row: Any) -> Any:
        first, (second, count) = carry["a"], carry["b"]
        return (
            {"a": first + row["u"] * second, "b": (np.sin(second), count + 1)},
            {"c": first * second, "d": (row["v"] * second,)},
        )

    return lax.scan(turn, {"a": a, "b": (b, 0)}, {"u": x, "v": x[:, 0]})


def named_carry(lax: Any, np: Any, position: Any, speed: Any) -> Any:
    def turn(p: Pair, _: Any) -> Any:
        speed = p.speed - 0.1 * np.sin(p.position)
        return Pair(p.position + 0.1 * speed, speed), p.position

    return lax.scan(turn, Pair(position, speed), None, length=6)


def exchanged(lax: Any, np: Any, a: Any, b: Any, x: Any) -> Any:
    return lax.scan(lambda c, x: ((c[1], c[0], c[0] + x), c[2]), (a, b, a), x)


def passed_through(lax: Any, np: Any, a: Any, b: Any, x: Any) -> Any:
    return lax.scan(lambda c, x: ((c[0], c[1] * c[0] + x), c[0]), (a, b), x)


def forgetting(lax: Any, np: Any, a: Any, x: Any) -> Any:
    return lax.scan(lambda c, x: (x * x, c), a, x)


def constant_carry(lax: Any, np: Any, x: Any) -> Any:
    return lax.scan(lambda c, x: (c * 0.0 + 2.0, c + x), np.ones(3), x)


def counting(lax: Any, np: Any, x: Any) -> Any:
    def turn(carry: Any, x: Any) -> Any:
        count, seen, total = carry
        return (count + 2, np.logical_or(seen, x[0] > 0.5), total + x * count), (count, seen)

    return lax.scan(turn, (1, False, np.zeros(2)), x)


def captured(lax: Any, np: Any, w: Any, start: Any, x: Any) -> Any:
    return lax.scan(lambda h, x: (np.tanh(w @ h + x), np.sum(h)), start, x)


def captured_big(lax: Any, np: Any, w: Any, start: Any) -> Any:
    scaled = w / 20.0
    return lax.scan(lambda h, _: (np.tanh(scaled @ h), h[0]), start, None, length=3)


def made_ahead(lax: Any, np: Any, w: Any, start: Any, x: Any) -> Any:
    return lax.scan(lambda h, x: (h * np.exp(w) + np.sum(np.sin(w)) * x, h), start, x)


def matrices(lax: Any, np: Any, a: Any, x: Any) -> Any:
    return lax.scan(lambda m, x: (m @ x / 2.0, np.sum(m, 0)), a, x)


def reductions(lax: Any, np: Any, a: Any, x: Any) -> Any:
    def turn(c: Any, x: Any) -> Any:
        y = x - np.max(x, axis=-1, keepdims=True)
        weights = np.exp(y) / np.sum(np.exp(y), axis=-1, keepdims=True)
        return c + np.mean(weights * x), np.sum(weights.T * c, axis=0)

    return lax.scan(turn, a, x)


def moved(lax: Any, np: Any, a: Any, x: Any) -> Any:
    def turn(c: Any, x: Any) -> Any:
        shifted = np.concatenate([x[:1], c[:-1]])
        return shifted * 0.9, np.stack([c[::-1], shifted]).T

    return lax.scan(turn, a, x)


def nested(lax: Any, np: Any, a: Any, x: Any) -> Any:
    def outer(c: Any, row: Any) -> Any:
        inner, found = lax.scan(lambda d, z: (d * 0.5 + z * c, d * z), c, row)
        return np.sin(inner), found

    return lax.scan(outer, a, x)


def branch_in_loop(lax: Any, np: Any, a: Any, x: Any) -> Any:
    def turn(c: Any, x: Any) -> Any:
        after = lax.cond(x[0] > 0, lambda c: np.sin(c) * x, lambda c: c - x, c)
        return after, lax.switch((10 * x[1]).astype(int), [np.sin, np.cos, np.tanh], c)

    return lax.scan(turn, a, x)


def loop_in_branch(lax: Any, np: Any, a: Any, x: Any) -> Any:
    return lax.cond(
        a[0] < 100, lambda a: lax.scan(lambda c, x: (c * x, None), a, x)[0], lambda a: a, a
    )


def counted(lax: Any, np: Any, a: Any, w: Any) -> Any:
    return lax.fori_loop(2, 6, lambda i, c: np.sin(c) * w + i, a)


def no_turns(lax: Any, np: Any, a: Any) -> Any:
    return lax.fori_loop(5, 2, lambda i, c: c * 2, a)


def mapped(lax: Any, np: Any, x: Any, w: Any) -> Any:
    return lax.map(lambda row: np.sum(np.sin(row) * w), x)


def running_product(lax: Any, np: Any, x: Any) -> Any:
    return lax.associative_scan(np.multiply, x)


def running_pairs(lax: Any, np: Any, x: Any) -> Any:
    def combined(p: Any, q: Any) -> Any:
        return p[0] * q[0], q[0] * p[1] + q[1]

    return lax.associative_scan(combined, (x, np.sin(x)), reverse=True, axis=1)


def halving(lax: Any, np: Any, a: Any) -> Any:
    return lax.while_loop(lambda c: np.sum(c * c) > 1e-2, lambda c: c * 0.6, a)


def root(lax: Any, np: Any, a: Any) -> Any:
    def turn(c: Any) -> Any:
        x, n = c
        return 0.5 * (x + a / x), n + 1

    return lax.while_loop(lambda c: abs(c[0] * c[0] - a) > 1e-6, turn, (np.ones_like(a), 0))


def loop_in_while(lax: Any, np: Any, a: Any, x: Any) -> Any:
    def turn(c: Any) -> Any:
        return lax.scan(lambda d, z: (d + z * z, None), c, x)[0]

    return lax.while_loop(lambda c: c[0] < 9.0, turn, a)


def while_in_loop(lax: Any, np: Any, a: Any, x: Any) -> Any:
    def turn(c: Any, x: Any) -> Any:
        return lax.while_loop(lambda d: d > 1.0, lambda d: d * 0.7 - 0.01 * x, c + x * x), c

    return lax.scan(turn, a, x)


def chosen(lax: Any, np: Any, p: Any, x: Any, y: Any) -> Any:
    return lax.cond(p, lambda x, y: (x * y, np.sin(x)), lambda x, y: (x + y, y), x, y)


def switched(lax: Any, np: Any, i: Any, x: Any) -> Any:
    return lax.switch(i, [lambda x: x * 2, np.sin, lambda x: x * x], x)


CASES: dict[str, Case] = {
    "running": Case(running, (np.float64(0.3), real(5))),
    "running of rows": Case(running, (real(3), real(5, 3))),
    "running of matrices": Case(running, (real(2, 3), real(5, 2, 3))),
    "running, large": Case(running, (real(40), real(4, 40))),
    "one turn": Case(running, (real(3), real(1, 3))),
    "no turn": Case(running, (real(3), real(0, 3))),
    "backwards": Case(backwards, (real(3), real(5, 3))),
    "backwards, large": Case(backwards, (real(33), real(5, 33))),
    "without rows": Case(without_rows, (real(3),)),
    "without results": Case(without_results, (real(2), real(4, 2))),
    "without carry": Case(without_carry, (real(4, 2),)),
    "nested carry": Case(nested_carry, (real(3), real(3), real(4, 3))),
    "named carry": Case(named_carry, (real(2), real(2))),
    "exchanged": Case(exchanged, (real(3), real(3), real(4, 3))),
    "exchanged, large": Case(exchanged, (real(40), real(40), real(4, 40))),
    "passed through": Case(passed_through, (real(3), real(3), real(4, 3))),
    "passed through, large": Case(passed_through, (real(40), real(40), real(4, 40))),
    "forgetting": Case(forgetting, (real(3), real(4, 3))),
    "forgetting, large": Case(forgetting, (real(40), real(4, 40))),
    "constant carry": Case(constant_carry, (real(4, 3),)),
    "counting": Case(counting, (real(4, 2),)),
    "captured": Case(captured, (real(3, 3), real(3), real(5, 3))),
    "captured, large": Case(captured_big, (real(40, 40), real(40))),
    "made ahead": Case(made_ahead, (real(3), real(3), real(5, 3))),
    "matrices": Case(matrices, (real(2, 3), real(4, 3, 3))),
    "matrices, large": Case(matrices, (real(5, 20), real(3, 20, 20))),
    "reductions": Case(reductions, (np.float64(0.2), real(4, 2, 3))),
    "moved": Case(moved, (real(3), real(4, 3))),
    "nested": Case(nested, (np.float64(0.4), real(3, 4))),
    "nested, large": Case(nested, (real(20), real(3, 4, 20))),
    "branch in loop": Case(branch_in_loop, (real(2), real(6, 2))),
    "loop in branch": Case(loop_in_branch, (real(2), real(4, 2))),
    "counted": Case(counted, (real(2), real(2))),
    "no turns": Case(no_turns, (real(2),)),
    "mapped": Case(mapped, (real(4, 3), real(3))),
    "running product": Case(running_product, (real(7),)),
    "running pairs": Case(running_pairs, (real(2, 6),)),
    "halving": Case(halving, (real(3),), reverse=False),
    "root": Case(root, (np.float64(7.0),), reverse=False),
    "loop in while": Case(loop_in_while, (real(2), real(3, 2)), reverse=False),
    "while in loop": Case(while_in_loop, (np.float64(0.4), real(4)), reverse=False),
    "chosen": Case(chosen, (np.bool_(True), real(3), real(3))),
    "chosen, the other": Case(chosen, (np.bool_(False), real(3), real(3))),
    "switched": Case(switched, (np.int64(1), real(3))),
    "switched beyond": Case(switched, (np.int64(9), real(3))),
    "switched before": Case(switched, (np.int64(-3), real(3))),
}  # fmt: skip
