"""The engagement score: bounds, monotony, stability, and whose doing counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from reveil.activity.engagement import BANDS, MOST_CHANNELS, engagement
from reveil.activity.settings import EngagementSettings
from reveil.activity.states import as_of
from reveil.engine.plan import aggregate
from reveil.errors import StudyError
from reveil.events.log import EventLog
from reveil.events.roles import Role

CUTOFF = date(2011, 6, 1)
Lay = Callable[..., EventLog]
DEFAULT = EngagementSettings()
SIGNALS = ("purchase", "return", "email_click", "visit", "login")


def ago(days: float) -> str:
    return str(datetime(2011, 6, 1) - timedelta(days=days))


def scores(log: EventLog, settings: EngagementSettings = DEFAULT) -> dict[str, dict[str, Any]]:
    rows = engagement(log, settings, CUTOFF).to_pyarrow().to_pylist()
    return {row.pop("customer_id"): row for row in rows}


def only_scores(row: dict[str, Any]) -> dict[str, float]:
    return {k: v for k, v in row.items() if k not in ("cutoff", "engagement_band")}


@pytest.fixture(scope="module")
def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def test_the_figures_of_the_docstring(lay: Lay) -> None:
    """An order of yesterday, one of half a year ago, a click of yesterday, and nothing."""
    log = lay(
        ("order", "purchase", ago(0.5)), ("old order", "purchase", ago(182.5)),
        ("click", "email_click", ago(0.5)), ("mailed", "email_sent", ago(1)),
        ("opens", "email_open", ago(1)), ("complains", "complaint", ago(1)),
    )  # fmt: skip
    found = {
        who: (round(row["engagement"]), row["engagement_band"]) for who, row in scores(log).items()
    }
    assert found == {
        "order": (50, "high"), "old order": (18, "low"), "click": (20, "medium"),
        "mailed": (0, "none"), "opens": (0, "none"), "complains": (0, "none"),
    }  # fmt: skip
    assert scores(log)["mailed"]["engagement"] == 0.0


def test_one_more_signal_never_lowers_and_an_older_never_raises(
    lay: Lay, rng: np.random.Generator
) -> None:
    """Any signal, anywhere in any past: every score, of every role and channel."""
    rows: list[tuple[Any, ...]] = []
    for n in range(40):
        past = [
            (
                str(rng.choice(SIGNALS)),
                float(rng.uniform(0.1, 700)),
                str(rng.choice(["web", "store"])),
            )
            for _ in range(int(rng.integers(0, 12)))
        ]
        kind, days, channel = str(rng.choice(SIGNALS)), float(rng.uniform(0.1, 700)), "web"
        older = days + float(rng.uniform(0, 300))
        for name, more in (
            ("less", []), ("more", [(kind, days, channel)]), ("older", [(kind, older, channel)]),
        ):  # fmt: skip
            who = f"{n:02d} {name}"
            rows += [(who, k, ago(d), {"channel": c}) for k, d, c in [*past, *more]]
            rows.append((who, "email_sent", ago(800)))
    found = scores(lay(*rows))
    assert len(found) == 120
    for n in range(40):
        less, older, more = (only_scores(found[f"{n:02d} {w}"]) for w in ("less", "older", "more"))
        for name, score in less.items():
            assert 0 <= score <= older[name] <= more[name] < 100
        assert more["engagement"] > less["engagement"]


def test_a_score_is_at_least_that_of_any_part(lay: Lay, rng: np.random.Generator) -> None:
    rows = [
        (f"c{rng.integers(20)}", str(rng.choice(SIGNALS)), ago(rng.uniform(0.1, 300)),
         {"channel": rng.choice(["web", "store", None])})
        for _ in range(200)
    ]  # fmt: skip
    for row in scores(lay(*rows)).values():
        parts = only_scores(row)
        whole = parts.pop("engagement")
        assert max(parts.values()) <= whole
        assert row["engagement_band"] == [b for b, start in BANDS.items() if whole >= start][-1]


def test_marketer_and_passive_events_never_count(lay: Lay) -> None:
    """However many."""
    noise = ("email_sent", "call", "sms_sent", "email_open", "billing", "bounce", "points_earned")
    quiet = [("a", "purchase", ago(50)), ("b", "visit", ago(9))]
    loud = [(who, kind, ago(d)) for who in "ab" for kind in noise for d in range(1, 5)]
    one, other = scores(lay(*quiet)), scores(lay(*quiet, *loud))
    assert {w: only_scores(r) for w, r in one.items()} == {
        w: only_scores(r) for w, r in other.items()
    }


def test_a_kind_said_wins_over_its_role(lay: Lay) -> None:
    """And is not counted twice."""
    settings = EngagementSettings(weights={"engagement": 1, "login": 8}, half_score=8)
    found = scores(lay(("a", "login", ago(0.5)), ("b", "visit", ago(0.5))), settings)
    assert found["a"]["engagement"] == found["a"]["engagement_by_login"] == 50.0
    assert found["a"]["engagement_by_engagement"] == 0.0
    assert found["b"]["engagement"] == pytest.approx(100 / 9)


def on(row: dict[str, Any]) -> dict[str, float]:
    """Scores by channel."""
    return {k.removeprefix("engagement_on_"): v for k, v in row.items() if "_on_" in k}


def test_channels_are_the_study_s_or_those_of_the_past(lay: Lay) -> None:
    """A channel first used after the cutoff, or only by us, is not there yet."""
    log = lay(
        *(("ab"[n % 2], kind, ago(days), {"channel": channel}) for n, (kind, days, channel) in
          enumerate([("purchase", 3, "web"), ("purchase", 3, "web"), ("visit", -3, "store"),
                     ("visit", -3, "store"), ("email_sent", 3, "email"),
                     ("email_sent", 3, "email")])),
    )  # fmt: skip
    assert list(on(scores(log)["a"])) == ["web"]
    said = scores(log, EngagementSettings(channels=("store", "web")))["a"]
    assert on(said) == {"store": 0.0, "web": said["engagement"]}


def by_two(*channels: str) -> list[tuple[Any, ...]]:
    """Lay a visit of two customers by each channel, the first channels more often."""
    return [
        (who, "visit", ago(1 + 0.001 * again), {"channel": channel})
        for n, channel in enumerate(channels)
        for again in range(len(channels) - n)
        for who in "ab"
    ]


def test_channels_that_differ_by_capitals_are_one(lay: Lay) -> None:
    """Found or stated: the score is that of all spellings, in one column."""
    row = scores(lay(*by_two("Web", "web", "WEB", "store")))["a"]
    alone = scores(lay(*by_two("web", "web", "web", "store")))["a"]
    assert list(on(row)) == ["store", "web"]
    assert only_scores(row) == only_scores(alone)
    log = lay(*by_two("Web", "web", "WEB"))
    said = scores(log, EngagementSettings(channels=("wEb",)))["a"]
    assert on(said) == {"wEb": said["engagement"]}
    with pytest.raises(ValidationError, match="'Web' and 'web' are one channel"):
        EngagementSettings(channels=("Web", "web"))


def test_personal_values_and_formulas_name_no_column(lay: Lay) -> None:
    """Nor what one customer alone used; the overall score counts all of them."""
    odd = ("a.b@example.fr", "=cmd|'/c calc'!A1", "+33 6 12 34 56 78", "tel 06 12", "C0001", "-1",
           "@web", "x" * 31, "two\nlines", "12")  # fmt: skip
    rows = [*by_two(*odd), ("a", "visit", ago(1), {"channel": "Jean Dupont"})]
    found = scores(lay(*rows, *by_two("Magasin d'été", "till 12")))
    assert list(on(found["b"])) == ["magasin d'été", "till 12"]
    plain = scores(lay(*[row[:3] for row in rows], *by_two("web", "web")))
    assert found["a"]["engagement"] == plain["a"]["engagement"]


def test_of_many_channels_those_with_most_events_are_kept(lay: Lay) -> None:
    """The same ones whatever the order of rows; the first by name of equal ones."""
    rows = by_two(*[f"{a}{b}" for a in "zyx" for b in "abcdefg"])
    rows = [row for row in rows if row[3]["channel"] != "xg"]
    last = [row for row in rows if row[3]["channel"] == "yd"]
    rows += [(who, kind, at, {"channel": "aa"}) for who, kind, at, _ in last]
    kept = list(on(scores(lay(*rows))["a"]))
    assert kept == sorted(["aa", "ya", "yb", "yc", "yd", *(f"z{b}" for b in "abcdefg")])
    assert len(kept) == MOST_CHANNELS
    assert list(on(scores(lay(*rows[::-1]))["a"])) == kept


def test_kinds_that_differ_by_capitals_are_told_apart(lay: Lay) -> None:
    """DuckDB and Spark take names of columns for one that do."""
    roles = {"Visit": "engagement", "visit": "engagement"}
    log = replace(
        lay(("a", "Visit", ago(0.5)), ("b", "visit", ago(0.5)), ("b", "visit", ago(0.5))),
        roles={kind: Role(role) for kind, role in roles.items()}, kinds=tuple(roles),
    )  # fmt: skip
    asof = as_of(log)
    asked = {"large": asof.count("Visit"), "small": asof.count("visit")}
    table = aggregate(log, None, CUTOFF, asof.aggregates.values()).select("customer_id", **asked)
    assert table.order_by("customer_id").to_pyarrow().to_pylist() == [
        {"customer_id": "a", "large": 1, "small": 0}, {"customer_id": "b", "large": 0, "small": 2},
    ]  # fmt: skip
    with pytest.raises(StudyError, match="'Visit' and 'visit', which differ by capitals only"):
        scores(log, EngagementSettings(weights={"visit": 1, "Visit": 2}))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("email_sent", "the marketer does"),
        ("marketer", "the marketer does"),
        ("vist", "neither a kind"),
    ],
)
def test_weights_that_cannot_be(name: str, message: str, lay: Lay) -> None:
    with pytest.raises(StudyError, match=message):
        scores(lay(("a", "visit", ago(3))), EngagementSettings(weights={name: 1}))


def test_no_weight_below_nothing() -> None:
    """One more signal would lower the score."""
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        EngagementSettings(weights={"visit": -1})
