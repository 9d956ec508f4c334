"""What type checkers and editors know of names that are made when the package is imported.

Functions of tensors are declared by decorators, methods are attached by the rooms that own them,
and the names of PyTorch's are published in a loop: `python -m tests.stubs` writes what came of it
as stubs, files `.pyi` next to modules that have no code of their own. Annotations in the source
are kept; where it says nothing more than "anything", the name of a parameter decides.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import re
import subprocess
import sys
import tempfile
import typing
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from inspect import getsource
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import thalweg as tw
import thalweg.torch
from thalweg.core.methods import Methods
from thalweg.core.primitive import Primitive
from thalweg.core.spec import Size
from thalweg.ops.linalg.matrices import SVDResult
from thalweg.ops.order.sort import Found
from thalweg.torch.naming import keywords_of
from thalweg.torch.size import TorchSize
from thalweg.torch.tensors import TorchTensor

ROOT = Path(__file__).resolve().parent.parent
Tensor = tw.Tensor
Parameter = inspect.Parameter

_EXTENTS, _AXES, _OPTIONAL = "int | Sequence[int]", "int | Sequence[int] | None", "ArrayLike | None"

# What parameters are, of which the source says nothing.
_BY_NAME = {
    **dict.fromkeys(["axis", "axes", "dim", "dims"], _AXES),
    **dict.fromkeys(["shape", "shapes", "size", "sizes", "reps", "order"], _EXTENTS),
    **dict.fromkeys(["arrays", "tensors"], "Sequence[ArrayLike] | ArrayLike"),
    **dict.fromkeys(
        ["a_max", "a_min", "append", "bias", "fill_value", "initial", "max", "min", "other",
         "prepend", "src", "v", "values", "weight", "weights", "where", "x", "y"], _OPTIONAL,
    ),
    **dict.fromkeys(
        ["arrays_and_dtypes", "condlist", "data", "device", "from_", "func", "func1d", "funclist",
         "key", "kind", "memo", "obj", "operands", "protocol", "steps", "subscripts", "to", "type",
         "type1", "type2", "types", "ufunc", "value"], "Any",
    ),
    "copy": "bool | None",
    "dtype": "DTypeLike | None",
}  # fmt: skip

# Functions whose results depend on arguments: the types of these, and that of the result then.
_OF_ARRAYS = [({"arrays": "one", "tensors": "one"}, "Tensor"), ({}, "list[Tensor]")]
_OF_AXIS = [({"dim": "None"}, "Tensor"), ({"dim": "int"}, "Found"), ({"dim": "Tensor"}, "Tensor")]
_CASES: dict[str, list[tuple[dict[str, str], str]]] = {
    **dict.fromkeys(["atleast_1d", "atleast_2d", "atleast_3d"], _OF_ARRAYS),
    **dict.fromkeys(["max", "min", "median", "nanmedian"], _OF_AXIS),
    **{
        name: [
            ({switch: "Literal[False]"}, without),
            ({switch: "Literal[True]"}, with_it),
            ({switch: "bool"}, "Any"),
        ]
        for name, switch, without, with_it in (
            ("max_pool1d", "return_indices", "Tensor", "tuple[Tensor, Tensor]"),
            ("max_pool2d", "return_indices", "Tensor", "tuple[Tensor, Tensor]"),
            ("nonzero", "as_tuple", "Tensor", "tuple[Tensor, ...]"),
            ("svd", "compute_uv", "Tensor", "SVDResult"),
            ("logsumexp", "return_sign", "Tensor", "tuple[Tensor, Tensor]"),
        )
    },
    **{
        name: [(dict.fromkeys(switches, "Literal[False]"), "Tensor"), ({}, "tuple[Tensor, ...]")]
        for name, switches in (
            ("unique", ["return_index", "return_inverse", "return_counts"]),
            ("unique_consecutive", ["return_inverse", "return_counts"]),
        )
    },
}

# Functions that take the extents of a shape apart too.
_APART = {"empty", "ones", "reshape", "zeros"}

# Operators of another operand; a sparse matrix of SciPy's is a right one of "@".
_OPERATOR = re.compile(r"__[ri]?(add|and|floordiv|mod|mul|or|pow|sub|truediv|xor|[lr]shift)__$")
_OTHERS = {"__eq__": "object", "__ne__": "object", "__matmul__": "Any", "__rmatmul__": "ArrayLike"}
_OTHERS |= dict.fromkeys(["__lt__", "__le__", "__gt__", "__ge__"], "ArrayLike")

# Properties that are not annotated and no tensors.
_PROPERTIES = {"device": "Any", "layout": "Any", "nbytes": "int"}

# Members of classes that say nothing of what these offer.
_INNER_MEMBER = re.compile(r"_(?!_)|__(init|eq|hash|repr)__")

# Where names of annotations come from that are no classes.
_HOMES = {
    **dict.fromkeys(typing.__all__, "typing"),
    **dict.fromkeys(["Callable", "Iterator", "Mapping", "Sequence"], "collections.abc"),
    **dict.fromkeys(["ArrayLike", "DTypeLike"], "numpy.typing"),
}
_KNOWN: Mapping[str, Any] = {"Found": Found, "SVDResult": SVDResult, "Tensor": Tensor, "np": np}

# Names in a module's `dir` that are no user's.
_INNER = {
    "Any", "NAMES", "annotations", "did_you_mean", "functions", "importlib", "names", "naming",
    "tensors",
}  # fmt: skip


class Stub:
    """The text of one stub, written name by name.

    Args:
        home: The module whose names it declares.
        kind: What functions return where the source says a tensor.
        scope: The names it declares, as far as they are names of Python's too.
    """

    def __init__(self, home: str, kind: type, scope: Iterable[str]) -> None:
        self.home, self.kind = home, kind
        self.hidden = {name for name in scope if hasattr(builtins, name)}
        self.imports: set[str] = set()
        self.tuples: dict[str, list[str]] = {}
        self.lines: list[str] = []

    def declare(self, head: str, documented: Any = None) -> None:
        """Write a declaration with the first line of its documentation."""
        text = (inspect.getdoc(documented) or "").partition("\n")[0] if documented else ""
        self.lines += [head, f'    r"""{text}"""' if text else "    ...", ""]

    # ---- types

    def type(self, said: Any, names: Mapping[str, Any] = _KNOWN, kind: Any = None) -> str:
        """Return an annotation, of a module with these names, as it is written here."""
        said = said.__forward_arg__ if isinstance(said, typing.ForwardRef) else said
        text = said if isinstance(said, str) else inspect.formatannotation(said)
        tree = ast.parse(text.replace("collections.abc.", "").replace("typing.", ""), mode="eval")
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                found = names.get(node.id)
                node.id = self._name(node.id, (kind or self.kind) if found is Tensor else found)
        return ast.unparse(tree)

    def _name(self, name: str, found: Any) -> str:
        # The wing's `float` is a dtype; in an annotation it is Python's.
        if not isinstance(found, (type, ModuleType)) and hasattr(builtins, name):
            self.imports |= {"import builtins"} if name in self.hidden else set()
            return f"builtins.{name}" if name in self.hidden else name
        if isinstance(found, ModuleType):
            self.imports.add(f"import {found.__name__} as {name}")
            return name
        if self.kind is not Tensor and _is_named_tuple(found):
            return self._tuple(found)
        if self.home == Methods.__module__ and _is_above_core(found):
            return self._shape(found)
        if found is Tensor and self.kind is TorchTensor:
            self.imports.add("from thalweg.core import tensor as _core")
            return "_core.Tensor"
        found = TorchSize if found is Size and self.kind is TorchTensor else found
        name = getattr(found, "__name__", name) if isinstance(found, type) else name
        home = found.__module__ if isinstance(found, type) else _HOMES.get(name) or _alias(name)
        self.imports.add(f"from {home} import {name}")
        return name

    def _tuple(self, found: type) -> str:
        """Declare a tuple with named parts anew, of the wing's tensors, and return its name."""
        names = vars(sys.modules[found.__module__])
        parts = [
            f"    {part}: {self.type(said, names)}" for part, said in found.__annotations__.items()
        ]
        self.imports.add("from typing import NamedTuple")
        self.tuples[found.__name__] = [f"class {found.__name__}(NamedTuple):", *parts, ""]
        return found.__name__

    def _shape(self, found: type) -> str:
        """Declare what a class of a room above offers, and return its name.

        An import would make one knot of all rooms, which type checkers do not untie.
        """
        if found.__name__ not in self.tuples:
            self.imports.add("from typing import Protocol")
            stub = Stub(self.home, self.kind, ())
            self.tuples[found.__name__] = stub.lines = [f"class {found.__name__}(Protocol):"]
            stub.tuples, stub.imports = self.tuples, self.imports
            for name, member in vars(found).items():
                if _is_attached(member) and not _INNER_MEMBER.match(name):
                    start = len(stub.lines)
                    stub.member(name, member)
                    stub.lines[start:] = _indented(stub.lines[start:])
        return found.__name__

    def parameter(self, parameter: Parameter, names: Mapping[str, Any]) -> Parameter:
        """Return a parameter with its type as it is written here."""
        said, name, default = parameter.annotation, parameter.name, parameter.default
        many = parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        if said in (Parameter.empty, "Any", "Array", "Sequence[Any]"):
            names = _KNOWN
            said = _BY_NAME.get(name)
            if said is None:
                said = "ArrayLike" if default is Parameter.empty and not many else "Any"
            if name in ("arrays", "tensors") and many:
                said = "ArrayLike"
            if default is not None:
                said = said.replace(_OPTIONAL, "ArrayLike")
            elif "Any" != said != _OPTIONAL and "None" not in said:
                said += " | None"
        return parameter.replace(annotation=self.type(said, names, Tensor))

    # ---- functions

    def function(self, name: str, function: Any, method: bool = False) -> None:
        """Declare a function, or a method of the tensors."""
        parameters, returned = self._parameters(name, function), self._returned(function)
        if "Tensor" in returned and _takes_out(function) and not name.endswith("_"):
            out = Parameter("out", Parameter.KEYWORD_ONLY, default=None, annotation="_Out")
            ends = [i for i, p in enumerate(parameters) if p.kind is Parameter.VAR_KEYWORD]
            parameters.insert(ends[0] if ends else len(parameters), out)
        if method:
            several = parameters[0].kind is Parameter.VAR_POSITIONAL
            returned = self.type("Tensor") if several else returned
            parameters[0] = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)
        ways = [(parameters, returned)]
        if name in _APART:
            ways.append((self._apart(parameters), returned))
        if name in _CASES and returned == "Any":
            cases = _CASES[name]
            ways = [(self._case(parameters, said), self.type(found)) for said, found in cases]
        if len(ways) > 1:
            self.imports.add("from typing import overload")
        for parameters, returned in ways:
            self.lines += ["@overload"] if len(ways) > 1 else []
            self.declare(f"def {name}({_listed(parameters)}) -> {returned}:", function)

    def _parameters(self, name: str, function: Any) -> list[Parameter]:
        """Return the parameters of a function, in the wing in PyTorch's words."""
        given, names = inspect.signature(function).parameters, _globals(function)
        words = keywords_of(given) if self.kind is TorchTensor else {}
        theirs = {ours: word for word, ours in reversed(words.items()) if word != "exponent"}
        theirs |= {"y": "exponent"} if "exponent" in words and "pow" in name else {}
        found = [
            self.parameter(p.replace(name=theirs.get(p.name, p.name)), names)
            for p in given.values()
        ]
        if name.endswith("_") and not name.startswith("_"):
            found[0] = found[0].replace(annotation=self.type("Tensor"))  # it is written
        return found

    def _returned(self, function: Any) -> str:
        said = inspect.signature(function).return_annotation
        if said is Parameter.empty or isinstance(inspect.unwrap(function), Primitive):
            return self.type("Tensor")
        return self.type(said, _globals(function))

    def _apart(self, parameters: list[Parameter]) -> list[Parameter]:
        """Return the parameters of a function of a shape that is given as so many extents."""
        place = [p.name for p in parameters].index("shape")
        whole = parameters[place]
        apart = Parameter(whole.name, Parameter.VAR_POSITIONAL, annotation=self.type("int"))
        rest = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in parameters[place + 1 :]]
        return [*parameters[:place], apart, *rest]

    def _case(self, parameters: list[Parameter], said: Mapping[str, str]) -> list[Parameter]:
        """Return the parameters of a case, in which some arguments are of narrower types."""
        found: list[Parameter] = []
        for parameter in parameters:
            kind, default = said.get(parameter.name), parameter.default
            if kind == "one":
                parameter = parameter.replace(kind=Parameter.POSITIONAL_ONLY)
            elif kind is not None:
                stays = kind in ("bool", str(default), f"Literal[{default}]")
                parameter = parameter.replace(
                    annotation=self.type(kind), default=default if stays else Parameter.empty
                )
            if found and _is_by_name(found[-1], parameter):
                parameter = parameter.replace(kind=Parameter.KEYWORD_ONLY)
            found.append(parameter)
        return found

    # ---- members of tensors

    def member(self, name: str, member: Any) -> None:
        """Declare a method, an operator or a property."""
        other = "ArrayLike" if _OPERATOR.match(name) else _OTHERS.get(name)
        if other is not None:
            head = f"def {name}(self, other: {self.type(other)}, /) -> {self.type('Tensor')}:"
            clashes = other == "object" and self.kind is Tensor  # with those of Python's objects
            self.declare(f"{head}  # type: ignore[override]" if clashes else head, member)
        elif isinstance(member, property):
            getter = member.fget
            said = inspect.signature(getter).return_annotation
            if isinstance(getter, Primitive) or said is Parameter.empty:
                said = "bool" if name.startswith("is_") else _PROPERTIES.get(name, "Tensor")
            returned = self.type(said, {**_globals(getter), **_KNOWN})
            self.lines.append("@property")
            self.declare(f"def {name}(self) -> {returned}:", member)
            if member.fset is not None:
                given = returned if name == "grad" else self.type("Any")
                self.lines.append(f"@{name}.setter")
                self.declare(f"def {name}(self, value: {given}) -> None:")
        else:
            self.function(name, member, method=True)

    # ---- the whole

    def text(self, title: str, head: Sequence[str] = ()) -> str:
        """Return the whole."""
        tuples = [line for lines in self.tuples.values() for line in lines]
        title = f'"""{title}"""\n\n# Written by `python -m tests.stubs`.\n'
        if any("out: _Out" in line for line in self.lines):
            self.imports |= {"from typing import Any, TypeAlias", "import numpy as np"}
            out = "_Out: TypeAlias = np.ndarray[Any, Any] | tuple[Any, ...] | None"
            tuples.insert(0, out.replace("=", f"= {self.type('Tensor')} |"))
        own = f"from {self.home} import"
        imports = [
            line
            for line in sorted(self.imports)
            if " as " in line or f"{line} as {line.split()[-1]}" not in self.imports
            if " as " in line or not line.startswith(own)
        ]
        return "\n".join([title, *imports, *tuples, *head, *self.lines, ""])


