"""What PyTorch calls the step of its tape that a function leaves, where here it is several."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from thalweg.core.tensor import Tensor

Function = TypeVar("Function", bound=Callable[..., Any])

# By the function's own name; of two, the second is that along an axis.
_STEPS: dict[str, str | tuple[str, str]] = {
    "_repeat": "Repeat", "addbmm": "Addbmm", "addcdiv": "Addcdiv", "addcmul": "Addcmul",
    "addmm": "Addmm", "addmv": "Addmv", "avg_pool2d": "AvgPool2D", "avg_pool3d": "AvgPool3D",
    "baddbmm": "Baddbmm", "bmm": "Bmm", "cdist": "Cdist", "cholesky": "LinalgCholeskyEx",
    "chunk": "Split", "clip": "Clamp1", "conv1d": "Convolution", "conv2d": "Convolution",
    "conv3d": "Convolution", "conv_transpose1d": "Convolution", "conv_transpose2d": "Convolution",
    "conv_transpose3d": "Convolution", "cross": "LinalgCross", "cummax": "Cummax",
    "cummin": "Cummin", "det": "LinalgDet", "diagonal": "Diagonal", "dist": "Dist", "dot": "Dot",
    "expand_dims": "Unsqueeze", "flatten": "View", "gather": "Gather", "index_add": "IndexAdd",
    "index_copy": "IndexCopy", "inv": "LinalgInvEx", "kthvalue": "Kthvalue", "lerp": "Lerp",
    "log_softmax": "LogSoftmax", "logit": "Logit", "logsumexp": "Logsumexp",
    "masked_fill": "MaskedFill", "masked_select": "MaskedSelect", "max": ("Max1", "Max"),
    "max_pool2d": "MaxPool2DWithIndices", "max_pool3d": "MaxPool3DWithIndices",
    "mean": ("Mean", "Mean1"), "median": ("Median", "Median1"), "min": ("Min1", "Min"), "mm": "Mm",
    "mode": "Mode", "movedim": "Permute", "mv": "Mv", "nanmedian": ("Nanmedian", "Nanmedian1"),
    "nansum": "Nansum", "narrow": "Slice",
    "norm": "LinalgVectorNorm", "prod": ("Prod", "Prod1"), "reciprocal": "Reciprocal",
    "relu": "Relu", "roll": "Roll", "round": "Round", "rsqrt": "Rsqrt", "scatter": "Scatter",
    "scatter_add": "ScatterAdd", "select": "Select", "softmax": "Softmax", "solve": "LinalgSolveEx",
    "sort": "Sort", "split": "Split", "split_with_sizes": "SplitWithSizes",
    "squeeze": ("Squeeze", "Squeeze1"), "stack": "Stack", "std": "Std", "sum": ("Sum", "Sum1"),
    "swapaxes": "Transpose", "swapdims": "Transpose", "t": "T", "tile": "Repeat", "topk": "Topk",
    "trace": "Trace", "tril": "Tril", "triu": "Triu", "unbind": "Unbind", "unfold": "Unfold",
    "var": "Var", "view": "View",
}  # fmt: skip


def full_name(short: str) -> str:
    """Return the name of a step in PyTorch's form: `MeanBackward0` of `Mean`, `…1` of `Mean1`."""
    last = short[-1]
    return f"{short[:-1]}Backward{last}" if last.isdecimal() else f"{short}Backward0"


_NAMES = {
    name: tuple(map(full_name, (short, short) if isinstance(short, str) else short))
    for name, short in _STEPS.items()
}


def steps_of(function: Callable[..., Any]) -> tuple[str, ...] | None:
    """Return what PyTorch calls a function's step, and that along an axis; None for ours."""
    return _NAMES.get(function.__name__)


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


def step(short: str) -> Callable[[Function], Function]:
    """Let the step that a function leaves on the tape have a name: `@step("MseLoss")`."""
    name = full_name(short)

    def declare(own: Function) -> Function:
        @functools.wraps(own)
        def called(*args: Any, **kwargs: Any) -> Any:
            found = own(*args, **kwargs)
            call_step(found, args, name)
            return found

        return called  # type: ignore[return-value]

    return declare
