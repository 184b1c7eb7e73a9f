"""The lifecycle page: says the finding first, adds up, hides nothing, fits a phone."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import fields, is_dataclass, replace
from html import unescape
from itertools import pairwise
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reveil.reports import lifecycle_values
from reveil.reports.formats import Formats
from reveil.reports.lifecycle import lifecycle_report
from reveil.reports.lifecycle_flows import LINES, Node, apart, flows
from reveil.reports.lifecycle_plots import over_time
from reveil.reports.lifecycle_values import BaseAt, CallingItWrong, Dormant, LifecycleReport
from reveil.reports.svg import ACCENT, SECOND
from reveil.reports.words import catalogue

from .conftest import FLAGS, PHONE, Measure, Poisoned
from .lifecycle_samples import lifecycle
from .test_pages import read, require_words_of_snapshot, written_elsewhere


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return {language: lifecycle_report(lifecycle(language), language) for language in ("en", "fr")}


def alone(values: LifecycleReport) -> LifecycleReport:
    """Drop the earlier dates of a report."""
    return replace(values, base=values.base[-1:], flows=None, step_flows=None, movements=())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_words_of_the_page_are_those_of_its_snapshot(made: dict[str, str], language: str) -> None:
    """Change knowingly: run with REVEIL_UPDATE_SNAPSHOTS=1 and read the difference."""
    require_words_of_snapshot(made[language], f"lifecycle_{language}")


def test_equal_values_give_equal_bytes_in_another_process(made: dict[str, str]) -> None:
    program = (
        "from lifecycle_samples import lifecycle;"
        "from reveil.reports.lifecycle import lifecycle_report as r;"
        "sys.stdout.buffer.write(r(lifecycle('fr'), 'fr').encode())"
    )
    assert written_elsewhere(program) == made["fr"]


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_hostile_words_stay_words(poisoned: Poisoned, words: str) -> None:
    """A feature of the study's own, or its name, is shown and never run."""
    values = lifecycle("en")
    hostile = replace(
        values,
        study=words,
        groups=poisoned(values.groups, words),
        movements=tuple(
            replace(m, distinctions=tuple(replace(d, meaning=words) for d in m.distinctions))
            for m in values.movements
        ),
    )
    page = lifecycle_report(hostile, "en")
    assert words not in page
    assert not [tag for tag, _ in read(page).tags if tag in ("script", "img")]
    assert words in "".join(read(page).words)


def test_the_page_points_nowhere_and_its_figures_name_themselves(made: dict[str, str]) -> None:
    for page in made.values():
        assert set(re.findall(r"https?://[^\"'<\s]+", page)) <= {"http://www.w3.org/2000/svg"}
        svgs = re.findall(r"<svg[^>]*>.*?</svg>", page, flags=re.DOTALL)
        assert len(svgs) == 8
        assert all(
            re.match(r"<svg[^>]* role=\"img\"[^>]*><title>[^<]{8,}</title>", s) for s in svgs
        )


def test_the_french_page_holds_no_english_sentence(made: dict[str, str]) -> None:
    pieces = {p.strip() for t in catalogue().values() for p in re.split(r"\{\w+\}", t.en)}
    text = " ".join(read(made["fr"]).words)
    assert [p for p in pieces if p.count(" ") >= 2 and p in text] == []


def test_the_first_line_says_whom_purchases_alone_would_miss(made: dict[str, str]) -> None:
    """Count, share and money; and a study that could not know says so instead."""
    words = read(made["en"]).words
    assert "366 of the 2,376 active customers inactive (15%)" in words[3]
    assert "€18,422 of margin" in words[3]
    values = lifecycle("en")
    blind = replace(values, wrong=CallingItWrong(customers=0, margin=0, purchases_only=True))
    words = read(lifecycle_report(blind, "en")).words
    assert words[3].startswith("2,376 of the 5,000 customers known are active")
    assert words[4].startswith("This study counts purchases alone")
    right = replace(values, wrong=CallingItWrong(customers=0, margin=0, purchases_only=False))
    assert "the same 2,376 active customers" in read(lifecycle_report(right, "en")).words[3]


def test_the_frame_holds_those_the_first_line_counts(made: dict[str, str]) -> None:
    values = lifecycle("en")
    assert values.engagement.counts[values.engagement.beyond :].sum() == values.wrong.customers
    assert "366 active customers have not ordered" in made["en"]


