"""Reference rates become closes of the currency pairs, on the real database."""

from datetime import timedelta
from decimal import Decimal

import pytest

from common.remote.errors import Transient
from common.remote.http import HttpClient, Service
from marketdata import selectors, services, tasks
from marketdata.adapters import registry
from marketdata.adapters.chain import AllFailed
from marketdata.adapters.ecb.client import EcbSource
from marketdata.domain.sources import Capabilities, Need, Parsed, ReferenceRates, RowError
from marketdata.models import Instrument, PriceBar, SourceRun
from tests import factories
from tests.factories import NOW, TODAY
from tests.remote_server import Said, remote_server

pytestmark = pytest.mark.django_db

YESTERDAY = TODAY - timedelta(days=1)


class Bank:
    """A source of rates that says what it is told to, and remembers since when it was asked."""

    capabilities = Capabilities(needs=frozenset({Need.FX}), asset_classes=frozenset())

    def __init__(self, *days, name="bank", errors=(), failure=None):
        self.name = name
        self.days = days
        self.errors = errors
        self.failure = failure
        self.asked = []

    def reference_rates(self, *, start, today):
        self.asked.append(start)
        if self.failure:
            raise self.failure
        return Parsed(rows=[day for day in self.days if day.date >= start], errors=self.errors)


def day_of(day, **rates):
    return ReferenceRates(
        date=day, base="EUR", rates={name: Decimal(rate) for name, rate in rates.items()}
    )


def record(*sources, today=TODAY, now=NOW):
    return services.record_reference_rates(sources, today=today, now=now)


def closes():
    return [(bar.instrument.symbol, bar.date, str(bar.close.normalize())) for bar in by_symbol()]


@pytest.fixture
def dollar():
    return factories.make_pair("EUR/USD")


def test_pairs_get_their_rates_and_other_pairs_the_cross_rate(dollar):
    factories.make_pair("USD/JPY")
    bank = Bank(day_of(YESTERDAY, USD="1.2"), day_of(TODAY, USD="1.25", JPY="150"))

    done = record(bank)

    assert (done.written, done.source) == (3, "bank")
    assert closes() == [
        ("EUR/USD", YESTERDAY, "1.2"),
        ("EUR/USD", TODAY, "1.25"),
        ("USD/JPY", TODAY, "1.2E+2"),
    ]
    dollar.refresh_from_db()
    assert (dollar.last_close, dollar.last_close_date) == (Decimal("1.25"), TODAY)
    assert {bar.source for bar in PriceBar.objects.all()} == {"bank"}
    assert selectors.rate_history(start=TODAY, end=TODAY).on(TODAY).rate("USD", "EUR") == Decimal(
        "0.8"
    )


def test_the_first_run_asks_for_the_past_and_later_ones_for_what_is_missing(dollar):
    bank = Bank(day_of(YESTERDAY, USD="1.2"))

    record(bank)
    record(bank)
    bank.days = (*bank.days, day_of(TODAY, USD="1.25"))
    record(bank)
    last = record(bank)

    assert bank.asked == [TODAY - services.HISTORY, TODAY, TODAY]
    assert last.written == 0
    assert len(closes()) == 2


def test_a_pair_takes_only_the_sources_that_were_chosen_for_it(dollar):
    factories.make_pair("EUR/CHF", sources={"fx": ["other", "bank"]})
    factories.make_pair("EUR/SEK", sources={"fx": ["nobody"]})
    bank = Bank(day_of(TODAY, USD="1.25", CHF="0.95", SEK="11"))
    other = Bank(day_of(TODAY, USD="1.3", CHF="0.96", SEK="12"), name="other")

    done = record(bank, other)
    other.failure = Transient("nobody is there")
    again = record(bank, other, today=TODAY + timedelta(days=1))

    assert (done.written, again.written) == (2, 0)
    assert [(bar.instrument.symbol, bar.source) for bar in by_symbol()] == [
        ("EUR/CHF", "other"),
        ("EUR/USD", "bank"),
    ]
    # The bank stood in for the other one, and was asked only for what the pair lacked.
    assert bank.asked[-1] == TODAY + timedelta(days=1)


def test_pairs_of_other_sources_get_their_rates_though_one_is_away(dollar):
    factories.make_pair("EUR/CHF", sources={"fx": ["away"]})
    away = Bank(name="away", failure=Transient("nobody is there"))

    with pytest.raises(AllFailed, match="away: nobody is there"):
        record(Bank(day_of(TODAY, USD="1.25")), away)

    assert closes() == [("EUR/USD", TODAY, "1.25")]


def by_symbol():
    return PriceBar.objects.order_by("instrument__symbol", "date").select_related("instrument")


def test_writing_the_same_again_changes_nothing(dollar):
    bank = Bank(day_of(TODAY, USD="1.25"))
    record(bank)
    SourceRun.objects.all().delete()

    again = record(bank, now=NOW + timedelta(hours=1))

    assert again.written == 0
    assert PriceBar.objects.get().recorded_at == NOW


