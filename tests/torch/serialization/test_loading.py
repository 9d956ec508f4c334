"""torch.load of PyTorch's own files: what it saved comes back, and nothing is run."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import random
import zipfile
from collections import Counter, OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from thalweg import torch as wing
from thalweg.errors import (
    ArgumentError,
    CheckpointError,
    DamagedFile,
    DtypeError,
    MissingFile,
    RefusedPickle,
)
from thalweg.torch import nn


def saved(given: Any, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    torch.save(given, file, **options)
    file.seek(0)
    return file


def returned(given: Any, **options: Any) -> Any:
    return wing.load(saved(given), **options)


PLAIN: list[Any] = [
    3, -1, 2**40, -(2**90), 2.5, float("inf"), 1 - 2j, "text", "ünïcode\ud800", None, True, [], (),
    {}, [1, ("a", None)], {1: {"k": (2.0,)}}, OrderedDict(b=1, a=2), {1, 2}, frozenset([3]),
    b"\x00\xff", bytearray(b"ab"), Counter("abca"), (1, 2, 3, 4, 5), {(1, "a"): 2},
]  # fmt: skip


@pytest.mark.parametrize("given", PLAIN, ids=ascii)
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_values_and_containers_come_back(given: Any, protocol: int) -> None:
    found = wing.load(saved(given, pickle_protocol=protocol))
    assert found == given
    assert type(found) is type(given)


DTYPES = """
bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64 complex64 complex128
"""


@pytest.mark.parametrize("name", DTYPES.split())
def test_tensors_of_each_dtype_come_back(name: str) -> None:
    given = torch.arange(6).reshape(2, 3).to(getattr(torch, name))
    for tensor in (given, given.t(), given[:, 1:], given[0, 0], given[:0], given[1].expand(4, 3)):
        found = returned(tensor)
        assert isinstance(found, wing.Tensor)
        assert not found.requires_grad
        np.testing.assert_array_equal(found.numpy(), tensor.numpy(), strict=True)


def test_strides_and_shared_storages_come_back() -> None:
    base = torch.arange(10.0)
    found = returned({"whole": base, "part": base[2:8:2], "turned": base.reshape(2, 5).t()})
    assert found["turned"].stride() == (1, 5)
    found["whole"].mul_(2.0)
    np.testing.assert_array_equal(found["part"].numpy(), [4.0, 8.0, 12.0])
    assert found["turned"][1, 1].item() == 12.0


def test_one_tensor_under_two_names_is_one() -> None:
    tensor = torch.ones(2)
    found = returned([tensor, {"again": tensor}])
    assert found[0] is found[1]["again"]


def test_conjugated_and_negated_tensors_have_their_values() -> None:
    given = torch.tensor([1 + 2j, 3 - 1j])
    for tensor in (given.conj(), given.conj().imag, given.imag, given.real):
        np.testing.assert_array_equal(
            returned(tensor).numpy(), tensor.resolve_conj().resolve_neg().numpy()
        )


def test_parameters_and_buffers_come_back_of_their_kind() -> None:
    given = [torch.nn.Parameter(torch.ones(2)), torch.nn.Buffer(torch.zeros(3), persistent=False)]
    frozen = torch.nn.Parameter(torch.ones(2), requires_grad=False)
    leaf = torch.ones(1, requires_grad=True)
    weight, mean, other, last = returned([*given, frozen, leaf])
    assert isinstance(weight, nn.Parameter)
    assert weight.requires_grad
    assert not other.requires_grad
    assert isinstance(other, nn.Parameter)
    assert isinstance(mean, nn.Buffer)
    assert not mean.persistent
    assert type(last) is wing.Tensor
    assert last.requires_grad


def test_sizes_dtypes_and_devices_come_back() -> None:
    found = returned([torch.Size([2, 3]), torch.float32, torch.bool, torch.device("cpu")])
    assert found[0] == wing.Size([2, 3])
    assert np.dtype(found[1]) == np.float32
    assert np.dtype(found[2]) == np.bool_
    assert found[3] == wing.device("cpu")


def test_a_model_and_its_optimizer_go_on_where_pytorch_left_them(tmp_path: Path) -> None:
    path = tmp_path / "run.pth"
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.ReLU(),
                                 torch.nn.Linear(4, 1))  # fmt: skip
    optimizer = torch.optim.Adam(theirs.parameters(), 0.01)

    def step(model: Any, rule: Any, x: Any, y: Any, mse: Any) -> float:
        rule.zero_grad()
        loss = mse(model(x), y)
        loss.backward()
        rule.step()
        return float(loss.detach())

    step(theirs, optimizer, x, y, torch.nn.functional.mse_loss)
    torch.save({"model": theirs.state_dict(), "optimizer": optimizer.state_dict()}, path)
    found = wing.load(path, map_location="cpu", weights_only=True)
    ours = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1)).float()
    assert found["model"]._metadata[""] == {"version": 1}
    assert str(ours.load_state_dict(found["model"])) == "<All keys matched successfully>"
    rule = wing.optim.Adam(ours.parameters(), 0.5)
    rule.load_state_dict(found["optimizer"])
    mine = wing.tensor(x.numpy()), wing.tensor(y.numpy())
    for _ in range(3):
        expected = step(theirs, optimizer, x, y, torch.nn.functional.mse_loss)
        assert step(ours, rule, *mine, nn.functional.mse_loss) == pytest.approx(expected, rel=1e-5)


def test_bfloat16_becomes_float32_with_a_warning() -> None:
    given = torch.tensor([1.0, -2.5, 3e38, 1e-40, float("inf"), float("nan")]).bfloat16()
    with pytest.warns(UserWarning, match="bfloat16; they are float32"):
        found = returned({"all": given, "part": given[1:4]})
    np.testing.assert_array_equal(found["all"].numpy(), given.float().numpy(), strict=True)
    np.testing.assert_array_equal(found["part"].numpy(), given[1:4].float().numpy())


def test_dtypes_that_are_not_here_are_refused_by_name() -> None:
    with pytest.raises(DtypeError, match=r"float8_e4m3fn, which no tensor here can be.*\.float"):
        returned(torch.ones(2).to(torch.float8_e4m3fn))


def test_big_endian_files_are_read() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(saved(torch.arange(3.0))) as old, zipfile.ZipFile(file, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.endswith("byteorder"):
                content = b"big"
            elif "/data/" in entry.filename:
                content = np.frombuffer(content, "<f4").astype(">f4").tobytes()
            new.writestr(entry.filename, content)
    file.seek(0)
    np.testing.assert_array_equal(wing.load(file).numpy(), np.arange(3, dtype=np.float32))


def test_our_own_files_are_read_from_paths_and_files(tmp_path: Path) -> None:
    path = tmp_path / "own.pt"
    wing.save({"weight": wing.ones(2), "rest": [wing.zeros(1)]}, path)
    with path.open("rb") as file:
        opened = wing.load(file)
    for found in (wing.load(path), opened, wing.load(str(path))):
        assert isinstance(found["weight"], wing.Tensor)
        assert isinstance(found["rest"][0], wing.Tensor)


# ---- where tensors were


def on_cuda(tensor: torch.Tensor) -> io.BytesIO:
    content = saved(tensor)
    file = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(file, "w") as new:
        for entry in old.infolist():
            stream = old.read(entry)
            if entry.filename.endswith("data.pkl"):
                stream = stream.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
            new.writestr(entry.filename, stream)
    file.seek(0)
    return file


@pytest.mark.parametrize(
    "location", ["cpu", wing.device("cpu"), {"cuda:0": "cpu"}, lambda storage, place: storage]
)
def test_tensors_of_another_device_are_mapped(location: Any) -> None:
    assert wing.load(on_cuda(torch.ones(2)), location).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("location", [None, {"cuda:1": "cpu"}, lambda storage, place: None])
def test_tensors_of_another_device_are_refused_unmapped(location: Any) -> None:
    with pytest.raises(RuntimeError, match="Attempting to deserialize object on a CUDA device"):
        torch.load(on_cuda(torch.ones(2)), location)
    with pytest.raises(DamagedFile, match="Attempting to deserialize object on a CUDA device"):
        wing.load(on_cuda(torch.ones(2)), location)


def test_another_device_is_refused() -> None:
    with pytest.raises(ArgumentError, match="CPU"):
        returned(torch.ones(2), map_location="cuda")


# ---- what is refused


class _Runs:
    """Something whose pickle calls a function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize(
    ("given", "named"),
    [(_Runs(os.system, "touch {}"), "system"), (_Runs(eval, "print(1)"), "builtins.eval"),
     (_Runs(getattr, "a", "upper"), "builtins.getattr"), (_Runs(open, "{}", "w"), "open"),
     (_Runs(__import__, "os"), "builtins.__import__"), (torch.nn.Linear(2, 1), "Linear"),
     ({"a": [np.ones(2)]}, "numpy"), (_Runs(pickle.loads, b"."), r"pickle\.loads")],
    ids=["system", "eval", "getattr", "open", "import", "module", "array", "loads"],
)  # fmt: skip
@pytest.mark.parametrize("weights_only", [None, True, False])
def test_what_is_no_data_is_refused_and_named(
    given: Any, named: str, weights_only: bool | None, tmp_path: Path
) -> None:
    target = tmp_path / "made"
    if isinstance(given, _Runs):
        function, arguments = given.call
        texts = [a.format(target) if isinstance(a, str) else a for a in arguments]
        given = _Runs(function, *texts)
    with pytest.raises(RefusedPickle, match=named) as caught:
        returned(given, weights_only=weights_only)
    assert isinstance(caught.value, pickle.UnpicklingError)
    assert str(caught.value).startswith("Weights only load failed")
    assert not target.exists()