@functools.cache
def _alias(name: str) -> str:
    """Return the module of the package that gives a type this name."""
    given = re.compile(rf"^{name} = ", re.MULTILINE)
    modules = [found for key, found in sorted(sys.modules.items()) if key.startswith("thalweg.")]
    return next(m.__name__ for m in modules if name in vars(m) and given.search(getsource(m)))


def _is_named_tuple(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, tuple) and hasattr(found, "_fields")


def _is_by_name(last: Parameter, parameter: Parameter) -> bool:
    """Tell whether a parameter can be given by name alone, because of the one before it."""
    if last.kind is Parameter.KEYWORD_ONLY or parameter.kind.name[:10] != "POSITIONAL":
        return last.kind is Parameter.KEYWORD_ONLY
    return parameter.default is Parameter.empty and last.default is not Parameter.empty


def _is_above_core(found: Any) -> bool:
    """Tell whether a name of an annotation is a class of a room above the core."""
    module = getattr(found, "__module__", "") if isinstance(found, type) else ""
    return module.startswith("thalweg.") and not module.startswith("thalweg.core.")


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for part in lines for line in part.split("\n")]


def _globals(function: Any) -> Mapping[str, Any]:
    """Return the names of the module where a function's signature is written."""
    whole = inspect.unwrap(function)
    if isinstance(whole, Primitive):
        whole = whole.arguments or whole.meaning
    return getattr(whole, "__globals__", {})


