"""The gaps between orders, the chance of one, and what is in the basket.

In:  a customer's type, operational ages, speeds and hazards; then the orders themselves.
Out: gaps, survival, P(order in the weeks ahead); one row per order line and per returned line.

Gaps are in operational time, where every customer's mean gap is 1 (Berman 1981, Biometrika 68).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial

import numpy as np

from reveil.simulation import parameters as p
from reveil.simulation.arrays import Flags, Floats, Ints
from reveil.simulation.people import People
from reveil.simulation.rows import CHANNELS, NULL, Rows, campaign_code, rows
from reveil.simulation.settings import DAY, Calendar

REGULAR, RANDOM, CLUMPY = range(len(p.TYPES))


def draw_gaps(rng: np.random.Generator, type_: Ints) -> Floats:
    """Draw one gap for each customer of the given types; every type's mean is 1.

    Examples
    --------
    >>> gaps = draw_gaps(np.random.default_rng(1), np.full(100_000, CLUMPY))
    >>> round(float(gaps.mean()), 1), round(float(gaps.std()), 1)
    (1.0, 2.1)
    """
    stretch = rng.standard_exponential(len(type_))
    erlang = rng.standard_gamma(p.ERLANG_SHAPE, len(type_)) / p.ERLANG_SHAPE
    burst = np.where(rng.random(len(type_)) < p.BURST_SHARE, p.BURST_MEAN, p.LULL_MEAN)
    return np.where(type_ == REGULAR, erlang, np.where(type_ == CLUMPY, burst, 1.0) * stretch)


def survival(type_: Ints, age: Floats) -> Floats:
    """P(a gap is longer than `age`), by type.

    Parameters
    ----------
    type_
        Shape (n,).
    age
        Operational time, shape (..., n).

    Examples
    --------
    >>> survival(np.array([0, 1, 2]), np.ones(3)).round(4)
    array([0.4335, 0.3679, 0.2155])
    """
    k = p.ERLANG_SHAPE * age
    erlang = np.exp(-k) * sum(k**j / factorial(j) for j in range(p.ERLANG_SHAPE))
    burst = p.BURST_SHARE * np.exp(-age / p.BURST_MEAN)
    lull = (1 - p.BURST_SHARE) * np.exp(-age / p.LULL_MEAN)
    return np.where(type_ == REGULAR, erlang, np.where(type_ == CLUMPY, burst + lull, np.exp(-age)))


def chance_of_order(type_: Ints, age: Floats, elapsed: Floats, hazard: Floats) -> Floats:
    """P(at least one order in the steps ahead) of customers alive now.

    Parameters
    ----------
    type_, age
        Shape (n,): type, operational time since the last order.
    elapsed, hazard
        Shape (steps, n): operational time and hazard of death that each step adds.

    Returns
    -------
    array, shape (n,)
        Sum over steps of P(the gap ends in it) times the mean survival of the customer
        within it, `(1 - exp(-h)) / h`; independent given the latent state.

    Examples
    --------
    >>> calm = np.zeros((1, 1))
    >>> chance_of_order(np.array([RANDOM]), np.zeros(1), calm + 1.0, calm).round(4)
    array([0.6321])
    """
    ends = age + np.cumsum(elapsed, axis=0)
    left = survival(type_, np.vstack([age[None, :], ends]))
    gone = np.cumsum(hazard, axis=0) - hazard
    within = np.divide(-np.expm1(-hazard), hazard, out=np.ones_like(hazard), where=hazard > 0)
    ends_now = np.maximum(left[:-1] - left[1:], 0)  # rounding lifts the survival of a tiny step
    ordered: Floats = (ends_now * np.exp(-gone) * within).sum(axis=0)
    # a survival that underflows to 0 belongs to an age that no living customer reaches
    chance: Floats = np.divide(ordered, left[0], out=np.zeros_like(ordered), where=left[0] > 0)
    return chance


@dataclass(frozen=True, kw_only=True, slots=True)
class Orders:
    """Orders of a block of customers, ascending by nothing in particular.

    Attributes
    ----------
    when
        `week + fraction` of the calendar.
    campaign, offer
        Week and offer of the discount the order was placed under; NULL where there was none.
    """

    customer: Ints
    when: Floats
    went_wrong: Flags
    campaign: Ints
    offer: Ints


def fill_baskets(
    rng: np.random.Generator, people: People, orders: Orders, calendar: Calendar
) -> Rows:
    """Turn orders into lines, returned lines and the logins before web orders.

    Returns
    -------
    Rows
        `order` numbers the orders as they come in `orders`.

    Examples
    --------
    >>> from reveil.simulation.people import draw_people
    >>> from reveil.simulation.settings import SimulationSettings, Concern, streams
    >>> calendar = Calendar.of(SimulationSettings())
    >>> random = streams(1, 0)
    >>> people = draw_people(random[Concern.PEOPLE], calendar, 100)
    >>> orders = Orders(
    ...     customer=np.array([3]),
    ...     when=np.array([200.5]),
    ...     went_wrong=np.array([True]),
    ...     campaign=np.array([NULL]),
    ...     offer=np.array([NULL]),
    ... )
    >>> log = fill_baskets(random[Concern.BASKETS], people, orders, calendar)
    >>> bool((log["order"].max() == 0) and (log["customer"] == 3).all())
    True
    """
    count = len(orders.customer)
    number = np.arange(count)
    at = calendar.seconds(orders.when)
    campaign = np.where(orders.campaign == NULL, NULL, campaign_code(orders.campaign, offer=True))
    discount = np.where(orders.offer == NULL, 0.0, np.array(p.DISCOUNTS)[orders.offer])
    noise = np.exp(p.AMOUNT_WITHIN * rng.standard_normal(count))
    total = people.amount[orders.customer] * noise * (1 - discount)
    in_store = rng.random(count) < people.store[orders.customer]

    line = np.repeat(number, 1 + rng.poisson(p.EXTRA_LINES, count))
    weight = rng.standard_exponential(len(line))
    share = weight / np.bincount(line, weight, count)[line]
    cents = np.maximum(np.rint(100 * total[line] * share), 1).astype(np.int64)
    who = orders.customer[line]
    category = (rng.random(len(line))[:, None] > people.taste[who, :-1]).sum(axis=1)
    zipf = np.cumsum(1 / np.arange(1, p.ITEMS + 1))
    item = category * p.ITEMS + np.searchsorted(zipf / zipf[-1], rng.random(len(line)))
    channel = np.where(in_store, CHANNELS.index("store"), CHANNELS.index("web"))

    back = rng.random(len(line)) < people.returns[who]
    delay = (rng.uniform(*p.RETURN_DAYS, len(line)) * DAY).astype(np.int64)
    early = rng.uniform(*p.LOGIN_MINUTES, count) * 60
    logs_in = ~in_store & (rng.random(count) < p.LOGIN_SHARE)
    # a login just before the joining order would precede the customer's own creation
    login_at = np.maximum(
        at - early.astype(np.int64), calendar.seconds(people.joined)[orders.customer]
    )
    return np.concatenate(
        [
            rows("login", orders.customer[logs_in], login_at[logs_in], channel="web"),
            rows(
                "purchase",
                who,
                at[line],
                cents=cents,
                order=line,
                item=item,
                channel=channel[line],
                campaign=campaign[line],
                offer=orders.offer[line],
            ),
            rows(
                "return",
                who[back],
                at[line[back]] + delay[back],
                cents=-cents[back],
                order=line[back],
                item=item[back],
                channel=channel[line[back]],
            ),
        ]
    )


def serve(rng: np.random.Generator, orders: Orders, calendar: Calendar) -> Rows:
    """Return the complaints after what went wrong, and the survey answers.

    Examples
    --------
    >>> from reveil.simulation.settings import SimulationSettings
    >>> calendar = Calendar.of(SimulationSettings())
    >>> orders = Orders(
    ...     customer=np.array([3]),
    ...     when=np.array([200.5]),
    ...     went_wrong=np.array([True]),
    ...     campaign=np.array([NULL]),
    ...     offer=np.array([NULL]),
    ... )
    >>> serve(np.random.default_rng(1), orders, calendar)["customer"]
    array([3], dtype=int32)
    """
    count = len(orders.customer)
    at = calendar.seconds(orders.when)
    complains = orders.went_wrong & (rng.random(count) < p.COMPLAINT_SHARE)
    complaint_at = at + (rng.uniform(*p.COMPLAINT_DAYS, count) * DAY).astype(np.int64)
    answers = rng.random(count) < p.SURVEY_SHARE
    answer_at = at + (rng.uniform(*p.SURVEY_DAYS, count) * DAY).astype(np.int64)
    rating = np.where(
        orders.went_wrong,
        rng.choice(p.RATINGS, count, p=p.RATINGS_AFTER_INCIDENT),
        rng.choice(p.RATINGS, count, p=p.RATINGS_OTHERWISE),
    )
    return np.concatenate(
        [
            rows(
                "complaint",
                orders.customer[complains],
                complaint_at[complains],
                rating=rng.choice(p.COMPLAINT_RATINGS, int(complains.sum())),
            ),
            rows(
                "survey_answer",
                orders.customer[answers],
                answer_at[answers],
                rating=rating[answers],
            ),
        ]
    )
