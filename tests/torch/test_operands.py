"""Python numbers, and one tensor for a list of them, are refused where PyTorch refuses them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

from thalweg import torch as wing
from thalweg.torch.naming import _WANTED

FLOATS, WHOLE = [1.0, 2.0, 3.0], [1, 2, 3]


def operand(library: Any, data: Any) -> Any:
    """Return a tensor of a list, and anything else as it is."""
    return library.tensor(data) if isinstance(data, list) else data


def said(library: Any, name: str, *args: Any, **kwargs: Any) -> str | None:
    """Return the start of a refusal's text, or None if a function gives a result."""
    room, _, own = name.rpartition("_") if name.startswith("special_") else ("", "", name)
    place = library.special if room else library
    own = name.removeprefix("special_")
    try:
        getattr(place, own)(
            *(operand(library, arg) for arg in args),
            **{key: operand(library, value) for key, value in kwargs.items()},
        )
    except TypeError as error:
        return re.split(r"(?<=not \w{3})\b|, but expected|not Tensor|(?<=not \w{5})\b", str(error))[
            0
        ]
    except (RuntimeError, IndexError):
        return "another error"
    return None


@pytest.mark.parametrize(
    "args", [(FLOATS, 2), (WHOLE, 2), (2.5, FLOATS), (2, WHOLE), (2, 3)], ids=str
)
@pytest.mark.parametrize("name", sorted(n for n, kind in _WANTED.items() if kind != "list"))
def test_numbers_are_refused_where_pytorch_refuses_them(name: str, args: Any) -> None:
    theirs, ours = said(torch, name, *args), said(wing, name, *args)
    if theirs != "another error":
        assert ours == theirs


@pytest.mark.parametrize("name", sorted(n for n, kind in _WANTED.items() if kind == "list"))
def test_one_tensor_is_no_list_of_tensors(name: str) -> None:
    theirs, ours = said(torch, name, [FLOATS, FLOATS]), said(wing, name, [FLOATS, FLOATS])
    assert theirs is not None
    assert ours == theirs
    found = getattr(wing, name)([wing.tensor(FLOATS)] * 2)
    assert found.tolist() == getattr(torch, name)([torch.tensor(FLOATS)] * 2).tolist()


@pytest.mark.parametrize("name", ["atan2", "dot", "fmax", "heaviside", "outer", "take"])
def test_positions_are_told_as_pytorch_counts_them(name: str) -> None:
    label = {"dot": "tensor", "heaviside": "values", "outer": "vec2", "take": "index"}
    for kwargs in ({label.get(name, "other"): 2}, {"input": FLOATS, label.get(name, "other"): 2}):
        args = () if "input" in kwargs else (FLOATS,)
        assert said(wing, name, *args, **kwargs) == said(torch, name, *args, **kwargs) is not None
    texts = []
    for library in (torch, wing):
        with pytest.raises(TypeError, match="position 1") as caught:
            getattr(library.tensor(FLOATS), name)(2)
        texts.append(str(caught.value).partition(", not int")[0])
    assert texts[0] == texts[1]


@pytest.mark.parametrize("name", ["atan2_", "gcd_", "hypot_", "logical_and_", "nextafter_"])
def test_in_place_too(name: str) -> None:
    for library in (torch, wing):
        with pytest.raises(TypeError, match="must be Tensor, not int"):
            getattr(library.tensor(WHOLE), name)(2)


def test_operators_take_numbers() -> None:
    for code in ("x & 3", "3 | x", "x ^ 1", "x << 1", "x % 2", "2 ** x", "2 < x", "x == 2"):
        theirs = eval(code, {"x": torch.tensor(WHOLE)})
        ours = eval(code, {"x": wing.tensor(WHOLE)})
        assert ours.tolist() == theirs.tolist()
        assert str(ours.dtype) == str(theirs.dtype)


def test_numpys_numbers_are_numbers() -> None:
    for library in (torch, wing):
        with pytest.raises(
            TypeError, match=r"maximum\(\): argument 'other' \(position 2\) must be"
        ):
            library.maximum(library.tensor(WHOLE), np.int64(2))
