"""Orthogonal polynomials by their recurrences: each from the two before it.

Source: Abramowitz and Stegun, table 22.7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.core.tensor import Tensor, is_known
from thalweg.errors import TracingError
from thalweg.ops.creation.creation import ones_like, zeros_like
from thalweg.ops.elementwise.comparison import where
from thalweg.torch.functions.special.operands import floating
from thalweg.torch.naming import as_tensor

# The next polynomial of degree k + 1 from those of k and k - 1 at x.
Step = Callable[[int, Tensor, Tensor, Tensor], Tensor]


def _by_recurrence(
    name: str, x: Any, n: Any, first: Callable[[Tensor], Tensor], step: Step
) -> Tensor:
    """Return polynomials of degrees n at x; n is rounded towards 0, and negative ones give 0.

    Raises:
        TracingError: If the degrees are traced: the recurrence is as long as the largest.
    """
    at, degrees = floating(x), as_tensor(n)
    if not is_known(degrees):
        raise TracingError(
            f"special.{name} got traced degrees; it is computed by as many steps as the largest. "
            "Give degrees that are known, a number or an array outside of what is traced."
        )
    wanted = np.trunc(degrees.array)
    before, now = ones_like(at), first(at)
    found: Tensor = where(wanted == 0, before, zeros_like(at))
    for k in range(1, int(wanted.max(initial=0)) + 1):
        if np.any(wanted == k):
            found = where(wanted == k, now, found)
        before, now = now, step(k, at, now, before)
    return found


def _chebyshev(k: int, x: Tensor, now: Tensor, before: Tensor) -> Tensor:
    return 2.0 * x * now - before


def chebyshev_polynomial_t(input: Any, n: Any) -> Tensor:
    """Chebyshev polynomial of the first kind Tₙ(x) = cos(n arccos x).

    It has derivatives in x. From |x| ≤ 1 and n ≤ 30 to within 10⁻¹³ of SciPy's.

    Args:
        input: Where.
        n: The degrees, which are no traced numbers; negative ones give 0.

    Raises:
        TracingError: If the degrees are traced.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.special.chebyshev_polynomial_t(torch.tensor([0.0, 0.5]), 2)
        tensor([-1.0000, -0.5000])
    """
    return _by_recurrence("chebyshev_polynomial_t", input, n, lambda x: x, _chebyshev)


def chebyshev_polynomial_u(input: Any, n: Any) -> Tensor:
    """Chebyshev polynomial of the second kind Uₙ(cos t) = sin((n + 1) t) / sin t."""
    return _by_recurrence("chebyshev_polynomial_u", input, n, lambda x: 2 * x, _chebyshev)


def chebyshev_polynomial_v(input: Any, n: Any) -> Tensor:
    """Chebyshev polynomial of the third kind Vₙ(cos t) = cos((n + ½) t) / cos(t/2)."""
    return _by_recurrence("chebyshev_polynomial_v", input, n, lambda x: 2 * x - 1, _chebyshev)


def chebyshev_polynomial_w(input: Any, n: Any) -> Tensor:
    """Chebyshev polynomial of the fourth kind Wₙ(cos t) = sin((n + ½) t) / sin(t/2)."""
    return _by_recurrence("chebyshev_polynomial_w", input, n, lambda x: 2 * x + 1, _chebyshev)


def _shifted(x: Any) -> Tensor:
    found: Tensor = 2.0 * floating(x) - 1.0
    return found


def shifted_chebyshev_polynomial_t(input: Any, n: Any) -> Tensor:
    """Chebyshev polynomial of the first kind on [0, 1]: Tₙ(2x - 1)."""
    return chebyshev_polynomial_t(_shifted(input), n)


def shifted_chebyshev_polynomial_u(input: Any, n: Any) -> Tensor:
    """Chebyshev polynomial of the second kind on [0, 1]: Uₙ(2x - 1)."""
    return chebyshev_polynomial_u(_shifted(input), n)


def shifted_chebyshev_polynomial_v(input: Any, n: Any) -> Tensor:
    """Chebyshev polynomial of the third kind on [0, 1]: Vₙ(2x - 1)."""
    return chebyshev_polynomial_v(_shifted(input), n)


def shifted_chebyshev_polynomial_w(input: Any, n: Any) -> Tensor:
    """Chebyshev polynomial of the fourth kind on [0, 1]: Wₙ(2x - 1)."""
    return chebyshev_polynomial_w(_shifted(input), n)


def hermite_polynomial_h(input: Any, n: Any) -> Tensor:
    """Physicists' Hermite polynomial: Hₙ₊₁ = 2x Hₙ - 2n Hₙ₋₁."""
    return _by_recurrence(
        "hermite_polynomial_h", input, n, lambda x: 2.0 * x,
        lambda k, x, now, before: 2.0 * x * now - 2.0 * k * before,
    )  # fmt: skip


def hermite_polynomial_he(input: Any, n: Any) -> Tensor:
    """Probabilists' Hermite polynomial: Heₙ₊₁ = x Heₙ - n Heₙ₋₁."""
    return _by_recurrence(
        "hermite_polynomial_he", input, n, lambda x: x,
        lambda k, x, now, before: x * now - float(k) * before,
    )  # fmt: skip


def laguerre_polynomial_l(input: Any, n: Any) -> Tensor:
    """Laguerre polynomial: (n + 1) Lₙ₊₁ = (2n + 1 - x) Lₙ - n Lₙ₋₁."""
    return _by_recurrence(
        "laguerre_polynomial_l", input, n, lambda x: 1.0 - x,
        lambda k, x, now, before: ((2.0 * k + 1.0 - x) * now - float(k) * before) / (k + 1.0),
    )  # fmt: skip


def legendre_polynomial_p(input: Any, n: Any) -> Tensor:
    """Legendre polynomial: (n + 1) Pₙ₊₁ = (2n + 1) x Pₙ - n Pₙ₋₁."""
    return _by_recurrence(
        "legendre_polynomial_p", input, n, lambda x: x,
        lambda k, x, now, before: ((2.0 * k + 1.0) * x * now - float(k) * before) / (k + 1.0),
    )  # fmt: skip


POLYNOMIALS = [
    chebyshev_polynomial_t, chebyshev_polynomial_u, chebyshev_polynomial_v, chebyshev_polynomial_w,
    hermite_polynomial_h, hermite_polynomial_he, laguerre_polynomial_l, legendre_polynomial_p,
    shifted_chebyshev_polynomial_t, shifted_chebyshev_polynomial_u, shifted_chebyshev_polynomial_v,
    shifted_chebyshev_polynomial_w,
]  # fmt: skip
