"""Optax's gradient transformations made of thalweg's, and thalweg's of Optax's.

>>> import jax.numpy as jnp, optax, thalweg as tw
>>> from thalweg.bridges.jax import to_optax
>>> optimizer = optax.chain(optax.clip(1.0), to_optax(tw.optim.lion(0.5)))
>>> params = jnp.zeros(2, jnp.float32)
>>> gradient = jnp.array([3.0, -0.1], jnp.float32)
>>> updates, state = optimizer.update(gradient, optimizer.init(params), params)
>>> optax.apply_updates(params, updates)
Array([-0.5,  0.5], dtype=float32)
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import optree

from thalweg.bridges.jaxprs import evaluate
from thalweg.control.callback import pure_callback
from thalweg.core.tensor import Tensor, as_tensor
from thalweg.errors import UnsupportedOperation
from thalweg.foreign import Foreign
from thalweg.lines import level_of_user
from thalweg.ops.numpy.kinds import NUMBERS
from thalweg.ops.numpy.libraries import admitted
from thalweg.optim.recipe import factory
from thalweg.optim.transformation import (
    GradientTransformation,
    GradientTransformationExtraArgs,
    OptState,
    Params,
    Step,
    Updates,
    as_transformation,
)
from thalweg.optim.tree_utils.states import ParamsPlaceholder
from thalweg.tree import Tree

__all__ = ["from_optax", "to_optax"]


_WIDE = frozenset(map(np.dtype, ("float64", "complex128", "int64", "uint64")))


# ---- ours for Optax


def to_optax(transformation: GradientTransformation) -> Any:
    """Return a transformation of ours as one of Optax's, on JAX's arrays.

    It goes wherever Optax's do: into `optax.chain`, `optax.multi_transform` and wrappers, into
    training loops of Flax and others, through `jax.jit`, `vmap`, `scan` and `eval_shape`. Its state
    is a tree of JAX's arrays in our named tuples, which have Optax's fields.

    Args:
        transformation: The transformation, or anything else with `init` and `update`.

    Returns:
        An `optax.GradientTransformationExtraArgs`. Numbers and NumPy's arrays that it is given
        become JAX's, as by Optax.

    Raises:
        ArgumentError: If it is no transformation.

    Example:
        >>> import jax, jax.numpy as jnp, optax, thalweg as tw
        >>> tuned = optax.inject_hyperparams(lambda rate: to_optax(tw.optim.adam(rate)))(rate=0.1)
        >>> params = {"w": jnp.ones(2, jnp.float32)}
        >>> updates, state = jax.jit(tuned.update)(params, tuned.init(params))
        >>> updates["w"].round(3), round(float(state.hyperparams["rate"]), 3)
        (Array([-0.1, -0.1], dtype=float32), 0.1)
    """
    ours = as_transformation(transformation)

    def init(params: Params) -> OptState:
        if type(params).__name__ == "_ParamsPlaceholder":  # of optax.tree_map_params
            return _with_placeholder(ours.init(ParamsPlaceholder()), params)
        return _arrays(ours.init(_arrays(params)))

    def update(updates: Updates, state: OptState, params: Params = None, **extra: Any) -> Step:
        found, after = ours.update(_arrays(updates), state, _arrays(params), **extra)
        return _arrays(found), _arrays(after)

    return optax.GradientTransformationExtraArgs(init, update)


def _arrays(leaves: Tree) -> Tree:
    """Return a tree whose numbers and NumPy's arrays are JAX's."""
    return jax.tree.map(lambda x: jnp.asarray(x) if isinstance(x, NUMBERS) else x, leaves)


def _with_placeholder(state: OptState, theirs: Any) -> OptState:
    """Return a state with Optax's object in the places where ours stands for parameters."""
    leaves, definition = optree.tree_flatten(
        state, is_leaf=lambda node: isinstance(node, ParamsPlaceholder)
    )
    held = [theirs if isinstance(x, ParamsPlaceholder) else x for x in leaves]
    return optree.tree_unflatten(definition, held)


# ---- Optax's for us


