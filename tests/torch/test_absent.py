"""Names of PyTorch that are not here: their errors say what to do."""

from typing import Any

import pytest

from tests.oracle.names import ROOMS, of_pytorch, of_wing, public_names
from tests.torch.nn.libraries import Library, same
from tests.torch.nn.utils.roots import root
from thalweg import torch as wing
from thalweg.torch.absent import advice

# Texts and imported names that stand in PyTorch's modules, which are no interface.
NO_INTERFACE = {"Callable", "DType", "Optional", "TYPE_CHECKING", "Tensor"}
RARE = {"is_anomaly_check_nan_enabled", "set_anomaly_enabled", "is_inference_mode_enabled", "smm"}
RARE |= {"index"}  # of a tensor, which PyTorch's own dispatcher calls


@pytest.mark.parametrize("room", ROOMS)
def test_each_absent_name_is_told_what_to_do(room: str) -> None:
    here = of_wing(room)
    lacking = {name for name in public_names(of_pytorch(room)) if not hasattr(here, name)}
    lacking = {name for name in lacking if not name.endswith("_notes")} - NO_INTERFACE - RARE
    assert {name for name in lacking if not advice(name)} == set()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (lambda: wing.bfloat16, "no dtype of that name"),
        (lambda: wing.ones(2).bfloat16(), "torch.float32"),
        (lambda: wing.quantize_per_tensor, "quantize with PyTorch"),
        (lambda: wing.onnx, "not exported from here"),
        (lambda: wing.distributed, "bridges"),
        (lambda: wing.utils.data.DistributedSampler, "one process trains here"),
        (lambda: wing.ones(2).coalesce(), r"to_sparse\(\)"),
        (lambda: wing.reshpae, "Did you mean 'reshape'"),
        (lambda: wing.ones(2).nonsense, "no attribute 'nonsense'"),
    ],
)
def test_errors(code: Any, text: str) -> None:
    with pytest.raises(AttributeError, match=text):
        code()


def test_what_was_added() -> None:
    def code(lib: Library) -> Any:
        space, x = root(lib), lib.range(2, 3).requires_grad_()
        norm = space.nn.Sequential(space.nn.BatchNorm1d(3))
        space.func.replace_all_batch_norm_modules_(norm)
        eye = space.eye(2, 3).to_sparse()
        kept = x.sparse_mask(eye)
        (kept.to_dense() ** 2).sum().backward()
        chosen = space.cond(x.sum() > 9, lambda a: a + 1, lambda a: a - 1, (x.detach(),))
        product = space.spmm(space.eye(2, dtype=x.dtype).to_sparse(), x.detach())
        flags = [x.is_sparse_csr, x.is_xla, space.compiler.is_compiling()]
        return list(norm.state_dict()), norm[0].running_mean, x.grad, chosen, product, flags

    same(code)
    with pytest.raises(wing.OutOfMemoryError):
        raise MemoryError
    assert wing.compiler.disable(reason="x")(abs) is abs
    with pytest.raises(ValueError, match="incompatible sizes"):
        wing.ones(2).sparse_mask(wing.ones(3).to_sparse())
