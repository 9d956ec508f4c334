"""Any loss: models as users write them in NumPy, beside JAX and other libraries' minima.

`python -m benchmarks.losses [names]` prints a line a model; `--write` writes `docs/losses.md`.
"""

from benchmarks.losses import (
    chains,
    dynamics,
    latent,
    matrices,
    ordinal,
    regressions,
    series,
    survival,
)
from benchmarks.losses.model import Model

MODELS: dict[str, Model] = {
    model.name: model
    for room in (regressions, ordinal, survival, matrices, series, chains, dynamics, latent)
    for model in room.MODELS
}
