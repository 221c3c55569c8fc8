"""The pages of a ledger and its transactions, as a browser gets them."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from common import clock
from portfolios import selectors
from portfolios.domain.kinds import Kind
from portfolios.domain.ranges import months_before
from portfolios.models import Transaction
from tests import factories, junk, stored
from tests.factories import buy
from tests.portfolios.browsing import assert_shows, errors_of, page, text_of
from tests.portfolios.conftest import record

pytestmark = pytest.mark.django_db


DEPOSIT = {"kind": "deposit", "trade_date": "2026-01-05", "amount": "1000", "currency": "USD"}


def test_the_ledger_shows_its_rows_and_is_filtered_by_the_address(browser, portfolio):
    rows = {
        "": 2,
        "kind=buy": 1,
        "kind=deposit": 1,
        "start=2026-01-06": 0,
        "text=FIRST": 1,
        # What makes no sense is left out.
        "kind=bribe&start=then&instrument=zzz": 2,
    }

    for query, count in rows.items():
        answer = browser.get(f"{reverse('transactions', args=[portfolio.pk])}?{query}")
        assert len(answer.context["page"]["rows"]) == count, query
    assert_shows(
        page(browser, "transactions", portfolio.pk), "ACME", "5.50", "1,000.00", "file=csv"
    )


def test_a_cursor_that_is_none_is_answered_by_a_page(browser, portfolio):
    answer = browser.get(reverse("transactions", args=[portfolio.pk]), {"cursor": "made up"})

    assert answer.status_code == 422
    assert answer["Content-Type"].startswith("text/html")


def test_a_transaction_is_recorded_by_a_form(browser, portfolio):
    address = reverse("transactions", args=[portfolio.pk])
    content = {
        "kind": "buy",
        "trade_date": "2026-02-01",
        "instrument": " acme ",
        "quantity": "2",
        "price": "10",
        "currency": "USD",
    }

    assert browser.post(address, content).status_code == 302

    assert_shows(page(browser, "portfolio", portfolio.pk), "1,068.00", "2 lots")


def test_a_row_is_edited_as_it_was_typed(browser, portfolio):
    row = Transaction.objects.get(portfolio=portfolio, kind="buy")

    form = browser.get(reverse("transaction", args=[portfolio.pk, row.pk])).context["form"]

    shown = {name: form[name].value() for name in ("quantity", "price", "fee", "tax", "accrued")}
    assert shown == {"quantity": "10", "price": "5.5", "fee": "1", "tax": "", "accrued": ""}


@pytest.mark.parametrize(
    ("given", "chosen", "booked", "note"),
    [
        ({}, "", "USD", ""),
        ({"instrument": "SAP"}, "", "EUR", ""),
        ({"instrument": "SAP"}, "EUR", "EUR", ""),
        ({"instrument": "SAP"}, "USD", "USD", "SAP is quoted in EUR, not in USD."),
    ],
)
def test_the_currency_is_the_instruments_unless_another_is_chosen(
    browser, portfolio, given, chosen, booked, note
):
    factories.make_instrument("SAP", mic="XETR", currency="EUR")
    content = DEPOSIT | {"kind": "interest", "amount": "7", "currency": chosen} | given

    shown = browser.post(reverse("transactions", args=[portfolio.pk]), content, follow=True)

    row = Transaction.objects.get(kind="interest")
    assert row.currency == booked
    assert [str(each).removeprefix("Recorded.").strip() for each in shown.context["messages"]] == [
        note
    ]
    edit = browser.get(reverse("transaction", args=[portfolio.pk, row.pk])).context["form"]
    assert edit.currency_note() == note


def test_a_symbol_with_several_listings_needs_the_currency(browser, portfolio):
    for mic, currency in (("XETR", "EUR"), ("XSWX", "CHF")):
        factories.make_instrument("VWCE", mic=mic, currency=currency)
    address = reverse("transactions", args=[portfolio.pk])
    content = DEPOSIT | {"kind": "dividend", "instrument": "VWCE"}

    refused = errors_of(browser.post(address, content | {"currency": ""}))
    taken = browser.post(address, content | {"currency": "CHF"})

    assert "the currency may tell" in refused["instrument"][0]
    assert taken.status_code == 302
    assert Transaction.objects.get(kind="dividend").instrument.mic == "XSWX"


@pytest.mark.parametrize("time_zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_today_is_the_users_own_day(browser, portfolio, acme, ada, time_zone):
    """The two places are never on the same day, so that at least one isn't on that of UTC."""
    ada.time_zone = time_zone
    ada.save()
    today = ada.day_of(clock.now())

    form = browser.get(reverse("transactions", args=[portfolio.pk])).context["form"]
    # No close is of a day that hasn't begun where the days of prices are counted.
    opening = months_before(min(today, clock.now().date()), 1)
    factories.make_closes(
        acme, {(opening - timedelta(days=back)).isoformat(): "12" for back in (0, 1)}
    )
    chart = browser.get(reverse("instrument", args=[acme.pk]), {"range": "1m"}).context["values"]

    assert form["trade_date"].value() == today
    assert [each["date"] for each in chart] == [opening.isoformat()]


