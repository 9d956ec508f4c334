"""Names from a file are shown, never obeyed: by the terminal, rich, the page and the plots."""

from __future__ import annotations

import csv
import html
import io
import json
import os
import pty
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Thalweg
from tests.foreign_texts import TEXTS, commands
from thalweg.errors import printable
from thalweg.estimators import read_model
from thalweg.page import Page

# A line's end of another kind than the file's is refused, also between quotation marks.
NAMES = [text for name, text in TEXTS.items() if name != "return"]
ODD = "\x1b[31m\u202ex\x9b.csv"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose columns, categories and name are all such texts."""
    path = tmp_path_factory.mktemp("odd") / ODD
    random = np.random.default_rng(0)
    names = [*NAMES, "y\x1b[1m", "kind\x07"]
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(names)
        for number in range(200):
            values = random.normal(size=len(NAMES)).round(3).tolist()
            rows.writerow([*values, round(sum(values), 3), NAMES[number % 20]])
    return path


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.add(tag)


def judge_page(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    assert commands(page) == set()
    tags = _Tags()
    tags.feed(page)
    assert "script" not in tags.found
    assert "svg" in tags.found


def column(name: str) -> str:
    """Return a column's name as the file's reader takes it."""
    return name.strip()


@pytest.mark.parametrize("target", ["y\x1b[1m", "kind\x07"])
def test_a_fit_obeys_no_name(thalweg: Thalweg, table: Path, target: str, tmp_path: Path) -> None:
    out = tmp_path / "\x1b[2Jout\u202e"
    ran = thalweg("fit", table, "-y", target, "--out", out)
    assert ran.status == 0, ran.err
    for text in (ran.out, ran.err):
        assert commands(text) == set()
    assert "thalweg: forged" not in re.split(r"[\n]", ran.out)
    judge_page(out / "report.html")
    # What the files hold is exact.
    encoding = read_model(out).encoding
    assert encoding.target.name == target
    assert {feature.name for feature in encoding.features} <= {
        *map(column, NAMES),
        "y\x1b[1m",
        "kind\x07",
    }
    if target == "y\x1b[1m":
        for name in ("markup", "closing", "emoji"):
            assert TEXTS[name] in ran.out
        assert r"a\x1b[31mred\x1b[0m" in ran.out


def test_json_is_free_of_control_characters_and_exact(thalweg: Thalweg, table: Path) -> None:
    ran = thalweg("fit", table, "-y", "y\x1b[1m", "--json", "--out", "out")
    assert ran.out.isascii()
    assert commands(ran.out) == set()
    found = json.loads(ran.out)["coefficients"]
    assert {column(name) for name in NAMES} <= {name.partition("=")[0] for name in found} | set(
        found
    )


def test_predictions_are_exact_in_a_pipe_and_shown_in_a_terminal(thalweg, table, tmp_path) -> None:
    out = tmp_path / "kinds"
    assert thalweg("fit", table, "-y", "kind\x07", "--out", out).status == 0
    ran = thalweg("predict", out, table)
    rows = list(csv.reader(io.StringIO(ran.out, newline="")))
    assert rows[0][0] == "kind\x07"
    assert {row[0] for row in rows[1:]} <= set(map(column, NAMES))
    command = [sys.executable, "-m", "thalweg", "predict", str(out), str(table)]
    assert commands(in_terminal(command)) == set()


def in_terminal(command: list[str]) -> str:
    """Return what a command writes to a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, close_fds=True) as process:
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:  # the other end is closed
            pass
        assert process.wait() == 0
    os.close(ours)
    return b"".join(parts).decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    "name",
    ["colour", "title", "delete", "csi", "newline", "return", "override", "separator", "markup"],
)
def test_a_mistake_with_any_of_them_is_told_in_one_harmless_line(thalweg, name, tmp_path) -> None:
    text = TEXTS[name]
    path = tmp_path / f"x{text.replace('/', '_')}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["x", f"n{text}", "y"])
        for number in range(30):
            rows.writerow([number, text if number == 3 else number, 2 * number])
    short = tmp_path / "short.csv"
    short.write_text(f'x,"n{text.replace(chr(34), "")}",y\n1,"{text.replace(chr(34), "")}"\n')
    for arguments in (
        ("fit", path, "-y", "y"),
        ("fit", path, "-y", f"absent{text}"),
        ("fit", path, "-y", "y", "--drop", f"absent{text}"),
        ("fit", path, "-y", "y", "--model", text),
        ("fit", path, "-y", "y", "--loss", text),
        ("fit", path, "-y", "y", "--optimizer", text),
        ("fit", path, "-y", "y", "--optimizer", f"adam({text!r})"),
        ("fit", path, "-y", "y", "--task", text),
        ("fit", path, "-y", "y", f"--{text}"),
        ("fit", path, "-y", "y", "--seed", text),
        ("fit", short, "-y", "y"),
        ("fit", f"{path}.absent", "-y", "y"),
        ("fit", "--run", f"{path}.absent"),
        ("fit", "--run", path),
        ("predict", tmp_path, path),
        ("predict", f"{path}.absent", path),
        (text,),
    ):
        ran = thalweg(*arguments)
        assert ran.status == 2, (arguments, ran)
        assert ran.err.startswith("thalweg: ")
        assert ran.err.count("\n") == 1, ran.err
        assert commands(ran.err + ran.out) == set()


def test_a_path_that_is_no_text_is_refused_before_the_fit(thalweg: Thalweg, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.csv"
    Path(os.fsdecode(path)).write_text("x,y\n1,2\n2,3\n3,5\n")
    ran = thalweg("fit", os.fsdecode(path), "-y", "y")
    assert ran.status == 2
    assert "rename" in ran.err
    assert commands(ran.err) == set()


def test_a_page_shows_every_text_and_keeps_lines_of_code() -> None:
    page = Page("".join(NAMES))
    for text in NAMES:
        page.heading(text)
        page.paragraph(text)
        page.listing([text])
        page.table([text], [[text]], text)
        page.image("data:,", text)
        page.code(f"{text}\nsecond")
    written = page.text()
    assert commands(written) == set()
    assert "<script>" not in written
    assert html.escape(printable(TEXTS["newline"])) in written
    assert "\nsecond</pre>" in written


def test_a_demonstration_names_its_folder_harmlessly(thalweg, monkeypatch, tmp_path) -> None:
    from thalweg.cli import demo

    monkeypatch.setattr(demo, "write", lambda shown, folder: folder / "demo.html")
    monkeypatch.setattr(
        "thalweg.cli.lecture.demonstrate", lambda: demo.Demonstration(1.0, 1.0, (), 0.0)
    )
    ran = thalweg(
        "demo",
        "--out",
        tmp_path / "".join(TEXTS[n] for n in ("colour", "title", "url")).replace("/", "_"),
    )
    assert commands(ran.out + ran.err) == set()
    assert "[link=http:__x]" in ran.out
