"""PyTorch's zip archives: where storages lie in them, and the tensors that are made on these."""

from __future__ import annotations

import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from thalweg.core.spec import DType
from thalweg.core.tensor import Tensor
from thalweg.errors import ArgumentError, DamagedFile, DtypeError, RefusedPickle, printable
from thalweg.ops.creation.dtypes import require_cpu
from thalweg.torch.devices import device
from thalweg.torch.dtypes import NAMES
from thalweg.torch.naming import make
from thalweg.torch.nn.parameter import Buffer, Parameter
from thalweg.torch.serialization.pickles import Named, as_set, read_pickle, refusal
from thalweg.torch.size import TorchSize

Array = np.ndarray[Any, Any]

# The dtypes of PyTorch's storages; those of bfloat16 hold the upper halves of float32.
_STORAGES = {
    "torch.DoubleStorage": "float64", "torch.FloatStorage": "float32",
    "torch.HalfStorage": "float16", "torch.BFloat16Storage": "bfloat16",
    "torch.LongStorage": "int64", "torch.IntStorage": "int32", "torch.ShortStorage": "int16",
    "torch.CharStorage": "int8", "torch.ByteStorage": "uint8", "torch.BoolStorage": "bool",
    "torch.ComplexFloatStorage": "complex64", "torch.ComplexDoubleStorage": "complex128",
}  # fmt: skip

_BYTES = "torch.storage.UntypedStorage"

_OTHER_DEVICE = (
    "Attempting to deserialize object on {} but it was given no map_location, and tensors lie on "
    "the CPU. If you are running on a CPU-only machine, please use torch.load with "
    "map_location=torch.device('cpu') to map your storages to the CPU."
)


class StoredMemory:
    """The bytes of one storage of an archive, and the arrays over them by dtype."""

    def __init__(self, content: bytes, big_endian: bool, kind: str) -> None:
        self._content, self._big = bytearray(content), big_endian
        self._arrays: dict[str, Array] = {}
        self.kind = kind

    def as_array(self, kind: str) -> Array:
        """Return the storage as a vector: the same memory whenever it is asked for.

        Raises:
            DamagedFile: If its bytes do not make whole numbers of the dtype.
        """
        if kind not in self._arrays:
            dtype = _stored(kind)
            stored = dtype.newbyteorder(">" if self._big else "<")
            if len(self._content) % dtype.itemsize:
                raise DamagedFile(
                    f"The file is damaged: a storage of {kind} has {len(self._content)} bytes."
                )
            found = np.frombuffer(self._content, stored).astype(dtype, copy=self._big)
            if kind == "bfloat16":
                # The upper half of a float32 each: widened, every value is exact.
                found = (found.astype(np.uint32) << np.uint32(16)).view(np.float32)
            self._arrays[kind] = found
        return self._arrays[kind]


