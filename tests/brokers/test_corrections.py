"""What a broker corrects, cancels and takes back later, and what its owner made of it meanwhile."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.models import BrokerRow
from common import clock
from portfolios import selectors as portfolios
from portfolios.models import Transaction
from portfolios.services import ledger
from tests.brokers.sandboxed import (
    assert_equals_truth,
    sync,
)
from tests.failpoints import fail_point

__all__ = ["fail_point"]

pytestmark = pytest.mark.django_db
ACTIVITIES = "/v2/account/activities"


def noted(note="mine"):
    """Write a note on the purchase, and on nothing else of it."""
    row = Transaction.objects.get(kind="buy", is_void=False)
    ledger.edit_transaction(
        row.portfolio_id,
        transaction_id=row.pk,
        draft=replace(portfolios.draft_of(row), note=note),
        revision=row.revision,
        changed_by=row.portfolio.owner_id,
        now=clock.now(),
    )


@pytest.mark.parametrize("together", [True, False])
def test_a_corrected_fill_takes_the_place_of_the_first(connection, sandbox, together):
    sandbox.book("pay", kind="CSD", amount="1000")
    wrong = sandbox.book("fill", symbol="AAPL", side="buy", qty="4", price="36.5")
    if not together:
        sync(connection)
    sandbox.book("correct", key=wrong["id"], qty="4", price="36.4")

    sync(connection)

    assert_equals_truth(connection, sandbox)
    assert Transaction.objects.get(kind="buy", is_void=False).price == Decimal("36.4")
    states = dict(BrokerRow.objects.filter(kind="buy").values_list("external_id", "state"))
    assert states[wrong["id"]] == "superseded"


@pytest.mark.parametrize("together", [True, False])
def test_a_busted_fill_never_was(connection, sandbox, together):
    sandbox.book("pay", kind="CSD", amount="1000")
    wrong = sandbox.book("fill", symbol="AAPL", side="buy", qty="4", price="36.5")
    if not together:
        sync(connection)
    sandbox.book("bust", key=wrong["id"])

    sync(connection)

    assert_equals_truth(connection, sandbox)


def test_a_canceled_dividend_leaves_the_ledger(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    paid = sandbox.book("pay", kind="DIV", amount="5.10", symbol="AAPL")
    sync(connection)
    sandbox.book("cancel", key=paid["id"])

    sync(connection)

    assert_equals_truth(connection, sandbox)
    assert Transaction.objects.get(kind="dividend").is_void


def test_a_reversed_dividend_takes_the_money_back(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    sandbox.book("pay", kind="DIV", amount="5.10", symbol="AAPL")
    sandbox.book("pay", kind="DIV", amount="-5.10", symbol="AAPL")

    sync(connection)

    assert_equals_truth(connection, sandbox)


@pytest.mark.parametrize(
    ("op", "more"),
    [("split", {"ratio": "4", "in_two": True}), ("rename", {"to": "COLA"})],
    ids=["split", "rename"],
)
def test_what_was_told_in_two_rows_and_is_canceled_leaves_the_ledger(connection, sandbox, op, more):
    at = (clock.now() - timedelta(days=2)).isoformat()
    sandbox.book("fill", symbol="KO", side="buy", qty="20", price="58", at=at)
    sandbox.book(op, symbol="KO", **more)
    assert sync(connection).rows_new == 2
    for key in sandbox.truth["events"][1:]:
        sandbox.book("cancel", key=key)

    sync(connection)

    assert_equals_truth(connection, sandbox)
    assert sync(connection).rows_changed == 0


def test_what_was_changed_here_is_kept_and_the_correction_told(connection, sandbox, ada):
    sandbox.book("pay", kind="CSD", amount="1000")
    fill = sandbox.book("fill", symbol="AAPL", side="buy", qty="4", price="36.5")
    sync(connection)
    row = Transaction.objects.get(kind="buy")
    ledger.void_transaction(
        row.portfolio_id, transaction_id=row.pk, revision=1, changed_by=ada.pk, now=clock.now()
    )
    sandbox.book("alter", key=fill["id"], fields={"price": "36.4"})

    sync(connection)

    row.refresh_from_db()
    assert row.is_void
    assert row.price == Decimal("36.5")
    assert "your version was kept" in BrokerRow.objects.get(kind="buy").problem


def test_a_row_with_a_note_follows_the_broker_and_keeps_it(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    fill = sandbox.book("fill", symbol="AAPL", side="buy", qty="4", price="36.5")
    sync(connection)
    noted()
    for price in ("36.4", "36.3"):
        sandbox.book("alter", key=fill["id"], fields={"price": price})
        assert sync(connection).rows_changed == 1

    row = Transaction.objects.get(kind="buy")
    assert (row.price, row.note) == (Decimal("36.3"), "mine")
    sandbox.book("bust", key=fill["id"])
    sync(connection)

    row.refresh_from_db()
    assert (row.is_void, row.note) == (True, "mine")
    assert_equals_truth(connection, sandbox)


def test_a_note_goes_along_to_the_row_that_corrects(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    fill = sandbox.book("fill", symbol="AAPL", side="buy", qty="4", price="36.5")
    sync(connection)
    noted()
    for price in ("36.4", "36.3"):
        fill = sandbox.book("correct", key=fill["id"], qty="4", price=price)
        sync(connection)

    row = Transaction.objects.get(kind="buy", is_void=False)
    assert (row.price, row.note) == (Decimal("36.3"), "mine")
    # As it was before stays as it was.
    former = Transaction.objects.filter(kind="buy", is_void=True)
    assert {each.note for each in former} == {"mine"}
    assert_equals_truth(connection, sandbox)
    sandbox.book("alter", key=fill["id"], fields={"price": "36.2"})
    sync(connection)
    row.refresh_from_db()
    assert (row.price, row.note) == (Decimal("36.2"), "mine")


@pytest.mark.parametrize("is_deleted", [True, False])
def test_what_was_changed_here_is_kept_from_a_row_that_corrects(
    connection, sandbox, ada, is_deleted
):
    sandbox.book("pay", kind="CSD", amount="1000")
    fill = sandbox.book("fill", symbol="AAPL", side="buy", qty="4", price="36.5")
    sync(connection)
    row = Transaction.objects.get(kind="buy")
    changed = {"transaction_id": row.pk, "revision": 1, "changed_by": ada.pk, "now": clock.now()}
    if is_deleted:
        ledger.void_transaction(row.portfolio_id, **changed)
    else:
        draft = replace(portfolios.draft_of(row), quantity=Decimal(5))
        ledger.edit_transaction(row.portfolio_id, draft=draft, **changed)
    before = portfolios.draft_of(Transaction.objects.get(pk=row.pk))
    corrected = sandbox.book("correct", key=fill["id"], qty="4", price="36.4")

    for _ in range(2):
        sync(connection)

    # Neither beside what the person made of it, nor in its place.
    (row,) = Transaction.objects.filter(kind="buy")
    assert (portfolios.draft_of(row), row.is_void) == (before, is_deleted)
    told = {each.external_id: each for each in BrokerRow.objects.filter(kind="buy")}
    assert told[fill["id"]].state == "superseded"
    assert "your version was kept" in told[corrected["id"]].problem


def test_an_untouched_row_follows_the_broker(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="1000")
    fill = sandbox.book("fill", symbol="AAPL", side="buy", qty="4", price="36.5")
    sync(connection)
    sandbox.book("alter", key=fill["id"], fields={"price": "36.4"})

    changed = sync(connection)

    assert changed.rows_changed == 1
    row = Transaction.objects.get(kind="buy")
    assert (row.price, row.revision) == (Decimal("36.4"), 2)
