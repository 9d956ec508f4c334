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

    gates = 1

    def __init__(
        self, x: Array, state: Sequence[Array], weights: Weights, stays: Array | None, reverse: bool
    ) -> None:
        self.length, self.batch = x.shape[:2]
        self.x, self.weights, self.stays = x, weights, stays
        turns = range(self.length)
        self.turns = turns[::-1] if reverse else turns
        self.before, self.after = (1, 0) if reverse else (0, 1)
        self.size = weights.hidden
        self.hidden = self._along(state[0])

    def _along(self, first: Array) -> Array:
        """Return memory for a state of all moments, with the first one in its place."""
        found = np.empty((self.length + 1, *first.shape), self.weights.hh.dtype)
        found[self.length if self.before else 0] = first
        return found

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

    def _projected(self, added: Array | None) -> Array:
        """Return x W_ihᵀ + b_ih and what else is added, for all turns."""
        product: Array = self._flat(self.x) @ self.weights.ih.T
        if added is not None:
            product += self.weights.b_ih + added
        return product.reshape(self.length, self.batch, product.shape[1])

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
        return gates.reshape(self.length, self.batch, self.gates, self.size)

    def run(self) -> tuple[Array, list[Array]]:
        """Return what comes out, (turns, batch, …), and the last state."""
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


class PlainPass(EagerPass):
    """h' = f(x W_ihᵀ + h W_hhᵀ + b)."""

    def _forward(self) -> Sequence[Array]:
        hidden, turned = self.hidden, self.weights.hh.T
        product = self._projected(self.weights.b_hh)
        for t in self.turns:
            now = hidden[t + self.after]
            np.matmul(hidden[t + self.before], turned, out=now)
            now += product[t]
            self._activate(now)
            self._keep(t, hidden)
        return [hidden]

    def _backward(self, g: Array, last: Sequence[Array], wanted: Sequence[bool]) -> Cotangents:
        factors = self._stop(self._slopes(self._now(self.hidden)))
        moving = np.empty_like(factors)
        recalled, hh = last[0].copy(), self.weights.hh
        for t in reversed(self.turns):
            recalled += g[t]
            np.multiply(recalled, factors[t], out=moving[t])
            passed = moving[t] @ hh
            if self.stays is not None:
                np.copyto(passed, recalled, where=self.stays[t])
            recalled = passed
        return self._collected(moving, None, [recalled], wanted)

    def _activate(self, x: Array) -> None:
        """Write f(x) into an array itself."""
        raise NotImplementedError

    def _slopes(self, result: Array) -> Array:
        """Return f′(x), given f(x)."""
        raise NotImplementedError


class TanhPass(PlainPass):
    """With f = tanh."""

    def _activate(self, x: Array) -> None:
        np.tanh(x, out=x)

    def _slopes(self, result: Array) -> Array:
        found: Array = 1 - result * result
        return found


class ReluPass(PlainPass):
    """With f = max(0, ·)."""

    def _activate(self, x: Array) -> None:
        np.maximum(x, 0, out=x)

    def _slopes(self, result: Array) -> Array:
        return np.logical_not(result <= 0).astype(result.dtype)


