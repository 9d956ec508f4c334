"""A loss that reads something changed between two fits is the loss that a new process would see."""

from __future__ import annotations

import collections
import contextvars
import dataclasses
import functools
import operator
import os
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import torch as wing
from thalweg.training import prepare

X = np.random.default_rng(0).normal(size=(20, 3))
Y = X.sum(axis=1)


def mean(p: Any, x: Any, y: Any) -> Any:
    return np.mean((x @ p - y) ** 2)


def fitted(loss: Callable[..., Any]) -> Any:
    return tw.fit(
        loss, np.zeros(3), (X, Y), optimizer=tw.optim.sgd(0.1), steps=3, engine="numpy"
    ).params


class Holder:
    scale = 1.0
    settings: Any = None

    def __init__(self) -> None:
        self.own = 1.0
        self.settings = None

    def loss(self, p: Any, x: Any, y: Any) -> Any:
        return mean(p, x, y) * self.own

    def __call__(self, p: Any, x: Any, y: Any) -> Any:
        return mean(p, x, y) * self.own

    @property
    def read(self) -> Any:
        return MODULE.scale * self.own


@dataclasses.dataclass
class Settings:
    scale: float = 1.0


class Described:
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return MODULE.scale


class Describing:
    scale = Described()


MODULE = types.ModuleType("a_module_of_settings")
MODULE.scale = 1.0  # type: ignore[attr-defined]

Change = Callable[[], Any]
Case = tuple[Callable[..., Any], Change]


def times(read: Callable[[], Any]) -> Callable[..., Any]:
    return lambda p, x, y: mean(p, x, y) * read()


def closure() -> Case:
    k = 1.0

    def change() -> None:
        nonlocal k
        k = 2.0

    return lambda p, x, y: mean(p, x, y) * k, change


def default() -> Case:
    def loss(p: Any, x: Any, y: Any, k: Any = [1.0]) -> Any:  # noqa: B006
        return mean(p, x, y) * k[0]

    return loss, lambda: loss.__defaults__[0].append(loss.__defaults__[0].pop() + 1)


def keyword() -> Case:
    def loss(p: Any, x: Any, y: Any, *, k: Any = {"a": 1.0}) -> Any:  # noqa: B006
        return mean(p, x, y) * k["a"]

    return loss, lambda: loss.__kwdefaults__["k"].update(a=2.0)


def imported() -> Case:
    def loss(p: Any, x: Any, y: Any) -> Any:
        import a_module_of_settings

        return mean(p, x, y) * a_module_of_settings.scale

    return loss, lambda: setattr(MODULE, "scale", 2.0)


def imported_from() -> Case:
    def loss(p: Any, x: Any, y: Any) -> Any:
        from a_module_of_settings import scale

        return mean(p, x, y) * scale

    return loss, lambda: setattr(MODULE, "scale", 2.0)


def decorated() -> Case:
    scales = {"k": 1.0}

    def scaled(function: Any) -> Any:
        @functools.wraps(function)
        def run(*args: Any) -> Any:
            return function(*args) * scales["k"]

        return run

    return scaled(mean), lambda: scales.update(k=2.0)


def on(value: Any, read: Callable[[Any], Any], change: Callable[[Any], Any]) -> Callable[[], Case]:
    """Return a case of a value made anew, that a loss reads and something changes."""

    def case() -> Case:
        made = value()
        return times(lambda: read(made)), lambda: change(made)

    return case


def bound() -> Case:
    holder = Holder()
    return holder.loss, lambda: setattr(holder, "own", 2.0)


def called() -> Case:
    holder = Holder()
    return holder, lambda: setattr(holder, "own", 2.0)


def partly() -> Case:
    held = {"k": 1.0}
    return functools.partial(lambda k, p, x, y: mean(p, x, y) * k["k"], held), lambda: held.update(
        k=2.0
    )


def nested() -> Case:
    inner = {"scale": 1.0}
    outer = lambda: inner["scale"]
    return times(lambda: outer()), lambda: inner.update(scale=2.0)


def set_class(holder: Any) -> None:
    Holder.scale += 1.0


VARIABLE: contextvars.ContextVar[float] = contextvars.ContextVar("scale", default=1.0)
_set = operator.setitem

