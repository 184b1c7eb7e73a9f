"""A study file is checked whole, and what is wrong is said with key, value and fix."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reveil.activity.settings import parse_duration
from reveil.config import load_study, parse_study
from reveil.errors import ReveilError, StudyError, TooLittleDataError
from reveil.events.settings import KindColumnSettings

SOURCE = {
    "name": "shop", "path": "shop.csv", "columns": {"customer": "who", "at": "day"},
    "kind": "purchase",
}  # fmt: skip
STUDY = {
    "name": "shop",
    "sources": [SOURCE],
    "coverage": {"start": "2009-12-01", "end": "2011-12-10"},
}
TARGETING = {"budget": 100, "channels": {"email": {"cost": 0.1, "consent": "required"}}}


def changed(*path: Any, to: object) -> dict[str, Any]:
    """Set one setting of a valid study; missing places are made."""
    study: Any = copy.deepcopy(STUDY)
    place = study
    for part, following in zip(path, [*path[1:], None], strict=True):
        if following is None:
            place[part] = to
        elif isinstance(place, list):
            place = place[part]
        else:
            place = place.setdefault(part, {})
    return study


def error_of(study: dict[str, Any]) -> ReveilError:
    with pytest.raises(ReveilError) as raised:
        parse_study(study, "study.yaml")
    return raised.value


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        (("sorces",), "sources"),
        (("windows", "horizn"), "horizon"),
        (("coverage", "strat"), "start"),
        (("activity", "any"), "any_of"),
        (("cutoffs", "tets"), "test"),
        (("labels", "return_on"), "returns_on"),
        (("features", "module"), "modules"),
        (("learning", "sed"), "seed"),
        (("engine", "thread"), "threads"),
        (("scoring", "reason"), "reasons"),
        (("customers", "consnt"), "consent"),
        (("sources", 0, "pth"), "path"),
        (("sources", 0, "on_bad_dates"), "on_bad_date"),
        (("sources", 0, "columns", "at"), "format"),
        (("sources", 0, "kind"), "values"),
    ],
)
def test_an_unknown_key_at_any_depth_has_the_nearest_known_as_hint(
    path: tuple[Any, ...], hint: str
) -> None:
    deep = {
        "at": ({"column": "day", "formt": "%d"}, "formt"),
        "kind": ({"column": "k", "valeus": {}}, "valeus"),
    }
    value, wrong = deep.get(path[-1], ("x", path[-1]))
    error = error_of(changed(*path, to=value))
    assert isinstance(error, StudyError)
    key = ".".join(map(str, path)) + (f".{wrong}" if wrong != path[-1] else "")
    assert f"study.yaml: `{key}` is not a known setting" in error.message
    assert error.hint == f"did you mean `{hint}`?"


def test_an_unknown_column_of_the_log_names_its_source() -> None:
    error = error_of(
        changed("sources", 0, "columns", to={"customer": "a", "at": "b", "amout": "c"})
    )
    assert error.message == "`shop.columns.amout` is not a column of the log"
    assert error.hint == "did you mean `amount`?"


def test_customer_and_at_are_required_columns() -> None:
    error = error_of(changed("sources", 0, "columns", to={"customer": "a"}))
    assert "does not say which column is `at`" in error.message


@pytest.mark.parametrize("key", ["name", "sources", "coverage"])
def test_a_missing_key_is_named(key: str) -> None:
    study = {k: v for k, v in STUDY.items() if k != key}
    assert f"`{key}` is required" in error_of(study).message


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("windows", "horizon"), 90, "as in `90 days`"),
        (("windows", "horizon"), 1.5, "as in `90 days`"),
        (("windows", "horizon"), "90 dayz", "as in `90 days`"),
        (("windows", "horizon"), "-3 days", "as in `90 days`"),
        (("windows", "horizon"), "0 days", "more than 0 days"),
        (("windows", "observation"), "0 weeks", "more than 0 days"),
        (("activity", "within"), "P90D", "as in `90 days`"),
        (("activity", "any_of"), "purchase", "a list, as in `[a, b]`, is required"),
        (("activity", "any_of"), [], "at least 1 is required"),
        (("coverage", "start"), "first of May", "a date, as in 2024-01-31, is required"),
        (("coverage", "end"), 20111210, "a date, as in"),
        (("kinds",), {"tour": "engagment"}, "'engagement'"),
        (("sources", 0, "on_bad_date"), "ignore", "'drop' or 'refuse'"),
        (("sources", 0, "kind"), ["purchase"], "text is required"),
        (("sources", 0, "kind"), {"purchase": 1}, "text is required"),
        (("sources",), [], "at least 1 is required"),
        (("labels", "margin_rate"), 0, "more than 0 is required"),
        (("engine", "threads"), "two", "a whole number is required"),
        (("engine", "memory"), "lots", "text of the form ^"),
        (("name",), "My Study", "text of the form ^"),
        (("language",), "de", "'en' or 'fr'"),
        (("sources", 0, "columns", "at"), {"column": "a", "expression": "b"}, "either"),
        (("sources", 0, "columns", "at"), {}, "either"),
        (("sources", 0, "columns", "at"), {"expression": "b", "format": "%d"}, "`format` reads"),
    ],
)
def test_a_wrong_value_is_said_with_its_key(
    path: tuple[Any, ...], value: object, words: str
) -> None:
    error = error_of(changed(*path, to=value))
    assert ".".join(map(str, path)).removesuffix(".purchase") in error.message
    assert words in error.message
    assert error.hint


def test_forms_of_a_kind() -> None:
    """One kind, a column with or without translations, or conditions."""
    for value, form in (
        ("visit", str),
        ({"column": "what"}, KindColumnSettings),
        ({"column": "what", "values": {"a": "visit"}}, KindColumnSettings),
        ({"visit": "true", "purchase": "false"}, dict),
    ):
        study = parse_study(changed("sources", 0, "kind", to=value))
        assert isinstance(study.sources[0].kind, form)


def test_a_known_kind_keeps_its_role() -> None:
    """Said when the file is read, not when the log is."""
    assert (
        "purchase is always commercial"
        in error_of(changed("kinds", to={"purchase": "passive"})).message
    )


def test_returns_are_known_kinds() -> None:
    """A mistyped kind would make everybody leave."""
    error = error_of(changed("labels", "returns_on", to=["purchas"]))
    assert error.hint == "did you mean `purchase`?"
    own = changed("kinds", to={"garden_tour": "engagement"}) | {
        "labels": {"returns_on": ["garden_tour"]}
    }
    assert parse_study(own).labels.returns_on == ("garden_tour",)


def test_nobody_is_former_and_active() -> None:
    error = error_of(changed("activity", to={"within": "90 days", "former_after": "30 days"}))
    assert "cannot be former and active" in error.message


def test_two_sources_of_one_name() -> None:
    assert (
        "two sources are called `shop`" in error_of(changed("sources", to=[SOURCE, SOURCE])).message
    )


def test_coverage_ends_after_it_starts() -> None:
    for end in ("2009-12-01", "2009-11-01"):
        assert "before it starts" in error_of(changed("coverage", "end", to=end)).message


def test_a_test_cutoff_beyond_the_coverage() -> None:
    """The last day that can be judged is the coverage's end less the horizon."""
    last = date(2011, 12, 10) - timedelta(days=90)
    assert parse_study(changed("cutoffs", "test", to=[last])).test_cutoffs == (last,)
    assert parse_study(STUDY).test_cutoffs == (last,)
    error = error_of(changed("cutoffs", "test", to=[last + timedelta(days=1)]))
    assert isinstance(error, TooLittleDataError)
    assert error.hint == f"use a cutoff no later than {last}, or a shorter horizon"


