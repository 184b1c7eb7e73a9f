"""How a family of features is written, and the list of those that exist.

In:  a function of an AsOf that yields declared features.
Out: the family, known by name; what a study's log makes of all of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ibis.common.deferred import Deferred

from reveil.engine.asof import AsOf
from reveil.errors import StudyError, nearest
from reveil.features.declare import Feature, Text, Unit

BUILT_IN = (
    "recency", "tenure", "frequency", "monetary", "rhythm", "trend", "season", "breadth",
    "engagement", "channels", "email", "opens", "pressure", "incidents", "ratings", "points",
    "state", "profile",
)  # fmt: skip
"""Modules of `reveil.features.families`, in the order of the matrix's columns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """A feature beside the value that computes it: what a family yields.

    Parameters
    ----------
    feature
        What it says about itself.
    value
        An Ibis deferred value over what the engine counts.
    """

    feature: Feature
    value: Deferred


Write = Callable[[AsOf], Iterable[Declared]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """Features that belong together, and what they say nothing without."""

    name: str
    needs: tuple[str, ...]
    write: Write
    on: bool = True
    also: str = ""


_FAMILIES: dict[str, Family] = {}


def family(
    name: str, *, needs: str | tuple[str, ...] = (), on: bool = True, also: str = ""
) -> Callable[[Write], Write]:
    """Declare a family of features.

    Parameters
    ----------
    name
        Of the family.
    needs
        A kind or role, or several of which one must be in the log. Without it the
        family contributes nothing. Without any, the family asks the log itself.
    on
        Whether it takes part unless a study says otherwise (`features.include`).
    also
        In words, what it asks the log for besides: what the catalogue says is missing when
        the family finds nothing to say.

    Raises
    ------
    StudyError
        When another module declares a family of that name.

    Examples
    --------
    >>> @family("example_visits", needs="visit")
    ... def visits(log):
    ...     yield feature(
    ...         "visit_count_28d", log.count("visit", days=28), signal="visit", unit=Unit.COUNT,
    ...         meaning=Text(en="visits in 28 days", fr="visites en 28 jours"),
    ...         null="never null", window_days=28)
    >>> del _FAMILIES["example_visits"]
    """

    def declare(write: Write) -> Write:
        present = _FAMILIES.get(name)
        if present is not None and present.write.__module__ != write.__module__:
            raise StudyError(
                f"two families are called {name!r}: in {present.write.__module__} "
                f"and in {write.__module__}",
                hint="rename yours",
            )
        signals = (needs,) if isinstance(needs, str) else needs
        _FAMILIES[name] = Family(name=name, needs=signals, write=write, on=on, also=also)
        return write

    return declare


def feature(
    name: str,
    value: Deferred,
    *,
    signal: str,
    unit: Unit,
    meaning: Text,
    null: str,
    window_days: int | None = None,
    reason: Text | None = None,
    levels: tuple[str, ...] = (),
) -> Declared:
    """Declare one feature of a family: what it is, beside how it is computed.

    Parameters
    ----------
    name
        Signal, statistic and window: `visit_count_84d`.
    value
        Computed from what the family's AsOf answers; of one customer, never of several.
    signal
        What it is news of; features of one signal speak as one reason.
    unit, meaning, null
        What the number is, and what its absence says.
    window_days
        Days before the cutoff it looks at; None for the whole observation window.
    reason
        How it reads for one customer: `{value}` is its own value, any other field names
        another feature.
    levels
        The texts its values stand for, by place.
    """
    described = Feature(
        name=name,
        family="",
        signal=signal,
        unit=unit,
        meaning=meaning,
        null_means=null,
        window_days=window_days,
        reason=reason,
        levels=levels,
    )
    return Declared(feature=described, value=value)


def families(extensions: Iterable[str] = ()) -> Mapping[str, Family]:
    """Load the built-in families and those of a study's own modules.

    Raises
    ------
    StudyError
        When a module cannot be imported.
    """
    modules = [f"reveil.features.families.{name}" for name in BUILT_IN]
    for module in modules:
        importlib.import_module(module)
    for module in extensions:
        modules.append(module)
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise StudyError(
                f"`features.modules` names {module!r}, which cannot be imported ({error})",
                hint="install the package, or set PYTHONPATH to the folder that holds it",
            ) from error
    ordered = sorted(
        (one for one in _FAMILIES.values() if one.write.__module__ in modules),
        key=lambda one: modules.index(one.write.__module__),
    )
    return {one.name: one for one in ordered}


def written(
    log: AsOf, extensions: Iterable[str] = (), include: Iterable[str] = ()
) -> Iterator[Declared]:
    """Write every family that is on and that the log has signals for, in a stable order.

    Raises
    ------
    StudyError
        When a family to include does not exist.
    """
    include = tuple(include)
    for one in _asked(extensions, include):
        if not _missing(one, log, include):
            for declared in one.write(log):
                yield replace(declared, feature=replace(declared.feature, family=one.name))


def silent(
    log: AsOf,
    speaking: Iterable[str],
    extensions: Iterable[str] = (),
    include: Iterable[str] = (),
) -> Mapping[str, str]:
    """Say why each family that writes nothing is silent.

    Parameters
    ----------
    speaking
        The families that wrote something.

    Raises
    ------
    StudyError
        When a family to include does not exist.

    Examples
    --------
    >>> from reveil.events.roles import Role
    >>> why = silent(AsOf({"purchase": Role.COMMERCIAL}), ("recency", "tenure"))
    >>> why["email"]
    'needs email_sent; the log holds none'
    >>> why["opens"]
    'off unless `features.include` names it'
    """
    include, speaking = tuple(include), frozenset(speaking)
    return {
        one.name: _missing(one, log, include) or _nothing_found(one)
        for one in _asked(extensions, include)
        if one.name not in speaking
    }


def _asked(extensions: Iterable[str], include: tuple[str, ...]) -> Iterable[Family]:
    every = families(extensions)
    for name in include:
        if name not in every:
            raise StudyError(
                f"`features.include` names {name!r}, and no family is called that",
                hint=nearest(name, every),
            )
    return every.values()


def _missing(one: Family, log: AsOf, include: tuple[str, ...]) -> str:
    """Say why a family is not asked; empty when it is."""
    if not (one.on or one.name in include):
        return "off unless `features.include` names it"
    if one.needs and not log.kinds(*one.needs):
        return f"needs {' or '.join(one.needs)}; the log holds none"
    return ""


def _nothing_found(one: Family) -> str:
    return f"needs {one.also}; there is none" if one.also else "finds nothing to say of this log"
