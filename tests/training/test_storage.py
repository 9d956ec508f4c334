"""Files: complete or absent, verified, and read without running anything."""

import json
import os
import struct
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

import thalweg as tw
from thalweg.errors import CheckpointError, DtypeError
from thalweg.training import storage

ARRAYS = {
    "C": np.arange(12.0).reshape(3, 4),
    "F": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "transposed": np.arange(6).reshape(2, 3).T,
    "strided": np.arange(20.0, dtype=np.float32)[::3],
    "reversed": np.arange(5, dtype=np.int32)[::-1],
    "big endian": np.arange(4, dtype=">f8"),
    "0-d": np.array(2.5),
    "empty": np.zeros((0, 3)),
    "bool": np.array([True, False]),
    "float16": np.array([1.5], np.float16),
    "uint8": np.array([255], np.uint8),
    "nan": np.array([np.nan, -np.inf, -0.0]),
}


def test_every_layout_and_dtype_comes_back_as_it_was(tmp_path) -> None:
    storage.write(tmp_path / "file", ARRAYS, {"one": [1, "µ"]})
    arrays, facts = storage.read(tmp_path / "file")
    assert facts == {"one": [1, "µ"]}
    assert set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].shape == array.shape
        assert arrays[name].dtype == array.dtype.newbyteorder("=")
        assert np.array_equal(arrays[name], array, equal_nan=name == "nan")


@pytest.fixture
def content(tmp_path):
    small = {"a": np.arange(5.0), "b": np.arange(3)}
    storage.write(tmp_path / "whole", small, {"step": 17})
    return (tmp_path / "whole").read_bytes()


def refused(path, content):
    path.write_bytes(content)
    with pytest.raises(CheckpointError):
        storage.read(path)


def test_every_flipped_byte_is_noticed(tmp_path, content) -> None:
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1
        refused(tmp_path / "damaged", bytes(damaged))


def test_every_truncation_and_every_extension_is_noticed(tmp_path, content) -> None:
    for length in range(0, len(content), 8):
        refused(tmp_path / "damaged", content[:length])
    refused(tmp_path / "damaged", content + b"\0")


def header_of(content):
    length = struct.unpack("<Q", content[:8])[0]
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def with_header(header, body):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def test_swapped_names_a_lost_and_an_added_array_are_noticed(tmp_path, content) -> None:
    header, body = header_of(content)
    same = {**header, "a": {**header["a"], "shape": [5, 1]}}
    refused(tmp_path / "damaged", with_header(same, body))
    renamed = {("c" if name == "a" else name): entry for name, entry in header.items()}
    refused(tmp_path / "damaged", with_header(renamed, body))


def test_a_file_of_someone_else_is_told_from_a_damaged_one(tmp_path) -> None:
    save_file({"x": np.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="was not written by thalweg"):
        tw.load(tmp_path / "other.safetensors")
    storage.write(tmp_path / "ours", {"x": np.zeros(2)}, {"some": "facts"})
    with pytest.raises(CheckpointError, match="is not the record of a fit"):
        tw.load(tmp_path / "ours")
    with pytest.raises(CheckpointError, match="cannot be read"):
        tw.load(tmp_path)


def test_a_file_of_a_later_format_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(storage, "PLAIN", 99)
    storage.write(tmp_path / "later", {}, {})
    with pytest.raises(CheckpointError, match=r"has format 99, .* Install a newer"):
        storage.read(tmp_path / "later")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04\x95pickle",
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        with_header({"__metadata__": {"thalweg": "{}"}}, b""),
        with_header({"a": {"dtype": "F64", "shape": [2**60], "data_offsets": [0, 8]}}, b"\0" * 8),
        with_header({"__metadata__": 3}, b""),
    ],
    ids=str,
)
def test_what_is_no_file_of_ours_is_refused(tmp_path, content) -> None:
    refused(tmp_path / "file", content)


def test_reading_opens_nothing_else_and_imports_nothing(tmp_path, content) -> None:
    (tmp_path / "whole").write_bytes(content)
    storage.read(tmp_path / "whole")
    seen = []
    watching = True

    def audit(event, arguments):
        if watching and event in ("import", "open", "exec", "compile", "subprocess.Popen"):
            seen.append((event, str(arguments[0])))

    sys.addaudithook(audit)
    storage.read(tmp_path / "whole")
    watching = False
    assert seen == [("open", str(tmp_path / "whole"))]


def test_an_old_file_survives_a_failed_write(tmp_path, content, monkeypatch) -> None:
    path = tmp_path / "whole"

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(CheckpointError, match="cannot be written: No space left on device"):
        storage.write(path, {"a": np.zeros(9)}, {})
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_written_through(tmp_path, content) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "whole")
    storage.write(tmp_path / "link", {"a": np.zeros(9)}, {})
    assert (tmp_path / "link").is_symlink()
    assert storage.read(tmp_path / "whole")[0]["a"].shape == (9,)


