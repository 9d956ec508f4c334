"""PyTorch's new tensors are of float64 in these tests, as the wing's are."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def doubles_of_pytorch() -> Iterator[None]:
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)