CASES: dict[str, Callable[[], Case]] = {
    "a closure": closure,
    "a default": default,
    "a keyword's default": keyword,
    "an import inside": imported,
    "an import of a name": imported_from,
    "a decorator": decorated,
    "a bound method": bound,
    "a callable": called,
    "a partial": partly,
    "nested functions": nested,
    "a list": on(lambda: [1.0], lambda v: v[0], lambda v: _set(v, 0, 2.0)),
    "a nested list": on(lambda: [[1.0]], lambda v: v[0][0], lambda v: _set(v[0], 0, 2.0)),
    "a dictionary": on(lambda: {"k": 1.0}, lambda v: v["k"], lambda v: v.update(k=2.0)),
    "a set": on(lambda: {1.0}, sum, lambda v: v.add(3.0)),
    "a deque": on(lambda: collections.deque([1.0]), lambda v: v[0], lambda v: v.appendleft(2.0)),
    "a Counter": on(lambda: collections.Counter("a"), lambda v: v["a"], lambda v: v.update("a")),
    "a ChainMap": on(
        lambda: collections.ChainMap({"k": 1.0}), lambda v: v["k"], lambda v: v.update(k=2.0)
    ),
    "an attribute": on(Holder, lambda v: v.own, lambda v: setattr(v, "own", 2.0)),
    "a class's attribute": on(Holder, lambda v: v.scale, set_class),
    "an attribute by name": on(
        Holder, lambda v: getattr(v, "own"), lambda v: setattr(v, "own", 2.0)  # noqa: B009
    ),
    "a property": on(Holder, lambda v: v.read, lambda v: setattr(v, "own", 2.0)),
    "a property that reads a module": on(
        Holder, lambda v: v.read, lambda v: setattr(MODULE, "scale", 2.0)
    ),
    "a descriptor": on(
        Describing, lambda v: v.scale, lambda v: setattr(MODULE, "scale", 2.0)
    ),
    "a data class": on(Settings, lambda v: v.scale, lambda v: setattr(v, "scale", 2.0)),
    "a namespace": on(
        lambda: types.SimpleNamespace(k=1.0), lambda v: v.k, lambda v: setattr(v, "k", 2.0)
    ),
    "a module": on(lambda: MODULE, lambda v: v.scale, lambda v: setattr(v, "scale", 2.0)),
    "a module by name": on(
        lambda: 0, lambda v: sys.modules["a_module_of_settings"].scale,
        lambda v: setattr(MODULE, "scale", 2.0),
    ),
    "NumPy's number": on(
        lambda: [np.float64(1.0)], lambda v: v[0], lambda v: _set(v, 0, np.float64(2.0))
    ),
    "an array": on(lambda: np.ones(()), lambda v: v, lambda v: v.fill(2.0)),
    "an array of objects": on(
        lambda: np.array([1.0], object), lambda v: v[0], lambda v: v.fill(2.0)
    ),
    "a tensor": on(lambda: wing.ones(()), lambda v: v, lambda v: v.fill_(2.0)),
    "bytes": on(lambda: bytearray(b"\1"), lambda v: v[0], lambda v: _set(v, 0, 2)),
    "a context variable": on(lambda: VARIABLE, lambda v: v.get(), lambda v: v.set(v.get() + 1)),
    "a stored partial": on(
        lambda: {"f": functools.partial(operator.mul, 1.0)}, lambda v: v["f"](1.0),
        lambda v: v.update(f=functools.partial(operator.mul, 2.0)),
    ),
    "the default dtype": on(
        lambda: 0, lambda v: wing.full((), 1 / 3), lambda v: wing.set_default_dtype(wing.float32)
    ),
    "globals()": on(
        lambda: 0, lambda v: globals()["MODULE"].scale, lambda v: setattr(MODULE, "scale", 2.0)
    ),
    "eval": on(lambda: 0, lambda v: eval("MODULE.scale"), lambda v: setattr(MODULE, "scale", 2.0)),
    "the environment": on(
        lambda: _set(os.environ, "A_SCALE", "1"), lambda v: float(os.environ["A_SCALE"]),
        lambda v: _set(os.environ, "A_SCALE", "2"),
    ),
    "the environment, asked": on(
        lambda: _set(os.environ, "A_SCALE", "1"), lambda v: float(os.getenv("A_SCALE") or 0),
        lambda v: _set(os.environ, "A_SCALE", "2"),
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def module() -> Iterator[None]:
    sys.modules["a_module_of_settings"] = MODULE
    yield
    MODULE.scale = 1.0  # type: ignore[attr-defined]
    del sys.modules["a_module_of_settings"]
    os.environ.pop("A_SCALE", None)
    wing.set_default_dtype(wing.float64)


def forget() -> None:
    for kept in (prepare.STEPS, prepare.EVALUATIONS, prepare.COMPILED):
        kept.clear()


@pytest.mark.parametrize("name", CASES)
def test_a_change_between_fits_is_seen(name: str) -> None:
    loss, change = CASES[name]()
    forget()
    before = fitted(loss)
    np.testing.assert_array_equal(fitted(loss), before)
    change()
    after = fitted(loss)
    forget()
    np.testing.assert_array_equal(after, fitted(loss))
    assert not np.array_equal(after, before)


@pytest.mark.parametrize(
    "read",
    [
        lambda p: float(p.read_text()),
        lambda p: np.loadtxt(p),
        lambda p: float(open(p).read()),  # noqa: SIM115
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_file_is_read_anew(read: Any, tmp_path: Path) -> None:
    path = tmp_path / "scale.txt"
    found = []
    for text in ("1.0", "2.0"):
        path.write_text(text)
        found.append(fitted(times(lambda: read(path))))
    forget()
    np.testing.assert_array_equal(found[1], fitted(times(lambda: read(path))))
    assert not np.array_equal(*found)


def test_a_loss_that_cannot_be_looked_at_is_traced_at_every_fit() -> None:
    class Odd:
        def __init__(self) -> None:
            self.__dict__["table"] = {"scale": 1.0}

        def __getattr__(self, name: str) -> Any:
            return self.__dict__["table"][name]

    odd = Odd()
    loss = times(lambda: odd.scale)
    before = fitted(loss)
    odd.table["scale"] = 2.0
    assert not np.array_equal(fitted(loss), before)