def test_a_test_cutoff_without_history() -> None:
    first = date(2009, 12, 1) + timedelta(days=364)
    assert parse_study(changed("cutoffs", "test", to=[first])).test_cutoffs == (first,)
    error = error_of(changed("cutoffs", "test", to=[first - timedelta(days=1)]))
    assert "has 363 days of log behind it, 364 are required" in error.message


def test_no_history_may_be_asked_for() -> None:
    """Nothing said is the observation; zero said is zero."""
    assert parse_study(STUDY).min_history == timedelta(days=364)
    assert parse_study(changed("cutoffs", "min_history", to="0 days")).min_history == timedelta(0)


def test_test_cutoffs_are_sorted_and_once() -> None:
    study = changed("cutoffs", "test", to=["2011-09-01", "2011-06-01", "2011-09-01"])
    assert parse_study(study).test_cutoffs == (date(2011, 6, 1), date(2011, 9, 1))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1 day", 1),
        ("90 days", 90),
        ("2 weeks", 14),
        ("8 months", 244),
        ("1 year", 365),
        (" 3years ", 1096),
    ],
)
def test_durations(text: str, days: int) -> None:
    assert parse_duration(text) == timedelta(days=days)


@given(st.integers(0, 999_999), st.sampled_from(["day", "days", "week", "weeks"]))
def test_days_and_weeks_are_exact(number: int, unit: str) -> None:
    factor = 7 if unit.startswith("week") else 1
    assert parse_duration(f"{number} {unit}").days == number * factor


def test_half_days_are_refused() -> None:
    """A cutoff is a midnight; hours would be lost in silence."""
    with pytest.raises(ValueError, match="days"):
        parse_duration(timedelta(hours=36))


# The file


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "study.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


