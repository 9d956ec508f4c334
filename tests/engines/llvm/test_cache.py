"""Objects on disk: private, checked, and never a reason to fail."""

import os
import stat
from pathlib import Path

import pytest

from thalweg.engines.llvm.code import cache
from thalweg.engines.llvm.code.private_folder import opened
from thalweg.engines.llvm.ir.target import Target


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("THALWEG_CACHE_DIR", str(tmp_path / "thalweg"))
    cache._tell.cache_clear()
    return cache.directory()


def test_an_entry_is_read_as_it_was_written(folder: Path) -> None:
    assert cache.read("ab") is None
    cache.write("ab", b"object")
    assert cache.read("ab") == b"object"
    assert cache.read("cd") is None
    assert sorted(os.listdir(folder)) == ["ab"], "no temporary file is left"


def test_an_entry_that_is_not_what_was_written_is_absent(folder: Path) -> None:
    cache.write("ab", b"object code")
    entry = (folder / "ab").read_bytes()
    flipped = bytes([entry[0] ^ 1]) + entry[1:]
    for damaged in (b"", entry[:-1], entry + b"\0", flipped, entry[:-1] + b"?"):
        (folder / "ab").write_bytes(damaged)
        assert cache.read("ab") is None
    # An entry under another's name is not its own.
    (folder / "cd").write_bytes(entry)
    assert cache.read("cd") is None
    cache.write("ab", b"new")
    assert cache.read("ab") == b"new"


def test_files_and_directory_are_the_users_alone(folder: Path) -> None:
    cache.write("ab", b"object")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "ab").stat().st_mode) == 0o600


def test_a_directory_that_others_can_write_is_not_used(folder: Path) -> None:
    cache.write("ab", b"object")
    folder.chmod(0o777)
    with pytest.warns(UserWarning, match=r"not kept on disk: other users may write .*native \("):
        assert cache.read("ab") is None
    # Once is enough.
    assert cache.read("ab") is None
    cache.write("cd", b"object")
    assert sorted(os.listdir(folder)) == ["ab"]


def test_a_directory_that_cannot_be_made_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("THALWEG_CACHE_DIR", str(tmp_path / "file"))
    cache.write("ab", b"object")
    assert cache.read("ab") is None


def test_a_write_that_fails_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    cache.write("ab", b"object")
    assert os.listdir(folder) == []


def test_the_directory_is_the_one_chosen_or_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THALWEG_CACHE_DIR", "/chosen")
    assert cache.directory() == Path("/chosen/native")
    monkeypatch.delenv("THALWEG_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache.directory() == Path("/caches/thalweg/native")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache.directory() == Path.home() / ".cache/thalweg/native"


def test_the_key_changes_with_all_that_shapes_the_object() -> None:
    target = Target("cpu", "+a", 64, 16, True)
    keys = {
        cache.key("text", target),
        cache.key("text ", target),
        cache.key("text", Target("cpu2", "+a", 64, 16, True)),
        cache.key("text", Target("cpu", "-a", 64, 16, True)),
        cache.key("+atext", Target("cpu", "", 64, 16, True)),
    }
    assert len(keys) == 5


def test_the_oldest_entries_go_when_there_are_too_many(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_MOST_BYTES", 1000)
    monkeypatch.setattr(cache, "_KEPT_BYTES", 500)
    for age, name in enumerate(["new", "middle", "old"]):
        cache.write(name, bytes(368))
        os.utime(folder / name, (1e9 - age, 1e9 - age))
    cache._pruned.clear()
    with opened(str(folder)) as private:
        cache._prune_once(private)
    assert os.listdir(folder) == ["new"]
