"""What happened in the outcome window of each customer and cutoff.

In:  EventLog, a population of one cutoff, Windows, the kinds of events that count.
Out: the population with y, silent customers included.

This is the one place that reads the log at and after a cutoff.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir

from reveil.events.log import EventLog, seconds
from reveil.events.values import MONEY_UNIT
from reveil.windows import Windows, require_outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """An outcome to predict.

    Parameters
    ----------
    name
        `attrition`, `reactivation` or `margin_if_returns`.
    kinds
        The events looked for.
    windows
        When they are looked for.
    money_kinds, margin_rate
        For an amount: the events whose amounts are added up, and the share of them that
        is margin. Without a rate the label is yes or no.

    Notes
    -----
    Yes-or-no labels say whether any such event fell into the window; that a customer
    attrites is its contrary. An amount is the margin of the window, returns deducted, and
    is null for who had no such event: E[margin | at least one order].
    """

    name: str
    kinds: tuple[str, ...]
    windows: Windows
    money_kinds: tuple[str, ...] = ()
    margin_rate: float | None = None

    def query(self, log: EventLog, population: ir.Table, cutoff: date) -> ir.Table:
        """Label every customer of a population at one cutoff.

        Parameters
        ----------
        population
            Has `customer_id`; other columns are kept.

        Returns
        -------
        ibis.Table
            The population with `y`, float64.

        Raises
        ------
        TooLittleDataError
            When the outcome window ends after the coverage.
        """
        require_outcome(cutoff, self.windows, log.coverage)
        start = seconds(self.windows.outcome_start(cutoff))
        end = seconds(self.windows.outcome_end(cutoff))
        events = log.events.filter(log.events.at_s >= start, log.events.at_s < end)
        seen = events.group_by("customer_id").aggregate(
            hits=events.count(where=events.is_start & events.kind.isin(self.kinds)),
            amount=events.amount.sum(where=events.kind.isin(self.money_kinds)).cast("int64"),
        )
        labelled = population.left_join(seen, "customer_id").drop("customer_id_right")
        happened = labelled.hits.fill_null(0) > 0
        if self.margin_rate is None:
            y = happened.cast("float64")
        else:
            money = (
                labelled.amount.fill_null(0).cast("float64") / float(MONEY_UNIT) * self.margin_rate
            )
            y = happened.ifelse(money, ibis.null("float64"))
        return labelled.mutate(y=y).drop("hits", "amount")