@pytest.mark.parametrize(
    ("rows", "beyond"),
    [((0.5, 1.0, inf), 2), ((0.25, 0.5, 1.0, 2.0, inf, nan), 3), ((1.0, nan), 1)],
)
def test_the_frame_begins_beyond_the_limit(rows: tuple[float, ...], beyond: int) -> None:
    grid = replace(lifecycle("en").engagement, rows=rows, counts=np.ones((len(rows), 4), int))
    assert grid.beyond == beyond


def test_without_an_earlier_date_the_page_tells_the_present() -> None:
    """No flows, no movers, no "against" an earlier share, and nothing that is not a number."""
    page = lifecycle_report(alone(lifecycle("en")), "en")
    text = " ".join(read(page).words)
    assert "Who moved" not in text
    assert "What distinguished" not in text
    assert "48% of the base is active" in text
    assert "against" not in text.split("Purchases are not")[0]
    assert "nan" not in page


def test_a_personal_limit_is_told_as_a_share() -> None:
    values = lifecycle("en")
    values = replace(values, engagement=replace(values.engagement, limit_days=None))
    text = " ".join(read(lifecycle_report(values, "en")).words)
    assert "of the limit" in text
    assert "limit: " not in text


def test_states_of_nobody_have_no_line_in_the_matrix() -> None:
    values = lifecycle("en")
    assert values.flows is not None
    counts = values.flows.counts.copy()
    counts[2], counts[:, 2] = 0, 0
    moved = replace(values.flows, counts=counts, entries=(5, 0, 0, 0))
    page = lifecycle_report(replace(values, flows=moved), "en")
    matrix = re.findall(r"<svg[^>]*>.*?</svg>", page, flags=re.DOTALL)[5]
    assert "former" not in matrix
    assert matrix.count("<rect") == 4 * 3  # active, inactive, prospect, new


@pytest.mark.parametrize(
    ("dormant", "said"),
    [
        (Dormant(customers=90, paying_known=True), "90 dormant subscribers pay"),
        (Dormant(customers=0, paying_known=True), "No dormant subscriber"),
        (Dormant(customers=0, paying_known=False), "do not tell who pays"),
    ],
)
def test_dormant_subscribers_are_counted_or_said_to_be_unknown(dormant: Dormant, said: str) -> None:
    assert said in lifecycle_report(replace(lifecycle("en"), dormant=dormant), "en")


@given(
    st.lists(st.floats(0, 300), max_size=8).map(sorted),
    st.floats(1, 40),
)
def test_labels_that_are_pushed_apart_do_not_touch(places: list[float], least: float) -> None:
    """Neighbours keep their distance and their order; nothing lies under the high end."""
    moved = apart(places, least, 0, 300)
    assert len(moved) == len(places)
    assert all(b - a >= least - 1e-9 for a, b in pairwise(moved))
    assert not moved or moved[-1] <= 300


matrices = st.integers(1, 4).flatmap(
    lambda k: st.lists(
        st.lists(st.integers(0, 5_000), min_size=k, max_size=k), min_size=k, max_size=k
    )
)


@given(matrices.filter(lambda m: sum(map(sum, m)) > 0))
def test_ribbons_are_as_wide_as_their_customers_are_many(counts: list[list[int]]) -> None:
    """Every pair with customers has one ribbon; bars on both sides share one scale."""
    nodes = [Node(label=f"s{i}", shade=ACCENT if i % 2 else SECOND) for i in range(len(counts))]
    svg = flows(nodes, nodes, counts, words=("a", "b"), formats=Formats(language="en"), title="f")
    assert svg.count("<path") == sum(n > 0 for row in counts for n in row)
    heights = [float(h) for h in re.findall(r'<rect [^>]*height="([\d.]+)"', svg)]
    totals = [t for t in map(sum, counts) if t] + [
        t for t in map(sum, zip(*counts, strict=True)) if t
    ]
    scale = max(heights) / max(totals)
    for height, total in zip(heights, totals, strict=True):
        assert height == pytest.approx(max(total * scale, 1.2), abs=0.11)


