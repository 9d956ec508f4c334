"""Modules that answer to the name `optax` with what `thalweg.optim` has of it.

Optax's tests import the files that things are written in, such as `optax._src.alias`. Each of these
is a module here in which a name is looked up where it is public: in the namespace of the same path,
in the one above a private file, and in all others. The files of tests are themselves imported from
a folder into which they were copied.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.optim.names import MODULES
from thalweg.optim import masking

OURS = "thalweg.optim"

NAMESPACES = (*MODULES, "numerics", "experimental", "perturbations.multi_normal")


@contextlib.contextmanager
def in_64_bits(enable: bool) -> Iterator[None]:
    """Compute in 64 bits inside a with-block, or not."""
    import jax

    with jax.enable_x64(enable):
        yield


def precondition_by_lbfgs(
    updates: Any, moves: Any, changes: Any, weights: Any, identity_scale: Any, memory_idx: Any
) -> Any:
    """Return updates times the inverse Hessian of a memory."""
    import numpy as np

    from thalweg.ops.numpy.kinds import on_tensors
    from thalweg.optim.optimizers.quasi_newton.lbfgs import _preconditioned

    return on_tensors(_preconditioned)(
        updates, moves, changes, weights, identity_scale, np.asarray(memory_idx)
    )


def muon_reshape(x: Any, numbers: Any) -> Any:
    """Return what makes matrices of a tensor, and what makes it of them."""
    from thalweg.optim.optimizers.matrix.axes import view

    found = view(x, numbers, "muon")
    return lambda y: found.flat(y).reshape(-1, found.rows, found.columns), found.back


# What Optax's tests take of its files that is public nowhere, and is no part of what is tested.
PRIVATE: dict[str, Any] = {
    "_src.transform._precondition_by_lbfgs": precondition_by_lbfgs,
    "contrib._muon._compute_muon_reshape": muon_reshape,
    "transforms._masking._mask_callable": masking.is_function,
    "_src.base.ArrayTree": Any,
    "_src.base.PRNGKey": Any,
    "_src.base.Shape": Any,
    "_src.utils.x64_precision": in_64_bits,
}


def _namespace(path: str) -> ModuleType | None:
    """Return our namespace of a path; None if there is none."""
    found: Any = importlib.import_module(OURS)
    for part in filter(None, path.split(".")):
        found = getattr(found, part, None)
    return found if isinstance(found, ModuleType) else None


def _homes(path: str) -> Iterator[str]:
    """Yield where names of a module may be public."""
    parts = path.split(".")
    if not any(part.startswith("_") for part in parts):
        yield path
        return
    yield ".".join(part.lstrip("_") for part in parts if part != "_src")
    yield ".".join(part for part in parts if not part.startswith("_"))
    yield from NAMESPACES


class Alias(ModuleType):
    """A module of Optax's, whose names are ours."""

    def __getattr__(self, name: str) -> Any:
        path = self.__name__.partition(".")[2]
        if f"{path}.{name}" in PRIVATE:
            return PRIVATE[f"{path}.{name}"]
        if not name.startswith("__") and path != "_src":
            for home in map(_namespace, _homes(path)):
                value = getattr(home, name, None)
                if isinstance(value, ModuleType):
                    return importlib.import_module(f"{self.__name__}.{name}")
                if value is not None:
                    return value
        # Of a package this says that the name may be one of its modules, which is then imported.
        raise AttributeError(f"thalweg has no {path}.{name}")


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a module for every name that begins with `optax`.

    Args:
        folder: Where Optax's files of tests are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        root, _, inner = fullname.partition(".")
        if root != "optax":
            return None
        if inner.endswith(("_test", "test_utils")):
            file = self.folder.joinpath(*inner.split(".")).with_suffix(".py")
            return importlib.util.spec_from_file_location(fullname, file)
        private = any(part.startswith("_") for part in inner.split("."))
        if not private and _namespace(inner) is None:
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Alias(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__path__ = []


def install(folder: Path) -> None:
    """Let `import optax` give these modules from now on.

    Args:
        folder: Where Optax's files of tests are.
    """
    for name in [name for name in sys.modules if name.partition(".")[0] == "optax"]:
        del sys.modules[name]
    sys.meta_path.insert(0, Finder(folder))
