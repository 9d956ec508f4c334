"""Encodings as plain values for a JSON file, exactly, and back."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from thalweg.data.encoding import Encoding, Missing
from thalweg.data.features import OneHot, Standardized
from thalweg.data.target import Target
from thalweg.errors import DataError, shown

__all__ = ["fits", "from_json", "to_json"]

FORMAT = "thalweg encoding 1"
FEATURES = {"standardized": Standardized, "one-hot": OneHot}


def to_json(encoding: Encoding) -> dict[str, Any]:
    """Return an encoding as dictionaries, lists, texts and numbers; `from_json` rebuilds it.

    Example:
        >>> import json
        >>> from thalweg.data.encoding import encode
        >>> from thalweg.data.table import as_table
        >>> encoding = encode(as_table({"x": [1.0, 2.0], "y": [0.1, 0.2]}), "y")
        >>> from_json(json.loads(json.dumps(to_json(encoding)))) == encoding
        True
    """
    names = {kind: name for name, kind in FEATURES.items()}
    return {
        "format": FORMAT,
        "missing": encoding.missing,
        "target": _plain(encoding.target),
        "features": [{"kind": names[type(f)]} | _plain(f) for f in encoding.features],
    }


def _plain(part: Any) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(part).items()}


def from_json(stored: Mapping[str, Any]) -> Encoding:
    """Rebuild an encoding from what `to_json` returned.

    Raises:
        DataError: If it is anything else.
    """
    if not isinstance(stored, Mapping) or stored.get("format") != FORMAT:
        raise DataError(f"this is no {FORMAT!r}; fit again with this version.")
    try:
        target = _rebuilt(Target, stored["target"])
        features = tuple(
            _rebuilt(FEATURES[feature["kind"]], feature) for feature in stored["features"]
        )
        return Encoding(target, features, _checked("missing", stored["missing"], Missing))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"the stored encoding is damaged ({error}); fit again.") from error


def _rebuilt(kind: type, stored: Mapping[str, Any]) -> Any:
    """Return a part of an encoding from its fields."""
    part = kind(
        **{name: _checked(name, stored[name], t) for name, t in get_type_hints(kind).items()}
    )
    one_hot = isinstance(part, OneHot)
    if not (0 < len(part.levels) == len(part.shares) if one_hot else part.scale > 0):
        raise ValueError(f"{shown(part)} means nothing")
    return part


def _checked(name: str, value: Any, kind: Any) -> Any:
    if not fits(value, kind):
        raise ValueError(f"{name} is {shown(value)}")
    return tuple(value) if isinstance(value, list) else float(value) if kind is float else value


def fits(value: Any, kind: Any) -> bool:
    """Tell whether a plain value is of a type: a list where a tuple is wanted, any finite number.

    Args:
        value: What JSON or TOML holds.
        kind: A type, a Literal, a union of types, or a tuple of any number of one type.

    Example:
        >>> fits(["a"], tuple[str, ...]), fits(3, float | None), fits(True, int)
        (True, True, False)
    """
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return value in parts
    if origin is tuple:
        return isinstance(value, list) and all(fits(item, parts[0]) for item in value)
    if origin in (Union, UnionType):
        return any(fits(value, part) for part in parts)
    if kind is float:
        return type(value) in (int, float) and abs(value) <= sys.float_info.max
    return type(value) is kind
