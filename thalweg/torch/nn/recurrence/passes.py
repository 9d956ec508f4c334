"""Passes along time and back by NumPy: all of a layer's turns as one eager operation.

What does not depend on the turn before is computed for all turns at once: the products of the
input, the factors by which cotangents go back, the derivatives of the weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.spec import Array
from thalweg.torch.nn.recurrence.cells import Weights
from thalweg.torch.nn.recurrence.memory import ReusedMemory


class Cotangents:
    """The cotangents of a pass's operands; None where nobody wants one.

    Attributes:
        x: That of the input.
        state: Those of the first state.
        weights: Those of the weights.
    """

    def __init__(self, x: Array | None, state: Sequence[Array], weights: Weights) -> None:
        self.x, self.state, self.weights = x, state, weights


class EagerPass:
    """A pass of one cell along time, which keeps what its derivative needs.

    Args:
        x: The inputs, (turns, batch, inputs).
        state: The first state, arrays (batch, …).
        weights: The weights.
        stays: Which examples keep their state in a turn, (turns, batch, 1); None for none.
        reverse: Whether the last turn is the first.

    Attributes:
        hidden: What comes out, (turns + 1, batch, …), with the first state before or behind it.
    """

    def __init__(
        self, x: Array, state: Sequence[Array], weights: Weights, stays: Array | None, reverse: bool
    ) -> None:
        self.length, self.batch = x.shape[:2]
        self.x, self.weights, self.stays = x, weights, stays
        turns = range(self.length)
        self.turns = turns[::-1] if reverse else turns
        self.before, self.after = (1, 0) if reverse else (0, 1)
        self.size, self.dtype = weights.hidden, weights.hh.dtype
        self._arena = ReusedMemory(self._shapes(), self.dtype)
        self.hidden, *self.rest = self._arena.arrays
        self._begin(self.hidden, state[0])

    def _shapes(self) -> list[tuple[int, ...]]:
        """Return the shapes of what is kept: of what comes out at all moments, and of the rest."""
        return [(self.length + 1, self.batch, self.weights.hh.shape[1])]

    def _of_gates(self, count: int) -> tuple[int, ...]:
        return self.length, self.batch, count * self.size

    def _begin(self, along: Array, first: Array) -> None:
        """Put a first state into its place."""
        along[self.length if self.before else 0] = first

    def _flat(self, along: Any) -> Array:
        """Return all moments of all examples as rows."""
        columns = math.prod(along.shape[2:])
        return along.reshape(self.length * self.batch, columns)  # type: ignore[no-any-return]

    def _now(self, along: Array) -> Array:
        return along[self.after : self.after + self.length]

    def _earlier(self, along: Array) -> Array:
        return along[self.before : self.before + self.length]

    def _last(self, along: Array) -> Array:
        last: Array = along[0 if self.before else self.length]
        return last

    def _project(self, out: Array, added: Any, rows: slice = slice(None)) -> None:
        """Write some rows of x W_ihᵀ + b_ih, and what else is added, for all turns."""
        np.matmul(self._flat(self.x), self.weights.ih[rows].T, out=self._flat(out))
        if added is not None:
            out += self.weights.b_ih[rows] + added

    def _turned(self) -> Array:
        """Return W_hhᵀ as every turn reads it."""
        turned: Array = self.weights.hh.T
        return turned.copy() if self.length > 1 else turned

    def _keep(self, turn: int, *along: Array) -> None:
        """Let examples that stay have the state they had."""
        if self.stays is not None:
            for state in along:
                np.copyto(
                    state[turn + self.after], state[turn + self.before], where=self.stays[turn]
                )

    def _stop(self, factors: Array) -> Array:
        """Let nothing come from turns in which an example stays."""
        if self.stays is not None:
            np.copyto(factors, 0, where=self.stays)
        return factors

    def _apart(self, gates: Array) -> Array:
        """Return the gates of all turns on an axis of their own."""
        return gates.reshape(self.length, self.batch, gates.shape[2] // self.size, self.size)

    def run(self) -> tuple[Array, list[Array]]:
        """Return what comes out, (turns, batch, …), and the last state; both are to be copied."""
        with np.errstate(all="ignore"):
            states = self._forward()
        return self._now(self.hidden), [self._last(along) for along in states]

    def pull_back(
        self, x: Any, weights: Weights, moving: Sequence[Array], wanted: Sequence[bool]
    ) -> Cotangents:
        """Return the cotangents of the operands.

        Args:
            x: The inputs again, and the weights: what was overwritten since refuses to be read.
            weights: The weights.
            moving: Those of what comes out, and of the last state.
            wanted: Of the input, and of W_ih, W_hh, b_ih, b_hh, W_hr, whether one is wanted.
        """
        self.x, self.weights = x, weights
        with np.errstate(all="ignore"):
            return self._backward(moving[0], moving[1:], wanted)

    def _forward(self) -> Sequence[Array]:
        raise NotImplementedError

    def _backward(self, g: Array, last: Sequence[Array], wanted: Sequence[bool]) -> Cotangents:
        raise NotImplementedError

    def _collected(
        self,
        g: Array,
        inner: Array | None,
        state: Sequence[Array],
        wanted: Sequence[bool],
        hr: Any = None,
    ) -> Cotangents:
        """Return all cotangents from those of the input's products and of the state's."""
        weights = self.weights
        g = self._flat(g)
        recalled = g if inner is None else self._flat(inner)
        return Cotangents(
            (g @ weights.ih).reshape(self.x.shape) if wanted[0] else None,
            state,
            Weights(
                g.T @ self._flat(self.x) if wanted[1] else None,
                recalled.T @ self._flat(self._earlier(self.hidden)) if wanted[2] else None,
                g.sum(0) if wanted[3] else None,
                recalled.sum(0) if wanted[4] else None,
                hr,
            ),
        )


def _to_sigmoid(x: Array) -> None:
    """Write 1 / (1 + e⁻ˣ) into an array itself."""
    np.negative(x, out=x)
    np.exp(x, out=x)
    x += 1
    np.reciprocal(x, out=x)


def _write_slopes_of_tanh(result: Array, out: Array) -> None:
    """Write 1 − y², y being what tanh gave."""
    np.multiply(result, result, out=out)
    np.subtract(1, out, out=out)


class PlainPass(EagerPass):
    """h' = f(x W_ihᵀ + h W_hhᵀ + b)."""

    def _forward(self) -> Sequence[Array]:
        hidden, turned = self.hidden, self._turned()
        self._project(self._now(hidden), self.weights.b_hh)
        product = np.empty((self.batch, self.size), self.dtype)
        for t in self.turns:
            now = hidden[t + self.after]
            np.matmul(hidden[t + self.before], turned, out=product)
            now += product
            self._activate(now)
            self._keep(t, hidden)
        return [hidden]

    def _backward(self, g: Array, last: Sequence[Array], wanted: Sequence[bool]) -> Cotangents:
        scratch = ReusedMemory([self._of_gates(1)], self.dtype)
        (moving,) = scratch.arrays
        self._write_slopes(self._now(self.hidden), moving)
        self._stop(moving)
        recalled, hh = last[0].copy(), self.weights.hh
        for t in reversed(self.turns):
            recalled += g[t]
            moving[t] *= recalled
            passed = moving[t] @ hh
            if self.stays is not None:
                np.copyto(passed, recalled, where=self.stays[t])
            recalled = passed
        return self._collected(moving, None, [recalled], wanted)

    def _activate(self, x: Array) -> None:
        """Write f(x) into an array itself."""
        raise NotImplementedError

    def _write_slopes(self, result: Array, out: Array) -> None:
        """Write f′(x), given f(x)."""
        raise NotImplementedError


