"""Folders and files that results are written to."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from thalweg.errors import ArgumentError

__all__ = ["make", "write_text"]


def make(folder: Path) -> set[str]:
    """Make a folder, make sure that it can be written, and return the names in it.

    Raises:
        ArgumentError: If it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = {entry.name for entry in folder.iterdir()}
        probe = folder / f".{secrets.token_hex(4)}.tmp"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ArgumentError(
            f"The folder {folder} cannot be written: {error.strerror or error}. Choose another "
            "with --out."
        ) from error
    return names


def write_text(path: Path, text: str) -> None:
    """Write a file whole: after a crash there is the old one or the new one.

    Raises:
        ArgumentError: If it cannot be written.
    """
    # A name of its own: the file's may be as long as names can be.
    temporary = path.with_name(f".thalweg.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or error
        raise ArgumentError(
            f"{path} cannot be written: {reason}. Make room or choose another."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
