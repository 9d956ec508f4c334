"""What JAX writes means here what it means there, primitive by primitive."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.optim.samples import OPTIMIZERS, TRANSFORMATIONS, params
from thalweg.bridges.jaxprs import OF_PROGRAMS, RULES, evaluate
from thalweg.errors import UnsupportedOperation

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

jnp, lax = jax.numpy, jax.lax

X = np.array([[0.3, -1.7, 2.5], [-0.2, 0.9, 0.4]])
N = np.array([[7, -7, 3], [2, 0, -5]], np.int32)
B = np.array([[True, False, True], [False, False, True]])
KEY = jax.random.key(5)


def of(name: str, *operands: Any) -> Callable[[], Any]:
    """Return a sample of one function of lax."""
    return lambda: (getattr(lax, name), *operands)


# A call of lax, or of several, by the primitive that it writes.
PRIMITIVES: dict[str, Callable[[], Any]] = {
    **{
        name: of(name, X)
        for name in (
            *("neg", "sign", "abs", "floor", "ceil", "sin", "cos", "tan", "atan", "sinh", "cosh"),
            *("tanh", "asinh", "exp", "exp2", "expm1", "square", "cbrt", "logistic", "erf", "erfc"),
            *("is_finite", "stop_gradient"),
        )
    },
    **{
        name: of(name, np.abs(X) / 3)
        for name in ("log", "log1p", "sqrt", "rsqrt", "asin", "acos", "atanh", "erf_inv")
    },
    "acosh": lambda: (lax.acosh, 1 + np.abs(X)),
    "lgamma": lambda: (lax.lgamma, np.abs(X)),
    "digamma": lambda: (lax.digamma, np.abs(X)),
    **{
        name: of(name, X, X[:, ::-1].copy())
        for name in ("add", "sub", "mul", "div", "rem", "max", "min", "atan2", "nextafter")
    },
    **{
        name: of(name, X, X.round())
        for name in ("eq", "ne", "lt", "le", "gt", "ge")
    },
    "add_any": lambda: (jax.grad(lambda x: jnp.sum(jnp.sin(x) * x)), X),
    "pow": lambda: (lax.pow, np.abs(X), X),
    "integer_pow": lambda: (lambda x: (x**3, x**-2, x**7), X),
    "div of integers": lambda: (lambda x: (lax.div(x, jnp.int32(2)), lax.rem(x, jnp.int32(2))), N),
    "real": lambda: (lambda x: (lax.real(x), lax.imag(x), lax.conj(x)), X + 1j * X[::-1]),
    "and": lambda: (lambda x, n: (x & x[::-1], n & 6, x | x[::-1], n | 6, x ^ x[::-1]), B, N),
    "not": lambda: (lambda x, n: (~x, ~n), B, N),
    "argmax": lambda: (lambda x: (jnp.argmax(x, 1), jnp.argmin(x, 0)), X),
    "bitcast_convert_type": lambda: (lambda n: lax.bitcast_convert_type(n, jnp.uint32), N),
    "broadcast_in_dim": lambda: (lambda x: jnp.broadcast_to(x[:, None], (2, 4, 3)), X),
    "clamp": lambda: (lambda x: lax.clamp(-1.0, x, 1.0), X),
    "concatenate": lambda: (lambda x: jnp.concatenate([x, x[:1]]), X),
    "convert_element_type": lambda: (lambda x: x.astype(jnp.float32), X),
    "copy": lambda: (jnp.copy, X),
    "cumsum": lambda: (lambda x: (lax.cumsum(x, 1), lax.cumsum(x, 1, reverse=True)), X),
    "cumprod": lambda: (lambda x: lax.cumprod(x, 0), X),
    "cummax": lambda: (lambda x: (lax.cummax(x, 1), lax.cummin(x, 0)), X),
    "dot_general": lambda: (lambda x: (x @ x.T, jnp.einsum("bi,bj->bij", x, x), x[0] @ x[1]), X),
    "iota": lambda: (lambda x: x + lax.broadcasted_iota(jnp.float64, (2, 3), 1), X),
    "pad": lambda: (lambda x: lax.pad(x, 2.0, [(1, 0, 0), (0, 2, 0)]), X),
    "random_fold_in": lambda: (lambda n: jax.random.normal(jax.random.fold_in(KEY, n), (3,)), 7),
    "random_split": lambda: (
        lambda x: x + jax.random.uniform(jax.random.split(KEY, 3)[1], (2, 3), x.dtype), X
    ),
    "random_wrap": lambda: (
        lambda x: x + jax.random.normal(jax.random.PRNGKey(3), (2, 3), x.dtype), X
    ),
    "random_unwrap": lambda: (lambda n: n + jax.random.key_data(jax.random.split(KEY)[0]), 1),
    "reduce_sum": lambda: (
        lambda x: (x.sum(0), x.max(1), x.min(), x.prod(1), (x > 0).any(0), (x > 0).all()), X
    ),
    "reshape": lambda: (lambda x: x.reshape(3, 2), X),
    "rev": lambda: (lambda x: lax.rev(x, (1,)), X),
    "round": lambda: (lambda x: (lax.round(x * 5), jnp.round(x * 5)), X),
    "select_n": lambda: (
        lambda b, n, x: (jnp.where(b, x, 0), lax.select_n(n % 3, x, -x, 2 * x)), B, N, X
    ),
    "slice": lambda: (lambda x: (x[1, ::2], x[0]), X),
    "stack": lambda: (lambda x: jnp.stack([x, -x], 1), X),
    "transpose": lambda: (jnp.transpose, X),
    "cond": lambda: (lambda x: lax.cond(x[0, 0] > 0, jnp.sin, jnp.cos, x), X),
    "while": lambda: (lambda x: lax.while_loop(lambda y: y.sum() < 9, lambda y: y + x * x, x), X),
    "scan": lambda: (lambda x: lax.scan(lambda c, row: (c + row, c * row), x[0], x), X),
    "sort": lambda: (lambda x: (jnp.sort(x), lax.sort((x, -x), num_keys=1)[1]), X),
    "split": lambda: (lambda x: jnp.split(x, [1], axis=1), X),
    "optimization_barrier": lambda: (lax.optimization_barrier, X),
    "calls": lambda: (
        lambda x: (jax.nn.silu(x), jax.checkpoint(jnp.sin)(x), jnp.linalg.norm(x)), X
    ),
}  # fmt: skip


def primitives_of(jaxpr: Any) -> set[str]:
    found = set()
    for equation in jaxpr.eqns:
        found.add(equation.primitive.name)
        for value in equation.params.values():
            for inner in value if isinstance(value, tuple) else (value,):
                found |= primitives_of(getattr(inner, "jaxpr", inner)) if (
                    hasattr(inner, "jaxpr") or hasattr(inner, "eqns")
                ) else set()  # fmt: skip
    return found


@pytest.mark.parametrize("name", PRIMITIVES)
def test_a_primitive_means_what_it_means_to_jax(name: str) -> None:
    function, *operands = PRIMITIVES[name]()
    with jax.enable_x64(True):
        operands = [jnp.asarray(x) for x in operands]
        closed = jax.make_jaxpr(function)(*operands)
        wanted = jax.tree.leaves(function(*operands))
    found = evaluate(closed, [np.asarray(x) for x in operands])
    for x, y in zip(found, wanted, strict=True):
        assert (tuple(x.shape), x.dtype) == (y.shape, y.dtype)
        np.testing.assert_allclose(x.numpy(), y, rtol=1e-12, atol=1e-14)


def test_every_rule_is_tried() -> None:
    met = set()
    with jax.enable_x64(True):
        for sample in PRIMITIVES.values():
            function, *operands = sample()
            met |= primitives_of(jax.make_jaxpr(function)(*map(jnp.asarray, operands)).jaxpr)
    assert {*RULES, *OF_PROGRAMS} <= met | {"copy_p"}


def test_an_unknown_primitive_and_an_unknown_use_of_one_are_refused() -> None:
    with pytest.raises(UnsupportedOperation, match="primitive fft"):
        evaluate(jax.make_jaxpr(jnp.fft.fft)(jnp.ones(4)), [np.ones(4)])
    with pytest.raises(UnsupportedOperation, match="gaps or cuts"):
        evaluate(jax.make_jaxpr(lambda x: lax.pad(x, 0.0, [(0, 0, 1)]))(jnp.ones(3)), [np.ones(3)])


def test_all_of_optaxs_samples_can_be_traced() -> None:
    """Every optimizer and transformation of Optax compiles: there is a rule for all of it."""
    refused = {}
    start = params()
    with jax.enable_x64(True):
        for name, rows in {**OPTIMIZERS, **TRANSFORMATIONS}.items():
            theirs = optax.with_extra_args_support(rows[0](optax))
            try:
                state = theirs.init(start)
                closed = jax.make_jaxpr(lambda g, s, p, o=theirs: o.update(g, s, p, value=0.7))(
                    start, state, start
                )
            except (TypeError, ValueError):
                continue  # of what wants other parameters
            known = {*RULES, *OF_PROGRAMS, "jit", "custom_jvp_call", "random_bits",
                     "shift_right_logical"}  # fmt: skip
            unknown = primitives_of(closed.jaxpr) - known
            if unknown:
                refused[name] = unknown
    assert not refused
