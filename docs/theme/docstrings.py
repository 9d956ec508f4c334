"""Docstrings as this package writes them, for the reader of Google's style."""

import inspect
import re
from typing import Any

import griffe

_RUN = re.compile(r"^( *)Example:\n", re.MULTILINE)
_SOURCE = re.compile(r"^Source:\n((?: +.*\n?|\n(?= ))+)", re.MULTILINE)


class Sections(griffe.Extension):
    """Names sections as the parser knows them."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Turn runs, `Example:`, into `Examples:`, where `>>>` is code."""
        if obj.docstring is not None:
            text = _RUN.sub(r"\1Examples:\n", inspect.cleandoc(obj.docstring.value))
            text = _SOURCE.sub(_paragraph, text)
            obj.docstring.value = re.sub(r"  # doctest: \+\w+", "", text)


def _paragraph(source: re.Match[str]) -> str:
    """Write where something is from as a line of its own, in place of a box."""
    return f"*From*: {' '.join(source[1].split())}\n\n"
