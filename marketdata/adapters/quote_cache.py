"""The latest quote of each instrument, in Redis.

A quote is written down once, as JSON, by whoever records it. The same text lies here, travels
between processes, and reaches browsers with only its staleness added.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import structlog
from redis.exceptions import RedisError

from common import keys, redis
from common.errors import Unavailable
from marketdata.domain.quotes import MarketState, Quote

log = structlog.get_logger(__name__)

_RATE_PLACES = 6
#: About what is traded at the same time; each takes half a kilobyte.
_QUOTES_KEPT = 10_000
# A writer whose number is not the newest has been replaced without noticing; it must not
# overwrite what its successor wrote.
_WRITE = """
if tonumber(redis.call('GET', KEYS[1]) or '0') > tonumber(ARGV[1]) then return 0 end
for number = 2, #KEYS do redis.call('SET', KEYS[number], ARGV[number + 1], 'EX', ARGV[2]) end
return 1
"""


class Replaced(Unavailable):
    """Another process records quotes now."""

    code = "feed-replaced"


def write(quotes: Collection[Quote]) -> None:
    """Store the newest quotes, whoever else does."""
    with redis.client().pipeline(transaction=False) as pipeline:
        for quote in quotes:
            key = keys.QUOTE.of(quote.instrument_id)
            pipeline.set(key, encode(quote), ex=keys.QUOTE.ttl_seconds)
        pipeline.execute()


async def write_fenced(quotes: Collection[Quote], *, fence: int) -> None:
    """Store the newest quotes on behalf of the process that leads the feed.

    Raises:
        Replaced: a process with a higher number has taken over.
        redis.exceptions.RedisError: Redis doesn't answer.
    """
    names = [keys.QUOTE.of(quote.instrument_id) for quote in quotes]
    script = redis.async_client().register_script(_WRITE)
    written = await script(
        keys=[keys.FEED_FENCE.of(), *names],
        args=[fence, keys.QUOTE.ttl_seconds, *map(encode, quotes)],
    )
    if not written:
        raise Replaced


def read(instrument_ids: Sequence[str]) -> dict[str, Quote]:
    """Return the newest quote of each instrument that has one; Redis down means none."""
    if not instrument_ids:
        return {}
    try:
        texts = redis.client().mget([keys.QUOTE.of(each) for each in instrument_ids])
    except RedisError as failure:
        log.warning("quotes.unreadable", reason=type(failure).__name__)
        return {}
    return {key: decode(str(text)) for key, text in zip(instrument_ids, texts, strict=True) if text}


async def forget(instrument_ids: Collection[str]) -> None:
    """Drop the quotes of some instruments.

    Raises:
        redis.exceptions.RedisError: Redis doesn't answer.
    """
    await redis.async_client().delete(*(keys.QUOTE.of(each) for each in instrument_ids))


def feed_age(now: datetime) -> float | None:
    """Return how many seconds ago the feed gave a sign of life; None when that isn't known."""
    try:
        beat = redis.client().get(keys.FEED_HEARTBEAT.of())
    except RedisError as failure:
        log.warning("heartbeat.unreadable", reason=type(failure).__name__)
        return None
    return None if beat is None else max(0.0, now.timestamp() - float(beat))


def encode(quote: Quote) -> str:
    """Write a quote down."""
    fields = {
        "id": quote.instrument_id,
        "price": plain(quote.price),
        "currency": quote.currency,
        "previous_close": plain(quote.previous_close),
        "change": plain(quote.change),
        "change_rate": plain(quote.change_rate, places=_RATE_PLACES),
        "at": _written(quote.at),
        "source": quote.source,
        "state": quote.market_state.value,
        "delay_seconds": quote.delay_seconds,
    }
    if quote.confirmed_at is not None:
        fields["confirmed_at"] = _written(quote.confirmed_at)
    return json.dumps(fields, separators=(",", ":"))


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@lru_cache(_QUOTES_KEPT)
def decode(text: str) -> Quote:
    """Read back what `encode` wrote; many who read the same read it once."""
    content: Mapping[str, Any] = json.loads(text)
    previous_close = content["previous_close"]
    confirmed_at = content.get("confirmed_at")
    return Quote(
        instrument_id=content["id"],
        price=Decimal(content["price"]),
        currency=content["currency"],
        at=datetime.fromisoformat(content["at"]),
        source=content["source"],
        previous_close=None if previous_close is None else Decimal(previous_close),
        market_state=MarketState(content["state"]),
        # What an older process wrote has none.
        delay_seconds=content.get("delay_seconds", 0),
        confirmed_at=None if confirmed_at is None else datetime.fromisoformat(confirmed_at),
    )


def plain(number: Decimal | None, *, places: int | None = None) -> str | None:
    """Write a number without an exponent, which not every reader of JSON would understand.

    Args:
        number: what to write; unknown stays None.
        places: round to so many, half to even. Unless given it is exact, and loses only the
            zeros after its second decimal, which say how a database keeps it.
    """
    if number is None:
        return None
    if places is not None:
        text = format(number, f".{places}f")
    else:
        whole, point, decimals = format(number, "f").partition(".")
        text = whole + point + decimals[:2] + decimals[2:].rstrip("0")
    # A loss of nothing is no loss.
    return text.removeprefix("-") if not text.strip("-0.") else text
