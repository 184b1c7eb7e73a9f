"""The snapshot carries what the customers table says, as it held at the cutoff, and nothing more."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from reveil.activity.settings import ActivitySettings
from reveil.engine.duckdb import DuckDB
from reveil.events.log import EventLog, open_log
from reveil.events.roles import roles_of
from reveil.events.settings import CustomersSettings, SourceSettings
from reveil.scoring.snapshot import snapshot
from reveil.targeting.masks import EVERY_RULE, NO_RULE, first_rule
from reveil.targeting.settings import TargetingSettings
from reveil.windows import Coverage

CUTOFF = date(2011, 12, 1)
COVERAGE = Coverage(start=date(2010, 1, 1), end=date(2012, 1, 1))

PEOPLE = """id,offers,news,post,ok,hears,no_more,moved,until,valid
a,yes,no,yes,yes,,,,,2010-01-01
b,no,no,no,yes,no,yes,yes,2011-11-30,2010-01-01
c,no,no,no,no,yes,,,,2010-01-01
c,yes,yes,no,yes,yes,no,no,2012-06-30,2011-06-01
d,yes,yes,yes,yes,yes,no,no,2012-06-30,2011-12-01
"""
SAID = {
    "consent": {"email": {"offers": "offers", "news": "news"}, "print": "post"},
    "usable": {"email": "ok"},
    "wants": {"email": "hears"},
    "objection": "no_more",
    "in_target": {"expression": "moved is null or moved <> 'yes'"},
    "contract_end": "until",
}


def opened(db: DuckDB, folder: Path, **said: object) -> EventLog:
    """Five customers who all ordered once, in early 2011; `e` is not in the customers table."""
    (folder / "customers.csv").write_text(PEOPLE)
    (folder / "orders.csv").write_text(
        "who,day,total,no\n"
        + "".join(f"{who},2011-01-0{n},9,{n}\n" for n, who in enumerate("abcde", 1))
    )
    source = {
        "name": "shop",
        "path": folder / "orders.csv",
        "columns": {"customer": "who", "at": "day", "amount": "total", "order": "no"},
        "kind": "purchase",
    }
    customers = {"path": folder / "customers.csv", "customer": "id", "valid_from": "valid", **said}
    return open_log(
        db,
        [SourceSettings.model_validate(source)],
        CustomersSettings.model_validate(customers),
        COVERAGE,
        roles_of({}),
    )


def described(log: EventLog, channels: tuple[str, ...] = ("email", "print")) -> pd.DataFrame:
    table = snapshot(log, ActivitySettings(), CUTOFF, channels=channels, pressure_days=28)
    frame: pd.DataFrame = table.order_by("customer_id").to_pyarrow().to_pandas()
    return frame.set_index("customer_id")


def test_what_the_customers_table_says_reaches_the_snapshot(db: DuckDB, tmp_path: Path) -> None:
    """Per channel and purpose, as it held at the cutoff; of a customer not in it, nothing is known."""
    frame = described(opened(db, tmp_path, **SAID))
    columns = [
        "consent_email_for_offers", "consent_email_for_news", "consent_print", "usable_email",
        "usable_print", "wants_email", "objection", "in_target", "dormant",
    ]  # fmt: skip
    unknown = [False, False, False, False, True, True, False, True, False]
    assert frame[columns].to_numpy().tolist() == [
        [True, False, True, True, True, True, False, True, False],
        [False, False, False, True, True, False, True, False, False],
        [True, True, False, True, True, True, False, True, True],
        unknown,
        unknown,
    ]
    assert set(frame["state"]) == {"inactive"}


def test_what_it_does_not_say_has_no_column(db: DuckDB, tmp_path: Path) -> None:
    """A study that maps a consent only has the columns it always had, and only channels in use."""
    log = opened(db, tmp_path, consent={"email": "offers", "print": "post"})
    assert list(described(log, ("email",)).columns) == [
        "cutoff", "state", "group", "dormant", "consent_email", "usable_email",
        "contacts_recent", "unanswered", "order_recency_days",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "rules"),
    [
        ({}, [None, "not_in_target", "dormant_subscriber", "no_consent", "no_consent"]),
        ({"wake_dormant": True}, [None, "not_in_target", None, "no_consent", "no_consent"]),
        (
            {"purpose": "news", "wake_dormant": True},
            ["no_consent", "not_in_target", None, "no_consent", "no_consent"],
        ),
    ],
)
def test_masks_read_the_snapshot(
    db: DuckDB, tmp_path: Path, said: dict[str, object], rules: list[str | None]
) -> None:
    """From the file of customers to the rule that each is told."""
    targeting = TargetingSettings.model_validate(
        {
            "channels": {"email": {"cost": 0.02}},
            "offers": [{"name": "miss you", "channels": ["email"]}],
            "holdout_share": 0,
            "purpose": "offers",
            **said,
        }
    )
    frame = described(opened(db, tmp_path, **SAID)).reset_index()
    found = first_rule(frame, targeting)
    assert [None if i == NO_RULE else EVERY_RULE[i].name for i in found] == rules
