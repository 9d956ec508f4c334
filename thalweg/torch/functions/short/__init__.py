"""Short roads: what NumPy does at once for tensors that nobody records, traces or shows."""

from thalweg.torch.functions.short import (
    arithmetic,
    draws,
    elements,
    joining,
    operators,
    order,
    places,
    products,
    sums,
    views,
    windows,
    writing,
)
