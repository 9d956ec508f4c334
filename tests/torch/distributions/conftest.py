"""PyTorch makes tensors of float64 in these tests, as the wing does, and looks at arguments."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def settings_of_pytorch() -> Iterator[None]:
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    # PyTorch's compiler has them left, and does not take that back.
    torch.distributions.Distribution.set_default_validate_args(True)
    yield
    torch.set_default_dtype(before)
