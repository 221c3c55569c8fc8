"""Instruments that turn out to be others: everything follows, and can be taken back."""

from datetime import date
from decimal import Decimal

import pytest

from brokers.models import ImportRun
from brokers.services import committing, discrepancies
from marketdata import selectors as market
from marketdata import services
from marketdata.domain.instruments import AssetClass
from marketdata.models import Instrument, InstrumentAlias, InstrumentMerge, PriceBar
from portfolios import tasks
from portfolios.domain.alerts import AlertKind, Rule
from portfolios.domain.plans import TargetsBy
from portfolios.domain.targets import Bands, Target
from portfolios.domain.transactions import fingerprint
from portfolios.models import Alert, Plan, Position, Transaction, Watchlist
from portfolios.selectors.ledger import draft_of
from portfolios.services import alerts, ledger, merging, plans, watchlists
from tests import factories, stored
from tests.brokers.test_imports import HEADER, upload
from tests.factories import NOW, TODAY, buy, draft, sell
from tests.portfolios.conftest import computed

pytestmark = pytest.mark.django_db

ISIN = "US0846707026"


@pytest.fixture
def listed():
    """What everybody sees."""
    return factories.make_instrument("BRK.B", isin=ISIN)


@pytest.fixture
def own(ada):
    """What a sync made for Ada because nobody knew it."""
    return factories.make_instrument("BERK", owner=ada, mic="", name="Berkshire")


@pytest.fixture
def portfolio(ada, listed, own):
    """Ten of the one and five of the other, of which two were sold."""
    return computed(
        ada,
        draft("deposit", amount="10000"),
        buy(listed, "10", "100", "2026-01-05"),
        buy(own, "5", "110", "2026-01-12"),
        sell(own, "2", "120", "2026-02-05"),
    )


def follow(merge):
    return services.go_on(merge.pk, clock=lambda: NOW)


def merged(own, listed):
    made = services.merge_own_instrument(own.pk, into_id=listed.pk, owner_id=own.owner_id, now=NOW)
    return follow(made)


def undone(merge):
    services.undo_merge(merge.pk, now=NOW)
    return follow(merge)


def recalculate(portfolio):
    tasks.recalculate_portfolio(portfolio_id=str(portfolio.pk))


def held(portfolio):
    recalculate(portfolio)
    found = Position.objects.filter(portfolio=portfolio).exclude(quantity=0)
    return {each.instrument_id: each.quantity for each in found}


def closes_of(instrument):
    key = str(instrument.pk)
    found = market.closes_between([key], start=date(2026, 1, 1), end=TODAY)
    return [close for _, close in found.get(key, [])]


def rows_of(portfolio):
    rows = Transaction.objects.filter(portfolio=portfolio).order_by("pk")
    return [(row.pk, row.instrument_id, row.fingerprint, row.revision) for row in rows]


def test_positions_become_one_and_two_again(portfolio, own, listed):
    before = rows_of(portfolio)

    merge = merged(own, listed)

    assert (merge.state, merge.moved) == (InstrumentMerge.DONE, 2)
    assert held(portfolio) == {listed.pk: 13}
    rows = Transaction.objects.filter(portfolio=portfolio)
    assert all(row.fingerprint == fingerprint(draft_of(row)) for row in rows)
    assert [revision for *_, revision in rows_of(portfolio)] == [1, 1, 1, 1]

    assert undone(merge).state == InstrumentMerge.UNDONE
    assert held(portfolio) == {listed.pk: 10, own.pk: 3}
    assert rows_of(portfolio) == before


def test_the_gain_is_that_of_one_position(portfolio, own, listed):
    merged(own, listed)
    recalculate(portfolio)

    # First in, first out: the two that were sold had cost 100, not 110.
    assert Position.objects.get(portfolio=portfolio).realized_base == Decimal(40)


def test_it_is_found_by_what_it_was_called_and_made_no_second_time(portfolio, ada, own, listed, bo):
    merge = merged(own, listed)

    asked = {"user_id": ada.pk, "symbol": "BERK", "currency": "USD"}
    assert market.find_instrument(**asked, source="alpaca") == listed
    assert market.find_own_instrument(**asked) == listed
    assert market.find_typed("berk", user_id=ada.pk) == listed
    assert market.get_instrument(own.pk, user_id=ada.pk) == listed
    assert market.find_instrument(user_id=bo.pk, symbol="BERK") is None
    assert own not in market.list_own_instruments(ada.pk)
    with pytest.raises(services.InstrumentExists):
        services.create_instrument(
            ada.pk, symbol="BERK", name="x", currency="USD", asset_class=AssetClass.STOCK, now=NOW
        )

    undone(merge)
    assert market.find_typed("berk", user_id=ada.pk) == own
    assert not InstrumentAlias.objects.exists()