@factory
def from_optax(transformation: Any) -> GradientTransformationExtraArgs:
    """Return a transformation of Optax's, or of anyone's in its manner, as one of ours.

    It may stand in chains of ours, and be given arrays of NumPy, of JAX and tensors. What JAX
    writes down of it is computed in thalweg's operations where it is traced, differentiated or
    mapped: so `tw.fit` compiles it. Where it needs a primitive of JAX's that is not known here, a
    run calls JAX back in each step, after a warning that names the primitive. Otherwise JAX
    computes it, compiled; in 64 bits where arrays have them.

    Args:
        transformation: Anything with Optax's `init` and `update`.

    Raises:
        ArgumentError: If it has no `init` and `update`.
        UnsupportedOperation: By `update`, where it is traced and needs the loss as a function, as
            Optax's line searches do; or is differentiated through an unknown primitive.

    Example:
        >>> import numpy as np, optax, thalweg as tw
        >>> optimizer = tw.optim.chain(
        ...     tw.optim.clip_by_global_norm(1.0), from_optax(optax.adam(0.1))
        ... )
        >>> fit = tw.fit(
        ...     lambda x: np.sum((x - 3.0) ** 2), np.zeros(2), optimizer=optimizer, steps=300
        ... )
        >>> fit.params.round(3), fit.engine
        (array([3., 3.]), 'native')
    """
    if not (hasattr(transformation, "init") and hasattr(transformation, "update")):
        as_transformation(transformation)  # which says what it is
    theirs = _Theirs(optax.with_extra_args_support(transformation))
    return GradientTransformationExtraArgs(theirs.init, theirs.update)


class _Theirs:
    """A transformation of Optax's on thalweg's tensors; keys in its state are two integers.

    Args:
        transformation: The transformation, which accepts extra arguments.
    """

    def __init__(self, transformation: Any) -> None:
        self.transformation = transformation
        self.compiled = {f: jax.jit(f) for f in (self._init, self._update)}

    def init(self, params: Params) -> OptState:
        """Return the initial state for parameters."""
        return self._call(self._init, None, {}, params)

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> Step:
        """Return new updates and the new state."""
        functions = {name: value for name, value in extra.items() if callable(value)}
        arrays = {name: value for name, value in extra.items() if name not in functions}
        step: Step = self._call(
            self._update, (updates, state), functions, updates, state, params, arrays
        )
        return step

    def _init(self, params: Params) -> OptState:
        return jax.tree.map(_words, self.transformation.init(params))

    def _update(
        self, updates: Updates, state: OptState, params: Params, extra: Any, **functions: Any
    ) -> Step:
        leaves, definition = jax.tree.flatten(state)
        kinds = self._kinds(updates if params is None else params)
        keyed = jax.tree.unflatten(definition, map(_as_key, kinds, leaves))
        found, after = self.transformation.update(updates, keyed, params, **extra, **functions)
        return found, jax.tree.map(_words, after)

    def _kinds(self, params: Params) -> list[Any]:
        """Return the kind of key of each leaf of the state, None where it is none."""
        kinds: list[Any] = []

        def look(params: Params) -> None:
            leaves = jax.tree.leaves(self.transformation.init(params))
            kinds.extend(jax.random.key_impl(x) if _is_key(x) else None for x in leaves)

        jax.eval_shape(look, params)
        return kinds

    def _call(self, function: Any, results: Tree, functions: dict[str, Any], *args: Tree) -> Tree:
        """Call a function of trees of JAX's arrays with trees of tensors.

        Args:
            function: The function.
            results: A tree like what it returns, where it may be that it cannot be traced.
            functions: Functions among its arguments, by name.
            args: Its other arguments.
        """
        _made_known_to_jax(args)
        leaves, definition = jax.tree.flatten(args)
        tensors = [*map(as_tensor, leaves)]
        whole = functools.partial(function, **functions)
        if any(map(_is_of_jax, tensors)):
            given = jax.tree.unflatten(definition, map(_held, tensors))
            return jax.tree.map(admitted, whole(*given))
        compiled = self.compiled[function]
        # Those of the first argument, updates or parameters, say in how many bits.
        wide = any(as_tensor(x).dtype in _WIDE for x in jax.tree.leaves(args[0]))
        with _in_64_bits_if(wide):
            if not any(x.is_symbolic or x.requires_grad for x in tensors):
                called = whole if functions else compiled
                found = _hosted(whole, called, definition, [*map(_held, tensors)])
                return jax.tree.map(as_tensor, found)
            try:
                return _traced(function, compiled, results, definition, tensors, wide)
            except (KeyError, TypeError, ValueError) as error:
                if not functions or isinstance(error, UnsupportedOperation):
                    raise
                raise UnsupportedOperation(
                    "A transformation of Optax's could not be traced without the loss as a "
                    f"function, which cannot be given to JAX from here: {error} Take the one of "
                    "this name in thalweg.optim."
                ) from error


