"""Tensors made of nothing: filled, counted, drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.functions.given import Call, Case, Given


def _of_size(function: Callable[[Any, int], Any]) -> Case:
    def case(given: Given) -> Call:
        lib, n = given.lib, given.n
        return lambda: function(lib, n)

    return case


def _normal_in_place(given: Given) -> Call:
    x = given.constant(given.n)
    return lambda: x.normal_()


def _multinomial(given: Given) -> Call:
    lib, x = given.lib, given.constant(given.n).abs()
    return lambda: lib.multinomial(x, 20, replacement=True)


def _multinomial_once(given: Given) -> Call:
    lib, x = given.lib, given.constant(given.n).abs()
    return lambda: lib.multinomial(x, 20)


def _bernoulli(given: Given) -> Call:
    lib, x = given.lib, given.constant(given.n).sigmoid()
    return lambda: lib.bernoulli(x)


CASES = {
    "zeros": _of_size(lambda lib, n: lib.zeros(n)),
    "arange": _of_size(lambda lib, n: lib.arange(n)),
    "linspace": _of_size(lambda lib, n: lib.linspace(0, 1, n)),
    "rand": _of_size(lambda lib, n: lib.rand(n)),
    "randn": _of_size(lambda lib, n: lib.randn(n)),
    "randint": _of_size(lambda lib, n: lib.randint(0, 10, (n,))),
    "randperm": _of_size(lambda lib, n: lib.randperm(n)),
    "x.normal_()": _normal_in_place,
    "bernoulli": _bernoulli,
    "multinomial (with replacement)": _multinomial,
    "multinomial (without)": _multinomial_once,
}
