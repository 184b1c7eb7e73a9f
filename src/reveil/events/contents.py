"""What a log holds, as far as features can tell.

In:  an EventLog, or what an artifact carries.
Out: Contents: plain frozen values, enough to write the same features again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reveil.events.roles import Role


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """What the customers table says of a customer: a number, or one of some texts.

    Parameters
    ----------
    name
        As the study calls it; the column of the log is `attribute_<name>`.
    levels
        The texts it is told by, the most frequent first; None for a number. Rarer texts, and
        texts that come later, count as one other text.
    """

    name: str
    levels: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """Kinds, columns, channels and attributes of a log.

    Parameters
    ----------
    kinds
        Role of each kind the log holds.
    columns
        The optional columns its sources fill.
    channels
        The channels its events come by, each with the ways the log spells it.
    attributes
        Of the customers table.
    facts
        Columns of the customers table that features use: `since_s`, `contract_end_s`, and
        consents to be followed.
    """

    kinds: Mapping[str, Role]
    columns: tuple[str, ...] = ()
    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: tuple[Attribute, ...] = ()
    facts: tuple[str, ...] = ()
