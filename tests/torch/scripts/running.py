"""Scripts run with one library or the other in the place of `torch`, and what they print compared.

Of a script's own text nothing changes but the names in its import statements.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
import types
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SCRIPTS = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*.py"))
WING = "thalweg.torch"
NUMBER = re.compile(r" *[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?(?![\w])")


class Renaming(ast.NodeTransformer):
    """`torch` in import statements becomes another library's name."""

    def __init__(self, library: str) -> None:
        self.library = library

    def _renamed(self, name: str) -> str:
        return self.library + name.removeprefix("torch") if name.split(".")[0] == "torch" else name

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt:
        node.module = self._renamed(node.module or "")
        return node

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        """`import torch.nn`, which binds `torch`, needs the name said."""
        found: list[ast.stmt] = []
        for alias in node.names:
            name, bound = self._renamed(alias.name), alias.asname
            if name != alias.name and bound is None:
                found.append(ast.Import([ast.alias(name)]))
                name, bound = self.library, "torch"
            found.append(ast.Import([ast.alias(name, bound)]))
        return [ast.copy_location(statement, node) for statement in found]


@contextlib.contextmanager
def settings_kept() -> Iterator[None]:
    """Let a script set PyTorch's flags, which PyTorch's own test modules forbid; set them back."""
    import torch

    from thalweg.torch.backends import cudnn as ours

    names = ("benchmark", "deterministic", "enabled")
    rooms = (torch.backends.cudnn, ours)
    before = [(room, name, getattr(room, name)) for room in rooms for name in names]
    with torch.backends.__allow_nonbracketed_mutation():
        try:
            yield
        finally:
            for room, name, value in before:
                setattr(room, name, value)


def executed(path: str, library: str, name: str = "__main__") -> types.ModuleType:
    """Run a script as a module of that name; return it."""
    source = (FOLDER / path).read_text(encoding="utf-8")
    tree = ast.fix_missing_locations(Renaming(library).visit(ast.parse(source)))
    module = types.ModuleType(name)
    module.__file__ = str(FOLDER / path)
    before = sys.modules.get(name)
    sys.modules[name] = module  # where pickle and dataclasses look for its classes
    try:
        with settings_kept():
            exec(compile(tree, module.__file__, "exec"), module.__dict__)
    finally:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before
    return module


def printed(path: str, library: str) -> str:
    """Return what a script prints."""
    with contextlib.redirect_stdout(io.StringIO()) as stream:
        executed(path, library)
    return stream.getvalue()


def difference(ours: str, theirs: str, rtol: float = 2e-4) -> str | None:
    """Say the first line in which two texts differ but for the rounding of printed numbers."""
    pairs = zip(ours.splitlines(), theirs.splitlines(), strict=False)
    for number, (mine, their) in enumerate(pairs, 1):
        if NUMBER.sub("#", mine) != NUMBER.sub("#", their) or not all(
            _close(a, b, rtol)
            for a, b in zip(NUMBER.findall(mine), NUMBER.findall(their), strict=True)
        ):
            return f"line {number}\nthalweg: {mine}\nPyTorch: {their}"
    if len(ours.splitlines()) != len(theirs.splitlines()):
        return f"{len(ours.splitlines())} lines, PyTorch's {len(theirs.splitlines())}"
    return None


def _close(mine: str, their: str, rtol: float) -> bool:
    """Say whether two printed numbers agree: whole ones exactly, others to the last place shown."""
    if mine == their:
        return True
    if not re.search(r"[.e]", mine) or not re.search(r"[.e]", their):
        return False
    return abs(float(mine) - float(their)) <= rtol * abs(float(their)) + 1.01 * _place(their)


def _place(text: str) -> float:
    """Return the value of one unit of the last digit that is shown.

    >>> _place(" 0.25"), _place("1.5e-03")
    (0.01, 0.0001)
    """
    digits, _, exponent = text.strip().partition("e")
    _, _, decimals = digits.partition(".")
    return float(f"1e{int(exponent or 0) - len(decimals)}")
