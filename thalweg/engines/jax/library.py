"""JAX as thalweg knows it: how its arrays are held, and what computes with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from thalweg.core.spec import OBJECT
from thalweg.engines.jax import elementwise, matrices, structure
from thalweg.engines.jax.functions import FUNCTIONS
from thalweg.foreign import Foreign, dtype_of, other_dtype


class JaxLibrary:
    """JAX's arrays, traced or not."""

    name = "jax"
    table: ClassVar[Mapping[str, Callable[..., Any]]] = {
        **elementwise.ROWS, **structure.ROWS, **matrices.ROWS,
    }  # fmt: skip
    functions: ClassVar[Mapping[str, Callable[..., Any]]] = FUNCTIONS

    def wrap(self, value: Any) -> Foreign:
        """Return an array with its shape and NumPy's dtype; a dtype of its own, not a number's."""
        if value.__class__ is tuple:
            return Foreign(self, value, (len(value),), OBJECT)
        if getattr(value, "weak_type", False):
            value = lax.convert_element_type(value, value.dtype)
        return Foreign(self, value, value.shape, _dtype(value.dtype))

    def dtype(self, dtype: Any) -> Any:
        """Return JAX's dtype for one of NumPy's: without 64 bits, unless they are enabled."""
        return jax.dtypes.canonicalize_dtype(getattr(dtype, "name", dtype))

    def operand(self, array: np.ndarray[Any, Any], like: Any, weak: bool) -> Any:
        """Return one of NumPy's arrays as it is: JAX's functions take it, of no device."""
        if not weak:
            return array
        if not array.ndim:
            return array.item()
        # Numbers that were repeated; in NumPy they have a dtype already where it is NumPy's.
        return array if like.dtype in _NUMPYS else jnp.asarray(array, like.dtype)

    def from_numpy(self, array: np.ndarray[Any, Any], like: Any) -> Any:
        """Return an array of JAX's on its default device, from where others may take it."""
        return jnp.asarray(array, self.dtype(array.dtype))

    def is_known(self, value: Any) -> bool:
        """Tell whether an array is not traced, and no part of it is another computer's."""
        known = isinstance(value, jax.Array) and not isinstance(value, jax.core.Tracer)
        return known and value.is_fully_addressable

    def to_numpy(self, value: Any) -> np.ndarray[Any, Any]:
        """Return the values, which must not be traced."""
        return np.asarray(value)

    def filled_like(
        self, value: Any, number: Any, dtype: Any, shape: tuple[int, ...] | None = None
    ) -> Any:
        """Return one number in a shape, by default as an array, laid out over devices as it is."""
        return jnp.full_like(value, number, dtype=self.dtype(dtype), shape=shape)

    def key_words(self, array: Foreign) -> Foreign:
        """Return one of JAX's keys, or its two words without a sign, as two 32-bit integers."""
        value = array.value
        if jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
            value = jax.random.key_data(value)
        if value.dtype == jnp.uint32:
            value = lax.bitcast_convert_type(value, jnp.int32)
        return self.wrap(value)

    def own_key(self, array: Foreign) -> Foreign:
        """Return two 32-bit integers as one of JAX's keys."""
        words = lax.bitcast_convert_type(array.value, jnp.uint32)
        return self.wrap(jax.random.wrap_key_data(words, impl="threefry2x32"))

    def own(self, value: Any) -> Any:
        """Return the array itself, as it cannot be written."""
        return value


# Without those of packages for NumPy, such as bfloat16.
_NUMPYS = {d: d for d in map(np.dtype, np.sctypeDict.values()) if d.isbuiltin == 1}


def _dtype(dtype: Any) -> Any:
    found = _NUMPYS.get(dtype)
    if found is not None:
        return found
    return dtype_of(dtype) if isinstance(dtype, np.dtype) else other_dtype(str(dtype))


LIBRARY = JaxLibrary()
