"""Which sources are asked about one instrument, and in which order, for each need."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from common.errors import InvalidInput
from marketdata.domain.sources import Need

#: The sources that staff have chosen for a need, the first to be asked first; none at all means
#: that nobody is asked. A need that isn't there goes by the order of the settings.
Chains = Mapping[Need, tuple[str, ...]]

#: What is written where nobody shall be asked.
NOBODY = "none"


class ChainRefused(InvalidInput):
    """The sources can't be chosen as given."""

    code = "sources-refused"


def read_chain(text: str, *, known: Collection[str]) -> tuple[str, ...] | None:
    """Read names of sources, separated by commas or spaces; None where nothing is written.

    Raises:
        ChainRefused: a name is unknown, or given twice.
    """
    names = text.replace(",", " ").lower().split()
    if not names:
        return None
    if names == [NOBODY]:
        return ()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ChainRefused(
            f"There is no source {', '.join(unknown)} for this; choose of "
            f"{', '.join(sorted(known))}, or write {NOBODY}."
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ChainRefused(f"Name each source once: {', '.join(twice)} is there twice.")
    return tuple(names)


def written(chain: Sequence[str] | None) -> str:
    """Write a choice as `read_chain` reads it."""
    if chain is None:
        return ""
    return ", ".join(chain) or NOBODY


def stored(chains: Chains) -> dict[str, list[str]] | None:
    """Return choices as they are stored; None where there are none."""
    return {need.value: list(names) for need, names in chains.items()} or None


def restored(content: Mapping[str, Sequence[str]] | None) -> Chains:
    """Read back what `stored` returned."""
    return {Need(need): tuple(names) for need, names in (content or {}).items()}
