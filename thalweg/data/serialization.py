"""Encodings as plain values for a JSON file, exactly, and back."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, get_args

from thalweg.data.encoding import Encoding, Missing
from thalweg.data.features import Feature, OneHot, Standardized
from thalweg.data.target import Kind, Target
from thalweg.errors import DataError, shown

__all__ = ["from_json", "to_json"]

FORMAT = "thalweg encoding 1"


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
    return {
        "format": FORMAT,
        "missing": encoding.missing,
        "target": _plain(encoding.target),
        "features": [
            {"kind": "one-hot" if isinstance(feature, OneHot) else "standardized"} | _plain(feature)
            for feature in encoding.features
        ],
    }


def from_json(stored: Mapping[str, Any]) -> Encoding:
    """Rebuild an encoding from what `to_json` returned.

    Raises:
        DataError: If it is anything else.
    """
    if not isinstance(stored, Mapping) or stored.get("format") != FORMAT:
        raise DataError(f"this is no {FORMAT!r}; fit again with this version.")
    try:
        return Encoding(
            target=_target(**stored["target"]),
            features=tuple(_feature(**feature) for feature in stored["features"]),
            missing=_one_of(stored["missing"], get_args(Missing)),
        )
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise DataError(f"the stored encoding is damaged ({error}); fit again.") from error


def _plain(part: Feature | Target) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(part).items()}


def _target(
    *, name: object, kind: object, reason: object, classes: object, mean: object, scale: object
) -> Target:
    known: Kind = _one_of(kind, get_args(Kind))
    return Target(_text(name), known, _text(reason), _texts(classes), _number(mean), _scale(scale))


def _feature(*, kind: object, name: object, **rest: object) -> Feature:
    if kind == "standardized":
        return Standardized(_text(name), _number(rest.pop("mean")), _scale(rest.pop("scale")))
    if kind != "one-hot":
        raise ValueError(f"a feature of kind {shown(kind)}")
    levels, shares = _texts(rest["levels"]), rest["shares"]
    if not isinstance(shares, list) or len(shares) != len(levels) or not levels:
        raise ValueError(f"levels and shares of {shown(name)} do not match")
    return OneHot(_text(name), levels, tuple(_number(share) for share in shares))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{shown(value)} is no text")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{shown(value)} is no list")
    return tuple(_text(item) for item in value)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{shown(value)} is no finite number")
    return float(value)


def _scale(value: object) -> float:
    if (number := _number(value)) <= 0:
        raise ValueError(f"{number} is no scale")
    return number


def _one_of(value: object, allowed: tuple[Any, ...]) -> Any:
    if value not in allowed:
        raise ValueError(f"{shown(value)} is none of {allowed}")
    return value
