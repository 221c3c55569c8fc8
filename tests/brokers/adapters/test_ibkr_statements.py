"""Flex statements in their published form, with the rows that they mean written by hand."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.adapters.ibkr import parser
from brokers.adapters.ibkr.markup import read_service_answer
from brokers.domain.events import InstrumentName, digest_of
from common.remote.errors import Schema
from marketdata.domain.instruments import AssetClass

STATEMENT = (Path(__file__).parent / "payloads" / "ibkr_statement.xml").read_bytes()

#: Id, kind, day, symbol, quantity, price, amount, currency; then what else counts.
EXPECTED = """
101 buy            2026-11-19 ACME   8      1.4   -      USD  fee 0.0068
102 buy            2026-11-02 F1F    450    5.432 -      EUR  fee 2.4444
103 buy            2026-11-02 -      450    5.432 -      EUR  canceled, replaces 902:450@5.432
103 fee            2026-11-02 -      -      -     2.4444 EUR
104 buy            2026-11-02 F1F    450    5.43  -      EUR
105 sell_short     2026-11-10 KO     3      58.4  -      USD  fee 1
106 exchange       2026-11-11 -      -      -     1085   USD  fee 2, to 1000 EUR
107 exchange       2026-11-12 -      -      -     500    EUR  fee 1.8, to 545 USD
108 buy            2026-11-12 VOD    10     0.7   -      GBP  tax 0.04
108 fee            2026-11-12 -      -      -     3      USD
109 buy            2026-11-12 ACME_261218C00002000 4 0.15 - USD  fee 1.3
110 expiry         2026-11-13 ACME_261218C00002000 1 -    - USD
111 exercise_buy   2026-11-13 ACME_261218C00002000 1 2    - USD  fee 0.5, to ACME
113 buy            2026-11-13 EIB_2_04/15/28 10000 98.5 - EUR  fee 5
114 unmapped       2026-11-13 -      1      6700  -      USD
115 unmapped       2026-11-13 -      1      2     -      USD
116 buy            2026-11-13 SPY    0.3333 100.1200120012 - USD
118 sell           2026-10-01 -      5      1.3   -      USD  canceled, replaces 50
119 sell           2026-11-16 ACME   1      1.5   -      USD
119 fee_refund     2026-11-16 -      -      -     0.25   USD
301 split          2026-11-16 ACME   -      -     -      USD  ratio 4
302 split          2026-11-09 GCM    -      -     -      CAD  ratio 0.04
304 merger         2026-11-09 TGT1   -      -     150    USD
305 unmapped       2026-11-09 CHILD  2      -     -      USD
306 redemption     2026-11-09 BUND_0_11/26 5000 100 -    EUR
307 unmapped       2026-11-10 ODD    1      -     -      USD
308 merger         2026-11-09 OLDCO  -      -     -      USD  ratio 0.5, to NEWCO
310 split          2026-11-09 DRIB   -      -     -      USD  ratio 1.05
311 unmapped       2026-11-09 THIRD  -20    -     -      USD
201 dividend       2026-11-18 ACME   -      -     4.37   USD
202 tax            2026-11-18 ACME   -      -     0.66   USD
203 dividend       2026-11-19 ACME   -      -     -4.37  USD
204 deposit        2026-11-02 -      -      -     1000   EUR
205 withdrawal     2026-11-03 -      -      -     50.5   EUR
206 fee            2026-11-04 -      -      -     1.25   EUR
207 interest       2026-11-04 -      -      -     0.4    USD
208 fee            2026-11-04 -      -      -     10     USD
209 unmapped       2026-11-04 -      -      -     7      USD
210 unmapped       2026-11-04 -      -      -     3      USD
211 interest       2026-11-13 EIB_2_04/15/28 - -  -12    EUR
212 return_of_capital 2026-11-18 ACME -     -     2      USD
213 dividend       2026-11-18 VOD    -      -     0.9    USD
row dividend       2026-11-18 KO     -      -     0.5    USD
row dividend       2026-11-18 KO     -      -     0.5    USD
401 transfer_in    2026-11-05 ACME   5      -     -      USD
402 deposit        2026-11-05 -      -      -     250    USD
403 transfer_out   2026-11-06 KO     2      58    -      USD
404 unmapped       2026-11-06 KO     2      -     -      USD
501 deposit        2026-11-04 -      -      -     100    USD
"""


def plain(number):
    return "-" if number is None else format(number.normalize(), "f")


def symbol_of(name):
    return name.symbol.replace(" ", "_") if name else "-"


def more_of(event):
    if event.is_canceled:
        yield f"canceled, replaces {event.replaces}"
    for name in ("ratio", "fee", "tax"):
        if getattr(event, name):
            yield f"{name} {plain(getattr(event, name))}"
    if event.to_currency:
        yield f"to {plain(event.to_amount)} {event.to_currency}"
    if event.to_instrument:
        yield f"to {symbol_of(event.to_instrument)}"


def line_of(event):
    numbers = (event.quantity, event.price, event.amount)
    words = [
        event.external_id[:3],
        event.kind_name,
        event.trade_date.isoformat(),
        symbol_of(event.instrument),
        *(plain(each) for each in numbers),
        event.currency,
    ]
    return " ".join([*words, ", ".join(more_of(event))]).strip()


def whole():
    return parser.read_statement(STATEMENT)


def event_of(key, kind=None):
    return next(
        each
        for each in whole().events
        if each.external_id == key and kind in (None, each.kind_name)
    )


def test_each_row_becomes_what_it_means():
    expected = [" ".join(line.split()) for line in EXPECTED.strip().splitlines()]

    assert [line_of(event) for event in whole().events] == expected


def test_what_cannot_be_read_is_named_and_costs_nothing_else():
    errors = [(each.external_id[:3], each.message) for each in whole().errors]

    assert errors == [
        ("117", "“tradePrice” is no number."),
        ("row", "“position” is no number."),
    ]


def test_what_is_not_booked_says_why():
    problems = {each.external_id: each.problem for each in whole().events if each.kind is None}

    for key, word in {
        "114": "future",
        "115": "NEWCAT",
        "209": "Something New",
        "210": "which security",
        "305": "spin-off",
        "307": "ZZ",
        "311": "ratio",
        "404": "isn't clear",
    }.items():
        assert word in problems.pop(key)
    assert not problems


def test_times_are_those_of_new_york_and_only_of_their_day():
    assert event_of("101").executed_at == datetime(2026, 11, 19, 20, 39, 36, tzinfo=UTC)
    assert event_of("105").executed_at == datetime(2026, 11, 10, 14, 45, tzinfo=UTC)
    # In the evening the next business day has begun.
    assert event_of("106").trade_date == date(2026, 11, 11)
    assert event_of("201").executed_at is None


def test_instruments_are_told_apart_by_what_they_are():
    option = event_of("109").instrument
    bond = event_of("113").instrument

    assert event_of("101").instrument == InstrumentName(
        "ACME", AssetClass.STOCK, isin="US0378331005", name="ACME INC"
    )
    assert (option.asset_class, option.multiplier) == (AssetClass.OTHER, Decimal(100))
    assert (bond.asset_class, bond.multiplier) == (AssetClass.BOND, Decimal("0.01"))
    assert event_of("116").instrument.asset_class is AssetClass.ETF
    # Paid in dollars for shares that are quoted in pounds.
    assert event_of("213").instrument.currency == "GBP"
    assert event_of("201").instrument.currency == ""


def test_positions_and_cash_of_all_accounts():
    reading = whole()

    assert [(each.instrument.symbol, each.quantity) for each in reading.positions] == [
        ("ACME", Decimal(8)),
        ("KO", Decimal(-3)),
        ("ACME 261218C00002000", Decimal(2)),
        ("EIB 2 04/15/28", Decimal(10000)),
    ]
    assert [each.cost for each in reading.positions] == [Decimal("11.2"), None, None, None]
    assert [(each.currency, each.amount) for each in reading.cash] == [
        ("EUR", Decimal("1100.25")),
        ("USD", Decimal("-12.0068")),
        ("USD", Decimal(100)),
    ]
    assert {each.account for each in reading.events} == {
        "Interactive Brokers U0000001",
        "Interactive Brokers U0000002",
    }
    assert parser.read_account_name(STATEMENT).number == "U0000001"


@pytest.mark.parametrize(
    ("rows", "is_whole"),
    [
        ('<CashReportCurrency currency="EUR" levelOfDetail="Currency" endingCash="5" />', True),
        ('<CashReportCurrency currency="BASE_SUMMARY" endingCash="5" />', False),
        ("", True),
    ],
)
def test_the_sum_of_all_currencies_says_nothing_of_each(rows, is_whole):
    report = f"<CashReport>{rows}</CashReport>".encode()
    body = re.sub(rb"<CashReport>.*?</CashReport>", report, STATEMENT, count=1, flags=re.DOTALL)

    assert parser.read_statement(body).is_cash_whole is is_whole


def test_a_section_that_the_query_leaves_out_says_nothing():
    lacking = re.sub(rb"<OpenPositions>.*?</OpenPositions>", b"", STATEMENT, flags=re.DOTALL)
    empty = re.sub(
        rb"<OpenPositions>.*?</OpenPositions>", b"<OpenPositions />", STATEMENT, flags=re.DOTALL
    )

    # The second account's is empty, which says that it holds nothing.
    assert parser.read_statement(lacking).positions is None
    assert parser.read_statement(empty).positions == ()
    (note,) = parser.read_statement(lacking).notes
    assert "no Open Positions" in note
    assert parser.read_statement(empty).notes == ()


def test_a_query_of_orders_alone_is_told_of():
    orders = STATEMENT.replace(b"<Trade ", b"<Order ").replace(b"EXECUTION", b"ORDER")

    assert parser.NO_EXECUTIONS in parser.read_statement(orders).notes
    assert whole().notes == ()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (b"2026-11-19;153936", "2026-11-19 20:39:36"),
        (b"20261119 15:39:36", "2026-11-19 20:39:36"),
        (b"20261119153936", "2026-11-19 20:39:36"),
        (b"11/19/2026;153936", "2026-11-19 20:39:36"),
        (b"19/11/2026,15:39:36", "2026-11-19 20:39:36"),
        (b"2026-11-19;15:39:36 EST", "2026-11-19 20:39:36"),
        (b"20261119", "None"),
    ],
)
def test_all_forms_of_a_date_are_read(written, meant):
    body = STATEMENT.replace(
        b'dateTime="20261119;153936" tradeDate', b'dateTime="%s" tradeDate' % written
    )

    event = next(each for each in parser.read_statement(body).events if each.external_id == "101")

    told = event.executed_at and event.executed_at.replace(tzinfo=None)
    assert str(told) == meant


def test_dates_that_can_be_read_in_two_ways_are_not_guessed():
    reading = parser.read_statement(STATEMENT.replace(b'"20261102"', b'"02/11/2026"'))
    (deposit,) = [each for each in reading.errors if each.external_id == "204"]

    assert "yyyy-MM-dd" in deposit.message


def test_one_date_tells_how_the_others_are_meant():
    body = STATEMENT.replace(b'"20261102"', b'"02/11/2026"').replace(b'"20261113"', b'"13/11/2026"')
    days = {each.external_id: each.trade_date for each in parser.read_statement(body).events}

    assert (days["204"], days["113"]) == (date(2026, 11, 2), date(2026, 11, 13))


@pytest.mark.parametrize("times", [1, 2])
def test_a_replacement_that_says_the_same_as_what_was_canceled_stays(times):
    body = STATEMENT.replace(
        b'tradePrice="5.43" proceeds="-2443.5"', b'tradePrice="5.432" proceeds="-2444.4"'
    )
    events = parser.read_statement(body).events * times

    canceled = next(each for each in events if each.external_id == "103").replaces
    aliases = {each.external_id: each.alias for each in events if each.kind_name == "buy"}
    assert aliases["102"] == canceled
    assert aliases["104"] == ""


def test_equal_rows_without_an_id_are_two_and_stay_the_same_two():
    first, again = ([each.external_id for each in whole().events] for _ in range(2))

    assert first == again
    assert len({key for key in first if key.startswith("row:")}) == 2


def test_a_digest_changes_with_what_is_said_and_with_nothing_else():
    rewritten = STATEMENT.replace(
        b'tradePrice="1.4" proceeds="-11.2"', b'tradePrice="1.40" proceeds="-11.20"'
    )
    changed = STATEMENT.replace(b'ibCommission="-0.0068"', b'ibCommission="-0.0069"')

    digests = [
        digest_of(next(each for each in parser.read_statement(body).events))
        for body in (STATEMENT, rewritten, changed)
    ]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b"<html><body>Maintenance</body></html>",
        b"<FlexQueryResponse><FlexStatements count='0'/></FlexQueryResponse>",
        b"<FlexStatementResponse><Status>Warn</Status></FlexStatementResponse>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><FlexQueryResponse/>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><FlexQueryResponse/>',
        b"<a>" * 100,
        b'<?xml version="1.0" encoding="no-such"?><FlexQueryResponse/>',
        STATEMENT[: len(STATEMENT) // 2],
        STATEMENT.replace(b"ACME INC", b"ACME & INC", 1),
    ],
)
def test_what_is_no_statement_is_refused(body):
    with pytest.raises(Schema):
        parser.read_statement(body)


def test_the_service_answers_with_a_reference_or_an_error():
    granted = read_service_answer(
        b'<FlexStatementResponse timestamp="28 August, 2026 10:37 AM EDT"><Status>Success</Status>'
        b"<ReferenceCode>1234567890</ReferenceCode><Url>https://a.example/Get</Url>"
        b"</FlexStatementResponse>"
    )
    refused = read_service_answer(
        b"<FlexStatementResponse timestamp=''><Status>Fail</Status><ErrorCode>1012</ErrorCode>"
        b"<ErrorMessage>Token has expired.</ErrorMessage></FlexStatementResponse>"
    )

    assert (granted.status, granted.reference, granted.url) == (
        "Success",
        "1234567890",
        "https://a.example/Get",
    )
    assert (refused.error, refused.message) == ("1012", "Token has expired.")
    assert read_service_answer(STATEMENT) is None


ROWS = re.findall(rb"<(?:Trade|CashTransaction|CorporateAction|Transfer) [^>]*/>", STATEMENT)
NAMES = sorted(set(re.findall(rb' (\w+)="', b" ".join(ROWS))))
#: Rows that are one thing together: what hurts one of them may cost the other.
TOGETHER = [{"102", "103"}, {"111", "112"}, {"302", "303"}, {"308", "309"}]


@given(
    st.sampled_from(ROWS),
    st.sampled_from(NAMES),
    st.text(st.characters(codec="utf-8", exclude_characters='<>&"', min_codepoint=32), max_size=12)
    | st.sampled_from(["--", "1e99", "-1", "0", "NaN", "20261399", "01/02/2026", "9" * 30]),
)
def test_no_value_of_a_field_costs_the_other_rows(row, name, value):
    told = re.search(rb'transactionID="([^"]*)"', row)
    key = told[1].decode() if told else "row"
    hurt = re.sub(rb' %s="[^"]*"' % name, b"", row)
    hurt = hurt.replace(b" />", b' %s="%s" />' % (name, value.encode()))

    reading = parser.read_statement(STATEMENT.replace(row, hurt, 1))

    touched = next((each for each in TOGETHER if key in each), {key})
    found = {each.external_id for each in reading.events}
    wanted = {each.external_id for each in whole().events} - touched
    assert {each for each in wanted if not each.startswith("row:")} <= found
    listed = found | {each.external_id for each in reading.errors}
    assert name == b"transactionID" or key == "row" or touched & listed
