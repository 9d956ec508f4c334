"""A solver as one program: traced and compiled once, and run with other numbers after that."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from thalweg import tree
from thalweg.autodiff.reverse import captured_by
from thalweg.control import rolling  # noqa: F401 (every program that is traced is rolled)
from thalweg.core.program import Symbol, finish, trace, uncollected
from thalweg.core.spec import default_dtypes
from thalweg.core.tape import is_recorded
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.engines.fingerprint import Fingerprint
from thalweg.engines.kept import MOST_KEPT, Cache, Captured
from thalweg.engines.randomness import warned_of_random_numbers
from thalweg.engines.registry import Fallback, chosen, warning_text
from thalweg.errors import ArgumentError
from thalweg.lines import level_of_user


@dataclass(frozen=True, eq=False)
class CompiledSolver:
    """A solver's program, compiled.

    Attributes:
        run: Maps the arrays of the leaves of its argument, and those captured, to its results.
        captured: What the user's functions refer to beside their arguments.
        structure: The tree of the results.
    """

    run: Callable[..., list[Any]]
    captured: Captured
    structure: tree.TreeDef


class Itself:
    """An object in a key that counts by identity: what is called and not traced."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Itself) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


SOLVERS: Cache[CompiledSolver] = Cache(64)


def solve(
    solver: Callable[[Any], Any],
    values: Any,
    users: Sequence[Any],
    key: Hashable,
    engine: str = "auto",
    fallback: Fallback = "callback",
) -> Any:
    """Return what a solver makes of its values, computed by an engine as one program.

    Args:
        solver: Maps the tree of values to a tree of tensors, in thalweg's operations and loops.
        values: A tree of arrays and numbers: where to start, arguments, tolerances. Other numbers
            in it are computed with the same program.
        users: The functions of the user that the solver calls. Where they, or anything that they
            refer to, have changed, the program is traced anew.
        key: What else the program depends on.
        engine: The engine's name.
        fallback: What becomes of what the native engine cannot compute.

    Returns:
        The tree of the results, of tensors. Among values that are traced, or of which a
        derivative is wanted, the operations are applied one by one.

    Raises:
        ThalwegError: Whatever tracing the functions or compiling the program raises.
    """
    leaves, definition = tree.flatten(values)
    given = [as_tensor(leaf) for leaf in leaves]
    if any(map(is_recorded, given)):
        return solver(tree.unflatten(definition, given))
    fingerprint = Fingerprint(tuple(users))
    kinds = tuple((tensor.spec, tensor.results) for tensor in given)
    known = (key, fingerprint.key, definition, kinds, engine, fallback, default_dtypes())
    try:
        found = SOLVERS.get(known) if fingerprint.key is not None else None
    except TypeError as error:
        raise ArgumentError(
            f"An option or argument cannot be compared to those of earlier runs: {error}. Give "
            "numbers, strings or tuples."
        ) from error
    if found is None:
        with uncollected():
            found = _compiled(solver, given, definition, fingerprint, (engine, fallback))
        if found is None:
            return solver(tree.unflatten(definition, given))
        if fingerprint.key is not None and found.captured.nbytes <= MOST_KEPT:
            found = SOLVERS.keep(known, found)
    arrays = [tensor.array for tensor in given]
    results = found.run(*arrays, *found.captured.arrays(fingerprint.arrays))
    return tree.unflatten(found.structure, [as_tensor(array) for array in results])


def _compiled(
    solver: Callable[[Any], Any],
    given: Sequence[Tensor],
    definition: tree.TreeDef,
    fingerprint: Fingerprint,
    choice: tuple[str, Fallback],
) -> CompiledSolver | None:
    """Return a solver compiled; None if it reads what is traced itself, or to be derived by."""

    def on_symbols(*tensors: Tensor) -> Any:
        arguments = [
            make(x.array, None, x.weak, like.results)
            for x, like in zip(tensors, given, strict=True)
        ]
        return solver(tree.unflatten(definition, arguments))

    with warned_of_random_numbers(solver):
        result, current, symbols = trace(on_symbols, [x.spec for x in given], _symbolic)
    leaves, structure = tree.flatten(result)
    outputs = [current.lift(as_tensor(leaf)) for leaf in leaves]
    program = finish(current, symbols, outputs)
    captured = captured_by(current)
    if any(map(is_recorded, captured)):
        return None
    to, lacking = chosen(choice[0], [program], choice[1])
    if lacking is not None:
        warnings.warn(warning_text(lacking), stacklevel=level_of_user())
    arrays = [tensor.array for tensor in captured]
    return CompiledSolver(to.compile(program), Captured.of(arrays, (), fingerprint), structure)


def _symbolic(symbol: Symbol) -> Tensor:
    return make(symbol, None, symbol.spec.weak)