def _takes_out(function: Any) -> bool:
    while not isinstance(function, Primitive):
        if function.__code__.co_qualname.startswith("taking_out."):
            return True
        if not hasattr(function, "__wrapped__"):
            return False
        function = function.__wrapped__
    return True


def _listed(parameters: Iterable[Parameter]) -> str:
    """Return parameters as they are written in a declaration."""
    found, starred, before = [], False, None
    for parameter in parameters:
        kind, default = parameter.kind, parameter.default
        if kind is not Parameter.POSITIONAL_ONLY and before is Parameter.POSITIONAL_ONLY:
            found.append("/")
        before = kind
        if kind is Parameter.KEYWORD_ONLY and not starred:
            found.append("*")
        starred |= kind in (Parameter.KEYWORD_ONLY, Parameter.VAR_POSITIONAL)
        stars = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}.get(kind, "")
        said = "" if parameter.annotation is Parameter.empty else f": {parameter.annotation}"
        plain = default is None or type(default) in (bool, int, float, str)
        value = "" if default is Parameter.empty else f" = {default!r}" if plain else " = ..."
        found.append(f"{stars}{parameter.name}{said}{value}")
    return ", ".join([*found, "/"] if before is Parameter.POSITIONAL_ONLY else found)


# ---- classes and modules


