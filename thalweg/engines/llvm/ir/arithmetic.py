"""Instructions on values: strict IEEE arithmetic, bits, comparisons, conversions, lanes."""

from collections.abc import Callable, Sequence

from thalweg.engines.llvm.ir.regions import Regions
from thalweg.engines.llvm.ir.values import Operand, Value, is_float, type_text

Combine = Callable[[Value, Value], Value]


class Arithmetic(Regions):
    """Every instruction takes Values, or Python numbers that take the other operand's type."""

    def _binary(self, integer: str, floating: str, a: Operand, b: Operand) -> Value:
        x, y = self.unify(a, b)
        operation = floating if is_float(x.type) else integer
        return self.instruction(f"{operation} {x}, {y.text}", x.type, x.width, (x, y))

    def intrinsic(self, name: str, *args: Operand) -> Value:
        """LLVM's `llvm.<name>` on operands of one type, with a result of that type."""
        values = self.unify(*args)
        return self._call(f"llvm.{name}.{suffix(values[0])}", values[0].type, values)

    def _call(
        self,
        name: str,
        type: str,
        values: Sequence[Value],
        immediate: str = "",
        attributes: str = "",
    ) -> Value:
        """Call a pure function; `immediate` is a trailing argument that must be a literal."""
        width = max([v.width for v in values])
        result = type_text(type, width)
        arguments = ", ".join([repr(v) for v in values])
        if immediate:
            arguments += f", {immediate}"
        text = f"call {result} @{name}({arguments}) {attributes}".rstrip()
        if name not in self._declared:
            self._declared.add(name)
            types = [v.llvm_type for v in values] + immediate.split()[:1]
            self.declarations.add(f"declare {result} @{name}({', '.join(types)})")
        return self.instruction(text, type, width, values)

    def call(self, name: str, *args: Operand, attributes: str = "") -> Value:
        """Call an external scalar function without side effects, such as the C library's `sin`."""
        values = self.unify(*args)
        return self._call(name, values[0].type, values, attributes=attributes)

    # Arithmetic

    def add(self, a: Operand, b: Operand) -> Value:
        """The sum a + b; integers wrap."""
        return self._binary("add", "fadd", a, b)

    def subtract(self, a: Operand, b: Operand) -> Value:
        """The difference a - b; integers wrap."""
        return self._binary("sub", "fsub", a, b)

    def multiply(self, a: Operand, b: Operand) -> Value:
        """The product a · b; integers wrap."""
        return self._binary("mul", "fmul", a, b)

    def divide(self, a: Operand, b: Operand) -> Value:
        """The quotient a / b; integers truncate towards zero, and x / 0 = 0 (never a trap)."""
        x, y = self.unify(a, b)
        if is_float(x.type):
            return self._binary("", "fdiv", x, y)
        if not isinstance(b, Value) and b not in (0, -1):
            return self._binary("sdiv", "", x, y)
        quotient = self._quotient(x, self._safe_divisor(y))
        # The least integer over -1 wraps to itself, as negation does.
        quotient = self.select(self.compare("eq", y, -1), self.negate(x), quotient)
        return self.select(self.compare("eq", y, 0), 0, quotient)

    def remainder(self, a: Operand, b: Operand) -> Value:
        """The remainder with the sign of a, as C's fmod and %; an integer's x % 0 = 0."""
        x, y = self.unify(a, b)
        if is_float(x.type):
            return self._binary("", "frem", x, y)
        if not isinstance(b, Value) and b not in (0, -1):
            return self._binary("srem", "", x, y)
        divisor = self._safe_divisor(y)
        if _is_short(x):
            return self.subtract(x, self.multiply(self._quotient(x, divisor), divisor))
        return self._binary("srem", "", x, divisor)

    def _quotient(self, x: Value, divisor: Value) -> Value:
        """The integer quotient by neither 0 nor -1.

        No processor divides vectors of integers. Quotients of 32 bits are those of float64, which
        are nearer to the exact ones than those are to the next integer.
        """
        if not _is_short(x):
            return self._binary("sdiv", "", x, divisor)
        a, b = (
            self.instruction(f"sitofp {v} to {type_text('f64', v.width)}", "f64", v.width, (v,))
            for v in (x, divisor)
        )
        quotient = self.divide(a, b)
        text = f"fptosi {quotient} to {type_text('i32', x.width)}"
        return self.instruction(text, "i32", x.width, (quotient,))

    def _safe_divisor(self, divisor: Value) -> Value:
        """The divisor with 0 and -1 replaced by 1: both can trap, and code is hoisted freely."""
        trapping = self.compare("ule", self.add(divisor, 1), 1)
        return self.select(trapping, 1, divisor)

    def negate(self, a: Value) -> Value:
        """The negative -a."""
        if is_float(a.type):
            return self.instruction(f"fneg {a}", a.type, a.width, (a,))
        return self.subtract(0, a)

    def absolute(self, a: Value) -> Value:
        """|a|; the least integer is its own."""
        if is_float(a.type):
            return self.intrinsic("fabs", a)
        return self._call(f"llvm.abs.{suffix(a)}", a.type, [a], "i1 false")

    def sqrt(self, a: Value) -> Value:
        """√a, correctly rounded."""
        return self.intrinsic("sqrt", a)

    def copysign(self, magnitude: Operand, sign: Operand) -> Value:
        """|magnitude| with the sign of `sign`."""
        return self.intrinsic("copysign", magnitude, sign)

    def fma(self, a: Operand, b: Operand, c: Operand) -> Value:
        """The sum a·b + c: rounded once where the target has the instruction, else twice."""
        return self.intrinsic("fma" if self.target.fused else "fmuladd", a, b, c)

    def floor(self, a: Value) -> Value:
        """The largest integer not above a."""
        return self.intrinsic("floor", a)

    def ceil(self, a: Value) -> Value:
        """The smallest integer not below a."""
        return self.intrinsic("ceil", a)

    # Bits

    def bit_and(self, a: Operand, b: Operand) -> Value:
        """Bitwise a & b."""
        return self._binary("and", "", a, b)

    def bit_or(self, a: Operand, b: Operand) -> Value:
        """Bitwise a | b."""
        return self._binary("or", "", a, b)

    def bit_xor(self, a: Operand, b: Operand) -> Value:
        """Bitwise a ^ b."""
        return self._binary("xor", "", a, b)

    def shift_left(self, a: Operand, b: Operand) -> Value:
        """Bits a << b, for 0 ≤ b < the number of bits."""
        return self._binary("shl", "", a, b)

    def shift_right_logical(self, a: Operand, b: Operand) -> Value:
        """Bits a >> b with zeros shifted in."""
        return self._binary("lshr", "", a, b)

    def shift_right_arithmetic(self, a: Operand, b: Operand) -> Value:
        """Bits a >> b with the sign shifted in."""
        return self._binary("ashr", "", a, b)

    def invert(self, a: Value) -> Value:
        """~a; logical not for i1."""
        return self.bit_xor(a, -1)

    def trailing_zeros(self, a: Value) -> Value:
        """How many zeros are below the lowest bit that is set; a must not be 0."""
        return self._call(f"llvm.cttz.{suffix(a)}", a.type, [a], "i1 true")

    # Comparison and choice

    def compare(self, predicate: str, a: Operand, b: Operand) -> Value:
        """Whether a ∘ b, as i1, by an LLVM predicate: oeq, une, olt, ult or eq, ne, slt, ult …."""
        x, y = self.unify(a, b)
        operation = "fcmp" if is_float(x.type) else "icmp"
        return self.instruction(f"{operation} {predicate} {x}, {y.text}", "i1", x.width, (x, y))

    def select(self, condition: Value, a: Operand, b: Operand) -> Value:
        """Take a where the condition holds, else b; both are evaluated."""
        x, y = self.unify(a, b)
        width = max(condition.width, x.width)
        c, x, y = self.splat(condition, width), self.splat(x, width), self.splat(y, width)
        return self.instruction(f"select {c}, {x}, {y}", x.type, width, (c, x, y))

    def any_lane(self, condition: Value) -> Value:
        """Whether a condition holds in any lane."""
        if condition.width == 1:
            return condition
        name = f"llvm.vector.reduce.or.{suffix(condition)}"
        self.declarations.add(f"declare i1 @{name}({condition.llvm_type})")
        return self.instruction(f"call i1 @{name}({condition})", "i1", 1, (condition,))

    def maximum(self, a: Operand, b: Operand) -> Value:
        """The larger of two; NaN if either is NaN."""
        return self._extremum("ogt", "smax", self.bit_or, a, b)

    def minimum(self, a: Operand, b: Operand) -> Value:
        """The smaller of two; NaN if either is NaN."""
        return self._extremum("olt", "smin", self.bit_and, a, b)

    def _extremum(
        self,
        predicate: str,
        integer: str,
        boolean: Callable[[Operand, Operand], Value],
        a: Operand,
        b: Operand,
    ) -> Value:
        x, y = self.unify(a, b)
        if x.type == "i1":
            return boolean(x, y)
        if not is_float(x.type):
            return self.intrinsic(integer, x, y)
        # An ordered comparison with NaN is false and takes the second operand: with a number
        # first, that is the NaN. Otherwise a NaN in the first must be put back.
        if _is_number(y):
            x, y = y, x
        chosen = self.select(self.compare(predicate, x, y), x, y)
        return chosen if _is_number(x) else self.select(self.compare("uno", x, x), x, chosen)

    def bitcast(self, v: Value, type: str) -> Value:
        """The same bits as another type of the same size."""
        if v.type == type:
            return v
        return self.instruction(f"bitcast {v} to {type_text(type, v.width)}", type, v.width, (v,))

    # Lanes

    def lanes(self, type: str, width: int) -> Value:
        """The constant ⟨0, 1, 2, …⟩."""
        if width == 1:
            return self.constant(0, type)
        numbers = [self.constant(i, type) for i in range(width)]
        return Value(f"<{', '.join(map(repr, numbers))}>", type, width, 0)

    def shuffle(self, a: Value, b: Value | None, indices: Sequence[int]) -> Value:
        """The lanes of a (0 … width-1) and b (width …) in the order of the indices."""
        if len(indices) == 1:
            i = indices[0]
            return self.extract(b, i - a.width) if b and i >= a.width else self.extract(a, i)
        if a.width == 1:
            a, b = self._pair(a, b)
        other = "poison" if b is None else b.text
        mask = f"<{len(indices)} x i32> <{', '.join(f'i32 {i}' for i in indices)}>"
        return self.instruction(
            f"shufflevector {a}, {a.llvm_type} {other}, {mask}",
            a.type,
            len(indices),
            (a,) if b is None else (a, b),
        )

    def _pair(self, a: Value, b: Value | None) -> tuple[Value, None]:
        """Two scalars as one vector, so that index 1 means b."""
        vector = self.splat(a, 2)
        return (vector if b is None else self.insert(vector, b, 1)), None

    def extract(self, v: Value, i: int | Value) -> Value:
        """One lane as a scalar."""
        if v.width == 1:
            return v
        index = self.constant(i, "i32") if isinstance(i, int) else i
        return self.instruction(f"extractelement {v}, {index}", v.type, 1, (v, index))

    def insert(self, v: Value, x: Operand, i: int | Value) -> Value:
        """The vector with one lane replaced by a scalar."""
        scalar = x if isinstance(x, Value) else self.constant(x, v.type)
        if v.width == 1:
            return scalar
        index = self.constant(i, "i32") if isinstance(i, int) else i
        return self.instruction(
            f"insertelement {v}, {scalar}, {index}", v.type, v.width, (v, scalar, index)
        )

    def horizontal(self, v: Value, combine: Combine) -> Value:
        """All lanes combined: the lower half with the upper, again and again (a fixed tree)."""
        while v.width > 1:
            v = self._fold(v, combine)
        return v

    def _fold(self, v: Value, combine: Combine) -> Value:
        half = v.width // 2
        lower = self.shuffle(v, None, range(half))
        return combine(lower, self.shuffle(v, None, range(half, v.width)))

    def tree_reduce(self, values: Sequence[Value], combine: Combine) -> Value:
        """The horizontal results of 2ᵏ vectors as one vector: lane j belongs to values[j]."""
        vectors = list(values)
        if len(vectors) > vectors[0].width:
            half = len(vectors) // 2
            a, b = (
                self.tree_reduce(vectors[:half], combine),
                self.tree_reduce(vectors[half:], combine),
            )
            return self.shuffle(a, b, range(2 * half))
        while vectors[0].width > len(vectors):
            vectors = [self._fold(v, combine) for v in vectors]
        width, stride = vectors[0].width, 1
        while len(vectors) > 1:
            # Lanes whose bit `stride` is clear go on with a, the others with b.
            lower = [j if not j & stride else width + j - stride for j in range(width)]
            upper = [j + stride if not j & stride else width + j for j in range(width)]
            vectors = [
                combine(self.shuffle(a, b, lower), self.shuffle(a, b, upper))
                for a, b in zip(vectors[::2], vectors[1::2], strict=True)
            ]
            stride *= 2
        return vectors[0]


def suffix(v: Value) -> str:
    """How LLVM names an overload: `f64`, or `v8f64`."""
    return v.type if v.width == 1 else f"v{v.width}{v.type}"


def _is_short(v: Value) -> bool:
    """Whether a value is a vector of integers of 32 bits."""
    return v.type == "i32" and v.width > 1


def _is_number(v: Value) -> bool:
    """Whether an operand is a floating-point constant other than NaN."""
    if not v.is_constant or "0x" not in v.text or v.text.startswith("<"):
        return False
    bits = int(v.text.rpartition("0x")[2].rstrip(")"), 16)
    return (bits & 0x7FFFFFFFFFFFFFFF) <= 0x7FF0000000000000
