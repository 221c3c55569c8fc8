"""What staff see of the sources of market data, on the real pages of the back office."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.models import User
from common import clock, keys, redis
from common.remote.breaker import Breaker
from common.remote.errors import Transient
from common.remote.rates import Allowance
from marketdata import selectors
from marketdata.adapters import feed_state, registry
from marketdata.domain.condition import FeedState, SourceState
from marketdata.domain.routing import Interest, LeftOut, Reason, Wanted
from tests import factories


@pytest.fixture
def page(db, browser_of):
    """Open the page of the sources."""
    root = User.objects.create_superuser("root@example.test", "correct horse battery staple")
    client = browser_of(root)
    return lambda: client.get(reverse("admin:marketdata_sourcerun_changelist"))


@pytest.fixture(autouse=True)
def _no_feed():
    yield
    redis.client().delete(keys.FEED_STATE.of())


@pytest.fixture
def name(settings, monkeypatch):
    """Name a source that nobody has asked before."""
    name = f"test-{uuid4().hex}"
    settings.QUOTE_SOURCES = settings.BAR_SOURCES = [name]
    monkeypatch.setitem(registry._LIMITS, name, ("3/hour",))
    return name


def tell(*sources, left_out=(), now):
    state = FeedState(
        told_at=now,
        leads_since=now - timedelta(hours=1),
        number=7,
        sources=sources,
        instruments=5,
        uncovered=2,
        left_out=left_out,
        left_out_counts={Reason.NO_ROOM: 1} if left_out else {},
    )

    async def store():
        await feed_state.tell(state)
        await redis.close_async_client()

    asyncio.run(store())
    return state


def test_what_the_feed_tells_is_read_back_as_it_was():
    now = clock.now()
    missed = LeftOut(Wanted("0" * 24, Interest.ALERT, 3), Reason.NO_ROOM)
    source = SourceState(
        "shares", connected_at=now, silent_since=now, room=30, covers=4, skew_seconds=0.5
    )

    told = tell(source, SourceState("coins"), left_out=[missed], now=now)

    read = feed_state.read()
    assert (*read.sources, *read.left_out) == (*told.sources, *told.left_out)
    assert (read.left_out_counts, read.told_at, read.number) == ({Reason.NO_ROOM: 1}, now, 7)


def test_staff_see_a_silent_source_and_what_it_has_no_room_for(page, name):
    now = clock.now()
    instrument = factories.make_instrument("MISS")
    missed = LeftOut(Wanted(str(instrument.pk), Interest.ALERT, 3), Reason.NO_ROOM)
    gone = LeftOut(Wanted("0" * 24, Interest.VIEW, 1), Reason.NO_ROOM)
    silent = SourceState(
        name, connected_at=now, heard_at=now, silent_since=now, wanted=9, subscribed=8, room=8
    )
    tell(silent, left_out=[missed, gone], now=now)

    answer = page()

    text = answer.content.decode()
    assert "Connected, but silent" in text
    assert "silent since" in text
    assert "8 streamed of 9" in text
    assert "no source of quotes knows 2" in text
    report = answer.context["report"]
    assert [(each.identity, each.people, each.reason) for each in report.missing] == [
        ("XNAS:MISS:USD", 3, "Its sources take no more")
    ]


def test_staff_see_a_breaker_that_is_open_and_what_is_left_of_the_allowance(page, name):
    now = clock.now()
    Allowance(name, ("3/hour",)).take(now=now)
    failing = Breaker(name, failures=1)
    with pytest.raises(Transient):
        failing.call(_fail)

    text = page().content.decode()

    assert "No process leads the feed" in text
    assert "breaker open until" in text
    assert "2 of 3 per 1 hour" in text
    assert "Quotes, Daily bars" in text


def test_staff_see_a_pause_that_a_source_asked_for(page, name):
    now = clock.now()
    Allowance(name).pause(until=now + timedelta(minutes=5), now=now)

    assert "by its wish until" in page().content.decode()


def test_the_page_opens_without_redis(page, name, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = page()

    assert answer.status_code == 200
    assert not answer.context["report"].sources[0].is_known


def _fail():
    raise Transient("away")


class TestChosenSources:
    """The sources of an instrument, which staff choose on its page."""

    @pytest.fixture
    def save(self, db, browser_of):
        """Save the form of an instrument with some of its fields changed."""
        root = User.objects.create_superuser("root@example.test", "correct horse battery staple")
        browser = browser_of(root)

        def save(instrument, **changes):
            address = reverse("admin:marketdata_instrument_change", args=[instrument.pk])
            form = browser.get(address).context["adminform"].form
            shown = {name: form[name].value() or "" for name in form.fields}
            return browser.post(address, shown | {"weights": "null"} | changes)

        return save

    def test_they_are_stored_shown_and_taken_back(self, save):
        instrument = factories.make_instrument("ACME")

        save(instrument, quote_sources="binance, alpaca", bars_sources="none")
        chosen = selectors.list_listings()[0]
        # The form shows what is stored: saving it again changes nothing.
        save(instrument)
        instrument.refresh_from_db()
        kept = instrument.sources
        save(instrument, quote_sources="", bars_sources="")
        instrument.refresh_from_db()

        assert (chosen.quote_sources, chosen.bar_sources) == (("binance", "alpaca"), ())
        assert kept == {"quote": ["binance", "alpaca"], "bars": []}
        assert instrument.sources is None

    @pytest.mark.parametrize(
        ("field", "text", "reason"),
        [
            ("quote_sources", "twelvedata", "There is no source twelvedata for this"),
            ("bars_sources", "alpaca alpaca", "alpaca is there twice"),
            ("fx_sources", "ecb", "Only a currency pair has exchange rates"),
        ],
    )
    def test_what_makes_no_sense_is_refused_beside_the_field(self, save, field, text, reason):
        instrument = factories.make_instrument("ACME")

        answer = save(instrument, **{field: text})

        (message,) = answer.context["adminform"].form.errors[field]
        assert reason in message
        instrument.refresh_from_db()
        assert instrument.sources is None

    def test_a_pair_goes_by_chosen_rates(self, save):
        pair = factories.make_pair("EUR/USD")

        save(pair, fx_sources="ecb")

        assert selectors.fx_chains() == {str(pair.pk): ("ecb",)}