def methods() -> str:
    """Return the stub of what other rooms attach to tensors, room by room."""
    members = {name: value for name, value in vars(Methods).items() if _is_attached(value)}
    stub = Stub(Methods.__module__, Tensor, members)
    rooms: dict[str, list[str]] = defaultdict(list)
    for name, member in members.items():
        getter = member.fget if isinstance(member, property) else member
        rooms[inspect.unwrap(getter).__module__].append(name)
    for room, names in sorted(rooms.items()):
        stub.lines.append(f"# ---- {room}\n")
        for name in sorted(names):
            stub.member(name, members[name])
    return _class(stub, "The members of a tensor that other rooms own.", "Methods", Methods)


def tensors() -> str:
    """Return the stub of the wing's tensor, whose methods return tensors of the wing."""
    found = {
        name: inspect.getattr_static(TorchTensor, name)
        for name in sorted({*vars(Methods), *vars(TorchTensor)} - {"__getattr__"})
    }
    members = {name: value for name, value in found.items() if _is_attached(value)}
    stub = Stub(TorchTensor.__module__, TorchTensor, members)
    for name, member in members.items():
        stub.member(name, member)
    stub.type("Tensor", kind=Tensor)
    return _class(stub, "The wing's tensor.", "TorchTensor(_core.Tensor)", TorchTensor)


