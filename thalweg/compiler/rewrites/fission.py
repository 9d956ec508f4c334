"""A rule for counted loops that are recursions: what is dear in them is computed of all turns.

A logarithm within a recursion is computed turn by turn; of all rows at once it is in vectors. What
a turn computes of rows alone is computed ahead of the loop, and what no later turn needs behind it,
of what the loop stacks instead.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from thalweg.compiler.rewrites.rewrite import Draft, Rule
from thalweg.compiler.rewrites.turns import (
    ROLES,
    Terms,
    of_all_turns,
    of_outputs,
    sums_of,
    with_terms,
)
from thalweg.control.loops import counted_loop
from thalweg.core.primitive import Primitive
from thalweg.core.program import Equation, Program, Symbol, depending, made_of
from thalweg.ops.control.bundle import packed, part

# From this cost on an elementwise function takes longer than its value to memory and back.
_DEAR = 8

# Rows of more elements are vectors within a turn.
_FEW = 8

_FEWEST_TURNS = 8


@dataclass(frozen=True)
class _Recursion:
    """A loop's body, how many inputs are carried over and are rows, and what it is given."""

    body: Program
    carries: int
    rows: int
    given: tuple[Symbol, ...]

    @property
    def end(self) -> int:
        """The number of the first input that turns take whole."""
        return self.carries + self.rows


def compute_apart(draft: Draft, equation: Equation) -> Symbol | None:
    """`counted_loop(x)` -> what is dear in it ahead of it and behind it.

    Exact but for sums, which are in another order.
    """
    params = equation.params
    length, carries = params["length"], params["carries"]
    if length < _FEWEST_TURNS:
        return None
    whole = _Recursion(params["body"], carries, params["stacked"], equation.inputs)
    sums = _dear_sums(whole)
    loop = _without_sums(whole, sums)
    before = _ahead(draft, loop, length)
    behind = _behind(before or loop)
    if before is None and behind is None:
        return None
    results = _written(draft, before or loop, behind or _Behind({}, (), ()), params)
    stays = [i for i in range(len(whole.body.outputs)) if i not in sums]
    found = dict(zip(stays, results, strict=False))
    terms = iter(results[len(stays) :])
    for number, parts in sums.items():
        found[number] = with_terms(draft, equation.inputs[number], parts, terms)
    return draft.add(packed, tuple(found[i] for i in range(len(whole.body.outputs))))


# ---- sums


def _dear_sums(loop: _Recursion) -> dict[int, Terms]:
    """Return the carries that are but sums of what is dear, and what is added to them."""
    body = loop.body
    sums = sums_of(body, loop.carries)
    recursive = tuple(body.outputs[i] for i in range(loop.carries) if i not in sums)
    core = {e.output for e in of_outputs(body, recursive).equations}
    dear = _dear([e for e in body.equations if e.output not in core])
    return {i: terms for i, terms in sums.items() if any(term in dear for _, term in terms)}


def _without_sums(loop: _Recursion, sums: dict[int, Terms]) -> _Recursion:
    """Return a loop that stacks what is added to carries, behind its other results."""
    body, stays = loop.body, [i for i in range(len(loop.body.inputs)) if i not in sums]
    terms = [term for parts in sums.values() for _, term in parts]
    outputs = (*(x for i, x in enumerate(body.outputs) if i not in sums), *terms)
    inputs = tuple(body.inputs[i] for i in stays)
    changed = of_outputs(Program(inputs, body.equations, ()), outputs)
    given = tuple(loop.given[i] for i in stays)
    return _Recursion(changed, loop.carries - len(sums), loop.rows, given)


# ---- ahead


