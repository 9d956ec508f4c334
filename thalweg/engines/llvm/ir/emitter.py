"""The emitter of text LLVM IR: what the lowering writes kernels with.

>>> from thalweg.engines.llvm.ir.target import Target
>>> e = Emitter(Target.named("avx512"))
>>> x, y = e.parameter("x", "ptr"), e.parameter("y", "ptr")
>>> i, _ = e.begin_loop(4)
>>> at = e.multiply(i, 8)
>>> e.store(e.multiply(e.load(e.element(x, at, "f64"), "f64", 8), 2.0), e.element(y, at, "f64"))
>>> _ = e.end_loop()
>>> module = module_text([e.function("double_all", [x, y])], e.declarations)
"""

from collections.abc import Iterable, Sequence

from thalweg.engines.llvm.ir.memory import MemoryAccess
from thalweg.engines.llvm.ir.values import Value


class Emitter(MemoryAccess):
    """One function's text: strict IEEE arithmetic on explicit vectors, hoisted and shared.

    The parts are in the classes above it: regions (loops, guards, placement), arithmetic, memory.
    """

    def parameter(self, name: str, type: str) -> Value:
        """A parameter of the function as an operand."""
        return Value(f"%{name}", type, 1, 0)

    def function(self, name: str, parameters: Sequence[Value], result: Value | None = None) -> str:
        """The whole definition: parameters, attributes, body and return.

        Pointers must be to distinct buffers or to ones the caller orders itself: no aliasing
        promise is made.
        """
        signature = ", ".join(map(repr, parameters))
        returned = "void" if result is None else result.llvm_type
        leave = "ret void" if result is None else f"ret {result!r}"
        head = f"define {returned} @{name}({signature}) {self.target.attributes} {{"
        return "\n".join([head, self.text(), f"  {leave}", "}"])


def module_text(functions: Iterable[str], declarations: Iterable[str]) -> str:
    """A module: function definitions and the declarations they need, in a fixed order."""
    return "\n".join([*sorted(set(declarations)), *functions, ""])