def test_a_transaction_that_cannot_be_recorded_says_why_beside_the_field(browser, portfolio):
    address = reverse("transactions", args=[portfolio.pk])
    before = stored.everything()
    refused = {
        "amount": {"amount": ""},
        "trade_date": {"trade_date": "2999-01-01"},
        "currency": {"currency": "XXX"},
        "kind": {"kind": "bribe"},
        "quantity": {"kind": "buy", "instrument": "ACME", "amount": "", "price": "1"},
        "instrument": {"kind": "buy", "instrument": "NOPE", "quantity": "1", "price": "1"},
        "fee": {"fee": "-1"},
        "tax": {"tax": "NaN"},
        "fx_rate": {"fx_rate": "0"},
        "note": {"note": "a\x00b"},
        "account": {"account": "x" * 81},
    }
    other_digits = {"trade_date": "2026-01-05", "amount": "1000", "fee": "1.5"}

    for field, change in refused.items():
        answer = browser.post(address, DEPOSIT | change)
        assert field in errors_of(answer), field
        assert f'id="id_{field}_error"' in answer.content.decode(), field
    for field, text in other_digits.items():
        told = errors_of(browser.post(address, DEPOSIT | {field: junk.in_arabic(text)}))
        assert told == {field: ["Write numbers with the digits 0 to 9."]}
    for amount in ("9" * 300, "1e40", "1e999999999", "0.12345678901", "0", "1,5", "Infinity"):
        assert "amount" in errors_of(browser.post(address, DEPOSIT | {"amount": amount})), amount

    assert stored.everything() == before


def test_what_was_typed_is_still_there_after_a_refusal(browser, portfolio):
    answer = browser.post(
        reverse("transactions", args=[portfolio.pk]), DEPOSIT | {"amount": "-7", "note": "<b>Hi"}
    )

    shown = answer.content.decode()
    assert 'value="-7"' in shown
    assert "&lt;b&gt;Hi" in shown


def test_an_edit_keeps_what_the_form_does_not_show(browser, portfolio, ada, acme):
    moment = datetime(2026, 1, 7, 15, 30, tzinfo=UTC)
    # Another listing of the same symbol makes it ambiguous.
    factories.make_instrument("ACME", mic="XETR", currency="EUR")
    (row,) = record(
        portfolio,
        buy(acme, "1", "9", "2026-01-07", currency="EUR", executed_at=moment, sequence=4),
    )
    address = reverse("transaction", args=[portfolio.pk, row.pk])
    shown = browser.get(address).context["form"].initial

    answer = browser.post(
        address, {key: value for key, value in shown.items() if value is not None} | {"price": "8"}
    )

    assert answer.status_code == 302
    edited = Transaction.objects.get(pk=row.pk)
    assert (edited.price, edited.revision) == (8, 2)
    assert (edited.executed_at, edited.sequence, edited.instrument_id) == (moment, 4, acme.pk)


