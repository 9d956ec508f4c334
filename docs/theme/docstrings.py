"""Docstrings as this package writes them, for the reader of Google's style."""

import re
from typing import Any

import griffe

_RUN = re.compile(r"^( *)Example:\n", re.MULTILINE)
_NAMED = re.compile(r"^( *)(Source|Also|See also):\n", re.MULTILINE)


class Sections(griffe.Extension):
    """Names sections as the parser knows them."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Turn runs, `Example:`, into `Examples:`, where `>>>` is code."""
        if obj.docstring is not None:
            text = _RUN.sub(r"\1Examples:\n", obj.docstring.value)
            obj.docstring.value = re.sub(r"  # doctest: \+\w+", "", text)
