"""Frozen values to JSON and back, without pickle and without a line per field.

In:  a frozen dataclass of numbers, texts, dates, tuples, mappings and other such dataclasses.
Out: a plain value for `json`, and the same dataclass again, checked against its types.

Floats survive exactly: JSON writes the shortest text that reads back as the same bits.
"""

from __future__ import annotations

import hashlib
import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from reveil.errors import RegistryError

T = TypeVar("T")


def to_plain(value: object) -> object:  # noqa: PLR0911 (one return per type)
    """Turn a frozen value into dicts, lists, texts and numbers.

    Raises
    ------
    TypeError
        For a type that could not be read back.

    Examples
    --------
    >>> from reveil.windows import Windows
    >>> to_plain(Windows(observation=timedelta(364), horizon=timedelta(90)))
    {'observation': 31449600, 'gap': 0, 'horizon': 7776000}
    """
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value // timedelta(seconds=1)
    if isinstance(value, (tuple, list)):
        return [to_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): to_plain(v) for k, v in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    raise TypeError(f"{type(value).__name__} has no plain form")


def from_plain(kind: type[T], plain: object, *, where: str) -> T:
    """Rebuild a value of type `kind`.

    Parameters
    ----------
    where
        The file it came from, for the message.

    Raises
    ------
    RegistryError
        When a field is missing, unknown, or of another type.

    Examples
    --------
    >>> from reveil.windows import Windows
    >>> from_plain(Windows, {"observation": 31449600, "gap": 0, "horizon": 7776000}, where="x")
    Windows(observation=datetime.timedelta(days=364), gap=datetime.timedelta(0), horizon=datetime.timedelta(days=90))
    """
    try:
        value = _build(kind, plain)
    except (TypeError, ValueError) as error:
        raise RegistryError(
            f"{where} does not read as {kind.__name__}: {error}",
            hint="it was written by another version of reveil: use that version, or train again",
        ) from error
    return value  # type: ignore[return-value]  # _build follows the type hint at run time


def canonical(value: object) -> bytes:
    """JSON bytes of a plain value: sorted keys, no spaces to argue about, no NaN."""
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8") + b"\n"


def fingerprint(value: object) -> str:
    """SHA-256 of a value's plain form, hexadecimal.

    Examples
    --------
    >>> fingerprint({"b": 1, "a": (2, 3)}) == fingerprint({"a": [2, 3], "b": 1})
    True
    """
    return hashlib.sha256(canonical(to_plain(value))).hexdigest()


def _build(kind: object, plain: object) -> object:  # noqa: PLR0911 (one return per type)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _build_one_of(arguments, plain)
    if origin is Literal:
        if plain not in arguments:
            raise ValueError(f"{plain!r} is none of {arguments}")
        return plain
    if origin is tuple:
        if not isinstance(plain, list):
            raise TypeError(f"a list was expected, not {type(plain).__name__}")
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_build(arguments[0], item) for item in plain)
        return tuple(_build(a, item) for a, item in zip(arguments, plain, strict=True))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(plain, dict):
            raise TypeError(f"an object was expected, not {type(plain).__name__}")
        return {key: _build(arguments[1], item) for key, item in plain.items()}
    if isinstance(kind, type):
        return _build_plain_type(kind, plain)
    return plain


def _build_plain_type(kind: type, plain: object) -> object:
    if is_dataclass(kind):
        if not isinstance(plain, dict):
            raise TypeError(f"an object was expected, not {type(plain).__name__}")
        hints = get_type_hints(kind)
        known = {f.name for f in fields(kind)}
        if set(plain) != known:
            raise ValueError(f"fields differ: {', '.join(sorted(known ^ set(plain)))}")
        return kind(**{name: _build(hints[name], plain[name]) for name in known})
    if kind is date and isinstance(plain, str):
        return date.fromisoformat(plain)
    if kind is timedelta and isinstance(plain, int):
        return timedelta(seconds=plain)
    if issubclass(kind, Enum):
        return kind(plain)
    if kind is float and isinstance(plain, int) and not isinstance(plain, bool):
        return float(plain)
    if kind is not object and type(plain) is not kind:
        raise TypeError(f"{kind.__name__} was expected, not {type(plain).__name__}")
    return plain


def _build_one_of(kinds: tuple[object, ...], plain: object) -> object:
    # The exact type first, so that 1 stays an int where both int and float are allowed.
    for kind in sorted(kinds, key=lambda k: type(plain) is not k):
        try:
            return _build(kind, plain)
        except (TypeError, ValueError):
            continue
    raise ValueError("none of the allowed types fits")
