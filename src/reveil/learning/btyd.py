"""Buy till you die: how many orders a customer still has in them, from three numbers.

In:  per customer, repeat orders x, days from first to last order t_x, days since the first T.
Out: fitted `Btyd` parameters; P(alive), P(an order within a horizon), expected orders.
Knows nothing of frames, features or targets.

Both models see a customer order at random (Poisson, rates Gamma(r, alpha) across customers) until
they leave for good (chance Beta(a, b) across customers, drawn after each order). In the BG/NBD one
can only leave after a repeat order, so whoever ordered once is alive for certain; in the MBG/NBD
the first order counts too.

References
----------
Fader, Hardie, Lee (2005), "Counting your customers" the easy way: an alternative to the
Pareto/NBD model. Marketing Science 24(2).
Batislam, Denizel, Filiztekin (2007), Empirical validation and comparison of models for customer
base analysis. International Journal of Research in Marketing 24(3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, gammaln, hyp2f1, log_expit, psi

from reveil.errors import TooLittleDataError

Floats = NDArray[np.float64]
Model = Literal["bg", "mbg"]

PENALTY = 0.02
"""L2 on log parameters (time in mean ages), divided by the square root of the customers, against
a mean log-likelihood of a few units. It only matters on a ridge: without it a small base drives
`a` and `b` to infinity together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Btyd:
    """Fitted parameters of a BG/NBD (`bg`) or MBG/NBD (`mbg`) model; time in days.

    Examples
    --------
    >>> m = Btyd(model="mbg", r=0.8, alpha=60.0, a=0.6, b=2.5)
    >>> m.p_order_within([0, 5], [0, 300], [200, 310], horizon=90).round(3)
    array([0.119, 0.656])
    """

    model: Model
    r: float
    alpha: float
    a: float
    b: float

    def _chances(self, x: Floats) -> Floats:
        """How often the customer could have left and did not, had they stayed to the end."""
        return x + 1.0 if self.model == "mbg" else x

    def p_alive(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Floats:
        """P(the customer has not left at T). Alone it is a poor score: see `expected_orders`."""
        x, t_x, T = _arrays(x, t_x, T)
        return expit(-_log_odds_gone(self, x, t_x, T))

    def logit_order_within(
        self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, *, horizon: float
    ) -> Floats:
        """Log-odds of at least one order in `(T, T + horizon]`, finite however small the chance."""
        x, t_x, T = _arrays(x, t_x, T)
        rate = (self.r + x) * np.log1p(horizon / (self.alpha + T))
        log_p = log_expit(-_log_odds_gone(self, x, t_x, T)) + np.log(-np.expm1(-rate))
        return log_p - np.log(-np.expm1(np.minimum(log_p, -1e-12)))

    def p_order_within(
        self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, *, horizon: float
    ) -> Floats:
        """P(at least one order in `(T, T + horizon]`).

        Nobody leaves between two orders, so it is P(alive) times the chance that a
        Gamma(r + x, alpha + T) rate yields an order.
        """
        return expit(self.logit_order_within(x, t_x, T, horizon=horizon))

    def expected_orders(
        self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, *, horizon: float
    ) -> Floats:
        """Orders to expect in `(T, T + horizon]`.

        Equation 10 of Fader, Hardie, Lee (2005) and its MBG twin, after Euler's transformation
        of 2F1: the textbook form multiplies a number that overflows by one that underflows.
        """
        x, t_x, T = _arrays(x, t_x, T)
        a = self.a if abs(self.a - 1.0) > 1e-6 else 1.0 + 1e-6  # removable singularity
        c = a + self.b + self._chances(x) - 1.0
        z = horizon / (self.alpha + T + horizon)
        d = a + self.b - self.r - (0.0 if self.model == "mbg" else 1.0)
        inner = (1.0 - z) ** (a - 1.0) * hyp2f1(a - 1.0, d, c, z)
        return c / (a - 1.0) * (1.0 - inner) * self.p_alive(x, t_x, T)


def _arrays(x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> tuple[Floats, Floats, Floats]:
    return (
        np.asarray(x, dtype=np.float64),
        np.asarray(t_x, dtype=np.float64),
        np.asarray(T, dtype=np.float64),
    )


def _log_odds_gone(m: Btyd, x: Floats, t_x: Floats, T: Floats) -> Floats:
    chances = m._chances(x)
    q = np.log(m.a) - np.log(np.maximum(m.b + chances - 1.0, 1e-300))
    q = q + (m.r + x) * (np.log(m.alpha + T) - np.log(m.alpha + t_x))
    return np.where(chances > 0, q, -np.inf)


def log_likelihood(m: Btyd, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Floats:
    """Log-likelihood of each customer, up to nothing: densities of order times included.

    Examples
    --------
    >>> m = Btyd(model="bg", r=0.243, alpha=4.414, a=0.793, b=2.426)  # the paper's CDNOW fit
    >>> log_likelihood(m, [2], [30.43], [38.86]).round(3)
    array([-9.459])
    """
    x, t_x, T = _arrays(x, t_x, T)
    n, q = m._chances(x), _log_odds_gone(m, x, t_x, T)
    rate = gammaln(m.r + x) - gammaln(m.r) + m.r * np.log(m.alpha)
    stay = gammaln(m.b + n) - gammaln(m.b) + gammaln(m.a + m.b) - gammaln(m.a + m.b + n)
    total = rate + stay - (m.r + x) * np.log(m.alpha + T) - log_expit(-q)
    return np.asarray(total, dtype=np.float64)


def _gradient(m: Btyd, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Differentiate `log_likelihood` by (log r, log alpha, log a, log b), shape (4, customers)."""
    n, w = m._chances(x), expit(_log_odds_gone(m, x, t_x, T))
    late, last = m.alpha + T, m.alpha + t_x
    d_r = psi(m.r + x) - psi(m.r) + np.log(m.alpha / late) + w * np.log(late / last)
    d_alpha = m.r / m.alpha - (m.r + x) / late + w * (m.r + x) * (1 / late - 1 / last)
    d_ab = psi(m.a + m.b) - psi(m.a + m.b + n)
    d_a = d_ab + w / m.a
    d_b = d_ab + psi(m.b + n) - psi(m.b) - w / np.maximum(m.b + n - 1.0, 1e-300)
    return np.stack([d_r * m.r, d_alpha * m.alpha, d_a * m.a, d_b * m.b])


def fit_btyd(x: ArrayLike, t_x: ArrayLike, T: ArrayLike, *, model: Model = "mbg") -> Btyd:
    """Fit by penalised maximum likelihood on the distinct (x, t_x, T), rounded to days.

    Parameters
    ----------
    x, t_x, T
        One value per customer: repeat orders, days from first to last order, days since first.
    model
        `bg` or `mbg`.

    Raises
    ------
    TooLittleDataError
        When nobody ever ordered twice: rate and leaving cannot be told apart.

    Examples
    --------
    >>> fit_btyd([0, 0, 0], [0, 0, 0], [10, 20, 30])
    Traceback (most recent call last):
    ...
    reveil.errors.TooLittleDataError: none of 3 customers ordered twice; BG/NBD needs repeat orders
    Hint: lengthen the observation window
    """
    x, t_x, T = _arrays(x, t_x, T)
    if not np.any(x > 0):
        raise TooLittleDataError(
            f"none of {len(x)} customers ordered twice; BG/NBD needs repeat orders",
            hint="lengthen the observation window",
        )
    days = np.stack([x, np.rint(t_x), np.maximum(np.rint(T), 1.0)], axis=1).astype(np.int64)
    days[:, 1] = np.minimum(days[:, 1], days[:, 2])
    distinct, counts = _distinct(days)
    ux, ut, uT = distinct.astype(np.float64).T
    # A unit of time near the mean age keeps the four log parameters of one size.
    unit = float(np.sum(uT * counts) / np.sum(counts))
    ut, uT, weight = ut / unit, uT / unit, counts / counts.sum()

    def loss(log_params: Floats) -> tuple[float, Floats]:
        m = Btyd(
            model=model, **dict(zip(("r", "alpha", "a", "b"), np.exp(log_params), strict=True))
        )
        value = -np.sum(weight * log_likelihood(m, ux, ut, uT))
        slope = -np.sum(weight * _gradient(m, ux, ut, uT), axis=1)
        pull = PENALTY / np.sqrt(len(x)) * log_params
        return float(value + 0.5 * np.sum(pull * log_params)), slope + pull

    start = np.log([1.0, 1.0, 0.5, 2.0])
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[(-9.0, 9.0)] * 4,
        options={"maxiter": 300, "ftol": 1e-12, "gtol": 1e-7},
    )  # fmt: skip
    r, alpha, a, b = (float(v) for v in np.exp(found.x))
    return Btyd(model=model, r=r, alpha=alpha * unit, a=a, b=b)


def _distinct(days: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct rows and their counts; a single packed key sorts far faster than rows do."""
    base = days.max(axis=0) + 1
    key = (days[:, 0] * base[1] + days[:, 1]) * base[2] + days[:, 2]
    key, counts = np.unique(key, return_counts=True)
    rest, T = np.divmod(key, base[2])
    x, t_x = np.divmod(rest, base[1])
    return np.stack([x, t_x, T], axis=1), counts
