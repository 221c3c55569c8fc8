"""Ghostfolio's exports, old and new, become rows; what Livefolio has no word for says so."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from brokers.adapters.base import UnreadableFile
from marketdata.domain.instruments import AssetClass
from portfolios.domain.kinds import Kind

BUY = {
    "accountId": None,
    "comment": None,
    "currency": "USD",
    "dataSource": "YAHOO",
    "date": "2024-05-06T00:00:00.000Z",
    "fee": 1,
    "quantity": 2,
    "symbol": "MSFT",
    "type": "BUY",
    "unitPrice": 400.5,
}


def export(*activities, **others):
    return json.dumps({"meta": {"version": "3.0.0"}, **others, "activities": list(activities)})


def test_an_export_is_read(rows_of, sample, problems_of):
    bought, dividend, fee, house, mortgage = rows_of(sample("ghostfolio.json"))

    assert bought.draft_fields == {
        "kind": Kind.BUY,
        "trade_date": date(2025, 1, 15),
        "quantity": Decimal("12.5"),
        "price": Decimal("101.3333333333"),
        "fee": Decimal("1.5"),
        "currency": "EUR",
        "symbol": "VWCE",
        "mic": "XETR",
        "account": "Depot Frankfurt",
        "note": "First of the savings plan 🌱",
    }
    assert bought.raw["symbol"] == "VWCE.DE"
    assert bought.raw["unitPrice"] == "101.33333333333333"
    assert dividend.draft_fields["amount"] == Decimal(4)
    assert dividend.draft_fields["fee"] == Decimal("0.5")
    assert dividend.draft_fields["executed_at"] == datetime(2025, 6, 20, 9, 30, tzinfo=UTC)
    assert fee.draft_fields["amount"] == Decimal(25)
    assert fee.draft_fields["note"] == "Custody fee 2025"
    assert "symbol" not in fee.draft_fields
    assert house.draft_fields["symbol"] == "GARDEN HOUSE"
    assert house.draft_fields["name"] == "Garden House"
    assert [problems_of(row) for row in (bought, dividend, fee, house)] == [[]] * 4
    assert problems_of(mortgage) == [("kind", "Livefolio has no kind for LIABILITY.")]
    assert [row.number for row in (bought, mortgage)] == [1, 5]


def test_an_export_of_the_first_versions_is_read(rows_of, sample, problems_of):
    bought, interest = rows_of(sample("ghostfolio_old.json"))

    assert bought.draft_fields["price"] == Decimal("53.125")
    assert bought.draft_fields["fee"] == Decimal("5.95")
    assert bought.draft_fields["currency"] == "GBP"
    assert (bought.draft_fields["symbol"], bought.draft_fields["mic"]) == ("VUSA", "XLON")
    assert bought.draft_fields["asset_class"] is AssetClass.ETF
    assert bought.draft_fields["account"] == "5f0c2b9e-0a51-4a7c-9f7c-1f0f3a7f1c01"
    assert interest.draft_fields["amount"] == Decimal("3.07")
    assert interest.draft_fields["currency"] == "CHF"
    assert interest.draft_fields["note"] == "Savings account"
    assert problems_of(bought) == problems_of(interest) == []


def test_names_of_accounts_and_assets_may_come_after_the_activities(rows_of):
    content = json.dumps(
        {
            "activities": [BUY | {"accountId": "a1"}],
            "accounts": [{"id": "a1", "name": "Later"}],
            "assetProfiles": [
                {
                    "dataSource": "YAHOO",
                    "symbol": "MSFT",
                    "name": "Microsoft",
                    "isin": "US5949181045",
                }
            ],
        }
    )

    (row,) = rows_of(content)

    assert row.draft_fields["account"] == "Later"
    assert row.draft_fields["name"] == "Microsoft"
    assert row.draft_fields["isin"] == "US5949181045"


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"type": "ITEM"}, "kind", "no kind for ITEM"),
        ({"type": "SPLITTING"}, "kind", "“SPLITTING” is none of BUY"),
        ({"type": None}, "kind", "missing"),
        ({"isDraft": True}, "kind", "draft"),
        ({"date": "yesterday"}, "trade_date", "yesterday"),
        ({"date": True}, "trade_date", "True"),
        ({"date": "2050-06-06T00:00:00.000Z"}, "trade_date", "must be between"),
        ({"quantity": -2}, "quantity", "more than 0"),
        ({"quantity": "many"}, "quantity", "many"),
        ({"quantity": True}, "quantity", "True"),
        ({"quantity": 10**40}, "quantity", "too large"),
        ({"quantity": None}, "quantity", "needed"),
        ({"unitPrice": {"amount": 5}}, "price", "needed"),
        ({"currency": "Dollar"}, "currency", "Dollar"),
        ({"currency": None}, "currency", "missing"),
        ({"symbol": None}, "instrument_id", "needed"),
        ({"symbol": "S" * 40}, "symbol", "longer than 32"),
        ({"comment": "a\x00b"}, "note", "U+0000"),
        ({"comment": "a\u202eb"}, "note", "U+202E"),
    ],
)
def test_a_bad_field_is_named(only_row_of, problems_of, change, field, words):
    problems = problems_of(only_row_of(export(BUY | change)))

    assert [name for name, _ in problems] == [field]
    assert words in problems[0][1]


def test_a_field_that_is_there_twice_is_not_read_at_all(only_row_of):
    content = export(BUY).replace('"quantity": 2', '"quantity": 2, "quantity": 3')

    assert [error.field for error in only_row_of(content).errors] == ["quantity"]


def test_what_is_no_activity_is_a_row_that_lacks_everything(rows_of):
    rows = rows_of(export(5, BUY, [1, 2], {}))

    assert [row.number for row in rows] == [1, 2, 3, 4]
    assert [row.draft_fields is None for row in rows] == [True, False, True, True]


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        ("0.30000000000000004", "0.3"),
        ("33.333333333333336", "33.3333333333"),
        ("1e-8", "0.00000001"),
        ("123456789.123456789", "123456789.123456789"),
        ('"12.5"', "12.5"),
    ],
)
def test_numbers_are_kept_to_ten_places_without_a_float_between(only_row_of, number, kept):
    row = only_row_of(export(BUY).replace('"quantity": 2', f'"quantity": {number}'))

    assert row.draft_fields["quantity"] == Decimal(kept)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"type": "FEE", "fee": 7, "quantity": 0, "unitPrice": 0}, Decimal(7)),
        ({"type": "FEE", "fee": 7, "quantity": 1, "unitPrice": 7}, Decimal(7)),
        ({"type": "INTEREST", "fee": 0, "quantity": 1, "unitPrice": 3.5}, Decimal("3.5")),
        ({"type": "DIVIDEND", "fee": 0, "quantity": 3, "unitPrice": 0.62}, Decimal("1.86")),
    ],
)
def test_money_without_units_becomes_an_amount(only_row_of, problems_of, change, expected):
    row = only_row_of(export(BUY | change))

    assert row.draft_fields["amount"] == expected
    assert problems_of(row) == []


@pytest.mark.parametrize(
    ("source", "symbol", "currency", "expected"),
    [
        ("YAHOO", "US5949181045", "USD", {"isin": "US5949181045", "symbol": None}),
        ("YAHOO", "BTCUSD", "USD", {"symbol": "BTC", "asset_class": AssetClass.CRYPTO}),
        ("COINGECKO", "bitcoin", "USD", {"symbol": "BTC", "asset_class": AssetClass.CRYPTO}),
        ("YAHOO", "EURUSD=X", "USD", {"symbol": "EUR/USD", "asset_class": AssetClass.CURRENCY}),
        ("MANUAL", "House.DE", "USD", {"symbol": "House.DE", "mic": None}),
        (
            "MANUAL",
            "a3b1c7d2-6b6f-4f0e-8d39-5c1d2e3f4a01",
            "USD",
            {"symbol": "a3b1c7d26b6f4f0e8d395c1d2e3f4a01"},
        ),
    ],
)
def test_symbols_are_read_by_their_source(only_row_of, source, symbol, currency, expected):
    change = {"dataSource": source, "symbol": symbol, "currency": currency}

    fields = only_row_of(export(BUY | change)).draft_fields

    assert {name: fields.get(name) for name in expected} == expected


def test_assets_of_one_name_are_not_mixed_up(rows_of):
    ids = [f"a3b1c7d2-6b6f-4f0e-8d39-5c1d2e3f4a0{n}" for n in (1, 2)]
    profiles = [{"dataSource": "MANUAL", "symbol": each, "name": "Flat"} for each in ids]
    activities = [BUY | {"dataSource": "MANUAL", "symbol": each} for each in ids]

    first, second = rows_of(export(*activities, assetProfiles=profiles))

    assert first.draft_fields["symbol"] != second.draft_fields["symbol"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"activities": [{"type": "BUY", "quantity": 1', "ends in the middle.*entry 1.*quantity"),
        ('{"activities": [', "ends in the middle"),
        ('{"activities": [\n{"a": 1},\n{"fee": NaN}]}', r"Line 3, column 9 .*entry 2.*fee"),
        ('{"activities": [\n{"a": 1,}]}', r"Line 2, column 9"),
        ('{"activities": []} {}', "Line 1, column 20"),
        ('{"activities": [{"a": 1e9999999999999999999}]}', "beyond all bounds"),
        ('{"activities": [{"a": ' + "9" * 5_000 + "}]}", "more than 4,000 digits"),
        ('{"activities": [' + "[" * 100, "nested more than 32"),
        ('{"activities": [{' + ",".join(f'"k{n}": 1' for n in range(201)) + "}]}", "than 200"),
        ('{"activities": [], "orders": []}', "more than one list"),
        ('{"activities": [], "activities": []}', "more than one list"),
        ('{"meta": {}, "accounts": []}', "no list"),
        ('{"activities": {}}', "no list"),
        ('{"activities": ["' + "x" * 1_100_000 + '"]}', "longer than 1 MB"),
    ],
)
def test_a_broken_file_is_refused_before_its_first_row(rows_of, content, words):
    with pytest.raises(UnreadableFile, match=words):
        rows_of(content)


def test_bytes_that_are_no_utf_8_are_refused_with_their_place(rows_of):
    with pytest.raises(UnreadableFile, match="Line 1, column 39"):
        rows_of(b'{"activities": [{"type": "BUY", "c": "\xff"}]}')


def test_a_fault_far_behind_is_found_to_the_byte(rows_of):
    content = export(*[BUY] * 5_000, indent=None)[:-2].replace("}, {", "},\n{") + ", ?]}"

    with pytest.raises(UnreadableFile, match=r"Line 5,000, column \d+ \(“activities”, entry 5,000"):
        rows_of(content)


def test_a_byte_order_mark_does_no_harm(rows_of):
    assert len(rows_of(b"\xef\xbb\xbf" + export(BUY).encode())) == 1
