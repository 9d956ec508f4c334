"""The package in figures: sizes, cycles, names. `python -m tests.house` prints the table.

Code lines are those that are neither blank, comment nor docstring. A cycle is a set of modules
that import one another, directly or through others of the set; imports inside functions, which
happen later, do not count.
"""

from __future__ import annotations

import ast
import io
import re
import statistics
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "thalweg"
FILES = sorted(PACKAGE.rglob("*.py"))

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function

# Where operations are found by name on purpose: the register itself, NumPy's dispatch by the
# names of its functions, and PyTorch's tables of names.
REGISTRY = {
    "core/operation.py", "core/leaving.py", "core/primitive.py", "ops/numpy/protocols.py",
    "torch/names.py",
}  # fmt: skip

_SILENT = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENDMARKER,
}  # fmt: skip


def relative(path: Path) -> str:
    """Return a file's path from the root of the project."""
    return path.relative_to(ROOT).as_posix()


def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


# ---- sizes


def functions_of(tree: ast.AST) -> Iterator[Function]:
    """Yield every function, methods and inner ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def lines_of_code(function: Function) -> int:
    """Count the lines of a function from its `def` to its end, without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    return lines - len(_docstring(function))


def code_lines(path: Path) -> int:
    """Count the lines of a file that hold code."""
    source = path.read_text(encoding="utf-8")
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _SILENT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Documented):
            lines.difference_update(_docstring(node))
    return len(lines)


def _docstring(node: Documented) -> range:
    """Return the lines of a docstring."""
    if ast.get_docstring(node, clean=False) is None:
        return range(0)
    return range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)


def folder_sizes() -> dict[str, int]:
    """Return how many files each folder has; a folder that only lists its own files has one."""
    sizes: dict[str, int] = defaultdict(int)
    for path in FILES:
        sizes[relative(path.parent)] += 1
    return dict(sizes)


# ---- names


def repeated_classes() -> dict[str, list[str]]:
    """Return the names that more than one class has, and the files where.

    PyTorch's distributions have the names of Optax's noises and of SciPy's families, all public.
    """
    places: dict[str, list[str]] = defaultdict(list)
    for path in FILES:
        of_pytorch = path.is_relative_to(PACKAGE / "torch" / "distributions")
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef):
                name = f"distributions.{node.name}" if of_pytorch else node.name
                places[name].append(relative(path))
    return {name: files for name, files in places.items() if len(files) > 1}


def string_lookups() -> list[str]:
    """Return the places outside the registry that find an operation by a string."""
    found = []
    for path in FILES:
        if path.relative_to(PACKAGE).as_posix() in REGISTRY:
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        found += [
            f"{relative(path)}:{number}"
            for number, line in enumerate(lines, 1)
            if re.search(r"\b(OPERATIONS|PRIMITIVES)\b(\[|\.get\()|getattr\(op,", line)
        ]
    return found


# ---- cycles


def import_cycles(type_checking: bool) -> list[list[str]]:
    """Return the sets of modules that import one another.

    Args:
        type_checking: Whether imports for annotations alone count.
    """
    files = {_module(path): path for path in FILES}
    graph = {
        name: {
            target
            for target in _imported(parsed(path).body, set(files), type_checking)
            if target != name
        }
        for name, path in files.items()
    }
    reached = {name: _reachable(graph, name) for name in graph}
    cycles = {frozenset(b for b in reached[a] if a in reached[b]) for a in graph if a in reached[a]}
    return sorted((sorted(cycle) for cycle in cycles), key=len)


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def _imported(body: Iterable[ast.stmt], modules: set[str], type_checking: bool) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in modules or node.module in modules:
                    yield inner if inner in modules else node.module
        elif isinstance(node, ast.If) and (
            type_checking or not ast.unparse(node.test).endswith("TYPE_CHECKING")
        ):
            yield from _imported([*node.body, *node.orelse], modules, type_checking)


def _reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    ahead = [start]
    while ahead:
        new = graph[ahead.pop()] - found
        found |= new
        ahead += new
    return found


# ---- the table


def table() -> Iterator[tuple[str, object]]:
    """Yield the figures by name."""
    sizes = [code_lines(path) for path in FILES]
    functions = [lines_of_code(f) for path in FILES for f in functions_of(parsed(path))]
    yield "files", len(FILES)
    yield "code lines", sum(sizes)
    yield "code lines a file, median", statistics.median(sizes)
    yield (
        "lines of the longest file",
        max(len(path.read_text(encoding="utf-8").splitlines()) for path in FILES),
    )
    yield "lines a function, median", statistics.median(functions)
    yield "lines of the longest function", max(functions)
    yield "most files in a folder", max(folder_sizes().values())
    for type_checking in (False, True):
        cycles = import_cycles(type_checking)
        kind = "with" if type_checking else "without"
        yield f"import cycles {kind} imports for annotations", len(cycles)
        yield f"modules in the largest of them, {kind}", max(map(len, cycles), default=0)
    yield "class names that are there twice", len(repeated_classes())
    yield "operations found by a string outside the registry", len(string_lookups())


if __name__ == "__main__":
    for name, value in table():
        sys.stdout.write(f"{name:55} {value:>9,}\n")
    for name, value in sorted(folder_sizes().items()):
        sys.stdout.write(f"{name:55} {value:>9}\n")
