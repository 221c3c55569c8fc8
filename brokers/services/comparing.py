"""Compare both sides after a sync, and believe a reading that is far too small only twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from brokers.domain.events import Holdings
from brokers.models import Connection
from brokers.services import reconciling
from brokers.services.naming import Instruments

_AGAIN = "{broker} told at first that {why}. It was asked again, and told otherwise."
_DOUBTED = (
    "{broker} tells that {why}. That may be a fault of theirs: nothing is compared with it unless "
    "the next sync, in a few minutes, is told the same."
)
_CONFIRMED = "{broker} tells that {why}, and told the same the last time."


@dataclass(frozen=True, slots=True)
class Found:
    """What a comparison came to.

    Attributes:
        comparison: None where there is nothing to compare, or it isn't believed yet.
        notice: what was odd about it, in words.
        doubted: the digest of the reading that isn't believed yet; empty otherwise.
    """

    comparison: reconciling.Comparison | None = None
    notice: str = ""
    doubted: str = ""


NOTHING = Found()


def compare(
    connection: Connection,
    *,
    broker: str,
    told: Holdings,
    instruments: Instruments,
    read_again: Callable[[], Holdings | None],
    missing: str = "",
) -> Found:
    """Compare what a broker told with the ledger.

    A reading after which most of what is held would be gone is asked for once more. If it stays,
    it counts once two syncs were told the same.

    Args:
        broker: its name, as people know it.
        missing: what to do about what the ledger lacks, where the broker tells no history.
        read_again: asks for all of it once more; None where that fails.
    """

    def compared(holdings: Holdings) -> reconciling.Comparison:
        return reconciling.compare_with_ledger(
            connection, holdings, instruments=instruments, missing=missing
        )

    first = compared(told)
    if not first.shrinkage:
        return Found(first)
    if first.digest == connection.doubted:
        return Found(first, _CONFIRMED.format(broker=broker, why=first.shrinkage))
    again = read_again()
    second = first if again is None else compared(again)
    if again is not None and not second.shrinkage:
        return Found(second, _AGAIN.format(broker=broker, why=first.shrinkage))
    notice = _DOUBTED.format(broker=broker, why=second.shrinkage)
    return Found(None, notice, second.digest)
