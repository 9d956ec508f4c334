"""The pages of the site: their code runs as a reader would run it, and MkDocs makes them."""

from __future__ import annotations

import importlib.util
import logging
import re
import shlex
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import thalweg as tw
from tests.printed import assert_shown
from tests.test_readme import ROOT, STATED, blocks_of, run, write_houses
from thalweg.cli import main, status

DOCS = ROOT / "docs"
# Tests of their own, with further claims, are in test_readme.py.
ELSEWHERE = {"beyond-optax.md", "coming-from-optax.md", "coming-from-pytorch.md"}
NEEDED = {"coming-from-scikit-learn.md": "sklearn", "coming-from-statsmodels.md": "statsmodels"}
# A block, and what it prints where that follows.
SHOWN = re.compile(r"```python\n(.*?)```(?:\n+```text\n(.*?)```)?", re.DOTALL)


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


PAGES = sorted(
    page
    for path in DOCS.rglob("*.md")
    if blocks_of(text_of(page := path.relative_to(DOCS).as_posix())) and page not in ELSEWHERE
)


@pytest.mark.singles
@pytest.mark.parametrize("page", PAGES)
def test_a_page_s_blocks_run_and_state_the_truth(page, tmp_path, monkeypatch, capsys) -> None:
    if page in NEEDED:
        pytest.importorskip(NEEDED[page])
    monkeypatch.chdir(tmp_path)
    before, namespace = tw.get_default_dtype(), {}
    capsys.readouterr()
    try:
        for block, shown in SHOWN.findall(text_of(page)):
            run(block, namespace)
            printed = capsys.readouterr().out
            assert bool(printed) == bool(shown), f"no block of text shows\n{printed}"
            assert_shown(printed, shown)
    finally:
        tw.set_default_dtype(before)


def test_pages_state_values() -> None:
    for page in PAGES:
        stated = sum(len(STATED.findall(block)) for block in blocks_of(text_of(page)))
        assert stated or page == "tour.md", page


@pytest.mark.parametrize("other", ["scikit-learn", "statsmodels", "r"])
def test_pages_for_users_of_other_libraries_are_short(other: str) -> None:
    assert len(text_of(f"coming-from-{other}.md").splitlines()) <= 80


def test_what_is_shown_is_found_to_differ() -> None:
    assert_shown("loss 0.25 in 3 s ▁▂", "loss   0.2501 in 0.1 s ▅▁")
    for other in ("loss 0.35 in 3 s", "lost 0.25 in 3 s"):
        with pytest.raises(AssertionError):
            assert_shown("loss 0.25 in 3 s", other)


def test_the_commands_of_the_pages_run(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    write_houses(Path("houses.csv"), Path("new.csv"))
    commands = re.findall(r"^\$ thalweg (.*)$", text_of("command-line.md"), re.MULTILINE)
    assert len(commands) >= 2
    for command in commands:
        assert main(shlex.split(command)) == 0
    capsys.readouterr()


def test_every_exit_status_is_on_the_page_of_the_command_line() -> None:
    told = {int(n) for n in re.findall(r"^\| (\d+) \|", text_of("command-line.md"), re.MULTILINE)}
    assert told == {value for name, value in vars(status).items() if name.isupper()}


# ---- what MkDocs makes


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    pytest.importorskip("mkdocs")
    path = DOCS / "theme" / "pages.py"
    spec = importlib.util.spec_from_file_location("pages", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def asked_names(kind: str) -> list[str]:
    texts = "\n".join(path.read_text(encoding="utf-8") for path in DOCS.glob("reference/*.md"))
    return re.findall(rf"^<!-- {kind}: (.+?) -->$", texts, re.MULTILINE | re.DOTALL)


def test_every_public_name_is_in_the_reference(pages: ModuleType) -> None:
    asked = [*asked_names("names"), *asked_names("table")]
    found = {name for text in asked for name, _ in pages.things(text)}
    found |= {name.replace("tw.losses.", "tw.optim.") for name in found}
    found |= {name.replace("tw.estimators.", "tw.") for name in found}
    rooms = {"tw": tw, "tw.optim": tw.optim, "tw.special": tw.special, "tw.stats": tw.stats}
    for place, room in rooms.items():
        for name in room.__all__:
            thing = getattr(room, name)
            home = getattr(thing, "__module__", None) or ""
            told = not name.startswith("_") and not name.endswith("State")
            if told and callable(thing) and home.startswith("thalweg"):
                assert f"{place}.{name}" in found


def test_every_page_of_the_reference_is_in_its_table() -> None:
    listed = set(re.findall(r"^\| \[[^]]+\]\((.+?)\)", text_of("reference/index.md"), re.MULTILINE))
    assert listed | {"index.md"} == {path.name for path in (DOCS / "reference").glob("*.md")}


def test_what_is_shown_of_the_reference_has_a_docstring(pages: ModuleType) -> None:
    for text in asked_names("names"):
        for name, thing in pages.things(text):
            module, _, last = pages.path_of(thing).rpartition(".")
            assert importlib.util.find_spec(module), name
            assert thing.__doc__, name
            assert last.isidentifier()


def test_the_pages_are_made_without_a_warning(tmp_path, monkeypatch, logged, pages) -> None:
    for library in ("material", "mkdocstrings"):
        pytest.importorskip(library)
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    monkeypatch.setenv("SITE_DOCSTRINGS", "false")  # which take most of the time
    monkeypatch.setenv("NO_MKDOCS_2_WARNING", "1")
    config: Any = load_config(str(ROOT / "mkdocs.yml"), site_dir=str(tmp_path), strict=True)
    build(config)
    assert not [record for record in logged if record.levelno >= logging.WARNING]
    home = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r"""<(?:script|link|img)[^>]*(?:src|href)=["']?(?:https?:)?//""", home)
    for name in ("how-to/bootstrap", "decisions/0001-decision-notes", "command-line", "changelog"):
        assert (tmp_path / f"{name}.html").exists()
