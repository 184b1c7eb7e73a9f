"""Opens and clicks of machines are left out, by what was known on the day and nothing later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reveil.engine.duckdb import DuckDB
from reveil.events.audit import Finding
from reveil.events.log import EventLog, open_log
from reveil.events.machines import without_machines
from reveil.events.roles import roles_of
from reveil.events.settings import MachineSettings, SourceSettings
from reveil.windows import Coverage

DAY = 86_400
NINE = 9 * 3_600
SCHEMA = ibis.schema(
    {"source": "string", "customer_id": "string", "kind": "string", "campaign": "string",
     "item": "string", "at_s": "int64", "known_s": "int64"}
)  # fmt: skip
FEW = MachineSettings(bulk=2, burst_links=3)

Row = dict[str, object]
Left = Callable[..., tuple[list[tuple[str, int]], list[Finding]]]


def sent(at: int, who: str = "C1", **said: object) -> Row:
    return row("email_sent", at, who, **said)


def opened(at: int, who: str = "C1", **said: object) -> Row:
    return row("email_open", at, who, **said)


def clicked(at: int, who: str = "C1", **said: object) -> Row:
    return row("email_click", at, who, **said)


def row(kind: str, at: int, who: str, **said: object) -> Row:
    base = {"source": "mail", "campaign": "spring", "item": None, "known_s": at}
    return base | {"kind": kind, "at_s": at, "customer_id": who} | said


BULK = [sent(NINE, "C1"), sent(NINE, "C2")]
"""A campaign to two customers at nine o'clock."""


@pytest.fixture
def left(db: DuckDB) -> Left:
    """Reactions that stay, as kind and second, and the findings."""

    def found(
        rows: list[Row], said: MachineSettings = FEW
    ) -> tuple[list[tuple[str, int]], list[Finding]]:
        frame = pd.DataFrame(rows, columns=list(SCHEMA)).astype(object)
        clean = db.store(ibis.memtable(frame, schema=SCHEMA))
        people, findings = without_machines(db, clean, said)
        assert people.columns == clean.columns
        reactions = people.filter(people.kind != "email_sent").to_pyarrow().to_pylist()
        return sorted((r["kind"], r["at_s"]) for r in reactions), findings

    return found


@pytest.mark.parametrize("wait", [0, 2, 10, 11])
def test_an_open_at_once_of_a_bulk_send_is_a_machines(left: Left, wait: int) -> None:
    """Within `open_seconds`, the last of them included, and not one second later."""
    stays, _ = left([*BULK, opened(NINE + wait)])
    assert stays == ([] if wait <= 10 else [("email_open", NINE + wait)])


@pytest.mark.parametrize("wait", [0, 2, 3])
def test_a_click_at_once_is_a_machines_whatever_the_send(left: Left, wait: int) -> None:
    """Nobody reads and clicks within two seconds, an e-mail to one customer included."""
    stays, _ = left([sent(NINE), clicked(NINE + wait)])
    assert stays == ([] if wait <= 2 else [("email_click", NINE + wait)])


def test_an_open_at_once_of_a_single_send_is_a_persons(left: Left) -> None:
    """Someone waits for a password; a bulk send is so many on one day, of one campaign."""
    other = [sent(NINE, "C2", campaign="other"), sent(NINE + DAY, "C2")]
    assert left([sent(NINE), *other, opened(NINE + 1)])[0] == [("email_open", NINE + 1)]


def test_reactions_before_the_send_and_of_others_are_left_alone(left: Left) -> None:
    """Only the send to this very customer, before, counts."""
    before = [opened(NINE + 59), clicked(NINE + 59)]
    others = [opened(NINE + 61, "C3"), clicked(NINE + 61, "C3")]
    assert len(left([sent(NINE + 60), sent(NINE + 60, "C2"), *before, *others])[0]) == 4


@pytest.mark.parametrize(
    ("of_send", "of_reaction", "machine"),
    [("spring", "spring", True), ("spring", "summer", False), ("spring", None, True),
     (None, "spring", True), (None, None, True)],
)  # fmt: skip
def test_a_reaction_without_a_campaign_is_to_any_send(
    left: Left, of_send: str | None, of_reaction: str | None, machine: bool
) -> None:
    """Campaigns are compared where both are named."""
    sends = [r | {"campaign": of_send} for r in BULK]
    rows = [*sends, opened(NINE, campaign=of_reaction), clicked(NINE, campaign=of_reaction)]
    assert len(left(rows)[0]) == (0 if machine else 2)


