"""The tradebook of Zerodha Console, with what its rows mean written by hand."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from marketdata.domain.instruments import AssetClass
from portfolios.domain.kinds import Kind


@pytest.fixture
def rows(rows_of, sample):
    return rows_of(sample("kite_tradebook.csv"))


def test_trades_are_read_in_rupees_by_the_clock_of_india(rows, problems_of):
    assert rows[0].draft_fields == {
        "kind": Kind.BUY,
        "trade_date": date(2026, 3, 2),
        "executed_at": datetime(2026, 3, 2, 4, 35, tzinfo=UTC),
        "currency": "INR",
        "quantity": Decimal(10),
        "price": Decimal("1500.5"),
        "symbol": "INFY",
        "isin": "INE009A01021",
        "mic": "XNSE",
        "account": "Zerodha Kite",
        "asset_class": AssetClass.STOCK,
    }
    # The day is India's, also where it is still yesterday in UTC.
    assert rows[1].draft_fields["trade_date"] == date(2026, 3, 3)
    assert rows[1].draft_fields["executed_at"] == datetime(2026, 3, 2, 18, 40, tzinfo=UTC)
    assert rows[2].draft_fields["asset_class"] is AssetClass.FUND
    assert [problems_of(row) for row in rows[:3]] == [[]] * 3


def test_what_cannot_be_imported_is_named(rows):
    assert [[error.field for error in row.errors] for row in rows[3:]] == [
        ["segment"],
        ["kind", "quantity"],
        ["row"],
    ]
