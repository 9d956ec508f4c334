"""What MkDocs is told of this project: pages made of files elsewhere, and names of the package.

A page may say, on a line of its own,

    <!-- names: tw.fit tw.optim.* of thalweg.optim.losses -->    their docstrings
    <!-- table: tw.* of thalweg.ops -->                          their first lines
    <!-- commands -->                                            the command line's own help
    <!-- decisions -->                                           titles of notes on decisions

where `*` stands for the public names of a module, and `of` for those defined in others.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import thalweg as tw
from thalweg.cli.application import application

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES, OUTPUTS = ROOT / "examples", ROOT / "examples" / "output"

# ---- the order of pages


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages of a folder that have no place of their own where the folder stands."""
    config.nav = _filled(config.nav or [], set(_named(config.nav)))
    return config


def _named(entries: Any) -> Iterator[str]:
    if isinstance(entries, str):
        yield entries
    else:
        for entry in entries.values() if isinstance(entries, dict) else entries:
            yield from _named(entry)


def _filled(entries: list[Any], named: set[str]) -> list[Any]:
    pages: list[Any] = []
    for entry in entries:
        if isinstance(entry, dict):
            ((title, inside),) = entry.items()
            parts = [inside] if isinstance(inside, str) and inside.endswith("/") else inside
            pages.append({title: parts if isinstance(parts, str) else _filled(parts, named)})
        elif entry.endswith("/"):
            pages += [page for page in _pages_of(entry) if page not in named]
        else:
            pages.append(entry)
    return pages


def _pages_of(folder: str) -> list[str]:
    if folder == "how-to/":
        return [f"how-to/{name}.md" for name in ("index", *_programs())]
    found = sorted(path.name for path in (ROOT / "docs" / folder).glob("*.md"))
    at = "" if folder == "./" else folder
    return [f"{at}{name}" for name in sorted(found, key=lambda name: name != "index.md")]


# ---- pages of files that are not in docs


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each program of `examples`, and those of files of the whole project."""
    for where, text in _made().items():
        files.append(File.generated(config, where, content=text))
    return files


def _made() -> dict[str, str]:
    benchmarks = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    pages = {f"how-to/{name}.md": _how_to(name) for name in _programs()}
    return pages | {
        "how-to/index.md": _how_to_list(),
        "benchmarks.md": benchmarks.replace("](../docs/", "]("),
        "changelog.md": (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
    }


def _programs() -> list[str]:
    """Return the names of the examples, in the order of their list."""
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^\| \[(\w+)\.py\]", listed, re.MULTILINE)


def _how_to_list() -> str:
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    pages = re.sub(r"\[(\w+)\.py\]\(\w+\.py\)", r"[\1](\1.md)", listed)
    return pages.replace("# Examples", "# How to …").replace("[output](output)", "its page")


def _how_to(name: str) -> str:
    code = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    tree = ast.parse(code)
    title, _, learnt = (ast.get_docstring(tree) or name).partition("\n")
    rest = "".join(code.splitlines(keepends=True)[tree.body[0].end_lineno :]).strip()
    printed = (OUTPUTS / f"{name}.txt").read_text(encoding="utf-8").rstrip()
    return (
        f"# {title.rstrip('.')}\n\n{learnt.strip()}\n\n"
        f'```{{.python title="examples/{name}.py"}}\n{rest}\n```\n\n'
        f"It prints, with times of the machine that it ran on:\n\n```text\n{printed}\n```\n"
    )


# ---- what pages say of the package


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Write what the page asks for."""
    markdown = re.sub(r"^<!-- names: (.+?) -->$", _docstrings, markdown, flags=re.M | re.S)
    markdown = re.sub(r"^<!-- table: (.+?) -->$", _first_lines, markdown, flags=re.M | re.S)
    markdown = re.sub(r"^<!-- decisions -->$", lambda _: _decisions(), markdown, flags=re.M)
    return re.sub(r"^<!-- commands -->$", lambda _: _commands(), markdown, flags=re.M)


def _docstrings(asked: re.Match[str]) -> str:
    names: dict[str, list[str]] = {}
    for name, thing in things(asked[1]):
        names.setdefault(path_of(thing), []).append(name)
    return "\n".join(
        f"::: {path}\n    options:\n"
        f'      heading: "{", ".join(same)}"\n      toc_label: "{same[0]}"\n'
        for path, same in names.items()
    )


def _first_lines(asked: re.Match[str]) -> str:
    rows = []
    for name, thing in things(asked[1]):
        said = (
            (inspect.getdoc(thing) or "").partition("\n")[0].replace("|", "\\|").replace("[", "\\[")
        )
        rows.append(f"| `{name}` | {said} |")
    return "\n".join(["| name | what it is |", "|---|---|", *rows])


def things(asked: str) -> Iterator[tuple[str, Any]]:
    """Yield what is asked for with its public name: functions, classes and single instances."""
    names, _, places = " ".join(asked.split()).partition(" of ")
    for name in names.split():
        if not name.endswith(".*"):
            yield name, _found(name)
            continue
        room = _found(name[:-2])
        listed = getattr(room, "__all__", None)
        inside = tuple(places.split()) or ("thalweg" if listed else room.__name__)
        for public in sorted(listed or dir(room), key=str.lower):
            thing = getattr(room, public)
            home = getattr(thing, "__module__", None) or ""
            told = not public.startswith("_") and not public.endswith("State")  # Optax's fields
            if told and home.startswith(inside):
                yield f"{name[:-1]}{public}", thing


def _found(name: str) -> Any:
    found: Any = tw
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found


def path_of(thing: Any) -> str:
    """Return where the docstring of something stands, as `module.name`."""
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    if hasattr(thing, "__name__") and named is not thing:  # a primitive has its function's name
        return f"{thing.__module__}.{thing.__name__}"
    return f"{named.__module__}.{named.__qualname__}"


def _decisions() -> str:
    notes = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    titles = [path.read_text(encoding="utf-8").partition("\n")[0][2:] for path in notes]
    return "\n".join(f"- [{title}]({path.name})" for title, path in zip(titles, notes, strict=True))


def _commands() -> str:
    written = application().generate_docs(output_format="markdown")
    commands = written[written.index("## thalweg fit") :]
    return commands.replace("**Parameters**", "**Options**").replace(" *[default: False]*", "")
