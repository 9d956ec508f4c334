"""PyTorch's functions for primitives that act on each element alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

Row = Callable[..., Any]

# By PyTorch's own names.
_NAMED = """
floor_divide remainder fmod gcd lcm nextafter maximum minimum where logaddexp hypot arctan2
logical_and logical_or logical_not negative sqrt exp expm1 log log1p sigmoid exp2 log2 log10
sin cos tan arctan tanh sinh cosh arcsin arccos arctanh arcsinh arccosh erf erfc erfinv lgamma
digamma divide add subtract multiply
"""


_SPECIAL = "erfcx ndtri i0e i1e zeta gammainc gammaincc"

_COMPARISONS = {
    "equal": torch.eq,
    "greater": torch.gt,
    "greater_equal": torch.ge,
    "less": torch.lt,
    "less_equal": torch.le,
    "not_equal": torch.ne,
}


def _whole(function: Row) -> Row:
    """Return a function of floats for all numbers: integers are their own."""
    return lambda x: function(x) if x.is_floating_point() else x.clone()


def _floor_divide(x: Any, y: Any) -> Any:
    if not x.is_floating_point():
        zero = y == 0
        return torch.where(zero, 0, torch.floor_divide(x, torch.where(zero, 1, y)))
    infinite = torch.isinf(x) | torch.isinf(y)
    return torch.where(infinite, torch.floor(x / y), torch.floor_divide(x, y))


def _of_integers(function: Row) -> Row:
    """Return a remainder that is 0 for a divisor 0, where integers have no NaN."""

    def kept(x: Any, y: Any) -> Any:
        if x.is_floating_point():
            return function(x, y)
        zero = y == 0
        return torch.where(zero, 0, function(x, torch.where(zero, 1, y)))

    return kept


def _sign(x: Any) -> Any:
    if x.is_complex():
        return torch.sgn(x)
    # PyTorch's sign of NaN is 0.
    return torch.where(torch.isnan(x), x, torch.sign(x)) if x.is_floating_point() else torch.sign(x)


def _absolute(x: Any) -> Any:
    return x.clone() if x.dtype == torch.bool else torch.abs(x)


def _square(x: Any) -> Any:
    return x * x


def _gamma(x: Any) -> Any:
    # Γ(x) Γ(1 − x) = π / sin πx; that of 0 and of whole numbers below has no sign.
    positive = x > 0
    size = torch.exp(torch.lgamma(torch.where(positive, x, 1 - x)))
    below = torch.pi / (torch.sin(torch.pi * x) * size)
    nothing = (x == torch.floor(x)) & (x < 0) | (x == -torch.inf)
    found = torch.where(positive, size, torch.where(nothing, torch.nan, below))
    return torch.where(x == 0, 1 / x, found)


def _cbrt(x: Any) -> Any:
    root = torch.abs(x) ** (1 / 3)
    # One step of Newton's method, whose start is a rounded exponent's.
    ordinary = (root != 0) & torch.isfinite(root)
    inner = torch.where(ordinary, root, 1)
    better = inner - (inner - torch.abs(x) / (inner * inner)) / 3
    return torch.copysign(torch.where(ordinary, better, root), x)


def _to_infinity(function: Row, odd: bool) -> Row:
    """Return a function that is infinite at infinity, where PyTorch's is NaN."""

    def whole(x: Any) -> Any:
        return torch.where(torch.isinf(x), x if odd else torch.abs(x), function(x))

    return whole


class _WithDerivativeOf(torch.autograd.Function):  # type: ignore[misc]
    """The same values, whose derivative is that of others."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Any, other: Any) -> Any:
        return x.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Keep nothing."""

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return None, gradients[0]

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        return torch.zeros_like(tangents[0]) if tangents[1] is None else tangents[1].clone()


ROWS: dict[str, Row] = {
    **{name: getattr(torch, name) for name in _NAMED.split()},
    **{name: getattr(torch.special, name) for name in _SPECIAL.split()},
    **_COMPARISONS,
    "absolute": _absolute,
    "and_bits": torch.bitwise_and,
    "cbrt": _cbrt,
    "ceil": _whole(torch.ceil),
    "conjugate": lambda x: torch.conj(x).resolve_conj(),
    "floor": _whole(torch.floor),
    "floor_divide": _floor_divide,
    "fmod": _of_integers(torch.fmod),
    "gamma": _gamma,
    "i0": _to_infinity(torch.special.i0, odd=False),
    "i1": _to_infinity(torch.special.i1, odd=True),
    "imaginary_part": lambda x: torch.imag(x) if x.is_complex() else torch.zeros_like(x),
    "invert_bits": torch.bitwise_not,
    "j0": torch.special.bessel_j0,
    "j1": torch.special.bessel_j1,
    "or_bits": torch.bitwise_or,
    "power": torch.pow,
    "real_part": lambda x: torch.real(x) if x.is_complex() else x,
    "remainder": _of_integers(torch.remainder),
    "rint": _whole(torch.round),
    "shift_left": torch.bitwise_left_shift,
    "shift_right": torch.bitwise_right_shift,
    "sign": _sign,
    "sign_bit": lambda x: torch.signbit(x).to(x.dtype),
    "square": _square,
    "stop_gradient": lambda x: x.detach(),
    "with_derivative_of": _WithDerivativeOf.apply,
    "xor_bits": torch.bitwise_xor,
}
