"""Errors a person can act on: what happened, which value, and a hint that says what to write.

Every failure that a user can cause is a `ReveilError`. The command line prints it as one
paragraph and leaves with `exit_code`; anything else is a bug and keeps its traceback.
Messages name the user's own columns and keys, count rows and give positions. They never
carry a customer id.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ReveilError(Exception):
    """A failure the user can mend.

    Parameters
    ----------
    message
        The actual situation and what was required, with numbers.
    hint
        The next thing to do, as concretely as possible.

    Examples
    --------
    >>> print(ReveilError("purchases.csv is empty", hint="check the export of last night"))
    purchases.csv is empty
    Hint: check the export of last night
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\nHint: {self.hint}"


class StudyError(ReveilError):
    """The study file asks for something that is unknown, contradictory or impossible."""


class DataError(ReveilError):
    """A source is missing, unreadable, or does not hold what the study says."""


class TooLittleDataError(ReveilError):
    """There are too few customers, outcomes or days of history to learn from."""


class LeakageError(ReveilError):
    """A split or a feature would let a model see what it has to predict."""


class RegistryError(ReveilError):
    """A run, version or artifact is missing, damaged, or not what was expected."""


class GateRefusedError(ReveilError):
    """The promotion gate said no."""

    exit_code = 3


def nearest(name: str, known: Iterable[str]) -> str:
    """Suggest the known name closest to a mistyped one, or list what there is.

    Examples
    --------
    >>> nearest("horizn", ["observation", "gap", "horizon"])
    'did you mean `horizon`?'
    >>> nearest("zzz", ["gap", "horizon"])
    'known: gap, horizon'
    """
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else f"known: {', '.join(names)}"
