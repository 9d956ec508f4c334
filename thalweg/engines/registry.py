"""Engines by name, and the choice between them."""

from __future__ import annotations

import functools
import importlib
import warnings
from collections.abc import Sequence
from typing import Literal

from thalweg.core.program import Equation, Program
from thalweg.engines.engine import Engine
from thalweg.engines.numpy import NumpyEngine
from thalweg.errors import ArgumentError, EngineError, did_you_mean, printable
from thalweg.lines import level_of_user

# Imported on first use: each stands on a library that takes time to load or may be missing.
ENGINES = {
    "numpy": ("thalweg.engines.numpy", "NumpyEngine"),
    "native": ("thalweg.engines.llvm.engine", "NativeEngine"),
}

Fallback = Literal["callback", "refuse"]

FALLBACKS = ("callback", "refuse")

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


def choose(name: str, *programs: Program, fallback: Fallback = "callback") -> Engine:
    """Return the engine of a name that runs all these programs; "auto" is the native one.

    What the native engine cannot compute it calls NumPy for, with one warning that names the
    primitive and the line of the user's code.

    Raises:
        ArgumentError: If there is no engine of that name, or no such fallback.
        EngineError: If the engine asked for by name cannot be imported, or, with the fallback
            "refuse", the native engine cannot compute all.
    """
    found, lacking = chosen(name, programs, fallback)
    if lacking is not None:
        warnings.warn(warning_text(lacking), stacklevel=level_of_user())
    return found


def chosen(
    name: str, programs: Sequence[Program], fallback: Fallback
) -> tuple[Engine, Equation | None]:
    """Return an engine, as `choose` does, and what is to be warned of, if there is anything."""
    if fallback not in FALLBACKS:
        raise ArgumentError(
            f"fallback={fallback!r} was given.{did_you_mean(str(fallback), FALLBACKS)} It wants "
            f'"callback", to call NumPy for what the native engine lacks, or "refuse".'
        )
    if name not in ("auto", "native"):
        return engine(name), None
    try:
        native = engine("native")
    except EngineError as error:
        if name == "native":
            raise
        warnings.warn(f"Running on the slow reference engine. {error}", stacklevel=level_of_user())
        return NumpyEngine(), None
    lacking = [equation for program in programs for equation in native.unsupported(program)]
    if not lacking:
        return native, None
    equation = most_lacking(lacking)
    if fallback == "refuse":
        raise EngineError(refusal(equation))
    return getattr(native, "calling_back", native), equation


def most_lacking(equations: Sequence[Equation]) -> Equation:
    """Return the equation to be named among those that the native engine cannot compute."""
    # Conversions to a dtype that it lacks say less than what is computed with that dtype.
    moved = (e for e in equations if e.primitive.role is None)
    return next(moved, equations[0])


def refusal(equation: Equation) -> str:
    """Return what to say where the native engine is not to run what it cannot compute."""
    dtypes = ", ".join(symbol.dtype.name for symbol in equation.inputs)
    return (
        f"The native engine cannot run {printable(equation.primitive.name)} on {dtypes} "
        f'({equation.source}). Use other operations, fallback="callback", which calls NumPy for '
        'that one, or engine="numpy".'
    )


def warning_text(equation: Equation, share: float | None = None) -> str:
    """Return the warning of an equation that is called back for.

    Args:
        equation: The equation.
        share: What part of the time of a call was spent in calls back, if that is known.
    """
    line = f" (made at {equation.source})" if equation.source else ""
    used = {symbol.dtype.name for symbol in (*equation.inputs, equation.output)}
    strange = sorted(used - _DTYPES)
    kinds = f" on {', '.join(strange)}" if strange else ""
    time = "" if share is None else f", which took {share:.0%} of the time of the first call"
    return (
        f"The native engine cannot run {printable(equation.primitive.name)}{line}{kinds}; it "
        f"calls NumPy for that from inside its loop{time}. Rewrite that line where that costs too "
        'much; fallback="refuse" makes this an error.'
    )
