"""What a study gets that says little, and what wins when it says more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from reveil.activity.presets import PRESETS
from reveil.activity.settings import ActivitySettings
from reveil.activity.states import states
from reveil.errors import StudyError
from reveil.events.log import EventLog
from reveil.events.roles import ROLES, Role

CUTOFF = date(2011, 6, 1)
OWN = {
    "any_of": ("visit",), "within": "7 days", "joins_by": ("login",), "closed_by": ("bounce",),
    "former_after": "9 days", "paid_by": ("points_earned",), "paid_within": "5 days",
    "personal": {"overdue_ratio": 3.0}, "unanswered": None, "engagement": {"half_score": 9.0},
}  # fmt: skip


def state_of(log: EventLog, settings: ActivitySettings) -> dict[str, tuple[str, bool]]:
    rows = states(log, settings, CUTOFF).to_pyarrow().to_pylist()
    return {row["customer_id"]: (row["state"], row["dormant"]) for row in rows}


def test_no_preset_is_a_shop() -> None:
    """Field by field, and as before there were presets."""
    plain, shop = ActivitySettings(), ActivitySettings(preset="retail")
    assert shop.model_dump(exclude={"preset"}) == plain.model_dump(exclude={"preset"})
    assert plain.any_of == ("purchase", "engagement")
    assert plain.within == timedelta(days=244)
    assert plain.joins_by == ("purchase",)
    assert (plain.closed_by, plain.former_after, plain.unanswered, plain.personal) == (
        (),
        None,
        None,
        None,
    )


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("field", OWN)
def test_the_study_wins_over_any_preset(preset: str, field: str) -> None:
    """Each field alone, `null` included; the others stay the preset's."""
    said = ActivitySettings(
        preset=preset,
        **{field: OWN[field], **({"within": "7 days"} if field == "former_after" else {})},
    )
    alone = ActivitySettings(
        **{field: OWN[field], **({"within": "7 days"} if field == "former_after" else {})}
    )
    assert getattr(said, field) == getattr(alone, field)
    rest = {"preset", field, "within"}
    assert said.model_dump(exclude=rest) == ActivitySettings(preset=preset).model_dump(exclude=rest)


def test_everything_said_is_dumped() -> None:
    """A model carries its definition of activity whole: every field, plain values, twice the same."""
    settings = ActivitySettings(preset="subscription", personal={})
    plain = settings.model_dump(mode="json")
    assert set(plain) == set(ActivitySettings.model_fields)
    assert plain == ActivitySettings(preset="subscription", personal={}).model_dump(mode="json")
    assert plain["personal"] == {"overdue_ratio": 2.0, "min_orders": 3}
    assert plain["unanswered"] == {"contacts": 4, "of": "offers"}


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_never_count_what_the_customer_did_not_do(preset: str) -> None:
    """Sends, opens, billings and incidents are activity in none of them."""
    settings = ActivitySettings(preset=preset)
    counted = {
        k for k, role in ROLES.items() if k in settings.any_of or role.value in settings.any_of
    }
    assert {ROLES[kind] for kind in counted} <= {Role.COMMERCIAL, Role.ENGAGEMENT}
    assert "purchase" in counted


@pytest.mark.parametrize("name", ["shop", ["retail"], 3])
def test_unknown_presets_are_refused(name: object) -> None:
    with pytest.raises(ValidationError, match="preset"):
        ActivitySettings(preset=name)


def test_who_joins_by_what(lay: Callable[..., EventLog]) -> None:
    """An order makes a customer anywhere; a billing or a login only where the study says so."""
    log = lay(
        ("buyer", "purchase", "2011-05-30"), ("billed", "billing", "2011-05-30"),
        ("member", "login", "2011-05-30"), ("reader", "email_click", "2011-05-30"),
    )  # fmt: skip
    joined = {
        preset: {
            who
            for who, (state, _) in state_of(log, ActivitySettings(preset=preset)).items()
            if state != "prospect"
        }
        for preset in PRESETS
    }
    assert joined == {
        "retail": {"buyer"}, "subscription": {"buyer", "billed"},
        "relational": {"buyer", "billed", "member"},
    }  # fmt: skip


