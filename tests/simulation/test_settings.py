from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reveil.errors import StudyError
from reveil.simulation import parameters as p
from reveil.simulation.settings import Calendar, Concern, SimulationSettings, streams

CALENDAR = Calendar.of(SimulationSettings())


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"customers": 0}, "cannot simulate 0 customers"),
        ({"seed": -1}, "the seed is -1"),
        ({"start": date(2022, 1, 4)}, "start is 2022-01-04, a Tuesday"),
        ({"end": date(2025, 1, 5)}, "use 2024-12-30"),
        ({"end": date(2022, 1, 3)}, "not after its start"),
    ],
)
def test_impossible_settings_are_refused_with_a_hint(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(StudyError) as refused:
        SimulationSettings(**wrong)  # type: ignore[arg-type]
    assert says in str(refused.value)
    assert refused.value.hint


@given(st.lists(st.floats(0, 260.999), min_size=2, max_size=50))
def test_instants_keep_their_order_and_the_shop_s_hours(moments: list[float]) -> None:
    when = np.sort(np.array(moments))
    at = CALENDAR.seconds(when)
    assert (np.diff(at) >= 0).all()
    hour = (at - CALENDAR.origin) % 86_400 / 3_600
    assert ((hour >= p.OPENING_HOUR) & (hour < p.CLOSING_HOUR)).all()


def test_a_week_of_trade_follows_the_weekday_weights() -> None:
    fraction = (np.arange(71_000) + 0.5) / 71_000
    day = (CALENDAR.seconds(fraction) - CALENDAR.origin) // 86_400
    share = np.bincount(day) / len(day)
    assert np.allclose(share, np.array(p.WEEKDAYS) / sum(p.WEEKDAYS), atol=1e-4)


def test_the_season_has_mean_one_over_a_year_and_peaks_in_december() -> None:
    year = CALENDAR.season[: 4 * 52]
    assert year.mean() == pytest.approx(1, abs=0.01)
    peak = CALENDAR.monday(int(np.argmax(CALENDAR.season[:52])))
    assert np.datetime64(peak, "s").astype(str)[5:7] == "12"


def test_every_concern_and_block_has_its_own_stream() -> None:
    first = [rng.random() for block in (0, 1) for rng in streams(1, block).values()]
    assert len(set(first)) == 2 * len(Concern)
