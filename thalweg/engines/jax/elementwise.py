"""JAX's functions for primitives that act on each element alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy import special

# By JAX's own names.
_NAMED = """
maximum minimum where equal not_equal less less_equal greater greater_equal logical_and logical_or
logical_not add subtract multiply divide remainder negative absolute sign square sqrt power
fmod cbrt gcd lcm nextafter exp expm1 log log1p logaddexp exp2 log2 log10 floor ceil rint sin cos
tan arctan tanh sinh cosh arcsin arccos arctanh hypot arctan2 arcsinh arccosh conjugate
"""

_SPECIAL = "erf erfc erfcx erfinv ndtri i0e i1e zeta gamma gammainc gammaincc betainc"


def _floor_divide(x: Any, y: Any) -> Any:
    if not jnp.issubdtype(x.dtype, jnp.floating):
        return jnp.floor_divide(x, y)
    infinite = jnp.isinf(x) | jnp.isinf(y)
    return jnp.where(infinite, jnp.floor(jnp.divide(x, y)), jnp.floor_divide(x, y))


# Where JAX's functions are NaN, and have a value or a limit with a sign.


def _i0(x: Any) -> Any:
    return jnp.where(jnp.isinf(x), jnp.abs(x), special.i0(x))


def _i1(x: Any) -> Any:
    return jnp.where(jnp.isinf(x), x, special.i1(x))


def _digamma(x: Any) -> Any:
    zero = x == 0
    return jnp.where(zero, -1 / x, special.digamma(jnp.where(zero, 1, x)))


_with_derivative_of: Any = jax.custom_jvp(lambda x, other: x)
_with_derivative_of.defjvp(lambda primals, tangents: (primals[0], tangents[1]))

ROWS: dict[str, Callable[..., Any]] = {
    **{name: getattr(jnp, name) for name in _NAMED.split()},
    **{name: getattr(special, name) for name in _SPECIAL.split()},
    "and_bits": jnp.bitwise_and,
    "digamma": _digamma,
    "floor_divide": _floor_divide,
    "i0": _i0,
    "i1": _i1,
    "imaginary_part": jnp.imag,
    "invert_bits": jnp.bitwise_invert,
    "lgamma": special.gammaln,
    "or_bits": jnp.bitwise_or,
    "real_part": jnp.real,
    "shift_left": jnp.left_shift,
    "shift_right": jnp.right_shift,
    "sigmoid": jax.nn.sigmoid,
    "sign_bit": lambda x: jnp.signbit(x).astype(x.dtype),
    "stop_gradient": lax.stop_gradient,
    "with_derivative_of": _with_derivative_of,
    "xor_bits": jnp.bitwise_xor,
}