def test_an_edit_keeps_the_lots_of_a_sale_unless_it_sells_something_else(browser, portfolio, acme):
    bought = portfolio.transactions.get(kind="buy")
    lots = ((str(bought.pk), Decimal(2)),)
    (row,) = record(portfolio, factories.sell(acme, "2", "9", lots=lots))
    address = reverse("transaction", args=[portfolio.pk, row.pk])
    shown = browser.get(address).context["form"].initial
    shown = {key: value for key, value in shown.items() if value is not None}

    browser.post(address, shown | {"price": "8"})
    assert Transaction.objects.get(pk=row.pk).lots == [[str(bought.pk), "2"]]

    browser.post(address, shown | {"quantity": "3", "revision": "2"})
    assert Transaction.objects.get(pk=row.pk).lots == []


#: What the form of each rarer kind sends, and what of it the ledger and its history show.
RARER_KINDS = {
    "spin_off": (
        {"instrument": "ACME", "to_instrument": "part", "ratio": "0.5", "cost_share": "0.2"},
        ["Spin-off", "ACME</a> → ", "PART</a>", "× 0.5", "Share of the cost"],
    ),
    "merger": (
        {"instrument": "ACME", "to_instrument": "PART", "ratio": "2", "amount": "7", "price": "5"},
        ["Merger", "PART</a>", "7.00", "Instrument received"],
    ),
    "exchange": (
        {"amount": "100", "to_currency": "EUR", "to_amount": "92.5"},
        ["Currency exchange", "100.00", "→ 92.50", "Amount received"],
    ),
    "transfer": (
        {"instrument": "ACME", "quantity": "3", "account": "Broker", "to_account": "Vault"},
        ["Transfer between own accounts", "Broker → Vault", "Receiving account"],
    ),
    "exercise_buy": (
        {"instrument": "ACME", "to_instrument": "PART", "quantity": "1", "price": "9"},
        ["Exercise or assignment: buy", "PART</a>"],
    ),
    "redemption": (
        {"instrument": "ACME", "quantity": "1", "price": "9", "accrued": "0.25"},
        ["Redemption", "Accrued interest"],
    ),
}


@pytest.mark.parametrize("kind", RARER_KINDS)
def test_a_rarer_kind_is_recorded_edited_and_shown(browser, portfolio, kind):
    factories.make_instrument("PART")
    sent, shown = RARER_KINDS[kind]
    content = {"kind": kind, "trade_date": "2026-02-01", "currency": "USD"} | sent

    answer = browser.post(reverse("transactions", args=[portfolio.pk]), content)

    assert answer.status_code == 302, errors_of(answer)
    row = Transaction.objects.get(kind=kind)
    initial = browser.get(reverse("transaction", args=[portfolio.pk, row.pk])).context["form"]
    again = {key: value for key, value in initial.initial.items() if value not in (None, "")}
    assert (
        browser.post(
            reverse("transaction", args=[portfolio.pk, row.pk]), again | {"note": "again"}
        ).status_code
        == 302
    )
    after = Transaction.objects.get(pk=row.pk)
    assert (after.fingerprint, after.revision) == (row.fingerprint, 2)
    pages = (
        page(browser, "transactions", portfolio.pk),
        page(browser, "portfolio", portfolio.pk),
        page(browser, "transaction-history", portfolio.pk, row.pk),
    )
    assert_shows(pages[0] + pages[2], *shown)
    assert_shows(pages[1], row.get_kind_display())


def test_the_form_offers_every_kind_once_and_knows_its_fields(browser, portfolio):
    form = browser.get(reverse("transactions", args=[portfolio.pk])).context["form"]

    offered = [kind for _, kinds in form.fields["kind"].choices for kind, _ in kinds]
    assert sorted(offered) == sorted(Kind)
    fields = json.loads(form.fields["kind"].widget.attrs["data-fields"])
    assert fields.keys() == set(Kind)
    assert {name for names in fields.values() for name in names} <= form.fields.keys()


