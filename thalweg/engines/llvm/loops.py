"""Loops over domains: which axes run together, how wide the vectors are, chunks and tails."""

from __future__ import annotations

from collections.abc import Callable

from thalweg.compiler.access import domain_index
from thalweg.compiler.affine import ZERO, Affine, Index, linear
from thalweg.compiler.graph import GATHERS, GUARDED
from thalweg.compiler.kernels import Plan
from thalweg.core.program import Symbol
from thalweg.engines.llvm.lowering import TYPES
from thalweg.engines.llvm.values import BYTES, is_float
from thalweg.engines.llvm.writer import Writer

Shape = tuple[int, ...]

# Up to this many vectors are written out one after another instead of as a loop …
_UNROLLED = 8
# … unless that many copies of a dear expression would make the code long.
_UNROLLED_COST = 240


def width_for(plan: Plan, roots: list[Symbol], extent: int, writer: Writer) -> int:
    """Return the lanes of a vector: by the widest float, and not beyond the extent.

    Scalars do not count: they are converted once, outside the loops.
    """
    symbols = list(roots)
    for root in roots:
        symbols += [s for equation in plan.inlined(root) for s in equation.inputs]
    types = {TYPES[s.dtype] for s in symbols if s.spec.size > 1} or {TYPES[roots[0].dtype]}
    floats = {t for t in types if is_float(t)}
    size = max(BYTES[t] for t in floats or types)
    width = writer.e.target.vector_bytes // max(size, 4)
    while width > 1 and width // 2 >= extent:
        width //= 2
    return width


def expression_cost(plan: Plan, roots: list[Symbol]) -> int:
    """Return the cost of one element of all roots together."""
    return sum(map(plan.size, roots))


def positional(plan: Plan, roots: list[Symbol]) -> bool:
    """Tell whether values depend on where they are: guards, counters and gathers."""
    names = GUARDED | GATHERS | {"iota", "fold_in"}
    return any(
        e.primitive.name in names
        or (e.primitive.name == "random_bits" and e.inputs[0].shape != (2,))
        for root in roots
        for e in plan.inlined(root)
    )


def guarded(plan: Plan, roots: list[Symbol]) -> bool:
    """Tell whether padding or joining makes the ends of an axis different from its middle."""
    return any(e.primitive.name in GUARDED for root in roots for e in plan.inlined(root))


def collapsed(plan: Plan, roots: list[Symbol], domain: Shape) -> list[list[int]]:
    """Group adjacent axes of a domain that every access walks as if they were one."""
    apart = [[axis] for axis in range(len(domain))]
    if positional(plan, roots):
        return apart
    strides = [
        _strides(linear(domain_index(root.shape), root.shape), len(domain)) for root in roots
    ]
    for root in roots:
        for access in plan.accesses.of(root):
            if access.index is None:
                return apart
            strides.append(_strides(linear(access.index, access.symbol.shape), len(domain)))
    return joined(list(range(len(domain))), domain, strides)


def joined(axes: list[int], domain: Shape, strides: list[list[int]]) -> list[list[int]]:
    """Group adjacent axes that every access, given by its strides, walks as if they were one."""
    groups: list[list[int]] = []
    for axis in axes:
        follows = bool(groups) and groups[-1][-1] == axis - 1
        if follows and all(s[axis - 1] == s[axis] * domain[axis] for s in strides):
            groups[-1].append(axis)
        else:
            groups.append([axis])
    return groups


def _strides(at: Affine, rank: int) -> list[int]:
    found = {var.number: coefficient for var, coefficient in at.terms}
    return [found.get(axis, 0) for axis in range(rank)]


def spread(position: list[Affine], shape: Shape) -> Index:
    """Return the index of an array of a shape from positions along its axes that are not 1."""
    rest = iter(position)
    return tuple(ZERO if n == 1 else next(rest) for n in shape)


def chunks(
    writer: Writer,
    extent: int,
    body: Callable[[Affine], None],
    *,
    cost: int = 0,
    ends_differ: bool = False,
) -> None:
    """Apply a body to all of 0 … extent - 1, a vector at a time, the last one partly.

    Args:
        writer: The kernel; its `width` is the vector's.
        extent: The number of elements.
        body: Called with the position of the lanes.
        cost: The cost of the body, which limits unrolling.
        ends_differ: Whether first and last vector are written apart, so that what is decided
            by comparing positions is settled in between.
    """
    width = writer.width
    full, rest = divmod(extent, width)
    lanes = writer.lanes(width)
    limit = max(2, min(_UNROLLED, _UNROLLED_COST // max(1, cost)))
    if full <= limit:
        for k in range(full):
            body(lanes + k * width)
    else:
        first, last = (1, full - 1) if ends_differ else (0, full)
        if ends_differ:
            body(lanes)
        at, _ = writer.loop(last - first)
        body(at * width + lanes + first * width)
        writer.e.end_loop()
        if ends_differ:
            body(lanes + last * width)
    if rest:
        body(writer.lanes(rest) + full * width)


def panels(
    writer: Writer, extent: int, together: int, body: Callable[[list[Affine]], None]
) -> None:
    """Apply a body to all of 0 … extent - 1, several vectors at a time; the last may be fewer.

    Args:
        writer: The kernel; its `width` is the vector's.
        extent: The number of elements.
        together: How many vectors the body gets at once.
        body: Called with the positions of their lanes.
    """
    width = writer.width
    full, rest = divmod(extent, width)
    rounds, done = full // together, 0
    lanes = writer.lanes(width)
    if rounds > 1:
        at, _ = writer.loop(rounds)
        body([at * (together * width) + lanes + k * width for k in range(together)])
        writer.e.end_loop()
        done = rounds * together
    places = [lanes + k * width for k in range(done, full)]
    if rest:
        places.append(writer.lanes(rest) + full * width)
    for first in range(0, len(places), together):
        body(places[first : first + together])
