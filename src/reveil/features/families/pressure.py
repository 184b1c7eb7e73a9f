"""How much we wrote to the customer. Confounded by past targeting, so never a reason."""

from __future__ import annotations

from collections.abc import Iterator

from reveil.engine.asof import AsOf
from reveil.features.declare import Text, Unit
from reveil.features.family import Declared, family, feature


@family("pressure", needs="marketer")
def pressure(log: AsOf) -> Iterator[Declared]:
    """Count our own contacts."""
    for days in (7, 28, 84):
        yield feature(
            f"contact_count_{days}d",
            log.count("marketer", days=days),
            signal="contact",
            unit=Unit.COUNT,
            meaning=Text(en=f"contacts in {days} days", fr=f"sollicitations en {days} jours"),
            null="never null",
            window_days=days,
        )