def test_what_is_watched_and_aimed_at_follows_and_comes_back(portfolio, ada, own, listed):
    rule = Rule(AlertKind.PRICE_ABOVE, Decimal(9))
    alerts.create_alert(ada.pk, wanted=alerts.Wanted(rule=rule, instrument_id=own.pk), now=NOW)
    for name, instruments in (("Both", (listed, own)), ("One", (own,))):
        made = watchlists.create_watchlist(ada.pk, name=name, now=NOW)
        for each in instruments:
            watchlists.put_entry(
                made.pk, owner_id=ada.pk, instrument_id=each.pk, note=each.symbol, now=NOW
            )
    targets = [
        Target(str(each.pk), Decimal(weight), (str(each.pk),))
        for each, weight in ((own, "0.4"), (listed, "0.6"))
    ]
    plans.set_targets(
        portfolio.pk, user_id=ada.pk, by=TargetsBy.HOLDING, targets=targets, bands=Bands(), now=NOW
    )

    def watching():
        entries = [
            [(each["instrument"], each["note"]) for each in row.entries]
            for row in Watchlist.objects.order_by("pk")
        ]
        goals = [(each["key"], each["weight"]) for each in Plan.objects.get().content["targets"]]
        return Alert.objects.get().instrument_id, entries, goals

    before = watching()
    merge = merged(own, listed)

    key = str(listed.pk)
    assert watching() == (listed.pk, [[(key, "BRK.B")], [(key, "BERK")]], [(key, "1")])
    assert market.count_references(own) == {}
    undone(merge)
    assert watching() == before


@pytest.mark.parametrize("breaks_after", [0, 1, 2])
def test_a_job_that_breaks_off_is_taken_on(portfolio, own, listed, monkeypatch, breaks_after):
    monkeypatch.setattr(merging, "_BATCH", 1)
    made = services.merge_own_instrument(own.pk, into_id=listed.pk, owner_id=own.owner_id, now=NOW)
    calls = iter(range(breaks_after + 1))

    def clock():
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return NOW

    with pytest.raises(KeyboardInterrupt):
        services.go_on(made.pk, clock=clock)

    assert follow(made).moved == 2
    assert held(portfolio) == {listed.pk: 13}
    # Taken back before it was done is taken back as well.
    assert undone(made).returned == 2
    assert held(portfolio) == {listed.pk: 10, own.pk: 3}


def test_taking_it_back_half_way_ends_where_it_began(portfolio, own, listed, monkeypatch):
    monkeypatch.setattr(merging, "_BATCH", 1)
    made = services.merge_own_instrument(own.pk, into_id=listed.pk, owner_id=own.owner_id, now=NOW)
    merging.move_some(merging.Merge(str(made.pk), own.pk, listed.pk, NOW))

    undone(made)

    assert held(portfolio) == {listed.pk: 10, own.pk: 3}


def test_what_is_written_late_follows_too(portfolio, own, listed):
    merge = merged(own, listed)
    ledger.record_transaction(portfolio.pk, draft=buy(own, "1", "100"), now=NOW)

    follow(merge)

    assert held(portfolio) == {listed.pk: 14}


def test_a_row_that_was_changed_since_keeps_its_change(portfolio, ada, own, listed):
    merge = merged(own, listed)
    row = Transaction.objects.get(kind="sell")
    other = factories.make_instrument("OTHER")
    ledger.edit_transaction(
        portfolio.pk,
        transaction_id=row.pk,
        draft=sell(other, "1", "9"),
        revision=1,
        changed_by=ada.pk,
        now=NOW,
    )

    undone(merge)

    assert Transaction.objects.get(pk=row.pk).instrument_id == other.pk


def test_an_import_that_was_checked_before_names_what_it_is_now(portfolio, ada, own, listed):
    run = upload(portfolio, HEADER + "2026-02-20,buy,BERK,1,100,0,USD,\n")
    assert market.count_references(own)["row waiting in an import"] == 1

    merged(own, listed)
    committing.request_commit(run, now=NOW)
    committing.commit(run.pk, clock=lambda: NOW)

    assert ImportRun.objects.get(pk=run.pk).rows_done == 1
    assert Transaction.objects.latest("pk").instrument_id == listed.pk


def test_a_brokers_figure_that_differed_before_is_accepted_for_what_it_is_now(
    portfolio, ada, own, listed
):
    row = factories.make_discrepancy(
        factories.make_connection(portfolio),
        measure="quantity",
        what="BERK",
        instrument_id=str(own.pk),
        theirs=Decimal(14),
        ours=Decimal(13),
    )
    merged(own, listed)
    Transaction.objects.filter(portfolio=portfolio).update(account="Alpaca PA1")

    discrepancies.accept(row, theirs=Decimal(14), ours=Decimal(13), decided_by=ada.pk, now=NOW)

    assert held(portfolio) == {listed.pk: 14}


