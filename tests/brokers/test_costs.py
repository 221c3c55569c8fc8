"""What the broker says that positions cost, beside what the ledger's rows come to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from brokers.models import Discrepancy
from brokers.services import discrepancies
from common import clock
from portfolios import selectors as portfolios
from portfolios.domain.kinds import Kind
from portfolios.domain.transactions import Draft
from portfolios.models import Portfolio, Transaction
from portfolios.services import ledger
from tests.brokers.sandboxed import reloaded, sync

pytestmark = pytest.mark.django_db
ACCOUNT = "Alpaca"


def day(number, hour=15):
    return datetime(2026, 3, number, hour, tzinfo=UTC).isoformat()


def cost_of(done, what="KO"):
    """Return the lines of a comparison about what a position cost."""
    return [each for each in done.comparison if (each["what"], each["measure"]) == (what, "cost")]


def choose(connection, **policy):
    Portfolio.objects.filter(pk=connection.portfolio_id).update(policy=policy)


def deliver(connection, units, *, price=None, kind=Kind.TRANSFER_IN):
    """Record by hand that units came before the broker's first row."""
    instrument_id = str(Transaction.objects.filter(kind="buy").first().instrument_id)
    draft = Draft(
        kind=kind,
        trade_date=datetime(2026, 2, 2, tzinfo=UTC).date(),
        currency="USD",
        instrument_id=instrument_id,
        quantity=Decimal(units),
        price=price,
        account=connection.account,
    )
    return ledger.record_transaction(connection.portfolio_id, draft=draft, now=clock.now())


@pytest.fixture
def bought(connection, sandbox):
    """Two purchases at different prices on different days, and a sale of part of them."""
    sandbox.book("pay", kind="CSD", amount="5000", at=day(2))
    sandbox.book("fill", symbol="KO", side="buy", qty="10", price="50", at=day(3))
    sandbox.book("fill", symbol="KO", side="buy", qty="10", price="60", at=day(4))
    sandbox.book("fill", symbol="KO", side="sell", qty="5", price="70", at=day(5))
    return connection


def test_a_cost_that_is_the_same_matches(bought):
    (line,) = cost_of(sync(bought))

    assert line["outcome"] == "match"
    assert (line["theirs"], line["ours"], line["currency"]) == ("850", "850", "USD")


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ({"cost_method": "average"}, "“first in, first out”"),
        ({"cost_method": "hifo"}, "“first in, first out”"),
    ],
)
def test_another_cost_method_explains_another_cost(bought, policy, says):
    choose(bought, **policy)

    (line,) = cost_of(sync(bought))

    assert line["outcome"] == "explained"
    assert says in line["reason"]
    assert not Discrepancy.objects.exists()


def test_a_broker_that_averages_the_purchases_of_a_day_is_explained(connection, sandbox):
    sandbox.book("pay", kind="CSD", amount="5000", at=day(2))
    sandbox.book("fill", symbol="KO", side="buy", qty="10", price="50", at=day(3, 15))
    sandbox.book("fill", symbol="KO", side="buy", qty="30", price="60", at=day(3, 16))
    sandbox.book("fill", symbol="KO", side="buy", qty="1", price="90", at=day(4))
    sandbox.book("fill", symbol="KO", side="sell", qty="5", price="70", at=day(5))

    (line,) = cost_of(sync(connection))

    assert (line["outcome"], line["theirs"], line["ours"]) == ("explained", "2102.5", "2140")
    assert "average price" in line["reason"]


def changed_price(connection, ada):
    """Change what the first purchase cost, here."""
    row = Transaction.objects.filter(kind="buy").order_by("trade_date").first()
    ledger.edit_transaction(
        connection.portfolio_id,
        transaction_id=row.pk,
        draft=replace(portfolios.draft_of(row), price=Decimal(40)),
        revision=row.revision,
        changed_by=ada.pk,
        now=clock.now(),
    )
    return row


def test_a_row_that_was_changed_here_is_named_and_nothing_is_undone(bought, ada):
    sync(bought)
    row = changed_price(bought, ada)

    done = sync(bought)

    (line,) = cost_of(done)
    assert (done.state, line["outcome"]) == ("ok", "drift")
    (kept,) = Discrepancy.objects.filter(measure="cost")
    assert (kept.theirs, kept.ours, kept.currency) == (850, 800, "USD")
    assert kept.suggestion["transaction_id"] == str(row.pk)
    row.refresh_from_db()
    assert row.price == 40


def test_a_cost_that_differs_has_nothing_read_anew(bought, ada):
    sync(bought)
    # Cash differs as well by such a change.
    changed_price(bought, ada)
    draft = Draft(
        kind=Kind.WITHDRAWAL,
        trade_date=clock.now().date(),
        currency="USD",
        amount=Decimal(100),
        account=bought.account,
    )
    ledger.record_transaction(bought.portfolio_id, draft=draft, now=clock.now())

    done = sync(bought)

    assert [each["measure"] for each in done.comparison if each["outcome"] == "drift"] == ["cost"]
    assert reloaded(bought).cursors
    assert reloaded(bought).reread_at is None