class Archive:
    """An archive of PyTorch's, open for reading.

    Args:
        file: The file, which is a zip archive.
        location: `torch.load`'s `map_location`.

    Raises:
        DamagedFile: If it is none, or is damaged.
        RefusedPickle: If it holds a program.
    """

    def __init__(self, file: BinaryIO, location: Any) -> None:
        self._zip = zipfile.ZipFile(file)
        self._location = location
        self._entries = {entry.filename: entry for entry in self._zip.infolist()}
        self._memories: dict[str, StoredMemory] = {}
        roots = [name[: -len("data.pkl")] for name in self._entries if name.endswith("data.pkl")]
        roots = [root for root in roots if root.count("/") == 1]
        if len(roots) != 1:
            raise DamagedFile(
                "PytorchStreamReader failed locating file data.pkl: file not found. The zip "
                "archive is none that torch.save wrote, or not all of it; copy or save it again."
            )
        self._root = roots[0]
        if f"{self._root}constants.pkl" in self._entries:
            raise RefusedPickle(
                "The file is a TorchScript archive, whose programs are not run. In PyTorch, save "
                "the state_dict() of the module with torch.save."
            )
        order = self._read("byteorder") if f"{self._root}byteorder" in self._entries else b"little"
        if order not in (b"little", b"big"):
            raise DamagedFile(f"Unknown endianness type: {printable(str(order))}. Save it again.")
        self._big_endian = order == b"big"
        #: Whether numbers of bfloat16 were widened.
        self.widened = False

    def _read(self, name: str) -> bytes:
        entry = self._entries.get(self._root + name)
        if entry is None:
            raise DamagedFile(
                f"PytorchStreamReader failed locating file {printable(name)}: file not found. "
                "Copy or save the file again."
            )
        if entry.compress_type != zipfile.ZIP_STORED:
            raise RefusedPickle(
                f"The file's entry {printable(name)} is compressed, as torch.save never does it. "
                "Save it again in PyTorch."
            )
        return self._zip.read(entry)

    def read(self) -> Any:
        """Return what was saved."""
        values: dict[str, Any] = {f"torch.{name}": known for name, known in NAMES.items()}
        values |= {f"torch.{name}": _Unknown(name) for name in _NO_DTYPES}
        kinds = {name: Named(name, _refuse_call(name)) for name in (*_STORAGES, _BYTES)}
        makers: dict[str, Callable[..., Any]] = {**_MAKERS, **self._makers()}
        return read_pickle(
            self._read("data.pkl"), makers, {**values, **kinds}, self._storage, _build
        )

    def _makers(self) -> dict[str, Callable[..., Any]]:
        return {
            "torch._utils._rebuild_tensor": self._tensor,
            "torch._utils._rebuild_tensor_v2": self._tensor,
            "torch._utils._rebuild_tensor_v3": self._tensor_of_dtype,
        }

    # ---- storages

    def _storage(self, reference: Any) -> StoredMemory:
        if not (isinstance(reference, tuple) and len(reference) == 5 and reference[0] == "storage"):
            raise DamagedFile("The file is damaged: a storage is described in no known way.")
        _, kind, key, location, count = reference
        if isinstance(kind, _Unknown) or not isinstance(kind, Named):
            raise refusal("a storage of an unknown kind")
        self._place(str(location))
        key = str(key)
        if key not in self._memories:
            name = _STORAGES.get(kind.name, "")
            found = StoredMemory(self._read(f"data/{key}"), self._big_endian, name)
            size = _stored(name).itemsize if name else 1
            if not isinstance(count, int) or len(found._content) != count * size:
                raise DamagedFile(
                    f"The file is damaged: the storage {printable(key)} has "
                    f"{len(found._content)} bytes, but {count} elements of {size} are named."
                )
            self._memories[key] = found
        return self._memories[key]

    def _place(self, location: str) -> None:
        """Refuse a storage that was elsewhere, unless it is mapped to the CPU."""
        wanted = self._location
        if isinstance(wanted, Mapping):
            location, wanted = wanted.get(location, location), None
        elif callable(wanted):
            # What it returns is a storage, and those of an archive are on the CPU.
            wanted = "cpu" if wanted(b"", location) is not None else None
        if wanted is not None:
            require_cpu(wanted)
        elif str(location) not in ("cpu", "cpu:0"):
            place = (
                "a CUDA device" if str(location).startswith("cuda") else f"the device {location}"
            )
            raise DamagedFile(_OTHER_DEVICE.format(place))

    # ---- tensors

    def _tensor_of_dtype(
        self, storage: Any, offset: Any, size: Any, stride: Any, wanted: Any, hooks: Any,
        kind: Any, metadata: Any = None,
    ) -> Tensor:  # fmt: skip
        name = kind.name if isinstance(kind, _Unknown) else str(np.dtype(kind))
        if name not in NAMES and name != "bfloat16":
            raise _no_dtype(name)
        return self._make(storage, name, offset, size, stride, wanted, metadata)

    def _tensor(
        self, storage: Any, offset: Any, size: Any, stride: Any, wanted: Any = False,
        hooks: Any = None, metadata: Any = None,
    ) -> Tensor:  # fmt: skip
        name = storage.kind if isinstance(storage, StoredMemory) else ""
        return self._make(storage, name, offset, size, stride, wanted, metadata)

    def _make(
        self, storage: Any, kind: str, offset: Any, size: Any, stride: Any, wanted: Any, more: Any
    ) -> Tensor:
        if not isinstance(storage, StoredMemory) or not kind:
            raise DamagedFile("The file is damaged: a tensor has no storage, or no dtype.")
        self.widened |= kind == "bfloat16"
        memory = storage.as_array(kind)
        for name, is_so in (more or {}).items():
            if name not in ("conj", "neg"):
                raise refusal(f"a tensor's {name}")
            if is_so:
                memory = np.conj(memory) if name == "conj" else np.negative(memory)
        found = make(_cut(memory, offset, size, stride))
        return found.requires_grad_() if wanted is True else found