def test_a_ribbon_has_the_shade_of_where_it_leads() -> None:
    """Those who stay are pale and lie beneath."""
    nodes = [Node(label="active", shade=ACCENT), Node(label="inactive", shade=SECOND)]
    svg = flows(nodes, nodes, [[6, 2], [1, 3]], words=("a", "b"),
                formats=Formats(language="en"), title="f")  # fmt: skip
    ribbons = re.findall(r'<path [^>]*fill-opacity="([\d.]+)" style="fill:([^"]+)"', svg)
    assert ribbons == [("0.22", ACCENT), ("0.22", SECOND), ("0.62", SECOND), ("0.62", ACCENT)]


def test_the_base_is_stacked_to_scale() -> None:
    base = [BaseAt(day=lifecycle("en").cutoff, customers=(100, 60, 0, 40))]
    states = [(name, [base[0].customers[i]]) for i, name in enumerate("abcd")]
    svg = over_time([base[0].day], states, formats=Formats(language="en"), title="t")
    heights = [float(h) + 0.6 for h in re.findall(r'<rect [^>]*height="([\d.]+)"', svg)]
    assert heights == pytest.approx([118, 70.8, 47.2], abs=0.1)
    assert ">c<" not in svg


OVERLAPS = """
const found = [];
for (const svg of document.querySelectorAll("svg.plot")) {
  const room = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")].map(e => [e.textContent, e.getBoundingClientRect()]);
  for (const [words, box] of texts)
    if (box.left < room.left - 1 || box.right > room.right + 1 || box.top < room.top - 1
        || box.bottom > room.bottom + 1) found.push("outside: " + words);
  texts.forEach(([a, p], i) => texts.slice(i + 1).forEach(([b, q]) => {
    const wide = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const tall = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (wide > 1 && tall > 5) found.push(a + " over " + b);
  }));
}
document.title = JSON.stringify(found);
"""


def overlaps(browser: str, page: str, folder: Path) -> list[str]:
    """Ask a browser which words of the figures lie on others, or outside of their figure."""
    path = folder / "page.html"
    page = page.replace("Content-Security-Policy", "x-none")
    path.write_text(
        page.replace("</body>", f"<script>{OVERLAPS}</script></body>"), encoding="utf-8"
    )
    done = subprocess.run(
        [browser, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=4000",
         "--dump-dom", path.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    title = done.stdout.split("<title>", 1)[1].split("</title>", 1)[0]
    found: list[str] = json.loads(unescape(title))
    return found


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_words_of_a_figure_lie_on_others(
    browser: str, made: dict[str, str], language: str, tmp_path: Path
) -> None:
    """In a crowded picture labels move aside, in both languages."""
    assert overlaps(browser, made[language], tmp_path) == []


def test_the_measure_would_see_an_overlap(
    browser: str, made: dict[str, str], tmp_path: Path
) -> None:
    """Labels of the flows put back where their bars are do lie on each other."""
    crowded = made["fr"].replace("</title>", '</title><text x="0" y="30">one</text>'
                                 '<text x="2" y="32">other</text><text x="390" y="9">long word</text>', 3)  # fmt: skip
    found = overlaps(browser, crowded, tmp_path)
    assert "one over other" in found
    assert "outside: long word" in found


@pytest.mark.parametrize("limit", [28.0, 56.0, 700.0])
def test_the_limit_of_the_clocks_has_room_wherever_it_lies(
    browser: str, limit: float, tmp_path: Path
) -> None:
    values = lifecycle("fr")
    values = replace(values, engagement=replace(values.engagement, limit_days=limit))
    assert overlaps(browser, lifecycle_report(values, "fr"), tmp_path) == []


def test_no_value_has_room_for_a_customer_id() -> None:
    parts = [v for v in vars(lifecycle_values).values() if is_dataclass(v)]
    names = {f.name for part in parts for f in fields(part)}
    assert len(parts) >= 10
    assert not {n for n in names if "id" in n.split("_") or n in ("customer", "email")}


def test_it_fits_a_phone_even_with_endless_words(
    on_a_phone: Measure, poisoned: Poisoned, made: dict[str, str]
) -> None:
    word = "Rückgewinnungsangebot" * 6
    values = lifecycle("en")
    endless = replace(values, groups=poisoned(values.groups, word), study=word)
    seen = on_a_phone({**made, "endless": lifecycle_report(endless, "en")})
    assert {n: (p["width"], p["wide"], p["resources"], p["small"]) for n, p in seen.items()} == {
        name: (PHONE, [], [], []) for name in seen
    }


def test_two_lines_of_a_label_fit_their_room() -> None:
    assert LINES >= 2 * 16
