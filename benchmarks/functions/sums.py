"""Sums, means, extremes and scans; norms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.functions.given import Call, Case, Given


def _of_vector(function: Callable[[Any], Any]) -> Case:
    def case(given: Given) -> Call:
        x = given.vector()
        return lambda: function(x)

    return case


def _of_matrix(function: Callable[[Any], Any]) -> Case:
    def case(given: Given) -> Call:
        x = given.matrix()
        return lambda: function(x)

    return case


def _product(given: Given) -> Call:
    x = given.vector(0.5)
    return lambda: x.prod()


def _any(given: Given) -> Call:
    x = given.integers(1, given.n).bool()
    return lambda: x.any()


def _normalized(given: Given) -> Call:
    x, normalize = given.matrix(), given.lib.nn.functional.normalize
    return lambda: normalize(x, dim=1)


def _softmax(name: str) -> Case:
    def case(given: Given) -> Call:
        x, function = given.matrix(), getattr(given.lib, name)
        return lambda: function(x, dim=1)

    return case


def _clipped(given: Given) -> Call:
    lib = given.lib
    rows = max(1, given.n // 40)
    layers = [lib.nn.Parameter(given.constant(rows, 4)) for _ in range(10)]
    for parameter in layers:
        parameter.grad = given.constant(rows, 4)
    clip = lib.nn.utils.clip_grad_norm_
    return lambda: clip(layers, 1.0)


CASES: dict[str, Case] = {
    "sum": _of_vector(lambda x: x.sum()),
    "sum(dim=0)": _of_matrix(lambda x: x.sum(dim=0)),
    "mean": _of_vector(lambda x: x.mean()),
    "mean(dim=1)": _of_matrix(lambda x: x.mean(dim=1)),
    "var": _of_vector(lambda x: x.var()),
    "std(dim=0)": _of_matrix(lambda x: x.std(dim=0)),
    "prod": _product,
    "max": _of_vector(lambda x: x.max()),
    "max(dim=1)": _of_matrix(lambda x: x.max(dim=1)),
    "argmax(dim=1)": _of_matrix(lambda x: x.argmax(dim=1)),
    "any": _any,
    "cumsum": _of_vector(lambda x: x.cumsum(0)),
    "cumprod(dim=1)": _of_matrix(lambda x: x.cumprod(1)),
    "logsumexp(dim=1)": _of_matrix(lambda x: x.logsumexp(1)),
    "softmax(dim=1)": _softmax("softmax"),
    "log_softmax(dim=1)": _softmax("log_softmax"),
    "norm": _of_vector(lambda x: x.norm()),
    "normalize(dim=1)": _normalized,
    "clip_grad_norm_": _clipped,
}
