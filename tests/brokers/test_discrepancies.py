"""Differences to the broker's figures: kept, worked through, and never mended by themselves."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from brokers.models import Discrepancy
from brokers.sandbox.alpaca import rest
from brokers.services import discrepancies
from common import clock
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Draft
from portfolios.models import Transaction
from portfolios.services import ledger
from tests.brokers.sandboxed import assert_equals_truth, reloaded, sync

pytestmark = pytest.mark.django_db


@pytest.fixture
def removed(connection, sandbox, ada):
    """A purchase that the broker knows, deleted here; both differences that come of it."""
    sandbox.book("pay", kind="CSD", amount="5000")
    for symbol in ("AAPL", "KO", "MSFT"):
        sandbox.book("fill", symbol=symbol, side="buy", qty="10", price="50")
    sync(connection)
    row = Transaction.objects.get(instrument__symbol="KO")
    ledger.void_transaction(
        row.portfolio_id, transaction_id=row.pk, revision=1, changed_by=ada.pk, now=clock.now()
    )
    sync(connection)
    return row


def found(**fields):
    return Discrepancy.objects.get(**fields)


def test_a_difference_is_kept_with_both_figures_and_what_to_look_for(connection, removed):
    units, cash = found(what="KO"), found(what="USD")

    assert (units.theirs, units.ours, units.state) == (Decimal(10), Decimal(0), "open")
    assert cash.theirs - cash.ours == Decimal(-500)
    for each in (units, cash):
        assert each.suggestion["code"] == "removed_here"
        assert each.suggestion["transaction_id"] == str(removed.pk)
    sync(connection)
    again = found(what="KO")
    assert again.first_seen_at == units.first_seen_at < again.last_seen_at
    assert Discrepancy.objects.count() == 2


def test_what_was_put_aside_stays_so_while_the_numbers_stay(connection, sandbox, removed, ada):
    discrepancies.put_aside(found(what="KO"), decided_by=ada.pk, now=clock.now())

    sync(connection)
    assert found(what="KO").state == "dismissed"
    sandbox.book("fill", symbol="KO", side="buy", qty="1", price="50")
    sync(connection)

    assert (found(what="KO").state, found(what="KO").theirs) == ("open", Decimal(11))


def test_a_difference_that_is_gone_is_over_and_may_come_again(connection, sandbox, removed, ada):
    ledger.restore_transaction(
        removed.portfolio_id,
        transaction_id=removed.pk,
        revision=2,
        changed_by=ada.pk,
        now=clock.now(),
    )
    sync(connection)

    assert set(Discrepancy.objects.values_list("state", flat=True)) == {"resolved"}
    ledger.void_transaction(
        removed.portfolio_id,
        transaction_id=removed.pk,
        revision=3,
        changed_by=ada.pk,
        now=clock.now(),
    )
    sync(connection)
    assert found(what="KO", state="open").live_for


def test_accepting_books_what_is_missing_in_the_name_of_who_says_so(
    connection, sandbox, removed, ada
):
    for row in Discrepancy.objects.order_by("pk"):
        done = discrepancies.accept(
            row, theirs=row.theirs, ours=row.ours, decided_by=ada.pk, now=clock.now()
        )
        assert (done.state, done.decided_by_id) == ("accepted", ada.pk)

    kinds = {row.kind: row for row in Transaction.objects.filter(note__startswith="Broker's")}
    assert kinds["transfer_in"].quantity == Decimal(10)
    assert kinds["withdrawal"].amount == Decimal(500)
    done = sync(connection)
    others = [line for line in done.comparison if line["outcome"] != "match"]
    # What the units that were delivered cost is asked next.
    assert [(line["what"], line["measure"], line["outcome"]) for line in others] == [
        ("KO", "cost", "explained")
    ]
    assert_equals_truth(connection, sandbox, booked=len(sandbox.truth["events"]) + 1)


def test_figures_that_changed_since_they_were_looked_at_are_not_accepted(removed, ada):
    row, now = found(what="KO"), clock.now()

    with pytest.raises(discrepancies.DiscrepancyChanged):
        discrepancies.accept(row, theirs=Decimal(9), ours=row.ours, decided_by=ada.pk, now=now)
    ledger.restore_transaction(
        removed.portfolio_id, transaction_id=removed.pk, revision=2, changed_by=ada.pk, now=now
    )
    with pytest.raises(discrepancies.DiscrepancyChanged):
        discrepancies.accept(row, theirs=row.theirs, ours=row.ours, decided_by=ada.pk, now=now)
    assert not Transaction.objects.filter(note__startswith="Broker's").exists()


def test_a_reading_that_is_far_too_small_is_asked_for_again(connection, sandbox):
    sandbox.reset(activities=60)
    sync(connection)
    sandbox.break_down("empty", "/v2/positions", times=1)

    done = sync(connection)

    assert "asked again" in done.notice
    assert {line["outcome"] for line in done.comparison} == {"match"}
    assert not Discrepancy.objects.exists()


def test_a_reading_that_stays_too_small_counts_once_two_syncs_were_told_it(connection, sandbox):
    sandbox.reset(activities=60)
    sync(connection)
    sandbox.break_down("empty", "/v2/positions", times=None)

    doubted = sync(connection)

    assert "positions are gone" in doubted.notice
    assert doubted.compared_at is None
    assert not Discrepancy.objects.exists()
    assert reloaded(connection).next_sync_at - clock.now() <= timedelta(minutes=2)
    confirmed = sync(connection)
    assert "the same the last time" in confirmed.notice
    assert "drift" in {line["outcome"] for line in confirmed.comparison}
    sandbox.mend()
    sync(connection)
    assert set(Discrepancy.objects.values_list("state", flat=True)) == {"resolved"}
    assert reloaded(connection).doubted == ""


def deposit(connection, amount, currency):
    """Record by hand that money came, which the broker knows nothing of."""
    draft = Draft(
        kind=Kind.DEPOSIT,
        trade_date=clock.now().date(),
        currency=currency,
        amount=Decimal(amount),
        account=connection.account,
    )
    ledger.record_transaction(connection.portfolio_id, draft=draft, now=clock.now())


def hide_cash(monkeypatch):
    """Let the broker tell of no cash from here on; return how to end that."""
    read = rest._account
    monkeypatch.setattr(rest, "_account", lambda account: read(account) | {"cash": "0"})
    return lambda: monkeypatch.setattr(rest, "_account", read)


def test_cash_that_is_suddenly_gone_is_asked_for_again(connection, sandbox, monkeypatch):
    sandbox.reset(activities=60)
    sync(connection)
    restore = hide_cash(monkeypatch)
    # Once: the second question is answered as before.
    told = rest._account
    monkeypatch.setattr(rest, "_account", lambda account: (told(account), restore())[0])

    done = sync(connection)

    assert "no USD is left" in done.notice
    assert "asked again" in done.notice
    assert {line["outcome"] for line in done.comparison} == {"match"}
    assert not Discrepancy.objects.exists()


def test_cash_that_stays_gone_counts_once_two_syncs_were_told_it(connection, sandbox, monkeypatch):
    sandbox.reset(activities=60)
    sync(connection)
    restore = hide_cash(monkeypatch)

    doubted = sync(connection)
    assert "no USD is left" in doubted.notice
    assert doubted.compared_at is None
    confirmed = sync(connection)
    assert "the same the last time" in confirmed.notice
    assert found(what="USD").state == "open"

    # What is known to be so isn't sudden any more.
    later = sync(connection)
    assert (later.notice, later.compared_at is None) == ("", False)
    restore()
    sync(connection)
    assert found(what="USD").state == "resolved"


def test_positions_that_are_known_to_be_gone_are_not_doubted_each_time(connection, sandbox):
    sandbox.reset(activities=60)
    sync(connection)
    sandbox.break_down("empty", "/v2/positions", times=None)
    notices = [sync(connection).notice for _ in range(4)]

    assert [bool(each) for each in notices] == [True, True, False, False]


def test_a_currency_that_only_the_ledger_has_is_compared(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="5000")
    sync(connection)
    deposit(connection, "0.75", "EUR")

    done = sync(connection)

    assert [(each["what"], each["theirs"], each["outcome"]) for each in done.comparison] == [
        ("EUR", "0", "drift"),
        ("USD", "5000", "match"),
    ]
    assert found(what="EUR").ours == Decimal("0.75")


def test_differences_are_worked_through_on_their_page(browser_of, ada, connection, removed):
    browser = browser_of(ada)
    ids = (connection.portfolio_id, connection.pk)
    shown = browser.get(reverse("connection", args=ids)).content.decode()
    assert "Work through 2 differences" in shown

    def decide(row, decision):
        figures = {"theirs": str(row.theirs), "ours": str(row.ours), "decision": decision}
        answer = browser.post(reverse("difference", args=(*ids, row.pk)), figures, follow=True)
        return answer.content.decode()

    assert "put aside until its numbers change" in decide(found(what="KO"), "put_aside")
    assert "taken up again" in decide(found(what="KO"), "take_up")
    page = decide(found(what="KO"), "accept")
    assert "what the broker says" in page
    assert "The row that was booked" in page
    assert "look at it again" in decide(found(what="KO"), "accept")
    assert "Say what is to become" in decide(found(what="USD"), "burn")


@pytest.mark.parametrize(("leaves", "units"), [(True, 6), (False, 13)])
def test_units_sent_between_own_accounts_leave_the_one_and_reach_the_other(
    connection, sandbox, ada, leaves, units
):
    sandbox.book("pay", kind="CSD", amount="5000")
    fill = sandbox.book("fill", symbol="AAPL", side="buy", qty="10", price="50")
    sync(connection)
    row = Transaction.objects.get(instrument__symbol="AAPL")
    sent = {"kind": Kind.TRANSFER, "currency": "USD", "instrument_id": str(row.instrument_id)}
    own, other = connection.account, "Elsewhere"
    day = clock.now().date()
    drafts = [Draft(**sent, trade_date=day, quantity=Decimal(4), account=own, to_account=other)]
    if not leaves:
        bought = sent | {"kind": Kind.BUY, "price": Decimal(40)}
        drafts = [
            Draft(**bought, trade_date=day, quantity=Decimal(3), account=other),
            Draft(**sent, trade_date=day, quantity=Decimal(3), account=other, to_account=own),
        ]
    for draft in drafts:
        ledger.record_transaction(row.portfolio_id, draft=draft, now=clock.now())

    sync(connection)

    assert fill["symbol"] == "AAPL"
    difference = found(what="AAPL")
    assert (difference.theirs, difference.ours) == (Decimal(10), Decimal(units))
