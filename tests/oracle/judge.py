"""One entry of the data base, judged: how many of its samples agree, mode by mode."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

import thalweg as tw
from tests.oracle import spelling
from tests.oracle.database import (
    Call,
    Sample,
    Untranslatable,
    as_array,
    dtype_of,
    flat,
    in_place_samples,
    samples,
    translated,
    wrong_samples,
)
from thalweg.core.spec import default_dtype
from thalweg.core.tensor import Tensor, make

MODES = ("values", "gradients", "in-place", "non-contiguous", "methods", "errors")
RELATIVE, OF_LARGEST = 1e-9, 1e-12


class Disagreement(Exception):
    """A result that is not PyTorch's."""


@dataclass
class Verdict:
    """What an entry's samples came to: how many agreed, of how many, and what the others said."""

    name: str
    agreed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MODES, 0))
    asked: dict[str, int] = field(default_factory=lambda: dict.fromkeys(MODES, 0))
    complaints: list[str] = field(default_factory=list)

    def note(self, mode: str, complaint: str | None) -> None:
        self.asked[mode] += 1
        self.agreed[mode] += complaint is None
        if complaint is not None:
            self.complaints.append(f"{mode}: {complaint}")


def judge(name: str, info: Any, modes: tuple[str, ...] = MODES) -> Verdict | None:
    """Return the verdict on an entry, or None if thalweg has no such function."""
    call = spelling.function_of(name, info)
    if call is None or dtype_of(info) is None:
        return None
    before = default_dtype()
    tw.set_default_dtype(tw.float32)  # as PyTorch's is
    try:
        return _judged(name, info, call, modes)
    finally:
        tw.set_default_dtype(before)


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
            _judge_error(verdict, call, sample, wanted)
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


def _judge_call(verdict: Verdict, info: Any, call: Call, sample: Sample, number: int) -> None:
    taken: list[tuple[Any, Tensor]] = []
    try:
        wanted = info.op(*sample.args, **sample.kwargs)
        args, kwargs = translated((sample.args, sample.kwargs), taken)
        as_leaves = [leaf for leaf in flat(wanted) if isinstance(leaf, torch.Tensor)]
        _ = [as_array(leaf) for leaf in as_leaves]
    except (Untranslatable, RuntimeError, NotImplementedError):
        return
    found = None
    try:
        found = call(*args, **kwargs)
        _compare_all(found, wanted, spelling.is_unspecified(info))
        complaint = None
    except Exception as error:
        complaint = f"{_shown(sample)} {_said(error)}"
    verdict.note("values", complaint)
    asked, complaint = _gradients(found, wanted, taken, number)
    if asked:
        verdict.note("gradients", complaint and f"{_shown(sample)} {complaint}")


def _judge_noncontiguous(
    verdict: Verdict, info: Any, call: Call, sample: Sample, number: int
) -> None:
    taken: list[tuple[Any, Tensor]] = []
    try:
        wanted = info.op(*sample.args, **sample.kwargs)
        args, kwargs = translated((sample.args, sample.kwargs), taken, copy=False)
        _ = [as_array(leaf) for leaf in flat(wanted) if isinstance(leaf, torch.Tensor)]
    except (Untranslatable, RuntimeError, NotImplementedError):
        return
    try:
        found = call(*args, **kwargs)
        _compare_all(found, wanted, spelling.is_unspecified(info))
        _, complaint = _gradients(found, wanted, taken, number)
    except Exception as error:
        complaint = _said(error)
    verdict.note("non-contiguous", complaint and f"{_shown(sample)} {complaint}")


def _judge_method(verdict: Verdict, info: Any, method: Call, sample: Sample) -> None:
    try:
        wanted = info.method_variant(*sample.args, **sample.kwargs)
        args, kwargs = translated((sample.args, sample.kwargs), [])
        _ = [as_array(leaf) for leaf in flat(wanted) if isinstance(leaf, torch.Tensor)]
    except Exception:
        return
    try:
        _compare_all(method(*args, **kwargs), wanted, spelling.is_unspecified(info))
        complaint = None
    except Exception as error:
        complaint = f"{_shown(sample)} {_said(error)}"
    verdict.note("methods", complaint)


def _judge_in_place(
    verdict: Verdict, info: Any, written: Call, sample: Sample, number: int
) -> None:
    taken: list[tuple[Any, Tensor]] = []
    first, *others = sample.args
    try:
        args, kwargs = translated((sample.args, sample.kwargs), taken)
        wanted = info.inplace_variant(first.clone(), *others, **sample.kwargs)
        as_array(wanted)
    except Exception:
        return
    start, *rest = args
    complaint = None
    try:
        copied = start.clone()
        found = written(copied, *rest, **kwargs)
        if found is not copied:
            raise Disagreement("it returned another tensor than it changed")
        _compare_all(found, wanted, spelling.is_unspecified(info))
        _, complaint = _gradients(found, wanted, taken, number)
        if complaint is None and first.requires_grad:
            complaint = _refusal_of_leaf(written, start, rest, kwargs)
    except Exception as error:
        complaint = _said(error)
    verdict.note("in-place", complaint and f"{_shown(sample)} {complaint}")


