"""Operands and parameters for every primitive, away from kinks and ties."""

from typing import Any

import numpy as np

Sample = tuple[tuple[Any, ...], dict[str, Any]]

_random = np.random.default_rng(7)


def real(*shape: int) -> np.ndarray:
    return _random.normal(size=shape)


def positive(*shape: int) -> np.ndarray:
    return _random.uniform(0.4, 1.6, size=shape)


def integers(high: int, *shape: int) -> np.ndarray:
    return _random.integers(0, high, size=shape)


def boolean(*shape: int) -> np.ndarray:
    return _random.random(shape) < 0.5


SAMPLES: dict[str, list[Sample]] = {
    name: [((real(3, 1), real(4)), {}), ((real(2, 3), real(2, 3)), {}), ((real(), real(2)), {})]
    for name in (
        *("add", "subtract", "multiply", "divide", "floor_divide", "remainder", "logaddexp"),
        *("maximum", "minimum", "equal", "not_equal", "less", "less_equal", "greater"),
        "greater_equal",
    )
}
SAMPLES["power"] = [((positive(3, 1), real(4)), {}), ((positive(2), positive(2)), {})]
SAMPLES |= {
    name: [((boolean(3, 1), boolean(4)), {}), ((boolean(2, 3), boolean(2, 3)), {})]
    for name in ("logical_and", "logical_or")
}
SAMPLES["logical_not"] = [((boolean(3, 4),), {})]
SAMPLES |= {
    name: [((real(2, 3),), {}), ((real(),), {})]
    for name in (
        *("negative", "absolute", "sign", "square", "exp", "expm1", "sigmoid", "sin", "cos"),
        *("tan", "arctan", "tanh", "erf", "floor", "ceil", "stop_gradient"),
    )
}
SAMPLES |= {
    name: [((positive(2, 3),), {}), ((positive(),), {})] for name in ("sqrt", "log", "log1p")
}
SAMPLES["where"] = [
    ((boolean(3, 1), real(4), real(3, 4)), {}),
    ((boolean(2), real(2), real()), {}),
]
SAMPLES["reshape"] = [((real(2, 6),), {"shape": (3, 4)}), ((real(4),), {"shape": (2, 1, 2)})]
SAMPLES["transpose"] = [((real(2, 3, 4),), {"axes": (2, 0, 1)})]
SAMPLES["broadcast_to"] = [((real(3, 1),), {"shape": (2, 3, 4)}), ((real(),), {"shape": (2,)})]
SAMPLES |= {
    name: [((real(2, 3, 4),), {"axis": (0, 2)}), ((real(3),), {"axis": (0,)})]
    for name in ("reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "flip")
}
SAMPLES["concatenate"] = [
    ((real(2, 3), real(2, 1), real(2, 2)), {"axis": 1}),
    ((real(3), real(1)), {"axis": 0}),
]
SAMPLES["slice_"] = [((real(5, 4),), {"bounds": ((1, 5, 2), (0, 3, 1))})]
SAMPLES["pad_with_zeros"] = [
    ((real(3, 2),), {"low": (1, 0), "high": (0, 2), "interior": (2, 0)})
]
SAMPLES["astype"] = [
    ((real(3),), {"dtype": np.dtype("float32")}),
    ((real(3),), {"dtype": np.dtype("int64")}),
]
SAMPLES |= {
    name: [((real(3, 4),), {"axis": 1}), ((real(3, 4),), {"axis": 0})]
    for name in ("cumulative_sum", "index_of_max", "index_of_min")
}
SAMPLES["matrix_product"] = [
    ((real(2, 3), real(3, 4)), {}),
    ((real(2, 2, 3), real(2, 3, 1)), {}),
]
SAMPLES["take"] = [
    ((real(5), integers(5, 2, 3)), {"axis": 0}),
    ((real(2, 4, 3), integers(4, 2)), {"axis": 1}),
    ((real(2, 4), np.array(-1)), {"axis": 1}),
]
SAMPLES["scatter_add"] = [
    ((real(5), integers(5, 2, 3), real(2, 3)), {"axis": 0}),
    ((real(2, 4, 3), integers(4, 2), real(2, 2, 3)), {"axis": 1}),
]
SAMPLES["take_along_axis"] = [((real(3, 4), integers(4, 3, 2)), {"axis": 1})]
SAMPLES["scatter_add_along_axis"] = [
    ((real(3, 4), integers(4, 3, 2), real(3, 2)), {"axis": 1})
]

CASES = [
    (name, operands, params) for name, samples in SAMPLES.items() for operands, params in samples
]
NAMES = [f"{name}-{i}" for name, samples in SAMPLES.items() for i in range(len(samples))]
