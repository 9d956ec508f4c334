"""The axes of a reduction's domain: which are reduced, which stay, which run together."""

from __future__ import annotations

from dataclasses import dataclass

from thalweg.compiler.access import INNER, domain_index
from thalweg.compiler.affine import ZERO, Affine, Index, linear
from thalweg.compiler.graph import REDUCTIONS, reduced_axes, squeezed
from thalweg.compiler.kernels import Kernel, Plan
from thalweg.core.program import Equation, Symbol
from thalweg.engines.llvm.loops import joined, positional, spread
from thalweg.engines.llvm.lowering import COMBINE, TYPES, identity
from thalweg.engines.llvm.values import Value
from thalweg.engines.llvm.writer import Writer


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