def _is_attached(value: Any) -> bool:
    return isinstance(value, property) or (callable(value) and not isinstance(value, type))


def _class(stub: Stub, title: str, head: str, owner: type) -> str:
    stub.lines = _indented(stub.lines)
    return stub.text(title, [f"class {head}:", f'    """{owner.__doc__}"""', "    __slots__ = ()"])


def module(name: str, kind: type = Tensor) -> str:
    """Return the stub of a module, whose functions of tensors return those of a kind."""
    whole = import_module(name)
    names = sorted({*dir(whole), *getattr(whole, "__all__", ())} - _INNER)
    names += [name for name in ("__array_api_version__",) if hasattr(whole, name)]
    stub = Stub(name, kind, names)
    for each in names:
        if not each.startswith("_") or each.endswith(("_info__", "version__")):
            _declare(stub, whole, each, getattr(whole, each))
    return stub.text((whole.__doc__ or "").partition("\n")[0])


def _declare(stub: Stub, whole: ModuleType, name: str, value: Any) -> None:
    if isinstance(value, ModuleType):
        package, _, last = value.__name__.rpartition(".")
        stub.imports.add(f"from {package} import {last} as {name}" if package else f"import {last}")
        return
    if not callable(value) and not isinstance(value, np.dtype):
        kind = "None" if value is None else type(value).__name__
        own = {} if hasattr(builtins, kind) else {kind: type(value)}
        stub.lines.append(f"{name}: {stub.type(kind, {**vars(whole), **own})}")
        return
    home, own = _home(value, name, stub.kind)
    if home is not None:
        # Under another name than its own an import would be private to the stub.
        stub.imports.add(f"from {home} import {own} as {own if own == name else f'_{own}'}")
        stub.lines += [] if own == name else [f"{name} = _{own}"]
        return
    stub.function(name, value)


