"""Reasons are three different things, in the customer's own figures, and never our contacts."""

from dataclasses import replace

import numpy as np
import pytest

from reveil.learning.drivers import beeswarm_svg, drivers, reasons
from reveil.learning.fit import fit

from .conftest import FEATURES, declared


@pytest.fixture(scope="module")
def candidate(attrition):
    return fit(attrition, seeds=1, threads=1)


@pytest.fixture(scope="module")
def rows(attrition):
    return attrition.judged("test")


def test_reasons_are_different_things_strongest_first(candidate, rows):
    for mine in reasons(candidate, rows, FEATURES):
        assert 1 <= len(mine) <= 3
        assert len({r.code for r in mine}) == len(mine)
        sizes = [abs(r.contribution) for r in mine]
        assert sizes == sorted(sizes, reverse=True)
        assert all((r.direction == "raises") == (r.contribution > 0) for r in mine)


def test_a_group_is_the_sum_of_its_features(candidate, rows):
    joined = tuple(
        replace(f, family="purchases") if f.family in {"recency", "rhythm", "frequency"} else f
        for f in FEATURES
    )
    parts = candidate.contributions(rows)
    together = [0, 1, 4]
    for i, mine in enumerate(reasons(candidate, rows, joined)):
        for r in mine:
            if r.code == "purchases.purchase":
                assert r.contribution == pytest.approx(parts.values[i, together].sum())


def test_a_sentence_holds_the_customers_own_figures(candidate, rows):
    for i, mine in enumerate(reasons(candidate, rows, FEATURES)):
        for r in mine:
            if r.code == "recency.purchase":
                assert r.sentence == f"last order {rows['purchase_recency_days'][i]:.1f} days ago"


def test_french_sentences_have_decimal_commas(candidate, rows):
    said = [r.sentence for mine in reasons(candidate, rows, FEATURES, language="fr") for r in mine]
    recency = [s for s in said if s.startswith("last commande")]
    assert recency
    assert all("," in s and "." not in s for s in recency)
    assert any("commandes : " in s for s in said)


def test_a_null_figure_silences_a_sentence_and_the_next_group_speaks(candidate, rows):
    bare = rows.assign(purchase_gap_mean=np.float32(np.nan))
    for mine in reasons(candidate, bare, FEATURES):
        assert not any(r.code == "rhythm" for r in mine)
        assert not any("nan" in r.sentence for r in mine)
        assert mine


def test_our_own_contacts_are_never_a_reason(attrition):
    pushed = attrition.frame.assign(
        contact_count=(attrition.frame["y"] * 2 + attrition.frame["noise"]).astype("float32")
    )
    data = replace(attrition, frame=pushed)
    found = fit(data, seeds=1, threads=1)
    assert drivers(found, data).top(1)["name"].item() == "contact_count"
    said = reasons(found, data.judged("test"), FEATURES)
    assert not any("contact" in r.code for mine in said for r in mine)


OPENINGS = {
    "last order": "purchase_recency_days",
    "orders of": "purchase_amount_mean",
    "an order every": "purchase_gap_mean",
}


def test_a_feature_that_pushes_against_its_group_does_not_speak_for_it(candidate, rows):
    one = tuple(replace(f, signal="all") if f.family != "noise" else f for f in FEATURES)
    parts = candidate.contributions(rows)
    values = dict(zip(parts.names, parts.values.T, strict=True))
    overruled = 0
    for i, mine in enumerate(reasons(candidate, rows, one)):
        able = {n: values[n][i] for n in (*OPENINGS.values(), "purchase_count")
                if np.isfinite(rows[n][i])}  # fmt: skip
        for r in mine:
            if r.code != "all":
                continue
            strongest = max(able, key=lambda n: abs(able[n]))
            overruled += np.sign(able[strongest]) != np.sign(r.contribution)
            speaker = [n for start, n in OPENINGS.items() if r.sentence.startswith(start)]
            name = speaker[0] if speaker else "purchase_count"
            assert np.sign(able[name]) == np.sign(r.contribution)
    assert overruled > 0


def test_features_unknown_to_the_declarations_stay_silent(candidate, rows):
    said = reasons(candidate, rows, (declared("noise", "noise", "noise", "noise {value:.1f}"),))
    assert {r.code for mine in said for r in mine} <= {"noise", "btyd"}


@pytest.mark.parametrize(("language", "other"), [("en", "other"), ("fr", "autre")])
def test_a_text_is_said_and_not_its_place(candidate, rows, language, other):
    """A rare text, or one that came after training, is another one."""
    title = replace(declared("noise", "noise", "noise", "title: {value}"), levels=("Mme", "M."))
    coded = rows.assign(noise=(np.arange(len(rows)) % 3).astype("float32"))
    said = {
        (i % 3, r.sentence)
        for i, mine in enumerate(reasons(candidate, coded, (title,), language=language))
        for r in mine
        if r.code == "noise"
    }
    assert said == {(0, "title: Mme"), (1, "title: M."), (2, f"title: {other}")}


def test_no_rows_no_reasons(candidate, rows):
    assert reasons(candidate, rows.iloc[:0], FEATURES) == []


def test_drivers_rank_every_term_once(candidate, attrition):
    table = drivers(candidate, attrition).table
    assert sorted(table["name"]) == sorted((*candidate.features, "btyd"))
    assert table["mean_abs"].is_monotonic_decreasing


def test_the_beeswarm_is_the_same_bytes_and_leaves_numpys_state_alone(candidate, attrition):
    before = np.random.get_state()[1].copy()  # noqa: NPY002  (the state in question)
    first = beeswarm_svg(candidate, attrition)
    assert first == beeswarm_svg(candidate, attrition)
    assert first.startswith("<svg")
    assert "c0" not in first.split("<defs>")[0]
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002
