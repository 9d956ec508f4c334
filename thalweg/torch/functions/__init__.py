"""PyTorch's functions, where NumPy and the Array API have none of their name or another."""

from thalweg.engines.eager import draws  # normal numbers by machine code
from thalweg.torch import names  # PyTorch's meaning of a name replaces NumPy's
from thalweg.torch.functions import (
    creation,
    dtypes,
    matrices,
    members,
    order,
    pointwise,
    pooling,
    random,
    random_counts,
    random_fills,
    restriding,
    scattering,
    special,
    spectra,
    traits,
    vectors,
    viewing,
    windows,
)

# isort: split
# The ordinary case of functions that are there by now.
from thalweg.torch.functions import short
