"""Object code on disk, so that a program compiled once starts at once ever after.

An entry is a checksum followed by the object's bytes. Anything that is not exactly what was
written — truncated, damaged, made for another key — counts as absent and is written anew.
A directory that cannot be written, or that others could write, is left alone.
"""

import contextlib
import functools
import hashlib
import os
import tempfile
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm

from thalweg.engines.llvm.target import Target

_FORMAT = "1"
_DIGEST = 32
# When the entries outgrow the first, the oldest are removed down to the second.
_MOST_BYTES, _KEPT_BYTES = 256 << 20, 128 << 20


def key(text: str, target: Target) -> str:
    """The name of the object that a module's text gives on a target with this compiler."""
    digest = hashlib.blake2b(digest_size=_DIGEST)
    for part in (*_compiler(), target.cpu, target.features, text):
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


@functools.cache
def _compiler() -> tuple[str, ...]:
    version = ".".join(map(str, llvm.llvm_version_info))
    return _FORMAT, llvmlite.__version__, version, llvm.get_process_triple()


def directory() -> Path:
    """Where entries are kept: $THALWEG_CACHE_DIR, else the user's cache directory."""
    if chosen := os.environ.get("THALWEG_CACHE_DIR"):
        return Path(chosen) / "native"
    caches = os.environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "thalweg" / "native"


def read(name: str) -> bytes | None:
    """The entry of a key, or None where there is no sound one."""
    try:
        path = directory() / name
        if not _is_private(path.parent):
            return None
        entry = path.read_bytes()
    except (OSError, RuntimeError):  # RuntimeError: no home directory
        return None
    content = entry[_DIGEST:]
    return content if entry[:_DIGEST] == _checksum(name, content) else None


def write(name: str, content: bytes) -> None:
    """Keep an entry; it appears whole or not at all, and failing to keep it is no error."""
    temporary = None
    try:
        folder = directory()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_private(folder):
            return
        # mkstemp makes a file that only its owner may read or write.
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".")
        with os.fdopen(handle, "wb") as file:
            file.write(_checksum(name, content) + content)
        os.replace(temporary, folder / name)
        _prune_once(folder)
    except (OSError, RuntimeError):
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _checksum(name: str, content: bytes) -> bytes:
    return hashlib.blake2b(content, key=name.encode()[:64], digest_size=_DIGEST).digest()


def _is_private(folder: Path) -> bool:
    """Whether only this user can put code there: machine code from it will be run."""
    if not hasattr(os, "getuid"):
        return True
    status = folder.stat()
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


@functools.lru_cache(maxsize=4)
def _prune_once(folder: Path) -> None:
    """Remove the oldest entries of a folder that has grown too large; once a process."""
    entries = sorted(
        ((s.st_mtime, s.st_size, e.path) for e in os.scandir(folder) for s in [e.stat()]),
        reverse=True,
    )
    total = 0
    too_large = sum(size for _, size, _ in entries) > _MOST_BYTES
    for _, size, path in entries:
        total += size
        if too_large and total > _KEPT_BYTES:
            with contextlib.suppress(OSError):
                os.unlink(path)
