"""One step of the walk: a public function, called with operands of one dtype, in every way."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import thalweg as tw
from tests.by_type.oracles import oracle_of
from tests.by_type.samples import Call
from thalweg import torch as wing
from thalweg.core.program import Program, finish, trace
from thalweg.core.tensor import Tensor, make
from thalweg.engines.numpy import NumpyEngine
from thalweg.errors import ThalwegError

Array = np.ndarray[Any, Any]
DTYPES = [np.dtype(code) for code in "?bhiqBHIQfdFD"]
CLOSE = {"f": 3e-4, "e": 2e-2}


class Refused(Exception):
    """What was asked has no answer, in the words of the one who was asked."""


def converted(values: Array, dtype: np.dtype[Any]) -> Array:
    """Return an operand in a dtype: small numbers of both signs of integers, halves of Booleans."""
    if dtype.kind == "b":
        return values > np.median(values)
    if dtype.kind in "iu":
        return np.rint(values * 10).astype(dtype)
    if dtype.kind == "c":
        return (values + 0.3j * values[..., ::-1] if values.ndim else values + 0.3j).astype(dtype)
    return values.astype(dtype)


def is_operand(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.float64


def operands(call: Call, dtype: np.dtype[Any]) -> list[Array]:
    """Return a call's operands in a dtype, in order."""
    found = [converted(x, dtype) for x in _leaves((call.args, call.kwargs)) if is_operand(x)]
    return list(map(_hermitian, found)) if call.hermitian else found


def _hermitian(x: Array) -> Array:
    return ((x + np.conj(x).T) / 2).astype(x.dtype) if x.dtype.kind in "fc" else x


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def apply(function: Callable[..., Any], call: Call, given: Any) -> Any:
    """Call a function with its sample's arguments, other operands in their places."""
    rest = iter(given)

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(item) for key, item in value.items()}
        if type(value) in (list, tuple):
            return type(value)(map(filled, value))
        return next(rest) if is_operand(value) else value

    return function(*filled(call.args), **filled(call.kwargs))


def parts(found: Any) -> list[Any]:
    """Return the arrays of a result, whatever they are in."""
    if isinstance(found, (list, tuple)) and not isinstance(found, wing.Size):
        return [item for part in found for item in parts(part)]
    return [found]


def asked(function: Callable[..., Any], *args: Any) -> list[Any]:
    """Return the parts of a result.

    Raises:
        Refused: If the function raised one of the errors that its users expect.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return parts(function(*args))
        except (ThalwegError, TypeError, ValueError, NotImplementedError, RuntimeError) as error:
            raise Refused(f"{type(error).__name__}: {error}".splitlines()[0]) from None
        except (AssertionError, IndexError, np.exceptions.AxisError) as error:
            if isinstance(error, (ThalwegError, np.exceptions.AxisError)):
                raise Refused(str(error)) from None
            raise


def arrays(found: list[Any]) -> list[Array]:
    """Return results as arrays; a dtype is told by its number."""
    plain = [x.detach() if isinstance(x, Tensor) else x for x in found]
    return [np.asarray(np.dtype(x).num if isinstance(x, (type, np.dtype)) else x) for x in plain]


def differ(found: list[Array], wanted: list[Array], code: str) -> str:
    """Return how two results differ in shape or value, nothing where they agree."""
    if len(found) != len(wanted):
        return f"{len(found)} results, not {len(wanted)}"
    close = CLOSE.get(code, 1e-9)
    for one, other in zip(found, wanted, strict=True):
        if one.shape != other.shape:
            return f"shape {one.shape}, not {other.shape}"
        if not np.allclose(one, other, rtol=close, atol=close, equal_nan=True):
            return f"values {one.ravel()[:3]}, not {other.ravel()[:3]}"
    return ""


def dtypes(found: list[Array]) -> list[np.dtype[Any]]:
    return [array.dtype for array in found]


# ---- the ways


@dataclass(frozen=True)
class Verdict:
    """What a way gives: a mark for the table, and what is wrong, if anything."""

    mark: str
    wrong: str = ""


# As the oracle; the same value in another dtype; refused; where the oracle refuses; without an
# oracle; a derivative that is zero everywhere; no number to differentiate.
SAME, OTHER, REFUSED, BEYOND, OWN, ZERO, NONE = "=", "≈", "–", "+", "·", "0", " "

# Whose values are anything.
UNWRITTEN = {"empty_like"}


def eager(name: str, function: Callable[..., Any], call: Call, dtype: np.dtype[Any]) -> Verdict:
    """Compare the value and the dtype with the oracle's."""
    given = operands(call, dtype)
    library, oracle = oracle_of(name) if call.oracle is None else ("NumPy", call.oracle)
    found = _outcome(function, call, list(map(tw.tensor, given)))
    if isinstance(found, Refused):
        return Verdict(REFUSED)
    if library == "PyTorch" and dtype.kind in "biu":
        # It has integers of its own kind: they wrap, are truncated, or have no such function.
        oracle = None
    if library == "SciPy" and dtype.kind in "biu":
        given = [x.astype(np.float64) for x in given]
    wanted = Refused() if oracle is None else _outcome(oracle, call, given)
    if isinstance(wanted, Refused):
        return _beside_doubles(function, call, dtype, found, OWN if oracle is None else BEYOND)
    wrong = differ(found, wanted, _coarsest(dtype, found, wanted))
    if name in UNWRITTEN:
        wrong = ""
    if wrong:
        return Verdict("x", f"{library}: {wrong}")
    return Verdict(SAME if dtypes(found) == dtypes(wanted) else OTHER)


