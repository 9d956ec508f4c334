"""Random programs of views, writes, tables and complex numbers, run on arrays and on tensors.

A program is a list of statements over numbered arrays, all of them parts of a few arrays' memory
or computed from them. What NumPy computes is the definition; a program in which NumPy refuses a
statement is cut before it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# What programs use and are not given: arrays of several dtypes, kept beside the function.
CAPTURED: dict[str, Any] = {
    "table": np.array([0.3, -1.2, 0.7, 1.1]),
    "small": np.array([3, -2, 100, 100], np.int8),
    "bytes_": np.array([200, 100, 7, 0], np.uint8),
    "shorts": np.array([300, -299, 5, 1], np.int16),
    "halves": np.array([0.5, -1.5, 2.0, 0.25], np.float16),
    "flags": np.array([True, False, True, True]),
    "ids": np.array([2, 0, 1, 2], np.int8),
    "waves": np.array([1 + 1j, -0.5j, 0.25, 2 - 1j]),
}

SHAPES = [(4,), (2, 3), (3, 4), (3, 3), (2, 3, 2), (1, 4), (6,)]


@dataclass
class Writing:
    """A random program.

    Attributes:
        seed: What it was made of.
        shape: The shape of its argument.
        lines: Statements of Python, in which v0, v1, … are the arrays and `xp` is NumPy or ours.
    """

    seed: int
    shape: tuple[int, ...]
    lines: list[str] = field(default_factory=list)

    @property
    def source(self) -> str:
        """The program as a function of p and a namespace, which returns every array's elements."""
        body = "\n    ".join(self.lines)
        names = sorted({line.split(" = ")[0] for line in self.lines if _names(line)})
        parts = ", ".join(f"{name}.reshape(-1)" for name in names)
        return f"def program(p, xp):\n    {body}\n    return np.concatenate([{parts}])\n"

    def function(self) -> Callable[[Any, Any], Any]:
        """The program, compiled."""
        space: dict[str, Any] = {"np": np, **CAPTURED}
        # The file's name is that of users' code.
        exec(compile(self.source, f"program{self.seed}", "exec"), space)
        found: Callable[[Any, Any], Any] = space["program"]
        return found

    def values(self) -> Array:
        """The argument."""
        choose = np.random.default_rng(self.seed)
        return choose.uniform(0.5, 1.5, self.shape)


def _names(line: str) -> bool:
    head = line.split(" = ")[0]
    return " = " in line and head.startswith("v") and head[1:].isdigit()


def written_program(seed: int) -> Writing:
    """Return a random program, whose statements NumPy accepts."""
    choose = random.Random(seed)
    made = Writing(seed, choose.choice(SHAPES))
    maker = _Maker(choose, made)
    maker.start()
    for _ in range(choose.randrange(3, 12)):
        maker.step()
    return made