def _home(value: Any, name: str, kind: type) -> tuple[str | None, str]:
    """Return the module that a name is imported from, and its name there; None to declare it."""
    for home in ("numpy", value.__module__):
        for own in (name, getattr(value, "__name__", name)):
            if vars(sys.modules[home]).get(own) is value and not _is_untyped(value, kind):
                return home, own
    return None, name


def _is_untyped(value: Any, kind: type) -> bool:
    """Tell whether type checkers do not know a function well from where it is written."""
    if not inspect.isfunction(value):
        return isinstance(value, Primitive)
    of_wing = kind is TorchTensor and "Tensor" in str(inspect.signature(value).return_annotation)
    return of_wing or _takes_out(value)


@functools.cache
def stubs() -> dict[Path, str]:
    """Return all stubs by their files, in the form of the project."""
    wing = "thalweg/torch"
    texts = {
        "thalweg/core/methods.pyi": methods(),
        f"{wing}/tensors.pyi": tensors(),
        "thalweg/__init__.pyi": module("thalweg"),
        f"{wing}/__init__.pyi": module("thalweg.torch", TorchTensor),
        f"{wing}/nn/functional/__init__.pyi": module("thalweg.torch.nn.functional", TorchTensor),
    }
    for room in ("fft", "linalg", "special"):
        texts[f"thalweg/{room}.pyi"] = module(f"thalweg.{room}")
        texts[f"{wing}/{room}.pyi"] = module(f"thalweg.torch.{room}", TorchTensor)
    with tempfile.TemporaryDirectory() as folder:
        for path, text in texts.items():
            Path(folder, path).parent.mkdir(parents=True, exist_ok=True)
            Path(folder, path).write_text(text, encoding="utf-8")
        _format(folder)
        return {ROOT / path: Path(folder, path).read_text(encoding="utf-8") for path in texts}


def _format(folder: str) -> None:
    ours = "lint.isort.known-first-party=['thalweg']"
    settings = ["--quiet", "--no-cache", "--config", str(ROOT / "pyproject.toml"), "--config", ours]
    for command in (["check", "--select=I,F401", "--fix"], ["format"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, *settings, folder], check=True)


if __name__ == "__main__":
    for path, text in stubs().items():
        path.write_text(text, encoding="utf-8")