def _outcome(function: Callable[..., Any], call: Call, given: list[Any]) -> Any:
    try:
        return arrays(asked(apply, function, call, given))
    except Refused as refusal:
        return refusal


def _coarsest(dtype: np.dtype[Any], *results: list[Array]) -> str:
    codes = {dtype.char, *(array.dtype.char for found in results for array in found)}
    return "e" if "e" in codes else "f" if codes & {"f", "F"} else "d"


def _beside_doubles(
    function: Callable[..., Any], call: Call, dtype: np.dtype[Any], found: list[Array], mark: str
) -> Verdict:
    """Compare with the same function's result in double precision, where nobody else has it."""
    if all(array.dtype.kind not in "fc" for array in found):
        return Verdict(mark)
    given = [tw.tensor(x.astype("D" if dtype.kind == "c" else "d")) for x in operands(call, dtype)]
    wanted = _outcome(function, call, given)
    if isinstance(wanted, Refused):
        return Verdict(mark)
    wrong = differ(found, wanted, "f" if dtype.char in "fF" else "d")
    return Verdict(mark, f"float64: {wrong}" if wrong else "")


# ---- traced: the program's dtypes and values are those of eager execution


@dataclass(frozen=True)
class Traced:
    """A call as a program: what it reads after the operands, and whether the native engine can."""

    program: Program
    captured: list[Array]

    def run(self, given: list[Array]) -> list[Array]:
        return NumpyEngine().compile(self.program)(*given, *self.captured)


def traced(function: Callable[..., Any], given: list[Array]) -> Traced:
    """Return the program of a function of tensors.

    Raises:
        Refused: If it cannot be traced.
    """
    specs = [tw.tensor(x).spec for x in given]
    result, current, inputs = trace(lambda *t: asked(function, *t), specs, make)
    outputs = [
        current.lift(tw.asarray(part)) for part in result if not isinstance(part, (type, np.dtype))
    ]
    program = finish(current, inputs, outputs)
    program.check()
    return Traced(program, [np.asarray(tensor.array) for tensor, _ in current.captured.values()])


