"""What the namespace of the standard says of itself."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from tests.array_api.strict import INTEGERS, NUMBERS, xp


def public(namespace: Any) -> set[str]:
    return {
        name
        for name in namespace.__all__
        if not name.startswith("_") and callable(getattr(namespace, name))
        if inspect.getmodule(getattr(namespace, name)) is not None
    }


@pytest.mark.parametrize("room", ["", "linalg", "fft"])
def test_every_name_of_the_standard_is_there(room: str) -> None:
    theirs, ours = (getattr(p, room) if room else p for p in (xp, tw))
    strict_only = {
        "get_array_api_strict_flags",
        "set_array_api_strict_flags",
        "reset_array_api_strict_flags",
        "ArrayAPIStrictFlags",
        "Device",
    }
    assert {n for n in public(theirs) - strict_only if not hasattr(ours, n)} == set()


def test_information() -> None:
    ours, theirs = tw.__array_namespace_info__(), xp.__array_namespace_info__()
    assert set(ours.dtypes()) == set(theirs.dtypes())
    for kind in ("bool", "integral", "real floating", ("signed integer", "complex floating")):
        assert set(ours.dtypes(kind=kind)) == set(theirs.dtypes(kind=kind))
    assert set(ours.default_dtypes()) == set(theirs.default_dtypes())
    assert ours.default_device() == tw.ones(2).device == "cpu"
    assert set(ours.capabilities()) == set(theirs.capabilities())


@pytest.mark.parametrize("dtype", NUMBERS)
def test_limits_of_dtypes(dtype: str) -> None:
    name = "iinfo" if dtype in INTEGERS else "finfo"
    ours, theirs = (getattr(p, name)(getattr(p, dtype)) for p in (tw, xp))
    for field in ("bits", "max", "min"):
        assert getattr(ours, field) == getattr(theirs, field)
    assert tw.isdtype(getattr(tw, dtype), "numeric")
    assert not tw.isdtype(getattr(tw, dtype), "bool")


def test_memory_is_shared_through_dlpack() -> None:
    x = tw.arange(3.0)
    np.from_dlpack(x)[0] = 7.0
    assert x[0] == 7.0
    y = np.arange(3)
    tw.from_dlpack(y)[1] = 9
    assert y[1] == 9
    copied = tw.from_dlpack(y, copy=True)
    copied[1] = 0
    assert y[1] == 9