@pytest.mark.parametrize("second", [DAY - 1, NINE, 3_600 * 5 - 1, 11 * 1_000 - 1])
def test_a_reaction_across_the_hour_or_midnight_is_found(left: Left, second: int) -> None:
    """However the search is cut into hours and days, ten seconds later are ten seconds later."""
    rows = [sent(second), sent(second, "C2"), opened(second + 10), clicked(second + 2)]
    assert left(rows)[0] == []


def links(start: int, step: int, n: int, campaign: str | None = "spring") -> list[Row]:
    return [clicked(start + step * k, item=f"link {k}", campaign=campaign) for k in range(n)]


@pytest.mark.parametrize(
    ("rows", "stays"),
    [
        (links(NINE, 5, 3), 0),
        (links(NINE, 6, 3), 3),
        (links(NINE, 1, 2), 2),
        (links(NINE, 1, 6), 0),
        # The same link over and over is one link.
        ([clicked(NINE + k, item="link") for k in range(6)], 6),
        # Two e-mails, or two customers.
        ([*links(NINE, 1, 2), clicked(NINE, item="x", campaign="other")], 3),
        ([*links(NINE, 1, 2), clicked(NINE, "C2", item="x")], 3),
        # A person comes back to one of the links; the scanner took one of them twice.
        ([*links(NINE, 1, 3), clicked(NINE + 600, item="link 1")], 1),
        ([*links(NINE, 1, 3), clicked(NINE + 2, item="link 0")], 0),
        # A person, then the scanner.
        ([clicked(NINE - 60, item="link 9"), *links(NINE, 1, 3)], 1),
        # Without a name of the e-mail or of the link.
        (links(NINE, 1, 3, campaign=None), 0),
        ([clicked(NINE + k) for k in range(4)], 4),
    ],
)
def test_links_followed_one_and_all_were_followed_by_a_scanner(
    left: Left, rows: list[Row], stays: int
) -> None:
    """So many different links of one e-mail within so many seconds, and all clicks of the run."""
    assert len(left([sent(NINE - 3_000), *rows])[0]) == stays


def test_every_row_is_counted_once_by_rule_and_source(left: Left) -> None:
    """A click that two rules find, an open that two sends explain, rows that repeat."""
    rows = [
        *BULK, sent(NINE + 1), opened(NINE + 2), opened(NINE + 2), opened(NINE + 2, source="b"),
        opened(NINE + 3, "C2", source="b"), *links(NINE, 1, 4), clicked(NINE + 3),
    ]  # fmt: skip
    stays, findings = left(rows)
    assert stays == []
    assert sorted((f.check, f.source, f.rows) for f in findings) == [
        ("machine click", "mail", 5), ("machine open", "b", 2), ("machine open", "mail", 2),
    ]  # fmt: skip
    assert all(f.fix and f.fix_fr for f in findings)


def test_nothing_is_looked_for_that_is_not_wanted(left: Left) -> None:
    """`find: false` leaves every reaction where it is."""
    stays, findings = left([*BULK, opened(NINE)], MachineSettings(find=False))
    assert (stays, findings) == ([("email_open", NINE)], [])


def test_a_send_that_comes_in_late_changes_no_verdict(left: Left) -> None:
    """On the day of the click nobody knew of the send: the click was a person's, and stays it."""
    late = [r | {"known_s": NINE + DAY} for r in BULK]
    assert len(left([*late, opened(NINE), clicked(NINE)])[0]) == 2
    both = [opened(NINE, known_s=NINE + DAY), clicked(NINE, known_s=NINE + 2 * DAY)]
    assert left([*late, *both])[0] == []


def test_a_send_is_bulk_from_the_day_on_which_that_was_known(left: Left) -> None:
    """The second of two sends comes in a day late: opens known before that are persons'."""
    rows = [sent(NINE), sent(NINE, "C2", known_s=NINE + DAY), opened(NINE + 1)]
    assert len(left(rows)[0]) == 1
    rows = [sent(NINE), sent(NINE, "C2", known_s=NINE + DAY), opened(NINE + 1, known_s=NINE + DAY)]
    assert left(rows)[0] == []


