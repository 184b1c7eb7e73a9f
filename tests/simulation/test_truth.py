from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from reveil.errors import StudyError
from reveil.simulation.simulate import SimulatedBase
from reveil.simulation.truth import truth_at

CUTOFF = date(2024, 4, 8)


def test_the_oracle_knows_who_joined_who_bought_and_who_is_alive(base: SimulatedBase) -> None:
    """A walk cut short at the cutoff is the beginning of the whole walk."""
    known = truth_at(base.settings, CUTOFF, 90).to_pandas()
    truth = base.truth.to_pandas()
    t = pd.Timestamp(CUTOFF)
    there = truth[truth["joined_at"] < t].reset_index(drop=True)
    assert known["customer_id"].tolist() == there["customer_id"].tolist()
    assert (known["alive"] == ~(there["died_at"] < t)).all()
    log = base.events.to_pandas()
    bought = log.loc[(log["kind"] == "purchase") & (log["at"] < t), "customer_id"].unique()
    assert known.set_index("customer_id").loc[bought, "has_ordered"].all()
    assert (known.loc[~known["alive"], "p_order"] == 0).all()
    assert known["p_order"].between(0, 1).all()


@pytest.mark.parametrize("days", [1, 7, 28, 90])
def test_a_longer_window_is_never_less_likely_to_hold_an_order(
    base: SimulatedBase, days: int
) -> None:
    shorter = truth_at(base.settings, CUTOFF, days)["p_order"].to_numpy()
    longer = truth_at(base.settings, CUTOFF, days + 1)["p_order"].to_numpy()
    assert (longer >= shorter).all()
    assert np.max(longer - shorter) > 0


@pytest.mark.parametrize(
    ("cutoff", "days", "says"),
    [
        (date(2024, 4, 9), 90, "cutoff is 2024-04-09, a Tuesday"),
        (date(2024, 12, 2), 90, "is not inside the log"),
        (date(2021, 12, 27), 90, "is not inside the log"),
        (CUTOFF, 0, "is not inside the log"),
    ],
)
def test_a_window_the_log_does_not_hold_is_refused(
    base: SimulatedBase, cutoff: date, days: int, says: str
) -> None:
    with pytest.raises(StudyError, match=says):
        truth_at(base.settings, cutoff, days)


def test_both_potential_outcomes_are_known_for_every_contact(base: SimulatedBase) -> None:
    key = ["customer_id", "campaign", "offer"]
    assert base.contact_truth.select(key).equals(base.contacts.select(key))
    true = base.contact_truth.to_pandas().merge(base.truth.to_pandas(), on="customer_id")
    uplift = true["p_if_treated"] - true["p_if_held_out"]
    assert (uplift[true["sleeping_dog"]] <= 0).all()
    assert (uplift < 0).any()
    assert (uplift > 0).any()
