"""Loads and stores: plain, masked to the leading lanes, and gathered."""

from collections.abc import Sequence

from thalweg.engines.llvm.ir.conversions import Conversions
from thalweg.engines.llvm.ir.values import BYTES, LLVM_TYPES, Value, relabelled, type_text


class MemoryAccess(Conversions):
    """Booleans are bytes 0 and 1 in memory and i1 in registers."""

    def offset(self, pointer: Value, bytes: int) -> Value:
        """The address some bytes further on."""
        if bytes == 0:
            return pointer
        return self.instruction(f"getelementptr i8, {pointer}, i64 {bytes}", "ptr", 1, (pointer,))

    def element(self, pointer: Value, index: int | Value, type: str) -> Value:
        """The address of element `index` (i32 or i64, signed) of an array; one a lane of it."""
        if isinstance(index, int):
            return self.offset(pointer, index * BYTES[type])
        stored = LLVM_TYPES[_stored(type)]
        text = f"getelementptr {stored}, {pointer}, {index}"
        return self.instruction(text, "ptr", index.width, (pointer, index))

    def load(
        self, pointer: Value, type: str, width: int = 1, active: int | None = None, cse: bool = True
    ) -> Value:
        """`width` elements from an address; beyond the leading `active` ones, 0.

        The load is shared with equal ones and placed at its operands' level: where a store may
        come between, or reading is not allowed outside the region, pass `cse=False`, which places
        it here.
        """
        if active == 1 and width > 1:
            # LLVM 22 widens a masked access of one lane whose elements are then converted, and
            # so touches memory beyond it; a scalar access is exact, and shorter.
            return self.insert(self.constant(0, type, width), self.load(pointer, type, cse=cse), 0)
        if width > 1 and active is not None and active != width:
            return self._masked_load("load", pointer, type, self.leading(active, width), cse)
        stored = _stored(type)
        text = f"load {type_text(stored, width)}, {pointer}, align {BYTES[type]}"
        return self._from_memory(self.instruction(text, stored, width, (pointer,), cse), type)

    def gather(self, pointer: Value, offsets: Value, type: str, active: int | None = None) -> Value:
        """Elements at the given element offsets (i32 or i64) from an address, one a lane.

        Beyond the leading `active` lanes is the first element again. Zeros there would not do:
        LLVM 22 takes the quotient of lanes that it knows to be zero for zero, and then drops the
        choice that removes the NaN.
        """
        width = offsets.width
        if width == 1:
            return self.load(self.element(pointer, offsets, type), type)
        if active is not None and active < width:
            first = self.extract(offsets, 0)
            if active == 1:
                return self.splat(self.gather(pointer, first, type), width)
            offsets = self.select(self.leading(active, width), offsets, self.splat(first, width))
        addresses = self.element(pointer, offsets, type)
        return self._masked_load("gather", addresses, type, self.leading(width, width), True)

    def _masked_load(
        self, operation: str, address: Value, type: str, mask: Value, cse: bool
    ) -> Value:
        """Elements from an address, or one from each of several, where the mask holds; else 0."""
        stored, width, pointers = _stored(type), mask.width, address.llvm_type
        result = type_text(stored, width)
        place = "p0" if address.width == 1 else f"v{width}p0"
        name = f"llvm.masked.{operation}.v{width}{stored}.{place}"
        self.declarations.add(f"declare {result} @{name}({pointers}, {mask.llvm_type}, {result})")
        text = (
            f"call {result} @{name}({pointers} align {BYTES[type]} {address.text}, {mask},"
            f" {result} zeroinitializer)"
        )
        return self._from_memory(self.instruction(text, stored, width, (address, mask), cse), type)

    def _from_memory(self, loaded: Value, type: str) -> Value:
        return self.convert(loaded, type) if type == "i1" else relabelled(loaded, type)

    def store(self, value: Value, pointer: Value, active: int | None = None) -> None:
        """Write a value's lanes to an address, or the leading `active` ones, here."""
        align, stored = BYTES[value.type], _stored(value.type)
        if active == 1:
            value = self.extract(value, 0)
        value = self.convert(value, stored) if value.type == "i1" else relabelled(value, stored)
        if value.width == 1 or active is None or active == value.width:
            self.raw(f"store {value}, {pointer}, align {align}")
            return
        mask = self.leading(active, value.width)
        name = f"llvm.masked.store.v{value.width}{value.type}.p0"
        self.declarations.add(f"declare void @{name}({value.llvm_type}, ptr, {mask.llvm_type})")
        self.raw(f"call void @{name}({value}, ptr align {align} {pointer.text}, {mask})")

    def leading(self, active: int, width: int) -> Value:
        """The mask whose first `active` lanes hold."""
        return self.mask([i < active for i in range(width)])

    def mask(self, lanes: Sequence[bool]) -> Value:
        """A constant vector of booleans."""
        bits = ", ".join(f"i1 {'true' if lane else 'false'}" for lane in lanes)
        return Value(f"<{bits}>", "i1", len(lanes), 0)

    def prefetch(self, pointer: Value) -> None:
        """Ask for the cache line of an address, which need not be valid."""
        self.declarations.add("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        self.raw(f"call void @llvm.prefetch.p0({pointer}, i32 0, i32 3, i32 1)")


def _stored(type: str) -> str:
    return "i8" if type == "i1" else LLVM_TYPES[type] if type[0] == "u" or type == "f16" else type
