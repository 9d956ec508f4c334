"""Programs to compile in tests: traced functions, and whole training steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import thalweg as tw
from thalweg.core.program import Program, evaluate, finish, trace
from thalweg.core.spec import Spec
from thalweg.core.tensor import as_tensor, make


def spec(*shape: int, dtype: Any = np.float64) -> Spec:
    return Spec(shape, np.dtype(dtype))


def program_of(function: Callable[..., Any], *specs: Spec) -> Program:
    """Trace a function of tensors that returns a tensor, a number or a tuple of them."""
    result, current, symbols = trace(function, list(specs), lambda s: make(s, None, s.spec.weak))
    results = result if isinstance(result, tuple) else (result,)
    program = finish(current, symbols, [current.lift(as_tensor(r)) for r in results])
    program.check()
    return program


def run(program: Program, *arguments: Any) -> list[Any]:
    """Evaluate a program by the meanings of its primitives."""
    with np.errstate(all="ignore"):
        return evaluate(program, arguments)


def body(program: Program) -> list[str]:
    """Return the text of the equations and of the outputs, without specs."""
    lines = [line.strip() for line in str(program).splitlines()[1:]]
    return [_without_spec(line) for line in lines]


def _without_spec(line: str) -> str:
    name, equals, right = line.partition(" = ")
    return f"{name.partition(':')[0]} = {right}" if equals else line


def primitives(program: Program) -> list[str]:
    """Return the names of the primitives, in order."""
    return [equation.primitive.name for equation in program.equations]


class Step(NamedTuple):
    """A training step, what to trace it with, and the number of equations after optimization."""

    function: Callable[..., Any]
    specs: tuple[Spec, ...]
    equations: int


def _batch(array: Any, rows: Any) -> Any:
    return tw.Tensor.take(array, rows, 0)


def _descend(loss: Callable[..., Any], params: tuple[Any, ...], rate: Any) -> tuple[Any, ...]:
    value, gradients = tw.value_and_grad(lambda p: loss(*p))(params)
    return (*(p - rate * g for p, g in zip(params, gradients, strict=True)), value)


def linear_step(X: Any, y: Any, rows: Any, w: Any, b: Any, rate: Any) -> Any:
    X, y = _batch(X, rows), _batch(y, rows)
    return _descend(lambda w, b: np.mean((y - (X @ w + b)) ** 2), (w, b), rate)


def logistic_step(X: Any, y: Any, rows: Any, w: Any, rate: Any) -> Any:
    X, y = _batch(X, rows), _batch(y, rows)

    def loss(w: Any) -> Any:
        z = X @ w
        return np.mean(np.logaddexp(0.0, z) - y * z) + 0.5 * 1e-4 * np.sum(w**2)

    return _descend(loss, (w,), rate)


def _cross_entropy(logits: Any, labels: Any) -> Any:
    largest = np.max(logits, axis=1, keepdims=True)
    total = np.log(np.sum(np.exp(logits - largest), axis=1, keepdims=True)) + largest
    return np.mean(total - np.take_along_axis(logits, labels[:, None], 1))


def softmax_step(X: Any, y: Any, rows: Any, W: Any, b: Any, rate: Any) -> Any:
    X, y = _batch(X, rows), _batch(y, rows)
    return _descend(lambda W, b: _cross_entropy(X @ W + b, y), (W, b), rate)


def network_step(activation: Callable[[Any], Any]) -> Callable[..., Any]:
    def step(X: Any, y: Any, rows: Any, W: Any, b: Any, V: Any, c: Any, rate: Any) -> Any:
        X, y = _batch(X, rows), _batch(y, rows)

        def loss(W: Any, b: Any, V: Any, c: Any) -> Any:
            return _cross_entropy(activation(X @ W + b) @ V + c, y)

        return _descend(loss, (W, b, V, c), rate)

    return step


def adam_step(X: Any, y: Any, rows: Any, w: Any, mu: Any, nu: Any, count: Any) -> Any:
    X, y = _batch(X, rows), _batch(y, rows)
    value, g = tw.value_and_grad(lambda w: np.mean((X @ w - y) ** 2))(w)
    nu, count = np.absolute(nu), np.absolute(count) + 1.0  # whatever was drawn for them
    mu = 0.9 * mu + (1 - 0.9) * g
    nu = 0.999 * nu + (1 - 0.999) * g**2
    step = (mu / (1 - 0.9**count)) / (np.sqrt(nu / (1 - 0.999**count)) + 1e-8)
    return w - 1e-3 * step, mu, nu, count, value


def embedding_step(items: Any, y: Any, rows: Any, E: Any, w: Any, rate: Any) -> Any:
    items, y = _batch(items, rows), _batch(y, rows)
    return _descend(lambda E, w: np.mean((E[items] @ w - y) ** 2), (E, w), rate)


def rosenbrock_step(x: Any, rate: Any) -> Any:
    def loss(x: Any) -> Any:
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    return _descend(loss, (x,), rate)


_ROWS = spec(8, dtype=np.int32)
_CLASSIFIED = (spec(30, 4), spec(30, dtype=np.int64), _ROWS)
_NETWORK = (*_CLASSIFIED, spec(4, 5), spec(5), spec(5, 3), spec(3), spec())

STEPS = {
    "linear": Step(linear_step, (spec(30, 4), spec(30), _ROWS, spec(4), spec(), spec()), 20),
    "logistic": Step(logistic_step, (spec(30, 4), spec(30), _ROWS, spec(4), spec()), 26),
    "softmax": Step(softmax_step, (*_CLASSIFIED, spec(4, 3), spec(3), spec()), 44),
    "tanh": Step(network_step(np.tanh), _NETWORK, 59),
    "relu": Step(network_step(lambda z: np.maximum(z, 0.0)), _NETWORK, 61),
    "adam": Step(adam_step, (spec(30, 4), spec(30), _ROWS, spec(4), spec(4), spec(4), spec()), 37),
    "embedding": Step(
        embedding_step, (spec(30, dtype=np.int64), spec(30), _ROWS, spec(7, 4), spec(4), spec()), 21
    ),
    "rosenbrock": Step(rosenbrock_step, (spec(10), spec()), 21),
}


def arguments_for(specs: tuple[Spec, ...], seed: int = 0, hostile: bool = False) -> list[Any]:
    """Draw arguments: rows and labels within range; a NaN and infinities if hostile."""
    draw = np.random.default_rng(seed)
    found = []
    for wanted in specs:
        if wanted.dtype.kind == "b":
            found.append(draw.random(wanted.shape) < 0.5)
        elif wanted.dtype.kind in "iu":
            found.append(draw.integers(0, 3, wanted.shape).astype(wanted.dtype))
        else:
            values = draw.normal(size=wanted.shape).astype(wanted.dtype)
            if hostile and values.size > 3:
                values.flat[draw.integers(0, values.size, 3)] = [np.nan, np.inf, -np.inf]
            found.append(values)
    return found
