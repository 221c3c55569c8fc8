"""Flex statements as files: what of them becomes rows of a preview."""

from pathlib import Path

import pytest

from brokers.adapters.base import UnreadableFile
from portfolios.domain.kinds import Kind

STATEMENT = (Path(__file__).parent / "payloads" / "ibkr_statement.xml").read_bytes()
#: Rows that the ledger has no kind for, a cancellation without its trade, and what can't be read.
REASONS = """
future | NEWCAT | isn't in this file | spin-off | ZZ | ratio | Something New | which security
isn't clear | tradePrice | position
"""


def test_each_event_is_a_row_and_what_takes_each_other_back_is_none(rows_of):
    rows = rows_of(STATEMENT)

    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    read = [row.draft_fields for row in rows if not row.errors]
    # 49 events, less the trade with its cancellation, 8 without a kind and a lone cancellation.
    assert len(read) == 49 - 2 - 8 - 1
    prices = [str(each.get("price")) for each in read if each.get("symbol") == "F1F"]
    assert prices == ["5.43"]


def test_what_is_no_row_says_why(rows_of):
    messages = [row.errors[0].message for row in rows_of(STATEMENT) if row.errors]

    reasons = [each.strip() for line in REASONS.strip().splitlines() for each in line.split("|")]
    assert len(messages) == len(reasons)
    assert all(word in message for word, message in zip(reasons, messages, strict=True))


def test_every_row_is_what_its_kind_needs(rows_of, problems_of):
    for row in rows_of(STATEMENT):
        if not row.errors and not row.takes_back and "to_symbol" not in row.draft_fields:
            assert problems_of(row) == [], row


def test_instruments_are_told_with_all_that_makes_them(rows_of):
    read = [row.draft_fields for row in rows_of(STATEMENT) if not row.errors]
    option = next(each for each in read if each["kind"] is Kind.EXERCISE_BUY)
    foreign = next(
        each for each in read if each.get("symbol") == "VOD" and each["kind"] is Kind.DIVIDEND
    )

    assert (str(option["multiplier"]), option["to_symbol"]) == ("100", "ACME")
    assert (foreign["currency"], foreign["instrument_currency"]) == ("USD", "GBP")
    assert {each["account"] for each in read} == {
        "Interactive Brokers U0000001",
        "Interactive Brokers U0000002",
    }


def test_what_takes_a_payment_back_is_below_zero(rows_of):
    back = [row.draft_fields for row in rows_of(STATEMENT) if row.takes_back]

    assert [(each["kind"], str(each["amount"])) for each in back] == [
        (Kind.DIVIDEND, "-4.37"),
        (Kind.INTEREST, "-12"),
    ]


def test_a_file_of_orders_says_what_to_choose_instead(rows_of):
    orders = STATEMENT.replace(b"<Trade ", b"<Order ").replace(b"EXECUTION", b"ORDER")

    with pytest.raises(UnreadableFile, match="Executions"):
        rows_of(orders)


@pytest.mark.parametrize("share", [0.2, 0.9])
def test_a_statement_that_was_cut_off_is_refused(rows_of, share):
    with pytest.raises(UnreadableFile, match="cut off"):
        rows_of(STATEMENT[: int(len(STATEMENT) * share)])
