"""The hand-written limit: one AVX-512 kernel a workload, the whole run in one call.

What a person reaches with intrinsics for one model alone. Needs g++ and a processor with AVX-512.
"""

import ctypes
import functools
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import workloads
from benchmarks.timing import Contestant
from benchmarks.workloads import Workload

SOURCES = Path(__file__).parent
COMPILE = [
    "g++",
    "-c",
    "-std=c++17",
    "-O3",
    "-march=native",
    "-ffast-math",
    "-mprefer-vector-width=512",
    "-fno-math-errno",
    "-fPIC",
]
# Linked without -ffast-math, which would make the whole process flush small numbers to zero.
LINK = ["g++", "-shared"]
LIBRARIES = ["-lmvec", "-lm"]


def why_not() -> str:
    """Why this machine cannot run the limit, or nothing."""
    if shutil.which("g++") is None:
        return "g++ is not installed"
    macros = subprocess.run(
        ["g++", "-march=native", "-dM", "-E", "-x", "c++", "/dev/null"],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if "__AVX512F__" in macros.stdout else "the processor has no AVX-512"


@functools.cache
def library() -> ctypes.CDLL:
    """The compiled kernels, built where the sources are newer."""
    built = workloads.directory() / "liblimit.so"
    sources = sorted(SOURCES.glob("*.?pp"))
    if not built.exists() or built.stat().st_mtime < max(s.stat().st_mtime for s in sources):
        objects = []
        for source in SOURCES.glob("*.cpp"):
            objects.append(str(workloads.directory() / f"{source.stem}.o"))
            subprocess.run([*COMPILE, str(source), "-o", objects[-1]], check=True)
        subprocess.run([*LINK, *objects, "-o", str(built), *LIBRARIES], check=True)
    return ctypes.CDLL(str(built))


def _argument(value: Any) -> Any:
    """An array as a pointer, an int as a long, a float as a double."""
    if isinstance(value, np.ndarray):
        assert value.flags.c_contiguous
        # This pointer keeps its array alive.
        return value.ctypes.data_as(ctypes.c_void_p)
    return (ctypes.c_long if isinstance(value, int) else ctypes.c_double)(value)


def _constants(w: Workload) -> list[float]:
    match w.optimizer:
        case "decayed":
            return [w.rate, workloads.DECAY, float(workloads.DECAY_STEPS)]
        case "adamw":
            return [w.rate, workloads.WEIGHT_DECAY, workloads.CLIP]
        case "nesterov" | "momentum":
            return [w.rate, workloads.MOMENTUM]
    return [w.rate]


def prepare(w: Workload) -> Contestant:
    """The kernel of a workload, its data and its batch order ready."""
    family = w.name.partition("/")[0].lower()
    kernel, order = getattr(library(), family), w.order()
    inputs = [*w.data(), *([] if order is None else [order])]
    sizes = [w.steps]
    if w.model in ("linear", "logistic", "factors"):
        sizes.append(w.batch)
    first = w.start()
    params = [p.copy() for p in first]
    if w.model == "rosenbrock":
        arguments = [*params, len(params[0]), w.steps]
    else:
        arguments = [*inputs, *sizes, *params]
    converted = [_argument(a) for a in (*arguments, *_constants(w))]

    def train() -> list[np.ndarray[Any, Any]]:
        for p, value in zip(params, first, strict=True):
            p[...] = value
        kernel(*converted)
        return params

    return Contestant(train, train, w.steps)