class TanhPass(PlainPass):
    """With f = tanh."""

    def _activate(self, x: Array) -> None:
        np.tanh(x, out=x)

    def _write_slopes(self, result: Array, out: Array) -> None:
        _write_slopes_of_tanh(result, out)


class ReluPass(PlainPass):
    """With f = max(0, ·)."""

    def _activate(self, x: Array) -> None:
        np.maximum(x, 0, out=x)

    def _write_slopes(self, result: Array, out: Array) -> None:
        out[...] = np.logical_not(result <= 0)


class LongShortTermPass(EagerPass):
    """c' = σ(f) c + σ(i) tanh(n), h' = σ(o) tanh(c'), projected if there are weights for that."""

    def __init__(
        self, x: Array, state: Sequence[Array], weights: Weights, stays: Array | None, reverse: bool
    ) -> None:
        super().__init__(x, state, weights, stays, reverse)
        self.values, self.new, self.bounded, self.cells, *raw = self.rest
        # What comes out as it is before a projection.
        self.raw = raw[0] if raw else self._now(self.hidden)
        self._begin(self.cells, state[1])

    def _shapes(self) -> list[tuple[int, ...]]:
        along = (self.length + 1, self.batch, self.size)
        projected = [] if self.weights.hr is None else [self._of_gates(1)]
        return [*super()._shapes(), *map(self._of_gates, (4, 1, 1)), along, *projected]

    def _forward(self) -> Sequence[Array]:
        hidden, cells, gates, hr = self.hidden, self.cells, self.values, self.weights.hr
        turned = self._turned()
        self._project(gates, self.weights.b_hh)
        # -x is what the sigmoid takes the exponential of, and what tanh takes with the other sign.
        np.negative(gates, out=gates)
        product = np.empty((self.batch, 4 * self.size), self.dtype)
        kept = np.empty((self.batch, self.size), self.dtype)
        apart = self._apart(gates).swapaxes(1, 2)
        moments = list(zip(gates, apart, self.new, self.bounded, self.raw, strict=True))
        for t in self.turns:
            gate, (let_in, keep, fresh, let_out), new, bounded, raw = moments[t]
            cell = cells[t + self.after]
            np.matmul(hidden[t + self.before], turned, out=product)
            gate -= product
            np.tanh(fresh, out=new)
            # Of the new values too, which is not used: of all it takes less time than of some.
            np.exp(gate, out=gate)
            gate += 1
            np.reciprocal(gate, out=gate)
            np.multiply(let_in, new, out=kept)
            np.multiply(keep, cells[t + self.before], out=cell)
            cell -= kept
            np.tanh(cell, out=bounded)
            np.multiply(let_out, bounded, out=raw)
            if hr is not None:
                np.matmul(raw, hr.T, out=hidden[t + self.after])
            self._keep(t, hidden, cells)
        np.negative(self.new, out=self.new)
        return [hidden, cells]

    def _write_factors(self, factors: Array, slopes: Array) -> None:
        """Write how the gates change c' and h', and how c' changes h'."""
        gates, bounded = self._apart(self.values), self.bounded
        np.subtract(1, gates, out=factors)
        factors *= gates
        let_in, new, let_out = gates[:, :, 0], self.new, gates[:, :, 3]
        factors[:, :, 0] *= new
        factors[:, :, 1] *= self._earlier(self.cells)
        _write_slopes_of_tanh(new, slopes)
        np.multiply(let_in, slopes, out=factors[:, :, 2])
        factors[:, :, 3] *= bounded
        _write_slopes_of_tanh(bounded, slopes)
        slopes *= let_out
        if self.stays is not None:
            np.copyto(factors, 0, where=self.stays[..., None])
            np.copyto(slopes, 0, where=self.stays)

    def _backward(self, g: Array, last: Sequence[Array], wanted: Sequence[bool]) -> Cotangents:
        stays, (_, hh, _, _, hr) = self.stays, self.weights
        scratch = ReusedMemory([self._of_gates(4), self._of_gates(1), g.shape], self.dtype)
        moving, slopes, out = scratch.arrays
        factors = self._apart(moving)
        self._write_factors(factors, slopes)
        keep = self._apart(self.values)[:, :, 1]
        if stays is not None:
            keep = np.where(stays, 1, keep)
        recalled, cell, step = last[0].copy(), last[1].copy(), np.empty_like(last[1])
        passed = np.empty_like(recalled)
        for t in reversed(self.turns):
            recalled += g[t]
            raw, factor = recalled, factors[t]
            if hr is not None:
                out[t] = recalled
                raw = recalled @ hr
            np.multiply(raw, slopes[t], out=step)
            cell += step
            factor[:, :3] *= cell[:, None]
            factor[:, 3] *= raw
            cell *= keep[t]
            np.matmul(moving[t], hh, out=passed)
            if stays is not None:
                np.copyto(passed, recalled, where=stays[t])
            recalled, passed = passed, recalled
        projection = None
        if hr is not None and wanted[5]:
            projection = self._flat(self._stop(out)).T @ self._flat(self.raw)
        return self._collected(moving, None, [recalled, cell], wanted, projection)


