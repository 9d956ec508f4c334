"""A self-contained HTML page: everything escaped, nothing loaded from elsewhere."""

from __future__ import annotations

import html
from collections.abc import Sequence

from thalweg.errors import printable
from thalweg.svg import DARK, LIGHT, variables
from thalweg.svg import STYLE as OF_PICTURES

STYLE = (
    ":root{color-scheme:light dark;--ink:#1d2126;--ground:#fff;--soft:#f4f5f7;--line:#e1e4e8;"
    f"--faint:#6a737d;{variables(LIGHT)}}}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e7eb;--ground:#15181c;--soft:#20252b;"
    f"--line:#343b43;--faint:#98a2ad;{variables(DARK)}}}}}"
    """
@media print{:root{--ink:#000;--ground:#fff;--soft:#f4f5f7;--line:#ddd;--faint:#555;"""
    f"{variables(LIGHT)}}}"
    """
body{font-size:11px;margin:0}svg,tr,figure{break-inside:avoid}.wide{overflow:visible}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;margin:1.5rem auto;padding:0 clamp(.8rem,3vw,3rem);
max-width:90rem;color:var(--ink);background:var(--ground)}
h1{font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere}h2{font-size:1.15rem;margin-top:2.2rem;
border-bottom:1px solid var(--line);padding-bottom:.2rem}
p,li{max-width:75ch;overflow-wrap:anywhere}.answer{font-size:1.25rem;line-height:1.4}
table{border-collapse:collapse;margin:.5rem 0}
.caption{color:var(--faint);margin:1.2rem 0 0}
th,td{padding:.2rem .7rem;border-bottom:1px solid var(--line);text-align:right;
font-variant-numeric:tabular-nums;white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0;white-space:normal;min-width:7rem}
td:first-child{overflow-wrap:anywhere}
pre{background:var(--soft);padding:.7rem;max-width:100%;white-space:pre-wrap}
img{max-width:100%;background:#fff}
@media screen and (prefers-color-scheme:dark){img{filter:invert(.92) hue-rotate(180deg);
mix-blend-mode:lighten}}
.wide{overflow-x:auto;background:linear-gradient(to left,var(--ground) 40%,transparent) right/2rem
100% no-repeat local,linear-gradient(to left,var(--line),transparent) right/.8rem 100% no-repeat}
.figures{display:flex;flex-wrap:wrap;gap:1rem 2.5rem;align-items:flex-start;margin:1rem 0}
figure{margin:0;max-width:100%}figcaption{color:var(--faint);max-width:22rem}
.words th,.words td{text-align:left;white-space:normal}summary{cursor:pointer}
@media(max-width:600px){body{font-size:14px}th,td{padding:.2rem .4rem}h1{font-size:1.25rem}
.answer{font-size:1.1rem}}
""" + OF_PICTURES
)


def _escape(text: str) -> str:
    return html.escape(printable(text))


def _lines(text: str) -> str:
    lines = "\n".join(map(_escape, text.split("\n")))
    return f"<pre>{lines}</pre>"


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

    def answer(self, text: str) -> None:
        """Add what a reader came for, in large letters."""
        self._parts.append(f'<p class="answer">{_escape(text)}</p>')

    def paragraph(self, text: str) -> None:
        """Add a paragraph."""
        self._parts.append(f"<p>{_escape(text)}</p>")

    def listing(self, items: Sequence[str]) -> None:
        """Add a list of sentences, if there are any."""
        if not items:
            return
        rows = "".join(f"<li>{_escape(item)}</li>" for item in items)
        self._parts.append(f"<ul>{rows}</ul>")

    def table(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[str]],
        caption: str = "",
        *,
        words: bool = False,
        folded: str = "",
    ) -> None:
        """Add a table of texts, numbers to the right; of words, all to the left.

        A table that is folded shows by what is asked for only.
        """
        head = "".join(f"<th>{_escape(cell)}</th>" for cell in header)
        body = "".join(
            "<tr>" + "".join(f"<td>{_escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
        )
        # A caption of the table's own would be as narrow as the table.
        above = f'<p class="caption">{_escape(caption)}</p>' if caption else ""
        kind = ' class="words"' if words else ""
        table = (
            f'{above}<div class="wide"><table{kind}><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>"
        )
        if folded:
            table = f"<details><summary>{_escape(folded)}</summary>{table}</details>"
        self._parts.append(table)

    def figures(self, pictures: Sequence[tuple[str, str]], code: str = "") -> None:
        """Add pictures of `thalweg.svg` beside each other, each with what stands below it.

        Code that makes what they show stands beside them.
        """
        drawn = "".join(
            f"<figure>{picture}<figcaption>{_escape(below)}</figcaption></figure>"
            for picture, below in pictures
        )
        self._parts.append(f'<div class="figures">{drawn}{_lines(code) if code else ""}</div>')

    def image(self, url: str, description: str) -> None:
        """Add an image from a data URL."""
        self._parts.append(f'<img alt="{_escape(description)}" src="{_escape(url)}">')

    def code(self, text: str) -> None:
        """Add lines of text."""
        self._parts.append(_lines(text))

    def text(self) -> str:
        """Return the page."""
        return (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{self._title}</title><style>{STYLE}</style></head>\n<body>\n"
            + "\n".join(self._parts)
            + "\n</body></html>\n"
        )