def test_a_burst_is_of_clicks_that_became_known_on_one_day(left: Left) -> None:
    """The third link comes in a day late: it takes nothing back of what the day before knew."""
    late = clicked(NINE + 2, item="late", known_s=NINE + DAY)
    assert len(left([*links(NINE, 1, 2), late])[0]) == 3
    assert left([r | {"known_s": NINE + DAY} for r in [*links(NINE, 1, 2), late]])[0] == []


def test_one_busy_customer_does_not_hang(left: Left) -> None:
    """All events of a log by one customer at one second: pairs must not be multiplied."""
    rows = [sent(NINE) for _ in range(30_000)] + [opened(NINE) for _ in range(30_000)]
    stays, (found,) = left(rows)
    assert (stays, found.rows) == ([], 30_000)


moments = st.builds(
    lambda day, near, seconds: day * DAY + near + seconds,
    st.integers(10, 12),
    st.sampled_from([0, 0, NINE]),
    st.integers(-3, 3),
)
Event = tuple[str, str, int, int, str | None, str | None]
events: st.SearchStrategy[Event] = st.tuples(
    st.sampled_from(["email_sent", "email_sent", "email_open", "email_click", "email_click"]),
    st.sampled_from(["C1", "C2", "C3"]),
    moments,
    st.sampled_from([0, 0, 0, 1, DAY, 2 * DAY]),
    st.sampled_from(["spring", "spring", "summer", None]),
    st.sampled_from(["a", "b", "c", None]),
)
"""Kind, customer, second, seconds until it is known, campaign, link: near midnights, some late."""


@settings(max_examples=12, deadline=None)
@given(drawn=st.lists(events, min_size=5, max_size=40), day=st.integers(10, 15))
def test_what_comes_in_later_moves_no_row_of_before(
    db: DuckDB, drawn: list[Event], day: int
) -> None:
    """Of the rows known before a midnight the same stay, whatever else the log holds."""

    def known(rows: list[Row]) -> list[str]:
        frame = pd.DataFrame(rows, columns=list(SCHEMA)).astype(object)
        people, _ = without_machines(db, db.store(ibis.memtable(frame, schema=SCHEMA)), FEW)
        people = people.filter(people.known_s < day * DAY).to_pyarrow().to_pylist()
        return sorted(map(str, people))

    rows = [
        row(kind, at, who, known_s=at + late, campaign=campaign, item=item)
        for kind, who, at, late, campaign, item in drawn
    ]
    assert known(rows) == known([r for r in rows if int(str(r["known_s"])) < day * DAY])


def opened_log(db: DuckDB, folder: Path, rows: pd.DataFrame) -> EventLog:
    """Read a mailing tool's export, as far as it went, as a study does."""
    path = folder / f"mail {next(FILES)}.parquet"
    rows.to_parquet(path, index=False)
    columns = ["customer", "at", "available_at", "campaign", "item"]
    said = {
        "name": "mail",
        "path": path,
        "columns": {name: name for name in columns},
        "kind": {"column": "kind"},
    }
    coverage = Coverage(start=date(1970, 1, 1), end=date(1970, 2, 1))
    source = SourceSettings.model_validate(said)
    return open_log(db, [source], None, coverage, roles_of({}), machines=FEW)


FILES = count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that the log may still read after the example that wrote them."""
    return tmp_path_factory.mktemp("mail")


@settings(max_examples=3, deadline=None)
@given(drawn=st.lists(events, min_size=60, max_size=200), day=st.integers(11, 13))
def test_no_cutoff_sees_what_came_in_after_it(
    db: DuckDB, folder: Path, drawn: list[Event], day: int
) -> None:
    """Cut the raw export at a midnight and read it again: the log before it is the same."""
    epoch, cutoff = datetime(1970, 1, 1), date(1970, 1, 1) + timedelta(days=day)
    rows = pd.DataFrame(
        drawn, columns=["kind", "customer", "seconds", "late", "campaign", "item"]
    ).astype({"campaign": "string", "item": "string"})
    rows["at"] = epoch + pd.to_timedelta(rows.pop("seconds"), unit="s")
    rows["available_at"] = rows["at"] + pd.to_timedelta(rows.pop("late"), unit="s")

    def seen(frame: pd.DataFrame) -> list[str]:
        log = opened_log(db, folder, frame).before(cutoff).events
        facts = log.select("customer_id", "kind", "campaign", "at_s", "known_s")
        return sorted(map(str, facts.to_pyarrow().to_pylist()))

    assert seen(rows) == seen(rows[rows["available_at"] < np.datetime64(cutoff)])
