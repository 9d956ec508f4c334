"""Functions of each element alone."""

from __future__ import annotations

from benchmarks.functions.given import Call, Case, Given


def _one(name: str, low: float | None = None) -> Case:
    def case(given: Given) -> Call:
        function, x = getattr(given.lib, name), given.vector(low)
        return lambda: function(x)

    return case


def _layer(name: str) -> Case:
    def case(given: Given) -> Call:
        function, x = getattr(given.lib.nn.functional, name), given.vector()
        return lambda: function(x)

    return case


def _two(name: str) -> Case:
    def case(given: Given) -> Call:
        function, x, y = getattr(given.lib, name), given.vector(), given.vector(1.0)
        return lambda: function(x, y)

    return case


def _power(given: Given) -> Call:
    x = given.vector(0.5)
    return lambda: x**1.5


def _square(given: Given) -> Call:
    x = given.vector()
    return lambda: x**2


def _scaled(given: Given) -> Call:
    x = given.vector()
    return lambda: 2.0 * x + 1.0


def _with_row(given: Given) -> Call:
    x, row = given.matrix(), given.floats(given.columns)
    return lambda: x + row


def _clamp(given: Given) -> Call:
    x = given.vector()
    return lambda: x.clamp(-1.0, 1.0)


def _where(given: Given) -> Call:
    lib, x, y = given.lib, given.vector(), given.vector()
    condition = given.truths(given.n)
    return lambda: lib.where(condition, x, y)


def _less(given: Given) -> Call:
    x, y = given.vector(), given.vector()
    return lambda: x < y


def _masked_fill(given: Given) -> Call:
    x, mask = given.vector(), given.truths(given.n)
    return lambda: x.masked_fill(mask, 0.0)


def _lerp(given: Given) -> Call:
    lib, x, y = given.lib, given.vector(), given.vector()
    return lambda: lib.lerp(x, y, 0.1)


def _in_place(given: Given) -> Call:
    x, y = given.constant(given.n), given.constant(given.n)
    return lambda: x.mul_(0.9).add_(y, alpha=0.1)


def _addcmul(given: Given) -> Call:
    lib, x, y, z = given.lib, given.vector(), given.vector(), given.vector()
    return lambda: lib.addcmul(x, y, z, value=0.5)


def _converted(given: Given) -> Call:
    x = given.constant(given.n)
    return lambda: x.long()


def _remainder(given: Given) -> Call:
    x = given.integers(1000, given.n)
    return lambda: x % 7


CASES: dict[str, Case] = {
    "x + y": _two("add"),
    "matrix + row": _with_row,
    "2 * x + 1": _scaled,
    "x * y": _two("mul"),
    "x / y": _two("div"),
    "x ** 2": _square,
    "x ** 1.5": _power,
    "x % 7 (int64)": _remainder,
    "x.mul_(c).add_(y, alpha)": _in_place,
    "addcmul": _addcmul,
    "lerp": _lerp,
    "sqrt": _one("sqrt", 0.5),
    "exp": _one("exp"),
    "log": _one("log", 0.5),
    "sin": _one("sin"),
    "tanh": _one("tanh"),
    "sigmoid": _one("sigmoid"),
    "erf": _one("erf"),
    "abs": _one("abs"),
    "round": _one("round"),
    "relu": _one("relu"),
    "leaky_relu": _layer("leaky_relu"),
    "elu": _layer("elu"),
    "gelu": _layer("gelu"),
    "silu": _layer("silu"),
    "softplus": _layer("softplus"),
    "maximum": _two("maximum"),
    "clamp": _clamp,
    "where": _where,
    "x < y": _less,
    "masked_fill": _masked_fill,
    "x.long()": _converted,
}