def test_a_second_instrument_that_is_unknown_is_named(browser, portfolio):
    content = {"kind": "spin_off", "trade_date": "2026-02-01", "instrument": "ACME", "ratio": "1"}
    address = reverse("transactions", args=[portfolio.pk])

    missing = errors_of(browser.post(address, content))
    unknown = errors_of(browser.post(address, content | {"to_instrument": "NOPE"}))
    same = errors_of(browser.post(address, content | {"to_instrument": "ACME"}))

    assert missing == {"to_instrument": ["Instrument received is needed for the kind “spin-off”."]}
    assert "NOPE is not known here" in unknown["to_instrument"][0]
    assert same.keys() == {"to_instrument"}


def test_of_two_edits_of_one_revision_the_second_is_told(browser, portfolio):
    row = Transaction.objects.get(kind="deposit")
    address = reverse("transaction", args=[portfolio.pk, row.pk])
    assert browser.post(address, DEPOSIT | {"revision": "1", "amount": "2"}).status_code == 302

    late = browser.post(address, DEPOSIT | {"revision": "1", "amount": "3"})

    told = errors_of(late)
    assert "made by you on" in told["__all__"][0]
    assert told["amount"] == ["Is 2 by now; yours is 3."]
    assert Transaction.objects.get(pk=row.pk).amount == 2
    # Whoever has read that and saves again means it.
    again = late.context["form"]["revision"].value()
    assert browser.post(address, DEPOSIT | {"revision": again, "amount": "3"}).status_code == 302
    assert Transaction.objects.get(pk=row.pk).amount == 3
    for revision in ("", "NaN", "9" * 400):
        assert browser.post(address, DEPOSIT | {"revision": revision}).status_code == 422


def test_a_transaction_is_deleted_and_its_history_shown(browser, portfolio):
    row = Transaction.objects.get(kind="deposit")
    address = reverse("transaction-void", args=[portfolio.pk, row.pk])

    stale = browser.post(address, {"revision": "7"}, follow=True)
    assert_shows(text_of(stale), "revision 7")
    deleted = browser.post(address, {"revision": "1"}, follow=True)

    assert_shows(text_of(deleted), "Its history is kept")
    assert [each.kind for each in selectors.list_transactions(portfolio.pk)] == ["buy"]
    history = page(browser, "transaction-history", portfolio.pk, row.pk)
    assert_shows(history, "This transaction was deleted on", "by you", "1,000.00")


def test_a_deleted_transaction_shows_its_history_where_it_was_edited(browser, portfolio):
    row = Transaction.objects.get(kind="deposit")
    ids = [portfolio.pk, row.pk]
    browser.post(reverse("transaction-void", args=ids), {"revision": "1"})
    before = stored.everything()

    answers = [
        browser.get(reverse("transaction", args=ids)),
        browser.post(reverse("transaction", args=ids), DEPOSIT | {"revision": "2"}),
        browser.post(reverse("transaction-void", args=ids), {"revision": "2"}),
    ]

    history = reverse("transaction-history", args=ids)
    assert [(each.status_code, each["Location"]) for each in answers] == [(302, history)] * 3
    assert stored.everything() == before
    assert_shows(page(browser, "transaction-history", *ids), "nothing has changed")


def test_a_deleted_transaction_is_restored_from_its_history(browser, portfolio):
    row = Transaction.objects.get(kind="deposit")
    ids = [portfolio.pk, row.pk]
    browser.post(reverse("transaction-void", args=ids), {"revision": "1"})
    address = reverse("transaction-restore", args=ids)

    stale = browser.post(address, {"revision": "1"}, follow=True)
    restored = browser.post(address, {"revision": "2"}, follow=True)
    again = browser.post(address, {"revision": "3"}, follow=True)

    assert_shows(text_of(stale), "it is at 2 by now", "This transaction was deleted")
    assert_shows(text_of(restored), "It counts again", "Revision 3", "restored by you")
    assert "This transaction was deleted" not in text_of(restored)
    assert_shows(text_of(again), "nothing has changed")
    assert selectors.list_transactions(portfolio.pk).count() == 2
