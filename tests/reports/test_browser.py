"""A real browser opens every page: nothing is fetched, nothing sticks out of a phone."""

from __future__ import annotations

import pytest

from .conftest import PHONE, Measure


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
