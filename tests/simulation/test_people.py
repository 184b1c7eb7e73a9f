from __future__ import annotations

import numpy as np
import pytest

from reveil.simulation import parameters as p
from reveil.simulation.people import People, draw_people
from reveil.simulation.settings import Calendar, SimulationSettings

COUNT = 40_000
NOISE = 4 / np.sqrt(COUNT)
"""Four standard errors of a correlation."""


@pytest.fixture(scope="module")
def people() -> People:
    return draw_people(np.random.default_rng(2), Calendar.of(SimulationSettings()), COUNT)


@pytest.mark.parametrize(
    ("trait", "share"),
    [
        ("orders_at_once", p.FIRST_ORDER_SHARE),
        ("reader", p.READER_SHARE),
        ("consent_email", p.CONSENT_EMAIL),
        ("prefetch", p.PREFETCH_SHARE),
        ("scanner", p.COMPANY_SHARE * p.SCANNER_SHARE),
        ("dog", p.DOG_SHARE),
    ],
)
def test_shares_are_those_of_the_page(people: People, trait: str, share: float) -> None:
    assert getattr(people, trait).mean() == pytest.approx(share, abs=NOISE / 2)


@pytest.mark.parametrize(
    "trait", ["rate", "death", "deal_seeking", "attachment", "reader", "consent_email", "amount"]
)
def test_sleeping_dogs_cannot_be_told_by_another_trait(people: People, trait: str) -> None:
    correlation = np.corrcoef(people.dog, getattr(people, trait).astype(float))[0, 1]
    assert abs(correlation) < NOISE


def test_position_says_nothing_about_a_customer(people: People) -> None:
    for trait in (people.joined, people.rate, people.death, people.amount):
        assert abs(np.corrcoef(np.arange(COUNT), trait)[0, 1]) < NOISE


def test_effects_are_heterogeneous_and_negative_for_every_dog(people: People) -> None:
    assert (people.effect[people.dog] == p.DOG_EFFECT).all()
    awake = people.effect[~people.dog]
    assert awake.mean(axis=0) == pytest.approx(p.EFFECT, abs=0.02)
    spread = np.hypot(p.EFFECT_OF_DEAL_SEEKING, p.EFFECT_OF_ATTACHMENT)
    assert awake.std(axis=0) == pytest.approx(spread, rel=0.02)
