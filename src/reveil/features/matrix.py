"""A set of features and its matrix.

In:  EventLog, populations (customer_id) with their cutoffs.
Out: one row per customer and cutoff, float32, in a stable order of rows and columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import ibis.expr.types as ir
import pyarrow as pa
from ibis.common.deferred import Deferred

from reveil.engine.aggregate import Aggregate
from reveil.engine.asof import AsOf
from reveil.engine.chunks import CHUNK
from reveil.engine.plan import Plan, aggregate, chosen, computed
from reveil.errors import ReveilError, StudyError
from reveil.events.contents import Contents
from reveil.events.log import EventLog
from reveil.features.declare import Feature
from reveil.features.family import silent, written
from reveil.features.grounds import covered, roles_of, stood_on


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
    contents
        What of a log they were written for.
    active_by, limit_days
        What counted as activity, and the days without any that end it.
    modules, include
        The study's own modules of families, and the families switched on. With the contents,
        the activity and the observation, all that is needed to write the same set again.
    """

    features: tuple[Feature, ...]
    values: Mapping[str, Deferred]
    aggregates: tuple[Aggregate, ...]
    observation: timedelta
    contents: Contents
    active_by: tuple[str, ...] = ()
    limit_days: int = 0
    modules: tuple[str, ...] = ()
    include: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(feature.name for feature in self.features)

    @property
    def silent(self) -> Mapping[str, str]:
        """Why each family that wrote nothing is silent, by name."""
        asof = _asof(self.contents, self.active_by, self.limit_days)
        speaking = {feature.family for feature in self.features}
        return silent(asof, speaking, self.modules, self.include)

    def matrix(
        self,
        log: EventLog,
        population: ir.Table,
        cutoff: date,
        *,
        kept: Callable[[ir.Table], ir.Table] | None = None,
    ) -> ir.Table:
        """Compute every feature for a population at one cutoff, lazily.

        Parameters
        ----------
        population
            Has `customer_id`; other columns are kept.
        kept
            How to keep the aggregates before features are made of them, for an engine that
            plans two middling queries more easily than a large one.

        Returns
        -------
        ibis.Table
            The population's columns, then one float32 column per feature.
        """
        counted = aggregate(log, population, cutoff, self.aggregates, observation=self.observation)
        if kept is not None:
            counted = kept(counted)
        return counted.select(*population.columns, **self._stored())

    def batches(
        self,
        log: EventLog,
        people: Mapping[date, ir.Table],
        *,
        plan: Plan | None = None,
        customers: int = CHUNK,
    ) -> Iterator[tuple[date, pa.Table]]:
        """Compute every feature at many cutoffs, a chunk of customers at a time, in DuckDB.

        Parameters
        ----------
        people
            The population of each cutoff: `customer_id`, and columns to keep.
        plan
            The cheaper one when not said; see `plan_for`.
        customers
            In a chunk. No value depends on the plan or the chunk.

        Yields
        ------
        tuple
            A cutoff, and rows sorted by customer: the population's columns, then one float32
            column per feature. Chunks come in the order of customers, each with its cutoffs.

        Raises
        ------
        ReveilError
            When the log is on Spark.
        """
        if _engine(log) != "duckdb":
            raise ReveilError(
                "training and scoring run on DuckDB, and the log is on Spark",
                hint="write the matrix with `reveil features STUDY --cutoff DAY --out FOLDER`, "
                "or leave `backend: spark` out",
            )
        return computed(
            log,
            people,
            self.aggregates,
            self._stored(),
            observation=self.observation,
            plan=plan,
            customers=customers,
        )

    def plan_for(self, log: EventLog, cutoffs: Iterable[date]) -> Plan:
        """Choose how the features of some cutoffs are computed, and say why."""
        if _engine(log) != "duckdb":
            why = "Spark computes each cutoff from its events"
            return Plan(name="direct", why=why, cutoffs=len(set(cutoffs)))
        return chosen(log, cutoffs, self.aggregates, observation=self.observation)

    def _stored(self) -> dict[str, Deferred]:
        return {name: value.cast("float32") for name, value in self.values.items()}


def feature_set(
    contents: Contents,
    *,
    observation: timedelta,
    active_by: Iterable[str] = (),
    limit_days: int = 0,
    modules: Iterable[str] = (),
    include: Iterable[str] = (),
) -> FeatureSet:
    """Write the features for a log that holds some kinds of events.

    Parameters
    ----------
    active_by, limit_days
        The kinds that count as activity, and the days without any that end it; the family of
        states is silent without.
    modules
        Importable modules of the study's own families.
    include
        Families that are off unless asked for.

    Raises
    ------
    StudyError
        When no family finds a signal, two features share a name, or a family that is asked
        for does not exist.

    Examples
    --------
    >>> from datetime import timedelta
    >>> from reveil.events.roles import Role
    >>> contents = Contents(kinds={"purchase": Role.COMMERCIAL})
    >>> shop = feature_set(contents, observation=timedelta(364))
    >>> "purchase_recency_days" in shop.names
    True
    >>> "email_click_rate_84d" in shop.names
    False
    """
    modules, include, active_by = tuple(modules), tuple(include), tuple(sorted(active_by))
    asof = _asof(contents, active_by, limit_days)
    declared = list(written(asof, modules, include))
    names = [one.feature.name for one in declared]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StudyError(
            f"two features are called {twice[0]!r}", hint="rename the one of your own module"
        )
    if "purchase" not in asof.roles:
        raise StudyError(
            f"the log holds no purchase; it holds: {', '.join(asof.roles) or 'nothing'}",
            hint="name the rows that are orders in the `kind` of a source",
        )
    grounds = stood_on({one.feature.name: one.value for one in declared}, asof.aggregates)
    kept = [one for one in declared if covered(grounds[one.feature.name], observation.days)]
    used = {a.key for one in kept for a in grounds[one.feature.name]}
    return FeatureSet(
        features=tuple(
            replace(one.feature, roles=roles_of(grounds[one.feature.name], asof.roles))
            for one in kept
        ),
        values={one.feature.name: one.value for one in kept},
        aggregates=tuple(a for key, a in asof.aggregates.items() if key in used),
        observation=observation,
        contents=Contents(
            kinds=asof.roles,
            columns=asof.filled,
            channels=asof.channels,
            attributes=asof.attributes,
            facts=asof.facts,
        ),
        active_by=active_by,
        limit_days=limit_days,
        modules=modules,
        include=include,
    )


def _engine(log: EventLog) -> str:
    return str(log.events.get_backend().name)


def _asof(contents: Contents, active_by: tuple[str, ...], limit_days: int) -> AsOf:
    """Put what a log holds in one order, whatever order it was listed in."""
    return AsOf(
        dict(sorted(contents.kinds.items())),
        filled=tuple(sorted(contents.columns)),
        channels=dict(sorted(contents.channels.items())),
        attributes=tuple(sorted(contents.attributes, key=lambda a: a.name)),
        facts=tuple(sorted(contents.facts)),
        active_by=active_by,
        limit_days=limit_days,
    )
