"""A folder into which no other user can put anything, used through one descriptor.

What is read from it will be run. A check of a path says nothing about the next use of that path:
who may write any folder above can exchange what it leads to in between. So the way down is walked
once, each folder opened from the one above and checked as it was opened, and entries are read,
written and removed through the descriptor of the last.

Where there are no owners and modes (Windows), a folder is used by its path, and is as private as
the user's profile that it lies in.
"""

from __future__ import annotations

import contextlib
import functools
import operator
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from thalweg.errors import printable


def _flags(*names: str) -> int:
    """Return flags of `os.open` together; a system need not know all of them."""
    return functools.reduce(operator.or_, (getattr(os, name, 0) for name in names))


# Of the folders above only the way through is needed; they need not be readable.
_FOLDER = _flags("O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC")

_THROUGH = _FOLDER | (_flags("O_PATH") or _flags("O_SEARCH"))

# Not waiting: an entry that is a pipe would wait for who writes to it.
_ENTRY = _flags("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")

_MOST_LINKS = 40

_OTHERS = stat.S_IWGRP | stat.S_IWOTH

POSIX = hasattr(os, "geteuid") and {os.open, os.mkdir, os.unlink} <= os.supports_dir_fd


class Exposed(Exception):
    """A folder that another user may write, or that leads through one."""


@dataclass(frozen=True)
class PrivateFolder:
    """An open folder.

    Attributes:
        path: Where it was found.
        descriptor: What it is used through; None where there are no owners and modes.
    """

    path: str
    descriptor: int | None

    def read(self, name: str) -> bytes | None:
        """Return an entry's content, or None if it is no file of this user's alone.

        Raises:
            OSError: If it cannot be read.
        """
        handle = os.open(self._place(name), os.O_RDONLY | _ENTRY, dir_fd=self.descriptor)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return None
            if self.descriptor is not None and not _is_ours_alone(status):
                return None
            return file.read()

    def write(self, name: str, content: bytes) -> None:
        """Put an entry there; it appears whole or not at all.

        Raises:
            OSError: If it cannot be written.
        """
        temporary = f".{secrets.token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _ENTRY
        handle = os.open(self._place(temporary), flags, 0o600, dir_fd=self.descriptor)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            at = self.descriptor
            os.replace(self._place(temporary), self._place(name), src_dir_fd=at, dst_dir_fd=at)
        except BaseException:
            with contextlib.suppress(OSError):
                self.remove(temporary)
            raise

    def remove(self, name: str) -> None:
        """Remove an entry.

        Raises:
            OSError: If it cannot be removed.
        """
        os.unlink(self._place(name), dir_fd=self.descriptor)

    def entries(self) -> list[tuple[str, os.stat_result]]:
        """Return the names of what is there, and their states."""
        with os.scandir(self.path if self.descriptor is None else self.descriptor) as found:
            return [(entry.name, entry.stat(follow_symlinks=False)) for entry in found]

    def _place(self, name: str) -> str:
        return name if self.descriptor is not None else os.path.join(self.path, name)


@contextlib.contextmanager
def opened(path: str, make: bool = False) -> Iterator[PrivateFolder]:
    """Open a folder, and on the way every folder above it.

    Args:
        path: The folder.
        make: Whether to make what is missing of it.

    Raises:
        Exposed: If another user may write the folder or one above, or owns it or a link to it.
            In a folder where only its owner may remove an entry (the sticky bit, as for /tmp),
            others may write, but not what is ours.
        OSError: If it is missing or cannot be opened.
    """
    path = os.path.abspath(path)
    if not POSIX:
        if make:
            os.makedirs(path, exist_ok=True)
        yield PrivateFolder(path, None)
        return
    through = _walk(path, make)
    try:
        status = os.fstat(through)
        if not _is_ours_alone(status):
            raise Exposed(f"{printable(path)} is not this user's alone ({_describe(status)})")
        descriptor = os.open(".", os.O_RDONLY | _FOLDER, dir_fd=through)
    finally:
        os.close(through)
    try:
        yield PrivateFolder(path, descriptor)
    finally:
        os.close(descriptor)


def _walk(path: str, make: bool) -> int:
    """Return a descriptor of a folder, none on the way to which another user may write."""
    at, where, links = os.open("/", _THROUGH), "/", 0
    try:
        _require_safe(os.fstat(at), where)
        waiting = _parts(path)
        while waiting:
            name = waiting.pop()
            where = os.path.join(where, name)
            status = _status_of(at, name, make)
            if stat.S_ISLNK(status.st_mode):
                # Nobody else can exchange it: the folder that it lies in was found safe.
                links += 1
                if status.st_uid not in (0, os.geteuid()) or links > _MOST_LINKS:
                    raise Exposed(f"{printable(where)} is a link of user {status.st_uid}")
                target = os.readlink(name, dir_fd=at)
                waiting += _parts(target)
                if os.path.isabs(target):
                    at, where = _enter(at, "/"), "/"
                else:
                    where = os.path.dirname(where)
                continue
            at = _enter(at, name)
            _require_safe(os.fstat(at), where)
    except BaseException:
        os.close(at)
        raise
    return at


def _status_of(at: int, name: str, make: bool) -> os.stat_result:
    try:
        return os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        if not make:
            raise
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=at)
    return os.stat(name, dir_fd=at, follow_symlinks=False)


def _parts(path: str) -> list[str]:
    """Return the names on a path, the first one last."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]


def _enter(at: int, name: str) -> int:
    """Return a descriptor of a folder in an open one, which is closed."""
    inside = os.open(name, _THROUGH, dir_fd=at)
    os.close(at)
    return inside


def _require_safe(status: os.stat_result, where: str) -> None:
    """Refuse a folder whose entries another user could exchange."""
    if status.st_uid not in (0, os.geteuid()):
        raise Exposed(f"{printable(where)} belongs to user {status.st_uid}")
    if not status.st_mode & _OTHERS or status.st_mode & stat.S_ISVTX:
        return
    if status.st_mode & stat.S_IWOTH or not _is_private_group(status.st_gid):
        raise Exposed(f"other users may write {printable(where)} ({_describe(status)})")


def _is_ours_alone(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & _OTHERS


def _describe(status: os.stat_result) -> str:
    return f"user {status.st_uid}, mode {stat.S_IMODE(status.st_mode):04o}"


@functools.cache
def _is_private_group(number: int) -> bool:
    """Whether a group is one that systems make for each user alone, whose folders it may write."""
    import grp
    import pwd

    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(number)
    except KeyError:
        return False
    own = number != 0 and number == user.pw_gid and group.gr_name == user.pw_name
    return own and set(group.gr_mem) <= {user.pw_name}