def test_a_corrected_rate_replaces_the_first_one(dollar):
    record(Bank(day_of(TODAY, USD="1.25")))
    SourceRun.objects.all().delete()

    assert record(Bank(day_of(TODAY, USD="1.26"))).written == 1
    assert closes() == [("EUR/USD", TODAY, "1.26")]


def test_an_older_rate_leaves_a_newer_close_the_last_one(dollar):
    factories.make_closes(dollar, {str(TODAY): "1.3"})

    record(Bank(day_of(YESTERDAY, USD="1.2")))

    dollar.refresh_from_db()
    assert (dollar.last_close, dollar.last_close_date) == (Decimal("1.3"), TODAY)


def test_a_pair_that_is_new_gets_its_past(dollar):
    bank = Bank(day_of(YESTERDAY, USD="1.2", SEK="11"))
    record(bank)
    later = NOW + timedelta(hours=1)
    factories.make_pair("EUR/SEK", created_at=later)

    record(bank, now=later + timedelta(hours=1))

    assert ("EUR/SEK", YESTERDAY, "11") in closes()


def test_what_was_not_published_and_what_can_not_be_read_is_kept_for_staff(dollar):
    factories.make_pair("EUR/RUB")
    bank = Bank(day_of(TODAY, USD="1.25"), errors=[RowError("2026-03-02 RUB", "'?' is no rate.")])

    record(bank)

    run = SourceRun.objects.get()
    assert (run.source, run.need, run.state) == ("bank", "fx", SourceRun.PARTIAL)
    assert (run.ran_at, run.last_good_at, run.written, run.newest_date) == (NOW, NOW, 1, TODAY)
    assert run.detail == "Not published: EUR/RUB.\n2026-03-02 RUB: '?' is no rate."


def test_the_second_source_answers_for_the_first(dollar):
    away = Bank(name="away", failure=Transient("away didn't answer."))

    done = record(away, Bank(day_of(TODAY, USD="1.25")))

    assert (done.written, done.source) == (1, "bank")
    states = dict(SourceRun.objects.values_list("source", "state"))
    assert states == {"away": SourceRun.FAILED, "bank": SourceRun.OK}


def test_a_failure_is_kept_beside_what_was_good_before(dollar):
    record(Bank(day_of(YESTERDAY, USD="1.2")))
    later = NOW + timedelta(days=1)

    with pytest.raises(AllFailed, match="bank: nobody is there"):
        record(Bank(failure=Transient("nobody is there")), now=later)

    run = SourceRun.objects.get()
    assert (run.state, run.detail, run.ran_at) == (SourceRun.FAILED, "nobody is there", later)
    assert (run.last_good_at, run.newest_date) == (NOW, YESTERDAY)
    assert closes() == [("EUR/USD", YESTERDAY, "1.2")]


def test_somebodys_own_pair_is_left_alone(ada):
    factories.make_pair("EUR/USD", owner=ada)

    assert record(Bank(day_of(TODAY, USD="1.25"))).written == 0
    assert closes() == []


def test_the_job_brings_the_banks_file_into_the_pairs(dollar, monkeypatch):
    day = tasks.clock.now().date()
    body = (
        '<Envelope xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"><Cube>'
        f'<Cube time="{day - timedelta(days=7)}"><Cube currency="USD" rate="1.0705"/></Cube>'
        "</Cube></Envelope>"
    )
    SourceRun.objects.create(
        source="ecb",
        need="fx",
        state=SourceRun.OK,
        ran_at=NOW,
        last_good_at=tasks.clock.now(),
        newest_date=day - timedelta(days=8),
    )
    with remote_server() as remote:
        remote.answers = [Said(body.encode(), type="text/xml")]
        source = EcbSource(HttpClient(Service(name="ecb-job", base_url=remote.url)))
        monkeypatch.setattr(tasks, "fx_sources", lambda: [source])

        tasks.record_reference_rates()

    assert closes() == [("EUR/USD", day - timedelta(days=7), "1.0705")]
    assert SourceRun.objects.get().state == SourceRun.OK


def test_a_job_that_fails_leaves_it_to_the_next_one(dollar, monkeypatch):
    monkeypatch.setattr(tasks, "fx_sources", lambda: [Bank(failure=Transient("away"))])

    tasks.record_reference_rates()

    assert SourceRun.objects.get().state == SourceRun.FAILED


def test_without_a_source_the_job_does_nothing(dollar):
    tasks.record_reference_rates()

    assert SourceRun.objects.count() == 0
    assert Instrument.objects.get().last_close is None


def test_sources_are_named_by_the_settings(settings):
    settings.FX_SOURCES = ["ecb"]
    assert [each.name for each in registry.fx_sources()] == ["ecb"]

    settings.FX_SOURCES = ["ecb", "oracle"]
    with pytest.raises(registry.ImproperlyConfigured, match="oracle"):
        registry.fx_sources()
