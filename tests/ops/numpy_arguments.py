"""Values for the parameters of NumPy's functions: what random calls of them are drawn from."""

from __future__ import annotations

from typing import Any

import numpy as np

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(3, 4)) + 0.05
Y = RANDOM.normal(size=(3, 4))
S = RANDOM.normal(size=(4, 4))
SPD = S @ S.T + 4 * np.eye(4)
B = RANDOM.normal(size=(2, 3, 4))
V, W, V4 = RANDOM.normal(size=5), RANDOM.normal(size=5), RANDOM.normal(size=4)
N = np.where(np.abs(X) > 1, np.nan, X)
I = RANDOM.integers(0, 9, (3, 4))  # noqa: E741
C = X + 1j * Y
T3 = RANDOM.normal(size=(3, 3))

AXIS = {"axis": (None, 0, 1, -1)}
REDUCED = {"axis": (None, 0, 1, (0, 1), -1), "keepdims": (True, False)}
TYPED = {"dtype": (None, np.float32, np.complex128)}
LIKE = {"prototype": (X, I), "dtype": (None, np.float32)}
SCALED = {"norm": (None, "ortho", "forward")}
ONE_FFT = {"a": (X, C), "n": (None, 3, 6), "axis": (-1, 0), **SCALED}
MORE_FFT = {"a": (X, C), "s": (None,), "axes": ((0, 1), (-1,)), **SCALED}
STACKED = {"arrays": ([X, Y],), "axis": (0, 1)}