def _ahead(draft: Draft, loop: _Recursion, length: int) -> _Recursion | None:
    """Return a loop that is given what is dear and of rows alone; None if nothing is."""
    body, end = loop.body, loop.end
    known = made_of(body, body.inputs[loop.carries :], lambda e: not _is_movable(e))
    of_rows = depending(body.equations, body.inputs[loop.carries : end])
    dear = _dear(known.values()) & of_rows
    read = [s for e in body.equations if e.output not in dear for s in e.inputs]
    wanted = tuple(s for s in dict.fromkeys((*read, *body.outputs)) if s in dear)
    if not wanted:
        return None
    rows = set(range(loop.carries, end))
    found = of_all_turns(draft, of_outputs(body, wanted), loop.given, rows, length)
    given_as = {symbol: Symbol(symbol.spec) for symbol in wanted}
    inputs = (*body.inputs[:end], *given_as.values(), *body.inputs[end:])
    equations = tuple(e.reading(given_as) for e in body.equations if e.output not in given_as)
    outputs = tuple(given_as.get(symbol, symbol) for symbol in body.outputs)
    changed = of_outputs(Program(inputs, equations, ()), outputs)
    given = (*loop.given[:end], *found, *loop.given[end:])
    return _Recursion(changed, loop.carries, loop.rows + len(found), given)


def _is_movable(equation: Equation) -> bool:
    return equation.primitive.role in ROLES and equation.output.spec.size <= _FEW


def _dear(equations: Collection[Equation]) -> set[Symbol]:
    """Return the values that something dear is computed for."""
    elementwise = [e for e in equations if e.primitive.role == "elementwise"]
    own = [e.output for e in elementwise if e.primitive.cost >= _DEAR]
    return depending(equations, own)


# ---- behind


@dataclass(frozen=True)
class _Behind:
    """What is computed behind a loop.

    Attributes:
        results: The values, by the number of the result they are stacked as.
        equations: What computes them.
        read: What a turn carries over or computes that they are made of.
    """

    results: dict[int, Symbol]
    equations: tuple[Equation, ...]
    read: tuple[Symbol, ...]


def _behind(loop: _Recursion) -> _Behind | None:
    """Return what is dear and needed by no other turn; None if nothing is.

    Nor is it computed behind where much more would have to be stacked than is now.
    """
    body, carries = loop.body, loop.carries
    core = {e.output for e in of_outputs(body, body.outputs[:carries]).equations}
    others = tuple(e for e in body.equations if e.output not in core)
    dear, rest = _dear(others), Program(body.inputs, others, ())
    results = {
        i: x
        for i, x in enumerate(body.outputs)
        if i >= carries and x in dear and all(map(_is_movable, of_outputs(rest, (x,)).equations))
    }
    if not results:
        return None
    made = of_outputs(rest, tuple(results.values())).equations
    there = {*body.inputs[carries:], *(e.output for e in made)}
    read = dict.fromkeys(s for e in made for s in e.inputs if s.value is None and s not in there)
    return _Behind(results, made, tuple(read)) if len(read) <= len(results) + 1 else None


def _written(
    draft: Draft, loop: _Recursion, behind: _Behind, params: Mapping[str, Any]
) -> list[Symbol]:
    """Write a loop, and what is behind it; return the results of both as the loop had them."""
    body, carries = loop.body, loop.carries
    stays = [i for i in range(len(body.outputs)) if i not in behind.results]
    inner = of_outputs(body, (*(body.outputs[i] for i in stays), *behind.read))
    changed = {**params, "body": inner, "carries": carries, "stacked": loop.rows}
    left = draft.add(counted_loop, loop.given, changed)
    parts = [draft.add(part, (left,), {"number": i}) for i in range(len(inner.outputs))]
    found = dict(zip(stays, parts, strict=False))
    stacked = parts[len(stays) :]
    inputs = (*behind.read, *body.inputs[carries:])
    outputs = tuple(behind.results.values())
    computed = of_all_turns(
        draft,
        Program(inputs, behind.equations, outputs),
        (*stacked, *loop.given[carries:]),
        set(range(len(stacked) + loop.rows)),
        params["length"],
    )
    found |= dict(zip(behind.results, computed, strict=True))
    return [found[i] for i in range(len(body.outputs))]


RULES: dict[Primitive, tuple[Rule, ...]] = {counted_loop: (compute_apart,)}
