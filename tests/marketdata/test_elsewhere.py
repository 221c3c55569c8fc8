"""What nothing here is found by is looked for at the sources, and taken in when it is chosen."""

from __future__ import annotations

from uuid import uuid4

import pytest

from common.remote.errors import Transient
from marketdata import tasks
from marketdata.adapters.base import Asset
from marketdata.domain.instruments import AssetClass
from marketdata.models import Instrument
from marketdata.services import elsewhere
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


class Directory:
    """A source that knows some assets whatever it is asked."""

    name = "directory"

    def __init__(self, *assets, failure=None):
        self.assets = assets
        self.failure = failure

    def find_assets(self, text):
        if self.failure:
            raise self.failure
        return list(self.assets)


def asset(symbol, *, mic="XNAS", source="directory"):
    return Asset(
        symbol=symbol,
        name=f"{symbol} Inc.",
        mic=mic,
        currency="USD",
        asset_class=AssetClass.STOCK,
        source=source,
    )


@pytest.fixture
def text():
    """Return what nobody has searched for before, for what was found is remembered."""
    return f"Q{uuid4().hex[:12]}".upper()


@pytest.fixture
def queued(monkeypatch, settings):
    """Switch a source with a key on, and collect what it would be asked."""
    settings.BAR_SOURCES, settings.TWELVEDATA_KEY = ["twelvedata"], "key"
    texts = []
    monkeypatch.setattr(
        tasks.look_elsewhere, "apply_async", lambda **given: texts.append(given["kwargs"]["text"])
    )
    return texts


@pytest.fixture
def search(ada, program_of):
    program = program_of(ada)

    def search(text):
        answer = program.get("/api/v1/instruments/search/", {"q": text})
        assert answer.status_code == 200
        return answer.json()

    return search


@pytest.fixture
def choose(ada, program_of):
    program = program_of(ada)
    return lambda identity: program.post(
        "/api/v1/instruments/found/", {"identity": identity}, format="json"
    )


def test_a_miss_asks_the_sources_once_and_offers_what_they_know(search, queued, text):
    first, again = search(text), search(f"  {text.lower()} ")
    elsewhere.look_elsewhere(text, [Directory(asset(text), asset(text, mic="XETR"))])
    found = search(text)

    # Nobody waits: the first answer is there before any source was asked.
    assert (first["results"], first["elsewhere"], first["is_asking"]) == ([], [], True)
    assert (again["is_asking"], queued) == (True, [text])
    assert found["is_asking"] is False
    assert [each["identity"] for each in found["elsewhere"]] == [
        f"XNAS:{text}:USD",
        f"XETR:{text}:USD",
    ]


def test_what_is_chosen_is_taken_in_for_everybody(search, choose, queued, text, bo, program_of):
    elsewhere.look_elsewhere(text, [Directory(asset(text), asset(text, mic="XETR"))])

    chosen = choose(f"XNAS:{text}:USD")
    twice = choose(f"XNAS:{text}:USD")

    assert (chosen.status_code, twice.json()["id"]) == (201, chosen.json()["id"])
    made = Instrument.objects.get()
    assert (made.identity, made.owner_id, made.name) == (f"XNAS:{text}:USD", None, f"{text} Inc.")
    found = program_of(bo).get("/api/v1/instruments/search/", {"q": text}).json()
    assert [each["id"] for each in found["results"]] == [str(made.pk)]
    # What is found here is all that is offered.
    assert (found["elsewhere"], found["is_asking"], queued) == ([], False, [])


def test_what_no_source_told_of_is_not_taken_in(choose, text):
    answer = choose(f"XNAS:{text}:USD")

    assert answer.status_code == 404
    assert answer.json()["type"].endswith("asset-not-found")
    assert not Instrument.objects.exists()


def test_nothing_is_asked_without_a_key_or_for_what_is_here(search, queued, settings, text):
    factories.make_instrument(text)
    assert search(text)["is_asking"] is False

    settings.TWELVEDATA_KEY = ""
    assert search(f"{text}X")["is_asking"] is False
    assert queued == []


@pytest.mark.parametrize("junk", ["", " ", "x", "🦊", "y" * 41, "z" * 10_000])
def test_what_is_too_short_or_too_long_is_not_asked(search, queued, junk, ada, program_of):
    answer = program_of(ada).get("/api/v1/instruments/search/", {"q": junk})

    assert answer.status_code in {200, 422}
    assert queued == []


def test_that_sources_know_nothing_is_remembered_and_that_they_failed_is_not(search, queued, text):
    elsewhere.look_elsewhere(text, [Directory(failure=Transient("away"))])
    assert search(text)["is_asking"] is True

    elsewhere.look_elsewhere(text, [Directory()])
    assert search(text)["is_asking"] is False


def test_without_redis_the_search_works_as_before(search, queued, settings, text):
    factories.make_instrument(text)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert [each["symbol"] for each in search(text)["results"]] == [text]
    assert search(f"{text}X")["is_asking"] is True
    assert queued == []


def test_what_has_turned_out_to_be_another_one_is_the_other_one(choose, text):
    survivor = factories.make_instrument("SURVIVOR")
    factories.make_instrument(text, merged_into=survivor, is_active=False)

    assert choose(f"XNAS:{text}:USD").json()["id"] == str(survivor.pk)


def test_two_who_choose_the_same_get_the_same(text):
    elsewhere.look_elsewhere(text, [Directory(asset(text))])

    first = elsewhere.take_in(f"XNAS:{text}:USD", now=NOW)
    second = elsewhere.take_in(f"XNAS:{text}:USD", now=NOW)

    assert first.pk == second.pk
