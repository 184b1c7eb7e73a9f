"""docs/features.md says what the code says: the catalogue, what a family may ask, its examples.

Change knowingly: run with REVEIL_UPDATE_SNAPSHOTS=1 and read the difference.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

import reveil as rv
from reveil.engine.asof import AsOf
from reveil.engine.past import Gaps, LastEvent, Spells
from reveil.features.family import BUILT_IN, families
from reveil.pipeline.catalogue import EXAMPLE, Catalogue, catalogue

FILE = Path(__file__).parents[2] / "docs" / "features.md"
PAGE = FILE.read_text(encoding="utf-8")
UPDATE = os.environ.get("REVEIL_UPDATE_SNAPSHOTS") == "1"

FOUND: Catalogue = catalogue()

CATALOGUE = re.compile(r"(?<=\n)### recency\n.*\Z", re.DOTALL)
ASKS = re.compile(r"(?<=\| ask \| get \|\n\| --- \| --- \|\n)(\| .+\n)+")


def in_step(part: re.Pattern[str], now: str) -> None:
    """Compare a part of the page with what the code says; write it where asked to."""
    page = FILE.read_text(encoding="utf-8")
    (there,) = part.finditer(page)
    if UPDATE:
        FILE.write_text(page[: there.start()] + now + page[there.end() :], "utf-8")
        return
    assert there[0] == now


def methods(of: type) -> list[tuple[str, str]]:
    """How each public method is called, and the first line of what it says."""
    found = []
    for name, method in inspect.getmembers(of, inspect.isfunction):
        if name.startswith("_"):
            continue
        given = [
            f"*{p.name}" if p.kind is p.VAR_POSITIONAL else
            f"{p.name}=" if p.kind is p.KEYWORD_ONLY else p.name
            for p in list(inspect.signature(method).parameters.values())[1:]
        ]  # fmt: skip
        said = (inspect.getdoc(method) or "").splitlines()[0]
        found.append((f"{name}({', '.join(given)})", said))
    return found


def asks() -> str:
    """Every question that an AsOf answers; an answer that has questions of its own lists these."""
    answers = {"gaps": Gaps, "last_kind": LastEvent, "spells": Spells}
    rows = []
    for called, said in methods(AsOf):
        more = methods(answers.get(called.split("(")[0], type(None)))
        rows += [(f"{called}.{then}", told) for then, told in more] or [(called, said)]
    return "".join(f"| `log.{called}` | {said} |\n" for called, said in rows)


def test_the_catalogue_is_that_of_the_command(run) -> None:
    """`reveil features --markdown`, word for word."""
    in_step(CATALOGUE, run("features", "--markdown").stdout)


def test_every_question_is_listed() -> None:
    in_step(ASKS, asks())


def test_every_family_has_a_section() -> None:
    assert re.findall(r"^### (\w+)$", PAGE, re.MULTILINE) == list(BUILT_IN)


def test_what_is_said_of_the_log_of_the_catalogue() -> None:
    """Its channels, attributes and observation."""
    for name in (*EXAMPLE.channels, *(a.name for a in EXAMPLE.attributes)):
        assert re.search(rf"\b{name}\b", PAGE.split("## Catalogue")[1].split("### ")[0])
    assert f"observation of {FOUND.features.observation.days} days" in PAGE


def test_the_families_that_are_off_are_named() -> None:
    off = [name for name, one in families().items() if not one.on]
    assert off == ["opens"]
    assert "features: {include: [opens]}" in PAGE


def test_names_given_as_examples_are_those_of_features() -> None:
    """With a kind, a channel and an attribute as the page describes them."""
    head = PAGE.split("## Names")[1].split("## What null means")[0]
    named = set(re.findall(r"`(\w+_(?:\d+d|region))`", head))
    study = rv.parse_study(
        {
            "name": "shop",
            "kinds": {"garden_tour": "engagement"},
            "sources": [{"name": "rows", "kind": {"column": "kind"},
                         "columns": {"customer": "who", "at": "at", "channel": "by"}}],
            "coverage": {"start": "2022-01-01", "end": "2024-01-01"},
            "activity": {"any_of": ["purchase"], "within": "180 days"},
        }
    )  # fmt: skip
    kinds = ("purchase", "email_sent", "email_click", "garden_tour")
    frame = {
        "who": [f"A{n % 30}" for n in range(240)],
        "at": [f"2023-{1 + n % 12:02d}-{1 + n % 28:02d}" for n in range(240)],
        "kind": [kinds[n % 4] for n in range(240)],
        "by": ["Web shop" if n % 3 else "Store" for n in range(240)],
    }
    log = rv.open_events(study, frames={"rows": pd.DataFrame(frame)})
    known = {*rv.catalogue(study, log).names, *FOUND.names}
    assert named
    assert named <= known


def test_its_module_is_a_family(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small
) -> None:
    """The module and the line of the study, as the page has them, in a study."""
    code = re.search(r"```python\n# browsing\.py\n(.*?)```", PAGE, re.DOTALL)
    line = re.search(r"```yaml\n(features: \{modules: .*?\})\n```", PAGE)
    assert code is not None
    assert line is not None
    (tmp_path / "browsing.py").write_text(code[1], "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("reveil.features.family._FAMILIES", {**families()})
    rows = "client,date_achat,montant,commande,genre\n" + "".join(
        f"A{n % 9},2024-{1 + n % 12:02d}-03,{n},o{n},{'purchase' if n % 2 else 'visit'}\n"
        for n in range(120)
    )
    source = {
        "name": "ventes", "path": "ventes.csv", "kind": {"column": "genre"},
        "columns": {"customer": "client", "at": "date_achat", "amount": "montant"},
    }  # fmt: skip
    study = small(
        rows, sources=[source], audit={"accept": ["kind stopped"]}, **yaml.safe_load(line[1])
    )
    text = run("features", study).stdout
    sys.modules.pop("browsing", None)
    assert re.search(
        r"^browsing\n  browsing_since_order_count +count +visits since", text, re.MULTILINE
    )


def test_links_lead_somewhere() -> None:
    """To a page and a heading that are there."""
    for target, anchor in re.findall(r"\]\((?!http)([^)#]*)(?:#([^)]*))?\)", PAGE):
        page = (FILE.parent / target).read_text("utf-8")
        heads = {
            re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-")
            for h in re.findall(r"^#+ (.+)$", page, re.MULTILINE)
        }
        assert not anchor or anchor in heads
