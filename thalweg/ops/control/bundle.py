"""Bundles: several values that one primitive gives together, taken out one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.core.apply import apply, repeated
from thalweg.core.primitive import general
from thalweg.core.spec import Array, Bundle, Spec, pack
from thalweg.core.tape import PartDerivatives
from thalweg.core.tensor import Tensor


def _part_spec(bundle: Spec, number: int) -> Spec:
    assert isinstance(bundle, Bundle)
    return bundle.parts[number]


@general(
    _part_spec,
    lambda g, out, bundle, number: PartDerivatives({number: g}),
    forward=lambda tangents, out, bundle, number: tangents[0].get(number),
    strong=True,
    role="part",
    batch=lambda primitive, size, operands, flags, params: apply(primitive, operands, params),
)
def part(bundle: Array, *, number: int) -> Any:
    """Return one of the values of a bundle."""
    return bundle[number]


@general(
    lambda *specs: Bundle.of(specs),
    variadic=lambda g, out, *values: (g.get(number) for number in range(len(values))),
    forward=lambda tangents, out, *values: PartDerivatives(
        {number: t for number, t in enumerate(tangents) if t is not None}
    ),
    strong=True,
    role="whole",
    work=lambda *specs: 0,
    batch=lambda primitive, size, operands, flags, params: apply(
        primitive, repeated(size, operands, flags), params
    ),
)
def packed(*values: Array) -> Array:
    """Return values as one bundle."""
    return pack(values)


def parts(bundle: Tensor, numbers: Sequence[int]) -> list[Tensor]:
    """Return some of the values of a bundle."""
    return [apply(part, (bundle,), {"number": number}) for number in numbers]