# A function of NumPy: for each of its parameters the values to draw from.
ARGUMENTS: dict[str, dict[str, tuple[Any, ...]]] = {
    **{key: {"a": (X, I, C), **REDUCED, **TYPED} for key in ("sum", "prod", "nansum")},
    **{key: {"a": (X, I), **REDUCED, "dtype": (None, np.float32)} for key in ("mean", "nanmean")},
    **{
        key: {"a": (X, C, I), **REDUCED, "dtype": (None,), "ddof": (0, 1, 2)}
        for key in ("var", "std")
    },
    **{key: {"a": (X, I), **REDUCED} for key in ("max", "min", "amax", "amin", "ptp")},
    **{key: {"a": (X > 0, I), **REDUCED} for key in ("all", "any", "count_nonzero")},
    **{key: {"a": (X, I), **AXIS, "keepdims": (True, False)} for key in ("argmax", "argmin")},
    **{key: {"a": (X, I), **AXIS, "dtype": (None, np.float32)} for key in ("cumsum", "cumprod")},
    **{
        key: {"x": (X, I), "axis": (0, 1), "include_initial": (True, False)}
        for key in ("cumulative_sum", "cumulative_prod")
    },
    **{key: {"a": (X, N), **REDUCED} for key in ("median", "nanmedian")},
    **{
        key: {"a": (X,), "q": (0.3, [0.1, 0.7]), **REDUCED, "method": ("linear", "lower", "higher")}
        for key in ("quantile", "nanquantile")
    },
    "average": {
        "a": (X,),
        "axis": (None, 0, 1),
        "weights": (None, np.abs(Y)),
        "returned": (False,),
    },
    "trace": {"a": (S, B), "offset": (0, 1, -1), "axis1": (0, 1), "axis2": (-1,), "dtype": (None,)},
    "linalg.trace": {"x": (B, S), "offset": (0, 1, -1)},
    "diagonal": {"a": (S, B), "offset": (0, 1, -1), "axis1": (0, 1), "axis2": (-1,)},
    "linalg.diagonal": {"x": (B,), "offset": (0, 1)},
    "diag": {"v": (V, S), "k": (0, 1, -2)},
    "diagflat": {"v": (V, X), "k": (0, 1, -2)},
    **{key: {"m": (X, B), "k": (0, 1, -1)} for key in ("tril", "triu")},
    "diff": {"a": (X, B), "n": (1, 2), "axis": (-1, 0), "prepend": (np._NoValue, 0.0)},
    "gradient": {"f": (X,), "axis": (None, 0, 1), "edge_order": (1, 2)},
    "trapezoid": {"y": (X,), "x": (None,), "dx": (1.0, 0.5), "axis": (-1, 0)},
    "angle": {"z": (C, X), "deg": (False, True)},
    **{key: {"val": (C, X)} for key in ("real", "imag")},
    **{key: {"x": (X,)} for key in ("isreal", "iscomplexobj", "isneginf", "isposinf", "fix")},
    **{key: {"x": (X,)} for key in ("i0", "sinc")},
    "clip": {"a": (X, I), "a_min": (None, -0.5, 1), "a_max": (0.5, 2)},
    **{key: {"a": (X * 30,), "decimals": (0, 1, -1)} for key in ("round", "around")},
    "nan_to_num": {"x": (N,), "copy": (True,), "nan": (0.0, 7.0), "posinf": (None, 1.0)},
    "where": {"condition": (X > 0,), "x": (X, 1.0), "y": (Y, 0.0)},
    "select": {
        "condlist": ([X > 1, X > 0],),
        "choicelist": ([X, Y * 2], [1.0, Y]),
        "default": (0, -1.0),
    },
    **{
        key: {
            "a": (X,),
            "b": (X + 1e-09, Y, N),
            "rtol": (1e-05, 1.0),
            "atol": (1e-08, 0.5),
            "equal_nan": (False, True),
        }
        for key in ("isclose", "allclose")
    },
    "array_equal": {"a1": (X, N), "a2": (X, N), "equal_nan": (False, True)},
    **{key: {"a": (X, V4), "b": (V4,)} for key in ("dot", "inner")},
    "vdot": {"a": (X, C), "b": (Y, C)},
    "outer": {"a": (V, X), "b": (W, Y)},
    "linalg.outer": {"x1": (V,), "x2": (W,)},
    "kron": {"a": (X, V), "b": (Y, T3)},
    "tensordot": {"a": (X,), "b": (Y,), "axes": (2, ([0, 1], [0, 1]), ([1], [1]))},
    "linalg.tensordot": {"x1": (X,), "x2": (Y,), "axes": (2, ([1], [1]))},
    "linalg.matmul": {"x1": (X,), "x2": (S,)},
    "linalg.vecdot": {"x1": (X, C), "x2": (Y,), "axis": (-1, 0)},
    "cross": {
        "a": (T3,),
        "b": (T3[::-1].copy(),),
        "axisa": (-1,),
        "axisb": (-1,),
        "axis": (None, 0, 1),
    },
    "linalg.cross": {"x1": (T3,), "x2": (T3[::-1].copy(),), "axis": (-1, 0)},
    "linalg.multi_dot": {"arrays": ([X, S, V4],)},
    **{key: {"a": (S, SPD)} for key in ("linalg.inv", "linalg.det", "linalg.slogdet")},
    "linalg.cholesky": {"a": (SPD,), "upper": (False, True)},
    "linalg.eigvalsh": {"a": (SPD,), "UPLO": ("L", "U")},
    "linalg.svdvals": {"x": (X,)},
    "linalg.solve": {"a": (SPD,), "b": (S, V4)},
    "linalg.matrix_power": {"a": (S,), "n": (0, 1, 3, -1)},
    "linalg.matrix_rank": {"A": (S, X), "tol": (None, 0.5), "hermitian": (False,)},
    "linalg.matrix_transpose": {"x": (X, B)},
    "matrix_transpose": {"x": (X, B)},
    "linalg.pinv": {"a": (X,), "rcond": (None, 0.4), "hermitian": (False,)},
    "linalg.cond": {"x": (S,), "p": (None, 1, "fro", -2)},
    "linalg.norm": {
        "x": (X,),
        "ord": (None, 1, np.inf, "fro"),
        "axis": (None, (0, 1)),
        "keepdims": (False, True),
    },
    "linalg.vector_norm": {"x": (X, C), "ord": (2, 1, 3), "axis": (None, 0), "keepdims": (True,)},
    "linalg.matrix_norm": {"x": (B,), "ord": ("fro", 1, 2, "nuc"), "keepdims": (True, False)},
    "linalg.tensorinv": {"a": (RANDOM.normal(size=(4, 2, 2)),), "ind": (1,)},
    "linalg.tensorsolve": {
        "a": (RANDOM.normal(size=(2, 2, 4)),),
        "b": (S[:2, :2],),
        "axes": (None,),
    },
    **{f"fft.{name}": ONE_FFT for name in ("fft", "ifft", "irfft", "hfft")},
    **{f"fft.{name}": ONE_FFT | {"a": (X,)} for name in ("rfft", "ihfft")},
    **{f"fft.{name}": MORE_FFT for name in ("fft2", "ifft2", "fftn", "ifftn", "irfftn", "irfft2")},
    **{f"fft.{name}": MORE_FFT | {"a": (X,)} for name in ("rfft2", "rfftn")},
    **{f"fft.{name}": {"x": (X,), "axes": (None, 0, (0, 1))} for name in ("fftshift", "ifftshift")},
    "reshape": {"a": (X,), "shape": ((4, 3), -1, (2, -1))},
    "ravel": {"a": (X,), "order": ("C",)},
    "transpose": {"a": (B,), "axes": (None, (2, 0, 1))},
    "swapaxes": {"a": (B,), "axis1": (0, 1), "axis2": (2, -1)},
    "moveaxis": {"a": (B,), "source": (0, [0, 1]), "destination": (2, [1, 2])},
    "expand_dims": {"a": (X,), "axis": (0, -1, (0, 2))},
    "squeeze": {"a": (X[:, None],), "axis": (None, 1)},
    "broadcast_to": {"array": (V4, X), "shape": ((3, 4), (2, 3, 4))},
    "flip": {"m": (X,), "axis": (None, 0, 1)},
    **{key: {"m": (X,)} for key in ("flipud", "fliplr")},
    "rot90": {"m": (X, B), "k": (1, 2, -1), "axes": ((0, 1), (1, 0))},
    "roll": {"a": (X,), "shift": (1, -2), "axis": (None, 0, 1)},
    "repeat": {"a": (X,), "repeats": (2, 3), "axis": (None, 0, 1)},
    "tile": {"A": (X, V), "reps": (2, (2, 1), (1, 2, 2))},
    "pad": {
        "array": (X,),
        "pad_width": (1, ((1, 2), (0, 1))),
        "mode": ("constant", "edge", "reflect"),
    },
    **{
        key: {"ary": (S, B[0].T), "indices_or_sections": (2, [1, 3]), "axis": (0,)}
        for key in ("split", "array_split")
    },
    "hsplit": {"ary": (X,), "indices_or_sections": (2, [1])},
    "vsplit": {"ary": (S,), "indices_or_sections": (2, [1])},
    "dsplit": {"ary": (B,), "indices_or_sections": (2, [1])},
    "concatenate": STACKED | {"dtype": (None, np.float32)},
    "stack": STACKED,
    **{key: {"tup": ([X, Y], [V, W])} for key in ("vstack", "hstack", "dstack", "column_stack")},
    "take": {"a": (X,), "indices": (1, [0, 2], [[0, -1], [1, 2]]), "axis": (None, 0)},
    "take_along_axis": {"arr": (X,), "indices": (np.argsort(X, 1),), "axis": (1,)},
    "sort": {"a": (X,), "axis": (-1, 0, None), "kind": (None, "stable", "quicksort")},
    "argsort": {"a": (X,), "axis": (-1, 0, None), "kind": (None, "stable")},
    "searchsorted": {"a": (np.sort(V),), "v": (W, 0.1), "side": ("left", "right")},
    "unique": {"ar": (I,), "return_index": (False,), "return_counts": (False,), "axis": (None,)},
    "isin": {
        "element": (I,),
        "test_elements": ([1, 5],),
        "assume_unique": (False,),
        "invert": (True, False),
    },
    "bincount": {"x": (I.ravel(),), "weights": (None, X.ravel()), "minlength": (0, 12)},
    "argwhere": {"a": (X > 0,)},
    "nonzero": {"a": (X > 0,)},
    "unravel_index": {"indices": (np.array([3, 7]),), "shape": ((3, 4),)},
    "polyval": {"p": (V,), "x": (X, 0.5)},
    "vander": {"x": (V,), "N": (None, 3), "increasing": (False, True)},
    "cov": {
        "m": (X,),
        "y": (None, Y),
        "rowvar": (True, False),
        "bias": (False, True),
        "ddof": (None, 0),
    },
    "corrcoef": {"x": (X,), "y": (None, Y), "rowvar": (True, False)},
    **{key: {"a": (X, I), "dtype": (None, np.float32)} for key in ("ones_like", "zeros_like")},
    "full_like": {"a": (X, I), "fill_value": (3, 2.5), "dtype": (None, np.float32)},
    "linspace": {
        "start": (np.float64(0.5),),
        "stop": (X, 3.0),
        "num": (5,),
        "endpoint": (True, False),
    },
    "logspace": {
        "start": (0.5,),
        "stop": (X[0],),
        "num": (4,),
        "endpoint": (True, False),
        "base": (10.0, 2.0),
    },
    **{key: {"a": (X,)} for key in ("ndim", "shape")},
    "size": {"a": (X,), "axis": (None, 1)},
    "astype": {"x": (X,), "dtype": (np.float32, np.int64)},
    "isneginf": {"x": (N,)},
    "append": {"arr": (X,), "values": (Y,), "axis": (None, 0, 1)},
    "apply_along_axis": {"func1d": (lambda row: row.max(),), "axis": (0, 1), "arr": (X,)},
    "apply_over_axes": {"func": (lambda x, axis: x.sum(axis),), "a": (X,), "axes": ((0, 1), 0)},
    "block": {"arrays": ([[X, Y], [Y, X]], [V, W])},
    "choose": {"a": (np.array([0, 1, 1, 0]),), "choices": ([V4, X[0]],), "mode": ("raise",)},
    "compress": {"condition": ([True, False, True],), "a": (X,), "axis": (None, 0)},
    "convolve": {"a": (V,), "v": (V4,), "mode": ("full", "same", "valid")},
    "correlate": {"a": (V,), "v": (V4,), "mode": ("full", "same", "valid")},
    "delete": {"arr": (X,), "obj": (1, [0, 2]), "axis": (None, 0)},
    "insert": {"arr": (X,), "obj": (1, -1), "values": (0.5,), "axis": (None, 0, 1)},
    "diag_indices_from": {"arr": (S,)},
    "tril_indices_from": {"arr": (S,), "k": (0, 1)},
    "triu_indices_from": {"arr": (S,), "k": (0, -1)},
    "digitize": {"x": (X,), "bins": (np.array([-1.0, 0.0, 1.0]),), "right": (False, True)},
    "ediff1d": {"ary": (X,), "to_end": (None, 9.0), "to_begin": (None, -9.0)},
    "extract": {"condition": (X > 0,), "arr": (X,)},
    "histogram": {"a": (X,), "bins": (5, [-2.0, 0.0, 2.0]), "range": (None, (-1.0, 1.0))},
    "histogram_bin_edges": {"a": (X,), "bins": (5,), "range": (None, (-1.0, 1.0))},
    "interp": {
        "x": (X,),
        "xp": (np.array([-1.0, 0.0, 1.0]),),
        "fp": (np.array([3.0, 1.0, 2.0]),),
        "left": (None, 7.0),
        "right": (None, 8.0),
    },
    "linalg.eig": {"a": (SPD,)},
    "linalg.eigvals": {"a": (SPD,)},
    "linalg.lstsq": {"a": (S,), "b": (V4,), "rcond": (None,)},
    **{name: {"a": (X, N), **AXIS} for name in ("nanargmax", "nanargmin")},
    **{name: {"a": (X, N), **AXIS} for name in ("nancumprod", "nancumsum")},
    **{name: {"a": (X, N), **REDUCED} for name in ("nanmax", "nanmin", "nanprod")},
    **{name: {"a": (X, N), **REDUCED, "ddof": (0, 1)} for name in ("nanstd", "nanvar")},
    **{
        name: {"a": (X,), "q": (30.0, [10.0, 70.0]), **REDUCED, "method": ("linear", "lower")}
        for name in ("percentile", "nanpercentile")
    },
    "piecewise": {"x": (X,), "condlist": ([X > 0],), "funclist": ([1.0, 2.0], [abs, -1.0])},
    "rollaxis": {"a": (B,), "axis": (0, 1, 2), "start": (0, 1)},
    "unwrap": {"p": (X * 9,), "discont": (None, 4.0), "axis": (-1, 0)},
}