class GatedPass(EagerPass):
    """h' = n + σ(z)(h − n) with n = tanh(x W_inᵀ + b_in + σ(r)(h W_hnᵀ + b_hn))."""

    def __init__(
        self, x: Array, state: Sequence[Array], weights: Weights, stays: Array | None, reverse: bool
    ) -> None:
        super().__init__(x, state, weights, stays, reverse)
        self.both, self.new, self.inner = self.rest

    def _shapes(self) -> list[tuple[int, ...]]:
        return [*super()._shapes(), *(self._of_gates(count) for count in (2, 1, 1))]

    def _forward(self) -> Sequence[Array]:
        hidden, size, b_hh = self.hidden, self.size, self.weights.b_hh
        gates, turned = slice(2 * size), self._turned()
        self._project(self.both, None if b_hh is None else b_hh[gates], gates)
        self._project(self.new, None if b_hh is None else 0, slice(2 * size, None))
        product = np.empty((self.batch, 3 * size), self.dtype)
        kept = np.empty((self.batch, size), self.dtype)
        for t in self.turns:
            before, now = hidden[t + self.before], hidden[t + self.after]
            both, new, inner = self.both[t], self.new[t], self.inner[t]
            np.matmul(before, turned, out=product)
            both += product[:, gates]
            _to_sigmoid(both)
            np.add(product[:, 2 * size :], 0 if b_hh is None else b_hh[2 * size :], out=inner)
            np.multiply(both[:, :size], inner, out=kept)
            new += kept
            np.tanh(new, out=new)
            np.subtract(before, new, out=now)
            now *= both[:, size:]
            now += new
            self._keep(t, hidden)
        return [hidden]

    def _write_factors(self, factors: Array, slopes: Array) -> None:
        """Write how the gates change h', and how the new state does before its tanh."""
        reset, update = (self._apart(self.both)[:, :, i] for i in range(2))
        _write_slopes_of_tanh(self.new, slopes)
        first, second, third = (factors[:, :, i] for i in range(3))
        np.subtract(1, update, out=second)
        slopes *= second
        second *= update
        second *= self._earlier(self.hidden) - self.new
        np.multiply(slopes, reset, out=third)
        np.subtract(1, reset, out=first)
        first *= self.inner
        first *= third
        for each in (slopes, first, second, third):
            self._stop(each)

    def _backward(self, g: Array, last: Sequence[Array], wanted: Sequence[bool]) -> Cotangents:
        shapes = [self._of_gates(count) for count in (3, 3, 1, 1)]
        scratch = ReusedMemory(shapes, self.dtype)
        moving, direct, slopes, out = scratch.arrays
        factors, hh = self._apart(moving), self.weights.hh
        self._write_factors(factors, slopes)
        keep = self.both[:, :, self.size :]
        if self.stays is not None:
            keep = np.where(self.stays, 1, keep)
        recalled = last[0].copy()
        for t in reversed(self.turns):
            recalled += g[t]
            out[t] = recalled
            factors[t] *= recalled[:, None]
            recalled *= keep[t]
            recalled += moving[t] @ hh
        gates = slice(2 * self.size)
        direct[:, :, gates] = moving[:, :, gates]
        np.multiply(out, slopes, out=direct[:, :, 2 * self.size :])
        return self._collected(direct, moving, [recalled], wanted)


PASSES: dict[str, type[EagerPass]] = {
    "RNN_TANH": TanhPass,
    "RNN_RELU": ReluPass,
    "LSTM": LongShortTermPass,
    "GRU": GatedPass,
}
