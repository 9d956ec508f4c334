"""One entry of the data base, judged: how many of its samples agree, mode by mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from tests.oracle import spelling
from tests.oracle.database import (
    Call,
    Sample,
    Untranslatable,
    as_array,
    called,
    dtype_of,
    flat,
    in_place_samples,
    samples,
    translated,
    wrong_samples,
)
from thalweg import torch as wing
from thalweg.torch.naming import make
from thalweg.torch.tensors import TorchTensor as Tensor

MODES = ("values", "gradients", "in-place", "non-contiguous", "methods", "errors")
# A difference is measured in parts of the number itself and a thousandth of the largest beside it
# (of 1 at least): TOLERANCE of that agrees, and how many samples differ by no more than CLOSE is
# told too. The few results in single precision agree to SINGLE of the number and the largest.
TOLERANCE, CLOSE, SINGLE = 1e-9, 1e-12, 1e-6


Taken = tuple[Any, Tensor]


class Disagreement(Exception):
    """A result that is not PyTorch's."""


@dataclass(frozen=True)
class Gradients:
    """Random weights of results by their places, of how many, and PyTorch's gradients."""

    weights: dict[int, Any]
    results: int
    arrays: list[Any]


@dataclass
class Verdict:
    """What an entry's samples came to: how many agreed, of how many, and what the others said."""

    name: str
    agreed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MODES, 0))
    asked: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MODES, 0))
    close: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MODES, 0))
    complaints: list[str] = field(default_factory=list)

    def note(self, mode: str, complaint: str | None, distance: float = 0.0) -> None:
        self.asked[mode] += 1
        self.agreed[mode] += complaint is None
        self.close[mode] += complaint is None and distance <= CLOSE
        if complaint is not None:
            self.complaints.append(f"{mode}: {complaint}")


def judge(name: str, info: Any, modes: tuple[str, ...] = MODES) -> Verdict | None:
    """Return the verdict on an entry, or None if thalweg has no such function."""
    call = spelling.function_of(name, info)
    if call is None or dtype_of(info) is None:
        return None
    before = wing.get_default_dtype()
    wing.set_default_dtype(wing.float32)  # as PyTorch's is
    try:
        return _judged(name, info, call, modes)
    finally:
        wing.set_default_dtype(before)


def _judged(name: str, info: Any, call: Call, modes: tuple[str, ...]) -> Verdict:
    verdict = Verdict(name)
    if {"values", "gradients"} & set(modes):
        for number, sample in enumerate(samples(info)):
            _judge_call(verdict, info, call, sample, number)
    if "non-contiguous" in modes:
        for number, sample in enumerate(samples(info, noncontiguous=True)):
            _judge_noncontiguous(verdict, info, call, sample, number)
    method = spelling.method_of(name, info)
    if "methods" in modes and method is not None:
        for sample in samples(info):
            _judge_method(verdict, info, method, sample)
    written = spelling.in_place_of(info)
    if "in-place" in modes and written is not None:
        for number, sample in enumerate(in_place_samples(info)):
            _judge_in_place(verdict, info, written, sample, number)
    if "errors" in modes:
        for sample, wanted in wrong_samples(info):
            _judge_error(verdict, info, call, sample, wanted)
    return verdict


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:160]}"


def _shown(sample: Sample) -> str:
    def text(value: Any) -> str:
        if isinstance(value, torch.Tensor):
            return f"{str(value.dtype)[6:]}{list(value.shape)}"
        if isinstance(value, tuple | list):
            return f"[{', '.join(map(text, value))}]"
        return repr(value)

    named = [f"{key}={text(value)}" for key, value in sample.kwargs.items()]
    return f"({', '.join([*map(text, sample.args), *named])})"


def _try(verdict: Verdict, mode: str, sample: Sample, distance: Callable[[], float]) -> None:
    """Note how far results are apart, or what is wrong with them."""
    try:
        verdict.note(mode, None, distance())
    except Exception as error:
        verdict.note(mode, f"{_shown(sample)} {_said(error)}")


