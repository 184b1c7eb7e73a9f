"""The list: who is contacted, who is held back to compare with, and why the others are not.

In:  scored customers, TargetingSettings, the day of the first sending.
Out: ReactivationList: selected, control, excluded, certificate, and the plan as a dict.

Every customer of the snapshot is in exactly one of selected, control and excluded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reveil.errors import DataError
from reveil.targeting import rules
from reveil.targeting.allocate import Assignment, Certificate, allocate, certify, fill
from reveil.targeting.control import DECILES, deciles, draw, stratified_control
from reveil.targeting.masks import EVERY_RULE, NO_RULE, channels_of, first_rule, reachable
from reveil.targeting.plan import plan_of
from reveil.targeting.prices import Limits, Menu, Prices, chunks
from reveil.targeting.settings import TargetingSettings
from reveil.targeting.waves import send_order, sending_dates, wave_size, waves_of
from reveil.targeting.worth import (
    MODE,
    UNITS,
    Action,
    Flags,
    Rows,
    Units,
    actions_of,
    to_units,
    worth_of,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReactivationList:
    """The decision about every customer of a snapshot.

    Parameters
    ----------
    selected
        Contacted customers, ranked by expected worth: rank, customer_id, cutoff, state, group,
        offer, channel, wave, send_on, mode, probability, uplift (null in propensity mode), value
        (null where no value model ran), margin_if_returns, expected_margin
        (probability x margin_if_returns), worth, cost (contact plus expected discount),
        co2e_grams, reasons, trigger (code of the first reason that raises the probability),
        is_control, model_digests. Money in units of the study.
    control
        The same columns for those drawn to be compared with: offer, channel, wave and cost are
        what they would have had.
    excluded
        customer_id, state, rule (the first that applied), explanation.
    certificate
        How much better any other list could be.
    plan
        The figures of `plan.json`.

    Raises
    ------
    DataError
        When a customer is in two of the three parts, or twice in one.

    Examples
    --------
    >>> ids = pd.DataFrame({"customer_id": ["C1"]})
    >>> ReactivationList(selected=ids, control=ids, excluded=ids, plan={},
    ...                  certificate=Certificate(value=0, bound=0))
    Traceback (most recent call last):
    ...
    reveil.errors.DataError: 2 customers of the list appear more than once among selected, control and excluded
    Hint: customer_id must name one row of the scored customers
    """

    selected: pd.DataFrame
    control: pd.DataFrame
    excluded: pd.DataFrame
    certificate: Certificate
    plan: dict[str, object]

    def __post_init__(self) -> None:
        parts = [part["customer_id"] for part in (self.selected, self.control, self.excluded)]
        twice = int(pd.concat(parts).duplicated().sum())
        if twice:
            raise DataError(
                f"{twice:,} customers of the list appear more than once among selected, control "
                "and excluded",
                hint="customer_id must name one row of the scored customers",
            )

    @property
    def size(self) -> int:
        """Customers the list decides about."""
        return len(self.selected) + len(self.control) + len(self.excluded)


def make_list(
    scored: pd.DataFrame,
    settings: TargetingSettings,
    *,
    send_on: date,
    model_digests: Mapping[str, str] | None = None,
) -> ReactivationList:
    """Decide for every scored customer: contact, hold back as control, or leave alone, and why.

    Parameters
    ----------
    scored
        One row per customer of the snapshot, of one cutoff: customer_id, cutoff, state, group,
        reactivation, margin_if_returns, reasons, last_order_at, contacts_recent, unanswered,
        `consent_<channel>`, `usable_<channel>`; `in_target`, `objection`, `sleeping` and `value`
        where there are any. Rows may be in any order.
    send_on
        Day of the first wave.
    model_digests
        Target to digest of the model that scored it, copied to every row.

    Returns
    -------
    ReactivationList
        The same values whatever the order of the rows and the number of threads.

    Raises
    ------
    DataError
        No customer, several cutoffs, a customer twice, an inactive customer without scores, a
        missing column, or nobody who may be contacted.

    Examples
    --------
    >>> settings = TargetingSettings.model_validate({
    ...     "channels": {"email": {"cost": 0.02, "capacity": 1}}, "control_share": 0,
    ...     "offers": [{"name": "miss you", "channels": ["email"]}], "holdout_share": 0,
    ... })
    >>> scored = pd.DataFrame({
    ...     "customer_id": ["C1", "C2", "C3"], "cutoff": pd.Timestamp("2011-09-01"),
    ...     "state": ["active", "inactive", "inactive"], "group": "",
    ...     "reactivation": [None, 0.1, 0.2], "margin_if_returns": [None, 50.0, 40.0],
    ...     "reasons": [[], [], []], "contacts_recent": 0, "unanswered": 0,
    ...     "consent_email": True, "usable_email": True, "last_order_at": pd.Timestamp("2011-01-01"),
    ... })
    >>> made = make_list(scored, settings, send_on=date(2011, 9, 8))
    >>> made.selected[["rank", "customer_id", "offer", "worth", "mode"]].values.tolist()
    [[1, 'C3', 'miss you', 7.98, 'propensity']]
    >>> made.excluded[["customer_id", "rule"]].values.tolist()
    [['C1', 'active'], ['C2', 'budget_or_capacity']]
    """
    frame, cutoff = _snapshot(scored)
    rule = first_rule(frame, settings)
    rows = np.flatnonzero(rule == NO_RULE)
    if rows.size == 0:
        raise _nobody(rule, settings)
    actions = actions_of(settings)
    menu = _menu(frame, rows, actions, settings)
    limits = Limits(
        budget=None if settings.budget is None else to_units(settings.budget),
        capacity=tuple(settings.channels[name].capacity for name in channels_of(settings)),
    )
    chosen, prices, control = _with_control(
        menu,
        limits,
        settings,
        customers=frame["customer_id"].iloc[rows],
        score=frame["reactivation"].to_numpy(dtype=np.float64)[rows],
        campaign=cutoff.isoformat(),
    )
    certificate, prices = certify(menu, chosen, prices, limits, control)

    rule[rows] = np.where(
        _is_worth_something(menu),
        EVERY_RULE.index(rules.BUDGET_OR_CAPACITY),
        EVERY_RULE.index(rules.WORTH_BELOW_COST),
    )
    on_list = rows[chosen.taken]
    rule[on_list] = NO_RULE
    people = _people(frame, on_list, chosen, actions, control[chosen.taken])
    people["model_digests"] = ";".join(f"{k}={v}" for k, v in sorted((model_digests or {}).items()))
    people = people.sort_values(
        ["worth", "customer_id"], ascending=[False, True], kind="stable", ignore_index=True
    )
    people = _dated(people, frame, settings, send_on)
    made = ReactivationList(
        selected=_ranked(people[~people["is_control"]]),
        control=_ranked(people[people["is_control"]]),
        excluded=_excluded(frame, rule, settings),
        certificate=certificate,
        plan=plan_of(
            people=people,
            excluded_by=np.bincount(rule[rule != NO_RULE], minlength=len(EVERY_RULE)),
            settings=settings,
            certificate=certificate,
            prices=prices,
            cutoff=cutoff,
            send_on=send_on,
            model_digests=dict(model_digests or {}),
        ),
    )
    if made.size != len(frame):
        raise DataError(
            f"the list decides about {made.size:,} customers, the snapshot has {len(frame):,}",
            hint="this is a defect of reveil: please report it",
        )
    return made


def _snapshot(scored: pd.DataFrame) -> tuple[pd.DataFrame, date]:
    """Sort by customer and check that it is one snapshot."""
    needed = ["cutoff", "group", "reactivation", "margin_if_returns", "reasons", "last_order_at"]
    missing = [column for column in ["customer_id", *needed] if column not in scored.columns]
    if missing:
        raise DataError(
            f"the scored customers have no column {', '.join(f'`{c}`' for c in missing)}",
            hint="give the output of `reveil score`, whole",
        )
    if scored.empty:
        raise DataError("there are no scored customers", hint="run `reveil score` for this cutoff")
    cutoffs = pd.to_datetime(scored["cutoff"]).dt.date.unique()
    if len(cutoffs) != 1:
        raise DataError(
            f"the scored customers have {len(cutoffs)} cutoffs; a list is made for one",
            hint="give the scores of a single run of `reveil score`",
        )
    twice = int(scored["customer_id"].duplicated().sum())
    if twice:
        raise DataError(
            f"{twice:,} of {len(scored):,} scored rows repeat a customer",
            hint="a snapshot has one row per customer",
        )
    return scored.sort_values("customer_id", ignore_index=True), cutoffs[0]


def _nobody(rule: NDArray[np.int64], settings: TargetingSettings) -> DataError:
    counts = np.bincount(rule, minlength=len(EVERY_RULE))
    told = ", ".join(
        f"{counts[i]:,} {EVERY_RULE[i].name}"
        for i in np.argsort(-counts, kind="stable")[:3]
        if counts[i]
    )
    return DataError(
        f"none of {rule.size:,} customers may be contacted ({told})",
        hint="check the study's definition of activity, its consents, and the caps of `targeting`",
    )


def _menu(
    frame: pd.DataFrame, rows: Rows, actions: tuple[Action, ...], settings: TargetingSettings
) -> Menu:
    """Lay out what may be done; a worth that is not above the minimum is none."""
    probability = frame["reactivation"].to_numpy(dtype=np.float64)[rows]
    margin = frame["margin_if_returns"].to_numpy(dtype=np.float64)[rows]
    names = channels_of(settings)
    channel_of = np.array([names.index(action.channel) for action in actions], dtype=np.intp)
    can_reach = reachable(frame, settings)[rows]
    least = to_units(settings.minimum_worth)

    def block(some: Rows) -> tuple[Units, Units]:
        chance = probability[some]
        worth, cost = worth_of(chance, chance, margin[some], actions)
        allowed = can_reach[some][:, channel_of] & (worth > least)
        return np.where(allowed, worth, 0), cost

    return Menu(size=rows.size, channel_of=channel_of, block=block)


def _is_worth_something(menu: Menu) -> Flags:
    best = [np.max(menu.block(piece)[0], axis=1) for piece in chunks(np.arange(menu.size))]
    some: Flags = np.concatenate(best) > 0
    return some


def _with_control(
    menu: Menu,
    limits: Limits,
    settings: TargetingSettings,
    *,
    customers: pd.Series,
    score: NDArray[np.float64],
    campaign: str,
) -> tuple[Assignment, Prices, Flags]:
    """Allocate, draw the control inside the list, and refill (the argument is in `control`)."""
    share = settings.control_share
    contacted = round((1 - share) * UNITS)
    first, prices = allocate(menu, limits.scaled(UNITS, contacted))
    if share == 0:
        return first, prices, np.zeros(menu.size, dtype=np.bool_)
    numbers = draw(customers, salt=settings.salt, campaign=campaign)
    flags = numbers < share
    provisional = np.flatnonzero(first.taken)
    channel = menu.channel_of[first.action[provisional]]
    strata = channel * DECILES + deciles(score[provisional])
    flags[provisional] = stratified_control(numbers[provisional], strata, share)
    chosen = fill(menu, prices, limits, flags, first=first)
    return chosen, prices, flags & chosen.taken


def _people(
    frame: pd.DataFrame,
    on_list: Rows,
    chosen: Assignment,
    actions: tuple[Action, ...],
    is_control: Flags,
) -> pd.DataFrame:
    """One row per customer on the list, control included."""
    these = frame.iloc[on_list].reset_index(drop=True)
    taken = chosen.action[chosen.taken]
    offers = np.array([a.offer for a in actions], dtype=object)
    channels = np.array([a.channel for a in actions], dtype=object)
    grams = np.array([np.nan if a.co2e_grams is None else a.co2e_grams for a in actions])
    nothing = pd.Series(np.nan, index=these.index, dtype="float64")
    return pd.DataFrame(
        {
            "customer_id": these["customer_id"],
            "cutoff": these["cutoff"],
            "state": these["state"],
            "group": these["group"],
            "offer": pd.Series(offers[taken], dtype="str"),
            "channel": pd.Series(channels[taken], dtype="str"),
            "mode": MODE,
            "probability": these["reactivation"].astype("float64"),
            "uplift": nothing,
            "value": these["value"].astype("float64") if "value" in these else nothing,
            "margin_if_returns": these["margin_if_returns"].astype("float64"),
            "expected_margin": (chosen.worth + chosen.cost)[chosen.taken] / UNITS,
            "worth": chosen.worth[chosen.taken] / UNITS,
            "cost": chosen.cost[chosen.taken] / UNITS,
            "co2e_grams": grams[taken],
            "reasons": these["reasons"],
            "trigger": pd.Series([_trigger(r) for r in these["reasons"]], dtype="str"),
            "is_control": is_control,
        }
    )


def _trigger(reasons: object) -> str | None:
    """Code of the first reason that raises the probability."""
    for reason in reasons if isinstance(reasons, (list, tuple, np.ndarray)) else []:
        if reason["direction"] == "raises":
            return str(reason["code"])
    return None


def _dated(
    people: pd.DataFrame, frame: pd.DataFrame, settings: TargetingSettings, send_on: date
) -> pd.DataFrame:
    """Add wave and send_on; `people` in rank order."""
    ramp = settings.ramp
    wave = np.ones(len(people), dtype=np.int64)
    if ramp is not None:
        last = frame.set_index("customer_id")["last_order_at"].reindex(people["customer_id"])
        wave = waves_of(
            send_order(last.reset_index(drop=True)),
            people["channel"].eq(ramp.channel).to_numpy(dtype=np.bool_),
            ~people["is_control"].to_numpy(dtype=np.bool_),
            wave_size(frame, ramp, settings),
        )
    people.insert(6, "wave", wave)
    people.insert(7, "send_on", sending_dates(wave, send_on, ramp.step_days if ramp else 1))
    return people


def _ranked(part: pd.DataFrame) -> pd.DataFrame:
    part = part.reset_index(drop=True)
    part.insert(0, "rank", np.arange(1, len(part) + 1))
    return part


def _excluded(
    frame: pd.DataFrame, rule: NDArray[np.int64], settings: TargetingSettings
) -> pd.DataFrame:
    out = np.flatnonzero(rule != NO_RULE)
    names = np.array([r.name for r in EVERY_RULE], dtype=object)
    told = np.array([r.explain(settings) for r in EVERY_RULE], dtype=object)
    return pd.DataFrame(
        {
            "customer_id": frame["customer_id"].iloc[out].reset_index(drop=True),
            "state": frame["state"].iloc[out].reset_index(drop=True),
            "rule": pd.Series(names[rule[out]], dtype="str"),
            "explanation": pd.Series(told[rule[out]], dtype="str"),
        }
    )
