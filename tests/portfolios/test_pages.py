"""The pages of portfolios, as a browser gets them."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from common import clock, manual
from portfolios import selectors
from portfolios.domain.kinds import Kind
from portfolios.models import Portfolio, Transaction
from portfolios.services import ledger, recalculation
from tests import factories, junk, stored
from tests.factories import NOW, TODAY, buy, draft

pytestmark = pytest.mark.django_db

#: Each label of a figure, and where in the methods it is explained.
METHODS = {
    "today": "day",
    "Time-weighted return": "time-weighted-return",
    "Incomplete": "incomplete",
    "Holdings": "holdings",
    "Cash": "cash",
    "Unrealized gain": "unrealized-gain",
    "Realized gain": "realized-gain",
    "Income": "income",
    "Fees and taxes": "fees-and-taxes",
    "Quantity": "quantity",
    "Price": "price",
    "Day": "day",
    "Value": "value",
    "Unrealized": "unrealized-gain",
    "Weight": "weight",
    "Lots": "lots",
    "What if some were sold?": "what-if",
    "Cost": "cost",
}
DEPOSIT = {"kind": "deposit", "trade_date": "2026-01-05", "amount": "1000", "currency": "USD"}


@pytest.fixture
def acme():
    instrument = factories.make_instrument("ACME")
    factories.make_closes(instrument, {"2026-02-26": "11", "2026-02-27": "12"})
    return instrument


@pytest.fixture
def portfolio(ada, acme):
    """A deposit of 1,000 and ten shares bought at 5.50, worth 12 each now."""
    made = factories.make_portfolio(ada)
    record(
        made, draft("deposit", amount="1000"), buy(acme, "10", "5.5", fee="1", note="First ones")
    )
    recalculation.recalculate(made.pk, today=TODAY, now=NOW)
    return made


@pytest.fixture
def browser(browser_of, ada):
    return browser_of(ada)


def record(portfolio, *drafts):
    return [ledger.record_transaction(portfolio.pk, draft=each, now=NOW) for each in drafts]


def page(browser, name, *ids, **query):
    """Open a page; return its text."""
    answer = browser.get(reverse(name, args=ids), query)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return text_of(answer)


def text_of(answer):
    return " ".join(unescape(answer.content.decode()).split())


def assert_shows(text, *wanted):
    missing = [each for each in wanted if each not in text]
    assert not missing, f"{missing} not in {text}"


def errors_of(answer):
    """Return the messages of a form that was refused, by field."""
    assert answer.status_code == 422
    forms = [answer.context[name] for name in ("form", "delete_form") if name in answer.context]
    return {field: list(lines) for form in forms for field, lines in form.errors.items()}


def test_the_overview_shows_every_portfolio_and_their_sum(browser, portfolio, ada):
    factories.make_portfolio(ada, name="Euros", base_currency="EUR")

    shown = page(browser, "overview")

    assert_shows(shown, "Long term", "Euros", "1,064.00", "USD", "EUR")


def test_the_overview_of_a_newcomer_says_how_to_begin(browser):
    assert_shows(page(browser, "overview"), "Start with a portfolio", reverse("portfolio-new"))


def test_a_portfolio_shows_what_it_holds_and_what_that_is_worth(browser, portfolio):
    shown = page(browser, "portfolio", portfolio.pk)

    assert_shows(shown, "Long term", "ACME", "1,064.00", "120.00", "+64.00", "944.00")
    assert "Incomplete" not in shown.split("hidden")[0]


@pytest.mark.parametrize("name", ["1m", "3m", "6m", "1y", "3y", "max", "junk", "\x00"])
def test_every_range_of_the_chart_opens(browser, portfolio, acme, name):
    page(browser, "portfolio", portfolio.pk, range=name)
    page(browser, "instrument", acme.pk, range=name)


def test_each_label_of_a_figure_leads_to_how_it_is_computed(browser, portfolio, acme):
    pages = [
        browser.get(reverse("portfolio", args=[portfolio.pk])),
        browser.get(reverse("lots", args=[portfolio.pk, acme.pk])),
    ]
    shown = "".join(page.content.decode() for page in pages)

    links = re.findall(r'<a class="method" href="/methods/#([^"]+)">([^<]+)</a>', shown)
    assert {label: anchor for anchor, label in links} == METHODS
    assert set(METHODS.values()) <= {each.anchor for each in manual.read("methods").headings}
    assert shown.count("<dt>") == shown.count('<dt><a class="method"')


def test_lots_are_a_page_of_their_own_and_a_part_for_the_page_that_links_there(
    browser, portfolio, acme
):
    record(portfolio, buy(acme, "3", "7", "2026-01-09"))
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)
    address = reverse("lots", args=[portfolio.pk, acme.pk])

    assert f'href="{address}"' in page(browser, "portfolio", portfolio.pk)
    whole, part = browser.get(address), browser.get(address, headers={"hx-request": "true"})

    wanted = (
        'Lots</a> of <span translate="no">ACME',
        "Jan 5, 2026",
        "56.00",
        "Jan 9, 2026",
        "21.00",
    )
    assert_shows(text_of(whole), "<h1>ACME Inc.</h1>", *wanted)
    assert_shows(text_of(part), *wanted)
    assert text_of(part).startswith("<table")


def test_what_is_not_held_has_no_lots(browser, portfolio, acme):
    other = factories.make_instrument("OTHER")
    record(portfolio, factories.sell(acme, "10", "6"))
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)

    for instrument in (other, acme):
        assert browser.get(reverse("lots", args=[portfolio.pk, instrument.pk])).status_code == 404


def test_a_portfolio_without_anything_opens(browser, ada):
    empty = factories.make_portfolio(ada, name="Empty")

    assert_shows(page(browser, "portfolio", empty.pk), "Nothing here yet")


def test_a_change_that_is_not_counted_yet_is_said(browser, portfolio):
    record(portfolio, draft("deposit", amount="5"))

    marks = {
        name: browser.get(reverse(name, args=[portfolio.pk])).context["portfolio"]["recalculating"]
        for name in ("portfolio", "transactions", "portfolio-settings")
    }

    assert marks == {"portfolio": True, "transactions": True, "portfolio-settings": True}
    assert_shows(page(browser, "portfolio", portfolio.pk), "Recalculating")


def test_what_could_not_be_priced_or_counted_is_said(browser, portfolio, acme):
    dark = factories.make_instrument("DARK")
    record(portfolio, buy(dark, "1", "10"), factories.sell(acme, "99", "12"))
    recalculation.recalculate(portfolio.pk, today=TODAY, now=NOW)

    answer = browser.get(reverse("portfolio", args=[portfolio.pk]))

    assert answer.context["valuation"]["missing"] == ["DARK"]
    assert_shows(text_of(answer), "DARK", "cannot be had at the moment", "could not be counted")
    assert_shows(text_of(answer), ">ACME</span>: 99 went out, but only 10 were held")


def test_a_portfolio_is_made_by_a_form(browser):
    answer = browser.post(
        reverse("portfolio-new"), {"name": "New", "base_currency": "USDT", "tracks_cash": "on"}
    )

    made = Portfolio.objects.get()
    assert answer["Location"] == reverse("portfolio", args=[made.pk])
    assert (made.name, made.base_currency, made.tracks_cash) == ("New", "USDT", True)


def test_the_currencies_of_the_user_and_of_the_portfolio_are_offered_first(browser, ada, portfolio):
    ada.base_currency = "SEK"
    ada.save()

    new = browser.get(reverse("portfolio-new")).context["form"]
    recording = browser.get(reverse("transactions", args=[portfolio.pk])).context["form"]

    assert next(iter(new.fields["base_currency"].choices))[1][0][0] == "SEK"
    assert new["base_currency"].value() == "SEK"
    as_the_instrument, (_, first) = list(recording.fields["currency"].choices)[:2]
    assert (as_the_instrument[0], first[0][0]) == ("", "USD")


def test_a_portfolio_that_cannot_be_made_says_why(browser, portfolio):
    def refused(**fields):
        content = {"name": "New", "base_currency": "EUR"} | fields
        return set(errors_of(browser.post(reverse("portfolio-new"), content)))

    assert refused(name="") == {"name"}
    assert refused(name="x" * 81) == {"name"}
    assert refused(name="a\x00b") == {"name"}
    assert refused(name="a\u202eb") == {"name"}
    assert refused(name=" Long  term ") == {"name"}
    assert refused(base_currency="XXX") == {"base_currency"}
    assert Portfolio.objects.count() == 1


def test_settings_are_changed_by_a_form(browser, portfolio):
    assert_shows(page(browser, "portfolio-settings", portfolio.pk), "file=csv", "file=json")

    changed = browser.post(reverse("portfolio-settings", args=[portfolio.pk]), {"name": "Other"})

    assert changed.status_code == 302
    found = Portfolio.objects.get()
    assert (found.name, found.tracks_cash) == ("Other", False)
    # Without cash only what is held counts, at once.
    assert_shows(page(browser, "portfolio", portfolio.pk), "120.00")


def test_a_portfolio_is_deleted_only_by_its_name(browser, portfolio):
    address = reverse("portfolio-delete", args=[portfolio.pk])

    assert set(errors_of(browser.post(address, {"name": "long term"}))) == {"name"}
    assert Portfolio.objects.exists()
    assert browser.post(address, {"name": "Long term"}).status_code == 302
    assert not Portfolio.objects.exists()


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
    factories.make_closes(
        acme, {(today - timedelta(days=back)).isoformat(): "12" for back in (31, 32)}
    )
    chart = browser.get(reverse("instrument", args=[acme.pk]), {"range": "1m"}).context["values"]

    assert form["trade_date"].value() == today
    assert [each["date"] for each in chart] == [(today - timedelta(days=31)).isoformat()]


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


def test_an_instrument_shows_its_price_and_what_is_held_of_it(browser, portfolio, acme):
    shown = page(browser, "instrument", acme.pk)

    assert_shows(shown, "ACME Inc.", "XNAS", "12.00", "Long term", "120.00")


@pytest.mark.parametrize(
    "name",
    [
        "portfolio-new",
        "portfolio-settings",
        "portfolio-delete",
        "transactions",
        "transaction",
        "transaction-void",
    ],
)
def test_nothing_is_changed_without_the_csrf_token(ada, portfolio, name):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada, backend="allauth.account.auth_backends.AuthenticationBackend")
    row = Transaction.objects.first()
    ids = {"portfolio-new": [], "transaction": [portfolio.pk, row.pk]}
    ids["transaction-void"] = ids["transaction"]
    before = stored.everything()

    answer = browser.post(
        reverse(name, args=ids.get(name, [portfolio.pk])),
        DEPOSIT | {"name": "Long term", "base_currency": "EUR", "revision": "1"},
    )

    assert answer.status_code == 403
    assert stored.everything() == before


@pytest.fixture
def house(ada):
    return factories.make_instrument("HOUSE", owner=ada, mic="", currency="USD")


@pytest.fixture
def home(ada, house):
    made = factories.make_portfolio(ada, name="Home", tracks_cash=False)
    record(made, buy(house, "1", "100"))
    recalculation.recalculate(made.pk, today=TODAY, now=NOW)
    return made


def price_of(browser, house, day="2026-02-27", close="125000.50"):
    return browser.post(reverse("instrument", args=[house.pk]), {"date": day, "close": close})


def test_what_only_you_own_says_why_it_has_no_value_and_how_to_price_it(browser, house, home):
    link = f"{reverse('instrument', args=[house.pk])}#prices"

    assert_shows(page(browser, "portfolio", home.pk), link, "Record a price")
    assert_shows(page(browser, "instrument", house.pk), "It has no value yet", "Record the price")


def test_a_price_is_recorded_seen_everywhere_and_deleted(browser, house, home):
    assert price_of(browser, house).status_code == 302

    assert_shows(page(browser, "instrument", house.pk), "125,000.50", "price of Feb 27, 2026")
    shown = page(browser, "portfolio", home.pk)
    assert_shows(shown, "125,000.50", "days old")
    assert "Record a price" not in shown

    answer = browser.post(reverse("price-delete", args=[house.pk, date(2026, 2, 27)]), follow=True)

    assert_shows(text_of(answer), "Deleted the price of 2026-02-27: 125000.5.", "no value yet")


@pytest.mark.parametrize(
    ("day", "close", "said"),
    [
        ("1969-12-31", "1", "Give a day from 1970-01-01 to today."),
        ("", "1", "This field is required."),
        ("2026-02-27", "NaN", "Enter a number."),
        ("2026-02-27", "1" * 19, "18 digits before the decimal point"),
        ("2026-02-27", "1,5", "Enter a number."),
    ],
)
def test_a_bad_price_is_refused_beside_its_field(browser, house, day, close, said):
    before = stored.everything()

    answer = price_of(browser, house, day, close)

    assert answer.status_code == 422
    assert_shows(text_of(answer), said)
    assert stored.everything() == before


def test_a_shared_instrument_offers_no_form_and_takes_no_price(browser, acme):
    assert "Record the price" not in page(browser, "instrument", acme.pk)
    assert price_of(browser, acme).status_code == 409


def test_the_latest_thirty_prices_are_listed(browser, house):
    factories.make_closes(house, {f"2026-01-{number:02}": "7" for number in range(1, 32)})

    shown = page(browser, "instrument", house.pk)

    assert shown.count("Delete the price of") == 30
    assert "Delete the price of Jan 1, 2026" not in shown
