"""Loads and stores: plain, masked to the leading lanes, gathered and scattered."""

from collections.abc import Sequence

from thalweg.engines.llvm.ir.conversions import Conversions
from thalweg.engines.llvm.ir.values import BYTES, LLVM_TYPES, Value, relabelled, type_text

Active = int | Value | None


class Memory(Conversions):
    """Booleans are bytes 0 and 1 in memory and i1 in registers."""

    def offset(self, pointer: Value, bytes: int) -> Value:
        """The address some bytes further on."""
        if bytes == 0:
            return pointer
        return self.instruction(f"getelementptr i8, {pointer}, i64 {bytes}", "ptr", 1, (pointer,))

    def element(self, pointer: Value, index: int | Value, type: str) -> Value:
        """The address of element `index` (i32 or i64, signed) of an array."""
        if isinstance(index, int):
            return self.offset(pointer, index * BYTES[type])
        stored = LLVM_TYPES[_stored(type)]
        return self.instruction(
            f"getelementptr {stored}, {pointer}, {index}", "ptr", 1, (pointer, index)
        )

    def load(
        self,
        pointer: Value,
        type: str,
        width: int = 1,
        active: Active = None,
        align: int | None = None,
        depth: int | None = None,
        cse: bool = True,
    ) -> Value:
        """`width` elements from an address; beyond the leading `active` ones, 0.

        The load is shared with equal ones and placed at its operands' level: where a store may
        come between, pass `cse=False`, which also places it here; where reading is not allowed
        outside the region, pass its `depth`.
        """
        if not cse and depth is None:
            depth = self.depth
        stored, align = _stored(type), align or BYTES[type]
        if (active := _static(active)) == 1 and width > 1:
            # LLVM 22 widens a masked access of one lane whose elements are then converted, and
            # so touches memory beyond it; a scalar access is exact, and shorter.
            first = self.load(pointer, type, 1, None, align, depth, cse)
            return self.insert(self.constant(0, type, width), first, 0)
        if width == 1 or active is None or active == width:
            text = f"load {type_text(stored, width)}, {pointer}, align {align}"
            loaded = self.instruction(text, stored, width, (pointer,), depth, cse)
        else:
            mask = self.leading(active, width)
            result = type_text(stored, width)
            name = f"llvm.masked.load.v{width}{stored}.p0"
            self.declarations.add(f"declare {result} @{name}(ptr, <{width} x i1>, {result})")
            text = (
                f"call {result} @{name}(ptr align {align} {pointer.text}, {mask},"
                f" {result} zeroinitializer)"
            )
            loaded = self.instruction(text, stored, width, (pointer, mask), depth, cse)
        return self._from_memory(loaded, type)

    def _from_memory(self, loaded: Value, type: str) -> Value:
        return self.convert(loaded, type) if type == "i1" else relabelled(loaded, type)

    def _for_memory(self, value: Value) -> Value:
        stored = _stored(value.type)
        return self.convert(value, stored) if value.type == "i1" else relabelled(value, stored)

    def store(
        self, value: Value, pointer: Value, active: Active = None, align: int | None = None
    ) -> None:
        """Write a value's lanes to an address, or the leading `active` ones, here."""
        align = align or BYTES[value.type]
        if (active := _static(active)) == 1:
            value = self.extract(value, 0)
        value = self._for_memory(value)
        if value.width == 1 or active is None or active == value.width:
            self.raw(f"store {value}, {pointer}, align {align}")
            return
        mask = self.leading(active, value.width)
        name = f"llvm.masked.store.v{value.width}{value.type}.p0"
        self.declarations.add(f"declare void @{name}({value.llvm_type}, ptr, {mask.llvm_type})")
        self.raw(f"call void @{name}({value}, ptr align {align} {pointer.text}, {mask})")

    def gather(
        self,
        pointer: Value,
        offsets: Value,
        type: str,
        active: Active = None,
        depth: int | None = None,
        cse: bool = True,
    ) -> Value:
        """Elements at the given element offsets (i32 or i64) from an address, one a lane."""
        if not cse and depth is None:
            depth = self.depth
        width, stored = offsets.width, _stored(type)
        if width == 1:
            address = self.element(pointer, offsets, type)
            return self.load(address, type, depth=depth, cse=cse)
        if (active := _static(active)) == 1:
            first = self.gather(pointer, self.extract(offsets, 0), type, None, depth, cse)
            return self.insert(self.constant(0, type, width), first, 0)
        mask = self.leading(width if active is None else active, width)
        addresses = self._addresses(pointer, offsets, type)
        result, pointers = type_text(stored, width), addresses.llvm_type
        name = f"llvm.masked.gather.v{width}{stored}.v{width}p0"
        self.declarations.add(f"declare {result} @{name}({pointers}, <{width} x i1>, {result})")
        text = (
            f"call {result} @{name}({pointers} align {BYTES[type]} {addresses.text}, {mask},"
            f" {result} zeroinitializer)"
        )
        loaded = self.instruction(text, stored, width, (addresses, mask), depth, cse)
        return self._from_memory(loaded, type)

    def scatter_store(
        self, value: Value, pointer: Value, offsets: Value, active: Active = None
    ) -> None:
        """Write lanes to element offsets from an address; of equal offsets the last lane wins."""
        if offsets.width == 1 and value.width == 1:
            self.store(value, self.element(pointer, offsets, value.type))
            return
        if (active := _static(active)) == 1:
            first = self.element(pointer, self.extract(offsets, 0), value.type)
            self.store(self.extract(value, 0), first)
            return
        width = offsets.width
        mask = self.leading(width if active is None else active, width)
        addresses = self._addresses(pointer, offsets, value.type)
        align = BYTES[value.type]
        value = self.splat(self._for_memory(value), width)
        pointers = addresses.llvm_type
        name = f"llvm.masked.scatter.v{width}{value.type}.v{width}p0"
        self.declarations.add(
            f"declare void @{name}({value.llvm_type}, {pointers}, {mask.llvm_type})"
        )
        self.raw(f"call void @{name}({value}, {pointers} align {align} {addresses.text}, {mask})")

    def _addresses(self, pointer: Value, offsets: Value, type: str) -> Value:
        element = LLVM_TYPES[_stored(type)]
        return self.instruction(
            f"getelementptr {element}, {pointer}, {offsets}",
            "ptr",
            offsets.width,
            (pointer, offsets),
        )

    def leading(self, active: int | Value, width: int) -> Value:
        """The mask whose first `active` lanes hold."""
        if isinstance(active, Value):
            return self.compare("slt", self.lanes(active.type, width), active)
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


def _static(active: Active) -> Active:
    """A number of lanes as an int where it is a constant."""
    if isinstance(active, Value) and active.is_constant:
        return int(active.text)
    return active
