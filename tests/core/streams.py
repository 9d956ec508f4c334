"""Ways to draw from a generator, and the same draw of PyTorch's."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

Draw = tuple[Callable[[Any], Any], Callable[[Any], Any]]

# PyTorch's float32 normal numbers are made by polynomials where there is AVX2.
X86 = platform.machine() in ("x86_64", "AMD64")
# It draws Bernoulli and exponential numbers from another generator on Intel's processors.
_PROCESSOR = Path("/proc/cpuinfo")
INTEL = X86 and (not _PROCESSOR.exists() or "GenuineIntel" in _PROCESSOR.read_text())
SEEDS = [*range(47), 2**32 + 5, 2**63, 2**64 - 1]
_NAMES_TEXT = "float32 float64 complex64 complex128 bool int8 uint8 int16 int32 int64"
DTYPES = {name: (np.dtype(name), getattr(torch, name)) for name in _NAMES_TEXT.split()}


def _empty(shape: Any, dtype: str) -> Any:
    return torch.empty(shape, dtype=DTYPES[dtype][1])


def _rand(n: int, dtype: str) -> Draw:
    ours, theirs = DTYPES[dtype]
    return (lambda g: g.rand((n,), ours), lambda g: torch.rand(n, dtype=theirs, generator=g))


def _uniform(n: int, low: float, high: float, dtype: str) -> Draw:
    return (
        lambda g: g.uniform(low, high, (n,), DTYPES[dtype][0]),
        lambda g: _empty(n, dtype).uniform_(low, high, generator=g),
    )


def _normal(n: int, mean: float, std: float, dtype: str) -> Draw:
    return (
        lambda g: g.normal(mean, std, (n,), DTYPES[dtype][0]),
        lambda g: _empty(n, dtype).normal_(mean, std, generator=g),
    )


def _scattered(n: int, dtype: str) -> Draw:
    return (
        lambda g: g.normal(0.3, 1.7, (n,), DTYPES[dtype][0], one_by_one=True),
        lambda g: _empty((n, 2), dtype)[:, 0].normal_(0.3, 1.7, generator=g),
    )


def _randint(n: int, low: int, high: int, dtype: str) -> Draw:
    ours, theirs = DTYPES[dtype]
    return (
        lambda g: g.randint(low, high, (n,), ours),
        lambda g: torch.randint(low, high, (n,), dtype=theirs, generator=g),
    )


def _random(n: int, dtype: str) -> Draw:
    return (
        lambda g: g.random((n,), DTYPES[dtype][0]),
        lambda g: _empty(n, dtype).random_(generator=g),
    )


def _randperm(n: int) -> Draw:
    return (lambda g: g.randperm(n), lambda g: torch.randperm(n, generator=g))


def _chances(n: int, dtype: str) -> Draw:
    p = np.linspace(0, 1, n).astype(dtype)
    return (
        lambda g: g.bernoulli(p).astype(dtype),
        lambda g: torch.bernoulli(torch.from_numpy(p), generator=g),
    )


def _named(name: str, n: int, arguments: tuple[float, ...], dtype: str) -> Draw:
    """Draw from a distribution that has one name here and, with an underscore, there."""
    return (
        lambda g: getattr(g, name)(*arguments, (n,), DTYPES[dtype][0]),
        lambda g: getattr(_empty(n, dtype), f"{name}_")(*arguments, generator=g),
    )


def _bernoulli(n: int, p: float) -> Draw:
    return (lambda g: g.bernoulli(p, (n,)), lambda g: _empty(n, "bool").bernoulli_(p, generator=g))


def _multinomial(shape: tuple[int, ...], n: int, replacement: bool, dtype: str) -> Draw:
    weights = np.random.default_rng(5).random(shape).astype(dtype)
    return (
        lambda g: g.multinomial(weights, n, replacement),
        lambda g: torch.multinomial(torch.from_numpy(weights), n, replacement, generator=g),
    )


def _counted(name: str, dtype: str, *parameters: Any) -> Draw:
    """Draw with a parameter for each number; PyTorch's may have another name."""
    given = [np.asarray(p, dtype) for p in parameters]
    theirs = [torch.from_numpy(array) for array in given]
    draw = getattr(torch, "_standard_gamma" if name == "standard_gamma" else name)
    return lambda g: getattr(g, name)(*given), lambda g: draw(*theirs, generator=g)


def _real_draws(dtype: str) -> dict[str, Draw]:
    draws = {
        "rand": _rand(1003, dtype),
        "uniform": _uniform(501, -0.37, 0.91, dtype),
        "uniform from 0": _uniform(400, 0, 0.3, dtype),
        "uniform, wide": _uniform(301, -1e4, 3e7, dtype),
        "one normal": _normal(1, 0, 1, dtype),
        "few normals": _normal(15, 0, 1, dtype),
        "few scaled normals": _normal(7, 0.3, 1.7, dtype),
        "scattered normals": _scattered(33, dtype),
        "chances": _chances(200, dtype),
        "cauchy": _named("cauchy", 150, (0.5, 1.5), dtype),
        "log_normal": _named("log_normal", 33, (0.5, 1.5), dtype),
        "geometric": _named("geometric", 150, (0.2,), dtype),
        "poisson": _counted("poisson", dtype, np.append(0.0, np.geomspace(1e-3, 1e6, 70))),
        "binomial": _counted(
            "binomial", dtype, np.floor(np.geomspace(1, 1e7, 70)), np.tile(np.linspace(0, 1, 7), 10)
        ),
        "gamma": _counted("standard_gamma", dtype, np.geomspace(1e-3, 1e4, 71)),
        "many categories": _multinomial((3, 8), 20, True, dtype),
    }
    if dtype == "float64" or X86:
        draws |= {
            "normals": _normal(512, 0, 1, dtype),
            "17 normals": _normal(17, 0, 1, dtype),
            "scaled normals": _normal(331, 0.3, 1.7, dtype),
        }
    if not INTEL:
        draws |= {
            "exponential": _named("exponential", 150, (1.5,), dtype),
            "one category": _multinomial((5,), 1, True, dtype),
            "distinct categories": _multinomial((2, 9), 4, False, dtype),
        }
    return {f"{name}, {dtype}": draw for name, draw in draws.items()}


def every_draw() -> dict[str, Draw]:
    """Return every kind of draw whose numbers are PyTorch's on this processor."""
    draws = _real_draws("float32") | _real_draws("float64")
    draws |= {f"random, {d}": _random(40, d) for d in DTYPES if "complex" not in d}
    draws |= {f"randint, {d}": _randint(60, 0, 2, d) for d in DTYPES if "complex" not in d}
    draws |= {f"rand, {d}": _rand(60, d) for d in ("complex64", "complex128")}
    draws |= {f"few normals, {d}": _normal(7, 1, 2, d) for d in ("complex64", "complex128")}
    draws |= {f"randperm of {n}": _randperm(n) for n in (0, 1, 2, 10, 499, 1500)}
    for low, high in ((-5, 17), (0, 2**28 - 1), (0, 2**28), (-(2**40), 2**40), (0, 2**63 - 1)):
        draws[f"randint from {low} to {high}"] = _randint(300, low, high, "int64")
    if not INTEL:
        draws["bernoulli"] = _bernoulli(400, 0.3)
    return draws
