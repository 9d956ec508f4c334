from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.compiler.programs import body, primitives, program_of, run, spec
from thalweg.compiler.pipeline import optimize
from thalweg.compiler.rewrites.algebra import EXACT, IDENTITIES, RELAXED, RewriteRule
from thalweg.core.program import Program
from thalweg.core.spec import Spec
from thalweg.ops.elementwise.arithmetic import power

SPECIAL = np.array(
    [0.0, -0.0, 1.0, -1.0, 0.3, -7.5, 1e-200, -1e200, 5e-324, np.inf, -np.inf, np.nan]
)
LITERALS = {"a": -4.0, "b": 0.375}
DTYPES = {"b": np.bool_, "i": np.int64, "f": np.float64}


def rows(table: dict[Any, tuple[RewriteRule, ...]]) -> list[Any]:
    return [
        pytest.param(identity, id=inspect.getsource(identity.before).strip())
        for identities in table.values()
        for identity in identities
    ]


def kind_of(identity: RewriteRule) -> str:
    """Return a kind of dtype for the operands x, y and z: floats where there is a choice."""
    return next((kind for kind in "fib" if kind in identity.kinds), "f")


def applied(side: Callable[..., Any], identity: RewriteRule) -> Program:
    """Trace one side on arrays of different shapes, with literals for a and b."""
    names = [name for name in inspect.signature(identity.before).parameters if name not in "ab"]
    # Logic has Boolean results, but compares numbers.
    kind = "f" if kind_of(identity) == "b" else kind_of(identity)

    def spec_of(name: str) -> Spec:
        return spec(
            *((12,) if name in "xp" else (12, 1)), dtype=DTYPES["b" if name in "pq" else kind]
        )

    def function(*operands: Any) -> Any:
        given = dict(zip(names, operands, strict=True)) | LITERALS
        wanted = inspect.signature(side).parameters
        return side(**{name: given[name] for name in wanted})

    return program_of(function, *map(spec_of, names))


def arguments(program: Program) -> list[Any]:
    """Return every special value against every other."""
    found = []
    for symbol in program.inputs:
        values = {"f": SPECIAL, "i": np.arange(-6, 6), "b": np.arange(12) % 2 == 0}[
            symbol.dtype.kind
        ]
        found.append(values.reshape(symbol.shape))
    return found


@pytest.mark.parametrize("identity", rows(IDENTITIES))
def test_each_identity_is_applied(identity: RewriteRule) -> None:
    before, after = applied(identity.before, identity), applied(identity.after, identity)
    optimized = optimize(before)
    optimized.check()
    assert optimized.equations != before.equations
    assert sorted(primitives(optimized)) in (
        sorted(primitives(optimize(after))),
        # The sides differ in shape where an operand is gone: the result is broadcast.
        sorted([*primitives(optimize(after)), "broadcast_to"]),
    )


@pytest.mark.parametrize("identity", rows(EXACT))
def test_exact_identities_keep_every_bit_of_special_values(identity: RewriteRule) -> None:
    before = applied(identity.before, identity)
    given = arguments(before)
    for wanted, got in zip(run(before, *given), run(optimize(before), *given), strict=True):
        assert got.dtype == wanted.dtype
        np.testing.assert_array_equal(got, wanted)
        numbers = ~np.isnan(wanted) if wanted.dtype.kind == "f" else np.True_
        np.testing.assert_array_equal(np.signbit(got) & numbers, np.signbit(wanted) & numbers)


@pytest.mark.parametrize("identity", rows(RELAXED))
def test_relaxed_identities_agree_on_special_values(identity: RewriteRule) -> None:
    before = applied(identity.before, identity)
    given = arguments(before)
    exponent = inspect.getsource(identity.before)
    if "power(x, 0.5)" in exponent:
        given = [np.where(np.isneginf(given[0]), 0.0, given[0])]  # its root is NaN, as stated
    for wanted, got in zip(run(before, *given), run(optimize(before), *given), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-15, atol=1e-323)  # subnormals


def test_zero_times_x_stays_because_x_may_be_nan() -> None:
    program = optimize(program_of(lambda x: x * 0.0, spec(3)))
    assert primitives(program) == ["multiply"]


def test_a_difference_of_equals_stays_because_it_may_be_nan() -> None:
    program = optimize(program_of(lambda x: x - x, spec(3)))
    assert primitives(program) == ["subtract"]


def test_literals_are_merged_only_far_from_overflow() -> None:
    program = optimize(program_of(lambda x: (x * 1e200) * 1e-200, spec(3)))
    assert primitives(program) == ["multiply", "multiply"]
    program = optimize(program_of(lambda x: (x * 3.0) * 5.0, spec(3)))
    assert body(program) == ["b = multiply(a, 15.0)", "return b"]


def test_integers_have_no_roots_or_quotients_put_in() -> None:
    program = optimize(program_of(lambda x, y: power(x, -1), spec(3, dtype=int), spec()))
    assert primitives(program) == ["power"]


def test_identities_hold_for_what_is_filled_with_a_number() -> None:
    def function(x: Any) -> Any:
        return x * np.ones_like(x) + np.zeros_like(x)

    program = optimize(program_of(function, spec(2, 3)))
    assert body(program) == ["return a"]


def test_a_smaller_operand_that_remains_is_broadcast_to_the_result() -> None:
    program = optimize(program_of(lambda x, y: x * np.ones_like(y), spec(3), spec(2, 3)))
    assert body(program) == ["c = broadcast_to(a, shape=(2, 3))", "return c"]
