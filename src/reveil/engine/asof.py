"""What a stage may ask about the past of a customer, without ever seeing a cutoff or a backend.

In:  the kinds of the log and their roles.
Out: Ibis deferred values to compute with, and the aggregates they stand on.

A family of features writes `log.count("purchase", days=84)` and gets a value; which table,
window or backend answers is the engine's business, and so is `at < cutoff`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import ibis
from ibis.common.deferred import Deferred

from reveil.engine.aggregate import RANKS, VALUES, WEIGHT_UNIT, Aggregate, Statistic
from reveil.engine.past import DAY, Gaps, LastEvent, Spells
from reveil.events.contents import Attribute
from reveil.events.roles import Role
from reveil.events.values import MONEY_UNIT

ACTIVITY = "activity"
"""The signal for whatever the study counts as activity."""


@dataclass(slots=True)
class AsOf:
    """The past of every customer as of a cutoff that is not shown.

    Parameters
    ----------
    roles
        The role of each kind the log holds.
    filled
        The optional columns that the log's sources fill.
    channels
        The channels events come by, each with the ways the log spells it.
    attributes
        What the customers table says of a customer besides.
    facts
        Columns of the customers table that a family may ask for: `since_s`, `contract_end_s`,
        consents.
    active_by, limit_days
        The kinds that count as activity, and the days without any after which a customer
        is no longer active.

    Notes
    -----
    A signal is a kind, a role, `activity`, or several of these. Values are null-safe: counts and sums
    of nothing are 0, dates and gaps of nothing are null.
    """

    roles: Mapping[str, Role]
    filled: tuple[str, ...] = ()
    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: tuple[Attribute, ...] = ()
    facts: tuple[str, ...] = ()
    active_by: tuple[str, ...] = ()
    limit_days: int = 0
    aggregates: dict[str, Aggregate] = field(default_factory=dict)

    def kinds(self, *signals: str) -> tuple[str, ...]:
        """Kinds of the log that a signal stands for; empty when the log has none.

        A signal is a kind, a role, or `activity`: whatever counts as activity.
        """
        wanted = {*signals, *(self.active_by if ACTIVITY in signals else ())}
        return tuple(sorted(k for k, r in self.roles.items() if k in wanted or r.value in wanted))

    def columns(self, *names: str) -> tuple[str, ...]:
        """Those of some columns that the log's sources fill, in the order asked."""
        return tuple(name for name in names if name in self.filled)

    def count(
        self,
        *signals: str,
        days: int | None = None,
        until: int = 0,
        channel: str | Sequence[str] | None = None,
        naming: str | None = None,
    ) -> Deferred:
        """Count events in `[t - days, t - until)`.

        Parameters
        ----------
        channel
            Only those of one channel, however spelled.
        naming
            Only those that name something in this column.
        """
        return self._value(
            "count", signals, start_days=days, end_days=until, channel=channel, naming=naming
        ).fill_null(0)

    def sum(self, *signals: str, column: str, days: int | None = None, until: int = 0) -> Deferred:
        """Sum a column; money comes out in units of the currency."""
        total = self._value("sum", signals, column=column, start_days=days, end_days=until)
        return total.fill_null(0) / float(MONEY_UNIT) if column == "amount" else total.fill_null(0)

    def max(self, *signals: str, column: str, days: int | None = None) -> Deferred:
        """Find the largest value of a column; money in units of the currency; null without one."""
        largest = self._value("max", signals, column=column, start_days=days)
        return largest / float(MONEY_UNIT) if column == "amount" else largest

    def lines(self, *signals: str, column: str, days: int | None = None) -> Deferred:
        """Count the lines of orders that name something in `item` or `category`."""
        return self._value("lines", signals, column=column, start_days=days).fill_null(0)

    def last_value(self, *signals: str, column: str) -> Deferred:
        """Read the number in a column at the last event that has one; of several at once, the largest.

        Kept to a thousandth, and within -8,388 and 8,388.
        """
        packed = self._value("last_value", signals, column=column, exact=True)
        return (packed % VALUES - VALUES // 2).cast("float64") / 1_000.0

    def recency(self, *signals: str, channel: str | Sequence[str] | None = None) -> Deferred:
        """Days from the last event to the cutoff; null without one."""
        return (ibis._["cutoff_s"] - self._value("last", signals, channel=channel)) / DAY

    def last(self, *signals: str) -> Deferred:
        """Seconds from 1970 to the last event; null without one."""
        return self._value("last", signals)

    def last_kind(self, *signals: str) -> LastEvent:
        """Find the last event and its kind; at the same second, the signal named first wins.

        Raises
        ------
        ValueError
            When the signals stand for more kinds than fit beside an instant.
        """
        ordered = tuple(dict.fromkeys(kind for signal in signals for kind in self.kinds(signal)))
        if len(ordered) > RANKS:
            raise ValueError(f"{len(ordered)} kinds; a last event is told from {RANKS} at most")
        wanted = Aggregate(statistic="last_kind", kinds=ordered)
        self.aggregates[wanted.key] = wanted
        return LastEvent(ibis._[wanted.key].cast("int64"), ordered)

    def tenure(self, *signals: str) -> Deferred:
        """Days from the first event to the cutoff; null without one."""
        return (ibis._["cutoff_s"] - self._value("first", signals)) / DAY

    def distinct(self, *signals: str, column: str, days: int | None = None) -> Deferred:
        """Count the different values of a column."""
        return self._value("distinct", signals, column=column, start_days=days).fill_null(0)

    def several(self, *signals: str, column: str) -> Deferred:
        """Tell whether a column has no value (0), one (1) or more than one (2).

        Far cheaper than counting the different values.
        """
        return self._value("several", signals, column=column).fill_null(0)

    def decayed(
        self,
        *signals: str,
        half_life: int,
        column: str | None = None,
        channel: str | Sequence[str] | None = None,
    ) -> Deferred:
        """Sum events, or a column of them, each weighted by half every `half_life` days."""
        total = self._value(
            "decayed", signals, half_life=half_life, column=column, channel=channel
        ).fill_null(0)
        unit = WEIGHT_UNIT**2 * (MONEY_UNIT if column == "amount" else 1)
        return total / float(unit)

    def since(self, *signals: str, after: Iterable[str], naming: str | None = None) -> Deferred:
        """Count events later than the last event of another signal, or only those that name a column."""
        kinds = self.kinds(*after)
        return self._value("since", signals, after=kinds, naming=naming).fill_null(0)

    def gaps(self, *signals: str) -> Gaps:
        """Time between consecutive events."""
        return Gaps(
            count=self._value("gap_count", signals).fill_null(0),
            total=self._value("gap_sum", signals),
            squares=self._value("gap_squares", signals),
            longest=self._value("gap_max", signals),
            first=self._value("first", signals),
            last=self._value("last", signals),
            before_last=self._value("gap_from", signals),
        )

    def spells(self, *signals: str, longer_than: int) -> Spells:
        """Tell runs of events without a gap longer than some days."""
        return Spells(
            started_s=self._value("spell_start", signals, longer_days=longer_than),
            ended=self._value("spell_count", signals, longer_days=longer_than).fill_null(0),
            ended_from_s=self._value("spell_from", signals, longer_days=longer_than),
            last_s=self._value("last", signals),
            limit_days=longer_than,
        )

    def attribute(self, attribute: Attribute) -> Deferred:
        """Read an attribute as of the cutoff: its number, or the place of its text among its levels."""
        return self._value(
            "attribute", (), column=f"attribute_{attribute.name}", levels=attribute.levels
        )

    def fact(self, column: str) -> Deferred:
        """Read a column of the customers table as of the cutoff: seconds, or 1 and 0 for yes and no."""
        return self._value("attribute", (), column=column)

    def _value(
        self,
        statistic: Statistic,
        signals: tuple[str, ...],
        *,
        column: str | None = None,
        start_days: int | None = None,
        end_days: int = 0,
        half_life: int | None = None,
        after: tuple[str, ...] = (),
        channel: str | Sequence[str] | None = None,
        naming: str | None = None,
        longer_days: int | None = None,
        levels: tuple[str, ...] | None = None,
        exact: bool = False,
    ) -> Deferred:
        spelled = (channel,) if isinstance(channel, str) else channel
        wanted = Aggregate(
            statistic=statistic,
            kinds=self.kinds(*signals),
            column=column,
            start_days=start_days,
            end_days=end_days,
            half_life=half_life,
            after=after,
            channels=None if spelled is None else tuple(spelled),
            naming=naming,
            longer_days=longer_days,
            levels=levels,
        )
        self.aggregates[wanted.key] = wanted
        # Doubles from here on: Spark reads 28.0 as a decimal, and an integer over a decimal
        # keeps six digits.
        return ibis._[wanted.key].cast("int64" if exact else "float64")