def _cut(memory: Array, offset: Any, size: Any, stride: Any) -> Array:
    """Return an array over part of a vector, by steps of its elements."""
    numbers = (offset, *size, *stride)
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise DamagedFile("The file is damaged: a tensor's sizes and strides are no counts.")
    if len(size) != len(stride):
        raise DamagedFile("The file is damaged: a tensor has not as many strides as sizes.")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if 0 in size:
        return np.empty(size, memory.dtype)
    if last >= len(memory):
        raise DamagedFile(
            f"The file is damaged: a tensor has the element {last} of a storage of {len(memory)}."
        )
    distances = [step * memory.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(memory[offset:], size, distances)


# ---- what is made of plain arguments

# Dtypes that are known by name, and that no tensor here can have.
_NO_DTYPES = (
    "bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz",
    "float8_e8m0fnu", "float4_e2m1fn_x2", "complex32", "quint8", "qint8", "qint32", "quint4x2",
    "quint2x4",
)  # fmt: skip


class _Unknown:
    """A dtype that no tensor here can have."""

    def __init__(self, name: str) -> None:
        self.name = name


def _no_dtype(name: str) -> DtypeError:
    return DtypeError(
        f"The file has a tensor of {name}, which no tensor here can be. In PyTorch, convert it "
        "with .float() before it is saved."
    )


def _stored(name: str) -> DType:
    """Return NumPy's dtype of the elements that a storage holds."""
    return np.dtype("uint16" if name == "bfloat16" else name)


def _refuse_call(name: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise refusal(f"a call of {name}")

    return refuse


def _refuse_kind(what: str, advice: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise RefusedPickle(
            f"The file has {what}, which is not read. In PyTorch, convert it {advice} before it is "
            "saved."
        )

    return refuse


def _parameter(data: Any, wanted: Any = True, hooks: Any = None, state: Any = None) -> Parameter:
    if not isinstance(data, Tensor) or not isinstance(wanted, bool):
        raise DamagedFile("The file is damaged: a parameter has no tensor.")
    if state:
        raise refusal("a parameter with attributes of its own")
    return Parameter(data.detach(), wanted)


def _tensor_of_type(function: Any, kind: Any, arguments: Any, state: Any) -> Any:
    """Return a tensor that PyTorch saves with attributes: a buffer, or one with none."""
    if not isinstance(function, Named) or not isinstance(kind, Named):
        raise refusal("a tensor of an unknown class")
    found = function.make(*arguments)
    own = dict(state) if isinstance(state, Mapping) else {"?": state}
    if own.pop("_is_buffer", False) and isinstance(found, Tensor):
        return Buffer(found, persistent=bool(own.pop("persistent", True)))
    if own:
        raise refusal(f"a tensor with the attributes {sorted(map(str, own))}")
    return found


def _encode(text: Any, encoding: Any = "utf-8") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1", "utf-8"):
        raise refusal("_codecs.encode of something else than text")
    return text.encode(encoding)


def _device(kind: Any = "cpu", index: Any = None) -> Any:
    if kind != "cpu":
        raise ArgumentError(
            f"The file mentions the device {printable(str(kind))}; tensors lie on the CPU. Leave "
            "it out of what is saved."
        )
    return device("cpu")


def _ordered(items: Any = ()) -> OrderedDict[Any, Any]:
    if items:
        raise refusal("an OrderedDict of arguments")
    return OrderedDict()


def _counter(counts: Any) -> Counter[Any]:
    return Counter(dict(counts))


def _numbers(value: Any, kind: type[Any]) -> Any:
    if not isinstance(value, bytes | bytearray | int | float | complex):
        raise refusal(f"{kind.__name__} of a {type(value).__name__}")
    if kind is bytearray and not isinstance(value, bytes):
        raise refusal("bytearray of a number")
    return kind(value)


_MAKERS: dict[str, Callable[..., Any]] = {
    "_codecs.encode": _encode,
    "builtins.bytearray": lambda value=b"": _numbers(value, bytearray),
    "builtins.complex": lambda real, imag=0.0: complex(real, imag),
    "builtins.frozenset": lambda items=(): as_set(items or [], frozenset),
    "builtins.set": lambda items=(): as_set(items or [], set),
    "collections.Counter": _counter,
    "collections.OrderedDict": _ordered,
    "torch.Size": TorchSize,
    "torch.Tensor": _refuse_call("torch.Tensor"),
    "torch._tensor._rebuild_from_type_v2": _tensor_of_type,
    "torch._utils._rebuild_meta_tensor_no_storage": _refuse_kind("a tensor without values", "to"),
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch._utils._rebuild_qtensor": _refuse_kind("a quantized tensor", "with .dequantize()"),
    "torch._utils._rebuild_sparse_tensor": _refuse_kind("a sparse tensor", "with .to_dense()"),
    "torch.device": _device,
    "torch.nn.parameter.Parameter": _refuse_call("torch.nn.parameter.Parameter"),
    "torch.serialization._get_layout": str,
}


def _build(made: Any, state: Any) -> Any:
    """Give an object its state: the versions of a state_dict alone."""
    if type(made) is OrderedDict and isinstance(state, dict) and set(state) <= {"_metadata"}:
        vars(made).update(state)
        return made
    raise refusal(f"a state for a {type(made).__name__}")