class LongShortTermPass(EagerPass):
    """c' = σ(f) c + σ(i) tanh(n), h' = σ(o) tanh(c'), projected if there are weights for that."""

    gates = 4

    def __init__(
        self, x: Array, state: Sequence[Array], weights: Weights, stays: Array | None, reverse: bool
    ) -> None:
        super().__init__(x, state, weights, stays, reverse)
        self.cells = self._along(state[1])

    def _forward(self) -> Sequence[Array]:
        hidden, cells, size = self.hidden, self.cells, self.size
        turned, hr = self.weights.hh.T, self.weights.hr
        self.values = gates = self._projected(self.weights.b_hh)
        self.bounded = np.empty((self.length, self.batch, size), gates.dtype)
        self.raw = self._now(hidden) if hr is None else np.empty_like(self.bounded)
        product = np.empty((self.batch, 4 * size), gates.dtype)
        kept = np.empty((self.batch, size), gates.dtype)
        for t in self.turns:
            gate, cell, bounded = gates[t], cells[t + self.after], self.bounded[t]
            np.matmul(hidden[t + self.before], turned, out=product)
            gate += product
            new = gate[:, 2 * size : 3 * size]
            np.tanh(new, out=kept)
            _to_sigmoid(gate)
            new[...] = kept
            kept *= gate[:, :size]
            np.multiply(gate[:, size : 2 * size], cells[t + self.before], out=cell)
            cell += kept
            np.tanh(cell, out=bounded)
            np.multiply(gate[:, 3 * size :], bounded, out=self.raw[t])
            if hr is not None:
                np.matmul(self.raw[t], hr.T, out=hidden[t + self.after])
            self._keep(t, hidden, cells)
        return [hidden, cells]

    def _factors(self) -> tuple[Array, Array]:
        """Return how the gates change c' and h', and how c' changes h'."""
        gates, bounded = self._apart(self.values), self.bounded
        factors = 1 - gates
        factors *= gates
        let_in, new, let_out = (gates[:, :, i] for i in (0, 2, 3))
        factors[:, :, 0] *= new
        factors[:, :, 1] *= self._earlier(self.cells)
        factors[:, :, 2] = let_in * (1 - new * new)
        factors[:, :, 3] *= bounded
        return factors, self._stop(let_out * (1 - bounded * bounded))

    def _backward(self, g: Array, last: Sequence[Array], wanted: Sequence[bool]) -> Cotangents:
        factors, slopes = self._factors()
        keep, stays, (_, hh, _, _, hr) = self._apart(self.values)[:, :, 1], self.stays, self.weights
        if stays is not None:
            np.copyto(factors, 0, where=stays[..., None])
            keep = np.where(stays, 1, keep)
        moving = np.empty_like(factors)
        flat, out = (
            moving.reshape(self.length, self.batch, self.gates * self.size),
            np.empty_like(self._now(self.hidden)),
        )
        recalled, cell, step = last[0].copy(), last[1].copy(), np.empty_like(last[1])
        for t in reversed(self.turns):
            recalled += g[t]
            out[t] = recalled
            raw = recalled if hr is None else recalled @ hr
            np.multiply(raw, slopes[t], out=step)
            cell += step
            np.multiply(factors[t, :, :3], cell[:, None], out=moving[t, :, :3])
            np.multiply(factors[t, :, 3], raw, out=moving[t, :, 3])
            cell *= keep[t]
            passed = flat[t] @ hh
            if stays is not None:
                np.copyto(passed, recalled, where=stays[t])
            recalled = passed
        projection = None
        if hr is not None and wanted[5]:
            projection = self._flat(self._stop(out)).T @ self._flat(self.raw)
        return self._collected(flat, None, [recalled, cell], wanted, projection)


class GatedPass(EagerPass):
    """h' = n + σ(z)(h − n) with n = tanh(x W_inᵀ + b_in + σ(r)(h W_hnᵀ + b_hn))."""

    gates = 3

    def _forward(self) -> Sequence[Array]:
        hidden, size, (_, hh, _, b_hh, _) = self.hidden, self.size, self.weights
        ahead = None
        if b_hh is not None:
            ahead = b_hh.copy()
            ahead[2 * size :] = 0
        self.values = gates = self._projected(ahead)
        self.inner = np.empty((self.length, self.batch, size), gates.dtype)
        product = np.empty((self.batch, 3 * size), gates.dtype)
        kept = np.empty((self.batch, size), gates.dtype)
        for t in self.turns:
            before, now, inner = hidden[t + self.before], hidden[t + self.after], self.inner[t]
            np.matmul(before, hh.T, out=product)
            both, new = gates[t, :, : 2 * size], gates[t, :, 2 * size :]
            both += product[:, : 2 * size]
            _to_sigmoid(both)
            if b_hh is None:
                inner[...] = product[:, 2 * size :]
            else:
                np.add(product[:, 2 * size :], b_hh[2 * size :], out=inner)
            np.multiply(both[:, :size], inner, out=kept)
            new += kept
            np.tanh(new, out=new)
            np.subtract(before, new, out=now)
            now *= both[:, size:]
            now += new
            self._keep(t, hidden)
        return [hidden]

    def _backward(self, g: Array, last: Sequence[Array], wanted: Sequence[bool]) -> Cotangents:
        gates, stays = self._apart(self.values), self.stays
        reset, update, new = (gates[:, :, i] for i in range(3))
        slopes = self._stop((1 - update) * (1 - new * new))
        factors = np.empty_like(gates)
        factors[:, :, 2] = slopes * reset
        factors[:, :, 0] = factors[:, :, 2] * self.inner * (1 - reset)
        factors[:, :, 1] = self._stop((self._earlier(self.hidden) - new) * update * (1 - update))
        keep = update if stays is None else np.where(stays, 1, update)
        moving, out = np.empty_like(gates), np.empty_like(self.inner)
        flat = moving.reshape(self.length, self.batch, self.gates * self.size)
        recalled = last[0].copy()
        for t in reversed(self.turns):
            recalled += g[t]
            out[t] = recalled
            np.multiply(factors[t], recalled[:, None], out=moving[t])
            recalled *= keep[t]
            recalled += flat[t] @ self.weights.hh
        direct = moving.copy()
        direct[:, :, 2] = out * slopes
        return self._collected(direct, moving, [recalled], wanted)


PASSES: dict[str, type[EagerPass]] = {
    "RNN_TANH": TanhPass,
    "RNN_RELU": ReluPass,
    "LSTM": LongShortTermPass,
    "GRU": GatedPass,
}
