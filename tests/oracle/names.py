"""Which of PyTorch's public names are here, room by room, and why the others are not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

PAGE = Path(__file__).parents[2] / "docs" / "pytorch-names.md"

ROOMS = (
    "", "Tensor", "nn", "nn.functional", "nn.init", "nn.utils", "optim", "optim.lr_scheduler",
    "distributions", "linalg", "fft", "special", "autograd", "func", "utils.data",
)  # fmt: skip

# Tried in turn; the last holds for the rest.
REASONS = {
    "numbers that NumPy has no dtype of, and what is stored in them (quantization)": (
        r"q(u?int|_|scheme|uant)|quant|dequant|fake_|fused_moving|choose_q|u?int\d$|bits?\d*(x\d)?$"
        r"|float[48]_|bfloat16$|complex32$|chalf$|fbgemm|int_repr|scaled_|grouped_mm|S\w+lingType"
        r"|SwizzleType"
    ),
    "other devices, their libraries and streams": (
        r"cudnn|miopen|mkldnn|to_mkldnn|Stream|Event|Device|is_(ipu|maia|mtia|vulkan|xla|xpu)|ipu$"
        r"|mtia$|xpu$|record_stream|get_device_module|wait$|Accelerator|OutOfMemory|tf32_notes"
        r"|has_(mkl|lapack|openmp|spectral)"
    ),
    "several processes, which PyTorch's own engine runs": (
        r"is_distributed|Distributed|RRef|Future|fork$|batch_norm_(gather|stats|elemt|update|backw)"
    ),
    "settings of computing in two precisions, which is off": (
        r"\w*autocast|set_anomaly|is_anomaly_c"
    ),
    "symbolic shapes, which are known while tracing": r"[sS]ym",
    "sparse layouts but COO and CSR, and sparse tensors as tensors": (
        r"\w*sparse|c?(col|crow|row)_indices|ccol|indices|values|s?sp?a?(mm|addmm)$|dsmm|hs?p?mm|s"
        r"mm|coalesce|is_coalesced"
    ),
    "pipes of data, which PyTorch has given up": (
        r"\w*(Data)?Pipe|DataChunk|argument_valid|functional_data|\w*determini|runtime_valid"
    ),
    "typed storages, whose memory is the array's": r"\w*[sS]torage",
    "modules, types and texts that stand beside functions": (
        r"Tensor$|Callable|Optional|TYPE_CHECKING|BroadcastingList|GRID_|\w+_notes|handle_torch|"
        r"has_torch|boolean_disp|assert_int|DType$|cond$|export$|cpp$"
    ),
    "what TorchScript, the dispatcher and PyTorch's build are made of": r".*",
}


def of_pytorch(room: str) -> Any:
    """Return a module or class of PyTorch's."""
    return torch.Tensor if room == "Tensor" else import_module(f"torch.{room}".rstrip("."))


def of_wing(room: str) -> Any:
    """Return what is called the same here."""
    space = import_module("thalweg.torch")
    return (
        space.Tensor if room == "Tensor" else import_module(f"{space.__name__}.{room}".rstrip("."))
    )


def public_names(space: Any) -> list[str]:
    """Return the names that users are meant to see, without those of modules."""
    names = getattr(space, "__all__", None) or [
        name for name in dir(space) if not isinstance(getattr(space, name), ModuleType)
    ]
    return sorted({name for name in names if not name.startswith("_")})


def reason_of(name: str) -> str:
    """Return why a name is not here."""
    return next(reason for reason, form in REASONS.items() if re.match(form, name))


def written() -> str:
    """Return the page."""
    rows, missing = [], {}
    for room in ROOMS:
        names, here = public_names(of_pytorch(room)), of_wing(room)
        lacking = [name for name in names if not hasattr(here, name)]
        title = f"torch.{room}".rstrip(".")
        rows.append(f"| `{title}` | {len(names)} | {len(names) - len(lacking)} |")
        missing[title] = lacking
    return "\n".join(
        [
            "# PyTorch's names", "",
            f"Of the public names of PyTorch {torch.__version__.partition('+')[0]} these are in",
            "`thalweg.torch`, under the same paths. `python -m tests.oracle names` writes it.",
            "", "| room | names | here |", "|---|---:|---:|", *rows, "", "## What is not here", "",
            *_by_reason(missing),
        ]
    )  # fmt: skip


def _by_reason(missing: dict[str, list[str]]) -> Iterator[str]:
    for reason in REASONS:
        told = []
        for title, names in missing.items():
            own = [f"`{name}`" for name in names if reason_of(name) == reason]
            if own:
                told.append(f"- `{title}`: {', '.join(own)}")
        if told:
            yield from (f"### {reason[0].upper()}{reason[1:]}", "", *told, "")
