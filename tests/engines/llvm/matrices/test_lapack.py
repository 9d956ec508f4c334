"""Large matrices go to LAPACK where SciPy is installed; without it the code is the engine's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.compiler.programs import program_of
from tests.engines.llvm.matrices.systems import Array, close, native, normal
from thalweg.core.operation import op
from thalweg.core.spec import Spec
from thalweg.engines.llvm.code.image import program_image
from thalweg.engines.llvm.ir.target import Target
from thalweg.engines.llvm.kernels.matrices import lapack

N = 129


def product(parts: Any) -> Any:
    return parts[0] * parts[1][..., None, :] @ parts[2]


# What is asked of a matrix, and what it must be.
CASES: dict[str, tuple[Callable[[Any], Any], Callable[[Array], Array]]] = {
    "elimination": (lambda x: tw.linalg.solve(x, x), lambda x: np.broadcast_to(np.eye(N), x.shape)),
    "eigensystem": (lambda x: tw.linalg.eigvalsh(x), lambda x: np.linalg.eigvalsh(x)),
    "orthogonalization": (lambda x: op.matmul(*tw.linalg.qr(x)), lambda x: x),
    "singular": (lambda x: product(tw.linalg.svd(x)), lambda x: x),
}


def objects(function: Callable[..., Any], x: Array) -> bytes:
    program = program_of(function, Spec(x.shape, x.dtype))
    return b"".join(program_image(program, Target.host()).objects)


@pytest.mark.parametrize("scipy", [True, False])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", CASES)
def test_large_matrices(
    name: str, dtype: Any, scipy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not scipy:
        monkeypatch.setattr(lapack, "state", lambda: "")
    asked, expected = CASES[name]
    x = (normal(np.float64, 2, N, N) + 20 * np.eye(N)).astype(dtype)
    (found,) = native(asked, x)
    close(found, expected(x).astype(dtype), N)
    assert (lapack.PREFIX.encode() in objects(asked, x)) is scipy


def test_what_is_not_finite_gives_nan_without_a_call() -> None:
    x = normal(np.float64, 2, N, N)
    x[1, 4, 3] = np.nan
    for function in (tw.linalg.eigvalsh, tw.linalg.svdvals):
        (found,) = native(function, x)
        assert np.isnan(found[1]).all()
        assert np.isfinite(found[0]).all()


def test_a_run_gives_the_same_bits() -> None:
    x = normal(np.float64, N, N)
    function = tw.jit(lambda x: (tw.linalg.eigh(x)[1], tw.linalg.inv(x)), engine="native")
    first, second = function(x), function(x)
    assert all((np.asarray(a) == np.asarray(b)).all() for a, b in zip(first, second, strict=True))


def test_integers_of_another_size_are_refused() -> None:
    assert lapack._address(None) is None
    assert set(lapack.addresses()) == {
        f"lapack_{kind}{routine}" for kind in "ds" for routine in lapack._ROUTINES
    }
