"""What every page promises, whatever its values: complete, escaped, deterministic, without ids."""

from __future__ import annotations

import dataclasses
import math
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest

from reveil.evaluation.interval import Interval
from reveil.reports import values as report_values
from reveil.reports.audit import audit_report
from reveil.reports.listing import list_report
from reveil.reports.training import training_report
from reveil.reports.values import AuditRow, Difference, Example
from reveil.reports.words import catalogue

from .conftest import Poisoned
from .list_samples import listing

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
UPDATE = "REVEIL_UPDATE_SNAPSHOTS"


class Reader(HTMLParser):
    """Collects what a person reads, and every tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self.inside:
            self.words.append(" ".join(data.split(" ")).strip("\n"))


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def require_words_of_snapshot(page: str, name: str) -> None:
    """Compare what a page says with its snapshot, or write it when asked to."""
    said = "\n".join(read(page).words) + "\n"
    path = SNAPSHOTS / f"report_{name}.txt"
    if os.environ.get(UPDATE) == "1":
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")


def written_elsewhere(program: str) -> str:
    """Run a program that writes pages in a process with another hash seed."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, sys.argv[1]); {program}",
         str(Path(__file__).parent)],
        env=os.environ | {"PYTHONHASHSEED": "7"}, capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout.decode()


@pytest.mark.parametrize("name", ["training_en", "training_fr", "list_en", "list_fr", "audit_fr"])
def test_words_of_a_page_are_those_of_its_snapshot(pages: dict[str, str], name: str) -> None:
    """Change knowingly: run with REVEIL_UPDATE_SNAPSHOTS=1 and read the difference."""
    require_words_of_snapshot(pages[name], name)


def test_equal_values_give_equal_bytes_in_another_process(pages: dict[str, str]) -> None:
    """Another hash seed, another time of day: the same page."""
    program = (
        "import samples, list_samples;"
        "from reveil.reports.training import training_report as t;"
        "from reveil.reports.listing import list_report as l;"
        "out = t(samples.training('fr'), 'fr') + l(list_samples.listing('en'), 'en');"
        "sys.stdout.buffer.write(out.encode())"
    )
    assert written_elsewhere(program) == pages["training_fr"] + pages["list_en"]


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_hostile_words_stay_words(samples: ModuleType, poisoned: Poisoned, words: str) -> None:
    """An offer, a group or a column named like markup is shown, never run."""
    pages = [
        training_report(poisoned(samples.training("en"), words), "en"),
        list_report(poisoned(listing("en"), words), "en"),
        audit_report(poisoned(samples.audit("en"), words), "en"),
    ]
    for page in pages:
        assert words not in page
        tags = read(page).tags
        assert not [t for t, _ in tags if t == "script"]
        assert not [a for _, attrs in tags for a in attrs if a.startswith("on")]
        assert {a["src"][:5] for _, a in tags if a.get("src")} <= {"data:"}  # type: ignore[index]
        assert words in "".join(read(page).words)


def test_pages_point_nowhere(pages: dict[str, str]) -> None:
    """No link, script, import or foreign address, save the name space of SVG."""
    for name, page in pages.items():
        assert not re.findall(
            r"url\(|@import|<script|<link(?! rel=\"icon\" href=\"data:,\")", page
        ), name
        assert set(re.findall(r"https?://[^\"'<\s]+", page)) <= {"http://www.w3.org/2000/svg"}, name


def test_no_value_has_room_for_a_customer_id() -> None:
    parts = [v for v in vars(report_values).values() if dataclasses.is_dataclass(v)]
    names = {f.name for part in parts for f in dataclasses.fields(part)}
    assert len(parts) > 15
    assert not {n for n in names if "id" in n.split("_") or n in ("customer", "email", "name_of")}
    with pytest.raises(TypeError, match="customer_id"):
        Example(customer_id="C0000123")  # type: ignore[call-arg]


def test_propensity_never_speaks_of_causal_gain(pages: dict[str, str]) -> None:
    for name in ("list_en", "list_fr", "training_en", "training_fr"):
        assert not re.findall(r"uplift|incr[ée]ment", pages[name], flags=re.IGNORECASE), name


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.01, 0.09, "beats"), (0.0, 0.09, "does not clearly beat"), (-0.09, -0.01, "does worse")],
)
def test_first_line_tells_whether_the_recency_rule_is_beaten(
    samples: ModuleType, low: float, high: float, said: str
) -> None:
    """The first words after the study's name, the target's and the mark."""
    gain = Interval(estimate=(low + high) / 2, low=low, high=high)
    result = dataclasses.replace(
        samples.target_result("reactivation"),
        comparison=Difference(metric="auc", against="recency", model=0.7, difference=gain),
    )
    report = dataclasses.replace(samples.training("en"), targets=(result,))
    words = read(training_report(report, "en")).words
    assert words[2] == "Online Retail"
    assert said in words[5]


def test_a_figure_that_does_not_exist_is_a_dash(samples: ModuleType) -> None:
    nothing = Interval.exactly(math.nan)
    result = samples.target_result("attrition")
    cutoff = result.by_cutoff[0]
    model = dataclasses.replace(cutoff.contenders[0], estimates={"auc": nothing, "brier": nothing})
    empty = dataclasses.replace(
        result,
        comparison=Difference(metric="auc", against="recency", model=math.nan, difference=nothing),
        by_cutoff=(dataclasses.replace(cutoff, contenders=(model,)),),
    )
    page = training_report(dataclasses.replace(samples.training("en"), targets=(empty,)), "en")
    assert "nan" not in page.replace("finance", "")
    assert "does not clearly beat" in page


def test_every_figure_says_what_it_shows(pages: dict[str, str]) -> None:
    """A title for those who cannot see it, the role of an image."""
    for page in pages.values():
        figures = re.findall(r"<svg[^>]*>.*?</svg>", page, flags=re.DOTALL)
        for svg in figures:
            assert re.match(r'<svg[^>]* role="img"[^>]*><title>[^<]{8,}</title>', svg)
    assert pages["training_en"].count("<svg") > 8


def test_counts_of_the_list_add_up() -> None:
    values = listing("en")
    assert values.snapshot == 874 + 97 + sum(e.customers for e in values.exclusions)
    assert f"out of {values.snapshot:,}" in list_report(values, "en")


def test_errors_come_first_in_the_audit() -> None:
    rows = [
        AuditRow(check=state, state=state, source="s", column="", rows=1)
        for state in ("ok", "info", "warning", "error")
    ]
    page = audit_report(rows, "en")
    marks = re.findall(r'<span class="mark[^"]*">(\w+)</span>', page)
    assert marks == ["error", "warning", "info", "ok"]


def test_french_pages_hold_no_english_sentence(pages: dict[str, str]) -> None:
    pieces = {p.strip() for t in catalogue().values() for p in re.split(r"\{\w+\}", t.en)}
    sentences = [p for p in pieces if p.count(" ") >= 2]
    assert len(sentences) > 50
    for name in ("training_fr", "list_fr", "audit_fr"):
        text = " ".join(read(pages[name]).words)
        assert [s for s in sentences if s in text] == [], name