def test_dormant_is_inactive_yet_paying(lay: Callable[..., EventLog]) -> None:
    """By a billing so recent, to the second, or by a contract that ends at the cutoff or later."""
    old = "2010-09-01"
    log = lay(
        *[(who, "purchase", old) for who in ("billed", "late", "contract", "over", "open", "neither")],
        ("billed", "billing", "2011-03-31 00:00:00"), ("late", "billing", "2011-03-30 23:59:59"),
        ("uses", "purchase", old), ("uses", "billing", "2011-05-20"), ("uses", "login", "2011-05-20"),
        contracts={"contract": "2011-06-01", "over": "2011-05-31", "open": None, "prospect": "2012-01-01"},
    )  # fmt: skip
    found = state_of(log, ActivitySettings(preset="subscription"))
    assert found == {
        "billed": ("inactive", True), "late": ("inactive", False), "contract": ("inactive", True),
        "over": ("inactive", False), "open": ("inactive", False), "neither": ("inactive", False),
        "uses": ("active", False), "prospect": ("prospect", False),
    }  # fmt: skip


def test_who_pays_is_not_former_by_silence(lay: Callable[..., EventLog]) -> None:
    """Neither by time nor by offers left unanswered; a closing event is another matter."""
    sends = [("email_sent", f"2011-05-0{d}", {"offer": "ten"}) for d in range(1, 5)]
    log = lay(
        *[(who, "purchase", "2010-03-01") for who in ("pays", "tired", "closed", "gone")],
        *[(who, "billing", "2011-05-30") for who in ("pays", "tired", "closed")],
        *[(who, *send) for who in ("tired", "gone") for send in sends],
        ("closed", "cancel_request", "2011-05-01"),
    )  # fmt: skip
    settings = ActivitySettings(preset="subscription", former_after="200 days")
    assert state_of(log, settings) == {
        "pays": ("inactive", True), "tired": ("inactive", True), "closed": ("former", False),
        "gone": ("former", False),
    }  # fmt: skip


def test_offers_left_unanswered_end_an_inactive_relation(lay: Callable[..., EventLog]) -> None:
    """Newsletters do not, unless the study counts all; an active customer is not former."""
    old, n = "2010-06-01", 4
    offer = [("email_sent", f"2011-05-0{d}", {"offer": "ten"}) for d in range(1, n + 1)]
    news = [("email_sent", f"2011-05-0{d}") for d in range(1, n + 1)]
    log = lay(
        *[(w, "purchase", old) for w in ("offers", "three", "letters", "answered", "complains")],
        ("recent", "purchase", "2011-04-30"),
        *[(w, *send) for w in ("offers", "answered", "recent", "complains") for send in offer],
        *[("three", *send) for send in offer[1:]], *[("letters", *send) for send in news],
        ("answered", "visit", "2010-09-01"), ("answered", "email_click", "2011-05-02"),
        ("complains", "complaint", "2011-05-20"),
    )  # fmt: skip
    retail = {"within": "60 days"}
    offers = state_of(log, ActivitySettings(**retail, unanswered={"contacts": n}))
    assert {who: state for who, (state, _) in offers.items()} == {
        "offers": "former", "three": "inactive", "letters": "inactive", "answered": "active",
        "recent": "active", "complains": "former",
    }  # fmt: skip
    every = state_of(log, ActivitySettings(**retail, unanswered={"contacts": n, "of": "all"}))
    assert every["letters"][0] == "former"


@pytest.mark.parametrize("key", ["joins_by", "paid_by"])
def test_unknown_kinds_are_refused(key: str, lay: Callable[..., EventLog]) -> None:
    log = lay(("a", "purchase", "2011-05-30"))
    with pytest.raises(StudyError, match=f"activity.{key}") as raised:
        states(log, ActivitySettings(**{key: ("bilings",)}), CUTOFF)
    assert raised.value.hint == "did you mean `billing`?"
