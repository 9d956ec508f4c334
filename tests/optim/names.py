"""Every public name of Optax: is it here, with the same arguments and the same fields?

`python -m tests.optim.names` prints the table; with `--write`, what was mended leaves the list of
what is missing, `missing_names.txt`, to which nothing can be added.
"""

import collections.abc
import enum
import importlib
import inspect
import sys
import types
import typing
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

LISTED = Path(__file__).with_name("missing_names.txt")

# Below `optax` and `thalweg.optim`.
MODULES = (
    *("", "transforms", "schedules", "losses", "contrib", "tree", "tree_utils", "projections"),
    *("perturbations", "assignment", "microbatching", "second_order", "experimental.aggregating"),
)

# Optax keeps this name to say that it has gone.
_GONE = "monte_carlo"


class Row(NamedTuple):
    """One public name of Optax."""

    path: str
    of: int  # what object of Optax's it is a name of
    kind: str
    problem: str  # none if empty


def rows() -> Iterator[Row]:
    """Yield a row for every public name of every public module of Optax."""
    for module in MODULES:
        theirs, ours = _module("optax", module), _module("thalweg.optim", module)
        for name in _public(theirs):
            wanted = _attribute(theirs, name)
            found = None if ours is None else _attribute(ours, name)
            path = f"{module}.{name}".lstrip(".")
            problem = "missing" if found is None else difference(found, wanted)
            yield Row(path, id(wanted), _kind(wanted), problem)


def _module(root: str, path: str) -> Any:
    try:
        module: Any = importlib.import_module(root)
        for part in filter(None, path.split(".")):
            found = vars(module).get(part)
            module = found or importlib.import_module(f"{module.__name__}.{part}")
    except ModuleNotFoundError:
        return None
    return module


def _public(module: Any) -> list[str]:
    names = {*vars(module), *getattr(module, "_deprecations", ())} - {_GONE}
    return sorted(name for name in names if not (name.startswith("_") or _is_met(module, name)))


def _is_met(module: Any, name: str) -> bool:
    """Tell whether a name is that of a module, or of a type of Python's, imported for use there."""
    value = vars(module).get(name)
    known = (vars(typing).get(name), vars(collections.abc).get(name))
    return isinstance(value, types.ModuleType) or any(value is k for k in known if k is not None)


def _attribute(module: Any, name: str) -> Any:
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        return getattr(module, name, None)


def _kind(value: Any) -> str:
    if isinstance(value, type):
        return "fields" if hasattr(value, "_fields") or issubclass(value, enum.Enum) else "class"
    return "function" if callable(value) and not hasattr(value, "__args__") else "alias"


def difference(found: Any, wanted: Any) -> str:
    """Say what is different about an object of ours; nothing if nothing is."""
    if _kind(wanted) == "fields":
        ours, theirs = _fields(found), _fields(wanted)
        if hasattr(found, "_factory"):  # a recipe, which has them as methods
            ours = tuple(field for field in theirs if hasattr(found, field))
        return "" if ours == theirs else f"fields {ours}, not {theirs}"
    if _kind(wanted) == "alias" or getattr(wanted, "_is_protocol", False):
        return ""
    ours, theirs = _arguments(found), _arguments(wanted)
    further = [p for p in ours.values() if p.name not in theirs]
    if any(p.kind is not p.KEYWORD_ONLY or p.default is p.empty for p in further):
        return f"arguments {', '.join(map(str, further))}, which are not there"
    mine = [p for p in ours.values() if p.name in theirs]
    if [(p.name, p.kind) for p in mine] != [(p.name, p.kind) for p in theirs.values()]:
        return f"arguments ({_listed(mine)}), not ({_listed(theirs.values())})"
    other = [p for p in mine if not _equal(p.default, theirs[p.name].default)]
    return ", ".join(f"{p.name}={p.default!r}, not {theirs[p.name].default!r}" for p in other)


def _fields(kind: Any) -> tuple[str, ...]:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return tuple(kind.__members__)
    return tuple(getattr(kind, "_fields", ()))


def _arguments(function: Any) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(function).parameters)


def _listed(parameters: Any) -> str:
    return ", ".join(f"{p.name}: {p.kind.name.lower()}" for p in parameters)


def _equal(ours: Any, theirs: Any) -> bool:
    """Tell whether two defaults mean the same."""
    if isinstance(theirs, enum.Enum):
        # By its name too, in small letters, as JAX itself takes it.
        return getattr(ours, "name", ours) in (theirs.name, theirs.name.lower(), None)
    if isinstance(theirs, type) and hasattr(theirs, "dtype"):
        return np.dtype(ours) == np.dtype(theirs)
    plain = theirs is inspect.Parameter.empty or type(theirs).__module__ == "builtins"
    if plain and not callable(theirs):
        return bool(ours == theirs) and type(ours) is type(theirs)
    if theirs is inspect.Parameter.empty:
        return ours is theirs
    # A function, a transformation, a distribution: the same cannot be asked, but there must be one.
    return ours is not None and ours is not inspect.Parameter.empty


def listed() -> set[str]:
    """Return the paths of the names that are known to be missing or different."""
    return set(LISTED.read_text().split())


def table() -> str:
    """Return the numbers a module, and then the rows with a problem."""
    found = list(rows())
    lines = [f"{'module':28} {'names':>6} {'here':>6} {'equal':>6}"]
    for module in MODULES:
        own = [row for row in found if row.path.rpartition(".")[0] == module]
        here = sum(row.problem != "missing" for row in own)
        equal = sum(not row.problem for row in own)
        lines.append(f"{module or 'optax':28} {len(own):6} {here:6} {equal:6}")
    lines.append(f"{'all':28} {len(found):6} {'':6} {sum(not row.problem for row in found):6}")
    objects, wrong = {row.of for row in found}, {row.of for row in found if row.problem}
    lines.append(f"{'distinct objects':28} {len(objects):6} {'':6} {len(objects - wrong):6}\n")
    lines += [f"{row.path} ({row.kind}): {row.problem}" for row in found if row.problem]
    return "\n".join(lines)


def main() -> None:
    sys.stdout.write(f"{table()}\n")
    if "--write" in sys.argv:
        left = listed() & {row.path for row in rows() if row.problem}
        LISTED.write_text("".join(f"{path}\n" for path in sorted(left)))


if __name__ == "__main__":
    main()
