"""Tables of many makes are read, and what is wrong in them is named by line and column."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from brokers.adapters.base import UnreadableFile
from marketdata.domain.instruments import AssetClass
from portfolios.domain.kinds import Kind

HEADER = "Date,Type,Symbol,Quantity,Price,Fee,Currency\n"


def test_a_german_table_in_latin_1_is_read(rows_of, sample, problems_of):
    bought, dividend, fee, sold = rows_of(sample("depot_deutsch.csv"))

    assert bought.number == 2
    assert bought.draft_fields == {
        "kind": Kind.BUY,
        "trade_date": date(2025, 3, 4),
        "executed_at": datetime(2025, 3, 4, 9, 15, 30, tzinfo=UTC),
        "isin": "DE0007164600",
        "name": "Müller Maschinenbau AG",
        "quantity": Decimal(1250),
        "price": Decimal("98.40"),
        "fee": Decimal("9.90"),
        "currency": "EUR",
        "account": "Depot 1",
        "note": "für später",
    }
    assert bought.raw["Kurs"] == "98,40"
    assert dividend.draft_fields["amount"] == Decimal("1062.50")
    assert dividend.draft_fields["tax"] == Decimal("280.30")
    assert fee.draft_fields["kind"] is Kind.FEE
    assert fee.draft_fields["amount"] == Decimal("12.50")
    assert fee.draft_fields["note"] == "3. Quartal; mit MwSt."
    assert sold.draft_fields["kind"] is Kind.SELL
    assert [problems_of(row) for row in (bought, dividend, fee, sold)] == [[]] * 4


def test_an_american_table_in_utf_16_with_tabs_is_read(rows_of, sample, problems_of):
    bought, sold = rows_of(sample("broker_us.tsv"))

    assert bought.draft_fields["trade_date"] == date(2025, 2, 3)
    assert bought.draft_fields["symbol"] == "BRK.B"
    assert sold.draft_fields["price"] == Decimal("1002.25")
    assert sold.draft_fields["note"] == 'said "sell"'
    assert problems_of(bought) == problems_of(sold) == []


def test_without_a_column_of_types_the_sign_of_the_quantity_tells(rows_of, sample):
    bought, sold = rows_of(sample("without_types.csv"))

    assert (bought.draft_fields["kind"], bought.draft_fields["quantity"]) == (Kind.BUY, Decimal(10))
    assert (sold.draft_fields["kind"], sold.draft_fields["quantity"]) == (Kind.SELL, Decimal(4))


def test_with_a_column_of_types_a_negative_quantity_is_wrong(only_row_of, problems_of):
    row = only_row_of(HEADER + "2025-01-02,sell,MSFT,-4,415,1,USD\n")

    assert [field for field, _ in problems_of(row)] == ["quantity"]


@pytest.mark.parametrize(
    ("row", "field", "quoted"),
    [
        ("2025-02-30,buy,MSFT,1,2,0,USD", "trade_date", "2025-02-30"),
        ("soon,buy,MSFT,1,2,0,USD", "trade_date", "soon"),
        (",buy,MSFT,1,2,0,USD", "trade_date", "missing"),
        ("2025-01-02,bye,MSFT,1,2,0,USD", "kind", "bye"),
        ("2025-01-02,,MSFT,1,2,0,USD", "kind", "missing"),
        ("2025-01-02,buy,MSFT,NaN,2,0,USD", "quantity", "NaN"),
        ("2025-01-02,buy,MSFT,1e40,2,0,USD", "quantity", "1e40"),
        ("2025-01-02,buy,MSFT,1,Infinity,0,USD", "price", "Infinity"),
        ("2025-01-02,buy,MSFT,1,2,five,USD", "fee", "five"),
        ("2025-01-02,buy,MSFT,1,2,0,", "currency", "missing"),
        ("2025-01-02,buy,MSFT,1,2,0,$", "currency", "$"),
        (f"2025-01-02,buy,{'M' * 33},1,2,0,USD", "symbol", "longer"),
        ("2025-01-02,buy,MSFT,1,,0,USD", "price", "needed"),
        ("2025-01-02,buy,MSFT,,2,0,USD", "quantity", "needed"),
        ("2025-01-02,buy,,1,2,0,USD", "instrument_id", "needed"),
        ("2025-01-02,buy,MSFT,1,2,-1,USD", "fee", "0 or more"),
        ("2025-01-02,buy,MSFT,1,2,0", "row", "6 cells under 7"),
        ("2025-01-02,buy,MSFT,1,2,0,USD,", "row", "8 cells under 7"),
        ("2025-01-02,buy,MSFT,1,5,100,0,USD", "row", "quotation marks"),
        (f"2025-01-02,buy,MSFT,{'x' * 500},2,0,USD", "quantity", "xxx…"),
        ("2025-01-02,buy,MSFT,\x1b[2J,2,0,USD", "quantity", "“ [2J”"),
    ],
)
def test_a_bad_field_is_named_with_what_it_says(only_row_of, problems_of, row, field, quoted):
    problems = problems_of(only_row_of(HEADER + row))

    assert [name for name, _ in problems] == [field]
    assert quoted in problems[0][1]
    assert len(problems[0][1]) < 300


def test_all_bad_fields_of_a_row_are_named_at_once(only_row_of):
    row = only_row_of(HEADER + "x,y,MSFT,z,2,0,USD\n")

    assert row.draft_fields is None
    assert {error.field for error in row.errors} == {"trade_date", "kind", "quantity"}


def test_numbers_of_rows_are_line_numbers_whatever_stands_between(rows_of):
    rows = rows_of(
        "\n\nDate,Type,Symbol,Quantity,Price,Currency,Note\n"
        '2025-01-02,buy,MSFT,1,2,USD,"two\nlines"\n'
        "\n,,,,,,\n"
        "2025-01-03,buy,MSFT,1,2,USD,\n"
    )

    assert [row.number for row in rows] == [4, 8]
    assert rows[0].draft_fields["note"] == "two\nlines"


def test_a_hint_for_excel_before_the_heading_is_followed(only_row_of):
    row = only_row_of("sep=;\nDate;Type;Symbol;Quantity;Price;Currency\n2025-01-02;b;A;1;2;USD\n")

    assert row.number == 3
    assert row.draft_fields["kind"] is Kind.BUY


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        (
            "Date,Type,Symbol or ISIN,Quantity,Price,Currency",
            "2025-01-02,buy,US5949181045,1,2,USD",
            {"isin": "US5949181045", "symbol": None},
        ),
        (
            "Date,Type,Symbol,Quantity,Price,Currency",
            "2025-01-02,buy,VWCE.DE,1,2,EUR",
            {"symbol": "VWCE", "mic": "XETR"},
        ),
        (
            "Date,Type,Symbol,MIC,Quantity,Price,Currency",
            "2025-01-02,buy,VWCE.DE,xetr,1,2,EUR",
            {"symbol": "VWCE.DE", "mic": "XETR"},
        ),
        (
            "Date,Type,Symbol,Quantity,Price,Fee,Currency",
            "2025-01-02,buy,VUSA,3,7105.5,595,GBp",
            {"price": Decimal("71.055"), "fee": Decimal("5.95"), "currency": "GBP"},
        ),
        (
            "Date,Type,Symbol,Quantity,Price,Amount,Currency",
            "2025-01-02,buy,MSFT,3,10,-31.50,USD",
            {"price": Decimal(10), "quantity": Decimal(3), "amount": None},
        ),
        (
            "Date,Type,Symbol,Quantity,Price,Currency",
            "2025-01-02,dividend,MSFT,3,0.75,USD",
            {"amount": Decimal("2.25"), "quantity": None, "price": None},
        ),
        (
            "Date,Type,Symbol,Quantity,Price,Amount,Currency",
            "2025-01-02,dividend,MSFT,3,0.75,2.20,USD",
            {"amount": Decimal("2.20")},
        ),
        (
            "Date,Type,Symbol,Amount,Currency",
            "2025-01-02,withdrawal,USD,-500,USD",
            {"amount": Decimal(500), "symbol": None},
        ),
        (
            "Date,Type,Amount,Tax,Currency",
            "2025-01-02,tax,,33.10,USD",
            {"amount": Decimal("33.10"), "tax": None},
        ),
        (
            "Date,Type,Symbol,Ratio,Currency",
            "2025-01-02,split,NVDA,10:1,USD",
            {"ratio": Decimal(10)},
        ),
        (
            "Date,Type,Symbol,Ratio,Currency",
            "2025-01-02,reverse split,NVDA,1 for 4,USD",
            {"ratio": Decimal("0.25")},
        ),
        (
            "Date,Type,Symbol,Asset class,Exchange rate,Quantity,Price,Currency",
            "2025-01-02,buy,MSFT,Equity,0.92,1,2,USD",
            {"asset_class": AssetClass.STOCK, "fx_rate": Decimal("0.92")},
        ),
        (
            "Date,Type,Symbol,Quantity,Price,Fee,Currency",
            "2025-01-02 15:30,buy,MSFT,1,2,-,USD",
            {"executed_at": datetime(2025, 1, 2, 15, 30, tzinfo=UTC), "fee": None},
        ),
    ],
)
def test_what_columns_say_ends_up_in_our_fields(only_row_of, problems_of, header, row, expected):
    read = only_row_of(f"{header}\n{row}\n")

    assert problems_of(read) == []
    assert {name: read.draft_fields.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("header", "row", "field"),
    [
        ("Date,Type,Symbol,Ratio,Currency", "2025-01-02,split,NVDA,1:3,USD", "ratio"),
        ("Date,Type,Symbol,Ratio,Currency", "2025-01-02,split,NVDA,1:0,USD", "ratio"),
        ("Date,Type,Symbol,Ratio,Currency", "2025-01-02,split,NVDA,1:x,USD", "ratio"),
        ("Date,Type,Amount,Fee,Currency", "2025-01-02,fee,5,6,USD", "amount"),
        ("Date,Type,Amount,Currency", "2025-01-02,deposit,-5,USD", "amount"),
        ("Date,Type,ISIN,Quantity,Price,Currency", "2025-01-02,buy,US5949181046,1,2,USD", "isin"),
        ("Date,Type,Symbol,MIC,Quantity,Price,Currency", "2025-01-02,buy,A,NASDAQ,1,2,USD", "mic"),
        ("Date,Time,Type,Symbol,Quantity,Price,Currency", "2025-01-02,noon,b,A,1,2,USD", "time"),
    ],
)
def test_what_columns_say_wrongly_is_refused(only_row_of, problems_of, header, row, field):
    problems = problems_of(only_row_of(f"{header}\n{row}\n"))

    assert [name for name, _ in problems] == [field]


def test_columns_that_nobody_knows_are_kept_for_people_only(only_row_of):
    row = only_row_of(
        "Date,Type,Symbol,Quantity,Price,Currency,Order number\n2025-01-02,buy,A,1,2,USD,007\n"
    )

    assert row.raw["Order number"] == "007"
    assert "007" not in row.draft_fields.values()


def test_a_very_long_note_is_shortened(only_row_of):
    row = only_row_of(
        f"Date,Type,Symbol,Quantity,Price,Currency,Note\n2025-01-02,b,A,1,2,USD,{'n' * 900}\n"
    )

    assert row.draft_fields["note"] == "n" * 499 + "…"
    assert len(row.raw["Note"]) == 200


def test_a_cut_off_table_says_so_in_its_last_row(rows_of):
    good, cut = rows_of(HEADER + "2025-01-02,buy,A,1,2,0,USD\n2025-01-02,buy,A,1")

    assert good.errors == ()
    assert cut.errors[0].field == "row"


def test_quotation_marks_that_do_not_match_refuse_the_file(rows_of):
    with pytest.raises(UnreadableFile, match="Line 3"):
        rows_of(HEADER + '2025-01-02,buy,A,1,2,0,USD\n2025-01-02,"buy,A,1,2,0,USD\n')


def test_a_quotation_mark_that_swallows_the_file_is_noticed_in_time(rows_of):
    content = HEADER + '2025-01-02,"buy,A,1,2,0,USD\n' + "2025-01-02,buy,A,1,2,0,USD\n" * 20_000

    with pytest.raises(UnreadableFile, match="Line 2"):
        rows_of(content)


def test_a_record_of_ever_more_cells_is_noticed_in_time(rows_of):
    with pytest.raises(UnreadableFile, match="Line 2"):
        rows_of(HEADER + 'a,"\n' + 'x","\n' * 200_000)