YAML = """
name: shop
sources:
  - {name: a, path: "%s", columns: {customer: who, at: day}, kind: purchase}
customers: {path: people.csv, customer: id}
coverage: {start: 2009-12-01, end: 2011-12-10}
"""


def test_paths_start_from_the_study_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the command runs; absolute paths stay; `${NAME}` is an environment variable."""
    monkeypatch.chdir("/")
    monkeypatch.setenv("SHOP_DATA", "/data/shop")
    for said, meant in (
        ("in/shop.csv", tmp_path / "in" / "shop.csv"),
        ("/in/shop.csv", Path("/in/shop.csv")),
        ("${SHOP_DATA}/shop.csv", Path("/data/shop/shop.csv")),
    ):
        study = load_study(written(tmp_path, YAML % said))
        assert study.sources[0].path.file == meant
        assert study.customers is not None
        assert study.customers.path.file == tmp_path / "people.csv"


def test_a_missing_environment_variable_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOP_DATA", raising=False)
    with pytest.raises(StudyError) as raised:
        load_study(written(tmp_path, YAML % "${SHOP_DATA}/shop.csv"))
    assert raised.value.message == (
        "`sources.a.path` needs the environment variable SHOP_DATA, which is not set"
    )
    assert raised.value.hint == "export SHOP_DATA=/folder/with/the/data"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("name: a\nname: b\n", "name"),
        ("name: a\ncoverage:\n  start: 2009-12-01\n  start: 2010-01-01\n", "start"),
    ],
)
def test_a_key_said_twice_is_refused(tmp_path: Path, text: str, key: str) -> None:
    """YAML would take the last in silence."""
    with pytest.raises(StudyError, match=f"says `{key}` twice"):
        load_study(written(tmp_path, text))


def test_yaml_may_share_parts(tmp_path: Path) -> None:
    """An anchor merged into a mapping is no double key."""
    text = (
        YAML % "a.csv"
        + "activity: &a {any_of: [purchase]}\nlabels: {<<: {margin_rate: 0.5}, margin_rate: 0.3}\n"
    )
    assert load_study(written(tmp_path, text)).labels.margin_rate == 0.3


@pytest.mark.parametrize(
    "text",
    [
        "", "- a", "just text", "a:\n\tb: 1", "{[a]: b}", "a: 1\n---\nb: 2", "&a [*a]", b"\xff\xfe\x00",
        "!!python/object/apply:os.system ['true']", "coverage: {start: 2009-13-45}", "1: 2", "name: [",
    ],
)  # fmt: skip
def test_a_file_that_is_no_study(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(StudyError) as raised:
        load_study(written(tmp_path, text))
    assert raised.value.hint


def test_a_study_that_is_missing_or_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="does not exist"):
        load_study(tmp_path / "nowhere.yaml")
    with pytest.raises(StudyError, match="is not a file"):
        load_study(tmp_path)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("90 days"),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["name", "path", "columns", "kind", "column", "at", "start", "x"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["name", "sources", "coverage", "kinds", "activity", "windows", "cutoffs",
                         "labels", "customers", "engine", "features", "x"]),
        JUNK,
        max_size=4,
    )
)  # fmt: skip
def test_any_settings_are_a_study_or_a_reveil_error(settings: dict[str, Any]) -> None:
    """Never a traceback of pydantic's or ours."""
    try:
        parse_study({**STUDY, **settings})
    except ReveilError:
        return


def contacts(purpose: str | None, consent: object, *, read: str = "required") -> dict[str, Any]:
    """Give a study that writes e-mails for a purpose, beside customers who consented."""
    return {
        **STUDY,
        "customers": {"path": "who.csv", "customer": "who", "consent": {"email": consent}},
        "targeting": {
            "channels": {"email": {"cost": 0.1, "consent": read}, "print": {"cost": 1}},
            "offers": [{"name": "miss you", "channels": ["email"]}],
            **({} if purpose is None else {"purpose": purpose}),
        },
    }


PURPOSES = {"news": "opt_news", "offers": "opt_offers"}


@pytest.mark.parametrize(
    ("purpose", "said", "hint"),
    [
        (None, "per purpose (news, offers)", "purpose: news"),
        ("offer", '`targeting.purpose` is "offer"', "did you mean `offers`?"),
    ],
)
def test_a_purpose_nobody_consented_to(purpose: str | None, said: str, hint: str) -> None:
    """It is refused with the study, not when everybody has been scored."""
    error = error_of(contacts(purpose, PURPOSES))
    assert isinstance(error, StudyError)
    assert said in error.message
    assert hint in str(error.hint)


def test_purposes_that_choose_a_consent() -> None:
    """One that is mapped; any, where consent is to everything; none, where none is read."""
    parse_study(contacts("offers", PURPOSES))
    parse_study(contacts("offers", "optin"))
    parse_study(contacts(None, PURPOSES, read="not_required"))
