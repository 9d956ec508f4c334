"""Stored encodings: the same again, or refused."""

import copy
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg.data.encoding import Encoding, encode, from_json, to_json
from thalweg.data.table import as_table
from thalweg.errors import DataError

TABLE = as_table(
    {
        "x": [0.1, 0.2, 1 / 3, 1e-300],
        "s": ["a", "b", "ü", "a"],
        "y": ["no", "yes", "no", "yes"],
        "z": [0.1, 0.7, 0.2, 0.9],
    }
)
ENCODINGS = [encode(TABLE, "y"), encode(TABLE, "z", missing="mean")]


@pytest.mark.parametrize("encoding", ENCODINGS, ids=["binary", "regression"])
def test_an_encoding_survives_json_exactly(encoding: Encoding) -> None:
    again = from_json(json.loads(json.dumps(to_json(encoding), allow_nan=False)))
    assert again == encoding
    assert again.matrix(TABLE).tobytes() == encoding.matrix(TABLE).tobytes()


def spots(stored: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the paths to every part of a stored value."""
    inner = (
        stored.items()
        if isinstance(stored, dict)
        else enumerate(stored)
        if isinstance(stored, list)
        else ()
    )
    return [path, *(spot for key, part in inner for spot in spots(part, (*path, key)))]


STORED = to_json(ENCODINGS[0])
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


@given(spot=st.sampled_from(spots(STORED)[1:]), junk=JUNK)
def test_a_stored_encoding_with_one_part_replaced_is_refused_or_is_an_encoding(
    spot: tuple[Any, ...], junk: Any
) -> None:
    stored = copy.deepcopy(STORED)
    parent: Any = stored
    for key in spot[:-1]:
        parent = parent[key]
    parent[spot[-1]] = junk
    with suppress(DataError):
        assert isinstance(from_json(stored), Encoding)


@pytest.mark.parametrize("stored", [None, [], {}, {"format": "thalweg encoding 1"}, "text", 3])
def test_what_is_no_encoding_is_refused(stored: Any) -> None:
    with pytest.raises(DataError, match="fit again with this version"):
        from_json(stored)


@pytest.mark.parametrize("part", ["target", "features", "missing"])
def test_an_encoding_with_a_part_missing_is_refused(part: str) -> None:
    stored = {key: value for key, value in STORED.items() if key != part}
    with pytest.raises(DataError, match="damaged"):
        from_json(stored)