def test_what_one_recorded_by_hand_stays_ones_own(portfolio, own, listed):
    factories.make_closes(own, {"2026-02-26": "1"})
    factories.make_closes(listed, {"2026-02-27": "2"})

    merged(own, listed)

    assert PriceBar.objects.get(instrument=listed).close == 2
    assert PriceBar.objects.get(instrument=own).close == 1


class TestRefusals:
    """Two that can't be the same."""

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"currency": "EUR"}, "priced in USD, the other in EUR"),
            ({"multiplier": Decimal(100)}, "worth differs"),
            ({"asset_class": "currency"}, "pair of currencies"),
            ({"isin": "US0378331005"}, "Their ISINs differ"),
        ],
    )
    def test_they_differ(self, own, fields, said):
        Instrument.objects.filter(pk=own.pk).update(isin=ISIN)
        other = factories.make_instrument("OTHER", **fields)
        before = stored.everything()

        with pytest.raises(services.MergeRefused, match=said):
            merged(own, other)
        assert stored.everything() == before

    def test_it_is_itself_or_merged_already(self, own, listed, ada, bo):
        with pytest.raises(services.MergeRefused, match="very instrument"):
            merged(own, own)
        theirs = factories.make_instrument("THEIRS", owner=bo, mic="")
        with pytest.raises(market.InstrumentNotFound):
            merged(own, theirs)
        with pytest.raises(market.NotYourInstrument):
            services.merge_own_instrument(listed.pk, into_id=own.pk, owner_id=ada.pk, now=NOW)
        merged(own, listed)
        with pytest.raises((services.AlreadyMerged, market.NotYourInstrument)):
            merged(own, listed)

    def test_the_later_one_of_two_is_taken_back_first(self, portfolio, own, listed, ada):
        last = factories.make_instrument("LAST")
        first = merged(own, listed)
        second = services.merge_instruments(listed.pk, into_id=last.pk, asked_by=ada.pk, now=NOW)
        follow(second)
        assert held(portfolio) == {last.pk: 13}
        assert market.get_instrument(own.pk, user_id=ada.pk) == last

        with pytest.raises(services.StillUsed):
            services.undo_merge(first.pk, now=NOW)
        undone(second)
        undone(first)

        assert held(portfolio) == {listed.pk: 10, own.pk: 3}


def test_what_everybody_sees_is_merged_with_its_closes_and_names(portfolio, ada, bo, listed):
    double = factories.make_instrument("BRKB", isin="US0378331005", mic="XNYS")
    factories.make_closes(double, {"2026-02-25": "1", "2026-02-26": "2"})
    factories.make_closes(listed, {"2026-02-26": "3"})
    services.name_instrument(double.pk, services.Alias(symbol="BRK_B", source="kite"), now=NOW)
    theirs = computed(bo, buy(double, "1", "5"))

    merge = follow(
        services.merge_instruments(double.pk, into_id=listed.pk, asked_by=ada.pk, now=NOW)
    )

    assert held(theirs) == {listed.pk: 1}
    assert closes_of(listed) == [1, 3]
    for named in (
        {"symbol": "BRKB"},
        {"isin": "US0378331005"},
        {"symbol": "BRK_B", "source": "kite"},
    ):
        assert market.find_instrument(user_id=bo.pk, **named) == listed

    undone(merge)
    assert held(theirs) == {double.pk: 1}
    assert (closes_of(double), closes_of(listed)) == ([1, 2], [3])
    double.refresh_from_db()
    assert (double.is_active, double.last_close) == (True, 2)
    assert market.find_instrument(user_id=bo.pk, symbol="BRK_B", source="kite") == double


class TestDeleting:
    """One's own that nothing speaks of."""

    def test_it_goes_with_its_closes(self, own, ada):
        factories.make_closes(own, {"2026-02-26": "1"})

        services.delete_own_instrument(own.pk, owner_id=ada.pk)

        assert not Instrument.objects.exists()
        assert not PriceBar.objects.exists()

    def test_what_is_spoken_of_stays(self, portfolio, own, listed, ada, bo):
        with pytest.raises(services.InstrumentInUse, match="2 transactions"):
            services.delete_own_instrument(own.pk, owner_id=ada.pk)
        with pytest.raises(market.InstrumentNotFound):
            services.delete_own_instrument(own.pk, owner_id=bo.pk)
        with pytest.raises(market.NotYourInstrument):
            services.delete_own_instrument(listed.pk, owner_id=ada.pk)
        assert Instrument.objects.count() == 2
