"""A self-contained HTML page: everything escaped, nothing loaded from elsewhere."""

from __future__ import annotations

import html
from collections.abc import Sequence

from thalweg.errors import printable

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;margin:.5rem 0}caption{text-align:left;color:#555}
th,td{padding:.15rem .7rem;border-bottom:1px solid #ddd;text-align:right;
font-variant-numeric:tabular-nums}
th:first-child,td:first-child{text-align:left}
pre{background:#f5f5f5;padding:.7rem;overflow-x:auto}img{max-width:100%}
.wide{overflow-x:auto}
"""


def _escape(text: str) -> str:
    return html.escape(printable(text))


class Page:
    """A page, written from the top down.

    Example:
        >>> page = Page("a < b")
        >>> page.heading("c & d")
        >>> "a &lt; b" in page.text() and "c &amp; d" in page.text()
        True
    """

    def __init__(self, title: str) -> None:
        self._title = _escape(title)
        self._parts = [f"<h1>{self._title}</h1>"]

    def heading(self, text: str) -> None:
        """Begin a section."""
        self._parts.append(f"<h2>{_escape(text)}</h2>")

    def paragraph(self, text: str) -> None:
        """Add a paragraph."""
        self._parts.append(f"<p>{_escape(text)}</p>")

    def listing(self, items: Sequence[str]) -> None:
        """Add a list of sentences."""
        rows = "".join(f"<li>{_escape(item)}</li>" for item in items)
        self._parts.append(f"<ul>{rows}</ul>")

    def table(
        self, header: Sequence[str], rows: Sequence[Sequence[str]], caption: str = ""
    ) -> None:
        """Add a table of texts."""
        head = "".join(f"<th>{_escape(cell)}</th>" for cell in header)
        body = "".join(
            "<tr>" + "".join(f"<td>{_escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
        )
        above = f"<caption>{_escape(caption)}</caption>" if caption else ""
        self._parts.append(
            f'<div class="wide"><table>{above}<thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )

    def image(self, url: str, description: str) -> None:
        """Add an image from a data URL."""
        self._parts.append(f'<img alt="{_escape(description)}" src="{_escape(url)}">')

    def code(self, text: str) -> None:
        """Add lines of text."""
        lines = "\n".join(map(_escape, text.split("\n")))
        self._parts.append(f"<pre>{lines}</pre>")

    def text(self) -> str:
        """Return the page."""
        return (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{self._title}</title><style>{STYLE}</style></head>\n<body>\n"
            + "\n".join(self._parts)
            + "\n</body></html>\n"
        )
