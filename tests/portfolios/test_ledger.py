"""Recording, editing and voiding on the real database."""

from decimal import Decimal

import pytest

from portfolios import selectors
from portfolios.models import Portfolio, Transaction
from portfolios.services import ledger, portfolios
from portfolios.services.conflicts import TransactionChanged
from tests import factories
from tests.factories import NOW, buy, draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    return factories.make_instrument("ACME")


@pytest.fixture
def portfolio(ada):
    return factories.make_portfolio(ada)


def test_recording_stores_the_row_and_makes_a_recalculation_due(portfolio, acme):
    row = ledger.record_transaction(portfolio.pk, draft=buy(acme, "10", "5.5", fee="1"), now=NOW)

    stored = Transaction.objects.get(pk=row.pk)
    assert (stored.quantity, stored.price, stored.fee) == (Decimal(10), Decimal("5.5"), Decimal(1))
    portfolio.refresh_from_db()
    assert portfolio.ledger_revision == 1
    assert portfolio.is_recalculating
    assert str(portfolio.stale_from) == "2026-01-05"


def test_a_bad_row_is_refused_field_by_field_and_nothing_changes(portfolio, acme):
    with pytest.raises(ledger.TransactionRefused) as refusal:
        ledger.record_transaction(portfolio.pk, draft=buy(acme, "-1", "5"), now=NOW)

    assert "quantity" in refusal.value.errors
    assert not Transaction.objects.exists()
    portfolio.refresh_from_db()
    assert portfolio.ledger_revision == 0


def test_an_edit_keeps_what_the_row_was(portfolio, acme, ada):
    row = ledger.record_transaction(portfolio.pk, draft=buy(acme, "10", "5"), now=NOW)

    edited = ledger.edit_transaction(
        portfolio.pk,
        transaction_id=row.pk,
        draft=buy(acme, "12", "5"),
        revision=1,
        changed_by=ada.pk,
        now=NOW,
    )

    assert (edited.quantity, edited.revision) == (Decimal(12), 2)
    (before,) = selectors.list_revisions(row.pk)
    assert (before.revision, Decimal(before.state["quantity"])) == (1, Decimal(10))
    assert before.changed_by_id == ada.pk


def test_of_two_edits_of_one_revision_the_second_is_refused(portfolio, acme, ada):
    row = ledger.record_transaction(portfolio.pk, draft=buy(acme, "10", "5"), now=NOW)
    change = {"transaction_id": row.pk, "revision": 1, "changed_by": ada.pk, "now": NOW}
    ledger.edit_transaction(portfolio.pk, draft=buy(acme, "12", "5"), **change)

    with pytest.raises(TransactionChanged):
        ledger.edit_transaction(portfolio.pk, draft=buy(acme, "13", "5"), **change)

    assert Transaction.objects.get(pk=row.pk).quantity == 12


@pytest.mark.parametrize(
    ("revision", "yours", "told"),
    [
        (1, {}, {"quantity": "Changed from 10 to 12 meanwhile."}),
        (1, {"note": "mine"}, {"quantity": "Changed from 10 to 12 meanwhile."}),
        (1, {"quantity": "13"}, {"quantity": "Is 12 by now; yours is 13."}),
        (1, {"quantity": "12", "note": "mine"}, {}),
        (
            7,
            {"note": "mine"},
            {
                "quantity": "Is 12 by now; yours is 10.",
                "note": "Is nothing by now; yours is mine.",
            },
        ),
    ],
)
def test_a_conflict_says_field_by_field_what_somebody_else_has_changed(
    portfolio, acme, ada, bo, revision, yours, told
):
    row = ledger.record_transaction(portfolio.pk, draft=buy(acme, "10", "5"), now=NOW)
    change = {"transaction_id": row.pk, "now": NOW}
    ledger.edit_transaction(
        portfolio.pk, draft=buy(acme, "12", "5.0"), revision=1, changed_by=bo.pk, **change
    )
    mine = {"quantity": "10", "price": "5"} | yours

    with pytest.raises(TransactionChanged) as refusal:
        ledger.edit_transaction(
            portfolio.pk, draft=buy(acme, **mine), revision=revision, changed_by=ada.pk, **change
        )

    assert refusal.value.errors == {field: [line] for field, line in told.items()}
    assert refusal.value.revision == 2
    assert refusal.value.detail == (
        f"You changed revision {revision}, but it is at 2 by now. "
        "The last change was made by bo@example.test on 2026-03-02 at 12:00 UTC."
    )


