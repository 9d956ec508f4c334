"""What PyTorch calls the step of its tape that a function leaves, where here it is several."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from thalweg.core.tensor import Tensor

Function = TypeVar("Function", bound=Callable[..., Any])

# By the function's own name; of two, the second is that along an axis. A digit at the end says
# which of PyTorch's forms it is: `Rot900` is the first of Rot90.
_STEPS: dict[str, str | tuple[str, str]] = {
    "_repeat": "Repeat", "adaptive_max_pool1d": "Squeeze1",
    "adaptive_max_pool2d": "AdaptiveMaxPool2D", "adaptive_max_pool3d": "AdaptiveMaxPool3D",
    "addbmm": "Addbmm", "addcdiv": "Addcdiv", "addcmul": "Addcmul", "addmm": "Addmm",
    "addmv": "Addmv", "addr": "Addr", "amax": "Amax", "amin": "Amin", "aminmax": "Aminmax",
    "angle": "Angle", "as_strided_scatter": "AsStridedScatter", "avg_pool2d": "AvgPool2D",
    "avg_pool3d": "AvgPool3D", "baddbmm": "Baddbmm", "block_diag": "BlockDiag", "bmm": "Bmm",
    "cartesian_prod": "Stack", "cdist": "Cdist", "cholesky": "LinalgCholeskyEx",
    "cholesky_ex": "LinalgCholeskyEx", "cholesky_inverse": "CholeskyInverse",
    "cholesky_solve": "CholeskySolve", "chunk": "Split", "combinations": "Stack",
    "complex": "Complex", "cond": "Squeeze1", "cov": "Squeeze", "cross": "LinalgCross",
    "cummax": "Cummax", "cummin": "Cummin", "cumprod": "Cumprod", "cumsum": "Cumsum",
    "deg2rad": "Deg2Rad", "det": "LinalgDet", "diag_embed": "DiagEmbed", "diagflat": "DiagEmbed",
    "diagonal": "Diagonal", "diagonal_scatter": "DiagonalScatter", "diagonals": "Diagonal",
    "dist": "Dist", "dot": "Dot", "eig": "LinalgEig", "eigh": "LinalgEigh", "eigvals": "LinalgEig",
    "eigvalsh": "LinalgEigh", "entr": "SpecialEntr", "erfcx": "SpecialErfcx",
    "expand_dims": "Unsqueeze", "fft2": "FftC2C", "fftn": "FftC2C", "fftshift": "Roll",
    "flatten": "View", "float_power": "Pow1", "fmax": "Fmax", "fmin": "Fmin", "frac": "Frac",
    "fractional_max_pool2d": "FractionalMaxPool2D", "fractional_max_pool3d": "FractionalMaxPool3D",
    "frexp": "Frexp", "gather": "Gather", "gradient": "Cat", "hfft": "FftC2R", "hfft2": "FftC2R",
    "hfftn": "FftC2R", "householder_product": "LinalgHouseholderProduct", "ifft2": "FftC2C",
    "ifftn": "FftC2C", "ifftshift": "Roll", "index_add": "IndexAdd", "index_copy": "IndexCopy",
    "index_put": "IndexPut", "index_reduce": "IndexReduce", "index_select": "IndexSelect",
    "inv": "LinalgInvEx", "inv_ex": "LinalgInvEx", "irfft": "FftC2R", "irfft2": "FftC2R",
    "irfftn": "FftC2R", "kron": "UnsafeView", "kthvalue": "Kthvalue", "ldexp": "Ldexp",
    "log_ndtr": "SpecialLogNdtr", "log_softmax": "LogSoftmax", "logaddexp2": "Logaddexp20",
    "logcumsumexp": "Logcumsumexp", "logdet": "Where", "logit": "Logit", "logsumexp": "Logsumexp",
    "lu_factor": "LinalgLuFactorEx", "lu_factor_ex": "LinalgLuFactorEx",
    "lu_solve": "LinalgLuSolve", "lu_unpack": "LuUnpack", "masked_scatter": "MaskedScatter",
    "masked_select": "MaskedSelect", "matrix_exp": "LinalgMatrixExp", "max_pool1d": "Squeeze1",
    "max_pool2d": "MaxPool2DWithIndices", "max_pool3d": "MaxPool3DWithIndices",
    "max_unpool1d": "Squeeze1", "max_unpool2d": "MaxUnpool2D", "max_unpool3d": "MaxUnpool3D",
    "mean": ("Mean", "Mean1"), "median": ("Median", "Median1"), "mm": "Mm", "mode": "Mode",
    "movedim": "Permute", "msort": "Sort", "mv": "Mv", "mvlgamma": "Mvlgamma",
    "nan_to_num": "NanToNum", "nanmedian": ("Nanmedian", "Nanmedian1"), "nansum": "Nansum",
    "narrow": "Slice", "ndtr": "Mul1", "norm": "LinalgVectorNorm", "norm_of": "LinalgVectorNorm",
    "ormqr": "Ormqr", "pdist": "Pdist", "pinv": "LinalgPinv", "polar": "Polar",
    "polygamma": "Polygamma", "powers_of": "Cat", "prod": ("Prod", "Prod1"), "put": "Put",
    "qr": "LinalgQr", "reciprocal": "Reciprocal", "relu": "Relu", "renorm": "Renorm",
    "rfft": "FftR2C", "rfft2": "FftR2C", "rfftn": "FftR2C", "roll": "Roll", "rot90": "Rot900",
    "rsqrt": "Rsqrt", "rsub": "Rsub", "scatter_add": "ScatterAdd",
    "scatter_reduce": "ScatterReduce", "select": "Select", "select_scatter": "SelectScatter",
    "sgn": "Sgn", "sinc": "Sinc", "slice_scatter": "SliceScatter", "slogdet": "LinalgSlogdet",
    "softmax": "Softmax", "solve": "LinalgSolveEx", "solve_ex": "LinalgSolveEx",
    "solve_triangular": "LinalgSolveTriangular", "split_with_sizes": "SplitWithSizes",
    "stack": "Stack", "std": "Std", "std_mean": "StdMean", "sum": ("Sum", "Sum1"),
    "svd": "LinalgSvd", "svdvals": "LinalgSvd", "swapaxes": "Transpose", "swapdims": "Transpose",
    "t": "T", "take": "Take", "tensorinv": "ReshapeAlias", "tile": "Repeat", "topk": "Topk",
    "trace": "Trace", "triangular_solve": "TriangularSolve", "tril": "Tril", "triu": "Triu",
    "trunc": "Trunc", "unbind": "Unbind", "unfold": "Unfold", "var": "Var", "var_mean": "VarMean",
    "vdot": "Vdot", "vector_norm": "LinalgVectorNorm", "view": "View",
    "view_as_complex": "ViewAsComplex", "xlog1py": "SpecialXlog1Py", "xlogy": "Xlogy",
}  # fmt: skip


def full_name(short: str) -> str:
    """Return the name of a step in PyTorch's form: `MeanBackward0` of `Mean`, `…1` of `Mean1`."""
    last = short[-1]
    return f"{short[:-1]}Backward{last}" if last.isdecimal() else f"{short}Backward0"