def _refusal_of_leaf(written: Call, leaf: Tensor, rest: Any, kwargs: Any) -> str | None:
    try:
        written(leaf, *rest, **kwargs)
    except RuntimeError:
        return None
    return "a leaf that requires grad was changed in place"


def _judge_error(verdict: Verdict, call: Call, sample: Sample, wanted: Any) -> None:
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


# ---- comparing


def _compare_all(found: Any, wanted: Any, shapes_alone: bool) -> None:
    ours, theirs = flat(found), flat(wanted)
    if len(ours) != len(theirs):
        raise Disagreement(f"{len(ours)} results, not {len(theirs)}")
    for one, other in zip(ours, theirs, strict=True):
        _compare(one, other, shapes_alone)


def _compare(found: Any, wanted: Any, shapes_alone: bool) -> None:
    if not isinstance(wanted, torch.Tensor):
        if isinstance(found, Tensor):
            found = found.item()
        _compare_arrays(np.asarray(found), np.asarray(wanted))
        return
    if not isinstance(found, Tensor):
        raise Disagreement(f"a {type(found).__name__}, not a tensor")
    ours, theirs = found.detach().numpy(), as_array(wanted)
    if ours.dtype != theirs.dtype:
        raise Disagreement(f"dtype {ours.dtype}, not {theirs.dtype}")
    if shapes_alone:
        if ours.shape != theirs.shape:
            raise Disagreement(f"shape {ours.shape}, not {theirs.shape}")
        return
    _compare_arrays(ours, theirs)


def _compare_arrays(found: Any, wanted: Any) -> None:
    if found.shape != wanted.shape:
        raise Disagreement(f"shape {found.shape}, not {wanted.shape}")
    if wanted.dtype.kind not in "fc":
        if not np.array_equal(found, wanted):
            raise Disagreement("other values")
        return
    relative = 1e-5 if wanted.dtype.itemsize < 8 else RELATIVE
    sizes = np.abs(wanted[np.isfinite(wanted)])
    allowed = relative if relative > RELATIVE else OF_LARGEST * max(1.0, sizes.max(initial=0.0))
    if not np.allclose(found, wanted, rtol=relative, atol=allowed, equal_nan=True):
        with np.errstate(all="ignore"):
            worst = np.nanmax(np.abs(found - wanted))
        raise Disagreement(f"values differ by {worst:.3g}")


def _gradients(found: Any, wanted: Any, taken: Any, number: int) -> tuple[bool, str | None]:
    """Tell whether derivatives were asked for, and what is wrong with ours."""
    theirs = flat(wanted)
    places = [i for i, leaf in enumerate(theirs) if getattr(leaf, "requires_grad", False)]
    if not taken or not places:
        return False, None
    generator = torch.Generator().manual_seed(number)
    outputs = [theirs[i] for i in places]
    weights = [torch.randn(o.shape, dtype=o.dtype, generator=generator) for o in outputs]
    inputs = [item for item, _ in taken]
    try:
        right = torch.autograd.grad(outputs, inputs, weights, allow_unused=True)
        arrays = [None if g is None else as_array(g) for g in right]
    except (Untranslatable, RuntimeError):
        return False, None
    ours = flat(found)
    if len(ours) != len(theirs):
        return True, "no results to differentiate"
    try:
        # Derivatives here are transposed without conjugation, as JAX's; PyTorch's conjugates.
        pairs = [
            (ours[i], make(as_array(w).conj()))
            for i, w in zip(places, weights, strict=True)
            if ours[i].requires_grad
        ]
        _compare_gradients(pairs, [own for _, own in taken], arrays)
    except Exception as error:
        return True, _said(error)
    return True, None


def _compare_gradients(pairs: Any, inputs: list[Tensor], arrays: list[Any]) -> None:
    found: Any = [None] * len(inputs)
    if pairs:
        outputs, weights = zip(*pairs, strict=True)
        found = tw.autograd.grad(list(outputs), inputs, list(weights), allow_unused=True)
    for own, got, want in zip(inputs, found, arrays, strict=True):
        zeros = np.zeros(own.shape, own.dtype)
        ours = zeros if got is None else got.detach().numpy().conj()
        try:
            _compare_arrays(ours, zeros if want is None else want)
        except Disagreement as error:
            raise Disagreement(f"gradient: {error}") from None
