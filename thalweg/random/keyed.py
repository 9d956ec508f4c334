"""Pure random numbers: functions of a key, the same in every engine and JAX's.

A key is a tensor of two 32-bit integers. Draw with a key once; make further keys of it with
`split`, or with `fold_in` and a number: of a step, a layer, a row. Keys may be computed, so that a
compiled run folds in its own step.

>>> import thalweg as tw
>>> step = tw.random.fold_in(tw.random.key(0), 3)
>>> tw.random.uniform(step, (2,), tw.float32).tolist()
[0.26698946952819824, 0.733950138092041]
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.core.primitive import Resolved, general
from thalweg.core.spec import FLOAT64, Array, Shape, Spec
from thalweg.core.tensor import Tensor, as_tensor, make
from thalweg.errors import ArgumentError, DtypeError
from thalweg.foreign import Foreign, number_of_generator
from thalweg.ops.creation.ranges import arange
from thalweg.ops.elementwise.arithmetic import floor_divide, horner, sqrt, square
from thalweg.ops.elementwise.comparison import less, maximum, where
from thalweg.ops.elementwise.conversion import astype
from thalweg.ops.elementwise.exponential import log1p
from thalweg.ops.numpy.libraries import in_any_library
from thalweg.ops.shape.broadcast import broadcast_to
from thalweg.ops.shape.join import stack
from thalweg.ops.shape.reshape import as_shape, reshape
from thalweg.random.bits import drawn, folded, random_words

INT32 = np.dtype(np.int32)

_DRAWN = (np.dtype(np.float32), FLOAT64, INT32, np.dtype(np.int64))


def _as_key(name: str, value: Any) -> Tensor:
    drawn = number_of_generator(value)
    tensor = as_tensor(value) if drawn is None else key(drawn)
    if tensor.array.__class__ is Foreign:
        # JAX's own keys, and words of them that have no sign.
        tensor = make(tensor.array.library.key_words(tensor.array))
    if tensor.dtype != INT32 or tensor.shape[-1:] != (2,):
        raise ArgumentError(
            f"{name} got a key of dtype {tensor.dtype} and shape {tensor.shape}; a key is two "
            "32-bit integers. Make one with key(seed)."
        )
    return tensor


# ---- the primitives


def _resolve_fold_in(key: Any, data: Any) -> Resolved:
    words, number = _as_key("fold_in", key), as_tensor(data)
    if number.dtype.kind not in "iu":
        raise DtypeError(
            f"fold_in got data of dtype {number.dtype}; it wants whole numbers. Use astype(int)."
        )
    if number.dtype.itemsize < 4 or number.dtype.kind == "u":
        number = astype(number, np.int64)
    shape = np.broadcast_shapes(words.shape[:-1], number.shape)
    return (broadcast_to(words, (*shape, 2)), broadcast_to(number, shape)), {}


@general(lambda key, data: Spec(key.shape, key.dtype), arguments=_resolve_fold_in, role="draw")
def fold_in(key: Array, data: Array) -> Array:
    """Make a key of a key and a whole number, JAX's; keys and numbers may be arrays of them."""
    return folded(key, data)


def _resolve_bits(key: Any, shape: Any = (), dtype: Any = INT32) -> Resolved:
    words, wanted, kind = _as_key("random_bits", key), as_shape(shape), np.dtype(dtype)
    if kind not in _DRAWN:
        raise DtypeError(
            f"random_bits got dtype {kind}; it wants float32, float64, int32 or int64. Convert "
            "the result with astype."
        )
    if math.prod(wanted) >= 2**32:
        raise ArgumentError(
            f"random_bits got shape {wanted}; one key has fewer than 2³² numbers. Split the key."
        )
    return (words,), {"shape": wanted, "dtype": kind}


@general(
    lambda key, shape, dtype: Spec((*key.shape[:-1], *shape), dtype),
    arguments=_resolve_bits,
    role="draw",
)
def random_bits(key: Array, *, shape: Shape, dtype: np.dtype[Any]) -> Array:
    """Random bits: as integers all of them, as floats uniform in [0, 1).

    Element i, counted in row-major order, is threefry-2x32 of the counter i under the key: the
    bits of `jax.random.bits`, in signed integers, and the floats of `jax.random.uniform`.
    """
    words = random_words(key, math.prod(shape))
    return drawn(*words, dtype).reshape((*key.shape[:-1], *shape))


# ---- keys


@in_any_library
def key(seed: Any) -> Tensor:
    """Return the key of a seed: the high and the low word of a 64-bit integer.

    Args:
        seed: An integer, or a tensor of one integer, which may be computed in a compiled run; or a
            `torch.Generator`, of which one is drawn.

    Raises:
        DtypeError: If the seed is not an integer.

    Example:
        >>> key(7).tolist()
        [0, 7]
    """
    drawn = number_of_generator(seed)
    seed = seed if drawn is None else drawn
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        seed = np.int64((int(seed) + 2**63) % 2**64 - 2**63)
    number = as_tensor(seed)
    if number.dtype.kind not in "iu":
        raise DtypeError(f"key got a seed of dtype {number.dtype}; it wants a whole number.")
    number = astype(number, np.int64)
    high = floor_divide(number, np.int64(2**32))
    return astype(stack([high, number], axis=-1), INT32)


@in_any_library
def split(key: Any, num: int | tuple[int, ...] = 2) -> Tensor:
    """Return further keys, shape (num, 2): independent of each other and of draws with the key.

    Example:
        >>> tuple(split(key(0), 3).shape)
        (3, 2)
    """
    words, shape = _as_key("split", key), as_shape(num)
    numbers = reshape(arange(math.prod(shape), dtype=INT32), shape)
    return fold_in(words, numbers)