def test_a_cost_that_nobody_can_compare_now_stays_as_it_was(bought, sandbox, ada):
    sync(bought)
    changed_price(bought, ada)
    sync(bought)
    discrepancies.put_aside(
        Discrepancy.objects.get(measure="cost"), decided_by=ada.pk, now=clock.now()
    )
    deliver(bought, 3, price=Decimal(50))

    assert cost_of(sync(bought)) == []

    assert Discrepancy.objects.get(measure="cost").state == "dismissed"
    sandbox.book("fill", symbol="KO", side="sell", qty="15", price="50")
    Transaction.objects.filter(kind="transfer_in").update(is_void=True)
    sync(bought)
    assert Discrepancy.objects.get(measure="cost").state == "resolved"


@pytest.fixture
def unpriced(connection, sandbox):
    """The broker has 15 units of which the ledger knows only what five of them cost."""
    sandbox.book("pay", kind="CSD", amount="5000", at=day(2))
    sandbox.book("fill", symbol="KO", side="buy", qty="10", price="50", at=day(3))
    sandbox.book("fill", symbol="KO", side="buy", qty="5", price="60", at=day(4))
    sync(connection)
    first = Transaction.objects.filter(kind="buy").order_by("trade_date").first()
    # As where the history that the broker tells begins later.
    draft = replace(portfolios.draft_of(first), kind=Kind.TRANSFER_IN, price=None)
    ledger.edit_transaction(
        connection.portfolio_id,
        transaction_id=first.pk,
        draft=draft,
        revision=first.revision,
        changed_by=connection.owner_id,
        now=clock.now(),
    )
    sync(connection)
    return connection


def test_a_cost_that_is_unknown_here_is_explained_and_can_be_taken_over(unpriced, ada):
    row = Discrepancy.objects.get(measure="cost")
    assert (row.theirs, row.ours, row.suggestion["quantity"]) == (800, None, "10")

    done = discrepancies.accept(
        row, theirs=row.theirs, ours=None, decided_by=ada.pk, now=clock.now()
    )

    changed = Transaction.objects.get(kind="transfer_in")
    assert (done.state, done.transaction_id) == ("accepted", str(changed.pk))
    assert (changed.price, changed.quantity) == (50, 10)
    newest = portfolios.list_revisions(changed.pk)[0]
    assert (newest.changed_by_id, newest.reason) == (ada.pk, "edited")
    assert cost_of(sync(unpriced))[0]["outcome"] == "match"


def test_what_was_sold_and_split_since_is_taken_into_account(unpriced, sandbox, ada):
    sandbox.book("split", symbol="KO", ratio="4", at=day(5))
    sandbox.book("fill", symbol="KO", side="sell", qty="8", price="20", at=day(6))
    sync(unpriced)
    row = Discrepancy.objects.get(measure="cost")
    assert (row.theirs, row.suggestion["quantity"]) == (700, "32")

    discrepancies.accept(row, theirs=row.theirs, ours=None, decided_by=ada.pk, now=clock.now())

    # By the unit as it was delivered, before the split.
    assert Transaction.objects.get(kind="transfer_in").price == 50
    assert cost_of(sync(unpriced))[0]["outcome"] == "match"


def test_a_cost_by_which_units_would_have_been_less_than_free_is_refused(unpriced, ada):
    row = Discrepancy.objects.get(measure="cost")
    Discrepancy.objects.update(theirs=Decimal(200))
    row.refresh_from_db()

    with pytest.raises(discrepancies.NotAcceptable):
        discrepancies.accept(row, theirs=row.theirs, ours=None, decided_by=ada.pk, now=clock.now())

    assert Transaction.objects.get(kind="transfer_in").price is None


def test_a_cost_that_is_known_is_not_overwritten(bought, ada):
    sync(bought)
    changed_price(bought, ada)
    sync(bought)
    row = Discrepancy.objects.get(measure="cost")

    with pytest.raises(discrepancies.NotAcceptable):
        discrepancies.accept(
            row, theirs=row.theirs, ours=row.ours, decided_by=ada.pk, now=clock.now()
        )


def test_costs_are_worked_through_on_the_page_and_over_the_api(
    browser_of, program_of, ada, unpriced
):
    browser, api = browser_of(ada), program_of(ada)
    ids = (unpriced.portfolio_id, unpriced.pk)
    row = Discrepancy.objects.get(measure="cost")

    page = browser.get(reverse("differences", args=ids)).content.decode()
    (told,) = [
        each
        for each in api.get(reverse("api-discrepancies", args=ids)).json()["results"]
        if each["measure"] == "cost"
    ]

    assert "What 10 of them cost isn&#x27;t known here" in page
    assert (told["ours"], told["currency"]) == (None, "USD")
    assert told["suggestion"]["code"] == "unknown_cost"
    shown = browser.get(reverse("connection", args=ids)).content.decode()
    assert "<small>Cost</small>" in shown
    form = {"theirs": str(row.theirs), "ours": "", "decision": "accept"}
    answer = browser.post(reverse("difference", args=(*ids, row.pk)), form, follow=True)
    assert "says now what the broker says" in answer.content.decode()
    assert Transaction.objects.get(kind="transfer_in").price == 50


def test_a_short_sale_cost_what_it_brought_below_zero(connection, sandbox):
    at = clock.now() - timedelta(days=2)
    sandbox.book("pay", kind="CSD", amount="5000", at=at.isoformat())
    sandbox.book("fill", symbol="KO", side="sell_short", qty="4", price="58", at=at.isoformat())

    (line,) = cost_of(sync(connection))

    assert (line["outcome"], line["theirs"]) == ("match", "-232")
