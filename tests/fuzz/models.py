"""Models as they are trained: data, parameters and a loss; and the common rules of update."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import thalweg as tw
from tests.fuzz.growth import Growth
from tests.fuzz.values import Array
from thalweg.core.tensor import Tensor
from thalweg.random import keyed
from thalweg.torch.functions.pooling import avg_pool2d, max_pool2d
from thalweg.torch.functions.windows import conv2d

Loss = Callable[[list[Any], list[Any]], Any]


@dataclass(frozen=True)
class Model:
    """Arrays of which the loss sees a batch of rows, and the parameters it sees whole."""

    data: list[Array]
    parameters: list[Array]
    loss: Loss


def random_model(g: Growth, rows: int) -> Model:
    """Return a model of a random family and size."""
    families = (linear, linear, linear, hidden_layer, classes, table, factors, pictures)
    return g.choose(families)(g, rows)


def _normal(g: Growth, dtype: Any, *shape: int) -> Array:
    return np.asarray(0.5 * g.random.normal(size=shape)).astype(dtype)


def _sizes(g: Growth) -> tuple[Any, int]:
    columns = int(g.choose((1, 2, 3, 4, 5, 7, 8, 11, 16, 17, 20, 33, 40, 64)))
    return np.dtype(str(g.choose(("float64", "float64", "float32")))), columns


def _margins(w: Any, x: Any) -> Any:
    return tw.ravel(x @ w)


_LINEAR_LOSSES: tuple[Callable[[Any, Any, Any], Any], ...] = (
    lambda w, x, y: tw.mean(tw.square(y - _margins(w, x))),
    lambda w, x, y: tw.sum(tw.square(_margins(w, x) - y)) / x.shape[0] + 0.1 * tw.sum(w * w),
    lambda w, x, y: tw.mean(tw.logaddexp(0.0, -y * _margins(w, x))),
    lambda w, x, y: tw.mean(tw.losses.huber_loss(_margins(w, x), y)),
    lambda w, x, y: tw.mean(tw.exp(tw.minimum(_margins(w, x), 2.0)) - y * _margins(w, x)),
    lambda w, x, y: tw.mean(tw.abs(_margins(tw.tanh(w), x) - y)) + tw.max(tw.abs(w)),
    lambda w, x, y: tw.mean(tw.square(y - tw.sum(tw.softmax(x * tw.ravel(w)) * x, axis=-1))),
    lambda w, x, y: tw.sum(tw.relu(1.0 - y * _margins(w, x))) / tw.sum(tw.abs(y) + 1.0),
)


def linear(g: Growth, rows: int) -> Model:
    """Return a linear model, with an intercept or without."""
    dtype, columns = _sizes(g)
    loss = g.choose(_LINEAR_LOSSES)
    shape = (columns, 1) if g.chance(0.3) else (columns,)
    data = [_normal(g, dtype, rows, columns), _normal(g, dtype, rows)]
    parameters = [_normal(g, dtype, *shape)]
    if g.chance(0.4):
        parameters.append(_normal(g, dtype))
        return Model(data, parameters, lambda p, d: loss(p[0], d[0], d[1] - p[1]))
    return Model(data, parameters, lambda p, d: loss(p[0], d[0], d[1]))


def hidden_layer(g: Growth, rows: int) -> Model:
    """Return a network with one hidden layer."""
    dtype, columns = _sizes(g)
    width = int(g.choose((1, 3, 8, 12, 17)))
    activation = g.choose((tw.tanh, tw.relu, tw.sigmoid, tw.gelu))

    def loss(p: list[Any], d: list[Any]) -> Any:
        hidden = activation(d[0] @ p[0] + p[1])
        return tw.mean(tw.square(hidden @ p[2] + p[3] - d[1]))

    data = [_normal(g, dtype, rows, columns), _normal(g, dtype, rows)]
    shapes = ((columns, width), (width,), (width,), ())
    return Model(data, [_normal(g, dtype, *shape) for shape in shapes], loss)


def classes(g: Growth, rows: int) -> Model:
    """Return a softmax regression on integer labels."""
    dtype, columns = _sizes(g)
    count = int(g.choose((2, 3, 5, 10)))

    def loss(p: list[Any], d: list[Any]) -> Any:
        logits = d[0] @ p[0] + p[1]
        return tw.mean(tw.losses.softmax_cross_entropy_with_integer_labels(logits, d[1]))

    labels = g.random.integers(0, count, rows).astype(g.choose(("int64", "int32")))
    data = [_normal(g, dtype, rows, columns), labels]
    return Model(data, [_normal(g, dtype, columns, count), _normal(g, dtype, count)], loss)


def table(g: Growth, rows: int) -> Model:
    """Return a mean of learnt rows of a table, looked up by position, some negative."""
    dtype, columns = _sizes(g)
    entries, words = int(g.choose((1, 4, 9, 50))), g.integer(1, 4)

    def loss(p: list[Any], d: list[Any]) -> Any:
        found = tw.mean(tw.take(p[0], d[0], axis=0), axis=1)
        return tw.mean(tw.square(found @ p[1] - d[1]))

    data = [g.random.integers(-entries, entries, (rows, words)), _normal(g, dtype, rows)]
    return Model(data, [_normal(g, dtype, entries, columns), _normal(g, dtype, columns)], loss)


def factors(g: Growth, rows: int) -> Model:
    """Return a factorization of a sparse matrix."""
    dtype, rank = _sizes(g)
    left, right = int(g.choose((2, 7, 30))), int(g.choose((1, 5, 20)))

    def loss(p: list[Any], d: list[Any]) -> Any:
        product = tw.take(p[0], d[0], axis=0) * tw.take(p[1], d[1], axis=0)
        return tw.mean(tw.square(tw.sum(product, axis=-1) - d[2]))

    positions = [g.random.integers(0, n, rows) for n in (left, right)]
    data = [*positions, _normal(g, dtype, rows)]
    return Model(data, [_normal(g, dtype, left, rank), _normal(g, dtype, right, rank)], loss)


def pictures(g: Growth, rows: int) -> Model:
    """Return a network of one convolution and one pooling, that may drop pixels."""
    dtype, _ = _sizes(g)
    channels, out = g.choose((1, 2)), g.choose((1, 3, 6))
    height, width, size = g.integer(4, 8), g.integer(4, 8), g.integer(1, 4)
    stride, padding, pool = (
        g.choose((1, 1, 2)),
        g.choose((0, 1)),
        g.choose((max_pool2d, avg_pool2d)),
    )
    kept = g.choose((None, 0.8))

    def features(p: list[Any], x: Any) -> Any:
        h = tw.tanh(conv2d(x, p[0], p[1], stride, padding))
        if kept is not None:
            drawn = keyed.bernoulli(keyed.fold_in(keyed.key(3), 1), kept, h.shape)
            h = tw.where(drawn, h / kept, 0.0)
        window = tuple(min(2, n) for n in h.shape[2:])
        return tw.reshape(pool(h, window), (h.shape[0], -1))

    x = _normal(g, dtype, rows, channels, height, width)
    parameters = [_normal(g, dtype, out, channels, size, size), _normal(g, dtype, out)]
    length = features(parameters, x[:1]).shape[1]

    def loss(p: list[Any], d: list[Any]) -> Any:
        return tw.mean(tw.square(features(p, d[0]) @ p[2] - d[1]))

    return Model([x, _normal(g, dtype, rows)], [*parameters, _normal(g, dtype, length)], loss)


# ---- rules of update: parameters, as many first and second moments, and a count of steps

Rule = Callable[[list[Any], list[Any], list[Any], list[Any], Any, Any], tuple[Any, ...]]


def _descend(p: Any, g: Any, m: Any, v: Any, t: Any, rate: Any) -> tuple[Any, ...]:
    return [x - rate * y for x, y in zip(p, g, strict=True)], v, m


def _with_momentum(p: Any, g: Any, m: Any, v: Any, t: Any, rate: Any) -> tuple[Any, ...]:
    m = [0.9 * x + y for x, y in zip(m, g, strict=True)]
    return [x - rate * y for x, y in zip(p, m, strict=True)], m, v


def _adam(p: Any, g: Any, m: Any, v: Any, t: Any, rate: Any) -> tuple[Any, ...]:
    m = [0.9 * x + 0.1 * y for x, y in zip(m, g, strict=True)]
    v = [0.99 * tw.abs(x) + 0.01 * y * y for x, y in zip(v, g, strict=True)]
    first, second = 1.0 - 0.9 ** (t + 1), 1.0 - 0.99 ** (t + 1)
    rows = zip(p, m, v, strict=True)
    return [x - rate * (y / first) / (tw.sqrt(z / second) + 1e-2) for x, y, z in rows], m, v


def _clipped(p: Any, g: Any, m: Any, v: Any, t: Any, rate: Any) -> tuple[Any, ...]:
    size = tw.sqrt(sum(tw.sum(tw.square(y)) for y in g))
    scale = tw.where(size > 1.0, 1.0 / size, 1.0)
    return _with_momentum(p, [y * scale for y in g], m, v, t, rate)


def _decaying(p: Any, g: Any, m: Any, v: Any, t: Any, rate: Any) -> tuple[Any, ...]:
    return _descend(p, g, m, v, t, rate * 0.5 ** (t // 3))


RULES: tuple[Rule, ...] = (_descend, _with_momentum, _adam, _adam, _clipped, _decaying)


def trained(
    g: Growth, model: Model, states: list[Tensor], data: list[Tensor], rate: Any
) -> tuple[list[Tensor], Any]:
    """Return the new parameters, moments and count, and the loss."""
    count = len(model.parameters)
    groups = [states[i * count : (i + 1) * count] for i in range(3)]
    steps = states[3 * count]
    function = tw.value_and_grad(lambda p: model.loss(p, data))
    loss, found = function(groups[0])
    if g.chance(0.3):
        found = [tw.clip(x, -1.0, 1.0) for x in found]
    new = g.choose(RULES)(groups[0], found, groups[1], groups[2], steps, rate)
    rows = zip([x for group in new for x in group], states, strict=False)
    return [*(tw.astype(x, s.dtype) for x, s in rows), steps + 1], loss