def archive(stream: bytes, **entries: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as new:
        new.writestr("a/data.pkl", stream)
        for name, content in entries.items():
            new.writestr(f"a/{name.replace('_', '/')}", content)
    file.seek(0)
    return file


STREAMS = {
    "a memo far away": b"\x80\x02Nr\xff\xff\xff\x7f0h\x00.",
    "nothing on the stack": b"\x80\x02.",
    "a mark at the end": b"\x80\x02(.",
    "no container": b"\x80\x02K\x01K\x02K\x03u.",
    "a state for a tuple": b"\x80\x02)}b.",
    "a call of a number": b"\x80\x02K\x01)R.",
    "a call of a method": b"\x80\x02ccollections\nOrderedDict\n)R}X\x04\x00\x00\x00itemsK\x01sb.",
    "an attribute of a name": b"\x80\x04\x8c\x05torch\x8c\x0dTensor.__new__\x93.",
    "no text as a name": b"\x80\x04K\x01K\x02\x93.",
    "an instance": b"\x80\x02(ios\nsystem\n.",
    "an object": b"\x80\x02(cos\nsystem\nX\x02\x00\x00\x00lsoR.",
    "an extension": b"\x80\x02\x82\x01.",
    "a list as a key": b"\x80\x02}]K\x01s.",
    "keys that take for ever": b"\x80\x02)" + b"2\x86" * 60 + b"}2K\x01s.",
    "a size of text": b"\x80\x02ctorch\nSize\nX\x02\x00\x00\x00ab\x85R.",
    "a storage of nothing": b"\x80\x02)Q.",
    "a name as a storage": b"\x80\x02(X\x07\x00\x00\x00storagectorch\nSize\nX\x01\x00\x00\x000X\x03"
    b"\x00\x00\x00cpuK\x01tQ.",
}  # fmt: skip


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
def test_a_stream_that_means_nothing_is_one_error(stream: bytes) -> None:
    with pytest.raises(CheckpointError):
        wing.load(archive(stream))


def tensor_stream(offset: int, size: int, stride: int, count: int = 4) -> bytes:
    """A pickle of a float32 tensor over a storage of `count` elements."""

    def number(value: int) -> bytes:
        return b"J" + value.to_bytes(4, "little", signed=True)

    return (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage"
        b"\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu" + number(count) + b"tQ" + number(offset)
        + number(size) + b"\x85" + number(stride) + b"\x85\x89}tR."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("offset", "size", "stride", "count"),
    [(0, 5, 1, 4), (1, 4, 1, 4), (0, 3, 2, 4), (-1, 2, 1, 4), (0, -1, 1, 4), (0, 2, -1, 4),
     (3, 2, 1000000, 4), (0, 4, 1, 5), (0, 4, 1, -4)],
)  # fmt: skip
def test_a_tensor_outside_of_its_storage_is_refused(
    offset: int, size: int, stride: int, count: int
) -> None:
    content = np.arange(4, dtype="<f4").tobytes()
    fits = wing.load(archive(tensor_stream(1, 2, 2), data_0=content))
    assert fits.tolist() == [1.0, 3.0]
    with pytest.raises(DamagedFile, match="damaged"):
        wing.load(archive(tensor_stream(offset, size, stride, count), data_0=content))


def test_a_compressed_entry_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("a/data.pkl", tensor_stream(0, 4, 1, 1 << 28))
        new.writestr("a/data/0", b"\0" * 1000)
    file.seek(0)
    with pytest.raises(RefusedPickle, match="compressed"):
        wing.load(file)


def test_other_formats_say_what_to_do(tmp_path: Path) -> None:
    legacy = saved({"a": torch.ones(2)}, _use_new_zipfile_serialization=False)
    with pytest.raises(RefusedPickle, match=r"legacy format.*torch\.save\(torch\.load\(path\)"):
        wing.load(legacy)
    path = tmp_path / "legacy.pt"
    path.write_bytes(legacy.getvalue())
    with pytest.raises(RefusedPickle, match=r"legacy\.pt is in PyTorch's legacy format"):
        wing.load(path)
    with pytest.raises(RefusedPickle, match="a sparse tensor"):
        returned(torch.eye(2).to_sparse())
    with pytest.raises(RefusedPickle, match="without values"):
        returned(torch.ones(2, device="meta"))
    with pytest.raises(RefusedPickle, match="pickle_module"):
        wing.load(path, pickle_module=pickle)
    with pytest.raises(MissingFile):
        wing.load(tmp_path / "missing.pt")
    with pytest.raises(DamagedFile, match=r"data\.pkl"):
        wing.load(zipped(b"x"))


def zipped(content: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as new:
        new.writestr("other", content)
    file.seek(0)
    return file


# ---- damage


def whole_file() -> bytes:
    model = torch.nn.Linear(3, 2)
    given = {"model": model.state_dict(), "epoch": 3, "sizes": torch.Size([1, 2]), "name": "fit"}
    return saved(given).getvalue()


def test_a_truncated_file_is_one_error() -> None:
    whole = whole_file()
    for length in range(4, len(whole) - 1, 7):
        with pytest.raises(CheckpointError):
            wing.load(io.BytesIO(whole[:length]))


@pytest.mark.parametrize("first", range(0, 600, 100))
def test_a_damaged_file_is_read_as_it_was_or_is_one_error(first: int) -> None:
    whole = whole_file()
    for seed in range(first, first + 100):
        draw = random.Random(seed)
        content = bytearray(whole)
        for _ in range(draw.choice([1, 1, 2, 8])):
            content[draw.randrange(len(content))] = draw.randrange(256)
        try:
            found = wing.load(io.BytesIO(bytes(content)))
        except CheckpointError:
            continue
        # Damage between the entries, or of a part that says nothing.
        assert found["epoch"] == 3
        assert list(found["model"]) == ["weight", "bias"]


@pytest.mark.parametrize("first", range(0, 600, 100))
def test_a_damaged_pickle_with_the_right_checksum_is_one_error_or_data(first: int) -> None:
    with zipfile.ZipFile(io.BytesIO(whole_file())) as old:
        entries = {entry.filename: old.read(entry) for entry in old.infolist()}
    (name,) = (name for name in entries if name.endswith("data.pkl"))
    for seed in range(first, first + 100):
        draw = random.Random(seed)
        stream = bytearray(entries[name])
        for _ in range(draw.choice([1, 2, 4])):
            stream[draw.randrange(len(stream))] = draw.randrange(256)
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as new:
            for other, content in entries.items():
                new.writestr(other, bytes(stream) if other == name else content)
        file.seek(0)
        with contextlib.suppress(CheckpointError, DtypeError, ArgumentError):
            wing.load(file)
