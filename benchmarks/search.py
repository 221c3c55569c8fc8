"""Type-ahead among 100,000 instruments, over the API, as quick typists ask for it."""

from __future__ import annotations

import gc
import random
from itertools import accumulate
from statistics import median
from time import perf_counter

from bson import ObjectId
from django.db import connections
from rest_framework.test import APIClient

from accounts.models import User
from benchmarks.measure import Figure
from common import clock
from common.bulk import batched
from marketdata.domain.instruments import AssetClass, identity_of
from marketdata.models import Instrument

INSTRUMENTS = 100_000
#: Of so many one belongs to somebody: a few hundred people with some of their own.
_OWNED = 10
_PEOPLE = 300
_ROUNDS = 5
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SYLLABLES = (
    *("ba", "co", "da", "el", "fi", "ga", "ho", "in", "ka", "lo", "mi", "na", "or", "pa"),
    *("ri", "sa", "ta", "un", "ve", "wa", "xi", "za", "bra", "che", "gre", "mor"),
)
_FORMS = ("Inc", "Corp", "Holdings", "Group", "PLC", "AG", "SA", "Fund", "ETF", "Trust")
#: What finds nothing, or a lot that has to be looked through.
_HARD = ("inc corp", "holdings etf", "h g", "gro fun", ".*", "^(a+)+$", "🚀", "x" * 10_000)


def run() -> list[Figure]:
    """Ask a server that has forgotten how it found things, then one that remembers."""
    dice = random.Random(7)
    person = User.objects.create_user("search@example.test", None)
    words = ["".join(dice.choices(_SYLLABLES, k=dice.randint(2, 4))) for _ in range(20_000)]
    texts = [*_fill(dice, words, person), *_HARD]
    client = APIClient()
    client.force_authenticate(person)
    gc.collect()
    cold = _typical(client, texts, forget=True)
    again = _typical(client, texts, forget=False)
    return [
        Figure("search.instruments", INSTRUMENTS, "rows"),
        Figure("search.cold.slowest", cold[-1], "ms", 80),
        Figure("search.again.median", again[len(again) // 2], "ms", 30),
        Figure("search.again.p95", again[len(again) * 95 // 100], "ms"),
        Figure("search.again.slowest", again[-1], "ms", 80),
    ]


def _typical(client: APIClient, texts: list[str], *, forget: bool) -> list[float]:
    """Return how long each text usually takes, the quickest first."""
    collection = connections["default"].get_collection(Instrument._meta.db_table)  # type: ignore[attr-defined]
    took: dict[str, list[float]] = {text: [] for text in texts}
    for _ in range(_ROUNDS):
        if forget:
            collection.database.command("planCacheClear", collection.name)
        for text, seen in took.items():
            seen.append(_ask(client, text))
    return sorted(median(seen) for seen in took.values())


def _ask(client: APIClient, text: str) -> float:
    start = perf_counter()
    answer = client.get("/api/v1/instruments/search/", {"q": text})
    took = (perf_counter() - start) * 1_000
    assert answer.status_code == 200, answer.content
    return took


def _fill(dice: random.Random, words: list[str], person: User) -> list[str]:
    """Make the instruments; return what people type who look for some of them."""
    # Few words are in many names, as it is with real ones.
    often = list(accumulate(1 / (place + 1) for place in range(len(words))))
    owners = [ObjectId() for _ in range(_PEOPLE)] + [person.pk]
    numbers = range(INSTRUMENTS)
    typed: list[str] = []
    for batch in batched(numbers, 5_000):
        made = []
        for number in batch:
            named = dice.choices(words, cum_weights=often, k=dice.randint(1, 3))
            owner = dice.choice(owners) if number % _OWNED == 0 else None
            each = _instrument(dice, number, " ".join([*named, dice.choice(_FORMS)]), owner)
            made.append(each)
        Instrument.objects.bulk_create(made)
        known = made[1]
        first, *_ = known.name.split()
        typed += [known.symbol[:1], known.symbol, first[:2], first[:4], known.name, known.isin[:8]]
    return typed


def _instrument(dice: random.Random, number: int, name: str, owner: ObjectId | None) -> Instrument:
    now = clock.now()
    # The number behind keeps each apart; symbols of one letter are rare.
    symbol = "".join(dice.choices(_LETTERS, k=dice.choice((1, 2, 3, 3, 4, 4, 4, 5))))
    mic, currency = f"X{number // 10_000:03}", "USD"
    identity = identity_of(symbol=f"{symbol}.{number}", mic=mic, currency=currency)
    return Instrument(
        identity=identity,
        owner_id=owner,
        symbol=symbol,
        name=name.title(),
        isin=f"US{number:09}{number % 10}",
        mic=mic,
        currency=currency,
        asset_class=AssetClass.STOCK.value,
        created_at=now,
        updated_at=now,
    )