Given = tuple[Any, ...]

# Returns what a step is called, of the arguments by position and by name.
Namer = Callable[[Given, Mapping[str, Any]], str]


def _second(given: Given, named: Mapping[str, Any], *names: str) -> Any:
    """Return the second argument, wherever it was given."""
    return given[1] if len(given) > 1 else next((named[n] for n in names if n in named), None)


def _by_any(of_numbers: str, of_tensor: str) -> Namer:
    def chosen(given: Given, named: Mapping[str, Any]) -> str:
        others = (*given[1:], *named.values())
        return of_tensor if any(isinstance(x, Tensor) for x in others) else of_numbers

    return chosen


def _by_last(of_number: str, of_tensor: str) -> Namer:
    def chosen(given: Given, named: Mapping[str, Any]) -> str:
        last = (*given, *named.values())[-1]
        return of_tensor if isinstance(last, Tensor) else of_number

    return chosen


def _extreme(short: str, of_two: str) -> Namer:
    def chosen(given: Given, named: Mapping[str, Any]) -> str:
        if isinstance(_second(given, named, "other"), Tensor):
            return of_two
        along = len(given) > 1 or "axis" in named or "dim" in named
        return short if along else f"{short}1"

    return chosen


def _squeezed(given: Given, named: Mapping[str, Any]) -> str:
    axis = _second(given, named, "axis", "dim")
    return "Squeeze" if axis is None else "Squeeze2" if isinstance(axis, tuple) else "Squeeze1"