def compiled(
    function: Callable[..., Any], call: Call, dtype: np.dtype[Any]
) -> tuple[Verdict, Traced | None]:
    """Compare a traced call with an eager one."""
    given = operands(call, dtype)
    found = _outcome(function, call, list(map(tw.tensor, given)))
    try:
        program = traced(lambda *tensors: apply(function, call, tensors), given)
    except Refused:
        return Verdict(REFUSED), None
    if isinstance(found, Refused):
        try:
            asked(program.run, given)
        except Refused:
            return Verdict(REFUSED), None
        return Verdict("x", f"runs, but is refused eagerly: {found}"), None
    found = [array for array in found if array.dtype != object]
    got = program.run(given)
    stated = [symbol.spec.dtype for symbol in program.program.outputs]
    if got and not dtypes(got) == stated == dtypes(found):
        return Verdict(
            "x", f"dtypes {stated} stated, {dtypes(got)} run, {dtypes(found)} eager"
        ), None
    wrong = differ(got, found, _coarsest(dtype, found)) if got else ""
    return Verdict("x" if wrong else SAME, wrong), program


# ---- batched: a function of a stack is the stack of the function


def batched(function: Callable[..., Any], call: Call, dtype: np.dtype[Any]) -> Verdict:
    first, *rest = operands(call, dtype)
    other = first[::-1].copy() if first.ndim else first
    tensors = [tw.tensor(x) for x in rest]

    def of_first(x: Any) -> Any:
        return tuple(asked(apply, function, call, [x, *tensors]))

    wanted = [_outcome(function, call, [tw.tensor(x), *tensors]) for x in (first, other)]
    if any(isinstance(found, Refused) for found in wanted):
        return Verdict(REFUSED)
    try:
        found = arrays(asked(tw.vmap(of_first), tw.tensor(np.stack([first, other]))))
    except Refused:
        return Verdict(REFUSED)
    stacked = [np.stack(pair) for pair in zip(*wanted, strict=True)]
    wrong = differ(found, stacked, _coarsest(dtype, found))
    if not wrong and dtypes(found) != dtypes(stacked):
        wrong = f"dtypes {dtypes(found)}, not {dtypes(stacked)}"
    return Verdict("x" if wrong else SAME, wrong)


# ---- differentiated: the slope in a direction is that of differences


def along(function: Callable[..., Any], call: Call, dtype: np.dtype[Any]) -> Callable[[Any], Any]:
    """Return a function of a number t: a weighted sum of the results at x + t d."""
    random = np.random.default_rng(3)
    given = operands(call, dtype)
    directions = [random.uniform(0.5, 1.0, x.shape).astype(x.dtype) for x in given]
    if call.hermitian:
        directions = list(map(_hermitian, directions))

    def moved(t: Any) -> Any:
        total: Any = 0.0
        for part in asked(
            apply, function, call, [x + t * d for x, d in zip(given, directions, strict=True)]
        ):
            if not isinstance(part, Tensor) or part.dtype.kind not in "fc":
                continue
            for real in (part,) if part.dtype.kind == "f" else (part.real, part.imag):
                weights = np.cos(1.0 + np.arange(real.size)).reshape(real.shape)
                total = total + tw.sum(real * weights.astype(real.dtype))
        return total

    return moved


def sloped(function: Callable[..., Any], call: Call, dtype: np.dtype[Any]) -> tuple[Verdict, float]:
    """Compare the derivative with differences in double precision."""
    moved = along(function, call, dtype)
    single = dtype.char in "fF"
    start = tw.tensor(np.zeros((), np.float32 if single else np.float64))
    try:
        value = asked(moved, start)[0]
        if not isinstance(value, Tensor):
            return Verdict(NONE), 0.0
        (slope,) = arrays(asked(tw.grad(moved), start))
    except Refused:
        return Verdict(REFUSED), 0.0
    exact = along(function, call, np.dtype({"f": "d", "F": "D"}.get(dtype.char, dtype.char)))
    step = 1e-5
    try:
        ends = [
            float(asked(exact, tw.tensor(np.asarray(at)))[0])
            for at in (-2 * step, -step, step, 2 * step)
        ]
    except Refused as refusal:
        return Verdict("x", f"no differences: {refusal}"), 0.0
    wanted = (8 * (ends[2] - ends[1]) - (ends[3] - ends[0])) / (12 * step)
    close = 2e-3 if single else 1e-6
    if not abs(float(slope) - wanted) <= close * max(1.0, abs(wanted)):
        return Verdict("x", f"slope {float(slope)}, not {wanted}"), 0.0
    return Verdict(ZERO if wanted == 0 and float(slope) == 0 else SAME), wanted
