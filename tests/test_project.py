"""What is true of the project as a whole: sizes, names, imports, documentation, commands."""

import ast
import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import house
from tests.house import FILES, PACKAGE, ROOT, functions_of, lines_of_code, parsed, relative

ALL_FILES = [
    *FILES,
    *sorted((ROOT / "tests").rglob("*.py")),
    *sorted((ROOT / "benchmarks").rglob("*.py")),
]
BANNED_NAMES = {"base", "common", "helper", "helpers", "misc", "util", "utils"}
IMPORT_BUDGET_SECONDS = 0.2
FILE_BUDGET, FUNCTION_BUDGET, FOLDER_BUDGET = 800, 60, 16

each_file = pytest.mark.parametrize("path", FILES, ids=relative)
each_file_at_all = pytest.mark.parametrize("path", ALL_FILES, ids=relative)


# ---- sizes and names


@each_file_at_all
def test_no_file_is_over_the_size_budget(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= FILE_BUDGET, f"{relative(path)} has {lines} lines; split it by what it does"


@each_file_at_all
def test_no_function_is_over_the_size_budget(path: Path) -> None:
    long = {
        f.name: n for f in functions_of(parsed(path)) if (n := lines_of_code(f)) > FUNCTION_BUDGET
    }
    assert not long, f"{relative(path)} has functions of too many lines: {long}"


def test_the_measure_of_a_function_leaves_out_its_docstring() -> None:
    source = 'def f():\n    """One.\n\n    Two.\n    """\n    x = 1\n    return x\n'
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    assert lines_of_code(function) == 3


@pytest.mark.parametrize("folder", house.folder_sizes())
def test_no_folder_has_more_files_than_one_sees_at_once(folder: str) -> None:
    assert house.folder_sizes()[folder] <= FOLDER_BUDGET


def test_no_two_classes_have_one_name() -> None:
    assert house.repeated_classes() == {}


def test_no_modules_import_one_another() -> None:
    assert house.import_cycles(type_checking=False) == []


def test_operations_are_found_by_a_string_in_the_registry_alone() -> None:
    assert house.string_lookups() == []


@each_file
def test_every_file_is_named_for_what_is_in_it(path: Path) -> None:
    names = set(path.relative_to(PACKAGE).with_suffix("").parts)
    # PyTorch's own paths are the wing's: torch.utils.data, torch.nn.utils.
    banned = BANNED_NAMES - {"utils"} if "torch" in names else BANNED_NAMES
    assert not names & banned, f"{relative(path)} is named for nothing"


# ---- what the package never does


def calls_of(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
        elif isinstance(node, ast.Import):
            yield from (f"import {alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"import {node.module}"


@each_file
def test_no_file_runs_text_or_loads_pickles(path: Path) -> None:
    banned = {"eval", "exec", "builtins.eval", "builtins.exec", "import dill", "import cloudpickle"}
    found = {
        call for call in calls_of(path) if call in banned or re.match(r"(pickle|shelve)\.", call)
    }
    assert not found, f"{relative(path)} uses {found}: text and files from outside must not run"


@each_file
def test_no_file_leaves_work_for_later(path: Path) -> None:
    found = re.findall(r"#.*\b(?:TODO|FIXME|XXX)\b.*", path.read_text(encoding="utf-8"))
    assert not found, f"{relative(path)}: {found}"


# ---- importing

IMPORT_PROBE = """
import sys, time
before = set(sys.modules)
import numpy
start = time.process_time()
import thalweg
seconds = time.process_time() - start
new = {
    name.partition(".")[0]
    for name, module in sys.modules.items()
    if name not in before and getattr(module, "__file__", None)
}
print(seconds, *sorted(new - set(sys.stdlib_module_names)))
"""


def import_probe() -> tuple[float, set[str]]:
    """Import thalweg in a new process; return its seconds after NumPy's own, and what it loaded."""
    # As installed: with compiled modules. Processor time, as other tests run at the same time.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    run = subprocess.run(
        [sys.executable, "-c", IMPORT_PROBE],
        cwd=ROOT, capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    seconds, *modules = run.stdout.split()
    return float(seconds), set(modules)


def test_import_loads_numpy_and_optree_alone() -> None:
    _, modules = import_probe()
    # typing_extensions is optree's own dependency
    assert modules <= {"numpy", "optree", "thalweg", "typing_extensions"}


def test_import_is_fast() -> None:
    best = min(import_probe()[0] for _ in range(5))
    assert best <= IMPORT_BUDGET_SECONDS, f"import thalweg took {best:.3f} s beyond NumPy"


# ---- documentation


def public_names() -> Iterator[tuple[str, object]]:
    """Yield every function and class that a module of the package lists in `__all__`."""
    names = ["thalweg"]
    names += [m.name for m in pkgutil.walk_packages([str(PACKAGE)], "thalweg.")]
    for name in names:
        if name.endswith("__main__"):
            continue
        module = importlib.import_module(name)
        assert module.__doc__, f"module {name} has no docstring"
        for public in getattr(module, "__all__", ()):
            yield f"{name}.{public}", getattr(module, public)


def test_every_public_name_is_documented() -> None:
    undocumented = [
        name
        for name, value in public_names()
        if (inspect.isroutine(value) or inspect.isclass(value)) and not inspect.getdoc(value)
    ]
    assert not undocumented


def test_every_error_is_also_a_builtin_and_stands_in_the_drawn_tree() -> None:
    errors = importlib.import_module("thalweg.errors")
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass)]
    classes = [c for c in classes if c.__module__ == errors.__name__]
    assert errors.ThalwegError in classes
    for error in classes:
        assert issubclass(error, errors.ThalwegError)
        assert error.__name__ in (errors.__doc__ or "")
        builtins = [c for c in error.__mro__ if c.__module__ == "builtins"]
        others = set(builtins) - {Exception, BaseException, object}
        assert others or error is errors.ThalwegError, f"{error.__name__} is no builtin"


# ---- commands


def test_continuous_integration_runs_the_command_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.split("## Test", 1)[1]
    command = re.search(r"```\n(.+)\n```", section)
    assert command is not None
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert command.group(1) in script.splitlines()


def test_every_folder_of_the_package_is_a_package() -> None:
    folders = {path.parent for path in FILES}
    assert all((folder / "__init__.py").exists() for folder in folders)


def test_the_hooks_before_a_commit_run_what_make_check_runs_but_the_tests() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    check = re.search(r"^check: (.+)$", makefile, re.MULTILINE)
    assert check is not None
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    entries = re.findall(r"^ +entry: (.+)$", hooks, re.MULTILINE)
    wanted = [f"make {target}" for target in check[1].split() if target != "test"]
    assert [entry for entry in entries if entry.startswith("make ")] == wanted
    # Nothing is downloaded: each hook is written there, and runs what is installed.
    assert re.findall(r"repo: (.+)$", hooks, re.MULTILINE) == ["local"]
    assert re.findall(r"language: (.+)$", hooks, re.MULTILINE) == ["system"] * len(entries)


CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([\w./]+/[\w./-]*)`", CONTRIBUTING))))
def test_the_places_where_things_are_added_are_there(path: str) -> None:
    if "NNNN" not in path:
        assert (ROOT / path).exists()


def test_the_tables_where_things_are_added_are_there() -> None:
    tables = set(re.findall(r"`([A-Z][A-Z_]{3,})`", CONTRIBUTING))
    assert len(tables) >= 15
    text = "\n".join(path.read_text(encoding="utf-8") for path in ALL_FILES)
    defined = set(re.findall(r"^([A-Z][A-Z_]+)(?:: [^=\n]+)? = ", text, re.MULTILINE))
    assert tables <= defined
