"""Loops over domains: how their axes run, which are reduced, how wide the vectors are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from thalweg.compiler.kernels.access import INNER, domain_index
from thalweg.compiler.kernels.affine import ZERO, Affine, Index, linear
from thalweg.compiler.kernels.graph import GATHERS, GUARDED, REDUCTIONS, reduced_axes, squeezed
from thalweg.compiler.kernels.kernels import Kernel, Plan
from thalweg.core.program import Equation, Symbol
from thalweg.engines.llvm.ir.values import BYTES, Value, is_float
from thalweg.engines.llvm.kernels.lowering import COMBINE, TYPES, identity
from thalweg.engines.llvm.kernels.writer import Writer

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


def is_reduction(plan: Plan, root: Symbol) -> bool:
    """Tell whether a kept value is reduced in its kernel."""
    return plan.graph.producer[root].primitive.name in REDUCTIONS


@dataclass
class Domain:
    """The axes of a kernel's domain, reduced or kept, and the positions along them."""

    plan: Plan
    shape: tuple[int, ...]
    reduced: list[int]
    position: list[Affine]

    @classmethod
    def of(cls, plan: Plan, kernel: Kernel) -> Domain:
        """Return the domain of a kernel, at its first position."""
        equation = plan.graph.producer[kernel.main]
        shape = equation.inputs[0].shape
        axes = [a for a, n in enumerate(shape) if n != 1]
        over = reduced_axes(equation)
        reduced = [i for i, a in enumerate(axes) if a in over]
        return cls(plan, kernel.domain, reduced, [ZERO] * len(kernel.domain))

    @property
    def kept(self) -> list[int]:
        """The axes that are not reduced."""
        return [axis for axis in range(len(self.shape)) if axis not in self.reduced]

    def operand(self, equation: Equation) -> Index:
        """Return where a reduction reads its operand at the current position."""
        return spread(self.position, equation.inputs[0].shape)

    def result(self, root: Symbol) -> Index:
        """Return where a value of the kept axes is written."""
        return spread([self.position[axis] for axis in self.kept], root.shape)

    def groups(self, roots: list[Symbol]) -> list[list[int]]:
        """Group adjacent reduced axes that every access walks as if they were one."""
        apart = [[axis] for axis in self.reduced]
        if positional(self.plan, roots):
            return apart
        strides = []
        for root in roots:
            found = self._strides(root)
            if found is None:
                return apart
            strides += found
        return joined(self.reduced, self.shape, strides)

    def _strides(self, root: Symbol) -> list[list[int]] | None:
        """Return how each access of a root moves along the domain's axes."""
        numbers = self._numbers(root)
        walked = [(access.symbol, access.index) for access in self.plan.accesses.of(root)]
        if not is_reduction(self.plan, root):
            walked.append((root, domain_index(root.shape)))
        found = []
        for symbol, index in walked:
            if index is None:
                return None
            terms = {var.number: c for var, c in linear(index, symbol.shape).terms}
            found.append([terms.get(number, 0) for number in numbers])
        return found

    def _numbers(self, root: Symbol) -> list[int]:
        """Return the number of the variable that stands for each axis in a root's accesses."""
        if not is_reduction(self.plan, root):
            if squeezed(root.shape) == self.shape:
                return list(range(len(self.shape)))
            kept = {axis: i for i, axis in enumerate(self.kept)}
            return [kept.get(axis, -2) for axis in range(len(self.shape))]
        equation = self.plan.graph.producer[root]
        shape, over = equation.inputs[0].shape, reduced_axes(equation)
        numbers, kept_so_far = [], 0
        for axis, n in enumerate(shape):
            if n == 1:
                continue
            numbers.append(INNER + axis if axis in over else kept_so_far)
            kept_so_far += axis not in over
        return numbers


def start(plan: Plan, root: Symbol) -> float | int | bool:
    """Return what a reduction starts from."""
    return identity(plan.graph.producer[root].primitive.name, TYPES[root.dtype])


def combine(writer: Writer, plan: Plan, root: Symbol, x: Value, y: Value) -> Value:
    """Return two partial results of a reduction as one."""
    return COMBINE[plan.graph.producer[root].primitive.name](writer.e, x, y)
