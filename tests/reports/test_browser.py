"""A real browser opens every page: nothing is fetched, nothing sticks out of a phone."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import pytest

from reveil.reports.audit import audit_report
from reveil.reports.listing import list_report
from reveil.reports.training import training_report

from .conftest import PHONE, Measure, Poisoned
from .list_samples import listing


@pytest.fixture(scope="module")
def measured(on_a_phone: Measure, pages: dict[str, str]) -> dict[str, dict[str, object]]:
    return on_a_phone(pages)


def test_no_page_scrolls_sideways_on_a_phone(measured: dict[str, dict[str, object]]) -> None:
    assert {
        name: (page["width"], page["wide"]) for name, page in measured.items()
    } == dict.fromkeys(measured, (PHONE, []))


def test_no_page_asks_for_anything(measured: dict[str, dict[str, object]]) -> None:
    assert {name: page["resources"] for name, page in measured.items()} == {
        key: [] for key in measured
    }


def test_words_in_figures_stay_readable_on_a_phone(measured: dict[str, dict[str, object]]) -> None:
    assert {name: page["small"] for name, page in measured.items()} == {key: [] for key in measured}


def test_the_measures_would_see_a_request_and_an_overflow(
    on_a_phone: Measure, pages: dict[str, str]
) -> None:
    """A page with a foreign image and a wide block must fail both measures."""
    bad = '<img src="http://example.invalid/x.png"><div style="width:700px">wide</div></body>'
    seen = on_a_phone({"bad": pages["list_en"].replace("</body>", bad)})["bad"]
    assert seen["resources"] == ["http://example.invalid/x.png"]
    assert seen["width"] == 700


def test_a_word_that_never_ends_does_not_widen_a_phone(
    on_a_phone: Measure, samples: ModuleType, poisoned: Poisoned
) -> None:
    """Offers, groups and columns are named by people; a long name without a space must wrap."""
    word = "Rückgewinnungsangebot" * 6
    training = replace(poisoned(samples.training("en"), word), currency="EUR")
    listed = replace(poisoned(listing("en"), word), currency="EUR")
    pages = {
        "training": training_report(training, "en"),
        "list": list_report(listed, "en"),
        "audit": audit_report(poisoned(samples.audit("en"), word), "en"),
    }
    seen = on_a_phone(pages)
    assert {name: (page["width"], page["wide"]) for name, page in seen.items()} == dict.fromkeys(
        seen, (PHONE, [])
    )