def _judge_call(verdict: Verdict, info: Any, call: Call, sample: Sample, number: int) -> None:
    asked = _asked(info, info.op, sample)
    if asked is None:
        return
    wanted, args, kwargs, taken = asked
    found: list[Any] = []

    def values() -> float:
        found.append(called(info, call, sample, args, kwargs))
        return _compare_all(found[0], wanted, spelling.is_unspecified(info))

    _try(verdict, "values", sample, values)
    right = _wanted_gradients(wanted, taken, number)
    if right is not None:
        ours = found[0] if found else None
        _try(verdict, "gradients", sample, lambda: _compare_gradients(ours, taken, right))


def _judge_noncontiguous(
    verdict: Verdict, info: Any, call: Call, sample: Sample, number: int
) -> None:
    asked = _asked(info, info.op, sample, copy=False)
    if asked is None:
        return
    wanted, args, kwargs, taken = asked

    def all_of_it() -> float:
        found = called(info, call, sample, args, kwargs)
        distance = _compare_all(found, wanted, spelling.is_unspecified(info))
        right = _wanted_gradients(wanted, taken, number)
        return distance if right is None else max(distance, _compare_gradients(found, taken, right))

    _try(verdict, "non-contiguous", sample, all_of_it)


def _judge_method(verdict: Verdict, info: Any, method: Call, sample: Sample) -> None:
    asked = _asked(info, info.method_variant, sample)
    if asked is None:
        return
    wanted, args, kwargs, _ = asked

    def values() -> float:
        found = called(info, method, sample, args, kwargs)
        return _compare_all(found, wanted, spelling.is_unspecified(info))

    _try(verdict, "methods", sample, values)


def _judge_in_place(
    verdict: Verdict, info: Any, written: Call, sample: Sample, number: int
) -> None:
    first, *others = sample.args
    try:
        taken: list[Taken] = []
        args, kwargs = translated((sample.args, sample.kwargs), taken)
        wanted = info.inplace_variant(first.clone(), *others, **sample.kwargs)
        as_array(wanted)
    except Exception:
        return
    start, *rest = args

    def all_of_it() -> float:
        copied = start.clone()
        found = written(copied, *rest, **kwargs)
        if found is not copied:
            raise Disagreement("it returned another tensor than it changed")
        distance = _compare_all(found, wanted, spelling.is_unspecified(info))
        right = _wanted_gradients(wanted, taken, number)
        if right is not None:
            distance = max(distance, _compare_gradients(found, taken, right))
        if first.requires_grad:
            _require_refusal(written, start, rest, kwargs)
        return distance

    _try(verdict, "in-place", sample, all_of_it)


def _asked(
    info: Any, theirs: Call, sample: Sample, copy: bool = True
) -> tuple[Any, Any, Any, list[Taken]] | None:
    """Return what PyTorch says, and thalweg's arguments; None of what PyTorch alone can say."""
    taken: list[Taken] = []
    try:
        wanted = called(info, theirs, sample, sample.args, sample.kwargs)
        args, kwargs = translated((sample.args, sample.kwargs), taken, copy)
        _ = [as_array(leaf) for leaf in flat(wanted) if isinstance(leaf, torch.Tensor)]
    except (Untranslatable, RuntimeError, NotImplementedError, TypeError, ValueError):
        return None
    return wanted, args, kwargs, taken


def _require_refusal(written: Call, leaf: Tensor, rest: Any, kwargs: Any) -> None:
    try:
        written(leaf, *rest, **kwargs)
    except RuntimeError:
        return
    raise Disagreement("a leaf that requires grad was changed in place")


def _judge_error(verdict: Verdict, info: Any, call: Call, sample: Sample, wanted: Any) -> None:
    if not _is_refused(info.op, sample):
        return  # the data base says it is, for all functions of a kind
    try:
        args, kwargs = translated((sample.args, sample.kwargs), [], copy=False, known={})
    except Exception:
        return
    expected = getattr(wanted, "__name__", wanted)
    try:
        call(*args, **kwargs)
        complaint: str | None = f"{_shown(sample)} no error; PyTorch raises {expected}"
    except Exception as error:
        fits = isinstance(error, wanted)
        complaint = None if fits else f"{_shown(sample)} {_said(error)}, not {expected}"
    verdict.note("errors", complaint)


def _is_refused(theirs: Call, sample: Sample) -> bool:
    try:
        theirs(*sample.args, **sample.kwargs)
    except Exception:
        return True
    return False


