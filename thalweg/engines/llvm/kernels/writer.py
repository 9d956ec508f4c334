"""Values at positions: what every kind of kernel is written with."""

from __future__ import annotations

from collections.abc import Callable

from thalweg.compiler.kernels.affine import ZERO, Affine, Index, linear
from thalweg.compiler.kernels.graph import reads, reduced_axes, reduced_index
from thalweg.compiler.kernels.kernels import Kernel, KernelPlan, is_cut
from thalweg.compiler.kernels.materialize import effort
from thalweg.core.program import Equation, Symbol
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.ir.values import Value
from thalweg.engines.llvm.kernels.arrays import Arrays
from thalweg.engines.llvm.kernels.counters import counted_power, folded_in, random_number
from thalweg.engines.llvm.kernels.facts import AddressTable, KernelFacts, Places
from thalweg.engines.llvm.kernels.guards import joined, padded
from thalweg.engines.llvm.kernels.lowering import LOWERINGS, REDUCTIONS, TYPES
from thalweg.ops.elementwise.arithmetic import power
from thalweg.ops.elementwise.conversion import astype


class Writer(Arrays):
    """Writes one kernel: evaluates values at affine positions.

    `local` are the kept values that this kernel computes; they are found in the emitter's memo.
    `called` are functions that it calls, by name, which other kernels may call too.
    """

    def __init__(
        self,
        plan: KernelPlan,
        kernel: Kernel,
        facts: KernelFacts,
        addresses: Places | AddressTable,
        target: Target,
    ) -> None:
        inlined = {e for root in kernel.roots for e in plan.inlined(root)}
        super().__init__(facts, addresses, target, sum(map(effort, inlined)))
        self.plan, self.kernel, self.inlined = plan, kernel, inlined
        self.graph = facts.graph
        self.called: dict[str, str] = {}
        self.local = set(kernel.roots)
        self.kept = facts.kept

    def maker(self, symbol: Symbol) -> Equation:
        """Return the equation that computes a value."""
        return self.graph.producer[symbol]

    # ---- values

    def value(self, symbol: Symbol, index: Index) -> Value:
        """Return a value at an index: computed, read, or remembered."""
        if symbol.value is not None:
            return self.e.constant(symbol.value.item(), TYPES[symbol.dtype])
        key = symbol, index, self.width, self._fresh
        for region in self.e.regions:
            if key in region.memo:
                found: Value = region.memo[key]
                return found
        maker = self.graph.producer.get(symbol)
        if maker is None or (symbol in self.kept and symbol not in self.local):
            result = self.load(symbol, index)
        elif symbol in self.local and symbol in self.stored:
            # Written by an earlier pass of this kernel over the same elements.
            result = self.load(symbol, index)
        elif self.addresses.of_cuts and is_cut(maker, self._is_read):
            steps = [step for _, _, step in maker.params["bounds"]]
            moved = tuple(at * step for at, step in zip(index, steps, strict=True))
            result = self.load(maker.inputs[0], moved, symbol)
        else:
            result = self.evaluate(maker, index)
        self.e.regions[min(result.depth, self.e.depth)].memo[key] = result
        return result

    def compute(self, root: Symbol, index: Index) -> None:
        """Compute one element, or lanes of elements, of a local elementwise value."""
        self.put(root, index, self.evaluate(self.maker(root), index))

    def evaluate(self, equation: Equation, index: Index) -> Value:
        """Return an equation's value at an index from its operands'."""
        primitive, inputs = equation.primitive, equation.inputs
        if primitive.name in PLACED:
            return PLACED[primitive.name](self, equation, index)
        if primitive.role in ("reduction", "product"):
            return self._degenerate(equation, index)
        places = reads(equation, index, self.gathered)
        if places[0] is None:
            return self._reshaped(equation, index)
        if 0 in inputs[0].shape:
            # Whatever position was asked for, there is nothing to read.
            return self.e.constant(0, TYPES[equation.output.dtype])
        first = self.value(inputs[0], places[0])
        if primitive is astype:
            return self.e.convert(first, TYPES[equation.output.dtype])
        if primitive.role != "elementwise":
            return first
        others = zip(inputs[1:], places[1:], strict=True)
        rest = [self.value(symbol, at) for symbol, at in others if at is not None]
        if primitive is power and self._counts(equation):
            return counted_power(self, first, equation)
        return LOWERINGS[primitive.name](self.e, first, *rest)

    def _is_read(self, symbol: Symbol) -> bool:
        """Tell whether a value is in memory, where another kernel or nobody put it."""
        made = symbol in self.graph.producer
        return symbol.value is None and (
            not made or (symbol in self.kept and symbol not in self.local)
        )

    def _counts(self, equation: Equation) -> bool:
        """Tell whether an equation raises a constant float of the loop to an integer scalar."""
        base, exponent = equation.inputs
        maker = self.graph.producer.get(exponent)
        return (
            self.facts.cell is not None
            and equation.output.shape == ()
            and equation.output.dtype.kind == "f"
            and (base.value is not None or base in self.facts.invariant)
            and maker is not None
            and maker.primitive is astype
            and maker.inputs[0].dtype.kind == "i"
        )

    def _degenerate(self, equation: Equation, index: Index) -> Value:
        """Return a reduction or product over nothing, or a reduction over axes of extent 1."""
        type, name = TYPES[equation.output.dtype], equation.primitive.name
        operand, sums = equation.inputs[0], equation.primitive.role == "product"
        if operand.spec.size == 0:
            return self.e.constant(0 if sums else REDUCTIONS[name].start(type), type)
        if sums or any(operand.shape[a] != 1 for a in reduced_axes(equation)):
            raise AssertionError(f"{name} is used in its kernel before it is computed")
        over = dict.fromkeys(reduced_axes(equation), ZERO)
        return self.value(operand, reduced_index(equation, index, over))

    def _reshaped(self, equation: Equation, index: Index) -> Value:
        """Read another shape's row-major memory at the same position."""
        source = equation.inputs[0]
        while not self.graph.is_leaf(source) and source not in self.kept:
            source = self.graph.producer[source].inputs[0]
        at = linear(index, equation.output.shape)
        flat: Index = tuple([ZERO] * (len(source.shape) - 1))
        if not source.shape:
            return self.value(source, ())
        # The last axis alone carries the whole position: its stride is 1.
        return self.load(source, (*flat, at)) if source.shape[-1] != 1 else self._flat(source, at)

    def _flat(self, source: Symbol, at: Affine) -> Value:
        axis = max((i for i, n in enumerate(source.shape) if n != 1), default=0)
        index = [ZERO] * len(source.shape)
        index[axis] = at
        return self.load(source, tuple(index))

    # ---- gathers

    def gathered(self, equation: Equation, index: Index) -> Affine:
        """Return the position along its axis that an equation's index array holds at an index."""
        extent = equation.inputs[0].shape[equation.params["axis"]]
        return self.held(equation.inputs[1], index, extent)

    def held(self, symbol: Symbol, index: Index, extent: int) -> Affine:
        """Return the position that an index array holds at an index, checked and from the front."""
        key = "gathered", symbol, index, self.width, extent
        for region in self.e.regions:
            if key in region.memo:
                known: Affine = region.memo[key]
                return known
        value = self.e.convert(self.value(symbol, index), "i64")
        active = self.active(index)
        if not self.facts.within(symbol, extent):
            value = self.checked(value, extent, active)
        if active is not None and active < value.width:
            value = self.e.select(self.e.leading(active, value.width), value, 0)
        at = self.bind(value, extent)
        self.e.regions[min(value.depth, self.e.depth)].memo[key] = at
        return at

    def checked(self, value: Value, extent: int, active: int | None) -> Value:
        """Return an index counted from the front; one out of range raises the fault flag."""
        e = self.e
        front = e.select(e.compare("slt", value, 0), e.add(value, extent), value)
        wrong = e.compare("uge", front, extent)
        if wrong.width > 1:
            if active is not None and active < wrong.width:
                wrong = e.bit_and(wrong, e.leading(active, wrong.width))
            some = e.horizontal(wrong, e.bit_or)
        else:
            some = wrong
        with e.hoisted(some.depth):
            e.begin_if(some)
            e.store(e.constant(1, "i64"), self.pointer(None))
            e.end_if()
        return e.select(wrong, 0, front)


def _counted(kernel: Arrays, equation: Equation, index: Index) -> Value:
    at = kernel.position(index[equation.params["axis"]])
    return kernel.e.convert(at, TYPES[equation.output.dtype])


# One row a primitive of which an element is not computed of elements of its operands alone.
PLACED: dict[str, Callable[[Arrays, Equation, Index], Value]] = {
    "concatenate": joined,
    "fold_in": folded_in,
    "iota": _counted,
    "pad_with_zeros": padded,
    "random_bits": random_number,
}
