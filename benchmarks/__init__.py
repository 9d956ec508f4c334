"""What training costs, per step, next to the hand-written limit and to other tools."""

import os

# Before NumPy and its rivals load: one thread, so that a row compares code and not schedulers.
for _variable in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
):
    os.environ.setdefault(_variable, "1")
