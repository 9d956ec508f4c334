"""What is read from a private folder was put there by this user, whatever others do meanwhile."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from thalweg.engines.llvm.code import cache, private_folder
from thalweg.engines.llvm.code.private_folder import Exposed, opened

pytestmark = pytest.mark.skipif(not private_folder.POSIX, reason="there are no owners and modes")

as_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="folders of another user can be made by root alone",
)
OTHER = 12345
OURS, THEIRS = b"our code", b"their code"
NAME = "ab"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can look into, in one where all may write but not remove."""
    folder = Path(tempfile.mkdtemp(dir=os.path.realpath("/tmp")))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    cache._tell.cache_clear()
    cache._pruned.clear()
    yield
    cache._tell.cache_clear()


def refusal(folder: Path, make: bool = False) -> str:
    with pytest.raises(Exposed) as caught, opened(str(folder), make):
        pass
    return str(caught.value)


def kept(folder: Path) -> bytes | None:
    """Write an entry to a cache in a folder and read it again."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("THALWEG_CACHE_DIR", str(folder))
        cache.write(NAME, OURS)
        return cache.read(NAME)


# ---- which folders are used


def test_a_folder_in_private_ones_is_made_and_used(place: Path) -> None:
    assert kept(place / "a" / "b") == OURS
    assert kept(place / "a" / "b" / ".." / "c") == OURS


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757, 0o770, 0o722])
@pytest.mark.parametrize("above", [0, 1, 2])
def test_a_folder_under_one_that_others_may_write_is_not(place, mode, above, monkeypatch) -> None:
    # As if this user's group had other members, as root's may.
    monkeypatch.setattr(private_folder, "_is_private_group", lambda number: False)
    folder = place / "a" / "b"
    assert kept(folder) == OURS
    exposed = [folder / "native", folder, folder.parent][above]
    exposed.chmod(mode)
    assert kept(folder) is None
    assert exposed.name in refusal(folder / "native")
    exposed.chmod(0o755)
    assert kept(folder) == OURS


def test_nothing_is_made_in_a_folder_that_others_may_write(place: Path) -> None:
    (place / "a").mkdir()
    (place / "a").chmod(0o777)
    assert kept(place / "a" / "b") is None
    assert os.listdir(place / "a") == []


def test_a_folder_that_all_may_write_but_not_remove_from_is_as_good_as_private(place) -> None:
    (place / "tmp").mkdir()
    (place / "tmp").chmod(0o1777)
    assert kept(place / "tmp" / "ours") == OURS
    # The last may not be such: entries of others could be taken for ours.
    assert kept(place / "ours") == OURS
    (place / "ours" / "native").chmod(0o1777)
    assert "not this user's alone" in refusal(place / "ours" / "native")


def test_the_group_that_a_system_makes_for_each_user_may_write(place, monkeypatch) -> None:
    folder = place / "a"
    assert kept(folder) == OURS
    folder.chmod(0o775)
    for private, found in ((True, OURS), (False, None)):
        monkeypatch.setattr(private_folder, "_is_private_group", lambda number, p=private: p)
        assert kept(folder) == found


def test_the_group_of_root_is_nobodys_own() -> None:
    private_folder._is_private_group.cache_clear()
    assert not private_folder._is_private_group(0)
    assert not private_folder._is_private_group(987654)


def test_a_link_of_ours_is_followed_and_what_it_leads_to_is_checked(place: Path) -> None:
    (place / "real").mkdir()
    (place / "link").symlink_to("real")
    (place / "far").symlink_to(place / "link" / ".." / "real")
    assert kept(place / "link" / "x") == OURS
    assert kept(place / "far" / "x") == OURS
    (place / "real").chmod(0o777)
    assert kept(place / "link" / "x") is None
    (place / "around").symlink_to("around")
    assert "is a link" in refusal(place / "around" / "x")


def test_one_warning_says_why(place: Path, monkeypatch) -> None:
    (place / "open\x1b[31m").mkdir()
    (place / "open\x1b[31m").chmod(0o777)
    monkeypatch.setenv("THALWEG_CACHE_DIR", str(place / "open\x1b[31m"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(5):
            assert cache.read(NAME) is None
            cache.write(NAME, OURS)
    (told,) = [str(warning.message) for warning in caught]
    assert told.isprintable()
    assert "mode 0777" in told
    assert "THALWEG_CACHE_DIR" in told


# ---- which entries are read


def test_entries_that_are_no_files_of_ours_alone_are_absent(place: Path, monkeypatch) -> None:
    assert kept(place) == OURS
    entry = place / "native" / NAME
    sound = entry.read_bytes()
    monkeypatch.setenv("THALWEG_CACHE_DIR", str(place))
    for mode in (0o620, 0o602, 0o666):
        entry.chmod(mode)
        assert cache.read(NAME) is None
    entry.unlink()
    (place / "elsewhere").write_bytes(sound)
    entry.symlink_to(place / "elsewhere")
    assert cache.read(NAME) is None
    entry.unlink()
    entry.mkdir()
    assert cache.read(NAME) is None
    cache.write(NAME, OURS)
    assert os.listdir(place / "native") == [NAME], "no temporary file is left"
    entry.rmdir()
    os.mkfifo(entry)
    assert cache.read(NAME) is None
    cache.write(NAME, OURS)
    assert cache.read(NAME) == OURS
    if os.geteuid() == 0:
        os.chown(entry, OTHER, OTHER)
        assert cache.read(NAME) is None


# ---- another user


@as_root
def test_folders_and_links_of_another_user_are_not_used(place: Path) -> None:
    assert kept(place / "a" / "b") == OURS
    for part in (place / "a", place / "a" / "b", place / "a" / "b" / "native"):
        os.chown(part, OTHER, OTHER)
        assert kept(place / "a" / "b") is None
        os.chown(part, 0, 0)
    (place / "link").symlink_to(place / "a")
    os.chown(place / "link", OTHER, OTHER, follow_symlinks=False)
    assert f"is a link of user {OTHER}" in refusal(place / "link" / "b")
    # Whoever owns a folder removes what he likes from it, whatever its mode.
    (place / "tmp").mkdir()
    os.chown(place / "tmp", OTHER, OTHER)
    (place / "tmp").chmod(0o1777)
    assert kept(place / "tmp" / "ours") is None


EXCHANGE = """
    import os, sys
    folder, kind = sys.argv[1:]
    os.setgroups([]); os.setgid({other}); os.setuid({other})
    os.chdir(folder)
    print("ready", flush=True)
    turns = refused = 0
    def turn(one, other):
        if kind == "renames":
            os.rename("cache", one); os.rename(other, "cache")
        else:
            os.symlink(other, "next"); os.rename("next", "cache")
    while turns < 10_000_000:
        try:
            turn("good", "evil")
            turn("evil", "good")
            turns += 1
        except OSError:
            refused += 1
            if kind == "renames":
                try: os.unlink("next")
                except OSError: pass