# ---- what was saved always loads


def padded(content: bytes, length: int) -> bytes:
    """The same file with spaces behind its header, as the format allows."""
    was = int.from_bytes(content[:8], "little")
    return struct.pack("<Q", length) + content[8 : 8 + was].ljust(length) + content[8 + was :]


def test_a_header_of_every_length_that_is_written_loads(content) -> None:
    # Two of them begin as a zip archive and as a pickle do: 19280 and 640.
    least = int.from_bytes(content[:8], "little")
    assert least % 8 == 0
    assert least < 640
    expected, facts = storage.unpack("whole", content)
    for length in range(least, 100_001, 8):
        arrays, found = storage.unpack("padded", padded(content, length))
        assert found == facts
        assert arrays["a"].tobytes() == expected["a"].tobytes()


@pytest.mark.parametrize("around", [640, 19280, 896, 1152, 1408])
def test_texts_around_lengths_that_others_begin_with_load(around) -> None:
    seen = set()
    for text in range(around - 400, around + 8):
        content = storage.pack({"a": np.arange(3.0)}, "x" * text)
        seen.add(int.from_bytes(content[:8], "little"))
        arrays, facts = storage.unpack("written", content)
        assert facts == "x" * text
        assert arrays["a"].tolist() == [0.0, 1.0, 2.0]
    assert around in seen


def test_a_header_too_short_for_what_it_needs_is_refused(content) -> None:
    for length in range(int.from_bytes(content[:8], "little")):
        with pytest.raises(CheckpointError):
            storage.unpack("short", struct.pack("<Q", length) + b"{}".ljust(length)[:length])


@pytest.mark.parametrize("length", [640, 19280, 896, 1152, 1408])
def test_a_file_whose_first_bytes_are_anothers_loads_from_disk(tmp_path, content, length) -> None:
    (tmp_path / "file").write_bytes(padded(content, length))
    assert storage.read(tmp_path / "file")[1] == {"step": 17}
    assert storage.unpack("file", padded(content, length))[1] == {"step": 17}


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\x80\x02}q", b"\x80\x04\x95", b"\x80\x05."])
def test_an_archive_and_a_pickle_are_still_told(tmp_path, start) -> None:
    (tmp_path / "file").write_bytes(start + bytes(100))
    with pytest.raises(CheckpointError, match="another library's save"):
        storage.read(tmp_path / "file")


def test_a_text_longer_than_a_header_may_be_loads(monkeypatch, tmp_path) -> None:
    text = "µ" * 2_000_000
    storage.write(tmp_path / "long", {"a": np.arange(3)}, text)
    assert int.from_bytes((tmp_path / "long").read_bytes()[:8], "little") < 1000
    arrays, facts = storage.read(tmp_path / "long")
    assert facts == text
    assert set(arrays) == {"a"}
    content = bytearray((tmp_path / "long").read_bytes())
    content[-1000] ^= 1
    refused(tmp_path / "damaged", bytes(content))


def test_a_name_as_long_as_names_can_be_is_written(tmp_path) -> None:
    path = tmp_path / ("x" * 255)
    storage.write(path, {"a": np.zeros(2)}, {})
    assert set(storage.read(path)[0]) == {"a"}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("dtype", [np.longdouble, np.clongdouble, np.complex128, "M8[s]", "U3"])
def test_what_the_format_does_not_hold_is_refused_before_it_is_written(tmp_path, dtype) -> None:
    with pytest.raises(DtypeError, match="do not hold"):
        storage.write(tmp_path / "file", {"a": np.zeros(2, dtype)}, {})
    assert not list(tmp_path.iterdir())


def test_a_claim_of_a_length_costs_no_memory(tmp_path) -> None:
    path = tmp_path / "file"
    for length in (2**30, 2**40, 2**60, 2**64 - 1):
        path.write_bytes(struct.pack("<Q", length) + b"{")
        with path.open("r+b") as file:
            file.truncate(2**38)
        with pytest.raises(CheckpointError, match="damaged"):
            storage.read(path)
    header = {"a": {"dtype": "U8", "shape": [2**37], "data_offsets": [0, 2**37]}}
    path.write_bytes(with_header(header, b""))
    with path.open("r+b") as file:
        file.truncate(2**38)
    with pytest.raises(CheckpointError, match="damaged"):
        storage.read(path)
    text = b"[" * 100_000
    path.write_bytes(struct.pack("<Q", len(text)) + text)
    with pytest.raises(CheckpointError, match="damaged"):
        storage.read(path)