def _convolved(rank: int) -> Namer:
    # Of one example, PyTorch makes a batch first.
    return lambda given, named: "Squeeze1" if given and given[0].ndim == rank + 1 else "Convolution"


# Of functions that PyTorch has in several forms.
_CHOSEN: dict[str, Namer] = {
    "clamp_max": _by_any("ClampMax", "ClampMax1"),
    "clamp_min": _by_any("ClampMin", "ClampMin1"),
    "clip": _by_any("Clamp1", "Clamp"),
    "copysign": _by_any("Copysign1", "Copysign"),
    "divide": lambda given, named: "Div2" if named.get("rounding_mode") else "Div",
    "fft": lambda given, named: "FftC2C" if given[0].dtype.kind == "c" else "FftR2C",
    "fmod": _by_any("Fmod", "Fmod1"),
    "index_fill": _by_last("IndexFill", "IndexFill1"),
    "lerp": _by_last("Lerp", "Lerp1"),
    "masked_fill": _by_last("MaskedFill", "MaskedFill1"),
    "max": _extreme("Max", "Maximum"),
    "min": _extreme("Min", "Minimum"),
    "pow": _by_any("Pow", "Pow1"),
    "remainder": _by_any("Remainder", "Remainder1"),
    "round": lambda given, named: "Round1" if len(given) > 1 or "decimals" in named else "Round",
    "scatter": _by_last("Scatter1", "Scatter"),
    "sort": lambda given, named: "Sort1" if "stable" in named else "Sort",
    "split": lambda given, named: (
        "Split" if isinstance(_second(given, named, "split_size_or_sections"), int)
        else "SplitWithSizes"
    ),
    "squeeze": _squeezed,
    **{f"conv{rank}d": _convolved(rank) for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": _convolved(rank) for rank in (1, 2, 3)},
}  # fmt: skip


def _namer(short: str | tuple[str, str] | Namer) -> Namer:
    if isinstance(short, str):
        name = full_name(short)
        return lambda given, named: name
    if isinstance(short, tuple):
        whole, along = map(full_name, short)
        return lambda given, named: (
            along if len(given) > 1 or "axis" in named or "dim" in named else whole
        )
    return lambda given, named: full_name(short(given, named))


_NAMERS = {name: _namer(short) for name, short in {**_STEPS, **_CHOSEN}.items()}


def steps_of(function: Callable[..., Any]) -> Namer | None:
    """Return what tells PyTorch's name of a function's step by its arguments; None for ours."""
    return _NAMERS.get(function.__name__)


def call_step(found: Any, args: tuple[Any, ...], name: str) -> None:
    """Give the step that made a tensor, or several, a name; not that which made an operand."""
    if isinstance(found, tuple):
        for part in found:
            call_step(part, args, name)
    elif isinstance(found, Tensor) and found.node is not None:
        node = found.node
        if all(not isinstance(given, Tensor) or given.node is not node for given in args):
            node.called = name


def call_part(found: Any, x: Tensor, key: Any) -> None:
    """Give the step that `x[key]` leaves the name of what PyTorch does last."""
    items = key if isinstance(key, tuple) else (key,)
    node = found.node
    if node is None or node is x.node:
        return
    for item in reversed(items):
        if isinstance(item, int):
            node.called = "SelectBackward0"
        elif item is None:
            node.called = "UnsqueezeBackward0"
        elif isinstance(item, slice):
            if item == _WHOLE:
                continue
            node.called = "SliceBackward0"
        elif item is not Ellipsis:
            node.called = "IndexBackward0"
        else:
            continue
        return


_WHOLE = slice(None)


def step(short: str | Namer) -> Callable[[Function], Function]:
    """Let the step that a function leaves on the tape have a name: `@step("MseLoss")`.

    Args:
        short: The name, or what chooses it by the arguments.
    """
    namer = _namer(short)

    def declare(own: Function) -> Function:
        @functools.wraps(own)
        def called(*args: Any, **kwargs: Any) -> Any:
            found = own(*args, **kwargs)
            if getattr(found, "node", found) is not None:
                call_step(found, args, namer(args, kwargs))
            return found

        return called  # type: ignore[return-value]

    return declare