""".replace("{other}", str(OTHER))


def unsafe_read(folder: Path) -> bytes | None:
    """Check by path and read by path, as one should not."""
    status = folder.stat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        return None
    return (folder / NAME).read_bytes()[cache._DIGEST :]


def exchanged(folder: Path, kind: str, seconds: float) -> dict[str, int]:
    """Read while another user exchanges the folder; count whose code was read, and how."""
    command = [sys.executable, "-c", textwrap.dedent(EXCHANGE), str(folder), kind]
    counts = {"reads": 0, "ours": 0, "theirs": 0, "unsafe": 0}
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as attacker,
        pytest.MonkeyPatch.context() as patch,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        patch.setenv("THALWEG_CACHE_DIR", str(folder / "cache"))
        try:
            assert attacker.stdout is not None
            assert attacker.stdout.readline() == b"ready\n"
            end = time.monotonic() + seconds
            while time.monotonic() < end and (counts["reads"] < 5000 or not counts["unsafe"]):
                for _ in range(100):
                    code = cache.read(NAME)
                    counts["ours"] += code == OURS
                    counts["theirs"] += code == THEIRS
                    counts["reads"] += 1
                    with contextlib.suppress(OSError):
                        counts["unsafe"] += unsafe_read(folder / "cache" / "native") == THEIRS
            assert attacker.poll() is None
        finally:
            attacker.kill()
    return counts


@pytest.fixture
def shared(place: Path) -> Path:
    """Another user's folder, with a cache of ours in it and one of his beside."""
    folder = place / "theirs"
    folder.mkdir()
    for name, content in (("good", OURS), ("evil", THEIRS)):
        (folder / name / "native").mkdir(parents=True)
        (folder / name / "native").chmod(0o700)
        (folder / name / "native" / NAME).write_bytes(cache._checksum(NAME, content) + content)
        (folder / name / "native" / NAME).chmod(0o600)
    for path in (
        folder,
        folder / "evil",
        folder / "evil" / "native",
        folder / "evil/native" / NAME,
    ):
        os.chown(path, OTHER, OTHER)
    return folder


@as_root
@pytest.mark.parametrize("kind", ["renames", "links"])
@pytest.mark.parametrize("checked", ["all", "last"])
def test_code_of_another_user_is_never_read_while_he_exchanges_the_folder(
    shared: Path, kind: str, checked: str, monkeypatch
) -> None:
    if checked == "last":
        # Even if the folders above were trusted, and links followed, whoever made them.
        monkeypatch.setattr(private_folder, "_require_safe", lambda status, where: None)
    if kind == "links":
        os.symlink("good", shared / "cache")
        os.chown(shared / "cache", OTHER, OTHER, follow_symlinks=False)
    else:
        os.rename(shared / "good", shared / "cache")
    counts = exchanged(shared, kind, seconds=30)
    assert counts["unsafe"] > 0, f"the exchange was never in time: {counts}"
    assert counts["theirs"] == 0
    assert counts["reads"] >= 100
    assert (counts["ours"] > 0) == (checked == "last" and kind == "renames")


@as_root
def test_a_folder_of_ours_where_all_may_write_cannot_be_exchanged(shared: Path) -> None:
    os.chown(shared, 0, 0)
    shared.chmod(0o1777)
    os.rename(shared / "good", shared / "cache")
    counts = {"reads": 0}
    command = [sys.executable, "-c", textwrap.dedent(EXCHANGE), str(shared), "renames"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as attacker:
        try:
            assert attacker.stdout is not None
            assert attacker.stdout.readline() == b"ready\n"
            for _ in range(2000):
                with opened(str(shared / "cache" / "native")) as folder:
                    assert folder.read(NAME) == cache._checksum(NAME, OURS) + OURS
                counts["reads"] += 1
        finally:
            attacker.kill()
    assert counts["reads"] == 2000
