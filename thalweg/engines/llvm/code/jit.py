"""From text IR to callable code: parse, verify, generate, link.

No optimisation passes run: the emitter writes vectors, hoists and shares by construction, and
passes were measured to double the time for a few per cent at best.
"""

import contextlib
import ctypes
import functools
import itertools
import re
import sys
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import llvmlite.binding as llvm

from thalweg.engines.llvm.code import cache
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.kernels.matrices import lapack
from thalweg.engines.waiting import interruptible
from thalweg.errors import EngineError

# All that generated code may call: the C library's functions that LLVM turns instructions into,
# and those the mathematics names. Anything else is a mistake, found before the code can run.
_C_LIBRARY = (
    *("sin", "cos", "tan", "fmod", "fmodf", "floor", "floorf", "ceil", "ceilf", "rint", "rintf"),
    *("trunc", "truncf", "fma", "fmaf", "memcpy", "memmove", "memset"),
    *("exp", "log", "log1p", "pow", "erf", "erfc"),
)

_library_numbers = itertools.count()

_linking = threading.Lock()


class Library:
    """Loaded machine code; freed when the library and all functions taken from it are gone."""

    def __init__(self, tracker: Any, names: Iterable[str]) -> None:
        self._tracker = tracker
        self.addresses: dict[str, int] = {name: tracker[name] for name in names}

    def function(self, name: str, result: Any, *arguments: Any) -> Any:
        """A ctypes function; it keeps the code loaded, and releases the GIL while it runs."""
        made: Any = ctypes.CFUNCTYPE(result, *arguments)(self.addresses[name])
        made.library = self
        return made


def load(texts: Iterable[str], names: Iterable[str], target: Target | None = None) -> Library:
    """Compile modules, each distinct text once, and link them into one library.

    Args:
        texts: modules, which may call each other's functions.
        names: the functions whose addresses are wanted.
        target: the processor; this machine's where not given.

    Raises:
        EngineError: a module is no valid IR, or a function that nobody defines is called.
    """
    target = target or Target.host()
    texts = list(dict.fromkeys(texts))
    return link([compile_object(text, target) for text in texts], list(names), texts)


def link(objects: Sequence[bytes], names: Sequence[str], texts: Sequence[str] = ()) -> Library:
    """Link object code into one library.

    Args:
        objects: what `compile_object` returned, for this machine.
        names: the functions whose addresses are wanted.
        texts: the modules the objects were made from, to explain a failure.

    Raises:
        EngineError: a function that nobody defines is called.
    """
    builder = llvm.JITLibraryBuilder()
    for code in objects:
        builder.add_object_img(code)
    known = _c_library()
    if any(lapack.PREFIX.encode() in code for code in objects):
        known = known | lapack.addresses()
    for name, address in known.items():
        builder.import_symbol(name, address)
    for name in names:
        builder.export_symbol(name)
    try:
        with _linking:
            tracker = builder.link(_linker(), f"thalweg{next(_library_numbers)}")
    except RuntimeError as error:
        raise EngineError(_unlinked(texts, names, error)) from None
    return Library(tracker, names)


# Few: a text may be as long as a megabyte, and the disk has the rest.
@functools.lru_cache(maxsize=64)
def compile_object(text: str, target: Target) -> bytes:
    """The object code of a module, from memory, from disk, or made now.

    Raises:
        EngineError: the module is not valid IR.
    """
    name = cache.key(text, target)
    code = cache.read(name)
    if code is None:
        code = interruptible(lambda: _generate(text, target))
        cache.write(name, code)
    return code


def _generate(text: str, target: Target) -> bytes:
    machine = _machine(target)
    try:
        module = llvm.parse_assembly(text)
        module.verify()
    except RuntimeError as error:
        raise EngineError(
            f"The native engine wrote a module that LLVM refuses: {error}. Valid IR was wanted;"
            " this is a fault in thalweg. Use another engine, and report the program."
        ) from None
    with module:
        module.triple = llvm.get_process_triple()
        module.data_layout = str(machine.target_data)
        return bytes(machine.emit_object(module))


@functools.lru_cache(maxsize=8)
def _machine(target: Target) -> Any:
    _initialize()
    # Small, position-independent code can be linked anywhere; its speed is that of the large.
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=target.cpu, features=target.features, opt=1, codemodel="small", reloc="pic", jit=True
    )


@functools.cache
def _initialize() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def start() -> None:
    """Make what every library needs, once a process, ahead of the first."""
    _linker()
    _c_library()


@functools.cache
def _linker() -> Any:
    """The process's linker. JITLink keeps an object's parts together, as ARM's relocations need."""
    return llvm.create_lljit_compiler(
        _machine(Target.host()), use_jit_link=sys.platform != "win32", suppress_errors=True
    )


@functools.cache
def _c_library() -> dict[str, int]:
    """The addresses of the C library's functions, its mathematics being a library of its own."""
    addresses: dict[str, int] = {}
    for file in ("ucrtbase",) if sys.platform == "win32" else (None, "libm.so.6"):
        with contextlib.suppress(OSError):
            library = ctypes.CDLL(file)
            for name in _C_LIBRARY:
                if name not in addresses and hasattr(library, name):
                    addresses[name] = ctypes.cast(library[name], ctypes.c_void_p).value or 0
    return addresses


def _unlinked(texts: Iterable[str], names: Iterable[str], error: RuntimeError) -> str:
    """What to say of modules that do not link: the functions wanted that nobody defines."""
    whole = "\n".join(texts)
    wanted = {*re.findall(r"^declare [^@]*@([\w.$]+)", whole, re.MULTILINE), *names}
    wanted = {name for name in wanted if not name.startswith("llvm.")}
    defined = set(re.findall(r"^define [^@]*@([\w.$]+)", whole, re.MULTILINE))
    missing = ", ".join(sorted(wanted - defined - set(_c_library()))) or "none by name"
    return (
        f"The native engine's modules do not link: {error}. Every function must be defined in a"
        f" module or in the C library; missing: {missing}. This is a fault in thalweg, or a C"
        " library without these functions. Use another engine, and report the program."
    )
