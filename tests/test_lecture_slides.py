"""The lecture's half on PyTorch, typed line by line: the same characters by the changed import."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from tests.torch.scripts.running import WING, Renaming
from thalweg import torch as wing

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

pytestmark = pytest.mark.singles

SLIDES = Path(__file__).with_name("lecture") / "slides.txt"
ADDRESS = re.compile(r"0x[0-9a-f]+")


def typed(library: str) -> str:
    """Return what a reader sees who types the slides: each expression that is not None."""
    tree = Renaming(library).visit(ast.parse(SLIDES.read_text(encoding="utf-8")))
    space: dict[str, object] = {"__name__": "slides"}
    with contextlib.redirect_stdout(io.StringIO()) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for statement in ast.fix_missing_locations(tree).body[1:]:
            try:
                if isinstance(statement, ast.Expr):
                    value = eval(compile(ast.Expression(statement.value), "slide", "eval"), space)
                    if value is not None:
                        stream.write(f"{value!r}\n")
                else:
                    exec(compile(ast.Module([statement], []), "slide", "exec"), space)
            except RuntimeError as error:
                stream.write(f"RuntimeError: {str(error).partition(' Use')[0]}\n")
    return ADDRESS.sub("0x", stream.getvalue())


def test_every_slide_shows_the_same_characters() -> None:
    try:
        ours, theirs = typed(WING), typed("torch")
    finally:
        for space in (torch, wing):
            space.set_printoptions(profile="default")
        np.set_printoptions(precision=8, suppress=False)
    assert ours.splitlines() == theirs.splitlines()
    assert len(ours.splitlines()) > 120