def _held(x: Tensor) -> Any:
    """Return what a tensor holds as JAX takes it; a number that gives way to dtypes as such."""
    if x.weak and not x.ndim:
        return x.item()
    return x.array.value if _is_of_jax(x) else np.asarray(x.array)


def _is_of_jax(x: Tensor) -> bool:
    return x.array.__class__ is Foreign and x.array.library.name == "jax"


def _words(x: Any) -> Any:
    """Return a key as two 32-bit integers; all else as it is."""
    if not _is_key(x):
        return x
    return jax.lax.bitcast_convert_type(jax.random.key_data(x), jnp.int32)


def _as_key(kind: Any, x: Any) -> Any:
    """Return two integers as the key of a kind that they were; all else as it is."""
    if kind is None:
        return x
    return jax.random.wrap_key_data(jax.lax.bitcast_convert_type(x, jnp.uint32), impl=kind)


def _is_key(x: Any) -> bool:
    return hasattr(x, "dtype") and jax.dtypes.issubdtype(x.dtype, jax.dtypes.prng_key)


def _in_64_bits_if(wanted: bool) -> contextlib.AbstractContextManager[Any]:
    return jax.enable_x64(True) if wanted else contextlib.nullcontext()


def _hosted(function: Any, compiled: Any, definition: Any, arrays: Sequence[Any]) -> Tree:
    """Return what JAX computes of NumPy's arrays, as a tree of them."""
    given = [jnp.asarray(x) if isinstance(x, np.ndarray) else x for x in arrays]
    args = jax.tree.unflatten(definition, given)
    try:
        found = compiled(*args)
    except jax.errors.JAXTypeError:  # it looks at values
        found = function(*args)
    return jax.tree.map(np.asarray, found)


def _traced(
    function: Any,
    compiled: Any,
    results: Tree,
    definition: Any,
    tensors: Sequence[Tensor],
    wide: bool,
) -> Tree:
    """Return what a function computes, written in thalweg's operations, or called back for."""
    specs = [jax.ShapeDtypeStruct(x.shape, x.dtype, weak_type=x.weak) for x in tensors]
    try:
        closed, found = jax.make_jaxpr(function, return_shape=True)(
            *jax.tree.unflatten(definition, specs)
        )
        structure = jax.tree.structure(found)
        return jax.tree.unflatten(structure, evaluate(closed, tensors))
    except (UnsupportedOperation, jax.errors.JAXTypeError) as error:
        if results is None or any(x.requires_grad for x in tensors):
            raise
        reason = str(error).partition(".")[0]
    warnings.warn(
        f"A transformation of Optax's cannot be compiled here, and each step calls JAX back. "
        f"{reason}.",
        stacklevel=level_of_user(),
    )
    leaves, structure = jax.tree.flatten(results)
    stated = [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in map(as_tensor, leaves)]

    def in_jax(*arrays: Any) -> list[Any]:
        with _in_64_bits_if(wide):
            found: list[Any] = jax.tree.leaves(_hosted(function, compiled, definition, arrays))
            return found

    return jax.tree.unflatten(structure, pure_callback(in_jax, stated, *tensors))


def _made_known_to_jax(leaves: Tree) -> None:
    """Let the nodes of trees be nodes for JAX, too."""
    known: Callable[[Any], bool] = optree.tree_is_leaf
    for kind in {type(x) for x in jax.tree.leaves(leaves) if not known(x)}:
        with contextlib.suppress(ValueError):  # another thread may have been first
            jax.tree_util.register_pytree_node(kind, _apart, _together)
            _made_known_to_jax(leaves)


def _apart(node: Any) -> tuple[Any, Any]:
    one = optree.tree_flatten_one_level(node)
    return one.children, (one.unflatten_func, one.metadata)


def _together(known: Any, children: Any) -> Any:
    unflatten, metadata = known
    return unflatten(metadata, children)
