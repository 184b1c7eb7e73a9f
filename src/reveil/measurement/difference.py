"""Contacted against control: the difference of two rates, its interval, and whether the draw holds.

In:  counts.
Out: Difference with a Newcombe interval; p-value of the sample-ratio check; sizes of a control.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, ceil, sqrt

from scipy.special import chdtrc, ndtri

from reveil.errors import TooLittleDataError


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A difference with its interval, treated minus control.

    Examples
    --------
    >>> Difference(treated=0.12, control=0.10, estimate=0.02, low=-0.01, high=0.05).is_clear
    False
    """

    treated: float
    control: float
    estimate: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def wilson(successes: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval of a rate (Wilson, JASA 22, 1927).

    Examples
    --------
    >>> low, high = wilson(0, 10)
    >>> low, round(high, 4)
    (0.0, 0.2775)
    """
    z = float(ndtri(0.5 + confidence / 2))
    middle = successes + z * z / 2
    spread = z * sqrt(successes * (n - successes) / n + z * z / 4)
    low = 0.0 if successes == 0 else (middle - spread) / (n + z * z)
    high = 1.0 if successes == n else (middle + spread) / (n + z * z)
    return low, high


def compare_rates(
    treated_success: int,
    treated_n: int,
    control_success: int,
    control_n: int,
    *,
    confidence: float = 0.95,
) -> Difference:
    """Difference of two rates with the hybrid score interval.

    Newcombe, "Interval estimation for the difference between independent proportions: comparison
    of eleven methods", Statistics in Medicine 17, 1998, method 10. It keeps its coverage where
    few return or few are held back, and never leaves [-1, 1].

    Raises
    ------
    TooLittleDataError
        When one of the groups is empty.

    Examples
    --------
    >>> found = compare_rates(56, 70, 48, 80)
    >>> [round(x, 4) for x in (found.estimate, found.low, found.high)]
    [0.2, 0.0524, 0.3339]
    """
    for name, success, n in (
        ("contacted", treated_success, treated_n),
        ("control", control_success, control_n),
    ):
        if n <= 0 or not 0 <= success <= n:
            raise TooLittleDataError(
                f"{success:,} returns of {n:,} {name} customers: there is nothing to compare",
                hint="measure a list that has both contacted customers and a control "
                "(`control_share` above 0)",
            )
    treated, control = treated_success / treated_n, control_success / control_n
    t_low, t_high = wilson(treated_success, treated_n, confidence=confidence)
    c_low, c_high = wilson(control_success, control_n, confidence=confidence)
    estimate = treated - control
    return Difference(
        treated=treated,
        control=control,
        estimate=estimate,
        low=estimate - sqrt((treated - t_low) ** 2 + (c_high - control) ** 2),
        high=estimate + sqrt((t_high - treated) ** 2 + (control - c_low) ** 2),
    )


SAMPLE_RATIO_ALARM = 0.001
"""A p-value below this says that the groups are not the ones that were drawn."""


def sample_ratio_p(treated_n: int, control_n: int, control_share: float) -> float:
    """Chance of group sizes at least this far from the planned ones.

    Pearson's chi-square with one degree of freedom. Customers lost on one side only (an unmatched
    export, a failed sending taken out) show here before they bias everything else.

    Examples
    --------
    >>> round(sample_ratio_p(9_000, 1_000, 0.1), 3), sample_ratio_p(9_000, 800, 0.1) < 0.001
    (1.0, True)
    """
    n = treated_n + control_n
    if n == 0 or not 0 < control_share < 1:
        raise TooLittleDataError(
            f"no group sizes to check: {n:,} customers, control share {control_share}",
            hint="give the share the list was drawn with, between 0 and 1",
        )
    expected = n * control_share
    gap = (control_n - expected) ** 2
    return float(chdtrc(1, gap / expected + gap / (n - expected)))


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlSize:
    """Customers a campaign needs to see a difference.

    Examples
    --------
    >>> ControlSize(control=100, treated=900).total
    1000
    """

    control: int
    treated: int

    @property
    def total(self) -> int:
        """Size of the whole list."""
        return self.control + self.treated


def control_size(
    rate: float,
    rate_if_contacted: float,
    *,
    control_share: float = 0.10,
    power: float = 0.80,
    alpha: float = 0.05,
) -> ControlSize:
    """Control needed to tell two rates apart, two-sided.

    Cohen, *Statistical Power Analysis for the Behavioral Sciences*, 1988, section 6.2: with
    ``h = 2 asin(sqrt(p1)) - 2 asin(sqrt(p0))`` and `k` contacted per control,
    ``n = (z(1 - alpha/2) + z(power))^2 (1 + 1/k) / h^2``.

    Parameters
    ----------
    rate
        Expected without a contact.
    rate_if_contacted
        The rate that the campaign must be able to show.

    Raises
    ------
    TooLittleDataError
        When the rates are equal or not strictly between 0 and 1.

    Examples
    --------
    >>> control_size(0.03, 0.04)
    ControlSize(control=2931, treated=26379)
    """
    inside = all(0 < p < 1 for p in (rate, rate_if_contacted, control_share))
    if not inside or rate == rate_if_contacted:
        raise TooLittleDataError(
            f"no control can tell a rate of {rate} from {rate_if_contacted} "
            f"at a control share of {control_share}",
            hint="give two different rates and a share, each strictly between 0 and 1",
        )
    per_control = (1 - control_share) / control_share
    effect = 2 * asin(sqrt(rate_if_contacted)) - 2 * asin(sqrt(rate))
    z = float(ndtri(1 - alpha / 2) + ndtri(power))
    control = ceil(z * z * (1 + 1 / per_control) / effect**2)
    return ControlSize(control=control, treated=ceil(control * per_control - 1e-9))
