"""Files on their way into a ledger: preview, commit, undo, on the real database."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from brokers import exports, presentation, selectors
from brokers.domain.imports import RowState, RunState
from brokers.models import ImportRow, ImportRun
from brokers.services import committing, intake, reading, runs
from marketdata import services as market
from marketdata.models import Instrument
from portfolios import selectors as portfolios
from portfolios.models import Portfolio, Transaction
from portfolios.services import ledger
from tests import factories
from tests.factories import NOW, buy

pytestmark = pytest.mark.django_db

HEADER = "date,type,symbol,quantity,price,fee,currency,note\n"
ROWS = HEADER + (
    "2026-01-05,buy,ACME,10,5.50,1,USD,first\n"
    "2026-01-06,buy,ACME,10,5.50,1,USD,second\n"
    "2026-02-05,sell,ACME,4,6,1,USD,\n"
)


@pytest.fixture
def acme():
    return factories.make_instrument("ACME")


@pytest.fixture
def portfolio(ada):
    return factories.make_portfolio(ada)


def upload(portfolio, text, *, name="file.csv", creates_instruments=False):
    run = intake.open_import(
        portfolio.pk,
        owner_id=portfolio.owner_id,
        file_name=name,
        chunks=[text if isinstance(text, bytes) else text.encode()],
        creates_instruments=creates_instruments,
        now=NOW,
    )
    reading.read(run.pk, row_limit=1_000, clock=lambda: NOW)
    return ImportRun.objects.get(pk=run.pk)


def commit(run):
    committing.request_commit(run, now=NOW)
    committing.commit(run.pk, clock=lambda: NOW)
    return ImportRun.objects.get(pk=run.pk)


def undo(run):
    committing.request_undo(run, now=NOW)
    committing.undo(run.pk, clock=lambda: NOW)
    return ImportRun.objects.get(pk=run.pk)


def counts(run):
    return run.rows_new, run.rows_duplicate, run.rows_error


def test_a_preview_changes_nothing(portfolio, acme):
    run = upload(portfolio, ROWS)

    assert run.state == RunState.PREVIEW.value
    assert counts(run) == (3, 0, 0)
    assert not Transaction.objects.exists()


def test_committing_writes_the_rows_once(portfolio, acme):
    run = commit(upload(portfolio, ROWS))

    assert (run.state, run.rows_done) == (RunState.COMMITTED.value, 3)
    rows = list(portfolios.list_transactions(portfolio.pk))
    assert [(row.kind, row.quantity, row.note) for row in rows] == [
        ("sell", Decimal(4), ""),
        ("buy", Decimal(10), "second"),
        ("buy", Decimal(10), "first"),
    ]
    with pytest.raises(runs.WrongState):
        committing.request_commit(run, now=NOW)


def test_an_import_that_is_repeated_brings_nothing_new(portfolio, acme):
    commit(upload(portfolio, ROWS))

    assert counts(upload(portfolio, ROWS)) == (0, 3, 0)


@pytest.mark.parametrize(
    ("in_ledger", "in_file", "new"), [(0, 2, 2), (1, 2, 1), (2, 2, 0), (3, 2, 0), (1, 4, 3)]
)
def test_equal_rows_are_matched_as_many_as_there_are(portfolio, acme, in_ledger, in_file, new):
    for _ in range(in_ledger):
        ledger.record_transaction(portfolio.pk, draft=buy(acme, "10", "5.5", fee="1"), now=NOW)

    run = upload(portfolio, HEADER + "2026-01-05,buy,ACME,10,5.50,1.00,USD,again\n" * in_file)

    assert counts(run) == (new, in_file - new, 0)
    commit(run)
    assert Transaction.objects.count() == max(in_ledger, in_file)


def test_two_previews_of_one_file_commit_it_once(portfolio, acme):
    first, second = upload(portfolio, ROWS), upload(portfolio, ROWS)
    commit(first)

    late = commit(second)

    assert (late.rows_done, late.rows_duplicate) == (0, 3)
    assert Transaction.objects.count() == 3


def test_undoing_takes_the_whole_import_out_and_only_that(portfolio, acme):
    kept = ledger.record_transaction(portfolio.pk, draft=buy(acme, "1", "1"), now=NOW)
    run = undo(commit(upload(portfolio, ROWS)))

    assert run.state == RunState.UNDONE.value
    assert [row.pk for row in portfolios.list_transactions(portfolio.pk)] == [kept.pk]
    # And the same file may be imported again.
    assert counts(upload(portfolio, ROWS)) == (3, 0, 0)


def test_a_worker_that_takes_over_goes_on_where_the_lost_one_was(portfolio, acme, monkeypatch):
    monkeypatch.setattr(committing, "_BATCH", 1)
    run = upload(portfolio, ROWS)
    committing.request_commit(run, now=NOW)
    calls = []

    def dying_clock():
        calls.append(None)
        if len(calls) > 2:
            raise KeyboardInterrupt
        return NOW

    with pytest.raises(KeyboardInterrupt):
        committing.commit(run.pk, clock=dying_clock)
    assert 0 < Transaction.objects.count() < 3
    assert list(selectors.list_lost(now=NOW + timedelta(minutes=2))) == [run]

    committing.commit(run.pk, clock=lambda: NOW)

    assert Transaction.objects.count() == 3
    assert ImportRun.objects.get(pk=run.pk).rows_done == 3


def test_a_worker_that_was_replaced_writes_no_more(portfolio, acme, monkeypatch):
    monkeypatch.setattr(committing, "_BATCH", 1)
    run = upload(portfolio, ROWS)
    committing.request_commit(run, now=NOW)
    calls = []

    def overtaking_clock():
        calls.append(None)
        if len(calls) == 3:
            committing.commit(run.pk, clock=lambda: NOW)
        return NOW

    with pytest.raises(runs.Replaced):
        committing.commit(run.pk, clock=overtaking_clock)

    assert Transaction.objects.count() == 3


def test_an_unknown_symbol_is_an_error_that_names_row_and_field(portfolio):
    run = upload(portfolio, ROWS)

    assert counts(run) == (0, 0, 3)
    row = selectors.list_rows(run.pk, state=RowState.ERROR).first()
    assert row.number == 2
    (error,) = row.errors
    assert error["field"] == "symbol"
    assert "ACME" in error["message"]


def test_unknown_symbols_become_instruments_of_the_owners_own_if_that_is_wanted(portfolio, ada, bo):
    run = commit(upload(portfolio, ROWS, creates_instruments=True))

    made = Instrument.objects.get()
    assert (made.symbol, made.currency, made.owner_id) == ("ACME", "USD", ada.pk)
    assert run.rows_done == 3
    # The same file again finds them.
    assert counts(upload(portfolio, ROWS, creates_instruments=True)) == (0, 3, 0)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("2026-01-05,buy,ACME,-10,5,1,USD,", "quantity"),
        ("2026-01-05,buy,ACME,1e40,5,1,USD,", "quantity"),
        ("2026-01-05,buy,ACME,NaN,5,1,USD,", "quantity"),
        ("2026-01-05,buy,ACME,0,5,1,USD,", "quantity"),
        ("2026-01-05,buy,ACME,10,,1,USD,", "price"),
        ("2026-13-05,buy,ACME,10,5,1,USD,", "trade_date"),
        ("2999-01-05,buy,ACME,10,5,1,USD,", "trade_date"),
        ("2026-01-05,bye,ACME,10,5,1,USD,", "kind"),
        ("2026-01-05,buy,ACME,10,5,1,XXX,", "currency"),
        ("2026-01-05,buy,,10,5,1,USD,", "instrument_id"),
    ],
)
def test_a_bad_row_is_named_and_the_good_ones_stay(portfolio, acme, row, field):
    run = upload(portfolio, ROWS + row + "\n")

    assert counts(run) == (3, 0, 1)
    bad = selectors.list_rows(run.pk, state=RowState.ERROR).get()
    assert bad.number == 5
    assert field in {error["field"] for error in bad.errors}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.csv", b"PK\x03\x04" + bytes(2_000)),
        ("half.json", b'{"meta": {}, "activities": [{"type": "BUY", "symbol": "AC'),
        ("text.csv", b"just some text\nwithout columns\n"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(500)),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(portfolio, name, content):
    run = upload(portfolio, content, name=name)

    assert run.state == RunState.REFUSED.value
    assert run.error
    assert not ImportRow.objects.exists()
    assert not Transaction.objects.exists()


def test_an_empty_file_is_refused_at_the_door(portfolio):
    with pytest.raises(intake.EmptyFile):
        upload(portfolio, b"")

    assert not ImportRun.objects.exists()


def test_a_file_with_too_many_rows_is_refused_whole(portfolio, acme):
    run = intake.open_import(
        portfolio.pk,
        owner_id=portfolio.owner_id,
        file_name="long.csv",
        chunks=[ROWS.encode()],
        creates_instruments=False,
        now=NOW,
    )

    reading.read(run.pk, row_limit=2, clock=lambda: NOW)

    run.refresh_from_db()
    assert run.state == RunState.REFUSED.value
    assert "2 rows" in run.error


def test_a_discarded_preview_leaves_nothing(portfolio, acme):
    run = upload(portfolio, ROWS)

    intake.discard(run, now=NOW)

    assert not ImportRow.objects.exists()
    assert list(selectors.list_imports(portfolio.pk)) == []


@pytest.mark.parametrize("form", ["json", "csv"])
def test_an_export_imports_again_to_the_same_ledger(portfolio, ada, form, acme):
    commit(upload(portfolio, ROWS))
    ledger.record_transaction(
        portfolio.pk,
        draft=factories.draft("deposit", "2026-01-02", amount="99.5", note="=1+1", account="Main"),
        now=NOW,
    )
    content = b"".join(exports.write(Portfolio.objects.get(pk=portfolio.pk), form=form))
    copy = factories.make_portfolio(ada, name="Copy")

    run = commit(upload(copy, content, name=f"export.{form}"))

    assert (run.rows_done, run.rows_error) == (4, 0)
    fields = (
        "kind",
        "trade_date",
        "instrument_id",
        "quantity",
        "price",
        "amount",
        "fee",
        "tax",
        "currency",
        "note",
        "account",
        "fingerprint",
    )

    def rows(of):
        return sorted(map(str, portfolios.list_transactions(of.pk).values_list(*fields)))

    assert rows(copy) == rows(portfolio)


def test_an_own_instrument_keeps_its_currency_through_an_export(portfolio, ada, bo):
    house = factories.make_instrument("HOUSE", mic="", currency="CHF", owner=ada)
    ledger.record_transaction(
        portfolio.pk, draft=buy(house, "1", "100", currency="USD", fx_rate="1"), now=NOW
    )
    content = b"".join(exports.write(portfolio, form="json"))

    run = commit(
        upload(factories.make_portfolio(bo), content, name="export.json", creates_instruments=True)
    )

    assert run.rows_done == 1
    made = Instrument.objects.get(owner=bo)
    assert (made.symbol, made.currency) == ("HOUSE", "CHF")


def test_the_second_instrument_of_a_row_is_found_or_made_or_missed_by_its_name(portfolio, ada):
    acme = factories.make_instrument("ACME")
    table = (
        "date,type,symbol,to symbol,ratio,cost share,to instrument currency,multiplier,"
        "to multiplier,currency\n"
        "2026-01-05,spin off,ACME,PART,0.5,0.2,CHF,,10,USD\n"
    )

    refused = upload(portfolio, table)
    run = commit(upload(portfolio, table, creates_instruments=True))

    (row,) = selectors.list_rows(refused.pk)
    assert [error["field"] for error in row.errors] == ["to_symbol"]
    assert presentation.row_line(row)["symbol"] == "ACME → PART"
    assert (run.rows_done, run.rows_error) == (1, 0)
    (event,) = portfolios.list_events(portfolio.pk)
    made = Instrument.objects.get(owner=ada)
    assert (made.symbol, made.currency, made.multiplier) == ("PART", "CHF", 10)
    assert (event.instrument_id, event.to_instrument_id) == (str(acme.pk), str(made.pk))
    assert (event.ratio, event.cost_share) == (Decimal("0.5"), Decimal("0.2"))


def recorded_lots(of):
    """Return the lots that each sale names, by the price that their rows were bought at."""
    prices = {str(row.pk): row.price for row in portfolios.list_transactions(of.pk)}
    sales = portfolios.list_transactions(of.pk).filter(kind="sell")
    return [[(prices.get(key), units) for key, units in sale.lots] for sale in sales]


@pytest.fixture
def sold_by_name(portfolio, acme):
    """A ledger in which a sale takes the newer of two lots, recorded before the older one."""
    bought = [
        ledger.record_transaction(portfolio.pk, draft=buy(acme, "2", price, day), now=NOW)
        for price, day in (("7", "2026-01-07"), ("5", "2026-01-05"))
    ]
    draft = factories.sell(
        acme, "2", "9", lots=((str(bought[0].pk), Decimal(1)), (str(bought[1].pk), Decimal(1)))
    )
    ledger.record_transaction(portfolio.pk, draft=draft, now=NOW)
    return portfolio


def test_a_sale_takes_the_same_lots_after_an_export(sold_by_name, ada):
    content = b"".join(exports.write(sold_by_name, form="json"))
    copy = factories.make_portfolio(ada, name="Copy")

    run = upload(copy, content, name="export.json")
    assert counts(run) == (3, 0, 0)
    commit(run)

    assert recorded_lots(copy) == recorded_lots(sold_by_name) == [[(7, "1"), (5, "1")]]
    assert Portfolio.objects.get(pk=copy.pk).stale_from == date(2026, 1, 5)


def test_a_lot_whose_row_is_there_already_is_found_and_one_that_is_not_stays_unknown(
    sold_by_name, ada, acme
):
    content = b"".join(exports.write(sold_by_name, form="json"))
    content = content.replace(b'"price": "7"', b'"price": "seven"')
    copy = factories.make_portfolio(ada, name="Copy")
    ledger.record_transaction(copy.pk, draft=buy(acme, "2", "5", "2026-01-05"), now=NOW)

    run = upload(copy, content, name="export.json")
    assert counts(run) == (1, 1, 1)
    commit(run)

    assert recorded_lots(copy) == [[(None, "1"), (5, "1")]]


def test_somebody_elses_import_is_not_found(portfolio, bo, acme):
    run = upload(portfolio, ROWS)

    with pytest.raises(selectors.ImportNotFound):
        selectors.get_import(run.pk, portfolio_id=portfolio.pk, owner_id=bo.pk)


def test_a_symbol_means_what_its_format_meant_on_the_day(portfolio, acme):
    old = factories.make_instrument("OLD")
    renamed = date(2026, 2, 1)
    for instrument, alias in (
        (old, market.Alias(symbol="ABC", source="csv", valid_until=renamed)),
        (acme, market.Alias(symbol="ABC", source="csv", valid_from=renamed)),
    ):
        market.name_instrument(instrument.pk, alias, now=NOW)

    run = upload(portfolio, ROWS.replace("ACME", "abc"))
    commit(run)

    rows = Transaction.objects.order_by("trade_date").values_list("instrument_id", flat=True)
    assert list(rows) == [old.pk, old.pk, acme.pk]