def test_a_conflict_names_instruments_by_their_symbols(portfolio, acme, ada):
    row = ledger.record_transaction(portfolio.pk, draft=buy(acme, "10", "5"), now=NOW)
    change = {"transaction_id": row.pk, "revision": 1, "changed_by": ada.pk, "now": NOW}
    other = factories.make_instrument("OTHER")
    ledger.edit_transaction(portfolio.pk, draft=buy(other, "10", "5"), **change)

    with pytest.raises(TransactionChanged) as refusal:
        ledger.void_transaction(portfolio.pk, **change)

    assert refusal.value.errors == {"instrument_id": ["Changed from ACME to OTHER meanwhile."]}
    assert "made by you on" in refusal.value.detail


def test_a_voided_row_leaves_the_ledger_and_stays_stored(portfolio, acme, ada):
    row = ledger.record_transaction(portfolio.pk, draft=buy(acme, "10", "5"), now=NOW)

    ledger.void_transaction(
        portfolio.pk, transaction_id=row.pk, revision=1, changed_by=ada.pk, now=NOW
    )

    assert list(selectors.list_transactions(portfolio.pk)) == []
    assert Transaction.objects.get(pk=row.pk).is_void
    assert [each.reason for each in selectors.list_revisions(row.pk)] == ["deleted"]
    with pytest.raises(selectors.TransactionNotFound):
        ledger.void_transaction(
            portfolio.pk, transaction_id=row.pk, revision=1, changed_by=ada.pk, now=NOW
        )


def test_a_restored_row_counts_again_and_keeps_that_it_was_void(portfolio, acme, ada):
    row = ledger.record_transaction(portfolio.pk, draft=buy(acme, "10", "5"), now=NOW)
    change = {"transaction_id": row.pk, "changed_by": ada.pk, "now": NOW}
    ledger.void_transaction(portfolio.pk, revision=1, **change)
    portfolio.refresh_from_db()

    with pytest.raises(TransactionChanged):
        ledger.restore_transaction(portfolio.pk, revision=1, **change)
    restored = ledger.restore_transaction(portfolio.pk, revision=2, **change)

    assert (restored.is_void, restored.revision) == (False, 3)
    assert list(selectors.list_transactions(portfolio.pk)) == [restored]
    assert [(each.revision, each.reason) for each in selectors.list_revisions(row.pk)] == [
        (2, "restored"),
        (1, "deleted"),
    ]
    assert Portfolio.objects.get().ledger_revision == portfolio.ledger_revision + 1
    with pytest.raises(selectors.TransactionNotFound):
        ledger.restore_transaction(portfolio.pk, revision=3, **change)


def test_a_name_is_taken_once_per_owner(ada, bo, portfolio):
    with pytest.raises(portfolios.NameTaken):
        factories.make_portfolio(ada, name=portfolio.name)

    assert factories.make_portfolio(bo, name=portfolio.name).pk != portfolio.pk


def test_deleting_a_portfolio_takes_everything_with_it(portfolio, acme):
    ledger.record_transaction(portfolio.pk, draft=buy(acme, "1", "5"), now=NOW)

    portfolios.delete_portfolio(portfolio.pk)

    assert not Portfolio.objects.exists()
    assert not Transaction.objects.exists()


def test_somebody_elses_portfolio_is_not_found(portfolio, bo):
    with pytest.raises(selectors.PortfolioNotFound):
        selectors.get_portfolio(portfolio.pk, owner_id=bo.pk)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["deposit", "buy"]),
        ({"kind": "buy"}, ["buy"]),
        ({"end": "2026-01-05"}, ["buy"]),
        ({"start": "2026-01-06"}, ["deposit"]),
        ({"text": "SALARY"}, ["deposit"]),
        ({"text": ".*"}, []),
    ],
)
def test_the_ledger_can_be_filtered(portfolio, acme, wanted, found):
    ledger.record_transaction(portfolio.pk, draft=buy(acme, "10", "5"), now=NOW)
    ledger.record_transaction(
        portfolio.pk, draft=draft("deposit", "2026-01-08", amount="100", note="salary"), now=NOW
    )
    from datetime import date

    from portfolios.domain.kinds import Kind

    if "kind" in wanted:
        wanted = {"kind": Kind(wanted["kind"])}
    for name in ("start", "end"):
        if name in wanted:
            wanted = {name: date.fromisoformat(wanted[name])}

    rows = selectors.list_transactions(portfolio.pk, wanted=selectors.TransactionFilter(**wanted))

    assert [row.kind for row in rows] == found
