"""Values made of arrays of one length: how they are typed, how they are put end to end.

In:  frozen dataclasses whose every field is an array with one entry (or row) per thing.
Out: one of the same kind, as long as all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_T = TypeVar("_T", bound="DataclassInstance")


def end_to_end(parts: Sequence[_T]) -> _T:
    """Concatenate every field of at least one value.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Visits:
    ...     customer: Ints
    >>> end_to_end([Visits(np.array([1])), Visits(np.array([2, 3]))]).customer
    array([1, 2, 3])
    """
    return _each(parts, slice(None))


def first_of(parts: Sequence[_T], count: int) -> _T:
    """Concatenate every field and keep its first `count` entries.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Visits:
    ...     customer: Ints
    >>> first_of([Visits(np.array([1])), Visits(np.array([2, 3]))], 2).customer
    array([1, 2])
    """
    return _each(parts, slice(count))


def _each(parts: Sequence[_T], kept: slice) -> _T:
    kind = type(parts[0])
    return kind(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])[kept]
            for field in fields(kind)
        }
    )
