"""Sorting, searching and counting."""

from __future__ import annotations

from benchmarks.functions.given import Call, Case, Given


def _sort(given: Given) -> Call:
    x = given.vector()
    return lambda: x.sort()


def _sort_rows(given: Given) -> Call:
    x = given.matrix()
    return lambda: x.sort(dim=1)


def _argsort(given: Given) -> Call:
    x = given.vector()
    return lambda: x.argsort()


def _topk(given: Given) -> Call:
    x = given.matrix()
    return lambda: x.topk(5, dim=1)


def _median(given: Given) -> Call:
    x = given.vector()
    return lambda: x.median()


def _unique(given: Given) -> Call:
    lib, x = given.lib, given.integers(100, given.n)
    return lambda: lib.unique(x)


def _bincount(given: Given) -> Call:
    lib, x = given.lib, given.integers(100, given.n)
    return lambda: lib.bincount(x)


def _histogram(given: Given) -> Call:
    lib, x = given.lib, given.constant(given.n)
    return lambda: lib.histc(x, 20, -3, 3)


def _searchsorted(given: Given) -> Call:
    lib, x = given.lib, given.constant(given.n)
    edges = lib.linspace(-3, 3, 50)
    return lambda: lib.searchsorted(edges, x)


CASES: dict[str, Case] = {
    "sort": _sort,
    "sort(dim=1)": _sort_rows,
    "argsort": _argsort,
    "topk(5, dim=1)": _topk,
    "median": _median,
    "unique": _unique,
    "bincount": _bincount,
    "histc": _histogram,
    "searchsorted": _searchsorted,
}
