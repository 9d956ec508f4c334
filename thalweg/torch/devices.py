"""Where tensors lie: devices by PyTorch's names, of which the CPU alone is here."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from thalweg.core.program import Symbol
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError
from thalweg.ops.creation.dtypes import require_cpu
from thalweg.torch.naming import attach

_TYPES = (
    *("cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga"),
    *("maia", "xla", "lazy", "vulkan", "mps", "meta", "hpu", "mtia", "privateuseone"),
)


class device(AbstractContextManager["device"]):  # noqa: N801 - PyTorch's name
    """The name of a device; every one can be named, and tensors lie on the CPU.

    Args:
        type: "cpu", or another kind of device, also with its number: "cuda:1".
        index: The number among devices of the kind, from 0; by default that in the text.

    Raises:
        ArgumentError: If there is no such kind, or the number is given twice or negative.

    Example:
        >>> import thalweg.torch as torch
        >>> torch.device("cuda" if torch.cuda.is_available() else "cpu")
        device(type='cpu')
        >>> torch.device("cuda:1").index, torch.zeros(2).device == torch.device("cpu")
        (1, True)
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: Any = "cpu", index: int | None = None) -> None:
        kind, _, number = str(type).partition(":")
        if kind not in _TYPES:
            raise ArgumentError(
                f"Expected one of {', '.join(_TYPES)} device type at start of device string: "
                f"{kind}. Give 'cpu'."
            )
        if number and (index is not None or not number.isdecimal()):
            raise ArgumentError(f"Invalid device string: '{type}'. Give a number once, from 0.")
        self.type = kind
        self.index = int(number) if number else index
        if self.index is not None and self.index < 0:
            raise ArgumentError(f"Device index must not be negative, but got {index}.")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, device):
            return False
        return (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> Any:
        return device, (self.type, self.index)

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        number = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{number})"

    def __enter__(self) -> device:
        """Let new tensors lie here, which is on the CPU.

        Raises:
            ArgumentError: If it is another device.
        """
        require_cpu(self)
        return self

    def __exit__(self, *failure: object) -> None:
        """Leave."""


CPU = device("cpu")

META = device("meta")


def is_meta(x: Any) -> bool:
    """Tell whether a tensor has a shape and a dtype alone: a symbol of no program.

    What reads or computes with it is refused.
    """
    array = _array_of(x)
    return array.__class__ is Symbol and array.owner is None and array.value is None


# Of parameters that have no shape yet too.
_array_of = Tensor.__dict__["array"].__get__

_WHERE = "Where it lies: the CPU, or nowhere after `.to('meta')`."

attach("device", property(lambda x: META if is_meta(x) else CPU, doc=_WHERE))

attach("is_meta", property(is_meta, doc="Whether it has a shape and no values."))


def _cuda(x: Any, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Any:
    """Refuse to move a tensor to a device that is not there."""
    require_cpu("cuda" if device is None else device)
    return x


attach("cuda", _cuda)


def get_default_device() -> device:
    """Return the device of new tensors: the CPU."""
    return CPU


def set_default_device(device: Any) -> None:
    """Accept the CPU as the device of new tensors.

    Raises:
        ArgumentError: If it is another one.
    """
    require_cpu(device)
