"""Object code on disk, so that a program compiled once starts at once ever after.

An entry is a checksum followed by the object's bytes. Anything that is not exactly what was
written — truncated, damaged, made for another key — counts as absent and is written anew: no
byte reaches the processor before the checksum of all was found right. A directory that cannot be
written is left alone; one that others could write, or exchange, is too, with a warning.
"""

import contextlib
import functools
import hashlib
import os
import warnings
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm

from thalweg.engines.llvm.code.private_folder import Exposed, PrivateFolder, opened
from thalweg.engines.llvm.ir.target import Target
from thalweg.lines import level_of_user

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
        with opened(os.fspath(directory())) as folder:
            entry = folder.read(name)
    except Exposed as reason:
        _tell(str(reason))
        return None
    except (OSError, RuntimeError):  # RuntimeError: no home directory
        return None
    if entry is None:
        return None
    content = entry[_DIGEST:]
    return content if entry[:_DIGEST] == _checksum(name, content) else None


def write(name: str, content: bytes) -> None:
    """Keep an entry; it appears whole or not at all, and failing to keep it is no error."""
    try:
        with opened(os.fspath(directory()), make=True) as folder:
            folder.write(name, _checksum(name, content) + content)
            _prune_once(folder)
    except Exposed as reason:
        _tell(str(reason))
    except (OSError, RuntimeError):
        return


@functools.cache
def _tell(reason: str) -> None:
    """Warn, once a process, that programs will be compiled anew."""
    warnings.warn(
        f"Compiled programs are not kept on disk: {reason}, and could put code there that would "
        "be run. Set THALWEG_CACHE_DIR to a folder in one that only you can write.",
        stacklevel=level_of_user(),
    )


def _checksum(name: str, content: bytes) -> bytes:
    return hashlib.blake2b(content, key=name.encode()[:64], digest_size=_DIGEST).digest()


_pruned: set[str] = set()


def _prune_once(folder: PrivateFolder) -> None:
    """Remove the oldest entries of a folder that has grown too large; once a process."""
    if folder.path in _pruned:
        return
    _pruned.add(folder.path)
    entries = sorted(
        ((status.st_mtime, status.st_size, name) for name, status in folder.entries()), reverse=True
    )
    total = 0
    too_large = sum(size for _, size, _ in entries) > _MOST_BYTES
    for _, size, name in entries:
        total += size
        if too_large and total > _KEPT_BYTES:
            with contextlib.suppress(OSError):
                folder.remove(name)
