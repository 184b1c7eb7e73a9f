"""When each contact goes out: all at once, or in waves that a channel's reputation can bear.

In:  the people on a list in the order they should be contacted, the ramp's size and step.
Out: a wave and a sending date per customer.

A mailbox provider judges a sender by the answers of the people it writes to. Adding many inactive
customers at once lowers them, so a wave adds a stated share of the active volume, and those who
were here last go first.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reveil.errors import DataError
from reveil.targeting.masks import channels_of, reachable
from reveil.targeting.settings import Ramp, TargetingSettings
from reveil.targeting.worth import Flags, Rows


def wave_size(frame: pd.DataFrame, ramp: Ramp, settings: TargetingSettings) -> int:
    """Contacts that one wave may add on the ramp's channel.

    Parameters
    ----------
    frame
        The whole snapshot: its reachable active customers are the base when none is stated.

    Raises
    ------
    DataError
        When there is no active volume to take a share of.

    Examples
    --------
    >>> s = TargetingSettings.model_validate({
    ...     "channels": {"email": {"cost": 0.02}},
    ...     "offers": [{"name": "miss you", "channels": ["email"]}],
    ... })
    >>> wave_size(pd.DataFrame(), Ramp(base=20_000), s)
    2000
    """
    base = ramp.base
    if base is None:
        channels = channels_of(settings)
        if ramp.channel not in channels:
            return 1  # no offer uses the channel: nothing to spread
        active = frame["state"].eq("active").to_numpy(dtype=np.bool_)
        base = int(np.sum(active & reachable(frame, settings)[:, channels.index(ramp.channel)]))
    if base == 0:
        raise DataError(
            f"no active customer can be reached by {ramp.channel}, so its ramp has no base",
            hint="say how many active contacts the channel carries: `ramp: {base: 20000}`",
        )
    return max(1, int(ramp.share * base))


def send_order(last_order_at: pd.Series) -> Rows:
    """Rows from the most recent customer to the least; nobody's date comes last, ties stay.

    Examples
    --------
    >>> send_order(pd.Series(pd.to_datetime(["2011-01-05", None, "2011-03-01"])))
    array([2, 0, 1])
    """
    seen = pd.to_datetime(last_order_at)
    age = (seen.max() - seen).dt.days.to_numpy(dtype=np.float64, na_value=np.inf)
    return np.argsort(age, kind="stable")


def waves_of(order: Rows, ramped: Flags, contacted: Flags, size: int) -> NDArray[np.int64]:
    """Wave of each row, from 1; at most `size` contacted rows of the ramped channel in each.

    A control gets the wave its contact would have had, and takes nobody's place in it.

    Examples
    --------
    >>> everybody = np.ones(5, dtype=bool)
    >>> waves_of(np.array([4, 3, 2, 1, 0]), everybody, everybody, 2)
    array([3, 2, 2, 1, 1])
    """
    using = (ramped & contacted)[order].astype(np.int64)
    wave = np.ones(order.size, dtype=np.int64)
    wave[order] += (np.cumsum(using) - using) // size
    return np.where(ramped, wave, 1)


def sending_dates(wave: NDArray[np.int64], first: date, step_days: int) -> NDArray[np.datetime64]:
    """Day each wave goes out.

    Examples
    --------
    >>> sending_dates(np.array([1, 3]), date(2011, 9, 8), 7)
    array(['2011-09-08T00:00:00', '2011-09-22T00:00:00'], dtype='datetime64[s]')
    """
    days = {int(w): first + timedelta(days=(int(w) - 1) * step_days) for w in np.unique(wave)}
    return np.array([days[int(w)] for w in wave], dtype="datetime64[D]").astype("datetime64[s]")