# ---- comparing


def _compare_all(found: Any, wanted: Any, shapes_alone: bool) -> float:
    """Return the largest distance of results."""
    ours, theirs = flat(found), flat(wanted)
    if len(ours) != len(theirs):
        raise Disagreement(f"{len(ours)} results, not {len(theirs)}")
    pairs = zip(ours, theirs, strict=True)
    return max((_compare(one, other, shapes_alone) for one, other in pairs), default=0.0)


def _compare(found: Any, wanted: Any, shapes_alone: bool) -> float:
    if not isinstance(wanted, torch.Tensor):
        if isinstance(found, Tensor):
            found = found.item()
        return _compare_arrays(np.asarray(found), np.asarray(wanted))
    if not isinstance(found, Tensor):
        raise Disagreement(f"a {type(found).__name__}, not a tensor")
    ours, theirs = found.detach().numpy(), as_array(wanted)
    if ours.dtype != theirs.dtype:
        raise Disagreement(f"dtype {ours.dtype}, not {theirs.dtype}")
    if not shapes_alone:
        return _compare_arrays(ours, theirs)
    if ours.shape != theirs.shape:
        raise Disagreement(f"shape {ours.shape}, not {theirs.shape}")
    return 0.0


def _compare_arrays(found: Any, wanted: Any) -> float:
    if found.shape != wanted.shape:
        raise Disagreement(f"shape {found.shape}, not {wanted.shape}")
    if wanted.dtype.kind not in "fc":
        if not np.array_equal(found, wanted):
            raise Disagreement("other values")
        return 0.0
    finite = np.isfinite(wanted)
    # Infinities and NaN in the same places; the rest by its distance.
    if not np.array_equal(found[~finite], wanted[~finite], equal_nan=True):
        raise Disagreement("other infinities or NaN")
    single = np.finfo(wanted.dtype).bits < 64
    sizes = np.abs(wanted[finite])
    apart = np.abs(found[finite] - wanted[finite])
    parts = sizes + (1.0 if single else 1e-3) * max(1.0, sizes.max(initial=0.0))
    distance = float(np.max(apart / parts, initial=0.0))
    if not distance <= (SINGLE if single else TOLERANCE):
        raise Disagreement(f"values differ by {apart.max():.3g}")
    return 0.0 if single else distance


def _wanted_gradients(wanted: Any, taken: list[Taken], number: int) -> Gradients | None:
    """Return random weights of PyTorch's results and the gradients for them, if there are any."""
    theirs = flat(wanted)
    places = [i for i, leaf in enumerate(theirs) if getattr(leaf, "requires_grad", False)]
    if not taken or not places:
        return None
    generator = torch.Generator().manual_seed(number)
    outputs = [theirs[i] for i in places]
    weights = [torch.randn(o.shape, dtype=o.dtype, generator=generator) for o in outputs]
    inputs = [item for item, _ in taken]
    try:
        right = torch.autograd.grad(outputs, inputs, weights, allow_unused=True)
        arrays = [None if g is None else as_array(g) for g in right]
    except (Untranslatable, RuntimeError):
        return None
    weighted = {i: as_array(weight) for i, weight in zip(places, weights, strict=True)}
    return Gradients(weighted, len(theirs), arrays)


def _compare_gradients(found: Any, taken: list[Taken], right: Gradients) -> float:
    ours = flat(found)
    if len(ours) != right.results:
        raise Disagreement("no results to differentiate")
    pairs = [(ours[i], make(w)) for i, w in right.weights.items() if ours[i].requires_grad]
    inputs = [own for _, own in taken]
    slopes: Any = [None] * len(inputs)
    if pairs:
        outputs, weights = zip(*pairs, strict=True)
        slopes = wing.autograd.grad(list(outputs), inputs, list(weights), allow_unused=True)
    distance = 0.0
    for own, got, want in zip(inputs, slopes, right.arrays, strict=True):
        zeros = np.zeros(own.shape, own.dtype)
        one = zeros if got is None else got.detach().numpy()
        try:
            distance = max(distance, _compare_arrays(one, zeros if want is None else want))
        except Disagreement as error:
            raise Disagreement(f"gradient: {error}") from None
    return distance
