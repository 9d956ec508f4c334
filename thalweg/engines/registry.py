"""Engines by name, and the choice between them."""

from __future__ import annotations

import functools
import importlib
import warnings

from thalweg.core.program import Equation, Program, level_of_user
from thalweg.engines.engine import Engine
from thalweg.engines.numpy import NumpyEngine
from thalweg.errors import ArgumentError, EngineError, did_you_mean, printable

# Imported on first use: each stands on a library that takes time to load or may be missing.
ENGINES = {
    "numpy": ("thalweg.engines.numpy", "NumpyEngine"),
    "native": ("thalweg.engines.llvm.engine", "NativeEngine"),
}

_DTYPES = frozenset({"bool", "float32", "float64", "int32", "int64"})


@functools.cache
def engine(name: str) -> Engine:
    """Return the engine of a name: "native" or "numpy".

    Raises:
        ArgumentError: If there is no engine of that name.
        EngineError: If the library it stands on cannot be imported.

    Example:
        >>> engine("numpy").name
        'numpy'
    """
    if name not in ENGINES:
        raise ArgumentError(
            f"engine={name!r} was given.{did_you_mean(name, ENGINES)} It wants "
            f'"auto" or one of {", ".join(ENGINES)}.'
        )
    module, member = ENGINES[name]
    try:
        found: Engine = getattr(importlib.import_module(module), member)()
    except ImportError as error:
        raise EngineError(
            f"The engine {name!r} cannot be imported: {error}. "
            'Install what it needs, or choose engine="numpy".'
        ) from error
    return found


def choose(name: str, *programs: Program) -> Engine:
    """Return the engine of a name, or for "auto" the fastest that runs all these programs.

    "auto" is the native engine if it supports every equation, otherwise the reference engine
    with one warning that names the primitive and the line of the user's code.

    Raises:
        ArgumentError: If there is no engine of that name.
        EngineError: If the engine asked for by name cannot be imported.
    """
    if name != "auto":
        return engine(name)
    try:
        native = engine("native")
    except EngineError as error:
        warnings.warn(f"Running on the slow reference engine. {error}", stacklevel=level_of_user())
        return NumpyEngine()
    lacking = [equation for program in programs for equation in native.unsupported(program)]
    if not lacking:
        return native
    warnings.warn(_warning_text(lacking[0]), stacklevel=level_of_user())
    return NumpyEngine()


def _warning_text(equation: Equation) -> str:
    line = f" (made at {equation.source})" if equation.source else ""
    used = {symbol.dtype.name for symbol in (*equation.inputs, equation.output)}
    strange = sorted(used - _DTYPES)
    kinds = f" on {', '.join(strange)}" if strange else ""
    advice = "Convert those arrays with astype" if strange else "Rewrite that line"
    return (
        f"The native engine cannot run {printable(equation.primitive.name)}{line}{kinds}; the "
        f'whole program runs on the slow reference engine. {advice}, or choose engine="numpy" to '
        "silence this warning."
    )
