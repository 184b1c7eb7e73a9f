"""The audit as a value, and what each check counts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reveil.errors import DataError, StudyError
from reveil.events.audit import (
    CHECKS,
    STATES,
    Audit,
    Finding,
    judged,
    require_no_error,
    worst_first,
)
from reveil.events.duplicates import EXACTLY, repeated_rows
from reveil.events.log import EventLog
from reveil.events.refusals import shape
from reveil.events.settings import AuditSettings, SourceSettings

Open = Callable[..., EventLog]

FINDING = Finding(
    check="late row", state="warning", source="shop", column="<b>", rows=1_200,
    positions=(3, 1_000), fix="leave a gap", fix_fr="laisser un délai", line="windows: {gap: 9 days}",
)  # fmt: skip


def found(log: EventLog) -> dict[str, Finding]:
    return {f.check: f for f in log.findings}


def test_a_finding_speaks_two_languages_and_ends_with_the_line_to_write() -> None:
    assert FINDING.name("fr") == "ligne arrivée en retard"
    assert FINDING.say("en") == "leave a gap: `windows: {gap: 9 days}`"
    assert FINDING.say("fr") == "laisser un délai: `windows: {gap: 9 days}`"


def test_an_audit_is_a_frame_and_json_and_a_table_of_a_notebook() -> None:
    """All three say the same; what a user called a column cannot break the page."""
    audit = Audit(findings=(FINDING,))
    (row,) = audit.frame().to_dict("records")
    (value,) = json.loads(audit.to_json())
    assert row["rows"] == value["rows"] == 1_200
    assert list(row["positions"]) == value["positions"] == [3, 1_000]
    page = audit._repr_html_()
    assert "1,200" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


def test_an_empty_audit_is_well() -> None:
    audit = Audit(findings=())
    assert audit.worst == "ok"
    assert audit.frame().empty
    require_no_error(audit)


@given(st.lists(st.sampled_from(STATES), max_size=9))
def test_worst_comes_first(states: list[str]) -> None:
    findings = [Finding(check="rows", state=s, source="", column="", rows=1) for s in states]
    sorted_states = [STATES.index(f.state) for f in worst_first(findings)]
    assert sorted_states == sorted(sorted_states)


def test_a_study_makes_errors_and_unmakes_them() -> None:
    """Refuse raises any finding to an error; accept lowers errors alone."""
    audit = Audit(findings=(FINDING,))
    refused = judged(audit, refuse=["late row"])
    with pytest.raises(DataError, match=r"late row, 1,200 in shop · <b>, first at rows 3, 1,000"):
        require_no_error(refused)
    assert judged(refused, accept=["late row"]).worst == "warning"
    assert judged(audit, accept=["late row"]).worst == "warning"


def test_the_study_names_checks_that_exist() -> None:
    with pytest.raises(StudyError, match="did you mean `late row`"):
        AuditSettings(refuse=("late rows",))


def test_every_check_written_in_the_code_has_a_name_in_french() -> None:
    """And no name is of a check that nobody makes."""
    import reveil.events  # noqa: PLC0415

    folder = Path(str(reveil.events.__path__[0]))
    code = "".join(p.read_text("utf-8") for p in folder.glob("*.py") if p.name != "audit.py")
    words = re.findall(r'check="([^"{]+)"', code)
    assert set(words) <= set(CHECKS)
    # Some are put together from the rule that they are about.
    unused = {c for c in CHECKS if f'"{c}"' not in code and not c.startswith("ids that differ by")}
    assert unused <= {"unreadable amount", "unreadable rating", "unreadable is_machine"}
    assert all(CHECKS.values())


def test_what_does_not_look_like_a_date_is_shown_by_its_shape() -> None:
    """It may be a name, an address or an id in the wrong column."""
    assert shape("31/02/2024 10:00") == "31/02/2024 10:00"
    for secret in ("Dupont", "4711", "anna@example.org", "FR76 3000 4000", "12 rue 2024"):
        assert shape(secret) != secret
        assert not set(re.findall(r"\w+", shape(secret))) & set(re.findall(r"\w{3,}", secret))


DAYS = pd.date_range("2011-01-01", "2011-12-31")


def shop(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"who": [f"c{n % 40}" for n in range(len(DAYS))], "day": DAYS} | columns)


def test_an_absurd_amount_is_far_beyond_nearly_all_others(open_file: Open) -> None:
    """It is found from 128 times what all but three in thirty stay under; a large one is not."""
    columns = {"customer": "who", "at": "day", "amount": "sum"}
    usual = np.full(len(DAYS), 10.0)
    for amount, absurd in ((1_000.0, False), (10_000.0, True)):
        usual[100] = amount
        log = open_file("s.parquet", shop(sum=usual), columns=columns)
        assert ("absurd amount" in found(log)) is absurd
    assert found(log)["absurd amount"].positions == (101,)


def test_an_amount_of_every_sign_is_counted_once(open_file: Open) -> None:
    """Nothing, zero and less than zero are three things; a return is less than zero."""
    columns = {"customer": "who", "at": "day", "amount": "sum"}
    amounts = np.resize([5.0, 0.0, np.nan, -1.0], len(DAYS))
    kind = {"purchase": "\"who\" <> 'c1'", "return": "true"}
    log = open_file("s.parquet", shop(sum=amounts), columns=columns, kind=kind)
    bought = shop(sum=amounts).query("who != 'c1'")["sum"]
    assert found(log)["purchase without amount"].rows == (bought.isna() | (bought == 0)).sum()
    assert found(log)["negative purchase"].rows == (bought < 0).sum()
    assert "positive return" not in found(log)


def test_late_rows_give_the_gap_that_covers_99_in_100(open_file: Open) -> None:
    late = DAYS + pd.to_timedelta(np.where(np.arange(len(DAYS)) % 10 == 0, 9, 0), unit="D")
    columns = {"customer": "who", "at": "day", "available_at": "late"}
    finding = found(open_file("s.parquet", shop(late=late), columns=columns))["late row"]
    assert finding.rows == len(DAYS[::10])
    assert (finding.state, finding.line) == ("warning", "windows: {gap: 9 days}")


def test_a_source_that_stops_is_silent_for_three_times_its_longest_silence(open_file: Open) -> None:
    """A weekly source that misses its last fortnight is as it always was."""
    for last, stopped in (("2011-12-20", False), ("2011-11-20", True)):
        frame = shop()
        kept = frame[(frame["day"] <= last) & (frame["day"].dt.day_of_week == 0)]
        log = open_file("s.parquet", kept)
        assert ("source stopped" in found(log)) is stopped
        assert ("days without events" in found(log)) is True


def test_orders_that_stop_are_an_error_and_say_where_the_coverage_ends(open_file: Open) -> None:
    kept = shop()[lambda f: f["day"] < "2011-11-01"]
    finding = found(open_file("s.parquet", kept))["kind stopped"]
    assert (finding.state, finding.column, finding.rows) == ("error", "purchase", 61)
    assert finding.line == "coverage: {start: 2011-01-01, end: 2011-11-01}"
    visits = found(open_file("s.parquet", kept, kind="visit"))["kind stopped"]
    assert visits.state == "warning"


@pytest.mark.parametrize("total", [0, EXACTLY + 1])
def test_repeated_rows_of_a_long_source_are_counted_on_a_part(total: int) -> None:
    """The estimate is near the count, and says that it is one; a short source is counted whole."""
    n = np.arange(20_000) // 2
    raw = ibis.memtable(pd.DataFrame({"who": [f"c{k % 9973}" for k in n], "day": n * 100}))
    kept = raw.mutate(
        customer_id=raw.who, at_s=raw.day, good=ibis.literal(True), mask=ibis.literal(0)
    )
    columns = {"customer": "who", "at": "day"}
    source = SourceSettings(name="shop", path="shop.csv", columns=columns, kind="visit")
    ((finding,), refused) = repeated_rows(raw, kept, source, total)
    assert refused is None
    assert finding.rows == (10_000 if total == 0 else pytest.approx(10_000, rel=0.2))
    assert ("a sixteenth" in finding.fix) is (total > 0)


def test_duplicates_are_kept_dropped_or_refused(open_file: Open) -> None:
    frame = pd.concat([shop(), shop().head(9)])
    kept = open_file("s.parquet", frame)
    dropped = open_file("s.parquet", frame, on_duplicate="drop")
    assert kept.events.count().to_pyarrow().as_py() == len(DAYS) + 9
    assert dropped.events.count().to_pyarrow().as_py() == len(DAYS)
    assert found(dropped)["repeated row"].rows == found(kept)["repeated row"].rows == 9
    with pytest.raises(DataError, match=r"9 of 374 rows .* equal to another in every column"):
        open_file("s.parquet", frame, on_duplicate="refuse")


def test_every_refusal_is_told_at_once(open_file: Open) -> None:
    """One run names all that has to be mended."""
    text = "who,day,what\n,2011-02-01,visit\na,never,visit\na,2011-02-01,vist\n"
    with pytest.raises(DataError) as raised:
        open_file("s.csv", text, kind={"column": "what"}, on_missing_customer="refuse")
    message = str(raised.value)
    assert "3 things to mend" in message
    for words in ("no customer", "no readable date", "nobody declared: vist"):
        assert words in message


def test_day_and_month_swapped_is_no_matter_of_chance(open_file: Open) -> None:
    """Read the wrong way round no day lies after the twelfth; bills of the first days do not all."""
    swapped = shop()[lambda f: f["day"].dt.day <= 12]
    assert found(open_file("s.parquet", swapped))["day and month swapped"].state == "error"
    monthly = shop()[lambda f: f["day"].dt.day <= 5]
    assert "day and month swapped" not in found(open_file("s.parquet", monthly))
    later = pd.concat([swapped, shop().iloc[[20]]])
    assert "day and month swapped" not in found(open_file("s.parquet", later))


def test_the_time_of_day_moves_no_row_into_another_day(open_file: Open) -> None:
    """A hole of one day between two midnights is one day."""
    frame = shop()
    frame["day"] += timedelta(hours=23, minutes=59, seconds=59.9)
    log = open_file("s.parquet", frame[frame["day"].dt.date != pd.Timestamp("2011-05-05").date()])
    assert found(log)["days without events"].rows == 1
