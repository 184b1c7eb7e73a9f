"""The plan of a list in figures: what it uses, what it is expected to bring, what more would bring.

In:  the people on a list, counts of the excluded, prices, certificate, settings.
Out: a dict of plain values, ready for `plan.json`.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reveil.features.declare import Language, Text
from reveil.targeting.allocate import Certificate
from reveil.targeting.masks import EVERY_RULE, channels_of
from reveil.targeting.prices import Prices
from reveil.targeting.settings import TargetingSettings
from reveil.targeting.worth import MODE, UNITS

MORE_BUDGET = Text(
    en="1.00 more of budget would yield {price} more of expected worth.",
    fr="1,00 de budget en plus rapporterait {price} de valeur attendue en plus.",
)
MORE_CONTACTS = Text(
    en="One more contact by {channel} would yield {price} more of expected worth.",
    fr="Un contact de plus par {channel} rapporterait {price} de valeur attendue en plus.",
)


def plan_of(
    *,
    people: pd.DataFrame,
    excluded_by: NDArray[np.int64],
    settings: TargetingSettings,
    certificate: Certificate,
    prices: Prices,
    cutoff: date,
    send_on: date,
    model_digests: dict[str, str],
) -> dict[str, object]:
    """Gather the figures of a list; money in units of the study, contacted customers only.

    Parameters
    ----------
    people
        Rows of the list, control included.
    excluded_by
        Customers per rule, in the order of `EVERY_RULE`.

    Returns
    -------
    dict
        cutoff, send_on, mode, customers, exclusions, budget, capacity, expected, actions, waves,
        certificate, shadow_prices, settings, models.

    Examples
    --------
    >>> from reveil.targeting.prices import free
    >>> people = pd.DataFrame({
    ...     "is_control": [False], "offer": ["miss you"], "channel": ["email"], "wave": [1],
    ...     "send_on": pd.to_datetime(["2011-09-08"]), "probability": [0.2], "cost": [0.02],
    ...     "expected_margin": [8.0], "worth": [7.98], "co2e_grams": [4.0],
    ... })
    >>> settings = TargetingSettings.model_validate({
    ...     "channels": {"email": {"cost": 0.02}},
    ...     "offers": [{"name": "miss you", "channels": ["email"]}],
    ... })
    >>> plan = plan_of(
    ...     people=people, excluded_by=np.array([3] + [0] * 14), settings=settings,
    ...     certificate=Certificate(value=7.98, bound=7.98), prices=free(1),
    ...     cutoff=date(2011, 9, 1), send_on=date(2011, 9, 8), model_digests={})
    >>> plan["customers"]
    {'all': 4, 'selected': 1, 'control': 0, 'excluded': 3}
    """
    contacted = people[~people["is_control"]]
    language = settings.language
    return {
        "cutoff": cutoff.isoformat(),
        "send_on": send_on.isoformat(),
        "mode": MODE,
        "customers": {
            "all": len(people) + int(np.sum(excluded_by)),
            "selected": len(contacted),
            "control": len(people) - len(contacted),
            "excluded": int(np.sum(excluded_by)),
        },
        "exclusions": [
            {"rule": rule.name, "label": rule.label.of(language), "customers": int(count)}
            for rule, count in zip(EVERY_RULE, excluded_by, strict=True)
        ],
        "budget": {"limit": settings.budget, "used": _total(contacted["cost"])},
        "capacity": {
            name: {
                "limit": settings.channels[name].capacity,
                "used": int(contacted["channel"].eq(name).sum()),
            }
            for name in channels_of(settings)
        },
        "expected": {
            "reactivations": round(float(np.sum(contacted["probability"].to_numpy())), 4),
            "margin": _total(contacted["expected_margin"]),
            "cost": _total(contacted["cost"]),
            "worth": _total(contacted["worth"]),
            "co2e_grams": _total(contacted["co2e_grams"].dropna())
            if contacted["co2e_grams"].notna().any()
            else None,
        },
        "actions": [
            {
                "offer": offer,
                "channel": channel,
                "selected": int((~rows["is_control"]).sum()),
                "control": int(rows["is_control"].sum()),
            }
            for (offer, channel), rows in people.groupby(["offer", "channel"], sort=True)
        ],
        "waves": _calendar(contacted),
        "certificate": {
            "value": certificate.value,
            "bound": certificate.bound,
            "gap": certificate.gap,
        },
        "shadow_prices": {
            "budget": prices.of_money,
            "channels": dict(zip(channels_of(settings), prices.of_contacts, strict=True)),
            "sentences": price_sentences(prices, channels_of(settings), language),
        },
        "settings": settings.model_dump(mode="json"),
        "models": model_digests,
    }


def price_sentences(prices: Prices, channels: tuple[str, ...], language: Language) -> list[str]:
    """Say what one more unit of each scarce resource would yield.

    Examples
    --------
    >>> prices = Prices(budget=1_260_000, capacity=(0, 21_000_000_000))
    >>> for sentence in price_sentences(prices, ("email", "print"), "en"):
    ...     print(sentence)
    1.00 more of budget would yield 1.26 more of expected worth.
    One more contact by print would yield 2.10 more of expected worth.
    """

    def money(amount: float) -> str:
        return f"{amount:.2f}".replace(".", "," if language == "fr" else ".")

    said = []
    if prices.budget:
        said.append(MORE_BUDGET.of(language).format(price=money(prices.of_money)))
    for channel, price in zip(channels, prices.of_contacts, strict=True):
        if price:
            said.append(MORE_CONTACTS.of(language).format(channel=channel, price=money(price)))
    return said


def _calendar(contacted: pd.DataFrame) -> list[dict[str, object]]:
    """Contacts per wave and channel."""
    counts = contacted[["wave", "send_on", "channel"]].value_counts(sort=False).sort_index()
    rows = counts.reset_index(name="selected")
    rows["send_on"] = rows["send_on"].dt.strftime("%Y-%m-%d")
    return [{str(k): v for k, v in row.items()} for row in rows.to_dict(orient="records")]


def _total(column: pd.Series) -> float:
    """Exact sum of money: whole 1/10,000 added up, converted once."""
    return int(np.sum(np.rint(column.to_numpy(dtype=np.float64) * UNITS).astype(np.int64))) / UNITS
