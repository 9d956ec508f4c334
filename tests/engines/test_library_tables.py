"""Every primitive by JAX's and PyTorch's table, beside its meaning in NumPy."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tests.engines.agreement import CLOSE
from tests.samples import OF_PROGRAMS, ROWS, UP_TO_SIGN, call, samples
from thalweg.core.primitive import PRIMITIVES
from thalweg.foreign import library_of
from thalweg.ops.numpy.libraries import admitted

# What no table has, and why.
WITHOUT = {
    **dict.fromkeys(
        set(OF_PROGRAMS) - {"callback", "packed", "part"}, "runs programs; libraries run functions"
    ),
    "iota": "has no operand",
    **dict.fromkeys(
        (
            *("betainc_by_a", "betainc_by_b", "cofactors_of", "gammainc_by_shape", "minors_along"),
            "zeta_by_order",
        ),
        "a derivative; libraries find their own",
    ),
    **dict.fromkeys(
        ("betaincinv", "betainccinv", "gammaincinv", "gammainccinv"),
        "neither has inverses of incomplete functions",
    ),
    **dict.fromkeys(
        (
            f"{name}_{which}"
            for name in ("binom", "nbinom", "poisson")
            for which in ("quantile", "upper_quantile")
        ),
        "neither has quantiles of counts",
    ),
}

LACKING = {
    "jax": WITHOUT | dict.fromkeys(("j0", "j1"), "JAX's is NaN for numbers beyond some tens"),
    "torch": WITHOUT | {"betainc": "PyTorch has none"},
}

# How many samples of a primitive: JAX compiles for each.
MANY = {"jax": 2, "torch": 8}

SIGNLESS = UP_TO_SIGN | {"eigenvectors_of"}


@pytest.fixture(params=["jax", "torch"])
def array(request: pytest.FixtureRequest) -> Iterator[Callable[[Any], Any]]:
    """Yield what makes arrays of a library of NumPy's; in JAX they may have 64 bits."""
    module = pytest.importorskip(request.param)
    if request.param == "torch":
        yield lambda x: module.from_numpy(np.array(x))
        return
    with module.enable_x64():
        yield module.numpy.asarray


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", sorted(PRIMITIVES))
def test_table_agrees_with_meaning(name: str, array: Callable[[Any], Any]) -> None:
    """A row gives what the primitive means, in shape, dtype and value; exceptions are listed."""
    library = library_of(array(np.ones(1)))
    assert library is not None
    if name in LACKING[library.name]:
        assert name not in library.table
        return
    rows = samples(name) if name in ROWS else []
    chosen = np.linspace(0, max(0, len(rows) - 1), MANY[library.name]).astype(int)
    for row in [rows[i] for i in sorted(set(chosen))] if rows else []:
        operands = [np.asarray(operand) for operand in row.operands]
        with np.errstate(all="ignore"):
            wanted = np.asarray(PRIMITIVES[name].meaning(*operands, **row.params))
        tensor = call(
            PRIMITIVES[name], tuple(admitted(array(operand)) for operand in operands), row.params
        )
        assert library_of(tensor.array.value) is library
        found = tensor.numpy()
        assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape), row
        if name in SIGNLESS:
            found, wanted = abs(found), abs(wanted)
        close = 50 * CLOSE.get(wanted.dtype.name, 0.0)
        np.testing.assert_allclose(found, wanted, rtol=close, atol=close, err_msg=str(row))