class _Maker:
    """Writes statements and runs them on NumPy's arrays meanwhile."""

    def __init__(self, choose: random.Random, program: Writing) -> None:
        self._choose, self._program = choose, program
        self._space: dict[str, Any] = {"np": np, "xp": np, "p": program.values()}
        self._space |= CAPTURED
        self._arrays: list[str] = []

    def start(self) -> None:
        """Make the first arrays."""
        first = ["p * 2.0", "p + 0.5", "p * 1.0", "p.T * 2.0", "np.sin(p)"]
        self._define(self._choose.choice(first))
        shape = self._choose.choice(SHAPES)
        buffers = [f"xp.zeros({shape})", f"xp.ones({shape}) * 2.0", f"xp.full({shape}, 0.5)"]
        buffers += [f"xp.zeros({shape})", "xp.zeros_like(p)", "xp.arange(6.0)"]
        self._define(self._choose.choice(buffers))

    def step(self) -> None:
        """Write one more statement."""
        kind = self._choose.choices(
            [
                *("view", "write", "augment", "element", "swap", "loop", "compute", "function"),
                *("table", "narrow", "complex"),
            ],
            [6, 4, 3, 4, 1, 1, 2, 2, 1, 1, 1],
        )[0]
        getattr(self, f"_{kind}")()

    # ---- statements

    def _try(self, line: str) -> bool:
        with np.errstate(all="ignore"):
            kept = {k: v.copy() for k, v in self._space.items() if isinstance(v, np.ndarray)}
            try:
                exec(line, self._space)
            except (ValueError, IndexError, TypeError):
                return False
            arrays = [v for v in self._space.values() if isinstance(v, np.ndarray)]
            if all(np.all(np.isfinite(v)) and np.all(np.abs(v) < 1e3) for v in arrays):
                self._program.lines.append(line)
                return True
        for name, value in kept.items():
            found = self._space[name]
            if found.flags.writeable:
                found[...] = value
        return False

    def _define(self, expression: str) -> None:
        name = f"v{len(self._arrays)}"
        if self._try(f"{name} = {expression}") and isinstance(self._space[name], np.ndarray):
            self._arrays.append(name)

    def _array(self) -> str:
        return self._choose.choice(self._arrays)

    def _shape(self, name: str) -> tuple[int, ...]:
        shape: tuple[int, ...] = self._space[name].shape
        return shape

    def _view(self) -> None:
        name = self._array()
        ndim = len(self._shape(name))
        options = [f"{name}{self._key(name)}", f"{name}{self._key(name)}", f"{name}[None]"]
        options += [f"{name}[::-1]", f"{name}.reshape(-1)", f"{name}.ravel()", f"{name}.T"]
        options += [f"{name}[..., ::2]", f"np.expand_dims({name}, 0)", f"np.squeeze({name})"]
        options += [f"np.flip({name})", f"{name}.flatten()", f"np.atleast_2d({name})"]
        options += [f"np.split({name}, [1])[0]", f"np.array_split({name}, 2)[1]", f"+{name}"]
        if ndim > 1:
            options += [f"np.swapaxes({name}, 0, 1)", f"np.diagonal({name}).copy()"]
            options += [f"np.moveaxis({name}, 0, -1)", f"np.rot90({name})", f"np.fliplr({name})"]
            options += [f"{name}.reshape({self._shape(name)[::-1]})"]
        self._define(self._choose.choice(options))

    def _key(self, name: str) -> str:
        items = []
        for extent in self._shape(name):
            i = self._choose.randrange(-extent, extent) if extent else 0
            items.append(self._choose.choice([f"{i}", ":", "1:", ":2", "::2", "::-1", ":-1"]))
        count = self._choose.randrange(1, len(items) + 1) if items else 0
        return f"[{', '.join(items[:count])}]" if count else "[...]"

    def _places(self, name: str) -> str:
        extent = self._shape(name)[0]
        places = [self._choose.randrange(extent) for _ in range(self._choose.randrange(1, 4))]
        return f"[{places}]"

    def _value(self) -> str:
        other = self._array()
        number = f"{self._choose.uniform(-1, 1):.2f}"
        options = [number, "p.reshape(-1)[0]", f"{other}.reshape(-1)[-1] * 0.5", "p.sum() * 0.1"]
        return self._choose.choice(
            [*options, other, f"{other}{self._key(other)}", f"{other} * 0.5"]
        )

    def _write(self) -> None:
        name = self._array()
        key = self._key(name)
        if self._shape(name) and self._shape(name)[0] and self._choose.random() < 0.25:
            key = self._places(name)
        for _ in range(4):
            if self._try(f"{name}{key} = {self._value()}"):
                return

    def _augment(self) -> None:
        name = self._array()
        sign = self._choose.choice(["+=", "*=", "-="])
        for _ in range(4):
            if self._try(f"{name} {sign} {self._value()}"):
                return

    def _element(self) -> None:
        name, sign = self._array(), self._choose.choice(["+=", "*=", "-="])
        for _ in range(4):
            if self._try(f"{name}{self._key(name)} {sign} {self._value()}"):
                return

    def _swap(self) -> None:
        name = self._array()
        if self._shape(name) and self._shape(name)[0] > 1:
            copied = self._choose.choice(["", "", ".copy()"])
            copied = copied if len(self._shape(name)) > 1 else ""
            self._try(f"{name}[0], {name}[1] = {name}[1], {name}[0]{copied}")

    def _loop(self) -> None:
        name = self._array()
        if len(self._shape(name)) > 1:
            self._try(
                f"for r in {name}: r *= {self._choose.choice(['0.5', '-1.0', 'p.sum() * 0.2'])}"
            )
        elif self._shape(name):
            self._try(f"for i in range(1, len({name})): {name}[i] += 0.5 * {name}[i - 1]")

    def _compute(self) -> None:
        name, other = self._array(), self._array()
        options = [f"{name} * {other}", f"np.tanh({name})", f"{name}.copy()", f"{name} + 1.0"]
        options += [f"np.where({name} > 0.0, {name}, 0.1)", f"np.concatenate([{name}, {name}])"]
        options += [
            f"{name}.sum(0)",
            f"np.sum({name}) * np.ones(2)",
            f"{name}{self._places(name)}"
            if self._shape(name) and self._shape(name)[0]
            else f"{name} * 2.0",
        ]
        self._define(self._choose.choice(options))

    def _table(self) -> None:
        name = self._array()
        signs = f"({name}.reshape(-1)[:3] > 0.6)"
        kind = self._choose.choice(["np.int8", "np.uint8", "np.int16", "np.int64", "np.uint32"])
        options = [f"xp.take(table, {signs}.astype({kind}))", f"table[ids] * {name}.sum()"]
        options += [f"xp.asarray(table)[{signs}.astype({kind})] + {name}.sum()"]
        options += [f"{name}.reshape(-1)[ids % {name}.size]", "xp.asarray(table)[ids] * p.sum()"]
        options += [f"np.take({name}, ids % 2, axis=0)", f"np.where(flags, {name}.sum(), table)"]
        options += [f"np.bincount([0, 2, 2], weights={name}.reshape(-1)[:3])"]
        options += [f"np.interp({name}, [-2.0, 0.3, 1.7], table[:3])"]
        self._define(self._choose.choice(options))

    def _narrow(self) -> None:
        name, table = self._array(), self._choose.choice(["small", "bytes_", "shorts", "halves"])
        number = f"{name}.reshape(-1)[-1]"
        options = [f"np.cumsum({table}) * 0.01 * {number}", f"xp.asarray({table}) * {number} * 0.1"]
        options += [f"{number} + {table} * 0.5", f"{number} - xp.asarray({table})[::-1]"]
        options += [f"np.sum({table}) * 0.01 * {name}", f"({table} / 100).sum() * {name}"]
        options += [f"np.maximum({table}, 1) * 0.01 + {number}", f"({table} > 2) * {number}"]
        options += [f"np.prod({table}[:2]) * 0.001 * {name}", f"flags + {number}"]
        self._define(self._choose.choice(options))

    def _complex(self) -> None:
        name = self._array()
        flat = f"{name}.reshape(-1)"
        options = [f"np.abs(np.fft.fft({flat})) ** 2 * 0.1", f"np.fft.ifft(1j * {flat}).imag"]
        options += [f"np.real(np.fft.ifft(np.fft.fft({flat}) * 1j))", f"(waves * {flat}[0]).imag"]
        options += [f"({name} * (1 + 2j)).real", f"(np.conj(waves) * waves).real * {flat}[-1]"]
        options += [f"np.abs(waves * np.exp({flat}[0])) * 0.1", f"(np.exp(1j * {name})).real"]
        options += [f"np.fft.irfft(np.fft.rfft({flat}), {flat}.size)", f"({flat} + 1j).conj().imag"]
        options += [f"np.angle({name} + 2j)", f"(({name} + 1j) / ({name} - 2j)).imag"]
        self._define(self._choose.choice(options))

    def _function(self) -> None:
        name, key = self._array(), self._key(self._arrays[0])
        value = self._value()
        options = [f"np.add({name}, {value}, out={name})", f"np.copyto({name}, {value})"]
        options += [f"np.put({name}, [0, -1, 0], [0.3, 0.2, 0.1])", f"{name}.fill(0.25)"]
        options += [f"np.putmask({name}, np.ones({self._shape(name)}, bool), {value})"]
        options += [f"np.multiply({name}{key}, 2.0, out={name}{key})", f"{name}.flat[-1] = 0.75"]
        options += [f"np.copyto({name}, 0.5, where={name} > 0.6)"]
        options += [f"np.add.at({name}, [0, -1, 0], 0.5)"]
        if len(self._shape(name)) > 1:
            options += [
                f"np.fill_diagonal({name}, {self._choose.choice(['0.0', 'p.sum() * 0.1'])})"
            ]
        self._try(self._choose.choice(options))
