"""A set of features and its matrix.

In:  EventLog, populations (customer_id) with their cutoffs.
Out: one row per customer and cutoff, float32, in a stable order of rows and columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import ibis.expr.types as ir
from ibis.common.deferred import Deferred

from reveil.engine.asof import Aggregate, AsOf
from reveil.engine.plan import aggregate
from reveil.errors import StudyError
from reveil.events.log import EventLog
from reveil.events.roles import Role
from reveil.features.declare import Feature
from reveil.features.family import written


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureSet:
    """Every feature that a log has signals for.

    Parameters
    ----------
    features
        In the order of the matrix's columns.
    values
        How each is computed, by name.
    aggregates
        What the engine must count for them.
    observation
        How far back they see.
    kinds, columns
        The kinds and optional columns they were written for: with the modules, all that
        is needed to write the same set again.
    modules
        The study's own modules of families.
    """

    features: tuple[Feature, ...]
    values: Mapping[str, Deferred]
    aggregates: tuple[Aggregate, ...]
    observation: timedelta
    kinds: Mapping[str, Role]
    columns: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(feature.name for feature in self.features)

    def matrix(self, log: EventLog, population: ir.Table, cutoff: date) -> ir.Table:
        """Compute every feature for a population at one cutoff, lazily.

        Parameters
        ----------
        population
            Has `customer_id`; other columns are kept.

        Returns
        -------
        ibis.Table
            The population's columns, then one float32 column per feature.
        """
        counted = aggregate(log, population, cutoff, self.aggregates, observation=self.observation)
        values = {name: value.cast("float32") for name, value in self.values.items()}
        return counted.select(*population.columns, **values)


def feature_set(
    kinds: Mapping[str, Role],
    *,
    observation: timedelta,
    columns: Iterable[str] = (),
    modules: Iterable[str] = (),
) -> FeatureSet:
    """Write the features for a log that holds some kinds of events.

    Raises
    ------
    StudyError
        When no family finds a signal, or two features share a name.

    Examples
    --------
    >>> from datetime import timedelta
    >>> shop = feature_set({"purchase": Role.COMMERCIAL}, observation=timedelta(364))
    >>> shop.names[:2]
    ('purchase_recency_days', 'purchase_tenure_days')
    >>> "email_click_rate_84d" in shop.names
    False
    """
    modules = tuple(modules)
    asof = AsOf(dict(sorted(kinds.items())), filled=tuple(sorted(columns)))
    declared = list(written(asof, modules))
    names = [one.feature.name for one in declared]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StudyError(
            f"two features are called {twice[0]!r}", hint="rename the one of your own module"
        )
    if "purchase" not in kinds:
        raise StudyError(
            f"the log holds no purchase; it holds: {', '.join(sorted(kinds)) or 'nothing'}",
            hint="name the rows that are orders in the `kind` of a source",
        )
    return FeatureSet(
        features=tuple(one.feature for one in declared),
        values={one.feature.name: one.value for one in declared},
        aggregates=tuple(asof.aggregates.values()),
        observation=observation,
        kinds=dict(asof.roles),
        columns=asof.filled,
        modules=modules,
    )