# ---- draws


@in_any_library
def uniform(
    key: Any, shape: Any = (), dtype: Any = FLOAT64, minval: Any = 0.0, maxval: Any = 1.0
) -> Tensor:
    """Return numbers uniform in [minval, maxval), as `jax.random.uniform`, bit for bit in [0, 1).

    Example:
        >>> tuple(uniform(key(0), (2,)).shape)
        (2,)
    """
    _check_floating("uniform", dtype)
    numbers = random_bits(key, shape, dtype)
    low: Any
    high: Any
    if isinstance(minval, (int, float)) and isinstance(maxval, (int, float)):
        if (minval, maxval) == (0, 1):
            return numbers
        low, high = (np.asarray(x, dtype) for x in (minval, maxval))
    else:
        low, high = (astype(as_tensor(x), dtype) for x in (minval, maxval))
    return maximum(numbers * (high - low) + low, low)


@in_any_library
def normal(key: Any, shape: Any = (), dtype: Any = FLOAT64) -> Tensor:
    """Return standard normal numbers, as `jax.random.normal` to rounding.

    √2 · erf⁻¹(u) of u uniform in (-1, 1).

    Example:
        >>> tuple(normal(key(0), (2, 3)).shape)
        (2, 3)
    """
    _check_floating("normal", dtype)
    low = np.nextafter(np.asarray(-1, dtype), np.asarray(0, dtype))
    numbers = uniform(key, shape, dtype, float(low), 1.0)
    return erf_inverse(numbers) * np.asarray(math.sqrt(2), dtype)


@in_any_library
def bernoulli(key: Any, p: Any = 0.5, shape: Any = None) -> Tensor:
    """Return Booleans that are True with probability p, as `jax.random.bernoulli`.

    Args:
        key: The key.
        p: The probability; its dtype is that of the uniform numbers that are compared with it.
        shape: The shape, by default that of p.

    Example:
        >>> bernoulli(key(0), 0.0, (2,)).tolist()
        [False, False]
    """
    chance = as_tensor(p)
    if chance.dtype.kind != "f":
        chance = astype(chance, FLOAT64)
    wanted = chance.shape if shape is None else as_shape(shape)
    return less(uniform(key, wanted, chance.dtype), chance)


def _check_floating(name: str, dtype: Any) -> None:
    if np.dtype(dtype) not in _DRAWN[:2]:
        raise DtypeError(f"{name} got dtype {np.dtype(dtype)}; it wants float32 or float64.")


# ---- the inverse error function

# M. Giles: Approximating the erfinv function. GPU Computing Gems 2, 2011, table 4 and 5: powers of
# w = -ln(1 - x²) from the highest on, moved to the middle of each stretch of w.
_SINGLE = (
    (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
     -0.00125372503, -0.00417768164, 0.246640727, 1.50140941),
    (-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
     -0.0076224613, 0.00943887047, 1.00167406, 2.83297682),
)  # fmt: skip

_DOUBLE = (
    (-3.6444120640178196996e-21, -1.685059138182016589e-19, 1.2858480715256400167e-18,
     1.115787767802518096e-17, -1.333171662854620906e-16, 2.0972767875968561637e-17,
     6.6376381343583238325e-15, -4.0545662729752068639e-14, -8.1519341976054721522e-14,
     2.6335093153082322977e-12, -1.2975133253453532498e-11, -5.4154120542946279317e-11,
     1.051212273321532285e-09, -4.1126339803469836976e-09, -2.9070369957882005086e-08,
     4.2347877827932403518e-07, -1.3654692000834678645e-06, -1.3882523362786468719e-05,
     0.0001867342080340571352, -0.00074070253416626697512, -0.0060336708714301490533,
     0.24015818242558961693, 1.6536545626831027356),
    (2.2137376921775787049e-09, 9.0756561938885390979e-08, -2.7517406297064545428e-07,
     1.8239629214389227755e-08, 1.5027403968909827627e-06, -4.013867526981545969e-06,
     2.9234449089955446044e-06, 1.2475304481671778723e-05, -4.7318229009055733981e-05,
     6.8284851459573175448e-05, 2.4031110387097893999e-05, -0.0003550375203628474796,
     0.00095328937973738049703, -0.0016882755560235047313, 0.0024914420961078508066,
     -0.0037512085075692412107, 0.005370914553590063617, 1.0052589676941592334,
     3.0838856104922207635),
    (-2.7109920616438573243e-11, -2.5556418169965252055e-10, 1.5076572693500548083e-09,
     -3.7894654401267369937e-09, 7.6157012080783393804e-09, -1.4960026627149240478e-08,
     2.9147953450901080826e-08, -6.7711997758452339498e-08, 2.2900482228026654717e-07,
     -9.9298272942317002539e-07, 4.5260625972231537039e-06, -1.9681778105531670567e-05,
     7.5995277030017761139e-05, -0.00021503011930044477347, -0.00013871931833623122026,
     1.0103004648645343977, 4.8499064014085844221),
)  # fmt: skip


def erf_inverse(x: Tensor) -> Tensor:
    """Return the number whose error function is x, in (-1, 1)."""
    w = -log1p(-square(x))
    if x.dtype == FLOAT64:
        root = sqrt(w)
        near = horner(_DOUBLE[0], w - 3.125)
        far = where(less(w, 16.0), horner(_DOUBLE[1], root - 3.25), horner(_DOUBLE[2], root - 5.0))
        return where(less(w, 6.25), near, far) * x
    far = horner(_SINGLE[1], sqrt(w) - 3.0)
    return where(less(w, 5.0), horner(_SINGLE[0], w - 2.5), far) * x
