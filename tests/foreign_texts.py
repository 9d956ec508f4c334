"""Texts that would command a terminal, a page or a plot if they were shown as they are."""

from __future__ import annotations

from unicodedata import category

TEXTS = {
    "colour": "a\x1b[31mred\x1b[0m",
    "clear": "\x1b[2J\x1b[Hgone",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;http://x\x1b\\here\x1b]8;;\x1b\\",
    "device": "\x1bPq#0\x1b\\",
    "bell": "ring\x07",
    "back": "abc\x08\x08\x08xyz",
    "delete": "del\x7fete",
    "csi": "c1\x9b31m",
    "osc": "c1\x9d0;t\x9c",
    "next line": "one\x85two",
    "newline": "one\nthalweg: forged",
    "return": "one\rforged",
    "tab": "one\ttwo",
    "form": "one\x0btwo\x0cthree",
    "override": "abc\u202egpj.exe",
    "isolate": "a\u2066b\u2069c",
    "mark": "a\u200fb\u200eb\u061c",
    "invisible": "a\u200bb\u2060c\ufeffd",
    "separator": "a\u2028b\u2029c",
    "tags": "a\U000e0041\U000e007f",
    "annotation": "a\ufff9b\ufffbc",
    "private": "a\ue000b",
    "separators": "a\x1cb\x1dc\x1ed\x1fe",
    "markup": "[red]x[/red]",
    "closing": "[/]",
    "url": "[link=http://x]y[/link]",
    "emoji": ":smile:",
    "html": "<script>alert(1)</script>",
    "entity": "&lt;\"'>",
    "mathematics": "$x^2$ \\$y",
    "backslash": "end\\",
}


def commands(text: str) -> set[str]:
    """Return the characters of a text that are no mere signs, apart from the ends of its lines."""
    return {c for c in text if c != "\n" and category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")}
